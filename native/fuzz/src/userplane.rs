//! The UPF's packets: GTP-U and inner headers, and the engine itself with a session, a held one, and both ports.
use freehold_userplane::{
    Action, HEADROOM, Instance, LocalSwitch, Packet, Peer, Port, Prefix, Rule, SessionRules, Settings, Upf, parse_gtpu,
    parse_inner,
};
use std::cell::RefCell;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An engine and the tunnel of its forwarding session.
struct Bench {
    upf: Upf,
    teid: u32,
    now: u64,
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

fn rules(address: Ipv4Addr, action: Action) -> SessionRules {
    let rule = Rule { action: Action::Forward, qfi: 9, ..Rule::default() };
    let peer = Peer { address: Ipv4Addr::new(192, 0, 2, 10).into(), teid: 0x77 };
    SessionRules {
        ipv4: Some(address),
        ipv6: Some(0xfd45_0000_0000_0000 | u64::from(address.octets()[3])),
        uplink: vec![rule.clone()],
        downlink: vec![Rule { action, ..rule }],
        peer: (action == Action::Forward).then_some(peer),
        ..SessionRules::default()
    }
}

impl Bench {
    fn new() -> Self {
        let mut settings = Settings::new(Ipv4Addr::new(192, 0, 2, 1).into(), *b"0123456789abcdef");
        settings.capacity = 16;
        let mut upf = Upf::new(&settings);
        let pools = vec![
            Prefix::new(Ipv4Addr::new(10, 45, 0, 0).into(), 16),
            Prefix::new(Ipv6Addr::from(0xfd45_u128 << 112).into(), 48),
        ];
        upf.add_instance(&Instance { pools, mtu: 1400, local_switch: LocalSwitch::Switch, ..Instance::default() })
            .expect("an instance");
        let teid = upf.open().expect("a session");
        upf.install(0, teid, &rules(Ipv4Addr::new(10, 45, 0, 2), Action::Forward), false).expect("rules");
        let held = upf.open().expect("a session");
        let action = Action::Buffer { notify: true };
        upf.install(0, held, &rules(Ipv4Addr::new(10, 45, 0, 3), action), false).expect("rules");
        Self { upf, teid, now: 0 }
    }

    fn pass(&mut self, octets: &[u8], port: Port) {
        let mut packet: Packet = self.upf.recycler().take();
        packet.fill(octets);
        (packet.port, packet.peer) = (port, (Ipv4Addr::new(192, 0, 2, 10), 2152).into());
        let mut output = Vec::new();
        self.now += 1_000_000;
        self.upf.poll(self.now, &mut vec![packet], &mut output);
        assert!(output.len() <= 65, "{} packets of one", output.len());
        for packet in output {
            // What the router of a link says by itself is 96 octets, an error about a long packet 1280.
            assert!(packet.octets().len() <= octets.len().max(96) + HEADROOM);
            self.upf.recycler().keep(packet);
        }
        self.upf.take_events();
    }
}

/// The first octet chooses the port, and whether the tunnel identifier is made to be the session's.
pub fn check(input: &[u8]) {
    let [choice, octets @ ..] = input else { return };
    let _ = parse_gtpu(octets);
    let _ = parse_inner(octets);
    BENCH.with_borrow_mut(|bench| {
        let mut datagram = octets.to_vec();
        if let (true, Some(place)) = (choice & 2 != 0, datagram.get_mut(4..8)) {
            place.copy_from_slice(&bench.teid.to_be_bytes());
        }
        bench.pass(&datagram, if choice & 1 == 0 { Port::N3 } else { Port::N6(0) });
    });
}
