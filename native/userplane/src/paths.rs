//! Whether the other ends of tunnels still answer (TS 29.281 7.2.1, TS 23.527 5.4).

use crate::address::{Secret, number_ip};
use crate::engine::Upf;
use crate::gtpu;
use crate::signal::Event;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Between two requests that are not answered: T3-RESPONSE (TS 29.281 11).
const ANSWER_NS: u64 = 3_000_000_000;
/// Requests without an answer until the path has failed: N3-REQUESTS (TS 29.281 11).
const REQUESTS: u8 = 5;
/// Echo requests of one path come no more often (TS 29.281 7.2.1).
const SHORTEST_NS: u64 = 60_000_000_000;

/// One peer: how many tunnels lead there, and what of its echo is known.
#[derive(Clone, Copy, Debug, Default)]
struct Path {
    uses: u32,
    failed: bool,
    sequence: u16,
    /// Requests since the last answer.
    requests: u8,
    due_ns: u64,
}

/// The peers of all tunnels, where they are watched at all.
pub(crate) struct Paths {
    by_peer: HashMap<u128, Path, Secret>,
    interval_ns: u64,
    next_ns: u64,
    now_ns: u64,
}

impl Paths {
    pub(crate) fn new(interval_ns: u64, secret: u64) -> Self {
        let interval_ns = if interval_ns == 0 { 0 } else { interval_ns.max(SHORTEST_NS) };
        Self { by_peer: HashMap::with_hasher(Secret(secret)), interval_ns, next_ns: u64::MAX, now_ns: 0 }
    }

    #[inline]
    pub(crate) fn due(&self, now_ns: u64) -> bool {
        now_ns >= self.next_ns
    }

    pub(crate) fn next_ns(&self) -> Option<u64> {
        (self.next_ns != u64::MAX).then_some(self.next_ns)
    }

    /// A tunnel leads to a peer; a new one is asked after an interval.
    pub(crate) fn add(&mut self, now_ns: u64, peer: u128) {
        if self.interval_ns == 0 {
            return;
        }
        self.now_ns = self.now_ns.max(now_ns);
        let due_ns = self.now_ns.saturating_add(self.interval_ns);
        let path = self.by_peer.entry(peer).or_insert(Path { due_ns, ..Path::default() });
        path.uses += 1;
        self.next_ns = self.next_ns.min(path.due_ns);
    }

    /// A tunnel leads there no more; a peer without any is forgotten when it would be asked again.
    pub(crate) fn remove(&mut self, peer: u128) {
        if let Some(path) = self.by_peer.get_mut(&peer) {
            path.uses = path.uses.saturating_sub(1);
        }
    }

    /// A peer answered; whether its path had failed.
    fn answered(&mut self, now_ns: u64, peer: u128, sequence: Option<u16>) -> Option<bool> {
        let interval_ns = self.interval_ns;
        let path = self.by_peer.get_mut(&peer)?;
        if path.requests == 0 || sequence != Some(path.sequence) {
            return None;
        }
        path.requests = 0;
        path.due_ns = now_ns.saturating_add(interval_ns);
        Some(std::mem::take(&mut path.failed))
    }

    /// The requests to send now, and the peers that failed.
    fn turn(&mut self, now_ns: u64) -> (Vec<(u128, u16)>, Vec<u128>) {
        self.by_peer.retain(|_, path| path.uses != 0);
        let (mut requests, mut failed) = (Vec::new(), Vec::new());
        for (peer, path) in &mut self.by_peer {
            if path.due_ns > now_ns {
                continue;
            }
            if path.requests >= REQUESTS {
                if !std::mem::replace(&mut path.failed, true) {
                    failed.push(*peer);
                }
                path.requests = 0;
                path.due_ns = now_ns.saturating_add(self.interval_ns);
                continue;
            }
            if path.requests == 0 {
                path.sequence = path.sequence.wrapping_add(1);
            }
            path.requests += 1;
            path.due_ns = now_ns.saturating_add(ANSWER_NS);
            requests.push((*peer, path.sequence));
        }
        self.next_ns = self.by_peer.values().map(|path| path.due_ns).min().unwrap_or(u64::MAX);
        requests.sort_unstable();
        failed.sort_unstable();
        (requests, failed)
    }
}

impl Upf {
    /// When it has something to do although no packet comes.
    pub fn next_ns(&self) -> Option<u64> {
        self.paths.next_ns()
    }

    #[cold]
    pub(crate) fn watch_paths(&mut self, now_ns: u64) {
        let (requests, failed) = self.paths.turn(now_ns);
        for (peer, sequence) in requests {
            self.answer(&gtpu::echo_request(sequence), SocketAddr::new(number_ip(peer), gtpu::GTPU_PORT));
        }
        for peer in failed {
            self.tell(Event::PathFailed { peer: number_ip(peer) });
        }
    }

    pub(crate) fn echo_answered(&mut self, now_ns: u64, peer: u128, sequence: Option<u16>) {
        if self.paths.answered(now_ns, peer, sequence) == Some(true) {
            self.tell(Event::PathRecovered { peer: number_ip(peer) });
        }
    }
}
