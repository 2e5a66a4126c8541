//! Values without parts, checked and written (X.691 12 to 30).
use crate::bits::Writer;
use crate::encode::Wrong;
use crate::fault::Criticality;
use crate::reading::text_aligned;
use crate::schema::{Choice, Range, Size, Whole};

#[inline]
pub(crate) fn header(writer: &mut Writer, id: u16, criticality: Criticality) {
    writer.align();
    writer.bits(u64::from(id), 16);
    writer.bits(criticality as u64, 2);
}

/// An IE as it came.
pub(crate) fn unknown(writer: &mut Writer, (id, criticality, octets): (u16, Criticality, &[u8])) {
    header(writer, id, criticality);
    writer.counted_octets(octets);
}

/// A CHOICE's alternative that is addition `index`.
pub(crate) fn addition(writer: &mut Writer, index: usize, octets: &[u8]) {
    writer.bit(true);
    writer.small(index);
    writer.counted_octets(octets);
}

pub(crate) fn alternative(writer: &mut Writer, choice: &Choice, index: u32) {
    if choice.added.is_some() {
        writer.bit(false);
    }
    writer.constrained(i64::from(index), &choice.range);
}

#[inline]
pub(crate) fn integer(writer: &mut Writer, value: i64, whole: &Whole, extensible: bool) -> Result<(), Wrong> {
    let holds = match whole {
        Whole::Constrained(range) => range.holds(value),
        Whole::AtLeast(lower) => value >= *lower,
        Whole::Any => true,
    };
    if extensible {
        writer.bit(!holds);
    } else if !holds {
        return Err("a number beyond its bounds");
    }
    match whole {
        Whole::Constrained(range) if holds => writer.constrained(value, range),
        Whole::AtLeast(lower) if holds => writer.semi_constrained(value.wrapping_sub(*lower) as u64),
        _ => writer.unconstrained(value),
    }
    Ok(())
}

/// An INTEGER of several spans: a value between them is an addition, where there can be any.
pub(crate) fn among(
    writer: &mut Writer,
    value: i64,
    holds: bool,
    range: &Range,
    extensible: bool,
) -> Result<(), Wrong> {
    if extensible {
        writer.bit(!holds);
    } else if !holds {
        return Err("a number beyond its bounds");
    }
    if holds {
        writer.constrained(value, range);
    } else {
        writer.unconstrained(value);
    }
    Ok(())
}

/// Checks a length and writes its extension bit; says whether it is within the root's bounds.
#[inline]
pub(crate) fn within(writer: &mut Writer, count: usize, size: &Size) -> Result<bool, Wrong> {
    let holds = size.holds(count);
    if size.extensible {
        writer.bit(!holds);
    } else if !holds {
        return Err("a length beyond its bounds");
    }
    Ok(holds)
}

/// The number of IEs of a container.
pub(crate) fn counted(writer: &mut Writer, count: usize, size: &Size) -> Result<(), Wrong> {
    within(writer, count, size)?;
    let range: &Range = size.range.as_ref().ok_or("a container without bounds")?;
    writer.constrained(count as i64, range);
    Ok(())
}

#[inline]
pub(crate) fn octets(writer: &mut Writer, octets: &[u8], size: &Size) -> Result<(), Wrong> {
    if within(writer, octets.len(), size)? {
        if let Some(range) = &size.range {
            writer.constrained(octets.len() as i64, range);
            if !octets.is_empty() && !(range.span == 0 && octets.len() <= 2) {
                writer.align();
            }
            writer.octets(octets);
            return Ok(());
        }
    }
    writer.counted_octets(octets);
    Ok(())
}

pub(crate) fn bit_octets(writer: &mut Writer, octets: &[u8], count: usize, size: &Size) -> Result<(), Wrong> {
    if within(writer, count, size)? {
        if let Some(range) = &size.range {
            writer.constrained(count as i64, range);
            if count > 0 && !(range.span == 0 && count <= 16) {
                writer.align();
            }
            writer.bit_octets(octets, count);
            return Ok(());
        }
    }
    let mut done = 0;
    loop {
        let left = count - done;
        let part = writer.fragment(left);
        writer.bit_octets(&octets[done / 8..], part);
        done += part;
        if left < 16384 {
            return Ok(());
        }
    }
}

pub(crate) fn text(writer: &mut Writer, text: &str, width: u32, size: &Size, aligned: bool) -> Result<(), Wrong> {
    let codes = text.chars().map(|character| code(character, width)).collect::<Option<Vec<_>>>();
    let codes = codes.ok_or("a character beyond the string type's alphabet")?;
    if let (true, Some(range)) = (within(writer, codes.len(), size)?, &size.range) {
        writer.constrained(codes.len() as i64, range);
        if aligned && !codes.is_empty() && text_aligned(size, width) {
            writer.align();
        }
        codes.into_iter().for_each(|code| writer.bits(code, width));
        return Ok(());
    }
    let mut rest = &codes[..];
    loop {
        let left = rest.len();
        let (part, after) = rest.split_at(writer.fragment(left));
        part.iter().for_each(|code| writer.bits(*code, width));
        rest = after;
        if left < 16384 {
            return Ok(());
        }
    }
}

pub(crate) fn code(character: char, width: u32) -> Option<u64> {
    let code = u64::from(u32::from(character));
    match (character, width) {
        (' ', 4) => Some(0),
        ('0'..='9', 4) => Some(code - 47),
        (_, 4) => None,
        _ => (code >> width == 0).then_some(code),
    }
}

/// The contents of an OBJECT IDENTIFIER (X.690 8.19).
pub(crate) fn oid(arcs: &[u64]) -> Result<Vec<u8>, Wrong> {
    let [first, second, rest @ ..] = arcs else { return Err("an OBJECT IDENTIFIER has two arcs at least") };
    if *first > 2 || (*first < 2 && *second > 39) || *second > u64::MAX / 2 {
        return Err("an OBJECT IDENTIFIER of no known form");
    }
    let mut octets = Vec::new();
    for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let last = if group == 0 { 0 } else { 0x80 };
            octets.push((arc >> (7 * group)) as u8 & 0x7F | last);
        }
    }
    Ok(octets)
}
