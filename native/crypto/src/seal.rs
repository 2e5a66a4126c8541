//! AES-256-GCM for rows at rest: a sealed row is a fresh nonce's ciphertext and its tag (NIST SP 800-38D).

use crate::Error;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};

/// One key, wiped when it goes.
pub struct Seal(Aes256Gcm);

impl Seal {
    pub fn new(key: &[u8; 32]) -> Self {
        Seal(Aes256Gcm::new(key.into()))
    }

    /// The octets sealed with `beside` authenticated; a nonce serves once under a key.
    pub fn seal(&self, nonce: &[u8; 12], octets: &[u8], beside: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.encrypt(&Nonce::from(*nonce), Payload { msg: octets, aad: beside }).map_err(|_| Error::TooLong("a row"))
    }

    /// The octets in clear, where neither they nor what stands beside was changed.
    pub fn open(&self, nonce: &[u8; 12], sealed: &[u8], beside: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: beside }).map_err(|_| Error::Mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    // The GCM specification's test case 16 (McGrew, Viega).
    #[test]
    fn when_octets_are_sealed_then_they_are_those_of_the_specification() {
        let key = octets("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce: [u8; 12] = octets("cafebabefacedbaddecaf888").try_into().unwrap();
        let plain = octets(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let beside = octets("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let sealed = octets(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        let seal = Seal::new(key.as_slice().try_into().unwrap());
        assert_eq!(seal.seal(&nonce, &plain, &beside).unwrap(), sealed);
        assert_eq!(seal.open(&nonce, &sealed, &beside).unwrap(), plain);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(&nonce, &changed, &beside), Err(Error::Mac));
            assert_eq!(seal.open(&nonce, &sealed[..at], &beside), Err(Error::Mac));
        }
        assert_eq!(seal.open(&nonce, &sealed, b"elsewhere"), Err(Error::Mac));
    }
}
