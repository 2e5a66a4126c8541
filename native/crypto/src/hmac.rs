//! HMAC-SHA-256 (RFC 2104) on the compression function itself: the messages here are of one or two blocks, and what a
//! general hash keeps and wipes around them costs more than they do.

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

const BLOCK: usize = 64;
/// FIPS 180-4 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The states that a key leads to, for several messages under it; wiped when dropped.
pub struct Hmac {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Drop for Hmac {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl Hmac {
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        match block.get_mut(..key.len()) {
            Some(start) => start.copy_from_slice(key),
            None => block[..32].copy_from_slice(&Sha256::digest(key)),
        }
        let made = Self { inner: keyed(&block, 0x36), outer: keyed(&block, 0x5c) };
        block.as_mut_slice().zeroize();
        made
    }

    /// The code of what `write` gives.
    pub fn of(&self, write: impl FnOnce(&mut Message)) -> [u8; 32] {
        let mut message = Message::after(self.inner);
        write(&mut message);
        let hash = message.finish();
        let mut outer = Message::after(self.outer);
        outer.update(&hash);
        outer.finish()
    }
}

/// The state after one block: a key with a pad added.
fn keyed(key: &[u8; BLOCK], pad: u8) -> [u32; 8] {
    let (mut state, mut padded) = (INITIAL, key.map(|octet| octet ^ pad));
    compress256(&mut state, std::slice::from_ref(&padded));
    padded.as_mut_slice().zeroize();
    state
}

/// A message after the block of a key.
pub struct Message {
    state: [u32; 8],
    block: [u8; BLOCK],
    length: usize,
}

impl Message {
    fn after(state: [u32; 8]) -> Self {
        Self { state, block: [0; BLOCK], length: BLOCK }
    }

    pub fn update(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let place = &mut self.block[self.length % BLOCK..];
            let (now, later) = octets.split_at(octets.len().min(place.len()));
            place[..now.len()].copy_from_slice(now);
            self.length += now.len();
            if self.length.is_multiple_of(BLOCK) {
                self.compress();
            }
            octets = later;
        }
    }

    fn compress(&mut self) {
        compress256(&mut self.state, std::slice::from_ref(&self.block));
    }

    /// Padding and length (FIPS 180-4 5.1.1).
    fn finish(mut self) -> [u8; 32] {
        let bits = 8 * self.length as u64;
        let used = self.length % BLOCK;
        self.block[used] = 0x80;
        self.block[used + 1..].fill(0);
        if used + 1 > BLOCK - 8 {
            self.compress();
            self.block.fill(0);
        }
        self.block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
        self.compress();
        let mut hash = [0; 32];
        hash.as_chunks_mut().0.iter_mut().zip(self.state).for_each(|(four, word)| *four = word.to_be_bytes());
        self.block.as_mut_slice().zeroize();
        self.state.zeroize();
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_keys_and_messages_have_any_length_then_oxirush_security_computes_the_same() {
        for length in 0..200 {
            let (key, message) = (vec![0xa5; length], vec![0x3c; 2 * length]);
            let (head, tail) = message.split_at(length / 3);
            let ours = Hmac::new(&key).of(|hash| {
                hash.update(head);
                hash.update(tail);
            });
            assert_eq!(ours, *oxirush_security::kdf::kdf(&key, &message), "{length} octets");
        }
    }
}
