//! Nanoseconds a packet of the engine alone: cargo bench -p freehold-userplane [-- sessions ...]
use freehold_userplane::measure;
use std::time::Instant;

fn main() {
    let start = Instant::now();
    let clock = || start.elapsed().as_nanos() as u64;
    let chosen: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    for sessions in if chosen.is_empty() { vec![1, 10_000, 100_000] } else { chosen } {
        for octets in [128, 1400] {
            let [up, down] = [true, false].map(|uplink| measure(sessions, octets, uplink, 2_000_000, clock));
            let (up, down) = (up.unwrap_or(f64::NAN), down.unwrap_or(f64::NAN));
            println!("{sessions:>7} sessions, {octets:>4} octets: uplink {up:5.1} ns, downlink {down:5.1} ns a packet");
        }
    }
}
