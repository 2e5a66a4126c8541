"""The kernel's fast path: what the program costs under BPF_PROG_TEST_RUN, and what one core carries over two cables."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from freehold.net.xdp import Hook, measure_live, measure_loading, measure_xdp
from freehold.spec.errors import Unusable

Direction = Literal["up", "down"]
POPULATIONS = (1, 10_000, 100_000)
PACKETS = 300_000


class LiveCase(msgspec.Struct, frozen=True):
    """One path over so many sessions in random order, in the kernel each with a rate, counters and a threshold.

    `ns_per_packet_testrun` is the program alone (None where it cannot be run so), `hidden_ns_testrun` the same for
    terminals behind one address (as many of the sessions as its table of connections has room for), and
    `redirect_ns_testrun` a program that only redirects. What a core carries includes generator, cables and sink;
    `share_of_redirect` is of what it carries with a bare redirect in the same run. `load_seconds` is what loading the
    sessions took. With `tun` a core is the packet thread's alone, and packets are of one flow in runs (ADR 7).
    """

    path: str
    sessions: int
    size: int
    direction: Direction
    ns_per_packet_testrun: float | None
    redirect_ns_testrun: float | None
    mpps_per_core: float
    gbps_per_core: float
    share_of_redirect: float
    loss: float
    load_seconds: float | None = None
    hidden_ns_testrun: float | None = None


class Wanted(msgspec.Struct, frozen=True):
    """What to measure: how many sessions (0: several), octets of IP a packet, one direction or both (empty)."""

    sessions: int = 0
    size: int = 128
    direction: Direction | Literal[""] = ""
    seconds: float = 1.0
    packets: int = PACKETS

    def directions(self) -> tuple[Direction, ...]:
        """The directions to measure."""
        return (self.direction,) if self.direction else ("up", "down")


def bench_kernel(path: Hook, wanted: Wanted) -> tuple[list[LiveCase], str]:
    """Measure the program at a hook; or why it cannot be."""
    populations = (wanted.sessions,) if wanted.sessions else POPULATIONS
    try:
        cases = [_case(path, wanted, sessions, way) for sessions in populations for way in wanted.directions()]
    except Unusable as missing:
        return [], str(missing)
    return cases, ""


def live_case(
    path: str, sessions: int, size: int, direction: Direction, carried: tuple[float, float, float]
) -> LiveCase:
    """A case without the program's own figures: `carried` is packets a second, those of a bare redirect, the loss."""
    rate, redirect, loss = carried
    return LiveCase(
        path,
        sessions,
        size,
        direction,
        None,
        None,
        round(rate / 1e6, 3),
        round(rate * size * 8 / 1e9, 2),
        round(rate / redirect, 3),
        round(loss, 6),
    )


def _case(path: Hook, wanted: Wanted, sessions: int, direction: Direction) -> LiveCase:
    uplink = direction == "up"
    carried = measure_live(path, sessions, wanted.size, uplink=uplink, seconds=wanted.seconds)
    case = live_case(path, sessions, wanted.size, direction, carried)
    if path == "tc":
        return case
    program, redirect = measure_xdp(sessions, wanted.size, uplink=uplink, packets=wanted.packets)
    hidden, _ = measure_xdp(sessions, wanted.size, uplink=uplink, packets=wanted.packets, hidden=True)
    return msgspec.structs.replace(
        case,
        hidden_ns_testrun=hidden,
        ns_per_packet_testrun=program,
        redirect_ns_testrun=redirect,
        load_seconds=round(measure_loading(sessions), 4),
    )


def redirect_rate(size: int, *, uplink: bool, seconds: float) -> float:
    """Packets a second of one core with a bare redirect. Unusable says what is missing."""
    return measure_live("xdp", 1, size, uplink=uplink, seconds=seconds)[1]


def direction_of(text: str) -> Direction | Literal[""]:
    """`up`, `down` or, empty, both. Unusable for anything else."""
    if text not in {"", "up", "down"}:
        raise Unusable(f"--direction {text}: it is up or down")
    return cast("Direction | Literal['']", text)
