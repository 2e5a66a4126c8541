//! A TUN interface: packets one by one, or runs of them where the kernel was asked for offloads.
use crate::offload::{MOST, OFFLOAD_LENGTH, Offload, Segments, joins};
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
    pub fn write(&mut self, packets: &[Packet]) {
        if self.storage.is_none() {
            let refused =
                packets.iter().filter(|packet| sys::write(&self.descriptor, packet.octets()).is_err()).count();
            self.lost += refused as u64;
            return;
        }
        for run in joins(packets.len(), |place| packets[place].octets()) {
            let mut room = [0; 128];
            let (offload, header) = run.header(packets[usize::from(run.places[0])].octets(), &mut room);
            let described = offload.write();
            let mut parts = [IoSlice::new(&[]); MOST + 2];
            (parts[0], parts[1]) = (IoSlice::new(&described), IoSlice::new(&room[..header]));
            for (part, place) in parts[2..].iter_mut().zip(&run.places) {
                *part = IoSlice::new(packets[usize::from(*place)].octets().get(header..).unwrap_or(&[]));
            }
            let Err(error) = sys::write_parts(&self.descriptor, &parts[..run.places.len() + 2]) else { continue };
            if header == 0 || error.raw_os_error() != Some(libc::EINVAL) {
                self.lost += run.places.len() as u64;
                continue;
            }
            // A kernel before 6.2 takes no runs of UDP.
            let alone = Offload::default().write();
            for place in &run.places {
                let parts = [IoSlice::new(&alone), IoSlice::new(packets[usize::from(*place)].octets())];
                self.lost += u64::from(sys::write_parts(&self.descriptor, &parts).is_err());
            }
        }
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
