//! IPv4, IPv6 and UDP headers, read and written without a stack (RFC 791, RFC 8200, RFC 768).
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMP_6: u8 = 58;
/// The length of an IPv4 header without options, and of an IPv6 header.
pub const HEADER: usize = 20;
pub const HEADER_6: usize = 40;
pub const UDP_HEADER: usize = 8;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
pub const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;
/// Extension headers of one packet at most.
const LONGEST_CHAIN: usize = 8;
const TTL: u8 = 64;

/// Which piece of a datagram a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub offset: usize,
    pub more: bool,
    pub identification: u32,
}

/// What one well-formed packet says.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub source: IpAddr,
    pub destination: IpAddr,
    /// The protocol of the payload, behind the extension headers of IPv6.
    pub protocol: u8,
    /// Where the payload begins.
    pub header: usize,
    pub total: usize,
    pub hops: u8,
    pub piece: Option<Piece>,
    pub payload: &'a [u8],
}

/// Reads `packet`, or `None` where its header does not hold (RFC 791 3.1, RFC 1122 3.2.1, RFC 8200 3).
pub fn parse(packet: &[u8]) -> Option<View<'_>> {
    match packet.first()? >> 4 {
        4 => parse_4(packet),
        6 => parse_6(packet),
        _ => None,
    }
}

fn parse_4(packet: &[u8]) -> Option<View<'_>> {
    let header = usize::from(*packet.first()? & 0x0f) * 4;
    if header < HEADER || packet.len() < header {
        return None;
    }
    let total = usize::from(u16_at(packet, 2)?);
    if total < header || total > packet.len() || checksum(&packet[..header], 0) != 0 {
        return None;
    }
    let field = u16_at(packet, 6)?;
    let piece = Piece {
        offset: usize::from(field & 0x1fff) * 8,
        more: field & 0x2000 != 0,
        identification: u32::from(u16_at(packet, 4)?),
    };
    Some(View {
        source: address_at(packet, 12)?.into(),
        destination: address_at(packet, 16)?.into(),
        protocol: packet[9],
        header,
        total,
        hops: packet[8],
        piece: (field & 0x3fff != 0).then_some(piece),
        payload: &packet[header..total],
    })
}

fn parse_6(packet: &[u8]) -> Option<View<'_>> {
    let total = HEADER_6 + usize::from(u16_at(packet, 4)?);
    if total > packet.len() {
        return None;
    }
    let (mut protocol, mut header, mut piece) = (packet[6], HEADER_6, None);
    for _ in 0..LONGEST_CHAIN {
        let length = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => usize::from(*packet.get(header + 1)?) * 8 + 8,
            FRAGMENT => 8,
            _ => {
                return Some(View {
                    source: address_6_at(packet, 8)?.into(),
                    destination: address_6_at(packet, 24)?.into(),
                    protocol,
                    header,
                    total,
                    hops: packet[7],
                    piece,
                    payload: packet.get(header..total)?,
                });
            }
        };
        // RFC 8200 4.4: a routing header that still wants to be followed is not followed by a host.
        if header + length > total || protocol == ROUTING && packet[header + 3] != 0 {
            return None;
        }
        if protocol == FRAGMENT {
            let field = u16_at(packet, header + 2)?;
            let (offset, more) = (usize::from(field & 0xfff8), field & 1 != 0);
            // RFC 6946 4: a datagram in one piece is none in pieces.
            if offset != 0 || more {
                piece = Some(Piece { offset, more, identification: u32_at(packet, header + 4)? });
            }
        }
        protocol = packet[header];
        header += length;
        if piece.is_some() {
            let (source, destination) = (address_6_at(packet, 8)?.into(), address_6_at(packet, 24)?.into());
            let payload = packet.get(header..total)?;
            return Some(View { source, destination, protocol, header, total, hops: packet[7], piece, payload });
        }
    }
    None
}

/// The big-endian 16-bit number at `offset`.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(offset..offset.checked_add(2)?)?.try_into().ok()?))
}

/// The big-endian 32-bit number at `offset`.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?))
}

/// The IPv4 address at `offset`.
pub fn address_at(bytes: &[u8], offset: usize) -> Option<Ipv4Addr> {
    u32_at(bytes, offset).map(Ipv4Addr::from)
}

/// The IPv6 address at `offset`.
pub fn address_6_at(bytes: &[u8], offset: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = bytes.get(offset..offset.checked_add(16)?)?.try_into().ok()?;
    Some(octets.into())
}

fn sum(bytes: &[u8], start: u64) -> u64 {
    let mut sum = start;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        sum += u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    }
    let mut last = [0u8; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    sum + u64::from(u32::from_be_bytes(last))
}

/// The Internet checksum of `bytes` on top of the partial sum `start` (RFC 1071); 0 over data that carries a right one.
pub fn checksum(bytes: &[u8], start: u64) -> u16 {
    let mut sum = sum(bytes, start);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The partial sum of the pseudo header of UDP, TCP and ICMPv6 (RFC 768, RFC 9293 3.1, RFC 8200 8.1).
pub fn pseudo_header(source: impl Into<IpAddr>, destination: impl Into<IpAddr>, protocol: u8, length: usize) -> u64 {
    let part = |address: IpAddr| match address {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => sum(&address.octets(), 0),
    };
    part(source.into()) + part(destination.into()) + u64::from(protocol) + length as u64
}

/// A packet of `protocol` with `length` octets of payload left zero, its header complete.
/// `None` where it would exceed 65,535 octets, or the addresses are of two versions.
pub fn packet(
    source: impl Into<IpAddr>,
    destination: impl Into<IpAddr>,
    protocol: u8,
    length: usize,
) -> Option<Vec<u8>> {
    match (source.into(), destination.into()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total = u16::try_from(length.checked_add(HEADER)?).ok()?;
            let mut packet = vec![0u8; usize::from(total)];
            packet[0] = 0x45;
            packet[2..4].copy_from_slice(&total.to_be_bytes());
            (packet[8], packet[9]) = (TTL, protocol);
            packet[12..16].copy_from_slice(&source.octets());
            packet[16..20].copy_from_slice(&destination.octets());
            let sum = checksum(&packet[..HEADER], 0);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            Some(packet)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let length = u16::try_from(length).ok()?;
            let mut packet = vec![0u8; HEADER_6 + usize::from(length)];
            packet[0] = 0x60;
            packet[4..6].copy_from_slice(&length.to_be_bytes());
            (packet[6], packet[7]) = (protocol, TTL);
            packet[8..24].copy_from_slice(&source.octets());
            packet[24..40].copy_from_slice(&destination.octets());
            Some(packet)
        }
        _ => None,
    }
}

/// Turns a packet round in place: addresses swapped, a fresh TTL, an IPv4 header checksum renewed.
pub fn turn_round(packet: &mut [u8], header: usize) {
    if packet[0] >> 4 == 6 {
        let (head, tail) = packet.split_at_mut(24);
        head[8..24].swap_with_slice(&mut tail[..16]);
        packet[7] = TTL;
        return;
    }
    let (head, tail) = packet.split_at_mut(16);
    head[12..16].swap_with_slice(&mut tail[..4]);
    packet[8] = TTL;
    packet[10..12].fill(0);
    let sum = checksum(&packet[..header], 0);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// One UDP datagram in a packet; `None` where it is too long.
pub fn udp(source: (impl Into<IpAddr>, u16), destination: (impl Into<IpAddr>, u16), payload: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = (source.0.into(), destination.0.into());
    let length = u16::try_from(payload.len().checked_add(UDP_HEADER)?).ok()?;
    let mut packet = packet(from, to, UDP, usize::from(length))?;
    let header = packet.len() - usize::from(length);
    let segment = &mut packet[header..];
    segment[0..2].copy_from_slice(&source.1.to_be_bytes());
    segment[2..4].copy_from_slice(&destination.1.to_be_bytes());
    segment[4..6].copy_from_slice(&length.to_be_bytes());
    segment[UDP_HEADER..].copy_from_slice(payload);
    let sum = checksum(segment, pseudo_header(from, to, UDP, segment.len()));
    // RFC 768: a computed zero is sent as all ones.
    segment[6..8].copy_from_slice(&(if sum == 0 { 0xffff } else { sum }).to_be_bytes());
    Some(packet)
}

/// The ports and payload of a UDP segment whose length and checksum hold; over IPv6 there must be one (RFC 8200 8.1).
pub fn parse_udp<'a>(view: &View<'a>) -> Option<(u16, u16, &'a [u8])> {
    let length = usize::from(u16_at(view.payload, 4)?);
    if length < UDP_HEADER || length > view.payload.len() {
        return None;
    }
    let segment = &view.payload[..length];
    let checked = u16_at(segment, 6)? != 0 || view.source.is_ipv6();
    if checked && checksum(segment, pseudo_header(view.source, view.destination, UDP, length)) != 0 {
        return None;
    }
    Some((u16_at(segment, 0)?, u16_at(segment, 2)?, &segment[UDP_HEADER..]))
}

/// A TCP reset that answers the segment in `view` (RFC 9293 3.10.7.1); `None` where that segment is itself a reset.
pub fn reset(view: &View<'_>) -> Option<Vec<u8>> {
    let segment = view.payload;
    let offset = usize::from(*segment.get(12)? >> 4) * 4;
    let flags = *segment.get(13)?;
    if offset < 20 || offset > segment.len() || flags & 0x04 != 0 {
        return None;
    }
    let length = (segment.len() - offset) as u32 + u32::from(flags & 0x02 != 0) + u32::from(flags & 0x01 != 0);
    let mut answer = packet(view.destination, view.source, TCP, 20)?;
    let header = answer.len() - 20;
    let out = &mut answer[header..];
    out[0..2].copy_from_slice(&segment[2..4]);
    out[2..4].copy_from_slice(&segment[0..2]);
    out[12] = 0x50;
    if flags & 0x10 != 0 {
        out[4..8].copy_from_slice(&segment[8..12]);
        out[13] = 0x04;
    } else {
        out[8..12].copy_from_slice(&u32_at(segment, 4)?.wrapping_add(length).to_be_bytes());
        out[13] = 0x14;
    }
    let sum = checksum(out, pseudo_header(view.destination, view.source, TCP, 20));
    out[16..18].copy_from_slice(&sum.to_be_bytes());
    Some(answer)
}
