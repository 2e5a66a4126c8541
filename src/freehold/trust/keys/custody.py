"""The token at work for a UDM: one thread that asks it, all that came together in one go (ADR 25)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import msgspec

from freehold.crypto import aka
from freehold.crypto.aka import Milenage, Vector
from freehold.procedure import Signal
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.spec.keys import Key
from freehold.trust.keys.token import PinRefused, TokenCredentials

T = TypeVar("T")
DECOY: Final = "freehold-decoy"
"""The key of nobody, with which unknown subscribers are computed, so that they take the time of known ones."""
_MOST: Final = 256
"""Requests in one go."""


class _Challenge(msgspec.Struct, frozen=True):
    """One RAND with its SQN and AMF for one subscriber's key, and what is made of the outcome."""

    label: str
    opc: bytes
    inputs: tuple[bytes, bytes, bytes]
    outcome: Callable[[Milenage], None]
    failed: Callable[[Unusable], None]


class _Errand(msgspec.Struct, frozen=True):
    """Something else that is asked of the token."""

    act: Callable[[TokenCredentials], None]
    outcome: Callable[[], None]
    failed: Callable[[Unusable], None]


class TokenArpf:
    """A `services.arpf.Arpf` whose keys a token holds; `post` runs a function in the caller's loop.

    `on_change` hears there what the token ran into, and None once it serves again.
    """

    def __init__(
        self,
        opened: Callable[[], TokenCredentials],
        post: Callable[[Callable[[], None]], object],
        on_change: Callable[[Unusable | None], None] = lambda _: None,
    ) -> None:
        """Open the token in the thread that will ask it; Unusable where it does not open."""
        self._post = post
        self._on_change = on_change
        self._asked: SimpleQueue[_Challenge | _Errand | None] = SimpleQueue()
        ready: SimpleQueue[Unusable | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(opened, ready), name="token", daemon=True)
        self._thread.start()
        fault = ready.get()
        if fault is not None:
            raise fault

    def keep(self, keys: Sequence[tuple[Supi, Key]]) -> Signal[None]:
        """Take the K of subscribers into the token."""

        def act(token: TokenCredentials) -> None:
            for supi, k in keys:
                token.keep(supi.value, k)

        return self._errand(act)

    def forget(self, supis: Sequence[Supi]) -> Signal[None]:
        """Remove their keys from the token."""

        def act(token: TokenCredentials) -> None:
            for supi in supis:
                token.forget(supi.value)

        return self._errand(act)

    def vector(
        self, supi: Supi | None, opc: Key, rand: bytes, sqn: int, amf: bytes, serving_network_name: bytes
    ) -> Signal[Vector]:
        """The vector of a RAND and an SQN, MILENAGE done inside the token."""
        label = DECOY if supi is None else supi.value

        def made(out: Milenage) -> Vector:
            return aka.vector_of(out, rand, sqn, amf, serving_network_name)

        return self._challenge(label, opc, (rand, sqn.to_bytes(6), amf), made)

    def sqn_ms(self, supi: Supi, opc: Key, rand: bytes, auts: bytes) -> Signal[int | None]:
        """SQNMS of an AUTS, or None: two questions, since f1* is over the SQN that f5* uncovers."""
        outcome: Signal[int | None] = Signal()

        def uncovered(first: Signal[Milenage]) -> None:
            try:
                sqn = aka.concealed_sqn(auts, first.result().ak_star)
            except Unusable as fault:
                outcome.fail(fault)
                return
            # TS 33.102 6.3.3: the AMF of a resynchronisation is all zeros.
            inputs = (rand, sqn.to_bytes(6), bytes(2))
            self._challenge(supi.value, opc, inputs, lambda out: out).watch(lambda second: judged(second, sqn))

        def judged(second: Signal[Milenage], sqn: int) -> None:
            try:
                outcome.set(sqn if aka.same_mac(auts, second.result().mac_s) else None)
            except Unusable as fault:
                outcome.fail(fault)

        self._challenge(supi.value, opc, (rand, bytes(6), bytes(2)), lambda out: out).watch(uncovered)
        return outcome

    def close(self) -> None:
        """Answer what was asked, and let go of the token."""
        self._asked.put(None)
        self._thread.join()

    def _errand(self, act: Callable[[TokenCredentials], None]) -> Signal[None]:
        signal: Signal[None] = Signal()
        self._asked.put(_Errand(act, lambda: signal.set(None), signal.fail))
        return signal

    def _challenge(
        self, label: str, opc: bytes, inputs: tuple[bytes, bytes, bytes], made: Callable[[Milenage], T]
    ) -> Signal[T]:
        signal: Signal[T] = Signal()
        self._asked.put(_Challenge(label, opc, inputs, lambda out: signal.set(made(out)), signal.fail))
        return signal

    # --- in the thread of the token ----------------------------------------------------------------
    def _run(self, opened: Callable[[], TokenCredentials], ready: SimpleQueue[Unusable | None]) -> None:
        try:
            custody = _Custody(opened, lambda fault: self._tell([lambda: self._on_change(fault)]))
        except Unusable as fault:
            ready.put(fault)
            return
        ready.put(None)
        going = True
        while going:
            together = [self._asked.get()]
            while len(together) < _MOST and not self._asked.empty():
                together.append(self._asked.get())
            going = None not in together
            self._tell(_answers(custody, [each for each in together if each is not None]))
        custody.close()

    def _tell(self, news: Sequence[Callable[[], None]]) -> None:
        def tell() -> None:
            for each in news:
                each()

        with suppress(RuntimeError):  # a loop that is gone has nobody who waits
            self._post(tell)


class _Custody:
    """The token, opened anew where it ended its session: it was taken out and put back, or its host started again."""

    def __init__(self, opened: Callable[[], TokenCredentials], on_change: Callable[[Unusable | None], None]) -> None:
        self._opened = opened
        self._on_change = on_change
        self._fault = ""
        self._refused: PinRefused | None = None
        self._token = self._open()

    def use(self, act: Callable[[TokenCredentials], T]) -> T:
        """Do something with the token; Unusable where it does not serve, or refuses this alone."""
        try:
            return act(self._token)
        except Unusable:
            if self._token.answers():
                raise
        try:
            self._token = self._open()
        except Unusable as fault:
            self._note(fault)
            raise
        self._note(None)
        return act(self._token)

    def close(self) -> None:
        """Let go of the token."""
        with self._token:
            pass

    def _open(self) -> TokenCredentials:
        if self._refused is not None:  # a token locks itself after a few wrong PINs: that one is not tried again
            raise self._refused
        try:
            token = self._opened()
        except PinRefused as fault:
            self._refused = fault
            raise
        token.ensure(DECOY)
        return token

    def _note(self, fault: Unusable | None) -> None:
        """Tell what is new."""
        before, self._fault = self._fault, "" if fault is None else str(fault)
        if self._fault != before:
            self._on_change(fault)


def _answers(custody: _Custody, asked: Sequence[_Challenge | _Errand]) -> list[Callable[[], None]]:
    """What is to be told in the loop. An errand waits for the challenges before it, and those behind it for it."""
    told: list[Callable[[], None]] = []
    alike: dict[tuple[str, bytes], list[_Challenge]] = {}
    for each in asked:
        if isinstance(each, _Challenge):
            alike.setdefault((each.label, each.opc), []).append(each)
            continue
        told += _computed(custody, alike)
        alike = {}
        told.append(_done(custody, each))
    return told + _computed(custody, alike)


def _computed(custody: _Custody, alike: dict[tuple[str, bytes], list[_Challenge]]) -> list[Callable[[], None]]:
    told: list[Callable[[], None]] = []
    for (label, opc), challenges in alike.items():
        inputs = [each.inputs for each in challenges]
        try:
            outputs = custody.use(partial(TokenCredentials.milenage, supi=label, opc=opc, challenges=inputs))
        except Unusable as fault:
            told += [_bound(each.failed, fault) for each in challenges]
        else:
            told += [_bound(each.outcome, out) for each, out in zip(challenges, outputs, strict=True)]
    return told


def _done(custody: _Custody, errand: _Errand) -> Callable[[], None]:
    try:
        custody.use(errand.act)
    except Unusable as fault:
        return _bound(errand.failed, fault)
    return errand.outcome


def _bound(function: Callable[[Any], None], value: Any) -> Callable[[], None]:
    return lambda: function(value)
