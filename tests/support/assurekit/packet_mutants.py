"""Faults of the user plane: what must not pass passes, as seen from N3."""

from freehold.app.assured import OwnLab
from freehold.core.upf.associations import Associations
from freehold.trust.assure.roles import packets

from .faults import mutant

GENERAL, UPF = "TS 33.117", "TS 33.513"
HEADER = 16
"""Octets of GTP-U with its PDU session container before the packet."""


def forwarded(fault, matches, answer):
    """Packets that match reach something behind the UPF, which answers them."""

    def n3(self, user, host=10):
        port = bind(self, user, host)
        inner = port.send

        def send(octets, destination):
            inner(octets, destination)
            packet = octets[HEADER:]
            if octets[1:2] == b"\xff" and len(packet) >= 20 and matches(packet):
                plane = self.network.upf_plane
                plane.inject(plane.instance(self.profile.dnn), answer(packet))

        port.send = send
        return port

    bind = fault.replace(OwnLab, "n3", n3)


def ends(packet):
    return tuple(".".join(map(str, packet[at : at + 4])) for at in (12, 16))


def echo_reply(packet):
    source, target = ends(packet)
    return packets.icmp(target, source, packets.ECHO_REPLY)


@mutant(GENERAL, "4.2.4.1.1.2", "ICMP timestamps are answered")
def icmp_answered(fault):
    forwarded(fault, lambda packet: packet[9] == 1 and packet[20] == 13, echo_reply)


@mutant(GENERAL, "4.2.4.1.1.3", "packets with source routes are forwarded")
def options_forwarded(fault):
    forwarded(fault, lambda packet: packet[0] & 15 > 5, echo_reply)


@mutant(GENERAL, "4.3.3.1.1", "packets with another terminal's address are forwarded")
def spoofed_forwarded(fault):
    seen = set()

    def other(packet):
        seen.add(ends(packet)[0])
        return (
            len(seen) > 1 and packet[9] == 1 and ends(packet)[0].startswith("10.45.") and ends(packet)[0] != min(seen)
        )

    forwarded(fault, other, echo_reply)


@mutant(GENERAL, "4.3.3.1.2", "a ping of a broadcast address is answered")
def broadcast_answered(fault):
    def reply(packet):
        return packets.icmp("10.45.0.1", ends(packet)[0], packets.ECHO_REPLY)

    forwarded(fault, lambda packet: ends(packet)[1].endswith(".255.255"), reply)


@mutant(GENERAL, "4.3.5.1", "terminals reach the core's ports")
def core_reached(fault):
    def reply(packet):
        source, target = ends(packet)
        return packets.udp(target, source, 40000, b"\x20\x02")

    forwarded(fault, lambda packet: packet[9] == 17 and packet[22:24] == (8805).to_bytes(2, "big"), reply)


@mutant(GENERAL, "4.2.6.2.1", "N4 serves whoever asks")
def any_peer(fault):
    fault.replace(Associations, "_check", lambda *_: None)


@mutant(GENERAL, "4.2.6.2.4", "GTP-U messages of every type are answered")
def every_type_answered(fault):
    def n3(self, user, host=10):
        port = bind(self, user, host)
        inner = port.send

        def send(octets, destination):
            inner(octets, destination)
            if octets[1] not in {1, 255}:
                port._user.received(b"\x32\x02\0\4\0\0\0\0\0\1\0\0", destination)

        port.send = send
        return port

    bind = fault.replace(OwnLab, "n3", n3)


def exposed(fault):
    fault.replace(OwnLab, "exposed", lambda _, interface: f"192.0.2.1 ({interface})")


@mutant(UPF, "4.2.2.1", "N3 leaves the host without confidentiality")
def n3_readable(fault):
    exposed(fault)


@mutant(UPF, "4.2.2.2", "N3 leaves the host without integrity protection")
def n3_changeable(fault):
    exposed(fault)


@mutant(UPF, "4.2.2.3", "N3 leaves the host without replay protection")
def n3_replayable(fault):
    exposed(fault)


@mutant(UPF, "4.2.2.5", "N4 leaves the host without protection")
def n4_readable(fault):
    exposed(fault)
