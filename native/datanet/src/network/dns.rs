//! An authoritative name server over a small zone (RFC 1035).
use super::Config;
use crate::ip::u16_at;
use std::net::IpAddr;

const HEADER: usize = 12;
const NAME: usize = 255;
const A: u16 = 1;
const AAAA: u16 = 28; // RFC 3596 2.1
const INTERNET: u16 = 1;
const TTL_S: u32 = 60;

/// The response code (RFC 1035 4.1.1).
#[derive(Clone, Copy)]
enum Code {
    NoError = 0,
    FormatError = 1,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// One question: its name in lower case, type, class, and where it ends in the message.
struct Question {
    name: String,
    kind: u16,
    class: u16,
    end: usize,
}

/// The answer to one query, or `None` where silence is right: no query at all.
pub fn answer(config: &Config, query: &[u8]) -> Option<Vec<u8>> {
    let flags = u16_at(query, 2)?;
    if query.len() < HEADER || flags & 0x8000 != 0 {
        return None;
    }
    if flags & 0x7800 != 0 {
        return Some(respond(query, HEADER, Code::NotImplemented, None));
    }
    let question = if u16_at(query, 4)? == 1 { question(query) } else { None };
    let Some(question) = question else {
        return Some(respond(query, HEADER, Code::FormatError, None));
    };
    if question.class != INTERNET {
        return Some(respond(query, question.end, Code::Refused, None));
    }
    let (code, address) = match resolve(config, &question.name) {
        Some(addresses) => {
            let asked = |address: &IpAddr| question.kind == if address.is_ipv4() { A } else { AAAA };
            (Code::NoError, addresses.into_iter().find(asked))
        }
        None => (Code::NameError, None),
    };
    Some(respond(query, question.end, code, address))
}

/// Whether a query can be answered here: its name is ours, or it is no query that anybody could answer.
pub fn known(config: &Config, query: &[u8]) -> bool {
    let plain = query.len() >= HEADER && u16_at(query, 2).is_some_and(|flags| flags & 0xf800 == 0);
    match question(query).filter(|_| plain && u16_at(query, 4) == Some(1)) {
        Some(question) => resolve(config, &question.name).is_some(),
        None => true,
    }
}

/// Reads the one question after the header (RFC 1035 4.1.2); compression has no place there.
fn question(query: &[u8]) -> Option<Question> {
    let mut name = String::new();
    let mut offset = HEADER;
    loop {
        let length = usize::from(*query.get(offset)?);
        offset += 1;
        if length == 0 {
            break;
        }
        let label = query.get(offset..offset + length)?;
        if length > 63 || offset + length - HEADER > NAME {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|&octet| char::from(octet.to_ascii_lowercase())));
        offset += length;
    }
    Some(Question { name, kind: u16_at(query, offset)?, class: u16_at(query, offset + 2)?, end: offset + 4 })
}

/// The addresses of `name`: its own in the zone, or the network's for a catch-all domain.
fn resolve(config: &Config, name: &str) -> Option<Vec<IpAddr>> {
    if let Some(addresses) = config.zone.get(name) {
        return Some(addresses.clone());
    }
    let within = |domain: &str| {
        domain.is_empty() || name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    // RFC 6761 6.4: names under invalid never resolve; reverse names have no address here.
    let never = name.is_empty() || ["invalid", "arpa"].into_iter().any(within);
    (!never && config.catch_all.iter().any(|domain| within(domain)))
        .then(|| config.ipv4.map(IpAddr::V4).into_iter().chain(config.ipv6.map(IpAddr::V6)).collect())
}

fn respond(query: &[u8], end: usize, code: Code, address: Option<IpAddr>) -> Vec<u8> {
    let mut out = query[..end].to_vec();
    let questions = u16::from(end > HEADER);
    // RFC 1035 4.1.1: response, authoritative, recursion desired copied, recursion available.
    out[2] = 0x84 | (query[2] & 0x79);
    out[3] = 0x80 | code as u8;
    out[4..6].copy_from_slice(&questions.to_be_bytes());
    out[6..8].copy_from_slice(&u16::from(address.is_some()).to_be_bytes());
    out[8..12].fill(0);
    if let Some(address) = address {
        out.extend_from_slice(&[0xc0, HEADER as u8]);
        let (kind, octets) = match address {
            IpAddr::V4(address) => (A, address.octets().to_vec()),
            IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
        };
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&INTERNET.to_be_bytes());
        out.extend_from_slice(&TTL_S.to_be_bytes());
        out.extend_from_slice(&(octets.len() as u16).to_be_bytes());
        out.extend_from_slice(&octets);
    }
    out
}
