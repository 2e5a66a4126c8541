//! The generated tables as they are written: see tools/asn1/binary.py, which knows the order of every field here.
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Table<'a> {
    pub aligned: bool,
    pub pdu: Option<RawOpening>,
    #[serde(borrow)]
    pub nodes: Vec<RawNode<'a>>,
    /// In the order of their names.
    #[serde(borrow)]
    pub types: Vec<(&'a str, u32)>,
    #[serde(borrow)]
    pub messages: Vec<RawMessage<'a>>,
}

#[derive(Deserialize)]
pub struct RawOpening {
    pub extensible: bool,
    pub last: u8,
    pub transaction: Option<u16>,
}

#[derive(Deserialize)]
pub struct RawMessage<'a> {
    pub procedure_code: u8,
    pub criticality: &'a str,
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
pub enum RawNode<'a> {
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
        #[serde(borrow)]
        root: Vec<&'a str>,
        ext: Option<Vec<&'a str>>,
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
        kind: &'a str,
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
        #[serde(borrow)]
        root: Vec<(&'a str, u32)>,
        ext: Option<Vec<(&'a str, u32)>>,
    },
    #[serde(borrow)]
    Single(Box<RawContainer<'a>>),
    Struct {
        name: &'a str,
        /// Names with spaces between them.
        fields: &'a str,
        kept: (Option<u32>, Option<u32>),
        #[serde(borrow)]
        root: Vec<RawPart<'a>>,
        #[serde(borrow)]
        additions: Option<Vec<RawAddition<'a>>>,
    },
}

#[derive(Deserialize)]
pub struct RawContainer<'a> {
    #[serde(default)]
    pub optional: bool,
    pub size: Bounds,
    #[serde(borrow)]
    pub entries: Vec<RawEntry<'a>>,
}

#[derive(Deserialize)]
pub struct RawEntry<'a> {
    pub id: u16,
    pub name: &'a str,
    pub criticality: &'a str,
    pub mandatory: bool,
    pub slot: u32,
    pub node: u32,
}

#[derive(Deserialize)]
pub enum RawPart<'a> {
    Value {
        slot: u32,
        node: u32,
        optional: bool,
        #[serde(borrow)]
        default: Option<RawDefault<'a>>,
    },
    #[serde(borrow)]
    Ies(Box<RawContainer<'a>>),
}

#[derive(Deserialize)]
pub enum RawDefault<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
}

#[derive(Deserialize)]
pub enum RawAddition<'a> {
    #[serde(borrow)]
    One(RawPart<'a>),
    #[serde(borrow)]
    Group(Vec<RawPart<'a>>),
}
