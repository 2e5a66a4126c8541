//! Live packets over two cables in a network namespace of its own: generator, user plane and sink on one processor.

use crate::datapath::{Hook, port};
use crate::links::Links;
use crate::loading::{descriptor, map, program};
use crate::measure::{Bench, Load, Objects};
use crate::sys::{run_live, total, update};
use crate::way::Hop;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::time::{Duration, Instant};

/// Packets of one system call: some milliseconds.
const BURST: u32 = 1 << 15;
/// How often both are measured, one after the other.
const TURNS: u32 = 5;
/// What ran beside the packets; packets that still are on their way arrive within.
const SETTLING: Duration = Duration::from_millis(20);
const CABLES: [[&str; 2]; 2] = [["fh-gnb", "fh-n3"], ["fh-data", "fh-n6"]];
const GRO: u32 = 0x2c; // linux/ethtool.h

/// What one processor carries, all of generator, cables, user plane and sink counted.
#[derive(Clone, Copy, Debug)]
pub struct Live {
    pub packets_per_second: f64,
    /// A program that only redirects, in the same run.
    pub redirect_packets_per_second: f64,
    /// Of the packets sent.
    pub loss: f64,
}

fn ip(arguments: &str) -> io::Result<()> {
    let done = Command::new("ip").args(arguments.split(' ')).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("ip {arguments}: {}", String::from_utf8_lossy(&done.stderr).trim())))
}

fn index(name: &str) -> io::Result<u32> {
    let text = std::ffi::CString::new(name)?;
    // SAFETY: a string with its zero.
    match unsafe { libc::if_nametoindex(text.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}

/// Has a cable's end take frames that were redirected even without a program of its own.
fn take_frames(name: &str) -> io::Result<()> {
    #[repr(C)]
    struct Request {
        name: [u8; 16],
        value: *mut [u32; 2],
        rest: [u64; 2],
    }
    let mut value = [GRO, 1];
    let mut request = Request { name: [0; 16], value: &raw mut value, rest: [0; 2] };
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    let port = std::net::UdpSocket::bind("127.0.0.1:0").or_else(|_| std::net::UdpSocket::bind("0.0.0.0:0"))?;
    // SAFETY: the kernel reads and writes `request` and `value`, which live.
    let done = unsafe { libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&port), libc::SIOCETHTOOL as _, &raw mut request) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Cables in a namespace of this thread's own; both go with the thread. The indexes of their four ends.
fn namespace() -> io::Result<[[u32; 2]; 2]> {
    // SAFETY: only this thread leaves the namespace it was in.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } < 0 {
        return Err(io::Error::last_os_error());
    }
    ip("link set lo up")?;
    let mut ends = [[0; 2]; 2];
    for (cable, ends) in CABLES.iter().zip(&mut ends) {
        let [far, own] = cable;
        ip(&format!(
            "link add {far} numrxqueues 1 numtxqueues 1 type veth peer name {own} numrxqueues 1 numtxqueues 1"
        ))?;
        for (end, found) in cable.iter().zip(ends) {
            ip(&format!("link set {end} up"))?;
            take_frames(end)?;
            *found = index(end)?;
        }
    }
    Ok(ends)
}

/// The processor this thread stays on from now on, and the thread that does what its interrupts leave over.
fn settle() -> io::Result<Option<String>> {
    // SAFETY: plain values in, plain values out.
    unsafe {
        let processor = libc::sched_getcpu();
        let mut set = std::mem::zeroed::<libc::cpu_set_t>();
        libc::CPU_SET(usize::try_from(processor).unwrap_or(0), &mut set);
        if libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) < 0 {
            return Err(io::Error::last_os_error());
        }
        let name = format!("ksoftirqd/{processor}\n");
        let threads = std::fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
        let found = threads.filter(|path| std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm == name));
        Ok(found.map(|path| path.join("schedstat").to_string_lossy().into_owned()).next())
    }
}

/// The processor time of this thread and of the one at `beside`.
fn spent(beside: Option<&str>) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills `time`.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let text = beside.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let other: u64 = text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32) + Duration::from_nanos(other)
}

struct Run<'a> {
    bench: &'a Bench,
    generator: OwnedFd,
    beside: Option<String>,
}

impl Run<'_> {
    fn received(&self) -> io::Result<u64> {
        total(map(&self.bench.driver, "RECEIVED")?, 0)
    }

    /// Packets received, packets sent, and the processor's seconds for them.
    fn turn(&self, time: Duration) -> io::Result<(u64, u64, f64)> {
        run_live(self.generator.as_fd(), &self.bench.frame, BURST)?;
        std::thread::sleep(SETTLING);
        let (received, begin, busy, mut sent) = (self.received()?, Instant::now(), spent(self.beside.as_deref()), 0);
        while begin.elapsed() < time {
            run_live(self.generator.as_fd(), &self.bench.frame, BURST)?;
            sent += u64::from(BURST);
        }
        std::thread::sleep(SETTLING);
        let seconds = (spent(self.beside.as_deref()) - busy).as_secs_f64();
        Ok((self.received()? - received, sent, seconds))
    }
}

fn measured(objects: Objects<'_>, load: Load, hook: Hook, time: Duration) -> io::Result<Live> {
    let [[gnb, n3], [data, n6]] = namespace()?;
    let (from, sink, inward, outward) = if load.uplink { (gnb, data, n3, n6) } else { (data, gnb, n6, n3) };
    let mut bench = Bench::new(objects, load, from)?;
    let hop = Hop { ends: [2; 12], port: 0, device: outward };
    bench.path.port(0, outward)?;
    bench.path.way(if load.uplink { 0 } else { 1 }, (!load.uplink).then_some(crate::measure::GNB.into()), Some(hop))?;
    update(map(&bench.driver, "OUT")?, 0, port(outward))?;
    let mut far = Links::default();
    far.receive(program(&mut bench.driver, "sink")?, sink, false)?;
    far.receive(program(&mut bench.driver, "nothing")?, from, false)?;
    let name = if load.uplink { "generate_uplink" } else { "generate_downlink" };
    let generator = descriptor(program(&mut bench.driver, name)?.fd())?;
    let beside = settle()?;
    let mut best = [0.0_f64; 2];
    let (mut arrived, mut gone) = (0, 0);
    for _ in 0..TURNS {
        for (place, best) in best.iter_mut().enumerate() {
            let mut bare = Links::default();
            match place {
                0 => bench.path.attach(&[n3, n6], hook)?,
                _ => bare.receive(program(&mut bench.driver, "bare_redirect")?, inward, false)?,
            }
            let run = Run { bench: &bench, generator: generator.try_clone()?, beside: beside.clone() };
            let (received, sent, seconds) = run.turn(time / TURNS / 2)?;
            *best = best.max(received as f64 / seconds);
            if place == 0 {
                (arrived, gone) = (arrived + received, gone + sent);
            }
            bench.path.detach();
        }
    }
    let [packets_per_second, redirect_packets_per_second] = best;
    let loss = 1.0 - arrived as f64 / gone.max(1) as f64;
    Ok(Live { packets_per_second, redirect_packets_per_second, loss })
}

/// Measures the program at `hook` and the bare redirect in turn, for `time` altogether. It needs root and `ip`.
pub fn live(objects: Objects<'_>, load: Load, hook: Hook, time: Duration) -> io::Result<Live> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| measured(objects, load, hook, time));
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the measurement broke")))
    })
}
