//! NEA0 to NEA3 and NIA0 to NIA3 by their identities (TS 33.501 5.11.1 and Annex D).

use crate::Error;
use crate::aes::{Aes128, Prefix};
use oxirush_security::nas_5gs::{KNasEnc, KNasInt};
use oxirush_security::{
    Bearer, CipheringAlgorithm, CipheringContext, Direction, IntegrityAlgorithm, IntegrityContext, nea_cipher,
    nea_cipher_batch, nea_cipher_bits, nia_mac, nia_mac_batch, nia_mac_bits,
};

/// The ciphering algorithm of an identity 0..3.
pub fn ciphering(identity: u8) -> Result<CipheringAlgorithm, Error> {
    match identity {
        0 => Ok(CipheringAlgorithm::Null),
        1 => Ok(CipheringAlgorithm::Snow3g),
        2 => Ok(CipheringAlgorithm::Aes),
        3 => Ok(CipheringAlgorithm::Zuc),
        _ => Err(Error::Range("ciphering algorithm")),
    }
}

/// The integrity algorithm of an identity 0..3.
pub fn integrity(identity: u8) -> Result<IntegrityAlgorithm, Error> {
    match identity {
        0 => Ok(IntegrityAlgorithm::Null),
        1 => Ok(IntegrityAlgorithm::Snow3g),
        2 => Ok(IntegrityAlgorithm::Aes),
        3 => Ok(IntegrityAlgorithm::Zuc),
        _ => Err(Error::Range("integrity algorithm")),
    }
}

/// The direction bit: 0 uplink, 1 downlink (TS 33.501 D.2.1.1).
pub fn direction(bit: u8) -> Result<Direction, Error> {
    match bit {
        0 => Ok(Direction::Uplink),
        1 => Ok(Direction::Downlink),
        _ => Err(Error::Range("direction")),
    }
}

/// The 5-bit bearer identity.
pub fn bearer(value: u8) -> Result<Bearer, Error> {
    Bearer::new(value).map_err(|_| Error::Range("bearer"))
}

/// COUNT, BEARER and DIRECTION of one message (TS 33.501 D.2.1.1, D.3.1.1).
#[derive(Clone, Copy)]
pub struct Position {
    pub count: u32,
    pub bearer: Bearer,
    pub direction: Direction,
}

impl Position {
    /// Refuses a bearer above 31 and a direction above 1.
    pub fn new(count: u32, bearer_value: u8, direction_bit: u8) -> Result<Self, Error> {
        Ok(Self { count, bearer: bearer(bearer_value)?, direction: direction(direction_bit)? })
    }

    /// Another message of the same bearer and direction.
    pub fn with_count(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// The octets that AES has them in (TS 33.401 B.1.3, B.2.3).
    fn prefix(self) -> Prefix {
        let downlink = u8::from(self.direction == Direction::Downlink);
        let mut prefix = [0; 8];
        prefix[..4].copy_from_slice(&self.count.to_be_bytes());
        prefix[4] = self.bearer.get() << 3 | downlink << 2;
        prefix
    }
}

/// A ciphering algorithm with its key, expanded once; wiped when dropped.
pub enum Cipher {
    Aes(Aes128),
    Other(CipheringContext),
}

impl Cipher {
    pub fn new(identity: u8, key: &[u8; 16]) -> Result<Self, Error> {
        Ok(match ciphering(identity)? {
            CipheringAlgorithm::Aes => Cipher::Aes(Aes128::new(key)),
            other => Cipher::Other(CipheringContext::new(&KNasEnc::new(key), other)),
        })
    }

    /// Ciphers or deciphers many messages in place: SNOW 3G and ZUC run side by side.
    pub fn apply_all<'a>(&self, messages: impl Iterator<Item = (Position, &'a mut [u8])>) {
        match self {
            Cipher::Aes(aes) => messages.for_each(|(at, data)| aes.counter_mode(at.prefix(), data)),
            Cipher::Other(context) if context.algorithm() == CipheringAlgorithm::Null => {}
            Cipher::Other(context) => {
                let job = |(at, data): (Position, &'a mut [u8])| context.job(at.count, at.bearer, at.direction, data);
                nea_cipher_batch(&mut messages.map(job).collect::<Vec<_>>());
            }
        }
    }
}

/// An integrity algorithm with its key, expanded once; wiped when dropped.
pub struct Authenticator(IntegrityContext);

impl Authenticator {
    pub fn new(identity: u8, key: &[u8; 16]) -> Result<Self, Error> {
        Ok(Self(IntegrityContext::new(&KNasInt::new(key), integrity(identity)?)))
    }

    /// The MACs of many messages, in their order.
    pub fn macs<'a>(&self, messages: impl Iterator<Item = (Position, &'a [u8])>) -> Vec<[u8; 4]> {
        if self.0.algorithm() == IntegrityAlgorithm::Null {
            return messages.map(|_| [0; 4]).collect();
        }
        let job = |(at, message): (Position, &'a [u8])| self.0.job(at.count, at.bearer, at.direction, message);
        let mut jobs: Vec<_> = messages.map(job).collect();
        nia_mac_batch(&mut jobs);
        jobs.iter().map(|job| job.mac().unwrap_or_default().to_be_bytes()).collect()
    }
}

/// Ciphers or deciphers one message in place, with a key that is not expanded.
pub(crate) fn cipher(algorithm: CipheringAlgorithm, key: &[u8; 16], at: Position, data: &mut [u8]) {
    match algorithm {
        CipheringAlgorithm::Aes => Aes128::new(key).counter_mode(at.prefix(), data),
        other => nea_cipher(&KNasEnc::new(key), at.count, at.bearer, at.direction, data, other),
    }
}

/// MAC-I of one message, with a key that is not expanded.
pub(crate) fn mac(algorithm: IntegrityAlgorithm, key: &[u8; 16], at: Position, message: &[u8]) -> [u8; 4] {
    match algorithm {
        IntegrityAlgorithm::Aes => Aes128::new(key).cmac(at.prefix(), message),
        other => nia_mac(&KNasInt::new(key), at.count, at.bearer, at.direction, message, other).to_be_bytes(),
    }
}

/// Ciphers or deciphers in place, the first `bits` bits or all.
pub fn nea(identity: u8, key: &[u8; 16], at: Position, data: &mut [u8], bits: Option<u64>) -> Result<(), Error> {
    let algorithm = ciphering(identity)?;
    match bits {
        None => cipher(algorithm, key, at, data),
        Some(bits) => nea_cipher_bits(&KNasEnc::new(key), at.count, at.bearer, at.direction, data, bits, algorithm)
            .map_err(|_| Error::Range("bits"))?,
    }
    Ok(())
}

/// MAC-I of the first `bits` bits or of all; zero with NIA0.
pub fn nia(identity: u8, key: &[u8; 16], at: Position, message: &[u8], bits: Option<u64>) -> Result<[u8; 4], Error> {
    let algorithm = integrity(identity)?;
    match bits {
        None => Ok(mac(algorithm, key, at, message)),
        Some(bits) => nia_mac_bits(&KNasInt::new(key), at.count, at.bearer, at.direction, message, bits, algorithm)
            .map(u32::to_be_bytes)
            .map_err(|_| Error::Range("bits")),
    }
}
