"""One N2 association to one AMF: kept alive, and the way every NGAP message leaves (TS 38.412 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from freehold.codecs import ngap
from freehold.procedure import Record
from freehold.ran.state.amf import AmfState
from freehold.ran.state.ue import Ue
from freehold.services.n2 import Acceptor, Association, AssociationUser
from freehold.spec.events import Event

if TYPE_CHECKING:
    from freehold.ran.cu_cp.gnb import Gnb

NON_UE_STREAM: Final = 0
"""The stream of non-UE-associated signalling (TS 38.412 7)."""

Refused = Callable[[str], None]
Connector = Callable[[Acceptor, Refused], None]
"""Begins an association: the acceptor is called with it, or the other with the reason why there is none."""


class Link:
    """The gNB's end of N2 towards one AMF."""

    __slots__ = ("amf", "association", "by_amf_id", "connect", "conversation", "failures", "gnb", "name", "ues")

    def __init__(self, gnb: Gnb, name: str, connect: Connector) -> None:
        self.gnb = gnb
        self.name = name
        self.connect = connect
        self.amf = AmfState()
        self.association: Association | None = None
        self.conversation = gnb.driver.converse(self)
        self.ues: dict[int, Ue] = {}
        self.by_amf_id: dict[int, Ue] = {}
        self.failures = 0

    def __str__(self) -> str:
        return self.amf.name or self.name

    def stream(self, ran_ue_ngap_id: int) -> int:
        """The stream of a UE: one for its whole connection, never 0 where there are two (TS 38.412 7)."""
        streams = 1 if self.association is None else self.association.outbound_streams
        return 1 + ran_ue_ngap_id % (streams - 1) if streams > 1 else NON_UE_STREAM

    def send(self, message: ngap.Message, stream: int = NON_UE_STREAM, subject: str = "") -> None:
        """Encode and send one message; nothing happens while there is no association."""
        if self.association is None:
            return
        octets = ngap.encode(message)
        self.record(octets, message, subject, sent=True)
        self.association.send(octets, stream)

    def record(self, octets: bytes, message: ngap.Message | None, subject: str = "", *, sent: bool = False) -> None:
        """Show one message on the tap while somebody watches."""
        environment = self.gnb.driver.environment
        if environment.tap.active:
            ends = (self.gnb.configuration.name, str(self))
            source, target = ends if sent else ends[::-1]
            name = "undecodable" if message is None else type(message).__name__
            record = Record(
                environment.now(), "N2", source, target, name, octets=octets, value=message, subject=subject
            )
            environment.tap.record(record)

    # --- the association ------------------------------------------------------------------
    def start(self) -> None:
        """Ask for an association."""
        self.connect(self.associated, self.refused)

    def associated(self, association: Association) -> AssociationUser:
        """The association stands: set NG up (TS 38.413 8.7.1)."""
        self.association = association
        self.gnb.associated(self)
        return self

    def refused(self, reason: str) -> None:
        """There is no association; try again later, each time after twice the pause."""
        timers, environment = self.gnb.driver.timers, self.gnb.driver.environment
        pause = min(timers["N2-reconnect"].seconds * 2**self.failures, timers["N2-reconnect-limit"].seconds)
        self.failures = min(self.failures + 1, 16)
        text = f"{self.gnb.configuration.name}: no N2 association to {self.name} ({reason}); again in {pause:g} s"
        environment.emit(Event("n2-refused", text, "warning", str(self), "check the AMF's address and that it runs"))
        environment.call_at(environment.now() + pause, self.retry)

    def retry(self) -> None:
        """Try again unless the gNB was stopped or an association stands."""
        if self.association is None and self in self.gnb.links:
            self.start()

    def received(self, octets: bytes, stream: int, ppid: int) -> None:
        """One message of the AMF came."""
        self.gnb.received(self, octets, stream, ppid)

    def lost(self, reason: str) -> None:
        """The association is gone: every UE of it is released, and a new one is tried."""
        released = self.drop(f"N2 lost: {reason}")
        self.refused(f"{reason}; {released} terminals released" if released else reason)

    def drop(self, reason: str) -> int:
        """Forget the association and everything that lived on it; how many terminals were released."""
        self.association = None
        self.amf.forget()
        self.conversation.abort(reason)
        ues = tuple(self.ues.values())
        for ue in ues:
            self.gnb.release_locally(ue, reason, tell=False)
        return len(ues)

    def stop(self) -> None:
        """End the association for good."""
        association = self.association
        self.drop("the gNB stops")
        if association is not None:
            association.close()


class UeChannel:
    """The NGAP channel of one UE: its own stream (TS 38.412 7)."""

    __slots__ = ("ue",)

    def __init__(self, ue: Ue) -> None:
        self.ue = ue

    def send(self, message: ngap.Message) -> None:
        """Send one UE-associated message."""
        self.ue.link.send(message, self.ue.stream, str(self.ue))
