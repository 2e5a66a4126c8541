//! The IPv6 link of one PDU session: from the interface identifier to an address by stateless autoconfiguration
//! (TS 23.501 5.8.2.2.3, RFC 4861 6.3.7, RFC 4862 5.5).
use super::event::Event;
use crate::{icmp, ip};
use std::net::{IpAddr, Ipv6Addr};

/// RFC 4861 10: how often a router is asked for, and how long until the next time.
const SOLICITATIONS: u8 = 3;
const INTERVAL_NS: u64 = 4_000_000_000;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

pub struct Link {
    /// What the network told by NAS; the link-local address has it (TS 24.501 6.2.4.2).
    pub identifier: u64,
    /// The address of the advertised prefix.
    pub address: Option<Ipv6Addr>,
    asked: u8,
    due: u64,
}

impl Link {
    pub fn new(identifier: u64) -> Link {
        Link { identifier, address: None, asked: 0, due: 0 }
    }

    fn with(&self, prefix: u64) -> Ipv6Addr {
        Ipv6Addr::from(u128::from(prefix) << 64 | u128::from(self.identifier))
    }

    /// The link-local address (RFC 4291 2.5.6).
    pub fn local(&self) -> Ipv6Addr {
        self.with(0xfe80 << 48)
    }

    /// Asks for a router while there is no address; when to come again, none where nothing is left to do.
    pub fn solicit(&mut self, session: u64, now: u64, out: &mut Vec<Vec<u8>>, events: &mut Vec<Event>) -> Option<u64> {
        if self.address.is_some() || self.asked > SOLICITATIONS {
            return None;
        }
        if self.due > now {
            return Some(self.due);
        }
        self.asked += 1;
        if self.asked > SOLICITATIONS {
            events.push(Event::Unconfigured { session });
            return None;
        }
        out.extend(icmp::router_solicitation(self.local()));
        self.due = now.saturating_add(INTERVAL_NS);
        Some(self.due)
    }

    /// Takes a packet for the link itself: true where it was one. `changed` is the address that a prefix gave, and the
    /// link's MTU.
    pub fn take(&mut self, view: &ip::View<'_>, changed: &mut Option<(Ipv6Addr, Option<u32>)>) -> bool {
        let IpAddr::V6(destination) = view.destination else { return false };
        if destination != ALL_NODES && destination != self.local() {
            return false;
        }
        if view.piece.is_none()
            && let Some(advertised) = icmp::advertised(view)
            && let Some(prefix) = advertised.prefix
        {
            let address = self.with(prefix);
            if self.address.replace(address) != Some(address) {
                *changed = Some((address, advertised.mtu));
            }
        }
        true
    }
}
