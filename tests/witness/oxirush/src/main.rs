//! Reads `ngap HEX` or `nas HEX` a line; answers with the octets that oxirush writes for what it read, or its error.
use oxirush_nas::nas_5gs::Nas5gsMessage;
use oxirush_ngap::ngap::NGAP_PDU;
use std::io::{BufRead, Write};

fn octets(digits: &str) -> Result<Vec<u8>, String> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or(""));
    pairs.map(|pair| u8::from_str_radix(pair, 16).map_err(|error| error.to_string())).collect()
}

fn again(line: &str) -> Result<Vec<u8>, String> {
    let (protocol, digits) = line.split_once(' ').ok_or("no protocol")?;
    let octets = octets(digits)?;
    match protocol {
        "ngap" => NGAP_PDU::decode(&octets).and_then(|pdu| pdu.encode()).map_err(|error| format!("{error:?}")),
        _ => Nas5gsMessage::decode(&octets).and_then(|message| message.encode()).map_err(|error| format!("{error:?}")),
    }
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        match again(line?.trim()) {
            Ok(octets) => {
                octets.iter().try_for_each(|octet| write!(out, "{octet:02x}"))?;
                writeln!(out)?;
            }
            Err(error) => writeln!(out, "error {}", error.replace('\n', " "))?,
        }
        out.flush()?;
    }
    Ok(())
}
