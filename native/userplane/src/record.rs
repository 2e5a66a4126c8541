//! The flat record of a session: one cache line an uplink packet reads, one for downlink, one both count in.

use crate::address::MAPPED;
use crate::meter::Meter;
use crate::rules::Direction;

/// What a session carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Usage {
    pub uplink_octets: u64,
    pub uplink_packets: u64,
    pub downlink_octets: u64,
    pub downlink_packets: u64,
}

pub(crate) const FORWARD: u16 = 1;
pub(crate) const BUFFER: u16 = 2;
pub(crate) const NOTIFY: u16 = 4;
pub(crate) const GATE_CLOSED: u16 = 8;
/// The direction's rules are in the side list.
pub(crate) const FLOWS: u16 = 16;
/// The direction has a rule at all.
pub(crate) const RULE: u16 = 32;
/// No session, but another tunnel of the one whose slot stands in `address`.
pub(crate) const ALIAS: u16 = 64;

#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Record {
    // The uplink line.
    /// The address uplink packets must come from; 0 while it is not known.
    pub source: u128,
    pub uplink_meter: Meter,
    /// The terminal's IPv6 prefix; 0 without one.
    pub prefix: u64,
    /// The tunnel identifier; 0 in a free record.
    pub teid: u32,
    /// The terminal's IPv4 address; 0 without one.
    pub address: u32,
    pub uplink: u16,
    pub instance: u16,
    pub match_qfi: u8,
    /// What events call the downlink rule; read only where packets are held.
    pub downlink_rule: u16,
    // The downlink line.
    /// Where downlink packets go; 0 without a tunnel.
    pub peer: u128,
    pub header: [u8; 16],
    pub downlink_meter: Meter,
    /// The place of the side list, from 1; 0 without one.
    pub flows: u32,
    pub downlink: u16,
    /// The QoS flow and RQI as in the container, and the type of service of the outer header.
    pub mark: u8,
    pub service: u8,
    // The line of both.
    pub usage: Usage,
    pub report_at: u64,
    /// Uplink, downlink and total octets from which on no packet passes (TS 29.244 5.2.2.2).
    pub quota: [u64; 3],
}

impl Record {
    #[inline]
    pub(crate) fn owns(&self, number: u128) -> bool {
        if number >> 32 == 0xffff {
            number == MAPPED | u128::from(self.address) && self.address != 0
        } else {
            (number >> 64) as u64 == self.prefix && self.prefix != 0
        }
    }

    /// Whether the direction's quota, or the one of both, is used up: the packet that uses it up still passes.
    #[inline]
    pub(crate) fn spent(&self, direction: Direction) -> bool {
        let Usage { uplink_octets: up, downlink_octets: down, .. } = self.usage;
        let [most_up, most_down, most] = self.quota;
        let alone = match direction {
            Direction::Uplink => up >= most_up,
            Direction::Downlink => down >= most_down,
        };
        alone || up.wrapping_add(down) >= most
    }

    /// Whether this packet makes the session's volume pass the number that was to be reported.
    #[inline]
    pub(crate) fn passes_report(&mut self, length: usize) -> bool {
        let total = self.usage.uplink_octets.wrapping_add(self.usage.downlink_octets);
        let passes =
            self.report_at != 0 && total >= self.report_at && total.wrapping_sub(length as u64) < self.report_at;
        if passes {
            self.report_at = 0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn when_a_record_is_laid_out_then_each_direction_has_a_line() {
        assert_eq!(size_of::<Record>(), 192);
        assert!(offset_of!(Record, match_qfi) < 64);
        assert!(offset_of!(Record, peer) == 64 && offset_of!(Record, service) < 128);
        assert_eq!(offset_of!(Record, usage), 128);
    }
}
