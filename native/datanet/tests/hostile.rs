//! Nothing a peer sends may stop an engine: damaged, random and cut packets, reproducible from one seed.
mod common;
use common::{Bench, GATEWAY, g_pdu, gnb, terminal, upf};
use freehold_datanet::{Datagram, Event, gtpu, ip};
use std::net::SocketAddr;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => bytes[at] = self.next() as u8,
                2 => bytes[at] ^= 1 << self.below(8),
                _ => bytes.insert(at, self.next() as u8),
            }
        }
    }
}

/// Makes the header and transport checksums of a damaged packet right again, so that damage reaches the stack.
fn mend(packet: &mut [u8]) {
    if packet.len() < 40 {
        return;
    }
    packet[0] = 0x45;
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[6..8].fill(0);
    packet[10..12].fill(0);
    let sum = ip::checksum(&packet[..20], 0);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    let (source, destination) = (ip::address_at(packet, 12).unwrap(), ip::address_at(packet, 16).unwrap());
    if packet[9] == ip::TCP {
        packet[36..38].fill(0);
        let segment = &packet[20..];
        let sum = ip::checksum(segment, ip::pseudo_header(source, destination, ip::TCP, segment.len()));
        packet[36..38].copy_from_slice(&sum.to_be_bytes());
    }
}

/// Segments of a real connection, to be damaged.
fn segments() -> Vec<Vec<u8>> {
    let mut bench = Bench::new(1);
    let socket = bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap();
    let mut seen = Vec::new();
    let (mut from_n3, mut now) = (Vec::new(), 1_000_000_000);
    for turn in 0..20 {
        let (mut to_n3, mut output) = (Vec::new(), Vec::new());
        bench.access.poll(now, &mut from_n3, &mut to_n3);
        let mut input: Vec<Vec<u8>> = to_n3.iter().map(|datagram| datagram.payload[16..].to_vec()).collect();
        seen.extend(input.iter().cloned());
        bench.network.poll(now, &mut input, &mut output);
        seen.extend(output.iter().cloned());
        let wrap = |packet: &Vec<u8>| Datagram { source: upf(), destination: gnb(), payload: g_pdu(0x1001, packet) };
        from_n3.extend(output.iter().map(wrap));
        now += 1_000_000;
        if turn == 3 {
            bench.access.send(socket, b"GET /bytes/5000 HTTP/1.1\r\n\r\n").unwrap();
        }
    }
    assert!(seen.len() > 8);
    seen
}

#[test]
fn when_packets_to_the_network_are_damaged_then_it_still_serves() {
    let mut random = Random(0x5eed);
    let samples = segments();
    let mut bench = Bench::new(2);
    for _ in 0..30_000 {
        let mut packet = samples[random.below(samples.len())].clone();
        random.damage(&mut packet);
        if random.below(4) != 0 {
            mend(&mut packet);
        }
        bench.now += 1000;
        bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
    }
    assert!(!bench.fetch(2, 80, b"GET / HTTP/1.0\r\n\r\n", usize::MAX).is_empty());
}

#[test]
fn when_datagrams_to_the_gnb_are_damaged_then_a_terminal_still_pings() {
    let mut random = Random(0xbad5eed);
    let samples = segments();
    let mut bench = Bench::new(2);
    let open: Vec<u64> =
        (0..4).map(|_| bench.access.tcp_connect(1, SocketAddr::new(GATEWAY.into(), 80)).unwrap()).collect();
    bench.access.udp_open(1, 5000).unwrap();
    for _ in 0..30_000 {
        let mut packet = samples[random.below(samples.len())].clone();
        if random.below(2) == 0 {
            random.damage(&mut packet);
            mend(&mut packet);
        }
        let mut payload = g_pdu(0x1001, &packet);
        if random.below(2) == 0 {
            random.damage(&mut payload);
        }
        bench.now += 1000;
        let mut from_n3 = vec![Datagram { source: upf(), destination: gnb(), payload }];
        bench.access.poll(bench.now, &mut from_n3, &mut Vec::new());
    }
    for socket in open {
        bench.access.close(socket, true).unwrap();
    }
    bench.access.take_events();
    bench.access.ping(2, GATEWAY, 56, 1).unwrap();
    bench.until(|event| matches!(event, Event::PingReply { session: 2, .. }));
}

#[test]
fn when_octets_are_random_then_nothing_panics() {
    let mut random = Random(42);
    let mut bench = Bench::new(1);
    for _ in 0..50_000 {
        let mut bytes: Vec<u8> = (0..random.below(80)).map(|_| random.next() as u8).collect();
        gtpu::parse(&bytes);
        if random.below(2) == 0 {
            if let Some(first) = bytes.first_mut() {
                *first = 0x30 | (*first & 7);
            }
            gtpu::parse(&bytes);
        }
        mend(&mut bytes);
        bench.network.poll(bench.now, &mut vec![bytes.clone()], &mut Vec::new());
        let mut from_n3 = vec![Datagram { source: upf(), destination: gnb(), payload: bytes }];
        bench.access.poll(bench.now, &mut from_n3, &mut Vec::new());
    }
}

#[test]
fn when_extension_headers_run_in_a_circle_then_parsing_ends() {
    let mut message = vec![0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85];
    message.extend([1u8, 0, 0, 0x85].repeat(10_000));
    let length = (message.len() - 8) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(gtpu::parse(&message), None);
    message[12] = 0;
    assert_eq!(gtpu::parse(&message), None, "a header of length zero");
}

#[test]
fn when_fragments_never_complete_then_memory_stays_bounded() {
    let mut bench = Bench::new(1);
    for identification in 0..5_000u16 {
        let mut packet = ip::packet(terminal(1), GATEWAY, ip::ICMP, 1000).unwrap();
        packet[4..6].copy_from_slice(&identification.to_be_bytes());
        packet[6] = 0x20;
        packet[10..12].fill(0);
        let sum = ip::checksum(&packet[..20], 0);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        bench.network.poll(bench.now, &mut vec![packet], &mut Vec::new());
    }
    bench.access.ping(1, GATEWAY, 5_000, 1).unwrap();
    bench.until(|event| matches!(event, Event::PingReply { .. }));
}
