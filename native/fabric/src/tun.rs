//! A TUN interface: packets one by one, or runs of them where the kernel was asked for offloads.
use crate::offload::{Joined, MOST, OFFLOAD_LENGTH, Offload, Segments, joins};
use crate::ring::TURN;
use crate::sys;
use freehold_userplane::{Packet, Port, Recycler};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// The longest packet of an interface with offloads, and its header.
const LONGEST: usize = OFFLOAD_LENGTH + 65_536;

/// An open descriptor and the storage of its runs.
pub struct Tun {
    descriptor: OwnedFd,
    pub ready: bool,
    /// Packets that the interface did not take.
    pub lost: u64,
    storage: Option<Box<[u8]>>,
}

impl Tun {
    /// With `offloads`, each packet of the descriptor has a header of ten octets before it.
    pub fn new(descriptor: OwnedFd, offloads: bool) -> std::io::Result<Self> {
        sys::set_nonblocking(&descriptor)?;
        Ok(Self { descriptor, ready: true, lost: 0, storage: offloads.then(|| vec![0; LONGEST].into()) })
    }

    pub fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Reads what waits, about a turn.
    pub fn read(&mut self, port: Port, source: SocketAddr, recycler: &mut Recycler, packets: &mut Vec<Packet>) {
        let most = packets.len() + TURN;
        while self.ready && packets.len() < most {
            self.ready = match &mut self.storage {
                Some(storage) => read_run(&self.descriptor, storage, port, source, recycler, packets),
                None => read_one(&self.descriptor, port, source, recycler, packets),
            };
        }
    }

    /// Writes packets in order; what the interface cannot take now is lost, as on any wire.
    pub fn write(&mut self, packets: &mut [Packet]) {
        if self.storage.is_none() {
            let refused =
                packets.iter().filter(|packet| sys::write(&self.descriptor, packet.octets()).is_err()).count();
            self.lost += refused as u64;
            return;
        }
        for run in joins(packets.len(), |place| packets[place].octets()) {
            if run.places.len() > 1 && self.write_run(&run, packets) {
                continue;
            }
            for place in run.places {
                self.write_alone(&mut packets[usize::from(place)]);
            }
        }
    }

    /// Writes a run as one packet; false where this kernel takes no such runs: of UDP before 6.2.
    fn write_run(&mut self, run: &Joined, packets: &[Packet]) -> bool {
        let mut room = [0; 128];
        let (offload, header) = run.header(packets[usize::from(run.places[0])].octets(), &mut room);
        let described = offload.write();
        let mut parts = [IoSlice::new(&[]); MOST + 2];
        (parts[0], parts[1]) = (IoSlice::new(&described), IoSlice::new(&room[..header]));
        for (part, place) in parts[2..].iter_mut().zip(&run.places) {
            *part = IoSlice::new(packets[usize::from(*place)].octets().get(header..).unwrap_or(&[]));
        }
        match sys::write_parts(&self.descriptor, &parts[..run.places.len() + 2]) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return false,
            Err(_) => self.lost += run.places.len() as u64,
            Ok(_) => {}
        }
        true
    }

    /// In one piece: a vector of pieces costs a twentieth more.
    fn write_alone(&mut self, packet: &mut Packet) {
        let written = packet.headed(&Offload::default().write()).map(|octets| sys::write(&self.descriptor, octets));
        self.lost += u64::from(!matches!(written, Some(Ok(_))));
    }
}

fn read_one(
    descriptor: &OwnedFd,
    port: Port,
    source: SocketAddr,
    recycler: &mut Recycler,
    packets: &mut Vec<Packet>,
) -> bool {
    let mut packet = recycler.take();
    match sys::read(descriptor, packet.room()) {
        Ok(length) if length > 0 => {
            packet.received(length, port, source);
            packets.push(packet);
            true
        }
        _ => {
            recycler.keep(packet);
            false
        }
    }
}

fn read_run(
    descriptor: &OwnedFd,
    storage: &mut [u8],
    port: Port,
    source: SocketAddr,
    recycler: &mut Recycler,
    packets: &mut Vec<Packet>,
) -> bool {
    let Ok(length) = sys::read(descriptor, storage) else { return false };
    let Some((described, whole)) = storage.get(..length).and_then(<[u8]>::split_first_chunk::<OFFLOAD_LENGTH>) else {
        return length > 0;
    };
    let Some(mut segments) = Segments::new(Offload::read(described), whole) else { return true };
    loop {
        let mut packet = recycler.take();
        let Some(length) = segments.next(packet.room()) else {
            recycler.keep(packet);
            return true;
        };
        packet.received(length, port, source);
        packets.push(packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    fn packet(octets: &[u8]) -> Packet {
        let mut packet = Packet::default();
        packet.fill(octets);
        packet
    }

    #[test]
    fn when_packets_cannot_be_joined_then_each_is_written_in_order_behind_an_empty_header() {
        let (host, interface) = UnixDatagram::pair().unwrap();
        let mut tun = Tun::new(interface.into(), true).unwrap();
        let whole: [&[u8]; 3] = [&[0x45; 20], &[0x60; 48], &[]];
        tun.write(&mut whole.map(packet));
        for expected in whole {
            let mut room = [0xff; 100];
            let length = host.recv(&mut room).unwrap();
            assert_eq!(room[..length], [&[0; OFFLOAD_LENGTH], expected].concat());
        }
        assert_eq!(tun.lost, 0);
        drop(host);
        tun.write(&mut whole.map(packet));
        assert_eq!(tun.lost, 3);
    }

    #[test]
    fn when_an_interface_holds_more_than_a_turn_then_it_stays_ready_until_all_is_read() {
        let (host, interface) = UnixDatagram::pair().unwrap();
        sys::set_option(&host.try_clone().unwrap().into(), libc::SOL_SOCKET, libc::SO_SNDBUF, 200_000).unwrap();
        for number in 0..TURN as u32 + 44 {
            host.send(&number.to_be_bytes()).unwrap();
        }
        let mut tun = Tun::new(interface.into(), false).unwrap();
        let (mut recycler, mut packets) = (Recycler::default(), Vec::new());
        let nobody = SocketAddr::from(([0, 0, 0, 0], 0));
        tun.read(Port::N6(0), nobody, &mut recycler, &mut packets);
        assert_eq!((packets.len(), tun.ready), (TURN, true));
        tun.read(Port::N6(0), nobody, &mut recycler, &mut packets);
        assert!(!tun.ready);
        let numbers = packets.iter().map(|packet| packet.octets().to_vec());
        assert!(numbers.eq((0..TURN as u32 + 44).map(|number| number.to_be_bytes().to_vec())));
    }
}
