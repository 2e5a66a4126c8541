//! GTP-U messages (TS 29.281), read with every bound checked.

use crate::address::number_octets;
use std::net::{IpAddr, SocketAddr};

/// The registered port (TS 29.281 4.4.2.3).
pub const GTPU_PORT: u16 = 2152;

pub(crate) const ECHO_REQUEST: u8 = 1; // TS 29.281 7.2.1
pub(crate) const ECHO_RESPONSE: u8 = 2; // TS 29.281 7.2.2
pub(crate) const ERROR_INDICATION: u8 = 26; // TS 29.281 7.3.1
pub(crate) const SUPPORTED_EXTENSIONS: u8 = 31; // TS 29.281 7.2.3
pub(crate) const END_MARKER: u8 = 254; // TS 29.281 7.3.2
pub(crate) const G_PDU: u8 = 255; // TS 29.281 6.1

const SESSION_CONTAINER: u8 = 0x85; // TS 29.281 5.2.2.7
const UDP_PORT: u8 = 0x40; // TS 29.281 5.2.2.1
const LONGEST_CHAIN: usize = 8;

const RECOVERY: u8 = 14; // TS 29.281 8.2
const TEID_DATA: u8 = 16; // TS 29.281 8.3
const PEER_ADDRESS: u8 = 133; // TS 29.281 8.4
const EXTENSION_LIST: u8 = 141; // TS 29.281 8.5

/// What the header of a GTP-U message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: u8,
    pub teid: u32,
    pub sequence: Option<u16>,
    /// The QoS flow identifier of the PDU session container (TS 38.415 5.5.3.3); 0 where there is none.
    pub qfi: u8,
    /// A receiving endpoint must understand an extension header that this one does not; a node in between passes it on.
    pub strange: bool,
    /// Where the payload begins.
    pub offset: usize,
    /// Where the message ends; a datagram may be longer.
    pub end: usize,
}

/// Why a datagram is not a GTP-U message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too short, another version, or longer than the datagram.
    Malformed,
    /// The chain of extension headers is empty, endless or leaves the message.
    Chain,
    /// An extension header that must be understood is not (TS 29.281 5.2.1).
    Unsupported,
}

/// Reads the header of the GTP-U message in `datagram` (TS 29.281 5.1).
#[inline(always)]
pub fn parse(datagram: &[u8]) -> Result<Header, Fault> {
    let Some(&[flags, kind, long, short, t0, t1, t2, t3]) = datagram.first_chunk::<8>() else {
        return Err(Fault::Malformed);
    };
    if flags & 0xf0 != 0x30 {
        return Err(Fault::Malformed); // version 1, GTP and not GTP'
    }
    let end = 8 + usize::from(u16::from_be_bytes([long, short]));
    if end > datagram.len() {
        return Err(Fault::Malformed);
    }
    let teid = u32::from_be_bytes([t0, t1, t2, t3]);
    let mut header = Header { kind, teid, sequence: None, qfi: 0, strange: false, offset: 8, end };
    if flags & 0x07 == 0 {
        return Ok(header);
    }
    let Some(&[s0, s1, _, next]) = datagram[8..end].first_chunk::<4>() else { return Err(Fault::Malformed) };
    header.offset = 12;
    if flags & 0x02 != 0 {
        header.sequence = Some(u16::from_be_bytes([s0, s1]));
    }
    if flags & 0x04 != 0 && next != 0 {
        walk(&datagram[..end], next, &mut header)?;
    }
    Ok(header)
}

/// Follows the chain of extension headers (TS 29.281 5.2.1).
#[inline]
fn walk(message: &[u8], first: u8, header: &mut Header) -> Result<(), Fault> {
    let mut next = first;
    for _ in 0..LONGEST_CHAIN {
        let Some(&units) = message.get(header.offset) else { return Err(Fault::Chain) };
        let length = usize::from(units) * 4;
        let after = header.offset + length;
        if length == 0 || after > message.len() {
            return Err(Fault::Chain);
        }
        if next == SESSION_CONTAINER {
            header.qfi = message[header.offset + 2] & 0x3f; // the same place in both directions: TS 38.415 5.5.2
        } else if next & 0xc0 == 0xc0 {
            return Err(Fault::Unsupported); // bits 8 and 7: 11 asks every node to understand it
        } else if next & 0x80 != 0 {
            header.strange = true; // 10 asks the endpoint alone
        }
        next = message[after - 1];
        header.offset = after;
        if next == 0 {
            return Ok(());
        }
    }
    Err(Fault::Chain)
}

/// The sixteen octets before a downlink packet: G-PDU with its PDU session container (TS 29.281 5.2.2.7).
/// The length, octets 3 and 4, is set by [`set_length`].
pub(crate) fn downlink_header(teid: u32, mark: u8) -> [u8; 16] {
    let [t0, t1, t2, t3] = teid.to_be_bytes();
    // TS 38.415 5.5.2.1: PDU type 0, no paging policy.
    [0x34, G_PDU, 0, 0, t0, t1, t2, t3, 0, 0, 0, SESSION_CONTAINER, 1, 0, mark, 0]
}

/// The header of a G-PDU that a node between two tunnels passes on.
pub(crate) struct Relayed {
    octets: [u8; LONGEST_RELAYED],
    length: usize,
    next: usize,
}

/// Longer headers than this are not passed on: no extension header of TS 29.281 comes near.
const LONGEST_RELAYED: usize = 96;

/// What a node between two tunnels changes in the extension headers (TS 29.244 8.2.64): the marks of the PDU session
/// container, or that there is none.
#[derive(Clone, Copy)]
pub(crate) struct Remark {
    /// The octet of the QoS flow; 0 leaves the container as it came.
    pub mark: u8,
    pub uplink: bool,
    pub delete_container: bool,
}

impl Relayed {
    /// The header that leaves into the tunnel `teid` before `payload` octets, with the extension headers that are passed
    /// on (TS 29.281 5.2.1); `None` where they are too long.
    pub(crate) fn new(datagram: &[u8], header: &Header, teid: u32, remark: Remark, payload: usize) -> Option<Self> {
        let mut out = Self { octets: [0; LONGEST_RELAYED], length: 12, next: 11 };
        out.octets[..2].copy_from_slice(&[0x34, G_PDU]);
        out.octets[4..8].copy_from_slice(&teid.to_be_bytes());
        let mut marked = remark.delete_container;
        let mut kind = if datagram.first()? & 0x04 != 0 { *datagram.get(11)? } else { 0 };
        let mut at = 12;
        while kind != 0 && at < header.offset {
            let end = at + usize::from(*datagram.get(at)?) * 4;
            let octets = datagram.get(at..end)?;
            let container = kind == SESSION_CONTAINER;
            if kind & 0xc0 != 0x40 && !(container && remark.delete_container) {
                let place = out.extend(kind, octets)?;
                if container && remark.mark != 0 {
                    // TS 38.415 5.5.2: both directions have the QFI here, downlink the RQI beside it.
                    out.octets[place + 2] = out.octets[place + 2] & 0xc0 | remark.mark;
                }
                marked |= container;
            }
            kind = *octets.last()?;
            at = end;
        }
        if !marked && remark.mark != 0 {
            out.extend(SESSION_CONTAINER, &[1, if remark.uplink { 0x10 } else { 0 }, remark.mark, 0])?;
        }
        if out.length == 12 {
            (out.octets[0], out.length) = (0x30, 8);
        }
        let length = u16::try_from(out.length - 8 + payload).ok()?;
        out.octets[2..4].copy_from_slice(&length.to_be_bytes());
        Some(out)
    }

    /// A G-PDU with nothing but a PDU session container.
    pub(crate) fn plain(teid: u32, remark: Remark, payload: usize) -> Option<Self> {
        let header = Header { kind: G_PDU, teid, sequence: None, qfi: 0, strange: false, offset: 8, end: 8 };
        Self::new(&[0x30], &header, teid, remark, payload)
    }

    fn extend(&mut self, kind: u8, octets: &[u8]) -> Option<usize> {
        let place = self.length;
        self.octets.get_mut(place..place + octets.len())?.copy_from_slice(octets);
        self.octets[self.next] = kind;
        self.length += octets.len();
        self.next = self.length - 1;
        self.octets[self.next] = 0;
        Some(place)
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

/// The octet of a downlink PDU session container with the QoS flow and the reflective QoS indicator (TS 38.415 5.5.2.1).
pub(crate) fn mark(qfi: u8, reflective: bool) -> u8 {
    qfi & 0x3f | if reflective { 0x40 } else { 0 }
}

/// Writes into `header` the length of the message that carries `payload` octets.
#[inline]
pub(crate) fn set_length(header: &mut [u8; 16], payload: usize) {
    let [high, low] = (payload.wrapping_add(8) as u16).to_be_bytes();
    header[2] = high;
    header[3] = low;
}

fn message(kind: u8, teid: u32, sequence: u16, extension: Option<[u8; 4]>, elements: &[u8]) -> Vec<u8> {
    let length = 4 + extension.map_or(0, |_| 4) + elements.len();
    let mut out = Vec::with_capacity(8 + length);
    out.extend([if extension.is_some() { 0x36 } else { 0x32 }, kind]);
    out.extend((length as u16).to_be_bytes());
    out.extend(teid.to_be_bytes());
    out.extend(sequence.to_be_bytes());
    out.extend([0, if extension.is_some() { UDP_PORT } else { 0 }]);
    out.extend(extension.into_iter().flatten());
    out.extend(elements);
    out
}

/// Asks whether the other end is there (TS 29.281 7.2.1).
pub(crate) fn echo_request(sequence: u16) -> Vec<u8> {
    message(ECHO_REQUEST, 0, sequence, None, &[])
}

/// The answer to an echo request; the restart counter is always 0 (TS 29.281 7.2.2).
pub(crate) fn echo_response(sequence: u16) -> Vec<u8> {
    message(ECHO_RESPONSE, 0, sequence, None, &[RECOVERY, 0])
}

/// The extension headers this endpoint understands (TS 29.281 7.2.3).
pub(crate) fn supported_extensions() -> Vec<u8> {
    message(SUPPORTED_EXTENSIONS, 0, 0, None, &[EXTENSION_LIST, 1, SESSION_CONTAINER])
}

/// Tells `peer` that `local` has no tunnel `teid` (TS 29.281 7.3.1).
pub(crate) fn error_indication(teid: u32, local: IpAddr, peer: SocketAddr) -> Vec<u8> {
    let mut elements = vec![TEID_DATA];
    elements.extend(teid.to_be_bytes());
    elements.push(PEER_ADDRESS);
    match local {
        IpAddr::V4(address) => {
            elements.extend([0, 4]);
            elements.extend(address.octets());
        }
        IpAddr::V6(address) => {
            elements.extend([0, 16]);
            elements.extend(address.octets());
        }
    }
    let [high, low] = peer.port().to_be_bytes();
    message(ERROR_INDICATION, 0, 0, Some([1, high, low, 0]), &elements)
}

/// No more packets come on the tunnel `teid` (TS 29.281 7.3.2).
pub(crate) fn end_marker(teid: u32) -> Vec<u8> {
    let mut out = vec![0x30, END_MARKER, 0, 0];
    out.extend(teid.to_be_bytes());
    out
}

/// The tunnel that an error indication names: its identifier and the address, as [`crate::ip_number`] has it.
pub(crate) fn indicated(elements: &[u8]) -> Option<(u32, u128)> {
    let (&[kind, t0, t1, t2, t3], rest) = elements.split_first_chunk::<5>()?;
    let (&[address, high, low], rest) = rest.split_first_chunk::<3>()?;
    if (kind, address) != (TEID_DATA, PEER_ADDRESS) {
        return None;
    }
    let octets = rest.get(..usize::from(u16::from_be_bytes([high, low])))?;
    Some((u32::from_be_bytes([t0, t1, t2, t3]), number_octets(octets)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn when_a_session_container_is_there_then_its_qfi_is_read() {
        let datagram = [0x34, 255, 0, 12, 0, 0, 0, 7, 0, 0, 0, 0x85, 1, 0x10, 9, 0, 1, 2, 3, 4];
        let header = parse(&datagram).unwrap();
        assert_eq!((header.teid, header.qfi, header.offset, header.end), (7, 9, 16, 20));
    }

    #[test]
    fn when_the_chain_is_broken_then_it_is_refused() {
        let empty = [0x34, 255, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0x85, 0, 0, 9, 0];
        assert_eq!(parse(&empty), Err(Fault::Chain));
        let beyond = [0x34, 255, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0x85, 2, 0, 9, 0];
        assert_eq!(parse(&beyond), Err(Fault::Chain));
        let mut endless = vec![0x34, 255, 0, 44, 0, 0, 0, 7, 0, 0, 0, 0x20];
        for _ in 0..10 {
            endless.extend([1, 0, 0, 0x20]);
        }
        assert_eq!(parse(&endless), Err(Fault::Chain));
        let unknown = [0x34, 255, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0xc7, 1, 0, 9, 0];
        assert_eq!(parse(&unknown), Err(Fault::Unsupported));
        let optional = [0x34, 255, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0x47, 1, 0, 9, 0];
        assert_eq!(parse(&optional).map(|header| header.offset), Ok(16));
    }

    #[test]
    fn when_flags_promise_octets_that_are_not_there_then_it_is_malformed() {
        for flags in [0x31, 0x32, 0x34, 0x37] {
            assert_eq!(parse(&[flags, 255, 0, 0, 0, 0, 0, 7]), Err(Fault::Malformed));
        }
        assert_eq!(parse(&[0x50, 255, 0, 0, 0, 0, 0, 7]), Err(Fault::Malformed));
        assert_eq!(parse(&[0x20, 255, 0, 0, 0, 0, 0, 7]), Err(Fault::Malformed));
        assert_eq!(parse(&[0x30, 255, 0, 1, 0, 0, 0, 7]), Err(Fault::Malformed));
    }

    #[test]
    fn when_every_prefix_of_a_message_is_read_then_nothing_panics() {
        let indication = error_indication(9, IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::from(([10, 0, 0, 1], 2152)));
        for end in 0..indication.len() {
            assert!(parse(&indication[..end]).is_err());
        }
        let header = parse(&indication).unwrap();
        assert_eq!(header.kind, ERROR_INDICATION);
        let (teid, address) = indicated(&indication[header.offset..header.end]).unwrap();
        assert_eq!((teid, address), (9, crate::ip_number(IpAddr::V4(Ipv4Addr::LOCALHOST))));
        for end in header.offset..indication.len() {
            assert_eq!(indicated(&indication[header.offset..end]), None);
        }
    }
}
