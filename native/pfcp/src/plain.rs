//! Values without any language: to compare codings of one value, and for tests.

use crate::{Kept, Sink, Source};

/// Enough to hold whatever the tables say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    None,
    Flag(bool),
    Uint(u64),
    Wide(u128),
    Octets(Vec<u8>),
    Text(String),
    Many(Vec<Value>),
    Unknown(u16, Option<u16>, Vec<u8>),
    Made(usize, Vec<Value>),
}

pub struct Plain;

impl Sink for Plain {
    type Value = Value;
    fn none(&mut self) -> Value {
        Value::None
    }
    fn flag(&mut self, value: bool) -> Value {
        Value::Flag(value)
    }
    fn uint(&mut self, value: u64) -> Value {
        Value::Uint(value)
    }
    fn wide(&mut self, value: u128) -> Value {
        Value::Wide(value)
    }
    fn octets(&mut self, value: &[u8]) -> Value {
        Value::Octets(value.to_vec())
    }
    fn text(&mut self, value: &str) -> Value {
        Value::Text(value.to_owned())
    }
    fn many(&mut self, values: Vec<Value>) -> Value {
        Value::Many(values)
    }
    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Value {
        Value::Unknown(ie, enterprise, value.to_vec())
    }
    fn build(&mut self, class: usize, mut fields: Vec<Value>, kept: Kept<'_, Value>) -> Value {
        let number = |at: usize| Value::Uint(at as u64);
        let coding = |(at, octets): (usize, &[u8])| Value::Many(vec![number(at), Value::Octets(octets.to_vec())]);
        fields.push(Value::Many(kept.unknown));
        fields.push(Value::Many(kept.order.into_iter().map(number).collect()));
        fields.push(Value::Many(kept.codings.into_iter().map(coding).collect()));
        Value::Made(class, fields)
    }
}

impl Source for Plain {
    type Value = Value;
    type Fields = Vec<Value>;
    fn open(&self, value: &Value, class: usize) -> Option<Vec<Value>> {
        match value {
            Value::Made(made, fields) if *made == class => Some(fields.clone()),
            _ => None,
        }
    }
    fn list(&self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::Many(values) => Some(values.clone()),
            _ => None,
        }
    }
    fn count(&self, fields: &Vec<Value>) -> usize {
        fields.len()
    }
    fn field(&self, fields: &Vec<Value>, at: usize) -> Value {
        fields.get(at).cloned().unwrap_or(Value::None)
    }
    fn is_none(&self, value: &Value) -> bool {
        *value == Value::None
    }
    fn flag(&self, value: &Value) -> Option<bool> {
        if let Value::Flag(flag) = value { Some(*flag) } else { None }
    }
    fn uint(&self, value: &Value) -> Option<u64> {
        if let Value::Uint(number) = value { Some(*number) } else { None }
    }
    fn wide(&self, value: &Value) -> Option<u128> {
        match value {
            Value::Wide(number) => Some(*number),
            _ => self.uint(value).map(u128::from),
        }
    }
    fn octets<'v>(&self, value: &'v Value) -> Option<&'v [u8]> {
        if let Value::Octets(octets) = value { Some(octets) } else { None }
    }
    fn text<'v>(&self, value: &'v Value) -> Option<&'v str> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
    fn unknown(&self, value: &Value) -> Option<(u16, Option<u16>, Vec<u8>)> {
        if let Value::Unknown(ie, enterprise, octets) = value { Some((*ie, *enterprise, octets.clone())) } else { None }
    }
}
