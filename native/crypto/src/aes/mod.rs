//! AES-128 with its expanded key: on the instructions of the processor where they are, found when the key is expanded,
//! and by the `aes` crate elsewhere. Counter mode is NEA2's and CMAC is NIA2's (TS 33.501 D.2.1.3, D.3.1.3).

#[cfg(target_arch = "x86_64")]
mod x86;

use aes::Aes128Enc;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

pub type Block = [u8; BLOCK];
const BLOCK: usize = 16;
/// The octets in front of a message, or of the number of a counter block: COUNT, BEARER, DIRECTION and 26 zero bits
/// (TS 33.401 B.1.3, B.2.3).
pub type Prefix = [u8; 8];

/// The round keys of one key, wiped when dropped.
pub struct Aes128(Schedule);

/// Where the processor's instructions are, they are what is there: boxes would cost more than the difference in size.
#[allow(clippy::large_enum_variant)]
enum Schedule {
    #[cfg(target_arch = "x86_64")]
    Instructions(x86::Schedule),
    Portable(Aes128Enc),
}

impl Aes128 {
    #[inline]
    pub fn new(key: &Block) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(schedule) = x86::Schedule::new(key) {
            return Self(Schedule::Instructions(schedule));
        }
        Self::portable(key)
    }

    fn portable(key: &Block) -> Self {
        Self(Schedule::Portable(Aes128Enc::new(key.into())))
    }

    /// Encrypts blocks that do not depend on each other, in place.
    #[inline]
    pub fn encrypt<const N: usize>(&self, blocks: &mut [Block; N]) {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Schedule::Instructions(schedule) => schedule.encrypt(blocks),
            Schedule::Portable(aes) => blocks.iter_mut().for_each(|block| aes.encrypt_block(block.into())),
        }
    }

    /// Ciphers or deciphers in place: counter blocks are the prefix and their number, from 0 (TS 33.401 B.1.3).
    pub fn counter_mode(&self, prefix: Prefix, data: &mut [u8]) {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Schedule::Instructions(schedule) => schedule.counter_mode(prefix, data),
            Schedule::Portable(aes) => portable_counter_mode(aes, prefix, data),
        }
    }

    /// The first 4 octets of the CMAC of prefix and message (TS 33.401 B.2.3, NIST SP 800-38B 6.2).
    pub fn cmac(&self, prefix: Prefix, message: &[u8]) -> [u8; 4] {
        let mut zero = [[0; BLOCK]];
        self.encrypt(&mut zero);
        let (whole, last) = parts(prefix, message, doubled(u128::from_be_bytes(zero[0])));
        let tag = match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Schedule::Instructions(schedule) => schedule.chain(whole.first, whole.rest, last),
            Schedule::Portable(aes) => portable_chain(aes, whole.first, whole.rest, last),
        };
        [tag[0], tag[1], tag[2], tag[3]]
    }
}

/// The blocks of a CMAC before its last one.
struct Whole<'a> {
    first: Option<Block>,
    rest: &'a [Block],
}

/// Prefix and message as the first block, whole ones, and the last one with its subkey and padding. `k1` is the
/// subkey of a last block that is whole (NIST SP 800-38B 6.1, 6.2).
fn parts(prefix: Prefix, message: &[u8], k1: u128) -> (Whole<'_>, Block) {
    let head = message.len().min(BLOCK - prefix.len());
    let mut first = [0; BLOCK];
    first[..prefix.len()].copy_from_slice(&prefix);
    first[prefix.len()..prefix.len() + head].copy_from_slice(&message[..head]);
    let tail = &message[head..];
    if tail.is_empty() {
        let last = masked(&first[..prefix.len() + head], k1);
        return (Whole { first: None, rest: &[] }, last);
    }
    // The last block is never empty.
    let (rest, last) = tail.split_at((tail.len() - 1) / BLOCK * BLOCK);
    (Whole { first: Some(first), rest: rest.as_chunks().0 }, masked(last, k1))
}

/// A last block of 1 to 16 octets, padded where it is not whole, under its subkey.
fn masked(last: &[u8], k1: u128) -> Block {
    let mut block = [0; BLOCK];
    block[..last.len()].copy_from_slice(last);
    let mut subkey = k1;
    if last.len() < BLOCK {
        block[last.len()] = 0x80;
        subkey = doubled(k1);
    }
    (u128::from_be_bytes(block) ^ subkey).to_be_bytes()
}

/// Twice a value in GF(2^128), in constant time (NIST SP 800-38B 6.1).
fn doubled(value: u128) -> u128 {
    (value << 1) ^ (0x87 & (value >> 127).wrapping_neg())
}

fn portable_counter_mode(aes: &Aes128Enc, prefix: Prefix, data: &mut [u8]) {
    for (number, octets) in (0u64..).zip(data.chunks_mut(BLOCK)) {
        let mut block = [0; BLOCK];
        block[..8].copy_from_slice(&prefix);
        block[8..].copy_from_slice(&number.to_be_bytes());
        aes.encrypt_block((&mut block).into());
        octets.iter_mut().zip(block).for_each(|(octet, key)| *octet ^= key);
    }
}

fn portable_chain(aes: &Aes128Enc, first: Option<Block>, rest: &[Block], last: Block) -> Block {
    let mut state = [0; BLOCK];
    for block in first.iter().chain(rest).chain([&last]) {
        state.iter_mut().zip(block).for_each(|(octet, other)| *octet ^= other);
        aes.encrypt_block((&mut state).into());
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 Appendix B.
    #[test]
    fn when_the_published_block_is_encrypted_then_it_is_the_published_ciphertext() {
        let key = 0x2b7e1516_28aed2a6_abf71588_09cf4f3c_u128.to_be_bytes();
        for aes in [Aes128::new(&key), Aes128::portable(&key)] {
            let mut block = [0x3243f6a8_885a308d_313198a2_e0370734_u128.to_be_bytes()];
            aes.encrypt(&mut block);
            assert_eq!(u128::from_be_bytes(block[0]), 0x3925841d_02dc09fb_dc118597_196a0b32);
        }
    }

    /// Every length over the widths that the instructions take at once: with them, without, and by oxirush-security.
    #[test]
    fn when_lengths_cross_every_width_then_all_ways_agree() {
        use oxirush_security::nas_5gs::{KNasEnc, KNasInt};
        use oxirush_security::{Bearer, CipheringAlgorithm, Direction, IntegrityAlgorithm, nea_cipher, nia_mac};
        let (key, count, downlink) = ([0x5a; 16], 0x398a_59b4, Direction::Downlink);
        let bearer = Bearer::new(21).expect("a bearer");
        let prefix = [0x39, 0x8a, 0x59, 0xb4, 21 << 3 | 4, 0, 0, 0];
        let (fast, slow) = (Aes128::new(&key), Aes128::portable(&key));
        let message: Vec<u8> = (0..1500u32).map(|at| (at * 7 % 251) as u8).collect();
        for length in (0..700).chain([1399, 1400, 1401, 1500]) {
            let mut all = [message[..length].to_vec(), message[..length].to_vec(), message[..length].to_vec()];
            fast.counter_mode(prefix, &mut all[0]);
            slow.counter_mode(prefix, &mut all[1]);
            let aes = CipheringAlgorithm::Aes;
            nea_cipher(&KNasEnc::new(&key), count, bearer, downlink, &mut all[2], aes);
            assert!(all[0] == all[1] && all[1] == all[2], "{length} octets");
            let witness = (KNasInt::new(&key), IntegrityAlgorithm::Aes);
            let expected = nia_mac(&witness.0, count, bearer, downlink, &message[..length], witness.1).to_be_bytes();
            assert_eq!(fast.cmac(prefix, &message[..length]), expected, "{length} octets");
            assert_eq!(slow.cmac(prefix, &message[..length]), expected, "{length} octets");
        }
    }
}
