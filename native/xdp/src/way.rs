//! Ways that packets leave by: bpf/records.h is the same in C.

use std::net::Ipv4Addr;

pub const MOST_WAYS: u16 = 1024;
/// Ethernet, IPv4, UDP: what a way writes before GTP-U.
const FRAME: usize = 62;
const IPV4_TYPE: [u8; 2] = [8, 0];
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
    pub fn new(ends: Option<(Ipv4Addr, Ipv4Addr)>, hop: Option<Hop>) -> Self {
        let mut way = Self { frame: [0; FRAME], known: 0, sum: 0, port: 0, device: 0, unused: [0; 13] };
        if let Some((source, peer)) = ends {
            let outer = &mut way.frame[14..42];
            outer[..10].copy_from_slice(&[0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17]);
            outer[12..16].copy_from_slice(&source.octets());
            outer[16..20].copy_from_slice(&peer.octets());
            way.sum = outer[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
            outer[20..24].copy_from_slice(&GTPU_PORTS);
            way.frame[12..14].copy_from_slice(&IPV4_TYPE);
        }
        if let Some(hop) = hop {
            way.frame[..12].copy_from_slice(&hop.ends);
            (way.known, way.port, way.device) = (1, hop.port, hop.device);
        }
        way
    }

    /// The other end of its tunnel; none of one to N6, or of one that was never set.
    pub fn peer(&self) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.frame[30..34].try_into().ok()?;
        (octets != [0; 4]).then(|| octets.into())
    }
}
