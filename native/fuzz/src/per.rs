//! Every ASN.1 protocol whose tables are there: the first octet of an input chooses among them (X.691).
#[allow(dead_code)]
#[path = "../../per/tests/common/mod.rs"]
mod tree;

use freehold_per::{Decoder, Encoder, Fault, Message, NodeId, Schema};
use std::sync::LazyLock;
use tree::{Shown, Tree, Value};

/// A protocol, and its types in the order that inputs number them in.
struct Protocol {
    schema: Schema,
    nodes: Vec<NodeId>,
}

static PROTOCOLS: LazyLock<Vec<Protocol>> = LazyLock::new(|| {
    let names: Vec<String> = serde_json::from_slice(&crate::table("protocols.json")).expect("a list of names");
    names.iter().map(|name| protocol(&crate::table(&format!("{name}.per")))).collect()
});

fn protocol(table: &[u8]) -> Protocol {
    let schema = Schema::load(table).expect("a table that loads");
    let mut nodes: Vec<_> = schema.types.iter().map(|(_, node)| node).collect();
    nodes.sort_unstable();
    Protocol { schema, nodes }
}

type Read = (Option<(Message, Value)>, Option<u16>, Vec<Fault>);

fn read(schema: &Schema, octets: &[u8]) -> Read {
    let mut decoder = Decoder::new(schema, Tree(schema));
    let outcome = decoder.pdu(octets).expect("a tree is always built");
    (outcome.known.zip(outcome.message), outcome.transaction, decoder.faults)
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Choice(_, inner) => values(inner),
        Value::List(items) => items.iter().map(values).sum(),
        Value::Struct(_, fields) => fields.iter().flatten().map(values).sum(),
        _ => 0,
    }
}

/// Types that travel alone, chosen by two octets: where there are no messages, or the first octet's top bit is set.
fn alone(Protocol { schema, nodes }: &Protocol, octets: &[u8]) {
    let [high, low, octets @ ..] = octets else { return };
    let node = nodes[usize::from(u16::from_be_bytes([*high, *low])) % nodes.len()];
    let mut decoder = Decoder::new(schema, Tree(schema));
    let Some(value) = decoder.alone(octets, node).expect("a tree is always built") else { return };
    crate::bounded(values(&value), octets.len());
    let whole = decoder.faults.is_empty();
    match Encoder::new(schema, Shown(schema)).alone(&value, node) {
        Ok(again) => {
            let mut decoder = Decoder::new(schema, Tree(schema));
            let back = decoder.alone(&again, node).expect("a tree is always built").expect("what was written");
            assert!(!whole || back == value, "{back:?} of {value:?}");
            assert_eq!(Encoder::new(schema, Shown(schema)).alone(&back, node), Ok(again));
        }
        Err(wrong) => assert!(!whole, "{wrong:?}"),
    }
}

pub fn check(input: &[u8]) {
    let [choice, octets @ ..] = input else { return };
    let protocol = &PROTOCOLS[usize::from(choice & 0x7f) % PROTOCOLS.len()];
    let schema = &protocol.schema;
    if choice & 0x80 != 0 || schema.messages.is_empty() {
        return alone(protocol, octets);
    }
    let (message, transaction, faults) = read(schema, octets);
    let Some((message, value)) = message else {
        assert!(!faults.is_empty(), "no message and no fault");
        return;
    };
    crate::bounded(values(&value), octets.len());
    match Encoder::new(schema, Shown(schema)).pdu(&message, &value, transaction) {
        Ok(again) => {
            // Known IEs not comprehended take the schema's place among those kept, once.
            // What stands behind a message is none of its own.
            let behind = [&again, &octets[..if octets.len() % 2 == 0 { octets.len() } else { 0 }]].concat();
            let back = read(schema, &behind).0.expect("what was written").1;
            assert!(!faults.is_empty() || back == value, "{back:?} of {value:?}");
            assert_eq!(Encoder::new(schema, Shown(schema)).pdu(&message, &back, transaction), Ok(again));
        }
        Err(wrong) => assert!(!faults.is_empty(), "{wrong:?}"),
    }
}
