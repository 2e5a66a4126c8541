//! The program's buckets as the portable engine takes from them: no rate is given out by both.

use crate::record::{Record, record, unpacked};
use crate::sys::Shared;
use freehold_userplane::{Direction, Meter, SharedMeters, TunnelKey};
use std::sync::atomic::Ordering;

/// The buckets of all sessions in the records.
pub struct Meters {
    pub(crate) records: Shared<Record>,
    pub(crate) key: TunnelKey,
}

impl Meters {
    fn record(&self, teid: u32) -> Option<&Record> {
        // SAFETY: in the mapping, which `self` holds.
        self.records.at(self.key.slot(teid) as usize).map(|place| unsafe { record(place) })
    }
}

impl SharedMeters for Meters {
    fn conforms(&self, teid: u32, direction: Direction, now_ns: u64, length: usize) -> Option<bool> {
        let record = self.record(teid)?;
        let place = usize::from(direction == Direction::Downlink);
        let cost = unpacked(record.costs[place].load(Ordering::Relaxed));
        if record.teid.load(Ordering::Acquire) != teid || cost == 0 {
            return None;
        }
        let taken = record.arrivals_ns[place].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seen| {
            Meter::resumed(seen, cost).after(now_ns, length)
        });
        Some(taken.is_ok())
    }

    fn join(&self, teid: u32, arrivals_ns: [u64; 2]) -> [u64; 2] {
        let Some(record) = self.record(teid) else { return arrivals_ns };
        [0, 1].map(|place| {
            let before = record.arrivals_ns[place].fetch_max(arrivals_ns[place], Ordering::Relaxed);
            before.max(arrivals_ns[place])
        })
    }
}
