"""The fast path in plain Python: which rules it takes, and what becomes of each frame. Slow, nothing but the rules."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Network

GTPU_PORT, G_PDU, CONTAINER = 2152, 255, 0x85
UP, DROP, LEAVE = "up", "drop", "leave"
TUNNEL = 44


def checksum_total(octets: bytes) -> int:
    """The one's complement sum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def only(rules):
    """The one rule of a direction where it forwards every packet."""
    if len(rules) != 1:
        return None
    (rule,) = rules
    plain = not (rule.filters or rule.gate_closed or rule.reflective or rule.service)
    return rule if plain and rule.action == "forward" else None


class Session:
    """A session that the program may carry, as its rules say."""

    def __init__(self, rules):
        possible = rules.ipv4 and rules.peer and not rules.quota and not rules.framed
        self.up, self.down = (only(rules.uplink), only(rules.downlink)) if possible else (None, None)
        self.rules = rules
        self.usage = [0, 0, 0, 0]

    def count(self, direction, octets):
        """One packet more."""
        self.usage[2 * direction] += octets
        self.usage[2 * direction + 1] += 1


class Ipv4:
    """A header without options and all that follows; None of it is checked."""

    def __init__(self, octets):
        (_, self.length, self.fragment, self.hops, self.protocol) = struct.unpack("!HH2xHBB", octets[:10])
        self.version_length = octets[0]
        self.source, self.destination = octets[12:16], octets[16:20]
        self.octets, self.payload = octets, octets[20:]

    def plain(self, room):
        """Whether it is one whole packet that a router may hand on."""
        whole = self.version_length == 0x45 and not self.fragment & 0x3FFF
        return whole and self.hops > 1 and 28 <= self.length <= room

    def unfinished(self):
        """Whether its transport checksum is the pseudo header's sum."""
        place = {6: 16, 17: 6}.get(self.protocol)
        if place is None:
            return self.protocol == 132
        if len(self.payload) < place + 2:
            return True
        pseudo = self.source + self.destination + struct.pack("!HH", self.protocol, self.length - 20)
        return self.payload[place : place + 2] == struct.pack("!H", checksum_total(pseudo))


class Model:
    """A user plane at one N3 address with sessions by TEID; hops are named by what stands before them."""

    def __init__(self, address, mtu, pool, kept, hops):
        self.address, self.mtu = IPv4Address(address).packed, mtu
        self.pool, self.kept, self.hops = IPv4Network(pool), [IPv4Network(network) for network in kept], hops
        self.sessions: dict[int, Session] = {}

    def frame(self, octets):
        """The verdict on an Ethernet frame, and the frame that leaves."""
        packet = octets[14:]
        if len(packet) < 20 or octets[12:14] != b"\x08\x00":
            return UP, octets
        outer = Ipv4(packet)
        if outer.version_length != 0x45 or outer.fragment & 0x3FFF:
            return UP, octets
        verdict, left = self.uplink(outer) if outer.destination == self.address else self.downlink(outer)
        return verdict, left if verdict == LEAVE else octets

    def gtpu(self, message):
        """TEID, QoS flow and payload; None where it is no plain G-PDU."""
        flags, kind, length, teid = struct.unpack("!BBHI", message[:8])
        if flags & 0xF0 != 0x30 or kind != G_PDU:
            return None
        header, qfi = 8, 0
        if flags & 7:
            if len(message) < 16:
                return None
            header = 12
            if flags & 4 and message[11]:
                header += 4 * message[12]
                if message[11] != CONTAINER or not 16 <= header <= 28:
                    return None
                if len(message) < header or message[header - 1]:
                    return None
                qfi = message[14] & 0x3F
        return None if length + 8 < header else (teid, qfi, message[header:], length + 8 - header)

    def uplink(self, outer):
        if len(outer.payload) < 16 or outer.protocol != 17 or outer.payload[2:4] != struct.pack("!H", GTPU_PORT):
            return UP, b""
        found = self.gtpu(outer.payload[8:])
        if found is None or len(found[2]) < 28:
            return UP, b""
        teid, qfi, payload, room = found
        session = self.sessions.get(teid)
        if struct.unpack("!H", outer.payload[10:12])[0] + 36 != outer.length or not session or not session.up:
            return UP, b""
        inner, flow = Ipv4(payload), session.up.match_qfi
        if (flow and flow != qfi) or outer.source != IPv4Address(session.rules.peer.address).packed:
            return UP, b""
        if not inner.plain(room):
            return UP, b""
        if inner.source != IPv4Address(session.rules.ipv4).packed:
            return DROP, b""
        tunnel_inside = inner.protocol == 17 and inner.payload[2:4] == struct.pack("!H", GTPU_PORT)
        kept = any(IPv4Address(inner.destination) in network for network in self.kept)
        if inner.length > len(payload) or tunnel_inside or kept:
            return UP, b""
        session.count(0, inner.length)
        return LEAVE, self.hops[""] + b"\x08\x00" + payload

    def downlink(self, inner):
        terminal = IPv4Address(inner.destination)
        found = [(teid, one) for teid, one in self.sessions.items() if one.rules.ipv4 == str(terminal)]
        if terminal not in self.pool or not found or not found[0][1].down:
            return UP, b""
        ((_, session),) = found
        whole = len(inner.octets) >= 28 and inner.plain(inner.length) and inner.length <= len(inner.octets)
        if not whole or inner.length + TUNNEL > self.mtu or inner.unfinished():
            return UP, b""
        session.count(1, inner.length)
        peer = session.rules.peer
        tunnel = struct.pack(
            "!BBHIIBBBB", 0x34, G_PDU, inner.length + 8, peer.teid, CONTAINER, 1, 0, session.down.qfi, 0
        )
        udp = struct.pack("!HHHH", GTPU_PORT, GTPU_PORT, inner.length + 24, 0)
        fields = struct.pack("!BBHHHBB", 0x45, 0, inner.length + TUNNEL, 0, 0x4000, 64, 17)
        ends = self.address + IPv4Address(peer.address).packed
        header = fields + struct.pack("!H", 0xFFFF - checksum_total(fields + ends)) + ends
        return LEAVE, self.hops[peer.address] + b"\x08\x00" + header + udp + tunnel + inner.octets
