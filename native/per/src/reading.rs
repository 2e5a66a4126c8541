//! Values without parts, read (X.691 12 to 30).
use crate::bits::Reader;
use crate::fault::{Criticality, Stop};
use crate::schema::{Size, Whole};
use std::borrow::Cow;

pub(crate) const OUT_OF_BOUNDS: Stop = Stop::Syntax("a length beyond its bounds");

#[inline]
pub(crate) fn criticality(reader: &mut Reader<'_>) -> Result<Criticality, Stop> {
    Criticality::from_index(reader.bits(2)?).ok_or(Stop::Syntax("a criticality of no meaning"))
}

#[inline]
pub(crate) fn integer(reader: &mut Reader<'_>, whole: &Whole, extensible: bool) -> Result<i64, Stop> {
    if extensible && reader.bit()? {
        return reader.unconstrained();
    }
    match whole {
        Whole::Constrained(range) => reader.constrained(range),
        Whole::AtLeast(lower) => reader.semi_constrained(*lower),
        Whole::Any => reader.unconstrained(),
    }
}

/// A number of items: whether it is the first of several fragments, and whether it lies in the bounds' extension.
pub(crate) struct Count {
    pub count: usize,
    pub more: bool,
    pub added: bool,
}

#[inline]
pub(crate) fn size(reader: &mut Reader<'_>, size: &Size) -> Result<Count, Stop> {
    let added = size.extensible && reader.bit()?;
    if let (Some(range), false) = (&size.range, added) {
        return Ok(Count { count: reader.constrained(range)? as usize, more: false, added });
    }
    let (count, more) = reader.length()?;
    Ok(Count { count, more, added })
}

#[inline]
pub(crate) fn octet_string<'a>(reader: &mut Reader<'a>, size: &Size) -> Result<Cow<'a, [u8]>, Stop> {
    let added = size.extensible && reader.bit()?;
    match &size.range {
        Some(range) if !added => {
            let count = reader.constrained(range)? as usize;
            if count > 0 && !(range.span == 0 && count <= 2) {
                reader.align();
            }
            reader.octets(count)
        }
        _ => {
            let octets = reader.counted_octets()?;
            if !added && !size.holds(octets.len()) {
                return Err(OUT_OF_BOUNDS);
            }
            Ok(octets)
        }
    }
}

pub(crate) fn fragmented_bits<'a>(
    reader: &mut Reader<'a>,
    size: &Size,
    added: bool,
) -> Result<(Cow<'a, [u8]>, usize), Stop> {
    let (mut count, mut more) = reader.length()?;
    let mut octets = reader.bit_octets(count)?;
    let mut total = count;
    while more {
        (count, more) = reader.length()?;
        octets.to_mut().extend_from_slice(&reader.bit_octets(count)?);
        total += count;
    }
    if !added && !size.holds(total) {
        return Err(OUT_OF_BOUNDS);
    }
    Ok((octets, total))
}

pub(crate) fn text(reader: &mut Reader<'_>, width: u32, size: &Size, aligned: bool) -> Result<String, Stop> {
    let added = size.extensible && reader.bit()?;
    let (mut count, mut more) = match &size.range {
        Some(range) if !added => (reader.constrained(range)? as usize, false),
        _ => reader.length()?,
    };
    if aligned && count > 0 && text_aligned(size, width) {
        reader.align();
    }
    let (mut text, mut total) = (String::new(), 0);
    loop {
        characters(reader, count, width, &mut text)?;
        total += count;
        if !more {
            break;
        }
        (count, more) = reader.length()?; // X.691 11.9.3.8: another fragment
    }
    if !added && !size.holds(total) {
        return Err(OUT_OF_BOUNDS);
    }
    Ok(text)
}

#[inline]
fn characters(reader: &mut Reader<'_>, count: usize, width: u32, text: &mut String) -> Result<(), Stop> {
    if count.saturating_mul(width as usize) > reader.left() {
        return Err(Stop::Syntax("the octets end too early"));
    }
    text.reserve(count);
    for _ in 0..count {
        let code = reader.bits(width)? as u8;
        text.push(if width == 4 { numeric(code)? } else { char::from(code) });
    }
    Ok(())
}

/// Whether the characters begin on an octet's border (X.691 30.5.6 and 30.5.7).
pub(crate) fn text_aligned(size: &Size, width: u32) -> bool {
    match &size.range {
        Some(range) => {
            let bits = (range.lower as u64 + range.span) * u64::from(width);
            if range.span == 0 { bits > 16 } else { bits >= 16 }
        }
        None => true,
    }
}

pub(crate) fn numeric(code: u8) -> Result<char, Stop> {
    b" 0123456789"
        .get(usize::from(code))
        .map(|octet| char::from(*octet))
        .ok_or(Stop::Syntax("a character beyond its alphabet"))
}

/// The arcs of an OBJECT IDENTIFIER (X.690 8.19).
pub(crate) fn arcs(octets: &[u8]) -> Result<Vec<u64>, Stop> {
    const BAD: Stop = Stop::Syntax("an OBJECT IDENTIFIER of no known form");
    let mut arcs = Vec::with_capacity(octets.len() + 1);
    let mut arc = 0u64;
    for (at, octet) in octets.iter().enumerate() {
        if arc >> 56 != 0 || (arc == 0 && *octet == 0x80) {
            return Err(BAD);
        }
        arc = arc << 7 | u64::from(octet & 0x7F);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        } else if at + 1 == octets.len() {
            return Err(BAD);
        }
    }
    if arcs.is_empty() { Err(BAD) } else { Ok(arcs) }
}
