//! Ethernet frames of Ethernet PDU sessions, and the filters that match them (TS 23.501 5.6.10.2, 5.7.6.3).

use crate::filter::Filter;
use crate::inner;
use crate::rules::Direction;

pub type MacAddress = [u8; 6];

const CUSTOMER_TAG: u16 = 0x8100; // IEEE 802.1Q
const SERVICE_TAG: u16 = 0x88a8; // IEEE 802.1ad
const HEADER: usize = 14;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// What a frame says of itself; a tag is its sixteen bits of control information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub destination: MacAddress,
    pub source: MacAddress,
    pub service_tag: Option<u16>,
    pub customer_tag: Option<u16>,
    pub kind: u16,
    /// Where the payload begins.
    pub offset: usize,
}

/// Reads the header of a frame; `None` where it is cut, or comes from a group.
pub(crate) fn parse(octets: &[u8]) -> Option<Frame> {
    let header = octets.first_chunk::<HEADER>()?;
    let mut frame = Frame {
        destination: *header.first_chunk::<6>()?,
        source: *header.get(6..)?.first_chunk::<6>()?,
        service_tag: None,
        customer_tag: None,
        kind: u16::from_be_bytes([header[12], header[13]]),
        offset: HEADER,
    };
    if is_group(&frame.source) {
        return None;
    }
    for _ in 0..2 {
        let place = match frame.kind {
            SERVICE_TAG if frame.service_tag.is_none() => &mut frame.service_tag,
            CUSTOMER_TAG if frame.customer_tag.is_none() => &mut frame.customer_tag,
            _ => break,
        };
        let &[t0, t1, k0, k1] = octets.get(frame.offset..)?.first_chunk::<4>()?;
        *place = Some(u16::from_be_bytes([t0, t1]));
        frame.kind = u16::from_be_bytes([k0, k1]);
        frame.offset += 4;
    }
    Some(frame)
}

/// Whether an address is everybody's or a group's (IEEE 802 8.2.2).
pub(crate) fn is_group(address: &MacAddress) -> bool {
    address[0] & 1 != 0
}

/// One filter of Ethernet frames (TS 29.244 7.5.2.2), as frames of its rule's direction are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameFilter {
    /// First and last address; any of these, and none matches every frame.
    pub sources: Vec<(MacAddress, MacAddress)>,
    pub destinations: Vec<(MacAddress, MacAddress)>,
    pub kind: Option<u16>,
    /// The bits of a tag and which of them count.
    pub customer_tag: Option<(u16, u16)>,
    pub service_tag: Option<(u16, u16)>,
    /// Of the IP packet inside, any of these; none matches every frame.
    pub filters: Vec<Filter>,
}

impl FrameFilter {
    pub(crate) fn matches(&self, frame: &Frame, octets: &[u8], direction: Direction) -> bool {
        let within = |ranges: &[(MacAddress, MacAddress)], address: &MacAddress| {
            ranges.is_empty() || ranges.iter().any(|(first, last)| (first..=last).contains(&address))
        };
        let tagged = |wanted: Option<(u16, u16)>, tag: Option<u16>| {
            wanted.is_none_or(|(value, mask)| tag.is_some_and(|tag| tag & mask == value & mask))
        };
        within(&self.sources, &frame.source)
            && within(&self.destinations, &frame.destination)
            && self.kind.is_none_or(|kind| kind == frame.kind)
            && tagged(self.customer_tag, frame.customer_tag)
            && tagged(self.service_tag, frame.service_tag)
            && (self.filters.is_empty() || self.inside(frame, octets, direction))
    }

    fn inside(&self, frame: &Frame, octets: &[u8], direction: Direction) -> bool {
        if !matches!(frame.kind, IPV4 | IPV6) {
            return false;
        }
        let Some(inner) = octets.get(frame.offset..).and_then(inner::parse) else { return false };
        self.filters.iter().any(|filter| match direction {
            Direction::Uplink => filter.uplink(&inner),
            Direction::Downlink => filter.downlink(&inner),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_frame_has_two_tags_then_both_are_read_and_every_prefix_is_refused_or_read() {
        let mut octets = vec![1, 2, 3, 4, 5, 6, 2, 0, 0, 0, 0, 9, 0x88, 0xa8, 0x20, 5, 0x81, 0, 0, 7, 8, 0];
        let frame = parse(&octets).unwrap();
        assert_eq!((frame.service_tag, frame.customer_tag), (Some(0x2005), Some(7)));
        assert_eq!((frame.kind, frame.offset), (0x0800, 22));
        for end in 0..octets.len() {
            assert_eq!(parse(&octets[..end]), None);
        }
        octets[6] = 1;
        assert_eq!(parse(&octets), None, "nobody sends from a group address");
        octets[6] = 2;
        octets[12..18].copy_from_slice(&[0x81, 0, 0, 1, 0x81, 0]);
        assert_eq!(parse(&octets).map(|frame| (frame.kind, frame.offset)), Some((0x8100, 18)), "one tag of a kind");
    }
}
