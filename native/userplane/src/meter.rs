//! Policing by the generic cell rate algorithm in nanoseconds.

use crate::rules::Direction;

/// Fraction bits of the cost of one octet: 100 Gbit/s is 0.08 ns an octet.
const FRACTION: u32 = 20;

/// A burst that passes at once, however low the rate: 100 ms of it.
const BURST_NS: u64 = 100_000_000;

/// A burst is never less than this many octets, or a low rate would pass no whole packet.
const BURST_OCTETS: u64 = 16_384;

/// One direction's token bucket: the theoretical arrival time of the next packet, and what an octet costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Meter {
    pub(crate) arrival_ns: u64,
    octet_cost: u64,
    burst_ns: u64,
}

impl Meter {
    /// A meter of `bits_per_second`; 0 passes everything.
    pub fn new(bits_per_second: u64) -> Self {
        if bits_per_second == 0 {
            return Self::default();
        }
        let octet_cost = (((8_000_000_000_u128) << FRACTION) / u128::from(bits_per_second)).clamp(1, 1 << 53) as u64;
        Self::resumed(0, octet_cost)
    }

    /// The meter that a faster path keeps as these two numbers.
    pub fn resumed(arrival_ns: u64, octet_cost: u64) -> Self {
        let burst_ns = BURST_NS.max(((u128::from(octet_cost) * u128::from(BURST_OCTETS)) >> FRACTION) as u64);
        Self { arrival_ns, octet_cost, burst_ns }
    }

    /// What an octet costs, in nanoseconds with 20 bits of fraction; 0 passes everything.
    pub fn octet_cost(&self) -> u64 {
        self.octet_cost
    }

    /// The same rate, of which that much may come at once.
    pub(crate) fn with_window(self, milliseconds: u32) -> Self {
        let least = ((u128::from(self.octet_cost) * u128::from(BURST_OCTETS)) >> FRACTION) as u64;
        Self { burst_ns: (u64::from(milliseconds) * 1_000_000).max(least), ..self }
    }

    /// The same bucket at another rate: what was used stays used.
    pub(crate) fn replaced_by(&self, next: Meter) -> Meter {
        if next.octet_cost == 0 { next } else { Meter { arrival_ns: self.arrival_ns, ..next } }
    }

    /// When the bucket has room again after `length` octets at `now_ns`; none where they do not conform.
    #[inline]
    pub fn after(&self, now_ns: u64, length: usize) -> Option<u64> {
        if self.octet_cost == 0 {
            return Some(0);
        }
        let arrival = self.arrival_ns.max(now_ns);
        let cost = ((length as u128 * u128::from(self.octet_cost)) >> FRACTION) as u64;
        let next = arrival.saturating_add(cost);
        (next.saturating_sub(now_ns) <= self.burst_ns).then_some(next)
    }

    /// Whether `length` octets conform at `now_ns`; they are taken from the bucket only then.
    #[inline]
    pub fn conforms(&mut self, now_ns: u64, length: usize) -> bool {
        self.after(now_ns, length).map(|next| self.arrival_ns = next).is_some()
    }
}

/// So many packets in a unit of time, which begins with the first of them (TS 29.244 8.2.63).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacketMeter {
    most: u32,
    unit_ns: u64,
    began_ns: u64,
    seen: u32,
}

impl PacketMeter {
    pub(crate) fn new(most: u32, unit_ns: u64) -> Self {
        Self { most, unit_ns: unit_ns.max(1), began_ns: 0, seen: 0 }
    }

    /// The same count under another limit.
    pub(crate) fn replaced_by(&self, next: PacketMeter) -> PacketMeter {
        PacketMeter { began_ns: self.began_ns, seen: self.seen, ..next }
    }

    pub(crate) fn holds(&self, now_ns: u64) -> bool {
        let over = now_ns.saturating_sub(self.began_ns) >= self.unit_ns;
        self.most != 0 && (self.seen == 0 || over || self.seen < self.most)
    }

    pub(crate) fn count(&mut self, now_ns: u64) {
        if self.seen == 0 || now_ns.saturating_sub(self.began_ns) >= self.unit_ns {
            (self.began_ns, self.seen) = (now_ns, 0);
        }
        self.seen = self.seen.saturating_add(1);
    }
}

/// The buckets that a faster path beside the engine takes from too, so that no rate is given out twice.
pub trait SharedMeters: Send {
    /// Whether `length` octets conform to the bucket of the faster path; none where it has none now.
    fn conforms(&self, teid: u32, direction: Direction, now_ns: u64, length: usize) -> Option<bool>;

    /// Joins what both used of an uplink and a downlink bucket, when a session's rules change.
    fn join(&self, teid: u32, arrivals_ns: [u64; 2]) -> [u64; 2];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(rate: u64, length: usize, gap_ns: u64, packets: u64) -> u64 {
        let mut meter = Meter::new(rate);
        let conforming = (0..packets).filter(|turn| meter.conforms(turn * gap_ns, length)).count() as u64;
        conforming * length as u64 * 8
    }

    #[test]
    fn when_twice_the_rate_arrives_then_the_rate_passes() {
        for rate in [1_000_000_u64, 1_000_000_000, 40_000_000_000] {
            let gap = 1400 * 8 * 1_000_000_000 / (2 * rate);
            let seconds = 10.0;
            let packets = (seconds * 1e9) as u64 / gap.max(1);
            let through = passed(rate, 1400, gap, packets.min(2_000_000)) as f64;
            let span = packets.min(2_000_000) as f64 * gap as f64 / 1e9;
            let ratio = through / (rate as f64 * span);
            let burst = 0.1 / span;
            assert!((1.0 - 0.02..1.02 + burst + 0.1).contains(&ratio), "{rate}: {ratio}");
        }
    }

    #[test]
    fn when_the_bucket_is_empty_then_every_rate_holds_within_two_percent() {
        for rate in [64_000_u64, 1_000_000, 384_000_000, 10_000_000_000, 40_000_000_000] {
            let mut meter = Meter::new(rate);
            while meter.conforms(0, 1400) {}
            let gap = (1400.0 * 8.0 * 1e9 / (1.5 * rate as f64)) as u64;
            let span = 200_000 * gap;
            let through = (1..=200_000).filter(|turn| meter.conforms(turn * gap, 1400)).count() as f64 * 1400.0 * 8.0;
            let ratio = through / (rate as f64 * span as f64 / 1e9);
            assert!((0.98..=1.02).contains(&ratio), "{rate} bit/s: {ratio}");
        }
    }

    #[test]
    fn when_the_rate_is_zero_then_everything_passes() {
        let mut meter = Meter::new(0);
        assert!((0..10_000).all(|_| meter.conforms(0, 65_535)));
    }

    #[test]
    fn when_the_rate_is_tiny_then_one_packet_still_passes_and_the_next_does_not() {
        let mut meter = Meter::new(1);
        assert!(meter.conforms(0, 9000));
        assert!(!meter.conforms(1, 9000));
        let mut highest = Meter::new(u64::MAX);
        assert!(highest.conforms(u64::MAX, 65_535));
    }

    #[test]
    fn when_a_packet_does_not_conform_then_it_costs_nothing() {
        let mut meter = Meter::new(8_000);
        while meter.conforms(0, 1000) {}
        let before = meter;
        assert!(!meter.conforms(0, 1000));
        assert_eq!(before, meter);
    }
}
