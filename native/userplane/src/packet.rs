//! Packets that are changed in place, and the recycler that keeps their storage.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Octets kept free before a received packet: GTP-U header, PDU session container, and a TUN header.
pub const HEADROOM: usize = 64;

/// The largest packet: a jumbo frame and its tunnel headers.
const CAPACITY: usize = HEADROOM + 9216;

/// Where a packet came from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The tunnels of the access network; [`Packet::peer`] is the other end.
    N3,
    /// The data network of the network instance of that number.
    N6(u16),
}

/// One packet in storage of its own, with room before it for headers.
#[derive(Clone, Debug)]
pub struct Packet {
    pub port: Port,
    pub peer: SocketAddr,
    /// The type of service or traffic class of the outer header it leaves in; 0 when it came.
    pub service: u8,
    storage: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Default for Packet {
    fn default() -> Self {
        Self {
            port: Port::N3,
            peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            service: 0,
            storage: vec![0; CAPACITY].into_boxed_slice(),
            start: HEADROOM,
            end: HEADROOM,
        }
    }
}

impl Packet {
    /// The packet's octets.
    #[inline]
    pub fn octets(&self) -> &[u8] {
        self.storage.get(self.start..self.end).unwrap_or(&[])
    }

    /// The packet's octets, to change in place.
    #[inline]
    pub fn octets_mut(&mut self) -> &mut [u8] {
        self.storage.get_mut(self.start..self.end).unwrap_or(&mut [])
    }

    /// The free storage that a receiver fills from its first octet; [`Packet::received`] says how much it filled.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        self.service = 0;
        self.start = HEADROOM;
        self.end = HEADROOM;
        &mut self.storage[HEADROOM..]
    }

    /// Takes the first `length` octets of [`Packet::room`] as the packet.
    #[inline]
    pub fn received(&mut self, length: usize, port: Port, peer: SocketAddr) {
        self.start = HEADROOM;
        self.end = (HEADROOM + length).min(self.storage.len());
        self.service = 0;
        self.port = port;
        self.peer = peer;
    }

    /// Replaces the octets; what exceeds a jumbo frame is cut off.
    #[inline]
    pub fn fill(&mut self, octets: &[u8]) {
        let length = octets.len().min(CAPACITY - HEADROOM);
        self.room()[..length].copy_from_slice(&octets[..length]);
        self.end = HEADROOM + length;
    }

    /// The packet's octets with `header` before them, which is no part of it; `None` where there is no room.
    #[inline]
    pub fn headed(&mut self, header: &[u8]) -> Option<&[u8]> {
        let start = self.start.checked_sub(header.len())?;
        self.storage.get_mut(start..self.start)?.copy_from_slice(header);
        self.storage.get(start..self.end)
    }

    /// Removes `length` octets from the front.
    #[inline]
    pub(crate) fn strip(&mut self, length: usize) {
        self.start = self.start.saturating_add(length).min(self.end);
    }

    /// Keeps the first `length` octets.
    #[inline]
    pub(crate) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.start.saturating_add(length));
    }

    /// Puts `header` before the packet; false where there is no room left.
    #[inline(always)]
    pub(crate) fn prepend(&mut self, header: &[u8]) -> bool {
        let Some(start) = self.start.checked_sub(header.len()) else { return false };
        let Some(place) = self.storage.get_mut(start..start + header.len()) else { return false };
        place.copy_from_slice(header);
        self.start = start;
        true
    }
}

/// Storage of packets that were dropped or sent, for the next ones.
#[derive(Default)]
pub struct Recycler {
    spare: Vec<Packet>,
}

/// How much unused storage is kept: about 9 MB.
const SPARE: usize = 1024;

impl Recycler {
    /// An empty packet: one used before where there is one.
    #[inline]
    pub fn take(&mut self) -> Packet {
        self.spare.pop().unwrap_or_default()
    }

    /// Keeps the storage of a packet that is done with.
    #[inline]
    pub fn keep(&mut self, packet: Packet) {
        if self.spare.len() < SPARE {
            self.spare.push(packet);
        }
    }
}
