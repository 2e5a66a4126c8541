"""`freehold bench startup`: how soon a network serves its first terminal, measured on the real program from outside.

The program starts twice with a data folder and bytecode caches of its own: the first start makes keys, subscriptions
and caches, the second is what an owner sees every day. Times count from the start of the process; the management API
tells the milestones, so each figure includes that the API is up and was asked.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from freehold.app.bench import process
from freehold.app.requests import Client
from freehold.spec.errors import Unusable

PATIENCE: Final = 30.0
"""Seconds in which a network must have done everything."""
LOOK: Final = 0.005
"""Seconds between two questions."""
HELPS: Final = 5
"""Runs of `--help`, of which the median counts."""


class Start(msgspec.Struct, frozen=True):
    """One start: seconds from the start of the process, and CPU seconds until the last milestone."""

    ng_setup_s: float
    first_registered_s: float
    all_with_traffic_s: float
    cpu_s: float


class StartupBench(msgspec.Struct, frozen=True):
    """The figures of `freehold bench startup`: its second start, its first, and `--help`; `load` is the machine's."""

    terminals: int
    ng_setup_s: float
    first_registered_s: float
    all_with_traffic_s: float
    cpu_s: float
    first: Start
    help_ms: float
    help_cpu_ms: float
    load: float


def run(terminals: int = 10) -> StartupBench:
    """Start a network with so many terminals twice; Unusable where it does not come up."""
    with tempfile.TemporaryDirectory(prefix="freehold-bench-") as name:
        folder = Path(name)
        environment = private(folder)
        write_configuration(folder)
        first, second = (started(folder, environment, terminals) for _ in range(2))
        helps = [helped(environment) for _ in range(HELPS)]
    return StartupBench(
        terminals=terminals,
        ng_setup_s=second.ng_setup_s,
        first_registered_s=second.first_registered_s,
        all_with_traffic_s=second.all_with_traffic_s,
        cpu_s=second.cpu_s,
        first=first,
        help_ms=round(median(wall for wall, _ in helps), 1),
        help_cpu_ms=round(median(cpu for _, cpu in helps), 1),
        load=round(os.getloadavg()[0], 1),
    )


def private(folder: Path) -> dict[str, str]:
    """This environment, with bytecode kept in the folder: cold at the first start, warm at the second."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def write_configuration(folder: Path) -> None:
    """Keep the network's data and socket in the folder; the owner's are not touched."""
    text = f'[store]\npath = "{folder}/data"\n[management]\nsocket = "{folder}/management.sock"\n'
    (folder / "freehold.toml").write_text(text, encoding="utf-8")


def started(folder: Path, environment: Mapping[str, str], terminals: int) -> Start:
    """Start the network, wait for every milestone, and end it."""
    arguments = ("up", "--plain", "--demo", str(terminals), "--config", str(folder / "freehold.toml"))
    log, client = folder / "up.log", Client(folder / "management.sock")
    began = time.perf_counter()
    with process.running(process.command(*arguments), log, environment) as running:

        def reached(milestone: Callable[[Client], bool]) -> float:
            while not _asked(milestone, client):
                if running.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise Unusable(f"the network did not come up: {process.last_words(log)}")
                time.sleep(LOOK)
            return round(time.perf_counter() - began, 3)

        served = reached(lambda asked: asked.get("status")["gnbs"] > 0)
        registered = reached(lambda asked: asked.get("status")["ues_registered"] > 0)
        carried = reached(lambda asked: sum(map(_carries, asked.get("sessions"))) == terminals)
        return Start(served, registered, carried, round(process.cpu_ms(running.pid) / 1000, 3))


def _asked(milestone: Callable[[Client], bool], client: Client) -> bool:
    try:
        return milestone(client)
    except Unusable:  # it does not listen yet
        return False


def _carries(session: Mapping[str, Any]) -> bool:
    return bool(session["uplink_bytes"] and session["downlink_bytes"])


def helped(environment: Mapping[str, str]) -> tuple[float, float]:
    """Wall and CPU milliseconds of one `freehold --help`."""
    began, used = time.perf_counter(), _children()
    subprocess.run(process.command("--help"), env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return 1000 * (time.perf_counter() - began), 1000 * (_children() - used)


def _children() -> float:
    """CPU seconds of all processes that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
