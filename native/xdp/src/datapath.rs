//! The program with its records: what the control plane does to it.

use crate::hiding::{Hiding, LINES, Line};
use crate::interfaces::{self, Interfaces};
use crate::kept::{Names, Shape};
use crate::links::Links;
use crate::loading::{classifier, descriptor, load, map, program, told};
use crate::meters::Meters;
use crate::record::{Fast, Record, Spilled, packed, record};
use crate::settings::{
    MOST_NETWORKS, MOST_POOLS, Network, Settings, first_octets, networks, networks_6, rank, upper_half,
};
use crate::sys::{Shared, lookup, test_run, total, update};
use crate::way::{Hop, MOST_WAYS, Way};
use aya::Ebpf;
use aya::maps::{MapData, RingBuf};
use freehold_userplane::{TunnelKey, Usage};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr::addr_of_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

const PROGRAM: &str = "userplane";
const CLASSIFIER: &str = "userplane_tc";
/// The names of the program's own counts, in the order of bpf/records.h: they are the engine's.
const COUNTS: [&str; 2] = ["drop_inner_source", "drop_rate_exceeded"];
/// What the records themselves count.
const FORWARDED: [&str; 2] = ["uplink_forwarded", "downlink_forwarded"];

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
    /// The same over IPv6, where N3 has it.
    pub address_6: Option<Ipv6Addr>,
    pub key: TunnelKey,
    /// What the key was made of: the next process needs it for the same tunnels.
    pub seed: [u8; 16],
    pub pools: Vec<Pool>,
    /// Some of them hide their terminals' IPv4 addresses behind the host's.
    pub hiding: bool,
}

/// Addresses of terminals that follow one another: of IPv6, prefixes of 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub base: IpAddr,
    pub size: u32,
    /// The longest packet that its terminals' links carry.
    pub mtu: u32,
}

/// Whether an earlier process left maps that are right for these settings.
fn left(names: &Names, settings: &Settings, sizes: &[(&'static str, u32)]) -> bool {
    let octets = |name| match name {
        "RECORDS" => size_of::<Record>(),
        "SPILLED" => size_of::<Spilled>(),
        "TRANSLATIONS" => size_of::<Line>(),
        _ => 8,
    };
    let mut shapes: Vec<Shape> = sizes.iter().map(|(name, count)| (*name, octets(*name), *count)).collect();
    shapes.extend([
        ("SETTINGS", size_of::<Settings>(), 1),
        ("WAYS", size_of::<Way>(), u32::from(MOST_WAYS)),
        ("TOTALS", 8, COUNTS.len() as u32),
        (interfaces::MAP, size_of::<Interfaces>(), 1),
    ]);
    names.left(&shapes) && earlier(names).is_some_and(|earlier| earlier.fits(settings))
}

/// What an earlier process told its program.
fn earlier(names: &Names) -> Option<Settings> {
    if !names.left(&[("SETTINGS", size_of::<Settings>(), 1)]) {
        return None;
    }
    let map = names.map("SETTINGS").ok()?;
    lookup(map.fd().as_fd(), 0, Settings::default()).ok()
}

/// What the tunnels of the process were made of that left its program in a folder, if nobody has it now.
pub fn left_seed(folder: &Path) -> Option<[u8; 16]> {
    let names = folder.is_dir().then(|| Names::new(folder))??;
    earlier(&names).map(|settings| settings.seed).filter(|seed| *seed != [0; 16])
}

impl Plan {
    /// What the program is told; nothing leaves before the way is known.
    fn settings(&self, lines: u32) -> Settings {
        let mut settings = Settings {
            address: self.address.octets(),
            address_6: self.address_6.map_or([0; 16], |address| address.octets()),
            mask: self.key.mask,
            inverses: self.key.inverses,
            slot_mask: (1 << self.key.index_bits) - 1,
            networks_count: 1,
            networks_6_count: 1,
            first_octets: [u32::MAX; 8],
            seed: self.seed,
            translations_mask: lines - 1,
            translations_seed: self.key.mask.wrapping_mul(self.key.inverses[0]),
            ..Settings::default()
        };
        settings.put_pools(&self.pools);
        settings
    }
}

/// A prefix as its first address.
fn address_of(prefix: u64) -> IpAddr {
    IpAddr::V6((u128::from(prefix) << 64).into())
}

/// The fast path of one user plane function.
pub struct Datapath {
    object: Ebpf,
    plan: Plan,
    settings: Shared<Settings>,
    records: Shared<Record>,
    spilled: Shared<Spilled>,
    addresses: Shared<Slots>,
    prefixes: Shared<AtomicU64>,
    hiding: Hiding,
    events: RingBuf<MapData>,
    links: Links,
    names: Option<Arc<Names>>,
    adopted: bool,
    /// Terminals whose packets all go up for now, and their sessions by slot.
    paused: HashSet<IpAddr>,
    waiting: HashMap<u32, u32>,
    /// Slots from here on were never used.
    fresh: usize,
    /// Packets of sessions that ended, uplink and downlink.
    ended: [u64; 2],
}

/// The compiled program, alone and over maps that are kept.
#[derive(Clone, Copy)]
pub struct Programs<'a> {
    pub alone: &'a [u8],
    pub kept: &'a [u8],
}

/// A session that an earlier process left in the records.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub teid: u32,
    pub fast: Fast,
    /// Bits per second, or 0.
    pub rates: [u64; 2],
}

impl Datapath {
    /// Loads the program. With a folder of a BPF file system, its maps are those that an earlier process left there, if
    /// they are for the same plan. An error says which capability or which part of the kernel is missing.
    pub fn new(programs: Programs<'_>, plan: Plan, folder: Option<&Path>) -> io::Result<Self> {
        let version_4 = plan.pools.iter().filter(|pool| pool.base.is_ipv4()).count();
        if plan.pools.is_empty() || version_4.max(plan.pools.len() - version_4) > MOST_POOLS {
            return Err(io::Error::other("the fast path serves one to four pools of each version of IP"));
        }
        let slots = 1_u32 << plan.key.index_bits.min(24);
        let addresses: u32 = plan.pools.iter().map(|pool| pool.size).sum();
        let (pairs, lines) = (addresses.div_ceil(2), if plan.hiding { LINES } else { 1 });
        let sizes = [
            ("RECORDS", slots),
            ("SPILLED", slots),
            ("PREFIXES", slots),
            ("ADDRESSES", pairs),
            ("TRANSLATIONS", lines),
        ];
        let settings = plan.settings(lines);
        let names = folder.and_then(Names::new).map(Arc::new);
        let adopted = names.as_ref().is_some_and(|names| left(names, &settings, &sizes));
        let mut object = match &names {
            Some(names) => {
                if !adopted {
                    names.forget();
                }
                load(programs.kept, &sizes, Some(&names.maps()))?
            }
            None => load(programs.alone, &sizes, None)?,
        };
        program(&mut object, PROGRAM)?;
        let events = object.take_map("EVENTS").ok_or_else(|| io::Error::other("no map EVENTS"))?;
        let mut path = Self {
            settings: Shared::new(map(&object, "SETTINGS")?, 1)?,
            records: Shared::new(map(&object, "RECORDS")?, slots as usize)?,
            spilled: Shared::new(map(&object, "SPILLED")?, slots as usize)?,
            addresses: Shared::new(map(&object, "ADDRESSES")?, pairs as usize)?,
            prefixes: Shared::new(map(&object, "PREFIXES")?, slots as usize)?,
            hiding: Hiding::new(Shared::new(map(&object, "TRANSLATIONS")?, lines as usize)?, &settings),
            events: RingBuf::try_from(events).map_err(|error| told(&error))?,
            links: Links::default(),
            object,
            plan,
            names,
            adopted,
            paused: HashSet::new(),
            waiting: HashMap::new(),
            fresh: if adopted { slots as usize } else { 0 },
            ended: [0; 2],
        };
        if adopted {
            for number in 0..path.plan.pools.len() {
                path.limit(number, path.plan.pools[number].mtu);
            }
        } else if let Some(place) = path.settings.at(0) {
            // SAFETY: the place is in the mapping; the program reads whole words of it.
            unsafe { place.write_volatile(settings) };
        }
        Ok(path)
    }

    /// Leaves uplink packets for these networks to the host; as many of each version of IP as fit, or an error.
    pub fn keep_back(&mut self, kept: &[(IpAddr, u8)]) -> io::Result<()> {
        let (kept, kept_6) = (networks(kept), networks_6(kept));
        if kept.len().max(kept_6.len()) > MOST_NETWORKS {
            return Err(io::Error::other("more routes than the fast path holds"));
        }
        let Some(place) = self.settings.at(0) else { return Ok(()) };
        let settings = place.as_ptr();
        // SAFETY: the place is in the mapping; user space alone writes it.
        let now = unsafe { place.read_volatile() };
        if now.networks().eq(&kept) && now.networks_6().eq(&kept_6) {
            return Ok(());
        }
        // SAFETY: the place is in the mapping. While a list changes its first network is every one.
        unsafe {
            addr_of_mut!((*settings).networks[0]).write_volatile(Network::default());
            addr_of_mut!((*settings).first_octets).write_volatile([u32::MAX; 8]);
            addr_of_mut!((*settings).networks_count).write_volatile(kept.len().max(1) as u32);
            for (number, network) in kept.iter().enumerate().rev() {
                addr_of_mut!((*settings).networks[number]).write_volatile(*network);
            }
            addr_of_mut!((*settings).networks_count).write_volatile(kept.len() as u32);
            addr_of_mut!((*settings).first_octets).write_volatile(first_octets(&kept));
            addr_of_mut!((*settings).networks_6[0]).write_volatile(Default::default());
            addr_of_mut!((*settings).networks_6_count).write_volatile(kept_6.len().max(1) as u32);
            for (number, network) in kept_6.iter().enumerate().rev() {
                addr_of_mut!((*settings).networks_6[number]).write_volatile(*network);
            }
            addr_of_mut!((*settings).networks_6_count).write_volatile(kept_6.len() as u32);
        }
        Ok(())
    }

    /// The longest packet that the links of a pool's terminals carry; longer ones go up.
    pub fn limit(&mut self, pool: usize, mtu: u32) {
        let (Some(settings), Some(own)) = (self.settings.at(0), self.plan.pools.get_mut(pool)) else { return };
        own.mtu = mtu;
        let (version_4, rank) = (own.base.is_ipv4(), rank(&self.plan.pools, pool));
        // SAFETY: the place is in the mapping, and there are as many pools as `new` allows.
        unsafe {
            if version_4 {
                addr_of_mut!((*settings.as_ptr()).pools[rank].mtu).write_volatile(mtu);
            } else {
                addr_of_mut!((*settings.as_ptr()).pools_6[rank].mtu).write_volatile(mtu);
            }
        }
    }

    /// The address that hidden terminals have in the network; none while it is not known.
    pub fn hide_behind(&mut self, address: Option<Ipv4Addr>) {
        let octets = address.map_or([0; 4], |address| address.octets());
        if let Some(place) = self.settings.at(0) {
            // SAFETY: the place is in the mapping; a whole word.
            unsafe { addr_of_mut!((*place.as_ptr()).hiding).write_volatile(octets) };
        }
    }

    /// The connections of hidden terminals.
    pub fn hiding(&mut self) -> &mut Hiding {
        &mut self.hiding
    }

    /// Makes a device one that packets leave through, and counts what it receives.
    pub fn port(&mut self, number: u32, device: u32) -> io::Result<()> {
        interfaces::name(map(&self.object, interfaces::MAP)?, number, device)?;
        update(map(&self.object, "PORTS")?, number, port(device))
    }

    /// Sets the way `number`: to a tunnel's other end, or without one to N6. Its packets go up while there is no hop.
    pub fn way(&mut self, number: u16, peer: Option<IpAddr>, hop: Option<Hop>) -> io::Result<()> {
        if number >= MOST_WAYS {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let Some(peer) = peer else {
            self.exit(usize::from(number != 0), Way::new(None, hop));
            return Ok(());
        };
        let own = if peer.is_ipv4() { Some(self.plan.address.into()) } else { self.plan.address_6.map(IpAddr::V6) };
        let own = own.ok_or_else(|| io::Error::other("N3 has no address of this version of IP"))?;
        let ends = Some((own, peer));
        let ways = map(&self.object, "WAYS")?;
        let wanted = Way::new(ends, hop);
        if lookup(ways, u32::from(number), wanted)? == wanted {
            return Ok(());
        }
        update(ways, u32::from(number), Way::new(ends, None))?; // half of one hop and half of another are none
        hop.map_or(Ok(()), |hop| update(ways, u32::from(number), Way::new(ends, Some(hop))))
    }

    /// Sets the way to data networks over IPv4 (0) or IPv6 (1): half of one hop and half of another are none.
    fn exit(&self, version: usize, wanted: Way) {
        let Some(place) = self.settings.at(0) else { return };
        // SAFETY: the place is in the mapping; user space alone writes it.
        unsafe {
            let exit = addr_of_mut!((*place.as_ptr()).exits[version]);
            if exit.read_volatile() == wanted {
                return;
            }
            addr_of_mut!((*exit).known).write_volatile(0);
            fence(Ordering::SeqCst);
            exit.write_volatile(wanted.closed());
            fence(Ordering::SeqCst);
            addr_of_mut!((*exit).known).write_volatile(wanted.known);
        }
    }

    /// Attaches the program to devices, to all of them or, with an error, to none. With names it stays there when this
    /// process dies, and takes the place of what an earlier process left.
    pub fn attach(&mut self, devices: &[u32], hook: Hook) -> io::Result<()> {
        self.links = Links::named(self.names.clone());
        let attached = devices.iter().try_for_each(|device| match hook {
            Hook::Tc => self.links.classify(classifier(&mut self.object, CLASSIFIER)?, *device),
            _ => self.links.receive(program(&mut self.object, PROGRAM)?, *device, hook == Hook::Generic),
        });
        if attached.is_err() {
            self.links.detach();
        }
        attached
    }

    /// Takes the program from every device.
    pub fn detach(&mut self) {
        self.links.detach();
        if let Some(names) = &self.names {
            names.forget();
        }
    }

    /// Leaves program and records as they are for the next process, where they have names.
    pub fn leave(&mut self) {
        self.links.leave();
    }

    /// The ways to tunnels' other ends, by number.
    pub fn ways(&self) -> io::Result<Vec<(u16, IpAddr)>> {
        let ways = map(&self.object, "WAYS")?;
        let peer =
            |number| Ok(lookup(ways, u32::from(number), Way::new(None, None))?.peer().map(|peer| (number, peer)));
        (0..MOST_WAYS).filter_map(|number| peer(number).transpose()).collect()
    }

    /// The sessions that an earlier process left, by their slots.
    pub fn kept(&self) -> io::Result<Vec<Kept>> {
        let ways: HashMap<u16, IpAddr> = self.ways()?.into_iter().collect();
        let slots = if self.adopted { 1 << self.plan.key.index_bits.min(24) } else { 0 };
        let kept = |slot| {
            // SAFETY: in the mapping, which `self` holds.
            let record = unsafe { record(self.records.at(slot as usize)?) };
            let (teid, word) = (record.teid.load(Ordering::Acquire), record.forwarding.load(Ordering::Relaxed));
            let (peer, prefix) = (*ways.get(&((word >> 32) as u16))?, self.prefix(slot)?.load(Ordering::Relaxed));
            (teid != 0).then(|| Kept { teid, fast: record.fast(peer, prefix), rates: record.rates() })
        };
        Ok((0..slots).filter_map(kept).collect())
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
    /// the one to its peer; it is told after `remaining` octets, 0 is never. False where an address of it is in no pool.
    pub fn install(&mut self, teid: u32, fast: &Fast, way: u16, remaining: u64) -> bool {
        let slot = self.plan.key.slot(teid);
        let Some(place) = self.records.at(slot as usize) else { return false };
        self.fresh = self.fresh.max(slot as usize + 1);
        let ends = [fast.terminal.map(IpAddr::V4), (fast.prefix != 0).then(|| address_of(fast.prefix))];
        if ends.into_iter().flatten().any(|end| self.address(end).is_none()) {
            return false;
        }
        let terminal = fast.terminal.map_or([0; 4], |terminal| terminal.octets());
        // SAFETY: in the mapping, which `self` holds.
        let own = unsafe { record(place) };
        let prefix = self.prefix(slot).map(|prefix| prefix.load(Ordering::Relaxed));
        let known = own.terminal == terminal && prefix == Some(fast.prefix);
        if own.teid.load(Ordering::Relaxed) != teid || !known {
            self.remove(teid);
            // SAFETY: in the mapping; the program does not look at the terminal of a record whose identifier is 0.
            unsafe { addr_of_mut!((*place.as_ptr()).terminal).write_volatile(terminal) };
            if let Some(prefix) = self.prefix(slot) {
                prefix.store(fast.prefix, Ordering::Relaxed);
            }
        }
        for (cost, word) in fast.costs.iter().zip(&own.costs) {
            word.store(packed(*cost), Ordering::Relaxed);
        }
        own.report_after(remaining);
        own.forwarding.store(fast.forwarding(way), Ordering::Release);
        if ends.iter().flatten().any(|end| self.paused.contains(end)) {
            self.remove(teid);
            self.waiting.insert(slot, teid);
            return true;
        }
        self.open(slot, teid, &ends);
        true
    }

    /// Has a session's packets find its record.
    fn open(&self, slot: u32, teid: u32, ends: &[Option<IpAddr>]) {
        for address in ends.iter().flatten().filter_map(|end| self.address(*end)) {
            address.store(slot + 1, Ordering::Relaxed);
        }
        if let Some(own) = self.record(teid) {
            own.teid.store(teid, Ordering::Release);
        }
    }

    /// Lets every packet of these terminals go up from now on, by their addresses or the first of their prefixes; those of
    /// others are the program's again.
    pub fn pause(&mut self, ends: &[IpAddr]) {
        self.paused = ends.iter().copied().collect();
        for end in ends {
            let slot = self.address(*end).map_or(0, |address| address.load(Ordering::Relaxed));
            let own = slot.checked_sub(1).and_then(|slot| self.records.at(slot as usize));
            // SAFETY: in the mapping, which `self` holds.
            let teid = own.map_or(0, |place| unsafe { record(place) }.teid.load(Ordering::Relaxed));
            if teid != 0 {
                self.remove(teid);
                self.waiting.insert(slot - 1, teid);
            }
        }
        let resumed: Vec<(u32, u32)> = self.waiting.iter().map(|(slot, teid)| (*slot, *teid)).collect();
        for (slot, teid) in resumed {
            let ends = self.ends(slot);
            if !ends.iter().flatten().any(|end| self.paused.contains(end)) {
                self.waiting.remove(&slot);
                self.open(slot, teid, &ends);
            }
        }
    }

    /// The addresses of a record.
    fn ends(&self, slot: u32) -> [Option<IpAddr>; 2] {
        // SAFETY: in the mapping, which `self` holds.
        let own = self.records.at(slot as usize).map(|place| unsafe { record(place) }.terminal);
        let prefix = self.prefix(slot).map_or(0, |prefix| prefix.load(Ordering::Relaxed));
        let terminal = own.filter(|terminal| *terminal != [0; 4]).map(IpAddr::from);
        [terminal, (prefix != 0).then(|| address_of(prefix))]
    }

    /// The place that says whose an address is; none outside the pools.
    fn address(&self, terminal: IpAddr) -> Option<&AtomicU32> {
        let mut offset = 0;
        for pool in &self.plan.pools {
            let place = match (terminal, pool.base) {
                (IpAddr::V4(terminal), IpAddr::V4(base)) => terminal.to_bits().wrapping_sub(base.to_bits()).into(),
                (IpAddr::V6(terminal), IpAddr::V6(base)) => upper_half(terminal).wrapping_sub(upper_half(base)),
                _ => u64::MAX,
            };
            if place < u64::from(pool.size) {
                let number = offset + place as u32;
                // SAFETY: in the mapping, which `self` holds; every access is atomic.
                let slots = unsafe { self.addresses.at(number as usize / 2)?.as_ref() };
                return slots.get(number as usize % 2);
            }
            offset += pool.size;
        }
        None
    }

    fn prefix(&self, slot: u32) -> Option<&AtomicU64> {
        // SAFETY: in the mapping, which `self` holds; every access is atomic.
        self.prefixes.at(slot as usize).map(|place| unsafe { place.as_ref() })
    }

    fn record(&self, teid: u32) -> Option<&Record> {
        // SAFETY: in the mapping, which `self` holds.
        self.records.at(self.plan.key.slot(teid) as usize).map(|place| unsafe { record(place) })
    }

    /// Gives a session back to the portable engine at once; what it carried is kept.
    pub fn remove(&mut self, teid: u32) {
        self.waiting.remove(&self.plan.key.slot(teid));
        let Some(record) = self.record(teid) else { return };
        record.teid.store(0, Ordering::Release);
        fence(Ordering::SeqCst);
        let slot = self.plan.key.slot(teid);
        let prefix = self.prefix(slot).map(|prefix| address_of(prefix.load(Ordering::Relaxed)));
        for end in [Some(IpAddr::from(record.terminal)), prefix].into_iter().flatten() {
            if let Some(address) = self.address(end) {
                // It may be another session's by now.
                let _ = address.compare_exchange(slot + 1, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
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
        self.ended[0] += usage.uplink_packets;
        self.ended[1] += usage.downlink_packets;
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
        let dropped = (0..).zip(COUNTS).map(|(key, name)| Ok((name, total(totals, key)?)));
        FORWARDED.into_iter().zip(self.forwarded()).map(Ok).chain(dropped).collect()
    }

    /// The packets carried, of sessions that are here and of those that ended.
    fn forwarded(&self) -> [u64; 2] {
        (0..self.fresh).filter_map(|slot| self.records.at(slot).zip(self.spilled.at(slot))).fold(
            self.ended,
            |[up, down], (own, spilled)| {
                // SAFETY: in the mappings, which `self` holds; all of it is atomic.
                let usage = unsafe { record(own).usage(spilled.as_ref()) };
                [up + usage.uplink_packets, down + usage.downlink_packets]
            },
        )
    }

    /// The loaded program of a hook.
    pub(crate) fn descriptor(&mut self, hook: Hook) -> io::Result<OwnedFd> {
        match hook {
            Hook::Tc => descriptor(classifier(&mut self.object, CLASSIFIER)?.fd()),
            _ => descriptor(program(&mut self.object, PROGRAM)?.fd()),
        }
    }

    /// Sets the clock of a program that has one of its own.
    #[cfg(test)]
    pub(crate) fn set_clock(&self, now_ns: u64) -> io::Result<()> {
        update(map(&self.object, "CLOCK")?, 0, now_ns)
    }

    /// What the program does with one Ethernet frame: its verdict, and the frame it leaves.
    pub fn run(&mut self, hook: Hook, frame: &[u8]) -> io::Result<(u32, Vec<u8>)> {
        let done = test_run(self.descriptor(hook)?.as_fd(), frame, 1)?;
        Ok((done.0, done.1))
    }
}
