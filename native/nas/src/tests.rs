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

#[test]
fn when_bits_stand_anywhere_then_each_width_reads_what_was_written() {
    let value = 0xFEDC_BA98_7654_3210;
    for before in 0..8 {
        for width in 0..=64 {
            let wanted = if width == 64 { value } else { value & ((1 << width) - 1) };
            let mut writer = Writer::new();
            writer.bits(0x55, before);
            writer.bits(value, width);
            writer.bits(0x2A, 6);
            let octets = writer.finish();
            assert_eq!(octets.len(), (before + width + 6).div_ceil(8));
            let mut reader = Reader::new(&octets);
            assert_eq!(reader.peek(before, width), Some(wanted), "{width} bits after {before}");
            assert_eq!(reader.skip(before), Some(()));
            assert_eq!((reader.bits(width), reader.bits(6)), (Some(wanted), Some(0x2A)), "{width} bits after {before}");
            assert!(reader.remaining() < 8);
            assert_eq!((reader.bits(8), reader.skip(8), reader.peek(0, 8)), (None, None, None));
        }
    }
    assert_eq!(Reader::new(&[0; 9]).bits(65), None);
}

#[test]
fn when_an_extent_ends_then_nothing_beyond_is_read_and_what_is_left_is_ignored() {
    let octets = [1, 2, 3, 4, 5];
    let mut reader = Reader::new(&octets);
    let whole = reader.enter(24).expect("it is there");
    assert_eq!((reader.bits(8), reader.octets(3), reader.bits(17)), (Some(1), None, None));
    let outer = reader.enter(8).expect("it is there");
    assert_eq!(reader.rest(), Some(&octets[1..2]));
    assert_eq!((reader.enter(1), reader.remaining()), (None, 0));
    reader.leave(outer);
    assert_eq!((reader.ignored(), reader.remaining()), (0, 8));
    reader.leave(whole);
    assert_eq!((reader.ignored(), reader.remaining(), reader.end()), (8, 16, 40));
    assert_eq!(reader.rest(), Some(&octets[3..]));
    assert_eq!(reader.rest(), Some(&octets[5..]));
}

#[test]
fn when_a_half_octet_is_read_then_the_other_half_is_not() {
    for (high, first, second) in [(true, 0xA, 0), (false, 0x5, 0)] {
        let octet = [0xA5];
        let mut reader = Reader::half(&octet, high);
        assert_eq!((reader.remaining(), reader.octets(1)), (4, None));
        assert_eq!((reader.bits(4), reader.bits(1)), (Some(first), None));
        assert_eq!(reader.remaining(), second);
    }
}

#[test]
fn when_octets_begin_between_two_then_they_are_written_and_not_read() {
    let mut writer = Writer::new();
    assert!(writer.is_empty());
    writer.bits(0xF, 4);
    writer.octets(&[0x12, 0x34]);
    assert_eq!(writer.len(), 3);
    let octets = writer.finish();
    assert_eq!(octets, [0xF1, 0x23, 0x40]);
    let mut reader = Reader::new(&octets);
    assert_eq!((reader.bits(4), reader.octets(1), reader.bits(16)), (Some(0xF), None, Some(0x1234)));
}

#[test]
fn when_lengths_are_known_later_then_they_are_put_where_they_belong() {
    let mut writer = Writer::new();
    writer.octets(&[0, 0, 0xFF, 0, 0]);
    writer.patch(0, 0x0102, 16);
    writer.patch(2, 0b101, 3);
    writer.patch_before(5, 0xABCD, 16);
    assert_eq!(writer.finish(), [1, 2, 0b1011_1111, 0xAB, 0xCD]);
    let mut writer = Writer::new();
    writer.octets(&[0x0C, 0x07]);
    writer.fold_half();
    writer.tag_half(0x9F);
    assert_eq!(writer.finish(), [0xFC]);
}
