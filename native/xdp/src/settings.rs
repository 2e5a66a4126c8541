//! What the program is told once: bpf/records.h is the same in C.

use crate::datapath::Pool;
use crate::way::Way;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const MOST_POOLS: usize = 4;
pub const MOST_NETWORKS: usize = 32;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Network {
    pub base: u32,
    pub mask: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Network6 {
    base: u64,
    mask: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Pool4 {
    base: u32,
    size: u32,
    offset: u32,
    pub mtu: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Pool6 {
    base: u64,
    size: u64,
    offset: u32,
    pub mtu: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Settings {
    pub address: [u8; 4],
    pub mask: u32,
    pub inverses: [u32; 2],
    pub slot_mask: u32,
    pub hiding: [u8; 4],
    pub pools_count: u32,
    pub networks_count: u32,
    pub first_octets: [u32; 8],
    pub pools: [Pool4; MOST_POOLS],
    pub networks: [Network; MOST_NETWORKS],
    pub pools_6_count: u32,
    pub networks_6_count: u32,
    pub translations_mask: u32,
    pub translations_seed: u32,
    pub pools_6: [Pool6; MOST_POOLS],
    pub networks_6: [Network6; MOST_NETWORKS],
    pub seed: [u8; 16],
    pub address_6: [u8; 16],
    /// To the data networks, over IPv4 and IPv6.
    pub exits: [Way; 2],
}

/// The upper half of an IPv6 address.
pub fn upper_half(address: Ipv6Addr) -> u64 {
    (address.to_bits() >> 64) as u64
}

/// How far a pool's own number is among those of its version of IP.
pub fn rank(pools: &[Pool], number: usize) -> usize {
    let version_4 = |pool: &Pool| pool.base.is_ipv4();
    pools.get(number).map_or(0, |own| pools[..number].iter().filter(|one| version_4(one) == version_4(own)).count())
}

impl Settings {
    /// Whether records that were made for one are right for the other: the same address, tunnels and pools.
    pub fn fits(&self, other: &Self) -> bool {
        let shape = |one: &Self| {
            let pools = one.pools.map(|pool| Pool4 { mtu: 0, ..pool });
            let pools_6 = one.pools_6.map(|pool| Pool6 { mtu: 0, ..pool });
            let key = (one.mask, one.inverses, one.slot_mask, one.translations_mask, one.translations_seed);
            (one.address, one.address_6, key, pools, pools_6, one.seed)
        };
        shape(self) == shape(other)
    }

    /// The networks of IPv4 that are kept back.
    pub fn networks(&self) -> &[Network] {
        &self.networks[..(self.networks_count as usize).min(MOST_NETWORKS)]
    }

    /// Those of IPv6.
    pub fn networks_6(&self) -> &[Network6] {
        &self.networks_6[..(self.networks_6_count as usize).min(MOST_NETWORKS)]
    }

    /// Has the pools in it, whose addresses follow one another in the program's table.
    pub fn put_pools(&mut self, pools: &[Pool]) {
        let mut offset = 0;
        for (number, pool) in pools.iter().enumerate() {
            let (rank, size, mtu) = (rank(pools, number), pool.size, pool.mtu);
            match pool.base {
                IpAddr::V4(base) if rank < MOST_POOLS => {
                    self.pools[rank] = Pool4 { base: base.to_bits(), size, offset, mtu };
                    self.pools_count = rank as u32 + 1;
                }
                IpAddr::V6(base) if rank < MOST_POOLS => {
                    self.pools_6[rank] = Pool6 { base: upper_half(base), size: size.into(), offset, mtu };
                    self.pools_6_count = rank as u32 + 1;
                }
                _ => {}
            }
            offset += size;
        }
    }
}

/// The networks of IPv4, as many as fit.
pub fn networks(given: &[(IpAddr, u8)]) -> Vec<Network> {
    let version_4 = |address: &IpAddr| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    };
    let mask = |length: u8| u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
    let network = |base: Ipv4Addr, length| Network { base: base.to_bits() & mask(length), mask: mask(length) };
    given.iter().filter_map(|(base, length)| Some(network(version_4(base)?, *length))).collect()
}

/// Those of IPv6; one of less than 64 bits of its own is the whole prefix it is in.
pub fn networks_6(given: &[(IpAddr, u8)]) -> Vec<Network6> {
    let mask = |length: u8| u64::MAX.checked_shl(64 - u32::from(length.min(64))).unwrap_or(0);
    let network = |base, length| Network6 { base: upper_half(base) & mask(length), mask: mask(length) };
    let version_6 = |(base, length): &(IpAddr, u8)| match base {
        IpAddr::V6(base) => Some(network(*base, *length)),
        IpAddr::V4(_) => None,
    };
    given.iter().filter_map(version_6).collect()
}

/// A bit for each first octet that some network has.
pub fn first_octets(networks: &[Network]) -> [u32; 8] {
    let mut bits = [0; 8];
    for network in networks {
        let last = network.base | !network.mask;
        for octet in network.base >> 24..=last >> 24 {
            bits[octet as usize / 32] |= 1 << (octet % 32);
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn when_the_shared_structures_are_laid_out_then_they_are_those_of_the_program() {
        assert_eq!((size_of::<Way>(), size_of::<Settings>()), (128, 1344));
        let offsets = (offset_of!(Settings, pools), offset_of!(Settings, networks), offset_of!(Settings, pools_6));
        assert_eq!((offsets, offset_of!(Settings, networks_6)), ((64, 128, 400), 496));
        assert_eq!(offset_of!(Settings, exits), 1088);
    }

    #[test]
    fn when_networks_are_kept_back_then_their_first_octets_are_marked() {
        let kept = |text: &str, length| networks(&[(text.parse().unwrap(), length)]);
        assert_eq!(first_octets(&kept("0.0.0.0", 0)), [u32::MAX; 8]);
        let two = [kept("10.0.0.0", 8), kept("224.0.0.0", 3)].concat();
        assert_eq!(first_octets(&two), [1 << 10, 0, 0, 0, 0, 0, 0, u32::MAX]);
    }

    #[test]
    fn when_a_network_is_longer_than_a_prefix_then_the_whole_prefix_is_kept() {
        let given = [("2001:db8::1".parse().unwrap(), 128), ("192.0.2.0".parse().unwrap(), 24)];
        assert_eq!(networks_6(&given), [Network6 { base: 0x2001_0db8_0000_0000, mask: u64::MAX }]);
        assert_eq!(networks(&given), [Network { base: 0xc000_0200, mask: 0xffff_ff00 }]);
    }

    #[test]
    fn when_pools_are_of_both_versions_then_each_has_its_place_after_the_other() {
        let pool = |base: &str, size| Pool { base: base.parse().unwrap(), size, mtu: 1400 };
        let mut settings = Settings::default();
        settings.put_pools(&[pool("10.45.0.0", 256), pool("2001:db8::", 16), pool("10.46.0.0", 4)]);
        assert_eq!((settings.pools_count, settings.pools_6_count), (2, 1));
        assert_eq!((settings.pools[1].offset, settings.pools_6[0].offset), (272, 256));
        assert_eq!(settings.pools_6[0].base, 0x2001_0db8_0000_0000);
    }
}
