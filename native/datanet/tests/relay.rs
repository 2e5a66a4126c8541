//! The way out of the process, with a host that is only a table.
mod common;
use common::{Bench, GATEWAY, terminal};
use freehold_datanet::{Config, Event, Incoming, Link, Relay, ip};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 5);
const RESOLVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);

/// One connection or datagram socket of the host: what was written to it, and what it will give.
#[derive(Default)]
struct Socket {
    to: Option<SocketAddr>,
    link: Option<Link>,
    written: Vec<u8>,
    room: usize,
    incoming: VecDeque<u8>,
    ended: bool,
    finished: bool,
    sent: Vec<(SocketAddr, Vec<u8>, bool)>,
    datagrams: VecDeque<(SocketAddr, Vec<u8>)>,
}

#[derive(Default)]
struct Host {
    sockets: HashMap<u64, Socket>,
    closed: Vec<u64>,
    changed: Vec<u64>,
    count: u64,
}

#[derive(Clone, Default)]
struct Table(Arc<Mutex<Host>>);

impl Table {
    fn with<R>(&self, id: u64, change: impl FnOnce(&mut Socket) -> R) -> R {
        let mut host = self.0.lock().unwrap();
        host.changed.push(id);
        change(host.sockets.get_mut(&id).unwrap())
    }

    fn add(&mut self, socket: Socket) -> Option<u64> {
        let mut host = self.0.lock().unwrap();
        host.count += 1;
        let id = host.count;
        host.sockets.insert(id, socket);
        Some(id)
    }
}

impl Relay for Table {
    fn connect(&mut self, to: SocketAddr) -> Option<u64> {
        if matches!(to.ip(), IpAddr::V4(to) if to.is_private()) {
            return None;
        }
        self.add(Socket { to: Some(to), link: Some(Link::Connecting), room: usize::MAX, ..Socket::default() })
    }

    fn link(&mut self, id: u64) -> Link {
        self.0.lock().unwrap().sockets[&id].link.unwrap()
    }

    fn read(&mut self, id: u64, room: &mut [u8]) -> Incoming {
        let mut host = self.0.lock().unwrap();
        let socket = host.sockets.get_mut(&id).unwrap();
        let length = room.len().min(socket.incoming.len());
        for (place, octet) in room.iter_mut().zip(socket.incoming.drain(..length)) {
            *place = octet;
        }
        match (length, socket.ended) {
            (0, true) => Incoming::End,
            (0, false) => Incoming::Later,
            _ => Incoming::Octets(length),
        }
    }

    fn write(&mut self, id: u64, octets: &[u8]) -> Option<usize> {
        let mut host = self.0.lock().unwrap();
        let socket = host.sockets.get_mut(&id).unwrap();
        if socket.link == Some(Link::Failed) {
            return None;
        }
        let taken = octets.len().min(socket.room);
        socket.room -= taken;
        socket.written.extend_from_slice(&octets[..taken]);
        Some(taken)
    }

    fn finish(&mut self, id: u64) {
        self.0.lock().unwrap().sockets.get_mut(&id).unwrap().finished = true;
    }

    fn close(&mut self, id: u64) {
        let mut host = self.0.lock().unwrap();
        host.sockets.remove(&id).expect("closed twice");
        host.closed.push(id);
    }

    fn bind(&mut self, _like: IpAddr) -> Option<u64> {
        self.add(Socket::default())
    }

    fn send_to(&mut self, id: u64, to: SocketAddr, octets: &[u8], trusted: bool) -> bool {
        let mut host = self.0.lock().unwrap();
        host.sockets.get_mut(&id).unwrap().sent.push((to, octets.to_vec(), trusted));
        trusted || !to.ip().is_loopback()
    }

    fn receive_from(&mut self, id: u64, room: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let (source, octets) = self.0.lock().unwrap().sockets.get_mut(&id)?.datagrams.pop_front()?;
        room[..octets.len()].copy_from_slice(&octets);
        Some((octets.len(), source))
    }

    fn ready(&mut self, ready: &mut Vec<u64>) {
        ready.append(&mut self.0.lock().unwrap().changed);
    }
}

fn bench(change: impl FnOnce(&mut Config)) -> (Bench, Table) {
    let table = Table::default();
    let mut config = Config::new(GATEWAY);
    change(&mut config);
    let mut bench = Bench::with(config, 2);
    bench.network.set_relay(Box::new(table.clone()));
    (bench, table)
}

fn steps(bench: &mut Bench, count: usize) -> Vec<Event> {
    (0..count).flat_map(|_| bench.step()).collect()
}

/// A connection of terminal 1 that stands on both sides.
fn connected(bench: &mut Bench, table: &Table) -> u64 {
    let socket = bench.access.tcp_connect(1, SocketAddr::new(OUTSIDE.into(), 443)).unwrap();
    assert!(steps(bench, 3).is_empty(), "the terminal waits for the host");
    table.with(1, |host| host.link = Some(Link::Open));
    bench.until(|event| matches!(event, Event::Connected { .. }));
    socket
}

#[test]
fn when_the_host_connects_then_the_terminal_is_connected_and_octets_pass_both_ways() {
    let (mut bench, table) = bench(|_| {});
    let socket = connected(&mut bench, &table);
    assert_eq!(table.with(1, |host| host.to), Some(SocketAddr::new(OUTSIDE.into(), 443)));
    bench.access.send(socket, b"hello").unwrap();
    steps(&mut bench, 3);
    assert_eq!(table.with(1, |host| host.written.clone()), b"hello");
    table.with(1, |host| host.incoming.extend(b"welcome"));
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv(socket, 100).unwrap(), Some(b"welcome".to_vec()));
}

#[test]
fn when_the_host_cannot_connect_then_the_terminal_is_refused() {
    let (mut bench, table) = bench(|_| {});
    let socket = bench.access.tcp_connect(1, SocketAddr::new(OUTSIDE.into(), 443)).unwrap();
    steps(&mut bench, 3);
    table.with(1, |host| host.link = Some(Link::Failed));
    let seen = bench.until(|event| matches!(event, Event::Closed { .. }));
    assert_eq!(seen, vec![Event::Closed { session: 1, socket, reset: true }]);
    assert_eq!(table.0.lock().unwrap().closed, [1]);
}

#[test]
fn when_a_destination_is_forbidden_then_the_terminal_is_refused_at_once() {
    let (mut bench, table) = bench(|_| {});
    bench.access.tcp_connect(1, SocketAddr::from((Ipv4Addr::new(10, 0, 0, 1), 22))).unwrap();
    bench.until(|event| matches!(event, Event::Closed { reset: true, .. }));
    assert_eq!(table.0.lock().unwrap().count, 0);
}

#[test]
fn when_either_side_ends_then_the_other_may_still_send() {
    let (mut bench, table) = bench(|_| {});
    let socket = connected(&mut bench, &table);
    table.with(1, |host| {
        host.incoming.extend(b"last words");
        host.ended = true;
    });
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv(socket, 100).unwrap(), Some(b"last words".to_vec()));
    bench.until(|event| matches!(event, Event::Closed { reset: false, .. }));
    assert_eq!(bench.access.recv(socket, 100).unwrap(), None);
    bench.access.send(socket, b"an answer").unwrap();
    steps(&mut bench, 4);
    assert_eq!(table.with(1, |host| (host.written.clone(), host.finished)), (b"an answer".to_vec(), false));
    bench.access.close(socket, false).unwrap();
    steps(&mut bench, 6);
    assert_eq!(table.0.lock().unwrap().closed, [1]);
}

#[test]
fn when_the_terminal_ends_first_then_the_host_is_told_and_its_octets_still_come() {
    let (mut bench, table) = bench(|_| {});
    let socket = connected(&mut bench, &table);
    bench.access.send(socket, b"request").unwrap();
    bench.access.close(socket, false).unwrap();
    steps(&mut bench, 4);
    assert!(table.with(1, |host| host.finished));
    table.with(1, |host| host.ended = true);
    steps(&mut bench, 6);
    assert_eq!(table.0.lock().unwrap().closed, [1]);
}

#[test]
fn when_the_host_takes_no_more_then_the_terminal_waits_and_nothing_is_lost() {
    let (mut bench, table) = bench(|_| {});
    let socket = connected(&mut bench, &table);
    table.with(1, |host| host.room = 1000);
    let data: Vec<u8> = (0..150_000u32).map(|index| index as u8).collect();
    let mut sent = 0;
    let begun = bench.now;
    while bench.now - begun < 60_000_000_000 {
        sent += bench.access.send(socket, &data[sent..]).unwrap();
        bench.step();
    }
    assert!(sent < data.len());
    assert_eq!(table.with(1, |host| host.written.len()), 1000);
    table.with(1, |host| host.room = usize::MAX);
    while sent < data.len() {
        steps(&mut bench, 2);
        sent += bench.access.send(socket, &data[sent..]).unwrap();
    }
    while table.with(1, |host| host.written.len()) < data.len() {
        bench.step();
    }
    assert!(table.with(1, |host| host.written == data));
}

#[test]
fn when_the_host_has_much_then_all_of_it_arrives_as_the_terminal_reads() {
    let (mut bench, table) = bench(|_| {});
    let socket = connected(&mut bench, &table);
    table.with(1, |host| {
        host.incoming.extend((0..300_000u32).map(|index| index as u8));
        host.ended = true;
    });
    let mut received = Vec::new();
    while let Some(data) = bench.access.recv(socket, 1 << 20).unwrap() {
        received.extend(data);
        bench.step();
    }
    assert_eq!(received.len(), 300_000);
    assert!(received.iter().enumerate().all(|(index, octet)| *octet == index as u8));
}

#[test]
fn when_datagrams_leave_then_only_answers_from_where_they_went_come_back() {
    let (mut bench, table) = bench(|_| {});
    let socket = bench.access.udp_open(1, 5000).unwrap();
    let peer = SocketAddr::new(OUTSIDE.into(), 123);
    bench.access.send_to(socket, b"time?", peer).unwrap();
    steps(&mut bench, 2);
    assert_eq!(table.with(1, |host| host.sent.clone()), [(peer, b"time?".to_vec(), false)]);
    table.with(1, |host| {
        host.datagrams.push_back((SocketAddr::new(OUTSIDE.into(), 124), b"forged".to_vec()));
        host.datagrams.push_back((peer, b"noon".to_vec()));
    });
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv_from(socket).unwrap(), Some((peer, b"noon".to_vec())));
    assert_eq!(bench.access.recv_from(socket).unwrap(), None);
}

#[test]
fn when_a_datagram_is_forbidden_then_the_terminal_is_told() {
    let (mut bench, _table) = bench(|_| {});
    let packet = ip::udp((terminal(1), 5000), (Ipv4Addr::LOCALHOST, 53), b"x").unwrap();
    let mut output = Vec::new();
    bench.network.poll(bench.now, &mut vec![packet], &mut output);
    assert_eq!((output[0][20], output[0][21]), (3, 13));
}

#[test]
fn when_a_datagram_socket_is_idle_for_five_minutes_then_it_is_given_up() {
    let (mut bench, table) = bench(|_| {});
    let socket = bench.access.udp_open(1, 5000).unwrap();
    bench.access.send_to(socket, b"x", SocketAddr::new(OUTSIDE.into(), 123)).unwrap();
    let begun = bench.now;
    while table.0.lock().unwrap().closed.is_empty() {
        bench.step();
        assert!(bench.now - begun < 400_000_000_000);
    }
    assert!(bench.now - begun >= 300_000_000_000);
}

#[test]
fn when_a_terminal_opens_many_datagram_sockets_then_only_so_many_are_its_own() {
    let (mut bench, table) = bench(|_| {});
    for port in 1..=200 {
        let packet = ip::udp((terminal(1), port), (OUTSIDE, 53), b"x").unwrap();
        bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
    }
    assert_eq!(table.0.lock().unwrap().count, 128);
    let packet = ip::udp((terminal(2), 1), (OUTSIDE, 53), b"x").unwrap();
    bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
    assert_eq!(table.0.lock().unwrap().count, 129);
}

#[test]
fn when_a_name_is_not_ours_then_the_resolver_answers_in_our_name() {
    let (mut bench, table) = bench(|config| {
        config.resolver = Some(SocketAddr::new(RESOLVER.into(), 53));
        config.zone.insert("ours.test".into(), vec![GATEWAY.into()]);
    });
    let query = |name: &[u8]| {
        let mut out = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        out.extend_from_slice(name);
        out.extend_from_slice(&[0, 0, 1, 0, 1]);
        out
    };
    let socket = bench.access.udp_open(1, 5000).unwrap();
    let here = SocketAddr::new(GATEWAY.into(), 53);
    bench.access.send_to(socket, &query(b"\x04ours\x04test"), here).unwrap();
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv_from(socket).unwrap().unwrap().1[3], 0x80);
    assert_eq!(table.0.lock().unwrap().count, 0);
    assert_eq!(bench.access.recv_from(socket).unwrap(), None);
    bench.access.send_to(socket, &query(b"\x07example\x03org"), here).unwrap();
    steps(&mut bench, 2);
    let resolver = SocketAddr::new(RESOLVER.into(), 53);
    assert_eq!(table.with(1, |host| host.sent.clone()), [(resolver, query(b"\x07example\x03org"), true)]);
    table.with(1, |host| host.datagrams.push_back((resolver, b"resolved".to_vec())));
    bench.until(|event| matches!(event, Event::Readable { .. }));
    assert_eq!(bench.access.recv_from(socket).unwrap(), Some((here, b"resolved".to_vec())));
}

#[test]
fn when_there_is_a_relay_then_the_network_answers_only_for_itself() {
    let (mut bench, _table) = bench(|_| {});
    bench.access.ping(1, GATEWAY, 8, 1).unwrap();
    bench.access.ping(1, OUTSIDE, 8, 2).unwrap();
    let seen = bench.until(|event| matches!(event, Event::PingLost { .. }));
    assert!(seen.iter().any(|event| matches!(event, Event::PingReply { id: 1, .. })));
    assert!(seen.contains(&Event::PingLost { session: 1, id: 2 }));
}

#[test]
fn when_the_host_takes_its_time_then_nobody_is_kept_busy_and_at_last_the_terminal_is_refused() {
    let (mut bench, table) = bench(|_| {});
    let syn = || {
        let mut packet = ip::packet(terminal(1), OUTSIDE, ip::TCP, 20).unwrap();
        packet[20..36].copy_from_slice(&[0x30, 0x39, 0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff]);
        let sum = ip::checksum(&packet[20..], ip::pseudo_header(terminal(1), OUTSIDE, ip::TCP, 20));
        packet[36..38].copy_from_slice(&sum.to_be_bytes());
        packet
    };
    let mut output = Vec::new();
    for second in 0..3 {
        let now = bench.now + second * 1_000_000_000;
        let due = bench.network.poll(now, &mut vec![syn()], &mut output);
        assert_eq!(due, Some(bench.now + 75_000_000_000));
    }
    assert!(output.is_empty());
    assert_eq!(table.0.lock().unwrap().count, 1, "a SYN sent again asks for nothing more");
    bench.network.poll(bench.now + 75_000_000_000, &mut Vec::new(), &mut output);
    assert_eq!((output.len(), output[0][33]), (1, 0x14));
    assert_eq!(table.0.lock().unwrap().closed, [1]);
}

#[test]
fn when_terminals_flood_the_world_then_the_host_is_asked_for_so_many_sockets_and_no_more() {
    let (mut bench, table) = bench(|_| {});
    let mut state = 7u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for number in 0..40_000u32 {
        let source = Ipv4Addr::from(u32::from(terminal(1)) + number % 500);
        let mut packet = if number % 2 == 0 {
            let mut packet = ip::packet(source, OUTSIDE, ip::TCP, 20).unwrap();
            packet[20..24].copy_from_slice(&(random() as u32).to_be_bytes());
            packet[24..28].copy_from_slice(&(random() as u32).to_be_bytes());
            packet[32..36].copy_from_slice(&[0x50, if random() % 8 == 0 { random() as u8 } else { 2 }, 0xff, 0xff]);
            let sum = ip::checksum(&packet[20..], ip::pseudo_header(source, OUTSIDE, ip::TCP, 20));
            packet[36..38].copy_from_slice(&sum.to_be_bytes());
            packet
        } else {
            ip::udp((source, random() as u16 | 1), (OUTSIDE, random() as u16), b"flood").unwrap()
        };
        if random() % 16 == 0 {
            let at = (random() % packet.len() as u64) as usize;
            packet[at] ^= 1 << (random() % 8);
        }
        bench.now += 10_000;
        bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
        assert!(table.0.lock().unwrap().sockets.len() <= 2048);
    }
    assert!(bench.network.statistics().refused > 10_000);
    for host in table.0.lock().unwrap().sockets.values_mut() {
        host.link = Some(Link::Failed);
    }
    let ids: Vec<u64> = table.0.lock().unwrap().sockets.keys().copied().collect();
    table.0.lock().unwrap().changed.extend(ids);
    for _ in 0..10 {
        bench.now += 400_000_000_000;
        bench.network.poll(bench.now, &mut Vec::new(), &mut Vec::new());
    }
    assert_eq!(table.0.lock().unwrap().sockets.len(), 0, "everything is given back");
}
