"""Guessed TEIDs against the program in the kernel (negative.md U08): an attacker's packets never pass through it."""

import random
import struct

import pytest

from freehold._native.xdp import Datapath
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.net.xdp import program
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules

from .fast_path_model import LEAVE, UP
from .test_fast_path import HOPS, LOOPBACK, MTU, N3, SERVER, VERDICTS, ethernet, ipv4

SESSIONS, GUESSES, SOAKED = 10_000, 20_000, 1_000_000
MARK = 0xDEADBEEF
GNB, ATTACKER = "192.0.2.10", "192.0.2.66"
FORWARD = (Rule(action="forward"),)

pytestmark = [pytest.mark.root, pytest.mark.xdist_group("xdp")]


def address(number):
    """A terminal's address by its number."""
    return f"10.{45 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def frame(source, teid, terminal):
    """A terminal's packet in a tunnel, as that node sends it."""
    inner = ipv4(terminal, SERVER, 17, struct.pack("!HHHH", 40_000, 53, 8, 0))
    body = bytes((0, 0, 0, 0x85, 1, 0x10, 9, 0)) + inner
    message = struct.pack("!BBHI", 0x34, 255, len(body), teid) + body
    return ethernet(ipv4(source, N3, 17, struct.pack("!HHHH", 2152, 2152, 8 + len(message), 0) + message))


@pytest.fixture(scope="module")
def kernel():
    """The program with many sessions of one gNB."""
    plane = UserPlane()
    engine = plane.add_upf(PlaneSettings(N3, capacity=1 << 14), bytes(16))
    try:
        pools = [("10.45.0.0", 1 << 16, MTU)]
        datapath = Datapath((program("userplane"), b""), [N3], engine.tunnel_key(), bytes(16), pools, False, None)
    except OSError as refused:
        pytest.skip(f"the program cannot be loaded here: {refused}")
    datapath.port(0, LOOPBACK)
    for number, (peer, ends) in enumerate(HOPS.items()):
        datapath.way(number, peer or None, (ends, 0, LOOPBACK))
    datapath.keep_back([("10.45.0.0", 16), ("192.0.2.0", 24)])
    teids = [engine.open() for _ in range(SESSIONS)]
    for number, teid in enumerate(teids):
        rules = SessionRules(0, address(number + 2), None, FORWARD, FORWARD, Tunnel(GNB, number + 1))
        assert datapath.install(teid, rules, list(HOPS).index(GNB), 0, False)
    yield datapath, teids
    plane.close()


def guess(kernel, count):
    """How many of so many guesses left, in turn at each hook; some are live TEIDs, from elsewhere than their gNB."""
    datapath, teids = kernel
    chance, left = random.Random(8), 0
    hooks = list(VERDICTS.items())
    whole = frame(ATTACKER, MARK, address(9))
    begin, end = whole.split(struct.pack("!I", MARK))
    for turn in range(count):
        hook, verdicts = hooks[turn % len(hooks)]
        teid = teids[7] if turn % 100 == 0 else chance.getrandbits(32)
        verdict, _ = datapath.run(hook, begin + teid.to_bytes(4, "big") + end)
        left += verdicts.get(verdict) == LEAVE
    return left


def test_u08_guessed_teids_never_pass_through_the_program(kernel):
    datapath, teids = kernel
    assert guess(kernel, GUESSES) == 0
    for hook, verdicts in VERDICTS.items():
        verdict, _ = datapath.run(hook, frame(GNB, teids[7], address(9)))
        assert verdicts[verdict] == LEAVE  # the session's own gNB, while all that went on
        verdict, _ = datapath.run(hook, frame(GNB, 11, address(9)))
        assert verdicts[verdict] == UP  # an SMF may have chosen it: the engine knows


@pytest.mark.soak
def test_u08_a_million_guesses_never_pass_through_the_program(kernel):
    assert guess(kernel, SOAKED) == 0
