//! PFCP messages (TS 29.244 7 and 8), by the tables that `freehold.codecs.pfcp` compiles.
use freehold_pfcp::plain::{Plain, Value};
use freehold_pfcp::{
    Content, Decoded, Form, Group, Header, Item, Kept, Layout, Member, Message, Presence, Sink, Tables, When,
};
use std::sync::LazyLock;

type Row = (String, u8, u8, String, u64, u64);
type LayoutRow = (Option<usize>, usize, u64, Vec<Row>);
type Rows = (Vec<LayoutRow>, Vec<(usize, Vec<(u16, bool, usize, u8, bool)>, bool)>, Vec<(u8, bool, usize)>);

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (layouts, groups, messages): Rows = serde_json::from_slice(&crate::table("pfcp.json")).expect("rows of PFCP");
    let layout = |(class, lead, one_of, items): LayoutRow| {
        Layout::new(class, lead, items.into_iter().map(item).collect(), one_of)
    };
    let tables = Tables {
        layouts: layouts.into_iter().map(layout).collect(),
        groups: groups
            .into_iter()
            .map(|(class, rows, updates)| Group::new(class, rows.into_iter().map(member).collect()).updating(updates))
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
        Plain.none()
    }
    fn flag(&mut self, value: bool) -> Value {
        Sink::flag(&mut Plain, value)
    }
    fn uint(&mut self, value: u64) -> Value {
        self.one(Sink::uint(&mut Plain, value))
    }
    fn wide(&mut self, value: u128) -> Value {
        self.one(Sink::wide(&mut Plain, value))
    }
    fn octets(&mut self, value: &[u8]) -> Value {
        self.one(Sink::octets(&mut Plain, value))
    }
    fn text(&mut self, value: &str) -> Value {
        self.one(Sink::text(&mut Plain, value))
    }
    fn many(&mut self, values: Vec<Value>) -> Value {
        Plain.many(values)
    }
    fn unknown(&mut self, ie: u16, enterprise: Option<u16>, value: &[u8]) -> Value {
        self.one(Sink::unknown(&mut Plain, ie, enterprise, value))
    }
    fn build(&mut self, class: usize, fields: Vec<Value>, kept: Kept<'_, Value>) -> Value {
        self.one(Plain.build(class, fields, kept))
    }
}

fn read(octets: &[u8]) -> Decoded<Value> {
    let mut maker = Maker::default();
    let decoded = freehold_pfcp::decode(&TABLES, octets, &mut maker);
    crate::bounded(maker.0, octets.len());
    decoded
}

/// The message's body again.
fn write(header: &Header, value: &Value) -> Vec<u8> {
    let message = TABLES.message(header.kind).expect("a message that was read");
    let mut out = Vec::new();
    freehold_pfcp::encode(&TABLES, message.group, value, &Plain, &mut out).expect("a value that was read");
    out
}

pub fn check(octets: &[u8]) {
    let decoded = read(octets);
    let (Some(header), Some(value)) = (decoded.header, decoded.message) else {
        assert!(!decoded.faults.is_empty(), "no message and no fault");
        return;
    };
    let start = if header.seid.is_some() { 16 } else { 8 };
    let end = 4 + usize::from(u16::from_be_bytes([octets[2], octets[3]]));
    assert_eq!(write(&header, &value), octets[start..end]);
}
