"""Slices beyond an NSSAI: rejected for a time, in groups, in operator-defined categories (TS 24.501 9.11.3)."""

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.layout import (
    U1,
    U3,
    U5,
    U8,
    Bits,
    Choice,
    Constant,
    Count,
    IfLeft,
    Length,
    Octets,
    Repeat,
    Rest,
    Sized,
    Spare,
    Switch,
    Value,
    When,
)
from freehold.codecs.nas.values.area import Dnn
from freehold.codecs.nas.values.identity import Nssai, SNssaiElement, TaiList
from freehold.codecs.nas.values.timer import GprsTimer3


class ExtendedRejectedSNssai(Value, frozen=True):
    """A rejected S-NSSAI, with the home network's; cause 3 is too many UEs (TS 24.501 9.11.3.75)."""

    cause: Annotated[int, Length(4, after=4), Bits(4)]
    snssai: SNssaiElement


class RejectedSlices(Value, frozen=True):
    """Rejected S-NSSAIs without a back-off timer: type 000 (TS 24.501 9.11.3.75)."""

    slices: Annotated[list[ExtendedRejectedSNssai], Spare(1), Constant(0, 3), Count(4, 1), Repeat(counted=True)]


class RejectedSlicesForATime(Value, frozen=True):
    """Rejected S-NSSAIs that may be asked for again after the timer: type 001 (TS 24.501 9.11.3.75)."""

    back_off_timer: Annotated[GprsTimer3, Spare(1), Constant(1, 3), Count(4, 1)]
    slices: Annotated[list[ExtendedRejectedSNssai], Repeat(counted=True)]


ExtendedRejectedNssai = Annotated[
    list[
        Annotated[RejectedSlices | RejectedSlicesForATime, Choice(1, 3, {0: RejectedSlices, 1: RejectedSlicesForATime})]
    ],
    Repeat(8),
]
"""Extended rejected NSSAI (TS 24.501 9.11.3.75)."""


class SliceGroups(Value, frozen=True):
    """The simultaneous registration groups an S-NSSAI belongs to (TS 24.501 9.11.3.82)."""

    snssai: Annotated[SNssaiElement, Length(8), Sized(8)]
    groups: Annotated[list[U8], Repeat()]


NssrgInformation = Annotated[list[SliceGroups], Repeat(16)]
"""NSSRG information (TS 24.501 9.11.3.82)."""


class SliceAccessGroup(Value, frozen=True):
    """A network slice AS group: its slices, its priority and where it is valid (TS 24.501 9.11.3.87)."""

    identifier: Annotated[int, Length(8), Bits(8)]
    slices: Annotated[Nssai, Sized(8)]
    priority: U8
    tai_list: Annotated[TaiList | None, IfLeft(), Sized(8)] = None


NsagInformation = Annotated[list[SliceAccessGroup], Repeat(32)]
"""NSAG information (TS 24.501 9.11.3.87)."""


class DnnCriterion(Value, frozen=True):
    """Traffic of any of these data networks (TS 24.501 9.11.3.38)."""

    names: Annotated[list[Annotated[Dnn, Sized(8)]], Count(8), Repeat(counted=True)]


class OsApplication(Value, frozen=True):
    """An application of an operating system, by UUID and name (TS 24.501 9.11.3.38, TS 24.526 5.2)."""

    os_identity: Annotated[bytes, Octets(16)]
    application: Annotated[bytes, Sized(8), Rest()]


class ApplicationCriterion(Value, frozen=True):
    """Traffic of any of these applications (TS 24.501 9.11.3.38)."""

    applications: Annotated[list[OsApplication], Count(8), Repeat(counted=True)]


class SliceCriterion(Value, frozen=True):
    """Traffic of any of these slices (TS 24.501 9.11.3.38)."""

    slices: Annotated[list[Annotated[SNssaiElement, Sized(8)]], Count(8), Repeat(counted=True)]


class Criterion(Value, frozen=True):
    """What puts an access attempt into the category: 0 DNN, 1 application, 2 slice (TS 24.501 9.11.3.38)."""

    kind: U8
    value: Annotated[
        DnnCriterion | ApplicationCriterion | SliceCriterion,
        Switch("kind", {0: DnnCriterion, 1: ApplicationCriterion, 2: SliceCriterion}),
    ]


class AccessCategoryDefinition(Value, frozen=True):
    """An operator-defined access category, `category` above 32 (TS 24.501 9.11.3.38)."""

    precedence: Annotated[int, Length(8), Bits(8)]
    has_standardized: U1
    category: Annotated[int, Spare(2), Bits(5, 32)]
    criteria: Annotated[list[Criterion], Sized(8), Repeat()]
    standardized: Annotated[int | None, When("has_standardized", frozenset({1})), Spare(3), Bits(5)] = None


AccessCategoryDefinitions = Annotated[list[AccessCategoryDefinition], Repeat()]
"""Operator-defined access category definitions (TS 24.501 9.11.3.38)."""


class PagingAssistance(Value, frozen=True):
    """One assistance value: type 0 paging subgroup, 1 probability (TS 24.501 9.11.3.80, TS 24.301 9.9.3.62)."""

    kind: U3
    value: U5


PagingAssistanceInformation = Annotated[list[PagingAssistance], Repeat()]
"""PEIPS and WUS assistance information (TS 24.501 9.11.3.71, 9.11.3.80)."""
