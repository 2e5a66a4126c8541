//! What is counted: every packet ends in exactly one of these.

macro_rules! counts {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// The fate of one packet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Count {
            $($(#[$doc])* $variant,)*
        }

        impl Count {
            /// Every count, in the order of its number.
            pub const ALL: &[Count] = &[$(Count::$variant,)*];

            /// The name that metrics use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Count::$variant => $name,)*
                }
            }
        }
    };
}

counts! {
    /// Left to N6.
    Uplink => "uplink_forwarded",
    /// Left to N3.
    Downlink => "downlink_forwarded",
    /// Left to N3 for another terminal of the same network instance.
    LocalSwitch => "local_switched",
    /// Left one tunnel into another (TS 23.501 5.6.4).
    Relayed => "tunnel_forwarded",
    /// A copy that a rule asked for, beside the packet itself (TS 29.244 5.2.3.1).
    Copied => "copied",
    /// An end marker that left into the tunnels after it (TS 29.281 7.3.2).
    EndMarkerRelayed => "end_marker_forwarded",
    /// A group's frame of N6: each of its copies is counted by its own fate.
    Flooded => "flooded",
    /// Held for a terminal that is being paged (TS 23.501 5.8.2.19).
    Buffered => "downlink_buffered",
    /// An echo request, answered (TS 29.281 7.2.1).
    EchoRequest => "echo_request",
    /// A router or neighbour solicitation of a terminal, answered (RFC 4861 6.2.6, 7.2.4).
    Solicitation => "solicitation",
    /// A path management message that needs no answer.
    PathMessage => "path_message",
    /// An end marker, which means nothing to a PDU session anchor (TS 29.281 7.3.2).
    EndMarker => "end_marker",
    /// An error indication of the access network that names a tunnel in use (TS 29.281 7.3.1).
    ErrorIndication => "error_indication",
    /// Not a GTP-U message, or its length exceeds the datagram.
    GtpuMalformed => "drop_gtpu_malformed",
    /// A message type that this peer may not send (TS 29.281 6.1).
    GtpuType => "drop_gtpu_message_type",
    /// An extension header chain that does not end, or one that must be understood and is not (TS 29.281 5.2.1).
    GtpuExtension => "drop_gtpu_extension",
    /// No tunnel of that identifier (TS 29.281 7.3.1).
    UnknownTeid => "drop_unknown_teid",
    /// The right tunnel, from another node than the session's.
    OuterSource => "drop_outer_source",
    /// An error indication that names no tunnel of its sender.
    ErrorIndicationForged => "drop_error_indication_unmatched",
    /// The inner packet is no whole IP packet.
    InnerMalformed => "drop_inner_malformed",
    /// The inner source is not the terminal's address (TS 33.117 4.3.3.1.1).
    InnerSource => "drop_inner_source",
    /// A terminal's packet for its own link that asks nothing of the router (RFC 4291 2.5.6).
    LinkLocal => "drop_link_local",
    /// Longer than the terminals' link carries, and not to be cut: its sender is told (RFC 1191 3, RFC 8200 5).
    TooBig => "drop_too_big",
    /// The inner destination is a node of the core.
    ProtectedDestination => "drop_protected_destination",
    /// GTP-U inside GTP-U.
    NestedTunnel => "drop_nested_tunnel",
    /// For another terminal, where the policy forbids it.
    LocalSwitchRefused => "drop_local_switch",
    /// No packet detection rule matches (TS 29.244 5.2.1).
    NoRule => "drop_no_rule",
    /// The rule says drop (TS 29.244 5.2.3).
    RuleDrop => "drop_rule",
    /// The gate is closed (TS 29.244 5.4.3).
    GateClosed => "drop_gate_closed",
    /// More than the session's aggregate or the flow's maximum bit rate (TS 29.244 5.4.4).
    RateExceeded => "drop_rate_exceeded",
    /// The session's volume quota is used up (TS 29.244 5.2.2.2).
    QuotaExhausted => "drop_quota_exhausted",
    /// No session has that terminal address.
    UnknownAddress => "drop_unknown_address",
    /// The buffer for the terminal being paged, or for all of them, is full.
    BufferFull => "drop_buffer_full",
    /// Held, and given up: paging failed or the session ended.
    BufferDiscarded => "drop_buffer_discarded",
    /// The rule says forward and names no tunnel.
    NoTunnel => "drop_no_tunnel",
}

/// How often each fate was met.
#[derive(Clone, Debug)]
pub struct Counters([u64; Count::ALL.len()]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; Count::ALL.len()])
    }
}

impl Counters {
    #[inline]
    pub(crate) fn add(&mut self, count: Count) {
        let slot = &mut self.0[count as usize];
        *slot = slot.wrapping_add(1);
    }

    #[inline]
    pub(crate) fn add_many(&mut self, count: Count, many: usize) {
        let slot = &mut self.0[count as usize];
        *slot = slot.wrapping_add(many as u64);
    }

    /// How often `count` was met.
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
    }
}
