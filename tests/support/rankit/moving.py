"""Whole networks whose terminals go from gNB to gNB, on virtual time."""

from __future__ import annotations

import asyncio
import socket
import struct

from freehold.app.network import Network
from freehold.sim.links import Impairment, Ordered

PORT = 4000


class Scene:
    """A network with two gNBs behind links that take their time, and a terminal with sessions at the first of them."""

    def __init__(self, network, ue, sessions, gnbs):
        self.network, self.ue, self.sessions, (self.source, self.target) = network, ue, sessions, gnbs
        self.events = []
        network.world.listen(self.events.append)

    @property
    def session(self):
        return self.sessions[0]

    def at(self, seconds, what):
        """Do something so many seconds from now."""
        environment = self.network.world.environment
        environment.call_at(environment.now() + seconds, what)

    def counted(self, name, label=""):
        return self.network.world.counted().get((name, label), 0)

    def inject(self, number):
        """A numbered datagram of the data network to the terminal."""
        plane = self.network.upf_plane
        plane.inject(plane.instance("internet"), datagram(self.session.gateway, self.session.ip, number))

    def told(self, name):
        return [event.text for event in self.events if event.name == name]

    def begin(self, way="n2"):
        """Begin a handover without waiting for its end."""
        assert way == "n2"
        connection = self.ue.terminal.link.connection
        return self.source.hand_over(connection, self.target.configuration.neighbour)


def datagram(source, destination, number):
    """A UDP datagram with a number (RFC 768)."""
    data = struct.pack("!I", number)
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    length = 8 + len(data)
    udp = struct.pack("!HHH", 7, PORT, length)
    udp += struct.pack("!H", 0xFFFF - total(ends + struct.pack("!HH", 17, length) + udp + bytes(2) + data)) + data
    fields = (0x45, 0, 20 + len(udp), 0, 0, 64, 17)
    header = struct.pack("!BBHHHBBH", *fields, 0) + ends
    return struct.pack("!BBHHHBBH", *fields, 0xFFFF - total(header)) + ends + udp


def total(octets):
    """The sum that a checksum complements (RFC 1071)."""
    found = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while found > 0xFFFF:
        found = (found & 0xFFFF) + (found >> 16)
    return found


def play(script, *, sessions=1, delay=0.003):
    """Run a script in a scene; a mistake of ours fails the test."""

    async def run():
        async with Network(trace=True) as network:
            network.world.deliver = Ordered(network.world.environment, Impairment(delay=delay))
            gnbs = [network.gnb(), network.gnb()]
            await network.sleep(1)
            ue = network.ue(gnb=1)
            await ue.register()
            scene = Scene(network, ue, [await ue.pdu_session("internet") for _ in range(sessions)], gnbs)
            await network.sleep(1)
            await script(scene)
            await network.sleep(5)
            assert scene.told("bug") == []

    asyncio.run(run())


async def served(scene, gnb):
    """The terminal is at a gNB, alone, and its first session carries packets."""
    await scene.network.sleep(3)
    assert scene.ue.terminal.cell is gnb
    other = scene.source if gnb is scene.target else scene.target
    assert [len(each.contexts.ues) for each in (gnb, other)] == [1, 0]
    assert other.contexts.bearers == {}
    assert other.contexts.ending == gnb.contexts.ending == {}
    assert scene.network.core.amf.counts()["connections"] == 1
    assert (await scene.session.ping()).rtt_ms is not None
