//! What the program and user space share: bpf/records.h is the same in C.

use freehold_userplane::{Action, Meter, Peer, Rule, SessionRules, Usage};
use std::net::{IpAddr, Ipv4Addr};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Of a direction's octet: the program takes its packets.
const TAKEN: u8 = 0x80;
/// Of the uplink's octet: the network meets another address in the place of the terminal's.
const HIDDEN: u8 = 0x40;
/// A report that never comes.
pub const NEVER: u64 = 1 << 62;
const PACKETS_BITS: u32 = 24;
const SPILL: u64 = 1 << (PACKETS_BITS - 1);
const COST_BITS: u32 = 26;
/// Above this cost of an octet (some 120 bit/s) the program's arithmetic would not hold a long packet.
const MOST_COST: u64 = 1 << 46;

#[derive(Debug, Default)]
#[repr(C)]
pub struct Volume {
    octets: AtomicU64,
    packets: AtomicU64,
}

/// One session: one line of the cache, and with it the whole table in as few pages as can be.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Record {
    /// 0 while the session is not here; the last to be written and the first to be taken away.
    pub teid: AtomicU32,
    pub terminal: [u8; 4],
    pub forwarding: AtomicU64,
    pub arrivals_ns: [AtomicU64; 2],
    pub costs: [AtomicU32; 2],
    volumes: [AtomicU64; 2],
    pub report_at: AtomicU64,
}

/// What a session's volumes no longer hold.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Spilled([Volume; 2]);

impl Record {
    /// What a direction carried: octets and packets of one moment.
    fn volume(&self, spilled: &Spilled, direction: usize) -> (u64, u64) {
        let (spilled, word) = (&spilled.0[direction], &self.volumes[direction]);
        let wide = || (spilled.octets.load(Ordering::Acquire), spilled.packets.load(Ordering::Acquire));
        loop {
            let (before, now) = (wide(), word.load(Ordering::Acquire));
            let packets = now & (2 * SPILL - 1);
            // The program adds to the wide counters first, then takes from the word: meanwhile both have them.
            if packets < SPILL && before == wide() {
                return (before.0 + (now >> PACKETS_BITS), before.1 + packets);
            }
            std::hint::spin_loop();
        }
    }

    /// What it says, with the other end of its way and its prefix.
    pub fn fast(&self, peer: IpAddr, prefix: u64) -> Fast {
        let word = self.forwarding.load(Ordering::Relaxed);
        Fast {
            terminal: (self.terminal != [0; 4]).then(|| self.terminal.into()),
            prefix,
            peer,
            peer_teid: word as u32,
            directions: [(word >> 48) as u8, (word >> 56) as u8],
            costs: self.costs.each_ref().map(|cost| unpacked(cost.load(Ordering::Relaxed))),
        }
    }

    /// The bits per second of both directions; 0 is no limit.
    pub fn rates(&self) -> [u64; 2] {
        let most = Meter::new(1).octet_cost();
        self.costs.each_ref().map(|cost| most.checked_div(unpacked(cost.load(Ordering::Relaxed))).unwrap_or(0))
    }

    pub fn usage(&self, spilled: &Spilled) -> Usage {
        let (uplink_octets, uplink_packets) = self.volume(spilled, 0);
        let (downlink_octets, downlink_packets) = self.volume(spilled, 1);
        Usage { uplink_octets, uplink_packets, downlink_octets, downlink_packets }
    }

    /// Has the control plane told after `remaining` more octets; 0 is never.
    pub fn report_after(&self, remaining: u64) {
        let carried: u64 = self.volumes.iter().map(|word| word.load(Ordering::Relaxed) >> PACKETS_BITS).sum();
        let reached = if remaining == 0 { NEVER } else { carried.saturating_add(remaining).min(NEVER / 2 - 1) };
        self.report_at.store(reached, Ordering::Relaxed);
    }
}

/// The record at a place.
///
/// # Safety
/// The place is in a mapping that outlives the reference. All but `terminal` are atomic, and that is written only while
/// nobody finds the record.
pub unsafe fn record<'a>(place: NonNull<Record>) -> &'a Record {
    // SAFETY: the caller's.
    unsafe { place.as_ref() }
}

/// A cost of 64 bits as the record has it: 26 bits and how far they are shifted, rounded towards the lower rate.
pub fn packed(cost: u64) -> u32 {
    let shift = (u64::BITS - cost.leading_zeros()).saturating_sub(COST_BITS);
    let rounded = cost.div_ceil(1 << shift);
    let (shift, rounded) = if rounded >> COST_BITS == 0 { (shift, rounded) } else { (shift + 1, rounded >> 1) };
    shift << COST_BITS | rounded as u32
}

/// The cost that a record's word says.
pub fn unpacked(word: u32) -> u64 {
    u64::from(word & ((1 << COST_BITS) - 1)) << (word >> COST_BITS)
}

/// A session's rules in the shape that a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fast {
    pub terminal: Option<Ipv4Addr>,
    /// The upper half of the terminal's IPv6 addresses; 0 without IPv6.
    pub prefix: u64,
    pub peer: IpAddr,
    pub peer_teid: u32,
    /// An uplink and a downlink octet of `forwarding`: whether the program takes the packets, and their QoS flow.
    pub directions: [u8; 2],
    pub costs: [u64; 2],
}

impl Fast {
    /// The rules as a record holds them; none where at least one direction must be the portable engine's alone.
    pub fn of(rules: &SessionRules) -> Option<Self> {
        // The program stops nobody, and knows one source and one tunnel a terminal.
        if rules.quota.is_some() || !rules.framed.is_empty() || rules.chained() {
            return None;
        }
        if rules.ipv4.is_none() && rules.ipv6.is_none() {
            return None;
        }
        let Peer { address: peer, teid } = rules.peer?;
        let (uplink, downlink) = (plain(&rules.uplink), plain(&rules.downlink));
        let costs = [uplink, downlink].map(|rule| rule.map_or(0, |rule| Meter::new(rule.rate()).octet_cost()));
        if costs.iter().any(|cost| *cost > MOST_COST) {
            return None;
        }
        let directions = [
            uplink.map_or(0, |rule| TAKEN | rule.match_qfi & 0x3f),
            downlink.map_or(0, |rule| TAKEN | rule.qfi & 0x3f),
        ];
        let (terminal, prefix) = (rules.ipv4, rules.ipv6.unwrap_or(0));
        (directions != [0, 0]).then_some(Self { terminal, prefix, peer, peer_teid: teid, directions, costs })
    }

    /// The same with the terminal's IPv4 address hidden from the network.
    pub fn hidden(mut self) -> Self {
        self.directions[0] |= HIDDEN;
        self.prefix = 0; // the host translates IPv6 alone
        self
    }

    /// The word that says where packets go, with the number of the way to the peer.
    pub fn forwarding(&self, way: u16) -> u64 {
        let [uplink, downlink] = self.directions.map(u64::from);
        downlink << 56 | uplink << 48 | u64::from(way) << 32 | u64::from(self.peer_teid)
    }
}

/// The one rule of a direction, where it forwards every packet.
fn plain(rules: &[Rule]) -> Option<&Rule> {
    match rules {
        [rule] if rule.reflective || rule.service != 0 => None, // the portable engine's marks
        [rule] if rule.filters.is_empty() && rule.action == Action::Forward && !rule.gate_closed => Some(rule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_userplane::Filter;
    use std::mem::{offset_of, size_of};

    fn rules() -> SessionRules {
        let rule = Rule { action: Action::Forward, qfi: 9, rates: vec![(1, 1_000_000)], ..Rule::default() };
        SessionRules {
            ipv4: Some(Ipv4Addr::new(10, 45, 0, 2)),
            peer: Some(Peer { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)), teid: 7 }),
            uplink: vec![rule.clone()],
            downlink: vec![rule],
            ..SessionRules::default()
        }
    }

    #[test]
    fn when_a_record_is_laid_out_then_it_is_one_line() {
        let offsets = (offset_of!(Record, forwarding), offset_of!(Record, costs), offset_of!(Record, report_at));
        assert_eq!((size_of::<Record>(), size_of::<Spilled>(), offsets), (64, 32, (8, 32, 56)));
    }

    #[test]
    fn when_rules_are_plain_then_both_directions_are_fast() {
        let fast = Fast::of(&rules()).unwrap();
        assert_eq!(fast.directions, [TAKEN, TAKEN | 9]);
        assert_eq!(fast.forwarding(3), 0x8980_0003_0000_0007);
    }

    #[test]
    fn when_a_terminal_has_ipv6_alone_or_too_then_it_is_fast() {
        let mut both = rules();
        both.ipv6 = Some(0x2001_0db8_0000_0005);
        assert_eq!(Fast::of(&both).unwrap().prefix, 0x2001_0db8_0000_0005);
        both.ipv4 = None;
        assert_eq!(Fast::of(&both).unwrap().terminal, None);
        assert_eq!(Fast::of(&rules()).unwrap().hidden().directions, [TAKEN | HIDDEN, TAKEN | 9]);
        both.ipv4 = Some(Ipv4Addr::new(10, 45, 0, 2));
        assert_eq!(Fast::of(&both).unwrap().hidden().prefix, 0);
    }

    #[test]
    fn when_a_direction_filters_holds_or_is_closed_then_only_the_other_is_fast() {
        for change in [
            (|rule: &mut Rule| rule.filters.push(Filter::default())) as fn(&mut Rule),
            |rule| rule.action = Action::Buffer { notify: true },
            |rule| rule.action = Action::Drop,
            |rule| rule.gate_closed = true,
            |rule| rule.reflective = true,
            |rule| rule.service = 0xb8,
        ] {
            let mut changed = rules();
            change(&mut changed.downlink[0]);
            assert_eq!(Fast::of(&changed).unwrap().directions, [TAKEN, 0]);
            change(&mut changed.uplink[0]);
            assert_eq!(Fast::of(&changed), None);
        }
    }

    #[test]
    fn when_a_cost_is_packed_then_the_rate_is_right_within_a_millionth_and_never_higher() {
        assert_eq!(unpacked(packed(0)), 0);
        for bits_per_second in [200, 64_000, 384_000, 1_000_000, 999_999_999, 40_000_000_000, 400_000_000_000_u64] {
            let cost = Meter::new(bits_per_second).octet_cost();
            let found = unpacked(packed(cost));
            assert!(found >= cost && found - cost <= cost >> 20, "{bits_per_second}: {cost} {found}");
        }
        assert_eq!(unpacked(packed((1 << 30) - 1)), 1 << 30);
    }

    #[test]
    fn when_octets_spilled_then_usage_is_the_sum() {
        let (record, spilled) = (Record::default(), Spilled::default());
        record.volumes[0].store(1500 << PACKETS_BITS | 7, Ordering::Relaxed);
        spilled.0[0].octets.store(1 << 40, Ordering::Relaxed);
        spilled.0[0].packets.store(SPILL, Ordering::Relaxed);
        record.report_after(500);
        let usage = record.usage(&spilled);
        assert_eq!((usage.uplink_octets, usage.uplink_packets), ((1 << 40) + 1500, SPILL + 7));
        assert_eq!(record.report_at.load(Ordering::Relaxed), 2000);
    }

    #[test]
    fn when_a_record_cannot_say_it_then_the_session_is_not_fast() {
        for change in [
            (|rules: &mut SessionRules| rules.ipv4 = None) as fn(&mut SessionRules),
            |rules| rules.peer = None,
            |rules| rules.quota = Some([u64::MAX, u64::MAX, 1 << 30]),
            |rules| rules.uplink[0].rates = vec![(1, 1)],
        ] {
            let mut changed = rules();
            change(&mut changed);
            assert_eq!(Fast::of(&changed), None);
        }
    }
}
