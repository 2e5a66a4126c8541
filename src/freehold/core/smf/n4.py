"""N4 from the SMF's side: requests with retransmission, answers to what UPFs ask (TS 29.244 6, 7.2.2)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from freehold.codecs import pfcp
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Alarm, Driver, Record, Signal
from freehold.services.datagram import Address, DatagramPort
from freehold.spec import counters
from freehold.spec.errors import PeerError, TimerExpired

T = TypeVar("T", bound=pfcp.Message)

ANSWERED: Final = 256
"""Answers kept, so that a request sent again gets the same one (TS 29.244 6.4)."""
T1: Final = "PFCP-T1"

Answer = tuple[pfcp.Message, int | None]
"""A message and the SEID of its receiver."""
Handler = Callable[[Upf, pfcp.Header, Any], Answer | None]


class Transaction:
    """One request under way."""

    __slots__ = ("alarm", "answer", "done", "left", "octets", "upf")

    def __init__(self, upf: Upf, octets: bytes, answer: type[pfcp.Message], left: int) -> None:
        self.upf = upf
        self.octets = octets
        self.answer = answer
        self.left = left
        self.done: Signal[Any] = Signal()
        self.alarm: Alarm | None = None


class N4:
    """The N4 port of an SMF; `handlers` answers requests of UPFs by message type."""

    __slots__ = ("_answered", "_driver", "_handlers", "_port", "_sequence", "_transactions", "_upfs")

    def __init__(self, driver: Driver, upfs: tuple[Upf, ...], handlers: dict[type[pfcp.Message], Handler]) -> None:
        self._driver = driver
        self._upfs = {upf.address: upf for upf in upfs}
        self._handlers = handlers
        self._port: DatagramPort | None = None
        # TS 29.244 7.2.2: sequence numbers that nobody guesses, so that nobody answers for a UPF
        self._sequence = int.from_bytes(driver.environment.random(3), "big")
        self._transactions: dict[int, Transaction] = {}
        self._answered: OrderedDict[tuple[Address, int], bytes] = OrderedDict()

    @property
    def open_requests(self) -> int:
        """How many requests wait for their answer."""
        return len(self._transactions)

    def bind(self, port: DatagramPort) -> None:
        """Use this port from now on."""
        self._port = port

    # --- requests of ours ------------------------------------------------------------------
    def request(self, upf: Upf, message: pfcp.Message, answer: type[T], seid: int | None = None) -> Signal[T]:
        """Send a request; the signal gives the answer, TimerExpired after N1 times T1 (TS 29.244 6.4), PeerError."""
        self._sequence = self._sequence + 1 & 0xFF_FFFF
        octets = pfcp.encode(message, self._sequence, seid)
        timer = self._driver.timers[T1]
        transaction = Transaction(upf, octets, answer, timer.retransmissions)
        self._transactions[self._sequence] = transaction
        self._supervise(self._sequence, transaction, timer.seconds)
        self._send(upf.address, octets, message, self._sequence)
        return transaction.done

    def command(self, upf: Upf, message: pfcp.Message, answer: type[T], seid: int | None = None) -> None:
        """Send a request whose answer matters to nobody."""
        done = self.request(upf, message, answer, seid)
        del done

    def _supervise(self, sequence: int, transaction: Transaction, seconds: float) -> None:
        environment = self._driver.environment
        expired = partial(self._expired, sequence, transaction, seconds)
        transaction.alarm = environment.call_at(environment.now() + seconds, expired)

    def _expired(self, sequence: int, transaction: Transaction, seconds: float) -> None:
        environment = self._driver.environment
        if not transaction.left:
            del self._transactions[sequence]
            environment.count(counters.EXPIRED, T1)
            transaction.done.fail(TimerExpired(T1))
            return
        transaction.left -= 1
        environment.count(counters.RETRANSMISSION, T1)
        self._supervise(sequence, transaction, seconds)
        self._send(transaction.upf.address, transaction.octets)

    # --- what comes ------------------------------------------------------------------------
    def received(self, octets: bytes, source: Address) -> None:
        """Handle one datagram; whatever it holds, nothing else is disturbed."""
        upf = self._upfs.get(source)
        if upf is None:
            # P01: who is not configured is not answered, and cannot speak for a UPF
            self.fault("PFCP from an unknown peer")
            return
        for message in pfcp.split(octets):
            self._message(upf, message)

    def _message(self, upf: Upf, octets: bytes) -> None:
        decoded = pfcp.decode(octets)
        header = decoded.header
        if header is None:
            self.fault("PFCP message length")  # TS 29.244 7.6.3: too short for a header
            return
        self._tap(upf.address, octets, decoded.message, header.sequence, incoming=True)
        for fault in decoded.faults:
            self.fault(f"PFCP {fault.reason}")
        transaction = self._transactions.get(header.sequence)
        if transaction is not None and header.message_type == transaction.answer.number and transaction.upf is upf:
            self._settle(header.sequence, transaction, decoded)
        elif decoded.message is None:
            self._refuse(upf, header, decoded)
        else:
            self._request(upf, header, decoded.message)

    def _settle(self, sequence: int, transaction: Transaction, decoded: pfcp.Decoded) -> None:
        del self._transactions[sequence]
        if transaction.alarm is not None:
            transaction.alarm.cancel()
        if decoded.message is None:
            # TS 29.244 7.6.1: the answer cannot be used, but nobody sends the request again
            reason = decoded.refusal.reason if decoded.refusal else "damaged"
            transaction.done.fail(PeerError(f"{transaction.upf} sent a damaged answer: {reason}"))
        else:
            transaction.done.set(decoded.message)

    def _refuse(self, upf: Upf, header: pfcp.Header, decoded: pfcp.Decoded) -> None:
        """TS 29.244 7.6: a request that cannot be used gets cause and offending IE, or its own answer, or silence."""
        fault = decoded.refusal
        if fault is None:
            return
        if fault.reason == "version":
            self._answer(upf, header, (pfcp.VersionNotSupportedResponse(), None))
        elif header.message_type == pfcp.SessionReportRequest.number and fault.cause is not None:
            answer = pfcp.SessionReportResponse(cause=fault.cause, offending_ie=fault.offending_ie)
            self._answer(upf, header, (answer, 0))

    def _request(self, upf: Upf, header: pfcp.Header, message: pfcp.Message) -> None:
        known = self._answered.get((upf.address, header.sequence))
        if known is not None:
            self._send(upf.address, known)
            return
        handler = self._handlers.get(type(message))
        if handler is None:
            self.fault("PFCP unexpected message")  # TS 29.244 7.6.5: silently discarded
            return
        answer = handler(upf, header, message)
        if answer is not None:
            self._answer(upf, header, answer)

    def _answer(self, upf: Upf, header: pfcp.Header, answer: Answer) -> None:
        message, seid = answer
        octets = pfcp.encode(message, header.sequence, seid)
        self._answered[upf.address, header.sequence] = octets
        if len(self._answered) > ANSWERED:
            self._answered.popitem(last=False)
        self._send(upf.address, octets, message, header.sequence)

    # --- the outside -------------------------------------------------------------------------
    def fault(self, kind: str) -> None:
        """Count one thing a peer did against the protocol."""
        self._driver.environment.count(counters.PROTOCOL_FAULT, kind)

    def _send(self, address: Address, octets: bytes, message: pfcp.Message | None = None, sequence: int = 0) -> None:
        self._tap(address, octets, message, sequence, incoming=False)
        if self._port is not None:
            self._port.send(octets, address)

    def _tap(
        self, address: Address, octets: bytes, message: pfcp.Message | None, sequence: int, *, incoming: bool
    ) -> None:
        environment = self._driver.environment
        if not environment.tap.active:
            return
        here, there = self._driver.name, f"{address[0]}:{address[1]}"
        name = type(message).__name__ if message is not None else "PFCP"
        ends = (there, here) if incoming else (here, there)
        environment.tap.record(
            Record(
                environment.now(), "N4", *ends, name, "TS 29.244 6", transaction=sequence, octets=octets, value=message
            )
        )
