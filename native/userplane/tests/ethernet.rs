//! Ethernet PDU sessions: addresses learnt, frames filtered, switched and flooded.
mod common;
use common::*;
use freehold_userplane::*;

const HOST: MacAddress = [2, 0, 0, 0, 0, 0x99];
const GROUP: MacAddress = [0xff; 6];

fn station(number: u8) -> MacAddress {
    [2, 0, 0, 0, 0, number]
}

fn frame(destination: MacAddress, source: MacAddress, rest: &[u8]) -> Vec<u8> {
    [&destination[..], &source, rest].concat()
}

const ARP: [u8; 6] = [0x08, 0x06, 0, 1, 8, 0];

struct Lan {
    net: Net,
    other: u32,
}

fn ethernet(teid: u32) -> SessionRules {
    SessionRules { ipv4: None, ethernet: true, ..rules(UE, teid) }
}

fn lan(local_switch: LocalSwitch) -> Lan {
    let mut upf = Upf::new(&settings());
    upf.add_instance(&Instance { local_switch, ethernet: true, ..Instance::default() }).unwrap();
    let (teid, other) = (upf.open().unwrap(), upf.open().unwrap());
    upf.install(0, teid, &ethernet(0x77), false).unwrap();
    upf.install(0, other, &ethernet(0x88), false).unwrap();
    Lan { net: Net { upf, teid, now: 0 }, other }
}

fn tunnels(out: &[Packet]) -> Vec<u32> {
    out.iter()
        .filter(|packet| packet.port == Port::N3)
        .map(|packet| parse_gtpu(packet.octets()).unwrap().teid)
        .collect()
}

#[test]
fn when_a_terminal_sends_a_frame_then_its_address_is_learnt_and_answers_find_it() {
    let Lan { mut net, other } = lan(LocalSwitch::Refuse);
    let up = frame(HOST, station(1), &ARP);
    assert!(net.downlink(&frame(station(1), HOST, &ARP)).is_empty());
    assert_eq!(net.count(Count::UnknownAddress), 1);
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &up));
    assert_eq!((out[0].port, out[0].octets()), (Port::N6(0), &up[..]));
    assert_eq!(net.upf.take_events(), [Event::StationHeard { teid: net.teid, address: station(1) }]);
    let down = frame(station(1), HOST, &ARP);
    let out = net.downlink(&down);
    assert_eq!((tunnels(&out), out[0].octets().ends_with(&down)), (vec![0x77], true));
    assert_eq!(net.upf.usage(net.teid).unwrap().downlink_octets, down.len() as u64);
    net.uplink(GNB, &g_pdu(net.teid, 9, &up));
    assert!(net.upf.take_events().is_empty(), "told once");
    assert!(net.uplink(GNB, &g_pdu(other, 9, &up)).is_empty(), "another's address");
    assert_eq!(net.count(Count::InnerSource), 1);
    net.now += 301_000_000_000;
    assert_eq!(net.uplink(GNB, &g_pdu(other, 9, &up)).len(), 1, "unless it was silent for long");
    assert_eq!(tunnels(&net.downlink(&down)), [0x88]);
}

#[test]
fn when_a_frame_is_for_everybody_then_each_session_gets_one() {
    let Lan { mut net, .. } = lan(LocalSwitch::Switch);
    let mut out = tunnels(&net.downlink(&frame(GROUP, HOST, &ARP)));
    out.sort_unstable();
    assert_eq!((out, net.count(Count::Flooded)), (vec![0x77, 0x88], 1));
    let out = net.uplink(GNB, &g_pdu(net.teid, 9, &frame(GROUP, station(1), &ARP)));
    assert_eq!(tunnels(&out), [0x88], "not back to where it came from");
    assert_eq!(out.iter().filter(|packet| packet.port == Port::N6(0)).count(), 1);
}

#[test]
fn when_terminals_talk_then_the_policy_decides() {
    for (policy, expected) in [
        (LocalSwitch::Switch, Some(Port::N3)),
        (LocalSwitch::Refuse, None),
        (LocalSwitch::DataNetwork, Some(Port::N6(0))),
    ] {
        let Lan { mut net, other } = lan(policy);
        net.uplink(GNB, &g_pdu(other, 9, &frame(HOST, station(2), &ARP)));
        let out = net.uplink(GNB, &g_pdu(net.teid, 9, &frame(station(2), station(1), &ARP)));
        assert_eq!(out.first().map(|packet| packet.port), expected, "{policy:?}");
    }
}

#[test]
fn when_rules_have_frame_filters_then_addresses_types_tags_and_packets_inside_decide() {
    let Lan { mut net, .. } = lan(LocalSwitch::Refuse);
    let dns = Filter { protocol: 17, remote_ports: (53, 53), ..Filter::default() };
    let range = (station(0x90), station(0x9f));
    for (filter, matching, other) in [
        (FrameFilter { destinations: vec![range], ..FrameFilter::default() }, HOST.to_vec(), station(0x80).to_vec()),
        (FrameFilter { kind: Some(0x0806), ..FrameFilter::default() }, vec![], vec![]),
    ] {
        let mut rules = ethernet(0x77);
        rules.uplink[0].frames = vec![filter.clone()];
        net.upf.install(0, net.teid, &rules, false).unwrap();
        let destination = |octets: &[u8]| MacAddress::try_from(octets).unwrap_or(HOST);
        let kind: &[u8] = if filter.kind.is_some() && other.is_empty() { &[0x08, 0x07, 1] } else { &ARP };
        let good = frame(destination(&matching), station(1), &ARP);
        let bad = frame(destination(&other), station(1), kind);
        assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &good)).len(), 1, "{filter:?}");
        assert_eq!(net.uplink(GNB, &g_pdu(net.teid, 9, &bad)).len(), 0, "{filter:?}");
    }
    let mut rules = ethernet(0x77);
    let tagged = FrameFilter { customer_tag: Some((5, 0x0fff)), filters: vec![dns], ..FrameFilter::default() };
    rules.uplink[0].frames = vec![tagged];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let inside = |tag: u8, port: u16| {
        let rest = [&[0x81, 0, 0x20, tag, 0x08, 0][..], &udp(UE, SERVER, 1, port)].concat();
        frame(HOST, station(1), &rest)
    };
    let mut passes = |octets: &[u8]| net.uplink(GNB, &g_pdu(net.teid, 9, octets)).len();
    let found = [inside(5, 53), inside(6, 53), inside(5, 54), frame(HOST, station(1), &ARP)].map(|one| passes(&one));
    assert_eq!(found, [1, 0, 0, 0]);
}

#[test]
fn when_a_terminal_makes_up_addresses_then_only_so_many_are_learnt_and_the_end_of_the_session_forgets_them() {
    let Lan { mut net, .. } = lan(LocalSwitch::Refuse);
    let passed: usize = (0..200_u8)
        .map(|number| net.uplink(GNB, &g_pdu(net.teid, 9, &frame(HOST, [2, 1, 0, 0, 0, number], &ARP))).len())
        .sum();
    assert_eq!((passed, net.upf.take_events().len()), (64, 64));
    assert_eq!(net.downlink(&frame([2, 1, 0, 0, 0, 1], HOST, &ARP)).len(), 1);
    net.upf.close(net.teid).unwrap();
    assert!(net.downlink(&frame([2, 1, 0, 0, 0, 1], HOST, &ARP)).is_empty());
    assert_eq!(tunnels(&net.downlink(&frame(GROUP, HOST, &ARP))), [0x88]);
}

#[test]
fn when_the_terminal_is_idle_then_frames_wait_and_leave_in_order() {
    let Lan { mut net, .. } = lan(LocalSwitch::Refuse);
    net.uplink(GNB, &g_pdu(net.teid, 9, &frame(HOST, station(1), &ARP)));
    net.upf.take_events();
    let mut idle = ethernet(0);
    idle.peer = None;
    idle.downlink[0].action = Action::Buffer { notify: true };
    net.upf.install(0, net.teid, &idle, false).unwrap();
    for number in 1..4 {
        assert!(net.downlink(&frame(station(1), HOST, &[8, 6, number])).is_empty());
    }
    assert_eq!(net.upf.take_events().len(), 1);
    net.upf.install(0, net.teid, &ethernet(0x79), false).unwrap();
    let last: Vec<_> = net.poll().iter().map(|packet| *packet.octets().last().unwrap()).collect();
    assert_eq!(last, [1, 2, 3]);
}

#[test]
fn when_kinds_are_mixed_then_the_session_is_refused() {
    let Lan { mut net, .. } = lan(LocalSwitch::Refuse);
    let mut ip = rules(UE, 0x77);
    assert_eq!(net.upf.install(0, net.teid, &ip, false), Err(Refused::WrongInstance));
    let mut other = Net::new();
    ip.ethernet = true;
    assert_eq!(other.upf.install(0, other.teid, &ip, false), Err(Refused::WrongInstance));
}

#[test]
fn when_frames_are_arbitrary_then_nothing_panics() {
    let Lan { mut net, .. } = lan(LocalSwitch::Switch);
    let good = frame(HOST, station(1), &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0, 0x45, 0, 0, 20]);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for _ in 0..50_000 {
        let mut octets = good.clone();
        for _ in 0..random() % 5 {
            let place = random() % octets.len();
            octets[place] = random() as u8;
        }
        octets.truncate(octets.len() - random() % 20);
        net.uplink(GNB, &g_pdu(net.teid, 9, &octets));
        net.downlink(&octets);
    }
    assert_eq!(net.upf.sessions(), 2);
}

#[test]
fn when_a_station_is_traced_then_its_frames_are_seen_on_both_sides_and_nobody_else_s() {
    let Lan { mut net, other } = lan(LocalSwitch::Refuse);
    net.upf.trace(&[station_number(station(1))], 1500, 1000);
    let (up, down) = (frame(HOST, station(1), &ARP), frame(station(1), HOST, &ARP));
    net.uplink(GNB, &g_pdu(net.teid, 9, &up));
    net.downlink(&down);
    let seen = net.upf.take_traced();
    let sides: Vec<[bool; 3]> = seen.iter().map(|one| [one.at_n3, one.inward, one.frame]).collect();
    assert_eq!(sides, [[true, true, false], [false, false, true], [false, true, true], [true, false, false]]);
    assert_eq!((&seen[1].octets, &seen[2].octets), (&up, &down));
    net.uplink(GNB, &g_pdu(other, 9, &frame(HOST, station(2), &ARP)));
    net.downlink(&frame(station(2), HOST, &ARP));
    assert!(net.upf.take_traced().is_empty());
    let everybody = frame(GROUP, HOST, &ARP);
    net.downlink(&everybody);
    let seen = net.upf.take_traced();
    assert_eq!((seen.len(), seen[0].frame, seen[1].octets[4..8].to_vec()), (2, true, vec![0, 0, 0, 0x77]));
    net.upf.trace(&[], 0, 1);
    net.uplink(GNB, &g_pdu(net.teid, 9, &up));
    assert!(net.upf.take_traced().is_empty());
}

#[test]
fn when_a_traced_station_is_dropped_then_it_is_seen_to_come_and_not_to_leave() {
    let Lan { mut net, other } = lan(LocalSwitch::Refuse);
    net.uplink(GNB, &g_pdu(net.teid, 9, &frame(HOST, station(1), &ARP)));
    net.upf.trace(&[station_number(station(1))], 1500, 1000);
    assert!(net.uplink(GNB, &g_pdu(other, 9, &frame(HOST, station(1), &ARP))).is_empty());
    let seen = net.upf.take_traced();
    assert_eq!((seen.len(), seen[0].at_n3, seen[0].inward), (1, true, true));
}
