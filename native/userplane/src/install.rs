//! How a session's rules become its record and its side list.

use crate::address::{MAPPED, Prefix, ip_number};
use crate::count::Count;
use crate::engine::Upf;
use crate::flows::{Counter, Flow, FlowList, Flows, LocalTunnel, Measured, Verdict};
use crate::gtpu;
use crate::meter::{Meter, PacketMeter};
use crate::packet::Packet;
use crate::record::{BUFFER, FLOWS, FORWARD, GATE_CLOSED, NOTIFY, RULE, Record};
use crate::rules::{Action, CounterRules, Peer, Refused, Rule, SessionRules};
use crate::signal::Event;

/// Rules of one direction and filters of one rule at most.
const MOST_RULES: usize = 64;
/// Framed routes of one session at most.
const MOST_FRAMED: usize = 64;
/// Rates that police one rule at most: all of a session's fit an octet.
const MOST_RATES: usize = 3;
/// Counters of one session at most.
const MOST_COUNTERS: usize = 64;
/// Copies of one rule's packets at most.
const MOST_COPIES: usize = 4;

impl Upf {
    /// Gives a session its rules, all at once; nothing changes where they are refused. Where it may forward now, what was
    /// held for it leaves in order; where it may not be held any more, it is discarded. With `end_marker`, downlink
    /// tunnels that are used no more are told that nothing comes (TS 29.281 7.3.2).
    pub fn install(&mut self, now_ns: u64, teid: u32, rules: &SessionRules, end_marker: bool) -> Result<(), Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        self.check(slot, rules)?;
        let before = if end_marker { self.downlink_ends(slot) } else { Vec::new() };
        let connected = (self.way(slot).is_some(), self.table.records[slot].prefix);
        self.forget_ends(slot);
        self.claim(slot, rules);
        if rules.ethernet {
            self.bridges.get_mut(&rules.instance).into_iter().for_each(|bridge| bridge.join(slot));
        }
        let flows = self.side_list(slot, rules);
        let record = &mut self.table.records[slot];
        record.source = rules.peer.map_or(0, |peer| ip_number(peer.address));
        record.peer = record.source;
        record.header = gtpu::downlink_header(rules.peer.map_or(0, |peer| peer.teid), 0);
        record.flows = flows;
        record.report_at = rules.report_at;
        record.quota = rules.quota.unwrap_or([u64::MAX; 3]);
        if let Some(shared) = &self.shared {
            let arrivals = [record.uplink_meter.arrival_ns, record.downlink_meter.arrival_ns];
            [record.uplink_meter.arrival_ns, record.downlink_meter.arrival_ns] = shared.join(teid, arrivals);
        }
        set_direction(record, rules);
        self.remember_ends(now_ns, slot);
        self.tell_passed(slot, teid);
        self.close_tunnels(slot, |tunnel| named(rules, tunnel));
        self.buffer.limit(slot as u32, rules.held_packets);
        if end_marker {
            let now = self.downlink_ends(slot);
            before.into_iter().filter(|end| !now.contains(end)).for_each(|end| self.send_end_marker(end));
        }
        if connected != (true, self.table.records[slot].prefix) {
            self.advertise(slot);
        }
        self.settle(now_ns, slot);
        Ok(())
    }

    /// Tells at once of a number that was passed before the rules named it.
    fn tell_passed(&mut self, slot: usize, teid: u32) {
        let record = &mut self.table.records[slot];
        let mut tells = record.report_at != 0 && record.usage.octets() >= record.report_at;
        if tells {
            record.report_at = 0;
        }
        if let Some((_, flows)) = self.table.chained(slot) {
            tells |= flows.counters.iter_mut().any(Counter::passed);
        }
        if tells {
            self.tell(Event::Volume { teid });
        }
    }

    fn check(&self, slot: usize, rules: &SessionRules) -> Result<(), Refused> {
        let (uplink, downlink) = (&rules.uplink, &rules.downlink);
        let routes = rules.framed.len() > MOST_FRAMED || rules.counters.len() > MOST_COUNTERS;
        if many(uplink) || many(downlink) || routes {
            return Err(Refused::TooManyRules);
        }
        let teid = self.table.records[slot].teid;
        let aliases = self.aliases.get(&(slot as u32));
        let own = |tunnel: u32| tunnel == 0 || tunnel == teid || aliases.is_some_and(|all| all.contains(&tunnel));
        if !uplink.iter().chain(downlink).all(|rule| own(rule.tunnel)) {
            return Err(Refused::UnknownTunnel);
        }
        if !anchored(rules) {
            return Ok(());
        }
        let (index, _) = self.instances.get(usize::from(rules.instance)).ok_or(Refused::UnknownInstance)?;
        if rules.ethernet != self.bridges.contains_key(&rules.instance) {
            return Err(Refused::WrongInstance);
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
        if let Some((index, _)) = self.instances.get_mut(usize::from(rules.instance)).filter(|_| anchored(rules)) {
            claimed(rules).into_iter().flatten().for_each(|number| index.claim(number, slot));
            rules.framed.iter().for_each(|prefix| index.claim_framed(*prefix, slot));
        }
    }

    /// Gives back the addresses and framed routes of a session.
    pub(crate) fn free(&mut self, slot: usize) {
        let record = &self.table.records[slot];
        let Some((index, _)) = self.instances.get_mut(usize::from(record.instance)) else { return };
        for number in owned(record).into_iter().flatten() {
            if index.owner(number) == Some(slot) {
                index.free(number);
            }
        }
        if let Some(flows) = self.table.flows(record.flows) {
            for prefix in &flows.framed {
                if index.framed(prefix) == Some(slot) {
                    index.free_framed(prefix);
                }
            }
        }
    }

    /// The other ends of a session's tunnels: addresses and identifiers.
    pub(crate) fn ends(&self, slot: usize) -> impl Iterator<Item = (u128, u32)> {
        let record = self.table.records.get(slot);
        let flows = record.and_then(|record| self.table.flows(record.flows));
        let flows = flows.into_iter().flat_map(|flows| flows.uplink.flows.iter().chain(&flows.downlink.flows));
        let others = flows.map(|flow| (flow.verdict.peer, flow.verdict.teid));
        record.into_iter().map(|record| (record.peer, tunnel(record))).chain(others).filter(|end| end.0 != 0)
    }

    fn downlink_ends(&self, slot: usize) -> Vec<(u128, u32)> {
        let record = &self.table.records[slot];
        let flows = self.table.flows(record.flows).into_iter().flat_map(|flows| &flows.downlink.flows);
        let forwarding = flows.map(|flow| flow.verdict).filter(|verdict| verdict.flags & FORWARD != 0);
        let mut ends: Vec<(u128, u32)> = forwarding.map(|verdict| (verdict.peer, verdict.teid)).collect();
        ends.push((record.peer, tunnel(record)));
        ends.retain(|end| end.0 != 0);
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Another session may have the other end of a tunnel by now: that one keeps it.
    pub(crate) fn forget_ends(&mut self, slot: usize) {
        let ends: Vec<(u128, u32)> = self.ends(slot).collect();
        for (address, teid) in ends {
            let key = peer_key(address, teid);
            if self.peers.get(&key) == Some(&(slot as u32)) {
                self.peers.remove(&key);
            }
            self.paths.remove(address);
        }
    }

    fn remember_ends(&mut self, now_ns: u64, slot: usize) {
        let ends: Vec<(u128, u32)> = self.ends(slot).collect();
        for (address, teid) in ends {
            self.peers.insert(peer_key(address, teid), slot as u32);
            self.paths.add(now_ns, address);
        }
    }

    /// Closes the session's other tunnels that are not kept.
    pub(crate) fn close_tunnels(&mut self, slot: usize, keeps: impl Fn(u32) -> bool) {
        if self.aliases.is_empty() {
            return;
        }
        let Some(aliases) = self.aliases.get_mut(&(slot as u32)) else { return };
        let (kept, closed): (Vec<u32>, Vec<u32>) = aliases.iter().partition(|teid| keeps(**teid));
        *aliases = kept;
        if aliases.is_empty() {
            self.aliases.remove(&(slot as u32));
        }
        for slot in closed.into_iter().filter_map(|teid| self.table.find(teid)).collect::<Vec<_>>() {
            self.table.close(slot);
        }
    }

    fn side_list(&mut self, slot: usize, rules: &SessionRules) -> u32 {
        let (place, teid) = (self.table.records[slot].flows, self.table.records[slot].teid);
        let listed = listed(rules);
        let needed = listed[0] || listed[1] || !rules.framed.is_empty();
        let old = self.table.flows_mut(place).map(std::mem::take).unwrap_or_default();
        let new = needed.then(|| Flows {
            uplink: flow_list(&rules.uplink, &old.uplink, rules, |rule| {
                let tunnel = if rule.tunnel == 0 { teid } else { rule.tunnel };
                (tunnel, rule.peer)
            }),
            downlink: flow_list(&rules.downlink, &old.downlink, rules, |rule| (rule.tunnel, rule.peer.or(rules.peer))),
            counters: counters(&rules.counters, &old.counters),
            tunnels: local_tunnels(rules, teid),
            framed: rules.framed.clone().into(),
            ethernet: rules.ethernet,
            owned: rules.ipv4.is_some() || rules.ipv6.is_some() || !rules.framed.is_empty(),
        });
        self.table.put_flows(place, new)
    }

    /// Sends what is held, holds it again, or discards it, as the rules now say.
    fn settle(&mut self, now_ns: u64, slot: usize) {
        if !self.buffer.holds(slot as u32) {
            return;
        }
        for waiting in self.buffer.lift(slot as u32) {
            let mut packet = self.recycler.take();
            packet.fill(&waiting.octets);
            let fate = if waiting.in_tunnel {
                self.release(now_ns, &mut packet)
            } else {
                self.deliver(now_ns, slot, &mut packet).map(|()| Count::Downlink)
            };
            match fate {
                Ok(count) => {
                    self.counters.add(count);
                    self.outbox.push(packet);
                    continue;
                }
                Err(Count::Buffered) => {}
                Err(_) => self.counters.add(Count::BufferDiscarded),
            }
            self.recycler.keep(packet);
        }
        self.buffer.settle(slot as u32);
    }

    /// A message of a tunnel that was held, as if it came now.
    fn release(&mut self, now_ns: u64, packet: &mut Packet) -> Result<Count, Count> {
        let header = gtpu::parse(packet.octets()).map_err(|_| Count::GtpuMalformed)?;
        let found = self.table.find(header.teid).ok_or(Count::UnknownTeid)?;
        if header.kind == gtpu::END_MARKER {
            return self.pass_end_marker(now_ns, found, &header, packet, true);
        }
        self.from_tunnel(now_ns, found, &header, packet, true)
    }

    pub(crate) fn discard(&mut self, slot: usize) {
        let dropped = self.buffer.release(slot as u32).len();
        self.counters.add_many(Count::BufferDiscarded, dropped);
    }
}

/// What error indications are looked up by.
pub(crate) fn peer_key(address: u128, teid: u32) -> u64 {
    let folded = (address as u64) ^ ((address >> 64) as u64);
    ((folded as u32 ^ (folded >> 32) as u32) as u64) << 32 | u64::from(teid)
}

/// The identifier of the session's tunnel at its other end.
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
        [rule] => rule.filters.is_empty() && rule.frames.is_empty(),
        _ => false,
    }
}

/// Whether uplink and downlink rules are in the side list.
fn listed(rules: &SessionRules) -> [bool; 2] {
    let chained = rules.chained();
    [chained || !plain(&rules.uplink), chained || !plain(&rules.downlink)]
}

/// Whether the session has to do with a data network here: a rule finds packets of N6 or sends there.
fn anchored(rules: &SessionRules) -> bool {
    let chained =
        rules.uplink.iter().all(|rule| rule.peer.is_some()) && rules.downlink.iter().all(|rule| rule.tunnel != 0);
    !chained || (rules.uplink.is_empty() && rules.downlink.is_empty())
}

fn named(rules: &SessionRules, tunnel: u32) -> bool {
    rules.uplink.iter().chain(&rules.downlink).any(|rule| rule.tunnel == tunnel)
}

fn many(rules: &[Rule]) -> bool {
    let many = |rule: &Rule| {
        rule.filters.len() > MOST_RULES
            || rule.frames.len() > MOST_RULES
            || rule.frames.iter().any(|frame| {
                frame.filters.len() > MOST_RULES || frame.sources.len() + frame.destinations.len() > MOST_RULES
            })
            || rule.rates.len() > MOST_RATES
            || rule.packet_rates.len() > MOST_RATES
            || rule.copies.len() > MOST_COPIES
            || rule.counters.len() > MOST_COUNTERS
    };
    rules.len() > MOST_RULES || rules.iter().any(many)
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

fn flow_list(
    rules: &[Rule],
    old: &FlowList,
    session: &SessionRules,
    ends: impl Fn(&Rule) -> (u32, Option<Peer>),
) -> FlowList {
    let mut meters: Vec<(u32, Meter)> = Vec::new();
    let mut packet_meters: Vec<(u32, PacketMeter)> = Vec::new();
    let mut flow = |rule: &Rule| {
        let mut place = |&(id, rate): &(u32, u64)| {
            if let Some(known) = meters.iter().position(|(other, _)| *other == id) {
                return known as u8;
            }
            let window = rule.windows.iter().find(|(other, _)| *other == id);
            let new = window.map_or(Meter::new(rate), |(_, milliseconds)| Meter::new(rate).with_window(*milliseconds));
            let kept =
                old.meters.iter().find(|(other, _)| *other == id).map_or(new, |(_, meter)| meter.replaced_by(new));
            meters.push((id, kept));
            meters.len() as u8 - 1
        };
        let mut limit = |&(id, most, unit_ns): &(u32, u32, u64)| {
            if let Some(known) = packet_meters.iter().position(|(other, _)| *other == id) {
                return known as u8;
            }
            let (new, before) = (PacketMeter::new(most, unit_ns), old.packet_meters.iter());
            let kept = before.clone().find(|(other, _)| *other == id).map_or(new, |(_, one)| one.replaced_by(new));
            packet_meters.push((id, kept));
            packet_meters.len() as u8 - 1
        };
        let counted = |id: &u32| session.counters.iter().position(|one| one.id == *id).map(|place| place as u8);
        let (tunnel, peer) = ends(rule);
        Flow {
            filters: rule.filters.clone().into(),
            frames: rule.frames.clone().into(),
            meters: rule.rates.iter().map(&mut place).collect(),
            packet_meters: rule.packet_rates.iter().map(&mut limit).collect(),
            counters: rule.counters.iter().filter_map(counted).collect(),
            copies: rule.copies.clone().into(),
            verdict: Verdict {
                flags: flags(rule),
                id: rule.id,
                mark: gtpu::mark(rule.qfi, rule.reflective),
                service: rule.service,
                teid: peer.map_or(0, |peer| peer.teid),
                peer: peer.map_or(0, |peer| ip_number(peer.address)),
            },
            match_qfi: rule.match_qfi,
            tunnel,
        }
    };
    let flows = rules.iter().map(&mut flow).collect();
    FlowList { flows, meters: meters.into(), packet_meters: packet_meters.into() }
}

/// Counters that were there before go on from where they are.
fn counters(rules: &[CounterRules], old: &[Counter]) -> Box<[Counter]> {
    let measured = |rules: &CounterRules| {
        let known = old.iter().map(|counter| counter.measured).find(|measured| measured.id == rules.id);
        let measured = known.unwrap_or(Measured { id: rules.id, ..Measured::default() });
        Measured { first_ns: if rules.restart { 0 } else { measured.first_ns }, ..measured }
    };
    let counter = |rules: &CounterRules| Counter {
        measured: measured(rules),
        report_at: rules.report_at,
        quota: rules.quota.unwrap_or([u64::MAX; 3]),
        dropped_at: rules.dropped_at,
        before_enforcement: rules.before_enforcement,
        inactive: rules.inactive,
    };
    rules.iter().map(counter).collect()
}

/// The tunnels that rules name. Uplink packets come from where downlink ones go to, and the other way round.
fn local_tunnels(rules: &SessionRules, own: u32) -> Box<[LocalTunnel]> {
    let mut found: Vec<LocalTunnel> = Vec::new();
    let sources = |peers: &mut dyn Iterator<Item = Option<Peer>>| {
        let mut all: Vec<u128> = peers.flatten().map(|peer| ip_number(peer.address)).collect();
        all.sort_unstable();
        all.dedup();
        all.into_boxed_slice()
    };
    let access = sources(&mut rules.downlink.iter().map(|rule| rule.peer.or(rules.peer)));
    let core = sources(&mut rules.uplink.iter().map(|rule| rule.peer));
    let uplink = rules.uplink.iter().map(|rule| (if rule.tunnel == 0 { own } else { rule.tunnel }, true));
    let downlink = rules.downlink.iter().filter(|rule| rule.tunnel != 0).map(|rule| (rule.tunnel, false));
    for (teid, uplink) in uplink.chain(downlink) {
        if found.iter().all(|one| one.teid != teid) {
            let sources = if uplink { access.clone() } else { core.clone() };
            found.push(LocalTunnel { teid, uplink, sources });
        }
    }
    found.into()
}

fn set_direction(record: &mut Record, rules: &SessionRules) {
    let [uplink, downlink] = listed(rules);
    let bits = |list: &[Rule], listed: bool| if listed { FLOWS } else { list.first().map_or(0, flags) };
    let rate = |list: &[Rule], listed: bool| Meter::new(list.first().filter(|_| !listed).map_or(0, Rule::rate));
    record.uplink = bits(&rules.uplink, uplink);
    record.match_qfi = rules.uplink.first().filter(|_| !uplink).map_or(0, |rule| rule.match_qfi);
    record.uplink_meter = record.uplink_meter.replaced_by(rate(&rules.uplink, uplink));
    record.downlink = bits(&rules.downlink, downlink);
    let single = rules.downlink.first().filter(|_| !downlink);
    record.mark = single.map_or(0, |rule| gtpu::mark(rule.qfi, rule.reflective));
    (record.service, record.downlink_rule) = single.map_or((0, 0), |rule| (rule.service, rule.id));
    record.header[14] = record.mark;
    record.downlink_meter = record.downlink_meter.replaced_by(rate(&rules.downlink, downlink));
}
