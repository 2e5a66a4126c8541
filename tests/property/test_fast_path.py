"""The program in the kernel against a model in Python, on random rules and random packets, at both hooks."""

import struct
from ipaddress import IPv4Address
from random import Random

import pytest

from freehold._native.xdp import Datapath
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.net.xdp import program
from freehold.services.access import Tunnel
from freehold.services.userplane import Filter, Rule, SessionRules

from .fast_path_model import DROP, LEAVE, UP, Model, Session, checksum_total

N3, POOL, MTU, LOOPBACK = "192.0.2.1", "10.45.0.0/24", 1500, 1
GNBS = ("192.0.2.10", "192.0.2.11")
KEPT = (POOL, "192.0.2.0/24", "127.0.0.0/8", "10.44.0.0/15", "203.0.113.7/32")
SESSIONS = 4
TERMINALS = [f"10.45.0.{number}" for number in range(2, 2 + SESSIONS)]
HOPS = {"": bytes([6] * 12), GNBS[0]: bytes([3] * 12), GNBS[1]: bytes([4] * 12)}
ROUNDS, PACKETS = 200, 24
VERDICTS = {"xdp": {1: DROP, 2: UP, 4: LEAVE}, "tc": {2: DROP, 0xFFFFFFFF: UP, 7: LEAVE}}


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
    )


def random_rules(random, terminal):
    """A session's rules, mostly one a direction."""
    up, down = (tuple(random_rule(random) for _ in range(random.choice([0, 2] + [1] * 14))) for _ in range(2))
    peer = Tunnel(random.choice(GNBS), random.randrange(1, 1 << 32)) if random.random() < 0.95 else None
    return SessionRules(0, terminal, None, up, down, peer, quota=random.choice([None] * 15 + [(1, 1, 1)]))


def ipv4(source, destination, protocol, payload, **changes):
    """A packet with the given fields, as a sender makes it otherwise."""
    length, first = changes.get("length", 20 + len(payload)), changes.get("first", 0x45)
    fields = struct.pack(
        "!BBHHHBB", first, 0, length & 0xFFFF, 7, changes.get("fragment", 0x4000), changes.get("hops", 64), protocol
    )
    ends = IPv4Address(source).packed + IPv4Address(destination).packed
    return fields + struct.pack("!H", 0xFFFF - checksum_total(fields + ends)) + ends + payload


def ethernet(packet, kind=0x0800):
    return bytes([2] * 12) + struct.pack("!H", kind) + packet


ODD = [{"fragment": 0x2000}, {"fragment": 1}, {"hops": 1}, {"first": 0x46}, {"first": 0x60}, {"length": 24}]
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


def inner_packet(random, source, destination):
    """What a terminal or a server sends, in many odd forms."""
    payload = random.randbytes(24) + bytes(random.choice(LENGTHS))
    protocol = random.choice([17, 17, 6, 6, 1]) if random.random() < 0.95 else 132
    payload = payload[: random.odd(2000, [8, 12])]
    if random.random() < 0.1:  # a checksum that is left to a device
        pseudo = IPv4Address(source).packed + IPv4Address(destination).packed
        total = struct.pack("!H", checksum_total(pseudo + struct.pack("!HH", protocol, len(payload))))
        place = 16 if protocol == 6 else 6
        payload = payload[:place] + total + payload[place + 2 :] if len(payload) >= place + 2 else payload
    if random.odd(False, [True]):
        payload = payload[:2] + struct.pack("!H", 2152) + payload[4:]
    return ipv4(source, destination, protocol, payload, **random.odd({}, ODD))


def uplink(random, sessions):
    """A datagram to N3, mostly one of a session."""
    number = random.randrange(SESSIONS)
    teid, rules = sessions[number]
    gnb = rules.peer.address if rules.peer else GNBS[0]
    source = TERMINALS[number] if random.random() < 0.9 else random.choice(["10.45.0.9", TERMINALS[0]])
    destination = random.odd("198.51.100.1", ["10.45.0.3", "10.46.0.1", "203.0.113.7", N3, "127.0.0.1"])
    inner = inner_packet(random, source, destination) + bytes(random.odd(0, [3]))
    flags = random.odd(random.choice([0x30, 0x34, 0x34, 0x32]), [0x31, 0x37, 0x35, 0x24, 0x50])
    options = bytes(3) + bytes(random.odd(EXTENSIONS[0], EXTENSIONS)) if flags & 4 else bytes(4)
    body = (options if flags & 7 else b"") + inner
    teid = random.odd(teid, [0, teid ^ 1])
    length = len(body) + random.odd(0, [1, -1])
    message = struct.pack("!BBHI", flags, random.odd(255, [1, 254]), length, teid) + body
    udp = struct.pack("!HHHH", 2152, random.odd(2152, [2153]), 8 + len(message), 0)
    return ethernet(ipv4(random.odd(gnb, [*GNBS, "192.0.2.66"]), N3, 17, udp + message, **random.odd({}, ODD)))


def downlink(random):
    """A packet of the data network."""
    terminal = random.odd(random.choice(TERMINALS), ["10.45.0.9", "10.46.0.2"])
    packet = inner_packet(random, "198.51.100.1", terminal) + bytes(random.choice([0, 6]))
    return ethernet(packet, random.odd(0x0800, [0x86DD]))


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
        datapath = Datapath(program("userplane"), N3, engine.tunnel_key(), MTU, [("10.45.0.0", 256)])
    except OSError as refused:
        pytest.skip(f"the program cannot be loaded here: {refused}")
    datapath.port(0, LOOPBACK)
    for number, (peer, ends) in enumerate(HOPS.items()):
        datapath.way(number, peer or None, (ends, 0, LOOPBACK))
    datapath.keep_back([(text.split("/")[0], int(text.split("/")[1])) for text in KEPT])
    yield datapath, [engine.open() for _ in range(SESSIONS)]
    plane.close()


def install(random, datapath, teids):
    """New rules for every session, and the sessions that the program is to have taken."""
    every, sessions, ways = [], {}, list(HOPS)
    for teid, terminal in zip(teids, TERMINALS, strict=True):
        datapath.close_session(teid)
        rules = random_rules(random, terminal)
        session = Session(rules)
        every.append((teid, rules))
        taken = datapath.install(teid, rules, ways.index(rules.peer.address) if rules.peer else 0, 0)
        assert taken == bool(session.up or session.down), rules
        if taken:
            sessions[teid] = session
    return every, sessions


@pytest.mark.root
@pytest.mark.xdist_group("xdp")
def test_when_rules_and_packets_are_random_then_the_program_does_what_the_model_does(kernel):
    datapath, teids = kernel
    met = {(hook, verdict): 0 for hook in VERDICTS for verdict in (UP, DROP, LEAVE)}
    for turn in range(ROUNDS):
        random = Chance(turn)
        model = Model(N3, MTU, POOL, KEPT, HOPS)
        every, model.sessions = install(random, datapath, teids)
        for _ in range(PACKETS):
            frame = random_frame(random, every)
            for hook, verdicts in VERDICTS.items():
                verdict, left = datapath.run(hook, frame)
                expected = model.frame(frame)
                assert (verdicts.get(verdict), left) == expected, (turn, hook, frame.hex())
                met[hook, expected[0]] += 1
        for teid, session in model.sessions.items():
            assert list(datapath.usage(teid)) == session.usage
    assert min(met.values()) > ROUNDS // 4, met  # each fate is common, or the packets try nothing
