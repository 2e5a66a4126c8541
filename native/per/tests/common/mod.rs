//! A tree of plain values: what the engine builds and shows without Python.
use freehold_per::{
    BitString, Build, Criticality, Decoder, Default, Encoder, Fault, NameId, NodeId, Place, Schema, Source, Stop, Wrong,
};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Unsigned(u64),
    Bool(bool),
    Null,
    Bits(u64, u32),
    LongBits(Vec<u8>, usize),
    Octets(Vec<u8>),
    Text(String),
    Oid(Vec<u64>),
    Name(String),
    UnknownName(usize),
    /// A name and its value.
    Choice(Box<Value>, Box<Value>),
    UnknownChoice(usize, Vec<u8>),
    UnknownIe(u16, Criticality, Vec<u8>),
    List(Vec<Value>),
    Struct(NodeId, Vec<Option<Value>>),
}

impl From<&str> for Box<Value> {
    fn from(name: &str) -> Self {
        Box::new(Value::Name(name.into()))
    }
}

pub struct Tree<'s>(pub &'s Schema);

impl Build for Tree<'_> {
    type Value = Value;
    type Frame = (NodeId, Vec<Option<Value>>);
    type List = Vec<Value>;

    fn integer(&mut self, value: i64) -> Result<Value, Stop> {
        Ok(Value::Int(value))
    }
    fn unsigned(&mut self, value: u64) -> Result<Value, Stop> {
        Ok(Value::Unsigned(value))
    }
    fn boolean(&mut self, value: bool) -> Result<Value, Stop> {
        Ok(Value::Bool(value))
    }
    fn null(&mut self) -> Result<Value, Stop> {
        Ok(Value::Null)
    }
    fn bits(&mut self, value: u64, count: u32) -> Result<Value, Stop> {
        Ok(Value::Bits(value, count))
    }
    fn long_bits(&mut self, octets: &[u8], count: usize) -> Result<Value, Stop> {
        Ok(Value::LongBits(octets.into(), count))
    }
    fn octets(&mut self, octets: &[u8]) -> Result<Value, Stop> {
        Ok(Value::Octets(octets.into()))
    }
    fn text(&mut self, text: &str) -> Result<Value, Stop> {
        Ok(Value::Text(text.into()))
    }
    fn oid(&mut self, arcs: &[u64]) -> Result<Value, Stop> {
        Ok(Value::Oid(arcs.into()))
    }
    fn name(&mut self, name: NameId) -> Result<Value, Stop> {
        Ok(Value::Name(self.0.names[name as usize].to_string()))
    }
    fn unknown_name(&mut self, index: usize) -> Result<Value, Stop> {
        Ok(Value::UnknownName(index))
    }
    fn choice(&mut self, name: NameId, value: Value) -> Result<Value, Stop> {
        Ok(Value::Choice((*self.0.names[name as usize]).into(), value.into()))
    }
    fn unknown_choice(&mut self, index: usize, octets: &[u8]) -> Result<Value, Stop> {
        Ok(Value::Choice("unknown".into(), Value::UnknownChoice(index, octets.into()).into()))
    }
    fn unknown_single(&mut self, id: u16, criticality: Criticality, octets: &[u8]) -> Result<Value, Stop> {
        Ok(Value::Choice("unknown".into(), Value::UnknownIe(id, criticality, octets.into()).into()))
    }
    fn list(&mut self, count: usize) -> Result<Vec<Value>, Stop> {
        Ok(Vec::with_capacity(count))
    }
    fn push(&mut self, list: &mut Vec<Value>, value: Value) -> Result<(), Stop> {
        list.push(value);
        Ok(())
    }
    fn close_list(&mut self, list: Vec<Value>) -> Result<Value, Stop> {
        Ok(Value::List(list))
    }
    fn open(&mut self, structure: NodeId) -> Result<Self::Frame, Stop> {
        let fields = self.0.structure(structure).ok_or(Stop::Builder)?.fields.len();
        Ok((structure, vec![None; fields]))
    }
    fn set(&mut self, frame: &mut Self::Frame, slot: u32, value: Value) {
        frame.1[slot as usize] = Some(value);
    }
    fn close(&mut self, mut frame: Self::Frame) -> Result<Value, Stop> {
        let structure = self.0.structure(frame.0).ok_or(Stop::Builder)?;
        for (field, (_, default)) in frame.1.iter_mut().zip(structure.requirements()) {
            *field = field.take().or(default.map(|default| match default {
                Default::Int(value) => Value::Int(*value),
                Default::Bool(value) => Value::Bool(*value),
                Default::Text(name) => Value::Name(self.0.names[*name as usize].to_string()),
            }));
        }
        Ok(Value::Struct(frame.0, frame.1))
    }
    fn unknown_ies(&mut self, ies: &[(u16, Criticality, Cow<'_, [u8]>)]) -> Result<Value, Stop> {
        Ok(Value::List(ies.iter().map(|ie| Value::UnknownIe(ie.0, ie.1, ie.2.to_vec())).collect()))
    }
    fn unknown_extensions(&mut self, extensions: &[(i64, Cow<'_, [u8]>)]) -> Result<Value, Stop> {
        Ok(Value::List(extensions.iter().map(|each| Value::UnknownChoice(each.0 as usize, each.1.to_vec())).collect()))
    }
}

pub struct Shown<'s>(pub &'s Schema);

impl<'s> Source for Shown<'s> {
    type Item = &'s Value;
    type Frame = &'s [Option<Value>];

    fn integer(&self, item: &'s Value) -> Result<i64, Wrong> {
        if let Value::Int(value) = item { Ok(*value) } else { Err("an integer is expected") }
    }
    fn unsigned(&self, item: &'s Value) -> Result<u64, Wrong> {
        if let Value::Unsigned(value) = item { Ok(*value) } else { Err("an unsigned integer is expected") }
    }
    fn boolean(&self, item: &'s Value) -> Result<bool, Wrong> {
        if let Value::Bool(value) = item { Ok(*value) } else { Err("a truth value is expected") }
    }
    fn bits(&self, item: &'s Value) -> Result<BitString, Wrong> {
        match item {
            Value::Bits(value, count) => Ok(BitString::Short(*value, *count)),
            Value::LongBits(octets, count) => Ok(BitString::Long(octets.clone(), *count)),
            _ => Err("bits are expected"),
        }
    }
    fn octets(&self, item: &'s Value) -> Option<&[u8]> {
        if let Value::Octets(octets) = item { Some(octets) } else { None }
    }
    fn is_bits(&self, item: &'s Value) -> bool {
        matches!(item, Value::Bits(..) | Value::LongBits(..))
    }
    fn text(&self, item: &'s Value) -> Result<&str, Wrong> {
        if let Value::Text(text) = item { Ok(text) } else { Err("a text is expected") }
    }
    fn oid(&self, item: &'s Value) -> Result<Vec<u64>, Wrong> {
        if let Value::Oid(arcs) = item { Ok(arcs.clone()) } else { Err("arcs are expected") }
    }
    fn name(&self, item: &'s Value, names: &[NameId]) -> Option<usize> {
        let Value::Name(name) = item else { return None };
        names.iter().position(|each| *self.0.names[*each as usize] == **name)
    }
    fn unknown_name(&self, item: &'s Value) -> Result<usize, Wrong> {
        if let Value::UnknownName(index) = item { Ok(*index) } else { Err("a name the schema does not know") }
    }
    fn choice(&self, item: &'s Value) -> Result<(&'s Value, &'s Value), Wrong> {
        let Value::Choice(name, value) = item else { return Err("a choice is expected") };
        Ok((name, value))
    }
    fn unknown_choice(&self, item: &'s Value) -> Option<(usize, &[u8])> {
        if let Value::UnknownChoice(index, octets) = item { Some((*index, octets)) } else { None }
    }
    fn unknown_ie(&self, item: &'s Value) -> Result<(u16, Criticality, &[u8]), Wrong> {
        if let Value::UnknownIe(id, criticality, octets) = item {
            Ok((*id, *criticality, octets))
        } else {
            Err("an IE is expected")
        }
    }
    fn unknown_extension(&self, item: &'s Value) -> Result<(i64, &[u8]), Wrong> {
        self.unknown_choice(item).map(|(index, octets)| (index as i64, octets)).ok_or("an extension is expected")
    }
    fn count(&self, item: &'s Value) -> Result<usize, Wrong> {
        if let Value::List(items) = item { Ok(items.len()) } else { Err("a list is expected") }
    }
    fn at(&self, item: &'s Value, index: usize) -> Result<&'s Value, Wrong> {
        let Value::List(items) = item else { return Err("a list is expected") };
        items.get(index).ok_or("a list that changed")
    }
    fn open(&self, item: &'s Value, structure: NodeId) -> Result<&'s [Option<Value>], Wrong> {
        match item {
            Value::Struct(node, fields) if *node == structure => Ok(fields),
            _ => Err("another structure is expected"),
        }
    }
    fn field(&self, frame: &'s [Option<Value>], slot: u32) -> Option<&'s Value> {
        frame[slot as usize].as_ref()
    }
    fn equals(&self, item: &'s Value, default: &Default) -> bool {
        match (item, default) {
            (Value::Int(value), Default::Int(default)) => value == default,
            (Value::Bool(value), Default::Bool(default)) => value == default,
            (Value::Name(name), Default::Text(default)) => *self.0.names[*default as usize] == **name,
            _ => false,
        }
    }
}

pub fn decode(schema: &Schema, name: &str, octets: &[u8]) -> (Option<Value>, Vec<Fault>) {
    let mut decoder = Decoder::new(schema, Tree(schema));
    let value =
        decoder.alone(octets, schema.types.get(name).expect("a type of the table")).expect("a tree is always built");
    (value, decoder.faults)
}

pub fn encode(schema: &Schema, name: &str, value: &Value) -> Result<Vec<u8>, (Wrong, Place)> {
    Encoder::new(schema, Shown(schema)).alone(value, schema.types.get(name).expect("a type of the table"))
}
