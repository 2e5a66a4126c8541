"""One PFCP session."""

from __future__ import annotations

import msgspec


class Session(msgspec.Struct, gc=False):
    """A session by its TEID: its peer and the peer's SEID, the rest of our own SEID, and its rules, packed.

    `sets` are those of the peer's sessions that it is in (TS 23.527 4.6).

    The rules are kept as octets (state.rules) because they are read only when they change; packets are the engine's.
    """

    teid: int
    nonce: int
    peer: str
    cp_seid: int
    rules: bytes
    sets: tuple[bytes, ...] = ()

    @property
    def seid(self) -> int:
        """Our SEID: half of it cannot be guessed, half of it is the TEID (TS 29.244 5.6.2)."""
        return self.nonce << 32 | self.teid
