"""`freehold bench userplane`: what a packet costs, in the engine alone, over UDP, and over UDP and a TUN.

Over sockets it is a packet of one flow that comes in runs: the generator hands the kernel up to `RUN` datagrams at once
(UDP_SEGMENT), which the kernel passes on whole and the engine cuts and joins (ADR 7). That is how bulk traffic comes;
datagrams that come one by one cost two to four times as much, and are not measured here.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from typing import cast

import msgspec

from freehold.app.bench.xdp import LiveCase, Wanted, bench_kernel, live_case, redirect_rate
from freehold.net.tun import Tun, TunSettings
from freehold.net.userplane import PlaneSettings, UpfPlane, UserPlane, measure_engine
from freehold.net.xdp import Hook
from freehold.services.access import Tunnel
from freehold.services.userplane import Rule, SessionRules
from freehold.spec.errors import Unusable

UDP_SEGMENT = 103  # linux/udp.h
RUN = 40
"""Datagrams of one flow in one system call of the generator, which must not be what is measured."""
WINDOW = 3 * RUN
"""So many packets are on their way at most: what is lost is the path's loss, not a queue's."""
TERMINAL, POOL, GATEWAY = "10.213.0.2", "10.213.0.0/24", "10.213.0.1"
NEEDS_ROOT = "the paths over a TUN need root"
N3, GNB = "127.213.0.1", "127.213.0.10"
DISCARD = 9
SETTLING = 0.05
"""Seconds that packets on their way have to arrive."""


class EngineCase(msgspec.Struct, frozen=True):
    """The engine alone: nanoseconds a packet, with so many sessions in random order."""

    sessions: int
    octets: int
    uplink_ns: float
    downlink_ns: float


class PathCase(msgspec.Struct, frozen=True):
    """A path through the kernel: nanoseconds of the packet thread a packet, and what one core carries.

    Packets are of one flow in runs; generator and sink are not in it.
    """

    path: str
    octets: int
    packets: int
    ns: float
    kpps_per_core: float
    gbit_per_core: float
    loss: float = 0.0


class UserplaneBench(msgspec.Struct, frozen=True):
    """The figures of `freehold bench userplane`; `skipped` says why paths were not measured."""

    engine: list[EngineCase] = []
    paths: list[PathCase] = []
    live: list[LiveCase] = []
    skipped: list[str] = []


class _Bench:
    """A UPF with one session on real sockets, in its own thread."""

    def __init__(self, stack: ExitStack, *, tun: bool) -> None:
        self.plane = UserPlane()
        if tun:
            self.tun = Tun(TunSettings((POOL,), "route", name="fhbench%d"))
            stack.callback(self.tun.close)
        self.n3 = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.n3.bind((N3, 0))
        self.upf: UpfPlane = self.plane.add_upf(PlaneSettings(N3), bytes(16), self.n3)
        instance = self.upf.add_instance("bench", [("10.213.0.0", 24)])
        if tun:
            self.upf.attach_tun(instance, self.tun)
        self.teid = self.upf.open()
        rule = (Rule(action="forward", qfi=9),)
        self.upf.install(self.teid, SessionRules(instance, TERMINAL, None, rule, rule, Tunnel(GNB, 1)))
        stack.callback(self.plane.close)
        self.plane.fabric.start()

    def measure(self, path: str, octets: int, send: Callable[[], int], seconds: float) -> PathCase:
        """Send for some seconds, never more than queues hold; count what passed and what the packet thread needed."""
        end = time.monotonic() + seconds
        before, busy, sent = self._forwarded(), self.plane.fabric.busy_ns(), 0
        passed, moved, gone = 0, time.monotonic(), 0
        while time.monotonic() < end:
            now = self._forwarded() - before
            if now != passed:
                passed, moved = now, time.monotonic()
            elif time.monotonic() > moved + SETTLING:
                gone = sent - passed  # nothing is on its way any more
            if sent - passed - gone < WINDOW:
                sent += send()
            else:
                time.sleep(0)
        time.sleep(SETTLING)
        packets, spent = self._forwarded() - before, self.plane.fabric.busy_ns() - busy
        cost = spent / max(packets, 1)
        figures = round(cost, 1), round(1e6 / cost, 1), round(octets * 8 / cost, 2)
        return PathCase(path, octets, packets, *figures, round(max(0.0, 1 - packets / max(sent, 1)), 6))

    def _forwarded(self) -> int:
        counters = self.upf.counters()
        return counters["uplink_forwarded"] + counters["downlink_forwarded"]


@contextmanager
def _generator(source: str, target: tuple[str, int], datagram: bytes) -> Iterator[Callable[[], int]]:
    """Something that sends runs of one datagram and says how many it sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind((source, 0))
        port.setsockopt(socket.SOL_UDP, UDP_SEGMENT, len(datagram))
        count = min(RUN, 60_000 // len(datagram))
        run = datagram * count
        port.connect(target)

        def send() -> int:
            try:
                port.send(run)
            except (BlockingIOError, ConnectionRefusedError):
                time.sleep(0)
                return 0
            return count

        yield send


def _inner(octets: int) -> bytes:
    """An uplink UDP packet of so many octets to the host's end of the TUN, with its checksums."""
    ends = IPv4Address(TERMINAL).packed + IPv4Address(GATEWAY).packed
    fields = (0x45, 0, octets, 0, 0x4000, 64, 17)
    header = struct.pack("!BBHHHBBH", *fields, _checksum(struct.pack("!BBHHHBBH", *fields, 0) + ends)) + ends
    length = octets - 20
    udp = struct.pack("!HHH", DISCARD, DISCARD, length)
    return header + udp + struct.pack("!H", _checksum(ends + struct.pack("!HH", 17, length) + udp)) + bytes(length - 8)


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def _uplink(bench: _Bench, octets: int) -> bytes:
    return struct.pack("!BBHIHBBBBBB", 0x34, 255, octets + 8, bench.teid, 0, 0, 0x85, 1, 0x10, 9, 0) + _inner(octets)


def bench_path(*, tun: bool, octets: int, seconds: float) -> list[PathCase]:
    """Measure the path over UDP, and with `tun` over the host's stack in both directions."""
    cases = []
    with ExitStack() as stack:
        bench = _Bench(stack, tun=tun)
        if tun:
            sink = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sink.bind((GATEWAY, DISCARD))
        with _generator(GNB, bench.n3.getsockname(), _uplink(bench, octets)) as send:
            cases.append(bench.measure("UDP to TUN" if tun else "UDP", octets, send, seconds))
        if tun:
            with _generator(GATEWAY, (TERMINAL, DISCARD), bytes(octets - 28)) as send:
                cases.append(bench.measure("TUN to UDP", octets, send, seconds))
    return cases


def bench_engine(wanted: Wanted) -> UserplaneBench:
    """Measure the engine with 1, 10,000 and 100,000 sessions, then each path with small and large packets."""
    engine = [
        EngineCase(sessions, octets, *(round(cost, 1) for cost in measure_engine(sessions, octets, wanted.packets)))
        for sessions in (1, 10_000, 100_000)
        for octets in (128, 1400)
    ]
    root = os.geteuid() == 0
    paths = [
        case
        for tun in ((False, True) if root else (False,))
        for octets in (128, 1400)
        for case in bench_path(tun=tun, octets=octets, seconds=wanted.seconds)
    ]
    return UserplaneBench(engine, paths, skipped=[] if root else [NEEDS_ROOT])


def bench_tun(wanted: Wanted) -> UserplaneBench:
    """Measure the engine's path over UDP and a TUN with one session, as a share of what a bare redirect carries.

    One flow comes in runs here, and packet by packet to the redirect and the program in the kernel.
    """
    if os.geteuid() != 0:
        return UserplaneBench(skipped=[NEEDS_ROOT])
    found, live = bench_path(tun=True, octets=wanted.size, seconds=wanted.seconds), []
    try:
        for direction, case in zip(("up", "down"), found, strict=True):
            if direction in wanted.directions():
                redirect = redirect_rate(wanted.size, uplink=direction == "up", seconds=wanted.seconds)
                carried = case.kpps_per_core * 1e3, redirect, case.loss
                live.append(live_case("tun", 1, wanted.size, direction, carried))
    except Unusable as missing:
        return UserplaneBench(paths=found, skipped=[str(missing)])
    return UserplaneBench(live=live)


def bench_userplane(path: str, wanted: Wanted) -> UserplaneBench:
    """Measure one path (`xdp`, `generic`, `tc` or `tun`) or, empty, the engine and the program in drivers. Unusable."""
    if path == "tun":
        return bench_tun(wanted)
    if path not in {"", "xdp", "generic", "tc"}:
        raise Unusable(f"--path {path}: it is xdp, generic, tc or tun")
    found = UserplaneBench() if path else bench_engine(wanted)
    live, why = bench_kernel(cast("Hook", path or "xdp"), wanted)
    return msgspec.structs.replace(found, live=live, skipped=[*found.skipped, *filter(None, [why])])
