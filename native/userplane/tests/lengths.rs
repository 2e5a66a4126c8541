//! Fragments, whose later ones have no ports, and packets longer than a tunnel carries.
mod common;
use common::*;
use freehold_userplane::*;

/// A fragment of a UDP packet to port 53: the first has its header, the others do not.
fn fragment(identification: u16, first: bool) -> Vec<u8> {
    let mut packet = udp(UE, SERVER, 5000, 53);
    packet[4..6].copy_from_slice(&identification.to_be_bytes());
    let part: u16 = if first { 0x2000 } else { 0x0001 };
    packet[6..8].copy_from_slice(&part.to_be_bytes());
    if !first {
        packet[20..].fill(0);
    }
    packet
}

#[test]
fn when_the_first_fragment_matched_by_its_ports_then_the_later_ones_follow_it() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    let dns = Filter { protocol: 17, remote_ports: (53, 53), ..Filter::default() };
    rules.uplink = vec![Rule { filters: vec![dns], action: Action::Forward, ..Rule::default() }];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    let send = |net: &mut Net, identification, first| {
        net.uplink(GNB, &g_pdu(net.teid, 9, &fragment(identification, first))).len()
    };
    assert_eq!(send(&mut net, 1, false), 0, "nothing is known of it");
    assert_eq!([send(&mut net, 1, true), send(&mut net, 1, false), send(&mut net, 2, false)], [1, 1, 0]);
    net.now += 31_000_000_000;
    assert_eq!(send(&mut net, 1, false), 0, "too late");
    assert_eq!((0..5000).map(|one| send(&mut net, one, true)).sum::<usize>(), 5000);
    assert_eq!([send(&mut net, 1, false), send(&mut net, 4999, false)], [0, 1], "only so many are remembered");
}

#[test]
fn when_an_ipv6_packet_is_fragmented_then_its_later_fragments_follow_as_well() {
    let mut net = Net::new();
    let mut rules = rules(UE, 0x77);
    rules.ipv6 = Some(0x2001_0db8_0000_0005);
    let port = Filter { protocol: 17, remote_ports: (7, 7), ..Filter::default() };
    rules.downlink = vec![Rule { filters: vec![port], action: Action::Forward, ..Rule::default() }];
    net.upf.install(0, net.teid, &rules, false).unwrap();
    net.poll(); // the router advertisement
    let part = |first: bool| {
        let mut packet = udp6("2001:db8:ffff::1", "2001:db8:0:5::9");
        packet[5] = 16;
        packet[6] = 44;
        packet.splice(40..40, [17, 0, 0, if first { 1 } else { 8 }, 0, 0, 0, 9]);
        packet
    };
    assert_eq!(net.downlink(&part(false)).len(), 0);
    assert_eq!([net.downlink(&part(true)).len(), net.downlink(&part(false)).len()], [1, 1]);
}

fn limited() -> Net {
    let mut settings = settings();
    settings.link_mtu = 1280;
    let mut upf = Upf::new(&settings);
    upf.add_instance(&Instance { pools: pools(), ..Instance::default() }).unwrap();
    let teid = upf.open().unwrap();
    let mut rules = rules(UE, 0x77);
    rules.ipv6 = Some(0x2001_0db8_0000_0005);
    upf.install(0, teid, &rules, false).unwrap();
    let mut net = Net { upf, teid, now: 0 };
    let advertised = net.poll();
    assert!(advertised[0].octets().ends_with(&[5, 1, 0, 0, 0, 0, 5, 0]), "the link's MTU is the tunnel's");
    net
}

fn long(mut packet: Vec<u8>, length: u16, version_4: bool) -> Vec<u8> {
    packet.resize(usize::from(length), 0);
    let (at, value) = if version_4 { (2, length) } else { (4, length - 40) };
    packet[at..at + 2].copy_from_slice(&value.to_be_bytes());
    packet
}

fn checks(octets: &[u8], mut sum: u32) -> bool {
    sum += octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0))).sum::<u32>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum == 0xffff
}

#[test]
fn when_a_packet_is_too_long_and_not_to_be_fragmented_then_its_sender_is_told_the_mtu() {
    let mut net = limited();
    let mut packet = long(udp(SERVER, UE, 1, 2), 1281, true);
    assert_eq!(net.downlink(&packet)[0].port, Port::N3, "it may be fragmented");
    packet[6] = 0x40;
    let out = net.downlink(&packet);
    let octets = out[0].octets();
    assert_eq!((out[0].port, octets.len(), octets[9]), (Port::N6(0), 56, 1));
    assert_eq!((&octets[12..16], &octets[16..20]), (&[10, 45, 0, 1][..], &[198, 51, 100, 1][..]));
    assert_eq!((&octets[20..22], &octets[26..28], &octets[28..]), (&[3, 4][..], &[5, 0][..], &packet[..28]));
    assert!(checks(&octets[..20], 0) && checks(&octets[20..], 0));
    assert_eq!(net.downlink(&long(udp(SERVER, UE, 1, 2), 1280, true))[0].port, Port::N3);
    let told: usize = (0..1000).map(|_| net.downlink(&packet).len()).sum();
    assert!(told < 50, "{told}: as rarely as any answer");
    assert_eq!(net.count(Count::TooBig), 1001);
}

#[test]
fn when_the_packet_is_of_ipv6_then_it_is_told_by_icmpv6() {
    let mut net = limited();
    let packet = long(udp6("2001:db8:ffff::1", "2001:db8:0:5::9"), 1281, false);
    let out = net.downlink(&packet);
    let octets = out[0].octets();
    assert_eq!((octets.len(), octets[6], &octets[40..42]), (1280, 58, &[2, 0][..]));
    assert_eq!((&octets[44..48], &octets[48..]), (&[0, 0, 5, 0][..], &packet[..1232]));
    let pseudo = octets[8..40].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
    assert!(checks(&octets[40..], pseudo + 1240 + 58));
}

#[test]
fn when_it_is_an_icmp_error_itself_then_nobody_is_told() {
    let mut net = limited();
    let mut packet = long(udp(SERVER, UE, 1, 2), 1281, true);
    (packet[6], packet[9], packet[20]) = (0x40, 1, 3);
    assert!(net.downlink(&packet).is_empty());
    packet[20] = 8;
    assert_eq!(net.downlink(&packet).len(), 1, "an echo request is no error");
}
