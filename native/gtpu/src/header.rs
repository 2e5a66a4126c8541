//! The header and the chain of extension headers (TS 29.281 5.1, 5.2).

use std::ops::Range;

/// More extension headers than this are not read: the chain is bounded.
pub const EXTENSIONS: usize = 8;

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Version,
    Length,
    Extensions,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: u8,
    pub teid: u32,
    pub sequence: Option<u16>,
    pub n_pdu: Option<u8>,
    /// Type of each extension header, and where its content is: neither length nor next type.
    pub extensions: Vec<(u8, Range<usize>)>,
    /// What stands where nothing is read: bits of the first octet, and octets 9 to 12.
    pub spare: [u8; 5],
    pub body: Range<usize>,
}

/// By the flags E, S and PN, which bits of the first octet and of octets 9 to 12 mean nothing (TS 29.281 5.1).
fn unread(flags: u8) -> [u8; 5] {
    let without = |flag: u8| if flags & flag != 0 { 0 } else { 0xff };
    if flags == 0 { [8, 0, 0, 0, 0] } else { [8, without(2), without(2), without(1), without(4)] }
}

/// Reads the header of one message; octets after its length are not looked at.
pub fn open(octets: &[u8]) -> Result<Head, Refused> {
    let [first, kind, high, low, a, b, c, d, ..] = *octets else { return Err(Refused::Length) };
    if first >> 4 != 0b0011 {
        return Err(Refused::Version); // version 1, protocol type GTP (TS 29.281 5.1)
    }
    let flags = first & 7;
    let end = 8 + usize::from(u16::from_be_bytes([high, low]));
    let start = if flags != 0 { 12 } else { 8 };
    let octets = octets.get(..end).filter(|octets| octets.len() >= start).ok_or(Refused::Length)?;
    let optional = if flags != 0 { [octets[8], octets[9], octets[10], octets[11]] } else { [0; 4] };
    let mut extensions = Vec::new();
    let at = if flags & 4 != 0 { chain(octets, optional[3], &mut extensions)? } else { start };
    let mask = unread(flags);
    let mut spare = [first & mask[0], 0, 0, 0, 0];
    for (at, octet) in optional.into_iter().enumerate() {
        spare[at + 1] = octet & mask[at + 1];
    }
    if extensions.is_empty() {
        spare[0] |= first & 4; // the flag of extension headers before an empty chain
    }
    Ok(Head {
        kind,
        teid: u32::from_be_bytes([a, b, c, d]),
        sequence: (flags & 2 != 0).then(|| u16::from_be_bytes([optional[0], optional[1]])),
        n_pdu: (flags & 1 != 0).then_some(optional[2]),
        extensions,
        spare,
        body: at..end,
    })
}

/// Reads the chain; where the body begins.
fn chain(octets: &[u8], mut kind: u8, found: &mut Vec<(u8, Range<usize>)>) -> Result<usize, Refused> {
    let mut at = 12;
    while kind != 0 {
        let size = 4 * usize::from(octets.get(at).copied().unwrap_or(0));
        if size == 0 || at + size > octets.len() || found.len() == EXTENSIONS {
            return Err(Refused::Extensions);
        }
        found.push((kind, at + 1..at + size - 1));
        kind = octets[at + size - 1];
        at += size;
    }
    Ok(at)
}

/// What is to be written; the contents of extension headers have 4n - 2 octets, at most 1018.
#[derive(Debug)]
pub struct Written<'a> {
    pub kind: u8,
    pub teid: u32,
    pub sequence: Option<u16>,
    pub n_pdu: Option<u8>,
    pub extensions: Vec<(u8, Vec<u8>)>,
    pub spare: [u8; 5],
    pub body: &'a [u8],
}

/// Writes one message; none where it is too long.
pub fn write(message: &Written) -> Option<Vec<u8>> {
    let there = |flag: u8, present: bool| if present { flag } else { 0 };
    let flags = there(4, !message.extensions.is_empty())
        | there(2, message.sequence.is_some())
        | there(1, message.n_pdu.is_some())
        | message.spare[0] & 4;
    let mask = unread(flags);
    let spare: [u8; 5] = std::array::from_fn(|at| message.spare[at] & mask[at]);
    let mut out = Vec::with_capacity(16 + message.body.len());
    out.extend_from_slice(&[0x30 | spare[0] | flags, message.kind, 0, 0]);
    out.extend_from_slice(&message.teid.to_be_bytes());
    if flags != 0 {
        let [high, low] = message.sequence.unwrap_or(0).to_be_bytes();
        let first = message.extensions.first().map_or(0, |extension| extension.0);
        out.extend_from_slice(&[
            high | spare[1],
            low | spare[2],
            message.n_pdu.unwrap_or(0) | spare[3],
            first | spare[4],
        ]);
        for (at, (_, content)) in message.extensions.iter().enumerate() {
            out.push(((content.len() + 2) / 4) as u8);
            out.extend_from_slice(content);
            out.push(message.extensions.get(at + 1).map_or(0, |extension| extension.0));
        }
    }
    out.extend_from_slice(message.body);
    let size = u16::try_from(out.len() - 8).ok()?;
    out[2..4].copy_from_slice(&size.to_be_bytes());
    Some(out)
}
