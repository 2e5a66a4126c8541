//! What the engine tells the control plane, and how often it may.

use crate::frame::MacAddress;
use crate::rules::Peer;
use std::net::IpAddr;

/// Something the control plane acts on; `teid` is the session's own tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first packet of a rule held for a terminal, in the QoS flow `qfi` with that type of service
    /// (TS 29.244 5.2.4.2).
    DownlinkData {
        teid: u32,
        rule: u16,
        qfi: u8,
        service: u8,
    },
    /// The session or a counter of it passed the number it was installed with (TS 29.244 5.2.2.2).
    Volume {
        teid: u32,
    },
    /// The other end has no such tunnel (TS 23.527 5.3.3).
    ErrorIndication {
        teid: u32,
        peer: Peer,
    },
    /// A frame of the session came from an address that none came from before (TS 23.501 5.6.10.2).
    StationHeard {
        teid: u32,
        address: MacAddress,
    },
    /// A peer of tunnels does not answer any more, or again (TS 23.527 5.4).
    PathFailed {
        peer: IpAddr,
    },
    PathRecovered {
        peer: IpAddr,
    },
    /// Uplink packets of the session came from another node than its own, and were dropped.
    ForeignSource {
        teid: u32,
        source: IpAddr,
    },
    /// A terminal sent to a node of the core.
    ProtectedDestination {
        teid: u32,
    },
}

/// Allows so many events a second, and as many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limiter {
    interval_ns: u64,
    burst_ns: u64,
    arrival_ns: u64,
}

impl Limiter {
    pub(crate) fn new(a_second: u32) -> Self {
        Self { interval_ns: 1_000_000_000 / u64::from(a_second.max(1)), burst_ns: 1_000_000_000, arrival_ns: 0 }
    }

    pub(crate) fn allows(&mut self, now_ns: u64) -> bool {
        let next = self.arrival_ns.max(now_ns).saturating_add(self.interval_ns);
        let allowed = next.saturating_sub(now_ns) <= self.burst_ns;
        if allowed {
            self.arrival_ns = next;
        }
        allowed
    }
}
