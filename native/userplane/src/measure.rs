//! How long the engine takes for a packet, in this process, on this machine.

use crate::address::Prefix;
use crate::control::{Instance, Settings};
use crate::engine::Upf;
use crate::packet::{Packet, Port};
use crate::rules::{Action, Peer, Rule, SessionRules};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const BATCH: usize = 64;
const GNB: [u8; 4] = [192, 0, 2, 10];
const FIRST: u32 = 0x0a40_0002;
const SERVER: u32 = 0xc633_6401;
/// Packets before the clock counts: every session's record was used by then.
const WARM_ROUNDS: usize = 2;

/// Nanoseconds a packet of `octets` octets of IP, over `sessions` sessions in random order, each with a gate, a rate and
/// counters; `clock` gives nanoseconds, and is read around each batch. `None` where the sizes make no sense.
pub fn measure(sessions: u32, octets: u16, uplink: bool, packets: usize, clock: impl Fn() -> u64) -> Option<f64> {
    if sessions == 0 || sessions > 1 << 18 || !(28..=9000).contains(&octets) {
        return None;
    }
    let (mut upf, known) = engine(sessions)?;
    let order = order(&known, packets.clamp(1 << 12, 1 << 17));
    let (mut input, mut output) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    let (mut spent, mut counted, mut now, mut round) = (0_u64, 0, 0, 0);
    while counted < packets {
        for part in order.chunks(BATCH) {
            for session in part {
                input.push(packet(&mut upf, *session, octets, uplink));
            }
            now += 1_000_000;
            let start = clock();
            upf.poll(now, &mut input, &mut output);
            let took = clock().saturating_sub(start);
            if round >= WARM_ROUNDS {
                spent += took;
                counted += output.len();
            } else if output.len() != part.len() {
                return None;
            }
            output.drain(..).for_each(|packet| upf.recycler().keep(packet));
        }
        round += 1;
    }
    Some(spent as f64 / counted as f64)
}

fn engine(sessions: u32) -> Option<(Upf, Vec<(u32, u32)>)> {
    let mut settings = Settings::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), [7; 16]);
    settings.capacity = sessions as usize;
    settings.protected.push(Prefix::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)), 24));
    let mut upf = Upf::new(&settings);
    let pools = vec![Prefix::new(IpAddr::V4(Ipv4Addr::new(10, 64, 0, 0)), 14)];
    upf.add_instance(&Instance { pools, ..Instance::default() }).ok()?;
    let rule = Rule { action: Action::Forward, qfi: 9, rates: vec![(1, 40_000_000_000)], ..Rule::default() };
    let mut rules = SessionRules { uplink: vec![rule.clone()], downlink: vec![rule], ..SessionRules::default() };
    let mut known = Vec::new();
    for number in 0..sessions {
        let teid = upf.open().ok()?;
        rules.ipv4 = Some(Ipv4Addr::from_bits(FIRST + number));
        rules.peer = Some(Peer { address: IpAddr::V4(GNB.into()), teid: number + 1 });
        upf.install(0, teid, &rules, false).ok()?;
        known.push((teid, FIRST + number));
    }
    Some((upf, known))
}

/// Sessions in an order that no cache foresees, the same each time.
fn order(known: &[(u32, u32)], count: usize) -> Vec<(u32, u32)> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        known[state as usize % known.len()]
    };
    (0..count).map(|_| next()).collect()
}

fn packet(upf: &mut Upf, (teid, address): (u32, u32), octets: u16, uplink: bool) -> Packet {
    let (source, destination) = if uplink { (address, SERVER) } else { (SERVER, address) };
    let mut datagram = [0; 9016];
    datagram[..2].copy_from_slice(&[0x34, 255]);
    datagram[2..4].copy_from_slice(&(octets + 8).to_be_bytes());
    datagram[4..8].copy_from_slice(&teid.to_be_bytes());
    datagram[8..16].copy_from_slice(&[0, 0, 0, 0x85, 1, 0x10, 9, 0]);
    datagram[16..28].copy_from_slice(&[0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0]);
    datagram[18..20].copy_from_slice(&octets.to_be_bytes());
    datagram[28..32].copy_from_slice(&source.to_be_bytes());
    datagram[32..36].copy_from_slice(&destination.to_be_bytes());
    let end = 16 + usize::from(octets);
    let mut packet = upf.recycler().take();
    packet.fill(&datagram[if uplink { 0 } else { 16 }..end]);
    packet.port = if uplink { Port::N3 } else { Port::N6(0) };
    packet.peer = SocketAddr::new(IpAddr::V4(GNB.into()), crate::gtpu::GTPU_PORT);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn when_it_is_measured_then_every_packet_passes_and_the_clock_decides() {
        let clock = Cell::new(0);
        let tick = || {
            clock.set(clock.get() + 6400);
            clock.get()
        };
        for uplink in [true, false] {
            assert_eq!(measure(100, 128, uplink, 8192, tick), Some(100.0));
        }
    }

    #[test]
    fn when_the_sizes_make_no_sense_then_nothing_is_measured() {
        for (sessions, octets) in [(0, 128), (1 << 20, 128), (1, 10), (1, 9001)] {
            assert_eq!(measure(sessions, octets, true, 1, || 0), None);
        }
    }
}
