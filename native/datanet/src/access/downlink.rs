//! What arrives from N3: GTP-U, then the terminal's packets.
use super::Access;
use super::event::Event;
use super::session::Extras;
use super::sockets::RAW_WAITING;
use crate::{Datagram, gtpu, ip};
use std::net::{SocketAddr, SocketAddrV4};

/// At most one error indication in this time: answers must not amplify a flood (TS 29.281 7.3.1).
const ERROR_INDICATION_NS: u64 = 1_000_000;

impl Access {
    pub(super) fn receive(&mut self, datagram: Datagram, to_n3: &mut Vec<Datagram>) {
        let Some(message) = gtpu::parse(&datagram.payload) else { return };
        let answer = match message {
            gtpu::Message::GPdu { teid, payload, .. } => match self.tunnels.get(&teid) {
                Some(handle) => match self.bearers.get(handle).and_then(|bearer| bearer.session) {
                    Some(session_id) => return self.downlink(session_id, payload),
                    None => return,
                },
                None => self.unknown_tunnel(datagram.source, teid),
            },
            gtpu::Message::EchoRequest { sequence } => Some((datagram.source, gtpu::echo_response(sequence))),
            gtpu::Message::UnknownExtension => Some((datagram.source, gtpu::supported_extension_headers())),
            gtpu::Message::ErrorIndication { teid } => return self.tunnel_lost(datagram.source, teid),
            gtpu::Message::EndMarker { teid } => {
                if let Some(&bearer) = self.tunnels.get(&teid) {
                    self.events.push(Event::EndMarker { bearer });
                }
                None
            }
            gtpu::Message::EchoResponse | gtpu::Message::Other => None,
        };
        if let Some((destination, payload)) = answer {
            to_n3.push(Datagram { source: self.n3, destination, payload });
        }
    }

    /// Answers a G-PDU nobody owns, unless another was answered a moment ago (TS 29.281 7.3.1).
    fn unknown_tunnel(&mut self, peer: SocketAddr, teid: u32) -> Option<(SocketAddr, Vec<u8>)> {
        if self.now < self.next_error_indication {
            return None;
        }
        self.next_error_indication = self.now + ERROR_INDICATION_NS;
        self.events.push(Event::UnknownTunnel { peer, teid });
        Some((SocketAddr::new(peer.ip(), gtpu::PORT), gtpu::error_indication(teid, self.n3.ip())))
    }

    /// Believes an error indication only from the tunnel's own peer.
    fn tunnel_lost(&mut self, peer: SocketAddr, teid: u32) {
        if let Some(&bearer) = self.uplinks.get(&(peer.ip(), teid)) {
            self.events.push(Event::TunnelLost { bearer });
        }
    }

    /// A packet for a terminal; its fragments are put together first.
    fn downlink(&mut self, session_id: u64, packet: &[u8]) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        session.counters.downlink_packets += 1;
        session.counters.downlink_bytes += packet.len() as u64;
        session.active = true;
        let address = session.address;
        if let Some(extras) = &mut session.extras
            && extras.raw.is_some()
            && !ip::parse(packet).is_some_and(|view| Some(view.destination) == address && claimed(extras, &view))
            && let Some(raw) = &mut extras.raw
        {
            if raw.len() < RAW_WAITING {
                raw.push_back(packet.to_vec());
            } else {
                session.counters.dropped += 1;
            }
            return;
        }
        let Some(view) = ip::parse(packet).filter(|view| Some(view.destination) == address) else {
            session.counters.dropped += 1;
            return;
        };
        if !view.fragment {
            self.deliver(session_id, packet, &view);
        } else if let Some(whole) = self.reassembly.add(session_id, now, packet, &view)
            && let Some(view) = ip::parse(&whole)
        {
            self.deliver(session_id, &whole, &view);
        }
    }

    fn deliver(&mut self, session_id: u64, packet: &[u8], view: &ip::View<'_>) {
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        let (extras, now) = (session.extras(), self.now);
        match view.protocol {
            ip::ICMP => icmp(session_id, extras, view, now, &mut self.events, packet),
            ip::UDP => datagram(session_id, extras, view, &mut self.events, packet),
            ip::TCP => match &mut extras.tcp {
                Some(stack) => stack.device.received.push_back(packet[..view.total].to_vec()),
                None => extras.answer(ip::reset(view)),
            },
            _ => {}
        }
        self.touch(session_id);
    }
}

/// Whether a packet belongs to a ping or a socket of the engine although the session is raw.
fn claimed(extras: &Extras, view: &ip::View<'_>) -> bool {
    let port = ip::u16_at(view.payload, 2);
    match view.protocol {
        _ if view.fragment => false,
        ip::ICMP => {
            let id = ip::u32_at(view.payload, 4);
            let asked = |ping: &super::session::Ping| Some(ping.id) == id && ping.destination == view.source;
            view.payload.first() == Some(&0) && extras.pings.iter().any(asked)
        }
        ip::UDP => extras.udp.iter().any(|udp| Some(udp.port) == port),
        ip::TCP => extras.tcp.as_ref().is_some_and(|stack| port.is_some_and(|port| stack.has(port))),
        _ => false,
    }
}

/// An ICMP message for the terminal: echo replies end pings, echo requests are answered, errors end what they name.
fn icmp(session: u64, extras: &mut Extras, view: &ip::View<'_>, now: u64, events: &mut Vec<Event>, packet: &[u8]) {
    let message = view.payload;
    if message.len() < 8 || ip::checksum(message, 0) != 0 {
        return;
    }
    let id = |bytes: &[u8]| ip::u32_at(bytes, 4);
    match message[0] {
        0 => {
            let Some(id) = id(message) else { return };
            let size = (message.len() - 8) as u32;
            if let Some(index) = extras.pings.iter().position(|ping| ping.id == id && ping.destination == view.source) {
                let sent = extras.pings.swap_remove(index).sent.unwrap_or(now);
                let rtt_ns = now.saturating_sub(sent);
                events.push(Event::PingReply { session, id, source: view.source, size, rtt_ns });
            }
        }
        8 => extras.answer(ip::echo_reply(packet, view)),
        3 | 11 => {
            let Some(id) = message.get(8 + ip::HEADER..).and_then(id) else { return };
            if let Some(index) = extras.pings.iter().position(|ping| ping.id == id) {
                extras.pings.swap_remove(index);
                events.push(Event::PingLost { session, id });
            }
        }
        _ => {}
    }
}

/// A UDP datagram for the terminal.
fn datagram(session: u64, extras: &mut Extras, view: &ip::View<'_>, events: &mut Vec<Event>, packet: &[u8]) {
    let Some((source, destination, payload)) = ip::parse_udp(view) else { return };
    let Some(udp) = extras.udp.iter_mut().find(|udp| udp.port == destination) else {
        // RFC 1122 4.1.3.1: code 3, port unreachable.
        return extras.answer(ip::unreachable(view.destination, 3, view, packet));
    };
    if udp.deliver(SocketAddrV4::new(view.source, source), payload) {
        events.push(Event::Readable { session, socket: udp.handle });
    }
}
