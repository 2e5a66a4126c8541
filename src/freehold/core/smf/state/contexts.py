"""The sessions of one SMF by number and by UE."""

from __future__ import annotations

from collections.abc import Iterator

from freehold.core.smf.state.session import SmContext
from freehold.spec.identities import Supi


class Contexts:
    """Finds SM contexts; a SEID is the number below 32 bits that differ at each start of the SMF."""

    __slots__ = ("_by_number", "_by_ue", "_last", "_start")

    def __init__(self, start: int) -> None:
        self._start = start << 32
        self._last = 0
        self._by_number: dict[int, SmContext] = {}
        self._by_ue: dict[tuple[Supi, int], SmContext] = {}

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[SmContext]:
        return iter(tuple(self._by_number.values()))

    def number(self) -> int:
        """A number for a new session."""
        self._last = self._last % 0xFFFF_FFFF + 1
        while self._last in self._by_number:
            self._last = self._last % 0xFFFF_FFFF + 1
        return self._last

    def add(self, session: SmContext) -> None:
        """Keep a new session; the caller has removed an old one of the same identity."""
        identity = session.identity
        self._by_number[identity.number] = session
        self._by_ue[identity.supi, identity.pdu_session_id] = session
        session.user_plane.upf.sessions[identity.number] = session

    def remove(self, session: SmContext) -> bool:
        """Forget a session; False when it was forgotten before."""
        identity = session.identity
        session.user_plane.upf.sessions.pop(identity.number, None)
        if self._by_ue.get((identity.supi, identity.pdu_session_id)) is session:
            del self._by_ue[identity.supi, identity.pdu_session_id]
        return self._by_number.pop(identity.number, None) is not None

    def by_reference(self, reference: str) -> SmContext | None:
        """The session an AMF means."""
        return (
            self._by_number.get(int(reference))
            if reference.isascii() and reference.isdecimal() and len(reference) < 11
            else None
        )

    def by_ue(self, supi: Supi, pdu_session_id: int) -> SmContext | None:
        """The session of a UE."""
        return self._by_ue.get((supi, pdu_session_id))

    def of_ue(self, supi: Supi) -> tuple[SmContext, ...]:
        """Every session of a UE."""
        found = (self._by_ue.get((supi, identity)) for identity in range(1, 16))  # TS 24.007 11.2.3.1b
        return tuple(session for session in found if session is not None)

    def seid(self, session: SmContext) -> int:
        """Our SEID of a session (TS 29.244 8.2.37)."""
        return self._start | session.identity.number

    def by_seid(self, seid: int) -> SmContext | None:
        """The session a UPF means."""
        number = seid & 0xFFFF_FFFF
        return self._by_number.get(number) if seid ^ number == self._start else None
