//! Algorithms that take a peer's octets of any length: they answer, and undo what they did.
use freehold_crypto::algorithms::{self, Position};
use freehold_crypto::nas::NasKeys;
use freehold_crypto::suci::{Scheme, conceal, deconceal, public_key};

const PRIVATE: [u8; 32] = [0x42; 32];
const EPHEMERAL: [u8; 32] = [0x24; 32];

/// TS 33.501 C.3: whatever a terminal calls a scheme output.
fn suci(scheme: Scheme, octets: &[u8]) {
    let _ = deconceal(scheme, &PRIVATE, octets);
    if scheme == Scheme::Null {
        return;
    }
    let _ = conceal(scheme, octets, &EPHEMERAL, b"identity");
    let public = public_key(scheme, &PRIVATE).expect("a key");
    let output = conceal(scheme, &public, &EPHEMERAL, octets).expect("a scheme output");
    match deconceal(scheme, &PRIVATE, &output) {
        Ok(plain) => assert_eq!(plain, octets),
        Err(error) => assert!(octets.is_empty(), "{error}"),
    }
}

fn bits(algorithm: u8, at: Position, octets: &[u8]) {
    let (key, count) = ([7; 16], 8 * octets.len() as u64);
    for bits in [None, Some(count), Some(count / 2), Some(count + 1), Some(u64::MAX)] {
        let mut data = octets.to_vec();
        let _ = algorithms::nia(algorithm, &key, at, octets, bits);
        let done = algorithms::nea(algorithm, &key, at, &mut data, bits).is_ok();
        if done && bits.is_none() {
            algorithms::nea(algorithm, &key, at, &mut data, None).expect("what went once");
            assert_eq!(data, octets);
        }
    }
}

/// The first octet chooses what takes the rest, the next four are a COUNT, a bearer and a direction.
pub fn check(input: &[u8]) {
    let [choice, high, low, bearer, octets @ ..] = input else { return };
    let count = u32::from_be_bytes([0, 0, *high, *low]);
    match choice % 4 {
        0 => suci(Scheme::ProfileA, octets),
        1 => suci(Scheme::ProfileB, octets),
        2 => {
            let Ok(at) = Position::new(count, *bearer, choice >> 7) else { return };
            bits(choice >> 2 & 7, at, octets);
        }
        _ => {
            let at = Position::new(count, bearer & 31, choice >> 7).expect("a position");
            let keys = NasKeys::new(&[9; 32], choice >> 2 & 3, choice >> 4 & 3).expect("keys");
            let _ = keys.unprotect(at, octets);
            let Ok(protected) = keys.protect(1 + choice % 4, at, octets) else { return };
            let read = keys.unprotect(at, &protected);
            assert_eq!(read.and_then(|read| read.plain).as_deref().unwrap_or_default(), octets);
        }
    }
}
