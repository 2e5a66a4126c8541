//! IP addresses as one kind of number, prefixes of them, and who owns which.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

/// Where IPv4 addresses stand among IPv6 ones (RFC 4291 2.5.5.2).
pub(crate) const MAPPED: u128 = 0xffff << 32;

/// The largest IPv4 pool that gets an array of its own; larger ones, and IPv6, are found by hash.
const LARGEST_ARRAY: u32 = 1 << 20;

/// An address as a number; IPv4 as its mapped IPv6 address.
#[inline]
pub fn ip_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => MAPPED | u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address of a number.
pub fn number_ip(number: u128) -> IpAddr {
    match u32::try_from(number ^ MAPPED) {
        Ok(bits) => IpAddr::V4(bits.into()),
        Err(_) => IpAddr::V6(number.into()),
    }
}

/// The number of 4 or 16 octets.
pub(crate) fn number_octets(octets: &[u8]) -> Option<u128> {
    match octets.len() {
        4 => octets.first_chunk::<4>().map(|octets| MAPPED | u128::from(u32::from_be_bytes(*octets))),
        _ => octets.try_into().ok().map(u128::from_be_bytes),
    }
}

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    pub(crate) number: u128,
    pub(crate) mask: u128,
}

impl Prefix {
    /// Every address of both versions.
    pub const ANY: Prefix = Prefix { number: 0, mask: 0 };

    /// The prefix of `length` bits of `address`; the bits after them do not matter.
    pub fn new(address: IpAddr, length: u8) -> Self {
        let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = u32::from(length.min(width)) + offset;
        let mask = if bits == 0 { 0 } else { u128::MAX << (128 - bits) };
        Self { number: ip_number(address) & mask, mask }
    }

    #[inline]
    pub fn contains(&self, number: u128) -> bool {
        number & self.mask == self.number
    }
}

/// One pool of terminal addresses of a network instance (TS 29.244 8.2.4).
pub type Pool = Prefix;

/// Hashes numbers with a secret, so that nobody chooses addresses that collide.
#[derive(Clone, Copy)]
pub(crate) struct Secret(pub(crate) u64);

pub(crate) struct Mixer {
    state: u64,
}

impl BuildHasher for Secret {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        Mixer { state: self.0 }
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.state
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.state = (product as u64) ^ ((product >> 64) as u64) ^ self.state.rotate_left(29);
    }

    #[inline]
    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }
}

struct Array {
    base: u128,
    slots: Vec<u32>,
}

/// Terminal address to session slot, for one network instance.
pub(crate) struct AddressIndex {
    pools: Vec<Pool>,
    arrays: Vec<Array>,
    others: HashMap<u128, u32, Secret>,
    framed: HashMap<(u128, u128), u32, Secret>,
    /// How many framed routes have each mask, the longest first.
    masks: Vec<(u128, usize)>,
}

/// A terminal owns its IPv4 address, or the /64 of its IPv6 address (TS 23.501 5.8.2.2.3).
#[inline]
fn owned(number: u128) -> u128 {
    if number >> 32 == 0xffff { number } else { number & (u128::MAX << 64) }
}

impl AddressIndex {
    pub(crate) fn new(pools: &[Pool], secret: u64) -> Self {
        let arrays = pools
            .iter()
            .filter(|pool| pool.number >> 32 == 0xffff && !pool.mask < u128::from(LARGEST_ARRAY))
            .map(|pool| Array { base: pool.number, slots: vec![0; (!pool.mask as usize) + 1] })
            .collect();
        let (others, framed) = (HashMap::with_hasher(Secret(secret)), HashMap::with_hasher(Secret(secret)));
        Self { pools: pools.to_vec(), arrays, others, framed, masks: Vec::new() }
    }

    /// Whether the address may belong to a terminal of this network instance.
    #[inline]
    pub(crate) fn serves(&self, number: u128) -> bool {
        self.pools.iter().any(|pool| pool.contains(number))
    }

    /// The data network's own address in the pool that the terminal's address is of, or in the first of that version.
    pub(crate) fn gateway(&self, number: u128) -> Option<u128> {
        let same = |pool: &&Pool| (pool.number >> 32 == 0xffff) == (number >> 32 == 0xffff);
        let pools = || self.pools.iter();
        let pool = pools().find(|pool| pool.contains(number)).or_else(|| pools().find(same))?;
        Some(pool.number | 1)
    }

    /// Whether the address is one that only a terminal, or a network behind one, may have: the first of a pool is the
    /// data network's gateway.
    #[inline]
    pub(crate) fn is_terminal(&self, number: u128) -> bool {
        self.pools.iter().any(|pool| pool.contains(number) && number != pool.number | 1)
            || self.behind(number).is_some()
    }

    #[inline]
    pub(crate) fn find(&self, number: u128) -> Option<usize> {
        self.owner(number).or_else(|| self.behind(number))
    }

    /// The terminal whose own address it is.
    #[inline]
    pub(crate) fn owner(&self, number: u128) -> Option<usize> {
        for array in &self.arrays {
            if let Some(&slot) = array.slots.get(usize::try_from(number.wrapping_sub(array.base)).unwrap_or(usize::MAX))
            {
                return (slot as usize).checked_sub(1);
            }
        }
        self.others.get(&owned(number)).map(|slot| *slot as usize)
    }

    /// The session of the longest framed route to an address (TS 23.501 5.6.14).
    #[inline]
    pub(crate) fn behind(&self, number: u128) -> Option<usize> {
        if self.masks.is_empty() {
            return None;
        }
        self.masks.iter().find_map(|(mask, _)| self.framed.get(&(number & mask, *mask))).map(|slot| *slot as usize)
    }

    /// The session of exactly that framed route.
    pub(crate) fn framed(&self, prefix: &Prefix) -> Option<usize> {
        self.framed.get(&(prefix.number, prefix.mask)).map(|slot| *slot as usize)
    }

    pub(crate) fn claim_framed(&mut self, prefix: Prefix, slot: usize) {
        if self.framed.insert((prefix.number, prefix.mask), slot as u32).is_some() {
            return;
        }
        match self.masks.binary_search_by(|(mask, _)| prefix.mask.cmp(mask)) {
            Ok(place) => self.masks[place].1 += 1,
            Err(place) => self.masks.insert(place, (prefix.mask, 1)),
        }
    }

    pub(crate) fn free_framed(&mut self, prefix: &Prefix) {
        if self.framed.remove(&(prefix.number, prefix.mask)).is_none() {
            return;
        }
        if let Some(place) = self.masks.iter().position(|(mask, _)| *mask == prefix.mask) {
            self.masks[place].1 -= 1;
            if self.masks[place].1 == 0 {
                self.masks.remove(place);
            }
        }
    }

    pub(crate) fn claim(&mut self, number: u128, slot: usize) {
        match self.place(number) {
            Some(place) => *place = slot as u32 + 1,
            None => drop(self.others.insert(owned(number), slot as u32)),
        }
    }

    pub(crate) fn free(&mut self, number: u128) {
        match self.place(number) {
            Some(place) => *place = 0,
            None => drop(self.others.remove(&owned(number))),
        }
    }

    fn place(&mut self, number: u128) -> Option<&mut u32> {
        self.arrays
            .iter_mut()
            .find_map(|array| array.slots.get_mut(usize::try_from(number.wrapping_sub(array.base)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> u128 {
        ip_number(text.parse().unwrap())
    }

    fn prefix(text: &str, length: u8) -> Prefix {
        Prefix::new(text.parse().unwrap(), length)
    }

    #[test]
    fn when_an_address_is_claimed_then_only_it_is_found() {
        for pools in [vec![prefix("10.45.0.0", 16)], vec![prefix("10.0.0.0", 8)], vec![prefix("2001:db8::", 32)]] {
            let mut index = AddressIndex::new(&pools, 7);
            let (one, other) = (pools[0].number | (5 << 64) | 5, pools[0].number | (6 << 64) | 6);
            let (one, other) =
                if pools[0].contains(one) { (one, other) } else { (pools[0].number | 5, pools[0].number | 6) };
            assert!(index.serves(one) && !index.serves(number("192.0.2.1")));
            assert_eq!(index.find(one), None);
            index.claim(one, 3);
            assert_eq!((index.find(one), index.find(other)), (Some(3), None));
            index.free(one);
            assert_eq!(index.find(one), None);
        }
    }

    #[test]
    fn when_a_prefix_is_compared_then_versions_do_not_mix() {
        let all_v4 = prefix("0.0.0.0", 0);
        assert!(all_v4.contains(number("10.1.2.3")) && !all_v4.contains(number("2001:db8::1")));
        assert!(prefix("::", 0).contains(number("2001:db8::1")));
        assert!(prefix("10.1.2.3", 32).contains(number("10.1.2.3")));
        assert!(!prefix("10.1.2.3", 32).contains(number("10.1.2.4")));
    }

    #[test]
    fn when_a_number_becomes_an_address_then_it_is_the_same() {
        for text in ["10.1.2.3", "0.0.0.0", "2001:db8::1", "::1"] {
            assert_eq!(number_ip(number(text)), text.parse::<IpAddr>().unwrap());
        }
        assert_eq!(number_octets(&[10, 1, 2, 3]), Some(number("10.1.2.3")));
        assert_eq!(number_octets(&[1, 2, 3]), None);
    }
}
