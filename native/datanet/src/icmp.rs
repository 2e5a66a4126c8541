//! ICMP and ICMPv6: echo, and that something cannot be reached (RFC 792, RFC 4443).
use crate::ip::{self, HEADER, HEADER_6, ICMP, ICMP_6, View, checksum, pseudo_header};
use std::net::{IpAddr, Ipv6Addr};

/// The types of echo, of IPv4 and of IPv6.
const ECHO_REQUEST: [u8; 2] = [8, 128];
const ECHO_REPLY: [u8; 2] = [0, 129];
/// An error of IPv6 is no longer than what every link carries (RFC 4443 2.4 c).
const LEAST_MTU_6: usize = 1280;

/// Why a packet goes no further: type and code of IPv4 and of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// RFC 1812 5.2.7.1: network unreachable; RFC 4443 3.1: no route.
    Network,
    /// RFC 1122 3.2.2.1: protocol unreachable; RFC 4443 3.4: unrecognized next header.
    Protocol,
    /// RFC 1122 4.1.3.1 and RFC 4443 3.1: port unreachable.
    Port,
    /// RFC 1812 5.2.7.1 and RFC 4443 3.1: administratively prohibited.
    Prohibited,
}

impl Reason {
    fn kind(self, version_6: bool) -> [u8; 2] {
        match (self, version_6) {
            (Reason::Network, false) => [3, 0],
            (Reason::Protocol, false) => [3, 2],
            (Reason::Port, false) => [3, 3],
            (Reason::Prohibited, false) => [3, 13],
            (Reason::Network, true) => [1, 0],
            (Reason::Protocol, true) => [4, 1],
            (Reason::Port, true) => [1, 4],
            (Reason::Prohibited, true) => [1, 1],
        }
    }
}

/// What a message of either version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    EchoRequest,
    EchoReply,
    /// Something about an earlier packet, whose first octets it quotes.
    Error,
    Other,
}

/// The kind of the message in `view`; `None` where it is cut, damaged, or of the other version.
pub fn kind(view: &View<'_>) -> Option<Kind> {
    let message = view.payload;
    let start = match view.source {
        IpAddr::V4(_) if view.protocol == ICMP => 0,
        IpAddr::V6(_) if view.protocol == ICMP_6 => pseudo_header(view.source, view.destination, ICMP_6, message.len()),
        _ => return None,
    };
    if message.len() < 8 || checksum(message, start) != 0 {
        return None;
    }
    Some(match (view.source.is_ipv6(), message[0], message[1]) {
        (false, 8, 0) | (true, 128, 0) => Kind::EchoRequest,
        (false, 0, 0) | (true, 129, 0) => Kind::EchoReply,
        (false, 3 | 11 | 12, _) | (true, 1 | 3 | 4, _) => Kind::Error,
        _ => Kind::Other,
    })
}

/// Whether a packet carries ICMP of its version.
pub fn carries(view: &View<'_>) -> bool {
    view.protocol == if view.source.is_ipv6() { ICMP_6 } else { ICMP }
}

/// The echo request that an error is about: its identifier and sequence number as one number.
pub fn quoted_echo(view: &View<'_>) -> Option<u32> {
    let header = if view.source.is_ipv6() { HEADER_6 } else { HEADER };
    ip::u32_at(view.payload.get(8 + header..)?, 4)
}

/// An echo request with `size` octets of data (RFC 792, RFC 4443 4.1).
pub fn echo_request(
    source: impl Into<IpAddr>,
    destination: impl Into<IpAddr>,
    identifier: u16,
    sequence: u16,
    size: usize,
) -> Option<Vec<u8>> {
    let (source, destination) = (source.into(), destination.into());
    let version_6 = source.is_ipv6();
    let protocol = if version_6 { ICMP_6 } else { ICMP };
    let mut packet = ip::packet(source, destination, protocol, size.checked_add(8)?)?;
    let header = packet.len() - size - 8;
    let message = &mut packet[header..];
    message[0] = ECHO_REQUEST[usize::from(version_6)];
    message[4..6].copy_from_slice(&identifier.to_be_bytes());
    message[6..8].copy_from_slice(&sequence.to_be_bytes());
    for (index, octet) in message[8..].iter_mut().enumerate() {
        *octet = index as u8;
    }
    seal(source, destination, message);
    Some(packet)
}

/// Writes the checksum of a message.
pub fn seal(source: IpAddr, destination: IpAddr, message: &mut [u8]) {
    let start = if source.is_ipv6() { pseudo_header(source, destination, ICMP_6, message.len()) } else { 0 };
    message[2..4].fill(0);
    let sum = checksum(message, start);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
}

/// The reply to the echo request in `view` of `packet`; `None` where it is none.
pub fn echo_reply(packet: &[u8], view: &View<'_>) -> Option<Vec<u8>> {
    let mut reply = packet.get(..view.total)?.to_vec();
    echo_in_place(&mut reply).then_some(reply)
}

/// Makes an echo request its own reply; false where the message is none, or its checksum is wrong. Extension headers of
/// IPv6 are not sent back.
pub fn echo_in_place(packet: &mut Vec<u8>) -> bool {
    let Some(view) = ip::parse(packet) else { return false };
    if kind(&view) != Some(Kind::EchoRequest) {
        return false;
    }
    let (version_6, mut header, total) = (view.source.is_ipv6(), view.header, view.total);
    packet.truncate(total);
    if version_6 && header != HEADER_6 {
        packet.drain(HEADER_6..header);
        let length = (packet.len() - HEADER_6) as u16;
        packet[4..6].copy_from_slice(&length.to_be_bytes());
        packet[6] = ICMP_6;
        header = HEADER_6;
    }
    let place = usize::from(version_6);
    let old = u16::from_be_bytes([packet[header + 2], packet[header + 3]]);
    packet[header] = ECHO_REPLY[place];
    // RFC 1624 3, equation 3: the sum changes by what the type octet did; the addresses only change places.
    let (before, after) = (u16::from(ECHO_REQUEST[place]) << 8, u16::from(ECHO_REPLY[place]) << 8);
    let mut sum = u32::from(!old) + u32::from(!before) + u32::from(after);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    packet[header + 2..header + 4].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    ip::turn_round(packet, header);
    true
}

/// A destination unreachable about `packet`, from `source` (RFC 792, RFC 4443 3.1; RFC 1812 4.3.2.3 limits what IPv4
/// quotes).
pub fn unreachable(source: impl Into<IpAddr>, reason: Reason, view: &View<'_>, packet: &[u8]) -> Option<Vec<u8>> {
    let version_6 = view.source.is_ipv6();
    // RFC 1122 3.2.2, RFC 4443 2.4 e: never about an ICMP error, a later fragment, or to a group.
    let asks = match view.payload.first() {
        Some(8) => !version_6,
        Some(kind) => version_6 && kind & 0x80 != 0,
        None => false,
    };
    let late = view.piece.is_some_and(|piece| piece.offset != 0);
    let group = match view.destination {
        IpAddr::V4(destination) => destination.is_broadcast() || destination.is_multicast(),
        IpAddr::V6(destination) => destination.is_multicast() || view.source.is_unspecified(),
    };
    if carries(view) && !asks || late || group {
        return None;
    }
    let quoted = if version_6 { LEAST_MTU_6 - HEADER_6 - 8 } else { view.header + 8 };
    let quoted = packet.get(..view.total.min(quoted))?;
    let protocol = if version_6 { ICMP_6 } else { ICMP };
    let source = source.into();
    let mut answer = ip::packet(source, view.source, protocol, 8 + quoted.len())?;
    let header = answer.len() - 8 - quoted.len();
    let message = &mut answer[header..];
    message[..2].copy_from_slice(&reason.kind(version_6));
    if version_6 && reason == Reason::Protocol {
        message[4..8].copy_from_slice(&next_header_place(packet, view).to_be_bytes());
    }
    message[8..].copy_from_slice(quoted);
    seal(source, view.source, message);
    Some(answer)
}

/// Where the octet stands that names the payload's protocol (RFC 4443 3.4).
fn next_header_place(packet: &[u8], view: &View<'_>) -> u32 {
    let (mut place, mut at) = (6, HEADER_6);
    while at < view.header {
        let length = if packet.get(place) == Some(&ip::FRAGMENT) { 8 } else { usize::from(packet[at + 1]) * 8 + 8 };
        (place, at) = (at, at + length);
    }
    place as u32
}

/// A router advertisement's prefix for addresses (RFC 4861 4.6.2) and its link MTU (RFC 4861 4.6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    pub prefix: Option<u64>,
    pub mtu: Option<u32>,
}

/// Reads a router advertisement; `None` where it is none, or must be ignored (RFC 4861 6.1.2).
pub fn advertised(view: &View<'_>) -> Option<Advertised> {
    let IpAddr::V6(source) = view.source else { return None };
    let message = view.payload;
    if view.hops != 255 || source.segments()[0] & 0xffc0 != 0xfe80 || kind(view).is_none() || message.len() < 16 {
        return None;
    }
    if message[..2] != [134, 0] {
        return None;
    }
    let (mut found, mut options) = (Advertised::default(), &message[16..]);
    while !options.is_empty() {
        let length = usize::from(*options.get(1)?) * 8;
        let option = options.get(..length).filter(|option| !option.is_empty())?;
        match (option[0], length) {
            // RFC 4862 5.5.3: autonomous, 64 bits, and alive.
            (3, 32) if option[2] == 64 && option[3] & 0x40 != 0 && option[4..8] != [0; 4] => {
                found.prefix = found.prefix.or(option[16..24].try_into().ok().map(u64::from_be_bytes));
            }
            (5, 8) => found.mtu = ip::u32_at(option, 4),
            _ => {}
        }
        options = &options[length..];
    }
    Some(found)
}

/// A router solicitation (RFC 4861 4.1).
pub fn router_solicitation(source: Ipv6Addr) -> Option<Vec<u8>> {
    let all_routers = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
    let mut packet = ip::packet(source, all_routers, ICMP_6, 8)?;
    packet[7] = 255;
    packet[HEADER_6] = 133;
    seal(source.into(), all_routers.into(), &mut packet[HEADER_6..]);
    Some(packet)
}
