//! What the data network answers to terminals.
mod common;
use common::{Bench, GATEWAY, terminal};
use freehold_datanet::{Config, DataNetwork, Event, icmp, ip};
use std::net::{Ipv4Addr, SocketAddr};

fn ask(network: &mut DataNetwork, packet: Vec<u8>) -> Vec<Vec<u8>> {
    let mut output = Vec::new();
    network.poll(1, &mut vec![packet], &mut output);
    output
}

fn network() -> DataNetwork {
    DataNetwork::new(Config::new(GATEWAY))
}

fn query(name: &str, kind: u16) -> Vec<u8> {
    let mut out = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out
}

/// Response code, number of answers, and the last address in the message.
fn resolve(config: Config, name: &str, kind: u16) -> (u8, u8, Ipv4Addr) {
    let mut network = DataNetwork::new(config);
    let question = ip::udp((terminal(1), 4000), (GATEWAY, 53), &query(name, kind)).unwrap();
    let answers = ask(&mut network, question);
    let view = ip::parse(&answers[0]).unwrap();
    let (source, destination, message) = ip::parse_udp(&view).unwrap();
    assert_eq!((source, destination, &message[..2]), (53, 4000, &[0x12, 0x34][..]));
    (message[3] & 0x0f, message[7], ip::address_at(message, message.len() - 4).unwrap())
}

#[test]
fn when_pinged_then_every_octet_comes_back_with_right_checksums() {
    let request = icmp::echo_request(terminal(1), Ipv4Addr::new(8, 8, 8, 8), 7, 9, 1000).unwrap();
    let sent = request.clone();
    let answers = ask(&mut network(), request);
    let view = ip::parse(&answers[0]).unwrap();
    assert_eq!((view.source, view.destination), (Ipv4Addr::new(8, 8, 8, 8).into(), terminal(1).into()));
    assert_eq!(view.payload[0], 0);
    assert_eq!(ip::checksum(view.payload, 0), 0);
    assert_eq!(view.payload[4..], sent[24..]);
}

#[test]
fn when_every_octet_of_an_echo_varies_then_the_updated_checksum_holds() {
    for value in 0..=255u8 {
        let mut request =
            icmp::echo_request(terminal(1), GATEWAY, u16::from(value) << 8, 0xffff - u16::from(value), 3).unwrap();
        assert!(icmp::echo_in_place(&mut request));
        assert_eq!(ip::checksum(&request[ip::HEADER..], 0), 0);
    }
}

#[test]
fn when_an_echo_is_damaged_then_nothing_answers() {
    let mut request = icmp::echo_request(terminal(1), GATEWAY, 7, 9, 32).unwrap();
    request[40] ^= 1;
    assert!(ask(&mut network(), request).is_empty());
}

#[test]
fn when_the_address_is_outside_its_networks_then_it_says_network_unreachable() {
    let mut config = Config::new(GATEWAY);
    config.networks = vec![(Ipv4Addr::new(198, 51, 100, 0).into(), 24)];
    let mut network = DataNetwork::new(config);
    let inside = icmp::echo_request(terminal(1), Ipv4Addr::new(198, 51, 100, 200), 1, 1, 8).unwrap();
    let outside = icmp::echo_request(terminal(1), Ipv4Addr::new(198, 51, 101, 1), 1, 1, 8).unwrap();
    assert_eq!(ask(&mut network, inside)[0][20], 0);
    let answer = &ask(&mut network, outside)[0];
    assert_eq!((answer[20], answer[21]), (3, 0));
    assert_eq!(ip::checksum(&answer[20..], 0), 0);
}

#[test]
fn when_a_name_is_in_the_zone_then_its_address_is_told() {
    let mut config = Config::new(GATEWAY);
    config.zone.insert("pcscf.ims.test".into(), vec![Ipv4Addr::new(10, 1, 2, 3).into()]);
    assert_eq!(resolve(config, "PCSCF.ims.test", 1), (0, 1, Ipv4Addr::new(10, 1, 2, 3)));
}

#[test]
fn when_a_name_is_under_a_catch_all_then_it_is_the_network_itself() {
    let mut config = Config::new(GATEWAY);
    config.catch_all = vec!["test".into()];
    assert_eq!(resolve(config.clone(), "any.thing.test", 1), (0, 1, GATEWAY));
    assert_eq!(resolve(config.clone(), "fastest", 1).0, 3);
    assert_eq!(resolve(config, "example.org", 1).0, 3);
}

#[test]
fn when_a_name_is_invalid_then_it_does_not_exist_even_under_the_root() {
    assert_eq!(resolve(Config::new(GATEWAY), "host.invalid", 1).0, 3);
}

#[test]
fn when_another_type_is_asked_then_the_name_exists_without_an_answer() {
    let (code, count, _) = resolve(Config::new(GATEWAY), "example.org", 28);
    assert_eq!((code, count), (0, 0));
}

#[test]
fn when_a_query_is_cut_anywhere_then_the_answer_is_a_format_error_or_silence() {
    let whole = query("a.longer.name.test", 1);
    for length in 0..whole.len() {
        let packet = ip::udp((terminal(1), 4000), (GATEWAY, 53), &whole[..length]).unwrap();
        let answers = ask(&mut network(), packet);
        if length < 12 {
            assert!(answers.is_empty());
        } else {
            assert_eq!(answers[0][28 + 3] & 0x0f, 1);
        }
    }
}

#[test]
fn when_nothing_listens_on_a_udp_port_then_it_says_so() {
    let packet = ip::udp((terminal(1), 4000), (GATEWAY, 9999), b"hello").unwrap();
    let answer = &ask(&mut network(), packet)[0];
    assert_eq!((answer[20], answer[21]), (3, 3));
}

#[test]
fn when_two_echo_services_would_meet_then_silence() {
    let packet = ip::udp((terminal(1), 7), (GATEWAY, 7), b"hello").unwrap();
    assert!(ask(&mut network(), packet).is_empty());
}

#[test]
fn when_a_terminal_sends_udp_to_the_echo_port_then_it_comes_back() {
    let mut bench = Bench::new(1);
    let socket = bench.access.udp_open(1, 0).unwrap();
    bench.access.send_to(socket, b"hello", SocketAddr::new(GATEWAY.into(), 7)).unwrap();
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv_from(socket).unwrap(), Some((SocketAddr::new(GATEWAY.into(), 7), b"hello".to_vec())));
    assert_eq!(bench.access.recv_from(socket).unwrap(), None);
}

#[test]
fn when_a_terminal_pings_with_more_than_the_mtu_then_fragments_carry_it_both_ways() {
    let mut bench = Bench::new(1);
    bench.access.ping(1, GATEWAY, 20_000, 5).unwrap();
    let seen = bench.until(|event| matches!(event, Event::PingReply { .. }));
    assert!(matches!(seen[0], Event::PingReply { id: 5, size: 20_000, .. }));
}

#[test]
fn when_fragments_overlap_then_the_datagram_is_dropped() {
    let mut network = network();
    let whole = icmp::echo_request(terminal(1), GATEWAY, 1, 1, 56).unwrap();
    let piece = |offset: usize, end: usize, more: bool| {
        let mut out = ip::packet(terminal(1), GATEWAY, ip::ICMP, end - offset).unwrap();
        out[20..].copy_from_slice(&whole[20 + offset..20 + end]);
        out[6..8].copy_from_slice(&((offset / 8) as u16 | if more { 0x2000 } else { 0 }).to_be_bytes());
        out[10..12].fill(0);
        let sum = ip::checksum(&out[..20], 0);
        out[10..12].copy_from_slice(&sum.to_be_bytes());
        out
    };
    assert!(ask(&mut network, piece(0, 32, true)).is_empty());
    assert!(ask(&mut network, piece(24, 64, false)).is_empty());
    assert!(ask(&mut network, piece(32, 64, false)).is_empty(), "the first piece must be gone");
    assert_eq!(ask(&mut network, piece(0, 32, true)).len(), 1, "and a clean pair still makes a whole");
}

#[test]
fn when_a_port_is_closed_then_a_syn_is_reset() {
    let mut bench = Bench::new(1);
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 22)).unwrap();
    let seen = bench.until(|event| matches!(event, Event::Closed { .. }));
    assert_eq!(seen, vec![Event::Closed { session: 1, socket, reset: true }]);
}

#[test]
fn when_a_terminal_gets_the_greeting_then_it_is_told_its_address() {
    let mut bench = Bench::new(1);
    let answer = bench.fetch(1, 80, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", usize::MAX);
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.ends_with("You are 10.45.0.2.\n"), "{text}");
}

#[test]
fn when_octets_are_asked_for_then_exactly_so_many_come() {
    let mut bench = Bench::new(1);
    let answer = bench.fetch(1, 80, b"GET /bytes/3000000 HTTP/1.0\r\n\r\n", usize::MAX);
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer.len() - head, 3_000_000);
}

#[test]
fn when_one_packet_in_ten_is_lost_then_tcp_still_delivers_everything() {
    let mut bench = Bench::new(1);
    bench.lossy = Some(7);
    let answer = bench.fetch(1, 80, b"GET /bytes/200000 HTTP/1.0\r\n\r\n", usize::MAX);
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer.len() - head, 200_000);
}

#[test]
fn when_octets_are_posted_then_their_number_comes_back() {
    let mut bench = Bench::new(1);
    let mut request = b"POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\nConnection: close\r\n\r\n".to_vec();
    request.resize(request.len() + 500_000, b'u');
    let answer = bench.fetch(1, 80, &request, usize::MAX);
    assert!(String::from_utf8(answer).unwrap().ends_with("{\"bytes\":500000}\n"));
}

#[test]
fn when_requests_follow_on_one_connection_then_each_is_answered() {
    let mut bench = Bench::new(1);
    let requests = b"GET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /bytes/9 HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let text = String::from_utf8(bench.fetch(1, 80, requests, usize::MAX)).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(text.matches("HTTP/1.1 404 Not Found").count(), 1);
    assert!(text.contains("Content-Length: 3\r\n\r\nfffHTTP/1.1 200"), "{text}");
}

#[test]
fn when_a_request_is_no_http_then_the_answer_is_bad_request() {
    for (request, status) in [
        (&b"\x16\x03\x01\r\n\r\n"[..], "400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "411"),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", "400"),
        (b"DELETE / HTTP/1.1\r\n\r\n", "405"),
        (b"GET /bytes/-1 HTTP/1.0\r\n\r\n", "400"),
    ] {
        let mut bench = Bench::new(1);
        let text = String::from_utf8(bench.fetch(1, 80, request, usize::MAX)).unwrap();
        assert_eq!(&text[9..12], status, "{text}");
    }
}

#[test]
fn when_a_head_has_no_end_then_it_is_refused_at_eight_kibibytes() {
    let mut bench = Bench::new(1);
    let mut request = b"GET / HTTP/1.1\r\nX: ".to_vec();
    request.resize(20_000, b'x');
    let text = String::from_utf8(bench.fetch(1, 80, &request, usize::MAX)).unwrap();
    assert_eq!(&text[9..12], "431");
}

#[test]
fn when_tcp_octets_go_to_the_echo_port_then_the_same_come_back() {
    let mut bench = Bench::new(1);
    let data: Vec<u8> = (0..200_000u32).map(|index| (index * 7) as u8).collect();
    assert_eq!(bench.fetch(1, 7, &data, data.len()), data);
}

#[test]
fn when_a_terminal_exceeds_its_connections_then_the_surplus_is_reset_and_the_rest_serve() {
    let mut config = Config::new(GATEWAY);
    config.flows_per_terminal = 3;
    let mut bench = Bench::with(config, 2);
    let sockets: Vec<u64> =
        (0..4).map(|_| bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap()).collect();
    let seen = bench.until(|event| matches!(event, Event::Closed { .. }));
    assert!(seen.contains(&Event::Closed { session: 1, socket: sockets[3], reset: true }), "{seen:?}");
    assert_eq!(bench.network.statistics().flows, 3);
    assert!(!bench.fetch(2, 80, b"GET / HTTP/1.0\r\n\r\n", usize::MAX).is_empty());
}

#[test]
fn when_connections_end_then_their_places_are_free_again() {
    let mut config = Config::new(GATEWAY);
    config.flows = 2;
    let mut bench = Bench::with(config, 1);
    for _ in 0..20 {
        assert!(!bench.fetch(1, 80, b"GET / HTTP/1.0\r\n\r\n", usize::MAX).is_empty());
        for _ in 0..20 {
            bench.step();
        }
    }
    assert_eq!(bench.network.statistics().flows, 20);
}

#[test]
fn when_a_connection_is_idle_for_two_minutes_then_it_ends() {
    let mut bench = Bench::new(1);
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap();
    bench.until(|event| matches!(event, Event::Connected { .. }));
    let begun = bench.now;
    let seen = bench.until(|event| matches!(event, Event::Closed { .. }));
    assert_eq!(seen, vec![Event::Closed { session: 1, socket, reset: true }]);
    assert!((120_000_000_000..130_000_000_000).contains(&(bench.now - begun)));
}
