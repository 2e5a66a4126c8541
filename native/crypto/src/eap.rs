//! The keys and the MAC of EAP-AKA' (RFC 9048, TS 33.501 6.1.3.1).

use crate::Error;
use crate::aes::{Aes128, Block};
use crate::kdf::{self, Key128, Key256};
use aes::Aes128Dec;
use aes::cipher::{BlockCipherDecrypt, KeyInit};
use oxirush_security::{constant_time_eq, kdf::kdf as hmac_sha256};
use zeroize::{Zeroize, Zeroizing};

/// EAP header, type, subtype and two reserved octets stand before the attributes (RFC 4187 8.1).
const ATTRIBUTES: usize = 8;
/// Type of AT_MAC, whose value is two reserved octets and the MAC (RFC 9048 5.1, RFC 4187 10.15).
const AT_MAC: u8 = 11;
const AT_MAC_WORDS: usize = 5;

/// CK' and IK' of the access network identity, which is the serving network name in 5GS (TS 33.402 A.2, TS 33.501 A.3).
pub fn ck_ik_prime(
    ck: &Key128,
    ik: &Key128,
    network_name: &[u8],
    sqn_xor_ak: &[u8; 6],
) -> Result<(Key128, Key128), Error> {
    let parameters = [("network name", network_name), ("SQN xor AK", &sqn_xor_ak[..])];
    let both = Zeroizing::new(kdf::derive(&kdf::ck_ik(ck, ik)[..], 0x20, &parameters)?);
    let mut ck_prime = [0; 16];
    ck_prime.copy_from_slice(&both[..16]);
    Ok((ck_prime, kdf::low_128(&both)))
}

/// The first `N` octets of PRF' (RFC 9048 3.4.1).
fn prf<const N: usize>(key: &[u8; 32], s: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    let mut input = Zeroizing::new(Vec::new());
    for (counter, block) in (1u8..).zip(out.chunks_mut(32)) {
        s.iter().for_each(|part| input.extend_from_slice(part));
        input.push(counter);
        let digest = hmac_sha256(key, &input);
        block.copy_from_slice(&digest[..block.len()]);
        input.zeroize();
        input.extend_from_slice(&digest[..]);
    }
    out
}

fn part<const N: usize>(octets: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| octets[at + i])
}

/// The keys of one full authentication; wiped when dropped.
pub struct Keys {
    pub k_encr: Key128,
    pub k_aut: Key256,
    pub k_re: Key256,
    pub msk: [u8; 64],
    pub emsk: [u8; 64],
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.k_encr.zeroize();
        self.k_aut.zeroize();
        self.k_re.zeroize();
        self.msk.zeroize();
        self.emsk.zeroize();
    }
}

/// The parts of MK = PRF'(IK' || CK', "EAP-AKA'" || Identity) (RFC 9048 3.3).
pub fn keys(ck_prime: &Key128, ik_prime: &Key128, identity: &[u8]) -> Keys {
    let mk = prf::<208>(&kdf::ck_ik(ik_prime, ck_prime), &[b"EAP-AKA'", identity]);
    Keys {
        k_encr: part(&mk[..], 0),
        k_aut: part(&mk[..], 16),
        k_re: part(&mk[..], 48),
        msk: part(&mk[..], 80),
        emsk: part(&mk[..], 144),
    }
}

/// MSK and EMSK of a fast re-authentication (RFC 9048 3.3).
pub fn reauthentication_keys(k_re: &Key256, identity: &[u8], counter: u16, nonce_s: &[u8; 16]) -> ([u8; 64], [u8; 64]) {
    let mk = prf::<128>(k_re, &[b"EAP-AKA' re-auth", identity, &counter.to_be_bytes(), nonce_s]);
    (part(&mk[..], 0), part(&mk[..], 64))
}

/// Where the 16 octets of AT_MAC stand in an EAP packet, if attributes of their lengths lead to them (RFC 4187 8.1).
fn mac_position(packet: &[u8]) -> Option<usize> {
    let mut at = ATTRIBUTES;
    while let [kind, words, ..] = *packet.get(at..)? {
        let end = at + usize::from(words) * 4;
        if words == 0 || end > packet.len() {
            return None;
        }
        if kind == AT_MAC {
            return (usize::from(words) == AT_MAC_WORDS).then_some(at + 4);
        }
        at = end;
    }
    None
}

/// HMAC-SHA-256-128 of the packet with a MAC of zeros and what follows it, the NONCE_S of a re-authentication; `None`
/// where the packet has no AT_MAC (RFC 9048 3.4.2, RFC 4187 10.15).
pub fn mac(k_aut: &Key256, packet: &[u8], extra: &[u8]) -> Option<[u8; 16]> {
    let at = mac_position(packet)?;
    let mut input = Vec::with_capacity(packet.len() + extra.len());
    input.extend_from_slice(packet);
    input[at..at + 16].fill(0);
    input.extend_from_slice(extra);
    Some(part(&hmac_sha256(k_aut, &input)[..], 0))
}

/// Whether the AT_MAC of a packet is right; a packet without one is wrong.
pub fn verify_mac(k_aut: &Key256, packet: &[u8], extra: &[u8]) -> bool {
    match (mac_position(packet), mac(k_aut, packet, extra)) {
        (Some(at), Some(mac)) => constant_time_eq(&packet[at..at + 16], &mac),
        _ => false,
    }
}

/// Encrypts whole blocks in place in cipher block chaining (RFC 4187 10.12, NIST SP 800-38A 6.2).
pub fn encrypt(k_encr: &Key128, iv: &Block, data: &mut [u8]) -> Result<(), Error> {
    let (aes, mut previous) = (Aes128::new(k_encr), *iv);
    for block in blocks(data)? {
        for (octet, before) in block.iter_mut().zip(previous) {
            *octet ^= before;
        }
        aes.encrypt(std::array::from_mut(block));
        previous = *block;
    }
    Ok(())
}

/// The inverse of `encrypt`.
pub fn decrypt(k_encr: &Key128, iv: &Block, data: &mut [u8]) -> Result<(), Error> {
    let (aes, mut previous) = (Aes128Dec::new(k_encr.into()), *iv);
    for block in blocks(data)? {
        let ciphered = *block;
        aes.decrypt_block(block.into());
        for (octet, before) in block.iter_mut().zip(previous) {
            *octet ^= before;
        }
        previous = ciphered;
    }
    Ok(())
}

fn blocks(data: &mut [u8]) -> Result<&mut [Block], Error> {
    match data.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(Error::Range("length of encrypted data")),
    }
}
