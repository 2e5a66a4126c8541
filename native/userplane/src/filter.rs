//! Service data flow filters (TS 29.244 8.2.5): which packets of a session a rule is for.

use crate::address::Prefix;
use crate::inner::Inner;

/// One filter, seen from the terminal: `local` is its side, `remote` the data network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// 0 matches every protocol.
    pub protocol: u8,
    pub local: Prefix,
    pub remote: Prefix,
    /// First and last port; 0 to 65535 also matches packets without ports.
    pub local_ports: (u16, u16),
    pub remote_ports: (u16, u16),
    /// Type of service or traffic class, and the bits of it that count.
    pub service: (u8, u8),
    /// The security parameter index of IPsec, and the flow label of IPv6; none matches every packet.
    pub security_parameter_index: Option<u32>,
    pub flow_label: Option<u32>,
}

impl Default for Filter {
    fn default() -> Self {
        let every = (0, u16::MAX);
        Self {
            protocol: 0,
            local: Prefix::ANY,
            remote: Prefix::ANY,
            local_ports: every,
            remote_ports: every,
            service: (0, 0),
            security_parameter_index: None,
            flow_label: None,
        }
    }
}

impl Filter {
    #[inline]
    pub(crate) fn uplink(&self, inner: &Inner) -> bool {
        self.matches(inner, (inner.source, inner.source_port), (inner.destination, inner.destination_port))
    }

    #[inline]
    pub(crate) fn downlink(&self, inner: &Inner) -> bool {
        self.matches(inner, (inner.destination, inner.destination_port), (inner.source, inner.source_port))
    }

    #[inline]
    fn matches(&self, inner: &Inner, local: (u128, u16), remote: (u128, u16)) -> bool {
        (self.protocol == 0 || self.protocol == inner.protocol)
            && self.local.contains(local.0)
            && self.remote.contains(remote.0)
            && (self.local_ports.0..=self.local_ports.1).contains(&local.1)
            && (self.remote_ports.0..=self.remote_ports.1).contains(&remote.1)
            && inner.service & self.service.1 == self.service.0
            && (self.security_parameter_index.is_none()
                || self.security_parameter_index == inner.security_parameter_index)
            && (self.flow_label.is_none() || self.flow_label == inner.flow_label)
    }
}
