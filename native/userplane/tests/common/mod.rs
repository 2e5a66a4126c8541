//! A user plane function with one session, and packets for it.
#![allow(dead_code)]
use freehold_userplane::*;
use std::net::{Ipv4Addr, Ipv6Addr};

pub const GNB: &str = "192.0.2.10:2152";
pub const UE: &str = "10.45.0.2";
pub const UE2: &str = "10.45.0.3";
pub const SERVER: &str = "198.51.100.1";

pub struct Net {
    pub upf: Upf,
    pub teid: u32,
    pub now: u64,
}

pub fn settings() -> Settings {
    let mut settings = Settings::new("192.0.2.1".parse().unwrap(), *b"0123456789abcdef");
    settings.protected.push(Prefix::new("203.0.113.0".parse().unwrap(), 24));
    settings.trusted_sources.push(Prefix::new("198.51.100.7".parse().unwrap(), 32));
    settings.answers_a_second = 20;
    settings
}

pub fn pools() -> Vec<AddressPool> {
    vec![Prefix::new("10.45.0.0".parse().unwrap(), 16), Prefix::new("2001:db8::".parse().unwrap(), 48)]
}

pub fn peer(teid: u32) -> Peer {
    Peer { address: "192.0.2.10".parse().unwrap(), teid }
}

pub fn rules(address: &str, teid: u32) -> SessionRules {
    let rule = Rule { action: Action::Forward, qfi: 9, ..Rule::default() };
    SessionRules {
        ipv4: Some(address.parse().unwrap()),
        uplink: vec![rule.clone()],
        downlink: vec![rule],
        peer: Some(peer(teid)),
        ..SessionRules::default()
    }
}

pub fn held(address: &str) -> SessionRules {
    let mut rules = rules(address, 0);
    rules.peer = None;
    rules.downlink[0].action = Action::Buffer { notify: true };
    rules
}

impl Net {
    pub fn new() -> Self {
        Self::with(LocalSwitch::Refuse)
    }

    pub fn with(local_switch: LocalSwitch) -> Self {
        let mut upf = Upf::new(&settings());
        upf.add_instance(&Instance { pools: pools(), mtu: 1400, local_switch, ..Instance::default() }).unwrap();
        let teid = upf.open().unwrap();
        upf.install(0, teid, &rules(UE, 0x77), false).unwrap();
        Self { upf, teid, now: 0 }
    }

    fn pass(&mut self, octets: &[u8], port: Port, peer: &str) -> Vec<Packet> {
        let mut packet = self.upf.recycler().take();
        packet.fill(octets);
        (packet.port, packet.peer) = (port, peer.parse().unwrap());
        let (mut input, mut output) = (vec![packet], Vec::new());
        self.upf.poll(self.now, &mut input, &mut output);
        output
    }

    pub fn uplink(&mut self, peer: &str, datagram: &[u8]) -> Vec<Packet> {
        self.pass(datagram, Port::N3, peer)
    }

    pub fn downlink(&mut self, packet: &[u8]) -> Vec<Packet> {
        self.pass(packet, Port::N6(0), "0.0.0.0:0")
    }

    pub fn poll(&mut self) -> Vec<Packet> {
        let mut output = Vec::new();
        self.upf.poll(self.now, &mut Vec::new(), &mut output);
        output
    }

    pub fn count(&self, count: Count) -> u64 {
        self.upf.counters().get(count)
    }
}

pub fn udp(source: &str, destination: &str, from: u16, to: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
    for address in [source, destination] {
        packet.extend(address.parse::<Ipv4Addr>().unwrap().octets());
    }
    packet.extend(from.to_be_bytes());
    packet.extend(to.to_be_bytes());
    packet.extend([0, 8, 0, 0]);
    packet
}

pub fn udp6(source: &str, destination: &str) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 8, 17, 64];
    for address in [source, destination] {
        packet.extend(address.parse::<Ipv6Addr>().unwrap().octets());
    }
    packet.extend([0, 7, 0, 9, 0, 8, 0, 0]);
    packet
}

pub fn g_pdu(teid: u32, qfi: u8, inner: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0x34, 255];
    datagram.extend((inner.len() as u16 + 8).to_be_bytes());
    datagram.extend(teid.to_be_bytes());
    datagram.extend([0, 0, 0, 0x85, 1, 0x10, qfi, 0]);
    datagram.extend(inner);
    datagram
}

pub fn error_indication(teid: u32, address: [u8; 4]) -> Vec<u8> {
    let mut datagram = vec![0x32, 26, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16];
    datagram.extend(teid.to_be_bytes());
    datagram.extend([133, 0, 4]);
    datagram.extend(address);
    datagram
}
