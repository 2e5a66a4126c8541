//! MILENAGE (TS 35.206 4.1) with the constants that it recommends.

use crate::aes::Aes128;
use crate::kdf::Key128;
use zeroize::Zeroizing;

/// One subscriber: K expanded, and OPc.
pub struct Milenage {
    aes: Aes128,
    opc: Zeroizing<u128>,
}

/// MAC-A and MAC-S are the halves of OUT1 (TS 35.206 4.1).
pub struct Macs {
    pub a: [u8; 8],
    pub s: [u8; 8],
}

/// RES, CK, IK and AK of a RAND; CK and IK are wiped when dropped.
pub struct Outputs {
    pub res: [u8; 8],
    pub ck: Zeroizing<Key128>,
    pub ik: Zeroizing<Key128>,
    pub ak: [u8; 6],
}

/// TS 35.206 4.1: by how many bits the input of OUT2 to OUT5 is rotated, and what is added to it.
const OUT2: (u32, u128) = (0, 1);
const OUT3: (u32, u128) = (32, 2);
const OUT4: (u32, u128) = (64, 4);
const OUT5: (u32, u128) = (96, 8);
/// By how many bits that of OUT1 is; it has nothing added.
const ROTATION_1: u32 = 64;

/// OPc = OP xor E[OP]K (TS 35.206 4.1).
pub fn opc(k: &Key128, op: &Key128) -> Key128 {
    let mut block = [*op];
    Aes128::new(k).encrypt(&mut block);
    (u128::from_be_bytes(block[0]) ^ u128::from_be_bytes(*op)).to_be_bytes()
}

fn part<const N: usize>(octets: &Key128, start: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&octets[start..start + N]);
    part
}

/// IN1 = SQN || AMF || SQN || AMF of a SQN of 48 bits (TS 35.206 4.1).
fn in1(sqn: u64, amf: [u8; 2]) -> u128 {
    let half = u128::from(sqn << 16 | u64::from(u16::from_be_bytes(amf)));
    half << 64 | half
}

impl Milenage {
    #[inline]
    pub fn new(k: &Key128, opc: &Key128) -> Self {
        Self { aes: Aes128::new(k), opc: Zeroizing::new(u128::from_be_bytes(*opc)) }
    }

    fn temp(&self, rand: &[u8; 16]) -> u128 {
        let mut block = [(u128::from_be_bytes(*rand) ^ *self.opc).to_be_bytes()];
        self.aes.encrypt(&mut block);
        u128::from_be_bytes(block[0])
    }

    /// The input of the second encryption of OUT2 to OUT5.
    fn input(&self, temp: u128, (rotation, constant): (u32, u128)) -> [u8; 16] {
        ((temp ^ *self.opc).rotate_left(rotation) ^ constant).to_be_bytes()
    }

    fn input_1(&self, temp: u128, sqn: u64, amf: [u8; 2]) -> [u8; 16] {
        (temp ^ (in1(sqn, amf) ^ *self.opc).rotate_left(ROTATION_1)).to_be_bytes()
    }

    /// The outputs of inputs, side by side.
    fn out<const N: usize>(&self, mut blocks: [[u8; 16]; N]) -> [[u8; 16]; N] {
        self.aes.encrypt(&mut blocks);
        blocks.map(|block| (u128::from_be_bytes(block) ^ *self.opc).to_be_bytes())
    }

    /// f1 and f1*.
    pub fn f1(&self, rand: &[u8; 16], sqn: u64, amf: [u8; 2]) -> Macs {
        let [out1] = self.out([self.input_1(self.temp(rand), sqn, amf)]);
        macs(&out1)
    }

    /// f2 to f5.
    pub fn f2345(&self, rand: &[u8; 16]) -> Outputs {
        let temp = self.temp(rand);
        outputs(self.out([OUT2, OUT3, OUT4].map(|constants| self.input(temp, constants))))
    }

    /// f1 to f5 of a vector, with the encryption of RAND made once.
    pub fn vector(&self, rand: &[u8; 16], sqn: u64, amf: [u8; 2]) -> (Macs, Outputs) {
        let temp = self.temp(rand);
        let [two, three, four] = [OUT2, OUT3, OUT4].map(|constants| self.input(temp, constants));
        let [out1, out2, out3, out4] = self.out([self.input_1(temp, sqn, amf), two, three, four]);
        (macs(&out1), outputs([out2, out3, out4]))
    }

    /// f5*, the AK of a resynchronisation.
    pub fn f5_star(&self, rand: &[u8; 16]) -> [u8; 6] {
        let [out5] = self.out([self.input(self.temp(rand), OUT5)]);
        part(&out5, 0)
    }
}

fn macs(out1: &Key128) -> Macs {
    Macs { a: part(out1, 0), s: part(out1, 8) }
}

fn outputs([out2, ck, ik]: [Key128; 3]) -> Outputs {
    Outputs { res: part(&out2, 8), ck: Zeroizing::new(ck), ik: Zeroizing::new(ik), ak: part(&out2, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxirush_security::Rand;
    use oxirush_security::milenage::{Amf, K, Milenage as Witness, Op, Opc, Sqn};

    #[test]
    fn when_inputs_are_any_then_oxirush_security_computes_the_same() {
        let mut octets = [[0u8; 16]; 3];
        for seed in 1..200u32 {
            let mut state = seed;
            octets.iter_mut().flatten().for_each(|octet| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *octet = state.to_be_bytes()[0];
            });
            let [k, op, rand] = &octets;
            let (sqn, amf) = (u64::from(seed) * 0x0123_4567_89ab % (1 << 48), [seed.to_be_bytes()[3], 0xb9]);
            let opc = opc(k, op);
            assert_eq!(&opc, Opc::from_op(&K::new(k), &Op::new(op)).as_octets());
            let (ours, witness) = (Milenage::new(k, &opc), Witness::new(&K::new(k), &Opc::new(&opc)));
            let (macs, outputs) = ours.vector(rand, sqn, amf);
            let theirs = Sqn::try_from(sqn).expect("48 bits");
            assert_eq!(&macs.a, witness.f1(&Rand::new(rand), &theirs, &Amf::new(&amf)).as_octets());
            assert_eq!(&macs.s, witness.f1_star(&Rand::new(rand), &theirs, &Amf::new(&amf)).as_octets());
            let (res, ck, ik, ak) = witness.f2345(&Rand::new(rand));
            assert_eq!(&outputs.res[..], res.as_octets());
            assert_eq!((&*outputs.ck, &*outputs.ik, &outputs.ak), (ck.as_octets(), ik.as_octets(), ak.as_octets()));
            assert_eq!(&ours.f5_star(rand), witness.f5_star(&Rand::new(rand)).as_octets());
        }
    }
}
