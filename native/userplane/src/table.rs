//! The records of all sessions, found by tunnel identifier.

use crate::address::Secret;
use crate::flows::Flows;
use crate::record::{ALIAS, Record};
use crate::seal::{Seal, TunnelKey};
use std::collections::{HashMap, VecDeque};

/// Sessions by the slot that their tunnel identifier hides.
pub(crate) struct Table {
    pub records: Vec<Record>,
    free: VecDeque<u32>,
    flows: Vec<Flows>,
    free_flows: Vec<u32>,
    /// The slots of tunnels whose identifiers the control plane chose: nothing hides them there.
    chosen: HashMap<u32, u32, Secret>,
    seal: Seal,
    capacity: usize,
    index_bits: u32,
}

/// Closed slots that wait before one is used again, as long as there are fresh ones.
const QUARANTINE: usize = 1024;

/// How many slots are kept for sessions at most: the generation needs bits too.
const LARGEST: usize = 1 << 24;

impl Table {
    pub(crate) fn new(capacity: usize, seal: Seal, secret: Secret) -> Self {
        let capacity = capacity.clamp(1, LARGEST);
        Self {
            records: Vec::with_capacity(capacity),
            free: VecDeque::new(),
            flows: Vec::new(),
            free_flows: Vec::new(),
            chosen: HashMap::with_hasher(secret),
            seal,
            capacity,
            index_bits: capacity.next_power_of_two().trailing_zeros(),
        }
    }

    /// What [`Table::slot`] needs.
    pub(crate) fn tunnel_key(&self) -> TunnelKey {
        self.seal.tunnel_key(self.index_bits)
    }

    /// The slot of a tunnel identifier, live or not.
    #[inline]
    pub(crate) fn slot(&self, teid: u32) -> usize {
        (self.seal.open(teid) & ((1 << self.index_bits) - 1)) as usize
    }

    #[inline]
    pub(crate) fn find(&self, teid: u32) -> Option<usize> {
        let slot = self.slot(teid);
        match self.records.get(slot) {
            Some(record) if record.teid == teid && teid != 0 => Some(slot),
            _ => self.find_chosen(teid),
        }
    }

    #[inline]
    fn find_chosen(&self, teid: u32) -> Option<usize> {
        if self.chosen.is_empty() { None } else { self.chosen.get(&teid).map(|slot| *slot as usize) }
    }

    /// Whether the control plane chose this identifier: others may guess it.
    #[inline]
    pub(crate) fn is_chosen(&self, teid: u32) -> bool {
        self.find_chosen(teid).is_some()
    }

    /// Opens a record under a new identifier; the slot that was free longest.
    pub(crate) fn open(&mut self) -> Option<u32> {
        let slot = self.take_slot()?;
        let record = &mut self.records[slot as usize];
        let last = std::mem::take(&mut record.report_at);
        record.teid = loop {
            let generation = (self.seal.next() as u32).checked_shl(self.index_bits).unwrap_or(0);
            let teid = self.seal.close(generation | slot);
            if teid != 0 && u64::from(teid) != last && !self.chosen.contains_key(&teid) {
                break teid;
            }
        };
        Some(record.teid)
    }

    /// Opens a record under an identifier that is not its slot's, and that no other has; the slot, or `None` where all
    /// are open.
    pub(crate) fn open_chosen(&mut self, teid: u32) -> Option<usize> {
        let slot = self.take_slot()?;
        self.records[slot as usize] = Record { teid, ..Record::default() };
        self.chosen.insert(teid, slot);
        Some(slot as usize)
    }

    /// A fresh slot, or the one that was free longest.
    fn take_slot(&mut self) -> Option<u32> {
        let fresh = self.free.len() < QUARANTINE && self.records.len() < self.capacity;
        if !fresh {
            return self.free.pop_front();
        }
        self.records.push(Record::default());
        Some(self.records.len() as u32 - 1)
    }

    /// Opens a record under an identifier that it had in an earlier life. False where its slot is another's, or none.
    pub(crate) fn reopen(&mut self, teid: u32) -> bool {
        let slot = self.slot(teid);
        if teid == 0 || slot >= self.capacity || self.is_chosen(teid) {
            return false;
        }
        while self.records.len() <= slot {
            self.free.push_back(self.records.len() as u32);
            self.records.push(Record::default());
        }
        let place = self.free.iter().rposition(|free| *free as usize == slot);
        let Some(place) = place else { return false };
        self.free.remove(place);
        self.records[slot] = Record { teid, ..Record::default() };
        true
    }

    /// Closes a record; its identifier finds nothing from now on.
    pub(crate) fn close(&mut self, slot: usize) -> Record {
        let record = std::mem::take(&mut self.records[slot]);
        if self.chosen.get(&record.teid) == Some(&(slot as u32)) {
            self.chosen.remove(&record.teid);
        }
        // A free record remembers its last identifier: the next one differs.
        self.records[slot].report_at = u64::from(record.teid);
        self.put_flows(record.flows, None);
        self.free.push_back(slot as u32);
        record
    }

    /// The session of a tunnel identifier that is its own, not of one more tunnel.
    #[inline]
    pub(crate) fn session(&self, teid: u32) -> Option<usize> {
        self.find(teid).filter(|slot| self.records[*slot].uplink & ALIAS == 0)
    }

    /// The identifiers of every session.
    pub(crate) fn teids(&self) -> impl Iterator<Item = u32> {
        self.records
            .iter()
            .filter(|record| record.uplink & ALIAS == 0)
            .map(|record| record.teid)
            .filter(|teid| *teid != 0)
    }

    /// How many records are open: sessions and their other tunnels.
    pub(crate) fn open_count(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// A session's record and its side list.
    #[inline]
    pub(crate) fn chained(&mut self, slot: usize) -> Option<(&mut Record, &mut Flows)> {
        let record = self.records.get_mut(slot)?;
        let flows = self.flows.get_mut((record.flows as usize).wrapping_sub(1))?;
        Some((record, flows))
    }

    #[inline]
    pub(crate) fn flows(&self, place: u32) -> Option<&Flows> {
        self.flows.get((place as usize).wrapping_sub(1))
    }

    #[inline]
    pub(crate) fn flows_mut(&mut self, place: u32) -> Option<&mut Flows> {
        self.flows.get_mut((place as usize).wrapping_sub(1))
    }

    /// Stores, replaces or removes the side list at `place` and returns where it is now; 0 is nowhere.
    pub(crate) fn put_flows(&mut self, place: u32, flows: Option<Flows>) -> u32 {
        match (self.flows_mut(place), flows) {
            (Some(old), Some(new)) => {
                *old = new;
                place
            }
            (Some(old), None) => {
                *old = Flows::default();
                self.free_flows.push(place);
                0
            }
            (None, Some(new)) => {
                if let Some(place) = self.free_flows.pop() {
                    self.flows[place as usize - 1] = new;
                    return place;
                }
                self.flows.push(new);
                self.flows.len() as u32
            }
            (None, None) => 0,
        }
    }
}
