//! Copies of what crossed N3, for a trace.
use std::net::SocketAddr;

/// Datagrams kept for a listener that does not fetch them.
const MOST: usize = 1 << 15;

/// One datagram of N3, when it crossed and between whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    pub time_ns: u64,
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub octets: Vec<u8>,
}

/// Off until somebody listens; then each datagram once.
#[derive(Default)]
pub struct Tap {
    kept: Option<Vec<Tapped>>,
}

impl Tap {
    pub fn turn(&mut self, on: bool) {
        self.kept = on.then(|| self.kept.take().unwrap_or_default());
    }

    #[inline]
    pub fn active(&self) -> bool {
        self.kept.is_some()
    }

    #[inline]
    pub fn see(&mut self, time_ns: u64, source: SocketAddr, destination: SocketAddr, octets: &[u8]) {
        if let Some(kept) = &mut self.kept
            && kept.len() < MOST
        {
            kept.push(Tapped { time_ns, source, destination, octets: octets.to_vec() });
        }
    }

    pub fn take(&mut self) -> Vec<Tapped> {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }
}
