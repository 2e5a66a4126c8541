"""Each message of each protocol x each IE missing, twice, misordered or unknown (negative.md G06; TS 38.413 10.3)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from asn1kit.tables import container, messages, table

# TS 38.423 10, TS 38.473 10, TS 37.483 10, TS 38.455 10; E2AP's chapter 10 is made of the same rules.
PROTOCOLS = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap")
CAUSES = {
    "reject": "abstract-syntax-error-reject",
    "notify": "abstract-syntax-error-ignore-and-notify",
    "ignore": "abstract-syntax-error-ignore-and-notify",
}
UNKNOWN = 65000


class Room:
    """One protocol's codec, and its messages taken apart."""

    def __init__(self, protocol: str) -> None:
        self.codec: Any = import_module(f"freehold.codecs.{protocol}")
        self.protocol = protocol
        self.opening = table(protocol)["pdu"]

    def encode(self, message: Any) -> bytes:
        numbered = self.opening["transaction"] is not None
        return self.codec.encode(message, 259) if numbered else self.codec.encode(message)

    def pdus(self) -> Iterator[tuple[str, Pdu, dict[int, dict[str, Any]]]]:
        """Each message with IEs: its name, one with every mandatory IE and some more, and its IEs by id."""
        for name, _ in messages(self.protocol):
            entries = {each["id"]: each for each in container(self.protocol, name)["entries"]}
            if not entries:
                continue
            value = Generator(self.protocol, self.codec, random.Random(name), 0.1).named(name)
            yield name, take_apart(self.encode(value), self.opening), entries


@pytest.fixture(params=PROTOCOLS)
def room(request: pytest.FixtureRequest) -> Room:
    return Room(request.param)


def fault_of(decoded: Any, ie: int) -> Any:
    (found,) = [fault for fault in decoded.faults if fault.ie == ie]
    return found


def test_when_a_mandatory_ie_is_missing_then_its_criticality_says_what_happens(room: Room) -> None:
    judged = 0
    for name, pdu, entries in room.pdus():
        for missing in pdu.ies:
            decoded = room.codec.decode(pdu.with_ies([ie for ie in pdu.ies if ie != missing]))
            if not entries[missing.id]["mandatory"]:
                assert missing.id not in [fault.ie for fault in decoded.faults], name
                continue
            judged += 1
            fault, criticality = fault_of(decoded, missing.id), entries[missing.id]["criticality"]
            assert (fault.error, fault.action, fault.cause) == ("missing", criticality, CAUSES[criticality]), name
            assert (decoded.message is None) == (criticality == "reject"), name
    assert judged > 40


def test_when_an_ie_comes_twice_or_too_early_then_the_message_is_falsely_constructed(room: Room) -> None:
    for name, pdu, _ in room.pdus():
        for at, ie in enumerate(pdu.ies):
            decoded = room.codec.decode(pdu.with_ies([*pdu.ies[: at + 1], ie, *pdu.ies[at + 1 :]]))
            assert fault_of(decoded, ie.id).cause == "abstract-syntax-error-falsely-constructed-message", name
            assert decoded.message is None, name
        for at in range(len(pdu.ies) - 1):
            swapped = [*pdu.ies[:at], pdu.ies[at + 1], pdu.ies[at], *pdu.ies[at + 2 :]]
            decoded = room.codec.decode(pdu.with_ies(swapped))
            assert decoded.message is None, name
            assert "an IE in wrong order" in [fault.detail for fault in decoded.faults], name


def test_when_any_order_is_taken_then_the_message_is_the_same_and_repetition_is_refused_still(room: Room) -> None:
    for name, pdu, _ in room.pdus():
        right = room.codec.decode(pdu.octets())
        decoded = room.codec.decode(pdu.with_ies(pdu.ies[::-1]), True)
        told = [fault.action for fault in decoded.faults if fault.detail == "an IE in wrong order"]
        assert (decoded.message, told) == (right.message, ["ignore"] * (len(pdu.ies) - 1)), name
        for ie in pdu.ies:
            decoded = room.codec.decode(pdu.with_ies([*pdu.ies, ie]), True)
            assert (decoded.message, fault_of(decoded, ie.id).action) == (None, "reject"), name


@pytest.mark.parametrize("given", CAUSES)
def test_when_a_known_ie_has_another_criticality_then_it_is_read_all_the_same(room: Room, given: str) -> None:
    for name, pdu, _ in room.pdus():
        decoded = room.codec.decode(pdu.with_ies([replace(ie, criticality=given) for ie in pdu.ies]))
        assert decoded == room.codec.decode(pdu.octets()), name


@pytest.mark.parametrize("given", CAUSES)
def test_when_an_ie_is_unknown_then_its_own_criticality_says_what_happens(room: Room, given: str) -> None:
    for name, pdu, _ in room.pdus():
        octets = pdu.with_ies([*pdu.ies, Ie(UNKNOWN, given, b"\x12\x34")])
        decoded = room.codec.decode(octets)
        fault = fault_of(decoded, UNKNOWN)
        assert (fault.error, fault.action, fault.cause) == ("not-understood", given, CAUSES[given]), name
        if given == "reject":
            assert decoded.message is None, name
        else:
            assert decoded.message.unknown_ies == [room.codec.UnknownIe(UNKNOWN, given, b"\x12\x34")], name
            assert room.encode(decoded.message) == octets, name


def test_when_an_ies_value_is_damaged_then_the_message_is_refused_or_can_be_written_again(room: Room) -> None:
    for name, pdu, _ in room.pdus():
        for at, ie in enumerate(pdu.ies):
            size = len(ie.value)
            # G03, G07: every string of fixed size zero long or short, every length and count as large as it can be
            zero, half, short = b"", ie.value[: size // 2], ie.value[:-1]
            for value in (zero, half, short, bytes(size), b"\xff" * size, b"\x7f" * size, b"\xff"):
                damaged = [*pdu.ies[:at], replace(ie, value=value), *pdu.ies[at + 1 :]]
                decoded = room.codec.decode(pdu.with_ies(damaged))
                assert decoded.header is not None, name
                if decoded.message is None:
                    assert decoded.faults[0].action == "reject", name
                elif not decoded.faults:
                    assert room.codec.decode(room.encode(decoded.message)).message == decoded.message, name


def test_when_the_procedure_is_unknown_then_the_received_criticality_governs(room: Room) -> None:
    (_, pdu, _), *_ = room.pdus()
    for given, cause in CAUSES.items():
        decoded = room.codec.decode(replace(pdu, kind=0, procedure_code=250, criticality=given, ies=[]).octets())
        assert decoded.message is None
        assert (decoded.header.procedure_code, decoded.header.criticality) == (250, given)
        assert [(fault.action, fault.ie, fault.cause) for fault in decoded.faults] == [(given, None, cause)]


def test_when_the_header_is_damaged_then_it_is_a_transfer_syntax_error(room: Room) -> None:
    (_, pdu, _), *_ = room.pdus()
    octets = pdu.octets()
    for damaged in (b"", octets[:1], octets[:3], b"\xff" + octets[1:], octets[:-1]):
        decoded = room.codec.decode(damaged)
        assert decoded.message is None
        assert decoded.faults[0].cause == "transfer-syntax-error"


def test_when_a_transaction_has_an_id_then_it_is_in_the_header_and_within_its_bounds() -> None:
    # TS 38.455 9.3.3
    nrppa = Room("nrppa")
    name = "PositioningActivationFailure"
    message = Generator("nrppa", nrppa.codec, random.Random(1), 0.0).named(name)
    for number in (0, 259, 32767):
        decoded = nrppa.codec.decode(nrppa.codec.encode(message, number))
        assert (decoded.message, decoded.header.transaction_id) == (message, number)
    for wrong in ((), (32768,)):
        with pytest.raises(nrppa.codec.EncodeError, match="transaction ID"):
            nrppa.codec.encode(message, *wrong)
    other = Room("e2ap")
    value = Generator("e2ap", other.codec, random.Random(1), 0.0).named("ErrorIndication")
    with pytest.raises(other.codec.EncodeError, match="transaction ID"):
        other.codec.encode(value, 7)
