//! Fragmentation and reassembly, bounded in memory and time (RFC 791 3.2, RFC 815, RFC 8200 4.5).
use crate::ip;
use std::net::IpAddr;

/// How many datagrams may be in pieces at once, of how many pieces each, and for how long (RFC 1122 3.3.2).
const DATAGRAMS: usize = 64;
const PIECES: usize = 64;
const LIFETIME_NS: u64 = 60_000_000_000;
/// The octets of IPv6's fragment header.
const FRAGMENT_HEADER: usize = 8;

/// What names one fragmented datagram; `scope` keeps networks with the same addresses apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    scope: u64,
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    /// Of IPv4 alone: pieces of IPv6 may name another one, and the first counts (RFC 8200 4.5).
    protocol: u8,
}

/// A datagram of which only parts have come.
pub struct Partial {
    key: Key,
    protocol: u8,
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
    pub fn add(&mut self, scope: u64, now_ns: u64, view: &ip::View<'_>) -> Option<Vec<u8>> {
        let piece = view.piece?;
        let end = piece.offset + view.payload.len();
        if view.payload.is_empty()
            || end + ip::HEADER_6 > 65_535
            || (piece.more && !view.payload.len().is_multiple_of(8))
        {
            return None;
        }
        let key = Key {
            scope,
            source: view.source,
            destination: view.destination,
            identification: piece.identification,
            protocol: if view.source.is_ipv6() { 0 } else { view.protocol },
        };
        self.partials.retain(|partial| partial.until > now_ns);
        let index = self.index(key, now_ns);
        let partial = self.partials.get_mut(index)?;
        if piece.offset == 0 {
            partial.protocol = view.protocol;
        }
        if !partial.take(piece.offset, end, piece.more, view.payload) {
            self.partials.remove(index);
            return None;
        }
        if partial.end != Some(partial.length) {
            return None;
        }
        let partial = self.partials.remove(index);
        let mut whole = ip::packet(key.source, key.destination, partial.protocol, partial.length)?;
        let header = whole.len() - partial.length;
        for (offset, piece) in partial.pieces {
            whole.get_mut(header + offset..header + offset + piece.len())?.copy_from_slice(&piece);
        }
        Some(whole)
    }

    /// Takes out what has come of a scope's datagrams.
    pub fn take(&mut self, scope: u64) -> Vec<Partial> {
        self.partials.extract_if(.., |partial| partial.key.scope == scope).collect()
    }

    /// Takes in what came elsewhere; the oldest give way.
    pub fn put(&mut self, partials: Vec<Partial>) {
        self.partials.extend(partials);
        let surplus = self.partials.len().saturating_sub(DATAGRAMS);
        self.partials.drain(..surplus);
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
        self.partials.push(Partial { key, protocol: 0, until, end: None, length: 0, pieces: Vec::new() });
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
    if packet.len() <= usize::from(mtu.max(68)) {
        output.push(packet);
    } else if packet[0] >> 4 == 6 {
        split_6(&packet, usize::from(mtu.max(1280)), identification, output);
    } else {
        split_4(&packet, usize::from(mtu.max(68)), identification, output);
    }
}

fn split_4(packet: &[u8], mtu: usize, identification: u16, output: &mut Vec<Vec<u8>>) {
    let header = usize::from(packet[0] & 0x0f) * 4;
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

/// The sender alone cuts IPv6 (RFC 8200 4.5): a packet with extension headers is not one of ours, and goes no further.
fn split_6(packet: &[u8], mtu: usize, identification: u16, output: &mut Vec<Vec<u8>>) {
    if packet.len() <= mtu {
        return output.push(packet.to_vec());
    }
    let Some(view) = ip::parse(packet).filter(|view| view.header == ip::HEADER_6 && view.piece.is_none()) else {
        return;
    };
    let room = (mtu - ip::HEADER_6 - FRAGMENT_HEADER) / 8 * 8;
    for (index, piece) in view.payload.chunks(room).enumerate() {
        let offset = index * room;
        let more = offset + piece.len() < view.payload.len();
        let mut fragment = packet[..ip::HEADER_6].to_vec();
        fragment[4..6].copy_from_slice(&((FRAGMENT_HEADER + piece.len()) as u16).to_be_bytes());
        fragment[6] = ip::FRAGMENT;
        fragment.extend([view.protocol, 0]);
        fragment.extend((offset as u16 | u16::from(more)).to_be_bytes());
        fragment.extend(u32::from(identification).to_be_bytes());
        fragment.extend(piece);
        output.push(fragment);
    }
}
