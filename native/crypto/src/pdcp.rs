//! Many PDCP data PDUs of one radio bearer in one call (TS 38.323 5.8 and 5.9).

use crate::Error;
use crate::algorithms::{Authenticator, Cipher, Position};
use crate::kdf::Key128;
use oxirush_security::constant_time_eq;

/// Octets of MAC-I (TS 38.323 6.3.4).
pub const MAC_I: usize = 4;
/// The longest header there is (TS 38.323 6.2.2.3), and that of SDAP (TS 37.324 6.2.2).
const HEADER_MAX: usize = 3;
const SDAP_MAX: usize = 1;

/// A bearer with its algorithms and expanded keys; the keys are wiped when it is dropped.
pub struct Bearer {
    ciphering: Cipher,
    integrity: Option<Authenticator>,
    at: Position,
    /// Octets of the headers in front, which stay as they are.
    clear: usize,
}

/// What a bearer is made of.
pub struct Configuration<'a> {
    pub ciphering: u8,
    pub ciphering_key: &'a Key128,
    /// `None` for a bearer without integrity protection, whose PDUs have no MAC-I.
    pub integrity: Option<(u8, &'a Key128)>,
    /// RB identity minus 1 (TS 38.323 5.8).
    pub bearer: u8,
    pub direction: u8,
    /// Octets of the PDCP header.
    pub header: usize,
    /// Octets of the SDAP header, which is not ciphered (TS 38.323 5.8).
    pub sdap: usize,
}

impl Bearer {
    /// Refuses identities and lengths that there are not.
    pub fn new(configuration: &Configuration<'_>) -> Result<Self, Error> {
        if !(2..=HEADER_MAX).contains(&configuration.header) {
            return Err(Error::Range("PDCP header"));
        }
        if configuration.sdap > SDAP_MAX {
            return Err(Error::Range("SDAP header"));
        }
        let integrity = match configuration.integrity {
            Some((identity, key)) => Some(Authenticator::new(identity, key)?),
            None => None,
        };
        Ok(Self {
            ciphering: Cipher::new(configuration.ciphering, configuration.ciphering_key)?,
            integrity,
            at: Position::new(0, configuration.bearer, configuration.direction)?,
            clear: configuration.header + configuration.sdap,
        })
    }

    /// Octets that `protect` puts after a PDU.
    pub fn trailer(&self) -> usize {
        if self.integrity.is_some() { MAC_I } else { 0 }
    }

    /// Protects in place: each PDU is header and data, with `trailer` octets of room after them for MAC-I
    /// (TS 38.323 5.8, 5.9). A PDU shorter than its headers is refused, and nothing is changed then.
    pub fn protect(&self, pdus: &mut [(u32, &mut [u8])]) -> Result<(), Error> {
        if pdus.iter().any(|(_, pdu)| pdu.len() < self.clear + self.trailer()) {
            return Err(Error::Truncated);
        }
        let macs = self.macs(pdus);
        for ((_, pdu), mac) in pdus.iter_mut().zip(macs) {
            let end = pdu.len() - MAC_I;
            pdu[end..].copy_from_slice(&mac);
        }
        self.cipher(pdus);
        Ok(())
    }

    /// Deciphers in place and says for each PDU whether its MAC-I is right; one too short to have all parts is wrong.
    pub fn unprotect(&self, pdus: &mut [(u32, &mut [u8])]) -> Vec<bool> {
        let whole = |pdu: &[u8]| pdu.len() >= self.clear + self.trailer();
        self.cipher(pdus);
        let mut right: Vec<bool> = pdus.iter().map(|(_, pdu)| whole(pdu)).collect();
        for ((right, (_, pdu)), mac) in right.iter_mut().zip(pdus.iter()).zip(self.macs(pdus)) {
            *right = *right && constant_time_eq(&pdu[pdu.len() - MAC_I..], &mac);
        }
        right
    }

    /// The data part and MAC-I are ciphered, headers are not (TS 38.323 5.8).
    fn cipher(&self, pdus: &mut [(u32, &mut [u8])]) {
        self.ciphering.apply_all(pdus.iter_mut().map(|(count, pdu)| {
            let clear = self.clear.min(pdu.len());
            (self.at.with_count(*count), &mut pdu[clear..])
        }));
    }

    /// MAC-I of headers and data before ciphering (TS 38.323 5.9); none where the bearer has no integrity protection.
    fn macs(&self, pdus: &[(u32, &mut [u8])]) -> Vec<[u8; MAC_I]> {
        let Some(integrity) = &self.integrity else { return Vec::new() };
        integrity.macs(pdus.iter().map(|(count, pdu)| {
            let end = pdu.len().saturating_sub(MAC_I);
            (self.at.with_count(*count), &pdu[..end])
        }))
    }
}
