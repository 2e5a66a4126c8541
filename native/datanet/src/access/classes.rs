//! Which QoS flow a terminal's packets take: QoS rules in their order (TS 23.501 5.7.1.5, TS 24.501 9.11.4.13).
use crate::ip;
use std::net::IpAddr;

/// A flow, and what packets are its own: every part has to match.
#[derive(Clone, Debug)]
pub struct UplinkRule {
    qfi: u8,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Remote4(u32, u32),
    Remote6(u128, u128),
    Protocol(u8),
    LocalPorts(u16, u16),
    RemotePorts(u16, u16),
    Service(u8, u8),
    Destination(Vec<u8>),
    Source(Vec<u8>),
    Vlan(u16),
    EtherType(u16),
    /// A component that is not told apart here: the rule matches nothing.
    Unknown,
}

impl UplinkRule {
    /// A rule of packet filter components, each by its type and octets; no component matches everything.
    pub fn new(qfi: u8, components: &[(u8, Vec<u8>)]) -> UplinkRule {
        UplinkRule { qfi, parts: components.iter().filter_map(|(kind, value)| part(*kind, value)).collect() }
    }
}

/// None for what matches everything.
fn part(kind: u8, value: &[u8]) -> Option<Part> {
    let two = |at: usize| ip::u16_at(value, at);
    let read = || match kind {
        0x10 => Some(Part::Remote4(ip::u32_at(value, 0)?, ip::u32_at(value, 4)?)),
        0x21 => {
            let address = u128::from_be_bytes(value.get(..16)?.try_into().ok()?);
            let length = u32::from(*value.get(16)?).min(128);
            Some(Part::Remote6(address, u128::MAX.checked_shl(128 - length).unwrap_or(0)))
        }
        0x30 => Some(Part::Protocol(*value.first()?)),
        0x40 => Some(Part::LocalPorts(two(0)?, two(0)?)),
        0x41 => Some(Part::LocalPorts(two(0)?, two(2)?)),
        0x50 => Some(Part::RemotePorts(two(0)?, two(0)?)),
        0x51 => Some(Part::RemotePorts(two(0)?, two(2)?)),
        0x70 => Some(Part::Service(*value.first()?, *value.get(1)?)),
        0x81 => Some(Part::Destination(value.to_vec())),
        0x82 => Some(Part::Source(value.to_vec())),
        0x83 => Some(Part::Vlan(two(0)?)),
        0x87 => Some(Part::EtherType(two(0)?)),
        _ => None,
    };
    (kind != 0x01).then(|| read().unwrap_or(Part::Unknown))
}

/// What a packet is asked for.
struct Seen<'a> {
    view: Option<ip::View<'a>>,
    service: u8,
    frame: Option<&'a [u8]>,
    vlan: Option<u16>,
    kind: Option<u16>,
}

/// The flow of the first rule that matches.
pub fn flow_of(rules: &[UplinkRule], ethernet: bool, packet: &[u8]) -> Option<u8> {
    let seen = if ethernet { frame(packet) } else { plain(packet, None) };
    rules.iter().find(|rule| rule.parts.iter().all(|part| matches(part, &seen))).map(|rule| rule.qfi)
}

fn plain<'a>(packet: &'a [u8], frame: Option<&'a [u8]>) -> Seen<'a> {
    let word = ip::u16_at(packet, 0).unwrap_or(0);
    let service = if word >> 12 == 6 { (word >> 4) as u8 } else { word as u8 };
    Seen { view: ip::parse(packet), service, frame, vlan: None, kind: None }
}

fn frame(octets: &[u8]) -> Seen<'_> {
    let (mut at, mut vlan) = (12, None);
    while let Some(0x8100 | 0x88a8) = ip::u16_at(octets, at) {
        vlan = ip::u16_at(octets, at + 2).map(|tag| tag & 0x0fff);
        at += 4;
    }
    let kind = ip::u16_at(octets, at);
    let packet = if matches!(kind, Some(0x0800 | 0x86dd)) { octets.get(at + 2..).unwrap_or(&[]) } else { &[] };
    Seen { vlan, kind, ..plain(packet, Some(octets)) }
}

fn matches(part: &Part, seen: &Seen<'_>) -> bool {
    let within = |at: usize, first: u16, last: u16| {
        seen.view.as_ref().is_some_and(|view| {
            let whole = view.piece.is_none() && matches!(view.protocol, ip::TCP | ip::UDP);
            whole && ip::u16_at(view.payload, at).is_some_and(|port| first <= port && port <= last)
        })
    };
    let to = seen.view.as_ref().map(|view| view.destination);
    match part {
        Part::Remote4(address, mask) => {
            matches!(to, Some(IpAddr::V4(to)) if u32::from(to) & mask == address & mask)
        }
        Part::Remote6(address, mask) => {
            matches!(to, Some(IpAddr::V6(to)) if u128::from(to) & mask == address & mask)
        }
        Part::Protocol(protocol) => seen.view.as_ref().is_some_and(|view| view.protocol == *protocol),
        Part::LocalPorts(first, last) => within(0, *first, *last),
        Part::RemotePorts(first, last) => within(2, *first, *last),
        Part::Service(value, mask) => seen.view.is_some() && seen.service & mask == value & mask,
        Part::Destination(address) => seen.frame.is_some_and(|frame| frame.starts_with(address)),
        Part::Source(address) => seen.frame.and_then(|frame| frame.get(6..)).is_some_and(|at| at.starts_with(address)),
        Part::Vlan(tag) => seen.vlan == Some(*tag),
        Part::EtherType(kind) => seen.kind == Some(*kind),
        Part::Unknown => false,
    }
}
