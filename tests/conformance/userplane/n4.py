"""A UPF on real UDP sockets of N3 and N4: an SMF with a control session, another SMF, and a stranger."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FSEID,
    FTEID,
    AssociationSetupRequest,
    CreateFAR,
    ForwardingParameters,
    Message,
    NodeID,
    SessionEstablishmentRequest,
    UEIPAddress,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface
from freehold.core.upf import Upf, UpfSettings
from freehold.net.userplane import PlaneSettings, UserPlane, bind_n3
from freehold.procedure import Driver
from freehold.services.access import PingResult, Tunnel
from freehold.services.datagram import Address
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.timers import Timers
from upfkit import downlink_pdr, establishment, forwarding, uplink_pdr

# Addresses of this process alone: tests run side by side.
NET = f"127.{128 + (os.getpid() >> 8) % 64}.{os.getpid() % 256}"
UPF, SMF, OTHER, STRANGER, GNB = (f"{NET}.{host}" for host in (1, 2, 3, 66, 10))
GATEWAY = "10.45.0.1"
N4_PORT = 8805
FORWARD_CORE = CreateFAR(
    far_id=1, apply_action=ApplyAction.FORW, forwarding_parameters=ForwardingParameters(Interface.CORE)
)
DROP_ACCESS = CreateFAR(far_id=2, apply_action=ApplyAction.DROP)


def packed(address: str) -> bytes:
    return socket.inet_aton(address)


class Peer:
    """One end of N4, which asks and hears octets."""

    def __init__(self, n4: N4, address: str, stack: ExitStack) -> None:
        self._n4 = n4
        self.node = NodeID(ipv4=packed(address))
        self.port = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.port.bind((address, N4_PORT))
        self.port.setblocking(False)
        self.sequence = 0

    def heard(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self.port.recv(65535))
            except BlockingIOError:
                return found

    def send(self, octets: bytes) -> list[bytes]:
        """Send octets as they are; what came back."""
        self.heard()
        self.port.sendto(octets, (UPF, N4_PORT))
        self._n4.poll()
        return self.heard()

    def ask(self, message: Message, seid: int | None = None) -> Message:
        """Send a request; its answer."""
        self.sequence += 1
        answers = self.send(pfcp.encode(message, self.sequence, (seid or 0) if message.session else None))
        (found,) = [one for one in map(pfcp.decode, answers) if one.header.sequence == self.sequence]
        assert found.message is not None
        return found.message

    def associate(self, recovery: int = 1, node: NodeID | None = None) -> int:
        return self.ask(AssociationSetupRequest(node_id=node or self.node, recovery_time_stamp=recovery)).cause


class N4:
    def __init__(self, stack: ExitStack, capacity: int) -> None:
        self.environment = VirtualEnvironment()
        self.plane = UserPlane()
        stack.callback(self.plane.close)
        seed = b"0123456789abcdef"
        settings = PlaneSettings(UPF, capacity=capacity, answers_a_second=50)
        self.upf_plane = self.plane.add_upf(settings, seed, stack.enter_context(bind_n3(UPF)))
        instance = self.upf_plane.add_instance("internet", [("10.45.0.0", 16)])
        self.upf_plane.attach_network(instance, GATEWAY)
        self.gnb = self.plane.add_access(GNB, 7, stack.enter_context(bind_n3(GNB)))
        self.port = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.port.bind((UPF, N4_PORT))
        self.port.setblocking(False)
        self.address: Address = (UPF, N4_PORT)
        self.upf = Upf(Driver("UPF", self.environment, Timers()), self, self.upf_plane, UpfSettings(UPF, (SMF, OTHER)))
        self.smf, self.other, self.stranger = (Peer(self, address, stack) for address in (SMF, OTHER, STRANGER))
        assert (self.smf.associate(), self.other.associate()) == (1, 1)
        self.control = self.attach(1, 2)
        self.environment.events.clear()

    def send(self, octets: bytes, destination: Address) -> None:
        self.port.sendto(octets, destination)

    def poll(self) -> None:
        """Let everything that was sent arrive; a millisecond passes."""
        while True:
            try:
                octets, source = self.port.recvfrom(65535)
            except BlockingIOError:
                break
            self.upf.received(octets, source)
        self.environment.clock.run_until(self.environment.now() + 0.001)
        for _ in range(4):
            self.plane.poll(self.environment.now())

    def attach(self, number: int, host: int) -> int:
        """A terminal with a session of the SMF that forwards both ways; its SEID here."""
        answer = self.smf.ask(session(host, seid=number))
        assert answer.cause == 1, answer
        teid = answer.created_pdr[0].local_f_teid.teid
        handle, tunnel = self.gnb.add_bearer(Tunnel(UPF, teid), 9)
        self.gnb.attach(number, f"10.45.0.{host}", 1400)
        self.gnb.bind(number, handle)
        seid = int(answer.up_f_seid.seid)
        assert self.smf.ask(forwarding(tunnel.teid, packed(GNB)), seid).cause == 1
        return seid

    def ping(self, number: int = 1) -> bool:
        results: list[PingResult] = []
        self.gnb.ping(number, GATEWAY, 56, results.append)
        self.poll()
        return [result.octets for result in results] == [56]

    def state(self) -> str:
        """A hash of every session that an attack may not change."""
        kept = sorted((one.teid, one.nonce, one.peer, one.cp_seid, one.rules) for one in self.sessions_of(SMF))
        return hashlib.sha256(repr((kept, sorted(self.upf.associations.by_peer))).encode()).hexdigest()

    def sessions_of(self, peer: str) -> list:
        return [one for one in self.upf.sessions.by_teid.values() if one.peer == peer]

    def told(self) -> list[str]:
        """The names of the events since the last call."""
        names = [event.name for event in self.environment.events]
        self.environment.events.clear()
        return names


@contextmanager
def n4(capacity: int = 4096) -> Iterator[N4]:
    with ExitStack() as stack:
        yield N4(stack, capacity)


def session(host: int, seid: int = 7, far: CreateFAR = DROP_ACCESS, **fields: object) -> SessionEstablishmentRequest:
    """A session of the terminal 10.45.0.`host`, whose tunnel the UPF chooses."""
    plain = {"ue_ip_address": (UEIPAddress(ipv4=bytes((10, 45, host >> 8, host & 255))),), "qer_id": ()}
    request = establishment(
        node_id=NodeID(ipv4=packed(SMF)),
        cp_f_seid=FSEID(seid, ipv4=packed(SMF)),
        create_pdr=(uplink_pdr(local_f_teid=FTEID(choose_ipv4=True), qfi=(), **plain), downlink_pdr(**plain)),
        create_far=(FORWARD_CORE, far),
        create_qer=(),
    )
    return msgspec.structs.replace(request, **fields)
