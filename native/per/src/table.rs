//! The generated tables as they are written: see tools/asn1.
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Table {
    pub aligned: bool,
    pub pdu: Option<RawOpening>,
    pub nodes: Vec<RawNode>,
    pub types: std::collections::BTreeMap<String, u32>,
    pub messages: Vec<RawMessage>,
}

#[derive(Deserialize)]
pub struct RawOpening {
    pub extensible: bool,
    pub last: u8,
    pub transaction: Option<u16>,
}

#[derive(Deserialize)]
pub struct RawMessage {
    pub procedure_code: u8,
    pub criticality: String,
    pub kind: u8,
    pub node: u32,
}

#[derive(Deserialize, Clone, Copy)]
pub struct Bounds {
    pub lb: Option<i64>,
    pub ub: Option<i128>,
    pub ext: bool,
}

#[derive(Deserialize)]
pub struct Nothing {}

#[derive(Deserialize)]
pub enum RawNode {
    Null(Nothing),
    Bool(Nothing),
    Oid(Nothing),
    Any(Nothing),
    Int {
        lb: Option<i64>,
        ub: Option<i128>,
        ext: bool,
        #[serde(default)]
        among: Vec<(i64, i64)>,
    },
    Enum {
        root: Vec<String>,
        ext: Option<Vec<String>>,
    },
    Bits {
        lb: Option<i64>,
        ub: Option<i128>,
        ext: bool,
        contains: Option<u32>,
    },
    Octets {
        lb: Option<i64>,
        ub: Option<i128>,
        ext: bool,
        contains: Option<u32>,
    },
    Text {
        kind: String,
        lb: Option<i64>,
        ub: Option<i128>,
        ext: bool,
    },
    List {
        lb: Option<i64>,
        ub: Option<i128>,
        ext: bool,
        item: u32,
    },
    Choice {
        root: Vec<(String, u32)>,
        ext: Option<Vec<(String, u32)>>,
    },
    Single(RawContainer),
    Struct {
        name: String,
        fields: Vec<String>,
        kept: (Option<u32>, Option<u32>),
        root: Vec<RawPart>,
        additions: Option<Vec<RawAddition>>,
    },
}

#[derive(Deserialize)]
pub struct RawContainer {
    #[serde(default)]
    pub optional: bool,
    pub size: Bounds,
    pub entries: Vec<RawEntry>,
}

#[derive(Deserialize)]
pub struct RawEntry {
    pub id: u16,
    pub name: String,
    pub criticality: String,
    pub mandatory: bool,
    pub slot: u32,
    pub node: u32,
}

#[derive(Deserialize)]
pub enum RawPart {
    Value { slot: u32, node: u32, optional: bool, default: Option<RawDefault> },
    Ies(RawContainer),
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum RawDefault {
    Bool(bool),
    Int(i64),
    Text(String),
}

#[derive(Deserialize)]
pub enum RawAddition {
    One(RawPart),
    Group(Vec<RawPart>),
}
