//! Downlink packets held for terminals that are being paged (TS 23.501 5.8.3), bounded each and together.

use std::collections::{HashMap, VecDeque};

/// How much is held: packets a session, and octets of all sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub packets: usize,
    pub octets: usize,
}

#[derive(Default)]
pub(crate) struct Held {
    pub packets: VecDeque<Box<[u8]>>,
    /// Whether the control plane was told.
    pub told: bool,
}

pub(crate) struct Buffer {
    bounds: Bounds,
    octets: usize,
    sessions: HashMap<u32, Held>,
}

/// What holding a packet came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Held,
    /// Held, and nobody was told yet.
    First,
    Full,
}

impl Buffer {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, octets: 0, sessions: HashMap::new() }
    }

    pub(crate) fn hold(&mut self, slot: u32, octets: &[u8], notify: bool) -> Outcome {
        if self.octets.saturating_add(octets.len()) > self.bounds.octets {
            return Outcome::Full;
        }
        let held = self.sessions.entry(slot).or_default();
        if held.packets.len() >= self.bounds.packets {
            return Outcome::Full;
        }
        held.packets.push_back(octets.into());
        self.octets += octets.len();
        if notify && !std::mem::replace(&mut held.told, true) { Outcome::First } else { Outcome::Held }
    }

    /// Everything held for the session, in the order it came; nothing is held for it afterwards.
    pub(crate) fn release(&mut self, slot: u32) -> VecDeque<Box<[u8]>> {
        let packets = self.sessions.remove(&slot).map(|held| held.packets).unwrap_or_default();
        self.octets = self.octets.saturating_sub(packets.iter().map(|packet| packet.len()).sum());
        packets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_session_or_all_of_them_hold_too_much_then_the_rest_is_refused() {
        let mut buffer = Buffer::new(Bounds { packets: 2, octets: 500 });
        let turns: Vec<_> = (0..3).map(|_| buffer.hold(1, &[0; 100], true)).collect();
        assert_eq!(turns, [Outcome::First, Outcome::Held, Outcome::Full]);
        assert_eq!(buffer.hold(2, &[0; 300], true), Outcome::First);
        assert_eq!(buffer.hold(3, &[0; 1], true), Outcome::Full);
        assert_eq!(buffer.release(2).len(), 1);
        assert_eq!(buffer.hold(3, &[0; 1], false), Outcome::Held);
    }

    #[test]
    fn when_released_then_the_order_is_kept_and_the_next_is_told_again() {
        let mut buffer = Buffer::new(Bounds { packets: 8, octets: 500 });
        for octet in 0..4 {
            buffer.hold(1, &[octet], true);
        }
        assert_eq!(buffer.release(1).iter().map(|packet| packet[0]).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(buffer.hold(1, &[9], true), Outcome::First);
    }
}
