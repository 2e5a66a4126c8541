//! The system calls this crate needs, each behind a safe function.
use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// How a peer's address travels: family, port, address.
pub type Name = libc::sockaddr_storage;

pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A descriptor of our own for what the caller opened.
pub fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl reads no memory; a successful result is a new descriptor that nobody else owns.
    unsafe { Ok(OwnedFd::from_raw_fd(check(libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3))?)) }
}

pub fn set_nonblocking(descriptor: &OwnedFd) -> io::Result<()> {
    // SAFETY: fcntl reads no memory.
    unsafe {
        let flags = check(libc::fcntl(descriptor.as_raw_fd(), libc::F_GETFL))?;
        check(libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK))?;
    }
    Ok(())
}

pub fn read(descriptor: &OwnedFd, room: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most the length of `room`.
    let length = unsafe { libc::read(descriptor.as_raw_fd(), room.as_mut_ptr().cast(), room.len()) };
    usize::try_from(length).map_err(|_| io::Error::last_os_error())
}

pub fn write(descriptor: &OwnedFd, octets: &[u8]) -> io::Result<usize> {
    // SAFETY: the kernel reads at most the length of `octets`.
    let length = unsafe { libc::write(descriptor.as_raw_fd(), octets.as_ptr().cast(), octets.len()) };
    usize::try_from(length).map_err(|_| io::Error::last_os_error())
}

/// Writes the parts as one packet.
pub fn write_parts(descriptor: &OwnedFd, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
    // SAFETY: an IoSlice has the layout of an iovec, and the kernel reads no more than they say.
    let length = unsafe { libc::writev(descriptor.as_raw_fd(), parts.as_ptr().cast(), parts.len() as libc::c_int) };
    usize::try_from(length).map_err(|_| io::Error::last_os_error())
}

/// A counter that wakes whoever polls it.
pub struct Wake(pub OwnedFd);

impl Wake {
    pub fn new() -> io::Result<Self> {
        // SAFETY: a successful result is a new descriptor that nobody else owns.
        unsafe { Ok(Self(OwnedFd::from_raw_fd(check(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?))) }
    }

    pub fn ring(&self) {
        let _ = write(&self.0, &1_u64.to_ne_bytes());
    }

    pub fn clear(&self) {
        let _ = read(&self.0, &mut [0; 8]);
    }
}

/// Waits for many descriptors, each under a number.
pub struct Poller(OwnedFd);

impl Poller {
    pub fn new() -> io::Result<Self> {
        // SAFETY: a successful result is a new descriptor that nobody else owns.
        unsafe { Ok(Self(OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?))) }
    }

    pub fn add(&self, descriptor: &OwnedFd, number: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, descriptor, number)
    }

    /// Knows a descriptor that is there by another number.
    pub fn change(&self, descriptor: &OwnedFd, number: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, descriptor, number)
    }

    fn control(&self, operation: libc::c_int, descriptor: &OwnedFd, number: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: number };
        // SAFETY: the kernel copies `event`.
        unsafe { check(libc::epoll_ctl(self.0.as_raw_fd(), operation, descriptor.as_raw_fd(), &raw mut event))? };
        Ok(())
    }

    /// Wakes once whenever the descriptor becomes readable or writable; it leaves when it is closed.
    pub fn add_edges(&self, descriptor: RawFd, number: u64) -> io::Result<()> {
        let events = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
        let mut event = libc::epoll_event { events: events as u32, u64: number };
        // SAFETY: the kernel copies `event`.
        unsafe { check(libc::epoll_ctl(self.0.as_raw_fd(), libc::EPOLL_CTL_ADD, descriptor, &raw mut event))? };
        Ok(())
    }

    /// Itself readable while one of its descriptors is ready.
    pub fn descriptor(&self) -> &OwnedFd {
        &self.0
    }

    /// The numbers of the descriptors that can be read within `milliseconds`; negative waits for ever.
    pub fn wait(&self, milliseconds: i32, ready: &mut Vec<u64>) {
        // SAFETY: zeroed events are valid, and the kernel writes at most as many as there are.
        let mut events: [libc::epoll_event; 32] = unsafe { zeroed() };
        let count = unsafe {
            libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), events.len() as libc::c_int, milliseconds)
        };
        ready.extend(events.iter().take(usize::try_from(count).unwrap_or(0)).map(|event| event.u64));
    }
}

/// A connection that is being made; it becomes writable when it stands or has failed.
pub fn begin_connect(to: SocketAddr) -> io::Result<TcpStream> {
    let family = if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: a successful result is a new descriptor that nobody else owns.
    let descriptor = unsafe { OwnedFd::from_raw_fd(check(libc::socket(family, kind, 0))?) };
    // SAFETY: zeroed socket addresses are valid.
    let mut name: Name = unsafe { zeroed() };
    let length = set_name(&mut name, to);
    // SAFETY: the kernel reads `length` octets of `name`.
    let result = unsafe { libc::connect(descriptor.as_raw_fd(), (&raw const name).cast(), length) };
    match check(result) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(TcpStream::from(descriptor)),
    }
}

pub fn set_option(descriptor: &OwnedFd, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the kernel reads one integer.
    unsafe {
        let length = size_of::<libc::c_int>() as libc::socklen_t;
        check(libc::setsockopt(descriptor.as_raw_fd(), level, name, (&raw const value).cast(), length))?;
    }
    Ok(())
}

/// The monotonic clock in nanoseconds, the one Python's `time.monotonic_ns` reads.
pub fn now_ns() -> u64 {
    read_clock(libc::CLOCK_MONOTONIC)
}

/// This thread sleeps no longer than it asks for: the kernel would add up to 50 us.
pub fn sleep_exactly() {
    // SAFETY: it sets a number of this thread.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
}

/// Nanoseconds of a processor that this thread used.
pub fn thread_ns() -> u64 {
    read_clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read_clock(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the call fills `time` for a clock that always exists.
    let time = unsafe {
        libc::clock_gettime(clock, time.as_mut_ptr());
        time.assume_init()
    };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// Writes `address` into `name` and returns its length.
pub fn set_name(name: &mut Name, address: SocketAddr) -> libc::socklen_t {
    match address.ip() {
        IpAddr::V4(ip) => {
            // SAFETY: sockaddr_storage is large enough and aligned for every socket address.
            let place = unsafe { &mut *(&raw mut *name).cast::<libc::sockaddr_in>() };
            place.sin_family = libc::AF_INET as libc::sa_family_t;
            place.sin_port = address.port().to_be();
            place.sin_addr.s_addr = ip.to_bits().to_be();
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        IpAddr::V6(ip) => {
            // SAFETY: as above.
            let place = unsafe { &mut *(&raw mut *name).cast::<libc::sockaddr_in6>() };
            place.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            place.sin6_port = address.port().to_be();
            place.sin6_addr.s6_addr = ip.octets();
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}

/// The address in `name`; IPv4-mapped IPv6 becomes IPv4.
pub fn get_name(name: &Name) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which address this is.
            let place = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in>() };
            let ip = IpAddr::V4(u32::from_be(place.sin_addr.s_addr).into());
            Some(SocketAddr::new(ip, u16::from_be(place.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let place = unsafe { &*(&raw const *name).cast::<libc::sockaddr_in6>() };
            let ip = std::net::Ipv6Addr::from(place.sin6_addr.s6_addr).to_canonical();
            Some(SocketAddr::new(ip, u16::from_be(place.sin6_port)))
        }
        _ => None,
    }
}
