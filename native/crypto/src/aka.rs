//! 5G AKA on MILENAGE (TS 35.206, TS 33.102 6.3, TS 33.501 6.1.3.2).

use crate::Error;
use crate::kdf::{self, Key128, Key256};
use oxirush_security::Autn;
pub use oxirush_security::Rand;
pub use oxirush_security::milenage::{Amf, Auts, K, Milenage, Op, Opc, Sqn};

/// SQN has 48 bits (TS 33.102 6.3.2).
pub fn sqn(value: u64) -> Result<Sqn, Error> {
    Sqn::try_from(value).map_err(|_| Error::Range("SQN"))
}

/// The functions of one subscriber.
pub fn milenage(k: &Key128, opc: &Key128) -> Milenage {
    Milenage::new(&K::new(k), &Opc::new(opc))
}

/// OPc = OP xor E[OP]K (TS 35.206 4.1).
pub fn opc(k: &Key128, op: &Key128) -> Key128 {
    *Opc::from_op(&K::new(k), &Op::new(op)).as_octets()
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
    let vector = subscriber.authentication_vector(&Rand::new(rand), &sqn(sqn_value)?, &Amf::new(amf));
    let (ck, ik, autn) = (vector.ck().as_octets(), vector.ik().as_octets(), vector.autn());
    Ok(Vector {
        autn: *autn.as_octets(),
        xres_star: kdf::res_star(ck, ik, serving_network, rand, vector.xres().as_octets())?,
        kausf: kdf::kausf(ck, ik, serving_network, autn.sqn_xor_ak())?,
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
    let autn = Autn::new(autn);
    let Ok(answer) = subscriber.check_autn(&Rand::new(rand), &autn) else { return Ok(None) };
    let (ck, ik) = (answer.ck().as_octets(), answer.ik().as_octets());
    Ok(Some(Response {
        sqn: answer.sqn().get(),
        amf: *answer.amf().as_octets(),
        res_star: kdf::res_star(ck, ik, serving_network, rand, answer.res().as_octets())?,
        kausf: kdf::kausf(ck, ik, serving_network, autn.sqn_xor_ak())?,
    }))
}

/// AUTS of the USIM's highest SQN for the challenge RAND (TS 33.102 6.3.3).
pub fn make_auts(subscriber: &Milenage, rand: &[u8; 16], sqn_ms: u64) -> Result<[u8; 14], Error> {
    Ok(*subscriber.auts(&Rand::new(rand), &sqn(sqn_ms)?).as_octets())
}

/// SQNMS of an AUTS, `None` where MAC-S is not this subscriber's for this RAND (TS 33.102 6.3.5).
pub fn verify_auts(subscriber: &Milenage, rand: &[u8; 16], auts: &[u8; 14]) -> Option<u64> {
    subscriber.verify_auts(&Rand::new(rand), &Auts::new(auts)).ok().map(|sqn| sqn.get())
}
