//! The data network behind N6: it answers whatever terminals send to its addresses.
mod dns;
mod flows;
mod http;
mod relay;

use crate::fragments::{Reassembly, split};
use crate::icmp::{self, Reason};
use crate::{earlier, ip};
use flows::{ECHO, Service, Terminal};
use relay::Nat;
pub use relay::{Incoming, Link, Relay};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const DOMAIN: u16 = 53;
const NO_NEXT_HEADER: u8 = 59;
/// How many datagrams of one terminal's port are taken from the host in one turn.
const DATAGRAMS: usize = 256;

/// What a data network is and offers.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its own addresses: gateway, name server, and what the catch-all names resolve to.
    pub ipv4: Option<Ipv4Addr>,
    pub ipv6: Option<Ipv6Addr>,
    /// The networks it answers for besides its own addresses: (network, prefix length).
    pub networks: Vec<(IpAddr, u8)>,
    /// Names with their addresses, in lower case without the last dot.
    pub zone: HashMap<String, Vec<IpAddr>>,
    /// Where names that are neither in the zone nor under `catch_all` are asked for, while there is a relay.
    pub resolver: Option<SocketAddr>,
    /// Domains whose every name resolves to `address`; the empty one is the root.
    pub catch_all: Vec<String>,
    pub mtu: u16,
    /// How many TCP connections may stand at once, and how many of one terminal.
    pub flows: usize,
    pub flows_per_terminal: usize,
    pub seed: u64,
}

impl Config {
    /// A network at `address` that answers for every address of its version, and resolves every name to itself.
    pub fn new(address: impl Into<IpAddr>) -> Config {
        Config::at(&[address.into()])
    }

    /// The same at an address of each version; the last counts where there are more.
    pub fn at(addresses: &[IpAddr]) -> Config {
        let (mut ipv4, mut ipv6, mut networks) = (None, None, Vec::new());
        for address in addresses {
            match address {
                IpAddr::V4(address) => (ipv4, _) = (Some(*address), networks.push((Ipv4Addr::UNSPECIFIED.into(), 0))),
                IpAddr::V6(address) => (ipv6, _) = (Some(*address), networks.push((Ipv6Addr::UNSPECIFIED.into(), 0))),
            }
        }
        Config {
            ipv4,
            ipv6,
            networks,
            zone: HashMap::new(),
            resolver: None,
            catch_all: vec![String::new()],
            mtu: 1400,
            flows: 1024,
            flows_per_terminal: 256,
            seed: 1,
        }
    }

    /// Its own address of the version of `like`.
    fn own(&self, like: IpAddr) -> Option<IpAddr> {
        if like.is_ipv4() { self.ipv4.map(IpAddr::V4) } else { self.ipv6.map(IpAddr::V6) }
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

/// A host, or a whole network of them, in this process.
pub struct DataNetwork {
    config: Config,
    statistics: Statistics,
    reassembly: Reassembly,
    terminals: HashMap<IpAddr, Terminal>,
    touched: Vec<IpAddr>,
    timers: BinaryHeap<Reverse<(u64, IpAddr)>>,
    flows: usize,
    identification: u16,
    relay: Option<Box<dyn Relay>>,
    /// The terminal of each relayed connection.
    relayed: HashMap<u64, IpAddr>,
    nat: Nat,
    expiry: Option<u64>,
    now: u64,
}

impl DataNetwork {
    pub fn new(config: Config) -> DataNetwork {
        DataNetwork {
            config,
            statistics: Statistics::default(),
            reassembly: Reassembly::default(),
            terminals: HashMap::new(),
            touched: Vec::new(),
            timers: BinaryHeap::new(),
            flows: 0,
            identification: 0,
            relay: None,
            relayed: HashMap::new(),
            nat: Nat::default(),
            expiry: None,
            now: 0,
        }
    }

    /// Carries TCP and UDP beyond the network's own addresses through the host from now on. It then answers neither for
    /// every address nor, where there is a resolver, for every name.
    pub fn set_relay(&mut self, relay: Box<dyn Relay>) {
        self.config.networks.retain(|(_, prefix)| *prefix > 0);
        if self.config.resolver.is_some() {
            self.config.catch_all.retain(|domain| !domain.is_empty());
        }
        self.relay = Some(relay);
    }

    /// What was received, sent and refused so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Answers every packet of `input` into `output`; returns when to come again though nothing arrives.
    pub fn poll(&mut self, now_ns: u64, input: &mut Vec<Vec<u8>>, output: &mut Vec<Vec<u8>>) -> Option<u64> {
        self.now = self.now.max(now_ns);
        let before = output.len();
        self.relay_ready(output);
        for packet in input.drain(..) {
            self.statistics.received += 1;
            self.receive(packet, output);
        }
        while let Some(Reverse((at, address))) = self.timers.peek().copied() {
            if at > self.now {
                break;
            }
            self.timers.pop();
            if let Some(terminal) = self.terminals.get_mut(&address)
                && terminal.scheduled == Some(at)
            {
                terminal.scheduled = None;
                self.touch(address);
            }
        }
        for address in std::mem::take(&mut self.touched) {
            self.serve(address, output);
        }
        self.statistics.sent += (output.len() - before) as u64;
        if self.expiry.is_some_and(|at| at <= self.now)
            && let Some(relay) = &mut self.relay
        {
            self.expiry = self.nat.expire(relay.as_mut(), self.now);
        }
        earlier(self.timers.peek().map(|Reverse((at, _))| *at), self.expiry)
    }

    /// Goes on with whatever the host has ready.
    fn relay_ready(&mut self, output: &mut Vec<Vec<u8>>) {
        let mut ready = Vec::new();
        if let Some(relay) = &mut self.relay {
            relay.ready(&mut ready);
        }
        for id in ready {
            if let Some(address) = self.relayed.get(&id).copied() {
                self.touch(address);
            } else if let Some(inside) = self.nat.inside(id) {
                self.datagrams_in(id, inside, output);
            }
        }
    }

    /// Every datagram that came for a terminal's port, from where it sent to.
    fn datagrams_in(&mut self, id: u64, inside: relay::Inside, output: &mut Vec<Vec<u8>>) {
        let mut room = vec![0; 65_535];
        for _ in 0..DATAGRAMS {
            let Some(relay) = &mut self.relay else { return };
            let Some((length, source)) = relay.receive_from(id, &mut room) else { return };
            if let Some(shown) = self.nat.shown(inside, source, self.now)
                && let Some(packet) = ip::udp((shown.ip(), shown.port()), (inside.0, inside.1), &room[..length])
            {
                self.emit(packet, output);
            }
        }
    }

    fn answers(&self, address: IpAddr) -> bool {
        let inside = |&(network, prefix): &(IpAddr, u8)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
                (u32::from(network) ^ u32::from(address)) & mask == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
                (u128::from(network) ^ u128::from(address)) & mask == 0
            }
            _ => false,
        };
        let unicast = match address {
            IpAddr::V4(address) => !(address.is_multicast() || address.is_broadcast() || address.is_loopback()),
            IpAddr::V6(address) => !(address.is_multicast() || address.is_unspecified() || address.is_loopback()),
        };
        self.config.own(address) == Some(address) || unicast && self.config.networks.iter().any(inside)
    }

    fn receive(&mut self, packet: Vec<u8>, output: &mut Vec<Vec<u8>>) {
        let Some(view) = ip::parse(&packet) else {
            self.statistics.malformed += 1;
            return;
        };
        if !self.answers(view.destination) && (self.relay.is_none() || !matches!(view.protocol, ip::TCP | ip::UDP)) {
            self.statistics.unreachable += 1;
            output.extend(self.refusal(Reason::Network, &view, &packet));
        } else if view.piece.is_some() {
            if let Some(whole) = self.reassembly.add(0, self.now, &view) {
                self.dispatch(whole, output);
            }
        } else {
            self.dispatch(packet, output);
        }
    }

    fn dispatch(&mut self, mut packet: Vec<u8>, output: &mut Vec<Vec<u8>>) {
        let Some(view) = ip::parse(&packet) else { return };
        match view.protocol {
            _ if icmp::carries(&view) => {
                if icmp::echo_in_place(&mut packet) {
                    self.emit(packet, output);
                }
            }
            ip::UDP => {
                if let Some(answer) = self.datagram(&view, &packet) {
                    self.emit(answer, output);
                }
            }
            ip::TCP => {
                let refused = self.connection(&view, &packet);
                output.extend(refused);
            }
            NO_NEXT_HEADER if view.source.is_ipv6() => {} // RFC 8200 4.7
            _ => output.extend(icmp::unreachable(view.destination, Reason::Protocol, &view, &packet)),
        }
    }

    /// What the network itself says of a packet that it does not carry.
    fn refusal(&self, reason: Reason, view: &ip::View<'_>, packet: &[u8]) -> Option<Vec<u8>> {
        icmp::unreachable(self.config.own(view.source)?, reason, view, packet)
    }

    fn emit(&mut self, packet: Vec<u8>, output: &mut Vec<Vec<u8>>) {
        if packet.len() > usize::from(self.config.mtu) {
            self.identification = self.identification.wrapping_add(1);
        }
        split(packet, self.config.mtu, self.identification, output);
    }

    /// The answer to one UDP datagram: echo, a resolved name, or that nothing listens.
    fn datagram(&mut self, view: &ip::View<'_>, packet: &[u8]) -> Option<Vec<u8>> {
        let Some((source, destination, payload)) = ip::parse_udp(view) else {
            self.statistics.malformed += 1;
            return None;
        };
        if !self.answers(view.destination) {
            let to = SocketAddr::new(view.destination, destination);
            let carried = self.datagram_out((view.source, source), to, to, payload);
            return if carried { None } else { self.refusal(Reason::Prohibited, view, packet) };
        }
        let answer = match destination {
            // Two echo services would answer each other for ever.
            ECHO if source == ECHO => return None,
            ECHO => payload.to_vec(),
            DOMAIN => match (self.config.resolver, dns::known(&self.config, payload)) {
                (Some(resolver), false) if self.relay.is_some() => {
                    let shown = SocketAddr::new(view.destination, DOMAIN);
                    self.datagram_out((view.source, source), resolver, shown, payload);
                    return None;
                }
                _ => dns::answer(&self.config, payload)?,
            },
            _ => return icmp::unreachable(view.destination, Reason::Port, view, packet),
        };
        ip::udp((view.destination, destination), (view.source, source), &answer)
    }

    fn datagram_out(&mut self, inside: (IpAddr, u16), to: SocketAddr, shown: SocketAddr, octets: &[u8]) -> bool {
        let Some(relay) = &mut self.relay else { return false };
        let carried = self.nat.send(relay.as_mut(), inside, (to, shown), octets, self.now);
        self.statistics.refused += u64::from(!carried);
        self.expiry = self.expiry.or(Some(self.now.saturating_add(relay::IDLE_NS)));
        carried
    }

    /// Hands a segment to its connection, or returns the reset that answers it.
    fn connection(&mut self, view: &ip::View<'_>, packet: &[u8]) -> Option<Vec<u8>> {
        let segment = flows::segment(view)?;
        let local = (view.destination, segment.destination);
        let known = self.terminals.get(&view.source).is_some_and(|terminal| terminal.has(local, segment.source));
        if !known && !(segment.opens && self.open(view.source, local, segment.source)) {
            self.statistics.refused += 1;
            return ip::reset(view);
        }
        if let Some(terminal) = self.terminals.get_mut(&view.source) {
            terminal.deliver(local, &segment, packet[..view.total].to_vec());
        }
        self.touch(view.source);
        None
    }

    /// Makes a connection where a service and a place are free.
    fn open(&mut self, address: IpAddr, local: (IpAddr, u16), port: u16) -> bool {
        let own = self.terminals.get(&address).map_or(0, Terminal::len);
        if self.flows >= self.config.flows || own >= self.config.flows_per_terminal {
            return false;
        }
        let seed = self.config.seed ^ seed_of(address).rotate_left(23) ^ self.statistics.flows;
        let Some(gateway) = self.config.own(address) else { return false };
        let (mtu, now) = (self.config.mtu, self.now);
        let served = self.answers(local.0);
        let service = if served { Service::of(local.1) } else { None };
        let host = match &mut self.relay {
            Some(relay) if !served => relay.connect(SocketAddr::new(local.0, local.1)),
            _ => None,
        };
        if service.is_none() && host.is_none() {
            return false;
        }
        let terminal = self.terminals.entry(address).or_insert_with(|| Terminal::new(address, gateway, mtu, seed, now));
        if let Some(id) = host {
            self.relayed.insert(id, address);
            terminal.await_host(local, port, id, now);
        }
        let opened = host.is_some() || service.is_some_and(|service| terminal.open(local, port, service, now));
        self.statistics.flows += u64::from(opened);
        self.flows += usize::from(opened);
        opened
    }

    fn touch(&mut self, address: IpAddr) {
        if let Some(terminal) = self.terminals.get_mut(&address)
            && !std::mem::replace(&mut terminal.touched, true)
        {
            self.touched.push(address);
        }
    }

    fn serve(&mut self, address: IpAddr, output: &mut Vec<Vec<u8>>) {
        let now = self.now;
        let Some(terminal) = self.terminals.get_mut(&address) else { return };
        terminal.touched = false;
        let before = terminal.len();
        let next = terminal.poll(now, &mut self.relay, output).map(|at| at.max(now + 1));
        self.flows -= before - terminal.len();
        for id in terminal.ended.drain(..) {
            self.relayed.remove(&id);
            if let Some(relay) = &mut self.relay {
                relay.close(id);
            }
        }
        let Some(at) = next else {
            self.terminals.remove(&address);
            return;
        };
        if terminal.scheduled.is_none_or(|old| at < old) {
            terminal.scheduled = Some(at);
            self.timers.push(Reverse((at, address)));
        }
    }
}

fn seed_of(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => (u128::from(address) >> 64) as u64 ^ u128::from(address) as u64,
    }
}
