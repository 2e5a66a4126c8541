//! Values to octets: the same walk as decoding, every constraint checked before a bit is written.
use crate::bits::Writer;
use crate::fault::{Criticality, Place};
use crate::schema::{
    Addition, Alternative, Choice, Component, Container, Default, Enumeration, Message, NameId, Node, NodeId, Part,
    Schema, Size, Structure,
};
use crate::writing::{
    addition, alternative, among, bit_octets, counted, header, integer, octets, oid, text, unknown, within,
};

/// Structures inside each other, at most.
const DEPTH: u32 = 96;

/// Extension additions of a SEQUENCE, at most: their bitmap is never fragmented.
const MOST_ADDITIONS: usize = 16 * 1024 - 1;

/// What is wrong with a value that was to be encoded.
pub type Wrong = &'static str;

/// A BIT STRING's value.
pub enum BitString {
    /// At most 64 bits.
    Short(u64, u32),
    /// More bits than that, in octets filled up with zero bits.
    Long(Vec<u8>, usize),
}

/// Shows values; `Item` is one of them, `Frame` the fields of a structure.
pub trait Source {
    type Item: Copy;
    type Frame: Copy;

    fn integer(&self, item: Self::Item) -> Result<i64, Wrong>;
    fn unsigned(&self, item: Self::Item) -> Result<u64, Wrong>;
    fn boolean(&self, item: Self::Item) -> Result<bool, Wrong>;
    fn bits(&self, item: Self::Item) -> Result<BitString, Wrong>;
    /// None where the value is not octets.
    fn octets(&self, item: Self::Item) -> Option<&[u8]>;
    /// Whether the value of a BIT STRING that contains a type is given as bits.
    fn is_bits(&self, item: Self::Item) -> bool;
    fn text(&self, item: Self::Item) -> Result<&str, Wrong>;
    fn oid(&self, item: Self::Item) -> Result<Vec<u64>, Wrong>;
    /// Position among `names`.
    fn name(&self, item: Self::Item, names: &[NameId]) -> Option<usize>;
    /// Index of an addition that the schema does not know (`unknown:3`).
    fn unknown_name(&self, item: Self::Item) -> Result<usize, Wrong>;
    fn choice(&self, item: Self::Item) -> Result<(Self::Item, Self::Item), Wrong>;
    fn unknown_choice(&self, item: Self::Item) -> Option<(usize, &[u8])>;
    fn unknown_ie(&self, item: Self::Item) -> Result<(u16, Criticality, &[u8]), Wrong>;
    fn unknown_extension(&self, item: Self::Item) -> Result<(i64, &[u8]), Wrong>;
    fn count(&self, item: Self::Item) -> Result<usize, Wrong>;
    fn at(&self, item: Self::Item, index: usize) -> Result<Self::Item, Wrong>;
    fn open(&self, item: Self::Item, structure: NodeId) -> Result<Self::Frame, Wrong>;
    fn field(&self, frame: Self::Frame, slot: u32) -> Option<Self::Item>;
    fn equals(&self, item: Self::Item, default: &Default) -> bool;
}

pub struct Encoder<'s, S: Source> {
    schema: &'s Schema,
    source: S,
    place: Place,
    depth: u32,
}

impl<'s, S: Source> Encoder<'s, S> {
    pub fn new(schema: &'s Schema, source: S) -> Self {
        Encoder { schema, source, place: Place::default(), depth: 0 }
    }

    /// A PDU of an elementary procedure; an error comes with the field it is about.
    pub fn pdu(
        &mut self,
        message: &Message,
        item: S::Item,
        transaction: Option<u16>,
    ) -> Result<Vec<u8>, (Wrong, Place)> {
        let opening = self.schema.opening.as_ref().ok_or(("a protocol without procedures", self.place))?;
        let mut writer = Writer::new(self.schema.aligned);
        if opening.extensible {
            writer.bit(false);
        }
        writer.constrained(message.kind.into(), &opening.kinds);
        writer.align();
        writer.bits(u64::from(message.procedure_code), 8);
        writer.bits(message.criticality as u64, 2);
        match (&opening.transaction, transaction) {
            (Some(range), Some(number)) if range.holds(number.into()) => writer.constrained(number.into(), range),
            (None, None) => {}
            _ => return Err(("a transaction ID within its bounds is expected in NRPPa, and there only", self.place)),
        }
        self.open_type(&mut writer, item, message.node).map_err(|wrong| (wrong, self.place))?;
        Ok(writer.finish())
    }

    /// A value that travels alone.
    pub fn alone(&mut self, item: S::Item, node: NodeId) -> Result<Vec<u8>, (Wrong, Place)> {
        let mut writer = Writer::new(self.schema.aligned);
        self.value(&mut writer, item, node).map_err(|wrong| (wrong, self.place))?;
        Ok(writer.finish())
    }

    #[inline]
    fn open_type(&mut self, writer: &mut Writer, item: S::Item, node: NodeId) -> Result<(), Wrong> {
        if writer.aligned() {
            let start = writer.open();
            self.value(writer, item, node)?;
            writer.close(start);
            return Ok(());
        }
        let mut inner = Writer::new(false);
        self.value(&mut inner, item, node)?;
        writer.counted_octets(&inner.finish());
        Ok(())
    }

    fn value(&mut self, writer: &mut Writer, item: S::Item, node: NodeId) -> Result<(), Wrong> {
        let schema = self.schema;
        match schema.node(node) {
            Node::Struct(structure) => self.nested(|encoder| encoder.structure(writer, item, node, structure)),
            Node::Int { whole, extensible } => integer(writer, self.source.integer(item)?, whole, *extensible),
            Node::Unsigned(range) => {
                let offset =
                    self.source.unsigned(item)?.checked_sub(range.lower as u64).filter(|offset| *offset <= range.span);
                writer.constrained(range.lower.wrapping_add(offset.ok_or("a number beyond its bounds")? as i64), range);
                Ok(())
            }
            Node::Among { range, extensible, spans } => {
                let value = self.source.integer(item)?;
                let holds = spans.iter().any(|span| (span.0..=span.1).contains(&value));
                among(writer, value, holds, range, *extensible)
            }
            Node::Enum(enumeration) => self.enumerated(writer, item, enumeration),
            Node::Octets { size, contains } => self.octet_string(writer, item, size, *contains),
            Node::Bits { size, contains } => self.bit_string(writer, item, size, *contains),
            Node::List { size, item: inner } => self.nested(|encoder| encoder.list(writer, item, size, *inner)),
            Node::Choice(choice) => self.nested(|encoder| encoder.choice(writer, item, choice)),
            Node::Single(container) => self.nested(|encoder| encoder.lone(writer, item, container)),
            Node::Text { width, size, aligned } => text(writer, self.source.text(item)?, *width, size, *aligned),
            Node::Utf8 => {
                writer.counted_octets(self.source.text(item)?.as_bytes());
                Ok(())
            }
            Node::Bool => {
                writer.bit(self.source.boolean(item)?);
                Ok(())
            }
            Node::Null => Ok(()),
            Node::Any => {
                writer.counted_octets(self.source.octets(item).ok_or("octets are expected")?);
                Ok(())
            }
            Node::Oid => {
                writer.counted_octets(&oid(&self.source.oid(item)?)?);
                Ok(())
            }
        }
    }

    #[inline]
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        if self.depth >= DEPTH {
            return Err("nested too deep");
        }
        self.depth += 1;
        let result = inside(self);
        self.depth -= 1;
        result
    }

    fn structure(
        &mut self,
        writer: &mut Writer,
        item: S::Item,
        node: NodeId,
        structure: &'s Structure,
    ) -> Result<(), Wrong> {
        let frame = self.source.open(item, node)?;
        let mut added = Vec::new();
        if let Some(additions) = &structure.additions {
            let unknown = structure.unknown_extensions.and_then(|slot| self.source.field(frame, slot));
            let any = unknown.is_some() || additions.iter().any(|addition| self.added(frame, addition));
            if any {
                added = additions.iter().map(|addition| self.added(frame, addition)).collect();
            }
            writer.bit(any);
        }
        for part in structure.root.iter().filter(|part| part.optional()) {
            writer.bit(self.present(frame, structure, part));
        }
        for part in &structure.root {
            if !part.optional() || self.present(frame, structure, part) {
                self.part(writer, frame, node, structure, part)?;
            }
        }
        match &structure.additions {
            Some(additions)
                if !added.is_empty()
                    || structure.unknown_extensions.is_some_and(|slot| self.source.field(frame, slot).is_some()) =>
            {
                self.additions(writer, frame, node, structure, additions, added)
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn present(&self, frame: S::Frame, structure: &Structure, part: &Part) -> bool {
        match part {
            Part::Value(Component { slot, default, .. }) => match (self.source.field(frame, *slot), default) {
                (None, _) => false,
                (Some(value), Some(default)) => !self.source.equals(value, default),
                (Some(_), None) => true,
            },
            Part::Ies(container) => {
                container.entries.iter().any(|entry| self.source.field(frame, entry.slot).is_some())
                    || structure.unknown_ies.is_some_and(|slot| self.source.field(frame, slot).is_some())
            }
        }
    }

    fn part(
        &mut self,
        writer: &mut Writer,
        frame: S::Frame,
        node: NodeId,
        structure: &'s Structure,
        part: &'s Part,
    ) -> Result<(), Wrong> {
        match part {
            Part::Value(Component { slot, node: inner, .. }) => {
                self.place = Place { structure: node, slot: *slot };
                let value = self.source.field(frame, *slot).ok_or("a value is missing")?;
                self.value(writer, value, *inner)
            }
            Part::Ies(container) => self.ies(writer, frame, node, structure, container),
        }
    }

    /// The IEs of a container in the schema's order and criticality, then those not understood.
    fn ies(
        &mut self,
        writer: &mut Writer,
        frame: S::Frame,
        node: NodeId,
        structure: &Structure,
        container: &'s Container,
    ) -> Result<(), Wrong> {
        let unknown = self.unknown(frame, node, structure)?;
        let mut known = 0;
        for (id, entry) in container.ids.iter().zip(&container.entries) {
            if self.source.field(frame, entry.slot).is_some() {
                known += 1;
                if unknown.iter().any(|each| each.0 == *id) {
                    return Err("an IE that is given as a field too");
                }
            }
        }
        let slot = structure.unknown_ies.or(container.entries.first().map(|entry| entry.slot));
        self.place = Place { structure: node, slot: slot.unwrap_or_default() };
        counted(writer, known + unknown.len(), &container.size)?;
        for (id, entry) in container.ids.iter().zip(&container.entries) {
            self.place = Place { structure: node, slot: entry.slot };
            if let Some(value) = self.source.field(frame, entry.slot) {
                header(writer, *id, entry.criticality);
                self.open_type(writer, value, entry.node)?;
            } else if !self.keep(writer, &unknown, |each| each == *id)? && entry.mandatory {
                return Err("a mandatory IE is missing");
            }
        }
        self.keep(writer, &unknown, |each| !container.ids.contains(&each)).map(|_| ())
    }

    /// The IEs not understood, by id.
    #[inline]
    fn unknown(&mut self, frame: S::Frame, node: NodeId, structure: &Structure) -> Result<Vec<(u16, S::Item)>, Wrong> {
        let Some(slot) = structure.unknown_ies else { return Ok(Vec::new()) };
        let Some(list) = self.source.field(frame, slot) else { return Ok(Vec::new()) };
        self.place = Place { structure: node, slot };
        let mut found = Vec::new();
        for index in 0..self.source.count(list)? {
            let item = self.source.at(list, index)?;
            found.push((self.source.unknown_ie(item)?.0, item));
        }
        Ok(found)
    }

    /// Writes those of the IEs not understood whose id is `wanted`, and says whether there were any.
    #[inline]
    fn keep(&self, writer: &mut Writer, ies: &[(u16, S::Item)], wanted: impl Fn(u16) -> bool) -> Result<bool, Wrong> {
        let mut any = false;
        for (_, item) in ies.iter().filter(|each| wanted(each.0)) {
            unknown(writer, self.source.unknown_ie(*item)?);
            any = true;
        }
        Ok(any)
    }

    fn added(&self, frame: S::Frame, addition: &Addition) -> bool {
        let one = |part: &Part| match part {
            Part::Value(component) => self.source.field(frame, component.slot).is_some(),
            Part::Ies(container) => {
                container.entries.iter().any(|entry| self.source.field(frame, entry.slot).is_some())
            }
        };
        match addition {
            Addition::One(part) => one(part),
            Addition::Group(parts) => parts.iter().any(one),
        }
    }

    #[cold]
    fn additions(
        &mut self,
        writer: &mut Writer,
        frame: S::Frame,
        node: NodeId,
        structure: &'s Structure,
        additions: &'s [Addition],
        mut added: Vec<bool>,
    ) -> Result<(), Wrong> {
        let unknown = structure.unknown_extensions.and_then(|slot| self.source.field(frame, slot));
        let mut kept: Vec<(usize, S::Item)> = Vec::new();
        let mut end = None;
        if let Some(item) = unknown {
            let count = self.source.count(item)?;
            for at in 0..count {
                let extension = self.source.at(item, at)?;
                let (index, _) = self.source.unknown_extension(extension)?;
                if at + 1 == count && (-(MOST_ADDITIONS as i64)..0).contains(&index) {
                    end = Some(index.unsigned_abs() as usize);
                    break;
                }
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                if index < additions.len() || kept.last().is_some_and(|last| last.0 >= index) || index >= MOST_ADDITIONS
                {
                    return Err("unknown extensions must come in order, after the known ones");
                }
                kept.push((index, extension));
            }
        }
        added.resize(kept.last().map_or(additions.len(), |last| last.0 + 1), false);
        kept.iter().for_each(|(index, _)| added[*index] = true);
        let present = added.iter().rposition(|present| *present).map_or(0, |last| last + 1);
        if let Some(end) = end.filter(|end| *end >= present) {
            added.resize(end, false);
        }
        if added.is_empty() {
            return Err("an empty list of unknown extensions");
        }
        writer.small_length(added.len());
        added.iter().for_each(|present| writer.bit(*present));
        for (addition, _) in additions.iter().zip(&added).filter(|(_, present)| **present) {
            let mut inner = Writer::new(self.schema.aligned);
            match addition {
                Addition::One(part) => self.part(&mut inner, frame, node, structure, part)?,
                Addition::Group(parts) => self.group(&mut inner, frame, node, structure, parts)?,
            }
            writer.counted_octets(&inner.finish());
        }
        for (_, extension) in kept {
            writer.counted_octets(self.source.unknown_extension(extension)?.1);
        }
        Ok(())
    }

    fn group(
        &mut self,
        writer: &mut Writer,
        frame: S::Frame,
        node: NodeId,
        structure: &'s Structure,
        parts: &'s [Part],
    ) -> Result<(), Wrong> {
        for part in parts.iter().filter(|part| part.optional()) {
            writer.bit(self.present(frame, structure, part));
        }
        for part in parts {
            if !part.optional() || self.present(frame, structure, part) {
                self.part(writer, frame, node, structure, part)?;
            }
        }
        Ok(())
    }

    fn enumerated(&mut self, writer: &mut Writer, item: S::Item, enumeration: &Enumeration) -> Result<(), Wrong> {
        let root = enumeration.root.span as usize + 1;
        let index = match self.source.name(item, &enumeration.names) {
            Some(index) => index,
            None if enumeration.extensible => root + self.source.unknown_name(item)?,
            None => return Err("a name the schema does not know"),
        };
        if enumeration.extensible {
            writer.bit(index >= root);
        }
        match index.checked_sub(root) {
            None => writer.constrained(index as i64, &enumeration.root),
            Some(added) => writer.small(added),
        }
        Ok(())
    }

    fn choice(&mut self, writer: &mut Writer, item: S::Item, choice: &'s Choice) -> Result<(), Wrong> {
        let (name, value) = self.source.choice(item)?;
        let Some(at) = self.source.name(name, &choice.names) else { return self.unknown_choice(writer, value, choice) };
        match choice.alternatives[at] {
            Alternative::Added { index, node } => {
                writer.bit(true);
                writer.small(index as usize);
                self.open_type(writer, value, node)
            }
            Alternative::Root { index, node } => {
                alternative(writer, choice, index);
                self.value(writer, value, node)
            }
            Alternative::Single { index, added, node, entry } => {
                let Node::Single(container) = self.schema.node(node) else { return Err("not a container") };
                if !added {
                    alternative(writer, choice, index);
                    return self.single(writer, value, container, entry as usize);
                }
                let mut inner = Writer::new(writer.aligned());
                self.single(&mut inner, value, container, entry as usize)?;
                addition(writer, index as usize, &inner.finish());
                Ok(())
            }
        }
    }

    fn unknown_choice(&mut self, writer: &mut Writer, value: S::Item, choice: &Choice) -> Result<(), Wrong> {
        if let (Some(added), Some((index, octets))) = (&choice.added, self.source.unknown_choice(value)) {
            if index < added.len() {
                return Err("an alternative that is known is given as unknown");
            }
            addition(writer, index, octets);
            return Ok(());
        }
        const NOT_KNOWN: Wrong = "an alternative the schema does not know";
        let ie = self.source.unknown_ie(value).map_err(|_| NOT_KNOWN)?;
        let single = |each: &(NameId, NodeId)| matches!(self.schema.node(each.1), Node::Single(_));
        if let Some(index) = choice.root.iter().position(single) {
            alternative(writer, choice, index as u32);
            unknown(writer, ie);
            return Ok(());
        }
        let index = choice.added.iter().flatten().position(single).ok_or(NOT_KNOWN)?;
        let mut inner = Writer::new(writer.aligned());
        unknown(&mut inner, ie);
        addition(writer, index, &inner.finish());
        Ok(())
    }

    fn single(
        &mut self,
        writer: &mut Writer,
        value: S::Item,
        container: &'s Container,
        entry: usize,
    ) -> Result<(), Wrong> {
        header(writer, container.ids[entry], container.entries[entry].criticality);
        self.open_type(writer, value, container.entries[entry].node)
    }

    /// A single container that is an item of a list.
    fn lone(&mut self, writer: &mut Writer, item: S::Item, container: &'s Container) -> Result<(), Wrong> {
        let (name, value) = self.source.choice(item)?;
        if let Some(entry) = self.source.name(name, &container.names) {
            return self.single(writer, value, container, entry);
        }
        unknown(writer, self.source.unknown_ie(value)?);
        Ok(())
    }

    fn list(&mut self, writer: &mut Writer, item: S::Item, size: &Size, inner: NodeId) -> Result<(), Wrong> {
        let total = self.source.count(item)?;
        let place = self.place;
        if within(writer, total, size)? {
            if let Some(range) = &size.range {
                writer.constrained(total as i64, range);
                for index in 0..total {
                    self.place = place;
                    self.value(writer, self.source.at(item, index)?, inner)?;
                }
                return Ok(());
            }
        }
        let mut done = 0;
        loop {
            let left = total - done;
            let count = writer.fragment(left);
            for index in done..done + count {
                self.place = place;
                self.value(writer, self.source.at(item, index)?, inner)?;
            }
            done += count;
            if left < 16384 {
                return Ok(());
            }
        }
    }

    fn octet_string(
        &mut self,
        writer: &mut Writer,
        item: S::Item,
        size: &Size,
        contains: Option<NodeId>,
    ) -> Result<(), Wrong> {
        let Some(inner) = contains else {
            return octets(writer, self.source.octets(item).ok_or("octets are expected")?, size);
        };
        if let Some(given) = self.source.octets(item) {
            return octets(writer, given, size);
        }
        if size.range.is_none() && !size.extensible {
            return self.open_type(writer, item, inner);
        }
        let mut content = Writer::new(self.schema.aligned);
        self.value(&mut content, item, inner)?;
        octets(writer, &content.finish(), size)
    }

    fn bit_string(
        &mut self,
        writer: &mut Writer,
        item: S::Item,
        size: &Size,
        contains: Option<NodeId>,
    ) -> Result<(), Wrong> {
        if let (Some(inner), false) = (contains, self.source.is_bits(item)) {
            let mut content = Writer::new(self.schema.aligned);
            self.value(&mut content, item, inner)?;
            let count = content.count();
            return bit_octets(writer, &content.finish(), count, size);
        }
        match self.source.bits(item)? {
            BitString::Long(octets, count) => bit_octets(writer, &octets, count, size),
            BitString::Short(value, count) if size.range.is_some() && size.holds(count as usize) => {
                if size.extensible {
                    writer.bit(false);
                }
                if let Some(range) = &size.range {
                    writer.constrained(i64::from(count), range);
                }
                if count > 0 && !size.fixed().is_some_and(|fixed| fixed <= 16) {
                    writer.align();
                }
                writer.bits(value, count);
                Ok(())
            }
            BitString::Short(value, count) => {
                let unused = 64 - count.min(64);
                let octets = if count == 0 { [0; 8] } else { (value << unused).to_be_bytes() };
                bit_octets(writer, &octets, count as usize, size)
            }
        }
    }
}
