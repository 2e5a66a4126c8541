//! The router of a terminal's IPv6 link: it advertises the session's prefix, and is the only neighbour there is
//! (TS 23.501 5.8.2.2.3, RFC 4861).

use crate::address::MAPPED;
use crate::chain::enclose;
use crate::count::Count;
use crate::engine::Upf;
use crate::flows::{Flow, Verdict};
use crate::inner::Inner;
use crate::install::tunnel;
use crate::packet::{Packet, Port};
use crate::record::{FLOWS, FORWARD, Record};
use crate::rules::Direction;

/// The router's address on every link: no terminal is given its interface identifier.
pub const ROUTER: u128 = 0xfe80 << 112 | 1;

const LINK_LOCAL: u128 = 0xfe80 << 112;
const ALL_NODES: u128 = 0xff02 << 112 | 1; // RFC 4291 2.7.1
const ALL_ROUTERS: u128 = 0xff02 << 112 | 2;
const ICMP_4: u8 = 1;
const ICMP_6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// What no router has forwarded (RFC 4861 6.1.1, 7.1.1).
const UNFORWARDED: u8 = 255;
/// RFC 4861 6.2.1 ends at 9000 s, RFC 8319 4 lets it be the longest there is.
const ROUTER_LIFETIME: u16 = 0xffff;
/// Each connected terminal hears of its router so often, well before that lifetime ends.
const REFRESH_S: u64 = 21_600;
const SECOND_NS: u64 = 1_000_000_000;
/// Of a change so many terminals hear in a second.
const HURRIED_A_SECOND: usize = 2000;
/// The least that every IPv6 link carries whole (RFC 8200 5): errors are no longer.
const LEAST_MTU: usize = 1280;

/// A solicitation as filters see it (RFC 4861 4.1).
const SOLICITATION: Inner = Inner {
    source: LINK_LOCAL,
    destination: ALL_ROUTERS,
    protocol: ICMP_6,
    source_port: 0,
    destination_port: 0,
    service: 0,
    security_parameter_index: None,
    flow_label: Some(0),
    fragment: None,
    length: 48,
};

/// Whether packets to that address stay on the link: link-local, or multicast of at most its scope (RFC 4291 2.5.6, 2.7).
#[inline]
pub(crate) fn on_link(number: u128) -> bool {
    (number >> 120) as u8 >= 0xfe
        && (number >> 118 == LINK_LOCAL >> 118 || matches!((number >> 112) as u16 & 0xff0f, 0xff00..=0xff02))
}

/// Whether a packet with that source may be of the terminal's own link.
pub(crate) fn of_link(record: &Record, source: u128) -> bool {
    source != ROUTER && (source == 0 || is_link_local(source) || record.owns(source))
}

fn is_link_local(number: u128) -> bool {
    number >> 118 == LINK_LOCAL >> 118
}

/// What a terminal asks of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Router,
    Neighbour(u128),
}

/// Reads a solicitation; `None` where it is none, or must be ignored (RFC 4861 6.1.1, 7.1.1).
fn question(packet: &[u8]) -> Option<Question> {
    let (header, message) = packet.split_first_chunk::<40>()?;
    if header[6] != ICMP_6 || header[7] != UNFORWARDED || checksum(header, message) != 0 {
        return None;
    }
    match message {
        [ROUTER_SOLICITATION, 0, ..] if message.len() >= 8 => Some(Question::Router),
        [NEIGHBOUR_SOLICITATION, 0, _, _, _, _, _, _, rest @ ..] => {
            rest.first_chunk::<16>().map(|target| Question::Neighbour(u128::from_be_bytes(*target)))
        }
        _ => None,
    }
}

/// The sum over an ICMPv6 message and its pseudo header (RFC 4443 2.3); 0 over one that carries the right one.
fn checksum(header: &[u8; 40], message: &[u8]) -> u16 {
    let ends = header[8..].chunks_exact(2);
    let mut sum = message.len() as u64 + u64::from(ICMP_6);
    sum += ends.chain(message.chunks_exact(2)).map(|word| u64::from(word[0]) << 8 | u64::from(word[1])).sum::<u64>();
    if let [last] = message.chunks_exact(2).remainder() {
        sum += u64::from(*last) << 8;
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An ICMPv6 message in its packet, with its checksum.
fn message_6(source: u128, destination: u128, hops: u8, message: &[u8]) -> Vec<u8> {
    let mut header = [0; 40];
    header[0] = 0x60;
    header[4..6].copy_from_slice(&(message.len() as u16).to_be_bytes());
    (header[6], header[7]) = (ICMP_6, hops);
    header[8..24].copy_from_slice(&source.to_be_bytes());
    header[24..40].copy_from_slice(&destination.to_be_bytes());
    let sum = checksum(&header, message).to_be_bytes();
    let mut packet = header.to_vec();
    packet.extend(message);
    packet[42..44].copy_from_slice(&sum);
    packet
}

/// A router advertisement (RFC 4861 4.2): the prefix makes addresses but is not on-link, for there is nobody on it.
fn advertisement(prefix: u64, mtu: u16, destination: u128) -> Vec<u8> {
    let mut message = vec![ROUTER_ADVERTISEMENT, 0, 0, 0, 64, 0];
    message.extend(ROUTER_LIFETIME.to_be_bytes());
    message.extend([0; 8]);
    // RFC 4861 4.6.2: 64 bits, autonomous, infinite lifetimes (TS 23.501 5.8.2.2.3).
    message.extend([3, 4, 64, 0x40]);
    message.extend([0xff; 8]);
    message.extend([0; 4]);
    message.extend(prefix.to_be_bytes());
    message.extend([0; 8]);
    if mtu != u16::MAX {
        message.extend([5, 1, 0, 0, 0, 0]); // RFC 4861 4.6.4
        message.extend(mtu.to_be_bytes());
    }
    message_6(ROUTER, destination, UNFORWARDED, &message)
}

/// The router says that it is there (RFC 4861 4.4, 7.2.4); to a terminal without an address it is not solicited. It
/// overrides nothing, for it tells no link-layer address.
fn neighbour_advertisement(solicitor: u128) -> Vec<u8> {
    let (flags, destination) = if solicitor == 0 { (0x80, ALL_NODES) } else { (0xc0, solicitor) };
    let mut message = vec![NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0];
    message.extend(ROUTER.to_be_bytes());
    message_6(ROUTER, destination, UNFORWARDED, &message)
}

/// The answer to a packet that is longer than its link carries, from the router that says so (RFC 4443 3.2; RFC 1191 4).
fn too_big(router: u128, inner: &Inner, mtu: u16, packet: &[u8]) -> Option<Vec<u8>> {
    if inner.source >> 32 != 0xffff {
        let error = inner.protocol == ICMP_6 && packet.get(40).is_none_or(|kind| kind & 0x80 == 0);
        if error || inner.source == 0 || inner.source >> 120 == 0xff || inner.destination >> 120 == 0xff {
            return None; // RFC 4443 2.4 e
        }
        let mut message = vec![2, 0, 0, 0, 0, 0];
        message.extend(mtu.to_be_bytes());
        message.extend(packet.get(..packet.len().min(LEAST_MTU - 48))?);
        return Some(message_6(router, inner.source, 64, &message));
    }
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let error = inner.protocol == ICMP_4 && !matches!(packet.get(header), Some(0 | 8 | 13 | 14));
    if error || packet.get(6)? & 0x1f != 0 || *packet.get(7)? != 0 {
        return None; // RFC 1122 3.2.2
    }
    let quoted = packet.get(..header + 8)?;
    let mut answer = vec![0x45, 0];
    answer.extend((28 + quoted.len() as u16).to_be_bytes());
    answer.extend([0, 0, 0, 0, 64, ICMP_4, 0, 0]);
    answer.extend((router as u32).to_be_bytes());
    answer.extend((inner.source as u32).to_be_bytes());
    answer.extend([3, 4, 0, 0, 0, 0]);
    answer.extend(mtu.to_be_bytes());
    answer.extend(quoted);
    for (place, range) in [(10, 0..20), (22, 20..answer.len())] {
        let sum = plain_checksum(&answer[range]).to_be_bytes();
        answer[place..place + 2].copy_from_slice(&sum);
    }
    Some(answer)
}

/// The Internet checksum (RFC 1071).
fn plain_checksum(octets: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    let mut sum: u32 = octets.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Where the round of unsolicited advertisements is.
#[derive(Default)]
pub(crate) struct Round {
    slot: usize,
    at_ns: u64,
    /// Of the next advertisement, in sessions times seconds.
    owed: u64,
    /// Sessions that are to hear of a change soon.
    waiting: usize,
}

impl Round {
    /// Goes once around so many sessions as fast as it may.
    pub(crate) fn hurry(&mut self, sessions: usize) {
        self.waiting = sessions;
    }
}

impl Upf {
    /// A terminal's packet for its own link: a solicitation is answered, and nothing leaves the link.
    #[cold]
    pub(crate) fn neighbour(
        &mut self,
        now_ns: u64,
        slot: usize,
        inner: &Inner,
        packet: &mut Packet,
    ) -> Result<Count, Count> {
        let record = &self.table.records[slot];
        let (prefix, instance) = (record.prefix, record.instance);
        if prefix == 0 || !of_link(record, inner.source) {
            return Err(Count::InnerSource);
        }
        let answer = match question(packet.octets()) {
            Some(Question::Router) => {
                let destination = if inner.source == 0 { ALL_NODES } else { inner.source };
                advertisement(prefix, self.mtu(instance), destination)
            }
            Some(Question::Neighbour(ROUTER)) => neighbour_advertisement(inner.source),
            _ => return Err(Count::LinkLocal),
        };
        let groups = self.advertisements.len();
        if !self.advertisements[slot % groups].allows(now_ns) {
            return Err(Count::LinkLocal);
        }
        packet.fill(&answer);
        self.wrap(slot, packet).map(|()| Count::Solicitation)
    }

    /// Tells a terminal its prefix though it did not ask (TS 23.502 4.3.2.2.1 step 19).
    pub(crate) fn advertise(&mut self, slot: usize) {
        if !self.routes(slot) || self.way(slot).is_none() {
            return;
        }
        let record = &self.table.records[slot];
        let octets = advertisement(record.prefix, self.mtu(record.instance), ALL_NODES);
        let mut packet = self.recycler.take();
        packet.fill(&octets);
        match self.wrap(slot, &mut packet) {
            Ok(()) => self.outbox.push(packet),
            Err(_) => self.recycler.keep(packet),
        }
    }

    /// Goes a part of its round through the sessions, so that no router's lifetime ends while its terminal is connected.
    #[inline]
    pub(crate) fn readvertise(&mut self, now_ns: u64) {
        if now_ns >= self.round.at_ns.saturating_add(SECOND_NS) {
            self.go_round(now_ns);
        }
    }

    #[cold]
    fn go_round(&mut self, now_ns: u64) {
        let seconds = if self.round.at_ns == 0 { 0 } else { (now_ns - self.round.at_ns) / SECOND_NS };
        self.round.at_ns = now_ns.max(1);
        let sessions = self.table.records.len();
        let owed = (sessions as u64).saturating_mul(seconds).saturating_add(self.round.owed);
        self.round.owed = owed % REFRESH_S;
        let hurried = self.round.waiting.min(HURRIED_A_SECOND);
        let many = (owed / REFRESH_S).max(hurried as u64).min(sessions as u64);
        self.round.waiting = self.round.waiting.saturating_sub(many as usize);
        for _ in 0..many {
            self.round.slot = (self.round.slot + 1) % sessions;
            self.advertise(self.round.slot);
        }
    }

    /// Whether the router of the session's link is here: the prefix leads to the session, and not just through it, and
    /// no rule has solicitations go elsewhere.
    fn routes(&self, slot: usize) -> bool {
        let record = &self.table.records[slot];
        if self.table.flows(record.flows).is_some_and(|flows| flows.leads_away(&SOLICITATION)) {
            return false;
        }
        let index = self.instances.get(usize::from(record.instance)).filter(|_| record.prefix != 0);
        index.is_some_and(|(index, _)| index.owner(u128::from(record.prefix) << 64) == Some(slot))
    }

    /// Where the router's own packets leave, in the flow of the last downlink rule of N6; none while nothing may.
    pub(crate) fn way(&self, slot: usize) -> Option<Verdict> {
        let record = &self.table.records[slot];
        let own = Verdict { peer: record.peer, teid: tunnel(record), mark: record.mark, ..Verdict::default() };
        let flows = self.table.flows(record.flows).filter(|_| record.downlink & FLOWS != 0);
        let forwards = |flow: &&Flow| flow.tunnel == 0 && flow.verdict.flags & FORWARD != 0;
        let last = flows.and_then(|flows| flows.downlink.flows.iter().rfind(forwards));
        last.map(|flow| flow.verdict).or(Some(own)).filter(|verdict| verdict.peer != 0)
    }

    /// Puts a packet of the router's own into the session's tunnel: it is nobody's traffic.
    fn wrap(&mut self, slot: usize, packet: &mut Packet) -> Result<(), Count> {
        let verdict = self.way(slot).ok_or(Count::NoTunnel)?;
        enclose(verdict.teid, Verdict { service: 0, ..verdict }, Direction::Downlink, packet)
    }

    /// A packet from the data network, or of another terminal, that the terminals' link does not carry whole: its sender is told where nobody on
    /// the way may cut it (RFC 8200 5, RFC 1191 3).
    #[cold]
    pub(crate) fn exceed(&mut self, now_ns: u64, instance: u16, inner: &Inner, packet: &Packet) -> Result<(), Count> {
        let octets = packet.octets();
        let version_4 = inner.source >> 32 == MAPPED >> 32;
        if version_4 && octets.get(6).is_some_and(|flags| flags & 0x40 == 0) {
            return Ok(()); // it may be cut: the way to the access network does that
        }
        let router = self.instances.get(usize::from(instance)).and_then(|one| one.0.gateway(inner.destination));
        let mtu = self.mtu(instance);
        let answer = router.and_then(|router| too_big(router, inner, mtu, &octets[..inner.length.min(octets.len())]));
        if let Some(answer) = answer
            && self.answers.allows(now_ns)
        {
            let mut answered = self.recycler.take();
            answered.fill(&answer);
            answered.port = Port::N6(instance);
            let sender = self.instances.get(usize::from(instance)).and_then(|(index, _)| index.find(inner.source));
            match sender {
                None => self.outbox.push(answered),
                Some(terminal) if self.deliver(now_ns, terminal, &mut answered).is_ok() => self.outbox.push(answered),
                Some(_) => self.recycler.keep(answered),
            }
        }
        Err(Count::TooBig)
    }

    /// What the terminals' links of a network instance carry whole; the most there is where it is not known.
    #[inline]
    pub(crate) fn mtu(&self, instance: u16) -> u16 {
        self.mtus.get(usize::from(instance)).copied().unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::ip_number;
    use crate::inner;

    fn number(text: &str) -> u128 {
        ip_number(text.parse().unwrap())
    }

    #[test]
    fn when_an_address_is_of_the_link_then_it_is_known() {
        for text in ["fe80::1", "febf::1", "ff02::2", "ff01::1", "ff12::1"] {
            assert!(on_link(number(text)), "{text}");
        }
        for text in ["fec0::1", "ff05::2", "ff0e::1", "2001:db8::1", "10.0.0.1", "224.0.0.1", "::", "::1"] {
            assert!(!on_link(number(text)), "{text}");
        }
    }

    #[test]
    fn when_an_advertisement_is_made_then_it_reads_as_one() {
        let packet = advertisement(0x2001_0db8_0000_0005, 1400, ALL_NODES);
        let inner = inner::parse(&packet).unwrap();
        assert_eq!((inner.source, inner.destination, inner.length), (ROUTER, ALL_NODES, 40 + 16 + 32 + 8));
        let (header, message) = packet.split_first_chunk::<40>().unwrap();
        assert_eq!((checksum(header, message), header[7]), (0, 255));
        assert_eq!(&message[16..20], [3, 4, 64, 0x40]);
        assert_eq!(&message[32..40], 0x2001_0db8_0000_0005_u64.to_be_bytes());
        assert_eq!(&message[message.len() - 4..], [0, 0, 5, 0x78]);
    }

    #[test]
    fn when_a_solicitation_was_forwarded_or_damaged_then_it_is_ignored() {
        let solicitation = |hops| message_6(number("fe80::9"), number("ff02::2"), hops, &[133, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(question(&solicitation(255)), Some(Question::Router));
        assert_eq!(question(&solicitation(254)), None);
        for place in 0..48 {
            let mut packet = solicitation(255);
            packet[place] ^= 0x55;
            // The first octets are the version, class, label and length: no part of the sum.
            assert!(place < 6 || question(&packet).is_none(), "{place}");
        }
        assert!((0..48).all(|end| question(&solicitation(255)[..end]).is_none()));
    }
}
