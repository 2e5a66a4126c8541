"""`freehold bench registration`: what a registration with a PDU session costs the core, and how fast it goes.

The core is one process of its own, pinned to one processor, with all its functions, the user plane's control, SQLite on
disk and logs at info; the generator is this process, on another one; N2 runs over a UNIX socket between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import msgspec

from freehold.app.bench import process
from freehold.app.bench.generator import Generator5G, Result, Sim
from freehold.app.config import Configuration, parse
from freehold.app.loops import run as run_loop
from freehold.app.requests import Client
from freehold.app.subscriptions import subscriber
from freehold.core.udm import home_keys
from freehold.core.udr import Udr
from freehold.crypto import suci
from freehold.net import unix
from freehold.ran.configuration import GnbConfiguration, TrackingArea
from freehold.spec.errors import Unusable
from freehold.spec.identities import GnbId, Suci
from freehold.store import offline

AT_ONCE: Final = 32
"""Terminals on their way at the same time."""
ALONE: Final = 20
"""Terminals that go one after the other before the load, for the latency of one alone."""
START: Final = 20.0
"""Seconds for the core to start and, at the end, to finish its last session."""
REST: Final = 0.1
"""Seconds between two looks at whether the core still works."""
ROUNDS: Final = 5
"""Runs of each kind that are compared."""
SCRAPE: Final = 1.0
"""Seconds between two scrapes of the metrics, where somebody scrapes."""
NOBODY: Final = contextlib.nullcontext()
IDLE: Final = 20.0
"""Milliseconds of CPU a second that are no work: timers, a heartbeat."""


class RegistrationBench(msgspec.Struct, frozen=True):
    """The figures of `freehold bench registration`; CPU and latency in ms, memory in MB (10^6 octets).

    `load` is the machine's: beside other work CPU says something, rates and latencies do not.
    """

    ues: int
    registered: int
    sessions: int
    core_cpu_ms_per_ue: float
    rate_per_s: float
    p50_ms: float
    p99_ms: float
    alone_ms: float
    rss_mb_idle: float
    rss_mb: float
    rss_kb_per_ue: float
    generator_cpu_ms_per_ue: float
    n2: str
    suci: str
    algorithms: str
    load: float


class ManagementBench(msgspec.Struct, frozen=True):
    """What management costs a registration: CPU of the core in ms a terminal, the median of some rounds of each kind.

    A change is the median of what each round found, and those are told too: a machine that is slower for minutes is so
    for a whole round.

    `managed`: API, counters, periods and alarms are on and a scraper reads the metrics each second. `followed`: the
    same, and somebody follows the trace of one of the UEs.
    """

    ues: int
    rounds: int
    unmanaged_cpu_ms_per_ue: float
    managed_cpu_ms_per_ue: float
    change_percent: float
    changes_percent: tuple[float, ...]
    followed_cpu_ms_per_ue: float
    followed_percent: float
    followed_changes_percent: tuple[float, ...]
    load: float


def run(
    ues: int, *, profile: str = "", managed: bool = True, scraped: bool = False, followed: bool = False
) -> RegistrationBench:
    """Measure with so many terminals; Unusable where the core does not start or does not keep up."""
    with tempfile.TemporaryDirectory(prefix="freehold-bench-") as name:
        folder = Path(name)
        configuration = write_configuration(folder, managed=managed)
        sims = provisioned(configuration, folder, ues)
        client = Client(folder / "management.sock")
        with (
            core(folder, profile) as core_,
            scraping(client) if scraped else NOBODY,
            following(client, sims[-1].digits) if followed else NOBODY,
        ):
            return run_loop(measured(configuration, folder, core_, sims))


def compared(ues: int, rounds: int = ROUNDS) -> ManagementBench:
    """The same load with and without management, in turns."""
    found: dict[str, list[float]] = {"bare": [], "managed": [], "followed": []}
    for _ in range(rounds):
        found["bare"].append(run(ues, managed=False).core_cpu_ms_per_ue)
        found["managed"].append(run(ues, scraped=True).core_cpu_ms_per_ue)
        found["followed"].append(run(ues, scraped=True, followed=True).core_cpu_ms_per_ue)
    managed, followed = changes(found["bare"], found["managed"]), changes(found["bare"], found["followed"])
    return ManagementBench(
        ues,
        rounds,
        median(found["bare"]),
        median(found["managed"]),
        round(median(managed), 1),
        managed,
        median(found["followed"]),
        round(median(followed), 1),
        followed,
        round(os.getloadavg()[0], 1),
    )


def changes(before: list[float], after: list[float]) -> tuple[float, ...]:
    """By how many percent each round's second figure differs from its first."""
    return tuple(round(100 * (new / old - 1), 1) for old, new in zip(before, after, strict=True))


@contextlib.contextmanager
def scraping(client: Client) -> Iterator[None]:
    """Somebody who reads the metrics again and again."""
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(SCRAPE):
            with contextlib.suppress(Unusable):  # it is starting, or ending
                client.get("metrics")

    thread = threading.Thread(target=scrape, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def following(client: Client, digits: str) -> Iterator[None]:
    """Somebody who follows the trace of one UE, as the console does."""

    def follow() -> None:
        for _ in range(round(START / REST)):
            with contextlib.suppress(Unusable):  # it is starting
                for _piece in client.stream("tap", ue=digits, interfaces="N1,N2,N4,SBI,procedure,timer", kept=""):
                    pass  # it ends with the core
                return
            time.sleep(REST)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    while not client.answers():
        time.sleep(REST)
    time.sleep(SCRAPE)  # it follows before the load begins: what a log-in costs is no registration's
    yield  # the stream ends with the core, which ends after this


def write_configuration(folder: Path, *, managed: bool = True) -> Configuration:
    """The core's configuration in a folder of its own; the owner's is not touched."""
    text = (
        f'[amf]\nn2 = ["unix:{folder}/n2.sock"]\n'
        f'[store]\npath = "{folder}/data"\n'
        f'[management]\nenabled = {str(managed).lower()}\nsocket = "{folder}/management.sock"\nlisten = ""\n'
        '[log]\nlevel = "info"\n'
    )
    (folder / "freehold.toml").write_text(text, encoding="utf-8")
    return parse(text)


def provisioned(configuration: Configuration, folder: Path, ues: int) -> list[Sim]:
    """Subscribers in the core's store, and the SIMs of their terminals with SUCIs of profile A."""
    with offline(folder / "data") as store:
        found, durable = home_keys.ensure(store, os.urandom)
        store.wait(durable)
        made = [subscriber(configuration, number, os.urandom) for number in range(1, ues + 1)]
        store.wait(Udr(store).put_all(made))
    home = next(key for key in found if key.scheme == suci.Scheme.PROFILE_A)
    plmn = configuration.network.plmn
    sims = []
    for one in made:
        msin = suci.imsi_plaintext(one.supi.digits[len(plmn.mcc + plmn.mnc) :])
        output = suci.conceal(home.scheme, home.public, os.urandom(32), msin)
        concealed = Suci(plmn, "0", home.scheme, home.key_id, output)
        sims.append(Sim(one.supi.digits, one.authentication.k, one.authentication.opc, concealed))
    return sims


@contextlib.contextmanager
def core(folder: Path, profile: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The core in a process of its own on the first processor this one may use; its log is in the folder."""
    arguments = process.command("run", "core", "upf", "--config", str(folder / "freehold.toml"), profile=profile)
    processors = sorted(os.sched_getaffinity(0))
    with process.running(arguments, folder / "core.log") as started:
        try:
            os.sched_setaffinity(started.pid, processors[:1])
            os.sched_setaffinity(0, processors[1:] or processors)
            yield started
        finally:
            os.sched_setaffinity(0, processors)


async def measured(
    configuration: Configuration, folder: Path, core_: subprocess.Popen[bytes], sims: list[Sim]
) -> RegistrationBench:
    """Load a core that is starting, and read what it used."""
    with contextlib.closing(await connected(configuration, folder, core_)) as generator:
        idle = process.rss(core_.pid)
        few = sims[: min(ALONE, len(sims) // 2)]
        alone = await generator.run(few, 1, 1) if few else None
        rest = sims[len(few) :]
        before = process.cpu_ms(core_.pid)
        result = await generator.run(rest, AT_ONCE, 1 + len(few))
        used = await idle_again(core_.pid) - before
        if configuration.management.enabled:
            sessions = await sessions_of(Client(folder / "management.sock"), len(sims))
        else:
            sessions = result.sessions + (alone.sessions if alone else 0)
        loaded = process.rss(core_.pid)
    return figures(configuration, len(sims), result, alone, (used, idle, loaded, sessions))


async def sessions_of(client: Client, expected: int) -> int:
    """The core's sessions: it looks at them seldom, so ask until the expected ones are seen, for a while."""
    found = 0
    for _ in range(round(START / REST)):
        found = int(client.get("status")["sessions"])
        if found == expected:
            break
        await asyncio.sleep(REST)
    return found


def figures(
    configuration: Configuration, ues: int, result: Result, alone: Result | None, core_: tuple[float, float, float, int]
) -> RegistrationBench:
    """What was measured, as it is reported."""
    used, idle, loaded, sessions = core_
    latencies = sorted(result.latencies)
    return RegistrationBench(
        ues=ues,
        registered=result.registered + (alone.registered if alone else 0),
        sessions=sessions,
        core_cpu_ms_per_ue=round(used / len(latencies), 3),
        rate_per_s=round(len(latencies) / result.seconds, 1),
        p50_ms=round(median(latencies), 2),
        p99_ms=round(quantiles(latencies, n=100)[98] if len(latencies) > 1 else latencies[0], 2),
        alone_ms=round(median(alone.latencies if alone else latencies), 2),
        rss_mb_idle=round(idle, 1),
        rss_mb=round(loaded, 1),
        rss_kb_per_ue=round(1000 * (loaded - idle) / ues, 2),
        generator_cpu_ms_per_ue=round(result.cpu_ms_per_ue, 3),
        n2="unix seqpacket",
        suci="profile A",
        algorithms=f"{configuration.amf.ciphering[0]} {configuration.amf.integrity[0]}",
        load=round(os.getloadavg()[0], 1),
    )


async def connected(configuration: Configuration, folder: Path, core_: subprocess.Popen[bytes]) -> Generator5G:
    """A generator whose NG Setup succeeded, once the core listens."""
    plmn = configuration.network.plmn
    slices = tuple(section.id for section in configuration.slice)
    area = TrackingArea(configuration.network.tac, slices, (plmn,))
    generator = Generator5G(GnbConfiguration(GnbId(plmn, 1, 32), (area,), "bench"), plmn)
    end = time.monotonic() + START
    while True:
        try:
            await unix.connect(f"{folder}/n2.sock", generator.accept)
            break
        except OSError:
            if core_.poll() is not None or time.monotonic() > end:
                raise Unusable(f"the core did not start: {process.last_words(folder / 'core.log')}") from None
            await asyncio.sleep(0.02)
    await generator.ready
    return generator


async def idle_again(pid: int) -> float:
    """The CPU a process has used in milliseconds, once it does nothing any more."""
    end = time.monotonic() + START
    used = process.cpu_ms(pid)
    while time.monotonic() < end:
        await asyncio.sleep(REST)
        before, used = used, process.cpu_ms(pid)
        if used - before < REST * IDLE:
            break
    return used
