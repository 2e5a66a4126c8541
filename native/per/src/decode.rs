//! Octets to values: one walk over the tables, everything a peer can make large or deep bounded.
use crate::bits::Reader;
use crate::fault::{Cause, Criticality, Fault, NotUnderstood, Place, Stop};
use crate::reading::{Count, OUT_OF_BOUNDS, arcs, criticality, fragmented_bits, integer, octet_string, size, text};
use crate::schema::{
    Addition, Choice, Component, Container, Enumeration, Message, NameId, Node, NodeId, Opening, Part, Schema, Size,
    Structure,
};
use std::borrow::Cow;

/// Structures, containers and open types inside each other, at most.
const DEPTH: u32 = 96;
/// IEs that one container's table may list, at most.
pub const MASK_BITS: usize = 256;
/// Items of lists that a message may hold beyond those that cost its sender a bit each.
const FREE: usize = 1024;
/// Faults reported of one message, at most.
const FAULTS: usize = 64;
const TOO_MANY: Stop = Stop::Syntax("more values than its octets can hold");

/// Makes values; what it makes is its own affair.
pub trait Build {
    type Value;
    type Frame;
    type List;

    fn integer(&mut self, value: i64) -> Result<Self::Value, Stop>;
    fn unsigned(&mut self, value: u64) -> Result<Self::Value, Stop>;
    fn boolean(&mut self, value: bool) -> Result<Self::Value, Stop>;
    fn null(&mut self) -> Result<Self::Value, Stop>;
    /// At most 64 bits.
    fn bits(&mut self, value: u64, count: u32) -> Result<Self::Value, Stop>;
    /// More than 64 bits, in octets filled up with zero bits.
    fn long_bits(&mut self, octets: &[u8], count: usize) -> Result<Self::Value, Stop>;
    fn octets(&mut self, octets: &[u8]) -> Result<Self::Value, Stop>;
    fn text(&mut self, text: &str) -> Result<Self::Value, Stop>;
    fn oid(&mut self, arcs: &[u64]) -> Result<Self::Value, Stop>;
    fn name(&mut self, name: NameId) -> Result<Self::Value, Stop>;
    /// An addition to an ENUMERATED that the schema does not know.
    fn unknown_name(&mut self, index: usize) -> Result<Self::Value, Stop>;
    fn choice(&mut self, name: NameId, value: Self::Value) -> Result<Self::Value, Stop>;
    /// An addition to a CHOICE that the schema does not know.
    fn unknown_choice(&mut self, index: usize, octets: &[u8]) -> Result<Self::Value, Stop>;
    /// An IE that the schema does not know as the value of a CHOICE.
    fn unknown_single(&mut self, id: u16, criticality: Criticality, octets: &[u8]) -> Result<Self::Value, Stop>;
    fn list(&mut self, count: usize) -> Result<Self::List, Stop>;
    fn push(&mut self, list: &mut Self::List, value: Self::Value) -> Result<(), Stop>;
    fn close_list(&mut self, list: Self::List) -> Result<Self::Value, Stop>;
    fn open(&mut self, structure: NodeId) -> Result<Self::Frame, Stop>;
    fn set(&mut self, frame: &mut Self::Frame, slot: u32, value: Self::Value);
    /// Ends a structure: fields not set take their defaults.
    fn close(&mut self, frame: Self::Frame) -> Result<Self::Value, Stop>;
    fn unknown_ies(&mut self, ies: &[(u16, Criticality, Cow<'_, [u8]>)]) -> Result<Self::Value, Stop>;
    /// Additions by their index; behind them, where they do not say it, the end of the bitmap, negative.
    fn unknown_extensions(&mut self, extensions: &[(i64, Cow<'_, [u8]>)]) -> Result<Self::Value, Stop>;
}

/// A PDU read: the message is None where a fault forbids to execute it.
pub struct Outcome<V> {
    pub message: Option<V>,
    pub procedure_code: u8,
    pub kind: u8,
    pub criticality: Criticality,
    /// NRPPa's transaction ID.
    pub transaction: Option<u16>,
    pub known: Option<Message>,
    /// Where the PDU's header could be read.
    pub header: bool,
}

pub struct Decoder<'s, B: Build> {
    schema: &'s Schema,
    pub build: B,
    pub faults: Vec<Fault>,
    place: Place,
    /// What is left of FREE.
    free: usize,
    depth: u32,
    /// Whether an enclosing IE's criticality says what to do with a value not comprehended.
    governed: bool,
    /// Whether an IE in wrong order is read all the same, with a fault to be ignored.
    pub any_order: bool,
}

type UnknownIes<'a> = Vec<(u16, Criticality, Cow<'a, [u8]>)>;

impl<'s, B: Build> Decoder<'s, B> {
    pub fn new(schema: &'s Schema, build: B) -> Self {
        let (faults, place) = (Vec::new(), Place::default());
        Decoder { schema, build, faults, place, free: FREE, depth: 0, governed: false, any_order: false }
    }

    /// A PDU of an elementary procedure (TS 38.413 9.4.3); faults are left in `faults`.
    pub fn pdu(&mut self, octets: &[u8]) -> Result<Outcome<B::Value>, Stop> {
        let mut reader = Reader::new(octets, self.schema.aligned);
        let mut outcome = Outcome {
            message: None,
            procedure_code: 0,
            kind: 0,
            criticality: Criticality::Reject,
            transaction: None,
            known: None,
            header: false,
        };
        match self.message(&mut reader, &mut outcome) {
            Ok(()) => {}
            Err(Stop::Builder) => return Err(Stop::Builder),
            Err(Stop::Syntax(detail) | Stop::NotComprehended(detail)) => {
                outcome.message = None;
                self.transfer_syntax(detail);
            }
        }
        if !self.faults.is_empty() && self.faults.iter().any(|fault| fault.action == Criticality::Reject) {
            outcome.message = None;
        }
        Ok(outcome)
    }

    fn message(&mut self, reader: &mut Reader<'_>, outcome: &mut Outcome<B::Value>) -> Result<(), Stop> {
        let opening = self.schema.opening.as_ref().ok_or(Stop::Syntax("a protocol without procedures"))?;
        outcome.kind = kind(reader, opening)?;
        reader.align();
        outcome.procedure_code = reader.bits(8)? as u8;
        outcome.criticality = criticality(reader)?;
        if let Some(range) = &opening.transaction {
            outcome.transaction = Some(reader.constrained(range)? as u16);
        }
        let content = reader.counted_octets()?;
        outcome.header = true;
        let Some(message) = self.schema.message(outcome.procedure_code, outcome.kind) else {
            let known = self.schema.messages.iter().any(|message| message.procedure_code == outcome.procedure_code);
            self.unknown_procedure(if known { Criticality::Reject } else { outcome.criticality });
            return Ok(());
        };
        outcome.known = Some(*message);
        let mut inner = Reader::new(&content, self.schema.aligned);
        outcome.message = Some(self.value(&mut inner, message.node)?);
        Ok(())
    }

    /// TS 38.413 10.3.4.1 and 10.3.4.1A: procedure code or type of message not comprehended.
    fn unknown_procedure(&mut self, action: Criticality) {
        let cause = match action {
            Criticality::Reject => Cause::AbstractSyntaxReject,
            _ => Cause::AbstractSyntaxIgnoreAndNotify,
        };
        let detail = "the procedure code or type of message is not known";
        self.report(Fault { cause, action, ie: None, error: None, place: None, detail });
    }

    /// TS 38.413 10.2: what could not be decoded cannot be executed.
    fn transfer_syntax(&mut self, detail: &'static str) {
        let fault = Fault {
            cause: Cause::TransferSyntax,
            action: Criticality::Reject,
            ie: None,
            error: None,
            place: self.at(),
            detail,
        };
        self.faults.retain(|fault| fault.action == Criticality::Reject);
        self.faults.insert(0, fault);
        self.faults.truncate(FAULTS);
    }

    fn at(&self) -> Option<Place> {
        self.schema.structure(self.place.structure).map(|_| self.place)
    }

    fn report(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        } else if fault.action == Criticality::Reject {
            self.faults[FAULTS - 1] = fault;
        }
    }

    /// A value that travels alone.
    pub fn alone(&mut self, octets: &[u8], node: NodeId) -> Result<Option<B::Value>, Stop> {
        let mut reader = Reader::new(octets, self.schema.aligned);
        match self.value(&mut reader, node) {
            Ok(value) if self.faults.iter().all(|fault| fault.action != Criticality::Reject) => Ok(Some(value)),
            Ok(_) => Ok(None),
            Err(Stop::Builder) => Err(Stop::Builder),
            Err(Stop::Syntax(detail) | Stop::NotComprehended(detail)) => {
                self.transfer_syntax(detail);
                Ok(None)
            }
        }
    }

    fn value(&mut self, reader: &mut Reader<'_>, node: NodeId) -> Result<B::Value, Stop> {
        let schema = self.schema;
        match schema.node(node) {
            Node::Struct(structure) => self.nested(|decoder| decoder.structure(reader, node, structure)),
            Node::Int { whole, extensible } => {
                let value = integer(reader, whole, *extensible)?;
                self.build.integer(value)
            }
            Node::Unsigned(range) => {
                let value = reader.offset(range)?;
                self.build.unsigned(value.saturating_add_signed(range.lower))
            }
            Node::Among { range, extensible, spans } => {
                let added = *extensible && reader.bit()?;
                let value = if added { reader.unconstrained()? } else { reader.constrained(range)? };
                if self.governed && !spans.iter().any(|span| (span.0..=span.1).contains(&value)) {
                    return Err(Stop::NotComprehended("a number that means nothing"));
                }
                self.build.integer(value)
            }
            Node::Enum(enumeration) => self.enumerated(reader, enumeration),
            Node::Octets { size, contains } => {
                let octets = octet_string(reader, size)?;
                match contains {
                    None => self.build.octets(&octets),
                    Some(inner) => match self.contained(&octets, *inner)? {
                        Some(value) => Ok(value),
                        None => self.build.octets(&octets),
                    },
                }
            }
            Node::Bits { size, contains } => self.bit_string(reader, size, *contains),
            Node::List { size, item } => self.nested(|decoder| decoder.list(reader, size, *item)),
            Node::Choice(choice) => self.nested(|decoder| decoder.choice(reader, choice)),
            Node::Single(container) => self.nested(|decoder| decoder.single(reader, container)),
            Node::Text { width, size, aligned } => {
                let text = text(reader, *width, size, *aligned)?;
                self.build.text(&text)
            }
            Node::Utf8 => {
                let octets = reader.counted_octets()?;
                let text = std::str::from_utf8(&octets).map_err(|_| Stop::Syntax("not UTF-8"))?;
                self.build.text(text)
            }
            Node::Bool => {
                let value = reader.bit()?;
                self.build.boolean(value)
            }
            Node::Null => self.build.null(),
            Node::Any => {
                let octets = reader.counted_octets()?;
                self.build.octets(&octets)
            }
            Node::Oid => {
                let octets = reader.counted_octets()?;
                let arcs = arcs(&octets)?;
                self.build.oid(&arcs)
            }
        }
    }

    #[inline]
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.depth >= DEPTH {
            return Err(Stop::Syntax("nested too deep"));
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    /// Reads the open type that `octets` are.
    #[inline]
    fn open(&mut self, octets: &[u8], node: NodeId) -> Result<B::Value, Stop> {
        self.value(&mut Reader::new(octets, self.schema.aligned), node)
    }

    fn structure(&mut self, reader: &mut Reader<'_>, node: NodeId, structure: &'s Structure) -> Result<B::Value, Stop> {
        let extended = structure.additions.is_some() && reader.bit()?;
        let mut preamble = reader.skip(structure.optionals as usize)?;
        let mut frame = self.build.open(node)?;
        for part in &structure.root {
            if part.optional() {
                preamble += 1;
                if !reader.bit_at(preamble - 1) {
                    continue;
                }
            }
            self.part(reader, node, structure, part, &mut frame)?;
        }
        if extended {
            self.additions(reader, node, structure, &mut frame)?;
        }
        self.build.close(frame)
    }

    #[inline]
    fn part(
        &mut self,
        reader: &mut Reader<'_>,
        node: NodeId,
        structure: &'s Structure,
        part: &'s Part,
        frame: &mut B::Frame,
    ) -> Result<(), Stop> {
        match part {
            Part::Value(Component { slot, node: inner, .. }) => {
                self.place = Place { structure: node, slot: *slot };
                let value = self.value(reader, *inner)?;
                self.build.set(frame, *slot, value);
                Ok(())
            }
            Part::Ies(container) => self.ies(reader, node, structure, container, frame),
        }
    }

    /// A container of IEs, read into the fields of its structure (TS 38.413 10.3).
    fn ies(
        &mut self,
        reader: &mut Reader<'_>,
        node: NodeId,
        structure: &Structure,
        container: &'s Container,
        frame: &mut B::Frame,
    ) -> Result<(), Stop> {
        let Count { count, more, .. } = size(reader, &container.size)?;
        if more {
            return Err(Stop::Syntax("a container of more IEs than there are ids"));
        }
        let mut seen = [0u64; MASK_BITS / 64];
        let mut unknown: UnknownIes<'_> = Vec::new();
        let mut next = 0;
        for _ in 0..count {
            reader.align();
            let id = reader.bits(16)? as u16;
            let given = criticality(reader)?;
            let content = reader.counted_octets()?;
            let Some(at) = container.find(id, next) else {
                self.place = Place { structure: node, slot: structure.unknown_ies.unwrap_or_default() };
                self.report(Fault::of_ie(
                    id,
                    given,
                    NotUnderstood::NotUnderstood,
                    self.place,
                    "an IE that is not known",
                ));
                unknown.push((id, given, content));
                continue;
            };
            let entry = &container.entries[at];
            self.place = Place { structure: node, slot: entry.slot };
            let bit = 1u64 << (at % 64);
            if at < next || seen[at / 64] & bit != 0 {
                let misordered = at < next && seen[at / 64] & bit == 0;
                self.falsely_constructed(id, misordered);
                if !(misordered && self.any_order) {
                    continue;
                }
            }
            seen[at / 64] |= bit;
            next = next.max(at);
            let outer = std::mem::replace(&mut self.governed, true);
            let result = self.open(&content, entry.node);
            self.governed = outer;
            match result {
                Ok(value) => self.build.set(frame, entry.slot, value),
                Err(Stop::NotComprehended(detail)) => {
                    self.place = Place { structure: node, slot: entry.slot };
                    self.report(Fault::of_ie(id, given, NotUnderstood::NotUnderstood, self.place, detail));
                    unknown.push((id, given, content));
                }
                Err(stop) => return Err(stop),
            }
        }
        self.missing(node, container, &seen);
        if let (false, Some(slot)) = (unknown.is_empty(), structure.unknown_ies) {
            let value = self.build.unknown_ies(&unknown)?;
            self.build.set(frame, slot, value);
        }
        Ok(())
    }

    /// TS 38.413 10.3.6: an IE in wrong order or too often.
    #[cold]
    fn falsely_constructed(&mut self, ie: u16, misordered: bool) {
        let detail = if misordered { "an IE in wrong order" } else { "an IE that came before" };
        let place = Some(self.place);
        self.report(Fault {
            cause: Cause::FalselyConstructed,
            action: if misordered && self.any_order { Criticality::Ignore } else { Criticality::Reject },
            ie: Some(ie),
            error: None,
            place,
            detail,
        });
    }

    /// TS 38.413 10.3.5: mandatory IEs that did not come.
    #[inline]
    fn missing(&mut self, node: NodeId, container: &Container, seen: &[u64; MASK_BITS / 64]) {
        for (at, entry) in container.entries.iter().enumerate() {
            if entry.mandatory && seen[at / 64] >> (at % 64) & 1 == 0 {
                let place = Place { structure: node, slot: entry.slot };
                self.report(Fault::of_ie(
                    container.ids[at],
                    entry.criticality,
                    NotUnderstood::Missing,
                    place,
                    "a mandatory IE is missing",
                ));
            }
        }
    }

    fn additions(
        &mut self,
        reader: &mut Reader<'_>,
        node: NodeId,
        structure: &'s Structure,
        frame: &mut B::Frame,
    ) -> Result<(), Stop> {
        let count = reader.small_length()?;
        let bitmap = reader.skip(count)?;
        let known = structure.additions.as_deref().unwrap_or_default();
        let mut unknown: Vec<(i64, Cow<'_, [u8]>)> = Vec::new();
        let mut present = 0;
        for index in 0..count {
            if !reader.bit_at(bitmap + index) {
                continue;
            }
            present = index + 1;
            let Some(addition) = known.get(index) else {
                unknown.push((index as i64, reader.counted_octets()?));
                continue;
            };
            match reader.counted_part()? {
                Some(mut inner) => self.addition(&mut inner, node, structure, addition, frame)?,
                None => {
                    let octets = reader.counted_octets()?;
                    let mut inner = Reader::new(&octets, self.schema.aligned);
                    self.addition(&mut inner, node, structure, addition, frame)?;
                }
            }
        }
        // A sender of another release has another number of additions, or says that there are some and gives none: so
        // that its octets come again, the end of its bitmap is kept.
        if count > 0 && (present == 0 || count != present.max(known.len())) {
            unknown.push((-(count as i64), Cow::Borrowed(&[])));
        }
        if let (false, Some(slot)) = (unknown.is_empty(), structure.unknown_extensions) {
            let value = self.build.unknown_extensions(&unknown)?;
            self.build.set(frame, slot, value);
        }
        Ok(())
    }

    /// One addition, or a group of them: a SEQUENCE whose components are fields of the structure around it.
    fn addition(
        &mut self,
        reader: &mut Reader<'_>,
        node: NodeId,
        structure: &'s Structure,
        addition: &'s Addition,
        frame: &mut B::Frame,
    ) -> Result<(), Stop> {
        let parts = match addition {
            Addition::One(part) => return self.part(reader, node, structure, part, frame),
            Addition::Group(parts) => parts,
        };
        let mut preamble = reader.skip(parts.iter().filter(|part| part.optional()).count())?;
        for part in parts {
            if part.optional() {
                preamble += 1;
                if !reader.bit_at(preamble - 1) {
                    continue;
                }
            }
            self.part(reader, node, structure, part, frame)?;
        }
        Ok(())
    }

    fn enumerated(&mut self, reader: &mut Reader<'_>, enumeration: &Enumeration) -> Result<B::Value, Stop> {
        if !(enumeration.extensible && reader.bit()?) {
            let index = reader.constrained(&enumeration.root)? as usize;
            return self.build.name(enumeration.names[index]);
        }
        let index = reader.small()?;
        let root = enumeration.root.span as usize + 1;
        match index.checked_add(root).and_then(|at| enumeration.names.get(at)) {
            Some(name) => self.build.name(*name),
            None if self.governed => Err(Stop::NotComprehended("a value of a later version")),
            None => self.build.unknown_name(index),
        }
    }

    fn choice(&mut self, reader: &mut Reader<'_>, choice: &'s Choice) -> Result<B::Value, Stop> {
        if let Some(added) = &choice.added {
            if reader.bit()? {
                let index = reader.small()?;
                let octets = reader.counted_octets()?;
                return match added.get(index) {
                    Some((name, node)) => {
                        let mut inner = Reader::new(&octets, self.schema.aligned);
                        self.alternative(&mut inner, *name, *node)
                    }
                    None if self.governed => Err(Stop::NotComprehended("an alternative of a later version")),
                    None => self.build.unknown_choice(index, &octets),
                };
            }
        }
        let (name, node) = choice.root[reader.constrained(&choice.range)? as usize];
        self.alternative(reader, name, node)
    }

    /// An alternative that is a single container goes by the name of its IE.
    #[inline]
    fn alternative(&mut self, reader: &mut Reader<'_>, name: NameId, node: NodeId) -> Result<B::Value, Stop> {
        if let Node::Single(container) = self.schema.node(node) {
            return self.single(reader, container);
        }
        let value = self.value(reader, node)?;
        self.build.choice(name, value)
    }

    /// One IE that is the value of a CHOICE or an item of a list.
    fn single(&mut self, reader: &mut Reader<'_>, container: &'s Container) -> Result<B::Value, Stop> {
        reader.align();
        let id = reader.bits(16)? as u16;
        let given = criticality(reader)?;
        let content = reader.counted_octets()?;
        let Some(at) = container.find(id, 0) else {
            self.report(Fault::of_ie(id, given, NotUnderstood::NotUnderstood, self.place, "an IE that is not known"));
            return self.build.unknown_single(id, given, &content);
        };
        let entry = &container.entries[at];
        let outer = std::mem::replace(&mut self.governed, true);
        let result = self.open(&content, entry.node);
        self.governed = outer;
        match result {
            Ok(value) => self.build.choice(entry.name, value),
            Err(Stop::NotComprehended(detail)) => {
                self.report(Fault::of_ie(id, given, NotUnderstood::NotUnderstood, self.place, detail));
                self.build.unknown_single(id, given, &content)
            }
            Err(stop) => Err(stop),
        }
    }

    fn list(&mut self, reader: &mut Reader<'_>, bounds: &Size, item: NodeId) -> Result<B::Value, Stop> {
        let Count { mut count, mut more, added } = size(reader, bounds)?;
        affordable(reader, count)?;
        let mut list = self.build.list(if more { 0 } else { count })?;
        let mut total = 0;
        loop {
            total += count;
            if !more && !added && !bounds.holds(total) {
                return Err(OUT_OF_BOUNDS);
            }
            let left = reader.left();
            for at in 0..count {
                let value = self.value(reader, item)?;
                self.build.push(&mut list, value)?;
                if at == 0 && reader.left() == left {
                    self.free = self.free.checked_sub(count).ok_or(TOO_MANY)?;
                }
            }
            if !more {
                return self.build.close_list(list);
            }
            (count, more) = reader.length()?;
            affordable(reader, count)?;
        }
    }

    fn bit_string(&mut self, reader: &mut Reader<'_>, size: &Size, contains: Option<NodeId>) -> Result<B::Value, Stop> {
        let added = size.extensible && reader.bit()?;
        let (octets, count) = match (&size.range, added) {
            (Some(range), false) => {
                let count = reader.constrained(range)? as usize;
                if count > 0 && !(range.span == 0 && count <= 16) {
                    reader.align();
                }
                if count <= 64 && contains.is_none() {
                    let value = reader.bits(count as u32)?;
                    return self.build.bits(value, count as u32);
                }
                (reader.bit_octets(count)?, count)
            }
            _ => fragmented_bits(reader, size, added)?,
        };
        if let Some(inner) = contains {
            if let Some(value) = self.contained(&octets, inner)? {
                return Ok(value);
            }
        }
        if count > 64 {
            return self.build.long_bits(&octets, count);
        }
        let value = Reader::new(&octets, false).bits(count as u32)?;
        self.build.bits(value, count as u32)
    }

    /// What a string contains, or None where it does not decode, which concerns its own reader only.
    fn contained(&mut self, octets: &[u8], node: NodeId) -> Result<Option<B::Value>, Stop> {
        let mark = self.faults.len();
        let outer = std::mem::replace(&mut self.governed, false);
        let free = self.free;
        let result = self.nested(|decoder| decoder.open(octets, node));
        self.governed = outer;
        let rejected = self.faults[mark..].iter().any(|fault| fault.action == Criticality::Reject);
        self.faults[mark..].iter_mut().for_each(|fault| fault.action = Criticality::Ignore);
        match result {
            Ok(value) if !rejected => return Ok(Some(value)),
            Ok(_) => {}
            Err(Stop::Builder) => return Err(Stop::Builder),
            Err(Stop::Syntax(detail) | Stop::NotComprehended(detail)) => {
                let action = Criticality::Ignore;
                self.report(Fault {
                    cause: Cause::TransferSyntax,
                    action,
                    ie: None,
                    error: None,
                    place: self.at(),
                    detail,
                });
            }
        }
        self.free = free;
        Ok(None)
    }
}

/// Whether so many items can stand in what is left: it is the open type around them alone that says so, for what
/// follows a message is none of its own.
#[inline]
fn affordable(reader: &Reader<'_>, count: usize) -> Result<(), Stop> {
    if count > reader.left() + FREE { Err(TOO_MANY) } else { Ok(()) }
}

impl<V> Outcome<V> {
    /// The values of the IEs `ids` of a message that was faulty, as far as they can be read without its tables' help.
    pub fn identifiers(schema: &Schema, octets: &[u8], ids: &[u16]) -> Vec<Option<i64>> {
        let mut found = vec![None; ids.len()];
        let _ = scan(schema, octets, ids, &mut found);
        found
    }
}

/// The kind of a PDU (0..=2), the first of its fields.
#[inline]
fn kind(reader: &mut Reader<'_>, opening: &Opening) -> Result<u8, Stop> {
    const UNKNOWN: Stop = Stop::Syntax("a PDU of no known kind");
    if opening.extensible && reader.bit()? {
        return Err(UNKNOWN);
    }
    let kind = reader.constrained(&opening.kinds)? as u8;
    if kind > 2 { Err(UNKNOWN) } else { Ok(kind) }
}

/// Goes through the first container of a PDU's message and reads the INTEGER IEs among `ids`.
fn scan(schema: &Schema, octets: &[u8], ids: &[u16], found: &mut [Option<i64>]) -> Result<(), Stop> {
    let mut reader = Reader::new(octets, schema.aligned);
    let Some(opening) = &schema.opening else { return Ok(()) };
    let kind = kind(&mut reader, opening)?;
    reader.align();
    let procedure_code = reader.bits(8)? as u8;
    criticality(&mut reader)?;
    if let Some(range) = &opening.transaction {
        reader.constrained(range)?;
    }
    let content = reader.counted_octets()?;
    let Some(structure) = schema.message(procedure_code, kind).and_then(|message| schema.structure(message.node))
    else {
        return Ok(());
    };
    let Some(Part::Ies(container)) = structure.root.first() else { return Ok(()) };
    let mut reader = Reader::new(&content, schema.aligned);
    reader.skip(usize::from(structure.additions.is_some()) + structure.optionals as usize)?;
    let Count { count, .. } = size(&mut reader, &container.size)?;
    for _ in 0..count {
        reader.align();
        let id = reader.bits(16)? as u16;
        criticality(&mut reader)?;
        let value = reader.counted_octets()?;
        let (Some(wanted), Some(at)) = (ids.iter().position(|each| *each == id), container.find(id, 0)) else {
            continue;
        };
        if let Node::Int { whole, extensible } = schema.node(container.entries[at].node) {
            let number = integer(&mut Reader::new(&value, schema.aligned), whole, *extensible).ok();
            found[wanted] = found[wanted].or(number);
        }
    }
    Ok(())
}
