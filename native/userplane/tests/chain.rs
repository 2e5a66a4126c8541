//! Chains of user plane functions: tunnels of N9, uplink classifiers, counters of some rules, copies.
mod common;
use common::*;
use freehold_userplane::*;

const ANCHOR: &str = "192.0.2.2:2152";
const OTHER: &str = "192.0.2.3:2152";

fn end(address: &str, teid: u32) -> Option<Peer> {
    Some(Peer { address: address.split(':').next().unwrap().parse().unwrap(), teid })
}

/// A session between the gNB and an anchor; `core` is its tunnel of N9.
fn between(net: &mut Net) -> (u32, SessionRules) {
    let core = net.upf.open_tunnel(net.teid).unwrap();
    let rule = Rule { action: Action::Forward, ..Rule::default() };
    let rules = SessionRules {
        uplink: vec![Rule { id: 1, peer: end(ANCHOR, 0x900), ..rule.clone() }],
        downlink: vec![Rule { id: 2, tunnel: core, ..rule }],
        peer: end(GNB, 0x77),
        ..SessionRules::default()
    };
    net.upf.install(0, net.teid, &rules, false).unwrap();
    (core, rules)
}

/// A downlink G-PDU with a reflective QoS indicator.
fn down(teid: u32, qfi: u8, inner: &[u8]) -> Vec<u8> {
    let mut datagram = g_pdu(teid, qfi, inner);
    datagram[13] = 0;
    datagram[14] |= 0x40;
    datagram
}

#[test]
fn when_a_session_lies_between_two_tunnels_then_packets_change_tunnels_and_keep_their_containers() {
    let mut net = Net::new();
    let (core, _) = between(&mut net);
    let inner = udp(UE, SERVER, 1, 2);
    let out = net.uplink(GNB, &g_pdu(net.teid, 7, &inner));
    assert_eq!((out[0].octets(), out[0].peer.to_string()), (&g_pdu(0x900, 7, &inner)[..], ANCHOR.to_string()));
    let inner = udp(SERVER, UE, 2, 1);
    let out = net.uplink(ANCHOR, &down(core, 7, &inner));
    assert_eq!((out[0].octets(), out[0].peer.to_string()), (&down(0x77, 7, &inner)[..], GNB.to_string()));
    assert_eq!((net.count(Count::Relayed), net.upf.sessions()), (2, 1));
    let usage = net.upf.usage(net.teid).unwrap();
    assert_eq!((usage.uplink_packets, usage.downlink_packets), (1, 1));
    assert_eq!(net.upf.usage(core), Err(Refused::UnknownSession), "a tunnel is no session");
    assert_eq!(net.upf.teids(), [net.teid]);
}

#[test]
fn when_packets_come_in_from_the_wrong_side_then_they_are_dropped() {
    let mut net = Net::new();
    let (core, _) = between(&mut net);
    assert!(net.uplink(ANCHOR, &g_pdu(net.teid, 7, &udp(UE, SERVER, 1, 2))).is_empty());
    assert!(net.uplink(GNB, &down(core, 7, &udp(SERVER, UE, 2, 1))).is_empty());
    assert_eq!(net.count(Count::OuterSource), 2);
}

#[test]
fn when_extension_headers_come_then_each_is_passed_on_as_its_type_says() {
    let mut net = Net::new();
    let (core, _) = between(&mut net);
    let inner = udp(SERVER, UE, 2, 1);
    let with = |kinds: &[u8]| {
        let mut datagram = vec![0x36, 255, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, kinds[0]];
        datagram[4..8].copy_from_slice(&core.to_be_bytes());
        for next in kinds[1..].iter().chain(&[0]) {
            datagram.extend([1, 0, 5, *next]);
        }
        datagram.extend(&inner);
        let length = datagram.len() as u16 - 8;
        datagram[2..4].copy_from_slice(&length.to_be_bytes());
        datagram
    };
    // Bits 8 and 7: 00 and 10 are passed on, 01 is not, 11 must be understood here (TS 29.281 5.2.1).
    let out = net.uplink(ANCHOR, &with(&[0x20, 0x50, 0x85, 0x9f]));
    let octets = out[0].octets();
    assert_eq!(octets[..12], [0x34, 255, 0, 44, 0, 0, 0, 0x77, 0, 0, 0, 0x20]);
    assert_eq!(octets[12..24], [1, 0, 5, 0x85, 1, 0, 5, 0x9f, 1, 0, 5, 0]);
    assert_eq!(&octets[24..], inner);
    assert_eq!(net.uplink(ANCHOR, &with(&[0x50]))[0].octets()[..4], [0x30, 255, 0, 28]);
    assert_eq!(parse_gtpu(net.uplink(ANCHOR, &with(&[0xc7]))[0].octets()).unwrap().kind, 31);
    let long = vec![0x20; 9];
    assert!(net.uplink(ANCHOR, &with(&long)).is_empty());
    let mut end_point = Net::new();
    let mut strange = with(&[0x9f]);
    strange[4..8].copy_from_slice(&end_point.teid.to_be_bytes());
    assert_eq!(parse_gtpu(end_point.uplink(GNB, &strange)[0].octets()).unwrap().kind, 31, "an endpoint must know it");
}

#[test]
fn when_a_classifier_has_filters_then_uplink_branches_and_both_come_back() {
    let mut net = Net::new();
    let (core, mut rules) = between(&mut net);
    let other = net.upf.open_tunnel(net.teid).unwrap();
    let filter = |address: &str| Filter { remote: Prefix::new(address.parse().unwrap(), 24), ..Filter::default() };
    let forward = Rule { action: Action::Forward, qfi: 9, ..Rule::default() };
    rules.ipv4 = Some(UE.parse().unwrap());
    rules.uplink = vec![
        Rule { filters: vec![filter("198.51.100.0")], peer: end(OTHER, 0xa00), ..forward.clone() },
        Rule { filters: vec![filter("203.0.112.0")], ..forward.clone() },
        Rule { peer: end(ANCHOR, 0x900), ..forward.clone() },
    ];
    let tunnels = [core, other, 0];
    rules.downlink = tunnels.map(|tunnel| Rule { tunnel, ..forward.clone() }).into();
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let mut goes = |to: &str| {
        let out = net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, to, 1, 2)));
        (out[0].port, out[0].peer.to_string())
    };
    assert_eq!(goes("198.51.100.9"), (Port::N3, OTHER.to_string()));
    assert_eq!(goes("203.0.112.9").0, Port::N6(0), "a local data network");
    assert_eq!(goes("192.0.9.9"), (Port::N3, ANCHOR.to_string()));
    let inner = udp(SERVER, UE, 2, 1);
    assert_eq!(net.uplink(ANCHOR, &down(core, 7, &inner))[0].octets()[14], 0x40 | 9, "the rule's QoS flow");
    assert_eq!(net.uplink(OTHER, &down(other, 7, &inner)).len(), 1);
    assert_eq!(net.downlink(&inner).len(), 1);
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE2, SERVER, 1, 2))).is_empty(), "a forged source");
    assert!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, 2152))).is_empty(), "a tunnel in the tunnel");
    net.uplink(OTHER, &error_indication(0xa00, [192, 0, 2, 3]));
    let lost = end(OTHER, 0xa00).unwrap();
    let events = net.upf.take_events();
    assert_eq!(events.last(), Some(&Event::ErrorIndication { teid: net.teid, peer: lost }));
}

#[test]
fn when_rules_name_a_tunnel_no_more_then_it_is_closed_and_a_foreign_one_is_refused() {
    let mut net = Net::new();
    let (core, mut rules) = between(&mut net);
    rules.downlink[0].tunnel = core ^ 1;
    assert_eq!(net.upf.install(0, net.teid, &rules, false), Err(Refused::UnknownTunnel));
    rules.downlink.clear();
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(parse_gtpu(net.uplink(ANCHOR, &down(core, 7, &[]))[0].octets()).unwrap().kind, 26);
    let many: Vec<_> = (0..20).map(|_| net.upf.open_tunnel(net.teid)).collect();
    assert_eq!(many.iter().filter(|one| one.is_ok()).count(), 15);
    net.upf.close(net.teid).unwrap();
    assert!(many.iter().flatten().all(|teid| net.upf.open_tunnel(*teid) == Err(Refused::UnknownSession)));
    assert_eq!(net.upf.sessions(), 0);
}

#[test]
fn when_an_intermediate_terminal_is_idle_then_messages_wait_whole_and_leave_in_order() {
    let mut net = Net::new();
    let (core, rules) = between(&mut net);
    let mut idle = rules.clone();
    idle.peer = None;
    idle.downlink[0].action = Action::Buffer { notify: true };
    net.upf.install(0, net.teid, &idle, false).unwrap();
    for port in [1, 2] {
        assert!(net.uplink(ANCHOR, &down(core, 7, &udp(SERVER, UE, port, 1))).is_empty());
    }
    let mut marker = vec![0x30, 254, 0, 0];
    marker.extend(core.to_be_bytes());
    assert!(net.uplink(ANCHOR, &marker).is_empty());
    net.uplink(ANCHOR, &down(core, 7, &udp(SERVER, UE, 3, 1)));
    assert_eq!(net.upf.take_events(), [Event::DownlinkData { teid: net.teid, rule: 2, qfi: 7, service: 0 }]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let out: Vec<_> = net.poll().iter().map(|packet| packet.octets().to_vec()).collect();
    let expected = |port| down(0x77, 7, &udp(SERVER, UE, port, 1));
    assert_eq!(out, [expected(1), expected(2), vec![0x30, 254, 0, 0, 0, 0, 0, 0x77], expected(3)]);
}

#[test]
fn when_an_end_marker_comes_from_the_anchor_then_it_goes_on_and_one_of_the_gnb_does_not() {
    let mut net = Net::new();
    let (core, mut rules) = between(&mut net);
    let marker = |teid: u32| [&[0x30, 254, 0, 0][..], &teid.to_be_bytes()].concat();
    let out = net.uplink(ANCHOR, &marker(core));
    assert_eq!((out[0].octets(), out[0].peer.to_string()), (&marker(0x77)[..], GNB.to_string()));
    assert!(net.uplink("192.0.2.66:2152", &marker(core)).is_empty(), "a forged one");
    assert!(net.uplink(GNB, &marker(net.teid)).is_empty());
    rules.peer = end(OTHER, 0x78);
    net.upf.install(0, net.teid, &rules, true).unwrap();
    let out = net.poll();
    assert_eq!((out.len(), out[0].octets()), (1, &marker(0x77)[..]), "the old tunnel's");
    net.upf.install(0, net.teid, &rules, true).unwrap();
    assert!(net.poll().is_empty(), "the path did not change");
}

#[test]
fn when_counters_count_some_rules_then_each_has_its_own_quota_and_times() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let dns = Filter { protocol: 17, remote_ports: (53, 53), ..Filter::default() };
    let only = Rule { filters: vec![dns], counters: vec![5, 6], action: Action::Forward, ..Rule::default() };
    rules.uplink[0].counters = vec![6];
    rules.uplink.insert(0, only);
    let quota = Some([u64::MAX, u64::MAX, 56]);
    rules.counters = vec![
        CounterRules { id: 5, quota, ..CounterRules::default() },
        CounterRules { id: 6, report_at: 100, ..CounterRules::default() },
    ];
    net.now = 50;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let send = |net: &mut Net, port| {
        net.now += 1;
        net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, port))).len()
    };
    let passed: usize = (0..4).map(|_| send(&mut net, 53)).sum();
    assert_eq!((passed, net.count(Count::QuotaExhausted)), (2, 2));
    assert_eq!((0..3).map(|_| send(&mut net, 54)).sum::<usize>(), 3, "the other rule is not stopped");
    let [five, six] = net.upf.measured(net.teid).unwrap()[..] else { panic!() };
    assert_eq!((five.id, five.usage.uplink_octets, five.first_ns, five.last_ns), (5, 56, 51, 52));
    assert_eq!((six.id, six.usage.uplink_packets, six.first_ns, six.last_ns), (6, 5, 51, 57));
    assert_eq!(net.upf.take_events(), [Event::Volume { teid: net.teid }]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(net.upf.measured(net.teid).unwrap()[1], six, "counters survive a change");
    assert_eq!(net.upf.take_events(), [Event::Volume { teid: net.teid }], "and are told at once");
}

#[test]
fn when_a_counter_counts_before_enforcement_then_dropped_packets_count_and_drops_are_told() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.downlink[0].rates = vec![(1, 8)];
    rules.downlink[0].counters = vec![1, 2, 3];
    rules.counters = vec![
        CounterRules { id: 1, before_enforcement: true, dropped_at: [3, 0], ..CounterRules::default() },
        CounterRules { id: 2, ..CounterRules::default() },
        CounterRules { id: 3, inactive: true, ..CounterRules::default() },
    ];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let passed: u64 = (0..1000).map(|_| net.downlink(&udp(SERVER, UE, 1, 2)).len() as u64).sum();
    let measured = net.upf.measured(net.teid).unwrap();
    let counted = |place: usize| (measured[place].usage.downlink_packets, measured[place].dropped_packets);
    assert!(passed < 900);
    assert_eq!([counted(0), counted(1), counted(2)], [(1000, 1000 - passed), (passed, 1000 - passed), (0, 0)]);
    assert_eq!(net.upf.take_events(), [Event::Volume { teid: net.teid }]);
}

#[test]
fn when_a_rule_copies_then_the_copy_leaves_beside_the_packet() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.downlink[0].copies = vec![end(OTHER, 0xb0).unwrap()];
    rules.uplink[0].copies = vec![end(OTHER, 0xb1).unwrap(), end(ANCHOR, 0xb2).unwrap()];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let inner = udp(SERVER, UE, 1, 2);
    let out = net.downlink(&inner);
    let mut teids: Vec<_> = out.iter().map(|packet| parse_gtpu(packet.octets()).unwrap().teid).collect();
    teids.sort_unstable();
    assert_eq!(teids, [0x77, 0xb0]);
    let inner = udp(UE, SERVER, 1, 2);
    let mut out = net.uplink(GNB, &g_pdu(net.teid, 9, &inner));
    out.sort_by_key(|packet| packet.octets().len());
    assert_eq!((out[0].port, out[0].octets()), (Port::N6(0), &inner[..]));
    assert_eq!(out[1..].iter().map(|packet| packet.octets().ends_with(&inner)).collect::<Vec<_>>(), [true, true]);
    assert_eq!(out[1].octets()[..12], [0x34, 255, 0, 36, 0, 0, 0, 0xb1, 0, 0, 0, 0x85]);
    assert_eq!(net.count(Count::Copied), 3);
    rules.downlink[0].action = Action::Drop;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let out = net.downlink(&udp(SERVER, UE, 1, 2));
    assert_eq!(out.iter().map(|packet| parse_gtpu(packet.octets()).unwrap().teid).collect::<Vec<_>>(), [0xb0]);
    assert_eq!((net.count(Count::RuleDrop), net.count(Count::Copied)), (1, 4), "copied, and dropped");
    rules.uplink[0].copies = vec![peer(1); 5];
    assert_eq!(net.upf.install(0, net.teid, &rules, false), Err(Refused::TooManyRules));
}

#[test]
fn when_only_some_flows_may_leave_then_the_others_wait_on_and_are_not_told_again() {
    let mut net = Net::new();
    let mut idle = held(UE);
    let dns = Filter { protocol: 17, remote_ports: (53, 53), ..Filter::default() };
    let buffer = Action::Buffer { notify: true };
    idle.downlink = vec![
        Rule { id: 1, filters: vec![dns], action: buffer, qfi: 5, ..Rule::default() },
        Rule { id: 2, action: buffer, qfi: 9, ..Rule::default() },
    ];
    net.upf.install(0, net.teid, &idle, false).unwrap();
    for port in [53, 54, 53, 54] {
        net.downlink(&udp(SERVER, UE, port, 1));
    }
    let told: Vec<_> = net.upf.take_events();
    let event = |rule, qfi| Event::DownlinkData { teid: net.teid, rule, qfi, service: 0 };
    assert_eq!(told, [event(1, 5), event(2, 9)], "each flow's first");
    idle.peer = end(GNB, 0x77);
    idle.downlink[0].action = Action::Forward;
    net.upf.install(0, net.teid, &idle, false).unwrap();
    assert_eq!(net.poll().len(), 2);
    net.downlink(&udp(SERVER, UE, 54, 1));
    assert!(net.upf.take_events().is_empty());
    idle.downlink[1].action = Action::Forward;
    net.upf.install(0, net.teid, &idle, false).unwrap();
    assert_eq!(net.poll().len(), 3);
}

#[test]
fn when_a_session_may_hold_few_then_the_rest_is_dropped() {
    let mut net = Net::new();
    let mut idle = held(UE);
    idle.held_packets = Some(3);
    net.upf.install(0, net.teid, &idle, false).unwrap();
    (0..5).for_each(|_| drop(net.downlink(&udp(SERVER, UE, 1, 1))));
    assert_eq!((net.count(Count::Buffered), net.count(Count::BufferFull)), (3, 2));
}

#[test]
fn when_packets_are_limited_in_a_unit_of_time_then_no_more_pass_in_it() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.uplink[0].packet_rates = vec![(1, 3, 1000)];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let send = |net: &mut Net, now| {
        net.now = now;
        net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, 2))).len()
    };
    let passed: Vec<_> = [5, 6, 900, 901, 1004].map(|now| send(&mut net, now)).into();
    assert_eq!(passed, [1, 1, 1, 0, 0]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!([send(&mut net, 1004), send(&mut net, 1005)], [0, 1], "the unit goes on, and then begins anew");
    rules.uplink[0].packet_rates = vec![(1, 0, 1000)];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(send(&mut net, 9000), 0);
}

/// The share of a rate that passes of one and a half times the rate, once what may come at once has passed.
fn share(rate: u64, direction: Direction, window: Option<u32>) -> f64 {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let rule = if direction == Direction::Uplink { &mut rules.uplink[0] } else { &mut rules.downlink[0] };
    rule.rates = vec![(1, rate)];
    rule.windows = window.map(|window| (1, window)).into_iter().collect();
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let inner = |source, destination| {
        let mut packet = udp(source, destination, 1, 2);
        packet.resize(1400, 0);
        packet[2..4].copy_from_slice(&1400_u16.to_be_bytes());
        packet
    };
    let up = g_pdu(net.teid, 9, &inner(UE, SERVER));
    let down = inner(SERVER, UE);
    let send = |net: &mut Net, now: f64| {
        net.now = now as u64;
        if direction == Direction::Uplink { net.uplink(GNB, &up).len() } else { net.downlink(&down).len() }
    };
    while send(&mut net, 0.0) == 1 {}
    let gap = 1400.0 * 8.0 * 1e9 / (1.5 * rate as f64);
    let packets = 5_000;
    let passed: usize = (1..=packets).map(|turn| send(&mut net, f64::from(turn) * gap)).sum();
    passed as f64 * 1400.0 * 8.0 / (rate as f64 * f64::from(packets) * gap / 1e9)
}

#[test]
fn when_more_than_the_rate_comes_then_the_rate_passes_within_two_percent() {
    for direction in [Direction::Uplink, Direction::Downlink] {
        for rate in [64_000, 1_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 40_000_000_000] {
            for window in [None, Some(50)] {
                let share = share(rate, direction, window);
                assert!((0.98..=1.02).contains(&share), "{direction:?}, {rate} bit/s, {window:?}: {share}");
            }
        }
    }
}

#[test]
fn when_a_window_is_given_then_so_much_of_the_rate_comes_at_once() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.downlink[0].rates = vec![(1, 28 * 8 * 1000)]; // a thousand packets a second
    for (window, expected) in [(2000, 1999..=2000), (5000, 2998..=3001)] {
        rules.downlink[0].windows = vec![(1, window)];
        net.upf.install(0, net.teid, &rules, false).unwrap();
        let passed = (0..9000).filter(|_| net.downlink(&udp(SERVER, UE, 1, 2)).len() == 1).count();
        assert!(expected.contains(&passed), "{window} ms: {passed}");
    }
}
