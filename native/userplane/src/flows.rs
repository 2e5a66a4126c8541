//! The side list of a session whose rules do not fit its record: flows, the buckets and counters they share, tunnels.

use crate::address::Prefix;
use crate::count::Count;
use crate::filter::Filter;
use crate::frame::FrameFilter;
use crate::inner::Inner;
use crate::meter::{Meter, PacketMeter};
use crate::record::{FORWARD, GATE_CLOSED, Usage};
use crate::rules::{Direction, Peer};

/// What a rule does with a packet: its flags, the marks of a downlink one, and the tunnel it leaves in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdict {
    pub flags: u16,
    pub id: u16,
    pub mark: u8,
    pub service: u8,
    pub teid: u32,
    /// 0 without a tunnel.
    pub peer: u128,
}

/// One rule of a side list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    pub filters: Box<[Filter]>,
    pub frames: Box<[FrameFilter]>,
    /// Places of its buckets among the direction's.
    pub meters: Box<[u8]>,
    pub packet_meters: Box<[u8]>,
    /// Places of its counters among the session's.
    pub counters: Box<[u8]>,
    pub copies: Box<[Peer]>,
    pub verdict: Verdict,
    pub match_qfi: u8,
    /// The local tunnel its packets come in; 0 is N6.
    pub tunnel: u32,
}

/// A direction's rules in the order of their precedence, and the buckets they share, each under its identifier.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowList {
    pub flows: Box<[Flow]>,
    pub meters: Box<[(u32, Meter)]>,
    pub packet_meters: Box<[(u32, PacketMeter)]>,
}

/// What the rules of a counter carried; times are the engine's, 0 before the first packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    pub id: u32,
    pub usage: Usage,
    /// Downlink octets and packets that were dropped.
    pub dropped_octets: u64,
    pub dropped_packets: u64,
    pub first_ns: u64,
    pub last_ns: u64,
}

/// A counter, and what it is to tell and to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    pub measured: Measured,
    pub report_at: u64,
    pub quota: [u64; 3],
    pub dropped_at: [u64; 2],
    pub before_enforcement: bool,
    pub inactive: bool,
}

/// A local tunnel of a session, the direction of its packets, and the addresses that they may come from; any where there
/// are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalTunnel {
    pub teid: u32,
    pub uplink: bool,
    pub sources: Box<[u128]>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Flows {
    pub uplink: FlowList,
    pub downlink: FlowList,
    pub counters: Box<[Counter]>,
    pub tunnels: Box<[LocalTunnel]>,
    /// The networks behind the terminal.
    pub framed: Box<[Prefix]>,
    /// The rules name an address of the terminal, so that its packets must come from there.
    pub owned: bool,
    pub ethernet: bool,
}

/// A packet as flows see it.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub now_ns: u64,
    pub direction: Direction,
    pub length: usize,
}

/// What the flow at `place` does with a packet, and whether one of its counters is to be told.
pub(crate) struct Passed {
    pub verdict: Verdict,
    pub place: usize,
    pub tells: bool,
}

impl Usage {
    pub(crate) fn add(&mut self, direction: Direction, length: usize) {
        let (octets, packets) = match direction {
            Direction::Uplink => (&mut self.uplink_octets, &mut self.uplink_packets),
            Direction::Downlink => (&mut self.downlink_octets, &mut self.downlink_packets),
        };
        *octets = octets.wrapping_add(length as u64);
        *packets = packets.wrapping_add(1);
    }

    pub(crate) fn octets(&self) -> u64 {
        self.uplink_octets.wrapping_add(self.downlink_octets)
    }
}

impl Counter {
    fn spent(&self, direction: Direction) -> bool {
        let usage = &self.measured.usage;
        let alone = match direction {
            Direction::Uplink => usage.uplink_octets >= self.quota[0],
            Direction::Downlink => usage.downlink_octets >= self.quota[1],
        };
        !self.inactive && (alone || usage.octets() >= self.quota[2])
    }

    /// Counts a packet; whether it passes the number that is to be told.
    fn add(&mut self, seen: &Seen) -> bool {
        if self.inactive {
            return false;
        }
        let measured = &mut self.measured;
        measured.usage.add(seen.direction, seen.length);
        measured.last_ns = seen.now_ns;
        if measured.first_ns == 0 {
            measured.first_ns = seen.now_ns;
        }
        let tells = self.report_at != 0 && measured.usage.octets() >= self.report_at;
        if tells {
            self.report_at = 0;
        }
        tells
    }

    /// Whether a number that is to be told was passed already; it is not told again.
    pub(crate) fn passed(&mut self) -> bool {
        let passed = self.report_at != 0 && self.measured.usage.octets() >= self.report_at;
        if passed {
            self.report_at = 0;
        }
        passed
    }

    fn drop(&mut self, seen: &Seen) -> bool {
        if seen.direction == Direction::Uplink || self.inactive {
            return false;
        }
        self.measured.dropped_octets = self.measured.dropped_octets.wrapping_add(seen.length as u64);
        self.measured.dropped_packets = self.measured.dropped_packets.wrapping_add(1);
        let [packets, octets] = self.dropped_at;
        let tells = (packets != 0 && self.measured.dropped_packets >= packets)
            || (octets != 0 && self.measured.dropped_octets >= octets);
        if tells {
            self.dropped_at = [0; 2];
        }
        tells
    }
}

impl FlowList {
    fn conforms(&mut self, place: usize, now_ns: u64, length: usize) -> bool {
        let Some(flow) = self.flows.get(place) else { return false };
        let held = |place: &u8| {
            self.meters.get(usize::from(*place)).is_none_or(|(_, one)| one.after(now_ns, length).is_some())
        };
        let room = |place: &u8| self.packet_meters.get(usize::from(*place)).is_none_or(|(_, one)| one.holds(now_ns));
        if !flow.meters.iter().all(held) || !flow.packet_meters.iter().all(room) {
            return false;
        }
        for place in &flow.packet_meters {
            if let Some((_, meter)) = self.packet_meters.get_mut(usize::from(*place)) {
                meter.count(now_ns);
            }
        }
        for place in &flow.meters {
            if let Some((_, meter)) = self.meters.get_mut(usize::from(*place)) {
                meter.conforms(now_ns, length);
            }
        }
        true
    }
}

impl Flows {
    /// Whether every uplink packet goes on into another tunnel, none to a data network.
    fn relays(&self) -> bool {
        self.uplink.flows.iter().all(|flow| flow.verdict.peer != 0)
    }

    /// Whether a packet of the terminal's link goes on into another tunnel: to an anchor beyond N9, or to an SMF that is
    /// the link's router by itself (TS 29.244 5.3).
    pub(crate) fn leads_away(&self, inner: &Inner) -> bool {
        let matches = |flow: &&Flow| flow.filters.is_empty() || flow.filters.iter().any(|one| one.uplink(inner));
        self.relays() || self.uplink.flows.iter().find(matches).is_some_and(|flow| flow.verdict.peer != 0)
    }

    pub(crate) fn list(&self, direction: Direction) -> &FlowList {
        match direction {
            Direction::Uplink => &self.uplink,
            Direction::Downlink => &self.downlink,
        }
    }

    fn parts(&mut self, direction: Direction) -> (&mut FlowList, &mut [Counter]) {
        match direction {
            Direction::Uplink => (&mut self.uplink, &mut self.counters),
            Direction::Downlink => (&mut self.downlink, &mut self.counters),
        }
    }

    /// What the first rule that `matches` does with a packet: quotas first, then rates, then every count. The error has
    /// with it whether a counter is to be told.
    pub(crate) fn pass(&mut self, seen: &Seen, matches: impl Fn(&Flow) -> bool) -> Result<Passed, (Count, bool)> {
        let place = self.list(seen.direction).flows.iter().position(matches).ok_or((Count::NoRule, false))?;
        let (list, counters) = self.parts(seen.direction);
        let verdict = list.flows[place].verdict;
        let forwards = verdict.flags & FORWARD != 0;
        let spent = forwards && any(&list.flows[place], counters, |one| one.spent(seen.direction));
        let early = |one: &mut Counter| one.before_enforcement && one.add(seen);
        let mut tells = forwards && !spent && each(&list.flows[place], counters, early);
        let stops = if verdict.flags & GATE_CLOSED != 0 {
            Some(Count::GateClosed)
        } else if !forwards {
            None
        } else if spent {
            Some(Count::QuotaExhausted)
        } else if !list.conforms(place, seen.now_ns, seen.length) {
            Some(Count::RateExceeded)
        } else {
            None
        };
        let flow = &list.flows[place];
        match stops {
            Some(count) => {
                tells |= each(flow, counters, |one| one.drop(seen));
                Err((count, tells))
            }
            None if forwards => {
                tells |= each(flow, counters, |one| !one.before_enforcement && one.add(seen));
                Ok(Passed { verdict, place, tells })
            }
            None => Ok(Passed { verdict, place, tells }),
        }
    }

    /// Whether the rule at `place` asks for copies.
    pub(crate) fn copies(&self, direction: Direction, place: usize) -> bool {
        self.list(direction).flows.get(place).is_some_and(|flow| !flow.copies.is_empty())
    }

    /// Counts a packet of the rule at `place` as dropped; whether a counter is to be told.
    pub(crate) fn dropped(&mut self, seen: &Seen, place: usize) -> bool {
        let (list, counters) = self.parts(seen.direction);
        list.flows.get(place).is_some_and(|flow| each(flow, counters, |one| one.drop(seen)))
    }
}

/// Does `change` to every counter of the flow; whether it is so of one.
fn each(flow: &Flow, counters: &mut [Counter], mut change: impl FnMut(&mut Counter) -> bool) -> bool {
    let mut found = false;
    for place in &flow.counters {
        found |= counters.get_mut(usize::from(*place)).is_some_and(&mut change);
    }
    found
}

fn any(flow: &Flow, counters: &[Counter], is: impl Fn(&Counter) -> bool) -> bool {
    flow.counters.iter().any(|place| counters.get(usize::from(*place)).is_some_and(&is))
}
