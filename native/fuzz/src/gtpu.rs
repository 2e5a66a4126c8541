//! GTP-U messages (TS 29.281 5) and the frames in their extension headers, by the parts that `freehold.codecs.gtpu`
//! declares.
use freehold_gtpu::{Content, EXTENSIONS, Field, Head, Part, Written, difference, open, write};
use std::sync::LazyLock;

type PartRow = (String, usize, u64, u8, Vec<usize>);

/// The extension header that a frame comes in, its PDU type where that has one, and its layout.
struct Frame {
    header: u8,
    pdu: Option<u8>,
    names: Vec<String>,
    content: Content,
}

static FRAMES: LazyLock<Vec<Frame>> = LazyLock::new(|| {
    let rows: Vec<(u8, Option<u8>, Vec<String>, Vec<PartRow>)> =
        serde_json::from_slice(&crate::table("gtpu.json")).expect("rows of GTP-U");
    let frame = |(header, pdu, names, parts): (u8, Option<u8>, Vec<String>, Vec<PartRow>)| {
        let content = Content::new(parts.into_iter().map(part).collect(), names.len()).expect("parts with fields");
        Frame { header, pdu, names, content }
    };
    rows.into_iter().map(frame).collect()
});

fn part((kind, field, a, b, fields): PartRow) -> Part {
    let narrow = || u8::try_from(a).expect("at most 255 bits");
    match kind.as_str() {
        "constant" => Part::Constant { value: a, bits: b },
        "flag" => Part::Flag { field, under: fields.first().copied() },
        "gate" => Part::Gate { fields },
        "flags" => Part::Flags { fields },
        "truth" => Part::Truth { field, octet: a != 0 },
        "number" => Part::Number { field, bits: narrow(), after: b },
        "numbers" => Part::Numbers { field, count: usize::from(narrow()), bits: b },
        "pairs" => Part::Pairs { field, first: narrow(), second: b },
        "strings" => Part::Strings { field },
        other => panic!("no part {other}"),
    }
}

fn values(field: &Field) -> usize {
    1 + match field {
        Field::Numbers(numbers) => numbers.len(),
        Field::Pairs(pairs) => 2 * pairs.len(),
        Field::Strings(strings) => 2 * strings.len(),
        _ => 0,
    }
}

/// What is read of a frame, written with what was different in it, is what came.
fn frame(frame: &Frame, octets: &[u8]) {
    let Some(came) = frame.content.read(octets) else { return };
    let fields = came.fields;
    crate::bounded(fields.iter().map(values).sum(), octets.len());
    let names: Vec<&str> = frame.names.iter().map(String::as_str).collect();
    let usual = frame.content.write(&fields, &[], &names).expect("values that were read");
    let spare = if came.exact { Vec::new() } else { difference(&usual, octets) };
    assert_eq!(frame.content.write(&fields, &spare, &names).as_deref(), Ok(octets));
}

fn message(octets: &[u8]) {
    let Ok(head) = open(octets) else { return };
    let Head { kind, teid, sequence, n_pdu, spare, ref body, ref extensions } = head;
    assert!(extensions.len() <= EXTENSIONS && body.end <= octets.len());
    for (kind, at) in extensions {
        let content = &octets[at.clone()];
        let pdu = content.first().map(|octet| octet >> 4);
        let row = FRAMES.iter().find(|row| row.header == *kind && (row.pdu.is_none() || row.pdu == pdu));
        row.inspect(|row| frame(row, content));
    }
    let extensions = extensions.iter().map(|(kind, at)| (*kind, octets[at.clone()].to_vec())).collect();
    let written = Written { kind, teid, sequence, n_pdu, extensions, spare, body: &octets[body.clone()] };
    assert_eq!(write(&written).as_deref(), Some(&octets[..body.end]));
}

/// The first octet chooses: a message, or the content of one of the frames, as long as an extension header can be.
pub fn check(input: &[u8]) {
    let [choice, octets @ ..] = input else { return };
    let Some(row) = usize::from(*choice).checked_sub(1) else { return message(octets) };
    let mut content = octets[..octets.len().min(1018)].to_vec();
    content.resize(content.len() + (6 - content.len() % 4) % 4, 0);
    if content.len() <= 1018 {
        frame(&FRAMES[row % FRAMES.len()], &content);
    }
}
