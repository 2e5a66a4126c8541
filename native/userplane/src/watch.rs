//! Who looks at packets: a trace of some terminals (TS 32.423 calls it so), and records of flows (RFC 7011).
//!
//! Both see a packet where it comes in and where it leaves; while nobody looks, neither costs more than one branch a batch.

use crate::address::{MAPPED, Secret, ip_number};
use crate::engine::Upf;
use crate::frame::{self, MacAddress, is_group};
use crate::gtpu;
use crate::inner::{self, Inner};
use crate::install::peer_key;
use crate::packet::{Packet, Port};
use crate::signal::Limiter;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

/// Packets of a trace kept for one who does not fetch them.
const MOST_TRACED: usize = 1 << 13;
/// Flows that are counted at once; packets of further ones are only counted as such.
const MOST_FLOWS: usize = 1 << 16;
const TCP: u8 = 6;

/// A packet of a traced terminal: a datagram's payload at N3, a packet of IP or a frame at N6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    pub time_ns: u64,
    pub at_n3: bool,
    /// Whether it came to this function.
    pub inward: bool,
    /// Whether it is a frame of an Ethernet network instance, at N6.
    pub frame: bool,
    /// The other node, of N3.
    pub peer: SocketAddr,
    /// The octets that it has; of longer ones than wanted only the first are here.
    pub length: usize,
    pub octets: Vec<u8>,
}

/// Why a flow is told (RFC 7012, flowEndReason).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    Idle = 1,
    Active = 2,
    Forced = 4,
}

/// What one direction of a flow carried since it was last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    pub instance: u16,
    pub uplink: bool,
    pub source: u128,
    pub destination: u128,
    pub protocol: u8,
    pub ports: [u16; 2],
    /// Every control bit that was seen (RFC 9293 3.1); of TCP alone.
    pub control: u8,
    pub octets: u64,
    pub packets: u64,
    pub first_ns: u64,
    pub last_ns: u64,
    pub ending: Ending,
}

type Key = (u128, u128, u64);

#[derive(Clone, Copy, Default)]
struct Counted {
    octets: u64,
    packets: u64,
    first_ns: u64,
    last_ns: u64,
    control: u8,
}

struct Trace {
    /// Addresses of IPv4, prefixes of IPv6 as their first address, and stations.
    ends: HashSet<u128>,
    octets: usize,
    limiter: Limiter,
    kept: Vec<Traced>,
}

/// All that looks at packets.
pub(crate) struct Watch {
    trace: Option<Trace>,
    instances: HashSet<u16>,
    flows: HashMap<Key, Counted, Secret>,
    uncounted: u64,
}

/// Of numbers that stand for stations.
const STATION: u128 = 1 << 63;

/// A MAC address among the ends of a trace: no address of IPv4 and no prefix of IPv6 is the same number.
pub fn station_number(address: MacAddress) -> u128 {
    address.iter().fold(0, |number, octet| number << 8 | u128::from(*octet)) | STATION
}

/// The whole of what a terminal owns, as one number (TS 23.501 5.8.2.2.3).
fn owned(number: u128) -> u128 {
    if number >> 32 == MAPPED >> 32 || number >> 63 == 1 { number } else { number & (u128::MAX << 64) }
}

fn key(instance: u16, uplink: bool, inner: &Inner) -> Key {
    let ports = u64::from(inner.source_port) << 16 | u64::from(inner.destination_port);
    let rest = ports << 32 | u64::from(instance) << 16 | u64::from(uplink) << 8 | u64::from(inner.protocol);
    (inner.source, inner.destination, rest)
}

fn flow(&(source, destination, rest): &Key, counted: &Counted, ending: Ending) -> Flow {
    Flow {
        instance: (rest >> 16) as u16,
        uplink: rest >> 8 & 1 != 0,
        source,
        destination,
        protocol: rest as u8,
        ports: [(rest >> 48) as u16, (rest >> 32) as u16],
        control: counted.control,
        octets: counted.octets,
        packets: counted.packets,
        first_ns: counted.first_ns,
        last_ns: counted.last_ns,
        ending,
    }
}

/// The control bits of a TCP header that is there (RFC 9293 3.1).
fn control_bits(inner: &Inner, octets: &[u8]) -> u8 {
    let header = match octets.first() {
        Some(first) if first >> 4 == 4 => usize::from(first & 0x0f) * 4,
        _ => 40,
    };
    let later = inner.fragment.is_some_and(|fragment| !fragment.first);
    if inner.protocol == TCP && !later { octets.get(header + 13).copied().unwrap_or(0) } else { 0 }
}

impl Watch {
    pub(crate) fn new(secret: u64) -> Self {
        let flows = HashMap::with_hasher(Secret(secret));
        Self { trace: None, instances: HashSet::new(), flows, uncounted: 0 }
    }

    pub(crate) fn looks(&self) -> bool {
        self.trace.is_some() || !self.instances.is_empty()
    }

    fn count(&mut self, now_ns: u64, instance: u16, uplink: bool, inner: &Inner, octets: &[u8]) {
        let key = key(instance, uplink, inner);
        if self.flows.len() >= MOST_FLOWS && !self.flows.contains_key(&key) {
            self.uncounted += 1;
            return;
        }
        let counted = self.flows.entry(key).or_insert(Counted { first_ns: now_ns, ..Counted::default() });
        if counted.packets == 0 {
            counted.first_ns = now_ns;
        }
        counted.octets += inner.length as u64;
        counted.packets += 1;
        counted.last_ns = now_ns;
        counted.control |= control_bits(inner, octets);
    }
}

impl Trace {
    fn has(&self, ends: [u128; 2]) -> bool {
        ends.iter().any(|end| self.ends.contains(&owned(*end)))
    }

    /// The stations that are traced.
    fn stations(&self) -> impl Iterator<Item = MacAddress> {
        self.ends.iter().filter(|end| **end >> 63 == 1).map(|end| {
            let [.., a, b, c, d, e, f] = end.to_be_bytes();
            [a, b, c, d, e, f]
        })
    }

    fn keep(&mut self, now_ns: u64, packet: &Packet, inward: bool, frame: bool) {
        if self.kept.len() >= MOST_TRACED || !self.limiter.allows(now_ns) {
            return;
        }
        let octets = packet.octets();
        self.kept.push(Traced {
            time_ns: now_ns,
            at_n3: packet.port == Port::N3,
            inward,
            frame: frame && packet.port != Port::N3,
            peer: packet.peer,
            length: octets.len(),
            octets: octets[..octets.len().min(self.octets)].to_vec(),
        });
    }
}

impl Upf {
    /// Traces the packets of these terminals from now on, by their addresses or prefixes, or by the stations behind them
    /// ([`station_number`]): of each packet so many octets, so many packets a second. Nobody is traced where there are none.
    pub fn trace(&mut self, ends: &[u128], octets: usize, a_second: u32) {
        let ends: HashSet<u128> = ends.iter().copied().map(owned).collect();
        let (kept, limiter) = match self.watch.trace.take() {
            Some(before) => (before.kept, before.limiter),
            None => (Vec::new(), Limiter::new(a_second)),
        };
        self.watch.trace = (!ends.is_empty()).then_some(Trace { ends, octets, limiter, kept });
    }

    /// The packets traced since the last call, in their order.
    pub fn take_traced(&mut self) -> Vec<Traced> {
        self.watch.trace.as_mut().map(|trace| std::mem::take(&mut trace.kept)).unwrap_or_default()
    }

    /// Counts the flows of these network instances from now on, and of no others.
    pub fn record_flows(&mut self, instances: &[u16]) {
        self.watch.instances = instances.iter().copied().collect();
    }

    /// The flows without a packet for `idle_ns`, which are forgotten, and those that began `active_ns` ago, which are
    /// counted anew; all of them with both 0.
    pub fn take_flows(&mut self, now_ns: u64, idle_ns: u64, active_ns: u64) -> Vec<Flow> {
        let mut told = Vec::new();
        let all = idle_ns == 0 && active_ns == 0;
        self.watch.flows.retain(|key, counted| {
            if all || now_ns.saturating_sub(counted.last_ns) >= idle_ns {
                if counted.packets != 0 {
                    told.push(flow(key, counted, if all { Ending::Forced } else { Ending::Idle }));
                }
                return false;
            }
            if counted.packets != 0 && now_ns.saturating_sub(counted.first_ns) >= active_ns {
                told.push(flow(key, counted, Ending::Active));
                *counted = Counted { last_ns: counted.last_ns, ..Counted::default() };
            }
            true
        });
        told
    }

    /// Packets of flows that there was no room to count.
    pub fn uncounted(&self) -> u64 {
        self.watch.uncounted
    }

    /// Looks at packets that came in.
    #[cold]
    pub(crate) fn watch_input(&mut self, now_ns: u64, input: &[Packet]) {
        let Some(mut trace) = self.watch.trace.take() else { return };
        for packet in input {
            let octets = packet.octets();
            let (traced, frame) = match packet.port {
                Port::N6(instance) if self.bridges.contains_key(&instance) => {
                    (self.traced_frame(&trace, instance, None, octets), true)
                }
                Port::N6(_) => (inner::destination(octets).is_some_and(|number| trace.has([number; 2])), false),
                Port::N3 => match gtpu::parse(octets) {
                    Ok(header) => (self.traced_tunnel(&trace, header.teid, &octets[header.offset..header.end]), false),
                    Err(_) => continue,
                },
            };
            if traced {
                trace.keep(now_ns, packet, true, frame);
            }
        }
        self.watch.trace = Some(trace);
    }

    /// Whether a tunnel is a traced terminal's, and of an Ethernet session whether the frame is.
    fn traced_tunnel(&self, trace: &Trace, teid: u32, payload: &[u8]) -> bool {
        let Some(slot) = self.table.find(teid).and_then(|found| self.session_at(found)) else { return false };
        match self.bridged(slot) {
            Some(instance) => self.traced_frame(trace, instance, Some(slot), payload),
            None => self.ends_at(slot).is_some_and(|ends| trace.has(ends)),
        }
    }

    /// Whether a frame comes from a traced station, goes to one, or is for every station beside one.
    fn traced_frame(&self, trace: &Trace, instance: u16, slot: Option<usize>, octets: &[u8]) -> bool {
        let (Some(bridge), Some(frame)) = (self.bridges.get(&instance), frame::parse(octets)) else { return false };
        let group = is_group(&frame.destination);
        trace.stations().any(|station| {
            let place = bridge.find(&station);
            station == frame.source
                || station == frame.destination
                || (group && place.is_some() && (slot.is_none() || place == slot))
        })
    }

    /// The network instance of a session of frames.
    fn bridged(&self, slot: usize) -> Option<u16> {
        let record = self.table.records.get(slot)?;
        self.table.flows(record.flows).filter(|flows| flows.ethernet).map(|_| record.instance)
    }

    /// The session that a slot is of.
    fn session_at(&self, slot: usize) -> Option<usize> {
        let record = self.table.records.get(slot)?;
        Some(if record.uplink & crate::record::ALIAS != 0 { record.address as usize } else { slot })
    }

    /// The session of a tunnel's other end.
    fn session_towards(&self, packet: &Packet, teid: u32) -> Option<usize> {
        self.session_at(*self.peers.get(&peer_key(ip_number(packet.peer.ip()), teid))? as usize)
    }

    fn ends_at(&self, slot: usize) -> Option<[u128; 2]> {
        let record = self.table.records.get(slot)?;
        Some([MAPPED | u128::from(record.address), u128::from(record.prefix) << 64])
    }

    /// Looks at packets that leave.
    #[cold]
    pub(crate) fn watch_output(&mut self, now_ns: u64, output: &[Packet]) {
        for packet in output {
            let octets = packet.octets();
            let (payload, uplink, session) = match packet.port {
                Port::N6(_) => (octets, true, None),
                Port::N3 => match gtpu::parse(octets) {
                    Ok(header) if header.kind == gtpu::G_PDU => {
                        (&octets[header.offset..header.end], false, self.session_towards(packet, header.teid))
                    }
                    _ => continue,
                },
            };
            if let Some(instance) = self.bridge_of(packet.port, session) {
                self.watch_frame(now_ns, instance, session, packet, payload);
                continue;
            }
            let Some(inner) = inner::parse(payload) else { continue };
            let own = [if uplink { inner.source } else { inner.destination }; 2];
            let ends = session.and_then(|slot| self.ends_at(slot)).unwrap_or(own);
            if let Some(trace) = &mut self.watch.trace
                && trace.has(ends)
            {
                trace.keep(now_ns, packet, false, false);
            }
            let instance = match packet.port {
                Port::N6(instance) => self.watch.instances.contains(&instance).then_some(instance),
                Port::N3 => self.recorded(inner.destination),
            };
            if let Some(instance) = instance {
                self.watch.count(now_ns, instance, uplink, &inner, payload);
            }
        }
    }

    /// The network instance of a frame that leaves to N6, or into the tunnel of a session of frames.
    fn bridge_of(&self, port: Port, session: Option<usize>) -> Option<u16> {
        match port {
            Port::N6(instance) => Some(instance).filter(|instance| self.bridges.contains_key(instance)),
            Port::N3 => session.and_then(|slot| self.bridged(slot)),
        }
    }

    fn watch_frame(&mut self, now_ns: u64, instance: u16, session: Option<usize>, packet: &Packet, payload: &[u8]) {
        let Some(mut trace) = self.watch.trace.take() else { return };
        if self.traced_frame(&trace, instance, session, payload) {
            trace.keep(now_ns, packet, false, true);
        }
        self.watch.trace = Some(trace);
    }

    /// The instance with flow records that an address is a terminal's of.
    fn recorded(&self, number: u128) -> Option<u16> {
        let serves = |instance: &&u16| {
            self.instances.get(usize::from(**instance)).is_some_and(|(index, _)| index.find(number).is_some())
        };
        self.watch.instances.iter().find(serves).copied()
    }
}
