//! The corpus, and short damage of it, without libFuzzer and on any compiler.
use std::path::Path;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn damage(&mut self, octets: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(octets.len());
            match (self.below(5), octets.get_mut(at)) {
                (0, Some(octet)) => *octet ^= 1 << self.below(8),
                (1, Some(octet)) => *octet = [0, 1, 0x7f, 0x80, 0xbf, 0xc4, 0xff][self.below(7)],
                (2, Some(_)) => octets.truncate(at),
                (3, Some(_)) => drop(octets.remove(at)),
                _ => octets.insert(at, self.below(256) as u8),
            }
        }
    }
}

fn octets(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("two digits")).collect()
}

#[test]
fn when_the_corpus_is_damaged_then_every_property_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
    let rounds = std::env::var("FREEHOLD_FUZZ_ROUNDS").map_or(200, |rounds| rounds.parse().expect("a number"));
    for (name, check) in freehold_fuzz::TARGETS {
        let mut random = Random(0x5eed);
        let seeds = std::fs::read_to_string(corpus.join(name).with_extension("hex")).expect("a corpus");
        for seed in seeds.lines() {
            let octets = octets(seed.split_once(' ').expect("a name before the octets").1);
            freehold_fuzz::timed(check, &octets);
            for _ in 0..rounds {
                let mut damaged = octets.clone();
                random.damage(&mut damaged);
                freehold_fuzz::timed(check, &damaged);
            }
        }
    }
}
