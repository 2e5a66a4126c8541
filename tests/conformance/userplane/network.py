"""A UPF and two gNBs on real UDP sockets, with a terminal under attack and a control terminal beside it."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address

from freehold.net.access import AccessPlane
from freehold.net.userplane import PlaneSettings, UpfPlane, UserPlane, bind_n3
from freehold.services.access import PingResult, Tunnel
from freehold.services.userplane import Rule, SessionEvent, SessionRules

# Addresses of this process alone: tests run side by side.
NET = f"127.{64 + (os.getpid() >> 8) % 64}.{os.getpid() % 256}"
UPF, GNB, OTHER_GNB, ATTACKER = (f"{NET}.{host}" for host in (1, 10, 11, 66))
CORE = "203.0.113.0"
GATEWAY = "10.45.0.1"
VICTIM = "10.45.0.2"
CONTROL = "10.45.0.3"
OUTSIDE = "198.51.100.1"
FORWARD = (Rule(match_qfi=9, action="forward", qfi=9),)


class Session:
    """A terminal's session with everything that an attacker may know of it."""

    def __init__(self, network: Network, number: int, address: str, gnb: AccessPlane) -> None:
        self.address = address
        self.number = number
        self.gnb = gnb
        self.teid = network.upf.open()
        self.handle, self.tunnel = gnb.add_bearer(Tunnel(UPF, self.teid), 9)
        gnb.attach(number, address, 1400)
        gnb.bind(number, self.handle)
        self.rules = SessionRules(network.instance, address, uplink=FORWARD, downlink=FORWARD, peer=self.tunnel)
        network.upf.install(self.teid, self.rules)


class Network:
    def __init__(self, stack: ExitStack) -> None:
        self.plane = UserPlane()
        stack.callback(self.plane.close)
        self.upf: UpfPlane = self._add_upf(stack)
        self.events: list[SessionEvent] = []
        self.upf.listen(self.events.append)
        gnb = self.plane.add_access(GNB, 7, stack.enter_context(bind_n3(GNB)))
        self.victim = Session(self, 1, VICTIM, gnb)
        self.control = Session(self, 2, CONTROL, gnb)
        self.attacker = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.attacker.bind((ATTACKER, 2152))
        self.attacker.settimeout(5)
        self.time = 0.0

    def _add_upf(self, stack: ExitStack) -> UpfPlane:
        settings = PlaneSettings(UPF, protected=((CORE, 24),), answers_a_second=50)
        upf = self.plane.add_upf(settings, b"0123456789abcdef", stack.enter_context(bind_n3(UPF)))
        self.instance = upf.add_instance("internet", [("10.45.0.0", 16)])
        upf.attach_network(self.instance, GATEWAY)
        return upf

    def poll(self) -> None:
        """Let everything that was sent arrive."""
        for _ in range(4):
            self.time += 0.001
            self.plane.poll(self.time)

    def send(self, datagram: bytes) -> None:
        self.attacker.sendto(datagram, (UPF, 2152))
        self.poll()

    def received(self) -> list[bytes]:
        """What came back to the attacker."""
        found = []
        self.attacker.setblocking(False)
        while True:
            try:
                found.append(self.attacker.recv(2000))
            except BlockingIOError:
                return found

    def ping(self, session: Session) -> bool:
        results: list[PingResult] = []
        session.gnb.ping(session.number, GATEWAY, 56, results.append)
        self.poll()
        return [result.octets for result in results] == [56]

    def counted(self, name: str) -> int:
        return self.upf.counters()[name]

    def state(self) -> tuple[object, ...]:
        """What no attack may change: the victim's rules still stand, and nothing more was opened."""
        return self.upf.sessions(), self.upf.usage(self.victim.teid)


@contextmanager
def network() -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(stack)


def inner(source: str, destination: str, port: int = 9) -> bytes:
    """An IPv4 packet with UDP in it."""
    ends = IPv4Address(source).packed + IPv4Address(destination).packed
    return struct.pack("!BBHHHBBH", 0x45, 0, 32, 0, 0, 64, 17, 0) + ends + struct.pack("!HHHHI", 7, port, 12, 0, 0)


def g_pdu(teid: int, payload: bytes, qfi: int = 9) -> bytes:
    """A G-PDU with an uplink PDU session container (TS 29.281 5.2.2.7)."""
    return struct.pack("!BBHIHBBBBBB", 0x34, 255, len(payload) + 8, teid, 0, 0, 0x85, 1, 0x10, qfi, 0) + payload
