"""The ARPF where K is inside a token, which makes vectors and gives no key away (TS 33.501 5.8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from freehold.crypto.aka import Vector
from freehold.procedure import Signal
from freehold.spec.identities import Supi
from freehold.spec.keys import Key


class Arpf(Protocol):
    """Long-term keys by SUPI; signals fail with Unusable where the token does not answer or has no such key."""

    def keep(self, keys: Sequence[tuple[Supi, Key]]) -> Signal[None]:
        """Take the K of subscribers, 16 octets each; another K of one is replaced."""

    def forget(self, supis: Sequence[Supi]) -> Signal[None]:
        """Have their keys no more; one that is not there is none."""

    def vector(
        self, supi: Supi | None, opc: Key, rand: bytes, sqn: int, amf: bytes, serving_network_name: bytes
    ) -> Signal[Vector]:
        """The 5G vector of a RAND of 16 octets and an SQN of 48 bits (TS 33.501 6.1.3.2.0); of nobody for None."""

    def sqn_ms(self, supi: Supi, opc: Key, rand: bytes, auts: bytes) -> Signal[int | None]:
        """SQNMS of an AUTS of 14 octets; None where MAC-S is not this subscriber's (TS 33.102 6.3.5)."""
