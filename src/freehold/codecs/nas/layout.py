"""How NAS values and messages are declared: marks for `Annotated`, read once and compiled for the native engine.

A class is its own table. Each field carries the marks of its row, in the order of the figure in TS 24.501 clause 9:

    follow_on_request: Annotated[bool, Spare(1), Bits(1)]
    capability: Annotated[bytes | None, TLV(0x10, 3, 15)] = None
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from freehold.codecs.marks import Annotated

HALF = 0
"""The length of an element of half an octet (TS 24.007 11.2.1.1)."""


class Mark(msgspec.Struct, frozen=True, eq=False):
    """Something a declaration says about a field."""


class Spare(Mark, frozen=True):
    """So many bits before the field, sent as zero and ignored when received."""

    bits: int


class Constant(Mark, frozen=True):
    """Bits before the field that always have one value."""

    value: int
    bits: int


class Extent(Mark, frozen=True):
    """The whole must have one of these lengths in octets."""

    octets: frozenset[int]


class Length(Mark, frozen=True):
    """A number of so many bits before the field: the octets that follow, after `after` more bits."""

    bits: int
    after: int = 0


class Count(Mark, frozen=True):
    """A number of so many bits before the field: the items of the record's counted list, less `bias`."""

    bits: int
    bias: int = 0


class IfLeft(Mark, frozen=True):
    """The field is there while the extent has octets left."""


class Lengths(Mark, frozen=True):
    """The field is there when the extent has one of these lengths in octets."""

    octets: frozenset[int]


class When(Mark, frozen=True):
    """The field is there when the earlier field `on` has one of these values."""

    on: str
    values: frozenset[int]


class Bits(Mark, frozen=True):
    """A number of so many bits, `plus` above what is on the wire; a bool where the type says so."""

    bits: int
    plus: int = 0


class Octets(Mark, frozen=True):
    """Exactly so many octets."""

    count: int


class Rest(Mark, frozen=True):
    """All octets left."""


class Sized(Mark, frozen=True):
    """A length of 8 or 16 bits, then the value in so many octets."""

    bits: int = 8


class Repeat(Mark, frozen=True):
    """Items until the extent ends, at most `most`; `counted`: as many as the record's Count said."""

    most: int = 255
    counted: bool = False


class Digits(Mark, frozen=True):
    """BCD digits in so many octets, the rest filled with F."""

    octets: int


class Labels(Mark, frozen=True):
    """A name in labels, written with dots (TS 23.003 9.1)."""


class Sessions(Mark, frozen=True):
    """PDU session identities as a bitmap (TS 24.501 9.11.3.44)."""


class Plmn(Mark, frozen=True):
    """Three octets of MCC and MNC (TS 24.501 9.11.3.4)."""


class Equipment(Mark, frozen=True):
    """IMEI or IMEISV with its type in the first octet (TS 24.501 9.11.3.4)."""

    cls: type


class Record(Mark, frozen=True):
    """A class that carries no marks itself: the marks of its fields by name, None for a class that declares them."""

    cls: type[msgspec.Struct]
    fields: Mapping[str, Any] | None = None


class Choice(Mark, frozen=True):
    """The layout told by `bits` bits at `offset`, which the chosen layout holds as well."""

    offset: int
    bits: int
    cases: Mapping[int, Any]


class Switch(Mark, frozen=True):
    """The layout told by the earlier field `on` of the record."""

    on: str
    cases: Mapping[int, Any]
    default: Any = None


class Format(Mark, frozen=True):
    """The format column of a message's table (TS 24.007 11.2.1.1); lengths are of the value alone."""

    name: str
    tag: int
    bits: int
    least: int
    most: int


def V(length: int) -> Format:  # noqa: N802 - the word of the specification
    """Value only: HALF, or so many octets."""
    return Format("fixed" if length else "half", 0, 0, length, length)


def LV(least: int, most: int = 256) -> Format:  # noqa: N802
    """Length and value; the bounds are those of the table and count the length octet."""
    return Format("length", 0, 8, least - 1, most - 1)


def LVE(least: int, most: int = 65537) -> Format:  # noqa: N802
    """Length of two octets and value; the bounds count them."""
    return Format("length", 0, 16, least - 2, most - 2)


def TV(tag: int, length: int) -> Format:  # noqa: N802
    """Tag and value: of one octet together (`tag` is then its high half, as the table writes `C-`), or more."""
    return Format("tag-half", tag << 4, 0, 0, 0) if length == 1 else Format("tag-fixed", tag, 0, length - 1, length - 1)


def TLV(tag: int, least: int, most: int = 257) -> Format:  # noqa: N802
    """Tag, length and value; the bounds count tag and length octet."""
    return Format("tag-length", tag, 8, least - 2, most - 2)


def TLVE(tag: int, least: int, most: int = 65538) -> Format:  # noqa: N802
    """Tag, length of two octets and value; the bounds count them."""
    return Format("tag-length", tag, 16, least - 3, most - 3)


# the layouts every clause uses
U1 = Annotated[bool, Bits(1)]
U2 = Annotated[int, Bits(2)]
U3 = Annotated[int, Bits(3)]
U4 = Annotated[int, Bits(4)]
U5 = Annotated[int, Bits(5)]
U6 = Annotated[int, Bits(6)]
U8 = Annotated[int, Bits(8)]
U10 = Annotated[int, Bits(10)]
U16 = Annotated[int, Bits(16)]
U24 = Annotated[int, Bits(24)]
U32 = Annotated[int, Bits(32)]
OctetString = Annotated[bytes, Rest()]


class Value(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """The typed value of an information element."""


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, repr_omit_defaults=True):
    """A NAS message; `unknown_ies` are the elements it does not declare, whole and in their order."""

    unknown_ies: tuple[bytes, ...] = ()


class MmMessage(Message, frozen=True):
    """A 5GMM message (TS 24.501 8.2)."""

    message_type: ClassVar[int]


class SmMessage(Message, frozen=True):
    """A 5GSM message (TS 24.501 8.3), with the header's PDU session identity and transaction identity."""

    message_type: ClassVar[int]

    pdu_session_identity: int
    pti: int


class PolicyMessage(Message, frozen=True):
    """A message of UE policy delivery, with its procedure transaction identity (TS 24.501 D.5)."""

    message_type: ClassVar[int]

    pti: Annotated[int, Bits(8), V(1)]
