//! Terminals, a stand-in for the user plane function, and the data network on virtual time.
#![allow(dead_code)]
use freehold_datanet::{Access, Config, DataNetwork, Datagram, Event, gtpu, ip};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 1);
/// One way between terminal and data network.
pub const LEG_NS: u64 = 1_000_000;

pub struct Bench {
    pub access: Access,
    pub network: DataNetwork,
    pub now: u64,
    pub lossy: Option<u64>,
    pub carried: u64,
    downlink: HashMap<IpAddr, u32>,
    from_n3: Vec<Datagram>,
}

pub fn gnb() -> SocketAddr {
    "192.0.2.10:2152".parse().unwrap()
}

pub fn upf() -> SocketAddr {
    "192.0.2.20:2152".parse().unwrap()
}

pub fn terminal(session: u64) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 45, 0, 1)) + session as u32)
}

/// A downlink G-PDU with a PDU session container of type 0 (TS 38.415 5.5.2.1).
pub fn g_pdu(teid: u32, packet: &[u8]) -> Vec<u8> {
    let mut out = vec![0x34, 255];
    out.extend_from_slice(&(packet.len() as u16 + 8).to_be_bytes());
    out.extend_from_slice(&teid.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0x85, 1, 0x00, 1, 0]);
    out.extend_from_slice(packet);
    out
}

impl Bench {
    pub fn new(sessions: u64) -> Bench {
        Bench::with(Config::new(GATEWAY), sessions)
    }

    pub fn with(config: Config, sessions: u64) -> Bench {
        let mut bench = Bench {
            access: Access::new(gnb()),
            network: DataNetwork::new(config),
            now: 1_000_000_000,
            lossy: None,
            carried: 0,
            downlink: HashMap::new(),
            from_n3: Vec::new(),
        };
        for session in 1..=sessions {
            let teid = 0x1000 + session as u32;
            bench
                .access
                .add_session(session, terminal(session), 1400, teid, upf(), 0x8000_0000 + session as u32, 9)
                .unwrap();
            bench.downlink.insert(terminal(session).into(), teid);
        }
        bench
    }

    /// One poll of both engines and of what stands between them.
    pub fn step(&mut self) -> Vec<Event> {
        let mut to_n3 = Vec::new();
        let next = self.access.poll(self.now, &mut self.from_n3, &mut to_n3);
        let mut input: Vec<Vec<u8>> = to_n3
            .iter()
            .filter_map(|datagram| match gtpu::parse(&datagram.payload) {
                Some(gtpu::Message::GPdu { payload, qfi: Some(9), .. }) => Some(payload.to_vec()),
                _ => None,
            })
            .collect();
        self.lose(&mut input);
        let mut output = Vec::new();
        let other = self.network.poll(self.now, &mut input, &mut output);
        self.lose(&mut output);
        let busy = !output.is_empty() || !to_n3.is_empty();
        self.carried += output.len() as u64;
        for packet in output {
            let view = ip::parse(&packet).unwrap();
            if let Some(teid) = self.downlink.get(&view.destination) {
                let payload = g_pdu(*teid, &packet);
                self.from_n3.push(Datagram { source: upf(), destination: gnb(), payload });
            }
        }
        let due = [next, other].into_iter().flatten().min();
        let later = self.now + LEG_NS;
        self.now =
            if busy && due.is_none_or(|at| at > self.now) { later } else { due.unwrap_or(later).max(self.now + 1) };
        self.access.take_events()
    }

    fn lose(&mut self, packets: &mut Vec<Vec<u8>>) {
        if let Some(state) = &mut self.lossy {
            packets.retain(|_| {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % 10 != 0
            });
        }
    }

    /// Steps until `wanted` accepts an event; everything seen up to there.
    pub fn until(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        for _ in 0..20_000 {
            let events = self.step();
            let found = events.iter().any(&mut wanted);
            seen.extend(events);
            if found {
                return seen;
            }
        }
        panic!("it never happened; seen: {seen:?}");
    }

    /// Sends a request over TCP and reads until the peer ends, or `length` octets have come.
    pub fn fetch(&mut self, session: u64, port: u16, request: &[u8], length: usize) -> Vec<u8> {
        let remote = std::net::SocketAddrV4::new(GATEWAY, port);
        let socket = self.access.tcp_connect(session, remote).unwrap();
        self.until(|event| matches!(event, Event::Connected { socket: it, .. } if *it == socket));
        let (mut sent, mut received) = (0, Vec::new());
        for _ in 0..50_000 {
            if sent < request.len() {
                sent += self.access.send(socket, &request[sent..]).unwrap();
            }
            self.step();
            match self.access.recv(socket, 1 << 20).unwrap() {
                Some(data) => received.extend(data),
                None => break,
            }
            if received.len() >= length {
                break;
            }
        }
        self.access.close(socket, false).unwrap();
        received
    }
}
