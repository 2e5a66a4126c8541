//! AES-NI, and VAES on 512-bit registers where the processor has both. Whoever holds a `Schedule` has AES-NI.

use super::{BLOCK, Block, Prefix};
use std::arch::x86_64::*;
use zeroize::Zeroizing;

type Keys = [__m128i; 11];

/// Blocks that go side by side on AES-NI, as many as hide the latency of a round.
const NARROW: usize = 8;
/// Octets of one 512-bit register, and of the four that go side by side.
const REGISTER: usize = 4 * BLOCK;
const WIDE: usize = 4 * REGISTER;

/// Round keys, made only on a processor with AES-NI.
pub struct Schedule {
    keys: Zeroizing<Keys>,
    vaes: bool,
}

impl Schedule {
    /// The round keys of a key, `None` without AES-NI.
    #[inline]
    pub fn new(key: &Block) -> Option<Self> {
        if !(is_x86_feature_detected!("aes") && is_x86_feature_detected!("ssse3")) {
            return None;
        }
        let vaes = is_x86_feature_detected!("vaes") && is_x86_feature_detected!("avx512bw");
        // SAFETY: the features are there.
        Some(Self { keys: Zeroizing::new(unsafe { expand(key) }), vaes })
    }

    #[inline]
    pub fn encrypt<const N: usize>(&self, blocks: &mut [Block; N]) {
        // SAFETY: a schedule is there, so AES-NI is.
        unsafe { encrypt(&self.keys, blocks) }
    }

    pub fn counter_mode(&self, prefix: Prefix, data: &mut [u8]) {
        // SAFETY: a schedule is there, so AES-NI is, and `vaes` says that VAES and AVX-512 are.
        unsafe {
            if self.vaes { wide_counter_mode(&self.keys, prefix, data) } else { narrow(&self.keys, prefix, data) }
        }
    }

    pub fn chain(&self, first: Option<Block>, rest: &[Block], last: Block) -> Block {
        // SAFETY: a schedule is there, so AES-NI is.
        unsafe { chain(&self.keys, first, rest, last) }
    }
}

#[inline]
fn load(block: &Block) -> __m128i {
    // SAFETY: SSE2 is part of the architecture, 16 octets are readable, and the load asks no alignment.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline]
fn store(block: &mut Block, value: __m128i) {
    // SAFETY: SSE2 is part of the architecture, 16 octets are writable, and the store asks no alignment.
    unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), value) }
}

/// Key expansion (FIPS 197 5.2). With the last word in all four columns, the last round of encryption is SubWord on
/// each, and adds the round constant as its key.
#[target_feature(enable = "aes,ssse3")]
fn expand(key: &Block) -> Keys {
    const CONSTANTS: [i32; 10] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36];
    let rotated = _mm_set1_epi32(0x0c0f_0e0d);
    let mut keys = [load(key); 11];
    for (round, constant) in (1..).zip(CONSTANTS) {
        let before = keys[round - 1];
        let word = _mm_aesenclast_si128(_mm_shuffle_epi8(before, rotated), _mm_set1_epi32(constant));
        let two = _mm_xor_si128(before, _mm_slli_si128::<4>(before));
        keys[round] = _mm_xor_si128(_mm_xor_si128(two, _mm_slli_si128::<8>(two)), word);
    }
    keys
}

#[inline]
#[target_feature(enable = "aes")]
fn rounds<const N: usize>(keys: &Keys, states: &mut [__m128i; N]) {
    states.iter_mut().for_each(|state| *state = _mm_xor_si128(*state, keys[0]));
    for key in &keys[1..10] {
        states.iter_mut().for_each(|state| *state = _mm_aesenc_si128(*state, *key));
    }
    states.iter_mut().for_each(|state| *state = _mm_aesenclast_si128(*state, keys[10]));
}

#[target_feature(enable = "aes")]
fn encrypt<const N: usize>(keys: &Keys, blocks: &mut [Block; N]) {
    let mut states = [_mm_setzero_si128(); N];
    states.iter_mut().zip(blocks.iter()).for_each(|(state, block)| *state = load(block));
    rounds(keys, &mut states);
    blocks.iter_mut().zip(states).for_each(|(block, state)| store(block, state));
}

/// The keystream of `N` counter blocks from a number on.
#[inline]
#[target_feature(enable = "aes")]
fn keystream<const N: usize>(keys: &Keys, prefix: Prefix, number: u64) -> [__m128i; N] {
    let mut states = [_mm_setzero_si128(); N];
    for (state, number) in states.iter_mut().zip(number..) {
        *state = _mm_set_epi64x(number.swap_bytes() as i64, i64::from_le_bytes(prefix));
    }
    rounds(keys, &mut states);
    states
}

#[inline]
fn add(block: &mut Block, key: __m128i) {
    let octets = load(block);
    // SAFETY: SSE2 is part of the architecture.
    store(block, unsafe { _mm_xor_si128(octets, key) });
}

#[target_feature(enable = "aes")]
fn narrow(keys: &Keys, prefix: Prefix, data: &mut [u8]) {
    let mut number = 0;
    let (blocks, rest) = data.as_chunks_mut::<BLOCK>();
    for group in blocks.chunks_mut(NARROW) {
        let stream = keystream::<NARROW>(keys, prefix, number);
        group.iter_mut().zip(stream).for_each(|(block, key)| add(block, key));
        number += NARROW as u64;
    }
    if !rest.is_empty() {
        let mut last = [0; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        add(&mut last, keystream::<1>(keys, prefix, blocks.len() as u64)[0]);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// The counter blocks of one register from those of numbers 0 to 3 in the processor's order of octets: number `first`
/// and the three after it, in the order of the network.
#[inline]
#[target_feature(enable = "vaes,avx512f,avx512bw")]
fn wide_counters(prefix: Prefix, first: u64) -> __m512i {
    let (prefix, first) = (i64::from_le_bytes(prefix), first as i64);
    let numbers = _mm512_set_epi64(first + 3, prefix, first + 2, prefix, first + 1, prefix, first, prefix);
    let order = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0809_0a0b_0c0d_0e0f, 0x0706_0504_0302_0100));
    _mm512_shuffle_epi8(numbers, order)
}

#[inline]
#[target_feature(enable = "vaes,avx512f,avx512bw")]
fn wide_keystream<const N: usize>(keys: &[__m512i; 11], prefix: Prefix, number: u64) -> [__m512i; N] {
    let mut states = [_mm512_setzero_si512(); N];
    for (state, at) in states.iter_mut().zip((number..).step_by(4)) {
        *state = _mm512_xor_si512(wide_counters(prefix, at), keys[0]);
    }
    for key in &keys[1..10] {
        states.iter_mut().for_each(|state| *state = _mm512_aesenc_epi128(*state, *key));
    }
    states.iter_mut().for_each(|state| *state = _mm512_aesenclast_epi128(*state, keys[10]));
    states
}

#[target_feature(enable = "vaes,avx512f,avx512bw")]
fn wide_counter_mode(keys: &Keys, prefix: Prefix, data: &mut [u8]) {
    let mut wide = [_mm512_setzero_si512(); 11];
    wide.iter_mut().zip(keys).for_each(|(wide, key)| *wide = _mm512_broadcast_i32x4(*key));
    let mut number = 0;
    let (groups, rest) = data.as_chunks_mut::<WIDE>();
    for group in groups {
        let stream = wide_keystream::<4>(&wide, prefix, number);
        for (register, key) in group.as_chunks_mut::<REGISTER>().0.iter_mut().zip(stream) {
            wide_add(register, u64::MAX, key);
        }
        number += (WIDE / BLOCK) as u64;
    }
    for register in rest.chunks_mut(REGISTER) {
        let [key] = wide_keystream::<1>(&wide, prefix, number);
        wide_add(register, u64::MAX >> (REGISTER - register.len()), key);
        number += (REGISTER / BLOCK) as u64;
    }
}

/// Adds a keystream to the 1 to 64 octets that `mask` has a bit for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn wide_add(octets: &mut [u8], mask: u64, key: __m512i) {
    debug_assert_eq!(mask.count_ones() as usize, octets.len());
    let at = octets.as_mut_ptr().cast();
    // SAFETY: loads and stores touch the octets of the mask only, one bit for each octet of the slice.
    unsafe { _mm512_mask_storeu_epi8(at, mask, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, at), key)) }
}

/// Cipher block chaining from zero; the last state.
#[target_feature(enable = "aes")]
fn chain(keys: &Keys, first: Option<Block>, rest: &[Block], last: Block) -> Block {
    // The next block and the first key are added together with the last key of the block before it: a step less.
    let (joint, zero) = (_mm_xor_si128(keys[10], keys[0]), keys[10]);
    let mut blocks = first.iter().chain(rest).chain([&last]);
    let mut state = blocks.next().map_or(keys[0], |block| _mm_xor_si128(load(block), keys[0]));
    for block in blocks {
        let next = _mm_xor_si128(load(block), joint);
        state = _mm_aesenclast_si128(middle(keys, state), next);
    }
    let mut tag = [0; BLOCK];
    store(&mut tag, _mm_aesenclast_si128(middle(keys, state), zero));
    tag
}

#[inline]
#[target_feature(enable = "aes")]
fn middle(keys: &Keys, mut state: __m128i) -> __m128i {
    for key in &keys[1..10] {
        state = _mm_aesenc_si128(state, *key);
    }
    state
}
