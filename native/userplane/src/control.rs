//! The control plane's side of the engine: network instances and sessions.

use crate::address::{AddressIndex, MAPPED, Pool, Prefix, ip_number, number_ip};
use crate::buffer::Bounds;
use crate::count::Count;
use crate::engine::Upf;
use crate::gtpu;
use crate::meter::{Meter, SharedMeters};
use crate::packet::Port;
use crate::record::{BUFFER, FLOWS, FORWARD, Flow, FlowList, Flows, GATE_CLOSED, NOTIFY, RULE, Record, Usage, Verdict};
use crate::rules::{Action, Direction, Refused, Rule, SessionRules};
use crate::seal::TunnelKey;
use crate::signal::Event;
use std::net::{IpAddr, SocketAddr};

/// How one user plane function is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its N3 address, as the access network knows it.
    pub address: IpAddr,
    /// Its N3 address of the other version, where it has both.
    pub second: Option<IpAddr>,
    /// Sessions at most.
    pub capacity: usize,
    /// What makes its tunnel identifiers unpredictable.
    pub seed: [u8; 16],
    /// The core's own addresses: terminals never reach them.
    pub protected: Vec<Prefix>,
    /// Access nodes whose uplink packets are accepted on every session, besides the session's own node.
    pub trusted_sources: Vec<Prefix>,
    /// Packets held for one terminal at most.
    pub buffer_packets: usize,
    /// Octets held for all terminals at most.
    pub buffer_octets: usize,
    /// Error indications and other answers to strangers, a second at most.
    pub answers_a_second: u32,
}

impl Settings {
    /// The settings that suit `address`, with nothing protected but itself.
    pub fn new(address: IpAddr, seed: [u8; 16]) -> Self {
        Self {
            address,
            second: None,
            capacity: 1 << 17,
            seed,
            protected: vec![Prefix::new(address, 128)],
            trusted_sources: Vec::new(),
            buffer_packets: 64,
            buffer_octets: 32 << 20,
            answers_a_second: 100,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { packets: self.buffer_packets, octets: self.buffer_octets }
    }
}

/// What happens to a packet for another terminal of the same network instance (TS 23.501 5.6.10.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalSwitch {
    #[default]
    Refuse,
    /// Straight into the other terminal's tunnel.
    Switch,
    /// To N6 like any other: the data network decides.
    DataNetwork,
}

/// A network instance (TS 29.244 8.2.4): the terminals' pools and how they reach one another.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    pub pools: Vec<Pool>,
    /// What the terminals' link carries whole, in octets; 0 where it is not known.
    pub mtu: u16,
    pub local_switch: LocalSwitch,
}

/// Rules of one direction and filters of one rule at most.
const MOST_RULES: usize = 64;
/// Framed routes of one session at most.
const MOST_FRAMED: usize = 64;
/// Rates that police one rule at most: all of a session's fit an octet.
const MOST_RATES: usize = 3;

impl Upf {
    /// Adds a network instance and returns its number; at most 65,536.
    pub fn add_instance(&mut self, instance: &Instance) -> Result<u16, Refused> {
        let number = u16::try_from(self.instances.len()).map_err(|_| Refused::Full)?;
        let secret = self.seal.next();
        self.instances.push((AddressIndex::new(&instance.pools, secret), instance.local_switch));
        self.mtus.push(if instance.mtu == 0 { u16::MAX } else { instance.mtu });
        Ok(number)
    }

    /// Opens a session and returns its tunnel identifier (TS 29.244 5.5.3); every packet of it is dropped until
    /// [`Upf::install`].
    pub fn open(&mut self) -> Result<u32, Refused> {
        self.table.open().ok_or(Refused::Full)
    }

    /// Gives a session its rules, all at once; nothing changes where they are refused. Where it may forward now, what was
    /// held for it leaves in order; where it may not be held any more, it is discarded.
    pub fn install(&mut self, now_ns: u64, teid: u32, rules: &SessionRules, end_marker: bool) -> Result<(), Refused> {
        let slot = self.table.find(teid).ok_or(Refused::UnknownSession)?;
        self.check(slot, rules)?;
        let peer = rules.peer.map_or(0, |peer| ip_number(peer.address));
        if end_marker {
            self.mark_end(slot);
        }
        let before = (self.table.records[slot].peer != 0, self.table.records[slot].prefix);
        self.claim(slot, rules);
        let flows = self.side_list(slot, rules);
        self.forget_peer(slot);
        let record = &mut self.table.records[slot];
        record.source = peer;
        record.peer = peer;
        record.header = gtpu::downlink_header(rules.peer.map_or(0, |peer| peer.teid), 0);
        record.flows = flows;
        record.report_at = rules.report_at;
        record.quota = rules.quota.unwrap_or([u64::MAX; 3]);
        if let Some(shared) = &self.shared {
            let arrivals = [record.uplink_meter.arrival_ns, record.downlink_meter.arrival_ns];
            [record.uplink_meter.arrival_ns, record.downlink_meter.arrival_ns] = shared.join(teid, arrivals);
        }
        set_direction(record, rules);
        let passed = record.usage.uplink_octets.wrapping_add(record.usage.downlink_octets) >= rules.report_at;
        if peer != 0 {
            self.peers.insert(peer_key(peer, tunnel(record)), slot as u32);
        }
        if rules.report_at != 0 && passed {
            self.table.records[slot].report_at = 0;
            self.tell(Event::Volume { teid });
        }
        if before != (true, self.table.records[slot].prefix) {
            self.advertise(slot);
        }
        self.settle(now_ns, slot);
        Ok(())
    }

    /// Closes a session and returns what it carried; what was held for it is discarded.
    pub fn close(&mut self, teid: u32) -> Result<Usage, Refused> {
        let slot = self.table.find(teid).ok_or(Refused::UnknownSession)?;
        self.discard(slot);
        self.forget_peer(slot);
        self.free(slot);
        let record = self.table.close(slot);
        Ok(record.usage)
    }

    /// Discards what is held for a session: its terminal was not found (TS 23.502 4.2.3.3).
    pub fn discard_held(&mut self, teid: u32) -> Result<(), Refused> {
        let slot = self.table.find(teid).ok_or(Refused::UnknownSession)?;
        self.discard(slot);
        Ok(())
    }

    /// What a session carried until now.
    pub fn usage(&self, teid: u32) -> Result<Usage, Refused> {
        self.table.find(teid).map(|slot| self.table.records[slot].usage).ok_or(Refused::UnknownSession)
    }

    /// The tunnel identifiers of every open session, for an audit.
    pub fn teids(&self) -> Vec<u32> {
        self.table.teids().collect()
    }

    /// What turns a tunnel identifier into its slot, for a faster path beside this engine.
    pub fn tunnel_key(&self) -> TunnelKey {
        self.table.tunnel_key()
    }

    /// Takes from the buckets of a faster path for the sessions that it carries.
    pub fn share_meters(&mut self, meters: Box<dyn SharedMeters>) {
        self.shared = Some(meters);
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.table.open_count()
    }

    fn check(&self, slot: usize, rules: &SessionRules) -> Result<(), Refused> {
        let (index, _) = self.instances.get(usize::from(rules.instance)).ok_or(Refused::UnknownInstance)?;
        let many = |rules: &[Rule]| {
            rules.len() > MOST_RULES
                || rules.iter().any(|rule| rule.filters.len() > MOST_RULES || rule.rates.len() > MOST_RATES)
        };
        if many(&rules.uplink) || many(&rules.downlink) || rules.framed.len() > MOST_FRAMED {
            return Err(Refused::TooManyRules);
        }
        for number in claimed(rules).into_iter().flatten() {
            if !index.serves(number) {
                return Err(Refused::AddressOutsidePools);
            }
            if index.owner(number).is_some_and(|owner| owner != slot) {
                return Err(Refused::AddressInUse);
            }
        }
        let taken = |prefix: &Prefix| index.framed(prefix).is_some_and(|owner| owner != slot);
        if rules.framed.iter().any(taken) {
            return Err(Refused::AddressInUse);
        }
        Ok(())
    }

    fn claim(&mut self, slot: usize, rules: &SessionRules) {
        self.free(slot);
        let record = &mut self.table.records[slot];
        record.instance = rules.instance;
        record.address = rules.ipv4.map_or(0, |address| address.to_bits());
        record.prefix = rules.ipv6.unwrap_or(0);
        if let Some((index, _)) = self.instances.get_mut(usize::from(rules.instance)) {
            claimed(rules).into_iter().flatten().for_each(|number| index.claim(number, slot));
            rules.framed.iter().for_each(|prefix| index.claim_framed(*prefix, slot));
        }
    }

    /// Gives back the addresses and framed routes of a session.
    fn free(&mut self, slot: usize) {
        let record = &self.table.records[slot];
        let Some((index, _)) = self.instances.get_mut(usize::from(record.instance)) else { return };
        owned(record).into_iter().flatten().for_each(|number| index.free(number));
        if let Some(flows) = self.table.flows_mut(self.table.records[slot].flows) {
            flows.framed.iter().for_each(|prefix| index.free_framed(prefix));
        }
    }

    /// Its tunnel's other end may belong to another session by now: that one keeps it.
    fn forget_peer(&mut self, slot: usize) {
        let record = &self.table.records[slot];
        let key = peer_key(record.peer, tunnel(record));
        if self.peers.get(&key) == Some(&(slot as u32)) {
            self.peers.remove(&key);
        }
    }

    fn side_list(&mut self, slot: usize, rules: &SessionRules) -> u32 {
        let place = self.table.records[slot].flows;
        let old = self.table.flows_mut(place).map(std::mem::take).unwrap_or_default();
        let new = (!plain(&rules.uplink) || !plain(&rules.downlink) || !rules.framed.is_empty()).then(|| Flows {
            uplink: flow_list(&rules.uplink, &old.uplink),
            downlink: flow_list(&rules.downlink, &old.downlink),
            framed: rules.framed.clone().into(),
        });
        self.table.put_flows(place, new)
    }

    fn mark_end(&mut self, slot: usize) {
        let record = &self.table.records[slot];
        if record.peer != 0 {
            let mut packet = self.recycler.take();
            packet.fill(&gtpu::end_marker(tunnel(record)));
            packet.port = Port::N3;
            packet.peer = SocketAddr::new(number_ip(record.peer), gtpu::GTPU_PORT);
            self.outbox.push(packet);
        }
    }

    /// Sends or discards what is held, once its session no longer holds.
    fn settle(&mut self, now_ns: u64, slot: usize) {
        let flags = self.table.records[slot].downlink;
        let flows = self.table.records[slot].flows;
        let holds = |flags: u16| flags & BUFFER != 0;
        let still = match self.table.flows_mut(flows) {
            Some(flows) if flags & FLOWS != 0 => flows.downlink.flows.iter().any(|flow| holds(flow.verdict.flags)),
            _ => holds(flags),
        };
        if still {
            return;
        }
        for octets in self.buffer.release(slot as u32) {
            let mut packet = self.recycler.take();
            packet.fill(&octets);
            match self.deliver(now_ns, slot, &mut packet) {
                Ok(()) => {
                    self.counters.add(Count::Downlink);
                    self.outbox.push(packet);
                }
                Err(_) => {
                    self.counters.add(Count::BufferDiscarded);
                    self.recycler.keep(packet);
                }
            }
        }
    }

    fn discard(&mut self, slot: usize) {
        let dropped = self.buffer.release(slot as u32).len();
        self.counters.add_many(Count::BufferDiscarded, dropped);
    }
}

/// What error indications are looked up by.
pub(crate) fn peer_key(address: u128, teid: u32) -> u64 {
    let folded = (address as u64) ^ ((address >> 64) as u64);
    ((folded as u32 ^ (folded >> 32) as u32) as u64) << 32 | u64::from(teid)
}

pub(crate) fn tunnel(record: &Record) -> u32 {
    let [_, _, _, _, t0, t1, t2, t3, ..] = record.header;
    u32::from_be_bytes([t0, t1, t2, t3])
}

fn owned(record: &Record) -> [Option<u128>; 2] {
    [
        (record.address != 0).then(|| MAPPED | u128::from(record.address)),
        (record.prefix != 0).then(|| u128::from(record.prefix) << 64),
    ]
}

fn claimed(rules: &SessionRules) -> [Option<u128>; 2] {
    [
        rules.ipv4.map(|address| MAPPED | u128::from(address.to_bits())),
        rules.ipv6.map(|prefix| u128::from(prefix) << 64),
    ]
}

/// Whether a direction's rules fit the record: at most one, and it matches every packet.
fn plain(rules: &[Rule]) -> bool {
    match rules {
        [] => true,
        [rule] => rule.filters.is_empty(),
        _ => false,
    }
}

fn verdict(rule: &Rule) -> Verdict {
    Verdict { flags: flags(rule), mark: gtpu::mark(rule.qfi, rule.reflective), service: rule.service }
}

fn flags(rule: &Rule) -> u16 {
    let action = match rule.action {
        Action::Drop => 0,
        Action::Forward => FORWARD,
        Action::Buffer { notify: false } => BUFFER,
        Action::Buffer { notify: true } => BUFFER | NOTIFY,
    };
    RULE | action | if rule.gate_closed { GATE_CLOSED } else { 0 }
}

fn flow_list(rules: &[Rule], old: &FlowList) -> FlowList {
    let mut meters: Vec<(u32, Meter)> = Vec::new();
    let mut flow = |rule: &Rule| {
        let mut place = |&(id, rate): &(u32, u64)| {
            if let Some(known) = meters.iter().position(|(other, _)| *other == id) {
                return known as u8;
            }
            let new = Meter::new(rate);
            let kept =
                old.meters.iter().find(|(other, _)| *other == id).map_or(new, |(_, meter)| meter.replaced_by(new));
            meters.push((id, kept));
            meters.len() as u8 - 1
        };
        Flow {
            filters: rule.filters.clone().into(),
            meters: rule.rates.iter().map(&mut place).collect(),
            verdict: verdict(rule),
            match_qfi: rule.match_qfi,
        }
    };
    FlowList { flows: rules.iter().map(&mut flow).collect(), meters: meters.into() }
}

fn set_direction(record: &mut Record, rules: &SessionRules) {
    for direction in [Direction::Uplink, Direction::Downlink] {
        let list = match direction {
            Direction::Uplink => &rules.uplink,
            Direction::Downlink => &rules.downlink,
        };
        let single = list.first().filter(|_| plain(list));
        let bits = match single {
            Some(rule) => flags(rule),
            None if list.is_empty() => 0,
            None => FLOWS,
        };
        let meter = Meter::new(single.map_or(0, Rule::rate));
        match direction {
            Direction::Uplink => {
                record.uplink = bits;
                record.match_qfi = single.map_or(0, |rule| rule.match_qfi);
                record.uplink_meter = record.uplink_meter.replaced_by(meter);
            }
            Direction::Downlink => {
                record.downlink = bits;
                let Verdict { mark, service, .. } = single.map(verdict).unwrap_or_default();
                (record.mark, record.service) = (mark, service);
                record.header[14] = mark;
                record.downlink_meter = record.downlink_meter.replaced_by(meter);
            }
        }
    }
}
