//! One fabric shared by its packet thread and its control plane.
use crate::fabric::{Fabric, FabricEvent, TURNS};
use crate::sys::{self, Poller, Wake};
use std::os::fd::{AsRawFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The number under which the packet thread waits for its own wake-up.
const WAKE: u64 = u64::MAX;

/// Turns of the packet thread before it looks at the clock and lets the control plane in.
const THREAD_TURNS: usize = 4;

/// From so many packets a second on, the packet thread lets some gather while it has time to: what a system call costs,
/// and a way through the host's stack, is then shared by more of them.
const CROWD: u64 = 50_000;

/// So many shall gather: of fewer, those of one flow are too few to share much.
const GATHERED: u64 = 64;

/// How long they gather at most.
const GATHERING: Duration = Duration::from_micros(300);

struct Shared {
    fabric: Mutex<Fabric>,
    events: Mutex<Vec<FabricEvent>>,
    /// Control calls that want the lock: the packet thread lets them pass.
    waiting: AtomicUsize,
    /// Nanoseconds of a processor that the packet thread used.
    busy_ns: AtomicU64,
    asleep: AtomicBool,
    stop: AtomicBool,
    wake: Wake,
    signal: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Fabric> {
        self.fabric.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One run of the fabric; its events become visible and ring the signal.
    fn run(&self, fabric: &mut Fabric, now_ns: u64, turns: usize) -> Option<u64> {
        let next = fabric.run(now_ns, turns, || self.waiting.load(Ordering::Relaxed) > 0);
        let found = fabric.take_events();
        if !found.is_empty() || fabric.tap.active() {
            self.events.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            self.signal.ring();
        }
        next
    }
}

impl Shared {
    fn tell(&self, event: FabricEvent) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.signal.ring();
    }
}

/// A fabric that may run in its own thread, or be polled.
pub struct Handle {
    shared: Arc<Shared>,
    thread: Mutex<Option<Running>>,
}

/// The packet thread and what it waits with.
struct Running {
    thread: JoinHandle<()>,
    poller: Arc<Poller>,
}

impl Handle {
    pub fn new() -> std::io::Result<Self> {
        let shared = Shared {
            fabric: Mutex::new(Fabric::default()),
            events: Mutex::new(Vec::new()),
            waiting: AtomicUsize::new(0),
            busy_ns: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            wake: Wake::new()?,
            signal: Wake::new()?,
        };
        Ok(Self { shared: Arc::new(shared), thread: Mutex::new(None) })
    }

    /// Becomes readable when there are events; [`Handle::take_events`] makes it unreadable again.
    pub fn signal(&self) -> RawFd {
        self.shared.signal.0.as_raw_fd()
    }

    /// Changes or reads the fabric; the packet thread waits meanwhile.
    pub fn with<R>(&self, change: impl FnOnce(&mut Fabric) -> R) -> R {
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        let mut fabric = self.shared.lock();
        self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
        change(&mut fabric)
    }

    /// The same for what makes an engine send: the packet thread wakes for it.
    pub fn with_wake<R>(&self, change: impl FnOnce(&mut Fabric) -> R) -> R {
        let result = self.with(change);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.shared.wake.ring();
        }
        result
    }

    /// Runs the fabric now, in the caller's thread; when to come again.
    pub fn poll(&self, now_ns: u64) -> Option<u64> {
        let mut fabric = self.shared.lock();
        fabric.all_ready();
        self.shared.run(&mut fabric, now_ns, TURNS)
    }

    /// How many nanoseconds of a processor the packet thread has used.
    pub fn busy_ns(&self) -> u64 {
        self.shared.busy_ns.load(Ordering::Relaxed)
    }

    /// Everything that happened since the last call.
    pub fn take_events(&self) -> Vec<FabricEvent> {
        self.shared.signal.clear();
        std::mem::take(&mut *self.shared.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a port, which a running packet thread waits for from now on.
    pub fn with_port<R>(&self, change: impl FnOnce(&mut Fabric) -> R) -> R {
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fabric = self.shared.lock();
        let result = change(&mut fabric);
        if let Some(running) = running.as_ref() {
            for (number, descriptor) in fabric.descriptors() {
                if running.poller.add(descriptor, number).is_err() {
                    let _ = running.poller.change(descriptor, number); // it is there, perhaps under another number
                }
            }
            self.shared.wake.ring();
        }
        result
    }

    /// Starts the packet thread.
    pub fn start(&self) -> std::io::Result<()> {
        let mut running = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return Ok(());
        }
        let poller = Arc::new(Poller::new()?);
        poller.add(&self.shared.wake.0, WAKE)?;
        for (number, descriptor) in self.shared.lock().descriptors() {
            poller.add(descriptor, number)?;
        }
        self.shared.stop.store(false, Ordering::SeqCst);
        self.shared.lock().clock = Some(sys::now_ns);
        let (shared, waited) = (Arc::clone(&self.shared), Arc::clone(&poller));
        let thread = std::thread::Builder::new().name("userplane".into()).spawn(move || work(&shared, &waited))?;
        *running = Some(Running { thread, poller });
        Ok(())
    }

    /// Stops the packet thread and waits for its end; the engines stay as they are.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.wake.ring();
        let running = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            let _ = running.thread.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How long to let packets gather, where they come so fast that it pays.
fn gathering(arrived: usize, elapsed_ns: u64) -> Option<Duration> {
    let arrived = arrived as u64;
    let crowded = arrived.saturating_mul(1_000_000_000) > CROWD.saturating_mul(elapsed_ns);
    crowded.then(|| GATHERING.min(Duration::from_nanos(elapsed_ns.saturating_mul(GATHERED) / arrived)))
}

/// The packet thread: waits, runs, and lets the control plane in between two runs.
fn work(shared: &Shared, poller: &Poller) {
    let mut ready = Vec::new();
    let (mut timeout, mut turns, mut last_ns) = (0, THREAD_TURNS, sys::now_ns());
    sys::sleep_exactly();
    while !shared.stop.load(Ordering::SeqCst) {
        poller.wait(timeout, &mut ready);
        shared.asleep.store(false, Ordering::SeqCst);
        while shared.waiting.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
        let mut fabric = shared.lock();
        for number in ready.drain(..) {
            if number == WAKE { shared.wake.clear() } else { fabric.ready(number) }
        }
        let now_ns = sys::now_ns();
        // A mistake in an engine costs the packets at hand: they were taken off the input already.
        let next = catch_unwind(AssertUnwindSafe(|| shared.run(&mut fabric, now_ns, turns))).unwrap_or_else(|_| {
            shared.tell(FabricEvent::Broken);
            Some(now_ns)
        });
        shared.busy_ns.store(sys::thread_ns(), Ordering::Relaxed);
        let arrived = std::mem::take(&mut fabric.arrived);
        let (gathering, holds_more) = (gathering(arrived, now_ns - last_ns), fabric.holds_more());
        (last_ns, turns) = (now_ns, if gathering.is_some() { 1 } else { THREAD_TURNS });
        // Said before the lock is given up: what is asked for from now on rings.
        shared.asleep.store(true, Ordering::SeqCst);
        drop(fabric);
        timeout = match next {
            Some(next) => i32::try_from(next.saturating_sub(sys::now_ns()).div_ceil(1_000_000)).unwrap_or(i32::MAX),
            None => -1,
        };
        if let Some(time) = gathering.filter(|_| !holds_more) {
            std::thread::sleep(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_datanet::Config;
    use freehold_userplane::{Action, Instance, Peer, Prefix, Rule, SessionRules, Settings};
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixDatagram;

    const TERMINAL: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 2);
    const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 45, 0, 1);

    /// A UPF, a gNB and a data network with one session.
    fn network() -> Handle {
        let handle = Handle::new().unwrap();
        handle.with(|fabric| {
            let upf = fabric.add_upf(&Settings::new("192.0.2.1".parse().unwrap(), [1; 16]), None).unwrap();
            let pools = vec![Prefix::new("10.45.0.0".parse().unwrap(), 16)];
            let instance = fabric.add_instance(upf, &Instance { pools, ..Instance::default() }).unwrap();
            fabric.attach_engine(upf, instance, Config::new(GATEWAY)).unwrap();
            let access = fabric.add_access("192.0.2.10".parse().unwrap(), 7, None).unwrap();
            let teid = fabric.upfs[upf].upf.open().unwrap();
            let node = &mut fabric.accesses[access].access;
            let (bearer, local) = node.add_bearer("192.0.2.1:2152".parse().unwrap(), teid, 9);
            node.address(1, TERMINAL, 1400);
            node.bind(1, Some(bearer)).unwrap();
            let rule = vec![Rule { action: Action::Forward, qfi: 9, ..Rule::default() }];
            let rules = SessionRules {
                ipv4: Some(TERMINAL),
                uplink: rule.clone(),
                downlink: rule,
                peer: Some(Peer { address: "192.0.2.10".parse().unwrap(), teid: local }),
                ..SessionRules::default()
            };
            fabric.upfs[upf].upf.install(0, teid, &rules, false).unwrap();
        });
        handle
    }

    fn ping(handle: &Handle, id: u32) {
        handle.with_wake(|fabric| fabric.accesses[0].access.ping(1, GATEWAY, 56, id)).unwrap();
    }

    fn ping_when_it_may(handle: &Handle, id: u32) {
        while handle.with_wake(|fabric| fabric.accesses[0].access.ping(1, GATEWAY, 56, id)).is_err() {
            std::thread::yield_now();
        }
    }

    fn replies(events: Vec<FabricEvent>) -> usize {
        let reply =
            |event: &FabricEvent| matches!(event, FabricEvent::Access(0, freehold_datanet::Event::PingReply { .. }));
        events.iter().filter(|event| reply(event)).count()
    }

    #[test]
    fn when_packets_come_fast_then_and_only_then_they_gather() {
        let cases = [(0, 0), (0, 1_000_000), (50, 1_000_000), (51, 1_000_000), (1, 1_000), (usize::MAX, u64::MAX)];
        let found = cases.map(|(arrived, elapsed_ns)| gathering(arrived, elapsed_ns).is_some());
        assert_eq!(found, [false, false, false, true, true, false]);
    }

    #[test]
    fn when_packets_gather_then_until_there_are_enough_and_never_long() {
        let found = [51, 640, 6_400, 64_000_000].map(|arrived| gathering(arrived, 1_000_000).unwrap().as_nanos());
        assert_eq!(found, [300_000, 100_000, 10_000, 1]);
    }

    #[test]
    fn when_an_interface_holds_more_than_was_taken_then_the_fabric_says_so() {
        let handle = network();
        let (host, interface) = UnixDatagram::pair().unwrap();
        for _ in 0..100 {
            host.send(&[0x45; 20]).unwrap();
        }
        handle.with(|fabric| {
            assert!(!fabric.holds_more());
            fabric.attach_tun(0, 0, interface.as_raw_fd(), false).unwrap();
            assert!(fabric.holds_more());
            fabric.run(1_000_000_000, 1, || false);
            assert!(!fabric.holds_more());
            assert_eq!(fabric.arrived, 100);
        });
    }

    #[test]
    fn when_it_is_polled_then_a_ping_passes_all_engines_in_one_call() {
        let handle = network();
        ping(&handle, 1);
        handle.poll(1_000_000_000);
        assert_eq!(replies(handle.take_events()), 1);
    }

    #[test]
    fn when_it_has_its_thread_then_pings_pass_and_each_rings() {
        let handle = network();
        handle.start().unwrap();
        for id in 0..200 {
            ping(&handle, id);
            let poller = Poller::new().unwrap();
            poller.add(&handle.shared.signal.0, 1).unwrap();
            let mut seen = 0;
            while seen == 0 {
                poller.wait(10_000, &mut Vec::new());
                seen = replies(handle.take_events());
            }
            assert_eq!(seen, 1);
        }
        handle.stop();
        ping(&handle, 999);
        assert_eq!(replies(handle.take_events()), 0);
    }

    #[test]
    fn when_an_engine_breaks_then_it_is_told_and_the_thread_goes_on() {
        let handle = network();
        handle.with(|fabric| fabric.breaks = true);
        handle.start().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&handle.shared.signal.0, 1).unwrap();
        poller.wait(10_000, &mut Vec::new());
        assert_eq!(handle.take_events(), [FabricEvent::Broken]);
        ping(&handle, 1);
        poller.wait(10_000, &mut Vec::new());
        assert_eq!(replies(handle.take_events()), 1);
    }

    #[test]
    fn when_two_threads_control_it_at_once_then_both_come_through() {
        let handle = network();
        handle.start().unwrap();
        std::thread::scope(|scope| {
            for first in [0, 10_000] {
                let handle = &handle;
                scope.spawn(move || (0..500).for_each(|id| ping_when_it_may(handle, first + id)));
            }
        });
        let mut seen = 0;
        while seen < 1000 {
            let poller = Poller::new().unwrap();
            poller.add(&handle.shared.signal.0, 1).unwrap();
            let mut ready = Vec::new();
            poller.wait(10_000, &mut ready);
            assert!(!ready.is_empty(), "{seen} of 1000");
            seen += replies(handle.take_events());
        }
    }
}
