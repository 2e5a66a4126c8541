//! What a terminal's programs do: ping, UDP and TCP sockets, raw packets.
use super::Access;
use super::classes::UplinkRule;
use super::event::Error;
use super::session::{Extras, Ping, Session};
use super::stack::Stack;
use super::udp::Udp;
use crate::ip;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// How many echo requests, UDP sockets and raw packets one session may have open.
const PINGS: usize = 256;
const UDP_SOCKETS: usize = 64;
/// Rules of one session at most (TS 24.501 9.11.4.13: 255 rules, of 15 filters).
const RULES: usize = 255 * 15;
pub const RAW_WAITING: usize = 1024;
/// Both addresses, the type, and two VLAN tags (IEEE 802.3 3.1.1, IEEE 802.1Q 9.5).
const FRAME_HEADER: usize = 14 + 2 * 4;
const FIRST_EPHEMERAL: u16 = 49152;

impl Access {
    /// Sends an echo request with `size` octets of data at the next poll.
    pub fn ping(&mut self, session_id: u64, destination: impl Into<IpAddr>, size: u16, id: u32) -> Result<(), Error> {
        let destination = destination.into();
        let session = self.reaching(session_id, destination)?;
        if ip::HEADER + 8 + usize::from(size) > 65_535 {
            return Err(Error::TooLong);
        }
        let pings = &mut session.extras().pings;
        if pings.len() == PINGS {
            return Err(Error::Exhausted);
        }
        pings.push(Ping { id, destination, size, sent: None });
        self.touch(session_id);
        Ok(())
    }

    /// Opens a UDP socket; port 0 takes a free one.
    pub fn udp_open(&mut self, session_id: u64, port: u16) -> Result<u64, Error> {
        let handle = self.handles + 1;
        let extras = self.addressed(session_id)?.extras();
        if extras.udp.len() == UDP_SOCKETS {
            return Err(Error::Exhausted);
        }
        let port = if port == 0 { ephemeral(extras) } else { port };
        if extras.udp.iter().any(|udp| udp.port == port) {
            return Err(Error::InUse);
        }
        extras.udp.push(Udp::new(handle, port));
        Ok(self.opened(handle, session_id))
    }

    /// Sends one datagram at the next poll.
    pub fn send_to(&mut self, socket: u64, data: &[u8], destination: impl Into<SocketAddr>) -> Result<usize, Error> {
        let (session_id, destination) = (self.owner(socket)?, destination.into());
        let session = self.reaching(session_id, destination.ip())?;
        if ip::HEADER + ip::UDP_HEADER + data.len() > 65_535 {
            return Err(Error::TooLong);
        }
        let udp = session.extras().udp.iter_mut().find(|udp| udp.handle == socket).ok_or(Error::NoSocket)?;
        if !udp.queue(destination, data) {
            return Err(Error::Exhausted);
        }
        self.touch(session_id);
        Ok(data.len())
    }

    /// The next datagram and its source, or none.
    pub fn recv_from(&mut self, socket: u64) -> Result<Option<(SocketAddr, Vec<u8>)>, Error> {
        let session_id = self.owner(socket)?;
        let extras = self.addressed(session_id)?.extras();
        let udp = extras.udp.iter_mut().find(|udp| udp.handle == socket).ok_or(Error::NoSocket)?;
        let datagram = udp.received.pop_front();
        udp.told = !udp.received.is_empty();
        Ok(datagram)
    }

    /// Begins a TCP connection; `Connected` or `Closed` follows.
    pub fn tcp_connect(&mut self, session_id: u64, remote: impl Into<SocketAddr>) -> Result<u64, Error> {
        let handle = self.handles + 1;
        let remote = remote.into();
        let port = ephemeral(self.reaching(session_id, remote.ip())?.extras());
        self.stack(session_id)?.connect(handle, port, remote)?;
        self.touch(session_id);
        Ok(self.opened(handle, session_id))
    }

    /// Listens on a TCP port of the terminal; `Accepted` follows for each connection.
    pub fn tcp_listen(&mut self, session_id: u64, port: u16) -> Result<u64, Error> {
        let handle = self.handles + 1;
        self.stack(session_id)?.listen(handle, port)?;
        Ok(self.opened(handle, session_id))
    }

    /// Takes as much of `data` as fits; less than all means that `Writable` follows.
    pub fn send(&mut self, socket: u64, data: &[u8]) -> Result<usize, Error> {
        let session_id = self.owner(socket)?;
        let taken = self.tcp(session_id)?.send(socket, data)?;
        self.touch(session_id);
        Ok(taken)
    }

    /// Up to `limit` octets of a TCP connection: empty where none wait, none at its end.
    pub fn recv(&mut self, socket: u64, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let session_id = self.owner(socket)?;
        let data = self.tcp(session_id)?.recv(socket, limit)?;
        self.touch(session_id);
        Ok(data)
    }

    /// Closes a socket of either kind; the handle ends here. A TCP connection ends with FIN, or at once with `abort`.
    pub fn close(&mut self, socket: u64, abort: bool) -> Result<(), Error> {
        let session_id = self.owner(socket)?;
        self.sockets.remove(&socket);
        let extras = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?.extras();
        let before = extras.udp.len();
        extras.udp.retain(|udp| udp.handle != socket);
        if extras.frames.is_some_and(|(frames, _)| frames == socket) {
            (extras.raw, extras.frames) = (None, None);
        } else if extras.udp.len() == before
            && let Some(stack) = &mut extras.tcp
        {
            stack.close(socket, abort)?;
        }
        self.touch(session_id);
        Ok(())
    }

    /// Hands a session's downlink packets to `raw_receive` instead of the terminal's own stack, or ends that. What
    /// answers a ping or belongs to a socket of this engine still goes there.
    pub fn raw(&mut self, session_id: u64, on: bool) -> Result<(), Error> {
        let extras = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?.extras();
        if extras.frames.is_some() {
            return Err(Error::InUse);
        }
        extras.raw = on.then(VecDeque::new);
        Ok(())
    }

    /// Sends one IP packet of the terminal as it is.
    pub fn raw_send(&mut self, session_id: u64, packet: Vec<u8>) -> Result<(), Error> {
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        let waiting = &mut session.extras().waiting;
        if waiting.len() >= RAW_WAITING {
            return Err(Error::Exhausted);
        }
        waiting.push_back(packet);
        self.touch(session_id);
        Ok(())
    }

    /// The downlink packets that wait for the owner of a raw session.
    pub fn raw_receive(&mut self, session_id: u64) -> Result<Vec<Vec<u8>>, Error> {
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        Ok(session
            .extras
            .as_mut()
            .and_then(|extras| extras.raw.as_mut())
            .map(|raw| raw.drain(..).collect())
            .unwrap_or_default())
    }

    /// Has a session's uplink packets take the flow of the first rule that matches, else the bearer's own.
    pub fn classify(&mut self, session_id: u64, mut rules: Vec<UplinkRule>) -> Result<(), Error> {
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        rules.truncate(RULES);
        session.rules = rules;
        Ok(())
    }

    /// Opens the socket of an Ethernet session: it gets every frame, as an interface of the host would.
    pub fn frames_open(&mut self, session_id: u64) -> Result<u64, Error> {
        let handle = self.handles + 1;
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        if !session.ethernet {
            return Err(Error::WrongState);
        }
        let extras = session.extras();
        if extras.raw.is_some() {
            return Err(Error::InUse);
        }
        (extras.raw, extras.frames) = (Some(VecDeque::new()), Some((handle, false)));
        Ok(self.opened(handle, session_id))
    }

    /// Sends one frame, without its checksum, as it is.
    pub fn frame_send(&mut self, socket: u64, frame: &[u8]) -> Result<(), Error> {
        let session_id = self.owner(socket)?;
        let session = self.sessions.get(&session_id).ok_or(Error::NoSession)?;
        if !session.ethernet {
            return Err(Error::WrongState);
        }
        if frame.len() > usize::from(session.mtu) + FRAME_HEADER {
            return Err(Error::TooLong);
        }
        self.raw_send(session_id, frame.to_vec())
    }

    /// The next frame that came, or none.
    pub fn frame_receive(&mut self, socket: u64) -> Result<Option<Vec<u8>>, Error> {
        let session_id = self.owner(socket)?;
        let extras = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?.extras();
        let frame = extras.raw.as_mut().and_then(VecDeque::pop_front);
        if let Some((_, told)) = &mut extras.frames {
            *told = extras.raw.as_ref().is_some_and(|raw| !raw.is_empty());
        }
        Ok(frame)
    }

    fn addressed(&mut self, session_id: u64) -> Result<&mut Session, Error> {
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        if session.ipv4.is_none() && session.link.is_none() { Err(Error::NoAddress) } else { Ok(session) }
    }

    /// The session, where it has an address of the destination's version.
    fn reaching(&mut self, session_id: u64, to: IpAddr) -> Result<&mut Session, Error> {
        let session = self.addressed(session_id)?;
        if session.address(to).is_none() { Err(Error::NoAddress) } else { Ok(session) }
    }

    fn owner(&self, socket: u64) -> Result<u64, Error> {
        self.sockets.get(&socket).copied().ok_or(Error::NoSocket)
    }

    fn opened(&mut self, handle: u64, session_id: u64) -> u64 {
        self.handles = handle;
        self.sockets.insert(handle, session_id);
        handle
    }

    fn stack(&mut self, session_id: u64) -> Result<&mut Stack, Error> {
        let (now, seed) = (self.now, self.seed ^ session_id.rotate_left(17) ^ self.handles);
        let session = self.addressed(session_id)?;
        let (addresses, mtu) = (session.addresses().collect::<Vec<_>>(), session.mtu);
        let stack = session.extras().tcp.get_or_insert_with(|| Box::new(Stack::new(mtu, seed, now)));
        stack.set_addresses(&addresses);
        Ok(stack)
    }

    fn tcp(&mut self, session_id: u64) -> Result<&mut Stack, Error> {
        self.addressed(session_id)?.extras().tcp.as_deref_mut().ok_or(Error::NoSocket)
    }
}

/// The next port for a socket that named none (RFC 6335 6).
fn ephemeral(extras: &mut Extras) -> u16 {
    extras.port = extras.port.wrapping_add(1).max(FIRST_EPHEMERAL);
    extras.port
}
