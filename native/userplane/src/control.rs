//! The control plane's side of the engine: network instances and sessions.

use crate::address::{AddressIndex, Pool, Prefix};
use crate::bridge::Bridge;
use crate::buffer::Bounds;
use crate::engine::Upf;
use crate::flows::Measured;
use crate::meter::SharedMeters;
use crate::record::{ALIAS, FLOWS, Usage};
use crate::rules::Refused;
use crate::seal::TunnelKey;
use std::net::IpAddr;

/// How one user plane function is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its N3 address, as the access network knows it.
    pub address: IpAddr,
    /// Its N3 address of the other version, where it has both.
    pub second: Option<IpAddr>,
    /// Sessions at most.
    pub capacity: usize,
    /// What makes its tunnel identifiers unpredictable.
    pub seed: [u8; 16],
    /// The core's own addresses: terminals never reach them.
    pub protected: Vec<Prefix>,
    /// Access nodes whose uplink packets are accepted on every session, besides the session's own node.
    pub trusted_sources: Vec<Prefix>,
    /// Packets held for one terminal at most.
    pub buffer_packets: usize,
    /// Octets held for all terminals at most.
    pub buffer_octets: usize,
    /// Error indications and other answers to strangers, a second at most.
    pub answers_a_second: u32,
    /// Between two echo requests to each other end of tunnels (TS 29.281 7.2.1), at least a minute; 0 asks none.
    pub echo_interval_ns: u64,
    /// The longest packet that a tunnel to terminals carries, of whichever network instance; 0 is any.
    pub link_mtu: u16,
}

impl Settings {
    /// The settings that suit `address`, with nothing protected but itself.
    pub fn new(address: IpAddr, seed: [u8; 16]) -> Self {
        Self {
            address,
            second: None,
            capacity: 1 << 17,
            seed,
            protected: vec![Prefix::new(address, 128)],
            trusted_sources: Vec::new(),
            buffer_packets: 64,
            buffer_octets: 32 << 20,
            answers_a_second: 100,
            echo_interval_ns: 0,
            link_mtu: 0,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { packets: self.buffer_packets, octets: self.buffer_octets }
    }
}

/// What happens to a packet for another terminal of the same network instance (TS 23.501 5.8.2.13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalSwitch {
    #[default]
    Refuse,
    /// Straight into the other terminal's tunnel.
    Switch,
    /// To N6 like any other: the data network decides.
    DataNetwork,
}

/// A network instance (TS 29.244 8.2.4): the terminals' pools and how they reach one another.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    pub pools: Vec<Pool>,
    /// What the terminals' link carries whole, in octets; 0 where it is not known.
    pub mtu: u16,
    pub local_switch: LocalSwitch,
    /// Of Ethernet sessions: frames on N6, and no pools.
    pub ethernet: bool,
}

/// An MTU as a limit: 0 is none.
pub(crate) fn known_mtu(mtu: u16) -> u16 {
    if mtu == 0 { u16::MAX } else { mtu }
}

/// Local tunnels of one session at most, besides its own.
const MOST_TUNNELS: usize = 15;

impl Upf {
    /// Adds a network instance and returns its number; at most 65,536.
    pub fn add_instance(&mut self, instance: &Instance) -> Result<u16, Refused> {
        let number = u16::try_from(self.instances.len()).map_err(|_| Refused::Full)?;
        let secret = self.seal.next();
        if instance.ethernet {
            self.bridges.insert(number, Bridge::new(self.seal.next()));
        }
        self.instances.push((AddressIndex::new(&instance.pools, secret), instance.local_switch));
        self.mtus.push(known_mtu(instance.mtu).min(self.link_mtu));
        Ok(number)
    }

    /// Has the links of an instance's terminals carry packets of at most so many octets from now on; 0 is any. Terminals
    /// with a prefix hear of it, one after the other.
    pub fn set_mtu(&mut self, instance: u16, mtu: u16) {
        let longest = known_mtu(mtu).min(self.link_mtu);
        if let Some(own) = self.mtus.get_mut(usize::from(instance)) {
            *own = longest;
            self.round.hurry(self.table.records.len());
        }
    }

    /// Opens a session and returns its tunnel identifier (TS 29.244 5.5.3); every packet of it is dropped until
    /// [`Upf::install`].
    pub fn open(&mut self) -> Result<u32, Refused> {
        self.table.open().ok_or(Refused::Full)
    }

    /// Opens a session under the identifier that it had in an earlier life of this function, with the same seed.
    pub fn reopen(&mut self, teid: u32) -> Result<(), Refused> {
        if self.table.reopen(teid) { Ok(()) } else { Err(Refused::UnknownSession) }
    }

    /// Has a session go on from what it carried in that life.
    pub fn carry_on(&mut self, teid: u32, usage: Usage) -> Result<(), Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        self.table.records[slot].usage = usage;
        Ok(())
    }

    /// Opens one more local tunnel of a session under the identifier that it had in that life.
    pub fn reopen_tunnel(&mut self, teid: u32, tunnel: u32) -> Result<(), Refused> {
        let session = self.with_room(teid)?;
        if !self.table.reopen(tunnel) {
            return Err(Refused::UnknownSession);
        }
        self.join(session, tunnel, self.table.slot(tunnel));
        Ok(())
    }

    /// Opens one more local tunnel of a session (TS 29.244 5.5.3); the next rules that do not name it close it.
    pub fn open_tunnel(&mut self, teid: u32) -> Result<u32, Refused> {
        let session = self.with_room(teid)?;
        let alias = self.table.open().ok_or(Refused::Full)?;
        Ok(self.join(session, alias, self.table.slot(alias)))
    }

    /// The same under an identifier that the control plane chose. Nobody hid it, so its packets are taken only from the
    /// nodes that the session's tunnels lead to, never before those are known.
    pub fn open_chosen_tunnel(&mut self, teid: u32, wanted: u32) -> Result<u32, Refused> {
        let session = self.with_room(teid)?;
        if wanted == 0 || self.table.find(wanted).is_some() {
            return Err(Refused::TunnelInUse);
        }
        let place = self.table.open_chosen(wanted).ok_or(Refused::Full)?;
        Ok(self.join(session, wanted, place))
    }

    /// The slot of a session that may have one more tunnel.
    fn with_room(&self, teid: u32) -> Result<u32, Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)? as u32;
        let full = self.aliases.get(&slot).is_some_and(|aliases| aliases.len() >= MOST_TUNNELS);
        if full { Err(Refused::TooManyRules) } else { Ok(slot) }
    }

    fn join(&mut self, session: u32, alias: u32, place: usize) -> u32 {
        let record = &mut self.table.records[place];
        (record.uplink, record.address) = (FLOWS | ALIAS, session);
        self.aliases.entry(session).or_default().push(alias);
        alias
    }

    /// Closes a session and returns what it carried; what was held for it is discarded.
    pub fn close(&mut self, teid: u32) -> Result<Usage, Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        self.discard(slot);
        self.buffer.limit(slot as u32, None);
        self.close_tunnels(slot, |_| false);
        self.forget_ends(slot);
        self.free(slot);
        self.bridges.values_mut().for_each(|bridge| bridge.leave(slot));
        let record = self.table.close(slot);
        Ok(record.usage)
    }

    /// Discards what is held for a session: its terminal was not found (TS 23.502 4.2.3.3).
    pub fn discard_held(&mut self, teid: u32) -> Result<(), Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        self.discard(slot);
        Ok(())
    }

    /// Tells of the next packet that is held for a session as if it were the first (TS 29.244 8.2.29).
    pub fn tell_again(&mut self, teid: u32) -> Result<(), Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        self.buffer.tell_again(slot as u32);
        Ok(())
    }

    /// What a session carried until now.
    pub fn usage(&self, teid: u32) -> Result<Usage, Refused> {
        self.table.session(teid).map(|slot| self.table.records[slot].usage).ok_or(Refused::UnknownSession)
    }

    /// What the counters of a session carried until now.
    pub fn measured(&self, teid: u32) -> Result<Vec<Measured>, Refused> {
        let slot = self.table.session(teid).ok_or(Refused::UnknownSession)?;
        let flows = self.table.flows(self.table.records[slot].flows);
        Ok(flows.map_or(Vec::new(), |flows| flows.counters.iter().map(|counter| counter.measured).collect()))
    }

    /// The tunnel identifiers of every open session, for an audit.
    pub fn teids(&self) -> Vec<u32> {
        self.table.teids().collect()
    }

    /// What turns a tunnel identifier into its slot, for a faster path beside this engine.
    pub fn tunnel_key(&self) -> TunnelKey {
        self.table.tunnel_key()
    }

    /// Takes from the buckets of a faster path for the sessions that it carries.
    pub fn share_meters(&mut self, meters: Box<dyn SharedMeters>) {
        self.shared = Some(meters);
    }

    /// How many sessions are open.
    pub fn sessions(&self) -> usize {
        self.table.open_count() - self.aliases.values().map(Vec::len).sum::<usize>()
    }
}
