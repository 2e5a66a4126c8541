//! One fabric shared by its packet thread and its control plane.
use crate::fabric::{Fabric, FabricEvent, TURNS};
use crate::sys::{self, Poller, Wake};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The number under which the packet thread waits for its own wake-up.
const WAKE: u64 = u64::MAX;

/// Turns of the packet thread before it looks at the clock and lets the control plane in.
const THREAD_TURNS: usize = 4;

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
                let _ = running.poller.add(descriptor, number); // those from before are there already
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

/// The packet thread: waits, runs, and lets the control plane in between two runs.
fn work(shared: &Shared, poller: &Poller) {
    let mut ready = Vec::new();
    let mut timeout = 0;
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
        let next = shared.run(&mut fabric, now_ns, THREAD_TURNS);
        shared.busy_ns.store(sys::thread_ns(), Ordering::Relaxed);
        // Said before the lock is given up: what is asked for from now on rings.
        shared.asleep.store(true, Ordering::SeqCst);
        drop(fabric);
        timeout = match next {
            Some(next) => i32::try_from(next.saturating_sub(sys::now_ns()).div_ceil(1_000_000)).unwrap_or(i32::MAX),
            None => -1,
        };
    }
}
