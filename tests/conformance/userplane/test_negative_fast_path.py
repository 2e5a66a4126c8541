"""U01 to U10 against the program in the kernel: none of it leaves there; what is handed up meets the engine."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from freehold._native.xdp import Datapath
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.net.xdp import program
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules

from .network import GATEWAY, g_pdu, inner
from .test_negative import BROKEN, CHAINS, error_indication

N3, GNB, ATTACKER = "192.0.2.1", "192.0.2.10", "192.0.2.66"
VICTIM, CONTROL, OUTSIDE = "10.45.0.2", "10.45.0.3", "198.51.100.1"
LOOPBACK, MTU, QFI = 1, 1456, 9
LEAVES = {"xdp": 4, "tc": 7}
"""The verdict at each hook of a packet that leaves through an interface."""
FORWARD = (Rule(match_qfi=QFI, action="forward", qfi=QFI),)

pytestmark = [pytest.mark.root, pytest.mark.xdist_group("xdp")]


def checksum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def on_n3(datagram: bytes, source: str = GNB, port: int = 2152) -> bytes:
    """The frame of a datagram to N3."""
    udp = struct.pack("!HHHH", 2152, port, 8 + len(datagram), 0) + datagram
    ends = socket.inet_aton(source) + socket.inet_aton(N3)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0x4000, 64, 17, 0) + ends
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return (bytes([2] * 12) + b"\x08\0" + head + udp).ljust(60, b"\0")


class Kernel:
    """The program with a session of a victim and one of a control terminal, both at the gNB."""

    def __init__(self, plane: UserPlane) -> None:
        engine = plane.add_upf(PlaneSettings(N3), bytes(16))
        pools = [("10.45.0.0", 1 << 16, MTU)]
        self.datapath = Datapath((program("userplane"), b""), [N3], engine.tunnel_key(), bytes(16), pools, False, None)
        self.datapath.port(0, LOOPBACK)
        for number, peer in enumerate((None, GNB)):
            self.datapath.way(number, peer, (bytes([number + 3] * 12), 0, LOOPBACK))
        self.datapath.keep_back([("10.45.0.0", 16), ("192.0.2.0", 24), ("203.0.113.0", 24), ("127.0.0.0", 8)])
        self.teid, self.control = engine.open(), engine.open()
        for teid, address in ((self.teid, VICTIM), (self.control, CONTROL)):
            rules = SessionRules(0, address, None, FORWARD, FORWARD, Tunnel(GNB, teid))
            assert self.datapath.install(teid, rules, 1, 0, False)

    def passes(self, frame: bytes) -> bool:
        """Whether a frame leaves at any hook."""
        return any(self.datapath.run(hook, frame)[0] == leaves for hook, leaves in LEAVES.items())

    def works(self) -> bool:
        """Whether the control terminal's packets leave at every hook."""
        frame = on_n3(g_pdu(self.control, inner(CONTROL, OUTSIDE), QFI))
        return all(self.datapath.run(hook, frame)[0] == leaves for hook, leaves in LEAVES.items())


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    plane = UserPlane()
    try:
        made = Kernel(plane)
    except OSError as refused:
        pytest.skip(f"the program cannot be loaded here: {refused}")
    yield made
    plane.close()


@pytest.fixture(autouse=True)
def undisturbed(kernel: Kernel) -> Iterator[None]:
    """The control terminal's packets leave before and after; the victim carried nothing."""
    before = kernel.datapath.usage(kernel.teid)
    assert kernel.works()
    yield
    assert kernel.works()
    assert kernel.datapath.usage(kernel.teid) == before


def hostile(teid: int) -> Iterator[tuple[str, bytes]]:
    """What an attacker, or the victim's terminal, sends; by the id of the catalogue."""
    yield "U01", on_n3(g_pdu(teid ^ 1, inner(VICTIM, OUTSIDE)))
    yield "U01 TEID 0", on_n3(g_pdu(0, inner(VICTIM, OUTSIDE)))
    yield "U02", on_n3(g_pdu(teid, inner(VICTIM, OUTSIDE)), ATTACKER)
    for source in (CONTROL, GATEWAY, OUTSIDE, "0.0.0.0", "255.255.255.255"):
        yield f"U03 {source}", on_n3(g_pdu(teid, inner(source, OUTSIDE)))
    for port in (2152, 8805, 38412, 7777, 22):
        for destination in ("203.0.113.77", N3):
            yield f"U04 {destination}:{port}", on_n3(g_pdu(teid, inner(VICTIM, destination, port)))
    yield "U04 a tunnel in the tunnel", on_n3(g_pdu(teid, inner(VICTIM, OUTSIDE, 2152)))
    yield "U05", on_n3(g_pdu(teid, inner(VICTIM, CONTROL)))
    for name, chain in CHAINS.items():
        body = bytes(3) + chain
        yield f"U06 {name}", on_n3(struct.pack("!BBHI", 0x34, 255, len(body), teid) + body)
    for flags in (0x31, 0x32, 0x34, 0x37):
        yield f"U06 flags {flags:#x}", on_n3(struct.pack("!BBHI", flags, 255, 0, teid))
    yield "U06 another flow", on_n3(g_pdu(teid, inner(VICTIM, OUTSIDE), qfi=33))
    for name, packet in BROKEN.items():
        yield f"U07 {name}", on_n3(g_pdu(teid, packet))
    yield "U09 error indication", on_n3(error_indication(teid, GNB))
    yield "U09 end marker", on_n3(struct.pack("!BBHI", 0x30, 254, 0, teid))
    yield "U09 echo", on_n3(struct.pack("!BBHIHBB", 0x32, 1, 4, 0, 1, 0, 0))
    for kind in (0, 3, 4, 16, 25, 27, 32, 100, 252, 253):
        yield f"U10 {kind}", on_n3(struct.pack("!BBHIHBB", 0x32, kind, 4, teid, 1, 0, 0))


def test_u01_to_u10_nothing_hostile_leaves_through_the_program(kernel):
    passed = [name for name, frame in hostile(kernel.teid) if kernel.passes(frame)]
    assert passed == []


def test_u06_lengths_that_do_not_agree_never_leave(kernel):
    whole = bytearray(on_n3(g_pdu(kernel.teid, inner(VICTIM, OUTSIDE))))
    for place in (16, 38, 44):  # of the outer packet, of UDP, of GTP-U
        for change in (-20, -1, 1, 40, 1400):
            frame = bytearray(whole)
            length = int.from_bytes(frame[place : place + 2], "big") + change
            frame[place : place + 2] = (length & 0xFFFF).to_bytes(2, "big")
            if place != 38:  # nobody needs UDP's length: the outer packet's and GTP-U's must agree
                assert not kernel.passes(bytes(frame)), (place, change)


def test_u07_every_cut_of_a_packet_stays(kernel):
    whole = on_n3(g_pdu(kernel.teid, inner(VICTIM, OUTSIDE)))
    assert [end for end in range(54, len(whole)) if kernel.passes(whole[:end])] == []
