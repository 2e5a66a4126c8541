//! Tunnel identifiers that cannot be guessed from one another: a keyed permutation over index and generation.

/// A keyed permutation of 32 bits and a keyed stream of numbers, both from one seed.
#[derive(Clone)]
pub(crate) struct Seal {
    mask: u32,
    factors: [u32; 2],
    inverses: [u32; 2],
    key: [u64; 2],
    counter: u64,
}

/// What turns a tunnel identifier into its slot: the inverse of the permutation, and how many bits a slot has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelKey {
    pub mask: u32,
    pub inverses: [u32; 2],
    pub index_bits: u32,
}

impl TunnelKey {
    /// The slot of a tunnel identifier, live or not.
    pub fn slot(&self, teid: u32) -> u32 {
        let mixed = teid.rotate_right(16).wrapping_mul(self.inverses[1]);
        let plain = (mixed ^ (mixed >> 16)).wrapping_mul(self.inverses[0]) ^ self.mask;
        plain & ((1 << self.index_bits) - 1)
    }
}

/// The inverse of an odd number modulo 2^32, by Newton's iteration.
fn inverse(odd: u32) -> u32 {
    (0..5).fold(odd, |estimate, _| estimate.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(estimate))))
}

impl Seal {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        let halves = u128::from_le_bytes(seed);
        let mut seal = Self {
            mask: 0,
            factors: [1; 2],
            inverses: [1; 2],
            key: [halves as u64, (halves >> 64) as u64],
            counter: 0,
        };
        let (first, second) = (seal.next(), seal.next());
        seal.mask = first as u32;
        seal.factors = [(first >> 32) as u32 | 1, second as u32 | 1];
        seal.inverses = [inverse(seal.factors[0]), inverse(seal.factors[1])];
        seal
    }

    /// A number that nobody without the seed can tell from chance (SipHash-2-4 of a counter).
    pub(crate) fn next(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        self.hash(self.counter)
    }

    /// SipHash-2-4 of one word.
    pub(crate) fn hash(&self, word: u64) -> u64 {
        let [low, high] = self.key;
        let mut v = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        for block in [word, 8 << 56] {
            v[3] ^= block;
            sip_rounds(&mut v, 2);
            v[0] ^= block;
        }
        v[2] ^= 0xff;
        sip_rounds(&mut v, 4);
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }

    pub(crate) fn tunnel_key(&self, index_bits: u32) -> TunnelKey {
        TunnelKey { mask: self.mask, inverses: self.inverses, index_bits }
    }

    #[inline]
    pub(crate) fn close(&self, plain: u32) -> u32 {
        let mixed = (plain ^ self.mask).wrapping_mul(self.factors[0]);
        (mixed ^ (mixed >> 16)).wrapping_mul(self.factors[1]).rotate_left(16)
    }

    #[inline]
    pub(crate) fn open(&self, sealed: u32) -> u32 {
        let mixed = sealed.rotate_right(16).wrapping_mul(self.inverses[1]);
        (mixed ^ (mixed >> 16)).wrapping_mul(self.inverses[0]) ^ self.mask
    }
}

fn sip_rounds(v: &mut [u64; 4], rounds: usize) {
    for _ in 0..rounds {
        v[0] = v[0].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[2] = v[2].rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_sealed_then_opened_then_it_is_the_same() {
        for seed in 0..8_u8 {
            let seal = Seal::new([seed; 16]);
            for plain in (0..u32::MAX - 70_000).step_by(65_537).chain([0, 1, u32::MAX]) {
                assert_eq!(seal.open(seal.close(plain)), plain);
                assert_eq!(seal.tunnel_key(17).slot(seal.close(plain)), plain & 0x1_ffff);
            }
        }
    }

    #[test]
    fn when_hashed_then_it_is_siphash_2_4() {
        let mut key = [0_u8; 16];
        for (octet, place) in (0..).zip(key.iter_mut()) {
            *place = octet;
        }
        let mut seal = Seal::new(key);
        let halves = u128::from_le_bytes(key);
        seal.key = [halves as u64, (halves >> 64) as u64];
        // The published vector for the eight octets 00..07 under the key 00..0f.
        assert_eq!(seal.hash(0x0706_0504_0302_0100), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn when_two_seeds_differ_then_so_do_the_identifiers() {
        let (one, two) = (Seal::new([1; 16]), Seal::new([2; 16]));
        assert!((0..1000).filter(|plain| one.close(*plain) == two.close(*plain)).count() < 3);
    }
}
