//! An in-process data network and terminal IP stacks, sans-I/O: time and packets are arguments.
//!
//! `DataNetwork` is what stands behind N6: it answers raw IP packets. `Access` is what stands before N3: the IP stacks of
//! terminals and the GTP-U relay of their gNB. Neither reads a clock, opens a socket, or trusts a packet.
mod access;
mod device;
mod fragments;
pub mod gtpu;
pub mod icmp;
pub mod ip;
mod network;

use std::net::SocketAddr;

pub use access::{Access, Counters, Error, Event, Moving, Tunnel, UplinkRule};
pub use network::{Config, DataNetwork, Incoming, Link, Relay, Statistics};

/// One UDP datagram of N3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub payload: Vec<u8>,
}

/// The earlier of two optional moments.
fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
