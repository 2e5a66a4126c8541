//! What the program and user space share: bpf/records.h is the same in C.

use freehold_userplane::{Action, Meter, Peer, Rule, SessionRules};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::AtomicU32;

pub const UPLINK: u8 = 1;
pub const DOWNLINK: u8 = 2;
pub const REPORT: u8 = 4;
pub const MOST_POOLS: usize = 4;
pub const MOST_NETWORKS: usize = 32;
/// Above this cost of an octet (some 120 bit/s) the program's arithmetic would not hold a long packet.
const MOST_COST: u64 = 1 << 46;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Bucket {
    pub arrival_ns: u64,
    pub octet_cost: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Volume {
    pub octets: u64,
    pub packets: u64,
}

/// One session: the line that is read for each packet, and the line that is written.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Record {
    pub outer: [u8; 44],
    /// 0 while the session is not here; the last to be written and the first to be taken away.
    pub teid: AtomicU32,
    pub terminal: [u8; 4],
    pub flags: u8,
    pub match_qfi: u8,
    pub uplink_hop: u8,
    pub downlink_hop: u8,
    pub remaining: i64,
    pub buckets: [Bucket; 2],
    pub volumes: [Volume; 2],
}

/// Where a packet leaves: both Ethernet addresses, and the number of the port; unless `known`, its packets go up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Hop {
    pub ends: [u8; 12],
    pub port: u16,
    pub known: u16,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Network {
    pub base: u32,
    pub mask: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Pool {
    pub base: u32,
    pub size: u32,
    pub offset: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Settings {
    pub address: [u8; 4],
    pub mask: u32,
    pub inverses: [u32; 2],
    pub slot_mask: u32,
    pub n3_mtu: u32,
    pub pools_count: u32,
    pub networks_count: u32,
    pub pools: [Pool; MOST_POOLS],
    pub networks: [Network; MOST_NETWORKS],
}

/// A session's rules in the shape that a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fast {
    pub terminal: Ipv4Addr,
    pub peer: Ipv4Addr,
    pub peer_teid: u32,
    pub flags: u8,
    pub match_qfi: u8,
    pub qfi: u8,
    pub costs: [u64; 2],
}

impl Fast {
    /// The rules as a record holds them; none where at least one direction must be the portable engine's alone.
    pub fn of(rules: &SessionRules) -> Option<Self> {
        // The program stops nobody, and knows one source a terminal.
        if rules.quota.is_some() || !rules.framed.is_empty() {
            return None;
        }
        let terminal = rules.ipv4?;
        let Peer { address: IpAddr::V4(peer), teid } = rules.peer? else { return None };
        let (uplink, downlink) = (plain(&rules.uplink), plain(&rules.downlink));
        let costs = [uplink, downlink].map(|rule| rule.map_or(0, |rule| Meter::new(rule.rate()).octet_cost()));
        // IPv6 stays with the portable engine: no rate may be given out by both.
        if costs.iter().any(|cost| *cost > MOST_COST || (*cost != 0 && rules.ipv6.is_some())) {
            return None;
        }
        let bit = |rule: Option<&Rule>, bit| rule.map_or(0, |_| bit);
        let flags = bit(uplink, UPLINK) | bit(downlink, DOWNLINK);
        (flags != 0).then(|| Self {
            terminal,
            peer,
            peer_teid: teid,
            flags,
            match_qfi: uplink.map_or(0, |rule| rule.match_qfi),
            qfi: downlink.map_or(0, |rule| rule.qfi),
            costs,
        })
    }

    /// The octets before a downlink packet; the checksum is the sum of all but the length (TS 29.281 5.2.2.7).
    pub fn outer(&self, source: Ipv4Addr) -> [u8; 44] {
        let mut outer = [0; 44];
        outer[..10].copy_from_slice(&[0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17]);
        outer[12..16].copy_from_slice(&source.octets());
        outer[16..20].copy_from_slice(&self.peer.octets());
        let sum: u32 = outer[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        outer[10..12].copy_from_slice(&(((sum & 0xffff) + (sum >> 16)) as u16).to_ne_bytes());
        outer[20..24].copy_from_slice(&[0x08, 0x68, 0x08, 0x68]);
        outer[28..30].copy_from_slice(&[0x34, 255]);
        outer[32..36].copy_from_slice(&self.peer_teid.to_be_bytes());
        // TS 38.415 5.5.2.1: PDU type 0, no paging policy, no reflective QoS.
        outer[39..44].copy_from_slice(&[0x85, 1, 0, self.qfi & 0x3f, 0]);
        outer
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
    fn when_a_record_is_laid_out_then_it_is_two_lines() {
        assert_eq!((size_of::<Record>(), offset_of!(Record, teid), offset_of!(Record, buckets)), (128, 44, 64));
        assert_eq!((size_of::<Settings>(), size_of::<Hop>()), (32 + 12 * MOST_POOLS + 8 * MOST_NETWORKS, 16));
    }

    #[test]
    fn when_rules_are_plain_then_both_directions_are_fast() {
        assert_eq!(Fast::of(&rules()).unwrap().flags, UPLINK | DOWNLINK);
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
            assert_eq!(Fast::of(&changed).unwrap().flags, UPLINK);
            change(&mut changed.uplink[0]);
            assert_eq!(Fast::of(&changed), None);
        }
    }

    #[test]
    fn when_a_record_cannot_say_it_then_the_session_is_not_fast() {
        for change in [
            (|rules: &mut SessionRules| rules.ipv4 = None) as fn(&mut SessionRules),
            |rules| rules.peer = None,
            |rules| rules.quota = Some([u64::MAX, u64::MAX, 1 << 30]),
            |rules| rules.peer = Some(Peer { address: "2001:db8::1".parse().unwrap(), teid: 1 }),
            |rules| rules.ipv6 = Some(1),
            |rules| rules.uplink[0].rates = vec![(1, 1)],
        ] {
            let mut changed = rules();
            change(&mut changed);
            assert_eq!(Fast::of(&changed), None);
        }
    }
}
