//! The program with its records: what the control plane does to it.

use crate::links::Links;
use crate::loading::{classifier, descriptor, load, map, program, told};
use crate::meters::Meters;
use crate::record::{
    Fast, Hop, MOST_NETWORKS, MOST_POOLS, MOST_WAYS, Network, Pool, Record, Settings, Spilled, Way, first_octets,
    packed, record,
};
use crate::sys::{Shared, test_run, total, update};
use aya::Ebpf;
use aya::maps::{MapData, RingBuf};
use freehold_userplane::{TunnelKey, Usage};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr::addr_of_mut;
use std::sync::atomic::{AtomicU32, Ordering, fence};

const PROGRAM: &str = "userplane";
const CLASSIFIER: &str = "userplane_tc";
/// The names of the program's counts, in the order of bpf/records.h; the fates among them are the engine's.
const COUNTS: [&str; 4] = ["uplink_forwarded", "downlink_forwarded", "drop_inner_source", "drop_rate_exceeded"];

/// A device as the loader makes its map: its index, and in the upper half a second program, which we have none of.
pub(crate) fn port(device: u32) -> u64 {
    u64::from(device)
}

/// The slots of two addresses, each from 1; 0 is no session.
type Slots = [AtomicU32; 2];

/// Where the program meets packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// In the device's driver.
    Xdp,
    /// In front of the host's stack, as XDP has it for every device.
    Generic,
    /// In front of the host's stack, as a classifier.
    Tc,
}

/// What a fast path is for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The N3 address.
    pub address: Ipv4Addr,
    pub key: TunnelKey,
    /// The longest packet that leaves to N3.
    pub n3_mtu: u32,
    /// The terminals' addresses, as first one and how many.
    pub pools: Vec<(Ipv4Addr, u32)>,
}

/// The fast path of one user plane function.
pub struct Datapath {
    object: Ebpf,
    plan: Plan,
    settings: Shared<Settings>,
    records: Shared<Record>,
    spilled: Shared<Spilled>,
    addresses: Shared<Slots>,
    events: RingBuf<MapData>,
    links: Links,
}

impl Datapath {
    /// Loads the program `object`. An error says which capability or which part of the kernel is missing.
    pub fn new(object: &[u8], plan: Plan) -> io::Result<Self> {
        if plan.pools.is_empty() || plan.pools.len() > MOST_POOLS {
            return Err(io::Error::other("the fast path serves one to four IPv4 pools"));
        }
        let slots = 1_u32 << plan.key.index_bits.min(24);
        let addresses: u32 = plan.pools.iter().map(|(_, size)| *size).sum();
        let pairs = addresses.div_ceil(2);
        let mut object = load(object, &[("RECORDS", slots), ("SPILLED", slots), ("ADDRESSES", pairs)])?;
        program(&mut object, PROGRAM)?;
        let events = object.take_map("EVENTS").ok_or_else(|| io::Error::other("no map EVENTS"))?;
        let path = Self {
            settings: Shared::new(map(&object, "SETTINGS")?, 1)?,
            records: Shared::new(map(&object, "RECORDS")?, slots as usize)?,
            spilled: Shared::new(map(&object, "SPILLED")?, slots as usize)?,
            addresses: Shared::new(map(&object, "ADDRESSES")?, pairs as usize)?,
            events: RingBuf::try_from(events).map_err(|error| told(&error))?,
            links: Links::default(),
            object,
            plan,
        };
        path.settle();
        Ok(path)
    }

    fn settle(&self) {
        let mut settings = Settings {
            address: self.plan.address.octets(),
            mask: self.plan.key.mask,
            inverses: self.plan.key.inverses,
            slot_mask: (1 << self.plan.key.index_bits) - 1,
            n3_mtu: self.plan.n3_mtu,
            pools_count: self.plan.pools.len() as u32,
            networks_count: 1,
            first_octets: [u32::MAX; 8],
            ..Settings::default()
        };
        settings.networks[0] = Network::default(); // nothing leaves before the way is known
        let mut offset = 0;
        for (place, (base, size)) in settings.pools.iter_mut().zip(&self.plan.pools) {
            *place = Pool { base: base.to_bits(), size: *size, offset };
            offset += size;
        }
        if let Some(place) = self.settings.at(0) {
            // SAFETY: the place is in the mapping; the program reads whole words of it.
            unsafe { place.write_volatile(settings) };
        }
    }

    /// Leaves uplink packets for these networks to the host; as many as fit, or an error.
    pub fn keep_back(&mut self, networks: &[(Ipv4Addr, u8)]) -> io::Result<()> {
        if networks.len() > MOST_NETWORKS {
            return Err(io::Error::other("more routes than the fast path holds"));
        }
        let Some(place) = self.settings.at(0) else { return Ok(()) };
        let kept: Vec<Network> = networks
            .iter()
            .map(|(base, length)| {
                let mask = u32::MAX.checked_shl(32 - u32::from(*length.min(&32))).unwrap_or(0);
                Network { base: base.to_bits() & mask, mask }
            })
            .collect();
        let settings = place.as_ptr();
        // SAFETY: the place is in the mapping. While the list changes its first network is every one.
        unsafe {
            addr_of_mut!((*settings).networks[0]).write_volatile(Network::default());
            addr_of_mut!((*settings).first_octets).write_volatile([u32::MAX; 8]);
            addr_of_mut!((*settings).networks_count).write_volatile(kept.len().max(1) as u32);
            for (number, network) in kept.iter().enumerate().rev() {
                addr_of_mut!((*settings).networks[number]).write_volatile(*network);
            }
            addr_of_mut!((*settings).networks_count).write_volatile(kept.len() as u32);
            addr_of_mut!((*settings).first_octets).write_volatile(first_octets(&kept));
        }
        Ok(())
    }

    /// Makes a device one that packets leave through.
    pub fn port(&mut self, number: u32, device: u32) -> io::Result<()> {
        update(map(&self.object, "PORTS")?, number, port(device))
    }

    /// Sets the way `number`: to a tunnel's other end, or without one to N6. Its packets go up while there is no hop.
    pub fn way(&mut self, number: u16, peer: Option<Ipv4Addr>, hop: Option<Hop>) -> io::Result<()> {
        if number >= MOST_WAYS {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let ends = peer.map(|peer| (self.plan.address, peer));
        let ways = map(&self.object, "WAYS")?;
        update(ways, u32::from(number), Way::new(ends, None))?; // half of one hop and half of another are none
        hop.map_or(Ok(()), |hop| update(ways, u32::from(number), Way::new(ends, Some(hop))))
    }

    /// Attaches the program to devices, to all of them or, with an error, to none. With a folder of a BPF file system it
    /// stays there when this process dies, and takes the place of what an earlier process left.
    pub fn attach(&mut self, devices: &[u32], hook: Hook, names: Option<&Path>) -> io::Result<()> {
        self.links = Links::named(names);
        let attached = devices.iter().try_for_each(|device| match hook {
            Hook::Tc => self.links.classify(classifier(&mut self.object, CLASSIFIER)?, *device),
            _ => self.links.receive(program(&mut self.object, PROGRAM)?, *device, hook == Hook::Generic),
        });
        if attached.is_err() {
            self.detach();
        }
        attached
    }

    /// Takes the program from every device.
    pub fn detach(&mut self) {
        self.links.detach();
    }

    /// Whether the program stays when this process dies.
    pub fn stays(&self) -> bool {
        self.links.stay()
    }

    /// The buckets of the records, for the portable engine to take from too.
    pub fn meters(&self) -> io::Result<Meters> {
        let slots = 1 << self.plan.key.index_bits.min(24);
        Ok(Meters { records: Shared::new(map(&self.object, "RECORDS")?, slots)?, key: self.plan.key })
    }

    /// Takes a session over, or what changed of it, packets meanwhile lost by neither; what it used stays used. `way` is
    /// the one to its peer; it is told after `remaining` octets, 0 is never. False where its address is in no pool.
    pub fn install(&mut self, teid: u32, fast: &Fast, way: u16, remaining: u64) -> bool {
        let slot = self.plan.key.slot(teid);
        let (Some(place), Some(address)) = (self.records.at(slot as usize), self.address(fast.terminal)) else {
            return false;
        };
        // SAFETY: in the mapping, which `self` holds.
        let own = unsafe { record(place) };
        if own.teid.load(Ordering::Relaxed) != teid || own.terminal != fast.terminal.octets() {
            self.remove(teid);
            // SAFETY: in the mapping; the program does not look at the terminal of a record whose identifier is 0.
            unsafe { addr_of_mut!((*place.as_ptr()).terminal).write_volatile(fast.terminal.octets()) };
        }
        for (cost, word) in fast.costs.iter().zip(&own.costs) {
            word.store(packed(*cost), Ordering::Relaxed);
        }
        own.report_after(remaining);
        own.forwarding.store(fast.forwarding(way), Ordering::Release);
        address.store(slot + 1, Ordering::Relaxed);
        own.teid.store(teid, Ordering::Release);
        true
    }

    fn address(&self, terminal: Ipv4Addr) -> Option<&AtomicU32> {
        let mut offset = 0;
        for (base, size) in &self.plan.pools {
            let place = terminal.to_bits().wrapping_sub(base.to_bits());
            if place < *size {
                let number = offset + place;
                // SAFETY: in the mapping, which `self` holds; every access is atomic.
                let slots = unsafe { self.addresses.at(number as usize / 2)?.as_ref() };
                return slots.get(number as usize % 2);
            }
            offset += size;
        }
        None
    }

    fn record(&self, teid: u32) -> Option<&Record> {
        // SAFETY: in the mapping, which `self` holds.
        self.records.at(self.plan.key.slot(teid) as usize).map(|place| unsafe { record(place) })
    }

    /// Gives a session back to the portable engine at once; what it carried is kept.
    pub fn remove(&self, teid: u32) {
        let Some(record) = self.record(teid) else { return };
        record.teid.store(0, Ordering::Release);
        fence(Ordering::SeqCst);
        if let Some(address) = self.address(record.terminal.into()) {
            // It may be another session's by now.
            let own = self.plan.key.slot(teid) + 1;
            let _ = address.compare_exchange(own, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// What a session carried here until now.
    pub fn usage(&self, teid: u32) -> Usage {
        let spilled = self.spilled.at(self.plan.key.slot(teid) as usize);
        // SAFETY: in the mapping, which `self` holds; all of it is atomic.
        self.record(teid)
            .zip(spilled)
            .map_or_else(Usage::default, |(own, spilled)| own.usage(unsafe { spilled.as_ref() }))
    }

    /// Ends a session: what it carried here; its record is empty afterwards.
    pub fn close(&mut self, teid: u32) -> Usage {
        self.remove(teid);
        let (usage, slot) = (self.usage(teid), self.plan.key.slot(teid) as usize);
        if let Some((record, spilled)) = self.records.at(slot).zip(self.spilled.at(slot)) {
            // SAFETY: the places are in their mappings, and every member may be zero.
            unsafe {
                record.write_bytes(0, 1);
                spilled.write_bytes(0, 1);
            }
        }
        usage
    }

    /// What becomes readable when a session passed the volume that was to be reported.
    pub fn signal(&self) -> RawFd {
        self.events.as_raw_fd()
    }

    /// The sessions that passed it since the last call.
    pub fn take_events(&mut self) -> Vec<u32> {
        let mut teids = Vec::new();
        while let Some(item) = self.events.next() {
            teids.extend(item.first_chunk().map(|octets| u32::from_ne_bytes(*octets)));
        }
        teids
    }

    /// How often each fate was met.
    pub fn totals(&self) -> io::Result<Vec<(&'static str, u64)>> {
        let totals = map(&self.object, "TOTALS")?;
        (0..).zip(COUNTS).map(|(key, name)| Ok((name, total(totals, key)?))).collect()
    }

    /// The loaded program of a hook.
    pub(crate) fn descriptor(&mut self, hook: Hook) -> io::Result<OwnedFd> {
        match hook {
            Hook::Tc => descriptor(classifier(&mut self.object, CLASSIFIER)?.fd()),
            _ => descriptor(program(&mut self.object, PROGRAM)?.fd()),
        }
    }

    /// What the program does with one Ethernet frame: its verdict, and the frame it leaves.
    pub fn run(&mut self, hook: Hook, frame: &[u8]) -> io::Result<(u32, Vec<u8>)> {
        let done = test_run(self.descriptor(hook)?.as_fd(), frame, 1)?;
        Ok((done.0, done.1))
    }
}
