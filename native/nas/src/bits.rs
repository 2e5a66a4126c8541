//! Bits in the order of the figures of TS 24.501 clause 9: most significant first.

/// Reads bits from octets, never beyond `end`.
pub struct Reader<'a> {
    octets: &'a [u8],
    position: usize,
    end: usize,
    ignored: usize,
}

impl<'a> Reader<'a> {
    pub fn new(octets: &'a [u8]) -> Self {
        Self { octets, position: 0, end: octets.len() * 8, ignored: 0 }
    }

    /// One half of an octet: `high` is bits 8 to 5.
    pub fn half(octet: &'a [u8; 1], high: bool) -> Self {
        let position = if high { 0 } else { 4 };
        Self { octets: octet, position, end: position + 4, ignored: 0 }
    }

    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    pub fn end(&self) -> usize {
        self.end
    }

    /// Bits so far that a later release put at the end of an extent.
    pub fn ignored(&self) -> usize {
        self.ignored
    }

    /// Restricts what follows to `bits`; the former end is given back, to be restored by [`Reader::leave`].
    pub fn enter(&mut self, bits: usize) -> Option<usize> {
        if bits > self.remaining() {
            return None;
        }
        Some(std::mem::replace(&mut self.end, self.position + bits))
    }

    /// Skips what the extent still holds and restores `end`.
    pub fn leave(&mut self, end: usize) {
        self.ignored += self.remaining();
        self.position = self.end;
        self.end = end;
    }

    pub fn skip(&mut self, bits: usize) -> Option<()> {
        if bits > self.remaining() {
            return None;
        }
        self.position += bits;
        Some(())
    }

    /// The next `count` (at most 64) bits as a number.
    pub fn bits(&mut self, count: usize) -> Option<u64> {
        let value = self.peek(0, count)?;
        self.position += count;
        Some(value)
    }

    /// `count` bits at `offset` from here, without moving.
    pub fn peek(&self, offset: usize, count: usize) -> Option<u64> {
        if count > 64 || offset + count > self.remaining() {
            return None;
        }
        let (mut at, mut left, mut value) = (self.position + offset, count, 0u64);
        while left > 0 {
            let within = at % 8;
            let take = left.min(8 - within);
            let octet = u64::from(*self.octets.get(at / 8)?);
            value = (value << take) | ((octet >> (8 - within - take)) & ((1 << take) - 1));
            at += take;
            left -= take;
        }
        Some(value)
    }

    /// The next `count` octets; only at an octet boundary.
    pub fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        if !self.position.is_multiple_of(8) || count > self.remaining() / 8 {
            return None;
        }
        let start = self.position / 8;
        self.position += count * 8;
        self.octets.get(start..start + count)
    }

    /// All octets up to the end of the extent.
    pub fn rest(&mut self) -> Option<&'a [u8]> {
        self.octets(self.remaining() / 8)
    }
}

/// Writes bits to octets.
#[derive(Default)]
pub struct Writer {
    octets: Vec<u8>,
    used: usize,
}

impl Writer {
    pub fn new() -> Self {
        Self { octets: Vec::with_capacity(128), used: 0 }
    }

    /// Appends the low `count` bits of `value`.
    pub fn bits(&mut self, value: u64, count: usize) {
        let mut left = count;
        while left > 0 {
            if self.used == 0 {
                self.octets.push(0);
            }
            let take = left.min(8 - self.used);
            let part = (value >> (left - take)) & ((1 << take) - 1);
            if let Some(last) = self.octets.last_mut() {
                *last |= (part << (8 - self.used - take)) as u8;
            }
            self.used = (self.used + take) % 8;
            left -= take;
        }
    }

    pub fn octets(&mut self, octets: &[u8]) {
        if self.used == 0 {
            self.octets.extend_from_slice(octets);
        } else {
            octets.iter().for_each(|octet| self.bits(u64::from(*octet), 8));
        }
    }

    pub fn len(&self) -> usize {
        self.octets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Overwrites `count` (at most 8, within one octet, or 16 aligned) bits at octet `at`, high bits first.
    pub fn patch(&mut self, at: usize, value: u64, count: usize) {
        match count {
            16 => {
                self.octets[at] = (value >> 8) as u8;
                self.octets[at + 1] = value as u8;
            }
            count => {
                let shift = 8 - count;
                let mask = (((1u16 << count) - 1) << shift) as u8;
                self.octets[at] = (self.octets[at] & !mask) | ((value << shift) as u8 & mask);
            }
        }
    }

    /// Overwrites the `count` (at most 8, or 16) zero bits that end where octet `at` begins.
    pub fn patch_before(&mut self, at: usize, value: u64, count: usize) {
        for (back, octet) in value.to_be_bytes().iter().rev().take(count.div_ceil(8)).enumerate() {
            self.octets[at - 1 - back] |= octet;
        }
    }

    /// Takes the last octet off and puts its low half into the high half of the one before.
    pub fn fold_half(&mut self) {
        if let Some(half) = self.octets.pop()
            && let Some(last) = self.octets.last_mut()
        {
            *last |= half << 4;
        }
    }

    /// Puts the high half of `tag` into the last octet.
    pub fn tag_half(&mut self, tag: u8) {
        if let Some(last) = self.octets.last_mut() {
            *last |= tag & 0xf0;
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.octets
    }
}
