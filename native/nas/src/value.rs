//! Values from octets and back, along a [`Layout`].

use crate::bits::{Reader, Writer};
use crate::layout::{Layout, Node, NodeId, Presence, Step};

/// The octets do not hold a value of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The value does not fit its layout: a mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unencodable(pub String);

impl Unencodable {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// Makes values.
pub trait Sink {
    type Value;
    fn absent(&mut self) -> Self::Value;
    fn boolean(&mut self, value: bool) -> Self::Value;
    fn unsigned(&mut self, value: u64) -> Self::Value;
    fn octets(&mut self, value: &[u8]) -> Self::Value;
    fn text(&mut self, value: &str) -> Self::Value;
    fn list(&mut self, items: Vec<Self::Value>) -> Self::Value;
    /// A PLMN with decimal digits only.
    fn plmn(&mut self, octets: [u8; 3]) -> Result<Self::Value, Malformed>;
    fn record(&mut self, class: usize, fields: Vec<Self::Value>) -> Result<Self::Value, Malformed>;
    /// The value kept for these bits of this layout, if there is one.
    fn kept(&mut self, _node: NodeId, _length: usize, _bits: u64) -> Option<Self::Value> {
        None
    }
    /// A value that may be shared by all that read the same bits.
    fn keep(&mut self, _node: NodeId, _length: usize, _bits: u64, _value: &Self::Value) {}
}

/// Reads values.
pub trait Source {
    type Value;
    type Fields;
    fn boolean(&self, value: &Self::Value) -> Result<bool, Unencodable>;
    fn unsigned(&self, value: &Self::Value) -> Result<u64, Unencodable>;
    fn octets(&self, value: &Self::Value, put: &mut dyn FnMut(&[u8])) -> Result<(), Unencodable>;
    fn text(&self, value: &Self::Value) -> Result<String, Unencodable>;
    fn items(&self, value: &Self::Value) -> Result<Vec<Self::Value>, Unencodable>;
    fn plmn(&self, value: &Self::Value) -> Result<[u8; 3], Unencodable>;
    fn class(&self, value: &Self::Value) -> Option<usize>;
    fn fields(&self, value: &Self::Value) -> Result<Self::Fields, Unencodable>;
    /// The field of this index.
    fn field(&self, fields: &Self::Fields, index: usize) -> Result<Self::Value, Unencodable>;
    fn lacks(&self, fields: &Self::Fields, index: usize) -> bool;
}

const WATCHED: usize = 16;

/// What the fields of one record may refer to.
struct Frame {
    numbers: [u64; WATCHED],
    count: usize,
}

impl Frame {
    fn new() -> Self {
        Self { numbers: [0; WATCHED], count: 0 }
    }
}

/// Reads one value of layout `node`.
pub fn decode<S: Sink>(
    layout: &Layout,
    node: NodeId,
    reader: &mut Reader<'_>,
    sink: &mut S,
) -> Result<S::Value, Malformed> {
    let mut frame = Frame::new();
    whole(layout, node, reader, sink, &mut frame).map(|(value, _)| value)
}

/// Values of up to so many bits are kept, where they may be shared: of these there are few.
const KEPT_BITS: usize = 32;

/// The value of the whole extent; the same bits give the same value.
fn whole<S: Sink>(l: &Layout, node: NodeId, r: &mut Reader<'_>, sink: &mut S, frame: &mut Frame) -> Read<S::Value> {
    let length = r.remaining();
    if length > KEPT_BITS || !l.is_shared(node) {
        return read(l, node, r, sink, frame);
    }
    let bits = r.peek(0, length).ok_or(Malformed)?;
    if let Some(value) = sink.kept(node, length, bits) {
        r.skip(length).ok_or(Malformed)?;
        return Ok((value, 0));
    }
    let ignored = r.ignored();
    let (value, number) = read(l, node, r, sink, frame)?;
    if r.remaining() == 0 && r.ignored() == ignored {
        sink.keep(node, length, bits, &value);
    }
    Ok((value, number))
}

type Read<V> = Result<(V, u64), Malformed>;

/// The value, and its number where it is one, for later fields of the record.
fn read<S: Sink>(layout: &Layout, node: NodeId, r: &mut Reader<'_>, sink: &mut S, frame: &mut Frame) -> Read<S::Value> {
    let plain = |value| Ok((value, 0));
    match layout.nodes.get(node).ok_or(Malformed)? {
        Node::Unsigned { bits, plus } => {
            let number = r.bits(*bits).ok_or(Malformed)?.checked_add(*plus).ok_or(Malformed)?;
            Ok((sink.unsigned(number), number))
        }
        Node::Boolean => {
            let bit = r.bits(1).ok_or(Malformed)?;
            Ok((sink.boolean(bit == 1), bit))
        }
        Node::Octets(count) => plain(sink.octets(r.octets(*count).ok_or(Malformed)?)),
        Node::Rest => plain(sink.octets(r.rest().ok_or(Malformed)?)),
        Node::After { spare, inner } => {
            r.skip(*spare).ok_or(Malformed)?;
            read(layout, *inner, r, sink, frame)
        }
        Node::Sized { bits, inner } => {
            let length = r.bits(*bits).ok_or(Malformed)? as usize;
            let end = r.enter(length * 8).ok_or(Malformed)?;
            let value = whole(layout, *inner, r, sink, frame);
            r.leave(end);
            value
        }
        Node::List { inner, most } => plain(until_end(layout, *inner, *most, r, sink, frame)?),
        Node::Counted { inner } => plain(counted(layout, *inner, r, sink, frame)?),
        Node::Choice { offset, bits, cases } => {
            let tag = r.peek(*offset, *bits).ok_or(Malformed)?;
            let (_, case) = cases.iter().find(|(key, _)| *key == tag).ok_or(Malformed)?;
            read(layout, *case, r, sink, frame)
        }
        Node::Switch { on, cases, default } => {
            let key = *frame.numbers.get(*on).ok_or(Malformed)?;
            let case = cases.iter().find(|(k, _)| *k == key).map(|(_, case)| *case).or(*default).ok_or(Malformed)?;
            read(layout, case, r, sink, frame)
        }
        Node::Record { class, steps } => plain(record(layout, *class, steps, r, sink)?),
        Node::Plmn => {
            let octets: [u8; 3] = r.octets(3).and_then(|o| o.try_into().ok()).ok_or(Malformed)?;
            plain(sink.plmn(octets)?)
        }
        Node::Digits(count) => {
            let digits = read_digits(r.octets(*count).ok_or(Malformed)?)?;
            plain(sink.text(&digits))
        }
        Node::Equipment { class } => {
            let text = read_equipment(r.rest().ok_or(Malformed)?)?;
            let text = sink.text(&text);
            plain(sink.record(*class, vec![text])?)
        }
        Node::Labels => {
            let name = read_labels(r.rest().ok_or(Malformed)?)?;
            plain(sink.text(&name))
        }
        Node::Sessions => plain(read_sessions(r.rest().ok_or(Malformed)?, sink)?),
    }
}

fn until_end<S: Sink>(
    l: &Layout,
    inner: NodeId,
    most: usize,
    r: &mut Reader<'_>,
    sink: &mut S,
    frame: &mut Frame,
) -> Result<S::Value, Malformed> {
    let mut items = Vec::new();
    while r.remaining() > 0 {
        let before = r.remaining();
        if items.len() == most {
            return Err(Malformed);
        }
        items.push(read(l, inner, r, sink, frame)?.0);
        if r.remaining() == before {
            return Err(Malformed);
        }
    }
    Ok(sink.list(items))
}

fn counted<S: Sink>(
    l: &Layout,
    inner: NodeId,

    r: &mut Reader<'_>,
    sink: &mut S,
    frame: &mut Frame,
) -> Result<S::Value, Malformed> {
    let mut items = Vec::with_capacity(frame.count.min(64));
    for _ in 0..frame.count {
        items.push(read(l, inner, r, sink, frame)?.0);
    }
    Ok(sink.list(items))
}

fn record<S: Sink>(
    layout: &Layout,
    class: usize,
    steps: &[Step],
    r: &mut Reader<'_>,
    sink: &mut S,
) -> Result<S::Value, Malformed> {
    let mut frame = Frame::new();
    let mut fields = Vec::with_capacity(steps.len());
    let extent = r.remaining() / 8;
    let mut outer = None;
    for step in steps {
        match step {
            Step::Spare(bits) | Step::Constant { bits, .. } => r.skip(*bits).ok_or(Malformed)?,
            Step::Extent(mask) => {
                if extent >= 64 || mask >> extent & 1 == 0 {
                    return Err(Malformed);
                }
            }
            Step::Length { bits, after } => {
                let length = r.bits(*bits).ok_or(Malformed)? as usize;
                outer = Some(r.enter(length * 8 + after).ok_or(Malformed)?);
            }
            Step::Count { bits, bias, .. } => frame.count = r.bits(*bits).ok_or(Malformed)? as usize + bias,
            Step::Field { node, presence } => {
                let there = match presence {
                    Presence::Always => true,
                    Presence::IfLeft => r.remaining() > 0,
                    Presence::Lengths(mask) => extent < 64 && mask >> extent & 1 == 1,
                    Presence::When(on, mask) => {
                        matches!(frame.numbers.get(*on), Some(n) if *n < 64 && mask >> n & 1 == 1)
                    }
                };
                let (value, number) =
                    if there { read(layout, *node, r, sink, &mut frame)? } else { (sink.absent(), 0) };
                if let Some(slot) = frame.numbers.get_mut(fields.len()) {
                    *slot = number;
                }
                fields.push(value);
            }
        }
    }
    if let Some(end) = outer {
        r.leave(end);
    }
    sink.record(class, fields)
}

/// BCD digits up to the filler F; nothing but fillers after it.
fn read_digits(octets: &[u8]) -> Result<String, Malformed> {
    let halves: Vec<u8> = octets.iter().flat_map(|octet| [octet & 15, octet >> 4]).collect();
    let used = halves.iter().position(|half| *half == 15).unwrap_or(halves.len());
    if halves[..used].iter().any(|half| *half > 9) || halves[used..].iter().any(|half| *half != 15) {
        return Err(Malformed);
    }
    Ok(halves[..used].iter().map(|half| char::from(b'0' + half)).collect())
}

fn read_equipment(octets: &[u8]) -> Result<String, Malformed> {
    let (first, rest) = octets.split_first().ok_or(Malformed)?;
    let (name, wanted) = match first & 7 {
        3 => ("imei-", 15),
        5 => ("imeisv-", 16),
        _ => return Err(Malformed),
    };
    let mut digits = read_digits(rest)?;
    let odd = first & 8 != 0;
    if first >> 4 > 9 || digits.len() + 1 != wanted || odd != (wanted % 2 == 1) {
        return Err(Malformed);
    }
    digits.insert(0, char::from(b'0' + (first >> 4)));
    Ok(format!("{name}{digits}"))
}

/// Labels of 1 to 63 visible characters, 100 octets in all (TS 23.003 9.1).
fn read_labels(octets: &[u8]) -> Result<String, Malformed> {
    if octets.is_empty() || octets.len() > 100 {
        return Err(Malformed);
    }
    let mut name = String::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((length, tail)) = rest.split_first() {
        let label = tail.get(..usize::from(*length)).ok_or(Malformed)?;
        let visible = label.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'.');
        if label.is_empty() || label.len() > 63 || !visible {
            return Err(Malformed);
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|octet| char::from(*octet)));
        rest = &tail[label.len()..];
    }
    Ok(name)
}

/// Bit n of the little-endian bitmap is PDU session n; 0 is spare.
fn read_sessions<S: Sink>(octets: &[u8], sink: &mut S) -> Result<S::Value, Malformed> {
    let [low, high, ..] = octets else { return Err(Malformed) };
    let map = u16::from_le_bytes([*low, *high]);
    let items = (1..16).filter(|n| map >> n & 1 == 1).map(|n| sink.unsigned(n)).collect();
    Ok(sink.list(items))
}

type Written = Result<(), Unencodable>;

/// Writes `value` in layout `node`.
pub fn encode<S: Source>(layout: &Layout, node: NodeId, w: &mut Writer, source: &S, value: &S::Value) -> Written {
    write(layout, node, w, source, value, None)
}

fn write<S: Source>(
    l: &Layout,
    node: NodeId,
    w: &mut Writer,
    s: &S,
    value: &S::Value,
    siblings: Option<&S::Fields>,
) -> Written {
    match l.nodes.get(node).ok_or_else(|| Unencodable::new("no such layout"))? {
        Node::Unsigned { bits, plus } => {
            let number = s.unsigned(value)?;
            let wire = number.checked_sub(*plus).filter(|wire| *bits == 64 || wire >> bits == 0);
            w.bits(wire.ok_or_else(|| Unencodable::new(format!("{number} does not fit {bits} bits")))?, *bits);
        }
        Node::Boolean => w.bits(u64::from(s.boolean(value)?), 1),
        Node::Octets(count) => {
            let mut wrong = None;
            s.octets(value, &mut |octets| {
                if octets.len() == *count { w.octets(octets) } else { wrong = Some(octets.len()) }
            })?;
            if let Some(length) = wrong {
                return Err(Unencodable::new(format!("{length} octets where {count} belong")));
            }
        }
        Node::Rest => s.octets(value, &mut |octets| w.octets(octets))?,
        Node::After { spare, inner } => {
            w.bits(0, *spare);
            write(l, *inner, w, s, value, siblings)?;
        }
        Node::Sized { bits, inner } => {
            w.bits(0, *bits);
            let at = w.len();
            write(l, *inner, w, s, value, siblings)?;
            let length = w.len() - at;
            fits(length, *bits)?;
            w.patch_before(at, length as u64, *bits);
        }
        Node::List { inner, .. } | Node::Counted { inner } => {
            for item in s.items(value)? {
                write(l, *inner, w, s, &item, siblings)?;
            }
        }
        Node::Choice { cases, .. } => {
            let class = s.class(value);
            let case = class.and_then(|class| cases.iter().find(|(_, case)| makes(l, *case, class)));
            let (_, case) = case.ok_or_else(|| Unencodable::new("a value of none of the choices"))?;
            encode(l, *case, w, s, value)?;
        }
        Node::Switch { on, cases, default } => {
            let fields = siblings.ok_or_else(|| Unencodable::new("no field to switch on"))?;
            let key = s.unsigned(&s.field(fields, *on)?)?;
            let case = cases.iter().find(|(k, _)| *k == key).map(|(_, case)| *case).or(*default);
            let case = case.ok_or_else(|| Unencodable::new(format!("no layout for {key}")))?;
            write(l, case, w, s, value, siblings)?;
        }
        Node::Record { class, steps } => write_record(l, *class, steps, w, s, value)?,
        Node::Plmn => w.octets(&s.plmn(value)?),
        Node::Digits(count) => w.octets(&write_digits(&s.text(value)?, *count)?),
        Node::Equipment { .. } => {
            let fields = s.fields(value)?;
            let text = s.text(&s.field(&fields, 0)?)?;
            w.octets(&write_equipment(&text)?);
        }
        Node::Labels => w.octets(&write_labels(&s.text(value)?)?),
        Node::Sessions => {
            let mut map = 0u16;
            for item in s.items(value)? {
                let session = s.unsigned(&item)?;
                if !(1..16).contains(&session) {
                    return Err(Unencodable::new(format!("no PDU session {session}")));
                }
                map |= 1 << session;
            }
            w.octets(&map.to_le_bytes());
        }
    }
    Ok(())
}

/// Whether a value of `class` comes from this layout.
fn makes(l: &Layout, node: NodeId, class: usize) -> bool {
    match l.nodes.get(node) {
        Some(Node::Record { class: made, .. } | Node::Equipment { class: made }) => *made == class,
        Some(Node::Choice { cases, .. }) => cases.iter().any(|(_, case)| makes(l, *case, class)),
        _ => false,
    }
}

fn fits(length: usize, bits: usize) -> Written {
    if length >> bits != 0 {
        return Err(Unencodable::new(format!("{length} octets are too many for a length of {bits} bits")));
    }
    Ok(())
}

fn write_record<S: Source>(
    l: &Layout,
    class: usize,
    steps: &[Step],
    w: &mut Writer,
    s: &S,
    value: &S::Value,
) -> Written {
    if s.class(value) != Some(class) {
        return Err(Unencodable::new("a value of another class"));
    }
    let fields = s.fields(value)?;
    let (mut next, mut extent) = (0, None);
    for step in steps {
        match step {
            Step::Spare(bits) => w.bits(0, *bits),
            Step::Constant { value, bits } => w.bits(*value, *bits),
            Step::Extent(_) => {}
            Step::Length { bits, after } => {
                extent = Some((w.len(), *bits, (bits + after) / 8));
                w.bits(0, *bits);
            }
            Step::Count { bits, bias, of } => {
                let count = s.items(&s.field(&fields, *of)?)?.len();
                let wire = count.checked_sub(*bias).filter(|wire| wire >> bits == 0);
                w.bits(wire.ok_or_else(|| Unencodable::new(format!("{count} items")))? as u64, *bits);
            }
            Step::Field { node, presence } => {
                if *presence == Presence::Always || !s.lacks(&fields, next) {
                    write(l, *node, w, s, &s.field(&fields, next)?, Some(&fields))?;
                }
                next += 1;
            }
        }
    }
    match extent {
        Some((at, bits, header)) => {
            let length = w.len() - at - header;
            fits(length, bits)?;
            w.patch(at, length as u64, bits);
            Ok(())
        }
        None => Ok(()),
    }
}

fn write_digits(digits: &str, count: usize) -> Result<Vec<u8>, Unencodable> {
    if digits.len() > count * 2 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Unencodable::new(format!("not up to {} digits", count * 2)));
    }
    let mut octets = vec![0xff; count];
    for (index, digit) in digits.bytes().enumerate() {
        let half = digit - b'0';
        let octet = &mut octets[index / 2];
        *octet = if index % 2 == 0 { *octet & 0xf0 | half } else { *octet & 0x0f | half << 4 };
    }
    Ok(octets)
}

fn write_equipment(text: &str) -> Result<Vec<u8>, Unencodable> {
    let (kind, digits) = text.split_once('-').unwrap_or(("", ""));
    let first = match (kind, digits.len()) {
        ("imei", 15) => 0x0b,
        ("imeisv", 16) => 0x05,
        _ => return Err(Unencodable::new("neither imei- and 15 digits nor imeisv- and 16")),
    };
    let lead = digits.as_bytes()[0].wrapping_sub(b'0');
    let mut octets = vec![first | (lead & 15) << 4];
    octets.extend(write_digits(digits.get(1..).unwrap_or(""), digits.len() / 2)?);
    Ok(octets)
}

fn write_labels(name: &str) -> Result<Vec<u8>, Unencodable> {
    let mut octets = Vec::with_capacity(name.len() + 1);
    for label in name.split('.') {
        octets.push(label.len().min(255) as u8);
        octets.extend_from_slice(label.as_bytes());
    }
    match read_labels(&octets) {
        Ok(_) => Ok(octets),
        Err(Malformed) => Err(Unencodable::new(format!("not a DNN: {name:?}"))),
    }
}
