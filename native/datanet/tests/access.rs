//! Terminals' stacks and the GTP-U relay.
mod common;
use common::{Bench, GATEWAY, LEG_NS, g_pdu, gnb, terminal, upf};
use freehold_datanet::{Access, Datagram, Error, Event, gtpu, icmp, ip};
use std::net::SocketAddr;

fn poll(access: &mut Access, now: u64, payload: Option<Vec<u8>>) -> Vec<Datagram> {
    let mut from_n3: Vec<Datagram> =
        payload.into_iter().map(|payload| Datagram { source: upf(), destination: gnb(), payload }).collect();
    let mut to_n3 = Vec::new();
    access.poll(now, &mut from_n3, &mut to_n3);
    to_n3
}

#[test]
fn when_a_session_pings_then_the_round_trip_is_told() {
    let mut bench = Bench::new(1);
    bench.access.ping(1, GATEWAY, 56, 0xabcd_0001).unwrap();
    let seen = bench.until(|event| matches!(event, Event::PingReply { .. }));
    let expected = Event::PingReply { session: 1, id: 0xabcd_0001, source: GATEWAY.into(), size: 56, rtt_ns: LEG_NS };
    assert_eq!(seen, vec![expected]);
    let counters = bench.access.counters(1).unwrap();
    assert_eq!((counters.uplink_packets, counters.uplink_bytes), (1, 84));
    assert_eq!((counters.downlink_packets, counters.downlink_bytes), (1, 84));
}

#[test]
fn when_nobody_answers_a_ping_then_it_is_lost_after_one_second() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 1, upf(), 2, 9).unwrap();
    access.ping(1, GATEWAY, 56, 3).unwrap();
    let (mut none, mut out) = (Vec::new(), Vec::new());
    let due = access.poll(5, &mut none, &mut out);
    assert_eq!(due, Some(1_000_000_005));
    access.poll(1_000_000_004, &mut none, &mut out);
    assert!(access.take_events().is_empty());
    access.poll(1_000_000_005, &mut none, &mut out);
    assert_eq!(access.take_events(), vec![Event::PingLost { session: 1, id: 3 }]);
}

#[test]
fn when_an_uplink_packet_leaves_then_it_carries_the_session_container() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0xdead_beef, 9).unwrap();
    access.ping(1, GATEWAY, 4, 1).unwrap();
    let out = poll(&mut access, 1, None);
    let head = [0x34, 255, 0, 40, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0x85, 1, 0x10, 9, 0];
    assert_eq!((out[0].source, out[0].destination), (gnb(), upf()));
    assert_eq!(out[0].payload[..16], head);
    assert_eq!(out[0].payload.len(), 16 + 32);
}

#[test]
fn when_an_echo_request_comes_then_it_is_answered_with_its_sequence_number() {
    let mut access = Access::new(gnb());
    let out = poll(&mut access, 1, Some(gtpu::echo_request(0x1234)));
    assert_eq!(out[0].payload, [0x32, 2, 0, 6, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 14, 0]);
    assert_eq!(out[0].destination, upf());
}

#[test]
fn when_a_tunnel_is_unknown_then_one_error_indication_a_millisecond_answers() {
    let mut access = Access::new(gnb());
    let mut flood: Vec<Datagram> =
        (0..100).map(|_| Datagram { source: upf(), destination: gnb(), payload: g_pdu(0x77, &[0; 20]) }).collect();
    let mut out = Vec::new();
    access.poll(5_000_000, &mut flood, &mut out);
    let payload = [0x32, 26, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0x77, 133, 0, 4, 192, 0, 2, 10];
    assert_eq!(out, vec![Datagram { source: gnb(), destination: upf(), payload: payload.to_vec() }]);
    assert_eq!(access.take_events(), vec![Event::UnknownTunnel { peer: upf(), teid: 0x77 }]);
    assert_eq!(poll(&mut access, 6_000_000, Some(g_pdu(0x78, &[0; 20]))).len(), 1);
}

#[test]
fn when_the_peer_does_not_know_a_tunnel_then_only_its_own_word_counts() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let forged: SocketAddr = "198.51.100.1:2152".parse().unwrap();
    let payload = gtpu::error_indication(0x22, upf().ip());
    let datagram = |source| Datagram { source, destination: gnb(), payload: payload.clone() };
    let mut out = Vec::new();
    access.poll(1, &mut vec![datagram(forged)], &mut out);
    assert!(access.take_events().is_empty());
    access.poll(2, &mut vec![datagram(upf())], &mut out);
    assert_eq!(access.take_events(), vec![Event::TunnelLost { bearer: 1 }]);
}

#[test]
fn when_a_mandatory_extension_is_unknown_then_the_supported_ones_are_named() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let mut message = g_pdu(0x11, &[0; 20]);
    message[11] = 0xc3;
    let out = poll(&mut access, 1, Some(message));
    assert_eq!(out[0].payload, [0x32, 31, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 141, 1, 0x85]);
}

#[test]
fn when_the_network_pings_a_terminal_then_it_answers() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let request = icmp::echo_request(GATEWAY, terminal(1), 1, 2, 10).unwrap();
    let out = poll(&mut access, 1, Some(g_pdu(0x11, &request)));
    let Some(gtpu::Message::GPdu { teid, payload, .. }) = gtpu::parse(&out[0].payload) else { panic!() };
    let view = ip::parse(payload).unwrap();
    assert_eq!((teid, view.source, view.payload[0]), (0x22, terminal(1).into(), 0));
}

#[test]
fn when_a_packet_is_for_another_address_then_it_is_dropped_and_counted() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let request = icmp::echo_request(GATEWAY, terminal(2), 1, 2, 10).unwrap();
    assert!(poll(&mut access, 1, Some(g_pdu(0x11, &request))).is_empty());
    assert_eq!(access.counters(1).unwrap().dropped, 1);
}

#[test]
fn when_a_session_is_suspended_then_uplink_waits_and_asks_once() {
    let mut bench = Bench::new(1);
    bench.access.suspend(1).unwrap();
    bench.access.ping(1, GATEWAY, 56, 1).unwrap();
    bench.access.ping(1, GATEWAY, 56, 2).unwrap();
    let begun = bench.now;
    assert_eq!(bench.step(), vec![Event::UplinkPending { session: 1 }]);
    bench.now = begun + LEG_NS;
    bench.access.udp_open(1, 5000).unwrap();
    assert!(poll(&mut bench.access, begun + LEG_NS, None).is_empty());
    assert!(bench.access.take_events().is_empty());
    bench.access.update(1, 0x1001, upf(), 0x8000_0001, 9).unwrap();
    let seen = bench.until(|event| matches!(event, Event::PingReply { id: 2, .. }));
    assert_eq!(seen.len(), 2);
}

#[test]
fn when_packets_keep_coming_without_a_tunnel_then_it_is_asked_again_each_second() {
    let mut access = Access::new(gnb());
    access.address(1, terminal(1), 1400);
    let mut asked = Vec::new();
    for tenth in 0..35u64 {
        access.ping(1, GATEWAY, 8, tenth as u32).unwrap();
        let now = tenth * 100_000_000;
        poll(&mut access, now, None);
        if access.take_events().contains(&Event::UplinkPending { session: 1 }) {
            asked.push(tenth);
        }
    }
    assert_eq!(asked, [0, 10, 20, 30]);
}

#[test]
fn when_a_session_is_suspended_then_its_old_tunnel_is_unknown() {
    let mut bench = Bench::new(1);
    bench.access.suspend(1).unwrap();
    let out = poll(&mut bench.access, bench.now, Some(g_pdu(0x1001, &[0; 20])));
    assert_eq!(out[0].payload[1], 26);
}

#[test]
fn when_the_two_halves_come_apart_then_the_session_works_once_both_are_there() {
    let mut access = Access::new(gnb());
    access.update(1, 0x11, upf(), 0x22, 9).unwrap();
    assert_eq!(access.ping(1, GATEWAY, 8, 1), Err(Error::NoAddress));
    access.address(1, terminal(1), 1400);
    access.ping(1, GATEWAY, 8, 1).unwrap();
    assert_eq!(poll(&mut access, 1, None).len(), 1);
}

#[test]
fn when_a_bearer_is_bound_then_the_session_runs_on_it_until_it_is_removed() {
    let mut access = Access::new(gnb());
    access.address(1, terminal(1), 1400);
    access.ping(1, GATEWAY, 8, 1).unwrap();
    assert!(poll(&mut access, 1, None).is_empty());
    let (bearer, teid) = access.add_bearer(upf(), 0x22, 9);
    access.bind(1, Some(bearer)).unwrap();
    assert_eq!(poll(&mut access, 2, None).len(), 1);
    assert!(access.take_activity(bearer));
    assert!(!access.take_activity(bearer));
    let request = icmp::echo_request(GATEWAY, terminal(1), 1, 2, 10).unwrap();
    assert_eq!(poll(&mut access, 3, Some(g_pdu(teid, &request)))[0].payload[1], 255);
    access.update_bearer(bearer, gnb(), 0x33, 5).unwrap();
    access.ping(1, GATEWAY, 8, 2).unwrap();
    let out = poll(&mut access, 4, None);
    assert_eq!((out[0].destination, &out[0].payload[4..8], out[0].payload[14]), (gnb(), &[0, 0, 0, 0x33][..], 5));
    access.remove_bearer(bearer).unwrap();
    assert_eq!(access.remove_bearer(bearer), Err(Error::NoBearer));
    access.ping(1, GATEWAY, 8, 3).unwrap();
    assert!(poll(&mut access, 5, None).is_empty());
    assert_eq!(poll(&mut access, 6, Some(g_pdu(teid, &request)))[0].payload[1], 26);
}

#[test]
fn when_a_session_is_removed_then_its_bearer_stays_for_the_gnb_to_remove() {
    let mut access = Access::new(gnb());
    access.address(1, terminal(1), 1400);
    let (bearer, teid) = access.add_bearer(upf(), 0x22, 9);
    access.bind(1, Some(bearer)).unwrap();
    access.remove_session(1).unwrap();
    assert!(poll(&mut access, 1, Some(g_pdu(teid, &[0; 20]))).is_empty());
    access.address(2, terminal(2), 1400);
    access.bind(2, Some(bearer)).unwrap();
    access.bind(2, None).unwrap();
    access.remove_bearer(bearer).unwrap();
}

#[test]
fn when_bearers_are_many_then_their_tunnels_differ_and_do_not_count_up() {
    let mut access = Access::new(gnb());
    let tunnels: Vec<u32> = (0..5_000).map(|teid| access.add_bearer(upf(), teid, 9).1).collect();
    let distinct: std::collections::HashSet<u32> = tunnels.iter().copied().collect();
    assert_eq!(distinct.len(), 5_000);
    assert!(tunnels.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) < 1_000).count() < 5);
}

#[test]
fn when_ids_or_tunnels_are_taken_then_they_are_refused() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    assert_eq!(access.add_session(1, terminal(2), 1400, 0x12, upf(), 0x23, 9), Err(Error::InUse));
    assert_eq!(access.add_session(2, terminal(2), 1400, 0x11, upf(), 0x23, 9), Err(Error::InUse));
    assert_eq!(access.update(3, 0x11, upf(), 0x24, 9), Err(Error::InUse));
    assert_eq!(access.remove_session(2), Err(Error::NoSession));
    access.suspend(1).unwrap();
    access.remove_session(1).unwrap();
    access.add_session(2, terminal(2), 1400, 0x11, upf(), 0x23, 9).unwrap();
}

#[test]
fn when_a_terminal_listens_then_another_can_connect_to_it() {
    let mut server = Access::new(gnb());
    let mut client = Access::new(upf());
    server.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    client.add_session(1, terminal(2), 1400, 0x22, gnb(), 0x11, 9).unwrap();
    let listener = server.tcp_listen(1, 8080).unwrap();
    assert_eq!(server.tcp_listen(1, 8080), Err(Error::InUse));
    let socket = client.tcp_connect(1, SocketAddr::new(terminal(1).into(), 8080)).unwrap();
    let (mut there, mut back, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    let mut run = |server: &mut Access, client: &mut Access, seen: &mut Vec<Event>| {
        for turn in 0..20u64 {
            client.poll(turn * 1_000_000, &mut back, &mut there);
            server.poll(turn * 1_000_000, &mut there, &mut back);
            seen.extend(server.take_events());
        }
    };
    run(&mut server, &mut client, &mut seen);
    let Event::Accepted { listener: at, socket: accepted, .. } = seen[0] else { panic!("{seen:?}") };
    assert_eq!(at, listener);
    client.send(socket, b"to the server").unwrap();
    run(&mut server, &mut client, &mut seen);
    assert_eq!(server.recv(accepted, 100).unwrap(), Some(b"to the server".to_vec()));
    assert_eq!(server.recv(accepted, 100).unwrap(), Some(Vec::new()));
}

#[test]
fn when_a_socket_is_closed_then_its_handle_is_gone() {
    let mut bench = Bench::new(1);
    let socket = bench.access.udp_open(1, 5000).unwrap();
    assert_eq!(bench.access.udp_open(1, 5000), Err(Error::InUse));
    bench.access.close(socket, false).unwrap();
    assert_eq!(bench.access.recv_from(socket), Err(Error::NoSocket));
    bench.access.udp_open(1, 5000).unwrap();
}

#[test]
fn when_a_session_is_removed_then_its_sockets_are_gone() {
    let mut bench = Bench::new(1);
    let udp = bench.access.udp_open(1, 0).unwrap();
    let tcp = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap();
    let closed = bench.access.udp_open(1, 0).unwrap();
    bench.access.close(closed, false).unwrap();
    bench.access.remove_session(1).unwrap();
    let gone = |socket| Event::Closed { session: 1, socket, reset: true };
    assert_eq!(bench.access.take_events(), vec![gone(udp), gone(tcp)]);
    assert_eq!(bench.access.send(tcp, b"x"), Err(Error::NoSocket));
    assert_eq!(bench.access.recv_from(udp), Err(Error::NoSocket));
    bench.step();
}

#[test]
fn when_a_session_is_raw_then_packets_pass_untouched_both_ways() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    access.raw(1, true).unwrap();
    poll(&mut access, 1, Some(g_pdu(0x11, b"anything at all")));
    assert_eq!(access.raw_receive(1).unwrap(), vec![b"anything at all".to_vec()]);
    access.raw_send(1, b"uplink".to_vec()).unwrap();
    let out = poll(&mut access, 2, None);
    assert_eq!(&out[0].payload[16..], b"uplink");
}

#[test]
fn when_a_session_is_raw_then_its_own_pings_and_sockets_still_work() {
    let mut bench = Bench::new(1);
    bench.access.raw(1, true).unwrap();
    bench.access.ping(1, GATEWAY, 8, 7).unwrap();
    bench.until(|event| matches!(event, Event::PingReply { id: 7, .. }));
    let udp = bench.access.udp_open(1, 5000).unwrap();
    bench.access.send_to(udp, b"own", SocketAddr::new(GATEWAY.into(), 7)).unwrap();
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert!(!bench.fetch(1, 80, b"GET / HTTP/1.0\r\n\r\n", usize::MAX).is_empty());
    assert!(bench.access.raw_receive(1).unwrap().is_empty());
    let foreign = icmp::echo_request(terminal(1), GATEWAY, 99, 1, 8).unwrap();
    bench.access.raw_send(1, foreign).unwrap();
    let datagram = ip::udp((terminal(1), 6000), (GATEWAY, 7), b"raw").unwrap();
    bench.access.raw_send(1, datagram).unwrap();
    for _ in 0..3 {
        bench.step();
    }
    let packets = bench.access.raw_receive(1).unwrap();
    assert_eq!(packets.iter().map(|packet| packet[9]).collect::<Vec<u8>>(), [ip::ICMP, ip::UDP]);
}

#[test]
fn when_ten_thousand_sessions_ping_then_all_are_answered() {
    let mut bench = Bench::new(10_000);
    for session in 1..=10_000 {
        bench.access.ping(session, GATEWAY, 56, session as u32).unwrap();
    }
    let mut replies = 0;
    for _ in 0..30 {
        replies += bench.step().iter().filter(|event| matches!(event, Event::PingReply { .. })).count();
    }
    assert_eq!(replies, 10_000);
}

#[test]
fn when_much_is_to_be_sent_then_one_poll_yields_and_asks_to_come_again_at_once() {
    let mut access = Access::new(gnb());
    for session in 1..=3_000 {
        access.address(session, terminal(session), 1400);
        let (bearer, _) = access.add_bearer(upf(), session as u32, 9);
        access.bind(session, Some(bearer)).unwrap();
        access.ping(session, GATEWAY, 8, session as u32).unwrap();
    }
    let mut sizes = Vec::new();
    loop {
        let mut to_n3 = Vec::new();
        let due = access.poll(7, &mut Vec::new(), &mut to_n3);
        sizes.push(to_n3.len());
        if due != Some(7) {
            break;
        }
    }
    assert_eq!(sizes, [1024, 1024, 952]);
}

#[test]
fn when_a_terminal_has_no_listener_then_a_connection_to_it_is_reset_and_a_datagram_refused() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let mut syn = ip::packet(GATEWAY, terminal(1), ip::TCP, 20).unwrap();
    syn[20..36].copy_from_slice(&[0x12, 0x34, 0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff]);
    let out = poll(&mut access, 1, Some(g_pdu(0x11, &syn)));
    let reset = &out[0].payload[16..];
    assert_eq!((&reset[20..24], reset[33]), (&[0, 80, 0x12, 0x34][..], 0x14));
    assert_eq!(ip::u32_at(reset, 28), Some(10), "a SYN counts as one octet");
    let view = ip::parse(reset).unwrap();
    assert_eq!(ip::checksum(view.payload, ip::pseudo_header(view.source, view.destination, ip::TCP, 20)), 0);
    let datagram = ip::udp((GATEWAY, 5), (terminal(1), 6), b"x").unwrap();
    let out = poll(&mut access, 2, Some(g_pdu(0x11, &datagram)));
    assert_eq!(out[0].payload[16 + 20..16 + 22], [3, 3]);
}

#[test]
fn when_an_error_comes_about_a_ping_then_it_is_lost_at_once() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    access.ping(1, GATEWAY, 8, 0x0102_0304).unwrap();
    let sent = poll(&mut access, 1, None).remove(0).payload.split_off(16);
    let error = icmp::unreachable(GATEWAY, icmp::Reason::Port, &ip::parse(&sent).unwrap(), &sent).unwrap();
    poll(&mut access, 2, Some(g_pdu(0x11, &error)));
    assert_eq!(access.take_events(), vec![Event::PingLost { session: 1, id: 0x0102_0304 }]);
}

#[test]
fn when_a_reply_is_for_another_ping_then_it_is_ignored() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    access.ping(1, GATEWAY, 8, 1).unwrap();
    poll(&mut access, 1, None);
    let mut forged = icmp::echo_request(terminal(1), GATEWAY, 0, 2, 8).unwrap();
    assert!(icmp::echo_in_place(&mut forged));
    poll(&mut access, 2, Some(g_pdu(0x11, &forged)));
    assert!(access.take_events().is_empty());
}

#[test]
fn when_the_address_changes_then_the_old_sockets_are_gone() {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    let socket = access.udp_open(1, 0).unwrap();
    access.address(1, terminal(1), 1300);
    assert_eq!(access.recv_from(socket), Ok(None));
    access.address(1, terminal(9), 1300);
    assert_eq!(access.take_events(), vec![Event::Closed { session: 1, socket, reset: true }]);
    assert_eq!(access.recv_from(socket), Err(Error::NoSocket));
}

#[test]
fn when_limits_are_reached_then_the_surplus_is_refused_and_nothing_grows() {
    let mut access = Access::new(gnb());
    access.address(1, terminal(1), 1400);
    assert!((0..300).filter(|&id| access.ping(1, GATEWAY, 8, id).is_ok()).count() == 256);
    let sockets: Vec<_> = (0..70).filter_map(|_| access.udp_open(1, 0).ok()).collect();
    assert_eq!(sockets.len(), 64);
    let to = SocketAddr::new(GATEWAY.into(), 9);
    assert_eq!((0..300).filter(|_| access.send_to(sockets[0], b"x", to).is_ok()).count(), 256);
    assert_eq!(access.send_to(sockets[1], &[0; 65_508], to), Err(Error::TooLong));
    assert_eq!(access.ping(1, GATEWAY, 65_508, 999), Err(Error::TooLong));
    let listeners = (1..100).filter(|&port| access.tcp_listen(1, port).is_ok()).count();
    assert_eq!(listeners, 64);
    poll(&mut access, 1, None);
    assert_eq!(access.counters(1).unwrap().dropped, 256 + 256 - 32, "without a bearer 32 packets wait");
}

#[test]
fn when_a_terminal_reads_slowly_then_the_sender_waits_and_nothing_is_lost() {
    let mut bench = Bench::new(1);
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap();
    bench.until(|event| matches!(event, Event::Connected { .. }));
    bench.access.send(socket, b"GET /bytes/500000 HTTP/1.0\r\n\r\n").unwrap();
    let begun = bench.now;
    while bench.now - begun < 60_000_000_000 {
        bench.step();
    }
    assert!(bench.carried < 200, "the window must close");
    let mut received = 0;
    while let Some(data) = bench.access.recv(socket, 10_000).unwrap() {
        received += data.len();
        bench.step();
    }
    assert!((500_000..500_200).contains(&received));
}

#[test]
fn when_a_sender_fills_its_buffer_then_it_is_told_once_there_is_room() {
    let mut bench = Bench::new(1);
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 7)).unwrap();
    bench.until(|event| matches!(event, Event::Connected { .. }));
    let taken = bench.access.send(socket, &[0; 100_000]).unwrap();
    assert!(taken < 100_000);
    bench.until(|event| matches!(event, Event::Writable { .. }));
    assert!(bench.access.send(socket, &[0; 100_000]).unwrap() > 0);
}
