//! Values to octets. A value that does not fit its table is an error of the caller, never a wrong message.

use crate::decode::value;
use crate::plain::Plain;
use crate::table::{Content, Form, Group, Item, Layout, Member, Presence, Tables, When, mask};

/// Reads the caller's values.
pub trait Source {
    type Value;
    /// The fields of one value, or the elements of one list.
    type Fields;

    /// The fields of a value of `class`, in the order of the tables.
    fn open(&self, value: &Self::Value, class: usize) -> Option<Self::Fields>;
    /// The elements of a list.
    fn list(&self, value: &Self::Value) -> Option<Self::Fields>;
    fn count(&self, fields: &Self::Fields) -> usize;
    fn field(&self, fields: &Self::Fields, at: usize) -> Self::Value;
    fn is_none(&self, value: &Self::Value) -> bool;
    fn flag(&self, value: &Self::Value) -> Option<bool>;
    fn uint(&self, value: &Self::Value) -> Option<u64>;
    fn wide(&self, value: &Self::Value) -> Option<u128>;
    fn octets<'v>(&self, value: &'v Self::Value) -> Option<&'v [u8]>;
    fn text<'v>(&self, value: &'v Self::Value) -> Option<&'v str>;
    /// Type, enterprise number and value of an IE that the tables do not know.
    fn unknown(&self, value: &Self::Value) -> Option<(u16, Option<u16>, Vec<u8>)>;
}

/// Why a value cannot be sent, and in which IE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub what: &'static str,
    pub ie: u16,
}

type Done = Result<(), Wrong>;

/// Appends the body of message `kind`.
pub fn encode<S: Source>(tables: &Tables, group: usize, value: &S::Value, source: &S, out: &mut Vec<u8>) -> Done {
    let work = Work { tables, source };
    match tables.groups.get(group) {
        Some(group) => work.group(group, value, 0, out),
        None => Err(Wrong { what: "unknown message", ie: 0 }),
    }
}

struct Work<'a, S: Source> {
    tables: &'a Tables,
    source: &'a S,
}

fn wrong<T>(what: &'static str, ie: u16) -> Result<T, Wrong> {
    Err(Wrong { what, ie })
}

/// The IEs of a group that are written, for what is kept of how they came.
struct Sent {
    start: usize,
    /// Where each IE ends.
    ends: Vec<usize>,
    order: Vec<usize>,
    codings: Vec<(usize, Vec<u8>)>,
}

impl Sent {
    fn end(&mut self, at: usize) {
        if !self.order.is_empty() || !self.codings.is_empty() {
            self.ends.push(at);
        }
    }

    /// The octets that the next IE came in, if they are not those of its value.
    fn coding(&self) -> Option<&[u8]> {
        let at = self.codings.binary_search_by_key(&self.ends.len(), |coding| coding.0).ok()?;
        Some(&self.codings[at].1)
    }

    /// Puts the IEs where they stood; where others are there now, in the order in which they are sent.
    fn place(self, out: &mut Vec<u8>) {
        let mut ends: Vec<Option<(usize, usize)>> = vec![None; self.ends.len()];
        if self.order.len() != ends.len() || ends.is_empty() {
            return;
        }
        let mut from = self.start;
        for (&place, &end) in self.order.iter().zip(&self.ends) {
            match ends.get_mut(place) {
                Some(free @ None) => *free = Some((from, end)),
                _ => return,
            }
            from = end;
        }
        let written = out.split_off(self.start);
        for (from, end) in ends.into_iter().flatten() {
            out.extend_from_slice(&written[from - self.start..end - self.start]);
        }
    }
}

impl<S: Source> Work<'_, S> {
    fn group(&self, group: &Group, value: &S::Value, ie: u16, out: &mut Vec<u8>) -> Done {
        let Some(fields) = self.source.open(value, group.class) else {
            return wrong("has another class", ie);
        };
        let size = group.members.len();
        let Some(mut sent) = self.sent(&fields, size, out.len()) else {
            return wrong("keeps no places and octets", ie);
        };
        for (at, member) in group.members.iter().enumerate() {
            let value = self.source.field(&fields, at);
            if self.source.is_none(&value) {
                if member.presence == Presence::Mandatory {
                    return wrong("is mandatory", member.ie);
                }
            } else if member.many {
                self.repeated(member, &value, &mut sent, out)?;
            } else {
                self.element(member, &value, &mut sent, out)?;
            }
        }
        self.unknown(&self.source.field(&fields, size), &mut sent, out)?;
        sent.place(out);
        Ok(())
    }

    /// What the group keeps of how it came: the two fields behind its unknown IEs.
    fn sent(&self, fields: &S::Fields, size: usize, start: usize) -> Option<Sent> {
        let order = self.source.list(&self.source.field(fields, size + 1))?;
        let codings = self.source.list(&self.source.field(fields, size + 2))?;
        let number = |value: &S::Value| usize::try_from(self.source.uint(value)?).ok();
        let coding = |value: S::Value| {
            let pair = self.source.list(&value)?;
            let octets = self.source.octets(&self.source.field(&pair, 1))?.to_vec();
            Some((number(&self.source.field(&pair, 0))?, octets))
        };
        let order = (0..self.source.count(&order)).map(|at| number(&self.source.field(&order, at)));
        let codings = (0..self.source.count(&codings)).map(|at| coding(self.source.field(&codings, at)));
        let mut codings: Vec<_> = codings.collect::<Option<_>>()?;
        codings.sort();
        Some(Sent { start, ends: Vec::new(), order: order.collect::<Option<_>>()?, codings })
    }

    fn repeated(&self, member: &Member, value: &S::Value, sent: &mut Sent, out: &mut Vec<u8>) -> Done {
        let Some(list) = self.source.list(value) else { return wrong("is repeated", member.ie) };
        let count = self.source.count(&list);
        if count == 0 && member.presence == Presence::Mandatory {
            return wrong("is mandatory", member.ie);
        }
        (0..count).try_for_each(|at| self.element(member, &self.source.field(&list, at), sent, out))
    }

    fn element(&self, member: &Member, value: &S::Value, sent: &mut Sent, out: &mut Vec<u8>) -> Done {
        let start = open(member.ie, out);
        match member.content {
            Content::Group(inner) => self.group(&self.tables.groups[inner], value, member.ie, out)?,
            Content::Layout(inner) => {
                let layout = &self.tables.layouts[inner];
                self.layout(layout, value, member.ie, out)?;
                if let Some(came) = sent.coding().filter(|came| self.same(layout, came, &out[start..])) {
                    out.truncate(start);
                    out.extend_from_slice(came);
                }
            }
        }
        close(member.ie, start, out)?;
        sent.end(out.len());
        Ok(())
    }

    /// Whether octets that came are another coding of the value that was written.
    fn same(&self, layout: &Layout, came: &[u8], written: &[u8]) -> bool {
        let mut again = Vec::with_capacity(written.len());
        let work = Work { tables: self.tables, source: &Plain };
        value(self.tables, layout, came, &mut Plain)
            .is_some_and(|value| work.layout(layout, &value, 0, &mut again).is_ok() && again == written)
    }

    fn unknown(&self, value: &S::Value, sent: &mut Sent, out: &mut Vec<u8>) -> Done {
        let Some(list) = self.source.list(value) else { return wrong("is repeated", 0) };
        for at in 0..self.source.count(&list) {
            let Some((ie, enterprise, octets)) = self.source.unknown(&self.source.field(&list, at)) else {
                return wrong("has another class", 0);
            };
            let start = open(ie, out);
            if let Some(enterprise) = enterprise {
                out.extend_from_slice(&enterprise.to_be_bytes());
            }
            out.extend_from_slice(&octets);
            close(ie, start, out)?;
            sent.end(out.len());
        }
        Ok(())
    }

    fn layout(&self, layout: &Layout, value: &S::Value, ie: u16, out: &mut Vec<u8>) -> Done {
        let Some(class) = layout.class else { return self.bare(layout, value, ie, out) };
        let Some(fields) = self.source.open(value, class) else {
            return wrong("has another class", ie);
        };
        let mut flags = 0;
        let mut found = 0_u64;
        for (at, item) in layout.items.iter().enumerate() {
            let value = self.source.field(&fields, at);
            if self.absent(item, &value) {
                continue;
            }
            found |= 1 << at;
            flags |= item.when.sets();
            flags |= self.bits(item, &value, ie)?;
        }
        if found & layout.one_of == 0 && layout.one_of != 0 {
            return wrong("is empty", ie);
        }
        lead(layout, flags, out);
        for (at, item) in layout.items.iter().enumerate() {
            let value = self.source.field(&fields, at);
            let absent = self.absent(item, &value);
            if item.when.holds(flags) == absent && item.when != When::Tail {
                return wrong("has fields that exclude or need each other", ie);
            }
            if !absent {
                self.item(item, &value, ie, out)?;
            }
        }
        Ok(())
    }

    /// A value that is its only field's.
    fn bare(&self, layout: &Layout, value: &S::Value, ie: u16, out: &mut Vec<u8>) -> Done {
        let Some(item) = layout.items.first() else { return wrong("has no layout", ie) };
        let flags = if item.form == Form::Flag && self.absent(item, value) { 0 } else { item.when.sets() };
        lead(layout, flags | self.bits(item, value, ie)?, out);
        self.item(item, value, ie, out)
    }

    fn absent(&self, item: &Item, value: &S::Value) -> bool {
        match item.form {
            Form::Flag => self.source.flag(value) != Some(true),
            _ => self.source.is_none(value),
        }
    }

    /// What the item puts into the leading octets.
    fn bits(&self, item: &Item, value: &S::Value, ie: u16) -> Result<u64, Wrong> {
        match item.form {
            Form::Bits(shift, width) => match self.source.uint(value) {
                Some(number) if number <= mask(width) => Ok(number << shift),
                _ => wrong("is out of range", ie),
            },
            _ => Ok(0),
        }
    }

    fn item(&self, item: &Item, value: &S::Value, ie: u16, out: &mut Vec<u8>) -> Done {
        match item.form {
            Form::Flag | Form::Bits(..) => Ok(()),
            Form::Flags(least, most) => match self.source.wide(value) {
                Some(bits) => flags(usize::from(least), usize::from(most), bits, ie, out),
                None => wrong("is a number", ie),
            },
            Form::Uint(_) | Form::Number => match self.source.uint(value) {
                Some(number) => uint(item.form, number, ie, out),
                None => wrong("is a number", ie),
            },
            Form::Text | Form::Labels => match self.source.text(value) {
                Some(text) if item.form == Form::Text => Ok(out.extend_from_slice(text.as_bytes())),
                Some(text) => labels(text, ie, out),
                None => wrong("is a text", ie),
            },
            Form::Octets(_) | Form::Rest | Form::Counted(_) => match self.source.octets(value) {
                Some(octets) => string(item.form, octets, ie, out),
                None => wrong("is octets", ie),
            },
        }
    }
}

fn open(ie: u16, out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&ie.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.len()
}

fn close(ie: u16, start: usize, out: &mut Vec<u8>) -> Done {
    match u16::try_from(out.len() - start) {
        Ok(size) => Ok(out[start - 2..start].copy_from_slice(&size.to_be_bytes())),
        Err(_) => wrong("is too long", ie),
    }
}

fn lead(layout: &Layout, flags: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&flags.to_le_bytes()[..layout.lead]);
}

fn uint(form: Form, number: u64, ie: u16, out: &mut Vec<u8>) -> Done {
    let needed = 8 - (number.leading_zeros() / 8) as usize;
    let size = match form {
        Form::Uint(size) => usize::from(size),
        Form::Number => needed.max(1),
        _ => 0,
    };
    if needed > size {
        return wrong("is out of range", ie);
    }
    out.extend_from_slice(&number.to_be_bytes()[8 - size..]);
    Ok(())
}

fn flags(least: usize, most: usize, bits: u128, ie: u16, out: &mut Vec<u8>) -> Done {
    let needed = 16 - (bits.leading_zeros() / 8) as usize;
    if needed > most {
        return wrong("is out of range", ie);
    }
    out.extend_from_slice(&bits.to_le_bytes()[..needed.max(least)]);
    Ok(())
}

fn string(form: Form, octets: &[u8], ie: u16, out: &mut Vec<u8>) -> Done {
    match form {
        Form::Octets(size) if octets.len() != usize::from(size) => return wrong("has a fixed length", ie),
        Form::Counted(size) => uint(Form::Uint(size), octets.len() as u64, ie, out)?,
        _ => {}
    }
    out.extend_from_slice(octets);
    Ok(())
}

fn labels(name: &str, ie: u16, out: &mut Vec<u8>) -> Done {
    if name.len() > 254 {
        return wrong("is no domain name", ie);
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 || !label.bytes().all(|octet| octet.is_ascii_graphic()) {
            return wrong("is no domain name", ie);
        }
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    Ok(())
}
