//! Segments of TCP and UDP made and joined in software, so that the host handles runs instead of packets (virtio 5.1.6).
//!
//! A TUN with offloads gives one packet of up to 64 kB for many segments, and takes such packets back. Tunnels carry
//! single packets: [`Segments`] cuts, [`joins`] says which packets may leave as one, and [`Joined`] writes their header.

/// The header before each packet of a TUN with offloads (virtio 5.1.6, legacy: the host's byte order).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    pub flags: u8,
    pub kind: u8,
    pub header_length: u16,
    pub segment: u16,
    pub checksum_start: u16,
    pub checksum_offset: u16,
}

pub const OFFLOAD_LENGTH: usize = 10;
const NEEDS_CHECKSUM: u8 = 1;
const NONE: u8 = 0;
const TCP_V4: u8 = 1;
const TCP_V6: u8 = 4;
const UDP_L4: u8 = 5;
const ECN: u8 = 0x80;
const TCP: u8 = 6;
const UDP: u8 = 17;

const FIN_PSH: u8 = 0x09;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
const CWR: u8 = 0x80;

/// Octets of one joined packet, headers included.
const LONGEST: usize = 65_535;
/// Packets in one joined packet: what one system call gathers.
pub const MOST: usize = 64;

impl Offload {
    pub fn read(octets: &[u8; OFFLOAD_LENGTH]) -> Self {
        let word = |at: usize| u16::from_ne_bytes([octets[at], octets[at + 1]]);
        Self {
            flags: octets[0],
            kind: octets[1],
            header_length: word(2),
            segment: word(4),
            checksum_start: word(6),
            checksum_offset: word(8),
        }
    }

    pub fn write(&self) -> [u8; OFFLOAD_LENGTH] {
        let mut octets = [0; OFFLOAD_LENGTH];
        (octets[0], octets[1]) = (self.flags, self.kind);
        let words = [self.header_length, self.segment, self.checksum_start, self.checksum_offset];
        for (place, word) in octets[2..].chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        octets
    }
}

/// The sum of 16-bit words in the host's order (RFC 1071 2); an odd last octet counts as if followed by zero.
#[inline]
fn sum(octets: &[u8], start: u64) -> u64 {
    let mut chunks = octets.chunks_exact(4);
    let mut total = start;
    for chunk in &mut chunks {
        total = total.wrapping_add(u64::from(u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]])));
    }
    let mut last = [0; 4];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    total.wrapping_add(u64::from(u32::from_ne_bytes(last)))
}

#[inline]
fn fold(mut total: u64) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// The pseudo header's sum: addresses, protocol and length (RFC 9293 3.1, RFC 8200 8.1).
fn pseudo(addresses: &[u8], protocol: u8, length: usize) -> u64 {
    let total = sum(addresses, u64::from(u16::from(protocol).to_be()));
    total.wrapping_add(u64::from((length as u16).to_be())).wrapping_add(u64::from(((length >> 16) as u16).to_be()))
}

fn addresses(packet: &[u8]) -> Option<&[u8]> {
    if packet.first()? >> 4 == 4 { packet.get(12..20) } else { packet.get(8..40) }
}

/// The segments of a packet of the host; one where it is whole already.
pub struct Segments<'a> {
    packet: &'a [u8],
    offload: Offload,
    header: usize,
    at: usize,
    count: u16,
}

impl<'a> Segments<'a> {
    /// `None` where the host's description does not fit its packet.
    pub fn new(offload: Offload, packet: &'a [u8]) -> Option<Self> {
        let kind = offload.kind & !ECN;
        let (header, fits) = match kind {
            NONE => (packet.len(), true),
            TCP_V4 | TCP_V6 => {
                let start = usize::from(offload.checksum_start);
                let words = packet.get(start + 12)? >> 4;
                let header = start + usize::from(words) * 4;
                let least = if kind == TCP_V4 { 20 } else { 40 };
                (header, start >= least && words >= 5 && header <= packet.len() && offload.segment > 0)
            }
            UDP_L4 => {
                let start = usize::from(offload.checksum_start);
                (start + 8, start >= 20 && start + 8 <= packet.len() && offload.segment > 0)
            }
            _ => return None,
        };
        fits.then_some(Self { packet, offload, header, at: header, count: 0 })
    }

    /// Writes the next segment into `room` and gives its length; `None` after the last, or where there is no room.
    pub fn next(&mut self, room: &mut [u8]) -> Option<usize> {
        if self.offload.kind == NONE {
            return self.whole(room);
        }
        let payload = self.packet.get(self.at..)?;
        if payload.is_empty() {
            return None;
        }
        let payload = &payload[..payload.len().min(usize::from(self.offload.segment))];
        let length = self.header + payload.len();
        let segment = room.get_mut(..length)?;
        segment[..self.header].copy_from_slice(&self.packet[..self.header]);
        segment[self.header..].copy_from_slice(payload);
        self.settle(segment);
        self.at += payload.len();
        self.count = self.count.wrapping_add(1);
        Some(length)
    }

    fn whole(&mut self, room: &mut [u8]) -> Option<usize> {
        if std::mem::replace(&mut self.count, 1) == 1 {
            return None;
        }
        let packet = room.get_mut(..self.packet.len())?;
        packet.copy_from_slice(self.packet);
        if self.offload.flags & NEEDS_CHECKSUM != 0 {
            // The field holds the pseudo header's sum already: it is part of what is summed.
            let start = usize::from(self.offload.checksum_start);
            let field = start + usize::from(self.offload.checksum_offset);
            let checksum = !fold(sum(packet.get(start..)?, 0));
            packet.get_mut(field..field + 2)?.copy_from_slice(&checksum.to_ne_bytes());
        }
        Some(self.packet.len())
    }

    /// Makes the copied headers those of this segment.
    fn settle(&self, segment: &mut [u8]) {
        let (length, start) = (segment.len(), usize::from(self.offload.checksum_start));
        let last = self.at + length - self.header == self.packet.len();
        set_length(segment, length, self.count);
        if self.offload.kind == UDP_L4 {
            segment[start + 4..start + 6].copy_from_slice(&((length - start) as u16).to_be_bytes());
            return set_checksum(segment, start, UDP, 6);
        }
        let sequence =
            u32::from_be_bytes([segment[start + 4], segment[start + 5], segment[start + 6], segment[start + 7]])
                .wrapping_add((self.at - self.header) as u32);
        segment[start + 4..start + 8].copy_from_slice(&sequence.to_be_bytes());
        if !last {
            segment[start + 13] &= !FIN_PSH;
        }
        if self.count > 0 {
            segment[start + 13] &= !CWR;
        }
        set_checksum(segment, start, TCP, 16);
    }
}

/// Sets the transport's checksum, `offset` into its header at `start`; a UDP one of 0 is written as all ones (RFC 768).
fn set_checksum(packet: &mut [u8], start: usize, protocol: u8, offset: usize) {
    let field = start + offset..start + offset + 2;
    packet[field.clone()].fill(0);
    let pseudo = pseudo(addresses(packet).unwrap_or(&[]), protocol, packet.len() - start);
    let checksum = match !fold(sum(&packet[start..], pseudo)) {
        0 if protocol == UDP => 0xffff,
        checksum => checksum,
    };
    packet[field].copy_from_slice(&checksum.to_ne_bytes());
}

/// Sets the length an IP header states, and in IPv4 its identification, `step` further, and its checksum.
fn set_length(packet: &mut [u8], length: usize, step: u16) {
    if packet[0] >> 4 == 6 {
        packet[4..6].copy_from_slice(&((length - 40) as u16).to_be_bytes());
        return;
    }
    let identification = u16::from_be_bytes([packet[4], packet[5]]).wrapping_add(step);
    packet[2..4].copy_from_slice(&(length as u16).to_be_bytes());
    packet[4..6].copy_from_slice(&identification.to_be_bytes());
    packet[10..12].fill(0);
    let header = usize::from(packet[0] & 0x0f) * 4;
    let checksum = !fold(sum(&packet[..header.min(length)], 0));
    packet[10..12].copy_from_slice(&checksum.to_ne_bytes());
}

/// What decides whether a packet continues another.
#[derive(Clone, Copy)]
struct Shape {
    protocol: u8,
    ip: usize,
    header: usize,
    payload: usize,
    sequence: u32,
    flags: u8,
}

/// The shape of a segment that may be joined: plain headers, data, a right checksum.
fn shape(packet: &[u8]) -> Option<Shape> {
    let (ip, protocol) = match packet.first()? {
        0x45 if packet.get(6)? & 0x3f == 0 && *packet.get(7)? == 0 => (20, *packet.get(9)?),
        version if version >> 4 == 6 => (40, *packet.get(6)?),
        _ => return None,
    };
    let shape = match protocol {
        TCP => shape_tcp(packet, ip)?,
        UDP => shape_udp(packet, ip)?,
        _ => return None,
    };
    let whole = fold(sum(&packet[ip..], pseudo(addresses(packet)?, protocol, packet.len() - ip))) == 0xffff;
    whole.then_some(shape)
}

/// TCP with no flag but ACK and PSH.
fn shape_tcp(packet: &[u8], ip: usize) -> Option<Shape> {
    let tcp = packet.get(ip..)?.first_chunk::<20>()?;
    let header = ip + usize::from(tcp[12] >> 4) * 4;
    if header < ip + 20 || header >= packet.len() || tcp[13] & !PSH != ACK {
        return None;
    }
    let sequence = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
    Some(Shape { protocol: TCP, ip, header, payload: packet.len() - header, sequence, flags: tcp[13] })
}

/// UDP with a checksum; the order of its packets is the order in which they came.
fn shape_udp(packet: &[u8], ip: usize) -> Option<Shape> {
    let udp = packet.get(ip..)?.first_chunk::<8>()?;
    let whole = usize::from(u16::from_be_bytes([udp[4], udp[5]])) == packet.len() - ip;
    let header = ip + 8;
    (whole && header < packet.len() && udp[6..8] != [0, 0]).then_some(Shape {
        protocol: UDP,
        ip,
        header,
        payload: packet.len() - header,
        sequence: 0,
        flags: 0,
    })
}

/// Whether two headers differ only where segments of one run do.
fn alike(one: &[u8], other: &[u8], shape: Shape) -> bool {
    let (ip, header) = (shape.ip, shape.header);
    let same = |from: usize, to: usize| one.get(from..to) == other.get(from..to);
    let network = if ip == 20 { same(0, 2) && same(6, 10) && same(12, 20) } else { same(0, 4) && same(6, 40) };
    if shape.protocol == UDP {
        return network && same(ip, ip + 4);
    }
    network && same(ip, ip + 4) && same(ip + 8, ip + 13) && same(ip + 14, ip + 16) && same(ip + 18, header)
}

/// Packets that leave as one, by their place in the batch.
pub struct Joined {
    pub places: Vec<u16>,
    shape: Option<Shape>,
    next: u32,
    octets: usize,
    open: bool,
}

/// Sorts a batch into runs, in the order in which they begin; what cannot be joined is a run of its own.
pub fn joins<'a>(count: usize, packet: impl Fn(usize) -> &'a [u8]) -> Vec<Joined> {
    let mut runs: Vec<Joined> = Vec::new();
    for place in 0..count {
        let octets = packet(place);
        let Some(shape) = shape(octets) else {
            runs.push(Joined { places: vec![place as u16], shape: None, next: 0, octets: 0, open: false });
            continue;
        };
        let known = runs.iter_mut().rev().find(|run| {
            run.shape.is_some_and(|first| {
                (first.protocol, first.ip, first.header) == (shape.protocol, shape.ip, shape.header) && {
                    let start = packet(usize::from(run.places[0]));
                    start.get(first.ip..first.ip + 4) == octets.get(shape.ip..shape.ip + 4)
                        && addresses(start) == addresses(octets)
                }
            })
        });
        if let Some(run) = known
            && run.takes(shape, |first| alike(packet(first), octets, shape))
        {
            run.add(place, shape);
            continue;
        }
        let open = shape.flags & PSH == 0;
        let next = shape.sequence.wrapping_add(shape.payload as u32);
        runs.push(Joined { places: vec![place as u16], shape: Some(shape), next, octets: octets.len(), open });
    }
    runs
}

impl Joined {
    fn takes(&self, shape: Shape, alike: impl Fn(usize) -> bool) -> bool {
        let Some(first) = self.shape else { return false };
        self.open
            && (shape.sequence == self.next || shape.protocol == UDP)
            && shape.payload <= first.payload
            && self.places.len() < MOST
            && self.octets + shape.payload <= LONGEST
            && alike(usize::from(self.places[0]))
    }

    fn add(&mut self, place: usize, shape: Shape) {
        self.places.push(place as u16);
        self.next = self.next.wrapping_add(shape.payload as u32);
        self.octets += shape.payload;
        // A shorter or pushed segment ends its run: what follows would not be cut where it was.
        self.open = shape.flags & PSH == 0 && self.shape.is_some_and(|first| first.payload == shape.payload);
        if let Some(first) = &mut self.shape {
            first.flags |= shape.flags;
        }
    }

    /// The header of the joined packet, from that of its first one, and what the host is told of it.
    pub fn header(&self, first: &[u8], room: &mut [u8; 128]) -> (Offload, usize) {
        let Some(shape) = self.shape.filter(|shape| self.places.len() > 1 && shape.header <= room.len()) else {
            return (Offload::default(), 0);
        };
        let (ip, header) = (shape.ip, shape.header);
        room[..header].copy_from_slice(&first[..header]);
        set_length_joined(&mut room[..header], self.octets);
        let (kind, checksum_offset) = match (shape.protocol, ip) {
            (UDP, _) => (UDP_L4, 6),
            (_, 20) => (TCP_V4, 16),
            _ => (TCP_V6, 16),
        };
        if shape.protocol == UDP {
            room[ip + 4..ip + 6].copy_from_slice(&((self.octets - ip) as u16).to_be_bytes());
        } else {
            room[ip + 13] = shape.flags;
        }
        let partial = fold(pseudo(addresses(first).unwrap_or(&[]), shape.protocol, self.octets - ip));
        let field = ip + usize::from(checksum_offset);
        room[field..field + 2].copy_from_slice(&partial.to_ne_bytes());
        let offload = Offload {
            flags: NEEDS_CHECKSUM,
            kind,
            header_length: header as u16,
            segment: shape.payload as u16,
            checksum_start: ip as u16,
            checksum_offset,
        };
        (offload, header)
    }
}

fn set_length_joined(header: &mut [u8], length: usize) {
    if header[0] >> 4 == 6 {
        header[4..6].copy_from_slice(&((length - 40) as u16).to_be_bytes());
    } else {
        header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        header[10..12].fill(0);
        let checksum = !fold(sum(&header[..20], 0));
        header[10..12].copy_from_slice(&checksum.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp4(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0x10, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0x12, 0x34, 0, 80]);
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 9, 0x80, flags, 1, 0, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
        packet.resize(52, 0);
        packet.extend(payload);
        let length = packet.len();
        set_length(&mut packet, length, 0);
        checksum(&mut packet, 20);
        packet
    }

    fn tcp6(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, 6, 64];
        packet.extend([1; 16]);
        packet.extend([2; 16]);
        packet.extend([0x12, 0x34, 0, 80]);
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 9, 0x50, flags, 1, 0, 0, 0, 0, 0]);
        packet.extend(payload);
        let length = packet.len();
        set_length(&mut packet, length, 0);
        checksum(&mut packet, 40);
        packet
    }

    fn checksum(packet: &mut [u8], ip: usize) {
        set_checksum(packet, ip, TCP, 16);
    }

    fn joined(packets: &[Vec<u8>]) -> Vec<(Offload, Vec<u8>)> {
        joins(packets.len(), |place| &packets[place])
            .iter()
            .map(|run| {
                let mut room = [0; 128];
                let (offload, header) = run.header(&packets[usize::from(run.places[0])], &mut room);
                let mut whole = room[..header].to_vec();
                for place in &run.places {
                    whole.extend(&packets[usize::from(*place)][header..]);
                }
                (offload, whole)
            })
            .collect()
    }

    fn cut(offload: Offload, packet: &[u8]) -> Vec<Vec<u8>> {
        let mut segments = Segments::new(offload, packet).unwrap();
        let mut room = vec![0; 9216];
        std::iter::from_fn(|| segments.next(&mut room).map(|length| room[..length].to_vec())).collect()
    }

    #[test]
    fn when_a_run_is_joined_and_cut_then_it_is_the_same() {
        for make in [tcp4, tcp6] {
            let mut sequence = u32::MAX - 2000;
            let mut packets = Vec::new();
            for turn in 0..6_usize {
                let payload = vec![turn as u8; if turn == 5 { 333 } else { 1000 }];
                packets.push(make(sequence, if turn == 5 { ACK | PSH } else { ACK }, &payload));
                sequence = sequence.wrapping_add(payload.len() as u32);
            }
            if packets[0][0] == 0x45 {
                for (turn, packet) in packets.iter_mut().enumerate() {
                    let length = packet.len();
                    set_length(packet, length, turn as u16);
                }
            }
            let runs = joined(&packets);
            assert_eq!(runs.len(), 1);
            assert_eq!(runs[0].0.segment, 1000);
            assert_eq!(cut(runs[0].0, &runs[0].1), packets);
        }
    }

    fn udp(version: u8, port: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = if version == 4 {
            vec![0x45, 0, 0, 0, 0x10, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
        } else {
            [&[0x60, 0, 0, 0, 0, 0, 17, 64][..], &[1; 16], &[2; 16]].concat()
        };
        let start = packet.len();
        packet.extend([0x12, port, 0, 80]);
        packet.extend((payload.len() as u16 + 8).to_be_bytes());
        packet.extend([0, 0]);
        packet.extend(payload);
        let length = packet.len();
        set_length(&mut packet, length, 0);
        set_checksum(&mut packet, start, UDP, 6);
        packet
    }

    #[test]
    fn when_datagrams_are_joined_and_cut_then_they_are_the_same() {
        for version in [4, 6] {
            let mut packets: Vec<_> =
                (0..5_u8).map(|turn| udp(version, 1, &vec![turn; if turn == 4 { 7 } else { 99 }])).collect();
            for (turn, packet) in packets.iter_mut().enumerate().filter(|_| version == 4) {
                let length = packet.len();
                set_length(packet, length, turn as u16);
            }
            let runs = joined(&packets);
            assert_eq!(runs.len(), 1);
            assert_eq!((runs[0].0.kind, runs[0].0.segment), (UDP_L4, 99));
            assert_eq!(cut(runs[0].0, &runs[0].1), packets);
        }
        let mut open = udp(4, 1, &[2; 99]);
        open[26..28].fill(0);
        for second in [open, udp(4, 2, &[2; 99]), udp(4, 1, &[2; 100]), udp(6, 1, &[2; 99]), tcp4(0, ACK, &[1; 99])] {
            assert_eq!(joined(&[udp(4, 1, &[1; 99]), second]).len(), 2);
        }
    }

    #[test]
    fn when_flows_interleave_then_each_has_its_run_in_order() {
        let other = |sequence, payload: &[u8]| {
            let mut packet = tcp4(sequence, ACK, payload);
            packet[21] = 0x99;
            checksum(&mut packet, 20);
            packet
        };
        let packets = vec![
            tcp4(0, ACK, &[1; 100]),
            other(7, &[2; 100]),
            tcp4(100, ACK, &[3; 100]),
            other(107, &[4; 100]),
            tcp4(200, ACK, &[5; 50]),
            tcp4(250, ACK, &[6; 100]),
        ];
        let runs: Vec<_> = joins(packets.len(), |place| &packets[place]).into_iter().map(|run| run.places).collect();
        assert_eq!(runs, [vec![0, 2, 4], vec![1, 3], vec![5]]);
    }

    #[test]
    fn when_packets_do_not_continue_one_another_then_they_stay_alone() {
        let first = tcp4(0, ACK, &[1; 100]);
        let mut broken = tcp4(100, ACK, &[2; 100]);
        *broken.last_mut().unwrap() ^= 1;
        let mut marked = tcp4(100, ACK, &[2; 100]);
        marked[1] = 3;
        let length = marked.len();
        set_length(&mut marked, length, 0);
        for second in [
            broken,
            marked,
            tcp4(101, ACK, &[2; 100]),
            tcp4(100, ACK, &[2; 101]),
            tcp4(100, ACK | 1, &[2; 100]),
            tcp4(100, ACK, &[]),
            tcp6(100, ACK, &[2; 100]),
            vec![0x45; 28],
            vec![],
        ] {
            assert_eq!(joined(&[first.clone(), second]).len(), 2);
        }
        assert_eq!(joined(&[tcp4(0, ACK | PSH, &[1; 100]), tcp4(100, ACK, &[2; 100])]).len(), 2);
    }

    #[test]
    fn when_the_host_left_the_checksum_open_then_it_is_completed() {
        for (make, ip) in [(tcp4 as fn(u32, u8, &[u8]) -> Vec<u8>, 20), (tcp6, 40)] {
            let whole = make(5, ACK, &[7; 99]);
            let mut open = whole.clone();
            let partial = fold(pseudo(addresses(&whole).unwrap(), TCP, whole.len() - ip));
            open[ip + 16..ip + 18].copy_from_slice(&partial.to_ne_bytes());
            let offload =
                Offload { flags: NEEDS_CHECKSUM, checksum_start: ip as u16, checksum_offset: 16, ..Offload::default() };
            assert_eq!(cut(offload, &open), [whole]);
        }
    }

    #[test]
    fn when_the_description_does_not_fit_then_nothing_panics() {
        let packet = tcp4(0, ACK, &[1; 300]);
        let mut state = 1_u32;
        for _ in 0..200_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let offload = Offload {
                flags: (state >> 3) as u8 & 1,
                kind: [0, 1, 4, 3, 5, 0x81][(state >> 5) as usize % 6],
                header_length: 52,
                segment: (state >> 8) as u16 % 200,
                checksum_start: (state >> 16) as u16 % 400,
                checksum_offset: (state >> 20) as u16 % 400,
            };
            let end = (state >> 4) as usize % (packet.len() + 1);
            if let Some(mut segments) = Segments::new(offload, &packet[..end]) {
                let mut room = [0; 2000];
                while segments.next(&mut room).is_some() {}
            }
        }
    }

    #[test]
    fn when_a_header_is_written_then_it_is_read_again() {
        let offload =
            Offload { flags: 1, kind: 2, header_length: 3, segment: 4, checksum_start: 5, checksum_offset: 6 };
        assert_eq!(Offload::read(&offload.write()), offload);
    }
}
