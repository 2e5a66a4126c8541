//! Ethernet network instances: which session each address is behind, and frames on their way (TS 23.501 5.6.10.2).

use crate::address::Secret;
use crate::chain::enclose;
use crate::control::LocalSwitch;
use crate::count::Count;
use crate::engine::{Upf, permits};
use crate::flows::{Flow, Seen};
use crate::frame::{self, Frame, MacAddress, is_group};
use crate::gtpu::Header;
use crate::packet::{Packet, Port};
use crate::record::BUFFER;
use crate::rules::Direction;
use crate::signal::Event;
use std::collections::HashMap;

/// Addresses behind one session at most: what its terminal makes up beyond is dropped.
const MOST_ADDRESSES: usize = 64;
/// An address that was not heard for so long may be taken by another session (IEEE 802.1Q 8.8.3).
const AGE_NS: u64 = 300_000_000_000;
/// Sessions that one group frame is copied to at most.
const MOST_COPIES: usize = 1024;

#[derive(Clone, Copy)]
struct Station {
    slot: u32,
    heard_ns: u64,
}

/// The stations of one network instance, and its sessions.
pub(crate) struct Bridge {
    stations: HashMap<MacAddress, Station, Secret>,
    members: HashMap<u32, usize>,
}

/// What hearing from an address came to.
enum Heard {
    Known,
    New,
    Refused,
}

impl Bridge {
    pub(crate) fn new(secret: u64) -> Self {
        Self { stations: HashMap::with_hasher(Secret(secret)), members: HashMap::new() }
    }

    pub(crate) fn join(&mut self, slot: usize) {
        self.members.entry(slot as u32).or_insert(0);
    }

    pub(crate) fn leave(&mut self, slot: usize) {
        if self.members.remove(&(slot as u32)).is_some_and(|known| known != 0) {
            self.stations.retain(|_, station| station.slot as usize != slot);
        }
    }

    pub(crate) fn find(&self, address: &MacAddress) -> Option<usize> {
        self.stations.get(address).map(|station| station.slot as usize)
    }

    /// An address belongs to the session that it was heard from last, unless it is another's and was heard lately.
    fn hear(&mut self, now_ns: u64, address: MacAddress, slot: usize) -> Heard {
        let known = self.stations.get(&address).copied();
        if let Some(station) = known
            && station.slot as usize == slot
        {
            self.stations.insert(address, Station { heard_ns: now_ns, ..station });
            return Heard::Known;
        }
        if known.is_some_and(|station| now_ns.saturating_sub(station.heard_ns) < AGE_NS) {
            return Heard::Refused;
        }
        let Some(count) = self.members.get_mut(&(slot as u32)).filter(|count| **count < MOST_ADDRESSES) else {
            return Heard::Refused;
        };
        *count += 1;
        if let Some(before) = known.and_then(|station| self.members.get_mut(&station.slot)) {
            *before -= 1;
        }
        self.stations.insert(address, Station { slot: slot as u32, heard_ns: now_ns });
        Heard::New
    }

    fn others(&self, slot: Option<usize>) -> Vec<usize> {
        let members = self.members.keys().map(|member| *member as usize).filter(|member| Some(*member) != slot);
        let mut found: Vec<usize> = members.collect();
        found.sort_unstable();
        found.truncate(MOST_COPIES);
        found
    }
}

impl Upf {
    /// A frame from the terminal's side: its address is learnt, then rules and the bridge decide.
    pub(crate) fn frame_up(
        &mut self,
        now_ns: u64,
        slot: usize,
        header: &Header,
        packet: &mut Packet,
    ) -> Result<Count, Count> {
        packet.truncate(header.end);
        packet.strip(header.offset);
        let frame = frame::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        let instance = self.table.records[slot].instance;
        let bridge = self.bridges.get_mut(&instance).ok_or(Count::NoRule)?;
        match bridge.hear(now_ns, frame.source, slot) {
            Heard::Known => {}
            Heard::New => {
                let teid = self.table.records[slot].teid;
                self.tell(Event::StationHeard { teid, address: frame.source });
            }
            Heard::Refused => return Err(Count::InnerSource),
        }
        let octets = packet.octets();
        let seen = Seen { now_ns, direction: Direction::Uplink, length: octets.len() };
        let passed = self.pass(slot, &seen, |flow| {
            flow.tunnel == header.teid
                && (flow.match_qfi == 0 || flow.match_qfi == header.qfi)
                && admits(flow, &frame, octets, Direction::Uplink)
        })?;
        self.copy(slot, &passed, Direction::Uplink, packet.octets());
        permits(passed.verdict.flags)?;
        if passed.verdict.peer != 0 {
            return enclose(passed.verdict.teid, passed.verdict, Direction::Uplink, packet).map(|()| Count::Relayed);
        }
        self.frame_out(now_ns, slot, &frame, packet)
    }

    /// To the data network, or to another session of the instance as its policy says.
    fn frame_out(&mut self, now_ns: u64, slot: usize, frame: &Frame, packet: &mut Packet) -> Result<Count, Count> {
        let instance = self.table.records[slot].instance;
        packet.port = Port::N6(instance);
        let Some((_, policy)) = self.instances.get(usize::from(instance)) else { return Err(Count::NoRule) };
        let policy = *policy;
        if policy == LocalSwitch::DataNetwork {
            return Ok(Count::Uplink);
        }
        if is_group(&frame.destination) {
            if policy == LocalSwitch::Switch {
                self.flood(now_ns, instance, Some(slot), packet.octets());
            }
            return Ok(Count::Uplink);
        }
        match (policy, self.bridges.get(&instance).and_then(|bridge| bridge.find(&frame.destination))) {
            (_, None) => Ok(Count::Uplink),
            (LocalSwitch::Switch, Some(other)) if other != slot => {
                self.frame_down(now_ns, other, packet).map(|()| Count::LocalSwitch)
            }
            _ => Err(Count::LocalSwitchRefused),
        }
    }

    /// A frame of N6: to the session its address is behind, or to every one where it is a group's.
    pub(crate) fn frame_in(&mut self, now_ns: u64, instance: u16, packet: &mut Packet) -> Result<Count, Count> {
        let frame = frame::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        let bridge = self.bridges.get(&instance).ok_or(Count::UnknownAddress)?;
        if is_group(&frame.destination) {
            self.flood(now_ns, instance, None, packet.octets());
            return Err(Count::Flooded);
        }
        let slot = bridge.find(&frame.destination).ok_or(Count::UnknownAddress)?;
        self.frame_down(now_ns, slot, packet).map(|()| Count::Downlink)
    }

    fn flood(&mut self, now_ns: u64, instance: u16, from: Option<usize>, octets: &[u8]) {
        let others = self.bridges.get(&instance).map(|bridge| bridge.others(from)).unwrap_or_default();
        for slot in others {
            let mut packet = self.recycler.take();
            packet.fill(octets);
            match self.frame_down(now_ns, slot, &mut packet) {
                Ok(()) => {
                    self.counters.add(Count::Downlink);
                    self.outbox.push(packet);
                }
                Err(count) => {
                    self.counters.add(count);
                    self.recycler.keep(packet);
                }
            }
        }
    }

    /// Puts a frame into the tunnel of a session, or holds it.
    pub(crate) fn frame_down(&mut self, now_ns: u64, slot: usize, packet: &mut Packet) -> Result<(), Count> {
        let frame = frame::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        let octets = packet.octets();
        let seen = Seen { now_ns, direction: Direction::Downlink, length: octets.len() };
        let passed =
            self.pass(slot, &seen, |flow| flow.tunnel == 0 && admits(flow, &frame, octets, Direction::Downlink))?;
        if passed.verdict.flags & BUFFER != 0 {
            return Err(self.keep(slot, &seen, &passed, passed.verdict, (0, false), packet));
        }
        self.copy(slot, &passed, Direction::Downlink, packet.octets());
        permits(passed.verdict.flags)?;
        enclose(passed.verdict.teid, passed.verdict, Direction::Downlink, packet)
    }
}

fn admits(flow: &Flow, frame: &Frame, octets: &[u8], direction: Direction) -> bool {
    flow.frames.is_empty() || flow.frames.iter().any(|filter| filter.matches(frame, octets, direction))
}
