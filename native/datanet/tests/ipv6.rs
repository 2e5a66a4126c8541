//! IPv6 of terminals and of the data network: autoconfiguration, ping, UDP, TCP, names, fragments.
mod common;
use common::{GATEWAY, LEG_NS, g_pdu, gnb, terminal, upf};
use freehold_datanet::{Access, Config, DataNetwork, Datagram, Event, gtpu, icmp, ip};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const GATEWAY_6: Ipv6Addr = Ipv6Addr::new(0xfd45, 0, 0, 0, 0, 0, 0, 1);
const PREFIX: u64 = 0xfd45_0000_0000_0007;
const IDENTIFIER: u64 = 0xabcd_0000_0000_0042;
const TEID: u32 = 0x1001;

fn own() -> Ipv6Addr {
    Ipv6Addr::from(u128::from(PREFIX) << 64 | u128::from(IDENTIFIER))
}

fn local() -> Ipv6Addr {
    Ipv6Addr::from(0xfe80_u128 << 112 | u128::from(IDENTIFIER))
}

/// A router advertisement with one prefix option, as [`icmp::advertised`] reads it.
fn advertisement(source: Ipv6Addr, hops: u8, flags: u8, valid: u32) -> Vec<u8> {
    let mut packet = ip::packet(source, "ff02::1".parse::<Ipv6Addr>().unwrap(), ip::ICMP_6, 56).unwrap();
    packet[7] = hops;
    let message = &mut packet[40..];
    message[..8].copy_from_slice(&[134, 0, 0, 0, 64, 0, 0xff, 0xff]);
    message[16..20].copy_from_slice(&[3, 4, 64, flags]);
    message[20..24].copy_from_slice(&valid.to_be_bytes());
    message[32..40].copy_from_slice(&PREFIX.to_be_bytes());
    message[48..50].copy_from_slice(&[5, 1]);
    message[52..56].copy_from_slice(&1300_u32.to_be_bytes());
    icmp::seal(source.into(), "ff02::1".parse().unwrap(), &mut packet[40..]);
    packet
}

fn router() -> Ipv6Addr {
    "fe80::1".parse().unwrap()
}

struct Bench {
    access: Access,
    network: DataNetwork,
    now: u64,
    silent: bool,
    from_n3: Vec<Datagram>,
}

impl Bench {
    fn new() -> Bench {
        let mut access = Access::new(gnb());
        access.add_session(1, terminal(1), 1400, TEID, upf(), 0x8000_0001, 9).unwrap();
        access.link(1, IDENTIFIER, 1400);
        let network = DataNetwork::new(Config::at(&[GATEWAY.into(), GATEWAY_6.into()]));
        Bench { access, network, now: 1_000_000_000, silent: false, from_n3: Vec::new() }
    }

    fn configured() -> Bench {
        let mut bench = Bench::new();
        assert_eq!(bench.until(), Event::Configured { session: 1, address: own() });
        bench
    }

    fn downlink(&mut self, packet: &[u8]) {
        self.from_n3.push(Datagram { source: upf(), destination: gnb(), payload: g_pdu(TEID, packet) });
    }

    fn step(&mut self) -> Vec<Event> {
        let mut to_n3 = Vec::new();
        let next = self.access.poll(self.now, &mut self.from_n3, &mut to_n3);
        let mut input = Vec::new();
        for datagram in &to_n3 {
            let Some(gtpu::Message::GPdu { payload, .. }) = gtpu::parse(&datagram.payload) else { panic!() };
            let view = ip::parse(payload).unwrap();
            if view.destination == "ff02::2".parse::<IpAddr>().unwrap() {
                assert_eq!((view.source, view.hops, view.payload[0]), (local().into(), 255, 133));
                if !self.silent {
                    self.downlink(&advertisement(router(), 255, 0x40, u32::MAX));
                }
            } else {
                assert!(payload.len() <= 1400);
                input.push(payload.to_vec());
            }
        }
        let mut output = Vec::new();
        let other = self.network.poll(self.now, &mut input, &mut output);
        output.iter().for_each(|packet| self.downlink(packet));
        let due = [next, other].into_iter().flatten().min();
        let busy = !self.from_n3.is_empty();
        self.now = if busy { self.now + LEG_NS } else { due.unwrap_or(self.now + LEG_NS).max(self.now + 1) };
        self.access.take_events()
    }

    fn until(&mut self) -> Event {
        for _ in 0..10_000 {
            if let Some(event) = self.step().pop() {
                return event;
            }
        }
        panic!("nothing ever happened");
    }
}

#[test]
fn when_a_router_answers_then_the_session_has_an_address_of_its_prefix() {
    let mut bench = Bench::configured();
    bench.access.ping(1, GATEWAY_6, 56, 7).unwrap();
    let source = GATEWAY_6.into();
    assert_eq!(bench.until(), Event::PingReply { session: 1, id: 7, source, size: 56, rtt_ns: LEG_NS });
    bench.access.ping(1, GATEWAY, 56, 8).unwrap();
    assert!(matches!(bench.until(), Event::PingReply { id: 8, .. }), "both versions of one session");
}

#[test]
fn when_no_router_answers_then_three_are_asked_and_it_is_told() {
    let mut bench = Bench::new();
    bench.silent = true;
    assert_eq!(bench.until(), Event::Unconfigured { session: 1 });
    assert_eq!(bench.now / 1_000_000_000, 13, "after twelve seconds");
    assert!(bench.access.ping(1, GATEWAY_6, 56, 7).is_err());
    bench.downlink(&advertisement(router(), 255, 0x40, 1800));
    assert_eq!(bench.until(), Event::Configured { session: 1, address: own() }, "a late router still counts");
}

#[test]
fn when_an_advertisement_is_not_right_then_it_gives_no_address() {
    let mut bench = Bench::new();
    bench.silent = true;
    bench.step();
    let mut damaged = advertisement(router(), 255, 0x40, 1800);
    damaged[60] ^= 1;
    for wrong in [
        damaged,
        advertisement(router(), 64, 0x40, 1800),
        advertisement("2001:db8::1".parse().unwrap(), 255, 0x40, 1800),
        advertisement(router(), 255, 0x80, 1800),
        advertisement(router(), 255, 0x40, 0),
    ] {
        bench.downlink(&wrong);
        assert!(!bench.step().iter().any(|event| matches!(event, Event::Configured { .. })));
    }
}

#[test]
fn when_a_ping_is_longer_than_the_link_then_it_goes_in_pieces_and_comes_back_whole() {
    let mut bench = Bench::configured();
    bench.access.ping(1, GATEWAY_6, 4000, 9).unwrap();
    let Event::PingReply { size, .. } = bench.until() else { panic!() };
    assert_eq!(size, 4000);
}

#[test]
fn when_datagrams_go_to_the_echo_service_then_they_come_back() {
    let mut bench = Bench::configured();
    let socket = bench.access.udp_open(1, 0).unwrap();
    let echo = SocketAddr::new(GATEWAY_6.into(), 7);
    bench.access.send_to(socket, b"hello", echo).unwrap();
    assert_eq!(bench.until(), Event::Readable { session: 1, socket });
    assert_eq!(bench.access.recv_from(socket).unwrap(), Some((echo, b"hello".to_vec())));
}

#[test]
fn when_a_page_is_fetched_over_ipv6_then_the_network_knows_the_terminal() {
    let mut bench = Bench::configured();
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY_6.into(), 80)).unwrap();
    assert_eq!(bench.until(), Event::Connected { session: 1, socket });
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(bench.access.send(socket, request).unwrap(), request.len());
    let mut page = Vec::new();
    for _ in 0..200 {
        bench.step();
        match bench.access.recv(socket, 4096).unwrap() {
            Some(octets) => page.extend(octets),
            None => break,
        }
    }
    let page = String::from_utf8(page).unwrap();
    assert!(page.ends_with(&format!("You are {}.\n", own())), "{page}");
}

#[test]
fn when_a_name_is_asked_for_then_each_version_has_its_address() {
    let mut network = DataNetwork::new(Config::at(&[GATEWAY.into(), GATEWAY_6.into()]));
    for (kind, octets) in [(1_u8, GATEWAY.octets().to_vec()), (28, GATEWAY_6.octets().to_vec())] {
        let query = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x01a\x04test\x00", &[0, kind, 0, 1]].concat();
        let packet = ip::udp((own(), 4000), (GATEWAY_6, 53), &query).unwrap();
        let mut output = Vec::new();
        network.poll(1, &mut vec![packet], &mut output);
        let view = ip::parse(&output[0]).unwrap();
        let (_, _, answer) = ip::parse_udp(&view).unwrap();
        assert!(answer.ends_with(&octets), "{kind}");
    }
}

#[test]
fn when_nothing_listens_or_nothing_is_known_then_the_terminal_is_told_in_icmpv6() {
    let mut network = DataNetwork::new(Config::at(&[GATEWAY.into(), GATEWAY_6.into()]));
    let mut ask = |packet: Vec<u8>| {
        let mut output = Vec::new();
        network.poll(1, &mut vec![packet], &mut output);
        let view = ip::parse(&output[0]).unwrap();
        (icmp::kind(&view).unwrap(), view.payload[0], view.payload[1], view.payload[7])
    };
    let closed = ip::udp((own(), 1), (GATEWAY_6, 9), b"x").unwrap();
    assert_eq!(ask(closed), (icmp::Kind::Error, 1, 4, 0));
    let mut strange = ip::packet(own(), GATEWAY_6, 60, 16).unwrap();
    strange[40] = 132;
    assert_eq!(ask(strange), (icmp::Kind::Error, 4, 1, 40), "the place of the header that is not known");
}

#[test]
fn when_an_echo_comes_with_extension_headers_then_the_reply_has_none() {
    let request = icmp::echo_request(own(), GATEWAY_6, 1, 2, 8).unwrap();
    let mut extended = request[..40].to_vec();
    extended[5] += 8;
    extended[6] = 60;
    extended.extend([ip::ICMP_6, 0, 1, 4, 0, 0, 0, 0]);
    extended.extend(&request[40..]);
    let reply = icmp::echo_reply(&extended, &ip::parse(&extended).unwrap()).unwrap();
    let view = ip::parse(&reply).unwrap();
    assert_eq!((icmp::kind(&view), view.header, view.source), (Some(icmp::Kind::EchoReply), 40, GATEWAY_6.into()));
}

#[test]
fn when_packets_are_damaged_then_nothing_panics() {
    let mut state = 7_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bench = Bench::configured();
    let kinds = [
        advertisement(router(), 255, 0x40, 1800),
        icmp::echo_request(GATEWAY_6, own(), 1, 1, 40).unwrap(),
        ip::udp((GATEWAY_6, 1), (own(), 2), b"some octets").unwrap(),
        ip::packet(GATEWAY_6, own(), 44, 64).unwrap(),
        ip::packet(GATEWAY_6, own(), 0, 64).unwrap(),
    ];
    for turn in 0..20_000 {
        let mut packet = kinds[turn % kinds.len()].clone();
        for _ in 0..1 + random() % 4 {
            let place = (random() % packet.len() as u64) as usize;
            packet[place] = random() as u8;
        }
        packet.truncate(1 + (random() % (packet.len() as u64 + 20)) as usize);
        bench.downlink(&packet);
        bench.step();
        bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
    }
}
