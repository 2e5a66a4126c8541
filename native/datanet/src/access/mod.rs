//! The terminals' IP stacks and their gNB's GTP-U relay (TS 29.281), for thousands of sessions in one engine.
mod bearers;
mod classes;
mod downlink;
mod event;
mod handover;
mod link;
mod session;
mod sockets;
mod stack;
mod udp;

use crate::device::next_turn;
use crate::fragments::{Reassembly, split};
use crate::{Datagram, earlier, icmp, ip};
use bearers::Bearer;
pub use bearers::Tunnel;
pub use classes::UplinkRule;
pub use event::{Error, Event};
pub use handover::Moving;
use link::Link;
pub use session::Counters;
use session::{Extras, Session, Uplink};
use stack::{Owner, Stack};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How long an echo request waits for its reply.
const PING_LIFETIME_NS: u64 = 1_000_000_000;
/// How many datagrams one poll puts out before it yields, so that no ring behind it overflows.
const BATCH: usize = 1024;
/// How many events may wait to be taken.
const EVENTS: usize = 1 << 16;

const ANY_4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The terminals behind one N3 address.
pub struct Access {
    n3: SocketAddr,
    seed: u64,
    sessions: HashMap<u64, Session>,
    bearers: HashMap<u64, Bearer>,
    tunnels: HashMap<u32, u64>,
    /// The bearers that sources of handovers forward to, by TEID.
    forwardings: HashMap<u32, u64>,
    uplinks: HashMap<(IpAddr, u32), u64>,
    sockets: HashMap<u64, u64>,
    touched: Vec<u64>,
    timers: BinaryHeap<Reverse<(u64, u64)>>,
    reassembly: Reassembly,
    identification: u16,
    events: Vec<Event>,
    /// What a handover sends on, until it is polled for.
    outgoing: Vec<Datagram>,
    handles: u64,
    tunnel_count: u32,
    now: u64,
    next_error_indication: u64,
    lost: u64,
}

impl Access {
    /// An engine whose datagrams come from `n3`.
    pub fn new(n3: SocketAddr) -> Access {
        Access {
            n3,
            seed: 0x9e37_79b9_7f4a_7c15,
            sessions: HashMap::new(),
            bearers: HashMap::new(),
            tunnels: HashMap::new(),
            forwardings: HashMap::new(),
            uplinks: HashMap::new(),
            sockets: HashMap::new(),
            touched: Vec::new(),
            timers: BinaryHeap::new(),
            reassembly: Reassembly::default(),
            identification: 0,
            events: Vec::new(),
            outgoing: Vec::new(),
            handles: 0,
            tunnel_count: 0,
            now: 0,
            next_error_indication: 0,
            lost: 0,
        }
    }

    /// Makes handles of bearers and sockets its own among engines: a session that moves keeps its sockets'.
    pub fn number(&mut self, number: u32) {
        self.handles = u64::from(number) << 32;
    }

    /// Makes initial sequence numbers and TEIDs follow `seed`.
    pub fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// A session with both its halves: the terminal's address and the gNB's tunnel.
    #[allow(clippy::too_many_arguments)]
    pub fn add_session(
        &mut self,
        session_id: u64,
        ue_address: Ipv4Addr,
        mtu: u16,
        local_teid: u32,
        remote: SocketAddr,
        remote_teid: u32,
        qfi: u8,
    ) -> Result<(), Error> {
        if self.sessions.contains_key(&session_id) || self.tunnels.contains_key(&local_teid) {
            return Err(Error::InUse);
        }
        self.address(session_id, ue_address, mtu);
        self.update(session_id, local_teid, remote, remote_teid, qfi)
    }

    /// The terminal's half: the address its session accept brought. Its open sockets end when the address changes.
    pub fn address(&mut self, session_id: u64, ue_address: Ipv4Addr, mtu: u16) {
        let session = self.sessions.entry(session_id).or_insert_with(Session::new);
        let moved = session.ipv4.is_some_and(|old| old != ue_address);
        if moved && let Some(extras) = &mut session.extras {
            extras.tcp = None;
            extras.udp.clear();
        }
        session.ipv4 = Some(ue_address);
        session.mtu = mtu.max(576);
        if moved {
            self.end_sockets(session_id);
        }
    }

    /// The interface identifier that a session accept brought: once there is a bearer, a router is asked for the prefix.
    pub fn link(&mut self, session_id: u64, identifier: u64, mtu: u16) {
        let session = self.sessions.entry(session_id).or_insert_with(Session::new);
        session.mtu = mtu.max(1280); // RFC 8200 5
        if session.link.as_ref().is_none_or(|link| link.identifier != identifier) {
            session.link = Some(Box::new(Link::new(identifier)));
        }
        self.touch(session_id);
    }

    /// A session of Ethernet frames: it has no address, and nothing here answers for it (TS 23.501 5.6.10.2).
    pub fn ethernet(&mut self, session_id: u64, mtu: u16) {
        let session = self.sessions.entry(session_id).or_insert_with(Session::new);
        (session.ethernet, session.mtu) = (true, mtu);
    }

    /// Forgets a session and everything it had open; its bearer stays until it is removed.
    pub fn remove_session(&mut self, session_id: u64) -> Result<(), Error> {
        let session = self.sessions.remove(&session_id).ok_or(Error::NoSession)?;
        if let Some(bearer) = session.bearer.and_then(|handle| self.bearers.get_mut(&handle)) {
            bearer.session = None;
        }
        if session.extras.is_some() {
            self.end_sockets(session_id);
        }
        Ok(())
    }

    /// Tells the owners of a session's sockets that they are gone, in the order they were opened.
    fn end_sockets(&mut self, session_id: u64) {
        let mut gone = Vec::new();
        self.sockets.retain(|socket, owner| {
            if *owner == session_id {
                gone.push(*socket);
            }
            *owner != session_id
        });
        gone.sort_unstable();
        let closed = |socket| Event::Closed { session: session_id, socket, reset: true };
        self.events.extend(gone.into_iter().map(closed));
    }

    /// What happened since this was last asked, oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// What a session has carried.
    pub fn counters(&self, session_id: u64) -> Option<Counters> {
        self.sessions.get(&session_id).map(|session| session.counters)
    }

    /// How many sessions there are, and how many events were lost because nobody took them.
    pub fn sizes(&self) -> (usize, u64) {
        (self.sessions.len(), self.lost)
    }

    /// Works off everything that arrived on N3, was asked for, or fell due; returns when to come again.
    pub fn poll(&mut self, now_ns: u64, from_n3: &mut Vec<Datagram>, to_n3: &mut Vec<Datagram>) -> Option<u64> {
        self.now = self.now.max(now_ns);
        to_n3.append(&mut self.outgoing);
        for datagram in from_n3.drain(..) {
            self.receive(datagram, to_n3);
        }
        while let Some(Reverse((at, session_id))) = self.timers.peek().copied() {
            if at > self.now {
                break;
            }
            self.timers.pop();
            if let Some(session) = self.sessions.get_mut(&session_id)
                && session.scheduled == Some(at)
            {
                session.scheduled = None;
                self.touch(session_id);
            }
        }
        let mut waiting = std::mem::take(&mut self.touched);
        let mut served = 0;
        while served < waiting.len() && to_n3.len() < BATCH {
            self.work(waiting[served], to_n3);
            served += 1;
        }
        // What there was no room for comes first at the next poll, which is due at once.
        waiting.drain(..served);
        waiting.append(&mut self.touched);
        self.touched = waiting;
        if self.events.len() > EVENTS {
            let surplus = self.events.len() - EVENTS;
            self.events.drain(..surplus);
            self.lost += surplus as u64;
        }
        let next = self.timers.peek().map(|Reverse((at, _))| *at);
        earlier(next, (!self.touched.is_empty()).then_some(self.now))
    }

    /// One session's turn: pings, datagrams, TCP, then everything that waits goes into the tunnel.
    fn work(&mut self, session_id: u64, to_n3: &mut Vec<Datagram>) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        session.touched = false;
        let mut out: Vec<Vec<u8>> = Vec::new();
        let mut next = None;
        if session.tunnel.is_some()
            && let Some(link) = &mut session.link
        {
            next = link.solicit(session_id, now, &mut out, &mut self.events);
        }
        let (v4, v6) = (session.address(ANY_4), session.address(ANY_6));
        if session.extras.is_none() && out.is_empty() {
            return self.schedule(session_id, next);
        }
        let extras = session.extras();
        let own = |to: IpAddr| if to.is_ipv4() { v4 } else { v6 };
        next = earlier(next, pings(session_id, extras, own, now, &mut out, &mut self.events));
        for udp in &mut extras.udp {
            let port = udp.port;
            let packet =
                |(to, data): (SocketAddr, Vec<u8>)| ip::udp((own(to.ip())?, port), (to.ip(), to.port()), &data);
            out.extend(udp.outgoing.drain(..).filter_map(packet));
        }
        let mut owner = Owner {
            session: session_id,
            handles: &mut self.handles,
            sockets: &mut self.sockets,
            events: &mut self.events,
        };
        next = earlier(next, run(&mut extras.tcp, now, &mut owner, &mut out));
        self.transmit(session_id, out, to_n3);
        self.schedule(session_id, next);
    }

    /// Sends a session's packets, those that waited first; with no tunnel they wait.
    fn transmit(&mut self, session_id: u64, out: Vec<Vec<u8>>, to_n3: &mut Vec<Datagram>) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        let waiting = std::mem::take(&mut session.extras().waiting);
        let mut packets = Vec::with_capacity(waiting.len() + out.len());
        for packet in waiting.into_iter().chain(out) {
            if session.ethernet {
                packets.push(packet); // a bridge cuts nothing
                continue;
            }
            if packet.len() > usize::from(session.mtu) {
                self.identification = self.identification.wrapping_add(1);
            }
            split(packet, session.mtu, self.identification, &mut packets);
        }
        for packet in packets {
            match session.uplink(packet, now) {
                Uplink::Sent(destination, payload) => {
                    to_n3.push(Datagram { source: self.n3, destination, payload });
                }
                Uplink::Pending => self.events.push(Event::UplinkPending { session: session_id }),
                Uplink::Kept => {}
            }
        }
    }

    fn schedule(&mut self, session_id: u64, next: Option<u64>) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        let Some(at) = next.map(|at| at.max(now + 1)) else { return };
        if session.scheduled.is_none_or(|old| at < old) {
            session.scheduled = Some(at);
            self.timers.push(Reverse((at, session_id)));
        }
    }

    fn touch(&mut self, session_id: u64) {
        if let Some(session) = self.sessions.get_mut(&session_id)
            && !std::mem::replace(&mut session.touched, true)
        {
            self.touched.push(session_id);
        }
    }
}

/// Sends the pings that wait, gives up on old ones, and says when the next one is given up.
fn pings(
    session: u64,
    extras: &mut Extras,
    own: impl Fn(IpAddr) -> Option<IpAddr>,
    now: u64,
    out: &mut Vec<Vec<u8>>,
    events: &mut Vec<Event>,
) -> Option<u64> {
    let mut next = None;
    extras.pings.retain_mut(|ping| {
        let sent = *ping.sent.get_or_insert_with(|| {
            let (identifier, sequence) = ((ping.id >> 16) as u16, ping.id as u16);
            let source = own(ping.destination);
            let size = usize::from(ping.size);
            out.extend(
                source.and_then(|source| icmp::echo_request(source, ping.destination, identifier, sequence, size)),
            );
            now
        });
        let end = sent.saturating_add(PING_LIFETIME_NS);
        if end <= now {
            events.push(Event::PingLost { session, id: ping.id });
            return false;
        }
        next = earlier(next, Some(end));
        true
    });
    next
}

/// One turn of a session's TCP stack. A defect in it costs this session its TCP sockets and nobody else anything.
fn run(tcp: &mut Option<Box<Stack>>, now: u64, owner: &mut Owner<'_>, out: &mut Vec<Vec<u8>>) -> Option<u64> {
    let stack = tcp.as_mut()?;
    let turn = catch_unwind(AssertUnwindSafe(|| {
        stack.poll(now, owner);
        stack.deadline(now)
    }));
    let sent = !stack.device.sent.is_empty();
    out.append(&mut stack.device.sent);
    if turn.is_err() {
        stack.end_all(owner);
    }
    if turn.is_err() || stack.is_empty() {
        *tcp = None;
    }
    turn.unwrap_or_default().map(|due| next_turn(due, now, sent))
}
