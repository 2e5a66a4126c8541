//! Diffie-Hellman on Curve25519 and P-256 (TS 33.501 C.3.4), several times as fast on processors that graviola has
//! code for. The octets are the same either way: a point of low order has no secret.

use crate::Error;
use p256::elliptic_curve::sec1::ToSec1Point;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub type Secret = Zeroizing<[u8; 32]>;

/// The public key of a private one on Curve25519; every 32 octets are a private key (RFC 7748 5).
pub fn x25519_public(private: &[u8; 32]) -> [u8; 32] {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(public) = assembled::x25519_public(private) {
        return public;
    }
    PublicKey::from(&StaticSecret::from(*private)).to_bytes()
}

/// The secret with a peer; none that everybody can compute (RFC 7748 6.1).
pub fn x25519(private: &[u8; 32], peer: &[u8; 32]) -> Result<Secret, Error> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(shared) = assembled::x25519(private, peer) {
        return shared;
    }
    portable_x25519(private, peer)
}

fn portable_x25519(private: &[u8; 32], peer: &[u8; 32]) -> Result<Secret, Error> {
    let shared = StaticSecret::from(*private).diffie_hellman(&PublicKey::from(*peer));
    if shared.was_contributory() { Ok(Zeroizing::new(shared.to_bytes())) } else { Err(Error::PublicKey) }
}

fn p256_private(octets: &[u8; 32]) -> Result<p256::SecretKey, Error> {
    p256::SecretKey::from_bytes(octets.into()).map_err(|_| Error::PrivateKey)
}

/// The compressed public key of a private one on P-256.
pub fn p256_public(private: &[u8; 32]) -> Result<[u8; 33], Error> {
    let mut compressed = [0; 33];
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(point) = assembled::p256_public(private) {
        let point = point?;
        compressed[0] = 2 | point[64] & 1;
        compressed[1..].copy_from_slice(&point[1..33]);
        return Ok(compressed);
    }
    compressed.copy_from_slice(p256_private(private)?.public_key().to_sec1_point(true).as_bytes());
    Ok(compressed)
}

/// The secret with a peer on P-256: the x coordinate of the common point.
pub fn p256(private: &[u8; 32], peer: &p256::PublicKey) -> Result<Secret, Error> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(shared) = assembled::p256(private, peer) {
        return shared;
    }
    portable_p256(private, peer)
}

fn portable_p256(private: &[u8; 32], peer: &p256::PublicKey) -> Result<Secret, Error> {
    let private = p256_private(private)?;
    let shared = p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), peer.as_affine());
    let mut octets = Zeroizing::new([0; 32]);
    octets.copy_from_slice(shared.raw_secret_bytes());
    Ok(octets)
}

/// By graviola; `None` on a processor without the instructions that it wants.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod assembled {
    use super::*;
    use graviola::key_agreement::{p256 as curve, x25519 as montgomery};
    use graviola::util::is_cpu_supported;

    pub fn x25519_public(private: &[u8; 32]) -> Option<[u8; 32]> {
        is_cpu_supported().then(|| montgomery::StaticPrivateKey::from_array(private).public_key().as_bytes())
    }

    pub fn x25519(private: &[u8; 32], peer: &[u8; 32]) -> Option<Result<Secret, Error>> {
        is_cpu_supported().then(|| {
            let private = montgomery::StaticPrivateKey::from_array(private);
            let shared = private.diffie_hellman(&montgomery::PublicKey::from_array(peer));
            shared.map(|shared| Zeroizing::new(shared.0)).map_err(|_| Error::PublicKey)
        })
    }

    fn private_key(octets: &[u8; 32]) -> Result<curve::StaticPrivateKey, Error> {
        curve::StaticPrivateKey::from_bytes(octets).map_err(|_| Error::PrivateKey)
    }

    pub fn p256_public(private: &[u8; 32]) -> Option<Result<[u8; 65], Error>> {
        is_cpu_supported().then(|| Ok(private_key(private)?.public_key_uncompressed()))
    }

    pub fn p256(private: &[u8; 32], peer: &p256::PublicKey) -> Option<Result<Secret, Error>> {
        is_cpu_supported().then(|| {
            let peer = curve::PublicKey::from_x962_uncompressed(peer.to_sec1_point(false).as_bytes());
            let peer = peer.map_err(|_| Error::PublicKey)?;
            let shared = private_key(private)?.diffie_hellman(&peer).map_err(|_| Error::PublicKey)?;
            Ok(Zeroizing::new(shared.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Private keys of all kinds of octets, the least and the greatest of P-256 among them.
    fn privates() -> Vec<[u8; 32]> {
        let mut keys: Vec<_> =
            (1..40u8).map(|seed| std::array::from_fn(|at| seed.wrapping_mul(at as u8 + 3))).collect();
        let mut one = [0; 32];
        one[31] = 1;
        keys.push(one);
        let mut greatest = [0; 32];
        let order = [0xffff_ffff_0000_0000_ffff_ffff_ffff_ffff, 0xbce6_faad_a717_9e84_f3b9_cac2_fc63_2550u128];
        greatest.chunks_exact_mut(16).zip(order).for_each(|(half, value)| half.copy_from_slice(&value.to_be_bytes()));
        keys.push(greatest);
        keys
    }

    #[test]
    fn when_keys_are_any_then_both_ways_give_the_same_secret() {
        let keys = privates();
        for (private, other) in keys.iter().zip(keys.iter().rev()) {
            assert_eq!(x25519_public(private), PublicKey::from(&StaticSecret::from(*private)).to_bytes());
            let peer = x25519_public(other);
            assert_eq!(x25519(private, &peer), portable_x25519(private, &peer));
            let expected = p256_private(private).expect("a key").public_key();
            assert_eq!(&p256_public(private).expect("a key")[..], expected.to_sec1_point(true).as_bytes());
            let peer = p256_private(other).expect("a key").public_key();
            assert_eq!(p256(private, &peer), portable_p256(private, &peer));
        }
    }

    /// Every x of 256 bits is a public key, whatever its top bit, reduced or not (RFC 7748 5).
    #[test]
    fn when_a_peer_on_curve25519_is_any_octets_then_both_ways_agree() {
        for octet in 0..=255u8 {
            for other in [0, 0x7f, 0xff] {
                let mut peer = [other; 32];
                (peer[0], peer[31]) = (octet, octet);
                assert_eq!(x25519(&[0x42; 32], &peer), portable_x25519(&[0x42; 32], &peer));
            }
        }
    }
}
