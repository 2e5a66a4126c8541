"""Where each field is among a message's bits: held against octets written by hand."""

import asyncio
import random

import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.display import PROTOCOLS
from freehold.codecs.display.places import LONGEST, difference, spans
from freehold.manage.dissect import dissect

# Registration request: EPD, header, type; 7-bit ngKSI beside type; SUCI of 001/01 with the null scheme; capability
REGISTRATION = bytes.fromhex("7e004179000d0100f110f0ff000000000000102e02f0f0")


def places(octets, protocol):
    steps = spans(octets, PROTOCOLS[protocol].decode)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def fields(view, path=()):
    for child in view.fields:
        yield (*path, child.label), child
        yield from fields(child, (*path, child.label))


def test_when_fields_are_parts_of_an_octet_then_their_bits_are_told():
    found = places(REGISTRATION, "nas")
    assert found[("registration_type", "value")] == (29, 32)  # TS 24.501 9.11.3.7: bits 3 to 1
    assert found[("registration_type", "follow_on_request")] == (28, 29)
    assert found[("ng_ksi", "value")] == (25, 28)  # TS 24.501 9.11.3.32
    assert found[("mobile_identity", "plmn")] == (56, 80)  # TS 24.501 9.11.3.4: octets 8 to 10
    assert found[("ue_security_capability", "octets")] == (8 * 21, 8 * 23)


def test_when_a_message_holds_another_then_its_fields_are_placed_in_the_whole():
    transport = ngap.DownlinkNASTransport(amf_ue_ngap_id=1, ran_ue_ngap_id=2, nas_pdu=REGISTRATION)
    octets = ngap.encode(transport)
    view = asyncio.run(dissect(octets, "ngap"))
    found = dict(fields(view.content))
    start = 8 * octets.index(REGISTRATION)
    assert (found[("nas_pdu",)].first, found[("nas_pdu",)].bits) == (start, 8 * len(REGISTRATION))
    inner = found[("nas_pdu", "mobile_identity", "plmn")]
    assert (inner.first, inner.bits, inner.text) == (start + 56, 24, "001/01")
    identifier = found[("ran_ue_ngap_id",)]
    assert octets[identifier.first // 8 : (identifier.first + identifier.bits) // 8][-1] == 2


def test_when_pfcp_is_placed_then_groups_hold_their_elements():
    deletion = pfcp.encode(pfcp.SessionDeletionResponse(cause=1), sequence=7, seid=9)
    found = places(deletion, "pfcp")
    assert found[("cause",)] == (8 * 20, 8 * 21)  # TS 29.244 7.2.2.4, 8.2.1: after 16 octets of header, and 4
    assert found[("@header", "seid")] == (8 * 4, 8 * 12)
    assert found[("@header", "sequence")] == (8 * 12, 8 * 15)


def test_when_a_bit_outside_a_place_is_turned_then_no_field_alone_changes_by_it():
    found = places(REGISTRATION, "nas")
    plain = nas.decode(REGISTRATION).message
    for bit in range(8 * len(REGISTRATION)):
        other = bytearray(REGISTRATION)
        other[bit // 8] ^= 0x80 >> bit % 8
        changed = difference(plain, nas.decode(bytes(other)).message)
        if changed:
            first, after = found[changed]
            assert first <= bit < after


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_when_octets_are_strange_then_they_are_placed_without_complaint(protocol):
    chance = random.Random(5)
    for length in (0, 1, 7, 40):
        view = asyncio.run(dissect(chance.randbytes(length), protocol))
        for _, field in fields(view.content):
            assert field.first is None or 0 <= field.first < field.first + field.bits <= 8 * length


def test_when_a_message_is_very_long_then_it_is_not_tried():
    assert places(bytes(LONGEST + 1), "nas") == {}


def test_when_values_differ_then_the_lowest_place_that_holds_it_all_is_told():
    plain = nas.decode(REGISTRATION).message
    assert difference(plain, plain) is None
    assert difference([1, 2, 3], [1, 5, 3]) == (1,)
    assert difference([1, 2, 3], [4, 5, 3]) == ()
    assert difference([1], [1, 2]) == ()
    assert difference(1, "1") == ()
