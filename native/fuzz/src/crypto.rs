//! Algorithms that take a peer's octets of any length: they answer, and undo what they did.
use freehold_crypto::algorithms::{self, Position};
use freehold_crypto::nas::NasKeys;
use freehold_crypto::suci::{Scheme, conceal, deconceal, public_key};
use std::sync::LazyLock;

const PRIVATE: [u8; 32] = [0x42; 32];
const EPHEMERAL: [u8; 32] = [0x24; 32];

/// Keys of every pair of algorithms, the ciphering algorithm's identity in the low two bits.
static KEYS: LazyLock<Vec<NasKeys>> =
    LazyLock::new(|| (0..16).map(|pair| NasKeys::new(&[9; 32], pair & 3, pair >> 2).expect("keys")).collect());
static PUBLIC: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [Scheme::ProfileA, Scheme::ProfileB].map(|scheme| public_key(scheme, &PRIVATE).expect("a key")));

/// TS 33.501 C.3: whatever a terminal calls a scheme output, whatever a home network calls its key, and what comes of
/// an identity. Each costs a multiplication or more on a curve, so that an input asks for one of them.
fn suci(scheme: Scheme, way: u8, octets: &[u8]) {
    match way {
        0 | 1 => drop(deconceal(scheme, &PRIVATE, octets)),
        2 => drop(conceal(scheme, octets, &EPHEMERAL, b"identity")),
        _ => {
            let public = &PUBLIC[usize::from(scheme == Scheme::ProfileB)];
            let output = conceal(scheme, public, &EPHEMERAL, octets).expect("a scheme output");
            match deconceal(scheme, &PRIVATE, &output) {
                Ok(plain) => assert_eq!(plain, octets),
                Err(error) => assert!(octets.is_empty(), "{error}"),
            }
        }
    }
}

/// Of all bits, or of fewer or more than there are.
fn bits(algorithm: u8, way: u8, at: Position, octets: &[u8]) {
    let (key, count) = ([7; 16], 8 * octets.len() as u64);
    let bits = [None, Some(count), Some(count / 2), Some(count + 1), Some(u64::MAX)][usize::from(way % 5)];
    let mut data = octets.to_vec();
    let _ = algorithms::nia(algorithm, &key, at, octets, bits);
    let done = algorithms::nea(algorithm, &key, at, &mut data, bits).is_ok();
    if done && bits.is_none() {
        algorithms::nea(algorithm, &key, at, &mut data, None).expect("what went once");
        assert_eq!(data, octets);
    }
}

/// The first octet chooses what takes the rest, the next four are a COUNT, a bearer and a direction.
pub fn check(input: &[u8]) {
    let [choice, high, low, bearer, octets @ ..] = input else { return };
    let count = u32::from_be_bytes([0, 0, *high, *low]);
    match choice % 4 {
        0 => suci(Scheme::ProfileA, choice >> 2 & 3, octets),
        1 => suci(Scheme::ProfileB, choice >> 2 & 3, octets),
        2 => {
            let Ok(at) = Position::new(count, *bearer, choice >> 7) else { return };
            bits(choice >> 2 & 7, *high, at, octets);
        }
        _ => {
            let at = Position::new(count, bearer & 31, choice >> 7).expect("a position");
            let keys = &KEYS[usize::from(choice >> 2 & 15)];
            let _ = keys.unprotect(at, octets);
            let Ok(protected) = keys.protect(1 + high % 4, at, octets) else { return };
            let read = keys.unprotect(at, &protected);
            assert_eq!(read.and_then(|read| read.plain).as_deref().unwrap_or_default(), octets);
        }
    }
}
