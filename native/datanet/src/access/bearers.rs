//! The gNB's half of sessions: tunnels of N3, and which session each carries (TS 38.413 8.2.1, TS 29.281 5.1).
use super::Access;
use super::event::Error;
use super::handover::Handover;
use super::session::{Counters, Session};
use std::net::SocketAddr;

/// The gNB's end of an N3 tunnel (TS 38.413 9.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    pub local_teid: u32,
    pub remote: SocketAddr,
    pub remote_teid: u32,
    pub qfi: u8,
}

/// A tunnel and the session on it, once the terminal knows of it.
pub struct Bearer {
    pub tunnel: Tunnel,
    pub session: Option<u64>,
    pub handover: Option<Handover>,
    /// Packets uplink and downlink before its session was bound.
    pub counted: (u32, u32),
    /// What its session had carried by then.
    origin: (u64, u64),
}

impl Bearer {
    /// Packets uplink and downlink so far.
    pub fn counts(&self, carried: Option<&Counters>) -> (u32, u32) {
        let Some(carried) = carried else { return self.counted };
        // A COUNT has 32 bits and begins anew after the last (TS 38.323 6.3.5).
        let since = |now: u64, before: u64| now.wrapping_sub(before) as u32;
        let (uplink, downlink) = self.counted;
        (
            uplink.wrapping_add(since(carried.uplink_packets, self.origin.0)),
            downlink.wrapping_add(since(carried.downlink_packets, self.origin.1)),
        )
    }

    /// Its session goes: what it carried stays counted.
    pub fn leave(&mut self, carried: &Counters) {
        self.counted = self.counts(Some(carried));
        self.session = None;
    }
}

impl Access {
    /// Makes a bearer towards the peer's tunnel: its handle, and the TEID of this side.
    pub fn add_bearer(&mut self, remote: SocketAddr, remote_teid: u32, qfi: u8) -> (u64, u32) {
        let local_teid = self.new_teid();
        let tunnel = Tunnel { local_teid, remote, remote_teid, qfi };
        (self.place(tunnel), local_teid)
    }

    /// A TEID that no tunnel of this side has.
    pub(super) fn new_teid(&mut self) -> u32 {
        loop {
            self.tunnel_count = self.tunnel_count.wrapping_add(1);
            let teid = scramble(self.tunnel_count ^ (self.seed as u32));
            // TS 29.281 5.1: TEID 0 is for path messages.
            if teid != 0 && !self.tunnels.contains_key(&teid) && !self.forwardings.contains_key(&teid) {
                return teid;
            }
        }
    }

    /// Moves a bearer to another peer tunnel or QoS flow.
    pub fn update_bearer(&mut self, handle: u64, remote: SocketAddr, remote_teid: u32, qfi: u8) -> Result<(), Error> {
        let bearer = self.bearers.get_mut(&handle).ok_or(Error::NoBearer)?;
        let old = bearer.tunnel;
        bearer.tunnel = Tunnel { local_teid: old.local_teid, remote, remote_teid, qfi };
        let (tunnel, session) = (bearer.tunnel, bearer.session);
        self.uplinks.remove(&(old.remote.ip(), old.remote_teid));
        self.uplinks.insert((remote.ip(), remote_teid), handle);
        if let Some(session) = session.and_then(|session| self.sessions.get_mut(&session)) {
            session.tunnel = Some(tunnel);
        }
        Ok(())
    }

    /// Forgets a bearer; what still comes on it is answered by error indications (TS 29.281 7.3.1).
    pub fn remove_bearer(&mut self, handle: u64) -> Result<(), Error> {
        self.close_forwarding(handle);
        let bearer = self.bearers.remove(&handle).ok_or(Error::NoBearer)?;
        self.tunnels.remove(&bearer.tunnel.local_teid);
        self.uplinks.remove(&(bearer.tunnel.remote.ip(), bearer.tunnel.remote_teid));
        if let Some(session) = bearer.session.and_then(|session| self.sessions.get_mut(&session)) {
            session.unbind();
        }
        Ok(())
    }

    /// Carries a session on a bearer and sends what waited; `None` while the user plane is inactive (TS 23.502 4.2.6).
    pub fn bind(&mut self, session_id: u64, handle: Option<u64>) -> Result<(), Error> {
        let tunnel = match handle {
            Some(handle) => Some(self.bearers.get(&handle).ok_or(Error::NoBearer)?.tunnel),
            None => None,
        };
        let session = self.sessions.get_mut(&session_id).ok_or(Error::NoSession)?;
        let old = session.bearer.take();
        session.unbind();
        if let Some(bearer) = old.and_then(|old| self.bearers.get_mut(&old)) {
            bearer.leave(&session.counters);
        }
        session.moving = false;
        let Some(bearer) = handle.and_then(|handle| self.bearers.get_mut(&handle)) else { return Ok(()) };
        let displaced = bearer.session.replace(session_id);
        bearer.origin = (session.counters.uplink_packets, session.counters.downlink_packets);
        session.bearer = handle;
        session.tunnel = tunnel;
        if let Some(other) = displaced.and_then(|other| self.sessions.get_mut(&other)) {
            other.unbind();
        }
        if let Some(handle) = handle {
            self.release(handle);
        }
        self.touch(session_id);
        Ok(())
    }

    /// Makes or replaces the bearer of a session under a TEID the caller chose.
    pub fn update(
        &mut self,
        session_id: u64,
        local_teid: u32,
        remote: SocketAddr,
        remote_teid: u32,
        qfi: u8,
    ) -> Result<(), Error> {
        let own = self.sessions.entry(session_id).or_insert_with(Session::new).bearer;
        if self.tunnels.get(&local_teid).is_some_and(|owner| Some(*owner) != own) {
            return Err(Error::InUse);
        }
        if let Some(handle) = own {
            self.remove_bearer(handle)?;
        }
        let handle = self.place(Tunnel { local_teid, remote, remote_teid, qfi });
        self.bind(session_id, Some(handle))
    }

    /// Takes the bearer away but keeps the terminal's stack: AN release (TS 23.502 4.2.6).
    pub fn suspend(&mut self, session_id: u64) -> Result<(), Error> {
        match self.sessions.get(&session_id).ok_or(Error::NoSession)?.bearer {
            Some(handle) => self.remove_bearer(handle),
            None => Ok(()),
        }
    }

    /// Whether a bearer carried anything since this was last asked: what a user inactivity timer needs.
    pub fn take_activity(&mut self, handle: u64) -> bool {
        let session = self.bearers.get(&handle).and_then(|bearer| bearer.session);
        let session = session.and_then(|session| self.sessions.get_mut(&session));
        session.is_some_and(|session| std::mem::take(&mut session.active))
    }

    fn place(&mut self, tunnel: Tunnel) -> u64 {
        self.handles += 1;
        self.tunnels.insert(tunnel.local_teid, self.handles);
        self.uplinks.insert((tunnel.remote.ip(), tunnel.remote_teid), self.handles);
        self.bearers
            .insert(self.handles, Bearer { tunnel, session: None, handover: None, counted: (0, 0), origin: (0, 0) });
        self.handles
    }
}

/// A bijection of 32-bit numbers, so that TEIDs neither repeat nor follow each other.
fn scramble(mut number: u32) -> u32 {
    number = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
    number = (number ^ (number >> 15)).wrapping_mul(0x846c_a68b);
    number ^ (number >> 16)
}
