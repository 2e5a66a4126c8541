"""Router solicitations and advertisements (RFC 4861 4.1, 4.2, 6.1.1)."""

from __future__ import annotations

from random import Random

import pytest

from freehold.codecs import ndp
from ndpkit import LINK_LOCAL, solicitation

PREFIX = bytes.fromhex("20010db800000005")
LINK_LAYER = bytes((1, 1, 2, 0, 0, 0, 0, 1))


def test_when_a_host_solicits_then_its_address_is_found():
    assert ndp.solicitor(solicitation()) == LINK_LOCAL
    assert ndp.solicitor(solicitation(ndp.UNSPECIFIED)) == ndp.UNSPECIFIED
    assert ndp.solicitor(solicitation(options=LINK_LAYER + bytes((200, 1)) + bytes(6))) == LINK_LOCAL


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
}


@pytest.mark.parametrize("packet", IGNORED.values(), ids=IGNORED)
def test_when_a_solicitation_is_not_right_then_it_is_ignored(packet):
    # RFC 4861 6.1.1
    assert ndp.solicitor(packet) is None


def test_when_octets_are_missing_or_other_ones_then_it_is_ignored():
    packet = solicitation()
    assert [end for end in range(len(packet)) if ndp.solicitor(packet[:end]) is not None] == []
    for place in range(6, len(packet)):
        damaged = bytearray(packet)
        damaged[place] ^= 0x55
        assert ndp.solicitor(bytes(damaged)) is None, place


def test_when_anything_comes_then_there_is_an_answer():
    random = Random(5)
    for _ in range(2000):
        packet = bytearray(solicitation(options=random.randbytes(random.randrange(32))))
        packet[random.randrange(len(packet))] = random.getrandbits(8)
        assert ndp.solicitor(bytes(packet)) in {None, bytes(packet[8:24])}


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
