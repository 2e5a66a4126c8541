//! A terminal that goes from one gNB's engine to another's: its packets wait, are forwarded, and keep their order.
//!
//! TS 38.300 9.2.3.2: the source forwards what still comes for the terminal, the target hands that out first and what the
//! new path brings only after the end marker of the old one. A target that becomes a source before that end marker keeps
//! the same order in what it sends on.
use super::Access;
use super::event::{Error, Event};
use super::session::Session;
use crate::fragments::Partial;
use crate::{Datagram, gtpu};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// How many packets of each path wait for the terminal, or for the end of the old path.
const HELD: usize = 4096;
/// Where a TEID stands in a GTP-U header (TS 29.281 5.1).
const TEID: std::ops::Range<usize> = 4..8;

/// What a handover does with a bearer's downlink.
pub enum Handover {
    /// The terminal goes: what comes is sent on to the target.
    Leaving(Box<Leaving>),
    /// The terminal comes, and what the source forwards with it.
    Arriving(Box<Arriving>),
}

/// The source's side of a forwarding tunnel.
pub struct Leaving {
    remote: SocketAddr,
    teid: u32,
    /// The handover before, while its old path has not ended.
    before: Option<Box<Arriving>>,
}

/// The target's side of a forwarding tunnel, with the messages that wait.
#[derive(Default)]
pub struct Arriving {
    teid: u32,
    ended: bool,
    forwarded: VecDeque<Vec<u8>>,
    direct: VecDeque<Vec<u8>>,
}

/// A session on its way from one engine to another: with its stack, its sockets and its packets.
pub struct Moving {
    session: Session,
    sockets: Vec<u64>,
    partials: Vec<Partial>,
}

impl Access {
    /// Takes a session out with everything it has open; until it is bound again its uplink packets wait.
    pub fn take_session(&mut self, session_id: u64) -> Result<Moving, Error> {
        let mut session = self.sessions.remove(&session_id).ok_or(Error::NoSession)?;
        if let Some(bearer) = session.bearer.and_then(|handle| self.bearers.get_mut(&handle)) {
            bearer.leave(&session.counters);
        }
        session.unbind();
        session.moving = true;
        (session.touched, session.scheduled) = (false, None);
        let mut sockets: Vec<u64> =
            self.sockets.iter().filter(|(_, owner)| **owner == session_id).map(|(socket, _)| *socket).collect();
        sockets.sort_unstable();
        self.sockets.retain(|_, owner| *owner != session_id);
        Ok(Moving { session, sockets, partials: self.reassembly.take(session_id) })
    }

    /// Takes a session in; its sockets keep their handles, which no other engine gives out.
    pub fn put_session(&mut self, session_id: u64, moving: Moving) {
        self.sessions.insert(session_id, moving.session);
        self.sockets.extend(moving.sockets.into_iter().map(|socket| (socket, session_id)));
        self.reassembly.put(moving.partials);
        self.touch(session_id);
    }

    /// The terminal goes to another gNB: its uplink packets wait until the session is bound again, or settled.
    pub fn pause(&mut self, session_id: u64) -> Result<(), Error> {
        self.bind(session_id, None)?;
        self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?.moving = true;
        Ok(())
    }

    /// A session that was paused waits for no bearer any more: its packets ask for one as ever.
    pub fn settle(&mut self, session_id: u64) -> Result<(), Error> {
        self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?.moving = false;
        self.touch(session_id);
        Ok(())
    }

    /// Sends what comes for a bearer's terminal on to a target's tunnel from now on, with what still waits for it.
    pub fn forward(&mut self, handle: u64, remote: SocketAddr, teid: u32) -> Result<(), Error> {
        let bearer = self.bearers.get_mut(&handle).ok_or(Error::NoBearer)?;
        let mut leaving = Leaving { remote, teid, before: None };
        match bearer.handover.take() {
            Some(Handover::Arriving(mut arriving)) => {
                leaving.send(self.n3, arriving.forwarded.drain(..), &mut self.outgoing);
                if arriving.ended {
                    leaving.send(self.n3, arriving.direct.drain(..), &mut self.outgoing);
                    self.forwardings.remove(&arriving.teid);
                } else {
                    leaving.before = Some(arriving);
                }
            }
            Some(Handover::Leaving(earlier)) => leaving.before = earlier.before,
            None => {}
        }
        bearer.handover = Some(Handover::Leaving(Box::new(leaving)));
        Ok(())
    }

    /// Opens a tunnel for what a source forwards to a bearer; the new path waits for its end marker.
    pub fn await_forwarding(&mut self, handle: u64) -> Result<u32, Error> {
        if !self.bearers.contains_key(&handle) {
            return Err(Error::NoBearer);
        }
        let teid = self.new_teid();
        self.forwardings.insert(teid, handle);
        let arriving = Arriving { teid, ..Arriving::default() };
        if let Some(bearer) = self.bearers.get_mut(&handle) {
            bearer.handover = Some(Handover::Arriving(Box::new(arriving)));
        }
        Ok(teid)
    }

    /// Nothing is forwarded from or to a bearer any more; what waited for that is handed out.
    pub fn end_forwarding(&mut self, handle: u64) -> Result<(), Error> {
        let bearer = self.bearers.get_mut(&handle).ok_or(Error::NoBearer)?;
        if let Some(Handover::Arriving(arriving)) = &mut bearer.handover {
            arriving.ended = true;
            self.release(handle);
        }
        self.close_forwarding(handle);
        Ok(())
    }

    /// Forgets the tunnels of a bearer's handover; what waited to be sent on is.
    pub(super) fn close_forwarding(&mut self, handle: u64) {
        match self.bearers.get_mut(&handle).and_then(|bearer| bearer.handover.take()) {
            Some(Handover::Arriving(arriving)) => {
                self.forwardings.remove(&arriving.teid);
            }
            Some(Handover::Leaving(mut leaving)) => {
                if let Some(teid) = leaving.catch_up(self.n3, &mut self.outgoing) {
                    self.forwardings.remove(&teid);
                }
            }
            None => {}
        }
    }

    /// The packets that crossed a bearer in both directions, its PDCP COUNTs (TS 38.323 7.1).
    pub fn counts(&self, handle: u64) -> Result<(u32, u32), Error> {
        let bearer = self.bearers.get(&handle).ok_or(Error::NoBearer)?;
        let session = bearer.session.and_then(|session| self.sessions.get(&session));
        Ok(bearer.counts(session.map(|session| &session.counters)))
    }

    /// Has a bearer go on from the COUNTs that another one had (TS 38.300 9.2.3.2.3).
    pub fn set_counts(&mut self, handle: u64, uplink: u32, downlink: u32) -> Result<(), Error> {
        let bearer = self.bearers.get_mut(&handle).ok_or(Error::NoBearer)?;
        bearer.counted = (uplink, downlink);
        Ok(())
    }

    /// A packet for the terminal of a bearer: handed out, kept, or sent on.
    pub(super) fn arrived(&mut self, handle: u64, datagram: &[u8], packet: &[u8], to_n3: &mut Vec<Datagram>) {
        let Some(bearer) = self.bearers.get_mut(&handle) else { return };
        match &mut bearer.handover {
            Some(Handover::Leaving(leaving)) => match &mut leaving.before {
                Some(before) => keep(&mut before.direct, datagram),
                None => leaving.send(self.n3, [datagram], to_n3),
            },
            Some(Handover::Arriving(arriving)) if !arriving.ended || bearer.session.is_none() => {
                keep(&mut arriving.direct, datagram);
            }
            _ => {
                if let Some(session) = bearer.session {
                    self.downlink(session, packet);
                }
            }
        }
    }

    /// A packet that a source forwarded.
    pub(super) fn forwarded(&mut self, handle: u64, datagram: &[u8], packet: &[u8], to_n3: &mut Vec<Datagram>) {
        let Some(bearer) = self.bearers.get_mut(&handle) else { return };
        match (&mut bearer.handover, bearer.session) {
            (Some(Handover::Leaving(leaving)), _) => leaving.send(self.n3, [datagram], to_n3),
            (_, Some(session)) => self.downlink(session, packet),
            (Some(Handover::Arriving(arriving)), None) => keep(&mut arriving.forwarded, datagram),
            _ => {}
        }
    }

    /// The old path of a bearer is at its end: told on to the target, or the new path begins (TS 29.281 7.3.2).
    pub(super) fn end_marker(&mut self, teid: u32, datagram: &[u8], to_n3: &mut Vec<Datagram>) {
        let Some(&handle) = self.tunnels.get(&teid).or_else(|| self.forwardings.get(&teid)) else { return };
        let Some(bearer) = self.bearers.get_mut(&handle) else { return };
        let mut ended = 1;
        match &mut bearer.handover {
            Some(Handover::Leaving(leaving)) => match &mut leaving.before {
                Some(before) if before.teid == teid => {
                    ended += before.direct.iter().filter(|waiting| is_end_marker(waiting)).count().min(1);
                    leaving.catch_up(self.n3, to_n3);
                    self.forwardings.remove(&teid);
                }
                Some(before) => return keep(&mut before.direct, datagram),
                None => leaving.send(self.n3, [datagram], to_n3),
            },
            Some(Handover::Arriving(arriving)) if arriving.teid == teid => {
                if std::mem::replace(&mut arriving.ended, true) {
                    return; // a peer may send it more than once (TS 23.501 5.8.2.9.1)
                }
            }
            _ => {}
        }
        self.release(handle);
        self.events.extend(std::iter::repeat_n(Event::EndMarker { bearer: handle }, ended));
    }

    /// Hands out what waited on a bearer, in order: what was forwarded, then what the new path brought.
    pub(super) fn release(&mut self, handle: u64) {
        let Some(bearer) = self.bearers.get_mut(&handle) else { return };
        let (Some(Handover::Arriving(arriving)), Some(session)) = (&mut bearer.handover, bearer.session) else {
            return;
        };
        let mut waiting = std::mem::take(&mut arriving.forwarded);
        if arriving.ended {
            waiting.append(&mut arriving.direct);
        }
        for datagram in waiting {
            if let Some(gtpu::Message::GPdu { payload, .. }) = gtpu::parse(&datagram) {
                self.downlink(session, payload);
            }
        }
    }
}

impl Leaving {
    /// Sends messages on to the target.
    fn send<D: AsRef<[u8]>>(&self, n3: SocketAddr, datagrams: impl IntoIterator<Item = D>, to_n3: &mut Vec<Datagram>) {
        to_n3.extend(datagrams.into_iter().map(|datagram| {
            let payload = towards(datagram.as_ref(), self.teid);
            Datagram { source: n3, destination: self.remote, payload }
        }));
    }

    /// The handover before has ended: what waited for that goes on; the TEID under which its source forwarded.
    fn catch_up(&mut self, n3: SocketAddr, to_n3: &mut Vec<Datagram>) -> Option<u32> {
        let mut before = self.before.take()?;
        self.send(n3, before.direct.drain(..), to_n3);
        Some(before.teid)
    }
}

/// Whether a message of GTP-U is an end marker (TS 29.281 7.3.2).
fn is_end_marker(datagram: &[u8]) -> bool {
    matches!(gtpu::parse(datagram), Some(gtpu::Message::EndMarker { .. }))
}

/// The same GTP-U message for another tunnel.
fn towards(datagram: &[u8], teid: u32) -> Vec<u8> {
    let mut payload = datagram.to_vec();
    payload[TEID].copy_from_slice(&teid.to_be_bytes());
    payload
}

fn keep(held: &mut VecDeque<Vec<u8>>, datagram: &[u8]) {
    if held.len() < HELD {
        held.push_back(datagram.to_vec());
    }
}
