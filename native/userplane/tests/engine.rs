//! The engine from outside: packets in, packets out, and what is counted and told.
mod common;
use common::*;
use freehold_userplane::*;

#[test]
fn when_an_uplink_packet_is_right_then_its_inner_packet_leaves_to_n6() {
    let mut net = Net::new();
    let out = net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 5000, 53)));
    assert_eq!((out[0].port, out[0].octets()), (Port::N6(0), &udp(UE, SERVER, 5000, 53)[..]));
    assert_eq!(net.upf.usage(net.teid).unwrap().uplink_packets, 1);
    assert_eq!(net.count(Count::Uplink), 1);
}

#[test]
fn when_a_downlink_packet_is_right_then_it_leaves_in_the_session_tunnel() {
    let mut net = Net::new();
    let inner = udp(SERVER, UE, 53, 5000);
    let out = net.downlink(&inner);
    let mut expected = vec![0x34, 255, 0, inner.len() as u8 + 8, 0, 0, 0, 0x77, 0, 0, 0, 0x85, 1, 0, 9, 0];
    expected.extend(&inner);
    assert_eq!(out[0].octets(), expected);
    assert_eq!((out[0].port, out[0].peer.to_string()), (Port::N3, "192.0.2.10:2152".to_string()));
}

#[test]
fn when_the_datagram_or_the_inner_packet_is_padded_then_the_padding_is_cut() {
    let mut net = Net::new();
    let mut datagram = g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2));
    datagram.extend([0; 9]);
    assert_eq!(net.uplink(GNB, &datagram)[0].octets().len(), 28);
    let mut inner = udp(UE, SERVER, 1, 2);
    inner.extend([0; 9]);
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 1, &inner))[0].octets().len(), 28);
}

#[test]
fn when_the_tunnel_is_unknown_then_an_error_indication_names_it_and_not_too_often() {
    let mut net = Net::new();
    let wrong = net.teid ^ 1;
    let out = net.uplink(GNB, &g_pdu(wrong, 1, &udp(UE, SERVER, 1, 2)));
    let header = parse_gtpu(out[0].octets()).unwrap();
    assert_eq!((header.kind, out[0].peer.to_string()), (26, "192.0.2.10:2152".to_string()));
    assert_eq!(out[0].octets()[17..21], wrong.to_be_bytes());
    assert_eq!(out[0].octets()[24..28], [192, 0, 2, 1]);
    let answers: usize = (0..1000).map(|_| net.uplink(GNB, &g_pdu(wrong, 1, &[])).len()).sum();
    assert!(answers < 100, "{answers}");
    net.now += 1_000_000_000;
    assert_eq!(net.uplink(GNB, &g_pdu(wrong, 1, &[])).len(), 1);
}

#[test]
fn when_the_outer_source_is_not_the_session_gnb_then_it_is_dropped_unless_trusted() {
    let mut net = Net::new();
    let datagram = g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2));
    assert!(net.uplink("192.0.2.66:2152", &datagram).is_empty());
    assert_eq!(net.count(Count::OuterSource), 1);
    let source = "192.0.2.66".parse().unwrap();
    assert_eq!(net.upf.take_events(), [Event::ForeignSource { teid: net.teid, source }]);
    (0..100).for_each(|_| drop(net.uplink("192.0.2.66:2152", &datagram)));
    assert_eq!((net.upf.take_events().len(), net.count(Count::OuterSource)), (4, 101), "counted, not told without end");
    assert_eq!(net.uplink("192.0.2.10:40000", &datagram).len(), 1, "any source port");
    assert_eq!(net.uplink("198.51.100.7:2152", &datagram).len(), 1, "a trusted node");
}

#[test]
fn when_the_terminal_forges_its_source_then_it_is_dropped() {
    let mut net = Net::new();
    for source in [UE2, SERVER] {
        assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(source, SERVER, 1, 2))).is_empty());
    }
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp6("2001:db8:1::5", "2001:db8:ffff::1"))).is_empty());
    assert_eq!(net.count(Count::InnerSource), 3);
}

#[test]
fn when_a_terminal_has_an_ipv6_prefix_then_any_address_of_it_works_both_ways() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.ipv6 = Some(0x2001_0db8_0000_0005);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(net.poll().len(), 1, "a router advertisement");
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp6("2001:db8:0:5::9", "2001:db8:ffff::1"))).len(), 1);
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp6("2001:db8:0:6::9", "2001:db8:ffff::1"))).is_empty());
    assert_eq!(net.downlink(&udp6("2001:db8:ffff::1", "2001:db8:0:5::1234")).len(), 1);
    assert!(net.downlink(&udp6("2001:db8:ffff::1", "2001:db8:0:6::1234")).is_empty());
}

#[test]
fn when_a_terminal_sends_to_the_core_or_tunnels_then_it_is_dropped_and_alarmed() {
    let mut net = Net::new();
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, "192.0.2.1", 1, 8805))).is_empty());
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, "203.0.113.5", 1, 38412))).is_empty());
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2152))).is_empty());
    assert_eq!((net.count(Count::ProtectedDestination), net.count(Count::NestedTunnel)), (2, 1));
    assert_eq!(net.upf.take_events(), vec![Event::ProtectedDestination { teid: net.teid }; 3]);
}

#[test]
fn when_terminals_talk_then_the_policy_decides() {
    let ping = |net: &mut Net| net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, UE2, 1, 2)));
    let mut refused = Net::with(LocalSwitch::Refuse);
    assert!(ping(&mut refused).is_empty());
    assert_eq!(refused.count(Count::LocalSwitchRefused), 1);
    let mut routed = Net::with(LocalSwitch::DataNetwork);
    assert_eq!(ping(&mut routed)[0].port, Port::N6(0));
    let mut switched = Net::with(LocalSwitch::Switch);
    let other = switched.upf.open().unwrap();
    switched.upf.install(0, other, &rules(UE2, 0x88), false).unwrap();
    let out = ping(&mut switched);
    assert_eq!((out[0].port, parse_gtpu(out[0].octets()).unwrap().teid), (Port::N3, 0x88));
    assert_eq!(switched.count(Count::LocalSwitch), 1);
    let gateway = switched.uplink(GNB, &g_pdu(switched.teid, 1, &udp(UE, "10.45.0.1", 1, 2)));
    assert_eq!(gateway[0].port, Port::N6(0));
}

#[test]
fn when_the_gate_is_closed_or_the_rule_drops_then_nothing_passes_either_way() {
    for (closed, action, count) in [(true, Action::Forward, Count::GateClosed), (false, Action::Drop, Count::RuleDrop)]
    {
        let mut net = Net::new();
        let mut rules = rules(UE, 0x77);
        for rule in rules.uplink.iter_mut().chain(rules.downlink.iter_mut()) {
            (rule.gate_closed, rule.action) = (closed, action);
        }
        net.upf.install(0, net.teid, &rules, false).unwrap();
        assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2))).is_empty());
        assert!(net.downlink(&udp(SERVER, UE, 1, 2)).is_empty());
        assert_eq!(net.count(count), 2);
    }
}

#[test]
fn when_the_session_exceeds_its_aggregate_rate_then_the_rest_is_dropped_and_not_counted_as_usage() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.uplink[0].rates = vec![(1, 9_000), (2, 8_000)];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let datagram = g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2));
    let passed: usize = (0..10_000).map(|_| net.uplink(GNB, &datagram).len()).sum();
    let usage = net.upf.usage(net.teid).unwrap();
    assert_eq!(usage.uplink_packets, passed as u64);
    assert_eq!(usage.uplink_octets, 28 * passed as u64);
    assert!((500..700).contains(&passed), "{passed}: a burst of 16 kB");
    assert_eq!(net.count(Count::RateExceeded), 10_000 - passed as u64);
    net.upf.install(net.now, net.teid, &rules, false).unwrap();
    assert!(net.uplink(GNB, &datagram).is_empty(), "a new installation does not refill the bucket");
}

#[test]
fn when_flows_have_filters_then_the_first_that_matches_decides() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let dns = Filter { protocol: 17, remote_ports: (53, 53), ..Filter::default() };
    let server = Filter { remote: Prefix::new(SERVER.parse().unwrap(), 32), ..Filter::default() };
    rules.downlink = vec![
        Rule { filters: vec![dns], action: Action::Forward, qfi: 5, ..Rule::default() },
        Rule { filters: vec![server], action: Action::Drop, qfi: 6, ..Rule::default() },
        Rule { action: Action::Forward, qfi: 9, ..Rule::default() },
    ];
    rules.uplink = vec![
        Rule { filters: vec![dns], match_qfi: 5, action: Action::Forward, ..Rule::default() },
        Rule { match_qfi: 9, action: Action::Forward, ..Rule::default() },
    ];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let qfi = |out: Vec<Packet>| out.first().map(|packet| parse_gtpu(packet.octets()).unwrap().qfi);
    assert_eq!(qfi(net.downlink(&udp(SERVER, UE, 53, 1))), Some(5));
    assert_eq!(qfi(net.downlink(&udp(SERVER, UE, 54, 1))), None);
    assert_eq!(qfi(net.downlink(&udp("198.51.100.9", UE, 54, 1))), Some(9));
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 5, &udp(UE, SERVER, 1, 53))).len(), 1);
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 5, &udp(UE, SERVER, 1, 54))).len(), 0);
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 1, 54))).len(), 1);
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 63, &udp(UE, SERVER, 1, 54))).len(), 0);
    assert_eq!(net.count(Count::NoRule), 2);
}

#[test]
fn when_a_flow_has_a_rate_then_only_that_flow_is_policed() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let dns = Filter { remote_ports: (53, 53), ..Filter::default() };
    rules
        .downlink
        .insert(0, Rule { filters: vec![dns], action: Action::Forward, rates: vec![(8, 1)], ..Rule::default() });
    net.upf.install(0, net.teid, &rules, false).unwrap();
    while !net.downlink(&udp(SERVER, UE, 53, 1)).is_empty() {}
    assert_eq!(net.downlink(&udp(SERVER, UE, 54, 1)).len(), 1);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.downlink(&udp(SERVER, UE, 53, 1)).is_empty(), "the bucket survives");
}

#[test]
fn when_rules_share_a_rate_then_together_they_do_not_exceed_it() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let dns = Filter { remote_ports: (53, 53), ..Filter::default() };
    let shared = vec![(1, 8_000)];
    rules.downlink[0].rates = shared.clone();
    rules.downlink.insert(0, Rule { filters: vec![dns], action: Action::Forward, rates: shared, ..Rule::default() });
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let passed: usize =
        (0..2_000).map(|turn| net.downlink(&udp(SERVER, UE, if turn % 2 == 0 { 53 } else { 54 }, 1)).len()).sum();
    assert!((500..700).contains(&passed), "{passed}: one burst of 16 kB, not two");
}

#[test]
fn when_the_volume_was_passed_before_then_it_is_told_at_once() {
    let mut net = Net::new();
    (0..5).for_each(|_| drop(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2)))));
    let mut rules = rules(UE, 0x77);
    rules.report_at = 100;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(net.upf.take_events(), [Event::Volume { teid: net.teid }]);
    (0..5).for_each(|_| drop(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2)))));
    assert_eq!(net.upf.take_events(), []);
}

#[test]
fn when_the_terminal_is_idle_then_packets_are_held_told_once_and_released_in_order() {
    let mut net = Net::new();
    let idle = held(UE);
    net.upf.install(0, net.teid, &idle, false).unwrap();
    for port in 1..=5 {
        assert!(net.downlink(&udp(SERVER, UE, port, 1)).is_empty());
    }
    assert_eq!(net.upf.take_events(), [Event::DownlinkData { teid: net.teid, rule: 0, qfi: 9, service: 0 }]);
    net.upf.install(0, net.teid, &rules(UE, 0x99), false).unwrap();
    let out = net.poll();
    let ports: Vec<u8> = out.iter().map(|packet| packet.octets()[16 + 21]).collect();
    assert_eq!(ports, [1, 2, 3, 4, 5]);
    assert!(out.iter().all(|packet| parse_gtpu(packet.octets()).unwrap().teid == 0x99));
    net.upf.install(0, net.teid, &idle, false).unwrap();
    net.downlink(&udp(SERVER, UE, 6, 1));
    assert_eq!(net.upf.take_events().len(), 1, "told again the next time");
}

#[test]
fn when_paging_fails_or_the_session_ends_then_what_was_held_is_discarded() {
    let mut net = Net::new();
    net.upf.install(0, net.teid, &held(UE), false).unwrap();
    (0..200).for_each(|_| drop(net.downlink(&udp(SERVER, UE, 1, 1))));
    assert_eq!((net.count(Count::Buffered), net.count(Count::BufferFull)), (64, 136));
    net.upf.discard_held(net.teid).unwrap();
    assert_eq!(net.count(Count::BufferDiscarded), 64);
    net.downlink(&udp(SERVER, UE, 1, 1));
    net.upf.close(net.teid).unwrap();
    assert_eq!(net.count(Count::BufferDiscarded), 65);
    assert!(net.poll().is_empty());
}

#[test]
fn when_held_packets_may_be_dropped_now_then_they_are() {
    let mut net = Net::new();
    net.upf.install(0, net.teid, &held(UE), false).unwrap();
    net.downlink(&udp(SERVER, UE, 1, 1));
    let mut rules = held(UE);
    rules.downlink[0].action = Action::Drop;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert!(net.poll().is_empty());
    assert_eq!(net.count(Count::BufferDiscarded), 1);
}

#[test]
fn when_echo_is_requested_then_the_same_sequence_comes_back_to_the_same_port() {
    let mut net = Net::new();
    let out = net.uplink("192.0.2.10:45000", &[0x32, 1, 0, 4, 0, 0, 0, 0, 0xab, 0xcd, 0, 0]);
    assert_eq!(out[0].octets(), [0x32, 2, 0, 6, 0, 0, 0, 0, 0xab, 0xcd, 0, 0, 14, 0]);
    assert_eq!(out[0].peer.to_string(), "192.0.2.10:45000");
}

#[test]
fn when_an_error_indication_names_a_tunnel_of_its_sender_then_it_is_told_otherwise_not() {
    let mut net = Net::new();
    assert!(net.uplink(GNB, &error_indication(0x77, [192, 0, 2, 10])).is_empty());
    assert_eq!(net.upf.take_events(), [Event::ErrorIndication { teid: net.teid, peer: peer(0x77) }]);
    for (sender, teid, address) in [
        ("192.0.2.66:2152", 0x77, [192, 0, 2, 10]),
        ("192.0.2.66:2152", 0x77, [192, 0, 2, 66]),
        (GNB, 0x78, [192, 0, 2, 10]),
    ] {
        assert!(net.uplink(sender, &error_indication(teid, address)).is_empty());
    }
    assert_eq!((net.upf.take_events(), net.count(Count::ErrorIndicationForged)), (vec![], 3));
    assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2))).len(), 1, "the session lives");
}

#[test]
fn when_the_tunnel_moves_then_an_end_marker_goes_to_the_old_one() {
    let mut net = Net::new();
    let mut moved = rules(UE, 0x1234);
    moved.peer = Some(Peer { address: "192.0.2.11".parse().unwrap(), teid: 0x1234 });
    net.upf.install(0, net.teid, &moved, true).unwrap();
    let out = net.poll();
    assert_eq!(out[0].octets(), [0x30, 254, 0, 0, 0, 0, 0, 0x77]);
    assert_eq!(out[0].peer.to_string(), "192.0.2.10:2152");
    assert_eq!(net.downlink(&udp(SERVER, UE, 1, 2))[0].peer.to_string(), "192.0.2.11:2152");
    assert!(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2))).is_empty(), "the old node");
}

#[test]
fn when_an_extension_must_be_understood_then_the_supported_ones_are_told() {
    let mut net = Net::new();
    let mut datagram = vec![0x34, 255, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0xc7, 1, 0, 0, 0];
    datagram[4..8].copy_from_slice(&net.teid.to_be_bytes());
    let out = net.uplink(GNB, &datagram);
    assert_eq!(out[0].octets(), [0x32, 31, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 141, 1, 0x85]);
    assert_eq!(net.count(Count::GtpuExtension), 1);
}

#[test]
fn when_the_volume_passes_its_threshold_then_it_is_told_once() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.report_at = 100;
    net.upf.install(0, net.teid, &rules, false).unwrap();
    (0..20).for_each(|_| drop(net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2)))));
    assert_eq!(net.upf.take_events(), [Event::Volume { teid: net.teid }]);
}

#[test]
fn when_a_quota_is_used_up_then_no_packet_passes_until_a_new_one() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let (up, down) = (g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2)), udp(SERVER, UE, 2, 1));
    rules.quota = Some([u64::MAX, u64::MAX, 100]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let passed: Vec<_> = (0..4).map(|_| (net.uplink(GNB, &up).len(), net.downlink(&down).len())).collect();
    assert_eq!(passed, [(1, 1), (1, 1), (0, 0), (0, 0)], "28 octets each");
    assert_eq!(net.count(Count::QuotaExhausted), 4);
    rules.quota = Some([112, u64::MAX, u64::MAX]);
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let passed: Vec<_> = (0..4).map(|_| (net.uplink(GNB, &up).len(), net.downlink(&down).len())).collect();
    assert_eq!(passed, [(1, 1), (1, 1), (0, 1), (0, 1)], "the uplink quota alone stops uplink alone");
    assert_eq!(net.upf.usage(net.teid).unwrap().uplink_octets, 112, "what is dropped is not usage");
}

#[test]
fn when_rules_are_refused_then_nothing_changes() {
    let mut net = Net::new();
    let other = net.upf.open().unwrap();
    assert_eq!(net.upf.install(0, other, &rules(UE, 1), false), Err(Refused::AddressInUse));
    assert_eq!(net.upf.install(0, other, &rules("192.0.2.77", 1), false), Err(Refused::AddressOutsidePools));
    let mut wrong = rules(UE2, 1);
    wrong.instance = 7;
    assert_eq!(net.upf.install(0, other, &wrong, false), Err(Refused::UnknownInstance));
    assert_eq!(net.upf.install(0, other ^ 1, &rules(UE2, 1), false), Err(Refused::UnknownSession));
    let mut many = rules(UE2, 1);
    many.uplink = vec![Rule::default(); 65];
    assert_eq!(net.upf.install(0, other, &many, false), Err(Refused::TooManyRules));
    assert_eq!(net.downlink(&udp(SERVER, UE, 1, 2)).len(), 1, "the first session is untouched");
    assert!(net.downlink(&udp(SERVER, UE2, 1, 2)).is_empty());
    assert_eq!(net.upf.install(0, net.teid, &rules(UE, 0x77), false), Ok(()), "its own address again");
}

#[test]
fn when_a_session_closes_then_its_tunnel_and_address_are_free_and_its_identifier_dead() {
    let mut net = Net::new();
    net.upf.close(net.teid).unwrap();
    assert_eq!(net.upf.close(net.teid), Err(Refused::UnknownSession));
    assert_eq!(net.upf.sessions(), 0);
    net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, SERVER, 1, 2)));
    assert_eq!(net.count(Count::UnknownTeid), 1);
    let next = net.upf.open().unwrap();
    assert_ne!(next, net.teid);
    assert_eq!(net.upf.install(0, next, &rules(UE, 0x77), false), Ok(()));
}

#[test]
fn when_the_gnb_gives_a_tunnel_to_another_session_then_its_error_indication_is_about_that_one() {
    let mut net = Net::new();
    let other = net.upf.open().unwrap();
    net.upf.install(0, other, &rules(UE2, 0x77), false).unwrap();
    net.upf.install(0, net.teid, &held(UE), false).unwrap();
    net.uplink(GNB, &error_indication(0x77, [192, 0, 2, 10]));
    assert_eq!(net.upf.take_events(), [Event::ErrorIndication { teid: other, peer: peer(0x77) }]);
}

#[test]
fn when_sessions_come_and_go_then_their_slots_are_used_again_but_not_at_once() {
    for capacity in [1, 3, 100_000] {
        let mut settings = settings();
        settings.capacity = capacity;
        let mut upf = Upf::new(&settings);
        let mut last = 0;
        for _ in 0..20_000 {
            let teid = upf.open().unwrap();
            assert_ne!(teid, last);
            upf.close(teid).unwrap();
            last = teid;
        }
        assert_eq!(upf.sessions(), 0);
    }
}

#[test]
fn when_no_session_is_free_then_opening_is_refused_and_the_open_ones_work() {
    let mut settings = settings();
    settings.capacity = 3;
    let mut upf = Upf::new(&settings);
    let teids: Vec<u32> = (0..3).map(|_| upf.open().unwrap()).collect();
    assert_eq!(upf.open(), Err(Refused::Full));
    upf.close(teids[1]).unwrap();
    assert_eq!(upf.open().map(|_| ()), Ok(()));
}

#[test]
fn when_identifiers_are_guessed_then_none_is_accepted_and_they_are_not_sequential() {
    let mut net = Net::new();
    let mut teids = vec![net.teid];
    for number in 2..10_002_u32 {
        let teid = net.upf.open().unwrap();
        let address = std::net::Ipv4Addr::from_bits(0x0a2d_0000 + number + 10).to_string();
        net.upf.install(0, teid, &rules(&address, number), false).unwrap();
        teids.push(teid);
    }
    let mut guess = 0x2545_f491_u32;
    for _ in 0..1_000_000 {
        guess = guess.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        net.uplink("203.0.113.66:2152", &g_pdu(guess, 1, &udp(UE, SERVER, 1, 2)));
    }
    assert_eq!(net.count(Count::Uplink), 0);
    for shift in [0, 8, 16, 24] {
        let mut bins = [0_f64; 256];
        teids.iter().for_each(|teid| bins[(teid >> shift & 0xff) as usize] += 1.0);
        let expected = teids.len() as f64 / 256.0;
        let chi: f64 = bins.iter().map(|seen| (seen - expected).powi(2) / expected).sum();
        assert!(chi < 350.0, "octet at {shift}: chi-square {chi} over 255");
    }
    let steps = teids.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) < 1 << 16).count();
    assert!(steps < 10, "{steps} small steps");
}

#[test]
fn when_octets_are_arbitrary_then_nothing_panics_and_the_session_works_on() {
    let mut net = Net::new();
    let good = [
        g_pdu(net.teid, 1, &udp(UE, SERVER, 5000, 53)),
        g_pdu(net.teid, 1, &udp6("2001:db8:0:5::1", "2001:db8:ffff::1")),
        error_indication(0x77, [192, 0, 2, 10]),
        vec![0x32, 1, 0, 4, 0, 0, 0, 0, 0xab, 0xcd, 0, 0],
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..400_000 {
        let mut octets = good[random() as usize % good.len()].clone();
        for _ in 0..random() % 5 {
            let place = random() as usize % octets.len();
            octets[place] = random() as u8;
        }
        octets.truncate(octets.len() - (random() as usize % 4).pow(2).min(octets.len()));
        net.uplink(GNB, &octets);
        net.downlink(&octets);
        net.downlink(octets.get(16..).unwrap_or(&[]));
    }
    assert_eq!(net.uplink(GNB, &good[0]).len(), 1);
}

#[test]
fn when_a_rule_marks_its_packets_then_container_and_outer_header_carry_the_marks() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    (rules.downlink[0].reflective, rules.downlink[0].service) = (true, 0xb8);
    let dns = Filter { remote_ports: (53, 53), ..Filter::default() };
    for flows in [false, true] {
        if flows {
            rules.downlink.insert(0, Rule { filters: vec![dns], action: Action::Forward, qfi: 5, ..Rule::default() });
        }
        net.upf.install(0, net.teid, &rules, false).unwrap();
        let out = net.downlink(&udp(SERVER, UE, 54, 1));
        assert_eq!((out[0].octets()[13..15].to_vec(), out[0].service), (vec![0, 0x40 | 9], 0xb8));
    }
    let out = net.downlink(&udp(SERVER, UE, 53, 1));
    assert_eq!((out[0].octets()[14], out[0].service), (5, 0));
    net.upf.install(0, net.teid, &held(UE), false).unwrap();
    net.downlink(&udp(SERVER, UE, 54, 1));
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(net.poll()[0].service, 0xb8, "what was held is marked as well");
}

#[test]
fn when_a_filter_names_an_index_or_a_label_then_only_those_packets_match() {
    let ipsec = |protocol: u8, index: u32| {
        let mut packet = udp(SERVER, UE, 0, 0);
        packet[9] = protocol;
        packet[20..28].copy_from_slice(&[0; 8]);
        let at = if protocol == 50 { 20 } else { 24 };
        packet[at..at + 4].copy_from_slice(&index.to_be_bytes());
        packet
    };
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.ipv6 = Some(0x2001_0db8_0000_0005);
    let index = Filter { security_parameter_index: Some(0xdead_beef), ..Filter::default() };
    let label = Filter { flow_label: Some(0x12345), ..Filter::default() };
    rules.downlink[0].filters = vec![index, label];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    assert_eq!(net.poll().len(), 1, "a router advertisement");
    for protocol in [50, 51] {
        assert_eq!(net.downlink(&ipsec(protocol, 0xdead_beef)).len(), 1);
        assert_eq!(net.downlink(&ipsec(protocol, 0xdead_bee0)).len(), 0);
    }
    assert_eq!(net.downlink(&udp(SERVER, UE, 0xdead, 0xbeef)).len(), 0, "ports are no index");
    let mut packet = udp6("2001:db8:ffff::1", "2001:db8:0:5::9");
    assert_eq!(net.downlink(&packet).len(), 0);
    packet[1..4].copy_from_slice(&[0xf1, 0x23, 0x45]);
    assert_eq!(net.downlink(&packet).len(), 1, "the label is the lower twenty bits");
    let mut fragment = ipsec(50, 0xdead_beef);
    fragment[7] = 1;
    assert_eq!(net.downlink(&fragment).len(), 0, "a later fragment has no index");
}

#[test]
fn when_networks_stand_behind_terminals_then_the_longest_prefix_decides_and_sources_are_believed() {
    let mut net = Net::new();
    let other = net.upf.open().unwrap();
    let prefix = |text: &str, length| Prefix::new(text.parse().unwrap(), length);
    let mut one = rules(UE, 0x77);
    one.framed = vec![prefix("192.168.0.0", 16), prefix("2001:db8:9::", 48), prefix("10.45.0.0", 24)];
    let mut two = rules(UE2, 0x88);
    two.framed = vec![prefix("192.168.1.0", 24)];
    net.upf.install(0, net.teid, &one, false).unwrap();
    net.upf.install(0, other, &two, false).unwrap();
    let teid = |out: Vec<Packet>| out.first().map(|packet| parse_gtpu(packet.octets()).unwrap().teid);
    for (to, expected) in [
        ("192.168.2.1", Some(0x77)),
        ("192.168.1.1", Some(0x88)),
        ("192.169.1.1", None),
        ("10.45.0.77", Some(0x77)),
        (UE2, Some(0x88)),
        (UE, Some(0x77)),
    ] {
        assert_eq!(teid(net.downlink(&udp(SERVER, to, 1, 2))), expected, "{to}");
    }
    assert_eq!(teid(net.downlink(&udp6("2001:db8:ffff::1", "2001:db8:9:1::1"))), Some(0x77));
    let passes = |net: &mut Net, from: &str| net.uplink(GNB, &g_pdu(net.teid, 1, &udp(from, SERVER, 1, 2))).len();
    let sources = ["192.168.2.1", "192.168.1.1", "10.45.0.77", UE2, "192.169.1.1"];
    assert_eq!(sources.map(|from| passes(&mut net, from)), [1, 0, 1, 0, 0]);
    assert_eq!(net.count(Count::InnerSource), 3);
    let between = net.uplink(GNB, &g_pdu(net.teid, 1, &udp(UE, "192.168.1.1", 1, 2)));
    assert_eq!((between.len(), net.count(Count::LocalSwitchRefused)), (0, 1), "the policy between terminals holds");
    assert_eq!(net.upf.install(0, other, &one, false), Err(Refused::AddressInUse));
    two.framed = vec![prefix("192.168.0.0", 16)];
    assert_eq!(net.upf.install(0, other, &two, false), Err(Refused::AddressInUse));
    two.framed = vec![prefix("192.168.0.0", 17); 65];
    assert_eq!(net.upf.install(0, other, &two, false), Err(Refused::TooManyRules));
    net.upf.close(other).unwrap();
    assert_eq!(teid(net.downlink(&udp(SERVER, "192.168.1.1", 1, 2))), Some(0x77), "the shorter one is left");
    one.framed.clear();
    net.upf.install(0, net.teid, &one, false).unwrap();
    assert_eq!(net.downlink(&udp(SERVER, "192.168.1.1", 1, 2)).len(), 0);
    assert_eq!(passes(&mut net, "192.168.2.1"), 0);
}
