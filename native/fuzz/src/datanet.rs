//! The data network in the process and the terminals' IP stacks: their packets and datagrams.
use freehold_datanet::{Access, Config, DataNetwork, Datagram, gtpu, icmp, ip};
use std::cell::RefCell;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 1);
/// Engines are made anew after so many inputs, so that a finding repeats soon after its like.
const INPUTS: u32 = 4096;

struct Bench {
    access: Access,
    network: DataNetwork,
    now: u64,
    inputs: u32,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

fn node(last: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, last), 2152).into()
}

impl Bench {
    fn new() -> Self {
        let mut access = Access::new(node(10));
        access.add_session(1, Ipv4Addr::new(10, 45, 0, 2), 1400, 0x1001, node(20), 0x8000_0001, 9).expect("a session");
        access.link(1, 2, 1400);
        let network = DataNetwork::new(Config::at(&[GATEWAY.into(), Ipv6Addr::from(0xfd45_u128 << 112 | 1).into()]));
        Self { access, network, now: 1_000_000_000, inputs: 0 }
    }

    fn packet(&mut self, octets: &[u8]) {
        self.network.poll(self.now, &mut vec![octets.to_vec()], &mut Vec::new());
    }

    fn datagram(&mut self, payload: &[u8]) {
        let mut from_n3 = vec![Datagram { source: node(20), destination: node(10), payload: payload.to_vec() }];
        self.access.poll(self.now, &mut from_n3, &mut Vec::new());
        self.access.take_events();
    }
}

/// Makes the IP header's length and checksum right, and an ICMPv6 message's sum, so that what is behind is reached.
fn mend(packet: &mut [u8]) {
    let Ok(length) = u16::try_from(packet.len()) else { return };
    if packet.first().is_some_and(|first| first >> 4 == 6) && length >= 48 {
        packet[4..6].copy_from_slice(&(length - 40).to_be_bytes());
        let (Some(source), Some(destination)) = (ip::address_6_at(packet, 8), ip::address_6_at(packet, 24)) else {
            return;
        };
        if packet[6] == ip::ICMP_6 {
            icmp::seal(source.into(), destination.into(), &mut packet[40..]);
        }
        return;
    }
    if length < 20 {
        return;
    }
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[10..12].fill(0);
    let sum = ip::checksum(&packet[..20], 0);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// The first octet chooses: a packet of N6, a datagram of N3, a packet inside a tunnel; mended or as it is.
pub fn check(input: &[u8]) {
    let [choice, octets @ ..] = input else { return };
    let mut octets = octets.to_vec();
    let _ = (gtpu::parse(&octets), ip::parse(&octets));
    if choice & 4 != 0 {
        mend(&mut octets);
    }
    BENCH.with_borrow_mut(|bench| {
        bench.inputs += 1;
        if bench.inputs % INPUTS == 0 {
            *bench = Bench::new();
        }
        bench.now += 1_000_000;
        match choice % 3 {
            0 => bench.packet(&octets),
            1 => bench.datagram(&octets),
            _ => bench.datagram(
                &[&[0x30, 255, (octets.len() >> 8) as u8, octets.len() as u8, 0, 0, 0x10, 1], &octets[..]].concat(),
            ),
        }
    });
}
