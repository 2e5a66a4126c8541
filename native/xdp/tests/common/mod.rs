//! What the tables of packets share: the ends they are between, and the program where it can be loaded.

use freehold_xdp::{Datapath, Hop, Plan, Programs};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

pub const N3: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub const TERMINAL: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 2);
pub const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
pub const POOL_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
pub const PREFIX: u64 = 0x2001_0db8_0000_0002;
pub const TERMINAL_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 9);
pub const PEER_TEID: u32 = 0x0102_0304;
/// A device that every network namespace has; nothing is sent there.
pub const LOOPBACK: u32 = 1;

/// A hop whose Ethernet addresses are of that one octet.
pub fn hop(octet: u8) -> Hop {
    Hop { ends: [octet; 12], port: 0, device: LOOPBACK }
}

/// The program for a plan; none, and why, where it is not made or cannot be loaded here.
pub fn loaded(plan: Plan) -> Option<Datapath> {
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/freehold/_gen/userplane.bpf.o");
    let Ok(object) = std::fs::read(object) else {
        eprintln!("skipped: make setup makes the program");
        return None;
    };
    match Datapath::new(Programs { alone: &object, kept: &[] }, plan, None) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            eprintln!("skipped: loading a program needs CAP_BPF and CAP_NET_ADMIN");
            None
        }
        loaded => Some(loaded.unwrap()),
    }
}
