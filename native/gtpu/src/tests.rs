use crate::{Content, Field, Head, Part, Refused, Written, difference, open, write};

fn again(octets: &[u8], head: &Head) -> Vec<u8> {
    let extensions = head.extensions.iter().map(|(kind, at)| (*kind, octets[at.clone()].to_vec())).collect();
    let Head { kind, teid, sequence, n_pdu, spare, ref body, .. } = *head;
    write(&Written { kind, teid, sequence, n_pdu, extensions, spare, body: &octets[body.clone()] }).unwrap()
}

/// Two extension headers, a sequence number without its flag.
const CHAIN: &[u8] = &[0x3c, 255, 0, 14, 0, 0, 0, 9, 1, 2, 3, 0x85, 1, 0, 5, 0x40, 1, 8, 8, 0, 7, 7];

#[test]
fn when_a_header_is_read_then_it_is_written_as_it_came() {
    let head = open(CHAIN).unwrap();
    assert_eq!((head.kind, head.teid, head.sequence, head.n_pdu), (255, 9, None, None));
    assert_eq!(head.extensions, [(0x85, 13..15), (0x40, 17..19)]);
    assert_eq!((head.spare, head.body.clone()), ([8, 1, 2, 3, 0], 20..22));
    assert_eq!(again(CHAIN, &head), CHAIN);
}

#[test]
fn when_a_header_is_wrong_then_the_reason_is_said() {
    for size in 0..CHAIN.len() {
        assert_eq!(open(&CHAIN[..size]), Err(Refused::Length), "{size}");
    }
    let with = |at: usize, value: u8| {
        let mut octets = CHAIN.to_vec();
        octets[at] = value;
        open(&octets).map(|head| head.extensions.len())
    };
    assert_eq!(with(0, 0x5c), Err(Refused::Version));
    assert_eq!(with(12, 0), Err(Refused::Extensions));
    assert_eq!(with(16, 9), Err(Refused::Extensions));
    let endless = [&[0x34, 255, 0, 40, 0, 0, 0, 9, 0, 0, 0, 0x85][..], &[1, 0, 0, 0x85].repeat(9)].concat();
    assert_eq!(open(&endless), Err(Refused::Extensions));
}

#[test]
fn when_octets_are_mutated_then_what_is_read_is_written_as_it_came() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200_000 {
        let mut octets = CHAIN.to_vec();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            octets[(state >> 33) as usize % CHAIN.len()] = (state >> 24) as u8;
        }
        if let Ok(head) = open(&octets) {
            assert_eq!(again(&octets, &head), octets[..head.body.end]);
        }
    }
}

fn parts() -> Content {
    let parts = vec![
        Part::Constant { value: 1, bits: 4 },
        Part::Flag { field: 1, under: None },
        Part::Gate { fields: vec![2, 3] },
        Part::Constant { value: 0, bits: 2 },
        Part::Number { field: 0, bits: 6, after: 2 },
        Part::Number { field: 1, bits: 64, after: 0 },
        Part::Flags { fields: vec![2, 3] },
        Part::Truth { field: 2, octet: true },
        Part::Strings { field: 3 },
    ];
    Content::new(parts, 4).unwrap()
}

const NAMES: [&str; 4] = ["qfi", "time", "result", "more"];

#[test]
fn when_a_frame_is_read_then_its_parts_are_told_apart() {
    let plain = parts().read(&[0x10, 9 << 2]).unwrap();
    assert_eq!((plain.fields[0].clone(), plain.exact), (Field::Number(9), true));
    let octets = [0x1c, 0xfc, 0, 0, 0, 0, 0, 0, 0, 7, 3, 1, 1, 2, 2, 5, 6, 0];
    let whole = parts().read(&octets).unwrap();
    let strings = Field::Strings(vec![(2, vec![5, 6])]);
    assert_eq!(whole.fields, [Field::Number(63), Field::Number(7), Field::Truth(true), strings]);
    assert!(whole.exact);
    assert_eq!(parts().write(&whole.fields, &[], &NAMES).unwrap(), octets);
    for size in 0..17 {
        assert!(parts().read(&octets[..size]).is_none(), "{size}");
    }
}

#[test]
fn when_a_frame_has_spare_bits_then_it_is_not_the_usual_coding() {
    for octets in [&[0x11, 4][..], &[0x10, 5], &[0x14, 4, 0, 0, 0, 0], &[0x10, 4, 0, 0, 0, 0], &[0x20, 4]] {
        let came = parts().read(octets).unwrap();
        assert!(!came.exact, "{octets:?}");
        let usual = parts().write(&came.fields, &[], &NAMES).unwrap();
        assert_eq!(parts().write(&came.fields, &difference(&usual, octets), &NAMES).unwrap(), octets);
    }
}

#[test]
fn when_a_value_does_not_fit_then_writing_says_so() {
    let wrong = |fields: [Field; 4]| parts().write(&fields, &[], &NAMES).unwrap_err();
    let with = |first: Field| [first, Field::Absent, Field::Absent, Field::Absent];
    assert_eq!(wrong(with(Field::Number(64))), "64 does not fit in 6 bits");
    assert_eq!(wrong(with(Field::Absent)), "qfi is a number");
    let long = Field::Strings(vec![(0, vec![0; 255]); 4]);
    assert!(wrong([Field::Number(1), Field::Absent, Field::Absent, long]).contains("at most 1018"));
    assert!(Content::new(vec![Part::Strings { field: 4 }], 4).is_none());
}
