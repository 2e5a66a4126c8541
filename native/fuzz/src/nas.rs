//! 5GS NAS messages (TS 24.501 8 and 9), by the tables that `freehold.codecs.nas` compiles.
use freehold_nas::{
    Decoded, Fault, Format, InformationElement, Layout, Malformed, Message, Node, Presence, Sink, Source, Step, Tables,
    Unencodable,
};
use serde_json::Value as Json;
use std::sync::LazyLock;

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (nodes, messages): (Vec<Json>, Vec<(usize, u8, u8, Vec<(String, usize, Json)>)>) =
        serde_json::from_slice(&crate::table("nas.json")).expect("rows of NAS");
    let layout = Layout::new(nodes.iter().map(node).collect());
    let messages = messages.into_iter().map(|(class, discriminator, kind, elements)| {
        let element =
            |(name, node, form): (String, usize, Json)| InformationElement { name, node, format: format(&form) };
        Message::new(class, discriminator, kind, elements.into_iter().map(element).collect()).expect("a message")
    });
    Tables::new(layout, messages.collect()).expect("tables of NAS")
});

fn part<T: serde::de::DeserializeOwned>(row: &Json, index: usize) -> T {
    serde_json::from_value(row[index].clone()).unwrap_or_else(|error| panic!("{row} {index}: {error}"))
}

fn node(row: &Json) -> Node {
    match row[0].as_str().unwrap_or_default() {
        "unsigned" => Node::Unsigned { bits: part(row, 1), plus: part(row, 2) },
        "boolean" => Node::Boolean,
        "octets" => Node::Octets(part(row, 1)),
        "rest" => Node::Rest,
        "after" => Node::After { spare: part(row, 1), inner: part(row, 2) },
        "sized" => Node::Sized { bits: part(row, 1), inner: part(row, 2) },
        "list" => Node::List { inner: part(row, 1), most: part(row, 2) },
        "counted" => Node::Counted { inner: part(row, 1) },
        "choice" => Node::Choice { offset: part(row, 1), bits: part(row, 2), cases: part(row, 3) },
        "switch" => Node::Switch { on: part(row, 1), cases: part(row, 2), default: part(row, 3) },
        "record" => Node::Record { class: part(row, 1), steps: part::<Vec<Json>>(row, 2).iter().map(step).collect() },
        "plmn" => Node::Plmn,
        "digits" => Node::Digits(part(row, 1)),
        "equipment" => Node::Equipment { class: part(row, 1) },
        "labels" => Node::Labels,
        "sessions" => Node::Sessions,
        other => panic!("no layout {other}"),
    }
}

fn step(row: &Json) -> Step {
    match row[0].as_str().unwrap_or_default() {
        "spare" => Step::Spare(part(row, 1)),
        "constant" => Step::Constant { value: part(row, 1), bits: part(row, 2) },
        "extent" => Step::Extent(part(row, 1)),
        "length" => Step::Length { bits: part(row, 1), after: part(row, 2) },
        "count" => Step::Count { bits: part(row, 1), bias: part(row, 2), of: part(row, 3) },
        "field" => Step::Field { node: part(row, 1), presence: presence(&row[2]) },
        other => panic!("no step {other}"),
    }
}

fn presence(row: &Json) -> Presence {
    match row[0].as_str().unwrap_or_default() {
        "always" => Presence::Always,
        "left" => Presence::IfLeft,
        "lengths" => Presence::Lengths(part(row, 1)),
        "when" => Presence::When(part(row, 1), part(row, 2)),
        other => panic!("no presence {other}"),
    }
}

/// (name, identifier, bits of the length, least, most)
fn format(row: &Json) -> Format {
    let (tag, bits, least, most) = (part(row, 1), part(row, 2), part(row, 3), part(row, 4));
    match row[0].as_str().unwrap_or_default() {
        "half" => Format::Half,
        "fixed" => Format::Fixed(least),
        "length" => Format::Length { bits, least, most },
        "tag" => Format::Tag(tag),
        "tag-half" => Format::TagHalf(tag),
        "tag-fixed" => Format::TagFixed(tag, least),
        "tag-length" => Format::TagLength { tag, bits, least, most },
        other => panic!("no format {other}"),
    }
}

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

/// Makes values, and counts them.
#[derive(Default)]
struct Maker(usize);

impl Maker {
    fn one(&mut self, value: Value) -> Value {
        self.0 += 1;
        value
    }
}

impl Sink for Maker {
    type Value = Value;
    fn absent(&mut self) -> Value {
        Value::Absent
    }
    fn boolean(&mut self, value: bool) -> Value {
        self.one(Value::Boolean(value))
    }
    fn unsigned(&mut self, value: u64) -> Value {
        self.one(Value::Number(value))
    }
    fn octets(&mut self, value: &[u8]) -> Value {
        self.one(Value::Octets(value.into()))
    }
    fn text(&mut self, value: &str) -> Value {
        self.one(Value::Text(value.into()))
    }
    fn list(&mut self, items: Vec<Value>) -> Value {
        self.one(Value::List(items))
    }
    fn plmn(&mut self, octets: [u8; 3]) -> Result<Value, Malformed> {
        Ok(self.one(Value::Octets(octets.into())))
    }
    fn record(&mut self, class: usize, fields: Vec<Value>) -> Result<Value, Malformed> {
        Ok(self.one(Value::Record(class, fields)))
    }
}

fn no<T>(value: &Value) -> Result<T, Unencodable> {
    Err(Unencodable::new(format!("{value:?} where another kind of value belongs")))
}

impl Source for Maker {
    type Value = Value;
    type Fields = Vec<Value>;
    fn boolean(&self, value: &Value) -> Result<bool, Unencodable> {
        if let Value::Boolean(value) = value { Ok(*value) } else { no(value) }
    }
    /// A truth value is a number too, as in Python: others are chosen by it.
    fn unsigned(&self, value: &Value) -> Result<u64, Unencodable> {
        match value {
            Value::Number(value) => Ok(*value),
            Value::Boolean(value) => Ok(u64::from(*value)),
            _ => no(value),
        }
    }
    fn octets(&self, value: &Value, put: &mut dyn FnMut(&[u8])) -> Result<(), Unencodable> {
        let Value::Octets(octets) = value else { return no(value) };
        put(octets);
        Ok(())
    }
    fn text(&self, value: &Value) -> Result<String, Unencodable> {
        if let Value::Text(value) = value { Ok(value.clone()) } else { no(value) }
    }
    fn items(&self, value: &Value) -> Result<Vec<Value>, Unencodable> {
        if let Value::List(items) = value { Ok(items.clone()) } else { no(value) }
    }
    fn plmn(&self, value: &Value) -> Result<[u8; 3], Unencodable> {
        let Value::Octets(octets) = value else { return no(value) };
        octets.as_slice().try_into().or_else(|_| no(value))
    }
    fn class(&self, value: &Value) -> Option<usize> {
        if let Value::Record(class, _) = value { Some(*class) } else { None }
    }
    fn fields(&self, value: &Value) -> Result<Vec<Value>, Unencodable> {
        if let Value::Record(_, fields) = value { Ok(fields.clone()) } else { no(value) }
    }
    fn field(&self, fields: &Vec<Value>, index: usize) -> Result<Value, Unencodable> {
        fields.get(index).cloned().map_or_else(|| no(&Value::Absent), Ok)
    }
    fn lacks(&self, fields: &Vec<Value>, index: usize) -> bool {
        fields.get(index).is_none_or(|field| *field == Value::Absent)
    }
}

type Plain = Option<(usize, Vec<Value>, Vec<Vec<u8>>)>;

fn read(octets: &[u8]) -> (Plain, Vec<Fault>) {
    let mut maker = Maker::default();
    let (decoded, faults) = TABLES.decode(octets, &mut maker);
    crate::bounded(maker.0, octets.len());
    let plain = match decoded {
        Decoded::Plain { class, fields, unknown } => {
            Some((class, fields, unknown.into_iter().map(<[u8]>::to_vec).collect()))
        }
        Decoded::Protected(protected) => {
            assert_eq!(protected.content, &octets[7..]);
            None
        }
        Decoded::Nothing => {
            assert!(!faults.is_empty(), "no message and no fault");
            None
        }
    };
    (plain, faults)
}

pub fn check(octets: &[u8]) {
    let (Some((class, fields, unknown)), faults) = read(octets) else { return };
    let message = TABLES.message_of(class).expect("the class of a message");
    let written = TABLES.encode(message, &Maker::default(), &fields, &mut |writer| {
        unknown.iter().for_each(|octets| writer.octets(octets));
        Ok(())
    });
    match written {
        Ok(again) => assert_eq!(read(&again).0, Some((class, fields, unknown))),
        Err(Unencodable(what)) => assert!(!faults.is_empty(), "{what}"),
    }
}
