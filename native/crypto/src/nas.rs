//! One security protected 5GS NAS message, both ways, in one call (TS 24.501 9.1.1 and 4.4.4, TS 33.501 6.4).

use crate::Error;
use crate::algorithms::{self, Position, ciphering, integrity};
use crate::kdf::{self, Key128, Key256};
use oxirush_security::{CipheringAlgorithm, IntegrityAlgorithm};
use zeroize::Zeroizing;

/// Extended protocol discriminator of 5GS mobility management (TS 24.007 11.2.3.1.1A).
const EPD_5GMM: u8 = 0x7e;
/// EPD, security header type, MAC and sequence number before the message (TS 24.501 9.1.1).
const HEADER: usize = 7;
const MAC: usize = 4;

/// Type distinguishers of KNASenc and KNASint (TS 33.501 A.8).
const NAS_ENC: u8 = 1;
const NAS_INT: u8 = 2;

/// KNASenc and KNASint with their algorithms; wiped when dropped. Every UE has them, so that they are not expanded.
pub struct NasKeys {
    ciphering: CipheringAlgorithm,
    integrity: IntegrityAlgorithm,
    enc: Zeroizing<Key128>,
    int: Zeroizing<Key128>,
}

/// A received message.
pub struct Unprotected {
    /// The MAC is the one of this COUNT.
    pub verified: bool,
    /// The message: absent where it is ciphered and the MAC is wrong.
    pub plain: Option<Vec<u8>>,
}

/// Header types 2 and 4 are ciphered (TS 24.501 9.3).
fn ciphered(header_type: u8) -> bool {
    matches!(header_type, 2 | 4)
}

impl NasKeys {
    /// Derives both keys from KAMF for the algorithms' identities 0..3 (TS 33.501 A.8).
    pub fn new(kamf: &Key256, nea: u8, nia: u8) -> Result<Self, Error> {
        Ok(Self {
            ciphering: ciphering(nea)?,
            integrity: integrity(nia)?,
            enc: Zeroizing::new(kdf::algorithm_key(kamf, NAS_ENC, nea)),
            int: Zeroizing::new(kdf::algorithm_key(kamf, NAS_INT, nia)),
        })
    }

    /// Ciphers or deciphers in place, as for a NAS message container (TS 24.501 4.4.6).
    pub fn cipher(&self, at: Position, data: &mut [u8]) {
        algorithms::cipher(self.ciphering, &self.enc, at, data);
    }

    fn mac(&self, at: Position, sequence_number_and_message: &[u8]) -> [u8; MAC] {
        algorithms::mac(self.integrity, &self.int, at, sequence_number_and_message)
    }

    /// The protected octets of a plain message under a header type 1..4.
    pub fn protect(&self, header_type: u8, at: Position, plain: &[u8]) -> Result<Vec<u8>, Error> {
        if !(1..=4).contains(&header_type) {
            return Err(Error::Range("security header type"));
        }
        let mut octets = Vec::with_capacity(HEADER + plain.len());
        octets.extend_from_slice(&[EPD_5GMM, header_type, 0, 0, 0, 0, at.count.to_be_bytes()[3]]);
        octets.extend_from_slice(plain);
        if ciphered(header_type) {
            self.cipher(at, &mut octets[HEADER..]);
        }
        // Ciphering first: the MAC covers the sequence number and what is sent after it (TS 24.501 4.4.3.3).
        let mac = self.mac(at, &octets[HEADER - 1..]);
        octets[2..2 + MAC].copy_from_slice(&mac);
        Ok(octets)
    }

    /// The verdict on protected octets at a COUNT, `None` where they are no protected message with a body.
    pub fn unprotect(&self, at: Position, octets: &[u8]) -> Option<Unprotected> {
        let header_type = *octets.get(1)? & 0x0f;
        if octets[0] != EPD_5GMM || !(1..=4).contains(&header_type) || octets.len() <= HEADER {
            return None;
        }
        let mac = self.mac(at, &octets[HEADER - 1..]);
        let verified = oxirush_security::constant_time_eq(&mac, &octets[2..2 + MAC]);
        let plain = (verified || !ciphered(header_type)).then(|| {
            let mut plain = octets[HEADER..].to_vec();
            if ciphered(header_type) {
                self.cipher(at, &mut plain);
            }
            plain
        });
        Some(Unprotected { verified, plain })
    }
}
