"""The program in the kernel against a model in Python, on random rules and random packets, at both hooks."""

import struct
from ipaddress import IPv4Address, IPv6Address
from random import Random

import pytest

from freehold._native.xdp import Datapath
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.net.xdp import program
from freehold.services.access import Tunnel
from freehold.services.userplane import Counter, Filter, Rule, SessionRules

from .fast_path_model import DROP, LEAVE, UP, Connection, Model, Session, checksum_total

N3, N3_6, LOOPBACK = "192.0.2.1", "fd00::1", 1
POOL, POOL_6, MTU, MTU_6 = "10.45.0.0/24", "2001:db8::/60", 1456, 1400
OUTSIDE, SERVER, SERVER_6 = "198.51.100.2", "198.51.100.1", "2001:db8:1::1"
UPLINK_6 = 1023
GNBS = ("192.0.2.10", "192.0.2.11")
KEPT = (POOL, "192.0.2.0/24", "127.0.0.0/8", "10.44.0.0/15", "203.0.113.7/32", POOL_6, "2001:db8:2::1/128")
SESSIONS = 4
TERMINALS = [f"10.45.0.{number}" for number in range(2, 2 + SESSIONS)]
PREFIXES = [0x20010DB800000000 + number for number in range(1, 1 + SESSIONS)]
HOPS = {"": bytes([6] * 12), GNBS[0]: bytes([3] * 12), GNBS[1]: bytes([4] * 12)}
HOP_6 = bytes([7] * 12)
ROUNDS, PACKETS = 250, 24
VERDICTS = {"xdp": {1: DROP, 2: UP, 4: LEAVE}, "tc": {2: DROP, 0xFFFFFFFF: UP, 7: LEAVE}}


FIELDS = [{}] * 40 + [
    {"tunnel": 77},
    {"peer": Tunnel(GNBS[1], 5)},
    {"counters": (1,)},
    {"copies": (Tunnel(GNBS[1], 6),)},
    {"rates": ((1, 10**12),)},
    {"rates": ((1, 10**12), (2, 10**12)), "windows": ((2, 100),)},
    {"rates": ((1, 10**12),), "packet_rates": ((1, 1, 10**9),)},
]
"""What else a rule may ask for; one rate is the program's."""


def random_rule(random):
    """A rule that the program mostly takes."""
    return Rule(
        filters=random.choice([()] * 19 + [(Filter(17),)]),
        match_qfi=random.choice([0, 0, 0, 9, 1]),
        action=random.choice(["forward"] * 12 + ["drop", "buffer"]),
        gate_closed=random.random() < 0.05,
        qfi=random.randrange(64),
        reflective=random.random() < 0.05,
        service=random.choice([0] * 19 + [0xB8]),
        **random.choice(FIELDS),
    )


def random_rules(random, number):
    """A session's rules, mostly one a direction; of IPv4, IPv6 or both."""
    version = random.choice([4, 46, 46, 6])
    terminal = TERMINALS[number] if version != 6 else None
    prefix = str(IPv6Address(PREFIXES[number] << 64)) if version != 4 else None
    up, down = (tuple(random_rule(random) for _ in range(random.choice([0, 2] + [1] * 14))) for _ in range(2))
    peer = Tunnel(random.choice(GNBS), random.randrange(1, 1 << 32)) if random.random() < 0.95 else None
    more = random.choice([{}] * 17 + [{"quota": (1, 1, 1)}, {"framed": (("10.99.0.0", 24),)}, {"held_packets": 3}])
    counted = [rule for rule in (*up, *down) if rule.counters]
    return SessionRules(0, terminal, prefix, up, down, peer, counters=(Counter(1),) if counted else (), **more)


def ipv4(source, destination, protocol, payload, **changes):
    """A packet with the given fields, as a sender makes it otherwise."""
    length, first = changes.get("length", 20 + len(payload)), changes.get("first", 0x45)
    fields = struct.pack(
        "!BBHHHBB",
        first,
        changes.get("service", 0),
        length & 0xFFFF,
        7,
        changes.get("fragment", 0x4000),
        changes.get("hops", 64),
        protocol,
    )
    ends = IPv4Address(source).packed + IPv4Address(destination).packed
    return fields + struct.pack("!H", 0xFFFF - checksum_total(fields + ends)) + ends + payload


def ipv6(source, destination, protocol, payload, **changes):
    """The same of IPv6, without extension headers."""
    length, first = changes.get("length", 40 + len(payload)) - 40, 0x60 if changes.get("first", 0x45) == 0x45 else 0x40
    beginning = first << 24 | changes.get("service", 0) << 20
    fields = struct.pack("!IHBB", beginning, length & 0xFFFF, changes.get("next", protocol), changes.get("hops", 64))
    return fields + IPv6Address(source).packed + IPv6Address(destination).packed + payload


def ethernet(packet, kind=0x0800):
    return bytes([2] * 12) + struct.pack("!H", kind) + packet


ODD = [{"fragment": 0x2000}, {"fragment": 1}, {"hops": 1}, {"first": 0x46}, {"first": 0x60}, {"length": 24}]
ODD += [{"service": 0xB8}, {"service": 3}]
LENGTHS = [0, 3, 8, 12, 20, 100, 500, 1200, 1412, 1413]
EXTENSIONS = [
    (0x85, 1, 0x10, 9, 0),
    (0x85, 1, 0x10, 1, 0),
    (0x85, 1, 0x10, 0x49, 0),
    (0x85, 2, 0x10, 9, 0, 0, 0, 0, 0),
    (0x85, 5, 0x10, 9, *bytes(18)),
    (0x85, 1, 0x10, 9, 0x85, 1, 0, 9, 0),
    (0x40, 1, 8, 0x68, 0),
    (0x85, 0, 0, 9, 0),
    (0,),
]


class Chance(Random):
    """A source of chance in one of two moods: every other packet is as it should be, the rest is odd somewhere."""

    wild = False

    def odd(self, usual, others):
        """The usual, or in a wild packet now and then another."""
        return self.choice(others) if self.wild and self.random() < 0.06 else usual


def inner_packet(random, source, destination, ports=None):
    """What a terminal or a server sends, in many odd forms; with `ports` mostly in a connection of theirs."""
    payload = random.randbytes(24) + bytes(random.choice(LENGTHS))
    protocol = random.choice([17, 17, 6, 6, 1]) if random.random() < 0.95 else 132
    if ports and random.random() < 0.9:
        flags = random.odd(b"\x10", [b"\x02", b"\x11", b"\x14", b"\x18"])
        payload = struct.pack("!HH", *ports) + payload[4:13] + flags + payload[14:]
        if random.random() < 0.1:
            payload = payload[:6] + bytes(2) + payload[8:]
    payload = payload[: random.odd(2000, [8, 12])]
    version_6, version = ":" in source, ipv6 if ":" in source else ipv4
    protocol = 58 if version_6 and protocol == 1 else protocol
    if random.random() < 0.1:  # a checksum that is left to a device
        kind = IPv6Address if version_6 else IPv4Address
        pseudo = kind(source).packed + kind(destination).packed
        total = struct.pack("!H", checksum_total(pseudo + struct.pack("!HH", protocol, len(payload))))
        place = {6: 16, 58: 2}.get(protocol, 6)
        payload = payload[:place] + total + payload[place + 2 :] if len(payload) >= place + 2 else payload
    if random.odd(False, [True]):
        payload = payload[:2] + struct.pack("!H", 2152) + payload[4:]
    return version(source, destination, protocol, payload, **random.odd({}, ODD))


def uplink_6(random, number):
    """A terminal's IPv6 packet."""
    prefix = random.odd(PREFIXES[number], [PREFIXES[0], 0xFE80 << 48, 0])
    source = str(IPv6Address((prefix << 64) + random.randrange(1, 1 << 60)))
    others = ["2001:db8::3:0:0:1", "2001:db8:2::7", "fe80::1", "ff02::2", "fd00::1", "64:ff9b::1", "2001:db8:2:1::1"]
    return inner_packet(random, source, random.odd(SERVER_6, others))


def uplink(random, sessions):
    """A datagram to N3, mostly one of a session."""
    number = random.randrange(SESSIONS)
    teid, rules = sessions[number]
    gnb = rules.peer.address if rules.peer else GNBS[0]
    source = TERMINALS[number] if random.random() < 0.9 else random.choice(["10.45.0.9", TERMINALS[0]])
    destination = random.odd(SERVER, ["10.45.0.3", "10.46.0.1", "203.0.113.7", N3, "127.0.0.1"])
    inner = inner_packet(random, source, destination, (40_000, 53))
    inner = (uplink_6(random, number) if random.random() < 0.4 else inner) + bytes(random.odd(0, [3]))
    flags = random.odd(random.choice([0x30, 0x34, 0x34, 0x32]), [0x31, 0x37, 0x35, 0x24, 0x50])
    options = bytes(3) + bytes(random.odd(EXTENSIONS[0], EXTENSIONS)) if flags & 4 else bytes(4)
    body = (options if flags & 7 else b"") + inner
    teid = random.odd(teid, [0, teid ^ 1])
    length = len(body) + random.odd(0, [1, -1])
    message = struct.pack("!BBHI", flags, random.odd(255, [1, 254]), length, teid) + body
    udp = struct.pack("!HHHH", 2152, random.odd(2152, [2153]), 8 + len(message), 0)
    if random.odd(False, [True]):
        return ethernet(ipv6("fd00::10", N3_6, 17, udp + message), 0x86DD)
    return ethernet(ipv4(random.odd(gnb, [*GNBS, "192.0.2.66"]), N3, 17, udp + message, **random.odd({}, ODD)))


def downlink(random):
    """A packet of the data network."""
    tail = bytes(random.choice([0, 6]))
    if random.random() < 0.4:
        prefix = random.odd(random.choice(PREFIXES), [PREFIXES[0] + 9, 0x20010DB800050000])
        packet = inner_packet(random, SERVER_6, str(IPv6Address((prefix << 64) + random.randrange(1, 1 << 60))))
        return ethernet(packet + tail, random.odd(0x86DD, [0x0800]))
    if random.random() < 0.3:
        ports = 53, 1024 + random.randrange(SESSIONS + 1)
        return ethernet(inner_packet(random, SERVER, OUTSIDE, ports) + tail)
    terminal = random.odd(random.choice(TERMINALS), ["10.45.0.9", "10.46.0.2"])
    return ethernet(inner_packet(random, SERVER, terminal) + tail, random.odd(0x0800, [0x86DD]))


def random_frame(random, sessions):
    """Mostly well-formed; now and then cut, or with an octet that chance changed. The kernel tries no shorter ones."""
    random.wild = random.random() < 0.5
    frame = uplink(random, sessions) if random.random() < 0.5 else downlink(random)
    if random.odd(False, [True]):
        frame = frame[: random.randint(34, len(frame))]
    if random.odd(False, [True]):
        place = random.randint(12, min(len(frame) - 1, 90))
        frame = frame[:place] + random.randbytes(1) + frame[place + 1 :]
    return frame.ljust(54, b"\0")


@pytest.fixture(scope="module")
def kernel():
    """The program with `SESSIONS` tunnel identifiers."""
    plane = UserPlane()
    engine = plane.add_upf(PlaneSettings(N3), bytes(16))
    try:
        pools = [("10.45.0.0", 256, MTU), ("2001:db8::", 16, MTU_6)]
        datapath = Datapath((program("userplane"), b""), [N3], engine.tunnel_key(), bytes(16), pools, True, None)
    except OSError as refused:
        pytest.skip(f"the program cannot be loaded here: {refused}")
    datapath.port(0, LOOPBACK)
    for number, (peer, ends) in enumerate(HOPS.items()):
        datapath.way(number, peer or None, (ends, 0, LOOPBACK))
    datapath.way(UPLINK_6, None, (HOP_6, 0, LOOPBACK))
    datapath.hide_behind(OUTSIDE)
    datapath.keep_back([(text.split("/")[0], int(text.split("/")[1])) for text in KEPT])
    yield datapath, [engine.open() for _ in range(SESSIONS)]
    plane.close()


def install(random, datapath, teids):
    """New rules for every session, and the sessions that the program is to have taken."""
    every, sessions, ways = [], {}, list(HOPS)
    for number, teid in enumerate(teids):
        datapath.close_session(teid)
        rules = random_rules(random, number)
        session = Session(rules)
        session.hidden = random.random() < 0.4 and rules.ipv4 is not None
        every.append((teid, rules))
        way = ways.index(rules.peer.address) if rules.peer else 0
        taken = datapath.install(teid, rules, way, 0, session.hidden)
        assert taken == bool(session.up or session.down), rules
        if taken:
            sessions[teid] = session
    return every, sessions


@pytest.mark.root
@pytest.mark.xdist_group("xdp")
def test_when_rules_and_packets_are_random_then_the_program_does_what_the_model_does(kernel):
    datapath, teids = kernel
    connections = [
        (protocol, (terminal, 40_000), (SERVER, 53), (OUTSIDE, 1024 + number))
        for number, terminal in enumerate(TERMINALS[:-1])
        for protocol in (6, 17)
    ]
    assert all(datapath.hide(*connection) for connection in connections)
    met = {(hook, verdict): 0 for hook in VERDICTS for verdict in (UP, DROP, LEAVE)}
    met |= dict.fromkeys(("IPv6 out", "IPv6 in", "hidden out", "hidden in"), 0)
    for turn in range(ROUNDS):
        random = Chance(turn)
        model = Model(N3, ((POOL, MTU), (POOL_6, MTU_6)), KEPT, {**HOPS, "6": HOP_6})
        every, model.sessions = install(random, datapath, teids)
        model.connections, model.outside = [Connection(*fields) for fields in connections], IPv4Address(OUTSIDE).packed
        for _ in range(PACKETS):
            frame = random_frame(random, every)
            for hook, verdicts in VERDICTS.items():
                verdict, left = datapath.run(hook, frame)
                expected = model.frame(frame)
                assert (verdicts.get(verdict), left) == expected, (turn, hook, frame.hex())
                met[hook, expected[0]] += 1
                if expected[0] == LEAVE:
                    met["IPv6 out"] += left[12:14] == b"\x86\xdd"
                    met["IPv6 in"] += frame[12:14] == b"\x86\xdd"
                    met["hidden out"] += left[26:30] == model.outside
                    met["hidden in"] += frame[30:34] == model.outside
        for teid, session in model.sessions.items():
            assert list(datapath.usage(teid)) == session.usage
    assert min(met.values()) > ROUNDS // 5, met  # each fate is common, or the packets try nothing
