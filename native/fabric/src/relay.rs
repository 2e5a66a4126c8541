//! The host's connections and datagram sockets that terminals reach the world by, where no TUN can be had.
//!
//! Never to the host itself: what a terminal names is checked before a packet leaves, so that nothing that listens on
//! loopback or on one of the host's addresses is in a terminal's reach.
use crate::sys::{Poller, begin_connect};
use freehold_datanet::{Incoming, Link, Relay};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

/// How many sockets there are at once, and how many destinations are remembered as permitted.
const SOCKETS: usize = 4096;
const REMEMBERED: usize = 1024;

enum Socket {
    Stream(TcpStream),
    Datagram(UdpSocket),
}

/// Connections and datagram sockets by number, none of which ever waits.
pub struct HostRelay {
    poller: Poller,
    sockets: HashMap<u64, Socket>,
    permitted: HashMap<IpAddr, bool>,
    permit: fn(IpAddr) -> bool,
    count: u64,
}

/// Whether a terminal may reach an address: it is a unicast address of the world, and none of this host's own.
pub fn permit(address: IpAddr) -> bool {
    let special = match address {
        IpAddr::V4(address) => {
            let first = address.octets()[0];
            // RFC 6890 2.2.2: this network, loopback, link local, multicast, reserved and broadcast stay out.
            first == 0 || address.is_loopback() || address.is_link_local() || first >= 224
        }
        IpAddr::V6(address) => {
            // RFC 6890 2.2.3: unspecified, loopback, IPv4 in its forms, link local, site local and multicast stay out.
            let [first, second, third, ..] = address.segments();
            let whole = u128::from(address);
            let version_4 = whole >> 32 == 0 || whole >> 32 == 0xffff || (first, second, third) == (0x64, 0xff9b, 1);
            version_4 || first & 0xff80 == 0xfe80 || address.is_multicast()
        }
    };
    if special {
        return false;
    }
    // The route to an own address has that address as its source. No packet is sent.
    let route = UdpSocket::bind((any(address), 0)).and_then(|probe| {
        probe.connect((address, 9))?;
        probe.local_addr()
    });
    route.is_ok_and(|local| local.ip() != address)
}

/// The unspecified address of the version of `like`.
fn any(like: IpAddr) -> IpAddr {
    if like.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

impl HostRelay {
    pub fn new() -> io::Result<HostRelay> {
        HostRelay::with(permit)
    }

    /// A relay to whatever `permit` lets through.
    pub fn with(permit: fn(IpAddr) -> bool) -> io::Result<HostRelay> {
        Ok(HostRelay { poller: Poller::new()?, sockets: HashMap::new(), permitted: HashMap::new(), permit, count: 0 })
    }

    /// Becomes readable when a socket may go on.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.poller.descriptor().try_clone()
    }

    fn permitted(&mut self, to: SocketAddr) -> bool {
        if self.permitted.len() >= REMEMBERED {
            self.permitted.clear();
        }
        let permit = self.permit;
        to.port() != 0 && *self.permitted.entry(to.ip()).or_insert_with(|| permit(to.ip()))
    }

    fn keep(&mut self, socket: Socket) -> Option<u64> {
        self.count += 1;
        let descriptor = match &socket {
            Socket::Stream(stream) => stream.as_raw_fd(),
            Socket::Datagram(socket) => socket.as_raw_fd(),
        };
        self.poller.add_edges(descriptor, self.count).ok()?;
        self.sockets.insert(self.count, socket);
        Some(self.count)
    }

    fn stream(&mut self, id: u64) -> Option<&mut TcpStream> {
        match self.sockets.get_mut(&id) {
            Some(Socket::Stream(stream)) => Some(stream),
            _ => None,
        }
    }
}

fn later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}

impl Relay for HostRelay {
    fn connect(&mut self, to: SocketAddr) -> Option<u64> {
        if self.sockets.len() >= SOCKETS || !self.permitted(to) {
            return None;
        }
        let stream = begin_connect(to).ok()?;
        let _ = stream.set_nodelay(true);
        self.keep(Socket::Stream(stream))
    }

    fn link(&mut self, id: u64) -> Link {
        let Some(stream) = self.stream(id) else { return Link::Failed };
        match (stream.take_error(), stream.peer_addr()) {
            (Ok(None), Ok(_)) => Link::Open,
            (Ok(None), Err(error)) if later(&error) => Link::Connecting,
            _ => Link::Failed,
        }
    }

    fn read(&mut self, id: u64, room: &mut [u8]) -> Incoming {
        let Some(stream) = self.stream(id) else { return Incoming::Failed };
        match stream.read(room) {
            Ok(0) => Incoming::End,
            Ok(length) => Incoming::Octets(length),
            Err(error) if later(&error) => Incoming::Later,
            Err(_) => Incoming::Failed,
        }
    }

    fn write(&mut self, id: u64, octets: &[u8]) -> Option<usize> {
        match self.stream(id)?.write(octets) {
            Ok(length) => Some(length),
            Err(error) if later(&error) => Some(0),
            Err(_) => None,
        }
    }

    fn finish(&mut self, id: u64) {
        if let Some(stream) = self.stream(id) {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, id: u64) {
        self.sockets.remove(&id);
    }

    fn bind(&mut self, like: IpAddr) -> Option<u64> {
        if self.sockets.len() >= SOCKETS {
            return None;
        }
        let socket = UdpSocket::bind((any(like), 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        self.keep(Socket::Datagram(socket))
    }

    fn send_to(&mut self, id: u64, to: SocketAddr, octets: &[u8], trusted: bool) -> bool {
        if !trusted && !self.permitted(to) {
            return false;
        }
        match self.sockets.get(&id) {
            // A datagram that the host does not take is lost, as on any path.
            Some(Socket::Datagram(socket)) => socket.send_to(octets, to).map_or(true, |_| true),
            _ => false,
        }
    }

    fn receive_from(&mut self, id: u64, room: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let Some(Socket::Datagram(socket)) = self.sockets.get(&id) else { return None };
        socket.recv_from(room).ok()
    }

    fn ready(&mut self, ready: &mut Vec<u64>) {
        loop {
            let before = ready.len();
            self.poller.wait(0, ready);
            if ready.len() == before {
                return;
            }
        }
    }
}
