//! The terminal's IP packet: checked to be whole, and its five-tuple.

use crate::address::{MAPPED, number_octets};

/// What a packet says of itself; addresses as [`crate::ip_number`] has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    pub source: u128,
    pub destination: u128,
    /// The transport protocol (IPv4) or the last next header that was reached (IPv6).
    pub protocol: u8,
    /// 0 where the packet has no ports, or is a later fragment.
    pub source_port: u16,
    pub destination_port: u16,
    /// The type of service or traffic class.
    pub service: u8,
    /// Of an IPsec header: ESP (RFC 4303 2.1) or AH (RFC 4302 2.4); none in a later fragment.
    pub security_parameter_index: Option<u32>,
    /// Of IPv6 alone (RFC 6437).
    pub flow_label: Option<u32>,
    /// Of a fragmented packet.
    pub fragment: Option<Fragment>,
    /// The length its header states; what a datagram carries beyond it is padding.
    pub length: usize,
}

/// Which packet a fragment is of, and whether it is the first, with the ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    pub identification: u32,
    pub first: bool,
}

const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
const SCTP: u8 = 132;
const UDP_LITE: u8 = 136;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const ENCAPSULATING: u8 = 50;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const LONGEST_CHAIN: usize = 8;
// RFC 791 3.1: options of IPv4.
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/// Reads an IP packet; `None` where it is not a whole one (RFC 791 3.1, RFC 8200 3).
#[inline(always)]
pub fn parse(octets: &[u8]) -> Option<Inner> {
    match octets.first()? >> 4 {
        4 => version_4(octets),
        6 => version_6(octets),
        _ => None,
    }
}

/// The destination of what may be a packet, not checked for anything: where its record is likely to be.
#[inline]
pub(crate) fn destination(octets: &[u8]) -> Option<u128> {
    let place = if octets.first()? >> 4 == 6 { 24..40 } else { 16..20 };
    octets.get(place).and_then(number_octets)
}

#[inline(always)]
fn version_4(octets: &[u8]) -> Option<Inner> {
    let header = octets.first_chunk::<20>()?;
    let header_length = usize::from(header[0] & 0x0f) * 4;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header_length < 20 || length < header_length || length > octets.len() {
        return None;
    }
    if header_length > 20 && !harmless(octets.get(20..header_length)?) {
        return None;
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    let (offset, more) = (fragment & 0x1fff, fragment & 0x2000 != 0);
    if usize::from(offset) * 8 + (length - header_length) > 65_535 {
        return None; // a fragment beyond the longest packet
    }
    let payload = octets.get(header_length..length)?;
    let (source_port, destination_port) = if offset == 0 { ports(header[9], payload, more)? } else { (0, 0) };
    let security_parameter_index = if offset == 0 { index(header[9], payload) } else { None };
    let word = |at: usize| {
        MAPPED | u128::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    Some(Inner {
        source: word(12),
        destination: word(16),
        protocol: header[9],
        source_port,
        destination_port,
        service: header[1],
        security_parameter_index,
        flow_label: None,
        fragment: (fragment & 0x3fff != 0).then(|| Fragment {
            identification: u32::from(u16::from_be_bytes([header[4], header[5]])),
            first: offset == 0,
        }),
        length,
    })
}

/// Whether the options of a packet neither steer nor record its way, and hold together (RFC 7126 4.3 to 4.7).
#[cold]
fn harmless(mut options: &[u8]) -> bool {
    while let Some((&kind, rest)) = options.split_first() {
        options = match kind {
            END => return true,
            NO_OPERATION => rest,
            RECORD_ROUTE | TIMESTAMP | LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE => return false,
            _ => match rest.first().and_then(|&length| options.get(usize::from(length).max(2)..)) {
                Some(following) => following,
                None => return false,
            },
        };
    }
    true
}

fn version_6(octets: &[u8]) -> Option<Inner> {
    let header = octets.first_chunk::<40>()?;
    let length = 40 + usize::from(u16::from_be_bytes([header[4], header[5]]));
    if length > octets.len() {
        return None;
    }
    let transport = upper_layer(header[6], octets.get(40..length)?)?;
    let (source_port, destination_port) = match transport.payload {
        Some(payload) => ports(transport.protocol, payload, transport.more)?,
        None => (0, 0),
    };
    let security_parameter_index =
        transport.authenticated.or_else(|| transport.payload.and_then(|payload| index(transport.protocol, payload)));
    let address = |at: usize| octets.get(at..at + 16).and_then(|part| part.try_into().ok()).map(u128::from_be_bytes);
    let (source, destination) = (address(8)?, address(24)?);
    if source >> 32 == 0xffff || destination >> 32 == 0xffff {
        return None; // IPv4 addresses do not stand in IPv6 packets (RFC 4291 2.5.5.2, RFC 4038 4.2)
    }
    Some(Inner {
        source,
        destination,
        protocol: transport.protocol,
        source_port,
        destination_port,
        service: (header[0] << 4) | (header[1] >> 4),
        security_parameter_index,
        flow_label: Some(u32::from_be_bytes([0, header[1] & 0x0f, header[2], header[3]])),
        fragment: transport.fragment,
        length,
    })
}

struct Transport<'a> {
    protocol: u8,
    /// `None` in a later fragment.
    payload: Option<&'a [u8]>,
    more: bool,
    /// The index of an authentication header on the way.
    authenticated: Option<u32>,
    fragment: Option<Fragment>,
}

/// Follows the extension headers of an IPv6 packet (RFC 8200 4).
fn upper_layer(first: u8, payload: &[u8]) -> Option<Transport<'_>> {
    let (mut protocol, mut rest, mut more, mut authenticated) = (first, payload, false, None);
    let mut part = None;
    for _ in 0..LONGEST_CHAIN {
        let units = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => usize::from(*rest.get(1)?) * 8 + 8,
            AUTHENTICATION => {
                authenticated = index(AUTHENTICATION, rest);
                usize::from(*rest.get(1)?) * 4 + 8
            }
            FRAGMENT => {
                let header = rest.first_chunk::<8>()?;
                let fragment = u16::from_be_bytes([header[2], header[3]]);
                more |= fragment & 1 != 0;
                let first = fragment & 0xfff8 == 0;
                let identification = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
                part = Some(Fragment { identification, first }).filter(|_| fragment & 0xfff9 != 0);
                if !first {
                    let protocol = header[0];
                    return Some(Transport { protocol, payload: None, more, authenticated, fragment: part });
                }
                8
            }
            _ => return Some(Transport { protocol, payload: Some(rest), more, authenticated, fragment: part }),
        };
        protocol = *rest.first()?;
        rest = rest.get(units..)?;
    }
    None
}

/// The security parameter index of an IPsec header.
#[inline]
fn index(protocol: u8, payload: &[u8]) -> Option<u32> {
    let place = match protocol {
        ENCAPSULATING => payload.first_chunk::<4>(),
        AUTHENTICATION => payload.get(4..).and_then(|rest| rest.first_chunk::<4>()),
        _ => return None,
    };
    place.map(|octets| u32::from_be_bytes(*octets))
}

/// The ports of a transport header. A first fragment too short for them would hide them from the filters, so it is no
/// whole packet (RFC 1858 3).
#[inline]
fn ports(protocol: u8, payload: &[u8], fragmented: bool) -> Option<(u16, u16)> {
    let shortest = match protocol {
        TCP if fragmented => 16,
        UDP | UDP_LITE | SCTP | TCP => 8,
        _ => return Some((0, 0)),
    };
    let header = payload.get(..shortest)?;
    Some((u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp4() -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0x13, 0x88, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]);
        packet
    }

    #[test]
    fn when_options_steer_or_record_the_way_or_do_not_end_then_it_is_no_packet() {
        let with = |options: [u8; 4]| {
            let mut packet = udp4();
            packet[0] = 0x46;
            packet[3] += 4;
            packet.splice(20..20, options);
            parse(&packet).is_some()
        };
        assert!(with([148, 4, 0, 0]) && with([1, 1, 0, 9]) && with([1, 148, 3, 0]));
        for kind in [7, 68, 131, 137] {
            assert!(!with([kind, 4, 4, 0]) && !with([1, kind, 3, 4]), "{kind}");
        }
        assert!(!with([148, 9, 0, 0]) && !with([1, 1, 1, 148]));
    }

    #[test]
    fn when_a_packet_is_whole_then_its_five_tuple_is_read() {
        let inner = parse(&udp4()).unwrap();
        assert_eq!(inner.source, MAPPED | 0x0a00_0001);
        assert_eq!((inner.protocol, inner.source_port, inner.destination_port, inner.length), (17, 5000, 53, 32));
    }

    #[test]
    fn when_a_packet_is_cut_anywhere_then_it_is_refused() {
        let packet = udp4();
        assert!((0..packet.len()).all(|end| parse(&packet[..end]).is_none()));
    }

    #[test]
    fn when_a_header_lies_then_it_is_refused() {
        for (place, value) in [(0, 0x05), (0, 0x44), (0, 0x4f), (0, 0x75), (2, 1), (3, 19), (7, 0xff)] {
            let mut packet = udp4();
            packet[place] = value;
            if place == 7 {
                packet[6] = 0x1f;
            }
            assert_eq!(parse(&packet), None, "{place} {value}");
        }
    }

    #[test]
    fn when_a_first_fragment_hides_its_ports_then_it_is_refused() {
        let mut packet = udp4();
        (packet[3], packet[6]) = (24, 0x20);
        assert_eq!(parse(&packet), None);
        let mut later = udp4();
        later[7] = 1;
        assert_eq!(parse(&later).map(|inner| inner.destination_port), Some(0));
    }

    fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, payload.len() as u8, next, 64];
        packet.extend([1; 16]);
        packet.extend([2; 16]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn when_ipv6_has_extension_headers_then_the_ports_behind_them_are_read() {
        let mut payload = vec![60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0];
        payload.extend([0, 7, 0, 9, 0, 8, 0, 0]);
        let inner = parse(&ipv6(0, &payload)).unwrap();
        assert_eq!((inner.protocol, inner.source_port, inner.destination_port), (17, 7, 9));
    }

    #[test]
    fn when_an_ipv6_packet_names_an_ipv4_address_then_it_is_refused() {
        for place in [8, 24] {
            let mut packet = ipv6(59, &[]);
            packet[place..place + 16].copy_from_slice(&(MAPPED | 0x0a2d_0002).to_be_bytes());
            assert_eq!(parse(&packet), None);
        }
    }

    #[test]
    fn when_an_ipv6_chain_does_not_end_then_it_is_refused() {
        assert_eq!(parse(&ipv6(0, &[0; 200])), None);
        assert_eq!(parse(&ipv6(0, &[17, 200, 0, 0, 0, 0, 0, 0])), None);
        assert_eq!(parse(&ipv6(0, &[])), None);
        assert_eq!(parse(&ipv6(44, &[17, 0, 0, 8, 0, 0, 0, 0])).map(|inner| inner.destination_port), Some(0));
    }
}
