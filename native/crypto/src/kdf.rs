//! The key hierarchy of 5GS (TS 33.501 Annex A) on the key derivation function of TS 33.220 Annex B.

use crate::Error;
use crate::hmac::Hmac;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// 256 bits of key.
pub type Key256 = [u8; 32];
/// 128 bits of key.
pub type Key128 = [u8; 16];

/// Access type distinguisher of 3GPP access (TS 33.501 A.9).
pub const ACCESS_3GPP: u8 = 1;
/// Access type distinguisher of non-3GPP access (TS 33.501 A.9).
pub const ACCESS_NON_3GPP: u8 = 2;

/// The key of S = FC || P0 || L0 || P1 || L1 ... (TS 33.220 B.2); S is never whole in memory.
fn derive_under(key: &Hmac, fc: u8, parameters: &[(&'static str, &[u8])]) -> Result<Key256, Error> {
    if let Some((name, _)) = parameters.iter().find(|(_, p)| u16::try_from(p.len()).is_err()) {
        return Err(Error::TooLong(name));
    }
    Ok(key.of(|s| {
        s.update(&[fc]);
        for (_, parameter) in parameters {
            s.update(parameter);
            s.update(&(parameter.len() as u16).to_be_bytes());
        }
    }))
}

/// HMAC-SHA-256 of one message (RFC 2104).
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Key256 {
    Hmac::new(key).of(|s| s.update(message))
}

/// HMAC-SHA-256 of S = FC || P0 || L0 || P1 || L1 ... (TS 33.220 B.2).
pub fn derive(key: &[u8], fc: u8, parameters: &[(&'static str, &[u8])]) -> Result<Key256, Error> {
    derive_under(&Hmac::new(key), fc, parameters)
}

/// The 128 least significant bits.
pub fn low_128(full: &Key256) -> Key128 {
    let mut low = [0; 16];
    low.copy_from_slice(&full[16..]);
    low
}

/// CK || IK, the key of the derivations that stand on an authentication.
pub(crate) fn ck_ik(ck: &Key128, ik: &Key128) -> Zeroizing<Key256> {
    let mut key = Zeroizing::new([0; 32]);
    key[..16].copy_from_slice(ck);
    key[16..].copy_from_slice(ik);
    key
}

/// The derivations under CK || IK, the key of one authentication.
pub struct Agreed(Hmac);

impl Agreed {
    pub fn new(ck: &Key128, ik: &Key128) -> Self {
        Self(Hmac::new(&ck_ik(ck, ik)[..]))
    }

    /// KAUSF from the serving network name and SQN xor AK, the first 6 octets of AUTN (TS 33.501 A.2).
    pub fn kausf(&self, serving_network: &[u8], sqn_xor_ak: &[u8; 6]) -> Result<Key256, Error> {
        derive_under(&self.0, 0x6a, &[("serving network name", serving_network), ("SQN xor AK", sqn_xor_ak)])
    }

    /// RES* or XRES* (TS 33.501 A.4).
    pub fn res_star(&self, serving_network: &[u8], rand: &[u8; 16], res: &[u8]) -> Result<Key128, Error> {
        let parameters = [("serving network name", serving_network), ("RAND", &rand[..]), ("RES", res)];
        Ok(low_128(&derive_under(&self.0, 0x6b, &parameters)?))
    }
}

/// HRES* or HXRES*: the 128 least significant bits of SHA-256 of RAND || RES* (TS 33.501 A.5). A peer's RES* of any
/// length has one.
pub fn hres_star(rand: &[u8; 16], res_star: &[u8]) -> Key128 {
    low_128(&Sha256::new().chain_update(rand).chain_update(res_star).finalize().into())
}

/// KSEAF (TS 33.501 A.6).
pub fn kseaf(kausf: &Key256, serving_network: &[u8]) -> Result<Key256, Error> {
    derive(kausf, 0x6c, &[("serving network name", serving_network)])
}

/// KAMF from the SUPI (the digits of an IMSI, or a whole NAI) and the ABBA (TS 33.501 A.7.0).
pub fn kamf(kseaf: &Key256, supi: &[u8], abba: &[u8]) -> Result<Key256, Error> {
    derive(kseaf, 0x6d, &[("SUPI", supi), ("ABBA", abba)])
}

/// The key of one algorithm: N-NAS-enc 1, N-NAS-int 2, N-RRC-enc 3, N-RRC-int 4, N-UP-enc 5, N-UP-int 6
/// (TS 33.501 A.8).
pub fn algorithm_key(key: &Key256, distinguisher: u8, algorithm: u8) -> Key128 {
    let parameters: [(&'static str, &[u8]); 2] = [("type", &[distinguisher]), ("identity", &[algorithm])];
    low_128(&derive(key, 0x69, &parameters).unwrap_or_else(|_| unreachable!("one octet each")))
}

/// KgNB (3GPP access) or KN3IWF (non-3GPP access) from the uplink NAS COUNT (TS 33.501 A.9).
pub fn kgnb(kamf: &Key256, uplink_count: u32, access: u8) -> Key256 {
    let count = uplink_count.to_be_bytes();
    let parameters: [(&'static str, &[u8]); 2] = [("uplink NAS COUNT", &count), ("access type", &[access])];
    derive(kamf, 0x6e, &parameters).unwrap_or_else(|_| unreachable!("five octets"))
}

/// NH from KgNB or the NH before it (TS 33.501 A.10).
pub fn nh(kamf: &Key256, sync_input: &Key256) -> Key256 {
    derive(kamf, 0x6f, &[("sync input", sync_input)]).unwrap_or_else(|_| unreachable!("32 octets"))
}

/// KNG-RAN* of a target cell from KgNB or NH, its PCI and its 24-bit ARFCN-DL (TS 33.501 A.11).
pub fn kng_ran_star(key: &Key256, pci: u16, arfcn_dl: u32) -> Result<Key256, Error> {
    if arfcn_dl > 0xff_ffff {
        return Err(Error::Range("ARFCN-DL"));
    }
    derive(key, 0x70, &[("PCI", &pci.to_be_bytes()), ("ARFCN-DL", &arfcn_dl.to_be_bytes()[1..])])
}
