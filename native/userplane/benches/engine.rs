//! Nanoseconds a packet of the engine alone: cargo bench -p freehold-userplane [-- sessions ...]
use freehold_userplane::*;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

const INNER: usize = 128;
const BATCH: usize = 64;

fn inner(source: u32, destination: u32) -> [u8; INNER] {
    let mut packet = [0; INNER];
    packet[..12].copy_from_slice(&[0x45, 0, 0, INNER as u8, 0, 0, 0, 0, 64, 17, 0, 0]);
    packet[12..16].copy_from_slice(&source.to_be_bytes());
    packet[16..20].copy_from_slice(&destination.to_be_bytes());
    packet
}

fn engine(sessions: u32) -> (Upf, Vec<(u32, u32)>) {
    let mut settings = Settings::new("192.0.2.1".parse().unwrap(), [7; 16]);
    settings.capacity = sessions as usize;
    settings.protected.push(Prefix::new("192.0.2.0".parse().unwrap(), 24));
    let mut upf = Upf::new(&settings);
    let pools = vec![Prefix::new("10.64.0.0".parse().unwrap(), 14)];
    upf.add_instance(&Instance { pools, ..Instance::default() }).unwrap();
    let rule = Rule { action: Action::Forward, qfi: 9, rates: vec![(1, 40_000_000_000)], ..Rule::default() };
    let mut rules = SessionRules { uplink: vec![rule.clone()], downlink: vec![rule], ..SessionRules::default() };
    let mut known = Vec::new();
    for number in 0..sessions {
        let address = 0x0a40_0002 + number;
        let teid = upf.open().unwrap();
        rules.ipv4 = Some(Ipv4Addr::from_bits(address));
        rules.peer = Some(Peer { address: "192.0.2.10".parse().unwrap(), teid: number + 1 });
        upf.install(0, teid, &rules, false).unwrap();
        known.push((teid, address));
    }
    (upf, known)
}

fn measure(sessions: u32, uplink: bool) -> f64 {
    let (mut upf, known) = engine(sessions);
    let mut state = 0x9e37_79b9_u32;
    let order: Vec<(u32, u32)> = (0..1 << 17)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            known[state as usize % known.len()]
        })
        .collect();
    let (mut input, mut output) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    let (mut spent, mut packets, mut now) = (0, 0, 0);
    for round in 0..24 {
        for part in order.chunks(BATCH) {
            for &(teid, address) in part {
                let mut packet = upf.recycler().take();
                if uplink {
                    let mut datagram = [0; INNER + 16];
                    datagram[..4].copy_from_slice(&[0x34, 255, 0, INNER as u8 + 8]);
                    datagram[4..8].copy_from_slice(&teid.to_be_bytes());
                    datagram[8..16].copy_from_slice(&[0, 0, 0, 0x85, 1, 0x10, 9, 0]);
                    datagram[16..].copy_from_slice(&inner(address, 0xc633_6401));
                    packet.fill(&datagram);
                } else {
                    packet.fill(&inner(0xc633_6401, address));
                }
                packet.port = if uplink { Port::N3 } else { Port::N6(0) };
                packet.peer = SocketAddr::from(([192, 0, 2, 10], 2152));
                input.push(packet);
            }
            now += 1_000_000;
            let start = Instant::now();
            upf.poll(now, &mut input, &mut output);
            let took = start.elapsed().as_nanos();
            if round > 3 {
                spent += took;
                packets += output.len();
            }
            assert_eq!(output.len(), part.len());
            output.drain(..).for_each(|packet| upf.recycler().keep(packet));
        }
    }
    spent as f64 / packets as f64
}

fn main() {
    let chosen: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for sessions in if chosen.is_empty() { vec![1, 10_000, 100_000] } else { chosen } {
        let (up, down) = (measure(sessions, true), measure(sessions, false));
        println!("{sessions:>7} sessions: uplink {up:5.1} ns, downlink {down:5.1} ns a packet");
    }
}
