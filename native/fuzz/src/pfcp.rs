//! PFCP messages (TS 29.244 7 and 8), by the tables that `freehold.codecs.pfcp` compiles.
use freehold_pfcp::{
    Content, Decoded, Form, Group, Header, Item, Layout, Member, Message, Presence, Sink, Source, Tables, When,
};
use std::sync::LazyLock;

type Row = (String, u8, u8, String, u64, u64);
type LayoutRow = (Option<usize>, usize, u64, Vec<Row>);
type Rows = (Vec<LayoutRow>, Vec<(usize, Vec<(u16, bool, usize, u8, bool)>)>, Vec<(u8, bool, usize)>);

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (layouts, groups, messages): Rows = serde_json::from_slice(&crate::table("pfcp")).expect("rows of PFCP");
    let layout = |(class, lead, one_of, items): LayoutRow| Layout {
        class,
        lead,
        one_of,
        items: items.into_iter().map(item).collect(),
    };
    let tables = Tables {
        layouts: layouts.into_iter().map(layout).collect(),
        groups: groups
            .into_iter()
            .map(|(class, rows)| Group::new(class, rows.into_iter().map(member).collect()))
            .collect(),
        messages: messages.into_iter().map(|(kind, session, group)| Message { kind, session, group }).collect(),
    };
    tables.check().expect("tables that fit together");
    tables
});

fn item((form, a, b, when, mask, value): Row) -> Item {
    let form = match form.as_str() {
        "flag" => Form::Flag,
        "bits" => Form::Bits(a, b),
        "uint" => Form::Uint(a),
        "number" => Form::Number,
        "flags" => Form::Flags(a, b),
        "octets" => Form::Octets(a),
        "rest" => Form::Rest,
        "text" => Form::Text,
        "labels" => Form::Labels,
        "counted" => Form::Counted(a),
        other => panic!("unknown form {other}"),
    };
    let when = match when.as_str() {
        "equal" => When::Equal(mask, value),
        "any" => When::AnyOf(mask),
        "tail" => When::Tail,
        other => panic!("unknown condition {other}"),
    };
    Item { form, when }
}

fn member((ie, grouped, at, presence, many): (u16, bool, usize, u8, bool)) -> Member {
    let content = if grouped { Content::Group(at) } else { Content::Layout(at) };
    let presence = match presence {
        b'M' => Presence::Mandatory,
        b'C' => Presence::Conditional,
        _ => Presence::Optional,
    };
    Member { ie, content, presence, many }
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    None,
    Flag(bool),
    Uint(u64),
    Octets(Vec<u8>),
    Text(String),
    Many(Vec<Value>),
    Unknown(u16, Option<u16>, Vec<u8>),
    /// The class, its fields, and at the end those unknown.
    Made(usize, Vec<Value>),
}

/// Makes values, and counts those that octets stand for.
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
    fn none(&mut self) -> Value {
        Value::None
    }
    fn flag(&mut self, value: bool) -> Value {
        Value::Flag(value)
    }
    fn uint(&mut self, value: u64) -> Value {
        self.one(Value::Uint(value))
    }
    fn octets(&mut self, value: &[u8]) -> Value {
        self.one(Value::Octets(value.into()))
    }
    fn text(&mut self, value: &str) -> Value {
        self.one(Value::Text(value.into()))
    }
    fn many(&mut self, values: Vec<Value>) -> Value {
        Value::Many(values)
    }
    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Value {
        self.one(Value::Unknown(ie, enterprise, value.into()))
    }
    fn build(&mut self, class: usize, mut fields: Vec<Value>, unknown: Vec<Value>) -> Value {
        fields.push(Value::Many(unknown));
        self.one(Value::Made(class, fields))
    }
}

impl Source for Maker {
    type Value = Value;
    type Fields = Vec<Value>;
    fn open(&self, value: &Value, class: usize) -> Option<Vec<Value>> {
        if let Value::Made(made, fields) = value { (*made == class).then(|| fields.clone()) } else { None }
    }
    fn list(&self, value: &Value) -> Option<Vec<Value>> {
        if let Value::Many(values) = value { Some(values.clone()) } else { None }
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

fn read(octets: &[u8]) -> Decoded<Value> {
    let mut maker = Maker::default();
    let decoded = freehold_pfcp::decode(&TABLES, octets, &mut maker);
    crate::bounded(maker.0, octets.len());
    decoded
}

/// The message again under a header of the same identifiers (TS 29.244 7.2.2).
fn write(header: &Header, value: &Value) -> Result<Vec<u8>, freehold_pfcp::Wrong> {
    let message = TABLES.message(header.kind).expect("a message that was read");
    let mut out = vec![0x20 | u8::from(header.seid.is_some()), header.kind, 0, 0];
    out.extend(header.seid.iter().flat_map(|seid| seid.to_be_bytes()));
    out.extend((header.sequence << 8).to_be_bytes());
    freehold_pfcp::encode(&TABLES, message.group, value, &Maker::default(), &mut out)?;
    let size = u16::try_from(out.len() - 4).map_err(|_| freehold_pfcp::Wrong { what: "too long", ie: 0 })?;
    out[2..4].copy_from_slice(&size.to_be_bytes());
    Ok(out)
}

pub fn check(octets: &[u8]) {
    let decoded = read(octets);
    let (Some(header), Some(value)) = (decoded.header, decoded.message) else {
        assert!(!decoded.faults.is_empty(), "no message and no fault");
        return;
    };
    match write(&header, &value) {
        Ok(again) => assert_eq!(read(&again).message, Some(value)),
        Err(wrong) => assert!(!decoded.faults.is_empty(), "{wrong:?}"),
    }
}
