//! What an access engine tells its owner, and why it refuses.
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Something that happened in a terminal's stack or on N3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An echo reply; the round trip in nanoseconds.
    PingReply { session: u64, id: u32, source: IpAddr, size: u32, rtt_ns: u64 },
    /// No reply within one second, or an answer that the destination cannot be reached.
    PingLost { session: u64, id: u32 },
    /// A connection stands.
    Connected { session: u64, socket: u64 },
    /// A listening socket took a connection: `socket` is the new one.
    Accepted { session: u64, listener: u64, socket: u64, remote: SocketAddr },
    /// The session has an IPv6 address of the advertised prefix (TS 23.501 5.8.2.2.3).
    Configured { session: u64, address: Ipv6Addr },
    /// No router answered: the session has no IPv6 address.
    Unconfigured { session: u64 },
    /// There is something to receive; told again only after `recv` found nothing left.
    Readable { session: u64, socket: u64 },
    /// A socket whose `send` took less than all can take more.
    Writable { session: u64, socket: u64 },
    /// The peer sends no more and everything was read, the connection is over, or the whole session is gone.
    Closed { session: u64, socket: u64, reset: bool },
    /// A packet waits in a session without a tunnel: the terminal needs a service request (TS 24.501 5.6.1). Told once a
    /// second while more come.
    UplinkPending { session: u64 },
    /// A G-PDU for a tunnel that does not exist was answered with an error indication (TS 29.281 7.3.1).
    UnknownTunnel { peer: SocketAddr, teid: u32 },
    /// The user plane function said that it does not know this bearer's tunnel (TS 29.281 7.3.1).
    TunnelLost { bearer: u64 },
    /// The last packet of the old path has come (TS 29.281 7.3.2).
    EndMarker { bearer: u64 },
}

/// Why an operation of an access engine was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    NoSession,
    NoBearer,
    NoAddress,
    NoSocket,
    WrongState,
    TooLong,
    InUse,
    Exhausted,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Error::NoSession => "no such session",
            Error::NoBearer => "no such bearer",
            Error::NoAddress => "the session has no address of that version yet",
            Error::NoSocket => "no such socket",
            Error::WrongState => "the socket is not in a state for this",
            Error::TooLong => "the payload exceeds what one packet carries",
            Error::InUse => "this session, tunnel or port is in use",
            Error::Exhausted => "the limit of sockets or buffered packets is reached",
        })
    }
}

impl std::error::Error for Error {}
