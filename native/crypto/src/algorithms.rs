//! NEA0 to NEA3 and NIA0 to NIA3 by their identities (TS 33.501 5.11.1 and Annex D).

use crate::Error;
use oxirush_security::nas_5gs::{KNasEnc, KNasInt};
use oxirush_security::{
    Bearer, CipherJob, CipheringAlgorithm, Direction, IntegrityAlgorithm, MacJob, nea_cipher, nea_cipher_batch,
    nea_cipher_bits, nia_mac, nia_mac_batch, nia_mac_bits,
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
}

/// Ciphers or deciphers in place, the first `bits` bits or all.
pub fn nea(identity: u8, key: &[u8; 16], at: Position, data: &mut [u8], bits: Option<u64>) -> Result<(), Error> {
    let (key, algorithm) = (KNasEnc::new(key), ciphering(identity)?);
    match bits {
        None => nea_cipher(&key, at.count, at.bearer, at.direction, data, algorithm),
        Some(bits) => nea_cipher_bits(&key, at.count, at.bearer, at.direction, data, bits, algorithm)
            .map_err(|_| Error::Range("bits"))?,
    }
    Ok(())
}

/// The 32-bit MAC-I of the first `bits` bits or of all; zero with NIA0.
pub fn nia(identity: u8, key: &[u8; 16], at: Position, message: &[u8], bits: Option<u64>) -> Result<u32, Error> {
    let (key, algorithm) = (KNasInt::new(key), integrity(identity)?);
    match bits {
        None => Ok(nia_mac(&key, at.count, at.bearer, at.direction, message, algorithm)),
        Some(bits) => nia_mac_bits(&key, at.count, at.bearer, at.direction, message, bits, algorithm)
            .map_err(|_| Error::Range("bits")),
    }
}

/// Ciphers or deciphers many messages of one key in place: SNOW 3G and ZUC run side by side.
pub fn nea_batch(identity: u8, key: &[u8; 16], messages: &mut [(Position, &mut [u8])]) -> Result<(), Error> {
    let (key, algorithm) = (KNasEnc::new(key), ciphering(identity)?);
    let mut jobs: Vec<_> = messages
        .iter_mut()
        .map(|(at, data)| CipherJob::new(&key, at.count, at.bearer, at.direction, data, algorithm))
        .collect();
    nea_cipher_batch(&mut jobs);
    Ok(())
}

/// The MACs of many messages of one key, in their order.
pub fn nia_batch(identity: u8, key: &[u8; 16], messages: &[(Position, &[u8])]) -> Result<Vec<u32>, Error> {
    let (key, algorithm) = (KNasInt::new(key), integrity(identity)?);
    let mut jobs: Vec<_> = messages
        .iter()
        .map(|(at, message)| MacJob::new(&key, at.count, at.bearer, at.direction, message, algorithm))
        .collect();
    nia_mac_batch(&mut jobs);
    Ok(jobs.iter().map(|job| job.mac().unwrap_or_default()).collect())
}
