//! The tables in the form the engine walks: every bound is turned once into the field it is encoded in.
use crate::fault::Criticality;
use crate::table::{Bounds, RawAddition, RawContainer, RawDefault, RawNode, RawPart, Table};
use std::collections::HashMap;

pub type NodeId = u32;
pub type NameId = u32;

/// How a constrained whole number is laid out (X.691 11.5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A bit field of so many bits.
    Field(u32),
    /// An octet-aligned field of so many bits.
    Octets(u32),
    /// A bit field of so many bits that counts the octets, less one, then those octets, aligned.
    Counted(u32),
}

/// Bounds of a whole number: `lower..=lower + span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub lower: i64,
    pub span: u64,
    pub shape: Shape,
}

impl Range {
    pub fn new(lower: i64, upper: i128, aligned: bool) -> Self {
        let span = u64::try_from(upper - i128::from(lower)).unwrap_or_default();
        let width = 64 - span.leading_zeros();
        let shape = match span {
            _ if !aligned => Shape::Field(width),
            0..=254 => Shape::Field(width),
            255 => Shape::Octets(8),
            256..=65535 => Shape::Octets(16),
            _ => Shape::Counted(32 - (width.div_ceil(8) - 1).leading_zeros()),
        };
        Range { lower, span, shape }
    }

    #[inline]
    pub fn holds(&self, value: i64) -> bool {
        value >= self.lower && value.wrapping_sub(self.lower) as u64 <= self.span
    }
}

/// Bounds of an INTEGER.
#[derive(Clone, Copy, Debug)]
pub enum Whole {
    Constrained(Range),
    AtLeast(i64),
    Any,
}

/// Bounds of a length.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// None where the length has no (small) upper bound.
    pub range: Option<Range>,
    pub lower: usize,
    pub upper: usize,
    pub extensible: bool,
}

impl Size {
    fn new(bounds: Bounds, aligned: bool) -> Self {
        let lower = bounds.lb.unwrap_or(0).max(0);
        let range = bounds.ub.filter(|upper| *upper < 65536).map(|upper| Range::new(lower, upper, aligned));
        let upper = bounds.ub.and_then(|upper| usize::try_from(upper).ok()).unwrap_or(usize::MAX);
        Size { range, lower: lower as usize, upper, extensible: bounds.ext }
    }

    /// The one size there is, if there is only one.
    #[inline]
    pub fn fixed(&self) -> Option<usize> {
        self.range.filter(|range| range.span == 0).map(|range| range.lower as usize)
    }

    #[inline]
    pub fn holds(&self, count: usize) -> bool {
        self.lower <= count && count <= self.upper
    }
}

/// The names of an ENUMERATED: those of the root first, then its additions.
#[derive(Debug)]
pub struct Enumeration {
    pub names: Box<[NameId]>,
    pub root: Range,
    pub extensible: bool,
}

/// What a CHOICE's name stands for when it is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Alternative {
    Root {
        index: u32,
        node: NodeId,
    },
    Added {
        index: u32,
        node: NodeId,
    },
    /// An IE of the single container that is alternative `index`, of the root or an addition.
    Single {
        index: u32,
        added: bool,
        node: NodeId,
        entry: u32,
    },
}

#[derive(Debug)]
pub struct Choice {
    pub root: Box<[(NameId, NodeId)]>,
    pub added: Option<Box<[(NameId, NodeId)]>>,
    pub range: Range,
    pub names: Box<[NameId]>,
    pub alternatives: Box<[Alternative]>,
}

/// One IE that a container may hold.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub name: NameId,
    pub criticality: Criticality,
    pub mandatory: bool,
    pub slot: u32,
    pub node: NodeId,
}

/// A container of IEs `{id, criticality, open type}`.
#[derive(Debug)]
pub struct Container {
    pub optional: bool,
    pub size: Size,
    pub ids: Box<[u16]>,
    pub entries: Box<[Entry]>,
    pub names: Box<[NameId]>,
}

impl Container {
    /// Number of the entry of `id`, looked for from `hint` on first.
    #[inline]
    pub fn find(&self, id: u16, hint: usize) -> Option<usize> {
        let (before, after) = self.ids.split_at(hint.min(self.ids.len()));
        after
            .iter()
            .position(|each| *each == id)
            .map(|at| at + before.len())
            .or_else(|| before.iter().position(|each| *each == id))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Default {
    Bool(bool),
    Int(i64),
    Text(NameId),
}

#[derive(Debug)]
pub struct Component {
    pub slot: u32,
    pub node: NodeId,
    pub optional: bool,
    pub default: Option<Default>,
}

#[derive(Debug)]
pub enum Part {
    Value(Component),
    Ies(Box<Container>),
}

impl Part {
    pub fn optional(&self) -> bool {
        match self {
            Part::Value(component) => component.optional,
            Part::Ies(container) => container.optional,
        }
    }
}

#[derive(Debug)]
pub enum Addition {
    One(Part),
    Group(Box<[Part]>),
}

/// Names kept as one text, which hundreds of structures would otherwise scatter over memory.
#[derive(Debug)]
pub struct Words {
    text: Box<str>,
    count: usize,
}

impl Words {
    fn new(words: &str) -> Self {
        Words { text: words.into(), count: words.split(' ').filter(|word| !word.is_empty()).count() }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.split(' ').take(self.count)
    }
}

/// A SEQUENCE: `fields` are those of its value, in the order of their slots.
#[derive(Debug)]
pub struct Structure {
    pub name: Box<str>,
    pub fields: Words,
    pub root: Box<[Part]>,
    pub optionals: u32,
    pub additions: Option<Box<[Addition]>>,
    pub unknown_ies: Option<u32>,
    pub unknown_extensions: Option<u32>,
}

impl Structure {
    /// For each field: whether a value must be given, and its default.
    pub fn requirements(&self) -> Vec<(bool, Option<&Default>)> {
        let mut found = vec![(false, None); self.fields.len()];
        for part in &self.root {
            match part {
                Part::Value(component) => {
                    found[component.slot as usize] = (!component.optional, component.default.as_ref())
                }
                Part::Ies(container) if !container.optional => {
                    container.entries.iter().for_each(|entry| found[entry.slot as usize].0 = entry.mandatory);
                }
                Part::Ies(_) => {}
            }
        }
        found
    }
}

#[derive(Debug)]
pub enum Node {
    Null,
    Bool,
    Oid,
    Any,
    Int {
        whole: Whole,
        extensible: bool,
    },
    /// An INTEGER whose values lie in several spans, which its encoding does not show.
    Among {
        range: Range,
        extensible: bool,
        spans: Box<[(i64, i64)]>,
    },
    /// An INTEGER whose upper bound takes 64 bits.
    Unsigned(Range),
    Enum(Enumeration),
    Bits {
        size: Size,
        contains: Option<NodeId>,
    },
    Octets {
        size: Size,
        contains: Option<NodeId>,
    },
    /// A known-multiplier string of characters of `width` bits (X.691 30). Others than its alphabet's are read and
    /// written as they are: peers do name themselves `gnb_1` in a PrintableString.
    Text {
        width: u32,
        size: Size,
        aligned: bool,
    },
    Utf8,
    List {
        size: Size,
        item: NodeId,
    },
    Choice(Choice),
    Single(Box<Container>),
    Struct(Structure),
}

/// A message of an elementary procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub procedure_code: u8,
    pub criticality: Criticality,
    /// 0 initiating message, 1 successful outcome, 2 unsuccessful outcome.
    pub kind: u8,
    pub node: NodeId,
}

/// How a PDU begins: its CHOICE of kinds, then procedure code, criticality and, in NRPPa, a transaction ID.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub extensible: bool,
    pub kinds: Range,
    /// TS 38.455 9.3.3: the NRPPa Transaction ID stands between the criticality and the message.
    pub transaction: Option<Range>,
}

/// The named types of a protocol, in the order of their names.
#[derive(Debug)]
pub struct Types(Box<[(Box<str>, NodeId)]>);

impl Types {
    pub fn get(&self, name: &str) -> Option<NodeId> {
        let found = self.0.binary_search_by(|(each, _)| (**each).cmp(name));
        found.ok().map(|at| self.0[at].1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.0.iter().map(|(name, node)| (&**name, *node))
    }
}

/// One protocol.
#[derive(Debug)]
pub struct Schema {
    pub aligned: bool,
    /// None where the protocol has no elementary procedures.
    pub opening: Option<Opening>,
    pub nodes: Box<[Node]>,
    pub names: Box<[Box<str>]>,
    pub types: Types,
    pub messages: Box<[Message]>,
}

impl Schema {
    /// Of a generated table in its compact form; an error says what is wrong with the table.
    pub fn load(octets: &[u8]) -> Result<Self, String> {
        Self::compile(postcard::from_bytes(octets).map_err(|error| error.to_string())?)
    }

    /// Of a table, whatever form it was read from.
    pub fn compile(table: Table<'_>) -> Result<Self, String> {
        let mut compiler = Compiler { aligned: table.aligned, names: Vec::new(), known: HashMap::new() };
        let singles = table.nodes.iter().map(|node| match node {
            RawNode::Single(container) => Some(&**container),
            _ => None,
        });
        let singles = singles.collect::<Vec<_>>();
        let nodes =
            table.nodes.iter().map(|node| compiler.node(node, &singles)).collect::<Result<Box<[_]>, String>>()?;
        let mut messages = Vec::with_capacity(table.messages.len());
        for raw in &table.messages {
            let criticality = criticality(raw.criticality)?;
            messages.push(Message { procedure_code: raw.procedure_code, criticality, kind: raw.kind, node: raw.node });
        }
        let opening = table.pdu.map(|pdu| Opening {
            extensible: pdu.extensible,
            kinds: Range::new(0, pdu.last.into(), table.aligned),
            transaction: pdu.transaction.map(|last| Range::new(0, last.into(), table.aligned)),
        });
        let schema = Schema {
            aligned: table.aligned,
            opening,
            nodes,
            names: compiler.names.into_boxed_slice(),
            types: Types(table.types.iter().map(|(name, node)| ((*name).into(), *node)).collect()),
            messages: messages.into_boxed_slice(),
        };
        schema.check()?;
        Ok(schema)
    }

    #[inline]
    pub fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node as usize]
    }

    pub fn structure(&self, node: NodeId) -> Option<&Structure> {
        match self.nodes.get(node as usize) {
            Some(Node::Struct(structure)) => Some(structure),
            _ => None,
        }
    }

    /// Every IE that a container may hold: its id and its name.
    pub fn elements(&self) -> impl Iterator<Item = (u16, &str)> {
        let containers = self.nodes.iter().flat_map(|node| references(node).1);
        containers.flat_map(|container| {
            let names = container.names.iter().map(|name| &*self.names[*name as usize]);
            container.ids.iter().copied().zip(names)
        })
    }

    pub fn message(&self, procedure_code: u8, kind: u8) -> Option<&Message> {
        let key = (procedure_code, kind);
        let found = self.messages.binary_search_by_key(&key, |message| (message.procedure_code, message.kind));
        found.ok().map(|at| &self.messages[at])
    }

    /// Everything the walk relies on: references in range, messages sorted, containers within a mask's width.
    fn check(&self) -> Result<(), String> {
        let count = self.nodes.len() as u32;
        let sorted = self
            .messages
            .windows(2)
            .all(|pair| (pair[0].procedure_code, pair[0].kind) < (pair[1].procedure_code, pair[1].kind));
        let structures = self.messages.iter().all(|message| self.structure(message.node).is_some());
        let named = self.types.0.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !sorted || !structures || !named || self.types.iter().any(|(_, node)| node >= count) {
            return Err("messages or types out of order".into());
        }
        for node in &self.nodes {
            let (targets, containers) = references(node);
            if targets.iter().any(|target| *target >= count)
                || containers.iter().any(|each| each.entries.len() > crate::decode::MASK_BITS)
            {
                return Err(format!("bad reference or container: {node:?}"));
            }
        }
        Ok(())
    }
}

fn references(node: &Node) -> (Vec<NodeId>, Vec<&Container>) {
    fn part<'a>(part: &'a Part, targets: &mut Vec<NodeId>, containers: &mut Vec<&'a Container>) {
        match part {
            Part::Value(component) => targets.push(component.node),
            Part::Ies(container) => containers.push(container),
        }
    }
    let (mut targets, mut containers): (Vec<NodeId>, Vec<&Container>) = (Vec::new(), Vec::new());
    match node {
        Node::Bits { contains, .. } | Node::Octets { contains, .. } => targets.extend(contains),
        Node::List { item, .. } => targets.push(*item),
        Node::Choice(choice) => {
            targets.extend(choice.root.iter().chain(choice.added.iter().flatten()).map(|each| each.1))
        }
        Node::Single(container) => containers.push(container),
        Node::Struct(structure) => {
            structure.root.iter().for_each(|each| part(each, &mut targets, &mut containers));
            for addition in structure.additions.iter().flatten() {
                match addition {
                    Addition::One(each) => part(each, &mut targets, &mut containers),
                    Addition::Group(parts) => parts.iter().for_each(|each| part(each, &mut targets, &mut containers)),
                }
            }
        }
        _ => {}
    }
    targets.extend(containers.iter().flat_map(|container| container.entries.iter().map(|entry| entry.node)));
    (targets, containers)
}

fn criticality(name: &str) -> Result<Criticality, String> {
    match name {
        "reject" => Ok(Criticality::Reject),
        "ignore" => Ok(Criticality::Ignore),
        "notify" => Ok(Criticality::Notify),
        other => Err(format!("criticality {other}")),
    }
}

struct Compiler<'a> {
    aligned: bool,
    names: Vec<Box<str>>,
    known: HashMap<&'a str, NameId>,
}

impl<'a> Compiler<'a> {
    fn name(&mut self, name: &'a str) -> NameId {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let number = self.names.len() as NameId;
        self.names.push(name.into());
        self.known.insert(name, number);
        number
    }

    fn size(&self, lb: Option<i64>, ub: Option<i128>, ext: bool) -> Size {
        Size::new(Bounds { lb, ub, ext }, self.aligned)
    }

    fn index(&self, count: usize) -> Range {
        Range::new(0, (count as i128 - 1).max(0), self.aligned)
    }

    fn node(&mut self, raw: &RawNode<'a>, singles: &[Option<&RawContainer<'a>>]) -> Result<Node, String> {
        Ok(match raw {
            RawNode::Null(_) => Node::Null,
            RawNode::Bool(_) => Node::Bool,
            RawNode::Oid(_) => Node::Oid,
            RawNode::Any(_) => Node::Any,
            RawNode::Int { lb, ub, ext, among } => self.integer(*lb, *ub, *ext, among)?,
            RawNode::Enum { root, ext } => {
                let names = root.iter().chain(ext.iter().flatten()).map(|name| self.name(name)).collect();
                Node::Enum(Enumeration { names, root: self.index(root.len()), extensible: ext.is_some() })
            }
            RawNode::Bits { lb, ub, ext, contains } => {
                Node::Bits { size: self.size(*lb, *ub, *ext), contains: *contains }
            }
            RawNode::Octets { lb, ub, ext, contains } => {
                Node::Octets { size: self.size(*lb, *ub, *ext), contains: *contains }
            }
            RawNode::Text { kind, lb, ub, ext } => match *kind {
                "UTF8String" => Node::Utf8,
                kind => Node::Text {
                    width: if kind == "NumericString" {
                        4
                    } else if self.aligned {
                        8
                    } else {
                        7
                    },
                    size: self.size(*lb, *ub, *ext),
                    aligned: self.aligned,
                },
            },
            RawNode::List { lb, ub, ext, item } => Node::List { size: self.size(*lb, *ub, *ext), item: *item },
            RawNode::Choice { root, ext } => Node::Choice(self.choice(root, ext.as_deref(), singles)),
            RawNode::Single(container) => Node::Single(self.container(container)?.into()),
            RawNode::Struct { name, fields, kept, root, additions } => {
                let root = root.iter().map(|part| self.part(part)).collect::<Result<Box<[_]>, String>>()?;
                let additions = additions
                    .as_ref()
                    .map(|all| all.iter().map(|each| self.addition(each)).collect::<Result<Box<[_]>, String>>());
                Node::Struct(Structure {
                    name: (*name).into(),
                    fields: Words::new(fields),
                    optionals: root.iter().filter(|part| part.optional()).count() as u32,
                    root,
                    additions: additions.transpose()?,
                    unknown_ies: kept.0,
                    unknown_extensions: kept.1,
                })
            }
        })
    }

    fn integer(
        &self,
        lb: Option<i64>,
        ub: Option<i128>,
        extensible: bool,
        among: &[(i64, i64)],
    ) -> Result<Node, String> {
        Ok(match (lb, ub) {
            (Some(lower @ 0..), Some(upper)) if upper > i64::MAX.into() && !extensible => {
                Node::Unsigned(Range::new(lower, upper, self.aligned))
            }
            (_, Some(upper)) if upper > i64::MAX.into() => return Err("an INTEGER beyond 64 bits".into()),
            (Some(lower), Some(upper)) if !among.is_empty() => {
                Node::Among { range: Range::new(lower, upper, self.aligned), extensible, spans: among.into() }
            }
            (Some(lower), Some(upper)) => {
                Node::Int { whole: Whole::Constrained(Range::new(lower, upper, self.aligned)), extensible }
            }
            (Some(lower), None) => Node::Int { whole: Whole::AtLeast(lower), extensible },
            _ => Node::Int { whole: Whole::Any, extensible },
        })
    }

    fn choice(
        &mut self,
        root: &[(&'a str, u32)],
        ext: Option<&[(&'a str, u32)]>,
        singles: &[Option<&RawContainer<'a>>],
    ) -> Choice {
        let (mut names, mut alternatives) = (Vec::new(), Vec::new());
        let added = ext.into_iter().flatten().enumerate().map(|each| (true, each));
        for (added, (index, (name, node))) in root.iter().enumerate().map(|each| (false, each)).chain(added) {
            let (index, node) = (index as u32, *node);
            if let Some(single) = singles.get(node as usize).copied().flatten() {
                for (entry, raw) in single.entries.iter().enumerate() {
                    names.push(self.name(raw.name));
                    alternatives.push(Alternative::Single { index, added, node, entry: entry as u32 });
                }
            } else {
                names.push(self.name(name));
                alternatives.push(match added {
                    true => Alternative::Added { index, node },
                    false => Alternative::Root { index, node },
                });
            }
        }
        let mut listed = |each: &[(&'a str, u32)]| -> Box<[(NameId, NodeId)]> {
            each.iter().map(|(name, node)| (self.name(name), *node)).collect()
        };
        let (root, added) = (listed(root), ext.map(&mut listed));
        Choice { range: self.index(root.len()), root, added, names: names.into(), alternatives: alternatives.into() }
    }

    fn container(&mut self, raw: &RawContainer<'a>) -> Result<Container, String> {
        let mut entries = Vec::with_capacity(raw.entries.len());
        for entry in &raw.entries {
            entries.push(Entry {
                name: self.name(entry.name),
                criticality: criticality(entry.criticality)?,
                mandatory: entry.mandatory,
                slot: entry.slot,
                node: entry.node,
            });
        }
        Ok(Container {
            optional: raw.optional,
            size: Size::new(raw.size, self.aligned),
            ids: raw.entries.iter().map(|entry| entry.id).collect(),
            names: entries.iter().map(|entry| entry.name).collect(),
            entries: entries.into(),
        })
    }

    fn part(&mut self, raw: &RawPart<'a>) -> Result<Part, String> {
        Ok(match raw {
            RawPart::Ies(container) => Part::Ies(self.container(container)?.into()),
            RawPart::Value { slot, node, optional, default } => {
                let default = default.as_ref().map(|default| match default {
                    RawDefault::Bool(value) => Default::Bool(*value),
                    RawDefault::Int(value) => Default::Int(*value),
                    RawDefault::Text(name) => Default::Text(self.name(name)),
                });
                Part::Value(Component { slot: *slot, node: *node, optional: *optional, default })
            }
        })
    }

    fn addition(&mut self, raw: &RawAddition<'a>) -> Result<Addition, String> {
        Ok(match raw {
            RawAddition::One(part) => Addition::One(self.part(part)?),
            RawAddition::Group(parts) => {
                Addition::Group(parts.iter().map(|part| self.part(part)).collect::<Result<_, String>>()?)
            }
        })
    }
}
