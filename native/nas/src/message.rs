//! Messages: a header, mandatory elements in order, optional elements by their identifier (TS 24.007 11.2).

use crate::bits::{Reader, Writer};
use crate::layout::{Layout, NodeId};
use crate::value::{self, Sink, Source, Unencodable};

/// Extended protocol discriminators (TS 24.007 11.2.3.1.1A).
pub const MOBILITY_MANAGEMENT: u8 = 0x7e;
pub const SESSION_MANAGEMENT: u8 = 0x2e;

/// More faults of one message than these are not worth reporting.
const MOST_FAULTS: usize = 16;

/// More unknown elements than these are not kept for encoding again.
const MOST_UNKNOWN: usize = 255;

const NONE: u8 = u8::MAX;

/// The formats of TS 24.007 11.2.1.1. Lengths are of the value alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// V, half an octet.
    Half,
    /// V of so many octets.
    Fixed(usize),
    /// LV (8 bits) and LV-E (16 bits).
    Length { bits: usize, least: usize, most: usize },
    /// T, one octet.
    Tag(u8),
    /// TV of one octet: the identifier is the high half.
    TagHalf(u8),
    /// TV of so many octets of value.
    TagFixed(u8, usize),
    /// TLV (8 bits) and TLV-E (16 bits).
    TagLength { tag: u8, bits: usize, least: usize, most: usize },
}

#[derive(Clone, Debug)]
pub struct InformationElement {
    pub name: String,
    pub format: Format,
    pub node: NodeId,
}

/// One message: its elements in the order of its clause.
#[derive(Clone, Debug)]
pub struct Message {
    pub class: usize,
    pub discriminator: u8,
    pub kind: u8,
    elements: Vec<InformationElement>,
    mandatory: usize,
    by_tag: Vec<u8>,
}

impl Message {
    /// None when two optional elements share an identifier, or there are too many.
    pub fn new(class: usize, discriminator: u8, kind: u8, elements: Vec<InformationElement>) -> Option<Self> {
        let optional = |e: &InformationElement| tag_of(e.format).is_some();
        let mandatory = elements.iter().position(optional).unwrap_or(elements.len());
        let mut by_tag = vec![NONE; 256];
        for (index, element) in elements.iter().enumerate().skip(mandatory) {
            let slot = by_tag.get_mut(usize::from(tag_of(element.format)?))?;
            if *slot != NONE || index >= usize::from(NONE) {
                return None;
            }
            *slot = index as u8;
        }
        Some(Self { class, discriminator, kind, elements, mandatory, by_tag })
    }
}

fn tag_of(format: Format) -> Option<u8> {
    match format {
        Format::Tag(tag) | Format::TagHalf(tag) | Format::TagFixed(tag, _) | Format::TagLength { tag, .. } => Some(tag),
        Format::Half | Format::Fixed(_) | Format::Length { .. } => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    TooShort,
    UnknownDiscriminator,
    UnknownSecurityHeader,
    UnknownMessageType,
    MandatoryMissing,
    MandatoryInvalid,
    ComprehensionRequired,
    OptionalInvalid,
    OutOfSequence,
    Repeated,
    Truncated,
    TooLong,
}

impl FaultKind {
    /// The 5GMM and 5GSM cause its clause asks for (TS 24.501 7.4, 7.5.1); 0 where the message or element is ignored.
    pub fn cause(self) -> u8 {
        match self {
            Self::MandatoryMissing | Self::MandatoryInvalid | Self::ComprehensionRequired => 96,
            Self::UnknownMessageType => 97,
            _ => 0,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::TooShort => "too short",
            Self::UnknownDiscriminator => "unknown protocol discriminator",
            Self::UnknownSecurityHeader => "unknown security header type",
            Self::UnknownMessageType => "unknown message type",
            Self::MandatoryMissing => "mandatory element missing",
            Self::MandatoryInvalid => "mandatory element invalid",
            Self::ComprehensionRequired => "unknown element with comprehension required",
            Self::OptionalInvalid => "optional element invalid",
            Self::OutOfSequence => "element out of sequence",
            Self::Repeated => "element repeated",
            Self::Truncated => "last element truncated",
            Self::TooLong => "element too long",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// The element's name, or its identifier where unknown; empty for the message as a whole.
    pub element: String,
}

/// A security protected message, its content still as received (TS 24.501 9.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protected<'a> {
    pub security_header: u8,
    pub authentication_code: [u8; 4],
    pub sequence_number: u8,
    pub content: &'a [u8],
}

/// What the octets held.
pub enum Decoded<'a, V> {
    Plain { class: usize, fields: Vec<V>, unknown: Vec<&'a [u8]> },
    Protected(Protected<'a>),
    Nothing,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, kind: FaultKind, element: &str) {
        if self.0.len() < MOST_FAULTS {
            self.0.push(Fault { kind, element: element.to_owned() });
        }
    }
}

/// All messages and the layouts of their elements.
pub struct Tables {
    layout: Layout,
    messages: Vec<Message>,
    mobility: Vec<u8>,
    session: Vec<u8>,
    /// The index of a class's message; usize::MAX for a class of values.
    by_class: Vec<usize>,
}

impl Tables {
    /// None when two messages share a type, or there are too many.
    pub fn new(layout: Layout, messages: Vec<Message>) -> Option<Self> {
        let mut by_class = vec![usize::MAX; messages.iter().map(|message| message.class + 1).max().unwrap_or(0)];
        messages.iter().enumerate().for_each(|(index, message)| by_class[message.class] = index);
        let mut tables = Self { layout, messages, mobility: vec![NONE; 256], session: vec![NONE; 256], by_class };
        for (index, message) in tables.messages.iter().enumerate() {
            let by_kind = match message.discriminator {
                MOBILITY_MANAGEMENT => &mut tables.mobility,
                SESSION_MANAGEMENT => &mut tables.session,
                _ => return None,
            };
            let slot = by_kind.get_mut(usize::from(message.kind))?;
            if *slot != NONE || index >= usize::from(NONE) {
                return None;
            }
            *slot = index as u8;
        }
        Some(tables)
    }

    pub fn message_of(&self, class: usize) -> Option<&Message> {
        self.messages.get(*self.by_class.get(class)?)
    }

    /// Reads one message; every fault found on the way is reported.
    pub fn decode<'a, S: Sink>(&self, octets: &'a [u8], sink: &mut S) -> (Decoded<'a, S::Value>, Vec<Fault>) {
        let mut faults = Faults::default();
        let decoded = match octets {
            [MOBILITY_MANAGEMENT, security, rest @ ..] => match (security & 0x0f, rest) {
                (0, [kind, rest @ ..]) => self.body(find(&self.mobility, *kind), rest, Vec::new, sink, &mut faults),
                (1..=4, [a, b, c, d, sequence, content @ ..]) if !content.is_empty() => Decoded::Protected(Protected {
                    security_header: security & 0x0f,
                    authentication_code: [*a, *b, *c, *d],
                    sequence_number: *sequence,
                    content,
                }),
                (0..=4, _) => nothing(FaultKind::TooShort, &mut faults),
                _ => nothing(FaultKind::UnknownSecurityHeader, &mut faults),
            },
            [SESSION_MANAGEMENT, session, transaction, kind, rest @ ..] => {
                let header =
                    |sink: &mut S| vec![sink.unsigned(u64::from(*session)), sink.unsigned(u64::from(*transaction))];
                let fields = header(sink);
                self.body(find(&self.session, *kind), rest, || fields, sink, &mut faults)
            }
            [MOBILITY_MANAGEMENT | SESSION_MANAGEMENT, ..] | [] => nothing(FaultKind::TooShort, &mut faults),
            _ => nothing(FaultKind::UnknownDiscriminator, &mut faults),
        };
        (decoded, faults.0)
    }

    fn body<'a, S: Sink>(
        &self,
        index: Option<usize>,
        octets: &'a [u8],
        header: impl FnOnce() -> Vec<S::Value>,
        sink: &mut S,
        faults: &mut Faults,
    ) -> Decoded<'a, S::Value> {
        let Some(message) = index.and_then(|index| self.messages.get(index)) else {
            return nothing(FaultKind::UnknownMessageType, faults);
        };
        let mut fields = header();
        fields.reserve(message.elements.len());
        let Some(rest) = self.mandatory(message, octets, &mut fields, sink, faults) else { return Decoded::Nothing };
        let Some(unknown) = self.optional(message, rest, &mut fields, sink, faults) else { return Decoded::Nothing };
        Decoded::Plain { class: message.class, fields, unknown }
    }

    /// The mandatory part; gives back what follows it.
    fn mandatory<'a, S: Sink>(
        &self,
        message: &Message,
        mut octets: &'a [u8],
        fields: &mut Vec<S::Value>,
        sink: &mut S,
        faults: &mut Faults,
    ) -> Option<&'a [u8]> {
        let mut halved = None;
        for element in message.elements.get(..message.mandatory)? {
            if element.format != Format::Half {
                halved = None;
            }
            let decoded = match (element.format, halved.take()) {
                // TS 24.007 11.2.1.1.1: the first half stands in bits 4 to 1, the second in bits 8 to 5
                (Format::Half, Some(octet)) => self.half(element, octet, true, sink),
                (Format::Half, None) => match octets.split_first() {
                    Some((octet, rest)) => {
                        (octets, halved) = (rest, Some(*octet));
                        self.half(element, *octet, false, sink)
                    }
                    None => {
                        faults.add(FaultKind::MandatoryMissing, &element.name);
                        return None;
                    }
                },
                (format, _) => match split(octets, format) {
                    Some((contents, rest)) => {
                        octets = rest;
                        self.contents(element, contents, sink, faults)
                    }
                    None => {
                        let kind =
                            if octets.is_empty() { FaultKind::MandatoryMissing } else { FaultKind::MandatoryInvalid };
                        faults.add(kind, &element.name);
                        return None;
                    }
                },
            };
            match decoded {
                Some(value) => fields.push(value),
                None => {
                    faults.add(FaultKind::MandatoryInvalid, &element.name);
                    return None;
                }
            }
        }
        Some(octets)
    }

    fn half<S: Sink>(&self, element: &InformationElement, octet: u8, high: bool, sink: &mut S) -> Option<S::Value> {
        value::decode(&self.layout, element.node, &mut Reader::half(&[octet], high), sink).ok()
    }

    /// A value of its octets; those beyond the longest, and at the end of a part, are of a later release and are ignored
    /// (TS 24.007 11.2.4). What is left has to be as long as the shortest.
    fn contents<S: Sink>(
        &self,
        e: &InformationElement,
        octets: &[u8],
        sink: &mut S,
        faults: &mut Faults,
    ) -> Option<S::Value> {
        let (least, most) = match e.format {
            Format::Length { least, most, .. } | Format::TagLength { least, most, .. } => (least, most),
            _ => (octets.len(), octets.len()),
        };
        if octets.len() < least {
            return None;
        }
        if octets.len() > most {
            faults.add(FaultKind::TooLong, &e.name);
        }
        let mut reader = Reader::new(octets.get(..most).unwrap_or(octets));
        let value = value::decode(&self.layout, e.node, &mut reader, sink).ok()?;
        let read = reader.end() - reader.remaining() - reader.ignored();
        (read.div_ceil(8) >= least).then_some(value)
    }

    /// The optional part: gives back the unknown elements, or nothing where the message must be refused.
    fn optional<'a, S: Sink>(
        &self,
        message: &Message,
        mut octets: &'a [u8],
        fields: &mut Vec<S::Value>,
        sink: &mut S,
        faults: &mut Faults,
    ) -> Option<Vec<&'a [u8]>> {
        let base = fields.len() - message.mandatory;
        let mut seen = [false; 256];
        let (mut unknown, mut last) = (Vec::new(), 0);
        while let Some(first) = octets.first() {
            let tag = if first & 0x80 == 0 { *first } else { first & 0xf0 };
            let known = message.by_tag.get(usize::from(tag)).copied().unwrap_or(NONE);
            // a TV or T element with bit 8 set is known by its whole octet or by its high half
            let element = message.elements.get(usize::from(known));
            let format = element.map_or_else(|| unknown_format(*first), |element| element.format);
            let Some((contents, rest)) = split(octets, format) else {
                let name = element.map_or_else(|| format!("{first:#04x}"), |element| element.name.clone());
                faults.add(FaultKind::Truncated, &name);
                break;
            };
            let whole = octets.get(..octets.len() - rest.len()).unwrap_or(octets);
            octets = rest;
            let Some(element) = element else {
                // TS 24.501 7.6.1, TS 24.007 11.2.5: an identifier below 16 must be understood
                if first & 0xf0 == 0 {
                    faults.add(FaultKind::ComprehensionRequired, &format!("{first:#04x}"));
                    return None;
                }
                if unknown.len() < MOST_UNKNOWN {
                    unknown.push(whole);
                }
                continue;
            };
            if std::mem::replace(&mut seen[usize::from(known)], true) {
                faults.add(FaultKind::Repeated, &element.name); // TS 24.501 7.6.3: the first counts
                continue;
            }
            let place = base + usize::from(known);
            if place < last {
                faults.add(FaultKind::OutOfSequence, &element.name);
            }
            last = last.max(place);
            let decoded = match element.format {
                Format::TagHalf(_) => self.half(element, *first, false, sink),
                Format::Tag(_) => Some(sink.boolean(true)),
                _ => self.contents(element, contents, sink, faults),
            };
            match decoded {
                Some(value) => {
                    while fields.len() <= place {
                        fields.push(sink.absent());
                    }
                    if let Some(slot) = fields.get_mut(place) {
                        *slot = value;
                    }
                }
                // TS 24.501 7.7.1: as if it were not there
                None => faults.add(FaultKind::OptionalInvalid, &element.name),
            }
        }
        Some(unknown)
    }

    /// Writes a message of these fields, then the elements it did not know when it was read.
    pub fn encode<S: Source>(
        &self,
        message: &Message,
        source: &S,
        fields: &S::Fields,
        unknown: &mut dyn FnMut(&mut Writer) -> Result<(), Unencodable>,
    ) -> Result<Vec<u8>, Unencodable> {
        let mut writer = Writer::new();
        let mut header = 0;
        writer.bits(u64::from(message.discriminator), 8);
        if message.discriminator == SESSION_MANAGEMENT {
            for name in ["pdu_session_identity", "pti"] {
                let octet = source.unsigned(&source.field(fields, header)?).ok().filter(|octet| *octet < 256);
                writer.bits(octet.ok_or_else(|| Unencodable::new(format!("{name}: not an octet")))?, 8);
                header += 1;
            }
        } else {
            writer.bits(0, 8);
        }
        writer.bits(u64::from(message.kind), 8);
        let mut halved = false;
        for (index, element) in message.elements.iter().enumerate() {
            if index >= message.mandatory && source.lacks(fields, header + index) {
                continue;
            }
            let value = source.field(fields, header + index)?;
            self.element(element, &mut writer, source, &value, halved)
                .map_err(|Unencodable(what)| Unencodable(format!("{}: {what}", element.name)))?;
            halved = element.format == Format::Half && !halved;
        }
        unknown(&mut writer)?;
        Ok(writer.finish())
    }

    fn element<S: Source>(
        &self,
        element: &InformationElement,
        writer: &mut Writer,
        source: &S,
        value: &S::Value,
        halved: bool,
    ) -> Result<(), Unencodable> {
        let whole = |writer: &mut Writer| value::encode(&self.layout, element.node, writer, source, value);
        let half = |writer: &mut Writer| {
            let start = writer.len();
            writer.bits(0, 4);
            whole(writer)?;
            if writer.len() == start + 1 { Ok(()) } else { Err(Unencodable::new("more than half an octet")) }
        };
        match element.format {
            Format::Half => {
                half(writer)?;
                if halved {
                    writer.fold_half();
                }
            }
            Format::Tag(tag) => {
                if source.boolean(value)? {
                    writer.bits(u64::from(tag), 8);
                }
            }
            Format::TagHalf(tag) => {
                half(writer)?;
                writer.tag_half(tag);
            }
            Format::Fixed(length) => sized(writer, length, whole)?,
            Format::TagFixed(tag, length) => {
                writer.bits(u64::from(tag), 8);
                sized(writer, length, whole)?;
            }
            Format::Length { bits, least, most } => measured(writer, bits, least, most, whole)?,
            Format::TagLength { tag, bits, least, most } => {
                writer.bits(u64::from(tag), 8);
                measured(writer, bits, least, most, whole)?;
            }
        }
        Ok(())
    }
}

fn find(by_kind: &[u8], kind: u8) -> Option<usize> {
    by_kind.get(usize::from(kind)).filter(|index| **index != NONE).map(|index| usize::from(*index))
}

fn nothing<'a, V>(kind: FaultKind, faults: &mut Faults) -> Decoded<'a, V> {
    faults.add(kind, "");
    Decoded::Nothing
}

/// The contents of the element at the front, and what follows it.
fn split(octets: &[u8], format: Format) -> Option<(&[u8], &[u8])> {
    let tagged = usize::from(tag_of(format).is_some());
    let body = octets.get(tagged..)?;
    let length = match format {
        Format::Tag(_) | Format::TagHalf(_) | Format::Half => 0,
        Format::Fixed(length) | Format::TagFixed(_, length) => length,
        Format::Length { bits: 16, .. } | Format::TagLength { bits: 16, .. } => {
            let ([high, low], body) = (body.first_chunk::<2>()?, body.get(2..)?);
            return body.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])));
        }
        Format::Length { .. } | Format::TagLength { .. } => {
            let (length, body) = body.split_first()?;
            return body.split_at_checked(usize::from(*length));
        }
    };
    body.split_at_checked(length)
}

/// How to skip an element nobody declared (TS 24.007 11.2.4): one octet, TLV-E, or TLV.
fn unknown_format(first: u8) -> Format {
    match first >> 4 {
        8..=15 => Format::Tag(first),
        7 => Format::TagLength { tag: first, bits: 16, least: 0, most: usize::MAX },
        _ => Format::TagLength { tag: first, bits: 8, least: 0, most: usize::MAX },
    }
}

type Write<'w> = &'w mut Writer;

fn sized(
    w: Write<'_>,
    length: usize,
    put: impl FnOnce(Write<'_>) -> Result<(), Unencodable>,
) -> Result<(), Unencodable> {
    let start = w.len();
    put(w)?;
    match w.len() - start {
        written if written == length => Ok(()),
        written => Err(Unencodable::new(format!("{written} octets where {length} belong"))),
    }
}

fn measured(
    w: Write<'_>,
    bits: usize,
    least: usize,
    most: usize,
    put: impl FnOnce(Write<'_>) -> Result<(), Unencodable>,
) -> Result<(), Unencodable> {
    let at = w.len();
    w.bits(0, bits);
    put(w)?;
    let length = w.len() - at - bits / 8;
    if length < least || length > most {
        return Err(Unencodable::new(format!("{length} octets are not {least} to {most}")));
    }
    w.patch(at, length as u64, bits);
    Ok(())
}
