//! What must hold of any octets, one function a decoder: it ends in time and memory bounded by its input, it does not
//! panic, and what it read and wrote again reads the same.
//!
//! The tables of the codecs come from the folder that FREEHOLD_FUZZ_TABLES names; `tools/fuzz` writes it.
pub mod crypto;
pub mod datanet;
pub mod gtpu;
pub mod nas;
pub mod per;
pub mod pfcp;
pub mod userplane;

use std::time::Duration;

/// No input may take longer, in time of its own thread.
const LIMIT: Duration = Duration::from_millis(10);

/// All targets by name.
pub const TARGETS: [(&str, fn(&[u8])); 7] = [
    ("per", per::check),
    ("nas", nas::check),
    ("pfcp", pfcp::check),
    ("gtpu", gtpu::check),
    ("userplane", userplane::check),
    ("crypto", crypto::check),
    ("datanet", datanet::check),
];

fn thread_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec of this frame, which the call fills.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Runs one check; one that is slow twice is a finding. The first call of a thread reads the tables and is not counted.
pub fn timed(check: fn(&[u8]), octets: &[u8]) {
    let once = || {
        let start = thread_time();
        check(octets);
        thread_time() - start
    };
    let slow = once() > LIMIT && once() > LIMIT && once() > LIMIT;
    assert!(!slow, "more than {LIMIT:?} for {} octets", octets.len());
}

/// Why values may not outnumber this: each costs its sender at least one bit, or stands beside one that does.
fn bounded(values: usize, octets: usize) {
    assert!(values <= 8 * octets.max(64) * 8, "{values} values of {octets} octets");
}

fn table(name: &str) -> Vec<u8> {
    let folder = std::env::var("FREEHOLD_FUZZ_TABLES").expect("FREEHOLD_FUZZ_TABLES names no folder: run tools/fuzz");
    std::fs::read(format!("{folder}/{name}")).expect("a table that tools/fuzz has written")
}
