"""What the host of our own network shows of the product: packages, functions, a console without privileges."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from freehold.app.assured_console import OwnConsole
from freehold.app.config import Configuration
from freehold.app.network import Network
from freehold.spec.errors import Unusable
from freehold.trust.assure.lab import Component, Mount, Served

NOBODY: Final = 65534
"""The user and group that own nothing."""
PATIENCE: Final = 60.0
"""Seconds that a console of a process of its own has to begin, and to answer."""
PR_SET_NO_NEW_PRIVS: Final = 38
REMOVABLE: Final = ("/media/", "/run/media/", "/mnt/usb")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_IMPORT: Final = re.compile(r"^\s*(?:from\s+([A-Za-z_]\w*)[\w.]*\s+import\b|import\s+([A-Za-z_]\w*))", re.MULTILINE)
_BY_USERS: Final = frozenset({"user", "users", "owner", "group"})


# --- packages -----------------------------------------------------------------------------------
def components() -> list[Component]:
    """The packages that this one needs, those that they need, and the interpreter."""
    modules: dict[str, list[str]] = {}
    for module, owners in importlib.metadata.packages_distributions().items():
        for owner in owners:
            modules.setdefault(_plain(owner), []).append(module)
    found = {"python": Component("python", platform.python_version())}
    ahead = [(name, True) for name in _needs("freehold")]
    while ahead:
        name, declared = ahead.pop()
        if name not in found and (told := _metadata(name)) is not None:
            status = next((each for each in told.get_all("Classifier") or () if "Development Status" in each), "")
            found[name] = Component(name, told["Version"], tuple(modules.get(name, ())), declared, status)
            ahead += [(each, False) for each in _needs(name)]
    return sorted(found.values(), key=lambda each: each.name)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _metadata(name: str) -> importlib.metadata.PackageMetadata | None:
    try:
        return importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _needs(name: str) -> Iterator[str]:
    """What a distribution needs here, its extras left out."""
    try:
        told = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return
    for each in told:
        if (match := _NAME.match(each)) and "extra ==" not in each:
            yield _plain(match[0])


def imported(package: Path) -> frozenset[str]:
    """The first names of what the files of a package import."""
    return frozenset(
        found[1] or found[2]
        for path in package.rglob("*.py")
        for found in _IMPORT.finditer(path.read_text(encoding="utf-8"))
    )


# --- functions ----------------------------------------------------------------------------------
def optional(usual: Configuration) -> Mapping[str, bool]:
    """Functions that a network can do without, by setting, and whether these settings turn them on."""
    return {
        "amf.n2": bool(usual.amf.n2),
        "smf.n4": bool(usual.smf.n4),
        "smf.n4u": bool(usual.smf.n4u),
        "upf.n3": bool(usual.upf.n3),
        "upf.n4": bool(usual.upf.n4),
        "upf.announce": bool(usual.upf.announce.asn),
        "upf.keep": usual.upf.keep,
        "dnn.n6": any(each.n6 != "internal" for each in usual.dnn),
        "dnn.flow_records": any(each.flow_records for each in usual.dnn),
        "dnn.ask_5qi": any(each.ask_5qi for each in usual.dnn),
        "dnn.local_switch": any(each.local_switch != "refuse" for each in usual.dnn),
        "management.oidc": bool(usual.management.oidc.issuer),
        "alarms.webhook": bool(usual.alarms.webhook),
        "alarms.snmp": bool(usual.alarms.snmp),
        "telemetry.otlp": bool(usual.telemetry.otlp),
        "ledger.witness": bool(usual.ledger.witness),
        "keys.token": usual.keys.mode != "file",
    }


# --- file systems -------------------------------------------------------------------------------
def mounts(table: Path, mounted: Path) -> list[Mount]:
    """File systems of a table that others than root may mount, and those that are mounted where sticks are, or by FUSE.

    In the table `user` and its like bring nosuid and nodev by themselves, unless the line takes them away (mount(8)).
    """
    found = []
    for place, options in _lines(table):
        if _BY_USERS & set(options):
            lost = {"no" + each for each in ("suid", "dev") if each in options}
            brought = [each for each in ("nosuid", "nodev") if each not in lost and each not in options]
            found.append(Mount(place, (*options, *brought), str(table)))
    for place, options in _lines(mounted):
        if place.startswith(REMOVABLE) or any(re.fullmatch(r"user_id=[1-9]\d*", each) for each in options):
            found.append(Mount(place, options, str(mounted)))
    return found


def _lines(table: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    with contextlib.suppress(OSError):
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.split()
            if len(words) > 3 and not line.lstrip().startswith("#"):
                yield words[1], tuple(words[3].split(","))


# --- a console without privileges ---------------------------------------------------------------
async def unprivileged() -> Served:
    """A process of our own begins a console without privileges; as whom, with what, and what it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline() if process.stdout else b""
            if not line:
                said = (await process.stderr.read()).decode(errors="replace") if process.stderr else ""
                raise Unusable(f"a console without privileges did not begin: {(said.strip() or 'it ended')[-200:]}")
            status = await _asked(*json.loads(line))
        return Served(*_credentials(process.pid), status)
    except TimeoutError:
        raise Unusable(f"a console without privileges did not begin within {PATIENCE:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _asked(host: str, port: int) -> int:
    """The status that a console answers to who asks whether it has accounts."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET /api/v1/setup HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        words = (await reader.readline()).split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    finally:
        writer.close()


def _credentials(process: int) -> tuple[int, int]:
    """The effective user and the capabilities of a process, by the kernel; the user is root's where one id is."""
    told = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":\t" in line
    )
    users = [int(each) for each in told["Uid"].split()]
    capabilities = int(told["CapEff"], 16) | int(told["CapPrm"], 16) | int(told["CapInh"], 16)
    return 0 if 0 in users else users[1], capabilities


def give_up() -> None:
    """Be nobody from now on where this process is root's, and never get privileges again (prctl(2))."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


async def _serve() -> None:
    """Begin a network and its console, say where, and serve until standard input ends."""
    async with Network(Configuration(gnb=()), outside=True) as network:
        # What is loaded when a console begins, and its pages, may be root's own to read, as all in root's folder is.
        first = OwnConsole(network)
        await first.start(tls=False)
        await first.close()
        give_up()
        console = OwnConsole(network, first.pages)
        await console.start(tls=False)
        print(json.dumps(console.address), flush=True)  # noqa: T201 - who began this process reads it
        await asyncio.to_thread(sys.stdin.read)
        await console.close()


if __name__ == "__main__":
    asyncio.run(_serve())
