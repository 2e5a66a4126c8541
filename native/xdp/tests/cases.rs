//! One table of packets for the program and for the portable engine: what the program takes must leave the same.
//!
//! It needs the program made by `make setup` and the right to load it; without, it says so and ends.

mod common;

use common::{LOOPBACK, N3, PEER_TEID, POOL_6, PREFIX, SERVER, TERMINAL, TERMINAL_6, hop, loaded};
use freehold_userplane::{
    Action, AddressPool, Count, Instance, Packet, Peer, Port, Prefix, Rule, SessionRules, Settings, Upf, Usage,
};
use freehold_xdp::{Connection, Datapath, Fast, Hook, MOST_WAYS, Plan, Pool};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};

const GNB: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);
const N3_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x33, 0, 0, 0, 0, 0, 1);
const POOL: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 0);
const FILTERED: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 3);
const SERVER_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 1);
/// What hides terminals from the network.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
const CONTAINER: &[u8] = &[0x85, 1, 0x10, 9, 0];
const OUTER: usize = 14 + 28;
/// The verdicts of both hooks: linux/bpf.h, linux/pkt_cls.h.
const DROP: u32 = 1;
const PASS: u32 = 2;
const REDIRECT: u32 = 4;
const TC_NEXT: u32 = u32::MAX;
const TC_DROP: u32 = 2;
const TC_REDIRECT: u32 = 7;
const HOOKS: [Hook; 2] = [Hook::Xdp, Hook::Tc];

struct Both {
    upf: Upf,
    path: Datapath,
    teid: u32,
}

fn rules(terminal: Ipv4Addr, teid: u32, rate: u64) -> SessionRules {
    let rule = Rule { action: Action::Forward, qfi: 9, rates: vec![(1, rate)], ..Rule::default() };
    SessionRules {
        ipv4: Some(terminal),
        peer: Some(Peer { address: IpAddr::V4(GNB), teid }),
        uplink: vec![rule.clone()],
        downlink: vec![rule],
        ..SessionRules::default()
    }
}

impl Both {
    /// None where the program cannot be loaded here.
    fn new(rate: u64) -> Option<Self> {
        let mut upf = Upf::new(&Settings { capacity: 64, ..Settings::new(IpAddr::V4(N3), [3; 16]) });
        let pools: Vec<AddressPool> = vec![Prefix::new(IpAddr::V4(POOL), 24), Prefix::new(IpAddr::V6(POOL_6), 60)];
        upf.add_instance(&Instance { pools, mtu: 1456, ..Instance::default() }).unwrap();
        let pool = |base, size| Pool { base, size, mtu: 1456 };
        let pools = vec![pool(IpAddr::V4(POOL), 256), pool(IpAddr::V6(POOL_6), 16)];
        let plan =
            Plan { address: N3, address_6: Some(N3_6), key: upf.tunnel_key(), pools, hiding: true, seed: [3; 16] };
        let mut path = loaded(plan)?;
        let kept = [(IpAddr::V4(POOL), 24), (IpAddr::V4(N3), 24), (IpAddr::V6(POOL_6), 60)];
        path.keep_back(&kept).unwrap();
        path.port(0, LOOPBACK).unwrap();
        path.way(0, None, Some(hop(6))).unwrap();
        path.way(MOST_WAYS - 1, None, Some(hop(6))).unwrap();
        path.way(1, Some(GNB.into()), Some(hop(3))).unwrap();
        let mut both = Self { upf, path, teid: 0 };
        both.teid = both.session(&SessionRules { ipv6: Some(PREFIX), ..rules(TERMINAL, PEER_TEID, rate) });
        let mut filtered = rules(FILTERED, PEER_TEID + 1, rate);
        filtered.downlink.push(filtered.downlink[0].clone());
        both.session(&filtered);
        Some(both)
    }

    fn session(&mut self, rules: &SessionRules) -> u32 {
        let teid = self.upf.open().unwrap();
        self.upf.install(0, teid, rules, false).unwrap();
        self.upf.poll(0, &mut Vec::new(), &mut Vec::new()); // the router's advertisement
        assert!(self.path.install(teid, &Fast::of(rules).unwrap(), 1, 0));
        teid
    }

    /// What the program makes of a frame at a hook, the verdict as XDP has it.
    fn run(&mut self, hook: Hook, frame: &[u8]) -> (u32, Vec<u8>) {
        let (verdict, left) = self.path.run(hook, frame).unwrap();
        let verdict = match (hook, verdict) {
            (Hook::Tc, TC_NEXT) => PASS,
            (Hook::Tc, TC_DROP) => DROP,
            (Hook::Tc, TC_REDIRECT) => REDIRECT,
            (Hook::Tc, other) => panic!("the verdict {other} is none of ours"),
            _ => verdict,
        };
        (verdict, left)
    }

    /// What the portable engine makes of a frame that the host's stack would hand to it.
    fn portable(&mut self, frame: &[u8], uplink: bool) -> Option<Vec<u8>> {
        let mut packet = Packet::default();
        let source = Ipv4Addr::new(frame[26], frame[27], frame[28], frame[29]);
        packet.fill(&frame[if uplink { OUTER } else { 14 }..]);
        packet.port = if uplink { Port::N3 } else { Port::N6(0) };
        packet.peer = SocketAddr::new(IpAddr::V4(source), 2152);
        let mut output = Vec::new();
        self.upf.poll(0, &mut vec![packet], &mut output);
        output.first().map(|packet| packet.octets().to_vec())
    }
}

fn inner(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 7, 0, 0, 64, protocol, 0, 0]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([0x9c, 0x40, 0, 53, 0, 0, 0, 0]);
    packet.resize(usize::from(length).max(28), 0xa5);
    packet
}

fn inner_6(source: Ipv6Addr, destination: Ipv6Addr, next: u8, length: u16) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((length - 40).to_be_bytes());
    packet.extend([next, 64]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([0x9c, 0x40, 0, 53, 0, 0, 0, 0]);
    packet.resize(usize::from(length).max(48), 0xa5);
    packet
}

/// What Ethernet calls a packet.
fn kind(packet: &[u8]) -> [u8; 2] {
    if packet[0] >> 4 == 6 { [0x86, 0xdd] } else { [8, 0] }
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind(packet), packet].concat()
}

/// A GTP-U message in its datagram; `options` are what follows the sequence number, the N-PDU number included.
fn tunnelled(source: Ipv4Addr, teid: u32, flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = (options.len() + payload.len()) as u16;
    let mut packet = vec![0x45, 0];
    packet.extend((length + 36).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(source.octets());
    packet.extend(N3.octets());
    packet.extend([0x08, 0x68, 0x08, 0x68]);
    packet.extend((length + 16).to_be_bytes());
    packet.extend([0, 0, flags, 255]);
    packet.extend(length.to_be_bytes());
    packet.extend(teid.to_be_bytes());
    packet.extend(options);
    packet.extend(payload);
    ethernet(&packet)
}

fn changed(mut octets: Vec<u8>, place: usize, value: u8) -> Vec<u8> {
    octets[place] = value;
    octets
}

/// The outer length one octet more, as for a run of datagrams.
fn longer((place, octet): (usize, u8)) -> u8 {
    if place == 17 { octet + 1 } else { octet }
}

/// Uplink frames with what the program is to do with them.
fn uplink(teid: u32) -> Vec<(&'static str, u32, Vec<u8>)> {
    let good = inner(TERMINAL, SERVER, 17, 128);
    let good_6 = inner_6(TERMINAL_6, SERVER_6, 17, 128);
    let container = [&[0, 0, 0][..], CONTAINER].concat();
    let with = |payload: &[u8]| tunnelled(GNB, teid, 0x34, &container, payload);
    vec![
        ("no extension header", REDIRECT, tunnelled(GNB, teid, 0x30, &[], &good)),
        ("a sequence number", REDIRECT, tunnelled(GNB, teid, 0x32, &[0, 1, 0, 0], &good)),
        ("a PDU session container", REDIRECT, with(&good)),
        ("a longer one", REDIRECT, tunnelled(GNB, teid, 0x34, &[0, 0, 0, 0x85, 2, 0x10, 9, 0, 0, 0, 0, 0], &good)),
        ("octets behind the packet", REDIRECT, with(&[&good[..], &[1, 2, 3]].concat())),
        ("another extension header", PASS, tunnelled(GNB, teid, 0x34, &[0, 0, 0, 0x40, 1, 8, 0x68, 0], &good)),
        ("a chain of two", PASS, tunnelled(GNB, teid, 0x34, &[0, 0, 0, 0x85, 1, 0, 9, 0x85, 1, 0, 9, 0], &good)),
        ("an empty extension header", PASS, tunnelled(GNB, teid, 0x34, &[0, 0, 0, 0x85, 0, 0, 9, 0], &good)),
        ("an unknown tunnel", PASS, tunnelled(GNB, teid ^ 1, 0x30, &[], &good)),
        ("tunnel 0", PASS, tunnelled(GNB, 0, 0x30, &[], &good)),
        ("another node", PASS, tunnelled(STRANGER, teid, 0x30, &[], &good)),
        ("an echo request", PASS, changed(with(&good), OUTER + 1, 1)),
        ("GTP'", PASS, changed(with(&good), OUTER, 0x24)),
        ("a datagram longer than its message", PASS, with(&good).into_iter().enumerate().map(longer).collect()),
        ("a message longer than its datagram", PASS, changed(with(&good), OUTER + 2, 1)),
        ("a forged source", DROP, with(&inner(FILTERED, SERVER, 17, 128))),
        ("options", PASS, with(&changed(good.clone(), 0, 0x46))),
        ("a fragment", PASS, with(&changed(good.clone(), 6, 0x20))),
        ("a later fragment", PASS, with(&changed(good.clone(), 7, 1))),
        ("IPv6", REDIRECT, with(&good_6)),
        ("IPv6 of another of its addresses", REDIRECT, with(&changed(good_6.clone(), 23, 1))),
        ("IPv6 with octets behind it", REDIRECT, with(&[&good_6[..], &[1, 2, 3]].concat())),
        ("another terminal's prefix", DROP, with(&changed(good_6.clone(), 15, 3))),
        ("a mapped address", DROP, with(&inner_6(TERMINAL.to_ipv6_mapped(), SERVER_6, 17, 128))),
        ("an extension header", PASS, with(&changed(good_6.clone(), 6, 44))),
        ("the last hop of IPv6", PASS, with(&changed(good_6.clone(), 7, 1))),
        ("its router", PASS, with(&inner_6(TERMINAL_6, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), 58, 128))),
        ("multicast", PASS, with(&inner_6(TERMINAL_6, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2), 58, 128))),
        (
            "a terminal of IPv6",
            PASS,
            with(&inner_6(TERMINAL_6, Ipv6Addr::new(0x2001, 0xdb8, 0, 5, 0, 0, 0, 2), 17, 128)),
        ),
        ("a tunnel inside IPv6", PASS, with(&changed(changed(good_6.clone(), 42, 8), 43, 0x68))),
        ("IPv6 longer than its message", PASS, with(&changed(good_6, 4, 1))),
        ("IPv4 that says it is IPv6", PASS, with(&changed(good.clone(), 0, 0x60))),
        ("longer than its message", PASS, with(&changed(good.clone(), 2, 1))),
        ("shorter than a transport header", PASS, with(&inner(TERMINAL, SERVER, 17, 24))),
        ("the last hop", PASS, with(&changed(good.clone(), 8, 1))),
        ("a tunnel inside", PASS, with(&changed(changed(good.clone(), 22, 8), 23, 0x68))),
        ("another terminal", PASS, with(&inner(TERMINAL, FILTERED, 17, 128))),
        ("a node of the core", PASS, with(&inner(TERMINAL, N3, 1, 128))),
        ("an outer fragment", PASS, changed(with(&good), 20, 0x20)),
        ("outer options", PASS, changed(with(&good), 14, 0x46)),
    ]
}

/// A downlink packet whose transport checksum is the sum of the pseudo header alone (RFC 9293 3.1).
fn unfinished(protocol: u8, place: usize) -> Vec<u8> {
    let mut packet = inner(SERVER, TERMINAL, protocol, 128);
    let pseudo = [&packet[12..20], &[0, protocol, 0, 108]].concat();
    packet[20 + place..22 + place].copy_from_slice(&(sum(&pseudo) as u16).to_be_bytes());
    packet
}

/// The same of IPv6 (RFC 8200 8.1).
fn unfinished_6() -> Vec<u8> {
    let mut packet = inner_6(SERVER_6, TERMINAL_6, 6, 128);
    let pseudo = [&packet[8..40], &[0, 6, 0, 88]].concat();
    packet[56..58].copy_from_slice(&(sum(&pseudo) as u16).to_be_bytes());
    packet
}

fn downlink() -> Vec<(&'static str, u32, Vec<u8>)> {
    let good = inner(SERVER, TERMINAL, 17, 128);
    let good_6 = inner_6(SERVER_6, TERMINAL_6, 17, 128);
    vec![
        ("a packet", REDIRECT, ethernet(&good)),
        ("a small one, padded", REDIRECT, ethernet(&[&inner(SERVER, TERMINAL, 1, 28)[..], &[0; 18]].concat())),
        ("the longest", REDIRECT, ethernet(&inner(SERVER, TERMINAL, 6, 1456))),
        ("one more than N3 takes", PASS, ethernet(&inner(SERVER, TERMINAL, 6, 1457))),
        ("a TCP checksum that is left to a device", PASS, ethernet(&unfinished(6, 16))),
        ("a UDP checksum that is left to a device", PASS, ethernet(&unfinished(17, 6))),
        ("SCTP", PASS, ethernet(&inner(SERVER, TERMINAL, 132, 128))),
        ("options", PASS, ethernet(&changed(good.clone(), 0, 0x46))),
        ("a fragment", PASS, ethernet(&changed(good.clone(), 6, 0x20))),
        ("the last hop", PASS, ethernet(&changed(good.clone(), 8, 1))),
        ("cut off", PASS, ethernet(&good[..100])),
        ("a session with several rules", PASS, ethernet(&inner(SERVER, FILTERED, 17, 128))),
        ("nobody's address", PASS, ethernet(&inner(SERVER, Ipv4Addr::new(10, 45, 0, 9), 17, 128))),
        ("outside the pools", PASS, ethernet(&inner(SERVER, Ipv4Addr::new(10, 46, 0, 2), 17, 128))),
        ("ARP", PASS, changed(ethernet(&good), 13, 6)),
        ("IPv6", REDIRECT, ethernet(&good_6)),
        ("the longest of IPv6", REDIRECT, ethernet(&inner_6(SERVER_6, TERMINAL_6, 6, 1456))),
        ("one more than the link of IPv6 takes", PASS, ethernet(&inner_6(SERVER_6, TERMINAL_6, 6, 1457))),
        ("nobody's prefix", PASS, ethernet(&changed(good_6.clone(), 31, 7))),
        ("the last hop of IPv6", PASS, ethernet(&changed(good_6.clone(), 7, 1))),
        ("a fragment of IPv6", PASS, ethernet(&changed(good_6.clone(), 6, 44))),
        ("IPv6 cut off", PASS, ethernet(&good_6[..100])),
        ("a checksum of IPv6 that is left to a device", PASS, ethernet(&unfinished_6())),
    ]
}

fn whole(packet: &[u8]) -> &[u8] {
    let length = |place: usize| usize::from(u16::from_be_bytes([packet[place], packet[place + 1]]));
    &packet[..if packet[0] >> 4 == 6 { 40 + length(4) } else { length(2) }]
}

fn sum(header: &[u8]) -> u32 {
    let sum: u32 = header.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    (sum & 0xffff) + (sum >> 16)
}

#[test]
fn when_an_uplink_packet_is_taken_then_it_leaves_as_the_engine_lets_it() {
    for hook in HOOKS {
        let Some(mut both) = Both::new(0) else { return };
        for (name, verdict, frame) in uplink(both.teid) {
            let (found, left) = both.run(hook, &frame);
            let portable = both.portable(&frame, true);
            assert_eq!(found, verdict, "{hook:?} {name}");
            match verdict {
                REDIRECT => {
                    assert_eq!(left[..14], [&[6; 12][..], &kind(&left[14..])].concat(), "{hook:?} {name}");
                    assert_eq!(whole(&left[14..]), portable.unwrap(), "{hook:?} {name}");
                }
                DROP => assert_eq!(portable, None, "{hook:?} {name}"),
                _ => assert_eq!(left, frame, "{hook:?} {name}: what goes up is as it came"),
            }
        }
        let (program, engine) = (both.path.usage(both.teid), both.upf.usage(both.teid).unwrap());
        assert_eq!((program.uplink_packets, program.uplink_octets), (8, 8 * 128));
        assert!(engine.uplink_packets > program.uplink_packets);
        assert_eq!(both.upf.counters().get(Count::InnerSource), 2);
    }
}

#[test]
fn when_a_downlink_packet_is_taken_then_its_tunnel_is_the_engine_s() {
    for hook in HOOKS {
        let Some(mut both) = Both::new(0) else { return };
        for (name, verdict, frame) in downlink() {
            let (found, left) = both.run(hook, &frame);
            let portable = both.portable(&frame, false);
            assert_eq!(found, verdict, "{hook:?} {name}");
            if verdict != REDIRECT {
                assert_eq!(left, frame, "{hook:?} {name}: what goes up is as it came");
                continue;
            }
            let datagram = whole(&left[14..]);
            assert_eq!(left[..14], [&[3; 12][..], &[8, 0]].concat(), "{hook:?} {name}");
            assert_eq!(datagram[28..], portable.unwrap(), "{hook:?} {name}");
            assert_eq!(sum(&datagram[..20]), 0xffff, "{hook:?} {name}: the outer checksum");
            assert_eq!(datagram[12..20], [N3.octets(), GNB.octets()].concat(), "{hook:?} {name}");
            assert_eq!(datagram[20..24], [0x08, 0x68, 0x08, 0x68], "{hook:?} {name}");
            let length = usize::from(u16::from_be_bytes([datagram[24], datagram[25]]));
            assert_eq!((length, &datagram[26..28]), (datagram.len() - 20, &[0, 0][..]), "{hook:?} {name}");
        }
        assert_eq!(both.path.usage(both.teid).downlink_octets, 2 * (128 + 1456) + 28);
    }
}

/// A hidden terminal's connection, as its own packets, and as the network has them.
fn hidden(protocol: u8, flags: u8) -> [Vec<u8>; 4] {
    let finished = |source: (Ipv4Addr, u16), destination: (Ipv4Addr, u16)| {
        let mut packet = inner(source.0, destination.0, protocol, 129);
        packet[20..22].copy_from_slice(&source.1.to_be_bytes());
        packet[22..24].copy_from_slice(&destination.1.to_be_bytes());
        packet[33] = flags;
        let place = if protocol == 6 { 36 } else { 26 };
        let header = !(sum(&packet[..20]) as u16);
        packet[10..12].copy_from_slice(&header.to_be_bytes());
        packet[place..place + 2].fill(0);
        let pseudo = [&packet[12..20], &[0, protocol, 0, 109], &packet[20..], &[0]].concat();
        let transport = !(sum(&pseudo) as u16);
        packet[place..place + 2].copy_from_slice(&transport.to_be_bytes());
        packet
    };
    let (own, peer, outside) = ((TERMINAL, 40_000), (SERVER, 53), (OUTSIDE, 61_234));
    [finished(own, peer), finished(outside, peer), finished(peer, outside), finished(peer, own)]
}

fn connection(protocol: u8) -> Connection {
    let end = |address, port| SocketAddrV4::new(address, port);
    let (terminal, outside) = (end(TERMINAL, 40_000), end(OUTSIDE, 61_234));
    Connection { protocol, terminal, peer: end(SERVER, 53), outside }
}

#[test]
fn when_a_terminal_is_hidden_then_its_connections_leave_with_the_address_that_hides_it_and_come_back() {
    for (hook, protocol) in [(Hook::Xdp, 6), (Hook::Xdp, 17), (Hook::Tc, 6), (Hook::Tc, 17)] {
        let Some(mut both) = Both::new(0) else { return };
        let fast = Fast::of(&rules(TERMINAL, PEER_TEID, 0)).unwrap().hidden();
        assert!(both.path.install(both.teid, &fast, 1, 0));
        both.path.hide_behind(Some(OUTSIDE));
        let [own, left, back, shown] = hidden(protocol, 0x10);
        let up = tunnelled(GNB, both.teid, 0x30, &[], &own);
        let down = ethernet(&back);
        assert_eq!((both.run(hook, &up), both.run(hook, &down)), ((PASS, up.clone()), (PASS, down.clone())));
        assert!(both.path.hiding().hide(&connection(protocol)));
        let (verdict, frame) = both.run(hook, &up);
        assert_eq!((verdict, &frame[14..]), (REDIRECT, &left[..]));
        let (verdict, frame) = both.run(hook, &down);
        assert_eq!((verdict, &frame[14 + 44..]), (REDIRECT, &shown[..]));
        assert_eq!(both.path.hiding().idle(&connection(protocol)).map(|seconds| seconds < 5), Some(true));
        let [ending, ..] = hidden(6, 0x11);
        let ending = tunnelled(GNB, both.teid, 0x30, &[], &ending);
        assert_eq!(both.run(hook, &ending), (PASS, ending.clone()), "what ends a connection is the host's");
        let other = Connection { peer: SocketAddrV4::new(STRANGER, 53), ..connection(protocol) };
        assert!(both.path.hiding().hide(&other));
        both.path.hiding().only(&[connection(protocol)]);
        assert_eq!(both.path.hiding().idle(&other), None);
        assert!(both.path.hiding().idle(&connection(protocol)).is_some());
        both.path.hiding().show(&connection(protocol));
        assert_eq!((both.run(hook, &up), both.run(hook, &down)), ((PASS, up), (PASS, down)));
        let usage = both.path.usage(both.teid);
        assert_eq!((usage.uplink_packets, usage.downlink_packets), (1, 1));
    }
}

#[test]
fn when_a_terminal_is_paused_then_its_packets_go_up_until_it_is_not_whatever_is_installed_meanwhile() {
    let Some(mut both) = Both::new(0) else { return };
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 128));
    let back = ethernet(&inner_6(SERVER_6, TERMINAL_6, 6, 1400));
    let verdicts = |both: &mut Both| (both.run(Hook::Xdp, &frame).0, both.run(Hook::Xdp, &back).0);
    for end in [IpAddr::V4(TERMINAL), IpAddr::V6(Ipv6Addr::from(u128::from(PREFIX) << 64))] {
        both.path.pause(&[end]);
        assert_eq!(verdicts(&mut both), (PASS, PASS));
        let rules = SessionRules { ipv6: Some(PREFIX), ..rules(TERMINAL, PEER_TEID, 0) };
        assert!(both.path.install(both.teid, &Fast::of(&rules).unwrap(), 1, 0));
        assert_eq!(verdicts(&mut both), (PASS, PASS));
        both.path.pause(&[]);
        assert_eq!(verdicts(&mut both), (REDIRECT, REDIRECT));
    }
    both.path.pause(&[IpAddr::V4(TERMINAL)]);
    both.path.close(both.teid);
    both.path.pause(&[]);
    assert_eq!(verdicts(&mut both), (PASS, PASS), "a session that ended meanwhile stays so");
}

#[test]
fn when_a_pool_s_links_carry_less_then_longer_packets_go_up_at_once() {
    let Some(mut both) = Both::new(0) else { return };
    let frames = [ethernet(&inner(SERVER, TERMINAL, 6, 1400)), ethernet(&inner_6(SERVER_6, TERMINAL_6, 6, 1400))];
    for (pool, frame) in frames.iter().enumerate() {
        assert_eq!(both.run(Hook::Xdp, frame).0, REDIRECT);
        both.path.limit(pool, 1399);
        assert_eq!(both.run(Hook::Xdp, frame).0, PASS);
    }
}

#[test]
fn when_a_rate_is_exceeded_then_both_let_the_same_number_through() {
    for hook in HOOKS {
        let Some(mut both) = Both::new(64_000) else { return };
        let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 1000));
        let program = (0..40).filter(|_| both.run(hook, &frame).0 == REDIRECT).count();
        let portable = (0..40).filter(|_| both.portable(&frame, true).is_some()).count();
        assert!((16..=17).contains(&portable) && (portable..=portable + 1).contains(&program), "{program} {portable}");
        let dropped = both.path.totals().unwrap().into_iter().find(|(name, _)| *name == Count::RateExceeded.name());
        assert_eq!(dropped.map(|(_, count)| count as usize), Some(40 - program));
    }
}

#[test]
fn when_rules_change_in_place_then_the_next_packet_meets_the_new_ones_and_none_goes_up() {
    let Some(mut both) = Both::new(0) else { return };
    let back = ethernet(&inner(SERVER, TERMINAL, 17, 128));
    both.path.way(2, Some(STRANGER.into()), Some(hop(9))).unwrap();
    for turn in 0..4_u8 {
        let mut changed = rules(TERMINAL, PEER_TEID + u32::from(turn), 0);
        changed.downlink[0].qfi = turn + 1;
        assert!(both.path.install(both.teid, &Fast::of(&changed).unwrap(), 1 + u16::from(turn % 2), 0));
        let (verdict, left) = both.run(Hook::Xdp, &back);
        assert_eq!((verdict, left[0]), (REDIRECT, if turn % 2 == 0 { 3 } else { 9 }));
        assert_eq!((left[14 + 35], left[14 + 42]), (4 + turn, turn + 1));
    }
    assert_eq!(both.path.usage(both.teid).downlink_packets, 4);
}

#[test]
fn when_a_session_leaves_then_its_packets_go_up_and_what_it_carried_is_told_once() {
    let Some(mut both) = Both::new(0) else { return };
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 128));
    let back = ethernet(&inner(SERVER, TERMINAL, 17, 128));
    assert_eq!(both.run(Hook::Xdp, &frame).0, REDIRECT);
    both.path.remove(both.teid);
    assert_eq!((both.run(Hook::Xdp, &frame).0, both.run(Hook::Xdp, &back).0), (PASS, PASS));
    let fast = Fast::of(&rules(TERMINAL, PEER_TEID, 0)).unwrap();
    assert!(both.path.install(both.teid, &fast, 1, 0));
    assert_eq!(both.run(Hook::Xdp, &frame).0, REDIRECT);
    assert_eq!(both.path.close(both.teid).uplink_octets, 256);
    assert_eq!(both.path.close(both.teid).uplink_octets, 0);
    assert_eq!(both.run(Hook::Xdp, &frame).0, PASS);
}

#[test]
fn when_the_volume_to_report_is_passed_then_it_is_told_once() {
    let Some(mut both) = Both::new(0) else { return };
    let fast = Fast::of(&rules(TERMINAL, PEER_TEID, 0)).unwrap();
    assert!(both.path.install(both.teid, &fast, 1, 300));
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 128));
    let told: Vec<usize> = (0..6)
        .map(|_| {
            both.run(Hook::Xdp, &frame);
            both.path.take_events().len()
        })
        .collect();
    assert_eq!(told, [0, 0, 1, 0, 0, 0]);
}

#[test]
fn when_a_hop_is_not_known_then_its_packets_go_up_untouched_and_uncounted() {
    let Some(mut both) = Both::new(0) else { return };
    both.path.way(0, None, None).unwrap();
    both.path.way(1, Some(GNB.into()), None).unwrap();
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 128));
    let back = ethernet(&inner(SERVER, TERMINAL, 17, 128));
    assert_eq!(both.run(Hook::Xdp, &frame), (PASS, frame));
    assert_eq!(both.run(Hook::Xdp, &back), (PASS, back));
    assert_eq!(both.path.usage(both.teid), Usage::default());
}

#[test]
fn when_both_paths_carry_a_session_then_they_share_its_rate() {
    let Some(mut both) = Both::new(64_000) else { return };
    both.upf.share_meters(Box::new(both.path.meters().unwrap()));
    let packet = inner(TERMINAL, SERVER, 17, 1000);
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &packet);
    let passed = (0..40)
        .filter(|turn| match turn % 2 {
            0 => both.run(Hook::Xdp, &frame).0 == REDIRECT,
            _ => both.portable(&frame, true).is_some(),
        })
        .count();
    assert!((8..=17).contains(&passed), "{passed}");
    assert_eq!(both.portable(&frame, true), None);
}

#[test]
fn when_a_session_moves_then_its_bucket_moves_with_it() {
    let Some(mut both) = Both::new(64_000) else { return };
    both.upf.share_meters(Box::new(both.path.meters().unwrap()));
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 1000));
    while both.run(Hook::Xdp, &frame).0 == REDIRECT {}
    both.path.remove(both.teid);
    both.upf.install(0, both.teid, &rules(TERMINAL, PEER_TEID, 64_000), false).unwrap();
    assert_eq!(both.portable(&frame, true), None);
}

#[test]
fn when_the_way_is_not_known_then_nothing_leaves() {
    let Some(mut both) = Both::new(0) else { return };
    both.path.keep_back(&[(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)]).unwrap();
    let frame = tunnelled(GNB, both.teid, 0x30, &[], &inner(TERMINAL, SERVER, 17, 128));
    assert_eq!(both.run(Hook::Xdp, &frame).0, PASS);
    assert!(both.path.keep_back(&[(IpAddr::V4(N3), 32); 33]).is_err());
}
