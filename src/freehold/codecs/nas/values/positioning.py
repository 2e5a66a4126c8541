"""Keys of ciphered broadcast assistance data (TS 24.501 9.11.3.18C)."""

from datetime import UTC, datetime
from typing import Final

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import U16, Octets, Repeat, Rest, Sized, Spare, Value
from freehold.codecs.nas.values.access import swapped
from freehold.codecs.nas.values.identity import TaiList


def _types(*groups: tuple[int, int]) -> tuple[str, ...]:
    """The types of positioning SIBs of groups, each with its last number."""
    return tuple(f"{group}-{number}" for group, last in groups for number in range(1, last + 1))


EUTRA_TYPES: Final = _types((1, 8), (2, 25), (3, 1), (4, 1), (5, 1))
"""Positioning SIB types of E-UTRA in the order of their bits (TS 24.501 table 9.11.3.18C.1)."""
NR_TYPES: Final = _types((1, 8), (2, 23), (3, 1), (4, 1), (5, 1), (6, 3))
"""Those of NR."""


class CipheringDataSet(Value, frozen=True):
    """A key, its counter c0, and for which positioning SIBs, when and where it is used (TS 24.501 9.11.3.18C).

    `validity_start` are year, month, day, hour and minute of UTC in BCD; `validity_duration` is in minutes; without a
    `tai_list` it is valid everywhere.
    """

    identity: U16
    key: Annotated[bytes, Octets(16)]
    c0: Annotated[bytes, Spare(3), Sized(5), Rest()]
    eutra_positioning_sibs: Annotated[bytes, Spare(4), Sized(4), Rest()]
    nr_positioning_sibs: Annotated[bytes, Spare(4), Sized(4), Rest()]
    validity_start: Annotated[bytes, Octets(5)]
    validity_duration: U16
    tai_list: Annotated[TaiList, Sized(8)]

    @property
    def eutra_types(self) -> list[str]:
        """The positioning SIB types of E-UTRA that it is for: "1-1", ..."""
        return _set(self.eutra_positioning_sibs, EUTRA_TYPES)

    @property
    def nr_types(self) -> list[str]:
        """The positioning SIB types of NR that it is for: "1-1", ..."""
        return _set(self.nr_positioning_sibs, NR_TYPES)

    @property
    def starts(self) -> datetime | None:
        """When it begins to be valid; None when the digits are no moment."""
        year, *rest = map(swapped, self.validity_start)
        try:
            return datetime(2000 + year, *rest, tzinfo=UTC)  # type: ignore[misc,arg-type]
        except ValueError:
            return None


def _set(octets: bytes, names: tuple[str, ...]) -> list[str]:
    """The names of the bits that are set, the most significant of the first octet first."""
    bits = "".join(f"{octet:08b}" for octet in octets)
    return [name for name, bit in zip(names, bits, strict=False) if bit == "1"]


CipheringKeyData = Annotated[list[CipheringDataSet], Repeat()]
"""Ciphering key data (TS 24.501 9.11.3.18C)."""
