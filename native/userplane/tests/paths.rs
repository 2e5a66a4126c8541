//! Echo requests to the other ends of tunnels, and what follows where nobody answers.
mod common;
use common::*;
use freehold_userplane::*;

const SECOND: u64 = 1_000_000_000;

fn watching() -> Net {
    let mut settings = settings();
    settings.echo_interval_ns = SECOND; // raised to a minute
    let mut upf = Upf::new(&settings);
    upf.add_instance(&Instance { pools: pools(), ..Instance::default() }).unwrap();
    let teid = upf.open().unwrap();
    upf.install(0, teid, &rules(UE, 0x77), false).unwrap();
    Net { upf, teid, now: 0 }
}

/// The echo requests until that second.
fn until(net: &mut Net, second: u64) -> Vec<(u64, u16)> {
    let mut found = Vec::new();
    while let Some(next) = net.upf.next_ns().filter(|next| *next <= second * SECOND) {
        net.now = next;
        for packet in net.poll() {
            let header = parse_gtpu(packet.octets()).unwrap();
            assert_eq!((header.kind, header.teid, packet.peer.to_string()), (1, 0, GNB.to_string()));
            found.push((net.now / SECOND, header.sequence.unwrap()));
        }
    }
    found
}

fn response(sequence: u16) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    vec![0x32, 2, 0, 6, 0, 0, 0, 0, high, low, 0, 0, 14, 0]
}

#[test]
fn when_a_peer_answers_then_it_is_asked_every_interval() {
    let mut net = watching();
    assert_eq!(until(&mut net, 60), [(60, 1)]);
    assert!(net.uplink(GNB, &response(1)).is_empty());
    assert_eq!(until(&mut net, 120), [(120, 2)]);
    assert!(net.upf.take_events().is_empty());
}

#[test]
fn when_a_peer_does_not_answer_then_it_failed_once_and_recovers_when_it_does() {
    let mut net = watching();
    assert_eq!(until(&mut net, 80).len(), 5, "N3-REQUESTS");
    let peer = "192.0.2.10".parse().unwrap();
    assert_eq!(net.upf.take_events(), [Event::PathFailed { peer }]);
    assert_eq!(until(&mut net, 136).last(), Some(&(135, 2)));
    net.uplink("192.0.2.66:2152", &response(2));
    net.uplink(GNB, &response(1));
    assert!(net.upf.take_events().is_empty(), "another node's, or an old one");
    net.uplink(GNB, &response(2));
    assert_eq!(net.upf.take_events(), [Event::PathRecovered { peer }]);
}

#[test]
fn when_no_tunnel_leads_to_a_peer_any_more_then_it_is_not_asked() {
    let mut net = watching();
    net.upf.install(0, net.teid, &rules(UE, 0x78), false).unwrap();
    assert_eq!(until(&mut net, 60).len(), 1, "the same peer, another tunnel");
    net.upf.close(net.teid).unwrap();
    assert_eq!((until(&mut net, 300), net.upf.next_ns()), (vec![], None));
    assert_eq!(Net::new().upf.next_ns(), None, "off unless asked for");
}
