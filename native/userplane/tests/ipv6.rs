//! IPv6 inside the tunnels: the terminals' router, what stays on a link, what is too long, and filters.
mod common;
use common::*;
use freehold_userplane::*;
use std::net::Ipv6Addr;

const PREFIX: u64 = 0x2001_0db8_0000_0005;
const LINK_LOCAL: &str = "fe80::9";
const REMOTE: &str = "2001:db8:ffff::1";

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn dual(net: &Net) -> SessionRules {
    let mut rules = rules(UE, 0x77);
    rules.ipv6 = Some(PREFIX);
    assert_ne!(net.teid, 0);
    rules
}

/// A network with one IPv4v6 session, whose first advertisement has left.
fn net() -> Net {
    let mut net = Net::new();
    let rules = dual(&net);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    net.poll();
    net
}

fn packet(next: u8, hops: u8, source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, hops]);
    packet.extend(address(source).octets());
    packet.extend(address(destination).octets());
    packet.extend(payload);
    packet
}

fn icmp(hops: u8, source: &str, destination: &str, message: &[u8]) -> Vec<u8> {
    let mut packet = packet(58, hops, source, destination, message);
    let mut sum: u32 = 58 + message.len() as u32;
    for pair in packet[8..].chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    packet[42..44].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    packet
}

fn solicitation(source: &str) -> Vec<u8> {
    icmp(255, source, "ff02::2", &[133, 0, 0, 0, 0, 0, 0, 0])
}

/// The type, source, destination and message of an ICMPv6 packet in a downlink tunnel.
fn told(out: &[Packet]) -> (u8, Ipv6Addr, Ipv6Addr, Vec<u8>) {
    assert_eq!((out.len(), out[0].port, out[0].peer.to_string().as_str()), (1, Port::N3, GNB));
    let header = parse_gtpu(out[0].octets()).unwrap();
    assert_eq!((header.teid, header.qfi), (0x77, 9));
    let inner = &out[0].octets()[header.offset..header.end];
    let at = |place: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&inner[place..place + 16]).unwrap());
    (inner[40], at(8), at(24), inner[40..].to_vec())
}

#[test]
fn when_a_session_gets_its_tunnel_then_its_prefix_is_advertised_and_only_then() {
    let mut net = Net::new();
    let mut rules = dual(&net);
    rules.peer = None;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty());
    let rules = dual(&net);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let (kind, source, destination, message) = told(&net.poll());
    assert_eq!((kind, source, destination), (134, address("fe80::1"), address("ff02::1")));
    assert_eq!(message[6..8], [0xff, 0xff], "the router's lifetime");
    assert_eq!(message[16..20], [3, 4, 64, 0x40], "autonomous, and nobody else on the link");
    assert_eq!(message[32..40], PREFIX.to_be_bytes());
    assert_eq!(message[48..], [5, 1, 0, 0, 0, 0, 5, 0x78]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty(), "nothing changed");
    assert_eq!(net.upf.usage(net.teid).unwrap().downlink_packets, 0, "the router's packets are nobody's traffic");
}

#[test]
fn when_the_mtu_of_the_links_changes_then_terminals_hear_of_it_once_and_packets_meet_it() {
    let mut net = net();
    net.poll();
    net.upf.set_mtu(0, 1300);
    let mut out = Vec::new();
    for second in 1..5_u64 {
        net.upf.poll(second * 1_000_000_000, &mut Vec::new(), &mut out);
    }
    let (kind, _, destination, message) = told(&out);
    assert_eq!((kind, destination), (134, address("ff02::1")));
    assert_eq!(message[48..], [5, 1, 0, 0, 0, 0, 5, 0x14]);
}

#[test]
fn when_a_terminal_asks_for_routers_then_it_is_answered_alone() {
    let mut net = net();
    let (kind, _, destination, _) = told(&net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation(LINK_LOCAL))));
    assert_eq!((kind, destination), (134, address(LINK_LOCAL)));
    let (kind, _, destination, _) = told(&net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation("::"))));
    assert_eq!((kind, destination), (134, address("ff02::1")));
    assert_eq!(net.count(Count::Solicitation), 2);
    assert_eq!(net.upf.usage(net.teid).unwrap().uplink_packets, 0);
}

#[test]
fn when_a_solicitation_is_not_right_then_nobody_answers() {
    let mut net = net();
    let mut damaged = solicitation(LINK_LOCAL);
    damaged[43] ^= 1;
    let forwarded = icmp(64, LINK_LOCAL, "ff02::2", &[133, 0, 0, 0, 0, 0, 0, 0]);
    for wrong in [damaged, forwarded, solicitation("2001:db8:0:6::1"), solicitation("fe80::1")] {
        assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &wrong)).is_empty());
    }
    assert_eq!((net.count(Count::LinkLocal), net.count(Count::InnerSource)), (2, 2));
    let mut plain = Net::new();
    assert!(plain.uplink(GNB, &g_pdu(plain.teid, 9, &solicitation(LINK_LOCAL))).is_empty(), "a session of IPv4 alone");
}

#[test]
fn when_solicitations_flood_then_they_are_answered_so_often_only() {
    let mut net = net();
    let datagram = g_pdu(net.teid, 9, &solicitation(LINK_LOCAL));
    let other = net.upf.open().unwrap();
    let mut second = common::rules(UE2, 0x88);
    second.ipv6 = Some(PREFIX + 1);
    net.upf.install(0, other, &second, false).unwrap();
    net.poll();
    let answered: usize = (0..20_000).map(|_| net.uplink(GNB, &datagram).len()).sum();
    assert!((1..=21).contains(&answered), "{answered}");
    assert_eq!(net.uplink(GNB, &g_pdu(other, 9, &solicitation(LINK_LOCAL))).len(), 1, "another terminal is not denied");
}

#[test]
fn when_a_terminal_looks_for_its_router_then_it_is_there_and_nobody_else_is() {
    let mut net = net();
    let ask = |source: &str, target: &str| {
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(address(target).octets());
        icmp(255, source, "ff02::1:ff00:1", &message)
    };
    let (kind, source, destination, message) = told(&net.uplink(GNB, &g_pdu(net.teid, 9, &ask(LINK_LOCAL, "fe80::1"))));
    assert_eq!((kind, source, destination), (136, address("fe80::1"), address(LINK_LOCAL)));
    assert_eq!((message[4], &message[8..24]), (0xc0, &address("fe80::1").octets()[..]));
    let (_, _, destination, message) = told(&net.uplink(GNB, &g_pdu(net.teid, 9, &ask("::", "fe80::1"))));
    assert_eq!((destination, message[4]), (address("ff02::1"), 0x80), "the address is taken");
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &ask("::", LINK_LOCAL))).is_empty());
}

#[test]
fn when_a_packet_is_for_the_link_then_it_never_leaves_it() {
    let mut net = net();
    for (source, destination) in [
        (LINK_LOCAL, "ff02::16"),
        ("2001:db8:0:5::9", "fe80::77"),
        ("2001:db8:0:5::9", "ff02::fb"),
        (LINK_LOCAL, REMOTE),
        ("::", REMOTE),
        ("::ffff:10.45.0.2", REMOTE),
        ("2001:db8:0:5::9", "::ffff:10.45.0.3"),
    ] {
        assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6(source, destination))).is_empty(), "{source} {destination}");
    }
    assert_eq!(net.count(Count::LinkLocal) + net.count(Count::InnerSource) + net.count(Count::InnerMalformed), 7);
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", REMOTE))).len(), 1);
}

#[test]
fn when_a_downlink_packet_is_too_long_then_its_sender_is_told_the_mtu() {
    let mut net = net();
    let long = packet(17, 64, REMOTE, "2001:db8:0:5::9", &[7; 1361]);
    let out = net.downlink(&long);
    assert_eq!((out.len(), out[0].port), (1, Port::N6(0)));
    let answer = out[0].octets();
    assert_eq!((answer[40], answer.len()), (2, 1280));
    assert_eq!(answer[44..48], 1400_u32.to_be_bytes());
    assert_eq!(
        (&answer[8..24], &answer[24..40]),
        (&address("2001:db8::1").octets()[..], &address(REMOTE).octets()[..])
    );
    assert_eq!(answer[48..100], long[..52]);
    assert_eq!(net.count(Count::TooBig), 1);
    assert_eq!(net.downlink(&packet(17, 64, REMOTE, "2001:db8:0:5::9", &[7; 1360])).len(), 1, "it just fits");
    let error = icmp(64, REMOTE, "2001:db8:0:5::9", &[[1, 0, 0, 0].as_slice(), &[0; 1400]].concat());
    assert!(net.downlink(&error).is_empty(), "never about an error");
    let answered: usize = (0..1000).map(|_| net.downlink(&long).len()).sum();
    assert!(answered < 50, "{answered}");
}

#[test]
fn when_a_long_ipv4_packet_may_not_be_cut_then_its_sender_is_told() {
    let mut net = Net::new();
    let mut long = udp(SERVER, UE, 1, 2);
    long.resize(1401, 0);
    long[2..4].copy_from_slice(&1401_u16.to_be_bytes());
    assert_eq!(net.downlink(&long)[0].port, Port::N3, "it may be cut on its way");
    long[6] = 0x40;
    let out = net.downlink(&long);
    let answer = out[0].octets();
    assert_eq!((out[0].port, answer[9], answer[20], answer[21]), (Port::N6(0), 1, 3, 4));
    assert_eq!(answer[26..28], 1400_u16.to_be_bytes());
    assert_eq!((&answer[12..16], &answer[28..56]), (&[10, 45, 0, 1][..], &long[..28]));
}

#[test]
fn when_time_passes_then_connected_terminals_hear_of_their_router_again() {
    let mut net = net();
    let told = |net: &mut Net, hours: u64| {
        (0..hours * 60)
            .map(|_| {
                net.now += 60_000_000_000;
                net.poll().len()
            })
            .sum::<usize>()
    };
    net.now = 1_000_000_000;
    net.poll();
    let many = told(&mut net, 18);
    assert!(many >= 2, "{many} before the lifetime of 18 hours ends");
    let mut rules = dual(&net);
    rules.peer = None;
    net.upf.install(net.now, net.teid, &rules, false).unwrap();
    assert_eq!(told(&mut net, 18), 0, "an idle terminal is left alone");
}

#[test]
fn when_filters_are_of_ipv6_then_ports_behind_extension_headers_count() {
    let mut net = Net::new();
    let mut rules = dual(&net);
    let web = Filter {
        protocol: 17,
        remote: Prefix::new(REMOTE.parse().unwrap(), 64),
        remote_ports: (7, 7),
        service: (0xb8, 0xfc),
        ..Filter::default()
    };
    rules.downlink.insert(0, Rule { filters: vec![web], action: Action::Forward, qfi: 5, ..Rule::default() });
    net.upf.install(0, net.teid, &rules, false).unwrap();
    net.poll();
    let extended = |class: u8| {
        let mut payload = vec![60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0];
        payload.extend([0, 7, 0, 9, 0, 8, 0, 0]);
        let mut packet = packet(0, 64, REMOTE, "2001:db8:0:5::9", &payload);
        (packet[0], packet[1]) = (0x60 | class >> 4, class << 4);
        packet
    };
    let mut qfi = |packet: &[u8]| parse_gtpu(net.downlink(packet)[0].octets()).unwrap().qfi;
    assert_eq!((qfi(&extended(0xb8)), qfi(&extended(0xb9)), qfi(&extended(0x28))), (5, 5, 9));
    assert_eq!(qfi(&udp6("2001:db8:fffe::1", "2001:db8:0:5::9")), 9);
}

#[test]
fn when_a_shorter_prefix_is_delegated_then_every_address_of_it_is_the_session() {
    let mut net = Net::new();
    let mut rules = dual(&net);
    rules.ipv6 = Some(0x2001_0db8_0000_0010);
    rules.framed = vec![Prefix::new("2001:db8:0:10::".parse().unwrap(), 60)];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    net.poll();
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:1f::1", REMOTE))).len(), 1);
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:20::1", REMOTE))).is_empty());
    assert_eq!(net.downlink(&udp6(REMOTE, "2001:db8:0:1a::5")).len(), 1);
}

#[test]
fn when_terminals_of_ipv6_talk_then_the_policy_decides() {
    let mut net = Net::with(LocalSwitch::Switch);
    let rules = dual(&net);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let other = net.upf.open().unwrap();
    let mut second = common::rules(UE2, 0x88);
    second.ipv6 = Some(PREFIX + 1);
    net.upf.install(0, other, &second, false).unwrap();
    net.poll();
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", "2001:db8:0:6::9")));
    assert_eq!((out[0].port, parse_gtpu(out[0].octets()).unwrap().teid), (Port::N3, 0x88));
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", "2001:db8::1")));
    assert_eq!(out[0].port, Port::N6(0), "the gateway is no terminal");
}

#[test]
fn when_the_access_network_is_of_ipv6_then_tunnels_and_answers_are_too() {
    let mut settings = settings();
    settings.second = Some("2001:db8:3::1".parse().unwrap());
    let mut net = Net::new();
    net.upf = Upf::new(&settings);
    net.upf.add_instance(&Instance { pools: pools(), ..Instance::default() }).unwrap();
    net.teid = net.upf.open().unwrap();
    let mut rules = dual(&net);
    rules.peer = Some(Peer { address: "2001:db8:3::10".parse().unwrap(), teid: 0x77 });
    rules.downlink[0].service = 0xb8;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    net.poll();
    let peer = "[2001:db8:3::10]:2152";
    assert_eq!(net.uplink(peer, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, 2))).len(), 1);
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, 2))).is_empty());
    let out = net.downlink(&udp(SERVER, UE, 1, 2));
    assert_eq!((out[0].peer.to_string().as_str(), out[0].service), (peer, 0xb8));
    for (peer, own) in [(peer, &address("2001:db8:3::1").octets()[..]), (GNB, &[192, 0, 2, 1][..])] {
        let out = net.uplink(peer, &g_pdu(net.teid ^ 1, 9, &[]));
        assert_eq!(&out[0].octets()[24..24 + own.len()], own);
    }
    let mut indication = vec![0x32, 26, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0x77, 133, 0, 16];
    indication.extend(address("2001:db8:3::10").octets());
    net.upf.take_events();
    net.uplink(peer, &indication);
    assert_eq!(net.upf.take_events(), [Event::ErrorIndication { teid: net.teid, peer: rules.peer.unwrap() }]);
}

#[test]
fn when_rules_of_a_session_count_for_themselves_then_its_link_has_a_router_all_the_same() {
    let mut net = Net::new();
    let mut rules = dual(&net);
    rules.counters = vec![CounterRules { id: 1, ..CounterRules::default() }];
    rules.uplink[0].counters = vec![1];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(told(&net.poll()).0, 134);
    assert_eq!(told(&net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation(LINK_LOCAL)))).0, 134);
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6(LINK_LOCAL, "ff02::16"))).is_empty(), "it stays on the link");
    assert_eq!(net.upf.measured(net.teid).unwrap()[0].usage, Usage::default());
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", REMOTE))).len(), 1);
}

#[test]
fn when_the_anchor_is_beyond_n9_then_its_router_is_asked_and_answers_through_the_tunnels() {
    let mut net = Net::new();
    let core = net.upf.open_tunnel(net.teid).unwrap();
    let anchor = Peer { address: "192.0.2.2".parse().unwrap(), teid: 0x900 };
    let mut rules = dual(&net);
    rules.uplink[0].peer = Some(anchor);
    (rules.downlink[0].tunnel, rules.downlink[0].qfi) = (core, 0);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty(), "the link's router is not here");
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation(LINK_LOCAL)));
    assert_eq!((out.len(), out[0].peer.to_string().as_str()), (1, "192.0.2.2:2152"));
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation("2001:db8:0:6::1"))).is_empty());
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp6(LINK_LOCAL, REMOTE))).is_empty());
    assert_eq!((net.count(Count::InnerSource), net.count(Count::Solicitation)), (2, 0));
    let mut answer =
        g_pdu(core, 9, &icmp(255, "fe80::1", "ff02::1", &[134, 0, 0, 0, 64, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]));
    answer[13] = 0;
    assert_eq!(told(&net.uplink("192.0.2.2:2152", &answer)).0, 134);
}

#[test]
fn when_the_smf_is_the_router_then_it_alone_is_asked_and_its_advertisements_pass() {
    // TS 29.244 5.3: a rule for solicitations leads to the SMF, another one from it
    let mut net = Net::new();
    let own = net.upf.open_tunnel(net.teid).unwrap();
    let mut rules = dual(&net);
    let all_routers =
        Filter { protocol: 58, remote: Prefix::new("ff02::2".parse().unwrap(), 128), ..Filter::default() };
    let smf = Peer { address: "192.0.2.9".parse().unwrap(), teid: 0x99 };
    let asks = Rule { filters: vec![all_routers], peer: Some(smf), ..rules.uplink[0].clone() };
    rules.uplink.insert(0, asks);
    rules.downlink.push(Rule { tunnel: own, ..rules.downlink[0].clone() });
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty(), "nobody advertises here");
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation(LINK_LOCAL)));
    assert_eq!((out.len(), out[0].peer.to_string().as_str()), (1, "192.0.2.9:2152"));
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation("2001:db8:0:6::1"))).is_empty(), "a forged source");
    let mut answer =
        g_pdu(own, 9, &icmp(255, "fe80::7", "ff02::1", &[134, 0, 0, 0, 64, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]));
    answer[13] = 0;
    assert_eq!(told(&net.uplink("192.0.2.9:2152", &answer)).1, address("fe80::7"));
    assert!(net.uplink("192.0.2.66:2152", &answer).is_empty(), "not the SMF");
    let data = net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", REMOTE)));
    assert_eq!((data.len(), data[0].port), (1, Port::N6(0)));
    assert_eq!(net.downlink(&udp6(REMOTE, "2001:db8:0:5::9")).len(), 1);
    assert_eq!(net.count(Count::Solicitation), 0);
}

#[test]
fn when_a_rule_expects_a_handover_s_target_then_the_router_stays_in_the_session_s_tunnel() {
    let mut net = net();
    let mut rules = dual(&net);
    let target = Peer { address: "192.0.2.20".parse().unwrap(), teid: 0x55 };
    rules.downlink.push(Rule { peer: Some(target), ..Rule::default() });
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty(), "the tunnel is the same");
    assert_eq!(told(&net.uplink(GNB, &g_pdu(net.teid, 9, &solicitation(LINK_LOCAL)))).0, 134);
    assert_eq!(net.uplink("192.0.2.20:2152", &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::9", REMOTE))).len(), 1);
    assert_eq!(net.downlink(&udp6(REMOTE, "2001:db8:0:5::9"))[0].peer.to_string(), GNB);
}

#[test]
fn when_a_packet_of_another_terminal_is_too_long_then_that_terminal_is_told() {
    let mut net = Net::with(LocalSwitch::Switch);
    let rules = dual(&net);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let other = net.upf.open().unwrap();
    let mut second = common::rules(UE2, 0x88);
    second.ipv6 = Some(PREFIX + 1);
    net.upf.install(0, other, &second, false).unwrap();
    net.poll();
    let long = packet(17, 64, "2001:db8:0:5::9", "2001:db8:0:6::9", &[7; 1361]);
    let (kind, source, destination, message) = told(&net.uplink(GNB, &g_pdu(net.teid, 9, &long)));
    assert_eq!((kind, source, destination), (2, address("2001:db8::1"), address("2001:db8:0:5::9")));
    assert_eq!(message[4..8], 1400_u32.to_be_bytes());
    assert_eq!(net.count(Count::TooBig), 1);
}
