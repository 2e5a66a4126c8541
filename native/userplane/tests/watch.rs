//! Traces of terminals, and records of flows: what they see, and how much at most.
mod common;
use common::*;
use freehold_userplane::*;

const SECOND: u64 = 1_000_000_000;

fn number(text: &str) -> u128 {
    ip_number(text.parse().unwrap())
}

/// A network with a second session, which nobody looks at.
fn two() -> (Net, u32) {
    let mut net = Net::new();
    let other = net.upf.open().unwrap();
    net.upf.install(0, other, &rules(UE2, 0x88), false).unwrap();
    (net, other)
}

#[test]
fn when_a_terminal_is_traced_then_its_packets_are_seen_on_both_sides_and_nobody_else_s() {
    let (mut net, other) = two();
    net.upf.trace(&[number(UE)], 1500, 1000);
    let (up, down) = (udp(UE, SERVER, 7, 9), udp(SERVER, UE, 9, 7));
    let datagram = g_pdu(net.teid, 9, &up);
    net.uplink(GNB, &datagram);
    net.downlink(&down);
    net.uplink(GNB, &g_pdu(other, 9, &udp(UE2, SERVER, 7, 9)));
    net.downlink(&udp(SERVER, UE2, 9, 7));
    let seen = net.upf.take_traced();
    let sides: Vec<(bool, bool)> = seen.iter().map(|one| (one.at_n3, one.inward)).collect();
    assert_eq!(sides, [(true, true), (false, false), (false, true), (true, false)]);
    assert_eq!((&seen[0].octets, &seen[1].octets, &seen[2].octets), (&datagram, &up, &down));
    assert_eq!((seen[3].peer.to_string().as_str(), seen[3].octets[4..8].to_vec()), (GNB, vec![0, 0, 0, 0x77]));
    assert!(net.upf.take_traced().is_empty());
}

#[test]
fn when_a_traced_terminal_sends_what_is_dropped_then_the_trace_shows_it_come_and_not_leave() {
    let mut net = Net::new();
    net.upf.trace(&[number(UE)], 1500, 1000);
    net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE2, SERVER, 7, 9)));
    assert_eq!(net.upf.take_traced().len(), 1, "a forged source");
}

#[test]
fn when_packets_are_long_or_many_then_a_trace_keeps_so_many_octets_and_packets_only() {
    let mut net = Net::new();
    net.upf.trace(&[number(UE)], 20, 10);
    for _ in 0..50 {
        net.downlink(&udp(SERVER, UE, 9, 7));
    }
    let seen = net.upf.take_traced();
    assert_eq!((seen.len(), seen[0].octets.len(), seen[0].length), (10, 20, 28));
    net.upf.trace(&[number(UE)], 20, u32::MAX);
    let mut free = Net::new();
    free.upf.trace(&[number(UE)], 20, u32::MAX);
    for _ in 0..9000 {
        free.downlink(&udp(SERVER, UE, 9, 7));
    }
    assert_eq!(free.upf.take_traced().len(), 1 << 13, "while nobody fetches them");
    free.upf.trace(&[], 20, 10);
    free.downlink(&udp(SERVER, UE, 9, 7));
    assert!(free.upf.take_traced().is_empty());
}

#[test]
fn when_a_prefix_is_traced_then_every_address_of_it_is() {
    let mut net = Net::new();
    let both = SessionRules { ipv6: Some(0x2001_0db8_0000_0005), ..rules(UE, 0x77) };
    net.upf.install(0, net.teid, &both, false).unwrap();
    net.poll();
    net.upf.trace(&[number("2001:db8:0:5::")], 1500, 1000);
    net.downlink(&udp6("2001:db8:ffff::1", "2001:db8:0:5::99"));
    net.uplink(GNB, &g_pdu(net.teid, 9, &udp6("2001:db8:0:5::42", "2001:db8:ffff::1")));
    assert_eq!(net.upf.take_traced().len(), 4);
}

#[test]
fn when_flows_are_recorded_then_each_direction_has_its_octets_its_packets_and_its_times() {
    let (mut net, _) = two();
    net.upf.record_flows(&[0]);
    for second in 1..=3 {
        net.now = second * SECOND;
        net.uplink(GNB, &g_pdu(net.teid, 9, &udp(UE, SERVER, 7, 9)));
    }
    net.downlink(&udp(SERVER, UE, 9, 7));
    assert!(net.upf.take_flows(4 * SECOND, 15 * SECOND, 60 * SECOND).is_empty());
    let mut told = net.upf.take_flows(18 * SECOND, 15 * SECOND, 60 * SECOND);
    told.sort_by_key(|flow| flow.packets);
    let [down, up] = told[..] else { panic!("{told:?}") };
    assert_eq!((up.octets, up.packets, up.first_ns, up.last_ns), (84, 3, SECOND, 3 * SECOND));
    assert_eq!((up.uplink, up.source, up.destination, up.ports), (true, number(UE), number(SERVER), [7, 9]));
    assert_eq!((up.protocol, up.instance, up.ending), (17, 0, Ending::Idle));
    assert_eq!((down.uplink, down.source, down.destination, down.packets), (false, number(SERVER), number(UE), 1));
    assert!(net.upf.take_flows(99 * SECOND, 15 * SECOND, 60 * SECOND).is_empty(), "told once");
}

#[test]
fn when_a_flow_goes_on_then_it_is_told_in_parts_whose_sum_is_the_whole() {
    let mut net = Net::new();
    net.upf.record_flows(&[0]);
    let mut told = Vec::new();
    for second in 1..=200 {
        net.now = second * SECOND;
        net.downlink(&udp(SERVER, UE, 9, 7));
        told.extend(net.upf.take_flows(net.now, 15 * SECOND, 60 * SECOND));
    }
    assert_eq!(told.iter().map(|flow| flow.packets).collect::<Vec<_>>(), [61, 61, 61]);
    assert!(told.iter().all(|flow| flow.ending == Ending::Active));
    told.extend(net.upf.take_flows(net.now, 0, 0));
    assert_eq!((told[3].ending, told.iter().map(|flow| flow.octets).sum::<u64>()), (Ending::Forced, 200 * 28));
}

#[test]
fn when_there_are_more_flows_than_fit_then_the_rest_is_carried_and_only_counted_as_such() {
    let mut net = Net::new();
    net.upf.record_flows(&[0]);
    for flow in 0..=(1_u32 << 16) + 9 {
        let server = format!("198.51.{}.1", 100 + flow / 60_000);
        assert_eq!(net.downlink(&udp(&server, UE, (flow % 60_000) as u16, 7)).len(), 1);
    }
    assert_eq!(net.upf.uncounted(), 10);
    assert_eq!(net.upf.take_flows(0, 0, 0).len(), 1 << 16);
}

#[test]
fn when_nobody_wants_flows_of_an_instance_then_none_is_counted() {
    let mut net = Net::new();
    net.upf.record_flows(&[5]);
    net.downlink(&udp(SERVER, UE, 9, 7));
    net.upf.record_flows(&[]);
    net.downlink(&udp(SERVER, UE, 9, 7));
    assert!(net.upf.take_flows(0, 0, 0).is_empty());
}
