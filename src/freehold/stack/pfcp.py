"""One end of N4, the same for SMF and UPF: transactions, retransmission, duplicates, heartbeats (TS 29.244 6.4)."""

from __future__ import annotations

from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import Decoded, Fault, Header, HeartbeatRequest, HeartbeatResponse, Message, NodeID
from freehold.procedure import Alarm, Driver, Record, Signal, about
from freehold.services.datagram import Address, DatagramPort
from freehold.spec import counters
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event

R = TypeVar("R", bound=Message)

PFCP_PORT: Final = 8805  # TS 29.244 4.2.2
NTP_EPOCH: Final = 2_208_988_800  # seconds from 1900 to 1970: TS 29.244 8.2.65
ANSWERS_KEPT: Final = 2048
SEQUENCES: Final = 1 << 24  # TS 29.244 7.2.2.2

BY_NUMBER: Final = {message.number: message for message in pfcp.MESSAGES}
REQUESTS: Final = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 50, 52, 54, 56})  # TS 29.244 7.3
CAUSES: Final = {int(cause): cause.name for cause in PfcpCause}
CLAUSES: Final = {
    message.number: (message.__doc__ or "").rpartition("(")[2].removesuffix(").") for message in pfcp.MESSAGES
}


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A response, and the SEID of the peer's session where it is about one."""

    message: Message
    seid: int | None = None


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A request with its response, which is sent again where the request is.

    A peer that restarted counts from where it did before: a number alone says nothing.
    """

    request: bytes
    response: bytes
    at: float

    def repeats(self, octets: bytes, since: float) -> bool:
        """Whether these octets are the same request again."""
        return self.request == octets and self.at >= since


class RequestUser(Protocol):
    """What a network function does with requests; heartbeats are answered before they reach it."""

    def heard(self, recovery_time_stamp: int, source: Address) -> None:
        """A peer asked for a sign of life, and told when it last started (TS 29.244 7.4.2.1)."""

    def answer(self, request: Message, header: Header, source: Address) -> Answer:
        """Carry the request out and answer it."""


class PfcpEntity:
    """The PFCP entity of one network function on one port."""

    def __init__(self, driver: Driver, port: DatagramPort, node_id: NodeID, user: RequestUser) -> None:
        self.driver = driver
        self.node_id = node_id
        self.recovery_time_stamp = int(driver.environment.utc()) + NTP_EPOCH
        self._port = port
        self._user = user
        self._sequence = int.from_bytes(driver.environment.random(3), "big")
        self._open: dict[tuple[str, int], Transaction[Any]] = {}
        self._answered: dict[tuple[Address, int, int], Answered] = {}

    # --- requests of ours --------------------------------------------------------------------
    def request(
        self,
        message: Message,
        response: type[R],
        destination: Address,
        seid: int | None = None,
        *,
        subject: object = "",
    ) -> Signal[R]:
        """Send a request until it is answered: the signal gives the response, or TimerExpired (TS 29.244 6.4).

        `subject` says on the tap whose session it is about.
        """
        self._sequence = (self._sequence + 1) % SEQUENCES
        octets = pfcp.encode(message, self._sequence, seid)
        transaction = Transaction(self, destination, self._sequence, octets, response)
        transaction.subject = subject
        self._open[destination[0], self._sequence] = transaction
        self._watch("out", destination, message, self._sequence, octets, subject)
        transaction.send()
        return transaction.signal

    def heartbeat(self, destination: Address) -> Signal[HeartbeatResponse]:
        """Ask whether a peer is alive (TS 29.244 6.2.2)."""
        return self.request(
            HeartbeatRequest(recovery_time_stamp=self.recovery_time_stamp), HeartbeatResponse, destination
        )

    def transmit(self, octets: bytes, destination: Address) -> None:
        """Send octets as they are."""
        self._port.send(octets, destination)

    def close(self, transaction: Transaction[Any]) -> None:
        """Forget a transaction that ended."""
        self._open.pop((transaction.destination[0], transaction.sequence), None)

    # --- messages of peers -------------------------------------------------------------------
    def received(self, octets: bytes, source: Address) -> None:
        """Take one datagram: several messages where they are bundled (TS 29.244 6.5)."""
        for part in pfcp.split(octets):
            self._receive(part, source)

    def _receive(self, octets: bytes, source: Address) -> None:
        decoded = pfcp.decode(octets)
        header = decoded.header
        for fault in decoded.faults:
            self.driver.environment.count(counters.PROTOCOL_FAULT, f"PFCP {fault.reason}")
        if header is None:
            return
        if header.message_type in REQUESTS or header.version != 1:
            self._request(decoded, header, octets, source)
        elif decoded.message is not None:
            self._response(decoded.message, header, octets, source)

    def _response(self, message: Message, header: Header, octets: bytes, source: Address) -> None:
        transaction = self._open.get((source[0], header.sequence))
        if transaction is None:  # late, forged, or for nobody: TS 29.244 6.4
            self.driver.environment.count(counters.PROTOCOL_FAULT, "PFCP response without request")
            return
        self._watch("in", source, message, header.sequence, octets, transaction.subject)
        transaction.answered(message)

    def _request(self, decoded: Decoded, header: Header, octets: bytes, source: Address) -> None:
        key = (source, header.sequence, header.message_type)
        known = self._answered.get(key)
        if known is not None and known.repeats(octets, self._patience()):  # its answer was lost: TS 29.244 6.4
            self.transmit(known.response, source)
            return
        if decoded.message is not None:
            self._watch("in", source, decoded.message, header.sequence, octets)
        answer = self._answer(decoded, header, source)
        if answer is None:
            return
        response = pfcp.encode(answer.message, header.sequence, answer.seid)
        self._watch("out", source, answer.message, header.sequence, response)
        self._keep(key, Answered(octets, response, self.driver.environment.now()))
        self.transmit(response, source)

    def forget(self, peer: str) -> None:
        """Keep no answers for a peer: it restarted, and what it asks now is new (TS 29.244 6.4, TS 23.527 4.2)."""
        for key in [key for key in self._answered if key[0][0] == peer]:
            del self._answered[key]

    def _patience(self) -> float:
        """Before this no peer sends a request again that it sends now: it is another one by then (TS 29.244 6.4)."""
        timer = self.driver.timers["PFCP-T1"]
        return self.driver.environment.now() - timer.seconds * (timer.retransmissions + 2)

    def _keep(self, key: tuple[Address, int, int], answered: Answered) -> None:
        self._answered.pop(key, None)
        if len(self._answered) >= ANSWERS_KEPT:
            del self._answered[next(iter(self._answered))]
        self._answered[key] = answered

    def _answer(self, decoded: Decoded, header: Header, source: Address) -> Answer | None:
        message = decoded.message
        if message is None:
            return self._refusal(decoded.refusal, header)
        if isinstance(message, HeartbeatRequest):
            self._user.heard(message.recovery_time_stamp, source)
            return Answer(HeartbeatResponse(recovery_time_stamp=self.recovery_time_stamp))
        try:
            return self._user.answer(message, header, source)
        except PeerError as error:
            return self.refuse(header, error.cause or PfcpCause.REQUEST_REJECTED)
        except Exception as error:  # noqa: BLE001 - isolated: one request fails, every session goes on
            self.driver.environment.emit(
                Event("bug", f"{self.driver.name}: {type(message).__name__} broke ({error!r})", "error", source[0])
            )
            return self.refuse(header, PfcpCause.SYSTEM_FAILURE)

    def _refusal(self, fault: Fault | None, header: Header) -> Answer | None:
        if fault is None:
            return None
        if fault.reason == "version":
            return Answer(pfcp.VersionNotSupportedResponse())  # TS 29.244 7.6.2
        return None if fault.cause is None else self.refuse(header, fault.cause, fault.offending_ie)

    def refuse(self, header: Header, cause: int, offending_ie: int | None = None, **fields: Any) -> Answer | None:
        """The response of that request with nothing but a cause; None for a message without one."""
        response = BY_NUMBER.get(header.message_type + 1)
        if response is None or "cause" not in response.__struct_fields__:
            return None
        self.driver.environment.count(counters.PFCP_REFUSED, CAUSES.get(cause, str(cause)))
        common: dict[str, Any] = {
            "node_id": self.node_id,
            "cause": cause,
            "recovery_time_stamp": self.recovery_time_stamp,
            "offending_ie": offending_ie,
            **fields,
        }
        known = {name: value for name, value in common.items() if name in response.__struct_fields__}
        # A session's response before its peer's SEID is known carries 0: TS 29.244 7.2.2.4.2.
        return Answer(response(**known), 0 if response.session else None)

    def _watch(
        self, way: str, peer: Address, message: Message, sequence: int, octets: bytes, subject: object = ""
    ) -> None:
        environment = self.driver.environment
        if not environment.tap.active or not environment.tap.wants(subject):
            return
        own = self._port.address
        ends = (f"{self.driver.name} {own[0]}:{own[1]}", f"{peer[0]}:{peer[1]}")
        source, target = ends if way == "out" else ends[::-1]
        environment.tap.record(
            Record(
                environment.now(),
                "N4",
                source,
                target,
                type(message).__name__,
                CLAUSES[message.number],
                sequence,
                octets,
                message,
                str(subject),
                about=about(subject),
            )
        )


class Transaction(Generic[R]):
    """One request of ours: sent again on T1, given up after N1 times (TS 29.244 6.4)."""

    __slots__ = ("_alarm", "_entity", "_left", "_octets", "_response", "destination", "sequence", "signal", "subject")

    def __init__(
        self, entity: PfcpEntity, destination: Address, sequence: int, octets: bytes, response: type[R]
    ) -> None:
        self._entity = entity
        self._octets = octets
        self._response = response
        self._left = entity.driver.timers["PFCP-T1"].retransmissions
        self._alarm: Alarm | None = None
        self.destination = destination
        self.sequence = sequence
        self.signal: Signal[R] = Signal()
        self.subject: object = ""

    def send(self) -> None:
        """Send the octets, and wait for T1."""
        driver = self._entity.driver
        self._alarm = driver.environment.call_at(
            driver.environment.now() + driver.timers["PFCP-T1"].seconds, self._expired
        )
        self._entity.transmit(self._octets, self.destination)

    def answered(self, message: Message) -> None:
        """Settle the signal with the response; another kind of message is the peer's mistake."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._entity.close(self)
        if isinstance(message, self._response):
            self.signal.set(message)
        else:
            self.signal.fail(PeerError(f"{type(message).__name__} is no {self._response.__name__}"))

    def _expired(self) -> None:
        environment = self._entity.driver.environment
        if self._left:
            self._left -= 1
            environment.count(counters.RETRANSMISSION, "PFCP-T1")
            self.send()
            return
        environment.count(counters.EXPIRED, "PFCP-T1")
        self._entity.close(self)
        self.signal.fail(TimerExpired("PFCP-T1"))
