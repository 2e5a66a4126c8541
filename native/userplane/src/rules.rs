//! What the control plane installs: the rules of one session, compiled from PFCP (TS 29.244 5.2).

use crate::address::Prefix;
use crate::filter::Filter;
use crate::frame::FrameFilter;
use std::net::{IpAddr, Ipv4Addr};

/// What happens to a packet that a rule detects (TS 29.244 5.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    #[default]
    Drop,
    Forward,
    /// Hold downlink packets; the first of them is told to the control plane where `notify` is set.
    Buffer {
        notify: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Uplink,
    Downlink,
}

/// One packet detection rule with the forwarding, gate and rates that it points to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// What events call it.
    pub id: u16,
    /// The session's local tunnel that its packets come in: of uplink, 0 is the session's own; of downlink, 0 is N6.
    pub tunnel: u32,
    /// Any of these; empty matches every packet.
    pub filters: Vec<Filter>,
    /// Of an Ethernet session: any of these; empty matches every frame.
    pub frames: Vec<FrameFilter>,
    /// Uplink: only packets of this QoS flow; 0 matches every one.
    pub match_qfi: u8,
    pub action: Action,
    pub gate_closed: bool,
    /// Downlink: the QoS flow it marks (1..63).
    pub qfi: u8,
    /// Downlink: the terminal is to derive its uplink rule from the packet (TS 23.501 5.7.5.3).
    pub reflective: bool,
    /// Downlink: the type of service or traffic class of the outer header (TS 29.244 8.2.12).
    pub service: u8,
    /// The maximum bit rates in bits per second that police it (TS 29.244 5.4.4), each with the identifier of its QoS
    /// enforcement rule: rules of a direction that name the same one share its bucket. 0 is none.
    pub rates: Vec<(u32, u64)>,
    /// Of some of these, the milliseconds of it that may come at once (TS 29.244 8.2.115).
    pub windows: Vec<(u32, u32)>,
    /// Packets in so many nanoseconds at most (TS 29.244 8.2.63), each with the identifier of its rule.
    pub packet_rates: Vec<(u32, u32, u64)>,
    /// The tunnel that it forwards into; without one, uplink goes to N6 and downlink to [`SessionRules::peer`].
    pub peer: Option<Peer>,
    /// The identifiers of the counters of its session that count its packets.
    pub counters: Vec<u32>,
    /// Where copies of what it forwards go (TS 29.244 5.2.3).
    pub copies: Vec<Peer>,
}

impl Rule {
    /// The rate that decides where several police the rule: the lowest; 0 is none.
    pub fn rate(&self) -> u64 {
        self.rates.iter().map(|(_, rate)| *rate).filter(|rate| *rate != 0).min().unwrap_or(0)
    }
}

/// A usage count of some of a session's rules (TS 29.244 5.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterRules {
    pub id: u32,
    /// One event when its octets, both directions, pass this number; 0 is none.
    pub report_at: u64,
    /// Its uplink, downlink and total octets from which on no packet passes; none without a quota.
    pub quota: Option<[u64; 3]>,
    /// One event when so many downlink packets, or octets of them, were dropped (TS 29.244 8.2.49); 0 is none.
    pub dropped_at: [u64; 2],
    /// Packets count before gates and rates decide on them (TS 29.244 8.2.68).
    pub before_enforcement: bool,
    /// Packets do not count for now (TS 29.244 8.2.68).
    pub inactive: bool,
    /// The next packet is the first again, as far as its time is concerned.
    pub restart: bool,
}

/// The other end of the session's tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub address: IpAddr,
    pub teid: u32,
}

/// Everything one session is installed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRules {
    /// The number of the network instance, as [`crate::Upf::add_instance`] gave it.
    pub instance: u16,
    pub ipv4: Option<Ipv4Addr>,
    /// The upper 64 bits of the terminal's IPv6 prefix.
    pub ipv6: Option<u64>,
    /// Networks behind the terminal (TS 23.501 5.6.14): theirs is the session of the longest prefix.
    pub framed: Vec<Prefix>,
    /// In the order of their precedence.
    pub uplink: Vec<Rule>,
    pub downlink: Vec<Rule>,
    pub peer: Option<Peer>,
    /// One event when the session's octets, both directions, pass this number; 0 is none.
    pub report_at: u64,
    /// The session's uplink, downlink and total octets from which on no packet passes; none without a quota.
    pub quota: Option<[u64; 3]>,
    pub counters: Vec<CounterRules>,
    /// Packets held for its terminal at most; none leaves it to the settings (TS 29.244 8.2.30).
    pub held_packets: Option<u16>,
    /// Its packets are Ethernet frames (TS 23.501 5.6.10.2).
    pub ethernet: bool,
}

impl SessionRules {
    /// Whether a rule needs what no flat record has: the session is the portable engine's alone, in both directions.
    pub fn chained(&self) -> bool {
        let chained = |rule: &Rule| {
            !rule.counters.is_empty()
                || !rule.copies.is_empty()
                || !rule.windows.is_empty()
                || !rule.packet_rates.is_empty()
                || rule.tunnel != 0
        };
        self.ethernet
            || self.uplink.iter().any(|rule| rule.peer.is_some() || chained(rule))
            || self.downlink.iter().any(|rule| rule.peer.is_some_and(|peer| Some(peer) != self.peer) || chained(rule))
    }
}

/// Why rules cannot be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many sessions as the settings allow are open.
    Full,
    /// No session has that tunnel.
    UnknownSession,
    UnknownInstance,
    /// The network instance is for the other kind of session: IP or Ethernet.
    WrongInstance,
    /// The terminal's address is in no pool of the network instance.
    AddressOutsidePools,
    /// Another session of the network instance has that address or framed route.
    AddressInUse,
    /// More rules, filters, tunnels, counters or framed routes than a session may have.
    TooManyRules,
    /// A rule names a tunnel that is not the session's.
    UnknownTunnel,
    /// A tunnel with that identifier is open already, or none may have it.
    TunnelInUse,
}
