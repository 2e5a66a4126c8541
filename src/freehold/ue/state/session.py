"""5GSM of one terminal: its PDU sessions and procedure transactions (TS 24.501 6.1.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from ipaddress import ip_address
from types import MappingProxyType

import msgspec

from freehold.codecs.nas import (
    ExtendedProtocolConfigurationOptions,
    PduSessionType,
    QosFlowDescription,
    QosRule,
    SessionAmbr,
    SmMessage,
)
from freehold.procedure import Signal
from freehold.services.air import Bearer
from freehold.spec.errors import Bug
from freehold.spec.identities import SNssai

PDU_SESSION_IDENTITIES = range(1, 16)
"""TS 24.007 11.2.3.1b."""
TRANSACTION_IDENTITIES = range(1, 255)
"""TS 24.007 11.2.3.1a: 0 is unassigned, 255 reserved."""


class SmState(Enum):
    """5GSM states of the UE for one PDU session (TS 24.501 6.1.3.2)."""

    INACTIVE = "PDU SESSION INACTIVE"
    ACTIVE_PENDING = "PDU SESSION ACTIVE PENDING"
    ACTIVE = "PDU SESSION ACTIVE"
    INACTIVE_PENDING = "PDU SESSION INACTIVE PENDING"
    MODIFICATION_PENDING = "PDU SESSION MODIFICATION PENDING"


class SmEvent(Enum):
    """What moves a PDU session from one state to another (TS 24.501 6.1.3.2)."""

    ESTABLISHMENT = "establishment requested"
    ACCEPTED = "establishment accepted"
    REFUSED = "establishment refused"
    MODIFICATION = "modification requested"
    MODIFIED = "modification ended"
    RELEASE = "release requested"
    RELEASE_REFUSED = "release refused"
    RELEASED = "released"


S, E = SmState, SmEvent
TRANSITIONS: Mapping[tuple[SmState, SmEvent], SmState] = MappingProxyType(
    {  # TS 24.501 figure 6.1.3.2.1.1
        (S.INACTIVE, E.ESTABLISHMENT): S.ACTIVE_PENDING,
        (S.ACTIVE_PENDING, E.ACCEPTED): S.ACTIVE,
        (S.ACTIVE_PENDING, E.REFUSED): S.INACTIVE,
        (S.ACTIVE_PENDING, E.RELEASED): S.INACTIVE,
        (S.ACTIVE, E.MODIFICATION): S.MODIFICATION_PENDING,
        (S.MODIFICATION_PENDING, E.MODIFIED): S.ACTIVE,
        (S.ACTIVE, E.RELEASE): S.INACTIVE_PENDING,
        (S.MODIFICATION_PENDING, E.RELEASE): S.INACTIVE_PENDING,
        (S.INACTIVE_PENDING, E.RELEASE_REFUSED): S.ACTIVE,
        (S.INACTIVE_PENDING, E.RELEASED): S.INACTIVE,
        (S.MODIFICATION_PENDING, E.RELEASED): S.INACTIVE,
        (S.ACTIVE, E.RELEASED): S.INACTIVE,
    }
)


class SessionParameters(msgspec.Struct, frozen=True):
    """What PDU SESSION ESTABLISHMENT ACCEPT granted (TS 24.501 6.4.1.3)."""

    pdu_session_type: int
    ssc_mode: int
    ambr: SessionAmbr
    rules: tuple[QosRule, ...]
    flows: tuple[QosFlowDescription, ...] = ()
    ipv4: str | None = None
    interface_identifier: bytes | None = None
    snssai: SNssai | None = None
    dnn: str | None = None
    cause: int | None = None
    options: ExtendedProtocolConfigurationOptions = ExtendedProtocolConfigurationOptions()

    @property
    def mtu(self) -> int:
        """What a link carries in octets: as told, else that of Ethernet (TS 24.008 10.5.6.3, RFC 894)."""
        told = self.options.contents(0x0020 if self.ethernet else 0x0010)
        return int.from_bytes(told, "big") if told is not None and len(told) == 2 else 1500

    @property
    def ethernet(self) -> bool:
        """Whether the session carries frames (TS 24.501 9.11.4.11)."""
        return self.pdu_session_type == PduSessionType.ETHERNET

    @property
    def dns(self) -> tuple[str, ...]:
        """Addresses of DNS servers, IPv4 first (TS 24.008 10.5.6.3, containers 000D and 0003)."""
        return _addresses(self.options, 0x000D) + _addresses(self.options, 0x0003)

    @property
    def p_cscf(self) -> tuple[str, ...]:
        """Addresses of P-CSCFs, IPv4 first (TS 24.008 10.5.6.3, containers 000C and 0001)."""
        return _addresses(self.options, 0x000C) + _addresses(self.options, 0x0001)


def dotted(octets: bytes) -> str:
    """Four octets as an IPv4 address in text."""
    return ".".join(map(str, octets))


def _addresses(options: ExtendedProtocolConfigurationOptions, container: int) -> tuple[str, ...]:
    found = (option.contents for option in options.options if option.identifier == container)
    return tuple(str(ip_address(contents)) for contents in found if len(contents) in {4, 16})


class Session(msgspec.Struct):
    """One PDU session; `number` names it in the access engine, `up` is set with its first bearer."""

    identity: int
    number: int
    dnn: str | None
    snssai: SNssai | None
    state: SmState = SmState.INACTIVE
    granted: SessionParameters | None = None
    bearer: Bearer | None = None
    up: Signal[Bearer] = msgspec.field(default_factory=Signal)
    ipv6: str | None = None
    """The IPv6 address, once its prefix was advertised."""
    configured: Signal[None] = msgspec.field(default_factory=Signal)
    """Set when it is known whether there is an IPv6 address."""

    @property
    def active(self) -> bool:
        """Whether the network holds the session too (TS 24.501 6.1.3.2.4)."""
        return self.state in {SmState.ACTIVE, SmState.MODIFICATION_PENDING, SmState.INACTIVE_PENDING}

    @property
    def address(self) -> str | None:
        """The IPv4 address, once the session is established."""
        return self.granted.ipv4 if self.granted is not None else None

    @property
    def attached(self) -> bool:
        """Whether the access engine knows the session."""
        granted = self.granted
        return granted is not None and (
            granted.ethernet or granted.ipv4 is not None or granted.interface_identifier is not None
        )

    def step(self, event: SmEvent) -> None:
        """Move on; Bug where the table has no such step, because a procedure checks before it starts."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise Bug(f"{event.value} in {self.state.value}")
        self.state = state


class SmContext(msgspec.Struct):
    """All PDU sessions and transactions of one terminal."""

    sessions: dict[int, Session] = msgspec.field(default_factory=dict)
    transactions: set[int] = msgspec.field(default_factory=set)
    last_transaction: int = 0
    completed: dict[int, SmMessage] = msgspec.field(default_factory=dict)
    """How a command of the network was completed in each transaction that is over, until its identity is used again."""

    def free_identity(self) -> int | None:
        """A PDU session identity that is not in use; None when all 15 are (TS 24.501 6.4.1.2)."""
        return next((identity for identity in PDU_SESSION_IDENTITIES if identity not in self.sessions), None)

    def begin(self) -> int:
        """A procedure transaction identity that is not in use (TS 24.501 6.4.1.2)."""
        for step in range(1, len(TRANSACTION_IDENTITIES) + 1):
            candidate = (self.last_transaction + step - 1) % len(TRANSACTION_IDENTITIES) + 1
            if candidate not in self.transactions:
                self.last_transaction = candidate
                self.transactions.add(candidate)
                self.completed.pop(candidate, None)
                return candidate
        raise Bug("all procedure transaction identities are in use")

    def end(self, transaction: int) -> None:
        """The transaction is over."""
        self.transactions.discard(transaction)

    @property
    def suspended(self) -> list[int]:
        """The identities of sessions without a bearer, for an uplink data status (TS 24.501 9.11.3.57)."""
        return [identity for identity in self.active if self.sessions[identity].bearer is None]

    @property
    def active(self) -> list[int]:
        """The identities of sessions that are not inactive, for a PDU session status (TS 24.501 9.11.3.44)."""
        return sorted(identity for identity, session in self.sessions.items() if session.active)
