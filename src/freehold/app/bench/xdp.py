"""The kernel's fast path under BPF_PROG_TEST_RUN: the program's own cost, with a bare redirect as the limit."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from freehold.net.xdp import measure_loading, measure_xdp
from freehold.spec.errors import Unusable

Direction = Literal["up", "down"]
POPULATIONS = (1, 10_000, 100_000)
PACKETS = 300_000


class XdpCase(msgspec.Struct, frozen=True):
    """Nanoseconds a packet over so many sessions in random order, each with a rate, counters and a threshold.

    `redirect_ns_testrun` is a program that only redirects, in the same run; `load_seconds` is what the sessions took.
    """

    path: str
    sessions: int
    size: int
    direction: Direction
    ns_per_packet_testrun: float
    redirect_ns_testrun: float
    load_seconds: float


def bench_xdp(
    sessions: int = 0, size: int = 128, direction: str = "", packets: int = PACKETS
) -> tuple[list[XdpCase], str]:
    """Measure the program with `sessions` sessions (0: several), in one direction or both; or why it cannot be."""
    directions: tuple[Direction, ...] = (cast("Direction", direction),) if direction else ("up", "down")
    try:
        cases = [
            _case(count, size, way, packets)
            for count in ((sessions,) if sessions else POPULATIONS)
            for way in directions
        ]
    except Unusable as missing:
        return [], str(missing)
    return cases, ""


def _case(sessions: int, size: int, direction: Direction, packets: int) -> XdpCase:
    program, redirect = measure_xdp(sessions, size, uplink=direction == "up", packets=packets)
    return XdpCase("xdp", sessions, size, direction, program, redirect, round(measure_loading(sessions), 4))
