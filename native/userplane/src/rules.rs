//! What the control plane installs: the rules of one session, compiled from PFCP (TS 29.244 5.2).

use crate::address::Prefix;
use crate::filter::Filter;
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
    /// Any of these; empty matches every packet.
    pub filters: Vec<Filter>,
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
}

impl Rule {
    /// The rate that decides where several police the rule: the lowest; 0 is none.
    pub fn rate(&self) -> u64 {
        self.rates.iter().map(|(_, rate)| *rate).filter(|rate| *rate != 0).min().unwrap_or(0)
    }
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
}

/// Why rules cannot be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many sessions as the settings allow are open.
    Full,
    /// No session has that tunnel.
    UnknownSession,
    UnknownInstance,
    /// The terminal's address is in no pool of the network instance.
    AddressOutsidePools,
    /// Another session of the network instance has that address or framed route.
    AddressInUse,
    /// More rules, filters or framed routes than a session may have.
    TooManyRules,
}
