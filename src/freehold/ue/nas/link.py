"""N1 of one terminal: NAS messages as octets over the air link, protected as TS 24.501 4.4 asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from freehold.codecs import nas
from freehold.codecs.nas import (
    Decoded,
    DeregistrationRequestFromUe,
    Message,
    RegistrationRequest,
    SecurityModeCommand,
    SecurityProtected,
    ServiceRequest,
    ServiceType,
)
from freehold.crypto.handover import Chain
from freehold.procedure import Signal
from freehold.services.air import Connection, EstablishmentCause, RrcSetup
from freehold.spec import counters
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.ue.errors import NoConnection

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal

# TS 24.501 4.4.6: the elements an initial message may carry in clear
CLEARTEXT: Mapping[type[Message], tuple[str, ...]] = MappingProxyType(
    {
        RegistrationRequest: (
            "registration_type",
            "ng_ksi",
            "mobile_identity",
            "ue_security_capability",
            "additional_guti",
            "ue_status",
            "eps_nas_message_container",
        ),
        ServiceRequest: ("ng_ksi", "service_type", "s_tmsi"),
        DeregistrationRequestFromUe: ("deregistration_type", "ng_ksi", "mobile_identity"),
    }
)
# TS 24.501 4.5.6 table 4.5.6.1
SERVICE_CAUSES: Mapping[int, EstablishmentCause] = MappingProxyType(
    {
        ServiceType.SIGNALLING: "mo-Signalling",
        ServiceType.DATA: "mo-Data",
        ServiceType.MOBILE_TERMINATED: "mt-Access",
        ServiceType.EMERGENCY: "emergency",
        ServiceType.EMERGENCY_FALLBACK: "emergency",
        ServiceType.HIGH_PRIORITY: "highPriorityAccess",
    }
)
NEW_CONTEXT = (HeaderType.INTEGRITY_NEW_CONTEXT, HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)


class Released(msgspec.Struct, frozen=True, gc=False):
    """The N1 NAS signalling connection is gone (TS 24.501 5.3.1.3)."""


class Received(msgspec.Struct, frozen=True):
    """A message and whether its integrity was checked; `protected` are the octets around a SECURITY MODE COMMAND."""

    decoded: Decoded
    verified: bool
    protected: bytes = b""


class Link:
    """The N1 NAS signalling connection of one terminal; a channel of its procedures."""

    __slots__ = (
        "_receive",
        "_sending",
        "_ue",
        "_waiting",
        "chain",
        "connection",
        "hidden",
        "initial_message",
        "k_gnb_counts",
        "root",
        "secured",
        "security_mode_count",
    )

    def __init__(self, ue: Terminal, receive: Callable[[Received], None]) -> None:
        self._ue = ue
        self._receive = receive
        self._sending = False
        self._waiting: list[Signal[None]] = []
        self.connection: Connection | None = None
        self.chain: Chain | None = None
        """What the next AS key comes from, once AS security is there (TS 33.501 6.9.2.1.1)."""
        self.root: NasSecurity | None = None
        """The NAS security context whose KAMF the chain comes from: the current one, or the one before it."""
        self.secured = False
        self.initial_message: bytes | None = None
        self.hidden = False
        self.k_gnb_counts: tuple[int, ...] = (0,)
        """The uplink NAS COUNTs that KgNB may be of: where a command came twice, the AMF may have but the first answer.

        TS 33.501 6.8.1.2.2.
        """
        self.security_mode_count: int | None = None
        """The uplink NAS COUNT of the last SECURITY MODE COMPLETE (TS 33.501 6.9.4.4)."""

    def send(self, message: Message) -> None:
        """Send one message, as the initial one of a new connection if there is none; NoConnection if it cannot be."""
        self._sending = True
        try:
            if self.connection is None:
                self._connect(message)
            else:
                self.connection.uplink_nas(self._protected(nas.encode(message)))
        finally:
            self._sending = False

    def send_protected(self, octets: bytes) -> None:
        """Send octets that are protected already (TS 24.501 5.4.2.3)."""
        if self.connection is None:
            raise NoConnection("no N1 NAS signalling connection")
        self._sending = True
        try:
            self.connection.uplink_nas(octets)
        finally:
            self._sending = False

    def arrived(self, octets: bytes) -> None:
        """NAS octets from the network; those that come while this side still sends wait for its end."""
        if self._sending:
            environment = self._ue.environment
            environment.call_at(environment.now(), lambda: self.arrived(octets))
            return
        if self.connection is None:
            self._discard("without a connection")
            return
        decoded = nas.decode(octets)
        if isinstance(decoded.message, SecurityProtected):
            received = self._unprotected(decoded.message, octets)
            if received is not None:
                self._receive(received)
        elif self.secured:
            self._discard("unprotected after secure exchange was established")  # TS 24.501 4.4.4.2
        else:
            self._receive(Received(decoded, verified=False))

    def container(self, *, asked: bool) -> bytes | None:
        """What SECURITY MODE COMPLETE repeats: the initial message, if `asked` or if part of it was not sent yet.

        TS 24.501 4.4.6, 5.4.2.3; only until the initial message is answered.
        """
        return self.initial_message if asked or self.hidden else None

    def answered(self) -> None:
        """The initial message has its answer: nothing of it is to be repeated any more (TS 24.501 4.4.6)."""
        self.initial_message, self.hidden = None, False

    def secure(self) -> None:
        """Secure exchange of messages is established (TS 24.501 4.4.2.5)."""
        self.secured = True
        waiting, self._waiting = self._waiting, []
        for signal in waiting:
            signal.set(None)

    def when_secured(self) -> Signal[None]:
        """A signal of the secure exchange of messages, or of the connection's loss."""
        signal: Signal[None] = Signal()
        if self.secured:
            signal.set(None)
        else:
            self._waiting.append(signal)
        return signal

    def lost(self) -> None:
        """The connection is gone; so is the secure exchange of messages on it (TS 24.501 4.4.2.5)."""
        self.connection = self.chain = self.root = None
        self.secured = False
        waiting, self._waiting = self._waiting, []
        for signal in waiting:
            signal.fail(NoConnection("the connection was released"))

    def _protected(self, plain: bytes) -> bytes:
        security = self._ue.usim.security
        return plain if security is None or not self.secured else security.protect(plain)

    def _connect(self, message: Message) -> None:
        ue = self._ue
        cell = ue.cell
        if type(message) not in CLEARTEXT or cell is None:
            raise NoConnection("no N1 NAS signalling connection")
        if ue.mm.forbidden.cell_barred or cell.system_information.barred:
            raise NoConnection("the cell is barred")  # TS 38.304 5.3.1
        guti = ue.usim.guti
        request = RrcSetup(
            cause=_cause(message),
            nas=self._initial(message),
            selected_plmn=ue.selected_plmn(cell.system_information),
            s_tmsi=guti.s_tmsi if guti is not None else None,
            registered_amf=guti.guami if guti is not None else None,
        )
        self.connection = cell.setup(ue, request)
        if self.connection is None:
            raise NoConnection("the cell refused the connection")
        ue.connected()

    def _initial(self, message: Message) -> bytes:
        """The protected form of an initial message (TS 24.501 4.4.6)."""
        clear = cleartext(message)
        whole = nas.encode(message)
        security = self._ue.usim.security
        self.initial_message, self.hidden = whole, clear != message
        if security is None:
            return nas.encode(clear)
        if clear != message:
            container = security.cipher_container(whole)
            whole = nas.encode(msgspec.structs.replace(clear, nas_message_container=container))
        self.k_gnb_counts = (security.uplink,)  # TS 33.501 6.8.1.2.2
        return security.protect(whole, HeaderType.INTEGRITY)

    def _unprotected(self, message: SecurityProtected, octets: bytes) -> Received | None:
        if message.security_header in NEW_CONTEXT:
            decoded = nas.decode(message.content)
            if isinstance(decoded.message, SecurityModeCommand):
                return Received(decoded, verified=False, protected=octets)
            self._discard("a new security context in another message than SECURITY MODE COMMAND")
            return None
        security = self._ue.usim.security
        verdict = security.unprotect(octets) if security is not None else None
        if verdict is not None and verdict.verified and verdict.plain is not None:
            self.secure()
            return Received(nas.decode(verdict.plain), verified=True)
        if self.secured or message.security_header != HeaderType.INTEGRITY or (verdict and verdict.replayed):
            self._discard("wrong MAC or replayed")  # TS 24.501 4.4.3.2, 4.4.4.2
            return None
        return Received(nas.decode(message.content), verified=False)

    def _discard(self, why: str) -> None:
        self._ue.environment.count(counters.PROTOCOL_FAULT, f"UE N1 {why}")


def cleartext(message: Message) -> Message:
    """The message with the elements that may be sent in clear only (TS 24.501 4.4.6)."""
    names = CLEARTEXT[type(message)]
    return type(message)(**{name: getattr(message, name) for name in names})


def _cause(message: Message) -> EstablishmentCause:
    if isinstance(message, ServiceRequest):
        return SERVICE_CAUSES.get(message.service_type, "mo-Signalling")
    return "mo-Signalling"
