//! The packet path: N3 to N6, N6 to N3, and the GTP-U messages that are not packets.

use crate::address::{AddressIndex, Prefix, Secret, ip_number};
use crate::bridge::Bridge;
use crate::buffer::{Buffer, Outcome, Waiting};
use crate::control::{LocalSwitch, Settings, known_mtu};
use crate::count::{Count, Counters};
use crate::flows::Verdict;
use crate::fragments::Fragments;
use crate::gtpu::{self, Fault, Header};
use crate::inner::{self, Inner};
use crate::install::peer_key;
use crate::meter::SharedMeters;
use crate::packet::{Packet, Port, Recycler};
use crate::paths::Paths;
use crate::record::{BUFFER, FLOWS, FORWARD, GATE_CLOSED, NOTIFY, RULE, Record};
use crate::router;
use crate::rules::{Direction, Peer};
use crate::seal::Seal;
use crate::signal::{Event, Limiter};
use crate::table::Table;
use crate::watch::Watch;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// What an attacker causes is told only so often: all of it is counted.
const ALARMS_A_SECOND: u32 = 5;
/// Error indications that are believed and told: a gNB that restarted sends one for each session.
const LOST_TUNNELS_A_SECOND: u32 = 2000;
/// Solicitations that are answered a second, in each of so many groups of sessions: a flood costs few others theirs.
const ADVERTISEMENTS_A_SECOND: u32 = 20;
const SOLICITING_GROUPS: usize = 256;
/// Events kept for a control plane that does not fetch them; the rest are lost, their packets are not.
const MOST_EVENTS: usize = 1 << 16;

/// One user plane function (TS 23.501 6.2.3): sessions, their packets, and what it tells its control plane.
pub struct Upf {
    pub(crate) table: Table,
    pub(crate) instances: Vec<(AddressIndex, LocalSwitch)>,
    pub(crate) mtus: Vec<u16>,
    pub(crate) round: router::Round,
    pub(crate) answers: Limiter,
    pub(crate) advertisements: Vec<Limiter>,
    pub(crate) peers: HashMap<u64, u32, Secret>,
    pub(crate) buffer: Buffer,
    pub(crate) counters: Counters,
    pub(crate) outbox: Vec<Packet>,
    pub(crate) recycler: Recycler,
    pub(crate) seal: Seal,
    pub(crate) shared: Option<Box<dyn SharedMeters>>,
    /// The other tunnels of sessions that have more than their own, by slot.
    pub(crate) aliases: HashMap<u32, Vec<u32>>,
    pub(crate) bridges: HashMap<u16, Bridge>,
    pub(crate) paths: Paths,
    pub(crate) fragments: Fragments,
    pub(crate) link_mtu: u16,
    pub(crate) watch: Watch,
    events: Vec<Event>,
    pub(crate) screen: Screen,
    alarms: Limiter,
    lost_tunnels: Limiter,
    addresses: [IpAddr; 2],
    warmed: u64,
}

/// Whom terminals may not reach, and which nodes may send for every session.
pub(crate) struct Screen {
    protected: Vec<Prefix>,
    trusted_sources: Vec<Prefix>,
}

impl Upf {
    pub fn new(settings: &Settings) -> Self {
        let mut seal = Seal::new(settings.seed);
        let secret = Secret(seal.next());
        Self {
            table: Table::new(settings.capacity, seal.clone(), secret),
            instances: Vec::new(),
            mtus: Vec::new(),
            round: router::Round::default(),
            peers: HashMap::with_hasher(secret),
            buffer: Buffer::new(settings.bounds()),
            counters: Counters::default(),
            outbox: Vec::new(),
            recycler: Recycler::default(),
            seal,
            shared: None,
            aliases: HashMap::new(),
            bridges: HashMap::new(),
            paths: Paths::new(settings.echo_interval_ns, secret.0),
            fragments: Fragments::new(secret.0),
            link_mtu: known_mtu(settings.link_mtu),
            watch: Watch::new(secret.0),
            events: Vec::new(),
            screen: Screen { protected: settings.protected.clone(), trusted_sources: settings.trusted_sources.clone() },
            answers: Limiter::new(settings.answers_a_second),
            advertisements: vec![Limiter::new(ADVERTISEMENTS_A_SECOND); SOLICITING_GROUPS],
            alarms: Limiter::new(ALARMS_A_SECOND),
            lost_tunnels: Limiter::new(LOST_TUNNELS_A_SECOND),
            addresses: [settings.address, settings.second.unwrap_or(settings.address)],
            warmed: 0,
        }
    }

    /// Takes every packet of `input`; what leaves, with its port and peer, is put at the end of `output`. Order is kept.
    pub fn poll(&mut self, now_ns: u64, input: &mut Vec<Packet>, output: &mut Vec<Packet>) {
        self.readvertise(now_ns);
        if self.paths.due(now_ns) {
            self.watch_paths(now_ns);
        }
        let (begin, watched) = (output.len(), self.watch.looks());
        output.append(&mut self.outbox);
        if watched {
            self.watch_input(now_ns, input);
        }
        if input.len() > 4 {
            self.warm(input);
        }
        for mut packet in input.drain(..) {
            let fate = match packet.port {
                Port::N3 => self.uplink(now_ns, &mut packet),
                Port::N6(instance) => self.downlink(now_ns, instance, &mut packet),
            };
            let (count, leaves) = match fate {
                Ok(count) => (count, true),
                Err(count) => (count, false),
            };
            self.counters.add(count);
            if leaves {
                output.push(packet);
            } else {
                self.recycler.keep(packet);
            }
        }
        output.append(&mut self.outbox);
        if watched {
            self.watch_output(now_ns, &output[begin..]);
        }
    }

    /// What the control plane is to know since it last asked.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether packets wait to leave that no packet caused: released ones and end markers.
    pub fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Storage for the next packets, and where to leave it.
    pub fn recycler(&mut self) -> &mut Recycler {
        &mut self.recycler
    }

    /// Loads the records of a batch together: the misses overlap instead of following one another.
    fn warm(&mut self, input: &[Packet]) {
        let mut sum = self.warmed;
        for packet in input {
            let slot = match (packet.port, packet.octets()) {
                (Port::N3, [_, _, _, _, t0, t1, t2, t3, ..]) => {
                    Some(self.table.slot(u32::from_be_bytes([*t0, *t1, *t2, *t3])))
                }
                (Port::N6(instance), octets) => self
                    .instances
                    .get(usize::from(instance))
                    .zip(inner::destination(octets))
                    .and_then(|((index, _), number)| index.find(number)),
                _ => None,
            };
            if let Some(record) = slot.and_then(|slot| self.table.records.get(slot)) {
                let line = if packet.port == Port::N3 { record.teid } else { record.flows };
                sum = sum.wrapping_add(u64::from(line)).wrapping_add(record.report_at);
            }
        }
        self.warmed = sum;
    }

    #[inline]
    fn uplink(&mut self, now_ns: u64, packet: &mut Packet) -> Result<Count, Count> {
        let header = match gtpu::parse(packet.octets()) {
            Ok(header) => header,
            Err(Fault::Unsupported) => return self.refuse_extension(now_ns, packet),
            Err(Fault::Chain) => return Err(Count::GtpuExtension),
            Err(Fault::Malformed) => return Err(Count::GtpuMalformed),
        };
        if header.kind != gtpu::G_PDU {
            return self.path_message(now_ns, &header, packet);
        }
        let Some(slot) = self.table.find(header.teid) else {
            return self.refuse_tunnel(now_ns, header.teid, packet);
        };
        if self.table.records[slot].uplink & FLOWS != 0 {
            return self.from_tunnel(now_ns, slot, &header, packet, false);
        }
        if header.strange {
            return self.refuse_extension(now_ns, packet);
        }
        packet.truncate(header.end);
        packet.strip(header.offset);
        let record = &self.table.records[slot];
        let source = ip_number(packet.peer.ip());
        if record.source != 0 && record.source != source && !self.screen.trusts(source) {
            return Err(self.refuse_source(now_ns, slot, packet));
        }
        let inner = inner::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        packet.truncate(inner.length);
        if router::on_link(inner.destination) {
            return self.neighbour(now_ns, slot, &inner, packet);
        }
        if !record.owns(inner.source) && !self.stands_before(slot, inner.source) {
            return Err(Count::InnerSource);
        }
        self.screen_destination(now_ns, slot, &inner)?;
        self.detect_uplink(now_ns, slot, &header, &inner)?;
        self.leave_uplink(now_ns, slot, &inner, packet)
    }

    /// Whether a framed route leads to that source through the session, and to no other terminal (TS 23.501 5.6.14).
    #[cold]
    pub(crate) fn stands_before(&self, slot: usize, source: u128) -> bool {
        let instance = usize::from(self.table.records[slot].instance);
        self.instances.get(instance).is_some_and(|(index, _)| index.find(source) == Some(slot))
    }

    /// The gate, the rate and the volume of the rule that matches.
    #[inline]
    fn detect_uplink(&mut self, now_ns: u64, slot: usize, header: &Header, inner: &Inner) -> Result<(), Count> {
        let record = &mut self.table.records[slot];
        if record.uplink & RULE == 0 || (record.match_qfi != 0 && record.match_qfi != header.qfi) {
            return Err(Count::NoRule);
        }
        permits(record.uplink)?;
        if record.spent(Direction::Uplink) {
            return Err(Count::QuotaExhausted);
        }
        if !conforms(self.shared.as_deref(), record, Direction::Uplink, now_ns, inner.length) {
            return Err(Count::RateExceeded);
        }
        record.usage.uplink_octets = record.usage.uplink_octets.wrapping_add(inner.length as u64);
        record.usage.uplink_packets = record.usage.uplink_packets.wrapping_add(1);
        if record.passes_report(inner.length) {
            let teid = record.teid;
            self.tell(Event::Volume { teid });
        }
        Ok(())
    }

    /// To the data network, or straight to another terminal.
    #[inline]
    pub(crate) fn leave_uplink(
        &mut self,
        now_ns: u64,
        slot: usize,
        inner: &Inner,
        packet: &mut Packet,
    ) -> Result<Count, Count> {
        let instance = self.table.records[slot].instance;
        packet.port = Port::N6(instance);
        let Some((index, policy)) = self.instances.get(usize::from(instance)) else { return Err(Count::NoRule) };
        if *policy == LocalSwitch::DataNetwork || !index.is_terminal(inner.destination) {
            return Ok(Count::Uplink);
        }
        let other = index.find(inner.destination);
        match (policy, other) {
            (LocalSwitch::Switch, Some(other)) => self.deliver(now_ns, other, packet).map(|()| Count::LocalSwitch),
            _ => Err(Count::LocalSwitchRefused),
        }
    }

    #[inline]
    fn downlink(&mut self, now_ns: u64, instance: u16, packet: &mut Packet) -> Result<Count, Count> {
        if !self.bridges.is_empty() && self.bridges.contains_key(&instance) {
            return self.frame_in(now_ns, instance, packet);
        }
        let inner = inner::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        let slot = self
            .instances
            .get(usize::from(instance))
            .and_then(|(index, _)| index.find(inner.destination))
            .ok_or(Count::UnknownAddress)?;
        if inner.length > usize::from(self.mtu(instance)) {
            self.exceed(now_ns, instance, &inner, packet)?;
        }
        self.deliver_parsed(now_ns, slot, &inner, packet).map(|()| Count::Downlink)
    }

    /// Puts a packet for the session's terminal into its tunnel, or holds it.
    pub(crate) fn deliver(&mut self, now_ns: u64, slot: usize, packet: &mut Packet) -> Result<(), Count> {
        if self.table.flows(self.table.records[slot].flows).is_some_and(|flows| flows.ethernet) {
            return self.frame_down(now_ns, slot, packet);
        }
        let inner = inner::parse(packet.octets()).ok_or(Count::InnerMalformed)?;
        let instance = self.table.records[slot].instance;
        if inner.length > usize::from(self.mtu(instance)) {
            self.exceed(now_ns, instance, &inner, packet)?;
        }
        self.deliver_parsed(now_ns, slot, &inner, packet)
    }

    #[inline]
    fn deliver_parsed(&mut self, now_ns: u64, slot: usize, inner: &Inner, packet: &mut Packet) -> Result<(), Count> {
        packet.truncate(inner.length);
        let record = &self.table.records[slot];
        if record.downlink & FLOWS != 0 {
            return self.from_network(now_ns, slot, inner, packet);
        }
        let flags = record.downlink;
        if flags & (BUFFER | GATE_CLOSED) == BUFFER {
            let verdict = Verdict { flags, id: record.downlink_rule, mark: record.mark, ..Verdict::default() };
            return Err(self.hold(slot, verdict, inner.service, packet, false));
        }
        permits(flags)?;
        self.encapsulate(now_ns, slot, inner, packet)
    }

    #[inline]
    fn encapsulate(&mut self, now_ns: u64, slot: usize, inner: &Inner, packet: &mut Packet) -> Result<(), Count> {
        let record = &mut self.table.records[slot];
        if record.peer == 0 {
            return Err(Count::NoTunnel);
        }
        if record.spent(Direction::Downlink) {
            return Err(Count::QuotaExhausted);
        }
        if !conforms(self.shared.as_deref(), record, Direction::Downlink, now_ns, inner.length) {
            return Err(Count::RateExceeded);
        }
        let mut header = record.header;
        gtpu::set_length(&mut header, inner.length);
        if !packet.prepend(&header) {
            return Err(Count::InnerMalformed);
        }
        packet.port = Port::N3;
        packet.peer = SocketAddr::new(crate::address::number_ip(record.peer), gtpu::GTPU_PORT);
        packet.service = record.service;
        record.usage.downlink_octets = record.usage.downlink_octets.wrapping_add(inner.length as u64);
        record.usage.downlink_packets = record.usage.downlink_packets.wrapping_add(1);
        if record.passes_report(inner.length) {
            let teid = record.teid;
            self.tell(Event::Volume { teid });
        }
        Ok(())
    }

    /// Holds a packet for a terminal that is being paged; `in_tunnel` where it is a whole message of a tunnel.
    #[cold]
    #[inline(never)]
    pub(crate) fn hold(
        &mut self,
        slot: usize,
        verdict: Verdict,
        service: u8,
        packet: &Packet,
        in_tunnel: bool,
    ) -> Count {
        let waiting = Waiting { octets: packet.octets().into(), in_tunnel };
        let outcome = self.buffer.hold(slot as u32, waiting, verdict.id, verdict.flags & NOTIFY != 0);
        if outcome == Outcome::First {
            let teid = self.table.records[slot].teid;
            self.tell(Event::DownlinkData { teid, rule: verdict.id, qfi: verdict.mark & 0x3f, service });
        }
        if outcome == Outcome::Full { Count::BufferFull } else { Count::Buffered }
    }

    /// Terminals reach neither the core's nodes nor tunnels of their own making.
    #[inline]
    pub(crate) fn screen_destination(&mut self, now_ns: u64, slot: usize, inner: &Inner) -> Result<(), Count> {
        let nested = inner.protocol == inner::UDP && inner.destination_port == gtpu::GTPU_PORT;
        if !nested && !self.screen.protects(inner.destination) {
            return Ok(());
        }
        if self.alarms.allows(now_ns) {
            let teid = self.table.records[slot].teid;
            self.tell(Event::ProtectedDestination { teid });
        }
        Err(if nested { Count::NestedTunnel } else { Count::ProtectedDestination })
    }

    #[cold]
    #[inline(never)]
    fn path_message(&mut self, now_ns: u64, header: &Header, packet: &mut Packet) -> Result<Count, Count> {
        match header.kind {
            gtpu::ECHO_REQUEST => {
                packet.fill(&gtpu::echo_response(header.sequence.unwrap_or(0)));
                Ok(Count::EchoRequest)
            }
            gtpu::ECHO_RESPONSE => {
                self.echo_answered(now_ns, ip_number(packet.peer.ip()), header.sequence);
                Err(Count::PathMessage)
            }
            gtpu::SUPPORTED_EXTENSIONS => Err(Count::PathMessage),
            gtpu::END_MARKER => self.end_marker(now_ns, header, packet),
            gtpu::ERROR_INDICATION => Err(self.error_indication(now_ns, header, packet)),
            _ => Err(Count::GtpuType),
        }
    }

    /// Believed only from the node the tunnel leads to (TS 23.527 5.3.3), and only so often.
    fn error_indication(&mut self, now_ns: u64, header: &Header, packet: &Packet) -> Count {
        let source = ip_number(packet.peer.ip());
        let elements = packet.octets().get(header.offset..header.end).unwrap_or(&[]);
        let end = gtpu::indicated(elements).filter(|(_, address)| *address == source);
        let session = end.and_then(|(teid, _)| {
            let slot = *self.peers.get(&peer_key(source, teid))? as usize;
            self.ends(slot).any(|end| end == (source, teid)).then(|| (self.table.records[slot].teid, teid))
        });
        let Some((teid, lost)) = session else { return Count::ErrorIndicationForged };
        if self.lost_tunnels.allows(now_ns) {
            self.tell(Event::ErrorIndication { teid, peer: Peer { address: packet.peer.ip(), teid: lost } });
        }
        Count::ErrorIndication
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn refuse_source(&mut self, now_ns: u64, slot: usize, packet: &Packet) -> Count {
        if self.alarms.allows(now_ns) {
            let teid = self.table.records[slot].teid;
            self.tell(Event::ForeignSource { teid, source: packet.peer.ip() });
        }
        Count::OuterSource
    }

    #[cold]
    #[inline(never)]
    fn refuse_tunnel(&mut self, now_ns: u64, teid: u32, packet: &Packet) -> Result<Count, Count> {
        if self.answers.allows(now_ns) {
            let [first, second] = self.addresses;
            let local = if first.is_ipv4() == packet.peer.is_ipv4() { first } else { second };
            self.answer(&gtpu::error_indication(teid, local, packet.peer), packet.peer);
        }
        Err(Count::UnknownTeid)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn refuse_extension(&mut self, now_ns: u64, packet: &Packet) -> Result<Count, Count> {
        if self.answers.allows(now_ns) {
            self.answer(&gtpu::supported_extensions(), packet.peer);
        }
        Err(Count::GtpuExtension)
    }

    pub(crate) fn answer(&mut self, octets: &[u8], peer: SocketAddr) {
        let mut packet = self.recycler.take();
        packet.fill(octets);
        packet.port = Port::N3;
        packet.peer = SocketAddr::new(peer.ip(), gtpu::GTPU_PORT);
        self.outbox.push(packet);
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if self.events.len() < MOST_EVENTS {
            self.events.push(event);
        }
    }
}

impl Screen {
    fn protects(&self, number: u128) -> bool {
        self.protected.iter().any(|prefix| prefix.contains(number))
    }

    pub(crate) fn trusts(&self, number: u128) -> bool {
        self.trusted_sources.iter().any(|prefix| prefix.contains(number))
    }
}

/// Whether a packet conforms to its direction's rate, in the bucket that a faster path shares where there is one.
#[inline]
fn conforms(
    shared: Option<&dyn SharedMeters>,
    record: &mut Record,
    direction: Direction,
    now_ns: u64,
    length: usize,
) -> bool {
    let meter = match direction {
        Direction::Uplink => &mut record.uplink_meter,
        Direction::Downlink => &mut record.downlink_meter,
    };
    let shared = shared.and_then(|shared| shared.conforms(record.teid, direction, now_ns, length));
    shared.unwrap_or_else(|| meter.conforms(now_ns, length))
}

#[inline]
pub(crate) fn permits(flags: u16) -> Result<(), Count> {
    if flags & GATE_CLOSED != 0 {
        return Err(Count::GateClosed);
    }
    if flags & FORWARD == 0 {
        return Err(Count::RuleDrop);
    }
    Ok(())
}
