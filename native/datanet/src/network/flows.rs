//! The TCP connections of the data network: one small stack for each terminal that has any.
use super::http::Connection;
use crate::device::{Queue, supervise};
use crate::{earlier, ip};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};

const WINDOW: usize = 64 * 1024;
/// How long unacknowledged data may go unanswered, and how long a connection may carry nothing.
const SILENCE: Duration = Duration::from_secs(120);
const IDLE_NS: u64 = 120_000_000_000;
pub const ECHO: u16 = 7;
pub const HTTP: u16 = 80;

enum Service {
    Echo,
    Http(Box<Connection>),
}

/// One connection: the address and port it was made to, the terminal's port, and who serves it.
struct Flow {
    local: (Ipv4Addr, u16),
    port: u16,
    inner: SocketHandle,
    service: Service,
    last: u64,
}

/// All connections of one terminal.
pub struct Terminal {
    address: Ipv4Addr,
    interface: Interface,
    sockets: SocketSet<'static>,
    device: Queue,
    flows: Vec<Flow>,
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
    pub fn new(address: Ipv4Addr, own: Ipv4Addr, mtu: u16, seed: u64, now_ns: u64) -> Terminal {
        let mut device = Queue::new(mtu);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut device, instant(now_ns));
        interface.update_ip_addrs(|addresses| {
            let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(own), 32));
        });
        // A route over its own address makes the stack answer for every address.
        let _ = interface.routes_mut().add_default_ipv4_route(own);
        interface.set_any_ip(true);
        Terminal {
            address,
            interface,
            sockets: SocketSet::new(Vec::new()),
            device,
            flows: Vec::new(),
            scheduled: None,
            touched: false,
        }
    }

    pub fn len(&self) -> usize {
        self.flows.len()
    }

    pub fn has(&self, local: (Ipv4Addr, u16), port: u16) -> bool {
        self.flows.iter().any(|flow| flow.local == local && flow.port == port)
    }

    /// Makes ready for the connection that `segment` opens; false where nothing serves its port.
    pub fn open(&mut self, local: (Ipv4Addr, u16), port: u16, now_ns: u64) -> bool {
        let service = match local.1 {
            ECHO => Service::Echo,
            HTTP => Service::Http(Box::new(Connection::new())),
            _ => return false,
        };
        let mut socket = Socket::new(SocketBuffer::new(vec![0; WINDOW]), SocketBuffer::new(vec![0; WINDOW]));
        socket.set_timeout(Some(SILENCE));
        socket.set_nagle_enabled(false);
        if socket.listen(IpEndpoint::new(IpAddress::Ipv4(local.0), local.1)).is_err() {
            return false;
        }
        let inner = self.sockets.add(socket);
        self.flows.push(Flow { local, port, inner, service, last: now_ns });
        true
    }

    pub fn deliver(&mut self, packet: Vec<u8>) {
        self.device.received.push_back(packet);
    }

    /// Serves every connection and puts packets into `output`; returns when to come again, none where all are over.
    /// A defect in the stack costs this terminal its connections and nobody else anything.
    pub fn poll(&mut self, now_ns: u64, output: &mut Vec<Vec<u8>>) -> Option<u64> {
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(now_ns)));
        output.append(&mut self.device.sent);
        turn.unwrap_or_else(|_| {
            self.flows.clear();
            None
        })
    }

    fn turn(&mut self, now_ns: u64) -> Option<u64> {
        self.interface.poll(instant(now_ns), &mut self.device, &mut self.sockets);
        let mut moved = false;
        for flow in &mut self.flows {
            let socket = self.sockets.get_mut::<Socket>(flow.inner);
            if flow.serve(socket, self.address) {
                (moved, flow.last) = (true, now_ns);
            } else if now_ns.saturating_sub(flow.last) >= IDLE_NS {
                socket.abort();
                moved = true;
            }
            supervise(socket, SILENCE);
        }
        if moved {
            self.interface.poll(instant(now_ns), &mut self.device, &mut self.sockets);
        }
        let sockets = &mut self.sockets;
        self.flows.retain(|flow| {
            let state = sockets.get::<Socket>(flow.inner).state();
            let over = matches!(state, State::Closed | State::TimeWait | State::Listen);
            if over {
                sockets.remove(flow.inner);
            }
            !over
        });
        let idle = self.flows.iter().map(|flow| flow.last.saturating_add(IDLE_NS)).min()?;
        let due = self.interface.poll_at(instant(now_ns), &self.sockets);
        earlier(Some(idle), due.map(|at| (at.total_micros().max(0) as u64).saturating_mul(1000)))
    }
}

impl Flow {
    /// One step of the service; true where anything moved.
    fn serve(&mut self, socket: &mut Socket<'_>, client: Ipv4Addr) -> bool {
        let moved = match &mut self.service {
            Service::Echo => echo(socket),
            Service::Http(connection) => connection.step(socket, client),
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
