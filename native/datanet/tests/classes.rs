//! QoS rules of a terminal: which flow its packets take.
mod common;
use common::{GATEWAY, gnb, terminal, upf};
use freehold_datanet::{Access, Datagram, UplinkRule, gtpu};

fn rule(qfi: u8, parts: &[(u8, &[u8])]) -> UplinkRule {
    let parts: Vec<_> = parts.iter().map(|(kind, value)| (*kind, value.to_vec())).collect();
    UplinkRule::new(qfi, &parts)
}

fn flows(rules: Vec<UplinkRule>, send: impl Fn(&mut Access)) -> Vec<u8> {
    let mut access = Access::new(gnb());
    access.add_session(1, terminal(1), 1400, 0x11, upf(), 0x22, 9).unwrap();
    access.classify(1, rules).unwrap();
    send(&mut access);
    let (mut none, mut out): (Vec<Datagram>, Vec<Datagram>) = (Vec::new(), Vec::new());
    access.poll(1, &mut none, &mut out);
    let qfi = |datagram: &Datagram| match gtpu::parse(&datagram.payload) {
        Some(gtpu::Message::GPdu { qfi: Some(qfi), .. }) => Some(qfi),
        _ => None,
    };
    out.iter().filter_map(qfi).collect()
}

fn datagram(port: u16) -> impl Fn(&mut Access) {
    move |access| {
        let socket = access.udp_open(1, 4000).unwrap();
        access.send_to(socket, b"x", std::net::SocketAddrV4::new(GATEWAY, port)).unwrap();
    }
}

#[test]
fn when_rules_match_then_the_first_one_gives_the_flow() {
    let gateway = GATEWAY.octets();
    let remote: Vec<u8> = gateway.iter().chain(&[255; 4]).copied().collect();
    let rules = || {
        vec![
            rule(2, &[(0x30, &[17]), (0x51, &[0x13, 0x88, 0x13, 0x8f])]),
            rule(3, &[(0x10, &remote), (0x40, &[0x0f, 0xa0])]),
            rule(4, &[(0x30, &[1])]),
            rule(5, &[(0x01, &[])]),
        ]
    };
    assert_eq!(flows(rules(), datagram(5003)), [2]);
    assert_eq!(flows(rules(), datagram(80)), [3]);
    assert_eq!(flows(rules(), |access| access.ping(1, GATEWAY, 4, 1).unwrap()), [4]);
    assert_eq!(flows(vec![rule(5, &[(0x01, &[])])], datagram(80)), [5]);
}

#[test]
fn when_no_rule_matches_or_none_can_be_read_then_the_bearers_own_flow_is_taken() {
    assert_eq!(flows(vec![rule(2, &[(0x30, &[6])])], datagram(80)), [9]);
    assert_eq!(flows(vec![rule(2, &[(0x30, &[])]), rule(3, &[(0x99, &[1])])], datagram(80)), [9]);
    assert_eq!(flows(Vec::new(), datagram(80)), [9]);
    let class = rule(2, &[(0x70, &[0xb8, 0xfc])]);
    assert_eq!(flows(vec![class], datagram(80)), [9]);
}
