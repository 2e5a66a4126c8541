//! A terminal's UDP socket; no stack is needed for it.
use std::collections::VecDeque;
use std::net::SocketAddr;

/// How many datagrams wait in one socket.
const WAITING: usize = 256;

pub struct Udp {
    pub handle: u64,
    pub port: u16,
    pub received: VecDeque<(SocketAddr, Vec<u8>)>,
    pub outgoing: VecDeque<(SocketAddr, Vec<u8>)>,
    pub told: bool,
}

impl Udp {
    pub fn new(handle: u64, port: u16) -> Udp {
        Udp { handle, port, received: VecDeque::new(), outgoing: VecDeque::new(), told: false }
    }

    /// Takes one datagram from the network; true where the owner must be told that there is something to read.
    pub fn deliver(&mut self, source: SocketAddr, payload: &[u8]) -> bool {
        if self.received.len() == WAITING {
            return false;
        }
        self.received.push_back((source, payload.to_vec()));
        !std::mem::replace(&mut self.told, true)
    }

    /// Queues one datagram for the next poll; false where too many wait.
    pub fn queue(&mut self, destination: SocketAddr, payload: &[u8]) -> bool {
        if self.outgoing.len() == WAITING {
            return false;
        }
        self.outgoing.push_back((destination, payload.to_vec()));
        true
    }
}
