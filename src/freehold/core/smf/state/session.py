"""The SM context of one PDU session (TS 23.501 5.6, TS 24.501 6.1.3.3): compact, for there are many."""

from __future__ import annotations

from enum import Enum

import msgspec

from freehold.core.smf.state.link import Link
from freehold.core.smf.state.network import Network
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Conversation
from freehold.services.namf import Communication
from freehold.services.npcf import QosFlow, SmPolicyDecision
from freehold.services.nsmf import UpCnxState
from freehold.services.nudm import UserPlaneSecurity
from freehold.spec.identities import SNssai, Supi


class SmState(Enum):
    """PDU session states of the network (TS 24.501 6.1.3.3), and what comes before the first one."""

    ESTABLISHING = "establishing"
    ACTIVE = "active"
    INACTIVE_PENDING = "inactive pending"
    INACTIVE = "inactive"


class SmIdentity(msgspec.Struct, frozen=True, gc=False):
    """Whose session it is; `number` is its place in this SMF, in references and SEIDs."""

    number: int
    supi: Supi
    pdu_session_id: int
    slice: SNssai

    def __str__(self) -> str:
        return f"{self.supi} session {self.pdu_session_id}"


class Terms(msgspec.Struct, frozen=True, gc=False):
    """What the UE asked for and gets (TS 24.501 6.4.1.3): SSC mode, PDU session type (TS 24.501 9.11.4.11), cause
    beside an accept, always-on answer, whether it has reflective QoS (TS 24.501 9.11.4.1).
    """

    pti: int
    ssc_mode: int = 1
    pdu_session_type: int = 1
    cause: int | None = None
    always_on: bool | None = None
    reflective: bool = False


class Tunnel(msgspec.Struct, frozen=True, gc=False):
    """One end of an N3 tunnel: address in network order and TEID.

    The address is of 4 octets (IPv4), 16 (IPv6), or 20: IPv4, then IPv6 (TS 38.414 5.3).
    """

    address: bytes
    teid: int

    def towards(self, other: Tunnel | None) -> Tunnel:
        """This end with the addresses that an end like `other` reaches; all of them where it reaches none."""
        if other is None:
            return self
        reached = (self.ipv4 or b"" if other.ipv4 else b"") + (self.ipv6 or b"" if other.ipv6 else b"")
        return Tunnel(reached, self.teid) if reached else self

    @property
    def ipv4(self) -> bytes | None:
        """Its IPv4 address."""
        return self.address[:4] if len(self.address) in {4, 20} else None

    @property
    def ipv6(self) -> bytes | None:
        """Its IPv6 address."""
        return self.address[-16:] if len(self.address) >= 16 else None


class Ipv6(msgspec.Struct, frozen=True, gc=False):
    """A UE's IPv6: the 64 bits of its prefix, and the interface identifier of its link-local address."""

    prefix: int
    interface_identifier: bytes

    @property
    def address(self) -> bytes:
        """The address that the UE begins with, in network order."""
        return self.prefix.to_bytes(8, "big") + self.interface_identifier


class Flow(msgspec.Struct, frozen=True):
    """A QoS flow of a session beside the default one; its QoS rule has the same number.

    `precedence` is the rule's, lower comes first; `asked` says that the terminal wished for it (TS 24.501 6.4.2),
    `reflective` that it may send back what came on it (TS 23.501 5.7.5).
    """

    qfi: int
    qos: QosFlow
    precedence: int
    asked: bool = False
    reflective: bool = False


class UserPlane:
    """The session at its UPF: SEID, both ends of N3, flows beside the default one, octets that passed."""

    __slots__ = (
        "downlink",
        "downlink_octets",
        "flows",
        "link",
        "remote_seid",
        "target",
        "upf",
        "uplink",
        "uplink_octets",
    )

    upf: Upf
    remote_seid: int | None
    """The UPF's SEID; None while there is no N4 session."""
    uplink: Tunnel | None
    """The UPF's end of N3."""
    downlink: Tunnel | None
    """The gNB's end of N3; None while the user plane is deactivated."""
    target: Tunnel | None
    """The end of N3 that a handover leads to, while the UPF takes uplink packets from there too."""
    link: Link | None
    """The terminal's IPv6 link, where the SMF is its router."""

    def __init__(self, upf: Upf) -> None:
        self.upf = upf
        self.remote_seid = None
        self.uplink = None
        self.downlink = None
        self.target = None
        self.link = None
        self.flows: tuple[Flow, ...] = ()
        self.uplink_octets = 0
        self.downlink_octets = 0


class SmContext:
    """One PDU session: who, on which terms, where its packets go, what runs for it."""

    __slots__ = (
        "address",
        "amf",
        "conversation",
        "identity",
        "ipv6",
        "network",
        "policy",
        "security",
        "state",
        "stations",
        "terms",
        "user_plane",
    )

    identity: SmIdentity
    network: Network
    amf: Communication
    terms: Terms
    policy: SmPolicyDecision | None
    security: UserPlaneSecurity
    address: int | None
    """The UE's IPv4 address."""
    ipv6: Ipv6 | None
    stations: tuple[bytes, ...]
    """MAC addresses that its UPF heard from the terminal (TS 23.501 5.6.10.2)."""
    user_plane: UserPlane
    state: SmState
    conversation: Conversation

    def __init__(self, identity: SmIdentity, network: Network, amf: Communication, upf: Upf, terms: Terms) -> None:
        self.identity = identity
        self.network = network
        self.amf = amf
        self.terms = terms
        self.policy = None
        self.security = UserPlaneSecurity()
        self.address = None
        self.ipv6 = None
        self.stations = ()
        self.user_plane = UserPlane(upf)
        self.state = SmState.ESTABLISHING

    def __str__(self) -> str:
        return str(self.identity)

    @property
    def about(self) -> Supi:
        """Whose it is, for the tap."""
        return self.identity.supi

    @property
    def reference(self) -> str:
        """The SM context reference (TS 29.502 6.1.3.3)."""
        return str(self.identity.number)

    @property
    def up_cnx_state(self) -> UpCnxState:
        """The state of the user plane connection (TS 29.502 6.1.6.3.3)."""
        return "DEACTIVATED" if self.user_plane.downlink is None else "ACTIVATED"
