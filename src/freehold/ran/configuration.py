"""What an operator sets of a gNB."""

from __future__ import annotations

import msgspec

from freehold.spec.identities import GnbId, Ncgi, PlmnId, SNssai, Tai

NR_CELL_BITS = 36
"""An NR cell identity: the gNB's id, then the cell within it (TS 38.413 9.3.1.7)."""


class TrackingArea(msgspec.Struct, frozen=True):
    """A TAC and the slices each of its PLMNs offers there (TS 38.413 9.2.6.1)."""

    tac: int
    slices: tuple[SNssai, ...]
    plmns: tuple[PlmnId, ...] = ()


class GnbConfiguration(msgspec.Struct, frozen=True):
    """A gNB with one cell in the first of its tracking areas.

    `ciphering` and `integrity` are algorithm numbers, best first; without 0 in `integrity` no terminal is served
    unprotected (TS 33.501 5.3.3). `paging_drx` is in radio frames.
    """

    identity: GnbId
    areas: tuple[TrackingArea, ...]
    name: str = "gnb-1"
    ciphering: tuple[int, ...] = (2, 1, 3, 0)
    integrity: tuple[int, ...] = (2, 1, 3)
    paging_drx: int = 128
    barred: bool = False

    @property
    def plmn(self) -> PlmnId:
        """The PLMN of the gNB's own identity."""
        return self.identity.plmn

    @property
    def cell(self) -> Ncgi:
        """The first cell: number 1 behind the gNB's id (TS 38.413 9.3.1.7)."""
        return Ncgi(self.plmn, self.identity.value << (NR_CELL_BITS - self.identity.bits) | 1)

    @property
    def tai(self) -> Tai:
        """The tracking area of the cell."""
        return Tai(self.plmn, self.areas[0].tac)

    @property
    def plmns(self) -> tuple[PlmnId, ...]:
        """Every PLMN that is broadcast in the cell, the gNB's own one first."""
        return tuple(dict.fromkeys((self.plmn, *self.areas[0].plmns)))
