"""Chaining of KgNB and NH over handovers (TS 33.501 6.9.2.1, 6.9.2.3).

Each NH has an NCC of three bits. A target's key comes from a fresh NH where the NCC has grown (vertical derivation),
else from the KgNB in use (horizontal).
"""

from __future__ import annotations

from msgspec import Struct

from freehold.crypto.keys import kng_ran_star, nh

_NCC_VALUES = 8


class NextHop(Struct, frozen=True, gc=False):
    """An NH with its NCC, as the AMF keeps and sends them."""

    ncc: int
    nh: bytes

    def __repr__(self) -> str:
        return f"NextHop(ncc={self.ncc})"

    def after(self, kamf: bytes) -> NextHop:
        """The next pair, which the AMF computes at every handover (TS 33.501 6.9.2.3.2 and A.10)."""
        return NextHop((self.ncc + 1) % _NCC_VALUES, nh(kamf, self.nh))


def first_hop(kamf: bytes, kgnb: bytes) -> NextHop:
    """The pair with NCC 1 that follows an initial KgNB, whose own NCC is 0 (TS 33.501 6.9.2.1.1)."""
    return NextHop(1, nh(kamf, kgnb))


class Chain(Struct, frozen=True, gc=False):
    """What a UE has: the KgNB in use, its NCC, and what the next NH stands on: the initial KgNB, then each NH."""

    kgnb: bytes
    ncc: int
    sync_input: bytes

    def __repr__(self) -> str:
        return f"Chain(ncc={self.ncc})"

    def horizontal(self, pci: int, arfcn_dl: int) -> Chain:
        """The key of a target cell while no fresh NH is there (TS 33.501 6.9.2.1.1, A.11)."""
        return Chain(kng_ran_star(self.kgnb, pci, arfcn_dl), self.ncc, self.sync_input)

    def vertical(self, hop: NextHop, pci: int, arfcn_dl: int) -> Chain:
        """The key of a target cell from a fresh NH (TS 33.501 6.9.2.1.1, A.11)."""
        return Chain(kng_ran_star(hop.nh, pci, arfcn_dl), hop.ncc, hop.nh)

    def follow(self, kamf: bytes, ncc: int, pci: int, arfcn_dl: int) -> Chain:
        """What the UE does with the NCC 0..7 of a handover command: NH is computed until it is that of `ncc`.

        An NCC that is its own is a horizontal derivation; ValueError for one there is not (TS 33.501 6.9.2.3.4).
        """
        if not 0 <= ncc < _NCC_VALUES:
            raise ValueError("NCC is out of range")
        if ncc == self.ncc:
            return self.horizontal(pci, arfcn_dl)
        hop = NextHop(self.ncc, self.sync_input)
        while hop.ncc != ncc:
            hop = hop.after(kamf)
        return self.vertical(hop, pci, arfcn_dl)


def initial_chain(kgnb: bytes) -> Chain:
    """The chain of a KgNB that comes from KAMF, whose NCC is 0 (TS 33.501 6.9.2.1.1)."""
    return Chain(kgnb, 0, kgnb)
