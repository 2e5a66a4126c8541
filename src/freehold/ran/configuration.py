"""What an operator sets of a gNB."""

from __future__ import annotations

import msgspec

from freehold.spec.identities import GnbId, Ncgi, PlmnId, SNssai, Tai

NR_CELL_BITS = 36
"""An NR cell identity: the gNB's id, then the cell within it (TS 38.413 9.3.1.7)."""

PHYSICAL_CELLS = 1008
"""How many physical cell identities there are (TS 38.211 7.4.2.1)."""


class TrackingArea(msgspec.Struct, frozen=True):
    """A TAC and the slices each of its PLMNs offers there (TS 38.413 9.2.6.1)."""

    tac: int
    slices: tuple[SNssai, ...]
    plmns: tuple[PlmnId, ...] = ()


class Neighbour(msgspec.Struct, frozen=True):
    """A cell of another gNB, as a neighbour relation names it (TS 38.300 15.3.3)."""

    name: str
    identity: GnbId
    tai: Tai
    cell: Ncgi
    pci: int
    arfcn: int


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
    physical_cell: int | None = None
    """The physical cell identity; of the gNB's id where none is set (TS 38.211 7.4.2.1)."""
    arfcn: int = 632_628
    """The frequency of the cell's synchronisation signals, as NR-ARFCN (TS 38.104 5.4.2): 3489.42 MHz."""

    @property
    def plmn(self) -> PlmnId:
        """The PLMN of the gNB's own identity."""
        return self.identity.plmn

    @property
    def cell(self) -> Ncgi:
        """The first cell: number 1 behind the gNB's id (TS 38.413 9.3.1.7)."""
        return Ncgi(self.plmn, self.identity.value << (NR_CELL_BITS - self.identity.bits) | 1)

    @property
    def pci(self) -> int:
        """The physical cell identity of the cell, 0..1007."""
        return self.identity.value % PHYSICAL_CELLS if self.physical_cell is None else self.physical_cell

    @property
    def neighbour(self) -> Neighbour:
        """What another gNB knows of this one's cell, to hand terminals over to it."""
        return Neighbour(self.name, self.identity, self.tai, self.cell, self.pci, self.arfcn)

    @property
    def tai(self) -> Tai:
        """The tracking area of the cell."""
        return Tai(self.plmn, self.areas[0].tac)

    @property
    def plmns(self) -> tuple[PlmnId, ...]:
        """Every PLMN that is broadcast in the cell, the gNB's own one first."""
        return tuple(dict.fromkeys((self.plmn, *self.areas[0].plmns)))
