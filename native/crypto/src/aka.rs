//! 5G AKA on MILENAGE (TS 35.206, TS 33.102 6.3, TS 33.501 6.1.3.2).

use crate::Error;
use crate::kdf::{Agreed, Key128, Key256};
pub use crate::milenage::{Milenage, opc};
use oxirush_security::constant_time_eq;

/// AMF of a resynchronisation (TS 33.102 6.3.3).
const AMF_STAR: [u8; 2] = [0; 2];

/// SQN has 48 bits (TS 33.102 6.3.2).
pub fn sqn(value: u64) -> Result<u64, Error> {
    if value >> 48 == 0 { Ok(value) } else { Err(Error::Range("SQN")) }
}

/// The 48 bits of a SQN under a key; the same again gives the SQN.
fn concealed(sqn: u64, ak: &[u8; 6]) -> [u8; 6] {
    let octets = sqn.to_be_bytes();
    std::array::from_fn(|at| octets[at + 2] ^ ak[at])
}

fn number(octets: &[u8; 6]) -> u64 {
    octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// What the home network keeps and sends for one challenge (TS 33.501 6.1.3.2.0).
pub struct Vector {
    pub autn: [u8; 16],
    pub xres_star: Key128,
    pub kausf: Key256,
}

/// The 5G home environment authentication vector of a challenge.
pub fn generate_vector(
    subscriber: &Milenage,
    rand: &[u8; 16],
    sqn_value: u64,
    amf: &[u8; 2],
    serving_network: &[u8],
) -> Result<Vector, Error> {
    let (macs, outputs) = subscriber.vector(rand, sqn(sqn_value)?, *amf);
    let sqn_xor_ak = concealed(sqn_value, &outputs.ak);
    let mut autn = [0; 16];
    autn[..6].copy_from_slice(&sqn_xor_ak);
    autn[6..8].copy_from_slice(amf);
    autn[8..].copy_from_slice(&macs.a);
    let agreed = Agreed::new(&outputs.ck, &outputs.ik);
    Ok(Vector {
        autn,
        xres_star: agreed.res_star(serving_network, rand, &outputs.res)?,
        kausf: agreed.kausf(serving_network, &sqn_xor_ak)?,
    })
}

/// What the USIM and the ME make of a challenge whose MAC is right (TS 33.501 6.1.3.2.0, TS 33.102 6.3.3).
pub struct Response {
    pub sqn: u64,
    pub amf: [u8; 2],
    pub res_star: Key128,
    pub kausf: Key256,
}

/// The answer to RAND and AUTN, `None` for a MAC that is not the home network's; whether SQN is fresh and the
/// separation bit set is the caller's to judge.
pub fn answer_challenge(
    subscriber: &Milenage,
    rand: &[u8; 16],
    autn: &[u8; 16],
    serving_network: &[u8],
) -> Result<Option<Response>, Error> {
    let [a, b, c, d, e, f, high, low, mac @ ..] = autn;
    let (sqn_xor_ak, amf) = ([*a, *b, *c, *d, *e, *f], [*high, *low]);
    let outputs = subscriber.f2345(rand);
    let sqn = number(&concealed(number(&sqn_xor_ak), &outputs.ak));
    if !constant_time_eq(&subscriber.f1(rand, sqn, amf).a, mac) {
        return Ok(None);
    }
    let agreed = Agreed::new(&outputs.ck, &outputs.ik);
    Ok(Some(Response {
        sqn,
        amf,
        res_star: agreed.res_star(serving_network, rand, &outputs.res)?,
        kausf: agreed.kausf(serving_network, &sqn_xor_ak)?,
    }))
}

/// AUTS of the USIM's highest SQN for the challenge RAND (TS 33.102 6.3.3).
pub fn make_auts(subscriber: &Milenage, rand: &[u8; 16], sqn_ms: u64) -> Result<[u8; 14], Error> {
    let mac = subscriber.f1(rand, sqn(sqn_ms)?, AMF_STAR).s;
    let mut auts = [0; 14];
    auts[..6].copy_from_slice(&concealed(sqn_ms, &subscriber.f5_star(rand)));
    auts[6..].copy_from_slice(&mac);
    Ok(auts)
}

/// SQNMS of an AUTS, `None` where MAC-S is not this subscriber's for this RAND (TS 33.102 6.3.5).
pub fn verify_auts(subscriber: &Milenage, rand: &[u8; 16], auts: &[u8; 14]) -> Option<u64> {
    let [a, b, c, d, e, f, mac @ ..] = auts;
    let hidden = number(&[*a, *b, *c, *d, *e, *f]);
    let sqn_ms = number(&concealed(hidden, &subscriber.f5_star(rand)));
    constant_time_eq(&subscriber.f1(rand, sqn_ms, AMF_STAR).s, mac).then_some(sqn_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxirush_security::milenage::{Amf, K, Milenage as Witness, Opc, Sqn};
    use oxirush_security::{Autn, Rand};

    #[test]
    fn when_challenges_are_answered_then_oxirush_security_agrees() {
        for seed in 0..50u8 {
            let (k, opc, rand) = ([seed; 16], [!seed; 16], [seed ^ 0x5a; 16]);
            let sqn_value = u64::from(seed) * 0x0203_0405_0607 % (1 << 48);
            let (ours, theirs) = (Milenage::new(&k, &opc), Witness::new(&K::new(&k), &Opc::new(&opc)));
            let vector = generate_vector(&ours, &rand, sqn_value, &[0x80, seed], b"5G:net").expect("a vector");
            let answer = theirs.check_autn(&Rand::new(&rand), &Autn::new(&vector.autn)).ok().expect("its MAC");
            assert_eq!(answer.sqn().get(), sqn_value);
            let sqn_ms = Sqn::try_from(sqn_value).expect("48 bits");
            let auts = theirs.auts(&Rand::new(&rand), &sqn_ms);
            assert_eq!(&make_auts(&ours, &rand, sqn_value).expect("AUTS"), auts.as_octets());
            assert_eq!(verify_auts(&ours, &rand, auts.as_octets()), Some(sqn_value));
            let vector = theirs.authentication_vector(&Rand::new(&rand), &sqn_ms, &Amf::new(&[0x80, 0]));
            let response = answer_challenge(&ours, &rand, vector.autn().as_octets(), b"5G:net").expect("in range");
            assert_eq!(response.map(|response| (response.sqn, response.amf)), Some((sqn_value, [0x80, 0])));
        }
    }
}
