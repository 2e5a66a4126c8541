//! What arrives from N3: GTP-U, then the terminal's packets.
use super::Access;
use super::event::Event;
use super::session::{Extras, Session};
use super::sockets::RAW_WAITING;
use crate::icmp::{self, Kind, Reason};
use crate::{Datagram, gtpu, ip};
use std::net::{Ipv6Addr, SocketAddr};

/// At most one error indication in this time: answers must not amplify a flood (TS 29.281 7.3.1).
const ERROR_INDICATION_NS: u64 = 1_000_000;

impl Access {
    pub(super) fn receive(&mut self, datagram: Datagram, to_n3: &mut Vec<Datagram>) {
        let Some(message) = gtpu::parse(&datagram.payload) else { return };
        let answer = match message {
            gtpu::Message::GPdu { teid, payload, .. } => match self.tunnels.get(&teid) {
                Some(&handle) => return self.arrived(handle, &datagram.payload, payload, to_n3),
                None => match self.forwardings.get(&teid) {
                    Some(&handle) => return self.forwarded(handle, &datagram.payload, payload, to_n3),
                    None => self.unknown_tunnel(datagram.source, teid),
                },
            },
            gtpu::Message::EchoRequest { sequence } => Some((datagram.source, gtpu::echo_response(sequence))),
            gtpu::Message::UnknownExtension => Some((datagram.source, gtpu::supported_extension_headers())),
            gtpu::Message::ErrorIndication { teid } => return self.tunnel_lost(datagram.source, teid),
            gtpu::Message::EndMarker { teid } => return self.end_marker(teid, &datagram.payload, to_n3),
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
    pub(super) fn downlink(&mut self, session_id: u64, packet: &[u8]) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        session.counters.downlink_packets += 1;
        session.counters.downlink_bytes += packet.len() as u64;
        session.active = true;
        if session.ethernet {
            return frame(session_id, session, packet, &mut self.events);
        }
        let view = ip::parse(packet);
        let mut changed = None;
        if let (Some(view), Some(link)) = (&view, &mut session.link)
            && link.take(view, &mut changed)
        {
            if let Some(raw) = session.extras.as_mut().and_then(|extras| extras.raw.as_mut())
                && raw.len() < RAW_WAITING
            {
                raw.push_back(packet.to_vec()); // its owner is a host on the same link
            }
            return self.configured(session_id, changed);
        }
        let view = view.filter(|view| session.address(view.destination) == Some(view.destination));
        if let Some(extras) = &mut session.extras
            && extras.raw.is_some()
            && !view.is_some_and(|view| claimed(extras, &view))
            && let Some(raw) = &mut extras.raw
        {
            if raw.len() < RAW_WAITING {
                raw.push_back(packet.to_vec());
            } else {
                session.counters.dropped += 1;
            }
            return;
        }
        let Some(view) = view else {
            session.counters.dropped += 1;
            return;
        };
        if view.piece.is_none() {
            self.deliver(session_id, packet, &view);
        } else if let Some(whole) = self.reassembly.add(session_id, now, &view)
            && let Some(view) = ip::parse(&whole)
        {
            self.deliver(session_id, &whole, &view);
        }
    }

    /// A router advertisement gave the session another address.
    fn configured(&mut self, session_id: u64, changed: Option<(Ipv6Addr, Option<u32>)>) {
        let Some((address, mtu)) = changed else { return };
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        if let Some(mtu) = mtu.and_then(|mtu| u16::try_from(mtu).ok()).filter(|mtu| *mtu >= 1280) {
            session.mtu = session.mtu.min(mtu); // RFC 4861 6.3.4
        }
        let addresses: Vec<_> = session.addresses().collect();
        if let Some(stack) = session.extras.as_mut().and_then(|extras| extras.tcp.as_mut()) {
            stack.set_addresses(&addresses);
        }
        self.events.push(Event::Configured { session: session_id, address });
    }

    fn deliver(&mut self, session_id: u64, packet: &[u8], view: &ip::View<'_>) {
        let Some(session) = self.sessions.get_mut(&session_id) else { return };
        let (extras, now) = (session.extras(), self.now);
        match view.protocol {
            _ if icmp::carries(view) => message(session_id, extras, view, now, &mut self.events, packet),
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

/// A frame for whoever has the session's interface or socket.
fn frame(session_id: u64, session: &mut Session, packet: &[u8], events: &mut Vec<Event>) {
    let extras = session.extras.as_deref_mut();
    let Some(Extras { raw: Some(raw), frames, .. }) = extras.filter(|extras| extras.has_room()) else {
        session.counters.dropped += 1;
        return;
    };
    raw.push_back(packet.to_vec());
    if let Some((socket, told)) = frames
        && !std::mem::replace(told, true)
    {
        events.push(Event::Readable { session: session_id, socket: *socket });
    }
}

/// Whether a packet belongs to a ping or a socket of the engine although the session is raw.
fn claimed(extras: &Extras, view: &ip::View<'_>) -> bool {
    let port = ip::u16_at(view.payload, 2);
    match view.protocol {
        _ if view.piece.is_some() => false,
        _ if icmp::carries(view) => {
            let id = ip::u32_at(view.payload, 4);
            let asked = |ping: &super::session::Ping| Some(ping.id) == id && ping.destination == view.source;
            icmp::kind(view) == Some(Kind::EchoReply) && extras.pings.iter().any(asked)
        }
        ip::UDP => extras.udp.iter().any(|udp| Some(udp.port) == port),
        ip::TCP => extras.tcp.as_ref().is_some_and(|stack| port.is_some_and(|port| stack.has(port))),
        _ => false,
    }
}

/// An ICMP message for the terminal: echo replies end pings, echo requests are answered, errors end what they name.
fn message(session: u64, extras: &mut Extras, view: &ip::View<'_>, now: u64, events: &mut Vec<Event>, packet: &[u8]) {
    match icmp::kind(view) {
        Some(Kind::EchoReply) => {
            let Some(id) = ip::u32_at(view.payload, 4) else { return };
            let size = (view.payload.len() - 8) as u32;
            if let Some(index) = extras.pings.iter().position(|ping| ping.id == id && ping.destination == view.source) {
                let sent = extras.pings.swap_remove(index).sent.unwrap_or(now);
                let rtt_ns = now.saturating_sub(sent);
                events.push(Event::PingReply { session, id, source: view.source, size, rtt_ns });
            }
        }
        Some(Kind::EchoRequest) => extras.answer(icmp::echo_reply(packet, view)),
        Some(Kind::Error) => {
            let Some(id) = icmp::quoted_echo(view) else { return };
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
        return extras.answer(icmp::unreachable(view.destination, Reason::Port, view, packet));
    };
    if udp.deliver(SocketAddr::new(view.source, source), payload) {
        events.push(Event::Readable { session, socket: udp.handle });
    }
}
