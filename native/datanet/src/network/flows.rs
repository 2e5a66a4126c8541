//! The TCP connections of the data network: one small stack for each terminal that has any.
use super::http::Connection;
use super::relay::{Incoming, Link, Relay};
use crate::device::{Queue, next_turn, supervise};
use crate::{earlier, ip};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};

const WINDOW: usize = 64 * 1024;
/// How long unacknowledged data may go unanswered, and how long a connection may carry nothing.
const SILENCE: Duration = Duration::from_secs(120);
const IDLE_NS: u64 = 120_000_000_000;
pub const ECHO: u16 = 7;
pub const HTTP: u16 = 80;

/// How long the host may take to connect.
const CONNECT_NS: u64 = 75_000_000_000;
/// How long a relayed connection may carry nothing (RFC 5382 5, REQ-5).
const RELAYED_IDLE_NS: u64 = 7_440_000_000_000;

pub enum Service {
    Echo,
    Http(Box<Connection>),
    Relay(Relayed),
}

/// A connection of the host that a terminal's connection is joined to.
pub struct Relayed {
    id: u64,
    ended: bool,
    finished: bool,
}

impl Service {
    /// What serves a port of the network's own addresses.
    pub fn of(port: u16) -> Option<Service> {
        match port {
            ECHO => Some(Service::Echo),
            HTTP => Some(Service::Http(Box::new(Connection::new()))),
            _ => None,
        }
    }

    /// A connection of the host.
    pub fn relay(id: u64) -> Service {
        Service::Relay(Relayed { id, ended: false, finished: false })
    }

    fn idle_ns(&self) -> u64 {
        if matches!(self, Service::Relay(_)) { RELAYED_IDLE_NS } else { IDLE_NS }
    }
}

/// One connection: the address and port it was made to, the terminal's port, and who serves it.
struct Flow {
    local: (IpAddr, u16),
    port: u16,
    inner: SocketHandle,
    service: Service,
    last: u64,
}

/// A connection that the host is still making: the terminal's SYN waits, and no stack knows of it yet.
struct Pending {
    local: (IpAddr, u16),
    port: u16,
    id: u64,
    syn: Vec<u8>,
    until: u64,
}

/// All connections of one terminal.
pub struct Terminal {
    address: IpAddr,
    interface: Interface,
    sockets: SocketSet<'static>,
    device: Queue,
    flows: Vec<Flow>,
    pending: Vec<Pending>,
    /// Connections of the host whose terminal's side is over.
    pub ended: Vec<u64>,
    pub scheduled: Option<u64>,
    pub touched: bool,
}

/// The ports of a TCP segment and whether it opens a connection.
pub struct Segment {
    pub source: u16,
    pub destination: u16,
    pub opens: bool,
}

/// Reads what is needed to find a segment's connection.
pub fn segment(view: &ip::View<'_>) -> Option<Segment> {
    let flags = *view.payload.get(13)?;
    Some(Segment {
        source: ip::u16_at(view.payload, 0)?,
        destination: ip::u16_at(view.payload, 2)?,
        opens: flags & 0x17 == 0x02,
    })
}

fn instant(now_ns: u64) -> Instant {
    Instant::from_micros((now_ns / 1000) as i64)
}

impl Terminal {
    pub fn new(address: IpAddr, own: IpAddr, mtu: u16, seed: u64, now_ns: u64) -> Terminal {
        let mut device = Queue::new(mtu);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut device, instant(now_ns));
        interface.update_ip_addrs(|addresses| {
            let _ = addresses.push(IpCidr::new(IpAddress::from(own), if own.is_ipv4() { 32 } else { 128 }));
        });
        // A route over its own address makes the stack answer for every address.
        let _ = match own {
            IpAddr::V4(own) => interface.routes_mut().add_default_ipv4_route(own),
            IpAddr::V6(own) => interface.routes_mut().add_default_ipv6_route(own),
        };
        interface.set_any_ip(true);
        Terminal {
            address,
            interface,
            sockets: SocketSet::new(Vec::new()),
            device,
            flows: Vec::new(),
            pending: Vec::new(),
            ended: Vec::new(),
            scheduled: None,
            touched: false,
        }
    }

    pub fn len(&self) -> usize {
        self.flows.len() + self.pending.len()
    }

    pub fn has(&self, local: (IpAddr, u16), port: u16) -> bool {
        self.flows.iter().any(|flow| flow.local == local && flow.port == port) || self.waits(local, port).is_some()
    }

    fn waits(&self, local: (IpAddr, u16), port: u16) -> Option<usize> {
        self.pending.iter().position(|pending| pending.local == local && pending.port == port)
    }

    /// Waits for a connection of the host; the terminal's own stands once that one does.
    pub fn await_host(&mut self, local: (IpAddr, u16), port: u16, id: u64, now_ns: u64) {
        let until = now_ns.saturating_add(CONNECT_NS);
        self.pending.push(Pending { local, port, id, syn: Vec::new(), until });
    }

    /// Makes ready for the connection that a segment opens; false where it cannot be.
    pub fn open(&mut self, local: (IpAddr, u16), port: u16, service: Service, now_ns: u64) -> bool {
        let mut socket = Socket::new(SocketBuffer::new(vec![0; WINDOW]), SocketBuffer::new(vec![0; WINDOW]));
        socket.set_timeout(Some(SILENCE));
        socket.set_nagle_enabled(false);
        if socket.listen(IpEndpoint::new(IpAddress::from(local.0), local.1)).is_err() {
            return false;
        }
        let inner = self.sockets.add(socket);
        self.flows.push(Flow { local, port, inner, service, last: now_ns });
        true
    }

    pub fn deliver(&mut self, local: (IpAddr, u16), segment: &Segment, packet: Vec<u8>) {
        match self.waits(local, segment.source) {
            Some(index) if segment.opens => self.pending[index].syn = packet,
            Some(_) => {}
            None => self.device.received.push_back(packet),
        }
    }

    /// Begins what the host has connected, and resets what it could not.
    fn settle(&mut self, now_ns: u64, relay: &mut dyn Relay) {
        for pending in std::mem::take(&mut self.pending) {
            let link = relay.link(pending.id);
            if link == Link::Connecting && now_ns < pending.until {
                self.pending.push(pending);
            } else if link == Link::Open && self.open(pending.local, pending.port, Service::relay(pending.id), now_ns) {
                self.device.received.push_back(pending.syn);
            } else {
                self.device.sent.extend(ip::parse(&pending.syn).and_then(|view| ip::reset(&view)));
                self.ended.push(pending.id);
            }
        }
    }

    /// Serves every connection and puts packets into `output`; returns when to come again, none where all are over.
    /// A defect in the stack costs this terminal its connections and nobody else anything.
    pub fn poll(&mut self, now_ns: u64, relay: &mut Option<Box<dyn Relay>>, output: &mut Vec<Vec<u8>>) -> Option<u64> {
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(now_ns, relay)));
        output.append(&mut self.device.sent);
        turn.unwrap_or_else(|_| {
            for flow in self.flows.drain(..) {
                self.ended.extend(flow.service.relayed());
            }
            self.ended.extend(self.pending.drain(..).map(|pending| pending.id));
            None
        })
    }

    fn turn(&mut self, now_ns: u64, relay: &mut Option<Box<dyn Relay>>) -> Option<u64> {
        if let Some(relay) = relay {
            self.settle(now_ns, relay.as_mut());
        }
        self.interface.poll(instant(now_ns), &mut self.device, &mut self.sockets);
        let mut moved = false;
        for flow in &mut self.flows {
            let socket = self.sockets.get_mut::<Socket>(flow.inner);
            if flow.serve(socket, self.address, relay) {
                (moved, flow.last) = (true, now_ns);
            } else if now_ns.saturating_sub(flow.last) >= flow.service.idle_ns() {
                socket.abort();
                moved = true;
            }
            supervise(socket, SILENCE);
        }
        if moved {
            self.interface.poll(instant(now_ns), &mut self.device, &mut self.sockets);
        }
        let (sockets, ended) = (&mut self.sockets, &mut self.ended);
        self.flows.retain(|flow| {
            let state = sockets.get::<Socket>(flow.inner).state();
            let over = matches!(state, State::Closed | State::TimeWait | State::Listen);
            if over {
                sockets.remove(flow.inner);
                ended.extend(flow.service.relayed());
            }
            !over
        });
        let idle = self.flows.iter().map(|flow| flow.last.saturating_add(flow.service.idle_ns())).min();
        let idle = earlier(idle, self.pending.iter().map(|pending| pending.until).min())?;
        let due = self.interface.poll_at(instant(now_ns), &self.sockets);
        let due = due.map(|at| (at.total_micros().max(0) as u64).saturating_mul(1000));
        earlier(Some(idle), due.map(|at| next_turn(at, now_ns, !self.device.sent.is_empty())))
    }
}

impl Flow {
    /// One step of the service; true where anything moved.
    fn serve(&mut self, socket: &mut Socket<'_>, client: IpAddr, relay: &mut Option<Box<dyn Relay>>) -> bool {
        let moved = match &mut self.service {
            Service::Echo => echo(socket),
            Service::Http(connection) => connection.step(socket, client),
            Service::Relay(relayed) => return relay.as_mut().is_some_and(|relay| relayed.step(socket, relay.as_mut())),
        };
        // The client has finished and nothing is left to answer.
        if socket.state() == State::CloseWait && !moved && socket.recv_queue() == 0 {
            socket.close();
            return true;
        }
        moved
    }
}

/// RFC 862: whatever comes goes back, as far as there is room.
fn echo(socket: &mut Socket<'_>) -> bool {
    let room = socket.send_capacity() - socket.send_queue();
    if room == 0 || !socket.can_recv() || !socket.may_send() {
        return false;
    }
    let mut data = vec![0; room.min(socket.recv_queue())];
    let length = socket.recv_slice(&mut data).unwrap_or(0);
    socket.send_slice(&data[..length]).unwrap_or(0) > 0
}

impl Service {
    /// The connection of the host behind it, where there is one.
    pub fn relayed(&self) -> Option<u64> {
        if let Service::Relay(relayed) = self { Some(relayed.id) } else { None }
    }
}

impl Relayed {
    /// Moves octets both ways as far as there is room; true where anything moved.
    fn step(&mut self, socket: &mut Socket<'_>, relay: &mut dyn Relay) -> bool {
        let moved = self.to_terminal(socket, relay) | self.to_host(socket, relay);
        let silent = matches!(socket.state(), State::CloseWait | State::LastAck | State::Closing);
        if silent && socket.recv_queue() == 0 && !std::mem::replace(&mut self.finished, true) {
            relay.finish(self.id);
            return true;
        }
        moved
    }

    fn to_terminal(&mut self, socket: &mut Socket<'_>, relay: &mut dyn Relay) -> bool {
        let mut moved = false;
        while !self.ended && socket.can_send() {
            let read = socket.send(|room| match relay.read(self.id, room) {
                Incoming::Octets(length) => (length, Incoming::Octets(length)),
                other => (0, other),
            });
            match read {
                Ok(Incoming::Octets(length)) if length > 0 => {}
                Ok(Incoming::End) => {
                    self.ended = true;
                    socket.close();
                }
                Ok(Incoming::Failed) => {
                    self.ended = true;
                    socket.abort();
                }
                _ => break,
            }
            moved = true;
        }
        moved
    }

    fn to_host(&mut self, socket: &mut Socket<'_>, relay: &mut dyn Relay) -> bool {
        let mut moved = false;
        while socket.can_recv() {
            match socket.recv(|octets| {
                let written = relay.write(self.id, octets);
                (written.unwrap_or(0), written)
            }) {
                Ok(Some(length)) if length > 0 => moved = true,
                Ok(None) => {
                    socket.abort();
                    return true;
                }
                _ => break,
            }
        }
        moved
    }
}
