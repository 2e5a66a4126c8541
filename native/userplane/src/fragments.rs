//! Ports of later fragments: they are the first one's (RFC 791 3.2, RFC 8200 4.5).

use crate::address::Secret;
use crate::inner::{Fragment, Inner};
use std::collections::{HashMap, VecDeque};

/// Fragmented packets remembered at most, of all sessions: the oldest are forgotten.
const MOST: usize = 4096;
/// Later fragments that come later than this match as packets without ports do.
const AGE_NS: u64 = 30_000_000_000;

type Key = (u32, u128, u128, u32, u8);

#[derive(Clone, Copy)]
struct Ports {
    source: u16,
    destination: u16,
    security_parameter_index: Option<u32>,
    seen_ns: u64,
}

/// What first fragments said, by session, addresses, identification and protocol.
pub(crate) struct Fragments {
    known: HashMap<Key, Ports, Secret>,
    order: VecDeque<Key>,
}

impl Fragments {
    pub(crate) fn new(secret: u64) -> Self {
        Self { known: HashMap::with_hasher(Secret(secret)), order: VecDeque::new() }
    }

    /// Gives a later fragment the ports of its first one, where that came before it.
    #[cold]
    pub(crate) fn complete(&mut self, now_ns: u64, slot: usize, inner: &Inner, fragment: Fragment) -> Inner {
        let key = (slot as u32, inner.source, inner.destination, fragment.identification, inner.protocol);
        if fragment.first {
            self.remember(now_ns, key, inner);
            return *inner;
        }
        let known = self.known.get(&key).filter(|ports| now_ns.saturating_sub(ports.seen_ns) <= AGE_NS);
        known.map_or(*inner, |ports| Inner {
            source_port: ports.source,
            destination_port: ports.destination,
            security_parameter_index: ports.security_parameter_index,
            ..*inner
        })
    }

    fn remember(&mut self, now_ns: u64, key: Key, inner: &Inner) {
        let ports = Ports {
            source: inner.source_port,
            destination: inner.destination_port,
            security_parameter_index: inner.security_parameter_index,
            seen_ns: now_ns,
        };
        if self.known.insert(key, ports).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
