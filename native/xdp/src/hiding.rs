//! Connections of hidden terminals (RFC 3022), as the host translates them: bpf/hiding.h is the same in C.

use crate::settings::Settings;
use crate::sys::{Shared, coarse_s};
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddrV4};

use std::ptr::{self, NonNull, addr_of_mut};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

/// Lines of the table; each holds two directions of some connections.
pub const LINES: u32 = 1 << 17;

/// What becomes of the packets of one connection in one direction.
#[derive(Debug, Default)]
#[repr(C)]
struct Translation {
    source: [u8; 4],
    destination: [u8; 4],
    ports: [u8; 4],
    address: [u8; 4],
    port: [u8; 2],
    /// 0 while it is nobody's; the last to be written and the first to be taken away.
    protocol: AtomicU16,
    address_sum: u32,
    sum: u32,
    used_s: AtomicU32,
}

/// A line of the cache.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Line([Translation; 2]);

/// A connection through the host: what the terminal sends, and the address and port the network meets instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// 6 or 17.
    pub protocol: u8,
    pub terminal: SocketAddrV4,
    pub peer: SocketAddrV4,
    pub outside: SocketAddrV4,
}

/// One direction of it: both ends as they come, and what stands in the place of one of them.
struct Direction {
    from: SocketAddrV4,
    to: SocketAddrV4,
    before: SocketAddrV4,
    after: SocketAddrV4,
}

impl Connection {
    fn directions(&self) -> [Direction; 2] {
        [
            Direction { from: self.terminal, to: self.peer, before: self.terminal, after: self.outside },
            Direction { from: self.peer, to: self.outside, before: self.outside, after: self.terminal },
        ]
    }
}

impl Direction {
    fn ports(&self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.from.port().to_be_bytes(), self.to.port().to_be_bytes());
        [a, b, c, d]
    }

    /// What a checksum changes by, over the address alone, and over address and port (RFC 1624 3).
    fn sums(&self) -> [u32; 2] {
        let words = |end: &SocketAddrV4| {
            let [a, b, c, d] = end.ip().octets();
            [[a, b], [c, d], end.port().to_be_bytes()].map(u16::from_ne_bytes)
        };
        let (old, new) = (words(&self.before), words(&self.after));
        let change = |count: usize| {
            let sum = (0..count).map(|place| u32::from(!old[place]) + u32::from(new[place])).sum::<u32>();
            let sum = (sum & 0xffff) + (sum >> 16);
            (sum & 0xffff) + (sum >> 16)
        };
        [change(2), change(3)]
    }

    fn is(&self, found: &Translation, protocol: u8) -> bool {
        found.protocol.load(Ordering::Relaxed) == u16::from(protocol)
            && (found.source, found.destination) == (self.from.ip().octets(), self.to.ip().octets())
            && found.ports == self.ports()
    }
}

/// The program's table of connections.
pub struct Hiding {
    lines: Shared<Line>,
    mask: u32,
    seed: u32,
}

fn place(settings: (u32, u32), source: Ipv4Addr, destination: Ipv4Addr, ports: [u8; 4], protocol: u8) -> usize {
    let (mask, seed) = settings;
    let [source, destination] = [source, destination].map(|end| u64::from(u32::from_ne_bytes(end.octets())));
    let ports = u64::from(u32::from_ne_bytes(ports));
    let mixed = (source << 32 | destination) ^ (ports << 16 | u64::from(protocol)) ^ u64::from(seed);
    let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 40) as u32 & mask) as usize
}

impl Hiding {
    pub fn new(lines: Shared<Line>, settings: &Settings) -> Self {
        Self { lines, mask: settings.translations_mask, seed: settings.translations_seed }
    }

    fn line(&self, direction: &Direction, protocol: u8) -> Option<NonNull<Line>> {
        let (from, to) = (*direction.from.ip(), *direction.to.ip());
        self.lines.at(place((self.mask, self.seed), from, to, direction.ports(), protocol))
    }

    fn find(&self, direction: &Direction, protocol: u8) -> Option<&Translation> {
        // SAFETY: in the mapping, which `self` holds; what the program writes is atomic, the rest is written here alone.
        let line = unsafe { self.line(direction, protocol)?.as_ref() };
        line.0.iter().find(|found| direction.is(found, protocol))
    }

    /// Has the program carry a connection. False where its lines are full, or were others' a moment ago.
    pub fn hide(&mut self, connection: &Connection) -> bool {
        let protocol = connection.protocol;
        let added = connection
            .directions()
            .iter()
            .all(|direction| self.find(direction, protocol).is_some() || self.put(direction, protocol));
        if !added {
            self.show(connection);
        }
        added
    }

    fn put(&mut self, direction: &Direction, protocol: u8) -> bool {
        let (Some(line), now) = (self.line(direction, protocol), coarse_s()) else { return false };
        for number in 0..2 {
            // SAFETY: in the mapping; nobody reads what is no one's, and two seconds after it became so.
            unsafe {
                let entry = addr_of_mut!((*line.as_ptr()).0[number]);
                let (state, used) = (&(*entry).protocol, &(*entry).used_s);
                let last = used.load(Ordering::Relaxed);
                if state.load(Ordering::Relaxed) != 0 || (last != 0 && now.wrapping_sub(last) < 2) {
                    continue;
                }
                addr_of_mut!((*entry).source).write_volatile(direction.from.ip().octets());
                addr_of_mut!((*entry).destination).write_volatile(direction.to.ip().octets());
                addr_of_mut!((*entry).ports).write_volatile(direction.ports());
                addr_of_mut!((*entry).address).write_volatile(direction.after.ip().octets());
                addr_of_mut!((*entry).port).write_volatile(direction.after.port().to_be_bytes());
                let [address_sum, sum] = direction.sums();
                addr_of_mut!((*entry).address_sum).write_volatile(address_sum);
                addr_of_mut!((*entry).sum).write_volatile(sum);
                used.store(now, Ordering::Relaxed);
                state.store(u16::from(protocol), Ordering::Release);
            }
            return true;
        }
        false
    }

    /// Gives a connection back to the host.
    pub fn show(&mut self, connection: &Connection) {
        for direction in connection.directions() {
            if let Some(found) = self.find(&direction, connection.protocol) {
                found.used_s.store(coarse_s(), Ordering::Relaxed);
                found.protocol.store(0, Ordering::Release);
            }
        }
    }

    /// Gives every connection back to the host but these: an earlier process may have left others.
    pub fn only(&mut self, connections: &[Connection]) {
        let kept: HashSet<*const Translation> = connections
            .iter()
            .flat_map(|one| one.directions().map(|direction| self.find(&direction, one.protocol).map(ptr::from_ref)))
            .flatten()
            .collect();
        for number in 0..=self.mask as usize {
            // SAFETY: in the mapping, which `self` holds; what is changed is atomic.
            let Some(line) = self.lines.at(number).map(|line| unsafe { line.as_ref() }) else { return };
            for entry in &line.0 {
                if entry.protocol.load(Ordering::Relaxed) != 0 && !kept.contains(&ptr::from_ref(entry)) {
                    entry.used_s.store(coarse_s(), Ordering::Relaxed);
                    entry.protocol.store(0, Ordering::Release);
                }
            }
        }
    }

    /// How many seconds ago its last packet was carried; none where it is not here.
    pub fn idle(&self, connection: &Connection) -> Option<u32> {
        let now = coarse_s();
        let idle = |direction| {
            let found = self.find(direction, connection.protocol)?;
            Some(now.saturating_sub(found.used_s.load(Ordering::Relaxed)))
        };
        let [one, other] = connection.directions();
        Some(idle(&one)?.min(idle(&other)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_translation_is_laid_out_then_two_are_one_line() {
        assert_eq!((size_of::<Translation>(), size_of::<Line>()), (32, 64));
    }
}
