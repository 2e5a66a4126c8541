"""A terminal as its gNB keeps it, from RRC setup to release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.codecs import ngap
from freehold.crypto.handover import NextHop
from freehold.procedure import Alarm, Conversation
from freehold.ran.state.machines import TRANSITIONS, Stage, Step
from freehold.services.access import Tunnel
from freehold.services.air import Bearer, Terminal
from freehold.spec.keys import Key

if TYPE_CHECKING:
    from freehold.ran.cu_cp.link import Link
    from freehold.ran.cu_cp.xn_link import XnLink


class AsSecurity(msgspec.Struct, frozen=True, gc=False):
    """The AS security context: the key with its NCC, the chosen algorithms, and the NH for the next handover.

    TS 33.501 6.2.2.1, 6.7.3, 6.9.2.1.1; `next_hop` is None while no fresh one is there. With `key_set_change` the AMF
    began a new chain, from another KAMF: the next command tells the terminal (TS 33.501 6.9.2.3.2, 6.9.2.3.3).
    """

    k_gnb: Key
    ciphering: int
    integrity: int
    ncc: int = 0
    next_hop: NextHop | None = None
    key_set_change: bool = False


class UeContext(msgspec.Struct, frozen=True, gc=False):
    """What the AMF said about a UE, and another gNB is told at a handover (TS 38.413 8.3.1.2)."""

    capabilities: ngap.UESecurityCapabilities
    guami: ngap.GUAMI
    ambr: ngap.UEAggregateMaximumBitRate | None = None


class Session(msgspec.Struct, frozen=True, gc=False):
    """One PDU session resource: its bearer in the access engine, flows, and both tunnels (TS 38.413 8.2.1).

    `request` is what it was set up with, as later messages changed it: another gNB sets it up from that.
    """

    pdu_session_id: int
    handle: int
    qfis: tuple[int, ...]
    uplink: Tunnel
    downlink: Tunnel
    slice: ngap.SNSSAI
    request: ngap.PDUSessionResourceSetupRequestTransfer


class Activity:
    """When the terminal was last heard, and the alarm that looks again (TS 38.413 8.3.2)."""

    __slots__ = ("alarm", "last", "since")

    def __init__(self, now: float) -> None:
        self.since = self.last = now
        self.alarm: Alarm | None = None

    def stop(self) -> None:
        """Look no more."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None


class Radio:
    """What the gNB knows of the terminal's radio: whether its capability was told, whether it is out of reach."""

    __slots__ = ("capability_told", "lost")

    def __init__(self) -> None:
        self.capability_told = False
        self.lost = False


class Handover:
    """A handover that a UE context is an end of (TS 38.300 9.2.3.2).

    At the target `c_rnti` is what the terminal will come with. `xn` is the way to the other gNB, None over N2, and
    `peer` the UE's identity there. `forwarding` are the sessions whose packets are passed on, `waiting` is NAS of a
    terminal whose path is not switched yet.
    """

    __slots__ = ("c_rnti", "forwarding", "peer", "waiting", "xn")

    def __init__(self, c_rnti: int = 0, xn: XnLink | None = None, peer: int = 0) -> None:
        self.c_rnti = c_rnti
        self.xn = xn
        self.peer = peer
        self.forwarding: frozenset[int] = frozenset()
        self.waiting: list[bytes] = []


class Absent:
    """Stands for a terminal that is not in the cell, still to come or gone (`services.air.Terminal`)."""

    __slots__ = ()

    def downlink_nas(self, octets: bytes) -> None:
        """Nobody hears it."""

    def security(self, k_gnb: bytes, ciphering: int, integrity: int) -> bool:
        """Nobody accepts it."""
        del k_gnb, ciphering, integrity
        return False

    def radio_capability(self) -> bytes:
        """Nobody says it."""
        return b""

    def bearers(self, added: tuple[Bearer, ...], released: tuple[int, ...]) -> None:
        """Nobody has them."""

    def reconfiguration(self, octets: bytes) -> None:
        """Nobody follows it."""

    def released(self) -> None:
        """There is no connection."""

    def paged(self) -> None:
        """Nobody listens."""


class Ue:
    """One UE-associated logical NG-connection and the terminal behind it (TS 38.401 6.4)."""

    __slots__ = (
        "activity",
        "amf_ue_ngap_id",
        "context",
        "conversation",
        "handover",
        "link",
        "radio",
        "ran_ue_ngap_id",
        "security",
        "sessions",
        "stage",
        "terminal",
    )

    conversation: Conversation

    def __init__(self, ran_ue_ngap_id: int, terminal: Terminal, link: Link, now: float) -> None:
        self.ran_ue_ngap_id = ran_ue_ngap_id
        self.amf_ue_ngap_id: int | None = None
        self.terminal = terminal
        self.link = link
        self.security: AsSecurity | None = None
        self.sessions: dict[int, Session] = {}
        self.stage = Stage.CONNECTED
        self.activity = Activity(now)
        self.radio = Radio()
        self.context: UeContext | None = None
        self.handover: Handover | None = None

    def __str__(self) -> str:
        return f"ran-ue {self.ran_ue_ngap_id}"

    @property
    def stream(self) -> int:
        """The stream of N2 for its whole connection (TS 38.412 7)."""
        return self.link.stream(self.ran_ue_ngap_id)

    def move(self, step: Step) -> bool:
        """Change the stage; false where the table has no such pair."""
        after = TRANSITIONS.get((self.stage, step))
        if after is None:
            return False
        self.stage = after
        return True
