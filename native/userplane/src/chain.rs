//! Packets of sessions whose rules do not fit their record: several rules, tunnels of N9, counters, copies.

use crate::address::{ip_number, number_ip};
use crate::count::Count;
use crate::engine::{Upf, permits};
use crate::flows::{Flow, LocalTunnel, Passed, Seen, Verdict};
use crate::gtpu::{self, Header, Relayed, Remark};
use crate::inner::{self, Inner};
use crate::packet::{Packet, Port};
use crate::record::{ALIAS, BUFFER, FORWARD, GATE_CLOSED, Record};
use crate::router;
use crate::rules::{Direction, Peer};
use crate::signal::Event;
use std::net::SocketAddr;

impl Upf {
    /// A G-PDU in a tunnel of a session with a side list: uplink from N3 or N9, downlink from N9 (TS 23.501 5.6.4). What
    /// was held came from the right node already.
    #[inline(never)]
    pub(crate) fn from_tunnel(
        &mut self,
        now_ns: u64,
        found: usize,
        header: &Header,
        packet: &mut Packet,
        held: bool,
    ) -> Result<Count, Count> {
        let (slot, uplink) = self.enter(now_ns, found, header, packet, held)?;
        if self.table.flows(self.table.records[slot].flows).is_some_and(|flows| flows.ethernet) {
            return if uplink { self.frame_up(now_ns, slot, header, packet) } else { Err(Count::NoRule) };
        }
        let payload = packet.octets().get(header.offset..header.end).unwrap_or(&[]);
        let inner = inner::parse(payload).ok_or(Count::InnerMalformed)?;
        let inner = self.whole(now_ns, slot, &inner);
        if uplink {
            self.up(now_ns, slot, header, &inner, packet)
        } else {
            self.down(now_ns, slot, header, &inner, packet)
        }
    }

    /// The session of a tunnel, and whether its packets are uplink ones; only from where they may come (ADR 6).
    fn enter(
        &mut self,
        now_ns: u64,
        found: usize,
        header: &Header,
        packet: &Packet,
        held: bool,
    ) -> Result<(usize, bool), Count> {
        let slot = self.owner(found);
        let source = ip_number(packet.peer.ip());
        let place = self.table.records[slot].flows;
        let local = self.table.flows(place).and_then(|flows| flows.tunnels.iter().find(|one| one.teid == header.teid));
        let Some(LocalTunnel { uplink, sources, .. }) = local else { return Err(Count::NoRule) };
        let uplink = *uplink;
        let anybody = sources.is_empty() && !self.table.is_chosen(header.teid); // ADR 6: who is asked is not known yet
        if !held && !anybody && !sources.contains(&source) && !self.screen.trusts(source) {
            return Err(self.refuse_source(now_ns, slot, packet));
        }
        Ok((slot, uplink))
    }

    /// The session that a tunnel belongs to.
    fn owner(&self, found: usize) -> usize {
        let record = &self.table.records[found];
        if record.uplink & ALIAS == 0 { found } else { record.address as usize }
    }

    fn up(
        &mut self,
        now_ns: u64,
        slot: usize,
        header: &Header,
        inner: &Inner,
        packet: &mut Packet,
    ) -> Result<Count, Count> {
        let record = &self.table.records[slot];
        let flows = self.table.flows(record.flows);
        let link = router::on_link(inner.destination);
        if link && !flows.is_some_and(|flows| flows.leads_away(inner)) {
            packet.strip(header.offset);
            packet.truncate(inner.length);
            return self.neighbour(now_ns, slot, inner, packet);
        }
        let asks = link && router::of_link(record, inner.source); // of a router elsewhere
        if flows.is_some_and(|flows| flows.owned)
            && !asks
            && !record.owns(inner.source)
            && !self.stands_before(slot, inner.source)
        {
            return Err(Count::InnerSource);
        }
        self.screen_destination(now_ns, slot, inner)?;
        let seen = Seen { now_ns, direction: Direction::Uplink, length: inner.length };
        let passed = self.pass(slot, &seen, |flow| {
            flow.tunnel == header.teid
                && (flow.match_qfi == 0 || flow.match_qfi == header.qfi)
                && (flow.filters.is_empty() || flow.filters.iter().any(|filter| filter.uplink(inner)))
        })?;
        let verdict = passed.verdict;
        if verdict.peer == 0 && header.strange {
            return self.refuse_extension(now_ns, packet);
        }
        let octets = packet.octets().get(header.offset..header.offset + inner.length).unwrap_or(&[]);
        self.copy(slot, &passed, Direction::Uplink, octets);
        permits(verdict.flags)?;
        if verdict.peer != 0 {
            return relay(header, verdict, Direction::Uplink, inner.length, packet).map(|()| Count::Relayed);
        }
        packet.strip(header.offset);
        packet.truncate(inner.length);
        self.leave_uplink(now_ns, slot, inner, packet)
    }

    fn down(
        &mut self,
        now_ns: u64,
        slot: usize,
        header: &Header,
        inner: &Inner,
        packet: &mut Packet,
    ) -> Result<Count, Count> {
        let seen = Seen { now_ns, direction: Direction::Downlink, length: inner.length };
        let passed = self.pass(slot, &seen, |flow| {
            flow.tunnel == header.teid
                && (flow.match_qfi == 0 || flow.match_qfi == header.qfi)
                && (flow.filters.is_empty() || flow.filters.iter().any(|filter| filter.downlink(inner)))
        })?;
        let mut verdict = passed.verdict;
        if verdict.flags & BUFFER != 0 {
            packet.truncate(header.end);
            verdict.mark = if verdict.mark == 0 { header.qfi } else { verdict.mark };
            return Err(self.keep(slot, &seen, &passed, verdict, (inner.service, true), packet));
        }
        let octets = packet.octets().get(header.offset..header.offset + inner.length).unwrap_or(&[]);
        self.copy(slot, &passed, Direction::Downlink, octets);
        permits(verdict.flags)?;
        relay(header, verdict, Direction::Downlink, inner.length, packet).map(|()| Count::Relayed)
    }

    /// A packet of N6, or of another terminal, for a session with several downlink rules.
    #[inline(never)]
    pub(crate) fn from_network(
        &mut self,
        now_ns: u64,
        slot: usize,
        inner: &Inner,
        packet: &mut Packet,
    ) -> Result<(), Count> {
        let inner = &self.whole(now_ns, slot, inner);
        let seen = Seen { now_ns, direction: Direction::Downlink, length: inner.length };
        let passed = self.pass(slot, &seen, |flow| {
            flow.tunnel == 0 && (flow.filters.is_empty() || flow.filters.iter().any(|filter| filter.downlink(inner)))
        })?;
        let verdict = passed.verdict;
        if verdict.flags & BUFFER != 0 {
            return Err(self.keep(slot, &seen, &passed, verdict, (inner.service, false), packet));
        }
        self.copy(slot, &passed, Direction::Downlink, packet.octets());
        permits(verdict.flags)?;
        enclose(verdict.teid, verdict, Direction::Downlink, packet)
    }

    /// A packet as filters see it: a later fragment has the ports of the first one.
    fn whole(&mut self, now_ns: u64, slot: usize, inner: &Inner) -> Inner {
        inner.fragment.map_or(*inner, |fragment| self.fragments.complete(now_ns, slot, inner, fragment))
    }

    /// What the first rule that `matches` does with a packet, once it counted in the session and its counters.
    pub(crate) fn pass(&mut self, slot: usize, seen: &Seen, matches: impl Fn(&Flow) -> bool) -> Result<Passed, Count> {
        let (record, flows) = self.table.chained(slot).ok_or(Count::NoRule)?;
        if record.spent(seen.direction) {
            return Err(Count::QuotaExhausted);
        }
        let teid = record.teid;
        let (result, tells) = match flows.pass(seen, matches) {
            Ok(passed) => match stops(&passed.verdict, seen.direction) {
                // What is dropped may be copied all the same (TS 29.244 8.2.26).
                Some(Count::RuleDrop) if flows.copies(seen.direction, passed.place) => {
                    let tells = flows.dropped(seen, passed.place) | passed.tells;
                    (Ok(passed), tells)
                }
                Some(count) => {
                    let tells = flows.dropped(seen, passed.place) | passed.tells;
                    (Err(count), tells)
                }
                None => {
                    let tells = passed.tells | account(record, seen, &passed.verdict);
                    (Ok(passed), tells)
                }
            },
            Err((count, tells)) => (Err(count), tells),
        };
        if tells {
            self.tell(Event::Volume { teid });
        }
        result
    }

    /// Holds a packet; one that finds no room is dropped downlink traffic.
    pub(crate) fn keep(
        &mut self,
        slot: usize,
        seen: &Seen,
        passed: &Passed,
        verdict: Verdict,
        (service, in_tunnel): (u8, bool),
        packet: &Packet,
    ) -> Count {
        let count = self.hold(slot, verdict, service, packet, in_tunnel);
        if count == Count::BufferFull {
            let tells = self.table.chained(slot).is_some_and(|(_, flows)| flows.dropped(seen, passed.place));
            if tells {
                let teid = self.table.records[slot].teid;
                self.tell(Event::Volume { teid });
            }
        }
        count
    }

    fn copies_of(&self, slot: usize, passed: &Passed, direction: Direction) -> &[Peer] {
        let flows = self.table.flows(self.table.records[slot].flows);
        flows.and_then(|flows| flows.list(direction).flows.get(passed.place)).map_or(&[], |flow| &*flow.copies)
    }

    /// Sends the copies that a rule asks for (TS 29.244 5.2.3.1).
    pub(crate) fn copy(&mut self, slot: usize, passed: &Passed, direction: Direction, octets: &[u8]) {
        let peers: Vec<Peer> = self.copies_of(slot, passed, direction).to_vec(); // mostly none: no allocation
        for peer in peers {
            let mut packet = self.recycler.take();
            packet.fill(octets);
            let verdict = Verdict { peer: ip_number(peer.address), teid: peer.teid, ..passed.verdict };
            if enclose(peer.teid, verdict, direction, &mut packet).is_ok() {
                self.counters.add(Count::Copied);
                self.outbox.push(packet);
            }
        }
    }

    /// An end marker of N9 goes on into the tunnels that follow, behind what is held there (TS 23.502 4.9.1.2.3).
    #[inline(never)]
    pub(crate) fn end_marker(&mut self, now_ns: u64, header: &Header, packet: &mut Packet) -> Result<Count, Count> {
        let Some(found) = self.table.find(header.teid) else { return Err(Count::EndMarker) };
        self.pass_end_marker(now_ns, found, header, packet, false)
    }

    #[inline(never)]
    pub(crate) fn pass_end_marker(
        &mut self,
        now_ns: u64,
        found: usize,
        header: &Header,
        packet: &mut Packet,
        held: bool,
    ) -> Result<Count, Count> {
        if self.table.records[self.owner(found)].flows == 0 {
            return Err(Count::EndMarker);
        }
        let (slot, uplink) = self.enter(now_ns, found, header, packet, held)?;
        let place = self.table.records[slot].flows;
        let Some(flows) = self.table.flows(place).filter(|_| !uplink) else { return Err(Count::EndMarker) };
        let after = flows.downlink.flows.iter().filter(|flow| flow.tunnel == header.teid);
        let mut ends: Vec<(u128, u32)> = Vec::new();
        let mut waits = None;
        for Verdict { flags, peer, teid, id, .. } in after.map(|flow| flow.verdict) {
            if flags & BUFFER != 0 {
                waits = Some(Verdict { id, ..Verdict::default() });
            } else if flags & FORWARD != 0 && peer != 0 && !ends.contains(&(peer, teid)) {
                ends.push((peer, teid));
            }
        }
        if let Some(verdict) = waits {
            packet.truncate(header.end);
            return Err(self.hold(slot, verdict, 0, packet, true));
        }
        let (last, others) = ends.split_last().ok_or(Count::EndMarker)?;
        others.iter().for_each(|end| self.send_end_marker(*end));
        packet.fill(&gtpu::end_marker(last.1));
        leave(last.0, packet);
        Ok(Count::EndMarkerRelayed)
    }

    pub(crate) fn send_end_marker(&mut self, (address, teid): (u128, u32)) {
        let mut packet = self.recycler.take();
        packet.fill(&gtpu::end_marker(teid));
        leave(address, &mut packet);
        self.outbox.push(packet);
    }
}

/// Why a rule lets nothing pass although its rates and quotas do.
fn stops(verdict: &Verdict, direction: Direction) -> Option<Count> {
    if verdict.flags & BUFFER != 0 && direction == Direction::Downlink && verdict.flags & GATE_CLOSED == 0 {
        return None;
    }
    if let Err(count) = permits(verdict.flags) {
        return Some(count);
    }
    (direction == Direction::Downlink && verdict.peer == 0).then_some(Count::NoTunnel)
}

/// Counts what is forwarded in the session; whether it passes the number that is to be told.
fn account(record: &mut Record, seen: &Seen, verdict: &Verdict) -> bool {
    if verdict.flags & FORWARD == 0 {
        return false;
    }
    record.usage.add(seen.direction, seen.length);
    record.passes_report(seen.length)
}

/// From one tunnel into the next, with the extension headers that are passed on.
fn relay(
    header: &Header,
    verdict: Verdict,
    direction: Direction,
    length: usize,
    packet: &mut Packet,
) -> Result<(), Count> {
    let relayed = Relayed::new(packet.octets(), header, verdict.teid, remark(verdict, direction), length)
        .ok_or(Count::GtpuExtension)?;
    packet.strip(header.offset);
    packet.truncate(length);
    if !packet.prepend(relayed.octets()) {
        return Err(Count::GtpuExtension);
    }
    leave(verdict.peer, packet);
    packet.service = verdict.service;
    Ok(())
}

/// An IP packet or a frame into a tunnel.
pub(crate) fn enclose(teid: u32, verdict: Verdict, direction: Direction, packet: &mut Packet) -> Result<(), Count> {
    let length = packet.octets().len();
    let fits = match direction {
        Direction::Downlink => {
            let mut header = gtpu::downlink_header(teid, verdict.mark);
            gtpu::set_length(&mut header, length);
            packet.prepend(&header)
        }
        Direction::Uplink => {
            let header = Relayed::plain(teid, remark(verdict, direction), length);
            header.is_some_and(|header| packet.prepend(header.octets()))
        }
    };
    if !fits {
        return Err(Count::InnerMalformed);
    }
    leave(verdict.peer, packet);
    packet.service = verdict.service;
    Ok(())
}

fn remark(verdict: Verdict, direction: Direction) -> Remark {
    Remark { mark: verdict.mark, uplink: direction == Direction::Uplink, delete_container: false }
}

fn leave(peer: u128, packet: &mut Packet) {
    packet.port = Port::N3;
    packet.peer = SocketAddr::new(number_ip(peer), gtpu::GTPU_PORT);
}
