//! A terminal that goes from one gNB's engine to another's keeps its packets, in order.
mod common;
use common::{GATEWAY, g_pdu, gnb, terminal, upf};
use freehold_datanet::{Access, Datagram, Error, Event, gtpu, ip};
use std::net::{IpAddr, SocketAddr};

const SESSION: u64 = 7;
const UPLINK: u32 = 0x8000;
const PORT: u16 = 4000;
/// The TEID of a second handover's target.
const THIRD: u32 = 0x3333;

fn other() -> SocketAddr {
    "192.0.2.11:2152".parse().unwrap()
}

/// A source and a target engine, the terminal at the source, bearers at both, and their TEIDs.
struct Way {
    source: Access,
    target: Access,
    bearers: [u64; 2],
    teids: [u32; 2],
    socket: u64,
    now: u64,
}

impl Way {
    fn new() -> Way {
        let (mut source, mut target) = (Access::new(gnb()), Access::new(other()));
        target.number(1);
        target.seed(99);
        source.address(SESSION, terminal(1), 1400);
        let (one, one_teid) = source.add_bearer(upf(), UPLINK, 9);
        let (two, two_teid) = target.add_bearer(upf(), UPLINK, 9);
        source.bind(SESSION, Some(one)).unwrap();
        let socket = source.udp_open(SESSION, PORT).unwrap();
        Way { source, target, bearers: [one, two], teids: [one_teid, two_teid], socket, now: 1_000_000_000 }
    }

    fn at_source(&mut self, payload: Vec<u8>) -> Vec<Datagram> {
        poll(&mut self.source, &mut self.now, gnb(), payload)
    }

    fn at_target(&mut self, payload: Vec<u8>) -> Vec<Datagram> {
        poll(&mut self.target, &mut self.now, other(), payload)
    }

    /// The terminal leaves the source; forwarding leads to the target.
    fn leave(&mut self) -> u32 {
        let teid = self.target.await_forwarding(self.bearers[1]).unwrap();
        self.source.forward(self.bearers[0], other(), teid).unwrap();
        self.source.pause(SESSION).unwrap();
        teid
    }

    fn arrive(&mut self) {
        let moving = self.source.take_session(SESSION).unwrap();
        self.target.put_session(SESSION, moving);
        self.target.bind(SESSION, Some(self.bearers[1])).unwrap();
    }

    fn received(&mut self) -> Vec<u8> {
        let mut seen = Vec::new();
        while let Some((_, data)) = self.target.recv_from(self.socket).unwrap() {
            seen.push(data[0]);
        }
        seen
    }
}

fn poll(access: &mut Access, now: &mut u64, to: SocketAddr, payload: Vec<u8>) -> Vec<Datagram> {
    *now += 1_000_000;
    let mut input =
        if payload.is_empty() { Vec::new() } else { vec![Datagram { source: upf(), destination: to, payload }] };
    let mut output = Vec::new();
    access.poll(*now, &mut input, &mut output);
    output
}

fn numbered(number: u8) -> Vec<u8> {
    ip::udp((IpAddr::V4(GATEWAY), 7), (IpAddr::V4(terminal(1)), PORT), &[number]).unwrap()
}

fn end_marker(teid: u32) -> Vec<u8> {
    let mut out = vec![0x30, 254, 0, 0];
    out.extend_from_slice(&teid.to_be_bytes());
    out
}

#[test]
fn when_a_terminal_moves_then_forwarded_packets_come_before_those_of_the_new_path() {
    let mut way = Way::new();
    let forwarding = way.leave();
    let sent = way.at_source(g_pdu(way.teids[0], &numbered(1)));
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].source, sent[0].destination), (gnb(), other()));
    assert_eq!(sent[0].payload, g_pdu(forwarding, &numbered(1)));
    way.at_target(sent[0].payload.clone());
    way.at_target(g_pdu(way.teids[1], &numbered(3))); // the new path is quicker than the old one
    way.arrive();
    assert_eq!(way.received(), [1]);
    let late = way.at_source(g_pdu(way.teids[0], &numbered(2)));
    way.at_target(late[0].payload.clone());
    assert_eq!(way.received(), [2]);
    let last = way.at_source(end_marker(way.teids[0]));
    assert_eq!(last[0].payload, end_marker(forwarding));
    assert_eq!(way.source.take_events(), [Event::EndMarker { bearer: way.bearers[0] }]);
    way.at_target(last[0].payload.clone());
    assert_eq!(way.received(), [3]);
    way.at_target(g_pdu(way.teids[1], &numbered(4)));
    assert_eq!(way.received(), [4]);
    way.at_target(last[0].payload.clone());
    let ended = Event::EndMarker { bearer: way.bearers[1] };
    assert_eq!(way.target.take_events().into_iter().filter(|event| *event == ended).count(), 1, "told once");
}

#[test]
fn when_the_old_path_ends_before_the_terminal_is_there_then_everything_waits_for_it_in_order() {
    let mut way = Way::new();
    let forwarding = way.leave();
    way.at_target(g_pdu(way.teids[1], &numbered(2)));
    way.at_target(g_pdu(forwarding, &numbered(1)));
    way.at_target(end_marker(forwarding));
    way.at_target(g_pdu(way.teids[1], &numbered(3)));
    way.arrive();
    assert_eq!(way.received(), [1, 2, 3]);
}

/// A terminal that leaves the target before the first handover's old path has ended; the TEID of that path.
fn leave_at_once(way: &mut Way) -> u32 {
    let forwarding = way.leave();
    way.arrive();
    way.at_target(g_pdu(way.teids[1], &numbered(3))); // waits for the end marker
    way.target.forward(way.bearers[1], gnb(), THIRD).unwrap();
    way.target.pause(SESSION).unwrap();
    forwarding
}

#[test]
fn when_the_terminal_goes_on_before_the_old_path_ends_then_everything_follows_it_in_order() {
    let mut way = Way::new();
    let forwarding = leave_at_once(&mut way);
    let own = way.teids[1];
    let mut sent =
        |payload| way.at_target(payload).into_iter().map(|datagram| datagram.payload).collect::<Vec<Vec<u8>>>();
    assert_eq!(sent(g_pdu(forwarding, &numbered(1))), [g_pdu(THIRD, &numbered(1))]);
    assert!(sent(g_pdu(own, &numbered(4))).is_empty());
    assert!(sent(end_marker(own)).is_empty());
    assert_eq!(sent(g_pdu(forwarding, &numbered(2))), [g_pdu(THIRD, &numbered(2))]);
    let rest = [g_pdu(THIRD, &numbered(3)), g_pdu(THIRD, &numbered(4)), end_marker(THIRD)];
    assert_eq!(sent(end_marker(forwarding)), rest);
    assert_eq!(sent(g_pdu(own, &numbered(5))), [g_pdu(THIRD, &numbered(5))]);
    let ended = Event::EndMarker { bearer: way.bearers[1] };
    assert_eq!(way.target.take_events(), [ended.clone(), ended], "of the first handover, then of the second");
}

#[test]
fn when_the_old_path_never_ends_and_the_bearer_goes_then_what_waited_is_sent_on() {
    let mut way = Way::new();
    let forwarding = leave_at_once(&mut way);
    way.target.remove_bearer(way.bearers[1]).unwrap();
    assert_eq!(way.at_target(Vec::new())[0].payload, g_pdu(THIRD, &numbered(3)));
    way.target.take_events();
    way.at_target(g_pdu(forwarding, &numbered(9)));
    assert_eq!(way.target.take_events(), [Event::UnknownTunnel { peer: upf(), teid: forwarding }]);
}

#[test]
fn when_no_end_marker_comes_then_the_new_path_begins_once_the_gnb_says_so() {
    let mut way = Way::new();
    let forwarding = way.leave();
    way.arrive();
    way.at_target(g_pdu(way.teids[1], &numbered(1)));
    assert_eq!(way.received(), []);
    way.target.end_forwarding(way.bearers[1]).unwrap();
    assert_eq!(way.received(), [1]);
    way.target.take_events();
    way.at_target(g_pdu(forwarding, &numbered(9)));
    assert_eq!(way.received(), []);
    assert_eq!(way.target.take_events(), [Event::UnknownTunnel { peer: upf(), teid: forwarding }]);
}

#[test]
fn when_the_terminal_sends_on_its_way_then_nothing_is_lost_and_no_bearer_is_asked_for() {
    let mut way = Way::new();
    way.leave();
    for number in 0..200 {
        assert!(way.source.send_to(way.socket, &[number], SocketAddr::new(IpAddr::V4(GATEWAY), 7)).unwrap() > 0);
        assert!(way.at_source(Vec::new()).is_empty());
    }
    assert_eq!(way.source.take_events(), []);
    way.arrive();
    let sent = way.at_target(Vec::new());
    let numbers: Vec<u8> = sent
        .iter()
        .map(|datagram| match gtpu::parse(&datagram.payload) {
            Some(gtpu::Message::GPdu { teid: UPLINK, payload, .. }) => *payload.last().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, (0..200).collect::<Vec<u8>>());
}

#[test]
fn when_there_is_no_bearer_at_the_target_then_packets_ask_for_one_as_ever() {
    let mut way = Way::new();
    way.leave();
    way.source.send_to(way.socket, &[1], SocketAddr::new(IpAddr::V4(GATEWAY), 7)).unwrap();
    way.at_source(Vec::new());
    assert_eq!(way.source.take_events(), []);
    way.source.settle(SESSION).unwrap();
    way.at_source(Vec::new());
    assert_eq!(way.source.take_events(), [Event::UplinkPending { session: SESSION }]);
}

#[test]
fn when_a_packet_comes_in_pieces_at_both_gnbs_then_it_is_put_together() {
    let mut way = Way::new();
    let data: Vec<u8> = (0..=255).cycle().take(2000).collect();
    let whole = ip::udp((IpAddr::V4(GATEWAY), 7), (IpAddr::V4(terminal(1)), PORT), &data).unwrap();
    let mut pieces = Vec::new();
    for (offset, more) in [(0, true), (1200, false)] {
        let body = &whole[20..];
        let part = &body[offset..if more { 1200 } else { body.len() }];
        let mut piece = whole[..20].to_vec();
        piece[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
        piece[4..6].copy_from_slice(&77u16.to_be_bytes());
        piece[6..8].copy_from_slice(&((offset / 8) as u16 | u16::from(more) << 13).to_be_bytes());
        piece[10..12].copy_from_slice(&[0, 0]);
        let sum = !piece[..20].chunks(2).fold(0u32, |sum, two| {
            let sum = sum + u32::from(u16::from_be_bytes([two[0], two[1]]));
            (sum & 0xffff) + (sum >> 16)
        }) as u16;
        piece[10..12].copy_from_slice(&sum.to_be_bytes());
        piece.extend_from_slice(part);
        pieces.push(piece);
    }
    way.at_source(g_pdu(way.teids[0], &pieces[0]));
    let forwarding = way.leave();
    way.arrive();
    way.at_target(g_pdu(forwarding, &pieces[1]));
    let (_, received) = way.target.recv_from(way.socket).unwrap().unwrap();
    assert_eq!(received, data);
}

#[test]
fn when_counts_are_handed_over_then_they_go_on() {
    let mut way = Way::new();
    way.at_source(g_pdu(way.teids[0], &numbered(1)));
    way.at_source(g_pdu(way.teids[0], &numbered(2)));
    way.source.send_to(way.socket, &[1], SocketAddr::new(IpAddr::V4(GATEWAY), 7)).unwrap();
    way.at_source(Vec::new());
    assert_eq!(way.source.counts(way.bearers[0]), Ok((1, 2)));
    let (uplink, downlink) = way.source.counts(way.bearers[0]).unwrap();
    way.target.set_counts(way.bearers[1], uplink, downlink).unwrap();
    let forwarding = way.leave();
    way.arrive();
    way.at_target(g_pdu(forwarding, &numbered(3)));
    assert_eq!(way.target.counts(way.bearers[1]), Ok((1, 3)));
    assert_eq!(way.source.counts(way.bearers[0]), Ok((1, 2)), "what it carried stays counted");
}

#[test]
fn when_more_comes_than_may_wait_then_memory_is_bounded_and_order_kept() {
    let mut way = Way::new();
    let forwarding = way.leave();
    for number in 0..5000u32 {
        way.at_target(g_pdu(forwarding, &numbered(number as u8)));
    }
    way.arrive();
    let mut seen = way.received();
    seen.dedup();
    assert!(seen.len() <= 4096);
    assert_eq!(seen[..4], [0, 1, 2, 3]);
}

#[test]
fn when_what_is_not_there_is_handed_over_then_it_is_refused() {
    let mut way = Way::new();
    assert_eq!(way.source.forward(4711, other(), 1), Err(Error::NoBearer));
    assert_eq!(way.source.await_forwarding(4711), Err(Error::NoBearer));
    assert_eq!(way.source.end_forwarding(4711), Err(Error::NoBearer));
    assert_eq!(way.source.counts(4711), Err(Error::NoBearer));
    assert_eq!(way.source.set_counts(4711, 0, 0), Err(Error::NoBearer));
    assert_eq!(way.source.pause(4711), Err(Error::NoSession));
    assert_eq!(way.source.settle(4711), Err(Error::NoSession));
    assert!(way.source.take_session(4711).is_err());
}
