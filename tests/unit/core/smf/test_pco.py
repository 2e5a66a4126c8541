"""Protocol configuration options (TS 24.008 10.5.6.3, interworking item 11)."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec
import pytest

from freehold.codecs.nas import ExtendedConfigurationOption, ExtendedProtocolConfigurationOptions
from freehold.core.smf import pco

from .world import INTERNET, World, asking

SERVERS = (bytes((9, 9, 9, 9)), bytes((1, 1, 1, 1)))


def told(*asked: tuple[int, str], network=INTERNET) -> list[tuple[int, str]] | None:
    options = [ExtendedConfigurationOption(kind, bytes.fromhex(content)) for kind, content in asked]
    answer = pco.answer(ExtendedProtocolConfigurationOptions(options=options), network)
    return None if answer is None else [(option.identifier, option.contents.hex()) for option in answer.options]


def test_when_dns_is_asked_then_each_server_is_told() -> None:
    assert told((0x000D, "")) == [(0x000D, SERVERS[0].hex()), (0x000D, SERVERS[1].hex())]


def test_when_the_mtu_and_p_cscf_are_asked_then_they_are_told() -> None:
    assert told((0x0010, ""), (0x000C, "")) == [(0x0010, "0578"), (0x000C, "0a2d0001")]


def test_when_nothing_known_is_asked_then_nothing_is_told() -> None:
    assert told((0x0003, ""), (0x0001, ""), (0x000A, ""), (0xFF00, "00")) is None
    assert pco.answer(None, INTERNET) is None
    bare = msgspec.structs.replace(INTERNET, dns=(), p_cscf=())
    assert told((0x000D, ""), (0x000C, ""), network=bare) is None


IPCP = {
    "zeroes": ("01070010 8106 00000000 8306 00000000", "03070010 8106 09090909 8306 01010101"),
    "one wrong": ("01070010 8106 09090909 8306 08080808", "0307000a 8306 01010101"),
    "right": ("01070010 8106 09090909 8306 01010101", "02070010 8106 09090909 8306 01010101"),
    "address too": ("01010010 0306 00000000 8106 00000000", "0401000a 0306 00000000"),
    "no option": ("01090004", "02090004"),
    "octets after its length": ("0109000a 8106 00000000 ff", "0309000a 8106 09090909"),
}


@pytest.mark.parametrize(("asked", "answer"), IPCP.values(), ids=IPCP)
def test_when_dns_is_asked_by_ipcp_then_it_is_corrected_acknowledged_or_rejected(asked: str, answer: str) -> None:
    # RFC 1332 3, RFC 1877 1.1, 1.3
    assert told((0x8021, asked)) == [(0x8021, answer.replace(" ", ""))]


@pytest.mark.parametrize(
    "packet",
    ["", "01", "010700", "02070004", "010700ff", "0107000681", "010700068101", "01070006 8100", "01070008 81ff0000"],
)
def test_when_an_ipcp_packet_is_damaged_then_it_is_not_answered(packet: str) -> None:
    # N13
    assert told((0x8021, packet)) is None


def test_when_no_server_is_configured_then_ipcp_rejects_the_option() -> None:
    bare = msgspec.structs.replace(INTERNET, dns=(IPv4Address("9.9.9.9"),))
    assert told((0x8021, "01070010810600000000830600000000"), network=bare) == [(0x8021, "0407000a830600000000")]


def test_when_name_and_password_are_given_then_they_are_accepted() -> None:
    # RFC 1334 2.2.2, RFC 1994 4.2
    assert told((0xC023, "01050008 0161 0162")) == [(0xC023, "0205000500")]
    assert told((0xC223, "02050008 0161 0162")) == [(0xC223, "03050004")]
    assert told((0xC223, "01050008 0161 0162"), (0xC023, "0205"), (0xC223, "")) is None


def test_when_a_phone_asks_in_all_forms_then_the_accept_answers_each() -> None:
    world = World()
    asked = ExtendedProtocolConfigurationOptions(
        options=[
            ExtendedConfigurationOption(0x8021, bytes.fromhex("01000010810600000000830600000000")),
            ExtendedConfigurationOption(0x000D),
            ExtendedConfigurationOption(0x0003),
            ExtendedConfigurationOption(0x0010),
            ExtendedConfigurationOption(0x000C),
        ]
    )
    world.create(asking(extended_pco=asked))
    answer = world.amf.n1.extended_pco
    assert [option.identifier for option in answer.options] == [0x8021, 0x000D, 0x000D, 0x0010, 0x000C]
    assert answer.contents(0x0010) == (1400).to_bytes(2, "big")
