//! The way out of the process: what a terminal sends beyond the data network's own addresses (RFC 4787, RFC 5382).
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// A datagram socket that carried nothing for so long is given up (RFC 4787 4.3, REQ-5).
pub const IDLE_NS: u64 = 300_000_000_000;
/// How many datagram sockets there are at once, how many of one terminal, and how many peers each may have.
const MAPPINGS: usize = 1024;
const MAPPINGS_PER_TERMINAL: usize = 128;
const PEERS: usize = 64;

/// How far a connection of the host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Connecting,
    Open,
    Failed,
}

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming {
    Octets(usize),
    Later,
    End,
    Failed,
}

/// Connections and datagram sockets of the host, by number; nothing here waits.
pub trait Relay: Send {
    /// Begins a connection; none where the destination is forbidden or nothing is free.
    fn connect(&mut self, to: SocketAddr) -> Option<u64>;
    /// How far a connection is.
    fn link(&mut self, id: u64) -> Link;
    /// Reads what has come, at most the length of `room`.
    fn read(&mut self, id: u64, room: &mut [u8]) -> Incoming;
    /// Writes what there is room for; none where the connection is broken.
    fn write(&mut self, id: u64, octets: &[u8]) -> Option<usize>;
    /// The terminal sends no more.
    fn finish(&mut self, id: u64);
    /// Gives a connection or a datagram socket up.
    fn close(&mut self, id: u64);
    /// Opens a datagram socket that reaches addresses of the version of `like`.
    fn bind(&mut self, like: IpAddr) -> Option<u64>;
    /// Sends one datagram; false where the destination is forbidden. A trusted one was chosen by the operator.
    fn send_to(&mut self, id: u64, to: SocketAddr, octets: &[u8], trusted: bool) -> bool;
    /// The next datagram: its length in `room` and its source.
    fn receive_from(&mut self, id: u64, room: &mut [u8]) -> Option<(usize, SocketAddr)>;
    /// Everything that may go on since this was last asked.
    fn ready(&mut self, ready: &mut Vec<u64>);
}

/// One terminal's port and the host's datagram socket that stands for it.
struct Mapping {
    id: u64,
    last: u64,
    /// Where it sent to, and which address the terminal knows that peer by.
    peers: Vec<(SocketAddr, SocketAddr)>,
}

/// A terminal's own address and port, and the version of IP beyond.
pub type Inside = (IpAddr, u16, bool);

/// The datagram sockets in use.
#[derive(Default)]
pub struct Nat {
    mappings: HashMap<Inside, Mapping>,
    ids: HashMap<u64, Inside>,
    terminals: HashMap<IpAddr, usize>,
}

impl Nat {
    /// Sends a terminal's datagram to `to`, which it knows as `shown`; false where that is forbidden or nothing is free.
    pub fn send(
        &mut self,
        relay: &mut dyn Relay,
        (address, port): (IpAddr, u16),
        (to, shown): (SocketAddr, SocketAddr),
        octets: &[u8],
        now_ns: u64,
    ) -> bool {
        let Some(mapping) = self.mapping(relay, (address, port, to.is_ipv6()), to.ip()) else { return false };
        mapping.last = now_ns;
        if !mapping.peers.contains(&(to, shown)) {
            if mapping.peers.len() == PEERS {
                mapping.peers.remove(0);
            }
            mapping.peers.push((to, shown));
        }
        relay.send_to(mapping.id, to, octets, to != shown)
    }

    fn mapping(&mut self, relay: &mut dyn Relay, inside: Inside, like: IpAddr) -> Option<&mut Mapping> {
        if !self.mappings.contains_key(&inside) {
            let own = self.terminals.entry(inside.0).or_default();
            if self.ids.len() >= MAPPINGS || *own >= MAPPINGS_PER_TERMINAL {
                return None;
            }
            let id = relay.bind(like)?;
            *own += 1;
            self.ids.insert(id, inside);
            self.mappings.insert(inside, Mapping { id, last: 0, peers: Vec::new() });
        }
        self.mappings.get_mut(&inside)
    }

    /// The terminal behind a datagram socket.
    pub fn inside(&self, id: u64) -> Option<Inside> {
        self.ids.get(&id).copied()
    }

    /// The address a terminal knows a source by; none where it never sent there (RFC 4787 5, REQ-8).
    pub fn shown(&mut self, inside: Inside, source: SocketAddr, now_ns: u64) -> Option<SocketAddr> {
        let mapping = self.mappings.get_mut(&inside)?;
        let (_, shown) = mapping.peers.iter().find(|(peer, _)| *peer == source)?;
        mapping.last = now_ns;
        Some(*shown)
    }

    /// Gives up what carried nothing for long; when to look again.
    pub fn expire(&mut self, relay: &mut dyn Relay, now_ns: u64) -> Option<u64> {
        let (ids, terminals) = (&mut self.ids, &mut self.terminals);
        self.mappings.retain(|inside, mapping| {
            let keep = mapping.last.saturating_add(IDLE_NS) > now_ns;
            if !keep {
                relay.close(mapping.id);
                ids.remove(&mapping.id);
                if let Some(own) = terminals.get_mut(&inside.0) {
                    *own -= 1;
                    if *own == 0 {
                        terminals.remove(&inside.0);
                    }
                }
            }
            keep
        });
        self.mappings.values().map(|mapping| mapping.last.saturating_add(IDLE_NS)).min()
    }
}
