//! The queue that stands for a network device below smoltcp.
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, State};
use smoltcp::time::{Duration, Instant};
use std::collections::VecDeque;

/// How many packets one poll may put out before it yields.
const BURST: usize = 256;

/// IP packets towards and from one smoltcp interface.
pub struct Queue {
    pub received: VecDeque<Vec<u8>>,
    pub sent: Vec<Vec<u8>>,
    mtu: usize,
}

impl Queue {
    pub fn new(mtu: u16) -> Queue {
        Queue { received: VecDeque::new(), sent: Vec::new(), mtu: usize::from(mtu) }
    }
}

/// Limits how long the peer may be silent while it owes an answer; smoltcp would also end connections that are just idle.
pub fn supervise(socket: &mut Socket<'_>, silence: Duration) {
    let idle = matches!(socket.state(), State::Established | State::CloseWait) && socket.send_queue() == 0;
    socket.set_timeout((!idle).then_some(silence));
}

/// How long until a stack that is due, but had nothing to send, is polled again: it must not keep a processor busy.
const BREATH_NS: u64 = 10_000_000;

/// When to poll a stack again that asks for `due`, after a turn in which it `sent` something or not.
pub fn next_turn(due: u64, now_ns: u64, sent: bool) -> u64 {
    if due <= now_ns && !sent { now_ns.saturating_add(BREATH_NS) } else { due }
}

pub struct Incoming(Vec<u8>);
pub struct Outgoing<'a>(&'a mut Vec<Vec<u8>>);

impl RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut packet = vec![0; length];
        let result = write(&mut packet);
        self.0.push(packet);
        result
    }
}

impl Device for Queue {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Incoming, Outgoing<'_>)> {
        let packet = self.received.pop_front()?;
        Some((Incoming(packet), Outgoing(&mut self.sent)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Outgoing<'_>> {
        (self.sent.len() < BURST).then_some(Outgoing(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }
}
