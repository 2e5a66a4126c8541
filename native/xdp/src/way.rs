//! Ways that packets leave by: bpf/records.h is the same in C.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const MOST_WAYS: u16 = 1024;
/// Ethernet, IPv4, UDP: what a way writes before GTP-U.
const FRAME: usize = 62;
const IPV4_TYPE: [u8; 2] = [8, 0];
const IPV6_TYPE: [u8; 2] = [0x86, 0xdd];
/// The headers of a tunnel over IPv4 and IPv6, with the session container (TS 29.281 5.1, TS 38.415 5.5.2.1).
const TUNNEL: u16 = 44;
const TUNNEL_6: u16 = 64;
const GTPU_PORTS: [u8; 4] = [0x08, 0x68, 0x08, 0x68]; // TS 29.281 4.4.2.3

/// Where packets leave: both Ethernet addresses, the number of the port, the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    pub ends: [u8; 12],
    pub port: u32,
    pub device: u32,
}

/// A way as the program has it: what is before GTP-U, of a way to a peer; unless `known`, its packets go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Way {
    pub frame: [u8; FRAME],
    pub known: u16,
    sum: u32,
    port: u32,
    device: u32,
    unused: [u32; 13],
}

impl Default for Way {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Way {
    /// The same while its hop is not known.
    pub fn closed(self) -> Self {
        Self { known: 0, ..self }
    }

    /// The way to a tunnel's other end, or to N6; without a hop until its neighbour is known.
    pub fn new(ends: Option<(IpAddr, IpAddr)>, hop: Option<Hop>) -> Self {
        let mut way = Self { frame: [0; FRAME], known: 0, sum: 0, port: 0, device: 0, unused: [0; 13] };
        let octets = match ends {
            Some((IpAddr::V4(source), IpAddr::V4(peer))) => way.over_4(source, peer),
            Some((IpAddr::V6(source), IpAddr::V6(peer))) => way.over_6(source, peer),
            _ => 1,
        };
        if let Some(hop) = hop {
            way.frame[..12].copy_from_slice(&hop.ends);
            (way.known, way.port, way.device) = (octets, hop.port, hop.device);
        }
        way
    }

    fn over_4(&mut self, source: Ipv4Addr, peer: Ipv4Addr) -> u16 {
        let outer = &mut self.frame[14..42];
        outer[..10].copy_from_slice(&[0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17]);
        outer[12..16].copy_from_slice(&source.octets());
        outer[16..20].copy_from_slice(&peer.octets());
        self.sum = outer[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        outer[20..24].copy_from_slice(&GTPU_PORTS);
        self.frame[12..14].copy_from_slice(&IPV4_TYPE);
        TUNNEL
    }

    fn over_6(&mut self, source: Ipv6Addr, peer: Ipv6Addr) -> u16 {
        let outer = &mut self.frame[14..62];
        outer[0] = 0x60;
        outer[6..8].copy_from_slice(&[17, 64]);
        outer[8..24].copy_from_slice(&source.octets());
        outer[24..40].copy_from_slice(&peer.octets());
        outer[40..44].copy_from_slice(&GTPU_PORTS);
        // The pseudo header's addresses and next header, and the ports (RFC 8200 8.1); words as they stand.
        let words = outer[8..44].chunks(2).map(|pair| u32::from(pair[1]) << 8 | u32::from(pair[0]));
        self.sum = words.sum::<u32>() + (17 << 8);
        self.frame[12..14].copy_from_slice(&IPV6_TYPE);
        TUNNEL_6
    }

    /// The other end of its tunnel; none of one to N6, or of one that was never set.
    pub fn peer(&self) -> Option<IpAddr> {
        match [self.frame[12], self.frame[13]] {
            IPV4_TYPE => self.frame[30..].first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
            IPV6_TYPE => self.frame[38..].first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
            _ => None,
        }
    }
}
