use crate::{
    Decoded, FaultKind, Format, InformationElement, Layout, MOBILITY_MANAGEMENT, Malformed, Message, Node, Presence,
    Reader, SESSION_MANAGEMENT, Sink, Source, Step, Tables, Unencodable, Writer, decode, encode,
};

/// A value model without any language.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Absent,
    Boolean(bool),
    Number(u64),
    Octets(Vec<u8>),
    Text(String),
    List(Vec<Value>),
    Record(usize, Vec<Value>),
}

struct Maker;

impl Sink for Maker {
    type Value = Value;
    fn absent(&mut self) -> Value {
        Value::Absent
    }
    fn boolean(&mut self, value: bool) -> Value {
        Value::Boolean(value)
    }
    fn unsigned(&mut self, value: u64) -> Value {
        Value::Number(value)
    }
    fn octets(&mut self, value: &[u8]) -> Value {
        Value::Octets(value.to_vec())
    }
    fn text(&mut self, value: &str) -> Value {
        Value::Text(value.to_owned())
    }
    fn list(&mut self, items: Vec<Value>) -> Value {
        Value::List(items)
    }
    fn plmn(&mut self, octets: [u8; 3]) -> Result<Value, Malformed> {
        Ok(Value::Octets(octets.to_vec()))
    }
    fn record(&mut self, class: usize, fields: Vec<Value>) -> Result<Value, Malformed> {
        Ok(Value::Record(class, fields))
    }
}

fn no<T>() -> Result<T, Unencodable> {
    Err(Unencodable::new("another kind of value"))
}

impl Source for Maker {
    type Value = Value;
    type Fields = Vec<Value>;
    fn boolean(&self, value: &Value) -> Result<bool, Unencodable> {
        if let Value::Boolean(value) = value { Ok(*value) } else { no() }
    }
    fn unsigned(&self, value: &Value) -> Result<u64, Unencodable> {
        if let Value::Number(value) = value { Ok(*value) } else { no() }
    }
    fn octets(&self, value: &Value, put: &mut dyn FnMut(&[u8])) -> Result<(), Unencodable> {
        if let Value::Octets(value) = value {
            put(value);
            Ok(())
        } else {
            no()
        }
    }
    fn text(&self, value: &Value) -> Result<String, Unencodable> {
        if let Value::Text(value) = value { Ok(value.clone()) } else { no() }
    }
    fn items(&self, value: &Value) -> Result<Vec<Value>, Unencodable> {
        if let Value::List(items) = value { Ok(items.clone()) } else { no() }
    }
    fn plmn(&self, value: &Value) -> Result<[u8; 3], Unencodable> {
        if let Value::Octets(value) = value { value.as_slice().try_into().or_else(|_| no()) } else { no() }
    }
    fn class(&self, value: &Value) -> Option<usize> {
        if let Value::Record(class, _) = value { Some(*class) } else { None }
    }
    fn fields(&self, value: &Value) -> Result<Vec<Value>, Unencodable> {
        if let Value::Record(_, fields) = value { Ok(fields.clone()) } else { no() }
    }
    fn field(&self, fields: &Vec<Value>, index: usize) -> Result<Value, Unencodable> {
        fields.get(index).cloned().map_or_else(no, Ok)
    }
    fn lacks(&self, fields: &Vec<Value>, index: usize) -> bool {
        fields.get(index).is_none_or(|field| *field == Value::Absent)
    }
}

fn field(node: usize) -> Step {
    Step::Field { node, presence: Presence::Always }
}

/// 0 octet, 1 rest, 2 bit, 3 record [spare 3, bit, counted list of octets, octet if left], 4 labels, 5 digits
fn layout() -> Layout {
    Layout::new(vec![
        Node::Unsigned { bits: 8, plus: 0 },
        Node::Rest,
        Node::Boolean,
        Node::Record {
            class: 7,
            steps: vec![
                Step::Spare(3),
                field(2),
                Step::Count { bits: 4, bias: 0, of: 1 },
                field(6),
                Step::Field { node: 0, presence: Presence::IfLeft },
            ],
        },
        Node::Labels,
        Node::Digits(2),
        Node::Counted { inner: 0 },
    ])
}

fn element(name: &str, format: Format, node: usize) -> InformationElement {
    InformationElement { name: name.into(), format, node }
}

fn tables() -> Tables {
    let any = |tag, bits| Format::TagLength { tag, bits, least: 1, most: 40 };
    let elements = vec![
        element("cause", Format::Fixed(1), 0),
        element("flags", any(0x20, 8), 3),
        element("name", any(0x25, 8), 4),
        element("rest", any(0x7b, 16), 1),
        element("tag", Format::Tag(0xa0), 2),
    ];
    let mobility = Message::new(1, MOBILITY_MANAGEMENT, 0x41, elements).unwrap();
    let session = Message::new(2, SESSION_MANAGEMENT, 0xc1, vec![]).unwrap();
    Tables::new(layout(), vec![mobility, session]).unwrap()
}

fn fields(octets: &[u8]) -> (Option<Vec<Value>>, Vec<FaultKind>) {
    let (decoded, faults) = tables().decode(octets, &mut Maker);
    let kinds = faults.iter().map(|fault| fault.kind).collect();
    match decoded {
        Decoded::Plain { fields, .. } => (Some(fields), kinds),
        _ => (None, kinds),
    }
}

#[test]
fn a_record_is_read_and_written_by_its_steps() {
    let octets = [0x12, 0xaa, 0xbb, 0xcc];
    let list = Value::List(vec![Value::Number(0xaa), Value::Number(0xbb)]);
    let value = Value::Record(7, vec![Value::Boolean(true), list, Value::Number(0xcc)]);
    assert_eq!(decode(&layout(), 3, &mut Reader::new(&octets), &mut Maker), Ok(value.clone()));
    let mut writer = Writer::new();
    encode(&layout(), 3, &mut writer, &Maker, &value).unwrap();
    assert_eq!(writer.finish(), octets);
}

#[test]
fn what_is_left_out_at_the_end_is_absent() {
    let value = Value::Record(7, vec![Value::Boolean(false), Value::List(vec![]), Value::Absent]);
    assert_eq!(decode(&layout(), 3, &mut Reader::new(&[0x00]), &mut Maker), Ok(value));
    assert_eq!(decode(&layout(), 3, &mut Reader::new(&[0x02, 0xaa]), &mut Maker), Err(Malformed));
}

#[test]
fn digits_end_at_their_filler() {
    let read = |octets: &[u8]| decode(&layout(), 5, &mut Reader::new(octets), &mut Maker);
    assert_eq!(read(&[0x21, 0xf3]), Ok(Value::Text("123".into())));
    assert_eq!(read(&[0xff, 0xff]), Ok(Value::Text(String::new())));
    assert_eq!(read(&[0xf1, 0x32]), Err(Malformed));
    assert_eq!(read(&[0xa1, 0xff]), Err(Malformed));
}

#[test]
fn elements_are_split_kept_and_faulted() {
    let number = Value::Number(9);
    let (some, faults) = fields(&[0x7e, 0, 0x41, 9, 0x25, 2, 1, b'a', 0xa0]);
    let text = Value::Text("a".into());
    let absent = Value::Absent;
    let wanted = vec![number, absent.clone(), text, absent, Value::Boolean(true)];
    assert_eq!((some, faults), (Some(wanted), vec![]));
    assert_eq!(fields(&[0x7e, 0, 0x41]), (None, vec![FaultKind::MandatoryMissing]));
    assert_eq!(fields(&[0x7e, 0, 0x41, 9, 0x05, 0]), (None, vec![FaultKind::ComprehensionRequired]));
    assert_eq!(fields(&[0x7e, 0, 0x41, 9, 0x25, 0]).1, vec![FaultKind::OptionalInvalid]);
    assert_eq!(fields(&[0x7e, 0, 0x41, 9, 0x7b, 0, 9, 1]).1, vec![FaultKind::Truncated]);
}

#[test]
fn two_declarations_of_one_identifier_are_refused() {
    let twice = || vec![element("a", Format::Tag(0xa0), 2), element("b", Format::TagHalf(0xa0), 2)];
    assert!(Message::new(1, MOBILITY_MANAGEMENT, 1, twice()).is_none());
    let message = || Message::new(1, MOBILITY_MANAGEMENT, 1, vec![]).unwrap();
    assert!(Tables::new(layout(), vec![message(), message()]).is_none());
}

#[test]
fn no_octets_panic() {
    let tables = tables();
    let mut state = 1u64;
    let mut octets = Vec::new();
    for round in 0..200_000u32 {
        octets.clear();
        octets.extend_from_slice(if round % 4 == 0 { &[] } else { &[0x7e, 0, 0x41] });
        for _ in 0..round % 24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            octets.push((state >> 56) as u8 & if round % 3 == 0 { 0x3f } else { 0xff });
        }
        tables.decode(&octets, &mut Maker);
    }
}
