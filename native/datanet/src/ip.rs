//! IPv4, ICMP and UDP headers, read and written without a stack (RFC 791, RFC 792, RFC 768).
use std::net::Ipv4Addr;

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const HEADER: usize = 20;
pub const UDP_HEADER: usize = 8;
const TTL: u8 = 64;

/// What one well-formed IPv4 packet says.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub protocol: u8,
    pub header: usize,
    pub total: usize,
    pub fragment: bool,
    pub payload: &'a [u8],
}

/// Reads `packet`, or `None` where its header does not hold (RFC 791 3.1, RFC 1122 3.2.1).
pub fn parse(packet: &[u8]) -> Option<View<'_>> {
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || header < HEADER || packet.len() < header {
        return None;
    }
    let total = usize::from(u16_at(packet, 2)?);
    if total < header || total > packet.len() || checksum(&packet[..header], 0) != 0 {
        return None;
    }
    Some(View {
        source: address_at(packet, 12)?,
        destination: address_at(packet, 16)?,
        protocol: packet[9],
        header,
        total,
        fragment: u16_at(packet, 6)? & 0x3fff != 0,
        payload: &packet[header..total],
    })
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

/// The Internet checksum of `bytes` on top of the partial sum `start` (RFC 1071); 0 over data that carries a right one.
pub fn checksum(bytes: &[u8], start: u64) -> u16 {
    let mut sum = start;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        sum += u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    }
    let mut last = [0u8; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    sum += u64::from(u32::from_be_bytes(last));
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The partial sum of the pseudo header of UDP and TCP (RFC 768, RFC 9293 3.1).
pub fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length: usize) -> u64 {
    u64::from(u32::from(source)) + u64::from(u32::from(destination)) + u64::from(protocol) + length as u64
}

/// A packet of `protocol` with `length` octets of payload left zero, its header complete.
/// `None` where it would exceed 65,535 octets.
pub fn packet(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length: usize) -> Option<Vec<u8>> {
    let total = u16::try_from(length.checked_add(HEADER)?).ok()?;
    let mut packet = vec![0u8; usize::from(total)];
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet[8] = TTL;
    packet[9] = protocol;
    packet[12..16].copy_from_slice(&source.octets());
    packet[16..20].copy_from_slice(&destination.octets());
    let sum = checksum(&packet[..HEADER], 0);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    Some(packet)
}

/// Turns a packet round in place: addresses swapped, a fresh TTL, header checksum renewed.
pub fn turn_round(packet: &mut [u8], header: usize) {
    let (mut source, mut destination) = ([0u8; 4], [0u8; 4]);
    source.copy_from_slice(&packet[12..16]);
    destination.copy_from_slice(&packet[16..20]);
    packet[12..16].copy_from_slice(&destination);
    packet[16..20].copy_from_slice(&source);
    packet[8] = TTL;
    packet[10..12].fill(0);
    let sum = checksum(&packet[..header], 0);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// The reply to the echo request in `view` of `packet` (RFC 792).
pub fn echo_reply(packet: &[u8], view: &View<'_>) -> Option<Vec<u8>> {
    let mut reply = packet.get(..view.total)?.to_vec();
    echo_in_place(&mut reply, view.header).then_some(reply)
}

/// Makes an echo request its own reply; false where the message is none or its checksum is wrong.
pub fn echo_in_place(packet: &mut [u8], header: usize) -> bool {
    let message = &packet[header..];
    if message.len() < 8 || message[0] != 8 || message[1] != 0 || checksum(message, 0) != 0 {
        return false;
    }
    let old = u16::from_be_bytes([message[2], message[3]]);
    packet[header] = 0;
    // RFC 1624 3, equation 3: the sum grows by what the type octet lost.
    let sum = u32::from(!old) + u32::from(!0x0800u16);
    let sum = !((sum & 0xffff) as u16).wrapping_add((sum >> 16) as u16);
    packet[header + 2..header + 4].copy_from_slice(&sum.to_be_bytes());
    turn_round(packet, header);
    true
}

/// One UDP datagram in an IPv4 packet; `None` where it is too long.
pub fn udp(source: (Ipv4Addr, u16), destination: (Ipv4Addr, u16), payload: &[u8]) -> Option<Vec<u8>> {
    let length = payload.len().checked_add(UDP_HEADER)?;
    let mut packet = packet(source.0, destination.0, UDP, length)?;
    let segment = &mut packet[HEADER..];
    segment[0..2].copy_from_slice(&source.1.to_be_bytes());
    segment[2..4].copy_from_slice(&destination.1.to_be_bytes());
    segment[4..6].copy_from_slice(&(length as u16).to_be_bytes());
    segment[UDP_HEADER..].copy_from_slice(payload);
    let sum = checksum(segment, pseudo_header(source.0, destination.0, UDP, length));
    // RFC 768: a computed zero is sent as all ones.
    segment[6..8].copy_from_slice(&(if sum == 0 { 0xffff } else { sum }).to_be_bytes());
    Some(packet)
}

/// The ports and payload of a UDP segment whose length and checksum hold.
pub fn parse_udp<'a>(view: &View<'a>) -> Option<(u16, u16, &'a [u8])> {
    let length = usize::from(u16_at(view.payload, 4)?);
    if length < UDP_HEADER || length > view.payload.len() {
        return None;
    }
    let segment = &view.payload[..length];
    let checked = u16_at(segment, 6)? != 0;
    if checked && checksum(segment, pseudo_header(view.source, view.destination, UDP, length)) != 0 {
        return None;
    }
    Some((u16_at(segment, 0)?, u16_at(segment, 2)?, &segment[UDP_HEADER..]))
}

/// An ICMP echo request with `size` octets of data (RFC 792).
pub fn echo_request(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    identifier: u16,
    sequence: u16,
    size: usize,
) -> Option<Vec<u8>> {
    let mut packet = packet(source, destination, ICMP, size.checked_add(8)?)?;
    let message = &mut packet[HEADER..];
    message[0] = 8;
    message[4..6].copy_from_slice(&identifier.to_be_bytes());
    message[6..8].copy_from_slice(&sequence.to_be_bytes());
    for (index, octet) in message[8..].iter_mut().enumerate() {
        *octet = index as u8;
    }
    let sum = checksum(message, 0);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(packet)
}

/// An ICMP destination unreachable about `packet`, from `source` (RFC 792; RFC 1812 4.3.2.3 limits what is quoted).
pub fn unreachable(source: Ipv4Addr, code: u8, view: &View<'_>, packet: &[u8]) -> Option<Vec<u8>> {
    // RFC 1122 3.2.2: never about an ICMP error, a later fragment, or a broadcast.
    let about_error = view.protocol == ICMP && !matches!(view.payload.first(), Some(8));
    let late = packet.len() < 8 || u16_at(packet, 6)? & 0x1fff != 0;
    if about_error || late || view.destination.is_broadcast() || view.destination.is_multicast() {
        return None;
    }
    let quoted = &packet[..view.total.min(view.header + 8)];
    let mut answer = self::packet(source, view.source, ICMP, 8 + quoted.len())?;
    let message = &mut answer[HEADER..];
    message[0] = 3;
    message[1] = code;
    message[8..].copy_from_slice(quoted);
    let sum = checksum(message, 0);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(answer)
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
    let out = &mut answer[HEADER..];
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
