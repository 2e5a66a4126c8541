//! The data network behind N6: it answers whatever terminals send to its addresses.
use crate::ip;
use std::collections::HashMap;
use std::net::Ipv4Addr;

/// What a data network is and offers.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own address: gateway, name server, and what the catch-all names resolve to.
    pub address: Ipv4Addr,
    /// The networks it answers for besides its own address: (network, prefix length).
    pub networks: Vec<(Ipv4Addr, u8)>,
    /// Names with an address, in lower case without the last dot.
    pub zone: HashMap<String, Ipv4Addr>,
    /// Domains whose every name resolves to `address`; the empty one is the root.
    pub catch_all: Vec<String>,
    pub mtu: u16,
    /// How many TCP connections may stand at once, and how many of one terminal.
    pub flows: usize,
    pub flows_per_terminal: usize,
    pub seed: u64,
}

impl Config {
    /// A network at `address` that answers for every address, and resolves every name to itself.
    pub fn new(address: Ipv4Addr) -> Config {
        Config {
            address,
            networks: vec![(Ipv4Addr::UNSPECIFIED, 0)],
            zone: HashMap::new(),
            catch_all: vec![String::new()],
            mtu: 1400,
            flows: 1024,
            flows_per_terminal: 64,
            seed: 1,
        }
    }
}

/// What a data network has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub received: u64,
    pub sent: u64,
    pub malformed: u64,
    pub unreachable: u64,
    pub flows: u64,
    pub refused: u64,
}

/// An IPv4 host, or a whole network of them, in this process.
pub struct DataNetwork {
    config: Config,
    statistics: Statistics,
    now: u64,
}

impl DataNetwork {
    pub fn new(config: Config) -> DataNetwork {
        DataNetwork { config, statistics: Statistics::default(), now: 0 }
    }

    /// What was received, sent and refused so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Answers every packet of `input` into `output`; returns when to come again though nothing arrives.
    pub fn poll(&mut self, now_ns: u64, input: &mut Vec<Vec<u8>>, output: &mut Vec<Vec<u8>>) -> Option<u64> {
        self.now = self.now.max(now_ns);
        let before = output.len();
        for packet in input.drain(..) {
            self.statistics.received += 1;
            self.receive(packet, output);
        }
        self.statistics.sent += (output.len() - before) as u64;
        None
    }

    fn answers(&self, address: Ipv4Addr) -> bool {
        let inside = |&(network, prefix): &(Ipv4Addr, u8)| {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            (u32::from(network) ^ u32::from(address)) & mask == 0
        };
        address == self.config.address
            || !(address.is_multicast() || address.is_broadcast() || address.is_loopback())
                && self.config.networks.iter().any(inside)
    }

    fn receive(&mut self, mut packet: Vec<u8>, output: &mut Vec<Vec<u8>>) {
        let Some(view) = ip::parse(&packet) else {
            self.statistics.malformed += 1;
            return;
        };
        let (header, total) = (view.header, view.total);
        if !self.answers(view.destination) {
            self.statistics.unreachable += 1;
            // RFC 1812 5.2.7.1: code 0, network unreachable.
            output.extend(ip::unreachable(self.config.address, 0, &view, &packet));
            return;
        }
        if view.protocol == ip::ICMP {
            packet.truncate(total);
            if ip::echo_in_place(&mut packet, header) {
                output.push(packet);
            }
        }
    }
}
