//! One PDU session: the terminal's half (address, sockets, pings) and the gNB's half (the tunnel).
use super::bearers::Tunnel;
use super::classes::{self, UplinkRule};
use super::link::Link;
use super::sockets::RAW_WAITING;
use super::stack::Stack;
use super::udp::Udp;
use crate::gtpu;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How many uplink packets wait for a tunnel.
const WAITING: usize = 32;
/// How many while the terminal goes from one gNB to another.
const MOVING: usize = 4096;
/// How long until a packet that waits asks again for a bearer.
const ASK_AGAIN_NS: u64 = 1_000_000_000;
/// How many answers of its own one session may owe between two polls.
const ANSWERS: usize = 1024;

/// Packets and octets of one session, as the terminal's IP stack counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub uplink_packets: u64,
    pub uplink_bytes: u64,
    pub downlink_packets: u64,
    pub downlink_bytes: u64,
    pub dropped: u64,
}

/// An echo request that has no reply yet; `sent` is none until the next poll sends it.
pub struct Ping {
    pub id: u32,
    pub destination: IpAddr,
    pub size: u16,
    pub sent: Option<u64>,
}

/// The parts that only few sessions have, made when first needed.
#[derive(Default)]
pub struct Extras {
    pub pings: Vec<Ping>,
    pub udp: Vec<Udp>,
    pub tcp: Option<Box<Stack>>,
    pub waiting: VecDeque<Vec<u8>>,
    pub raw: Option<VecDeque<Vec<u8>>>,
    /// The socket that gives out what is in `raw`, and whether its owner was told that there is something.
    pub frames: Option<(u64, bool)>,
    pub port: u16,
}

impl Extras {
    /// Whether one more packet may wait for the owner of a raw session.
    pub fn has_room(&self) -> bool {
        self.raw.as_ref().is_some_and(|raw| raw.len() < RAW_WAITING)
    }

    /// Queues an answer of the terminal's stack; under a flood the surplus goes unanswered.
    pub fn answer(&mut self, packet: Option<Vec<u8>>) {
        if self.waiting.len() < ANSWERS {
            self.waiting.extend(packet);
        }
    }
}

pub struct Session {
    pub bearer: Option<u64>,
    pub tunnel: Option<Tunnel>,
    pub ipv4: Option<Ipv4Addr>,
    pub link: Option<Box<Link>>,
    pub mtu: u16,
    /// Whether it carries Ethernet frames (TS 23.501 5.6.10.2).
    pub ethernet: bool,
    /// Which flow packets of the terminal take.
    pub rules: Vec<UplinkRule>,
    pub counters: Counters,
    pub extras: Option<Box<Extras>>,
    pub scheduled: Option<u64>,
    pub touched: bool,
    /// When its owner was last asked for a bearer.
    pub asked: Option<u64>,
    pub active: bool,
    /// Whether it is on its way to another gNB: its packets wait, and ask for nothing.
    pub moving: bool,
}

impl Session {
    pub fn new() -> Session {
        Session {
            bearer: None,
            tunnel: None,
            ipv4: None,
            link: None,
            mtu: 1400,
            ethernet: false,
            rules: Vec::new(),
            counters: Counters::default(),
            extras: None,
            scheduled: None,
            touched: false,
            asked: None,
            active: false,
            moving: false,
        }
    }

    /// Its own address of the version of `like`.
    pub fn address(&self, like: IpAddr) -> Option<IpAddr> {
        match like {
            IpAddr::V4(_) => self.ipv4.map(IpAddr::V4),
            IpAddr::V6(_) => self.link.as_ref().and_then(|link| link.address).map(IpAddr::V6),
        }
    }

    /// Every address it has.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let ipv6 = self.link.as_ref().and_then(|link| link.address).map(IpAddr::V6);
        self.ipv4.map(IpAddr::V4).into_iter().chain(ipv6)
    }

    /// Nothing carries this session from now on.
    pub fn unbind(&mut self) {
        self.bearer = None;
        self.tunnel = None;
        self.asked = None;
    }

    pub fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_with(Box::default)
    }

    /// Whether `packet` must wait because no tunnel stands; then the first one asks for a service request, and another
    /// one a second later.
    pub fn uplink(&mut self, packet: Vec<u8>, now_ns: u64) -> Uplink {
        let Some(tunnel) = self.tunnel else {
            let (moving, room) = (self.moving, if self.moving { MOVING } else { WAITING });
            let waiting = &mut self.extras().waiting;
            if waiting.len() >= room {
                waiting.pop_front();
                self.counters.dropped += 1;
            }
            self.extras().waiting.push_back(packet);
            if moving {
                return Uplink::Kept;
            }
            // Asked again while packets keep coming: the first service request may have failed.
            if self.asked.is_some_and(|asked| now_ns < asked.saturating_add(ASK_AGAIN_NS)) {
                return Uplink::Kept;
            }
            self.asked = Some(now_ns);
            return Uplink::Pending;
        };
        let own = (!self.rules.is_empty()).then(|| classes::flow_of(&self.rules, self.ethernet, &packet)).flatten();
        match gtpu::uplink(tunnel.remote_teid, own.unwrap_or(tunnel.qfi), &packet) {
            Some(payload) => {
                self.counters.uplink_packets += 1;
                self.counters.uplink_bytes += packet.len() as u64;
                self.active = true;
                Uplink::Sent(tunnel.remote, payload)
            }
            None => {
                self.counters.dropped += 1;
                Uplink::Kept
            }
        }
    }
}

/// What became of an uplink packet.
pub enum Uplink {
    Sent(SocketAddr, Vec<u8>),
    Pending,
    Kept,
}
