//! How long the program takes for a packet, by the kernel's own clock: BPF_PROG_TEST_RUN over random sessions.

use crate::datapath::Pool;
use crate::datapath::{Datapath, Hook, Plan, Programs, port};
use crate::hiding::Connection;
use crate::loading::{self, descriptor, map, program};
use crate::record::Fast;
use crate::sys::{Shared, test_run, update};
use crate::way::Hop;
use aya::Ebpf;
use freehold_userplane::{Action, Peer, Rule, SessionRules, Settings, Upf};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

const N3: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const GNB: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// What hides terminals, how many connections to one server it can, and the port of theirs that each connection has.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
const PORTS: u32 = 60_000;
const PORT: u16 = 40_000;
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 0);
/// 127.0.0.0/8 and so on: about as many routes as a host has.
const KEPT_BACK: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 64, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// A device that every network namespace has; a test run sends nothing there.
const LOOPBACK: u32 = 1;
const ROUNDS: usize = 8;
/// What no test reaches, but each packet is metered for.
const RATE: u64 = 4_000_000_000_000;

#[derive(Clone, Copy)]
#[repr(C)]
struct Template {
    length: u32,
    sessions: u32,
    next: u32,
    device: u32,
    packet: [u8; 128],
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Target {
    teid: [u8; 4],
    /// Where downlink packets go: the terminal's address, or the one that hides it.
    terminal: [u8; 4],
    ports: [u8; 4],
    unused: u32,
}

/// The compiled programs: the one under test, and what drives it.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    pub program: &'a [u8],
    pub bench: &'a [u8],
}

/// Packets of so many octets of IP over so many sessions, in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub sessions: u32,
    pub octets: u16,
    pub uplink: bool,
    /// Terminals are hidden behind one address, each with one connection.
    pub hidden: bool,
}

/// Nanoseconds a packet, what driving the program cost already taken off.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub program_ns: f64,
    /// A program that only redirects: the limit, in the same run.
    pub redirect_ns: f64,
}

/// A fast path with that many sessions, each with a rate, counters and a threshold, and what loading them took.
fn filled(object: &[u8], sessions: u32, hidden: bool, uplink: bool) -> io::Result<(Datapath, Vec<Target>, Duration)> {
    let mut settings = Settings::new(IpAddr::V4(N3), [7; 16]);
    settings.capacity = sessions as usize;
    let mut upf = Upf::new(&settings);
    let plan = Plan {
        address: N3,
        address_6: None,
        key: upf.tunnel_key(),
        pools: vec![Pool { base: IpAddr::V4(FIRST), size: sessions, mtu: 9000 }],
        hiding: hidden,
        seed: [7; 16],
    };
    let refused = |_| io::Error::other("the engine has no room");
    let teids = (0..sessions).map(|_| upf.open().map_err(refused)).collect::<io::Result<Vec<u32>>>()?;
    let rule = Rule { action: Action::Forward, qfi: 9, rates: vec![(1, RATE)], ..Rule::default() };
    let mut rules = SessionRules { uplink: vec![rule.clone()], downlink: vec![rule], ..SessionRules::default() };
    let mut targets = Vec::with_capacity(sessions as usize);
    let start = Instant::now();
    let mut path = Datapath::new(Programs { alone: object, kept: &[] }, plan, None)?;
    path.keep_back(&KEPT_BACK.map(|(base, length)| (IpAddr::V4(base), length)))?;
    path.port(0, LOOPBACK)?;
    let hop = Hop { ends: [2; 12], port: 0, device: LOOPBACK };
    path.way(0, None, Some(hop))?;
    path.way(1, Some(GNB.into()), Some(hop))?;
    path.hide_behind(hidden.then_some(OUTSIDE));
    for (number, teid) in (0..sessions).zip(teids) {
        let terminal = Ipv4Addr::from_bits(FIRST.to_bits() + number);
        rules.ipv4 = Some(terminal);
        rules.peer = Some(Peer { address: IpAddr::V4(GNB), teid: number + 1 });
        let fast = Fast::of(&rules).ok_or_else(|| io::Error::other("a plain session is not fast"))?;
        let fast = if hidden { fast.hidden() } else { fast };
        if !path.install(teid, &fast, 1, 1 << 60) {
            return Err(io::Error::other("a terminal's address is in no pool"));
        }
        let outside = if hidden { hide(&mut path, terminal, number) } else { Some(SocketAddrV4::new(terminal, PORT)) };
        // Where a line is full the host keeps the connection: its packets would not be the program's.
        let Some(outside) = outside else { continue };
        let (from, to) =
            if uplink { (SocketAddrV4::new(terminal, PORT), server(number)) } else { (server(number), outside) };
        let ([a, b], [c, d]) = (from.port().to_be_bytes(), to.port().to_be_bytes());
        let end = if uplink { terminal } else { *outside.ip() };
        targets.push(Target { teid: teid.to_be_bytes(), terminal: end.octets(), ports: [a, b, c, d], unused: 0 });
    }
    Ok((path, targets, start.elapsed()))
}

/// The other end of a session's connection: one for as many sessions as an address has ports.
fn server(number: u32) -> SocketAddrV4 {
    SocketAddrV4::new(SERVER, 53 + (number / PORTS) as u16)
}

/// One connection of a hidden terminal: the end of it that the network meets.
fn hide(path: &mut Datapath, terminal: Ipv4Addr, number: u32) -> Option<SocketAddrV4> {
    let outside = SocketAddrV4::new(OUTSIDE, 1024 + (number % PORTS) as u16);
    let connection =
        Connection { protocol: 17, terminal: SocketAddrV4::new(terminal, PORT), peer: server(number), outside };
    path.hiding().hide(&connection).then_some(outside)
}

/// How long that many sessions take to be loaded, program and maps included.
pub fn load_time(object: &[u8], sessions: u32) -> io::Result<Duration> {
    filled(object, sessions, false, true).map(|(_, _, took)| took)
}

/// The frame of a packet of `octets` octets of IP; the session's own fields are set by the driver.
fn frame(octets: u16, uplink: bool) -> Vec<u8> {
    let mut inner = vec![0; usize::from(octets)];
    inner[..2].copy_from_slice(&[0x45, 0]);
    inner[2..4].copy_from_slice(&octets.to_be_bytes());
    inner[8..10].copy_from_slice(&[64, 17]);
    inner[if uplink { 16..20 } else { 12..16 }].copy_from_slice(&SERVER.octets());
    inner[20..24].copy_from_slice(&[0x9c, 0x40, 0, 53]);
    let mut frame = vec![2; 12];
    frame.extend([8, 0]);
    if uplink {
        frame.extend([0x45, 0]);
        frame.extend((octets + 44).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend(GNB.octets());
        frame.extend(N3.octets());
        frame.extend([0x08, 0x68, 0x08, 0x68]);
        frame.extend((octets + 24).to_be_bytes());
        frame.extend([0, 0, 0x34, 255]);
        frame.extend((octets + 8).to_be_bytes());
        frame.extend([0, 0, 0, 0, 0, 0, 0, 0x85, 1, 0x10, 9, 0]);
    }
    frame.extend(inner);
    frame
}

/// Puts them into an order that no cache foresees (Fisher and Yates, xorshift).
fn shuffle(targets: &mut [Target]) {
    let mut state = 88_172_645_463_325_252_u64;
    for last in (1..targets.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        targets.swap(last, (state % (last as u64 + 1)) as usize);
    }
}

/// The fast path with sessions, and what makes packets of them.
pub(crate) struct Bench {
    pub path: Datapath,
    pub driver: Ebpf,
    /// The frame of an uplink or a downlink packet.
    pub frame: Vec<u8>,
    #[cfg(test)]
    teids: Vec<u32>,
}

impl Bench {
    /// Packets of `octets` octets of IP over so many sessions in random order; live ones leave by `device`.
    pub fn new(objects: Objects<'_>, load: Load, device: u32) -> io::Result<Self> {
        let Load { sessions, octets, uplink, hidden } = load;
        if sessions == 0 || sessions > 1 << 20 || !(40..=3000).contains(&octets) {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let (path, mut targets, _) = filled(objects.program, sessions, hidden, uplink)?;
        shuffle(&mut targets);
        let driver = loading::load(objects.bench, &[("TARGETS", sessions)], None)?;
        let frame = frame(octets, uplink);
        let sessions = targets.len() as u32;
        let mut template = Template { length: frame.len() as u32, sessions, next: 0, device, packet: [0; 128] };
        let known = frame.len().min(template.packet.len());
        template.packet[..known].copy_from_slice(&frame[..known]);
        update(map(&driver, "BENCH")?, 0, template)?;
        let places = Shared::<Target>::new(map(&driver, "TARGETS")?, targets.len())?;
        #[cfg(test)]
        let teids = targets.iter().map(|target| u32::from_be_bytes(target.teid)).collect();
        for (number, target) in targets.into_iter().enumerate() {
            if let Some(place) = places.at(number) {
                // SAFETY: the place is in the mapping; the driver does not run yet.
                unsafe { place.write(target) };
            }
        }
        Ok(Self {
            path,
            driver,
            frame,
            #[cfg(test)]
            teids,
        })
    }

    /// The driver's own program `name`.
    pub fn own(&mut self, name: &str) -> io::Result<OwnedFd> {
        descriptor(program(&mut self.driver, name)?.fd())
    }

    /// Nanoseconds a packet with `tested` behind the driver.
    fn run(&self, drive: &OwnedFd, tested: &OwnedFd, repeat: u32) -> io::Result<u32> {
        update(map(&self.driver, "UNDER_TEST")?, 0, tested.as_raw_fd())?;
        Ok(test_run(drive.as_fd(), &self.frame, repeat)?.2)
    }
}

/// Measures the program and the bare redirect with `repeat` packets a round; the best of several rounds.
pub fn measure(objects: Objects<'_>, load: Load, repeat: u32) -> io::Result<Measured> {
    let mut bench = Bench::new(objects, load, LOOPBACK)?;
    let drive = bench.own(if load.uplink { "drive_uplink" } else { "drive_downlink" })?;
    let tested = [bench.own("nothing")?, bench.path.descriptor(Hook::Xdp)?, bench.own("bare_redirect")?];
    update(map(&bench.driver, "OUT")?, 0, port(LOOPBACK))?;
    let mut best = [u32::MAX; 3];
    for _ in 0..ROUNDS {
        for (program, best) in tested.iter().zip(&mut best) {
            *best = (*best).min(bench.run(&drive, program, repeat)?);
        }
    }
    let [driving, program, redirect] = best.map(f64::from);
    Ok(Measured { program_ns: program - driving, redirect_ns: redirect - driving })
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_userplane::Meter;

    /// A user plane of the program `name`; none where it cannot be loaded.
    fn bench(name: &str, load: Load) -> Option<Bench> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/freehold/_gen");
        let read = |name: &str| std::fs::read(folder.join(name));
        let (Ok(program), Ok(bench)) = (read(name), read("bench.bpf.o")) else {
            eprintln!("skipped: make setup makes the programs");
            return None;
        };
        match Bench::new(Objects { program: &program, bench: &bench }, load, LOOPBACK) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                eprintln!("skipped: loading a program needs CAP_BPF and CAP_NET_ADMIN");
                None
            }
            made => Some(made.unwrap()),
        }
    }

    /// The same with one session and uplink packets of 1400 octets.
    fn one_session(name: &str) -> Option<Bench> {
        bench(name, Load { sessions: 1, octets: 1400, uplink: true, hidden: false })
    }

    impl Bench {
        /// Gives the one session another rate.
        fn limit(&mut self, rate: u64) {
            let costs = [Meter::new(rate).octet_cost(); 2];
            let (terminal, directions) = (Some(FIRST), [0x80, 0x89]);
            let fast = Fast { terminal, prefix: 0, peer: GNB.into(), peer_teid: 1, directions, costs };
            assert!(self.path.install(self.teids[0], &fast, 1, 0));
        }
    }

    /// More terminals than one address has ports for one server.
    #[test]
    fn when_very_many_terminals_are_hidden_then_the_program_takes_every_packet_that_is_measured() {
        for uplink in [true, false] {
            let load = Load { sessions: 70_000, octets: 128, uplink, hidden: true };
            let Some(mut bench) = bench("userplane.bpf.o", load) else { return };
            let drive = bench.own(if uplink { "drive_uplink" } else { "drive_downlink" }).unwrap();
            let (tested, count) = (bench.path.descriptor(Hook::Xdp).unwrap(), bench.teids.len() as u32);
            assert!(count > 50_000, "{count}: some lines of the table are full, not most");
            bench.run(&drive, &tested, count).unwrap();
            let totals = bench.path.totals().unwrap();
            assert_eq!(totals[usize::from(!uplink)].1, u64::from(count), "{totals:?}");
        }
    }

    /// Half as much again as a rate lets through, over a time that the test sets in ticks of the coarse clock.
    #[test]
    fn when_time_passes_in_ticks_then_every_rate_is_right_within_two_percent() {
        const TICK: u64 = 4_000_000;
        let Some(mut bench) = one_session("userplane_timed.bpf.o") else { return };
        let (drive, tested) = (bench.own("drive_uplink").unwrap(), bench.path.descriptor(Hook::Xdp).unwrap());
        let teid = bench.teids[0];
        let mut now = 1_000_000_000_000_u64;
        for rate in [64_000, 384_000, 1_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 40_000_000_000_u64] {
            bench.limit(rate);
            let packets = rate as f64 / (1400.0 * 8.0);
            let seconds = (1000.0 / packets).clamp(0.2, 60.0);
            let (mut owed, mut ticks, mut before) = (0.0, 0, 0);
            let settle = (2.0 * seconds.min(2.5) * 1e9) as u64 / TICK;
            let count = (seconds * 1e9) as u64 / TICK;
            while ticks < settle + count {
                if ticks == settle {
                    before = bench.path.usage(teid).uplink_octets; // the burst went first
                }
                (now, ticks) = (now + TICK, ticks + 1);
                bench.path.set_clock(now).unwrap();
                owed += 1.5 * packets * TICK as f64 / 1e9;
                if owed >= 1.0 {
                    bench.run(&drive, &tested, owed as u32).unwrap();
                    owed = owed.fract();
                }
            }
            let passed = (bench.path.usage(teid).uplink_octets - before) * 8;
            let (allowed, packet) = (rate as f64 * (count * TICK) as f64 / 1e9, 1400.0 * 8.0);
            let share = passed as f64 / allowed;
            eprintln!("{rate} bit/s: {share:.4}");
            assert!((passed as f64 - allowed).abs() <= allowed * 0.02 + packet, "{rate}: {share}");
        }
    }

    /// What passes of far more packets than a rate lets through, as a share of the rate over the time it took. The
    /// clock is a coarse one, and asked when a tick begins, so the time may be two ticks less.
    #[test]
    fn when_far_too_much_is_sent_then_no_more_than_the_rate_passes_within_two_percent() {
        let Some(mut bench) = one_session("userplane.bpf.o") else { return };
        let (drive, tested) = (bench.own("drive_uplink").unwrap(), bench.path.descriptor(Hook::Xdp).unwrap());
        let teid = bench.teids[0];
        for rate in [4_000_000_000_u64, 1_000_000_000, 100_000_000, 1_000_000, 64_000] {
            bench.limit(rate);
            let refused = bench.path.totals().unwrap()[3].1;
            let mut start = Instant::now();
            while bench.path.totals().unwrap()[3].1 == refused {
                start = Instant::now(); // what is owed from here on is the rate's, even where this thread waits
                bench.run(&drive, &tested, 10_000).unwrap(); // the burst goes first
            }
            let before = bench.path.usage(teid).uplink_octets;
            while start.elapsed() < Duration::from_millis(400) {
                bench.run(&drive, &tested, 10_000).unwrap();
            }
            let passed = (bench.path.usage(teid).uplink_octets - before) * 8;
            let (allowed, packet) = (rate as f64 * (start.elapsed().as_secs_f64() + 0.008), 1400.0 * 8.0);
            assert!(passed as f64 <= allowed * 1.02 + packet, "{rate}: {passed} of {allowed}");
            // How much less passes is the machine's: this thread may not run for longer than a burst lasts.
            assert!(rate < 1_000_000 || passed > 0, "{rate}: nothing passed");
            eprintln!("{rate} bit/s: {:.4}", passed as f64 / allowed);
        }
    }

    /// A volume's word holds 2^24 packets, so these do not fit: none may be lost where they spill.
    #[test]
    fn when_a_session_carries_more_than_a_word_holds_then_all_is_counted() {
        let Some(mut bench) = one_session("userplane.bpf.o") else { return };
        let (drive, tested) = (bench.own("drive_uplink").unwrap(), bench.path.descriptor(Hook::Xdp).unwrap());
        let mut passed = 0;
        for turn in 1..=5 {
            bench.run(&drive, &tested, 1 << 22).unwrap();
            let usage = bench.path.usage(bench.teids[0]);
            assert_eq!((usage.uplink_packets, usage.uplink_octets), (turn << 22, (turn << 22) * 1400), "{turn}");
            assert_eq!(bench.path.totals().unwrap()[0].1, usage.uplink_packets);
            passed = usage.uplink_packets;
        }
        assert!(passed > 1 << 24, "{passed}");
    }
}
