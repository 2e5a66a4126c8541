"""The fast path in plain Python: which rules it takes, and what becomes of each frame. Slow, nothing but the rules."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

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


def chained(rules):
    """Whether a rule of a session asks for what only lists of rules do."""
    return any(
        rule.tunnel or rule.peer or rule.counters or rule.copies or rule.windows or rule.packet_rates
        for rule in (*rules.uplink, *rules.downlink)
    )


class Session:
    """A session that the program may carry, as its rules say."""

    def __init__(self, rules):
        possible = (rules.ipv4 or rules.ipv6) and rules.peer and not rules.quota and not rules.framed
        possible = possible and not chained(rules)
        self.up, self.down = (only(rules.uplink), only(rules.downlink)) if possible else (None, None)
        self.rules = rules
        self.hidden = False
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


class Ipv6:
    """A header and all that follows; None of it is checked."""

    def __init__(self, octets):
        self.version = octets[0] >> 4
        self.length, self.next, self.hops = 40 + struct.unpack("!H", octets[4:6])[0], octets[6], octets[7]
        self.source, self.destination = octets[8:24], octets[24:40]
        self.octets, self.payload = octets, octets[40:]

    def plain(self, room):
        """Whether it is one whole packet without extension headers that a router may hand on."""
        return self.version == 6 and self.hops > 1 and 48 <= self.length <= room and self.next in {6, 17, 58}

    def unfinished(self):
        """Whether its transport checksum is the pseudo header's sum."""
        place = {6: 16, 17: 6, 58: 2}[self.next]
        if len(self.payload) < place + 2:
            return True
        pseudo = self.source + self.destination + struct.pack("!HH", self.next, self.length - 40)
        return self.payload[place : place + 2] == struct.pack("!H", checksum_total(pseudo))


class Connection:
    """A connection of a hidden terminal: its own end, the peer's, and the one that the network meets."""

    def __init__(self, protocol, terminal, peer, outside):
        self.protocol = protocol
        self.terminal, self.peer, self.outside = (
            IPv4Address(address).packed + struct.pack("!H", port) for address, port in (terminal, peer, outside)
        )

    def matches(self, packet, source, destination):
        """Whether a packet goes from one end to the other."""
        ends = packet.source + packet.payload[:2], packet.destination + packet.payload[2:4]
        return packet.protocol == self.protocol and ends == (source, destination)


def updated(packet, place, old, new):
    """The octets with a checksum at `place` made for the new octets, from what it was for the old (RFC 1624 3)."""
    before = struct.unpack("!H", packet[place : place + 2])[0] ^ 0xFFFF
    total = before + checksum_total(bytes(octet ^ 0xFF for octet in old)) + checksum_total(new)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return packet[:place] + struct.pack("!H", total ^ 0xFFFF) + packet[place + 2 :]


def translated(packet, old, new, *, source):
    """The packet with another address and port; None where its transport header says that it is not plain."""
    octets, place = packet.octets, 36 if packet.protocol == 6 else 26
    if packet.protocol not in {6, 17}:
        return None
    if packet.protocol == 6 and (len(packet.payload) < 20 or packet.payload[13] & 7):
        return None
    if packet.protocol == 6 or octets[26:28] != bytes(2):
        octets = updated(octets, place, old, new)
        if packet.protocol == 17 and octets[26:28] == bytes(2):
            octets = octets[:26] + b"\xff\xff" + octets[28:]
    octets = updated(octets, 10, old[:4], new[:4])
    first, port = (12, 20) if source else (16, 22)
    octets = octets[:first] + new[:4] + octets[first + 4 :]
    return octets[:port] + new[4:] + octets[port + 2 :]


class Model:
    """A user plane at one N3 address with sessions by TEID; hops are named by what stands before them."""

    def __init__(self, address, pools, kept, hops):
        """`pools` are those of IPv4 and of IPv6, each with the MTU of its links."""
        self.address = IPv4Address(address).packed
        (self.pool, self.mtu), (self.pool_6, self.mtu_6) = pools
        self.pool, self.pool_6 = IPv4Network(self.pool), IPv6Network(self.pool_6)
        self.kept = [IPv4Network(network) for network in kept if ":" not in network]
        self.kept_6 = [IPv6Network(network) for network in kept if ":" in network]
        self.hops = hops
        self.sessions: dict[int, Session] = {}
        self.connections: list[Connection] = []
        self.outside = None

    def frame(self, octets):
        """The verdict on an Ethernet frame, and the frame that leaves."""
        packet = octets[14:]
        if octets[12:14] == b"\x86\xdd" and len(packet) >= 48:
            verdict, left = self.downlink_6(Ipv6(packet))
            return verdict, left if verdict == LEAVE else octets
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
        if payload[0] >> 4 == 6:
            return self.uplink_6(session, payload, room)
        if not inner.plain(room):
            return UP, b""
        if not session.rules.ipv4 or inner.source != IPv4Address(session.rules.ipv4).packed:
            return DROP, b""
        tunnel_inside = inner.protocol == 17 and inner.payload[2:4] == struct.pack("!H", GTPU_PORT)
        kept = any(IPv4Address(inner.destination) in network for network in self.kept)
        if inner.length > len(payload) or tunnel_inside or kept:
            return UP, b""
        if session.hidden:
            found = [one for one in self.connections if one.matches(inner, one.terminal, one.peer)]
            payload = translated(inner, found[0].terminal, found[0].outside, source=True) if found else None
            if payload is None:
                return UP, b""
        session.count(0, inner.length)
        return LEAVE, self.hops[""] + b"\x08\x00" + payload

    def uplink_6(self, session, payload, room):
        if session.hidden or session.rules.ipv6 is None or len(payload) < 48:
            return UP, b""
        inner, prefix = Ipv6(payload), IPv6Address(session.rules.ipv6).packed[:8]
        destination = IPv6Address(inner.destination)
        unicast = destination in IPv6Network("2000::/3") or destination in IPv6Network("fc00::/7")
        wide = [network.supernet(new_prefix=min(network.prefixlen, 64)) for network in self.kept_6]
        if not inner.plain(room) or not unicast or any(destination in network for network in wide):
            return UP, b""
        if inner.length > len(payload) or (inner.next == 17 and inner.payload[2:4] == struct.pack("!H", GTPU_PORT)):
            return UP, b""
        if inner.source[:8] != prefix:
            return DROP, b""
        session.count(0, inner.length)
        return LEAVE, self.hops["6"] + b"\x86\xdd" + payload

    def downlink_6(self, inner):
        prefix = str(IPv6Address(inner.destination[:8] + bytes(8)))
        found = [one for one in self.sessions.values() if one.rules.ipv6 == prefix and not one.hidden]
        if IPv6Address(inner.destination) not in self.pool_6 or not found or not found[0].down:
            return UP, b""
        if not inner.plain(len(inner.octets)) or inner.length > self.mtu_6 or inner.unfinished():
            return UP, b""
        return self.tunnelled(found[0], inner)

    def downlink(self, inner):
        shown, terminal = None, IPv4Address(inner.destination)
        if len(inner.octets) >= 28 and inner.destination == self.outside:
            shown = [one for one in self.connections if one.matches(inner, one.peer, one.outside)]
            if not shown:
                return UP, b""
            terminal = IPv4Address(shown[0].terminal[:4])
        found = [(teid, one) for teid, one in self.sessions.items() if one.rules.ipv4 == str(terminal)]
        if terminal not in self.pool or not found or not found[0][1].down:
            return UP, b""
        ((_, session),) = found
        whole = len(inner.octets) >= 28 and inner.plain(inner.length) and inner.length <= len(inner.octets)
        if not whole or inner.length > self.mtu or inner.unfinished():
            return UP, b""
        if shown:
            octets = translated(inner, shown[0].outside, shown[0].terminal, source=False)
            if octets is None:
                return UP, b""
            inner = Ipv4(octets)
        return self.tunnelled(session, inner)

    def tunnelled(self, session, inner):
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
