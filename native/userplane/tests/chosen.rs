//! Tunnels whose identifiers the control plane chose: matched exactly, one at a time, and only from known nodes.
mod common;
use common::*;
use freehold_userplane::*;
use std::collections::HashSet;

const CHOSEN: u32 = 11;

/// A session whose uplink comes in a chosen tunnel; `peer` is where its downlink goes.
fn rules(peer: Option<Peer>) -> SessionRules {
    let rule = Rule { action: Action::Forward, ..Rule::default() };
    SessionRules {
        uplink: vec![Rule { id: 1, tunnel: CHOSEN, ..rule.clone() }],
        downlink: vec![Rule { id: 2, ..rule }],
        peer,
        ipv4: Some(UE.parse().unwrap()),
        ..SessionRules::default()
    }
}

fn gnb() -> Option<Peer> {
    Some(Peer { address: GNB.split(':').next().unwrap().parse().unwrap(), teid: 0x77 })
}

fn chosen(peer: Option<Peer>) -> Net {
    let mut net = Net::new();
    assert_eq!(net.upf.open_chosen_tunnel(net.teid, CHOSEN), Ok(CHOSEN));
    net.upf.install(0, net.teid, &rules(peer), false).unwrap();
    net
}

#[test]
fn when_a_tunnel_is_chosen_then_its_packets_pass_and_those_of_other_identifiers_do_not() {
    let mut net = chosen(gnb());
    let inner = udp(UE, SERVER, 1, 2);
    assert_eq!(net.uplink(GNB, &g_pdu(CHOSEN, 7, &inner)).len(), 1);
    for teid in [CHOSEN - 1, CHOSEN + 1, CHOSEN << 8, net.teid] {
        net.uplink(GNB, &g_pdu(teid, 7, &inner));
    }
    assert_eq!((net.count(Count::UnknownTeid), net.count(Count::NoRule)), (3, 1));
    assert_eq!((net.upf.sessions(), net.upf.teids()), (1, vec![net.teid]));
    assert_eq!(net.upf.usage(net.teid).unwrap().uplink_packets, 1);
}

#[test]
fn when_the_node_is_not_known_or_another_then_a_chosen_identifier_opens_nothing() {
    let inner = udp(UE, SERVER, 1, 2);
    let mut net = chosen(None);
    assert!(net.uplink(GNB, &g_pdu(CHOSEN, 7, &inner)).is_empty());
    net.upf.install(0, net.teid, &rules(gnb()), false).unwrap();
    assert!(net.uplink("192.0.2.66:2152", &g_pdu(CHOSEN, 7, &inner)).is_empty());
    assert_eq!(net.count(Count::OuterSource), 2);
    assert_eq!(net.uplink(GNB, &g_pdu(CHOSEN, 7, &inner)).len(), 1);
}

#[test]
fn when_an_identifier_is_open_then_it_is_refused_until_it_is_closed() {
    let mut net = chosen(gnb());
    let other = net.upf.open().unwrap();
    for taken in [CHOSEN, net.teid, other, 0] {
        assert_eq!(net.upf.open_chosen_tunnel(other, taken), Err(Refused::TunnelInUse));
    }
    net.upf.close(net.teid).unwrap();
    net.uplink(GNB, &g_pdu(CHOSEN, 7, &udp(UE, SERVER, 1, 2)));
    assert_eq!((net.count(Count::UnknownTeid), net.count(Count::Uplink)), (1, 0));
    assert_eq!(net.upf.open_chosen_tunnel(other, CHOSEN), Ok(CHOSEN));
    assert_eq!(net.upf.sessions(), 1);
}

#[test]
fn when_rules_do_not_name_a_chosen_tunnel_any_more_then_it_is_closed() {
    let mut net = chosen(gnb());
    let mut without = rules(gnb());
    without.uplink.clear();
    net.upf.install(0, net.teid, &without, false).unwrap();
    assert_eq!(net.upf.open_chosen_tunnel(net.teid, CHOSEN), Ok(CHOSEN));
    assert_eq!(net.upf.install(0, net.teid, &rules(gnb()), false), Ok(()));
    assert_eq!(net.uplink(GNB, &g_pdu(CHOSEN, 7, &udp(UE, SERVER, 1, 2))).len(), 1);
}

#[test]
fn when_identifiers_are_chosen_then_ours_never_equal_one_of_them() {
    // A table of two bits of slots leaves few generations apart: the same seed would meet a chosen one again.
    let mut first = Upf::new(&Settings { capacity: 4, ..Settings::new("192.0.2.1".parse().unwrap(), [3; 16]) });
    let session = first.open().unwrap();
    let expected = first.open().unwrap();
    let mut second = Upf::new(&Settings { capacity: 4, ..Settings::new("192.0.2.1".parse().unwrap(), [3; 16]) });
    assert_eq!(second.open(), Ok(session));
    assert_eq!(second.open_chosen_tunnel(session, expected), Ok(expected));
    let open: HashSet<u32> = (0..2).map(|_| second.open().unwrap()).collect();
    assert_eq!(open.len(), 2);
    assert!(!open.contains(&expected) && !open.contains(&session));
    assert_eq!(second.open(), Err(Refused::Full));
}

#[test]
fn when_every_chosen_identifier_is_known_to_an_attacker_then_it_opens_nothing_from_elsewhere() {
    let mut net = Net::new();
    for number in 1..=5_000_u32 {
        let session = net.upf.open().unwrap();
        net.upf.open_chosen_tunnel(session, number).unwrap();
        let mut one = rules(gnb());
        one.uplink[0].tunnel = number;
        one.ipv4 = Some(std::net::Ipv4Addr::from_bits(0x0a2d_1000 + number));
        one.peer = Some(Peer { teid: number, ..gnb().unwrap() });
        net.upf.install(0, session, &one, false).unwrap();
    }
    for number in 1..=5_000_u32 {
        let source = std::net::Ipv4Addr::from_bits(0x0a2d_1000 + number).to_string();
        net.uplink("203.0.113.66:2152", &g_pdu(number, 7, &udp(&source, SERVER, 1, 2)));
    }
    assert_eq!((net.count(Count::OuterSource), net.count(Count::Uplink)), (5_000, 0));
    let own = g_pdu(1, 7, &udp("10.45.16.1", SERVER, 1, 2));
    assert_eq!(net.uplink(GNB, &own).len(), 1);
}
