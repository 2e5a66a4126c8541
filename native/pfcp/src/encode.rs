//! Values to octets. A value that does not fit its table is an error of the caller, never a wrong message.

use crate::decode::mask;
use crate::table::{Content, Form, Group, Item, Layout, Member, Presence, Tables, When};

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

impl<S: Source> Work<'_, S> {
    fn group(&self, group: &Group, value: &S::Value, ie: u16, out: &mut Vec<u8>) -> Done {
        let Some(fields) = self.source.open(value, group.class) else {
            return wrong("has another class", ie);
        };
        for (at, member) in group.members.iter().enumerate() {
            let value = self.source.field(&fields, at);
            if self.source.is_none(&value) {
                if member.presence == Presence::Mandatory {
                    return wrong("is mandatory", member.ie);
                }
            } else if member.many {
                self.repeated(member, &value, out)?;
            } else {
                self.element(member, &value, out)?;
            }
        }
        self.unknown(&self.source.field(&fields, group.members.len()), out)
    }

    fn repeated(&self, member: &Member, value: &S::Value, out: &mut Vec<u8>) -> Done {
        let Some(list) = self.source.list(value) else { return wrong("is repeated", member.ie) };
        let count = self.source.count(&list);
        if count == 0 && member.presence == Presence::Mandatory {
            return wrong("is mandatory", member.ie);
        }
        (0..count).try_for_each(|at| self.element(member, &self.source.field(&list, at), out))
    }

    fn element(&self, member: &Member, value: &S::Value, out: &mut Vec<u8>) -> Done {
        let start = open(member.ie, out);
        match member.content {
            Content::Group(inner) => self.group(&self.tables.groups[inner], value, member.ie, out)?,
            Content::Layout(inner) => self.layout(&self.tables.layouts[inner], value, member.ie, out)?,
        }
        close(member.ie, start, out)
    }

    fn unknown(&self, value: &S::Value, out: &mut Vec<u8>) -> Done {
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
            Form::Uint(_) | Form::Number | Form::Flags(..) => match self.source.uint(value) {
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
        Form::Flags(least, most) if needed <= usize::from(most) => {
            out.extend_from_slice(&number.to_le_bytes()[..needed.max(usize::from(least))]);
            return Ok(());
        }
        _ => 0,
    };
    if needed > size {
        return wrong("is out of range", ie);
    }
    out.extend_from_slice(&number.to_be_bytes()[8 - size..]);
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
