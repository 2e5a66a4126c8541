//! A UDP socket in batches: many datagrams a system call, and runs of equal ones as one (UDP GRO and GSO).
use crate::ring::TURN;
use crate::sys::{self, Name};
use freehold_userplane::{Packet, Port, Recycler};
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

/// Datagrams, or runs of them, a system call.
const BATCH: usize = 32;
/// The longest run that one receive may bring.
const LONGEST: usize = 65_536;
/// Datagrams in one run that is sent: the kernel's limit.
const RUN: usize = 64;
/// Octets of one run that is sent.
const RUN_OCTETS: usize = 60_000;
/// Octets the kernel may keep each way for this socket; root may exceed the host's limit.
const SOCKET_BUFFER: libc::c_int = 8 << 20;
/// Room for one control message with an integer in it.
const CONTROL: usize = 64;

/// A datagram to send: where to, the type of service or traffic class of its IP header, and its octets.
pub type Datagram<'a> = (SocketAddr, u8, &'a [u8]);

/// A bound socket and the storage of its batches.
pub struct Udp {
    descriptor: OwnedFd,
    storage: Box<[u8]>,
    segmentation: bool,
    /// How many runs the next receive takes: few where they are long, so that a turn stays short.
    wanted: usize,
    pub lost: u64,
}

impl Udp {
    pub fn new(descriptor: OwnedFd) -> std::io::Result<Self> {
        sys::set_nonblocking(&descriptor)?;
        // Each of these makes it faster and none is needed: an old kernel lacks them.
        let _ = sys::set_option(&descriptor, libc::SOL_UDP, libc::UDP_GRO, 1);
        for (forced, name) in [(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF), (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF)] {
            let set = |name| sys::set_option(&descriptor, libc::SOL_SOCKET, name, SOCKET_BUFFER);
            let _ = set(forced).or_else(|_| set(name));
        }
        Ok(Self { descriptor, storage: vec![0; BATCH * LONGEST].into(), segmentation: true, wanted: BATCH, lost: 0 })
    }

    pub fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    /// Receives what waits, at most a batch of runs; whether more may wait.
    pub fn receive(&mut self, recycler: &mut Recycler, packets: &mut Vec<Packet>) -> bool {
        // SAFETY: zeroed message headers, vectors and names are valid, and every pointer put into them points into
        // storage that outlives the call and is as long as said.
        let (count, headers, names, controls) = unsafe {
            let mut headers: [libc::mmsghdr; BATCH] = zeroed();
            let mut names: [Name; BATCH] = zeroed();
            let mut vectors: [libc::iovec; BATCH] = zeroed();
            let mut controls = [[0_u64; CONTROL / 8]; BATCH];
            for (place, room) in self.storage.chunks_exact_mut(LONGEST).enumerate() {
                vectors[place] = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: LONGEST };
                let header = &mut headers[place].msg_hdr;
                header.msg_name = (&raw mut names[place]).cast();
                header.msg_namelen = size_of::<Name>() as libc::socklen_t;
                header.msg_iov = &raw mut vectors[place];
                header.msg_iovlen = 1;
                header.msg_control = controls[place].as_mut_ptr().cast();
                header.msg_controllen = CONTROL as _;
            }
            let socket = self.descriptor.as_raw_fd();
            let count = libc::recvmmsg(socket, headers.as_mut_ptr(), self.wanted as _, 0, std::ptr::null_mut());
            (usize::try_from(count).unwrap_or(0), headers, names, controls)
        };
        let before = packets.len();
        for place in 0..count {
            let Some(peer) = sys::get_name(&names[place]) else { continue };
            let length = (headers[place].msg_len as usize).min(LONGEST);
            let run = &self.storage[place * LONGEST..place * LONGEST + length];
            let control = (headers[place].msg_hdr.msg_controllen > 0).then_some(&controls[place]);
            let segment = control.and_then(segment_length).unwrap_or(length).max(1);
            for octets in run.chunks(segment) {
                let mut packet = recycler.take();
                packet.fill(octets);
                (packet.port, packet.peer) = (Port::N3, peer);
                packets.push(packet);
            }
        }
        let full = count == self.wanted;
        self.wanted = if packets.len() - before > TURN { (self.wanted / 2).max(1) } else { BATCH };
        full
    }

    /// Sends every datagram in order; what the socket cannot take now is lost, as on any wire.
    pub fn send(&mut self, datagrams: &[Datagram]) {
        let mut rest = datagrams;
        while !rest.is_empty() {
            let (sent, refused) = self.send_batch(rest);
            rest = &rest[sent.min(rest.len())..];
            if let Some(error) = refused {
                let many = rest.len();
                let wrong =
                    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EIO | libc::EOPNOTSUPP | libc::EMSGSIZE));
                if wrong && self.segmentation {
                    self.segmentation = false; // this socket's device cannot cut runs
                    continue;
                }
                let dropped = if error.kind() == std::io::ErrorKind::WouldBlock { many } else { 1 };
                self.lost += dropped as u64;
                rest = &rest[dropped.min(many)..];
            }
        }
    }

    /// Sends up to a batch of runs; how many datagrams went, and what the kernel said of the next.
    fn send_batch(&mut self, datagrams: &[Datagram]) -> (usize, Option<std::io::Error>) {
        let mut lengths = [0_usize; BATCH];
        let runs = split(datagrams, if self.segmentation { RUN } else { 1 }, &mut lengths);
        let total: usize = lengths[..runs].iter().sum();
        let mut vectors: Vec<libc::iovec> = Vec::with_capacity(total);
        vectors.extend(
            datagrams[..total].iter().map(|(_, _, octets)| libc::iovec {
                iov_base: octets.as_ptr().cast_mut().cast(),
                iov_len: octets.len(),
            }),
        );
        // SAFETY: zeroed headers and names are valid; every pointer points into storage that outlives the call, and the
        // kernel only reads.
        let count = unsafe {
            let mut headers: [libc::mmsghdr; BATCH] = zeroed();
            let mut names: [Name; BATCH] = zeroed();
            let mut controls = [[0_u64; CONTROL / 8]; BATCH];
            let mut at = 0;
            for place in 0..runs {
                let header = &mut headers[place].msg_hdr;
                header.msg_namelen = sys::set_name(&mut names[place], datagrams[at].0);
                header.msg_name = (&raw mut names[place]).cast();
                header.msg_iov = vectors.as_mut_ptr().add(at);
                header.msg_iovlen = lengths[place] as _;
                let (peer, service, octets) = datagrams[at];
                let room = &mut controls[place];
                let mut used = 0;
                if lengths[place] > 1 {
                    used += put(room, used, (libc::SOL_UDP, libc::UDP_SEGMENT), octets.len() as u16);
                }
                if service != 0 {
                    used += put(room, used, service_option(peer), libc::c_int::from(service));
                }
                if used != 0 {
                    header.msg_control = room.as_mut_ptr().cast();
                    header.msg_controllen = used as _;
                }
                at += lengths[place];
            }
            libc::sendmmsg(self.descriptor.as_raw_fd(), headers.as_mut_ptr(), runs as _, 0)
        };
        match usize::try_from(count) {
            Ok(count) => (lengths[..count.min(runs)].iter().sum(), None),
            Err(_) => (0, Some(std::io::Error::last_os_error())),
        }
    }
}

/// The control message that sets the type of service (IPv4) or the traffic class (IPv6) of one datagram.
fn service_option(peer: SocketAddr) -> (libc::c_int, libc::c_int) {
    match peer {
        SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_TOS),
        SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
    }
}

/// Writes one control message at octet `at` of `room`, and says how long it is.
fn put<T>(room: &mut [u64; CONTROL / 8], at: usize, (level, kind): (libc::c_int, libc::c_int), value: T) -> usize {
    let length = size_of::<T>() as libc::c_uint;
    // SAFETY: only computes lengths.
    let (space, whole) = unsafe { (libc::CMSG_SPACE(length) as usize, libc::CMSG_LEN(length)) };
    assert!(at.is_multiple_of(8) && at + space <= CONTROL, "two control messages fit");
    // SAFETY: the message lies within `room`, at a place that is aligned for its header.
    unsafe {
        let message = room.as_mut_ptr().cast::<u8>().add(at).cast::<libc::cmsghdr>();
        (*message).cmsg_level = level;
        (*message).cmsg_type = kind;
        (*message).cmsg_len = whole as _;
        libc::CMSG_DATA(message).cast::<T>().write_unaligned(value);
    }
    space
}

/// Cuts the front of `datagrams` into runs to one peer, of one service, of one length but for a shorter last; returns how many.
fn split(datagrams: &[Datagram], longest: usize, lengths: &mut [usize; BATCH]) -> usize {
    let (mut runs, mut at) = (0, 0);
    while runs < BATCH && at < datagrams.len() {
        let (peer, service, first) = datagrams[at];
        let mut many = 1;
        let mut octets = first.len();
        while many < longest {
            let Some((other, same, next)) = datagrams.get(at + many) else { break };
            let last = datagrams[at + many - 1].2.len();
            if *other != peer
                || *same != service
                || last != first.len()
                || next.len() > first.len()
                || octets + next.len() > RUN_OCTETS
            {
                break;
            }
            octets += next.len();
            many += 1;
        }
        lengths[runs] = many;
        runs += 1;
        at += many;
    }
    runs
}

/// The length of the datagrams of a run that the kernel joined.
fn segment_length(control: &[u64; CONTROL / 8]) -> Option<usize> {
    // SAFETY: the kernel wrote a whole control message there, or left the zeroes, which end the search.
    unsafe {
        let message = control.as_ptr().cast::<libc::cmsghdr>();
        if (*message).cmsg_level != libc::SOL_UDP || (*message).cmsg_type != libc::UDP_GRO {
            return None;
        }
        usize::try_from(libc::CMSG_DATA(message).cast::<libc::c_int>().read_unaligned()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn when_datagrams_are_split_then_runs_keep_peer_and_length() {
        let (one, two) = (SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([127, 0, 0, 1], 2)));
        let (long, short) = ([0_u8; 100], [0_u8; 40]);
        let datagrams: Vec<Datagram> = vec![
            (one, 0, &long),
            (one, 0, &long),
            (one, 0, &short),
            (one, 0, &long),
            (two, 0, &long),
            (two, 0, &short),
            (two, 0, &short),
            (two, 0xb8, &short),
        ];
        let mut lengths = [0; BATCH];
        let runs = split(&datagrams, RUN, &mut lengths);
        assert_eq!(lengths[..runs], [3, 1, 2, 1, 1]);
        assert_eq!(split(&datagrams, 1, &mut lengths), 8);
    }

    #[test]
    fn when_many_datagrams_cross_loopback_then_all_arrive_whole_and_in_order() {
        let bound = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let (left, right) = (bound(), bound());
        let target = right.local_addr().unwrap();
        let mut sender = Udp::new(left.into()).unwrap();
        let mut receiver = Udp::new(right.into()).unwrap();
        let octets: Vec<Vec<u8>> =
            (0..200_usize).map(|turn| vec![turn as u8; if turn % 50 == 49 { 10 } else { 700 }]).collect();
        sender.send(&octets.iter().map(|one| (target, 0xb8, &one[..])).collect::<Vec<_>>());
        let (mut recycler, mut packets) = (Recycler::default(), Vec::new());
        while receiver.receive(&mut recycler, &mut packets) {}
        receiver.receive(&mut recycler, &mut packets);
        assert_eq!(sender.lost, 0);
        assert_eq!(packets.iter().map(|packet| packet.octets().to_vec()).collect::<Vec<_>>(), octets);
    }
}
