//! What one engine is attached to: its socket, its networks, and the rings of the process.
use crate::tun::Tun;
use crate::udp::Udp;
use freehold_datanet::{Access, DataNetwork, Datagram};
use freehold_userplane::{Packet, Port, Recycler, Upf};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// Packets one engine takes a turn, so that no one starves the others.
pub const TURN: usize = 256;
/// Packets that wait in a ring for an engine of the process; more are lost.
const RING: usize = 4096;

/// What is behind a network instance's N6.
pub enum Network {
    /// Nothing: packets end here.
    None,
    /// A data network of this process; `relay` becomes readable when its way through the host may go on.
    Engine { engine: Box<DataNetwork>, input: Vec<Vec<u8>>, next: Option<u64>, relay: Option<OwnedFd> },
    /// An interface of the host.
    Tun(Tun),
}

/// A user plane function and what it is attached to.
pub struct UpfNode {
    pub upf: Upf,
    pub address: SocketAddr,
    pub socket: Option<Udp>,
    pub ready: bool,
    /// The address and socket of the other version of IP, where N3 has both.
    pub second: Option<Second>,
    pub networks: Vec<Network>,
    pub input: Vec<Packet>,
    pub output: Vec<Packet>,
    /// Packets of this process that found the ring full, and packets for nodes that nothing reaches.
    pub overrun: u64,
    pub unroutable: u64,
}

/// N3 over the other version of IP.
pub struct Second {
    pub address: SocketAddr,
    pub socket: Option<Udp>,
    pub ready: bool,
}

/// A gNB's relay with its terminals, and what it is attached to.
pub struct AccessNode {
    pub access: Access,
    pub address: SocketAddr,
    pub socket: Option<Udp>,
    pub ready: bool,
    pub input: Vec<Datagram>,
    pub output: Vec<Datagram>,
    pub next: Option<u64>,
    /// TUN interfaces that stand for the IP stacks of terminals, by session; a free place is used again.
    pub terminals: Vec<Option<(u64, Tun)>>,
}

impl UpfNode {
    /// Puts a datagram of the process into the ring; lost where there is no room.
    pub fn offer(&mut self, packet: Packet) {
        if self.input.len() < RING {
            self.input.push(packet);
        } else {
            self.overrun += 1;
            self.upf.recycler().keep(packet);
        }
    }

    /// The address that it has towards a peer.
    pub fn towards(&self, peer: SocketAddr) -> SocketAddr {
        match &self.second {
            Some(second) if second.address.is_ipv4() == peer.is_ipv4() => second.address,
            _ => self.address,
        }
    }

    /// The socket that reaches a peer.
    pub fn socket_towards(&mut self, peer: SocketAddr) -> Option<&mut Udp> {
        match &mut self.second {
            Some(second) if second.address.is_ipv4() == peer.is_ipv4() => second.socket.as_mut(),
            _ => self.socket.as_mut(),
        }
    }

    /// Takes what waits in its sockets, about a turn of each: of more packets at once more can be joined.
    pub fn receive(&mut self) {
        if let Some(socket) = &mut self.socket {
            let most = self.input.len() + TURN;
            while self.ready && self.input.len() < most {
                self.ready = socket.receive(self.upf.recycler(), &mut self.input);
            }
        }
        if let Some(Second { socket: Some(socket), ready, .. }) = &mut self.second {
            let most = self.input.len() + TURN;
            while *ready && self.input.len() < most {
                *ready = socket.receive(self.upf.recycler(), &mut self.input);
            }
        }
    }

    /// Whether a socket or an interface may hold more than was taken.
    pub fn holds_more(&self) -> bool {
        let sockets = [
            self.socket.is_some() && self.ready,
            self.second.as_ref().is_some_and(|second| second.socket.is_some() && second.ready),
        ];
        let tuns = self.networks.iter().map(|network| matches!(network, Network::Tun(tun) if tun.ready));
        sockets.into_iter().chain(tuns).any(|ready| ready)
    }

    /// What was lost on the way to and from the engine, by name.
    pub fn losses(&self) -> [(&'static str, u64); 4] {
        let interfaces = self.networks.iter().map(|network| match network {
            Network::Tun(tun) => tun.lost,
            _ => 0,
        });
        let sockets = [self.socket.as_ref(), self.second.as_ref().and_then(|second| second.socket.as_ref())];
        [
            ("drop_n3_socket", sockets.into_iter().flatten().map(|socket| socket.lost).sum()),
            ("drop_n3_unroutable", self.unroutable),
            ("drop_n6_interface", interfaces.sum()),
            ("drop_overrun", self.overrun),
        ]
    }

    /// Reads what the TUN interfaces hold, at most a turn each.
    pub fn read_tuns(&mut self) {
        for (number, network) in self.networks.iter_mut().enumerate() {
            if let Network::Tun(tun) = network {
                tun.read(Port::N6(number as u16), self.address, self.upf.recycler(), &mut self.input);
            }
        }
    }

    /// Lets the data networks of the process answer; whether one did.
    pub fn run_networks(&mut self, now_ns: u64, answers: &mut Vec<Vec<u8>>) -> bool {
        let mut moved = false;
        for (number, network) in self.networks.iter_mut().enumerate() {
            let Network::Engine { engine, input, next, .. } = network else { continue };
            if input.is_empty() && next.is_none_or(|next| next > now_ns) {
                continue;
            }
            *next = engine.poll(now_ns, input, answers);
            moved |= !answers.is_empty();
            for answer in answers.drain(..) {
                let mut packet = self.upf.recycler().take();
                packet.fill(&answer);
                (packet.port, packet.peer) = (Port::N6(number as u16), self.address);
                self.input.push(packet);
            }
        }
        moved
    }

    /// Hands packets to their data network, in order.
    pub fn leave(network: &mut Network, packets: &mut [Packet]) {
        match network {
            Network::None => {}
            Network::Engine { input, .. } => input.extend(packets.iter().map(|packet| packet.octets().to_vec())),
            Network::Tun(tun) => tun.write(packets),
        }
    }
}

impl AccessNode {
    /// Puts a datagram of the process into the ring; lost where there is no room.
    pub fn offer(&mut self, source: SocketAddr, octets: &[u8]) {
        if self.input.len() < RING {
            self.input.push(Datagram { source, destination: self.address, payload: octets.to_vec() });
        }
    }

    /// Reads what the terminals' TUN interfaces hold, at most a turn each; whether there was something.
    pub fn read_terminals(&mut self, recycler: &mut Recycler, scratch: &mut Vec<Packet>) -> bool {
        let mut moved = false;
        for (session, tun) in self.terminals.iter_mut().flatten() {
            tun.read(Port::N6(0), self.address, recycler, scratch);
            moved |= !scratch.is_empty();
            for packet in scratch.drain(..) {
                let _ = self.access.raw_send(*session, packet.octets().to_vec()); // more than may wait is lost
                recycler.keep(packet);
            }
        }
        moved
    }

    /// Writes what came for the terminals to their TUN interfaces.
    pub fn write_terminals(&mut self, recycler: &mut Recycler, scratch: &mut Vec<Packet>) {
        for (session, tun) in self.terminals.iter_mut().flatten() {
            for octets in self.access.raw_receive(*session).unwrap_or_default() {
                let mut packet = recycler.take();
                packet.fill(&octets);
                scratch.push(packet);
            }
            tun.write(scratch);
            scratch.drain(..).for_each(|packet| recycler.keep(packet));
        }
    }

    /// Whether the engine has something to do now.
    pub fn due(&self, now_ns: u64) -> bool {
        !self.input.is_empty() || self.next.is_some_and(|next| next <= now_ns)
    }
}
