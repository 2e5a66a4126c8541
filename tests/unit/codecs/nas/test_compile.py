"""Declarations that make no sense are refused when they are compiled, not when a peer speaks."""

from typing import ClassVar

import pytest

from freehold.codecs.marks import Annotated
from freehold.codecs.nas.compile import Compiler
from freehold.codecs.nas.engine import Decoded, Fault, SecurityProtected
from freehold.codecs.nas.layout import (
    HALF,
    LV,
    TLV,
    TV,
    U4,
    U8,
    Bits,
    Constant,
    Count,
    IfLeft,
    Mark,
    MmMessage,
    OctetString,
    Spare,
    V,
    Value,
    When,
)
from freehold.spec.identities import PlmnId

RESULTS = (Decoded, Fault, SecurityProtected, PlmnId)


def codec(*messages):
    return Compiler().codec(messages, RESULTS)


def test_when_a_message_is_declared_then_it_can_be_sent_and_read():
    class Pair(Value, frozen=True):
        first: U4
        second: U4

    class Ping(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

        low: Annotated[U4, V(HALF)]
        high: Annotated[U4, V(HALF)]
        pair: Annotated[Pair, V(1)]
        half: Annotated[U4 | None, TV(0x9, 1)] = None
        rest: Annotated[OctetString | None, TLV(0x20, 3, 4)] = None

    ping = codec(Ping)
    message = Ping(1, 2, Pair(3, 4), half=5, rest=b"r")

    assert ping.encode(message).hex() == "7e00f0" + "21" + "34" + "95" + "200172"
    assert ping.decode(ping.encode(message)).message == message


def test_when_a_value_has_no_layout_then_the_declaration_is_refused():
    class Bare(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

        value: Annotated[int, V(1)]

    with pytest.raises(TypeError, match="no layout declared for"):
        codec(Bare)


def test_when_two_elements_have_one_identifier_then_the_declaration_is_refused():
    class Twice(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

        one: Annotated[U8 | None, TV(0x21, 2)] = None
        two: Annotated[U8 | None, TLV(0x21, 3)] = None

    with pytest.raises(ValueError, match="one identifier"):
        codec(Twice)


def test_when_two_messages_have_one_type_then_the_declaration_is_refused():
    class One(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

    class Two(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

    with pytest.raises(ValueError, match="one type"):
        codec(One, Two)


class Uncounted(Value, frozen=True):
    number: Annotated[int, Count(4), Bits(4)]


class Headless(Value, frozen=True):
    first: U8
    second: Annotated[int | None, IfLeft(), Constant(1, 4), Bits(4)] = None


class Strange(Mark, frozen=True):
    pass


class Unknown(Value, frozen=True):
    number: Annotated[int, Strange()]


@pytest.mark.parametrize(
    ("declared", "error"),
    [
        (Uncounted, "a count without a counted list"),
        (Headless, "constant before a field that may be absent"),
        (Unknown, "no layout for"),
    ],
)
def test_when_a_value_is_declared_wrongly_then_it_is_refused(declared, error):
    class Holder(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

        value: Annotated[declared, LV(2)]

    with pytest.raises(TypeError, match=error):
        codec(Holder)


def test_when_a_field_depends_on_another_then_it_is_there_only_with_its_values():
    class Told(Value, frozen=True):
        kind: Annotated[int, Spare(4), Bits(4)]
        extra: Annotated[int | None, When("kind", frozenset({3, 5})), Bits(8)] = None

    class Holder(MmMessage, frozen=True):
        message_type: ClassVar[int] = 0xF0

        told: Annotated[Told, LV(2)]

    holder = codec(Holder)
    for told, octets in ((Told(2), "0102"), (Told(3, 9), "020309")):
        assert holder.encode(Holder(told)).hex() == "7e00f0" + octets
        assert holder.decode(bytes.fromhex("7e00f0" + octets)).message == Holder(told)
    assert holder.decode(bytes.fromhex("7e00f00103")).message is None
