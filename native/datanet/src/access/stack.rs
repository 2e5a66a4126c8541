//! The TCP stack of one session: a smoltcp interface, made when the first TCP socket is opened.
use super::event::{Error, Event};
use crate::device::{Queue, supervise};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{RecvError, Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint, IpVersion};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

const WINDOW: usize = 64 * 1024;
const SILENCE: Duration = Duration::from_secs(120);
/// How many TCP sockets one session may have.
const SOCKETS: usize = 64;

/// One TCP socket as its owner knows it.
struct Tcp {
    handle: u64,
    inner: SocketHandle,
    listening: Option<u16>,
    connected: bool,
    readable_told: bool,
    write_wanted: bool,
    closed_told: bool,
    abandoned: bool,
}

impl Tcp {
    fn new(handle: u64, inner: SocketHandle, listening: Option<u16>) -> Tcp {
        Tcp {
            handle,
            inner,
            listening,
            connected: false,
            readable_told: false,
            write_wanted: false,
            closed_told: false,
            abandoned: false,
        }
    }
}

/// Where a stack reports to: the events and handles of the whole engine.
pub struct Owner<'a> {
    pub session: u64,
    pub handles: &'a mut u64,
    pub sockets: &'a mut HashMap<u64, u64>,
    pub events: &'a mut Vec<Event>,
}

impl Owner<'_> {
    fn register(&mut self) -> u64 {
        *self.handles += 1;
        self.sockets.insert(*self.handles, self.session);
        *self.handles
    }
}

pub struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    pub device: Queue,
    open: Vec<Tcp>,
}

/// A moment of the caller in smoltcp's own measure.
pub fn instant(now_ns: u64) -> Instant {
    Instant::from_micros((now_ns / 1000) as i64)
}

/// The moment of smoltcp in nanoseconds, rounded up so that it is never polled too early.
pub fn nanoseconds(at: Instant) -> u64 {
    (at.total_micros().max(0) as u64).saturating_mul(1000)
}

fn socket() -> Socket<'static> {
    let mut socket = Socket::new(SocketBuffer::new(vec![0; WINDOW]), SocketBuffer::new(vec![0; WINDOW]));
    socket.set_timeout(Some(SILENCE));
    socket.set_nagle_enabled(false);
    socket
}

impl Stack {
    pub fn new(mtu: u16, seed: u64, now_ns: u64) -> Stack {
        let mut device = Queue::new(mtu);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let interface = Interface::new(config, &mut device, instant(now_ns));
        Stack { interface, sockets: SocketSet::new(Vec::new()), device, open: Vec::new() }
    }

    /// The addresses of the session: the IPv6 one may come after the first socket.
    pub fn set_addresses(&mut self, addresses: &[IpAddr]) {
        self.interface.update_ip_addrs(|known| {
            known.clear();
            for address in addresses {
                let address = IpAddress::from(*address);
                let _ = known.push(IpCidr::new(address, if address.version() == IpVersion::Ipv4 { 32 } else { 128 }));
            }
        });
    }

    fn add(&mut self, handle: u64, socket: Socket<'static>, listening: Option<u16>) {
        let inner = self.sockets.add(socket);
        self.open.push(Tcp::new(handle, inner, listening));
    }

    pub fn connect(&mut self, handle: u64, port: u16, remote: SocketAddr) -> Result<(), Error> {
        if self.open.len() >= SOCKETS {
            return Err(Error::Exhausted);
        }
        let mut socket = socket();
        let remote = IpEndpoint::new(IpAddress::from(remote.ip()), remote.port());
        socket.connect(self.interface.context(), remote, port).map_err(|_| Error::WrongState)?;
        self.add(handle, socket, None);
        Ok(())
    }

    pub fn listen(&mut self, handle: u64, port: u16) -> Result<(), Error> {
        if self.open.len() >= SOCKETS {
            return Err(Error::Exhausted);
        }
        if self.open.iter().any(|tcp| tcp.listening == Some(port)) {
            return Err(Error::InUse);
        }
        let mut socket = socket();
        socket.listen(port).map_err(|_| Error::WrongState)?;
        self.add(handle, socket, Some(port));
        Ok(())
    }

    fn find(&mut self, handle: u64) -> Result<(&mut Tcp, &mut Socket<'static>), Error> {
        let tcp = self.open.iter_mut().find(|tcp| tcp.handle == handle).ok_or(Error::NoSocket)?;
        let socket = self.sockets.get_mut::<Socket>(tcp.inner);
        Ok((tcp, socket))
    }

    /// Takes as much of `data` as the socket's buffer has room for.
    pub fn send(&mut self, handle: u64, data: &[u8]) -> Result<usize, Error> {
        let (tcp, socket) = self.find(handle)?;
        let taken = socket.send_slice(data).map_err(|_| Error::WrongState)?;
        tcp.write_wanted |= taken < data.len();
        Ok(taken)
    }

    /// Up to `limit` octets received; `None` once the peer has finished and everything was read.
    pub fn recv(&mut self, handle: u64, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let (tcp, socket) = self.find(handle)?;
        let mut data = vec![0; limit.min(socket.recv_queue())];
        match socket.recv_slice(&mut data) {
            Ok(length) => data.truncate(length),
            Err(RecvError::Finished) => return Ok(None),
            Err(RecvError::InvalidState) if tcp.connected => return Ok(None),
            Err(RecvError::InvalidState) => return Err(Error::WrongState),
        }
        tcp.readable_told = socket.recv_queue() > 0 && !data.is_empty() && tcp.readable_told;
        Ok(Some(data))
    }

    /// Ends what we send; the socket is gone once the peer has ended too. `abort` resets it at once.
    pub fn close(&mut self, handle: u64, abort: bool) -> Result<(), Error> {
        let (tcp, socket) = self.find(handle)?;
        tcp.abandoned = true;
        if abort || tcp.listening.is_some() {
            socket.abort();
        } else {
            socket.close();
        }
        Ok(())
    }

    /// Works off the received packets and timers, and tells `owner` what came of it.
    pub fn poll(&mut self, now_ns: u64, owner: &mut Owner<'_>) {
        self.supervise();
        self.interface.poll(instant(now_ns), &mut self.device, &mut self.sockets);
        self.supervise();
        let mut accepted = Vec::new();
        for tcp in &mut self.open {
            let socket = self.sockets.get_mut::<Socket>(tcp.inner);
            if tcp.listening.is_some() && socket.state() != State::Listen {
                accepted.push(tcp.handle);
            } else {
                tell(tcp, socket, owner);
            }
        }
        for listener in accepted {
            self.accept(listener, owner);
        }
        let sockets = &mut self.sockets;
        self.open.retain(|tcp| {
            let over = tcp.abandoned && !sockets.get::<Socket>(tcp.inner).is_open();
            if over {
                sockets.remove(tcp.inner);
            }
            !over
        });
    }

    fn supervise(&mut self) {
        for tcp in &self.open {
            supervise(self.sockets.get_mut::<Socket>(tcp.inner), SILENCE);
        }
    }

    /// Hands the connection a listener took to a handle of its own, and lets the listener listen again.
    fn accept(&mut self, listener: u64, owner: &mut Owner<'_>) {
        let room = self.open.len() < SOCKETS;
        let Some(tcp) = self.open.iter_mut().find(|tcp| tcp.handle == listener) else { return };
        let port = tcp.listening.unwrap_or_default();
        let remote = self.sockets.get::<Socket>(tcp.inner).remote_endpoint();
        let mut fresh = socket();
        if tcp.abandoned || fresh.listen(port).is_err() {
            return;
        }
        let taken = std::mem::replace(&mut tcp.inner, self.sockets.add(fresh));
        let (Some(remote), true) = (remote, room) else {
            self.sockets.remove(taken);
            return;
        };
        let handle = owner.register();
        let mut tcp = Tcp::new(handle, taken, None);
        tcp.connected = true;
        let remote = SocketAddr::new(remote.addr.into(), remote.port);
        owner.events.push(Event::Accepted { session: owner.session, listener, socket: handle, remote });
        tell(&mut tcp, self.sockets.get_mut::<Socket>(taken), owner);
        self.open.push(tcp);
    }

    /// Reports every socket as reset.
    pub fn end_all(&mut self, owner: &mut Owner<'_>) {
        for tcp in self.open.drain(..).filter(|tcp| !tcp.abandoned && !tcp.closed_told) {
            owner.events.push(Event::Closed { session: owner.session, socket: tcp.handle, reset: true });
        }
    }

    /// When this stack next needs a poll though nothing arrives.
    pub fn deadline(&mut self, now_ns: u64) -> Option<u64> {
        self.interface.poll_at(instant(now_ns), &self.sockets).map(nanoseconds)
    }

    /// Whether one of its sockets has a local port.
    pub fn has(&self, port: u16) -> bool {
        self.open.iter().any(|tcp| {
            let local = self.sockets.get::<Socket>(tcp.inner).local_endpoint();
            tcp.listening == Some(port) || local.is_some_and(|local| local.port == port)
        })
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

/// Turns what changed in one socket into events, each told once.
fn tell(tcp: &mut Tcp, socket: &mut Socket<'static>, owner: &mut Owner<'_>) {
    if tcp.abandoned || tcp.listening.is_some() {
        return;
    }
    let (session, handle, events) = (owner.session, tcp.handle, &mut *owner.events);
    if !tcp.connected && socket.may_send() {
        tcp.connected = true;
        events.push(Event::Connected { session, socket: handle });
    }
    if socket.can_recv() && !std::mem::replace(&mut tcp.readable_told, true) {
        events.push(Event::Readable { session, socket: handle });
    }
    if tcp.write_wanted && socket.can_send() {
        tcp.write_wanted = false;
        events.push(Event::Writable { session, socket: handle });
    }
    let finished = !socket.may_recv() && !matches!(socket.state(), State::SynSent | State::SynReceived);
    if finished && !std::mem::replace(&mut tcp.closed_told, true) {
        let reset = socket.state() == State::Closed;
        events.push(Event::Closed { session, socket: handle, reset });
    }
}
