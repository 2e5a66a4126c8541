//! IPv4 fragmentation and reassembly, bounded in memory and time (RFC 791 3.2, RFC 815).
use crate::ip;
use std::net::Ipv4Addr;

/// How many datagrams may be in pieces at once, of how many pieces each, and for how long (RFC 1122 3.3.2).
const DATAGRAMS: usize = 64;
const PIECES: usize = 64;
const LIFETIME_NS: u64 = 60_000_000_000;

/// What names one fragmented datagram; `scope` keeps networks with the same addresses apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    scope: u64,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    identification: u16,
    protocol: u8,
}

struct Partial {
    key: Key,
    until: u64,
    end: Option<usize>,
    length: usize,
    pieces: Vec<(usize, Vec<u8>)>,
}

/// The datagrams of which only parts have come, oldest first.
#[derive(Default)]
pub struct Reassembly {
    partials: Vec<Partial>,
}

impl Reassembly {
    /// Takes one fragment; the whole packet, with a fresh header, where it was the last one missing.
    pub fn add(&mut self, scope: u64, now_ns: u64, packet: &[u8], view: &ip::View<'_>) -> Option<Vec<u8>> {
        let field = ip::u16_at(packet, 6)?;
        let (offset, more) = (usize::from(field & 0x1fff) * 8, field & 0x2000 != 0);
        let end = offset + view.payload.len();
        if view.payload.is_empty() || end + ip::HEADER > 65_535 || (more && view.payload.len() % 8 != 0) {
            return None;
        }
        let key = Key {
            scope,
            source: view.source,
            destination: view.destination,
            identification: ip::u16_at(packet, 4)?,
            protocol: view.protocol,
        };
        self.partials.retain(|partial| partial.until > now_ns);
        let index = self.index(key, now_ns);
        let partial = self.partials.get_mut(index)?;
        if !partial.take(offset, end, more, view.payload) {
            self.partials.remove(index);
            return None;
        }
        if partial.end != Some(partial.length) {
            return None;
        }
        let partial = self.partials.remove(index);
        let mut whole = ip::packet(key.source, key.destination, key.protocol, partial.length)?;
        for (offset, piece) in partial.pieces {
            whole.get_mut(ip::HEADER + offset..ip::HEADER + offset + piece.len())?.copy_from_slice(&piece);
        }
        Some(whole)
    }

    /// The place of the datagram `key`, made where it is new; the oldest gives way where all are taken.
    fn index(&mut self, key: Key, now_ns: u64) -> usize {
        if let Some(index) = self.partials.iter().position(|partial| partial.key == key) {
            return index;
        }
        if self.partials.len() == DATAGRAMS {
            self.partials.remove(0);
        }
        let until = now_ns.saturating_add(LIFETIME_NS);
        self.partials.push(Partial { key, until, end: None, length: 0, pieces: Vec::new() });
        self.partials.len() - 1
    }
}

impl Partial {
    /// Keeps one piece; false where the pieces contradict each other (RFC 5722 4: overlaps end the datagram).
    fn take(&mut self, offset: usize, end: usize, more: bool, payload: &[u8]) -> bool {
        let overlaps = self.pieces.iter().any(|(start, piece)| offset < start + piece.len() && *start < end);
        let beyond = self.end.is_some_and(|last| end > last || !more);
        let behind = !more && self.pieces.iter().any(|(start, piece)| start + piece.len() > end);
        if overlaps || beyond || behind || self.pieces.len() == PIECES {
            return false;
        }
        if !more {
            self.end = Some(end);
        }
        self.length += payload.len();
        self.pieces.push((offset, payload.to_vec()));
        true
    }
}

/// Puts `packet` of this host into `output`, in pieces of at most `mtu` octets; `identification` names them.
pub fn split(packet: Vec<u8>, mtu: u16, identification: u16, output: &mut Vec<Vec<u8>>) {
    let mtu = usize::from(mtu.max(68));
    let header = usize::from(packet.first().copied().unwrap_or(0x45) & 0x0f) * 4;
    if packet.len() <= mtu {
        output.push(packet);
        return;
    }
    // RFC 791 2.3: what may not be fragmented, or is a fragment already, goes no further.
    if packet.len() < ip::HEADER || packet.len() < header || packet[6..8] != [0, 0] {
        return;
    }
    let room = (mtu - header) / 8 * 8;
    let (head, payload) = packet.split_at(header);
    for (index, piece) in payload.chunks(room).enumerate() {
        let offset = index * room;
        let more = offset + piece.len() < payload.len();
        let mut fragment = Vec::with_capacity(header + piece.len());
        fragment.extend_from_slice(head);
        fragment.extend_from_slice(piece);
        let length = (header + piece.len()) as u16;
        fragment[2..4].copy_from_slice(&length.to_be_bytes());
        fragment[4..6].copy_from_slice(&identification.to_be_bytes());
        let field = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
        fragment[6..8].copy_from_slice(&field.to_be_bytes());
        fragment[10..12].fill(0);
        let sum = ip::checksum(&fragment[..header], 0);
        fragment[10..12].copy_from_slice(&sum.to_be_bytes());
        output.push(fragment);
    }
}
