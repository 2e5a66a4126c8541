//! Downlink packets held for terminals that are being paged (TS 23.501 5.8.2.19), bounded each and together.

use std::collections::{HashMap, VecDeque};

/// How much is held: packets a session, and octets of all sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub packets: usize,
    pub octets: usize,
}

/// One packet as it came: from N6, or a whole message of a tunnel.
pub(crate) struct Waiting {
    pub octets: Box<[u8]>,
    pub in_tunnel: bool,
}

#[derive(Default)]
pub(crate) struct Held {
    pub packets: VecDeque<Waiting>,
    /// The rules whose first packet the control plane was told.
    told: Vec<u16>,
}

pub(crate) struct Buffer {
    bounds: Bounds,
    octets: usize,
    sessions: HashMap<u32, Held>,
    limits: HashMap<u32, u16>,
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
        Self { bounds, octets: 0, sessions: HashMap::new(), limits: HashMap::new() }
    }

    /// Holds fewer packets for the session than for others; none takes that back.
    pub(crate) fn limit(&mut self, slot: u32, packets: Option<u16>) {
        match packets {
            Some(packets) => drop(self.limits.insert(slot, packets)),
            None if self.limits.is_empty() => {}
            None => drop(self.limits.remove(&slot)),
        }
    }

    /// Holds a packet of a rule; with `notify` the first of each rule is to be told.
    pub(crate) fn hold(&mut self, slot: u32, waiting: Waiting, rule: u16, notify: bool) -> Outcome {
        let length = waiting.octets.len();
        if self.octets.saturating_add(length) > self.bounds.octets {
            return Outcome::Full;
        }
        let most = self.limits.get(&slot).map_or(self.bounds.packets, |most| self.bounds.packets.min((*most).into()));
        let held = self.sessions.entry(slot).or_default();
        if held.packets.len() >= most {
            return Outcome::Full;
        }
        held.packets.push_back(waiting);
        self.octets += length;
        if !notify || held.told.contains(&rule) {
            return Outcome::Held;
        }
        held.told.push(rule);
        Outcome::First
    }

    /// Everything held for the session, in the order it came; nothing is held for it afterwards.
    pub(crate) fn release(&mut self, slot: u32) -> VecDeque<Waiting> {
        let packets = self.sessions.remove(&slot).map(|held| held.packets).unwrap_or_default();
        self.octets = self.octets.saturating_sub(packets.iter().map(|packet| packet.octets.len()).sum());
        packets
    }

    /// The same, but what is held again is not told again.
    pub(crate) fn lift(&mut self, slot: u32) -> VecDeque<Waiting> {
        let Some(held) = self.sessions.get_mut(&slot) else { return VecDeque::new() };
        let packets = std::mem::take(&mut held.packets);
        self.octets = self.octets.saturating_sub(packets.iter().map(|packet| packet.octets.len()).sum());
        packets
    }

    /// Forgets what was told of a session.
    pub(crate) fn tell_again(&mut self, slot: u32) {
        self.sessions.get_mut(&slot).into_iter().for_each(|held| held.told.clear());
    }

    /// Forgets what was told of a session for which nothing is held any more.
    pub(crate) fn settle(&mut self, slot: u32) {
        if self.sessions.get(&slot).is_some_and(|held| held.packets.is_empty()) {
            self.sessions.remove(&slot);
        }
    }

    /// Whether something is held for the session.
    pub(crate) fn holds(&self, slot: u32) -> bool {
        self.sessions.contains_key(&slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(length: usize) -> Waiting {
        Waiting { octets: vec![0; length].into(), in_tunnel: false }
    }

    #[test]
    fn when_a_session_or_all_of_them_hold_too_much_then_the_rest_is_refused() {
        let mut buffer = Buffer::new(Bounds { packets: 2, octets: 500 });
        let turns: Vec<_> = (0..3).map(|_| buffer.hold(1, packet(100), 1, true)).collect();
        assert_eq!(turns, [Outcome::First, Outcome::Held, Outcome::Full]);
        assert_eq!(buffer.hold(2, packet(300), 1, true), Outcome::First);
        assert_eq!(buffer.hold(3, packet(1), 1, true), Outcome::Full);
        assert_eq!(buffer.release(2).len(), 1);
        assert_eq!(buffer.hold(3, packet(1), 1, false), Outcome::Held);
    }

    #[test]
    fn when_released_then_the_order_is_kept_and_the_next_is_told_again() {
        let mut buffer = Buffer::new(Bounds { packets: 8, octets: 500 });
        for octet in 0..4 {
            buffer.hold(1, Waiting { octets: vec![octet].into(), in_tunnel: false }, 1, true);
        }
        assert_eq!(buffer.release(1).iter().map(|packet| packet.octets[0]).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(buffer.hold(1, packet(9), 1, true), Outcome::First);
    }

    #[test]
    fn when_a_session_is_limited_then_it_holds_fewer_and_each_rule_is_told_once() {
        let mut buffer = Buffer::new(Bounds { packets: 8, octets: 500 });
        buffer.limit(1, Some(3));
        let turns: Vec<_> = [1, 1, 2, 2].map(|rule| buffer.hold(1, packet(1), rule, true)).into();
        assert_eq!(turns, [Outcome::First, Outcome::Held, Outcome::First, Outcome::Full]);
        assert_eq!(buffer.lift(1).len(), 3);
        assert_eq!(buffer.hold(1, packet(1), 2, true), Outcome::Held, "held again, told before");
        buffer.limit(1, None);
        assert_eq!((0..9).filter(|_| buffer.hold(1, packet(1), 1, true) != Outcome::Full).count(), 7);
    }
}
