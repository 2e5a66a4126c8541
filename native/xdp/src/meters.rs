//! The program's buckets as the portable engine takes from them: no rate is given out by both.

use crate::record::{Bucket, Record};
use crate::sys::Shared;
use freehold_userplane::{Direction, Meter, SharedMeters, TunnelKey};
use std::ptr::{addr_of, addr_of_mut};
use std::sync::atomic::{AtomicU64, Ordering};

/// The buckets of all sessions in the records.
pub struct Meters {
    pub(crate) records: Shared<Record>,
    pub(crate) key: TunnelKey,
}

impl Meters {
    fn buckets(&self, teid: u32) -> Option<(u32, *mut [Bucket; 2])> {
        let record = self.records.at(self.key.slot(teid) as usize)?.as_ptr();
        // SAFETY: the place is in the mapping, which lives as long as `self`.
        let (own, buckets) = unsafe { (&(*record).teid, addr_of_mut!((*record).buckets)) };
        Some((own.load(Ordering::Acquire), buckets))
    }
}

/// Where a bucket's arrival stands.
///
/// # Safety
/// The bucket is in a mapping that outlives the reference; everybody else changes the word atomically.
unsafe fn arrival<'a>(buckets: *mut [Bucket; 2], place: usize) -> &'a AtomicU64 {
    // SAFETY: aligned, as records are; the rest is the caller's.
    unsafe { AtomicU64::from_ptr(addr_of_mut!((*buckets)[place].arrival_ns)) }
}

impl SharedMeters for Meters {
    fn conforms(&self, teid: u32, direction: Direction, now_ns: u64, length: usize) -> Option<bool> {
        let (own, buckets) = self.buckets(teid)?;
        let place = usize::from(direction == Direction::Downlink);
        // SAFETY: in the mapping.
        let cost = unsafe { addr_of!((*buckets)[place].octet_cost).read_volatile() };
        if own != teid || cost == 0 {
            return None;
        }
        // SAFETY: in the mapping, which `self` holds; the program compares and swaps.
        let arrival = unsafe { arrival(buckets, place) };
        let taken = arrival.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seen| {
            Meter::resumed(seen, cost).after(now_ns, length)
        });
        Some(taken.is_ok())
    }

    fn join(&self, teid: u32, arrivals_ns: [u64; 2]) -> [u64; 2] {
        let Some((_, buckets)) = self.buckets(teid) else { return arrivals_ns };
        [0, 1].map(|place| {
            // SAFETY: in the mapping, which `self` holds; the program compares and swaps.
            let before = unsafe { arrival(buckets, place) }.fetch_max(arrivals_ns[place], Ordering::Relaxed);
            before.max(arrivals_ns[place])
        })
    }
}
