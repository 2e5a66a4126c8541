use crate::{
    Content, Fault, Form, Group, Item, Layout, Member, Message, Presence, Reason, Sink, Source, Tables, When, decode,
    encode,
};

/// A value model without any language: enough to hold whatever the tables say.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    None,
    Flag(bool),
    Uint(u64),
    Octets(Vec<u8>),
    Text(String),
    Many(Vec<Value>),
    Unknown(u16, Option<u16>, Vec<u8>),
    Made(usize, Vec<Value>),
}

struct Maker;

impl Sink for Maker {
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
    fn build(&mut self, class: usize, mut fields: Vec<Value>, unknown: Vec<Value>) -> Value {
        fields.push(Value::Many(unknown));
        Value::Made(class, fields)
    }
}

impl Source for Maker {
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

fn plain(form: Form) -> Layout {
    let item = Item { form, when: When::Equal(0, 0) };
    Layout { class: None, lead: 0, items: vec![item], one_of: 0 }
}

fn when(form: Form, mask: u64, value: u64) -> Item {
    Item { form, when: When::Equal(mask, value) }
}

/// Class 0: message 50 {1 group M, 2 number M, 3 F-TEID-like O, 4 text O repeated, 5 name C}; class 1: group {2 M}.
fn tables() -> Tables {
    let teid = Layout {
        class: Some(2),
        lead: 1,
        one_of: 0b0110,
        items: vec![
            when(Form::Uint(4), 4, 0),
            when(Form::Octets(4), 5, 1),
            when(Form::Flag, 5, 5),
            Item { form: Form::Uint(1), when: When::Tail },
        ],
    };
    let member = |ie, content, presence, many| Member { ie, content, presence, many };
    let inner = Group::new(1, vec![member(2, Content::Layout(0), Presence::Mandatory, false)]);
    let outer = Group::new(
        0,
        vec![
            member(1, Content::Group(0), Presence::Mandatory, true),
            member(2, Content::Layout(0), Presence::Mandatory, false),
            member(3, Content::Layout(1), Presence::Optional, false),
            member(4, Content::Layout(2), Presence::Optional, true),
            member(5, Content::Layout(3), Presence::Conditional, false),
        ],
    );
    let tables = Tables {
        layouts: vec![plain(Form::Uint(2)), teid, plain(Form::Text), plain(Form::Labels)],
        groups: vec![inner, outer],
        messages: vec![Message { kind: 50, session: true, group: 1 }],
    };
    tables.check().unwrap();
    tables
}

fn framed(body: &[u8]) -> Vec<u8> {
    let size = (body.len() + 12) as u16;
    let mut octets = vec![0x21, 50, (size >> 8) as u8, size as u8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 7, 0];
    octets.extend_from_slice(body);
    octets
}

const GOOD: &[u8] = &[
    0, 1, 0, 6, 0, 2, 0, 2, 0, 5, // group {2: 5}
    0, 2, 0, 2, 0, 6, // 2: 6
    0, 3, 0, 10, 1, 0, 0, 0, 1, 10, 0, 0, 1, 9, // 3: TEID 1, 10.0.0.1, tail 9
    0, 4, 0, 1, b'a', 0, 4, 0, 1, b'b', // 4 twice
    0, 5, 0, 4, 1, b'x', 1, b'y', // 5: x.y
    0x80, 1, 0, 3, 0, 42, 7, // a vendor's
    0, 99, 0, 1, 1, // unknown
];

#[test]
fn when_all_is_well_then_values_come_and_go_back_to_the_same_octets() {
    let tables = tables();
    let octets = framed(GOOD);
    let decoded = decode(&tables, &octets, &mut Maker);
    assert_eq!(decoded.faults, []);
    let header = decoded.header.unwrap();
    assert_eq!((header.seid, header.sequence, header.kind), (Some(9), 7, 50));
    let value = decoded.message.unwrap();
    let Value::Made(0, fields) = &value else { panic!("{value:?}") };
    assert_eq!(fields[1], Value::Uint(6));
    assert_eq!(fields[3], Value::Many(vec![Value::Text("a".into()), Value::Text("b".into())]));
    assert_eq!(fields[4], Value::Text("x.y".into()));
    let mut out = Vec::new();
    encode(&tables, 1, &value, &Maker, &mut out).unwrap();
    assert_eq!(out, GOOD);
}

fn faults(body: &[u8]) -> (bool, Vec<Fault>) {
    let decoded = decode(&tables(), &framed(body), &mut Maker);
    (decoded.message.is_some(), decoded.faults)
}

fn fault(reason: Reason, ie: u16) -> Vec<Fault> {
    vec![Fault { reason, ie: Some(ie) }]
}

#[test]
fn when_a_mandatory_ie_is_missing_then_the_innermost_is_named() {
    assert_eq!(faults(&[0, 1, 0, 0, 0, 2, 0, 2, 0, 6]), (false, fault(Reason::MandatoryMissing, 2)));
    assert_eq!(faults(&[0, 2, 0, 2, 0, 6]), (false, fault(Reason::MandatoryMissing, 1)));
}

#[test]
fn when_an_optional_ie_is_wrong_then_it_is_absent_and_a_conditional_one_refuses_the_message() {
    let needed = [0, 1, 0, 6, 0, 2, 0, 2, 0, 5, 0, 2, 0, 2, 0, 6];
    let with = |more: &[u8]| [&needed, more].concat();
    assert_eq!(faults(&with(&[0, 3, 0, 2, 1, 0])), (true, fault(Reason::IeLength, 3)));
    assert_eq!(faults(&with(&[0, 4, 0, 1, 0xff])), (true, fault(Reason::Incorrect, 4)));
    assert_eq!(faults(&with(&[0, 5, 0, 2, 5, b'x'])), (false, fault(Reason::Incorrect, 5)));
    assert_eq!(faults(&with(&[0, 2, 0, 2, 0, 7])), (true, fault(Reason::Repeated, 2)));
    assert_eq!(faults(&with(&[0, 4, 0, 9, 1])), (false, fault(Reason::IeLength, 4)));
    assert_eq!(faults(&with(&[0x80, 4, 0, 1, 1])), (true, fault(Reason::IeLength, 0x8004)));
}

#[test]
fn when_the_header_is_wrong_then_the_reason_is_said() {
    let whole = framed(GOOD);
    for size in 0..16 {
        let decoded = decode(&tables(), &whole[..size], &mut Maker);
        assert!(decoded.header.is_none() && decoded.faults[0].reason == Reason::MessageLength);
    }
    let mut octets = whole.clone();
    octets[0] = 0x41;
    assert_eq!(decode(&tables(), &octets, &mut Maker).faults[0].reason, Reason::Version);
    octets[0] = 0x21;
    octets[1] = 77;
    assert_eq!(decode(&tables(), &octets, &mut Maker).faults[0].reason, Reason::UnknownMessage);
    assert!(decode(&tables(), &whole[..whole.len() - 1], &mut Maker).message.is_none());
}

#[test]
fn when_octets_are_mutated_then_decoding_never_panics_and_what_decodes_encodes() {
    let (tables, whole) = (tables(), framed(GOOD));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200_000 {
        let mut octets = whole.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % octets.len();
            octets[at] = (state >> 24) as u8;
        }
        let decoded = decode(&tables, &octets, &mut Maker);
        if let Some(value) = decoded.message {
            encode(&tables, 1, &value, &Maker, &mut Vec::new()).unwrap();
        } else {
            assert!(!decoded.faults.is_empty());
        }
    }
}

#[test]
fn when_a_value_does_not_fit_then_encoding_refuses() {
    let tables = tables();
    let made = |fields| {
        let mut out = Vec::new();
        encode(&tables, 1, &Value::Made(0, fields), &Maker, &mut out).map_err(|wrong| wrong.ie)
    };
    let inner = Value::Many(vec![Value::Made(1, vec![Value::Uint(1), Value::Many(vec![])])]);
    let full =
        |third| vec![inner.clone(), Value::Uint(1), third, Value::Many(vec![]), Value::None, Value::Many(vec![])];
    assert_eq!(made(full(Value::None)), Ok(()));
    let teid = |fields: Vec<Value>| full(Value::Made(2, fields));
    let address = || Value::Octets(vec![1, 2, 3, 4]);
    assert_eq!(made(teid(vec![Value::Uint(1), address(), Value::Flag(false), Value::None])), Ok(()));
    assert_eq!(made(teid(vec![Value::None, Value::None, Value::Flag(true), Value::None])), Ok(()));
    assert_eq!(made(teid(vec![Value::Uint(1), address(), Value::Flag(true), Value::None])), Err(3));
    assert_eq!(made(teid(vec![Value::None, address(), Value::Flag(false), Value::None])), Err(3));
    assert_eq!(made(teid(vec![Value::Uint(1 << 32), address(), Value::Flag(false), Value::None])), Err(3));
}
