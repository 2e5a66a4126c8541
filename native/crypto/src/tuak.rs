//! TUAK, the authentication functions on Keccak (TS 35.231), for keys of 128 and 256 bits.

use crate::Error;
use zeroize::{Zeroize, Zeroizing};

const ROUNDS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];
/// Where pi sends the lanes in turn, and by how much rho turns each (FIPS 202 3.2.2, 3.2.3).
const PI: [usize; 24] = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
const RHO: [u32; 24] = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

/// Keccak-f[1600] (FIPS 202 3.3, TS 35.231 Annex A).
fn keccak(lanes: &mut [u64; 25]) {
    for constant in ROUNDS {
        let mut parity = [0u64; 5];
        for (x, column) in parity.iter_mut().enumerate() {
            *column = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
        }
        for x in 0..5 {
            let turn = parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                lanes[x + 5 * y] ^= turn;
            }
        }
        let mut moving = lanes[1];
        for (to, by) in PI.into_iter().zip(RHO) {
            moving = std::mem::replace(&mut lanes[to], moving.rotate_left(by));
        }
        for row in lanes.as_chunks_mut::<5>().0 {
            let before = *row;
            for x in 0..5 {
                row[x] = before[x] ^ (!before[(x + 1) % 5] & before[(x + 2) % 5]);
            }
        }
        lanes[0] ^= constant;
    }
}

/// The 200 octets of IN, and OUT after the permutation; wiped when dropped. Every value stands with its least
/// significant octet first (TS 35.231 6.1).
struct State([u8; 200]);

impl State {
    fn put(&mut self, at: usize, value: &[u8]) {
        for (to, from) in self.0[at..].iter_mut().zip(value.iter().rev()) {
            *to = *from;
        }
    }

    fn get<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0[at + N - 1 - i])
    }

    fn take(&self, at: usize, length: usize) -> Vec<u8> {
        self.0[at..at + length].iter().rev().copied().collect()
    }

    fn permute(&mut self, iterations: u8) {
        let octets = self.0.as_chunks_mut::<8>().0;
        let mut lanes: Zeroizing<[u64; 25]> = Zeroizing::new(std::array::from_fn(|i| u64::from_le_bytes(octets[i])));
        for _ in 0..iterations {
            keccak(&mut lanes);
        }
        for (to, from) in octets.iter_mut().zip(lanes.iter()) {
            *to = from.to_le_bytes();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// RES, CK, IK and AK of one challenge.
pub struct Response {
    pub res: Vec<u8>,
    pub ck: Vec<u8>,
    pub ik: Vec<u8>,
    pub ak: [u8; 6],
}

/// The functions of one subscriber; K is wiped when dropped.
pub struct Tuak {
    k: Zeroizing<Vec<u8>>,
    top: [u8; 32],
    iterations: u8,
}

/// The octets of a length that has a code in INSTANCE, else a refusal of its name.
fn code(name: &'static str, length: usize, codes: &[(usize, u8)]) -> Result<u8, Error> {
    codes.iter().find(|(octets, _)| *octets == length).map(|(_, code)| *code).ok_or(Error::Range(name))
}

/// INSTANCE names the function, the lengths of its outputs and that of K (TS 35.231 6.2 to 6.6).
const F1_STAR: u8 = 0x80;
const F2345: u8 = 0x40;
const F5_STAR: u8 = 0xc0;
const LONG_CK: u8 = 0x04;
const LONG_IK: u8 = 0x02;
const LONG_K: u8 = 0x01;
const MAC: [(usize, u8); 3] = [(8, 0x08), (16, 0x10), (32, 0x20)];
const RES: [(usize, u8); 4] = [(4, 0x00), (8, 0x08), (16, 0x10), (32, 0x20)];

impl Tuak {
    /// K of 16 or 32 octets with TOPc, or with TOP to compute TOPc from; Keccak is iterated 1 to 255 times.
    pub fn new(k: &[u8], top: &[u8; 32], iterations: u8) -> Result<Self, Error> {
        if !matches!(k.len(), 16 | 32) {
            return Err(Error::Range("K"));
        }
        if iterations == 0 {
            return Err(Error::Range("iterations"));
        }
        Ok(Self { k: Zeroizing::new(k.to_vec()), top: *top, iterations })
    }

    /// IN before the inputs of one function: TOP or TOPc, INSTANCE, ALGONAME, K and the padding (TS 35.231 6.1).
    fn state(&self, instance: u8) -> State {
        let mut state = State([0; 200]);
        state.put(0, &self.top);
        state.0[32] = instance | if self.k.len() == 32 { LONG_K } else { 0 };
        state.put(33, b"TUAK1.0");
        state.put(64, &self.k);
        state.0[96] = 0x1f;
        state.0[135] = 0x80;
        state
    }

    /// TOPc of the TOP this was made with (TS 35.231 6.2).
    pub fn topc(&self) -> [u8; 32] {
        let mut state = self.state(0);
        state.permute(self.iterations);
        state.get(0)
    }

    fn mac(&self, kind: u8, rand: &[u8; 16], sqn: u64, amf: &[u8; 2], length: usize) -> Result<Vec<u8>, Error> {
        if sqn >> 48 != 0 {
            return Err(Error::Range("SQN"));
        }
        let mut state = self.state(kind | code("MAC length", length, &MAC)?);
        state.put(40, rand);
        state.put(56, amf);
        state.put(58, &sqn.to_be_bytes()[2..]);
        state.permute(self.iterations);
        Ok(state.take(0, length))
    }

    /// MAC-A of 8, 16 or 32 octets (TS 35.231 6.3).
    pub fn f1(&self, rand: &[u8; 16], sqn: u64, amf: &[u8; 2], length: usize) -> Result<Vec<u8>, Error> {
        self.mac(0, rand, sqn, amf, length)
    }

    /// MAC-S of 8, 16 or 32 octets (TS 35.231 6.4).
    pub fn f1_star(&self, rand: &[u8; 16], sqn: u64, amf: &[u8; 2], length: usize) -> Result<Vec<u8>, Error> {
        self.mac(F1_STAR, rand, sqn, amf, length)
    }

    /// RES of 4, 8, 16 or 32 octets, CK and IK of 16 or 32, and AK (TS 35.231 6.5).
    pub fn f2345(&self, rand: &[u8; 16], res: usize, ck: usize, ik: usize) -> Result<Response, Error> {
        let instance = F2345
            | code("RES length", res, &RES)?
            | code("CK length", ck, &[(16, 0), (32, LONG_CK)])?
            | code("IK length", ik, &[(16, 0), (32, LONG_IK)])?;
        let mut state = self.state(instance);
        state.put(40, rand);
        state.permute(self.iterations);
        Ok(Response { res: state.take(0, res), ck: state.take(32, ck), ik: state.take(64, ik), ak: state.get(96) })
    }

    /// AK of a resynchronisation (TS 35.231 6.6).
    pub fn f5_star(&self, rand: &[u8; 16]) -> [u8; 6] {
        let mut state = self.state(F5_STAR);
        state.put(40, rand);
        state.permute(self.iterations);
        state.get(96)
    }
}
