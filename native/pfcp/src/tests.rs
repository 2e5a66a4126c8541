use crate::plain::{Plain, Value};
use crate::{
    Content, Fault, Form, Group, Item, Layout, Member, Message, Presence, Reason, Tables, When, decode, encode,
};

fn plain(form: Form) -> Layout {
    let item = Item { form, when: When::Equal(0, 0) };
    Layout::new(None, 0, vec![item], 0)
}

fn when(form: Form, mask: u64, value: u64) -> Item {
    Item { form, when: When::Equal(mask, value) }
}

/// Class 0: message 50 {1 group M, 2 number M, 3 F-TEID-like O, 4 text O repeated, 5 name C}; class 1: group {2 M}.
fn tables() -> Tables {
    let teid = vec![
        when(Form::Uint(4), 4, 0),
        when(Form::Octets(4), 5, 1),
        when(Form::Flag, 5, 5),
        Item { form: Form::Uint(1), when: When::Tail },
    ];
    let teid = Layout::new(Some(2), 1, teid, 0b0110);
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
    let decoded = decode(&tables, &octets, &mut Plain);
    assert_eq!(decoded.faults, []);
    let header = decoded.header.unwrap();
    assert_eq!((header.seid, header.sequence, header.kind), (Some(9), 7, 50));
    let value = decoded.message.unwrap();
    let Value::Made(0, fields) = &value else { panic!("{value:?}") };
    assert_eq!(fields[1], Value::Uint(6));
    assert_eq!(fields[3], Value::Many(vec![Value::Text("a".into()), Value::Text("b".into())]));
    assert_eq!(fields[4], Value::Text("x.y".into()));
    let mut out = Vec::new();
    encode(&tables, 1, &value, &Plain, &mut out).unwrap();
    assert_eq!(out, GOOD);
}

fn faults(body: &[u8]) -> (bool, Vec<Fault>) {
    let decoded = decode(&tables(), &framed(body), &mut Plain);
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
        let decoded = decode(&tables(), &whole[..size], &mut Plain);
        assert!(decoded.header.is_none() && decoded.faults[0].reason == Reason::MessageLength);
    }
    let mut octets = whole.clone();
    octets[0] = 0x41;
    assert_eq!(decode(&tables(), &octets, &mut Plain).faults[0].reason, Reason::Version);
    octets[0] = 0x21;
    octets[1] = 77;
    assert_eq!(decode(&tables(), &octets, &mut Plain).faults[0].reason, Reason::UnknownMessage);
    assert!(decode(&tables(), &whole[..whole.len() - 1], &mut Plain).message.is_none());
}

#[test]
fn when_octets_are_mutated_then_decoding_never_panics_and_what_decodes_encodes_to_the_same_octets() {
    let (tables, whole) = (tables(), framed(GOOD));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200_000 {
        let mut octets = whole.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % octets.len();
            octets[at] = (state >> 24) as u8;
        }
        let decoded = decode(&tables, &octets, &mut Plain);
        if let Some(value) = decoded.message {
            let mut out = Vec::new();
            encode(&tables, 1, &value, &Plain, &mut out).unwrap();
            let size = 4 + usize::from(u16::from_be_bytes([octets[2], octets[3]]));
            assert_eq!(out, octets[16..size]);
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
        encode(&tables, 1, &Value::Made(0, fields), &Plain, &mut out).map_err(|wrong| wrong.ie)
    };
    let none = || Value::Many(vec![]);
    let inner = Value::Many(vec![Value::Made(1, vec![Value::Uint(1), none(), none(), none()])]);
    let full = |third| vec![inner.clone(), Value::Uint(1), third, none(), Value::None, none(), none(), none()];
    assert_eq!(made(full(Value::None)), Ok(()));
    let teid = |fields: Vec<Value>| full(Value::Made(2, fields));
    let address = || Value::Octets(vec![1, 2, 3, 4]);
    assert_eq!(made(teid(vec![Value::Uint(1), address(), Value::Flag(false), Value::None])), Ok(()));
    assert_eq!(made(teid(vec![Value::None, Value::None, Value::Flag(true), Value::None])), Ok(()));
    assert_eq!(made(teid(vec![Value::Uint(1), address(), Value::Flag(true), Value::None])), Err(3));
    assert_eq!(made(teid(vec![Value::None, address(), Value::Flag(false), Value::None])), Err(3));
    assert_eq!(made(teid(vec![Value::Uint(1 << 32), address(), Value::Flag(false), Value::None])), Err(3));
}

fn again(body: &[u8]) -> (Value, Vec<u8>) {
    let value = decode(&tables(), &framed(body), &mut Plain).message.unwrap();
    let mut out = Vec::new();
    encode(&tables(), 1, &value, &Plain, &mut out).unwrap();
    (value, out)
}

/// In another order than the tables, with unknown, repeated and wrong IEs between, spare bits and octets too many.
const STRANGE: &[u8] = &[
    0, 99, 0, 1, 1, // unknown, first
    0, 3, 0, 11, 0xf1, 0, 0, 0, 1, 10, 0, 0, 1, 9, 8, // 3: spare bits, and an octet behind the tail
    0, 2, 0, 2, 0, 6, // 2
    0, 2, 0, 2, 0, 7, // 2 repeated
    0, 4, 0, 1, 0xff, // 4 wrong
    0, 5, 0, 3, b'x', b'.', b'y', // 5: a name without labels
    0x80, 1, 0, 1, 9, // a vendor's without room for its number
    0, 1, 0, 10, 0, 7, 0, 0, 0, 2, 0, 2, 0, 5, // 1: in another order too
];

#[test]
fn when_octets_are_not_the_usual_ones_then_the_value_keeps_them() {
    let (value, out) = again(STRANGE);
    assert_eq!(out, STRANGE);
    let Value::Made(0, mut fields) = value else { panic!() };
    assert_eq!((&fields[1], &fields[4]), (&Value::Uint(6), &Value::Text("x.y".into())));
    // With another value its octets are the usual ones, and the places stay.
    fields[4] = Value::Text("x.z".into());
    let mut out = Vec::new();
    encode(&tables(), 1, &Value::Made(0, fields.clone()), &Plain, &mut out).unwrap();
    assert_eq!(out[37..45], [0, 5, 0, 4, 1, b'x', 1, b'z']);
    // With another number of IEs there are no places any more.
    fields[2] = Value::None;
    out.clear();
    encode(&tables(), 1, &Value::Made(0, fields.clone()), &Plain, &mut out).unwrap();
    assert_eq!(out[..4], [0, 1, 0, 10]);
    // Places that are no places are not heeded, and what is no place at all is refused.
    fields[6] = Value::Many(vec![Value::Uint(1 << 40); 7]);
    assert!(encode(&tables(), 1, &Value::Made(0, fields.clone()), &Plain, &mut Vec::new()).is_ok());
    fields[6] = Value::None;
    assert!(encode(&tables(), 1, &Value::Made(0, fields), &Plain, &mut Vec::new()).is_err());
}

#[test]
fn when_the_header_has_spare_bits_then_they_are_said() {
    let mut octets = framed(GOOD);
    octets[0] |= 0x18;
    octets[15] = 0xa5;
    assert_eq!(decode(&tables(), &octets, &mut Plain).header.unwrap().spare, [0x18, 0xa5]);
    octets[0] |= 2;
    assert_eq!(decode(&tables(), &octets, &mut Plain).header.unwrap().spare, [0x18, 0x05]);
}
