"""Who and where: mobile identities, key sets, slices, tracking areas (TS 24.501 9.11.2 and 9.11.3)."""

from collections.abc import Iterable

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U3,
    U6,
    U8,
    U10,
    U24,
    U32,
    Bits,
    Choice,
    Constant,
    Count,
    Digits,
    Equipment,
    Extent,
    IfLeft,
    Length,
    Lengths,
    Octets,
    OctetString,
    Plmn,
    Record,
    Repeat,
    Rest,
    Sized,
    Spare,
    Value,
)
from freehold.spec.identities import Guami, Guti, Pei, PlmnId, SNssai, STmsi, Suci, Tai


class KeySetIdentifier(Value, frozen=True):
    """NAS key set identifier: native or mapped from EPS, 7 = no key (TS 24.501 9.11.3.32)."""

    mapped: U1
    value: U3


NO_KEY = KeySetIdentifier(mapped=False, value=7)


class NoIdentity(Value, frozen=True):
    """The mobile identity of a UE that gives none (TS 24.501 9.11.3.4)."""

    filler: Annotated[bytes, Constant(0, 8), Rest()] = b""


class NetworkSpecificSuci(Value, frozen=True):
    """A SUCI whose SUPI is a name, as text: `type1.rid..., ...@realm` (TS 24.501 9.11.3.4, TS 23.003 28.7.3)."""

    supi_format: Annotated[int, Spare(1), Bits(3)]
    nai: Annotated[bytes, Constant(1, 4), Rest()]


class MacAddress(Value, frozen=True):
    """A MAC address as equipment identity; `unrestricted`: usable as one (TS 24.501 9.11.3.4)."""

    unrestricted: Annotated[bool, Spare(4), Bits(1)]
    address: Annotated[bytes, Constant(6, 3), Octets(6)]


class Eui64(Value, frozen=True):
    """An EUI-64 as equipment identity (TS 24.501 9.11.3.4)."""

    address: Annotated[bytes, Constant(7, 8), Octets(8)]


PlmnIdentity = Annotated[PlmnId, Plmn()]
_Guami = Annotated[Guami, Record(Guami, {"plmn": PlmnIdentity, "region": U8, "set_id": U10, "pointer": U6})]
_Suci = Annotated[
    Suci,
    Record(
        Suci,
        {
            "plmn": Annotated[PlmnId, Constant(0x01, 8), Plmn()],
            "routing_indicator": Annotated[str, Digits(2)],
            "scheme": Annotated[int, Spare(4), Bits(4)],
            "key_id": U8,
            "output": OctetString,
        },
    ),
]
_Guti = Annotated[Guti, Record(Guti, {"guami": Annotated[_Guami, Constant(0xF2, 8)], "tmsi": U32})]
_STmsi = Annotated[
    STmsi, Record(STmsi, {"set_id": Annotated[int, Constant(0xF4, 8), Bits(10)], "pointer": U6, "tmsi": U32})
]
_Pei = Annotated[Pei, Equipment(Pei)]
_AnySuci = Annotated[
    Suci | NetworkSpecificSuci,
    Choice(1, 3, {0: _Suci, 1: NetworkSpecificSuci, 2: NetworkSpecificSuci, 3: NetworkSpecificSuci}),
]

MobileIdentity = Annotated[
    NoIdentity | Suci | NetworkSpecificSuci | Guti | Pei | STmsi | MacAddress | Eui64,
    Choice(5, 3, {0: NoIdentity, 1: _AnySuci, 2: _Guti, 3: _Pei, 4: _STmsi, 5: _Pei, 6: MacAddress, 7: Eui64}),
]
"""5GS mobile identity (TS 24.501 9.11.3.4)."""

GutiIdentity = Annotated[Guti, Choice(5, 3, {2: _Guti})]
"""A 5GS mobile identity that may only be a 5G-GUTI (TS 24.501 8.2.7.2)."""

ImeisvIdentity = Annotated[Pei, Choice(5, 3, {5: _Pei})]
"""A 5GS mobile identity that may only be an IMEISV (TS 24.501 8.2.26.2)."""

EquipmentIdentity = Annotated[Pei | MacAddress | Eui64, Choice(5, 3, {3: _Pei, 5: _Pei, 6: MacAddress, 7: Eui64})]
"""A 5GS mobile identity that names a device (TS 24.501 8.2.26.4)."""

_SLICE_LENGTHS = frozenset({1, 2, 4, 5, 8})
_SD_LENGTHS = frozenset({4, 5, 8})
_MAPPED_LENGTHS = frozenset({2, 5, 8})
_SNssai = Record(SNssai, {"sst": U8, "sd": Annotated[int | None, Lengths(_SD_LENGTHS), Bits(24)]})


class MappedSNssai(Value, frozen=True):
    """The home network's S-NSSAI a serving network's stands for (TS 24.501 9.11.2.8)."""

    sst: U8
    sd: Annotated[int | None, IfLeft(), Bits(24)] = None


class SNssaiElement(Value, frozen=True):
    """S-NSSAI, with the home network's where it is mapped (TS 24.501 9.11.2.8)."""

    snssai: Annotated[SNssai, Extent(_SLICE_LENGTHS), _SNssai]
    mapped: Annotated[MappedSNssai | None, Lengths(_MAPPED_LENGTHS)] = None


Nssai = Annotated[list[Annotated[SNssaiElement, Sized(8)]], Repeat(16)]
"""A list of S-NSSAIs (TS 24.501 9.11.3.37)."""

MappedNssai = Annotated[list[Annotated[MappedSNssai, Sized(8)]], Repeat(8)]
"""Mapped NSSAI: the home network's S-NSSAIs alone (TS 24.501 9.11.3.31B)."""


def nssai(slices: Iterable[SNssai]) -> list[SNssaiElement]:
    """An NSSAI of slices that need no mapping."""
    return [SNssaiElement(snssai) for snssai in slices]


class RejectedSNssai(Value, frozen=True):
    """A rejected S-NSSAI: cause 0 not available in the PLMN, 1 in the area, 2 not authorized (TS 24.501 9.11.3.46)."""

    cause: Annotated[int, Length(4, after=4), Bits(4)]
    snssai: Annotated[SNssai, Record(SNssai, {"sst": U8, "sd": Annotated[int | None, IfLeft(), Bits(24)]})]


RejectedNssai = Annotated[list[RejectedSNssai], Repeat(8)]
"""Rejected NSSAI (TS 24.501 9.11.3.46)."""

TaiElement = Annotated[Tai, Record(Tai, {"plmn": PlmnIdentity, "tac": U24})]
"""5GS tracking area identity (TS 24.501 9.11.3.8)."""


class TacList(Value, frozen=True):
    """Tracking areas of one PLMN, each by its code: type 00 (TS 24.501 9.11.3.9)."""

    plmn: Annotated[PlmnId, Constant(0, 3), Count(5, 1), Plmn()]
    tacs: Annotated[list[U24], Repeat(counted=True)]

    @property
    def tais(self) -> list[Tai]:
        """The tracking areas listed."""
        return [Tai(self.plmn, tac) for tac in self.tacs]


class TacRange(Value, frozen=True):
    """Consecutive tracking areas of one PLMN: type 01 (TS 24.501 9.11.3.9)."""

    count: Annotated[int, Constant(1, 3), Bits(5, 1)]
    plmn: PlmnIdentity
    first: U24

    @property
    def tais(self) -> list[Tai]:
        """The tracking areas listed."""
        return [Tai(self.plmn, tac) for tac in range(self.first, self.first + self.count)]


class TaiEntries(Value, frozen=True):
    """Tracking areas of several PLMNs: type 10 (TS 24.501 9.11.3.9)."""

    tais: Annotated[list[TaiElement], Constant(2, 3), Count(5, 1), Repeat(counted=True)]


TaiList = Annotated[
    list[Annotated[TacList | TacRange | TaiEntries, Choice(1, 2, {0: TacList, 1: TacRange, 2: TaiEntries})]],
    Repeat(16),
]
"""5GS tracking area identity list (TS 24.501 9.11.3.9)."""


def tai_list(tais: Iterable[Tai]) -> list[TacList | TacRange | TaiEntries]:
    """A list of these tracking areas, grouped by PLMN; up to 16 may be sent (TS 24.501 9.11.3.9)."""
    by_plmn: dict[PlmnId, list[int]] = {}
    for tai in tais:
        by_plmn.setdefault(tai.plmn, []).append(tai.tac)
    return [TacList(plmn, tacs) for plmn, tacs in by_plmn.items()]


def tais(partial_lists: Iterable[TacList | TacRange | TaiEntries]) -> list[Tai]:
    """Every tracking area of a list."""
    return [tai for part in partial_lists for tai in part.tais]
