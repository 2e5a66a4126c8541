//! N3 over IPv6: both hooks, both versions of IP inside. It needs the program made by `make setup` and the right to load it.

mod common;

use common::{LOOPBACK, N3, PEER_TEID, POOL_6, PREFIX, SERVER, TERMINAL, TERMINAL_6, hop, loaded};
use freehold_userplane::{Action, Peer, Rule, SessionRules, Settings, Upf};
use freehold_xdp::{Datapath, Fast, Hook, MOST_WAYS, Plan, Pool};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const N3_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x33, 0, 0, 0, 0, 0, 1);
const GNB_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x33, 0, 0, 0, 0, 0, 0x10);
const STRANGER_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x33, 0, 0, 0, 0, 0, 0x66);
const SERVER_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 1);
/// What each hook says of a packet that goes up, and of one that is redirected.
const HOOKS: [(Hook, u32, u32); 2] = [(Hook::Xdp, 2, 4), (Hook::Tc, u32::MAX, 7)];

/// A session whose gNB is reached over IPv6; none where the program cannot be loaded here.
fn session() -> Option<(Datapath, u32)> {
    let mut upf = Upf::new(&Settings { capacity: 64, ..Settings::new(IpAddr::V4(N3), [3; 16]) });
    let pool = |base, size| Pool { base, size, mtu: 1436 };
    let pools = vec![pool(IpAddr::V4(Ipv4Addr::new(10, 45, 0, 0)), 256), pool(IpAddr::V6(POOL_6), 16)];
    let plan = Plan { address: N3, address_6: Some(N3_6), key: upf.tunnel_key(), pools, hiding: false, seed: [3; 16] };
    let mut path = loaded(plan)?;
    path.keep_back(&[(IpAddr::V4(N3), 24), (IpAddr::V6(N3_6), 64)]).unwrap();
    path.port(0, LOOPBACK).unwrap();
    path.way(0, None, Some(hop(6))).unwrap();
    path.way(MOST_WAYS - 1, None, Some(hop(7))).unwrap();
    path.way(1, Some(GNB_6.into()), Some(hop(3))).unwrap();
    assert_eq!(path.ways().unwrap(), [(1, IpAddr::V6(GNB_6))]);
    let rule = Rule { action: Action::Forward, qfi: 9, ..Rule::default() };
    let rules = SessionRules {
        ipv4: Some(TERMINAL),
        ipv6: Some(PREFIX),
        peer: Some(Peer { address: IpAddr::V6(GNB_6), teid: PEER_TEID }),
        uplink: vec![rule.clone()],
        downlink: vec![rule],
        ..SessionRules::default()
    };
    let teid = upf.open().unwrap();
    assert!(path.install(teid, &Fast::of(&rules).unwrap(), 1, 0));
    Some((path, teid))
}

fn sum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let total: u32 = words.sum();
    let total = (total & 0xffff) + (total >> 16);
    ((total & 0xffff) + (total >> 16)) as u16
}

fn octets(end: IpAddr) -> Vec<u8> {
    match end {
        IpAddr::V4(end) => end.octets().to_vec(),
        IpAddr::V6(end) => end.octets().to_vec(),
    }
}

/// A packet with right checksums of `length` octets behind its header.
fn packet(source: IpAddr, destination: IpAddr, protocol: u8, length: u16) -> Vec<u8> {
    let ends = [octets(source), octets(destination)].concat();
    let mut transport: Vec<u8> = (0..length).map(|octet| (octet * 7) as u8).collect();
    let place = match protocol {
        6 => 16,
        17 => 6,
        _ => 2,
    };
    transport[..4].copy_from_slice(&[0, 53, 0x9c, 0x40]);
    transport[place..place + 2].fill(0);
    let pseudo = [ends.clone(), vec![0, protocol], length.to_be_bytes().to_vec()].concat();
    let part = if protocol == 1 { vec![] } else { pseudo };
    let checksum = !sum(&[part, transport.clone()].concat());
    transport[place..place + 2].copy_from_slice(&checksum.to_be_bytes());
    let mut header = match source {
        IpAddr::V4(_) => {
            let mut header = vec![0x45, 0xb8];
            header.extend((20 + length).to_be_bytes());
            header.extend([0, 7, 0, 0, 64, protocol, 0, 0]);
            let checksum = !sum(&[header.clone(), ends.clone()].concat());
            header[10..12].copy_from_slice(&checksum.to_be_bytes());
            header
        }
        IpAddr::V6(_) => [vec![0x6b, 0x80, 1, 2], length.to_be_bytes().to_vec(), vec![protocol, 63]].concat(),
    };
    header.extend(ends);
    header.extend(transport);
    header
}

fn ethernet(packet: &[u8]) -> Vec<u8> {
    let kind = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
    [vec![2; 12], kind.to_vec(), packet.to_vec()].concat()
}

/// A datagram of GTP-U over IPv6 with its checksum.
fn tunnelled(source: Ipv6Addr, teid: u32, inner: &[u8]) -> Vec<u8> {
    let mut message = vec![0x34, 255];
    message.extend((inner.len() as u16 + 8).to_be_bytes());
    message.extend(teid.to_be_bytes());
    message.extend([0, 0, 0, 0x85, 1, 0x10, 9, 0]);
    message.extend(inner);
    let mut datagram = vec![0x60, 0, 0, 0];
    let length = (8 + message.len() as u16).to_be_bytes();
    datagram.extend(length);
    datagram.extend([17, 64]);
    datagram.extend(source.octets());
    datagram.extend(N3_6.octets());
    datagram.extend([8, 0x68, 8, 0x68]);
    datagram.extend(length);
    datagram.extend([0, 0]);
    datagram.extend(message);
    ethernet(&datagram)
}

/// Protocols and lengths; an odd one is padded for its sum.
const INSIDE: [(u8, u16); 5] = [(17, 8), (17, 101), (6, 20), (6, 1301), (1, 64)];

#[test]
fn when_a_terminal_s_packet_comes_over_ipv6_then_it_leaves_without_its_tunnel() {
    let Some((mut path, teid)) = session() else { return };
    for (hook, up, redirected) in HOOKS {
        for inner in [
            packet(TERMINAL.into(), SERVER.into(), 17, 100),
            packet(TERMINAL.into(), SERVER.into(), 6, 1001),
            packet(TERMINAL_6.into(), SERVER_6.into(), 6, 100),
        ] {
            let frame = tunnelled(GNB_6, teid, &inner);
            let (verdict, left) = path.run(hook, &frame).unwrap();
            assert_eq!((verdict, &left[12..]), (redirected, &ethernet(&inner)[12..]), "{hook:?}");
            for other in [tunnelled(STRANGER_6, teid, &inner), tunnelled(GNB_6, teid ^ 1, &inner)] {
                assert_eq!(path.run(hook, &other).unwrap(), (up, other), "{hook:?}");
            }
        }
    }
    assert_eq!(path.usage(teid).uplink_packets, 6);
}

#[test]
fn when_a_packet_goes_to_a_gnb_over_ipv6_then_its_tunnel_has_a_right_checksum() {
    let Some((mut path, teid)) = session() else { return };
    let mut counted = 0;
    for (hook, ..) in HOOKS {
        for (protocol, length) in INSIDE {
            let icmp = if protocol == 1 { 58 } else { protocol };
            for inner in [
                packet(SERVER.into(), TERMINAL.into(), protocol, length),
                packet(SERVER_6.into(), TERMINAL_6.into(), icmp, length),
            ] {
                let (_, left) = path.run(hook, &ethernet(&inner)).unwrap();
                let outer = &left[14..];
                assert_eq!((&left[..12], &left[12..14]), (&[3; 12][..], &[0x86, 0xdd][..]), "{hook:?} {protocol}");
                let datagram = (inner.len() as u16 + 24).to_be_bytes();
                let beginning = [&[0x60, 0, 0, 0], &datagram[..], &[17, 64]].concat();
                assert_eq!(outer[..40], [beginning, N3_6.octets().to_vec(), GNB_6.octets().to_vec()].concat());
                assert_eq!(outer[40..46], [&[8, 0x68, 8, 0x68], &datagram[..]].concat());
                assert_eq!((&outer[48..50], &outer[52..56]), (&[0x34, 255][..], &PEER_TEID.to_be_bytes()[..]));
                assert_eq!((&outer[56..64], &outer[64..]), (&[0, 0, 0, 0x85, 1, 0, 9, 0][..], &inner[..]));
                let pseudo = [&outer[8..40], &[0, 17], &datagram[..]].concat();
                assert_eq!(sum(&[&pseudo, &outer[40..]].concat()), 0xffff, "{hook:?} {protocol} {length}");
                counted += 1;
            }
        }
    }
    assert_eq!(path.usage(teid).downlink_packets, counted);
}

#[test]
fn when_the_sum_of_a_packet_is_not_known_then_it_goes_up() {
    let Some((mut path, teid)) = session() else { return };
    for (hook, up, _) in HOOKS {
        let mut none = packet(SERVER.into(), TERMINAL.into(), 17, 50);
        none[26..28].fill(0); // no checksum (RFC 768)
        for inner in [none, packet(SERVER.into(), TERMINAL.into(), 50, 100)] {
            let frame = ethernet(&inner);
            assert_eq!(path.run(hook, &frame).unwrap(), (up, frame), "{hook:?}");
        }
    }
    assert_eq!(path.usage(teid).downlink_packets, 0);
}
