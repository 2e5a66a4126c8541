//! Octets to values. Total: whatever the octets, there is an answer, with the faults that say what to tell the peer.

use crate::table::{Content, Form, Group, Item, Layout, Member, Presence, Tables, When, mask};

/// Builds the caller's values.
pub trait Sink {
    type Value;

    fn none(&mut self) -> Self::Value;
    fn flag(&mut self, value: bool) -> Self::Value;
    fn uint(&mut self, value: u64) -> Self::Value;
    /// Flags over more octets than a number of 64 bits has.
    fn wide(&mut self, value: u128) -> Self::Value;
    fn octets(&mut self, value: &[u8]) -> Self::Value;
    fn text(&mut self, value: &str) -> Self::Value;
    fn many(&mut self, values: Vec<Self::Value>) -> Self::Value;
    /// An IE the tables do not know at this place, kept to be sent on.
    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Self::Value;
    /// The value of `class` from its fields in the order of the tables, and what else of its octets is kept.
    fn build(&mut self, class: usize, fields: Vec<Self::Value>, kept: Kept<'_, Self::Value>) -> Self::Value;
}

/// What a group's fields do not say of the octets it came in.
#[derive(Debug)]
pub struct Kept<'a, V> {
    /// The IEs that the tables do not know there, repeated ones, and optional ones with a fault.
    pub unknown: Vec<V>,
    /// Where each IE stood, in the order in which they are sent: fields, then unknown; empty where it is the same.
    pub order: Vec<usize>,
    /// IEs whose octets are not those that their value is sent in: place in that order, and the octets.
    pub codings: Vec<(usize, &'a [u8])>,
}

impl<V> Default for Kept<'_, V> {
    fn default() -> Self {
        Self { unknown: Vec::new(), order: Vec::new(), codings: Vec::new() }
    }
}

impl<V> Kept<'_, V> {
    pub fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.order.is_empty() && self.codings.is_empty()
    }
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
    /// Another message follows in the datagram (TS 29.244 6.5 and 7.2.2.2).
    pub follow_on: bool,
    /// The bits of the first and of the last octet that mean nothing.
    pub spare: [u8; 2],
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
            let mut work = Work { tables, sink, faults: &mut faults, exact: true };
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
        spare: [first & 0x18, if first & 2 != 0 { rest[3] & 0x0f } else { rest[3] }],
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
    /// Whether the layout read last is sent in the same octets again.
    exact: bool,
}

/// Reads the value of one IE that is not grouped.
pub(crate) fn value<S: Sink>(tables: &Tables, layout: &Layout, octets: &[u8], sink: &mut S) -> Option<S::Value> {
    Work { tables, sink, faults: &mut Faults(Vec::new()), exact: true }.layout(layout, octets).ok()
}

/// The IEs of a group as they come.
struct Came<'o, V> {
    slots: Vec<Slot<V>>,
    kept: Kept<'o, V>,
    /// By place on the wire: the member that the IE is, the number of members for those that are kept as they are.
    ranks: Vec<u8>,
    sorted: bool,
}

impl<V> Came<'_, V> {
    fn new(members: usize) -> Self {
        let mut slots = Vec::with_capacity(members);
        slots.resize_with(members, || Slot::Empty);
        Self { slots, kept: Kept::default(), ranks: Vec::new(), sorted: true }
    }

    fn note(&mut self, rank: usize) {
        let rank = rank as u8; // at most 254 members
        self.sorted &= self.ranks.last().is_none_or(|&last| last <= rank);
        self.ranks.push(rank);
    }

    /// Says where each IE stood, where it is sent elsewhere.
    fn ordered(&mut self) {
        if self.sorted {
            return;
        }
        let mut order: Vec<usize> = (0..self.ranks.len()).collect();
        order.sort_by_key(|&at| self.ranks[at]);
        let mut places = vec![0; order.len()];
        for (place, &at) in order.iter().enumerate() {
            places[at] = place;
        }
        for (at, _) in &mut self.kept.codings {
            *at = places[*at];
        }
        self.kept.order = order;
    }
}

impl<S: Sink> Work<'_, S> {
    /// A message's body or a grouped IE; none where the sender has to be told that it cannot be used.
    fn group(&mut self, group: &Group, mut octets: &[u8]) -> Option<S::Value> {
        let mut came = Came::new(group.members.len());
        let mut usable = true;
        while !octets.is_empty() {
            let Some((ie, value, rest)) = element(octets) else {
                // The rest cannot be told apart any more (TS 29.244 7.6.7).
                let ie = octets.get(..2).map(|head| u16::from_be_bytes([head[0], head[1]]));
                self.faults.add(Reason::IeLength, ie);
                return None;
            };
            octets = rest;
            match group.find(ie) {
                Some(at) => usable &= self.member(group, at, value, &mut came),
                None => self.keep(ie, value, &mut came),
            }
        }
        for (member, slot) in group.members.iter().zip(&came.slots) {
            if member.presence == Presence::Mandatory && matches!(slot, Slot::Empty) && usable {
                self.faults.add(Reason::MandatoryMissing, Some(member.ie));
                usable = false;
            }
        }
        usable.then(|| self.finish(group, came))
    }

    fn finish(&mut self, group: &Group, mut came: Came<'_, S::Value>) -> S::Value {
        came.ordered();
        let mut fields = Vec::with_capacity(came.slots.len());
        for (slot, member) in came.slots.into_iter().zip(&group.members) {
            fields.push(match slot {
                Slot::One(value) => value,
                Slot::Many(values) => self.sink.many(values),
                Slot::Empty if member.many => self.sink.many(Vec::new()),
                Slot::Empty => self.sink.none(),
            });
        }
        self.sink.build(group.class, fields, came.kept)
    }

    /// Puts one IE into its slot; false where its fault makes the whole group unusable.
    fn member<'o>(&mut self, group: &Group, at: usize, octets: &'o [u8], came: &mut Came<'o, S::Value>) -> bool {
        let (member, updates) = (&group.members[at], group.updates);
        if matches!(came.slots[at], Slot::One(_)) {
            self.faults.add(Reason::Repeated, Some(member.ie)); // only the first counts (TS 29.244 7.6.10)
            self.keep(member.ie, octets, came);
            return true;
        }
        // In an update, no octets ask to remove what was provisioned (TS 29.244 5.6.3).
        let removed = updates && octets.is_empty() && self.removes(member);
        let value = match member.content {
            _ if removed => None,
            Content::Group(inner) => self.group(&self.tables.groups[inner], octets),
            Content::Layout(inner) => {
                self.exact = true;
                let value = self.layout(&self.tables.layouts[inner], octets);
                if !self.exact && value.is_ok() {
                    came.kept.codings.push((came.ranks.len(), octets));
                }
                value.map_err(|reason| self.faults.add(reason, Some(member.ie))).ok()
            }
        };
        match (value, &mut came.slots[at]) {
            (Some(value), Slot::Many(values)) => values.push(value),
            (Some(value), slot) if member.many => *slot = Slot::Many(vec![value]),
            (Some(value), slot) => *slot = Slot::One(value),
            // An optional IE with a fault is treated as absent (TS 29.244 7.6.7, 7.6.8).
            (None, _) => {
                self.keep(member.ie, octets, came);
                return removed || member.presence == Presence::Optional;
            }
        }
        came.note(at);
        true
    }

    /// Whether no octets are no value of this IE that its group could hold.
    fn removes(&self, member: &Member) -> bool {
        let needs = |inner: usize| {
            self.tables.groups[inner].members.iter().any(|member| member.presence == Presence::Mandatory)
        };
        member.presence != Presence::Mandatory && !matches!(member.content, Content::Group(inner) if !needs(inner))
    }

    /// An IE without a place here: kept (TS 29.244 7.6.9), with its enterprise number if it is a vendor's (8.1.1).
    fn keep(&mut self, ie: u16, value: &[u8], came: &mut Came<'_, S::Value>) {
        let kept = match *value {
            [high, low, ref rest @ ..] if ie >= 0x8000 => {
                self.sink.unknown(ie, Some(u16::from_be_bytes([high, low])), rest)
            }
            _ => {
                if ie >= 0x8000 {
                    self.faults.add(Reason::IeLength, Some(ie));
                }
                self.sink.unknown(ie, None, value)
            }
        };
        came.kept.unknown.push(kept);
        came.note(came.slots.len());
    }

    fn layout(&mut self, layout: &Layout, octets: &[u8]) -> Result<S::Value, Reason> {
        let (lead, mut octets) = octets.split_at_checked(layout.lead).ok_or(Reason::IeLength)?;
        let flags = lead.iter().rev().fold(0, |sum, &octet| (sum << 8) | u64::from(octet));
        let mut found = 0_u64;
        let mut told = 0;
        let mut read = layout.told;
        let mut only = None;
        let mut fields = Vec::with_capacity(if layout.class.is_some() { layout.items.len() } else { 0 });
        for (at, item) in layout.items.iter().enumerate() {
            let tail = item.when == When::Tail;
            let present = item.when.holds(flags) && !(tail && octets.is_empty());
            if present && !tail {
                found |= 1 << at;
                told |= item.when.sets();
            }
            if let (true, Form::Bits(shift, width)) = (present, item.form) {
                read |= mask(width) << shift;
            }
            let value = match (present, item.form) {
                (_, Form::Flag) => self.sink.flag(present),
                (false, _) => self.sink.none(),
                (true, _) => self.item(item, flags, &mut octets)?,
            };
            if layout.class.is_some() { fields.push(value) } else { only = Some(value) }
        }
        // What is there has to say the same flags again: others contradict each other.
        let missing = layout.one_of != 0 && found & layout.one_of == 0;
        if missing || flags & layout.told != told {
            return Err(Reason::Incorrect);
        }
        self.exact &= flags & !read == 0 && octets.is_empty();
        match layout.class {
            Some(class) => Ok(self.sink.build(class, fields, Kept::default())),
            None => only.ok_or(Reason::Incorrect),
        }
    }

    fn item(&mut self, item: &Item, flags: u64, octets: &mut &[u8]) -> Result<S::Value, Reason> {
        Ok(match item.form {
            Form::Flag => self.sink.flag(true),
            Form::Bits(shift, width) => self.sink.uint((flags >> shift) & mask(width)),
            Form::Uint(size) => self.sink.uint(number(take(octets, usize::from(size))?)),
            Form::Number => match octets.len() {
                size @ 1..=8 => {
                    self.exact &= size == 1 || octets[0] != 0;
                    self.sink.uint(number(take(octets, size)?))
                }
                _ => return Err(Reason::IeLength),
            },
            Form::Flags(least, most) => {
                let least = usize::from(least);
                // a sender of an older release knows one octet less
                let size = octets.len().clamp(least.saturating_sub(1).max(1), usize::from(most));
                let bits = take(octets, size)?;
                self.exact &= size == least || (size > least && bits.last() != Some(&0));
                if size > 8 {
                    self.sink.wide(bits.iter().rev().fold(0, |sum, &octet| (sum << 8) | u128::from(octet)))
                } else {
                    self.sink.uint(bits.iter().rev().fold(0, |sum, &octet| (sum << 8) | u64::from(octet)))
                }
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
                let octets = take(octets, octets.len())?;
                match labels(octets) {
                    Some(name) => {
                        self.exact &= octets.last() != Some(&0);
                        self.sink.text(&name)
                    }
                    None => {
                        self.exact = false;
                        self.sink.text(unlabelled(octets).ok_or(Reason::Incorrect)?)
                    }
                }
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

/// A domain name in letters where labels belong: some peers send it so, and it cannot be taken for labels.
fn unlabelled(octets: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(octets).ok()?;
    let fine = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|octet| octet.is_ascii_graphic());
    (name.len() < 255 && name.split('.').all(fine)).then_some(name)
}
