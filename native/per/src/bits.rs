//! Bit fields, lengths and whole numbers of PER (X.691 clause 11), read and written.
use crate::fault::Stop;
use crate::schema::{Range, Shape};
use std::borrow::Cow;

/// Octets of one fragment of a fragmented length (X.691 11.9.3.8).
const FRAGMENT: usize = 16 * 1024;
const SHORT: Stop = Stop::Syntax("the octets end too early");

/// Reads bit fields from a borrowed slice.
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    end: usize,
    aligned: bool,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8], aligned: bool) -> Self {
        Reader { data, position: 0, end: data.len().saturating_mul(8), aligned }
    }

    #[inline]
    pub fn left(&self) -> usize {
        self.end - self.position
    }

    /// The next `count` (0..=64) bits as a number.
    #[inline]
    pub fn bits(&mut self, count: u32) -> Result<u64, Stop> {
        if count as usize > self.left() {
            return Err(SHORT);
        }
        if count == 0 {
            return Ok(0);
        }
        let (octet, offset) = (self.position >> 3, (self.position & 7) as u32);
        self.position += count as usize;
        if let Some(word) = self.data.get(octet..octet + 8).filter(|_| offset + count <= 64) {
            let word = u64::from_be_bytes(word.try_into().unwrap_or_default());
            return Ok((word << offset) >> (64 - count));
        }
        Ok(self.slow_bits(octet, offset, count))
    }

    #[cold]
    #[inline(never)]
    fn slow_bits(&self, mut octet: usize, mut offset: u32, count: u32) -> u64 {
        let (mut value, mut left) = (0u64, count);
        while left > 0 {
            let take = (8 - offset).min(left);
            let chunk = (self.data[octet] << offset) >> (8 - take);
            value = (value << (take - 1) << 1) | u64::from(chunk);
            left -= take;
            offset = 0;
            octet += 1;
        }
        value
    }

    #[inline]
    pub fn bit(&mut self) -> Result<bool, Stop> {
        if self.position >= self.end {
            return Err(SHORT);
        }
        let bit = self.data[self.position >> 3] >> (7 - (self.position & 7)) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// Skips `count` bits and says where they began, for [`Reader::bit_at`].
    #[inline]
    pub fn skip(&mut self, count: usize) -> Result<usize, Stop> {
        if count > self.left() {
            return Err(SHORT);
        }
        let start = self.position;
        self.position += count;
        Ok(start)
    }

    /// The bit at a position that [`Reader::skip`] went over.
    #[inline]
    pub fn bit_at(&self, position: usize) -> bool {
        self.data[position >> 3] >> (7 - (position & 7)) & 1 == 1
    }

    #[inline]
    pub fn align(&mut self) {
        if self.aligned {
            self.position = (self.position + 7) & !7;
        }
    }

    /// A constrained whole number (X.691 11.5).
    #[inline]
    pub fn constrained(&mut self, range: &Range) -> Result<i64, Stop> {
        Ok(range.lower.wrapping_add(self.offset(range)? as i64))
    }

    /// A constrained whole number's distance from its lower bound.
    #[inline]
    pub fn offset(&mut self, range: &Range) -> Result<u64, Stop> {
        let offset = match range.shape {
            Shape::Field(count) => self.bits(count)?,
            Shape::Octets(count) => {
                self.align();
                self.bits(count)?
            }
            Shape::Counted(count) => {
                let octets = self.bits(count)? as u32 + 1;
                if octets > 8 {
                    return Err(Stop::Syntax("a number of more than 8 octets"));
                }
                self.align();
                self.bits(8 * octets)?
            }
        };
        if offset > range.span {
            return Err(Stop::Syntax("a number beyond its bounds"));
        }
        Ok(offset)
    }

    /// A length without bounds (X.691 11.9): how much follows, and whether another length comes after that.
    #[inline]
    pub fn length(&mut self) -> Result<(usize, bool), Stop> {
        self.align();
        let first = self.bits(8)? as usize;
        if first < 0x80 {
            return Ok((first, false));
        }
        if first < 0xC0 {
            return Ok(((first & 0x3F) << 8 | self.bits(8)? as usize, false));
        }
        match first & 0x3F {
            count @ 1..=4 => Ok((count * FRAGMENT, true)),
            _ => Err(Stop::Syntax("a fragment of no known size")),
        }
    }

    /// A normally small non-negative whole number (X.691 11.6).
    pub fn small(&mut self) -> Result<usize, Stop> {
        if !self.bit()? {
            return Ok(self.bits(6)? as usize);
        }
        let value = self.semi_constrained(0)?;
        usize::try_from(value).map_err(|_| Stop::Syntax("an index beyond any bound"))
    }

    /// A normally small length (X.691 11.9.3.4): that of a bitmap of extension additions.
    pub fn small_length(&mut self) -> Result<usize, Stop> {
        if !self.bit()? {
            return Ok(self.bits(6)? as usize + 1);
        }
        match self.length()? {
            (count, false) => Ok(count),
            _ => Err(Stop::Syntax("more extension additions than a fragment has bits")),
        }
    }

    /// A whole number with a lower bound only (X.691 11.7).
    pub fn semi_constrained(&mut self, lower: i64) -> Result<i64, Stop> {
        let (octets, more) = self.length()?;
        if more || octets == 0 || octets > 8 {
            return Err(Stop::Syntax("a number of no or more than 8 octets"));
        }
        let value = self.bits(8 * octets as u32)?;
        i64::try_from(value)
            .ok()
            .and_then(|value| lower.checked_add(value))
            .ok_or(Stop::Syntax("a number of more than 63 bits"))
    }

    /// A whole number without bounds (X.691 11.8).
    pub fn unconstrained(&mut self) -> Result<i64, Stop> {
        let (octets, more) = self.length()?;
        if more || octets == 0 || octets > 8 {
            return Err(Stop::Syntax("a number of no or more than 8 octets"));
        }
        let unused = 64 - 8 * octets as u32;
        Ok(((self.bits(64 - unused)? << unused) as i64) >> unused)
    }

    /// The next `count` octets; borrowed where they begin on an octet's border.
    #[inline]
    pub fn octets(&mut self, count: usize) -> Result<Cow<'a, [u8]>, Stop> {
        if count > self.left() / 8 {
            return Err(SHORT);
        }
        let (start, offset) = (self.position >> 3, self.position & 7);
        self.position += count * 8;
        if offset == 0 {
            return Ok(Cow::Borrowed(&self.data[start..start + count]));
        }
        let shifted =
            self.data[start..=start + count].windows(2).map(|pair| pair[0] << offset | pair[1] >> (8 - offset));
        Ok(Cow::Owned(shifted.collect()))
    }

    /// The next `count` bits as octets, filled up with zero bits.
    pub fn bit_octets(&mut self, count: usize) -> Result<Cow<'a, [u8]>, Stop> {
        if count > self.left() {
            return Err(SHORT);
        }
        let mut octets = self.octets(count / 8)?;
        if count % 8 != 0 {
            let rest = (count % 8) as u32;
            let last = (self.bits(rest)? as u8) << (8 - rest);
            octets.to_mut().push(last);
        }
        Ok(octets)
    }

    /// A reader of the octets after a length without bounds, where they are in one piece; otherwise it stays where it is.
    #[inline]
    pub fn counted_part(&mut self) -> Result<Option<Reader<'a>>, Stop> {
        let before = self.position;
        let (count, more) = self.length()?;
        if more {
            self.position = before;
            return Ok(None);
        }
        if count > self.left() / 8 {
            return Err(SHORT);
        }
        let start = self.position;
        self.position += count * 8;
        Ok(Some(Reader { data: self.data, position: start, end: self.position, aligned: self.aligned }))
    }

    /// Octets after a length without bounds, their fragments joined (X.691 11.9.3.8).
    #[inline]
    pub fn counted_octets(&mut self) -> Result<Cow<'a, [u8]>, Stop> {
        let (count, more) = self.length()?;
        let first = self.octets(count)?;
        if !more {
            return Ok(first);
        }
        let mut joined = first.into_owned();
        loop {
            let (count, more) = self.length()?;
            joined.extend_from_slice(&self.octets(count)?);
            if !more {
                return Ok(Cow::Owned(joined));
            }
        }
    }
}

/// Writes bit fields to a growing vector.
pub struct Writer {
    data: Vec<u8>,
    used: u32,
    aligned: bool,
}

impl Writer {
    pub fn new(aligned: bool) -> Self {
        Writer { data: Vec::with_capacity(512), used: 0, aligned }
    }

    pub fn aligned(&self) -> bool {
        self.aligned
    }

    /// Number of bits written.
    pub fn count(&self) -> usize {
        self.data.len() * 8 - if self.used == 0 { 0 } else { 8 - self.used as usize }
    }

    /// A complete encoding: at least one octet (X.691 11.1.3).
    pub fn finish(mut self) -> Vec<u8> {
        if self.data.is_empty() {
            self.data.push(0);
        }
        self.data
    }

    /// The lowest `count` (0..=64) bits of `value`.
    #[inline]
    pub fn bits(&mut self, value: u64, count: u32) {
        let mut left = count;
        if self.used != 0 && left > 0 {
            let free = 8 - self.used;
            let take = free.min(left);
            left -= take;
            let chunk = ((value >> left) & ((1 << take) - 1)) as u8;
            if let Some(last) = self.data.last_mut() {
                *last |= chunk << (free - take);
            }
            self.used = (self.used + take) & 7;
        }
        while left >= 8 {
            left -= 8;
            self.data.push((value >> left) as u8);
        }
        if left > 0 {
            self.data.push((value as u8) << (8 - left));
            self.used = left;
        }
    }

    #[inline]
    pub fn bit(&mut self, bit: bool) {
        self.bits(u64::from(bit), 1);
    }

    #[inline]
    pub fn align(&mut self) {
        if self.aligned {
            self.used = 0;
        }
    }

    #[inline]
    pub fn constrained(&mut self, value: i64, range: &Range) {
        let offset = value.wrapping_sub(range.lower) as u64;
        match range.shape {
            Shape::Field(count) => self.bits(offset, count),
            Shape::Octets(count) => {
                self.align();
                self.bits(offset, count);
            }
            Shape::Counted(count) => {
                let octets = octets_of(offset);
                self.bits(u64::from(octets - 1), count);
                self.align();
                self.bits(offset, 8 * octets);
            }
        }
    }

    /// A length below 16384 that no fragment follows.
    #[inline]
    pub fn length(&mut self, count: usize) {
        self.align();
        if count < 0x80 {
            self.bits(count as u64, 8);
        } else {
            self.bits(0x8000 | count as u64, 16);
        }
    }

    /// The length of the next fragment of `left` units, and how many units it holds; the last one is below 16384.
    pub fn fragment(&mut self, left: usize) -> usize {
        if left < FRAGMENT {
            self.length(left);
            return left;
        }
        let count = (left / FRAGMENT).min(4);
        self.align();
        self.bits(0xC0 | count as u64, 8);
        count * FRAGMENT
    }

    pub fn small(&mut self, value: usize) {
        if value < 64 {
            self.bits(value as u64, 7);
        } else {
            self.bit(true);
            self.semi_constrained(value as u64);
        }
    }

    /// A normally small length (X.691 11.9.3.4), below 16384.
    pub fn small_length(&mut self, count: usize) {
        if (1..=64).contains(&count) {
            self.bits(count as u64 - 1, 7);
        } else {
            self.bit(true);
            self.length(count);
        }
    }

    /// A whole number as its distance from its lower bound.
    pub fn semi_constrained(&mut self, offset: u64) {
        let octets = octets_of(offset);
        self.length(octets as usize);
        self.bits(offset, 8 * octets);
    }

    pub fn unconstrained(&mut self, value: i64) {
        let magnitude = if value < 0 { !value } else { value } as u64;
        let octets = (64 - magnitude.leading_zeros()) / 8 + 1;
        self.length(octets as usize);
        self.bits(value as u64, 8 * octets);
    }

    #[inline]
    pub fn octets(&mut self, octets: &[u8]) {
        if self.used == 0 {
            self.data.extend_from_slice(octets);
        } else {
            octets.iter().for_each(|octet| self.bits(u64::from(*octet), 8));
        }
    }

    /// The first `count` bits of `octets`.
    pub fn bit_octets(&mut self, octets: &[u8], count: usize) {
        let (whole, rest) = (count / 8, (count % 8) as u32);
        self.octets(&octets[..whole]);
        if rest > 0 {
            self.bits(u64::from(octets[whole] >> (8 - rest)), rest);
        }
    }

    pub fn counted_octets(&mut self, mut octets: &[u8]) {
        loop {
            let count = self.fragment(octets.len());
            self.octets(&octets[..count]);
            octets = &octets[count..];
            if count < FRAGMENT {
                return;
            }
        }
    }

    /// Begins an open type in place: its length is put in by [`Writer::close`]. Aligned PER only.
    #[inline]
    pub fn open(&mut self) -> usize {
        self.used = 0;
        self.data.push(0);
        self.data.len()
    }

    /// Ends the open type that began at `start`.
    #[inline]
    pub fn close(&mut self, start: usize) {
        self.used = 0;
        if self.data.len() == start {
            self.data.push(0);
        }
        let length = self.data.len() - start;
        if length < 0x80 {
            self.data[start - 1] = length as u8;
        } else if length < FRAGMENT {
            self.data[start - 1] = 0x80 | (length >> 8) as u8;
            self.data.insert(start, length as u8);
        } else {
            let content = self.data.split_off(start);
            self.data.pop();
            self.counted_octets(&content);
        }
    }
}

fn octets_of(value: u64) -> u32 {
    (64 - value.leading_zeros()).div_ceil(8).max(1)
}
