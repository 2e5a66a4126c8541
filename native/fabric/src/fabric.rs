//! Turns: everything that waits is moved one engine further.
use crate::relay::HostRelay;
use crate::ring::{AccessNode, Network, Second, TURN, UpfNode};
use crate::sys::duplicate;
use crate::tap::Tap;
use crate::tun::Tun;
use crate::udp::{Datagram, Udp};
use freehold_datanet::{Access, Config, DataNetwork, Event as AccessEvent};
use freehold_userplane::{Event as UpfEvent, GTPU_PORT, Instance, Packet, Port, Recycler, Settings, Upf};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{OwnedFd, RawFd};

pub type UpfNumber = usize;
pub type AccessNumber = usize;

/// Turns until nothing moves any more, as long as engines do not feed one another for ever.
pub const TURNS: usize = 64;

/// Why the fabric cannot be built so.
#[derive(Debug)]
pub enum Fault {
    /// No engine of that number.
    Unknown,
    /// Two engines cannot have one N3 address.
    AddressInUse(IpAddr),
    /// The network instance cannot be added.
    Instance,
    System(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::System(error)
    }
}

/// What happened in one of the engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FabricEvent {
    Upf(UpfNumber, UpfEvent),
    Access(AccessNumber, AccessEvent),
    /// A mistake of ours: the packets at hand were lost, everything else goes on.
    Broken,
}

#[derive(Clone, Copy)]
enum Node {
    Upf(UpfNumber),
    Access(AccessNumber),
}

/// All engines of one process's user plane, and the ways between them.
#[derive(Default)]
pub struct Fabric {
    pub upfs: Vec<UpfNode>,
    pub accesses: Vec<AccessNode>,
    pub tap: Tap,
    /// What time it is at each turn; without it, all turns of one run are at the time that its caller gave.
    pub clock: Option<fn() -> u64>,
    /// Datagrams for an address that no engine has, and no socket reaches.
    pub unroutable: u64,
    #[cfg(test)]
    pub breaks: bool,
    /// Packets that came from sockets and interfaces of user plane functions since somebody set it back.
    pub arrived: usize,
    /// When it was last run.
    pub now_ns: u64,
    nodes: HashMap<IpAddr, Node>,
    recycler: Recycler,
    scratch: Vec<Packet>,
    leaving: Vec<Packet>,
    answers: Vec<Vec<u8>>,
}

fn socket(descriptor: Option<RawFd>) -> io::Result<Option<Udp>> {
    descriptor.map(|descriptor| Udp::new(duplicate(descriptor)?)).transpose()
}

impl Fabric {
    fn claim(&mut self, address: IpAddr, node: Node) -> Result<(), Fault> {
        if self.nodes.contains_key(&address) {
            return Err(Fault::AddressInUse(address));
        }
        self.nodes.insert(address, node);
        Ok(())
    }

    /// Adds a user plane function; with a bound UDP socket it is also reached from outside the process.
    pub fn add_upf(&mut self, settings: &Settings, descriptor: Option<RawFd>) -> Result<UpfNumber, Fault> {
        let socket = socket(descriptor)?;
        let number = self.upfs.len();
        self.claim(settings.address, Node::Upf(number))?;
        if let Some(second) = settings.second {
            self.claim(second, Node::Upf(number))?;
        }
        self.upfs.push(UpfNode {
            upf: Upf::new(settings),
            address: SocketAddr::new(settings.address, GTPU_PORT),
            ready: socket.is_some(),
            socket,
            second: settings.second.map(|address| Second {
                address: SocketAddr::new(address, GTPU_PORT),
                socket: None,
                ready: false,
            }),
            networks: Vec::new(),
            input: Vec::new(),
            output: Vec::new(),
            overrun: 0,
            unroutable: 0,
        });
        Ok(number)
    }

    /// Opens a user plane function's second N3 address to the outside of the process.
    pub fn add_second_socket(&mut self, upf: UpfNumber, descriptor: RawFd) -> Result<(), Fault> {
        let socket = socket(Some(descriptor))?;
        let second = self.upfs.get_mut(upf).and_then(|node| node.second.as_mut()).ok_or(Fault::Unknown)?;
        (second.ready, second.socket) = (true, socket);
        Ok(())
    }

    /// Adds a network instance with nothing behind its N6 yet.
    pub fn add_instance(&mut self, upf: UpfNumber, instance: &Instance) -> Result<u16, Fault> {
        let node = self.upfs.get_mut(upf).ok_or(Fault::Unknown)?;
        let number = node.upf.add_instance(instance).map_err(|_| Fault::Instance)?;
        node.networks.push(Network::None);
        Ok(number)
    }

    /// Puts a data network of the process behind a network instance.
    pub fn attach_engine(&mut self, upf: UpfNumber, instance: u16, config: Config) -> Result<(), Fault> {
        let engine = Box::new(DataNetwork::new(config));
        *self.network(upf, instance)? = Network::Engine { engine, input: Vec::new(), next: None, relay: None };
        Ok(())
    }

    /// The same, with a way through the host for what the data network does not answer itself.
    pub fn attach_relay(
        &mut self,
        upf: UpfNumber,
        instance: u16,
        config: Config,
        relay: HostRelay,
    ) -> Result<(), Fault> {
        let descriptor = relay.descriptor()?;
        let mut engine = Box::new(DataNetwork::new(config));
        engine.set_relay(Box::new(relay));
        *self.network(upf, instance)? =
            Network::Engine { engine, input: Vec::new(), next: None, relay: Some(descriptor) };
        Ok(())
    }

    /// Puts an open TUN descriptor behind a network instance; `offloads` is how it was opened.
    pub fn attach_tun(
        &mut self,
        upf: UpfNumber,
        instance: u16,
        descriptor: RawFd,
        offloads: bool,
    ) -> Result<(), Fault> {
        let tun = Tun::new(duplicate(descriptor)?, offloads)?;
        *self.network(upf, instance)? = Network::Tun(tun);
        Ok(())
    }

    /// Hands a user plane function a packet as if its data network had sent it.
    pub fn inject(&mut self, upf: UpfNumber, instance: u16, octets: &[u8]) -> Result<(), Fault> {
        let node = self.upfs.get_mut(upf).ok_or(Fault::Unknown)?;
        let mut packet = node.upf.recycler().take();
        packet.fill(octets);
        (packet.port, packet.peer) = (Port::N6(instance), node.address);
        node.offer(packet);
        Ok(())
    }

    /// Takes away what is behind a network instance: a TUN's descriptor is closed.
    pub fn detach(&mut self, upf: UpfNumber, instance: u16) -> Result<(), Fault> {
        *self.network(upf, instance)? = Network::None;
        Ok(())
    }

    fn network(&mut self, upf: UpfNumber, instance: u16) -> Result<&mut Network, Fault> {
        let node = self.upfs.get_mut(upf).ok_or(Fault::Unknown)?;
        node.networks.get_mut(usize::from(instance)).ok_or(Fault::Unknown)
    }

    /// Adds a gNB's relay; with a bound UDP socket it also reaches outside the process.
    pub fn add_access(&mut self, address: IpAddr, seed: u64, descriptor: Option<RawFd>) -> Result<AccessNumber, Fault> {
        let socket = socket(descriptor)?;
        let number = self.accesses.len();
        self.claim(address, Node::Access(number))?;
        let address = SocketAddr::new(address, GTPU_PORT);
        let mut access = Access::new(address);
        access.seed(seed);
        access.number(number as u32);
        let (input, output, ready) = (Vec::new(), Vec::new(), socket.is_some());
        let terminals = Vec::new();
        self.accesses.push(AccessNode { access, address, socket, ready, input, output, next: None, terminals });
        Ok(number)
    }

    /// Gives a terminal's session an open TUN instead of its own IP stack; another one is let go of.
    pub fn attach_terminal(
        &mut self,
        access: AccessNumber,
        session: u64,
        descriptor: RawFd,
        offloads: bool,
    ) -> Result<(), Fault> {
        self.detach_terminal(access, session)?;
        let tun = Tun::new(duplicate(descriptor)?, offloads)?;
        let node = self.accesses.get_mut(access).ok_or(Fault::Unknown)?;
        node.access.raw(session, true).map_err(|_| Fault::Unknown)?;
        match node.terminals.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some((session, tun)),
            None => node.terminals.push(Some((session, tun))),
        }
        Ok(())
    }

    /// Moves a terminal's session from one gNB's engine to another's, with its stack, its sockets and its TUN.
    pub fn relocate(&mut self, from: AccessNumber, to: AccessNumber, session: u64) -> Result<(), Fault> {
        if from == to || to >= self.accesses.len() {
            return Err(Fault::Unknown);
        }
        let source = self.accesses.get_mut(from).ok_or(Fault::Unknown)?;
        let moving = source.access.take_session(session).map_err(|_| Fault::Unknown)?;
        let stands = |place: &&mut Option<(u64, Tun)>| place.as_ref().is_some_and(|(owner, _)| *owner == session);
        let terminal = source.terminals.iter_mut().find(stands).and_then(Option::take);
        let target = &mut self.accesses[to];
        target.access.put_session(session, moving);
        if terminal.is_some() {
            match target.terminals.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = terminal,
                None => target.terminals.push(terminal),
            }
        }
        Ok(())
    }

    /// Gives a terminal's session its own IP stack back.
    pub fn detach_terminal(&mut self, access: AccessNumber, session: u64) -> Result<(), Fault> {
        let node = self.accesses.get_mut(access).ok_or(Fault::Unknown)?;
        for place in &mut node.terminals {
            if place.as_ref().is_some_and(|(owner, _)| *owner == session) {
                *place = None;
                let _ = node.access.raw(session, false); // the session may be gone
            }
        }
        Ok(())
    }

    /// Every descriptor to wait for, under the number that [`Fabric::ready`] knows it by.
    pub fn descriptors(&self) -> Vec<(u64, &OwnedFd)> {
        let mut all = Vec::new();
        for (number, node) in self.upfs.iter().enumerate() {
            all.extend(node.socket.as_ref().map(|socket| (key(0, number, 0), socket.descriptor())));
            let second = node.second.as_ref().and_then(|second| second.socket.as_ref());
            all.extend(second.map(|socket| (key(5, number, 0), socket.descriptor())));
            for (instance, network) in node.networks.iter().enumerate() {
                match network {
                    Network::Tun(tun) => all.push((key(2, number, instance), tun.descriptor())),
                    Network::Engine { relay: Some(descriptor), .. } => all.push((key(3, number, instance), descriptor)),
                    Network::Engine { .. } | Network::None => {}
                }
            }
        }
        for (number, node) in self.accesses.iter().enumerate() {
            all.extend(node.socket.as_ref().map(|socket| (key(1, number, 0), socket.descriptor())));
            for (place, terminal) in node.terminals.iter().enumerate() {
                all.extend(terminal.as_ref().map(|(_, tun)| (key(4, number, place), tun.descriptor())));
            }
        }
        all
    }

    /// The descriptor under that number can be read.
    pub fn ready(&mut self, key: u64) {
        let (kind, number, instance) = ((key >> 48) as u16, (key >> 16 & 0xffff_ffff) as usize, key as u16);
        match kind {
            0 => self.upfs.get_mut(number).into_iter().for_each(|node| node.ready = true),
            1 => self.accesses.get_mut(number).into_iter().for_each(|node| node.ready = true),
            5 => {
                let second = self.upfs.get_mut(number).and_then(|node| node.second.as_mut());
                second.into_iter().for_each(|second| second.ready = true);
            }
            4 => {
                let terminals = self.accesses.get_mut(number).map(|node| &mut node.terminals);
                let place = terminals.and_then(|terminals| terminals.get_mut(usize::from(instance)));
                place.and_then(Option::as_mut).into_iter().for_each(|(_, tun)| tun.ready = true);
            }
            _ => match self.network(number, instance) {
                Ok(Network::Tun(tun)) => tun.ready = true,
                Ok(Network::Engine { next, .. }) => *next = Some(0),
                _ => {}
            },
        }
    }

    /// Every descriptor may have something: for a caller that does not wait for them.
    pub fn all_ready(&mut self) {
        let keys: Vec<u64> = self.descriptors().into_iter().map(|(key, _)| key).collect();
        keys.into_iter().for_each(|key| self.ready(key));
    }

    /// Moves what waits until nothing does, or `turns` are over, or it is to `give_way`; when to come again, `now_ns`
    /// where more waits.
    pub fn run(&mut self, now_ns: u64, turns: usize, give_way: impl Fn() -> bool) -> Option<u64> {
        let mut now_ns = now_ns;
        for turn in 0..turns {
            // In real time a packet that crosses several engines takes its time on the way.
            now_ns = self.clock.map_or(now_ns, |clock| clock().max(now_ns));
            self.now_ns = now_ns;
            #[cfg(test)]
            assert!(!std::mem::take(&mut self.breaks), "a mistake for a test");
            let moved = self.run_upfs(now_ns) | self.run_accesses(now_ns, turn == 0);
            if !moved {
                return self.deadline();
            }
            if give_way() {
                break;
            }
        }
        Some(now_ns)
    }

    /// Whether a port of a user plane function may hold more than was taken.
    pub fn holds_more(&self) -> bool {
        self.upfs.iter().any(UpfNode::holds_more)
    }

    fn deadline(&self) -> Option<u64> {
        let networks = self.upfs.iter().flat_map(|node| &node.networks).filter_map(|network| match network {
            Network::Engine { next, .. } => *next,
            _ => None,
        });
        let paths = self.upfs.iter().filter_map(|node| node.upf.next_ns());
        networks.chain(paths).chain(self.accesses.iter().filter_map(|node| node.next)).min()
    }

    fn run_upfs(&mut self, now_ns: u64) -> bool {
        let mut moved = false;
        for number in 0..self.upfs.len() {
            let node = &mut self.upfs[number];
            let before = node.input.len();
            node.receive();
            for packet in &node.input[before..] {
                self.tap.see(now_ns, packet.peer, node.towards(packet.peer), packet.octets());
            }
            node.read_tuns();
            self.arrived += node.input.len() - before;
            moved |= node.run_networks(now_ns, &mut self.answers) | !node.input.is_empty() | node.upf.has_output();
            node.upf.poll(now_ns, &mut node.input, &mut node.output);
            self.send_upf(now_ns, number);
        }
        moved
    }

    /// Hands on what a user plane function sent: to its networks, to engines of the process, to its socket.
    fn send_upf(&mut self, now_ns: u64, number: UpfNumber) {
        let mut output = std::mem::take(&mut self.upfs[number].output);
        for packet in output.drain(..) {
            match packet.port {
                Port::N3 => self.send_n3(now_ns, self.upfs[number].towards(packet.peer), packet),
                Port::N6(_) => self.leaving.push(packet),
            }
        }
        let node = &mut self.upfs[number];
        node.output = output;
        for packets in self.leaving.chunk_by_mut(|one, other| one.port == other.port) {
            if let Port::N6(instance) = packets[0].port
                && let Some(network) = node.networks.get_mut(usize::from(instance))
            {
                UpfNode::leave(network, packets);
            }
        }
        for packets in self.scratch.chunk_by(|one, other| one.peer.is_ipv4() == other.peer.is_ipv4()) {
            for packets in packets.chunks(TURN) {
                match node.socket_towards(packets[0].peer) {
                    Some(socket) => socket.send(&named(packets)),
                    None => node.unroutable += packets.len() as u64,
                }
            }
        }
        self.leaving.drain(..).chain(self.scratch.drain(..)).for_each(|packet| node.upf.recycler().keep(packet));
    }

    /// To an engine of the process at once; else kept for the sender's socket.
    fn send_n3(&mut self, now_ns: u64, source: SocketAddr, mut packet: Packet) {
        self.tap.see(now_ns, source, packet.peer, packet.octets());
        let local = if packet.peer.port() == GTPU_PORT { self.nodes.get(&packet.peer.ip()) } else { None };
        match local {
            Some(Node::Access(number)) => {
                self.accesses[*number].offer(source, packet.octets());
                self.recycler.keep(packet);
            }
            Some(Node::Upf(number)) => {
                packet.peer = source;
                self.upfs[*number].offer(packet);
            }
            None => self.scratch.push(packet),
        }
    }

    fn run_accesses(&mut self, now_ns: u64, first: bool) -> bool {
        let mut moved = false;
        for number in 0..self.accesses.len() {
            let node = &mut self.accesses[number];
            if node.ready
                && let Some(socket) = &mut node.socket
            {
                let mut packets = std::mem::take(&mut self.scratch);
                node.ready = socket.receive(&mut self.recycler, &mut packets);
                for packet in packets.drain(..) {
                    self.tap.see(now_ns, packet.peer, node.address, packet.octets());
                    node.offer(packet.peer, packet.octets());
                    self.recycler.keep(packet);
                }
                self.scratch = packets;
            }
            let sent = node.read_terminals(&mut self.recycler, &mut self.leaving);
            if !first && !sent && !node.due(now_ns) {
                continue; // what was asked for between two calls is taken up by the first turn
            }
            node.next = node.access.poll(now_ns, &mut node.input, &mut node.output);
            node.write_terminals(&mut self.recycler, &mut self.leaving);
            moved |= sent | !node.output.is_empty();
            self.send_access(now_ns, number);
        }
        moved
    }

    fn send_access(&mut self, now_ns: u64, number: AccessNumber) {
        let mut output = std::mem::take(&mut self.accesses[number].output);
        for datagram in output.drain(..) {
            let mut packet = self.recycler.take();
            packet.fill(&datagram.payload);
            (packet.port, packet.peer) = (Port::N3, datagram.destination);
            self.send_n3(now_ns, datagram.source, packet);
        }
        let node = &mut self.accesses[number];
        node.output = output;
        for packets in self.scratch.chunks(TURN) {
            match &mut node.socket {
                Some(socket) => socket.send(&named(packets)),
                None => self.unroutable += packets.len() as u64,
            }
        }
        self.scratch.drain(..).for_each(|packet| self.recycler.keep(packet));
    }

    /// What happened since this was last asked.
    pub fn take_events(&mut self) -> Vec<FabricEvent> {
        let mut events = Vec::new();
        for (number, node) in self.upfs.iter_mut().enumerate().filter(|(_, node)| node.upf.has_events()) {
            events.extend(node.upf.take_events().into_iter().map(|event| FabricEvent::Upf(number, event)));
        }
        for (number, node) in self.accesses.iter_mut().enumerate() {
            events.extend(node.access.take_events().into_iter().map(|event| FabricEvent::Access(number, event)));
        }
        events
    }
}

fn key(kind: u64, number: usize, instance: usize) -> u64 {
    kind << 48 | (number as u64 & 0xffff_ffff) << 16 | instance as u64 & 0xffff
}

fn named(packets: &[Packet]) -> Vec<Datagram<'_>> {
    packets.iter().map(|packet| (packet.peer, packet.service, packet.octets())).collect()
}
