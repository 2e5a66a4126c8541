//! The host's sockets behind a relay, against a listener of this test.
use freehold_fabric::datanet::{Incoming, Link, Relay};
use freehold_fabric::{HostRelay, permit};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// Everything is permitted: the only peers a test may have are on this host.
fn relay() -> HostRelay {
    HostRelay::with(|_| true).unwrap()
}

/// Asks until `wanted` gives something; the kernel needs a moment, never more than this many asks.
fn until<T>(relay: &mut HostRelay, mut wanted: impl FnMut(&mut HostRelay) -> Option<T>) -> T {
    for _ in 0..1_000_000 {
        if let Some(found) = wanted(relay) {
            return found;
        }
        std::thread::yield_now();
    }
    panic!("it never happened");
}

#[test]
fn when_an_address_is_the_hosts_own_then_no_terminal_reaches_it() {
    let mut forbidden = vec![
        Ipv4Addr::LOCALHOST,
        Ipv4Addr::new(127, 9, 9, 9),
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::new(0, 1, 2, 3),
        Ipv4Addr::new(169, 254, 169, 254),
        Ipv4Addr::new(224, 0, 0, 1),
        Ipv4Addr::new(250, 1, 1, 1),
        Ipv4Addr::BROADCAST,
    ];
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.connect("198.51.100.1:9").is_ok() {
        let SocketAddr::V4(own) = probe.local_addr().unwrap() else { panic!() };
        forbidden.push(*own.ip());
    }
    let mut forbidden: Vec<IpAddr> = forbidden.into_iter().map(IpAddr::V4).collect();
    for text in ["::", "::1", "::127.0.0.1", "::ffff:192.0.2.1", "64:ff9b:1::1", "fe80::1", "fec0::1", "ff02::1"] {
        forbidden.push(text.parse().unwrap());
    }
    for address in forbidden {
        assert!(!permit(address), "{address}");
        let mut relay = HostRelay::new().unwrap();
        assert_eq!(relay.connect(SocketAddr::new(address, 80)), None);
        let id = relay.bind(address).unwrap();
        assert!(!relay.send_to(id, SocketAddr::new(address, 53), b"x", false));
    }
}

#[test]
fn when_a_port_is_zero_then_nothing_is_tried() {
    assert_eq!(relay().connect(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))), None);
}

#[test]
fn when_a_listener_is_there_then_octets_and_both_ends_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut relay = relay();
    let id = relay.connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    until(&mut relay, |relay| (relay.link(id) == Link::Open).then_some(()));
    assert_eq!(relay.read(id, &mut [0; 10]), Incoming::Later);
    assert_eq!(relay.write(id, b"hello"), Some(5));
    relay.finish(id);
    let mut text = String::new();
    peer.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    peer.write_all(b"bye").unwrap();
    drop(peer);
    let mut room = [0; 10];
    let first = until(&mut relay, |relay| match relay.read(id, &mut room) {
        Incoming::Later => None,
        other => Some(other),
    });
    assert_eq!((first, &room[..3]), (Incoming::Octets(3), &b"bye"[..]));
    let last = until(&mut relay, |relay| match relay.read(id, &mut room) {
        Incoming::Later => None,
        other => Some(other),
    });
    assert_eq!(last, Incoming::End);
    relay.close(id);
    assert_eq!(relay.link(id), Link::Failed);
}

#[test]
fn when_nobody_listens_then_the_connection_fails() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut relay = relay();
    let Some(id) = relay.connect(free) else { return };
    let link = until(&mut relay, |relay| Some(relay.link(id)).filter(|link| *link != Link::Connecting));
    assert_eq!(link, Link::Failed);
}

#[test]
fn when_the_peer_reads_nothing_then_writing_stops_and_goes_on_after_an_edge() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut relay = relay();
    let id = relay.connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    until(&mut relay, |relay| (relay.link(id) == Link::Open).then_some(()));
    let mut written = 0;
    while let Some(length @ 1..) = relay.write(id, &[7; 65_536]) {
        written += length;
    }
    relay.ready(&mut Vec::new());
    let mut room = vec![0; 1 << 20];
    let mut read = 0;
    while read < written {
        read += peer.read(&mut room).unwrap();
    }
    until(&mut relay, |relay| {
        let mut ready = Vec::new();
        relay.ready(&mut ready);
        ready.contains(&id).then_some(())
    });
    assert!(relay.write(id, b"more").unwrap() > 0);
}

#[test]
fn when_datagrams_are_exchanged_then_source_and_octets_are_told() {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = peer.local_addr().unwrap();
    let mut relay = relay();
    let id = relay.bind(Ipv4Addr::UNSPECIFIED.into()).unwrap();
    assert!(relay.send_to(id, to, b"ping", false));
    let mut room = [0; 100];
    let (length, source) = peer.recv_from(&mut room).unwrap();
    assert_eq!(&room[..length], b"ping");
    peer.send_to(b"pong", source).unwrap();
    let (length, from) = until(&mut relay, |relay| relay.receive_from(id, &mut room));
    assert_eq!((&room[..length], from), (&b"pong"[..], to));
    let mut ready = Vec::new();
    relay.ready(&mut ready);
    assert_eq!(ready, [id]);
    relay.ready(&mut ready);
    assert_eq!(ready, [id], "an edge is told once");
}

#[test]
fn when_the_peer_is_of_ipv6_then_connections_and_datagrams_reach_it() {
    let (Ok(listener), Ok(peer)) = (TcpListener::bind("[::1]:0"), UdpSocket::bind("[::1]:0")) else {
        eprintln!("skipped: this host has no IPv6 loopback");
        return;
    };
    let mut relay = relay();
    let id = relay.connect(listener.local_addr().unwrap()).unwrap();
    let (mut accepted, _) = listener.accept().unwrap();
    until(&mut relay, |relay| (relay.link(id) == Link::Open).then_some(()));
    assert_eq!(relay.write(id, b"six"), Some(3));
    let mut room = [0; 100];
    assert_eq!(accepted.read(&mut room).unwrap(), 3);
    let to = peer.local_addr().unwrap();
    let id = relay.bind(to.ip()).unwrap();
    assert!(relay.send_to(id, to, b"ping", false));
    let (_, source) = peer.recv_from(&mut room).unwrap();
    peer.send_to(b"pong", source).unwrap();
    assert_eq!(until(&mut relay, |relay| relay.receive_from(id, &mut room)), (4, to));
}
