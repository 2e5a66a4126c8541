"""Solicitations and advertisements of routers and neighbours (RFC 4861 4.1 to 4.4, 6.1.1, 7.1.1)."""

from __future__ import annotations

from random import Random

import pytest

from freehold.codecs import ndp
from ndpkit import LINK_LOCAL, neighbour_solicitation, solicitation

PREFIX = bytes.fromhex("20010db800000005")
LINK_LAYER = bytes((1, 1, 2, 0, 0, 0, 0, 1))
UNKNOWN = bytes((200, 1)) + bytes(6)


def test_when_a_host_solicits_then_its_address_is_found():
    assert ndp.solicitation(solicitation()) == ndp.Solicitation(LINK_LOCAL)
    assert ndp.solicitation(solicitation(ndp.UNSPECIFIED)) == ndp.Solicitation(ndp.UNSPECIFIED)
    assert ndp.solicitation(solicitation(options=LINK_LAYER + UNKNOWN)) == ndp.Solicitation(LINK_LOCAL)


def test_when_a_host_looks_for_its_router_then_its_address_is_found():
    found = ndp.Solicitation(LINK_LOCAL, neighbour=True)
    assert ndp.solicitation(neighbour_solicitation()) == found
    assert ndp.solicitation(neighbour_solicitation(to=ndp.ROUTER, options=LINK_LAYER + UNKNOWN)) == found
    nobody = ndp.Solicitation(ndp.UNSPECIFIED, neighbour=True)
    assert ndp.solicitation(neighbour_solicitation(ndp.UNSPECIFIED)) == nobody


IGNORED = {
    "forwarded": solicitation(hops=254),
    "an advertisement": solicitation(kind=134),
    "another code": solicitation(code=1),
    "an option without a length": solicitation(options=bytes((1, 0)) + bytes(6)),
    "an option longer than the message": solicitation(options=bytes((1, 2)) + bytes(6)),
    "half an option": solicitation(options=b"\1"),
    "a link-layer address without an address": solicitation(ndp.UNSPECIFIED, LINK_LAYER),
    "IPv4": bytes((0x45,)) + solicitation()[1:],
    "octets behind it": solicitation() + b"\0",
    "nothing": b"",
    "no message": solicitation()[:40],
    "a neighbour, forwarded": neighbour_solicitation(hops=254),
    "a neighbour, another code": neighbour_solicitation(code=1),
    "a neighbour that is another": neighbour_solicitation(target=LINK_LOCAL),
    "a neighbour without a target": neighbour_solicitation(target=b""),
    "a neighbour, an option without a length": neighbour_solicitation(options=bytes((1, 0)) + bytes(6)),
    "a neighbour, a link-layer address without an address": neighbour_solicitation(ndp.UNSPECIFIED, LINK_LAYER),
    "a neighbour, of nobody and not to the group": neighbour_solicitation(ndp.UNSPECIFIED, to=ndp.ROUTER),
}


@pytest.mark.parametrize("packet", IGNORED.values(), ids=IGNORED)
def test_when_a_solicitation_is_not_right_then_it_is_ignored(packet):
    # RFC 4861 6.1.1, 7.1.1
    assert ndp.solicitation(packet) is None


@pytest.mark.parametrize("packet", [solicitation(), neighbour_solicitation()], ids=["router", "neighbour"])
def test_when_octets_are_missing_or_other_ones_then_it_is_ignored(packet):
    assert [end for end in range(len(packet)) if ndp.solicitation(packet[:end]) is not None] == []
    for place in range(6, len(packet)):
        damaged = bytearray(packet)
        damaged[place] ^= 0x55
        assert ndp.solicitation(bytes(damaged)) is None, place


@pytest.mark.parametrize("make", [solicitation, neighbour_solicitation])
def test_when_anything_comes_then_there_is_an_answer(make):
    random = Random(5)
    for _ in range(2000):
        packet = bytearray(make(options=random.randbytes(random.randrange(32))))
        packet[random.randrange(len(packet))] = random.getrandbits(8)
        found = ndp.solicitation(bytes(packet))
        assert found is None or found.source == packet[8:24]
        assert ndp.named(bytes(packet[: random.randrange(len(packet) + 1)])) in {*ndp.MESSAGES.values(), ("", "")}


def test_when_an_advertisement_is_made_then_it_says_prefix_and_mtu_for_as_long_as_there_is():
    packet = ndp.advertisement(PREFIX, 1400, LINK_LOCAL)
    assert (packet[0] >> 4, packet[6], packet[7], ndp.checksum(packet)) == (6, 58, 255, 0)
    assert (packet[8:24], packet[24:40]) == (ndp.ROUTER, LINK_LOCAL)
    assert int.from_bytes(packet[4:6], "big") == len(packet) - 40
    message = packet[40:]
    assert message[:2] == b"\x86\0"
    assert message[4:16] == bytes((64, 0, 255, 255)) + bytes(8)
    # TS 23.501 5.8.2.2.3, RFC 4861 4.6.2: 64 bits, autonomous, not on-link, infinite
    assert message[16:48] == bytes((3, 4, 64, 0x40)) + b"\xff" * 8 + bytes(4) + PREFIX + bytes(8)
    assert message[48:] == bytes((5, 1, 0, 0, 0, 0, 5, 0x78))
    assert ndp.advertisement(PREFIX, 1400)[24:40] == ndp.ALL_NODES


@pytest.mark.parametrize(
    ("source", "destination", "flags"),
    [(LINK_LOCAL, LINK_LOCAL, 0xC0), (ndp.UNSPECIFIED, ndp.ALL_NODES, 0x80)],
    ids=["solicited", "its address is taken"],
)
def test_when_the_router_says_that_it_is_there_then_it_is_a_router_and_overrides_no_link_layer_address(
    source, destination, flags
):
    # RFC 4861 4.4, 7.2.4
    packet = ndp.neighbour_advertisement(ndp.Solicitation(source, neighbour=True))
    assert (packet[:8], ndp.checksum(packet)) == (bytes.fromhex("6000000000183aff"), 0)
    assert (packet[8:24], packet[24:40]) == (ndp.ROUTER, destination)
    assert packet[40:42] + packet[44:] == bytes((136, 0, flags, 0, 0, 0)) + ndp.ROUTER


def test_when_a_packet_is_seen_then_its_message_is_named_with_its_clause():
    assert ndp.named(solicitation()) == ("RouterSolicitation", "RFC 4861 4.1")
    assert ndp.named(ndp.advertisement(PREFIX, 1400)) == ("RouterAdvertisement", "RFC 4861 4.2")
    assert ndp.named(neighbour_solicitation(hops=1)) == ("NeighborSolicitation", "RFC 4861 4.3")
    answer = ndp.neighbour_advertisement(ndp.Solicitation(LINK_LOCAL, neighbour=True))
    assert ndp.named(answer) == ("NeighborAdvertisement", "RFC 4861 4.4")
    assert (
        ndp.named(bytes((0x45,)) + solicitation()[1:]) == ndp.named(solicitation()[:40]) == ndp.named(b"") == ("", "")
    )
