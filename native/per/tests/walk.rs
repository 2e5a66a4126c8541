//! Every kind of node in both variants of PER, against octets worked out by hand from X.691.
mod common;

use common::{Value, decode, encode};
use freehold_per::Schema;

const NODES: &str = r#"[
 {"Int":{"lb":0,"ub":255,"ext":false}},
 {"Enum":{"root":["red","green","blue"],"ext":["black"]}},
 {"Octets":{"lb":2,"ub":2,"ext":false,"contains":null}},
 {"Octets":{"lb":0,"ub":null,"ext":false,"contains":null}},
 {"Bits":{"lb":3,"ub":3,"ext":false,"contains":null}},
 {"List":{"lb":0,"ub":3,"ext":false,"item":0}},
 {"Choice":{"root":[["number",0],["colour",1]],"ext":[["octets",3]]}},
 {"Text":{"kind":"PrintableString","lb":1,"ub":20,"ext":true}},
 {"Struct":{"name":"Point","fields":"x y colour later unknown_extensions","kept":[null,4],
   "root":[{"Value":{"slot":0,"node":0,"optional":false,"default":null}},
           {"Value":{"slot":1,"node":0,"optional":true,"default":null}},
           {"Value":{"slot":2,"node":1,"optional":true,"default":{"Text":"red"}}}],
   "additions":[{"One":{"Value":{"slot":3,"node":0,"optional":true,"default":null}}}]}},
 {"Int":{"lb":0,"ub":18446744073709551615,"ext":false}},
 {"Int":{"lb":null,"ub":null,"ext":false}},
 {"Oid":{}},
 {"Bool":{}},
 {"Int":{"lb":0,"ub":4294967295,"ext":false}},
 {"Octets":{"lb":0,"ub":null,"ext":false,"contains":8}},
 {"Bits":{"lb":0,"ub":null,"ext":false,"contains":null}},
 {"Text":{"kind":"VisibleString","lb":null,"ub":null,"ext":false}},
 {"List":{"lb":0,"ub":255,"ext":false,"item":12}},
 {"Octets":{"lb":0,"ub":null,"ext":false,"contains":17}},
 {"List":{"lb":0,"ub":65535,"ext":false,"item":18}},
 {"List":{"lb":0,"ub":255,"ext":false,"item":19}}
]"#;
const TYPES: &str = r#"[["Any",3],["Bits",15],["Byte",0],["Colour",1],["Either",6],["Flag",12],["Free",10],["List",5],
 ["Long",9],["Many",20],["Name",7],["Oid",11],["Pair",2],["Point",8],["Story",16],["Three",4],
 ["Word",13],["Wrapped",14]]"#;

fn schema(aligned: bool) -> Schema {
    let text = format!(r#"{{"aligned":{aligned},"nodes":{NODES},"types":{TYPES},"messages":[]}}"#);
    Schema::compile(serde_json::from_str(&text).expect("a table")).expect("the table is sound")
}

fn point(schema: &Schema, fields: [Option<Value>; 5]) -> Value {
    Value::Struct(schema.types.get("Point").expect("a type of the table"), fields.into())
}

/// The value is written as these octets in aligned and unaligned PER, and read from them.
fn both(name: &str, value: &Value, aligned: &[u8], unaligned: &[u8]) {
    for (variant, octets) in [(true, aligned), (false, unaligned)] {
        let schema = schema(variant);
        assert_eq!(encode(&schema, name, value).as_deref(), Ok(octets), "{name} aligned: {variant}");
        let (read, faults) = decode(&schema, name, octets);
        assert_eq!((read.as_ref(), faults.len()), (Some(value), 0), "{name} aligned: {variant}");
    }
}

fn name(text: &str) -> Value {
    Value::Name(text.into())
}

#[test]
fn when_a_value_has_no_parts_then_its_octets_are_those_of_the_standard() {
    both("Byte", &Value::Int(200), &[200], &[200]);
    both("Colour", &name("blue"), &[0b0100_0000], &[0b0100_0000]);
    both("Colour", &name("black"), &[0b1000_0000], &[0b1000_0000]);
    both("Colour", &Value::UnknownName(5), &[0b1000_0101], &[0b1000_0101]);
    both("Pair", &Value::Octets(vec![1, 2]), &[1, 2], &[1, 2]);
    both("Any", &Value::Octets(vec![7; 3]), &[3, 7, 7, 7], &[3, 7, 7, 7]);
    both("Three", &Value::Bits(0b101, 3), &[0b1010_0000], &[0b1010_0000]);
    both("Flag", &Value::Bool(true), &[0x80], &[0x80]);
    both("Word", &Value::Int(256), &[0b0100_0000, 1, 0], &[0, 0, 1, 0]);
    both("Word", &Value::Int(0), &[0, 0], &[0, 0, 0, 0]);
    both("Free", &Value::Int(-1), &[1, 0xFF], &[1, 0xFF]);
    both("Free", &Value::Int(128), &[2, 0, 0x80], &[2, 0, 0x80]);
    both("Free", &Value::Int(-129), &[2, 0xFF, 0x7F], &[2, 0xFF, 0x7F]);
    both("Free", &Value::Int(i64::MIN), &[8, 0x80, 0, 0, 0, 0, 0, 0, 0], &[8, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    both("Long", &Value::Unsigned(u64::MAX), &[0xE0, 255, 255, 255, 255, 255, 255, 255, 255], &[255; 8]);
    both("Oid", &Value::Oid(vec![2, 999, 3]), &[3, 0x88, 0x37, 3], &[3, 0x88, 0x37, 3]);
    both("Name", &Value::Text("ab".into()), &[0b0000_0100, b'a', b'b'], &[0b0000_0111, 0b0000_1110, 0b0010_0000]);
}

#[test]
fn when_a_value_has_parts_then_its_octets_are_those_of_the_standard() {
    both(
        "List",
        &Value::List(vec![Value::Int(1), Value::Int(2)]),
        &[0x80, 1, 2],
        &[0b1000_0000, 0b0100_0000, 0b1000_0000],
    );
    both("Either", &Value::Choice("number".into(), Value::Int(5).into()), &[0, 5], &[0b0000_0001, 0b0100_0000]);
    let later = Value::Choice("octets".into(), Value::Octets(vec![9]).into());
    both("Either", &later, &[0x80, 2, 1, 9], &[0x80, 2, 1, 9]);
    let unknown = Value::Choice("unknown".into(), Value::UnknownChoice(4, vec![9]).into());
    both("Either", &unknown, &[0x84, 1, 9], &[0x84, 1, 9]);
}

#[test]
fn when_fields_are_absent_default_or_later_then_the_preamble_says_so() {
    for aligned in [true, false] {
        let schema = schema(aligned);
        let plain = point(&schema, [Some(Value::Int(1)), None, Some(name("red")), None, None]);
        let octets = encode(&schema, "Point", &plain).expect("a sound value");
        assert_eq!(octets, if aligned { vec![0, 1] } else { vec![0b0000_0000, 0b0010_0000] });
        let extensions = Value::List(vec![Value::UnknownChoice(2, vec![0xAB])]);
        let later = point(
            &schema,
            [Some(Value::Int(1)), Some(Value::Int(2)), Some(name("blue")), Some(Value::Int(3)), Some(extensions)],
        );
        let octets = encode(&schema, "Point", &later).expect("a sound value");
        assert_eq!(decode(&schema, "Point", &octets), (Some(later), vec![]));
    }
}

#[test]
fn when_lengths_pass_16k_then_they_are_fragmented() {
    for aligned in [true, false] {
        let schema = schema(aligned);
        for size in [16383, 16384, 65535, 65536, 81920, 100_000] {
            let value = Value::Octets((0..size).map(|at| at as u8).collect());
            let octets = encode(&schema, "Any", &value).expect("a sound value");
            assert_eq!(decode(&schema, "Any", &octets).0, Some(value));
            let bits = Value::LongBits(vec![0xA5; size], size * 8);
            let octets = encode(&schema, "Bits", &bits).expect("a sound value");
            assert_eq!(decode(&schema, "Bits", &octets).0, Some(bits));
        }
    }
}

/// Found by fuzzing: failed tries spent what the message's own values needed, and octets behind it made up for that.
#[test]
fn when_many_contained_values_do_not_decode_then_the_message_still_does() {
    let schema = schema(true);
    let broken = [2, 200, 0xff]; // two octets: 200 truth values in one
    let few = [&50u16.to_be_bytes()[..], &broken.repeat(50)].concat();
    let (value, faults) = decode(&schema, "Many", &[&[20][..], &few.repeat(20)].concat());
    let kept = Value::List(vec![Value::Octets(vec![200, 0xff]); 50]);
    assert_eq!(value, Some(Value::List(vec![kept; 20])));
    assert!(faults.iter().all(|fault| fault.action == freehold_per::Criticality::Ignore));
}

#[test]
fn when_a_text_passes_16k_then_it_is_fragmented() {
    for aligned in [true, false] {
        let schema = schema(aligned);
        for size in [0, 127, 128, 16383, 16384, 65536, 70_000] {
            let value = Value::Text("ab".repeat(size)[..size].into());
            let octets = encode(&schema, "Story", &value).expect("a sound value");
            assert_eq!(decode(&schema, "Story", &octets), (Some(value), vec![]), "{size} aligned: {aligned}");
        }
    }
}

/// X.691 11.9.3.4: more than 64 bits of extension additions come after a whole length, not after a small number.
#[test]
fn when_a_later_version_has_many_additions_then_they_are_kept() {
    for (aligned, head) in [(true, vec![0x80, 0x01, 0x80, 0x48]), (false, vec![0x80, 0x34, 0x80])] {
        let schema = schema(aligned);
        for index in [1, 63, 64, 71, 127, 128, 16_000] {
            let kept = Value::List(vec![Value::UnknownChoice(index, vec![0xAB])]);
            let value = point(&schema, [Some(Value::Int(1)), None, Some(name("red")), None, Some(kept)]);
            let octets = encode(&schema, "Point", &value).expect("a sound value");
            assert_eq!(decode(&schema, "Point", &octets), (Some(value), vec![]), "{index} aligned: {aligned}");
            if index == 71 {
                assert!(octets.starts_with(&head), "{octets:x?} aligned: {aligned}");
            }
        }
    }
}

#[test]
fn when_what_is_contained_does_not_decode_then_it_stays_octets() {
    let schema = schema(true);
    let inside = point(&schema, [Some(Value::Int(1)), None, Some(name("red")), None, None]);
    let octets = encode(&schema, "Wrapped", &inside).expect("a sound value");
    assert_eq!(decode(&schema, "Wrapped", &octets).0, Some(inside));
    let (value, faults) = decode(&schema, "Wrapped", &[1, 0x40]);
    assert_eq!(value, Some(Value::Octets(vec![0x40])));
    assert_eq!(faults.len(), 1);
}

/// A bound that other octets than the list's own move would refuse a message with nothing behind it.
#[test]
fn when_a_list_promises_more_than_its_own_octets_hold_then_it_is_refused_whatever_follows() {
    let text = r#"{"aligned":true,"nodes":[{"Null":{}},{"Bool":{}},
        {"List":{"lb":0,"ub":65535,"ext":false,"item":0}},{"List":{"lb":0,"ub":65535,"ext":false,"item":1}}],
        "types":[["Bools",3],["Nulls",2]],"messages":[]}"#;
    let schema = Schema::compile(serde_json::from_str(text).expect("a table")).expect("the table is sound");
    for size in [0, 1, 1000] {
        let octets = [&[0x04, 0x00][..], &vec![0; size]].concat();
        let nulls = Some(Value::List(vec![Value::Null; 1024]));
        assert_eq!(decode(&schema, "Nulls", &octets), (nulls, vec![]), "{size} octets behind");
        let octets = [&[0x04, 0x01][..], &vec![0; size]].concat();
        assert_eq!(decode(&schema, "Nulls", &octets).0, None, "{size} octets behind");
        let octets = [&[0xff, 0xff][..], &vec![0; size]].concat();
        assert_eq!(decode(&schema, "Bools", &octets).0, None, "{size} octets behind");
    }
}

#[test]
fn when_octets_are_any_then_decoding_ends_without_a_panic() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for aligned in [true, false] {
        let schema = schema(aligned);
        let names = schema.types.iter().map(|(name, _)| name).collect::<Vec<_>>();
        for _ in 0..100_000 {
            let octets = (0..random() % 24).map(|_| random() as u8).collect::<Vec<_>>();
            let name = names[random() as usize % names.len()];
            let (value, faults) = decode(&schema, name, &octets);
            assert!(value.is_some() || !faults.is_empty());
            if let (Some(value), true) = (value, faults.is_empty()) {
                let again = encode(&schema, name, &value).expect("what was read can be written");
                assert_eq!(decode(&schema, name, &again).0, Some(value));
            }
        }
    }
}

#[test]
fn when_a_table_refers_to_nothing_then_it_is_refused() {
    let text = r#"{"aligned":true,"nodes":[{"List":{"lb":0,"ub":3,"ext":false,"item":7}}],"types":[],"messages":[]}"#;
    assert!(Schema::compile(serde_json::from_str(text).expect("a table")).is_err());
    let unsorted = r#"{"aligned":true,"nodes":[{"Bool":{}}],"types":[["B",0],["A",0]],"messages":[]}"#;
    assert!(Schema::compile(serde_json::from_str(unsorted).expect("a table")).is_err());
}

#[test]
fn when_a_compact_table_is_cut_short_or_of_any_octets_then_it_is_refused() {
    // aligned, no PDU; one node: INTEGER (0..255); one type: Byte; no messages.
    let table = [1, 0, 1, 4, 1, 0, 1, 0xfe, 3, 0, 0, 1, 4, b'B', b'y', b't', b'e', 0, 0];
    let schema = Schema::load(&table).expect("a sound table");
    assert_eq!(encode(&schema, "Byte", &Value::Int(200)).as_deref(), Ok(&[200][..]));
    for size in 0..table.len() {
        assert!(Schema::load(&table[..size]).is_err(), "{size} octets");
    }
    assert!(Schema::load(b"{}").is_err());
}
