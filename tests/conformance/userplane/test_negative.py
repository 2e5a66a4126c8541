"""U01 to U10 of the negative catalogue: real bytes on N3, a control terminal before, during and after."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Iterator

import pytest

from freehold.codecs import gtpu
from freehold.services.userplane import CoreAttacked, ForeignSource, PeerLostTunnel

from .network import ATTACKER, CONTROL, GATEWAY, GNB, OUTSIDE, UPF, VICTIM, Network, g_pdu, inner, network

pytestmark = pytest.mark.xdist_group("n3")


@pytest.fixture
def net() -> Iterator[Network]:
    """The network; its control terminal works before and after every test."""
    with network() as net:
        assert net.ping(net.control)
        yield net
        assert net.ping(net.control)
        assert net.ping(net.victim)


def from_gnb(net: Network, datagram: bytes) -> None:
    """Send as the victim's own gNB does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((GNB, 0))
        port.sendto(datagram, (UPF, 2152))
        net.poll()


def test_u01_unknown_teid_gets_an_error_indication_and_not_without_end(net):
    # TS 29.281 7.3.1
    before = net.state()
    for _ in range(200):
        net.send(g_pdu(net.victim.teid ^ 1, inner(VICTIM, OUTSIDE)))
    answers = net.received()
    assert 1 <= len(answers) <= 100
    message = gtpu.decode(answers[0]).message
    assert isinstance(message, gtpu.ErrorIndication)
    assert net.counted("drop_unknown_teid") == 200
    assert net.state() == before


def test_u02_the_right_teid_from_another_node_is_dropped(net):
    before = net.state()
    net.send(g_pdu(net.victim.teid, inner(VICTIM, OUTSIDE)))
    assert net.counted("drop_outer_source") == 1
    assert net.events == [ForeignSource(net.victim.teid, ATTACKER)]
    assert (net.received(), net.state()) == ([], before)


@pytest.mark.parametrize("source", [CONTROL, GATEWAY, OUTSIDE, "0.0.0.0", "255.255.255.255"])
def test_u03_a_forged_inner_source_is_dropped(net, source):
    # TS 33.117 4.3.3.1.1
    before = net.state()
    from_gnb(net, g_pdu(net.victim.teid, inner(source, OUTSIDE)))
    assert net.counted("drop_inner_source") == 1
    assert net.state() == before


@pytest.mark.parametrize("port", [2152, 8805, 38412, 7777, 22])
def test_u04_terminals_reach_no_port_of_the_core_and_it_is_alarmed(net, port):
    before = net.state()
    for destination in ("203.0.113.77", UPF):
        from_gnb(net, g_pdu(net.victim.teid, inner(VICTIM, destination, port)))
    assert net.counted("drop_protected_destination") + net.counted("drop_nested_tunnel") == 2
    assert net.events == [CoreAttacked(net.victim.teid)] * 2
    assert net.state() == before


def test_u04_a_tunnel_in_the_tunnel_is_dropped(net):
    before = net.state()
    from_gnb(net, g_pdu(net.victim.teid, inner(VICTIM, OUTSIDE, 2152)))
    assert (net.counted("drop_nested_tunnel"), net.state()) == (1, before)


def test_u05_a_terminal_reaches_another_one_only_by_policy(net):
    carried = net.upf.usage(net.control.teid)
    from_gnb(net, g_pdu(net.victim.teid, inner(VICTIM, CONTROL)))
    assert net.counted("drop_local_switch") == 1
    assert net.upf.usage(net.control.teid) == carried


CHAINS = {
    "length 0": bytes((0x85, 0, 0x10, 9, 0)),
    "endless": bytes((0x20,)) + bytes((1, 0, 0, 0x20)) * 12,
    "off the end": bytes((0x85, 9, 0x10, 9, 0)),
    "must be understood": bytes((0xC7, 1, 0, 0, 0)),
    "cut": bytes((0x85, 1)),
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_u06_a_broken_chain_of_extension_headers_is_dropped(net, chain):
    # TS 33.513 4.2.2.8
    before = net.state()
    body = bytes(3) + chain
    from_gnb(net, struct.pack("!BBHI", 0x34, 255, len(body), net.victim.teid) + body)
    assert net.counted("drop_gtpu_extension") == 1
    assert net.state() == before


@pytest.mark.parametrize("flags", [0x31, 0x32, 0x34, 0x37])
def test_u06_flags_on_a_header_without_room_are_dropped(net, flags):
    from_gnb(net, struct.pack("!BBHI", flags, 255, 0, net.victim.teid))
    assert net.counted("drop_gtpu_malformed") == 1


def test_u06_a_qos_flow_without_rule_is_dropped(net):
    from_gnb(net, g_pdu(net.victim.teid, inner(VICTIM, OUTSIDE), qfi=33))
    assert net.counted("drop_no_rule") == 1


WHOLE = inner(VICTIM, OUTSIDE)
BROKEN = {
    "empty": b"",
    "version 0": b"\x05" + WHOLE[1:],
    "version 15": b"\xf5" + WHOLE[1:],
    "short header": b"\x44" + WHOLE[1:],
    "header beyond the packet": b"\x4f" + WHOLE[1:],
    "length beyond the packet": WHOLE[:2] + b"\xff\xff" + WHOLE[4:],
    "length below the header": WHOLE[:2] + b"\0\x08" + WHOLE[4:],
    "truncated": WHOLE[:27],
    "fragment beyond the end": WHOLE[:6] + b"\x1f\xff" + WHOLE[8:],
    "first fragment without ports": WHOLE[:2] + b"\0\x18" + WHOLE[4:6] + b"\x20\0" + WHOLE[8:24],
    "version 6, short": b"\x60" + WHOLE[1:],
    "version 6, endless chain": b"\x60\0\0\0" + struct.pack("!HBB", 160, 0, 64) + bytes(32) + bytes(160),
}


@pytest.mark.parametrize("packet", BROKEN.values(), ids=BROKEN)
def test_u07_a_broken_inner_packet_is_dropped(net, packet):
    before = net.state()
    from_gnb(net, g_pdu(net.victim.teid, packet))
    assert net.counted("drop_inner_malformed") == 1
    assert net.state() == before


def test_u08_guessed_teids_are_not_accepted(net):
    chance = random.Random(8)
    before = net.state()
    for _ in range(2000):
        net.attacker.sendto(g_pdu(chance.getrandbits(32), inner(VICTIM, OUTSIDE)), (UPF, 2152))
    net.poll()
    assert net.counted("drop_unknown_teid") + net.counted("drop_outer_source") == 2000
    assert net.state() == before


def error_indication(teid: int, address: str) -> bytes:
    body = struct.pack("!BIBH", 16, teid, 133, 4) + socket.inet_aton(address)
    return struct.pack("!BBHIHBB", 0x32, 26, len(body) + 4, 0, 0, 0, 0) + body


def test_u09_forged_path_messages_tear_nothing_down(net):
    # TS 29.281 7.3.1, TS 23.527 5.3.3
    before = net.state()
    for address in (GNB, ATTACKER, UPF):
        net.send(error_indication(net.victim.tunnel.teid, address))
    net.send(struct.pack("!BBHI", 0x30, 254, 0, net.victim.teid))
    net.send(struct.pack("!BBHIHBB", 0x32, 2, 4, 0, 1, 0, 0))
    net.send(struct.pack("!BBHIHBBBBB", 0x32, 31, 7, 0, 1, 0, 0, 141, 1, 0x85))
    assert (net.events, net.received(), net.state()) == ([], [], before)


def test_u09_the_gnbs_own_error_indication_is_believed_and_told(net):
    from_gnb(net, error_indication(net.victim.tunnel.teid, GNB))
    assert net.events == [PeerLostTunnel(net.victim.teid, GNB, net.victim.tunnel.teid)]


@pytest.mark.parametrize("kind", [0, 3, 4, 16, 25, 27, 32, 100, 252, 253])
def test_u10_message_types_that_no_gnb_sends_are_dropped(net, kind):
    # TS 33.117 4.2.6.2.4
    before = net.state()
    net.send(struct.pack("!BBHIHBB", 0x32, kind, 4, net.victim.teid, 1, 0, 0))
    assert net.counted("drop_gtpu_message_type") == 1
    assert (net.received(), net.state()) == ([], before)


def test_when_anything_is_sent_then_the_control_terminal_pings_on(net):
    chance = random.Random(52)
    good = [
        g_pdu(net.victim.teid, inner(VICTIM, OUTSIDE)),
        error_indication(net.victim.tunnel.teid, GNB),
        struct.pack("!BBHIHBB", 0x32, 1, 4, 0, 1, 0, 0),
    ]
    for turn in range(300):
        octets = bytearray(chance.choice(good))
        for _ in range(chance.randrange(4)):
            octets[chance.randrange(len(octets))] = chance.getrandbits(8)
        net.attacker.sendto(octets[: chance.randrange(1, len(octets) + 1)], (UPF, 2152))
        if turn % 50 == 0:
            assert net.ping(net.control)
    net.poll()
