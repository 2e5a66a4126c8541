"""A terminal as its gNB keeps it, from RRC setup to release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from freehold.procedure import Alarm, Conversation
from freehold.ran.state.machines import TRANSITIONS, Stage, Step
from freehold.services.access import Tunnel
from freehold.services.air import Terminal
from freehold.spec.keys import Key

if TYPE_CHECKING:
    from freehold.ran.cu_cp.link import Link


class AsSecurity(msgspec.Struct, frozen=True, gc=False):
    """The AS security context: the key and the chosen algorithms (TS 33.501 6.2.2.1, 6.7.3)."""

    k_gnb: Key
    ciphering: int
    integrity: int


class Session(msgspec.Struct, frozen=True, gc=False):
    """One PDU session resource: its bearer in the access engine, flows, and both tunnels (TS 38.413 8.2.1)."""

    pdu_session_id: int
    handle: int
    qfis: tuple[int, ...]
    uplink: Tunnel
    downlink: Tunnel


class Activity:
    """When the terminal was last heard, and the alarm that looks again (TS 38.413 8.3.2)."""

    __slots__ = ("alarm", "last")

    def __init__(self, now: float) -> None:
        self.last = now
        self.alarm: Alarm | None = None

    def stop(self) -> None:
        """Look no more."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None


class Ue:
    """One UE-associated logical NG-connection and the terminal behind it (TS 38.401 6.4)."""

    __slots__ = (
        "activity",
        "amf_ue_ngap_id",
        "capability_told",
        "conversation",
        "link",
        "radio_lost",
        "ran_ue_ngap_id",
        "security",
        "sessions",
        "stage",
        "stream",
        "terminal",
    )

    conversation: Conversation

    def __init__(self, ran_ue_ngap_id: int, terminal: Terminal, link: Link, now: float) -> None:
        self.ran_ue_ngap_id = ran_ue_ngap_id
        self.amf_ue_ngap_id: int | None = None
        self.terminal = terminal
        self.link = link
        self.stream = link.stream(ran_ue_ngap_id)
        self.security: AsSecurity | None = None
        self.sessions: dict[int, Session] = {}
        self.stage = Stage.CONNECTED
        self.activity = Activity(now)
        self.capability_told = False
        self.radio_lost = False

    def __str__(self) -> str:
        return f"ran-ue {self.ran_ue_ngap_id}"

    def move(self, step: Step) -> bool:
        """Change the stage; false where the table has no such pair."""
        after = TRANSITIONS.get((self.stage, step))
        if after is None:
            return False
        self.stage = after
        return True
