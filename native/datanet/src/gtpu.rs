//! GTP-U as a gNB needs it: G-PDU with the PDU session container, echo, error indication (TS 29.281, TS 38.415).
use crate::ip::{u16_at, u32_at};
use std::net::IpAddr;

pub const PORT: u16 = 2152;
const ECHO_REQUEST: u8 = 1;
const ECHO_RESPONSE: u8 = 2;
const ERROR_INDICATION: u8 = 26;
const SUPPORTED_EXTENSION_HEADERS: u8 = 31;
const END_MARKER: u8 = 254;
const G_PDU: u8 = 255;
const PDU_SESSION_CONTAINER: u8 = 0x85;
const MANDATORY: usize = 8;
const OPTIONAL: usize = 4;

/// One received message, as far as a gNB acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    GPdu { teid: u32, qfi: Option<u8>, payload: &'a [u8] },
    EchoRequest { sequence: u16 },
    EchoResponse,
    ErrorIndication { teid: u32 },
    EndMarker { teid: u32 },
    UnknownExtension,
    Other,
}

/// Reads one message; `None` where it is not well formed (TS 29.281 5.1, 5.2).
pub fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    let flags = *bytes.first()?;
    let kind = *bytes.get(1)?;
    let end = MANDATORY + usize::from(u16_at(bytes, 2)?);
    let teid = u32_at(bytes, 4)?;
    // TS 29.281 5.1: version 1, protocol type GTP.
    if flags >> 4 != 0b0011 || end > bytes.len() {
        return None;
    }
    let bytes = &bytes[..end];
    let (mut offset, mut next, mut sequence) = (MANDATORY, 0, 0);
    if flags & 0x07 != 0 {
        sequence = u16_at(bytes, MANDATORY)?;
        next = if flags & 0x04 != 0 { *bytes.get(11)? } else { 0 };
        offset = MANDATORY + OPTIONAL;
    }
    let mut qfi = None;
    while next != 0 {
        let length = usize::from(*bytes.get(offset)?) * 4;
        if length == 0 || offset + length > bytes.len() {
            return None;
        }
        match next {
            PDU_SESSION_CONTAINER => qfi = Some(bytes[offset + 2] & 0x3f),
            // TS 29.281 5.2.1: the first bit asks the endpoint to understand the header.
            unknown if unknown & 0x80 != 0 => return Some(Message::UnknownExtension),
            _ => {}
        }
        next = bytes[offset + length - 1];
        offset += length;
    }
    Some(match kind {
        G_PDU => Message::GPdu { teid, qfi, payload: bytes.get(offset..)? },
        ECHO_REQUEST => Message::EchoRequest { sequence },
        ECHO_RESPONSE => Message::EchoResponse,
        // TS 29.281 7.3.1: Tunnel Endpoint Identifier Data I is the first mandatory IE, type 16.
        ERROR_INDICATION if bytes.get(offset) == Some(&16) => {
            Message::ErrorIndication { teid: u32_at(bytes, offset + 1)? }
        }
        END_MARKER => Message::EndMarker { teid },
        _ => Message::Other,
    })
}

/// An uplink G-PDU: `packet` behind a PDU session container of type 1 (TS 38.415 5.5.2.2).
pub fn uplink(teid: u32, qfi: u8, packet: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(packet.len().checked_add(2 * OPTIONAL)?).ok()?;
    let mut out = Vec::with_capacity(MANDATORY + 2 * OPTIONAL + packet.len());
    out.extend_from_slice(&[0x34, G_PDU]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&teid.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, PDU_SESSION_CONTAINER, 1, 0x10, qfi & 0x3f, 0]);
    out.extend_from_slice(packet);
    Some(out)
}

/// A message of `kind` with a sequence number and TEID 0 (TS 29.281 5.1: S is set in all path messages).
fn path_message(kind: u8, sequence: u16, elements: &[u8]) -> Vec<u8> {
    let mut out = vec![0x32, kind];
    out.extend_from_slice(&((OPTIONAL + elements.len()) as u16).to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(elements);
    out
}

/// An echo request (TS 29.281 7.2.1).
pub fn echo_request(sequence: u16) -> Vec<u8> {
    path_message(ECHO_REQUEST, sequence, &[])
}

/// The answer to an echo request (TS 29.281 7.2.2): the recovery IE with its value 0.
pub fn echo_response(sequence: u16) -> Vec<u8> {
    path_message(ECHO_RESPONSE, sequence, &[14, 0])
}

/// An error indication about a G-PDU for `teid` that arrived at `address` (TS 29.281 7.3.1).
pub fn error_indication(teid: u32, address: IpAddr) -> Vec<u8> {
    let mut elements = vec![16];
    elements.extend_from_slice(&teid.to_be_bytes());
    elements.push(133);
    match address {
        IpAddr::V4(address) => {
            elements.extend_from_slice(&4u16.to_be_bytes());
            elements.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            elements.extend_from_slice(&16u16.to_be_bytes());
            elements.extend_from_slice(&address.octets());
        }
    }
    path_message(ERROR_INDICATION, 0, &elements)
}

/// The notification that only the PDU session container is understood (TS 29.281 7.2.3).
pub fn supported_extension_headers() -> Vec<u8> {
    path_message(SUPPORTED_EXTENSION_HEADERS, 0, &[141, 1, PDU_SESSION_CONTAINER])
}
