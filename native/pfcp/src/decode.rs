//! Octets to values. Total: whatever the octets, there is an answer, with the faults that say what to tell the peer.

use crate::table::{Content, Form, Group, Item, Layout, Member, Presence, Tables, When};

/// Builds the caller's values.
pub trait Sink {
    type Value;

    fn none(&mut self) -> Self::Value;
    fn flag(&mut self, value: bool) -> Self::Value;
    fn uint(&mut self, value: u64) -> Self::Value;
    fn octets(&mut self, value: &[u8]) -> Self::Value;
    fn text(&mut self, value: &str) -> Self::Value;
    fn many(&mut self, values: Vec<Self::Value>) -> Self::Value;
    /// An IE the tables do not know at this place, kept to be sent on.
    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Self::Value;
    /// The value of `class` from its fields in the order of the tables, and the IEs the tables do not know there.
    fn build(&mut self, class: usize, fields: Vec<Self::Value>, unknown: Vec<Self::Value>) -> Self::Value;
}

/// What is wrong with a message or one of its IEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// TS 29.244 7.6.2
    Version,
    /// TS 29.244 7.6.3
    MessageLength,
    /// TS 29.244 7.6.4
    UnknownMessage,
    /// TS 29.244 7.6.6
    MandatoryMissing,
    /// TS 29.244 7.6.7
    IeLength,
    /// TS 29.244 7.6.8
    Incorrect,
    /// TS 29.244 7.6.10
    Repeated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: Reason,
    pub ie: Option<u16>,
}

/// The header (TS 29.244 7.2.2); `priority` where the MP flag is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: u8,
    pub kind: u8,
    pub seid: Option<u64>,
    pub sequence: u32,
    pub priority: Option<u8>,
    /// Another message follows in the datagram (TS 29.244 5.2.1A.2 and 7.2.2.2).
    pub follow_on: bool,
}

#[derive(Debug)]
pub struct Decoded<V> {
    pub header: Option<Header>,
    pub message: Option<V>,
    pub faults: Vec<Fault>,
}

/// More faults than this say nothing new.
const FAULTS: usize = 16;

/// Decodes one message; octets after its length are not looked at.
pub fn decode<S: Sink>(tables: &Tables, octets: &[u8], sink: &mut S) -> Decoded<S::Value> {
    let mut faults = Faults(Vec::new());
    let (header, body) = match head(octets) {
        Ok(found) => found,
        Err((header, reason)) => {
            faults.add(reason, None);
            return Decoded { header, message: None, faults: faults.0 };
        }
    };
    let message = match tables.message(header.kind) {
        Some(message) if message.session == header.seid.is_some() => {
            let mut work = Work { tables, sink, faults: &mut faults };
            work.group(&tables.groups[message.group], body)
        }
        _ => {
            faults.add(Reason::UnknownMessage, None);
            None
        }
    };
    Decoded { header: Some(header), message, faults: faults.0 }
}

/// TS 29.244 7.2.2: the header and the octets after it.
fn head(octets: &[u8]) -> Result<(Header, &[u8]), (Option<Header>, Reason)> {
    let wrong = (None, Reason::MessageLength);
    let [first, kind, high, low, ..] = *octets else { return Err(wrong) };
    let version = first >> 5;
    let session = first & 1 != 0;
    let size = if session { 16 } else { 8 };
    let Some(fixed) = octets.get(..size) else { return Err(wrong) };
    let (seid, rest) = if session { (Some(number(&fixed[4..12])), &fixed[12..]) } else { (None, &fixed[4..]) };
    let header = Header {
        version,
        kind,
        seid,
        sequence: number(&rest[..3]) as u32,
        priority: (first & 2 != 0).then_some(rest[3] >> 4),
        follow_on: first & 4 != 0,
    };
    if version != 1 {
        return Err((Some(header), Reason::Version));
    }
    let end = 4 + usize::from(u16::from_be_bytes([high, low]));
    match octets.get(size..end) {
        Some(body) => Ok((header, body)),
        None => Err((Some(header), Reason::MessageLength)),
    }
}

fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |sum, &octet| (sum << 8) | u64::from(octet))
}

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, reason: Reason, ie: Option<u16>) {
        if self.0.len() < FAULTS {
            self.0.push(Fault { reason, ie });
        }
    }
}

enum Slot<V> {
    Empty,
    One(V),
    Many(Vec<V>),
}

struct Work<'a, S: Sink> {
    tables: &'a Tables,
    sink: &'a mut S,
    faults: &'a mut Faults,
}

impl<S: Sink> Work<'_, S> {
    /// A message's body or a grouped IE; none where the sender has to be told that it cannot be used.
    fn group(&mut self, group: &Group, mut octets: &[u8]) -> Option<S::Value> {
        let mut slots: Vec<Slot<S::Value>> = Vec::with_capacity(group.members.len());
        slots.resize_with(group.members.len(), || Slot::Empty);
        let mut unknown = Vec::new();
        let mut usable = true;
        while !octets.is_empty() {
            let Some((ie, value, rest)) = element(octets) else {
                // The rest cannot be told apart any more (TS 29.244 7.6.7).
                let ie = octets.get(..2).map(|head| u16::from_be_bytes([head[0], head[1]]));
                self.faults.add(Reason::IeLength, ie);
                return None;
            };
            octets = rest;
            if let Some(at) = group.find(ie) {
                usable &= self.member(&group.members[at], &mut slots[at], value);
            } else if let Some(kept) = self.keep(ie, value) {
                unknown.push(kept);
            }
        }
        for (member, slot) in group.members.iter().zip(&slots) {
            if member.presence == Presence::Mandatory && matches!(slot, Slot::Empty) && usable {
                self.faults.add(Reason::MandatoryMissing, Some(member.ie));
                usable = false;
            }
        }
        usable.then(|| self.finish(group, slots, unknown))
    }

    fn finish(&mut self, group: &Group, slots: Vec<Slot<S::Value>>, unknown: Vec<S::Value>) -> S::Value {
        let mut fields = Vec::with_capacity(slots.len());
        for (slot, member) in slots.into_iter().zip(&group.members) {
            fields.push(match slot {
                Slot::One(value) => value,
                Slot::Many(values) => self.sink.many(values),
                Slot::Empty if member.many => self.sink.many(Vec::new()),
                Slot::Empty => self.sink.none(),
            });
        }
        self.sink.build(group.class, fields, unknown)
    }

    /// Puts one IE into its slot; false where its fault makes the whole group unusable.
    fn member(&mut self, member: &Member, slot: &mut Slot<S::Value>, octets: &[u8]) -> bool {
        if matches!(slot, Slot::One(_)) {
            self.faults.add(Reason::Repeated, Some(member.ie)); // only the first counts (TS 29.244 7.6.10)
            return true;
        }
        let value = match member.content {
            Content::Group(inner) => self.group(&self.tables.groups[inner], octets),
            Content::Layout(inner) => {
                let value = self.layout(&self.tables.layouts[inner], octets);
                value.map_err(|reason| self.faults.add(reason, Some(member.ie))).ok()
            }
        };
        match (value, &mut *slot) {
            (Some(value), Slot::Many(values)) => values.push(value),
            (Some(value), _) if member.many => *slot = Slot::Many(vec![value]),
            (Some(value), _) => *slot = Slot::One(value),
            // An optional IE with a fault is treated as absent (TS 29.244 7.6.7, 7.6.8).
            (None, _) => return member.presence == Presence::Optional,
        }
        true
    }

    /// An IE without a place here: kept (TS 29.244 7.6.9), with its enterprise number if it is a vendor's (8.1.1).
    fn keep(&mut self, ie: u16, value: &[u8]) -> Option<S::Value> {
        if ie < 0x8000 {
            return Some(self.sink.unknown(ie, None, value));
        }
        match *value {
            [high, low, ref rest @ ..] => Some(self.sink.unknown(ie, Some(u16::from_be_bytes([high, low])), rest)),
            _ => {
                self.faults.add(Reason::IeLength, Some(ie));
                None
            }
        }
    }

    fn layout(&mut self, layout: &Layout, octets: &[u8]) -> Result<S::Value, Reason> {
        let (lead, mut octets) = octets.split_at_checked(layout.lead).ok_or(Reason::IeLength)?;
        let flags = lead.iter().rev().fold(0, |sum, &octet| (sum << 8) | u64::from(octet));
        let mut found = 0_u64;
        let mut told = 0;
        let mut only = None;
        let mut fields = Vec::with_capacity(if layout.class.is_some() { layout.items.len() } else { 0 });
        for (at, item) in layout.items.iter().enumerate() {
            let tail = item.when == When::Tail;
            let present = item.when.holds(flags) && !(tail && octets.is_empty());
            if present && !tail {
                found |= 1 << at;
                told |= item.when.sets();
            }
            let value = match (present, item.form) {
                (_, Form::Flag) => self.sink.flag(present),
                (false, _) => self.sink.none(),
                (true, _) => self.item(item, flags, &mut octets)?,
            };
            if layout.class.is_some() { fields.push(value) } else { only = Some(value) }
        }
        // What is there has to say the same flags again: others contradict each other.
        let known = layout.items.iter().fold(0, |sum, item| sum | item.when.sets());
        let missing = layout.one_of != 0 && found & layout.one_of == 0;
        if missing || flags & known != told {
            return Err(Reason::Incorrect);
        }
        match layout.class {
            Some(class) => Ok(self.sink.build(class, fields, Vec::new())),
            None => only.ok_or(Reason::Incorrect),
        }
    }

    fn item(&mut self, item: &Item, flags: u64, octets: &mut &[u8]) -> Result<S::Value, Reason> {
        Ok(match item.form {
            Form::Flag => self.sink.flag(true),
            Form::Bits(shift, width) => self.sink.uint((flags >> shift) & mask(width)),
            Form::Uint(size) => self.sink.uint(number(take(octets, usize::from(size))?)),
            Form::Number => match octets.len() {
                1..=8 => self.sink.uint(number(take(octets, octets.len())?)),
                _ => return Err(Reason::IeLength),
            },
            Form::Flags(least, most) => {
                let size = octets.len().clamp(usize::from(least), usize::from(most));
                let bits = take(octets, size)?.iter().rev().fold(0, |sum, &octet| (sum << 8) | u64::from(octet));
                self.sink.uint(bits)
            }
            Form::Octets(size) => self.sink.octets(take(octets, usize::from(size))?),
            Form::Counted(size) => {
                let size = number(take(octets, usize::from(size))?);
                let size = usize::try_from(size).map_err(|_| Reason::IeLength)?;
                self.sink.octets(take(octets, size)?)
            }
            Form::Rest => self.sink.octets(take(octets, octets.len())?),
            Form::Text => {
                let text = std::str::from_utf8(take(octets, octets.len())?).map_err(|_| Reason::Incorrect)?;
                self.sink.text(text)
            }
            Form::Labels => {
                let name = labels(take(octets, octets.len())?).ok_or(Reason::Incorrect)?;
                self.sink.text(&name)
            }
        })
    }
}

/// The next IE: its type, its value, and what follows (TS 29.244 8.1.1).
fn element(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let [a, b, c, d, ref rest @ ..] = *octets else { return None };
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([c, d])))?;
    Some((u16::from_be_bytes([a, b]), value, rest))
}

fn take<'a>(octets: &mut &'a [u8], size: usize) -> Result<&'a [u8], Reason> {
    let (taken, rest) = octets.split_at_checked(size).ok_or(Reason::IeLength)?;
    *octets = rest;
    Ok(taken)
}

pub(crate) fn mask(width: u8) -> u64 {
    u64::MAX >> (64 - u32::from(width.clamp(1, 64)))
}

/// A domain name from its labels (RFC 1035 3.1): dotted, without a last dot.
fn labels(mut octets: &[u8]) -> Option<String> {
    if octets.is_empty() || octets.len() > 255 {
        return None;
    }
    let mut name = String::with_capacity(octets.len());
    while let [size, ref rest @ ..] = *octets {
        if size == 0 {
            return (rest.is_empty() && !name.is_empty()).then_some(name);
        }
        let (label, rest) = rest.split_at_checked(usize::from(size))?;
        if size > 63 || label.iter().any(|&octet| !octet.is_ascii_graphic() || octet == b'.') {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|&octet| char::from(octet)));
        octets = rest;
    }
    Some(name)
}
