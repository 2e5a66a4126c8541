//! The protection schemes of the SUCI: null, profile A and profile B (TS 33.501 Annex C).

use crate::Error;
use crate::ecdh::{self, Secret};
use crate::kdf::hmac_sha256;
use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use oxirush_security::constant_time_eq;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const MAC: usize = 8;

/// The protection scheme identifiers (TS 33.501 C.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Null,
    ProfileA,
    ProfileB,
}

impl Scheme {
    /// The scheme of an identifier 0..2.
    pub fn new(identifier: u8) -> Result<Self, Error> {
        match identifier {
            0 => Ok(Scheme::Null),
            1 => Ok(Scheme::ProfileA),
            2 => Ok(Scheme::ProfileB),
            _ => Err(Error::Range("protection scheme")),
        }
    }

    /// Octets of the ephemeral public key (TS 33.501 C.3.4).
    fn public_key(self) -> usize {
        match self {
            Scheme::Null => 0,
            Scheme::ProfileA => 32,
            Scheme::ProfileB => 33,
        }
    }
}

/// Encryption key, initial counter block and MAC key: ANSI X9.63 KDF with SHA-256 (TS 33.501 C.3.4.1).
struct KeyingData(Zeroizing<[u8; 64]>);

impl KeyingData {
    fn new(shared_secret: &[u8], ephemeral_public_key: &[u8]) -> Self {
        let mut data = Zeroizing::new([0; 64]);
        for (counter, half) in (1u32..).zip(data.chunks_exact_mut(32)) {
            let hash = Sha256::new().chain_update(shared_secret).chain_update(counter.to_be_bytes());
            half.copy_from_slice(&hash.chain_update(ephemeral_public_key).finalize());
        }
        Self(data)
    }

    /// Encrypts or decrypts in place: AES-128 in counter mode.
    fn cipher(&self, data: &mut [u8]) {
        let (key, counter) = (&self.0[..16], &self.0[16..32]);
        if let Ok(mut cipher) = ctr::Ctr32BE::<Aes128>::new_from_slices(key, counter) {
            cipher.apply_keystream(data);
        }
    }

    fn mac(&self, ciphertext: &[u8]) -> [u8; MAC] {
        let mut mac = [0; MAC];
        mac.copy_from_slice(&hmac_sha256(&self.0[32..], ciphertext)[..MAC]);
        mac
    }
}

/// A peer's point in compressed form; in uncompressed form too where it is a provisioned key (TS 33.501 C.3.4.2).
fn p256_peer(octets: &[u8], compressed_only: bool) -> Result<p256::PublicKey, Error> {
    match (octets.first(), octets.len()) {
        (Some(2 | 3), 33) => {}
        (Some(4), 65) if !compressed_only => {}
        _ => return Err(Error::PublicKey),
    }
    p256::PublicKey::from_sec1_bytes(octets).map_err(|_| Error::PublicKey)
}

fn x25519(private: &[u8; 32], peer: &[u8]) -> Result<Secret, Error> {
    ecdh::x25519(private, peer.try_into().map_err(|_| Error::PublicKey)?)
}

/// The public key of a private one: 32 octets of X25519, or 33 of a compressed P-256 point.
pub fn public_key(scheme: Scheme, private: &[u8; 32]) -> Result<Vec<u8>, Error> {
    match scheme {
        Scheme::Null => Err(Error::Range("protection scheme")),
        Scheme::ProfileA => Ok(ecdh::x25519_public(private).to_vec()),
        Scheme::ProfileB => Ok(ecdh::p256_public(private)?.to_vec()),
    }
}

/// The scheme output of a plaintext: ephemeral public key, ciphertext, MAC tag (TS 33.501 C.3.2). The ephemeral
/// private key is drawn by the caller, once for each SUCI.
pub fn conceal(scheme: Scheme, home_public: &[u8], ephemeral: &[u8; 32], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let (public, shared) = match scheme {
        Scheme::Null => return Ok(plain.to_vec()),
        Scheme::ProfileA => (public_key(scheme, ephemeral)?, x25519(ephemeral, home_public)?),
        Scheme::ProfileB => {
            let home = p256_peer(home_public, false)?;
            (public_key(scheme, ephemeral)?, ecdh::p256(ephemeral, &home)?)
        }
    };
    let keys = KeyingData::new(&shared[..], &public);
    let start = public.len();
    let mut output = public;
    output.extend_from_slice(plain);
    keys.cipher(&mut output[start..]);
    let mac = keys.mac(&output[start..]);
    output.extend_from_slice(&mac);
    Ok(output)
}

/// The plaintext of a scheme output: length, public key, then MAC tag are checked in this order, and nothing is
/// decrypted before the tag is right (TS 33.501 C.3.3).
pub fn deconceal(scheme: Scheme, home_private: &[u8; 32], output: &[u8]) -> Result<Vec<u8>, Error> {
    if scheme == Scheme::Null {
        return Ok(output.to_vec());
    }
    if output.len() < scheme.public_key() + 1 + MAC {
        return Err(Error::Truncated);
    }
    let (public, rest) = output.split_at(scheme.public_key());
    let (ciphertext, mac) = rest.split_at(rest.len() - MAC);
    let shared = match scheme {
        Scheme::ProfileB => ecdh::p256(home_private, &p256_peer(public, true)?)?,
        _ => x25519(home_private, public)?,
    };
    let keys = KeyingData::new(&shared[..], public);
    if !constant_time_eq(mac, &keys.mac(ciphertext)) {
        return Err(Error::Mac);
    }
    let mut plain = ciphertext.to_vec();
    keys.cipher(&mut plain);
    Ok(plain)
}
