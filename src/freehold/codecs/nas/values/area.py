"""Service areas and LADNs (TS 24.501 9.11.3.29, 9.11.3.30, 9.11.3.49)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U24,
    Bits,
    Choice,
    Constant,
    Count,
    Labels,
    Plmn,
    Repeat,
    Sized,
    Value,
)
from freehold.codecs.nas.values.identity import PlmnIdentity, TaiElement, TaiList
from freehold.spec.identities import PlmnId

Dnn = Annotated[str, Labels()]
"""A data network name in its dotted form (TS 24.501 9.11.2.1B)."""


class ServiceTacList(Value, frozen=True):
    """Areas of one PLMN: type 00; `not_allowed` tells which side of the restriction (TS 24.501 9.11.3.49)."""

    not_allowed: U1
    plmn: Annotated[PlmnId, Constant(0, 2), Count(5, 1), Plmn()]
    tacs: Annotated[list[U24], Repeat(counted=True)]


class ServiceTacRange(Value, frozen=True):
    """Consecutive areas of one PLMN: type 01 (TS 24.501 9.11.3.49)."""

    not_allowed: U1
    count: Annotated[int, Constant(1, 2), Bits(5, 1)]
    plmn: PlmnIdentity
    first: U24


class ServiceTaiEntries(Value, frozen=True):
    """Areas of several PLMNs: type 10 (TS 24.501 9.11.3.49)."""

    not_allowed: U1
    tais: Annotated[list[TaiElement], Constant(2, 2), Count(5, 1), Repeat(counted=True)]


class ServicePlmn(Value, frozen=True):
    """All areas of one PLMN: type 11 (TS 24.501 9.11.3.49)."""

    not_allowed: U1
    plmn: Annotated[PlmnId, Constant(3, 2), Constant(0, 5), Plmn()]


ServiceArea = ServiceTacList | ServiceTacRange | ServiceTaiEntries | ServicePlmn
ServiceAreaList = Annotated[
    list[
        Annotated[
            ServiceArea, Choice(1, 2, {0: ServiceTacList, 1: ServiceTacRange, 2: ServiceTaiEntries, 3: ServicePlmn})
        ]
    ],
    Repeat(16),
]
"""Service area list (TS 24.501 9.11.3.49)."""

LadnIndication = Annotated[list[Annotated[Dnn, Sized(8)]], Repeat(8)]
"""LADN indication (TS 24.501 9.11.3.29)."""


class Ladn(Value, frozen=True):
    """A local area data network and where it is served (TS 24.501 9.11.3.30)."""

    dnn: Annotated[Dnn, Sized(8)]
    tai_list: Annotated[TaiList, Sized(8)]


LadnInformation = Annotated[list[Ladn], Repeat(8)]
"""LADN information (TS 24.501 9.11.3.30)."""
