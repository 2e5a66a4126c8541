"""The PDU sessions of one terminal, from 5GSM's side and from the IP stacks' (TS 24.501 6.1.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from freehold.codecs.nas import QosRule
from freehold.codecs.nas.values.qos import (
    Component,
    Ipv4Remote,
    Ipv6Prefix,
    MacRange,
    PacketFilter,
    PortRange,
    TrafficClass,
)
from freehold.services.access import TerminalPlane, UplinkRule
from freehold.services.air import Bearer
from freehold.spec.identities import SNssai
from freehold.ue.errors import NoConnection
from freehold.ue.state.session import Session, SmContext, SmEvent

UPLINK = 2
"""The bit of a packet filter for packets of the terminal (TS 24.501 9.11.4.13)."""
COMPONENT_OCTETS = {0x40: 2, 0x50: 2, 0x60: 4, 0x80: 3, 0x83: 2, 0x84: 2, 0x87: 2}
"""Octets of components that are numbers; the others have one (TS 24.501 9.11.4.13)."""
SESSIONS_PER_TERMINAL = 16
"""The numbers a terminal has in the access engine: one for each PDU session identity (TS 24.007 11.2.3.1b)."""


class PduSessions:
    """What becomes of sessions: `plane` gives them IP stacks, `number` makes their numbers unique in it.

    `wanted` is called with the identity of a session that has uplink data and no bearer.
    """

    __slots__ = ("_number", "_plane", "_wanted", "context")

    def __init__(self, plane: TerminalPlane | None, number: int, wanted: Callable[[int], None]) -> None:
        self.context = SmContext()
        self._plane = plane
        self._number = number
        self._wanted = wanted

    def open(self, identity: int, dnn: str | None, snssai: SNssai | None) -> Session:
        """A new, inactive PDU session."""
        session = Session(identity, self._number * SESSIONS_PER_TERMINAL + identity, dnn, snssai)
        self.context.sessions[identity] = session
        return session

    def established(self, session: Session) -> None:
        """The session has its address: give it an IP stack."""
        granted, plane = session.granted, self._plane
        if plane is None or granted is None or not session.attached:
            return
        if granted.ethernet:
            plane.ethernet(session.number, granted.mtu)
        if granted.ipv4 is not None:
            plane.attach(session.number, granted.ipv4, granted.mtu)
        if granted.interface_identifier is not None:
            identifier = int.from_bytes(granted.interface_identifier, "big")
            plane.link(session.number, identifier, granted.mtu, partial(_addressed, session))
        if len(granted.rules) > 1:
            self.classify(session)
        if session.bearer is not None:
            plane.bind(session.number, session.bearer.handle)
        plane.on_uplink_pending(session.number, lambda: self._wanted(session.identity))

    def classify(self, session: Session) -> None:
        """Uplink packets take the flows of the QoS rules that there are now (TS 23.501 5.7.1.5)."""
        granted = session.granted
        if self._plane is not None and granted is not None and session.attached:
            self._plane.classify(session.number, uplink_rules(granted.rules))

    def bind(self, identity: int, bearer: Bearer | None) -> None:
        """The session's bearer came or went."""
        session = self.context.sessions.get(identity)
        if session is None:
            return
        session.bearer = bearer
        if self._plane is not None and session.attached:
            self._plane.bind(session.number, bearer.handle if bearer is not None else None)
        if bearer is not None:
            session.up.set(bearer)

    def suspend(self) -> None:
        """Every bearer is gone with the connection (TS 24.501 5.3.1.3)."""
        for identity, session in self.context.sessions.items():
            if session.bearer is not None:
                self.bind(identity, None)

    def pause(self) -> None:
        """The terminal leaves its cell for another one: packets wait for the bearers there (TS 38.300 9.2.3.2.3)."""
        for session in self.context.sessions.values():
            if session.bearer is not None:
                session.bearer = None
                if self._plane is not None and session.attached:
                    self._plane.pause(session.number)

    def settle(self) -> None:
        """What has no bearer in the cell where the terminal is asks for one as ever."""
        for session in self.context.sessions.values():
            if session.bearer is None and self._plane is not None and session.attached:
                self._plane.settle(session.number)

    def drop(self, identity: int) -> None:
        """Forget a PDU session, whatever its state."""
        session = self.context.sessions.pop(identity, None)
        if session is None:
            return
        if session.active:
            session.step(SmEvent.RELEASED)
            if self._plane is not None and session.attached:
                self._plane.detach(session.number)
        session.up.fail(NoConnection("the PDU session was released"))
        session.configured.fail(NoConnection("the PDU session was released"))

    def keep(self, identities: list[int]) -> None:
        """Locally release what the network does not hold any more (TS 24.501 5.5.1.3.4, 5.6.1.4.1)."""
        for identity in self.context.active:
            if identity not in identities:
                self.drop(identity)

    def drop_all(self) -> None:
        """Locally release every PDU session (TS 24.501 5.5.2.1)."""
        for identity in tuple(self.context.sessions):
            self.drop(identity)

    def abandon(self) -> None:
        """Begin anew after a mistake of ours, whatever the sessions look like."""
        sessions, self.context = self.context.sessions, SmContext()
        for session in sessions.values():
            if self._plane is not None and session.granted is not None:
                self._plane.detach(session.number)


def uplink_rules(rules: tuple[QosRule, ...]) -> list[UplinkRule]:
    """QoS rules in the order of their precedence, for packets of the terminal (TS 23.501 5.7.1.5, 5.7.1.9)."""
    found = []
    for rule in sorted(rules, key=lambda one: 255 if one.precedence is None else one.precedence):
        for one in rule.packet_filters:
            if isinstance(one, PacketFilter) and one.direction & UPLINK and rule.qfi is not None:
                parts = [(part.kind, nas_octets(part)) for part in one.components]
                found.append((rule.qfi, parts))
    return found


def nas_octets(component: Component) -> bytes:
    """The value of a packet filter component as its octets (TS 24.501 9.11.4.13)."""
    value = component.value
    match value:
        case bytes():
            return value
        case int():
            return value.to_bytes(COMPONENT_OCTETS.get(component.kind, 1), "big")
        case Ipv4Remote():
            return value.address + value.mask
        case Ipv6Prefix():
            return value.address + bytes((value.length,))
        case PortRange():
            return value.low.to_bytes(2, "big") + value.high.to_bytes(2, "big")
        case TrafficClass():
            return bytes((value.value, value.mask))
        case MacRange():
            return value.low + value.high


def _addressed(session: Session, address: str | None) -> None:
    """The link has an address of the advertised prefix, or no router answered (TS 23.501 5.8.2.2.3)."""
    session.ipv6 = address or session.ipv6
    session.configured.set(None)
