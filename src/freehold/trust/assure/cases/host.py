"""TS 33.117: what the product brings to its host: files, ports, rights, the native library."""

from __future__ import annotations

import asyncio
import contextlib
import stat
import struct
import tempfile
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from freehold.trust.assure.case import case
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.roles.web import visitor
from freehold.trust.assure.verdict import need, require
from freehold.trust.origin import provenance
from freehold.trust.origin.build import Built
from freehold.trust.origin.source import Source, digest_of
from freehold.trust.seal import Refused, Signer, new_signer

UNPRIVILEGED: Final = 1024
"""The first port that needs no privilege."""
IDLERS: Final = 150
"""Connections that say nothing."""
SCANNED: Final = range(1, 1 << 16)
"""TCP ports that are tried at a foreign network's addresses."""
AT_ONCE: Final = 400
"""Ports that are tried at a time: below the usual limit of open files."""
PATIENCE: Final = 0.5
"""Seconds that a port has: where a host drops everything, all are tried within the time that a test has."""
LOGINS: Final = (22, 23, 512, 513, 514, 2222, 3389, 5900)
"""TCP ports where a login to a host is usual."""
PT_GNU_STACK, PT_GNU_RELRO, EXECUTABLE = 0x6474E551, 0x6474E552, 1


@case("TS 33.117", "4.2.3.3.5", "inside")
async def package_integrity(lab: Lab) -> str:
    """A package is shown to be what its maker signed: changed, or signed by another, it is refused."""
    with tempfile.TemporaryDirectory(prefix="freehold-assure-") as name:
        place = Path(name)
        maker, stranger = new_signer(place / "maker.pem"), new_signer(place / "stranger.pem")
        wheel, proof = place / "freehold-0-py3-none-any.whl", place / "freehold-0-py3-none-any.whl.intoto.json"
        wheel.write_bytes(lab.inside.native())
        source = Source(place, {"pyproject.toml": "00" * 32})
        built = Built(wheel, digest_of(wheel), "", "", {})
        proof.write_bytes(provenance.sign(source, built, maker))
        need(not refused(proof, maker, wheel), "a package as its maker signed it is refused")
        require(refused(proof, stranger, wheel), "a package is taken whose maker nobody named")
        require(refused(proof, maker, None, cut=True), "a proof that was changed is taken")
        octets = bytearray(wheel.read_bytes())
        octets[len(octets) // 2] ^= 1
        wheel.write_bytes(octets)
        require(refused(proof, maker, wheel), "a package with one bit changed is taken for what its maker signed")
    return "one bit changed, another's signature and a changed proof are each refused; the right package is taken"


def refused(proof: Path, maker: Signer, wheel: Path | None, *, cut: bool = False) -> bool:
    """Whether a package's proof is refused, with one of its octets changed where asked for."""
    place = proof
    if cut:
        octets = bytearray(proof.read_bytes())
        octets[len(octets) // 3] ^= 1
        place = proof.with_name("cut.json")
        place.write_bytes(octets)
    try:
        provenance.verify(place, [maker.public], wheel)
    except Refused:
        return True
    return False


@case("TS 33.117", "4.2.4.1.2.1", "inside")
async def no_way_to_privileges(lab: Lab) -> str:
    """Nothing that is installed raises its caller's privileges."""
    files = lab.inside.files()
    need(files, "the package has no files")
    raising = [name for name, mode in files if mode & (stat.S_ISUID | stat.S_ISGID)]
    require(not raising, f"files run with another's rights: {', '.join(raising[:3])}")
    open_ = [name for name, mode in files if mode & stat.S_IWOTH]
    require(not open_, f"files may be changed by everybody: {', '.join(open_[:3])}")
    return f"{len(files)} files, none with set-user-ID or set-group-ID, none that everybody may change"


@case("TS 33.117", "4.2.4.2.2", "inside")
async def unique_system_accounts(lab: Lab) -> str:
    """Every account of the host has a number of its own, and root's is root's alone."""
    users = lab.inside.users()
    need(users, "the host tells no accounts")
    numbers = [number for _, number in users]
    twice = sorted({name for name, number in users if numbers.count(number) > 1})
    require(not twice, f"accounts share a number: {', '.join(twice)}")
    return f"{len(users)} accounts of the host, {len(set(numbers))} numbers"


@case("TS 33.117", "4.3.4.8", "inside")
async def web_files(lab: Lab) -> str:
    """What the web server serves may be changed by its owner alone."""
    files = [(name, mode) for name, mode in lab.inside.files() if name.startswith("_console/")]
    need(files, "the console was not built")
    loose = [name for name, mode in files if mode & (stat.S_IWGRP | stat.S_IWOTH) or mode & 0o111]
    require(not loose, f"others may change, or execute, {', '.join(loose[:3])}")
    return f"{len(files)} files of the console: written by their owner alone, executed by nobody"


@case("TS 33.117", "4.3.2.7", "inside")
async def files_are_their_owners(lab: Lab) -> str:
    """What a network keeps is read and written by its owner alone."""
    found = await lab.inside.kept()
    need(len(found) > 2, "nothing was kept")
    loose = [f"{name} {mode & 0o777:o}" for name, mode in found if mode & 0o077]
    require(not loose, f"others have rights to {', '.join(loose)}")
    return f"{len(found)} files and folders: {', '.join(sorted({f'{mode & 0o777:o}' for _, mode in found}))}"


@case("TS 33.117", "4.3.4.2", "inside")
async def web_server_privileges(lab: Lab) -> str:
    """The web server needs no privileges, and runs without them."""
    for setting in lab.inside.defaults()["management.listen"]:
        port = int(setting.rpartition(":")[2] or 0)
        require(
            port >= UNPRIVILEGED, f"by default the console is on port {port}, which only the administrator may open"
        )
    served = await lab.inside.unprivileged()
    require(served.status == 200, f"without privileges the console answers nobody: status {served.status}")
    require(served.user != 0, "the console still runs as root")
    require(not served.capabilities, f"the console still has capabilities: {served.capabilities:x}")
    return f"the console's port needs no privilege, and user {served.user} without any capability serves it"


@case("TS 33.117", "4.3.2.6", "console")
async def no_remote_login(lab: Lab) -> str:
    """Nothing lets anybody log in to the host from afar, least of all its administrator."""
    await lab.console()
    if "inside" in lab.surfaces:
        places = sorted((host, port) for protocol, host, port in lab.inside.listening() if protocol == "tcp")
    else:
        places = [(host, port) for host in lab.profile.core for port in LOGINS]
    need(places, "there is no address to look at")
    found = [f"{host}:{port}" for host, port in places if logs_in(await greeting(host, port))]
    if "inside" in lab.surfaces:
        require(not found, f"a login to the host is offered at {', '.join(found)}")
    else:
        need(not found, f"logins are offered at {', '.join(found)}: whom they admit is for their operator to show")
    return f"{len(places)} TCP ports, none of them a login to the host"


async def greeting(host: str, port: int) -> bytes:
    """What a TCP service says before anybody spoke."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await reader.read(64)
            finally:
                writer.close()
    return b""


def logs_in(greeted: bytes) -> bool:
    """Whether a greeting is that of SSH (RFC 4253 4.2), Telnet (RFC 854) or a remote desktop (RFC 6143 7.1.1)."""
    return greeted.startswith((b"SSH-", b"\xff", b"RFB ")) or b"login:" in greeted.lower()


@case("TS 33.117", "4.3.3.1.6", "inside")
async def restricted_mounts(lab: Lab) -> str:
    """What others than root mount brings no device, and no file with another's rights."""
    found = lab.inside.mounts()
    for each in found:
        lacking = [name for name in ("nosuid", "nodev") if name not in each.options]
        require(not lacking, f"{each.place} may be mounted without {' and '.join(lacking)} ({each.source})")
    said = f"{len(found)} may" if found else "none may"
    return f"of the host's file systems {said} be mounted by others than root, and the product mounts none"


@case("TS 33.117", "4.3.2.1", "inside")
async def no_unnecessary_service(lab: Lab) -> str:
    """The network listens where its configuration says, and nowhere else."""
    console = await lab.console()
    declared = {("tcp", *console.address), ("udp", *lab.n3_target())}
    found = lab.inside.listening()
    extra = {f"{protocol} {host}:{port}" for protocol, host, port in found - declared}
    require(not extra, f"it listens at {', '.join(sorted(extra))}, which nothing declares")
    need(declared <= found, "what is declared does not listen")
    return f"{len(found)} sockets: N3 and the console"


@case("TS 33.117", "4.3.2.2", "inside")
async def restricted_reachability(lab: Lab) -> str:
    """Without a setting nothing listens beyond the host."""
    for setting, places in lab.inside.defaults().items():
        for place in places:
            if not place or place.startswith("unix:"):
                continue
            host = place.rpartition(":")[0].strip("[]") or place
            require(ip_address(host).is_loopback, f"by default {setting} is {place}, which others reach")
    await lab.console()
    beyond = [f"{host}:{port}" for _, host, port in lab.inside.listening() if not ip_address(host).is_loopback]
    require(not beyond, f"it listens at {', '.join(beyond)}, beyond the host")
    return "by default every service is on loopback, in the process or on a socket of its owner"


@case("TS 33.117", "4.4.2", "N3")
async def port_scan(lab: Lab) -> str:
    """Every port that answers is one that the owner declares."""
    if "inside" in lab.surfaces:
        console = await lab.console()
        found = lab.inside.listening()
        answering = [port for protocol, host, port in found if protocol == "tcp" and await answers(host, port)]
        require(
            set(answering) <= {console.address[1]}, f"TCP ports {answering} answer, {console.address[1]} is declared"
        )
        require(len([one for one in found if one[0] == "udp"]) == 1, "another UDP port than that of N3 is open")
        return f"TCP {answering}, UDP {lab.n3_target()[1]}: what is declared"
    declared = set(lab.profile.ports)
    said = []
    for host in lab.profile.core:
        open_ = await open_ports(host)
        require(
            set(open_) <= declared, f"{host}: TCP ports {sorted(set(open_) - declared)} answer and are not declared"
        )
        said.append(f"{host}: {open_}")
    need(said, "the target names no address to scan")
    return f"{len(SCANNED)} TCP ports each: {'; '.join(said)}"


async def open_ports(host: str) -> list[int]:
    """The TCP ports of `SCANNED` that take a connection."""
    ports, found = iter(SCANNED), list[int]()

    async def look() -> None:
        for port in ports:
            if await answers(host, port):
                found.append(port)

    await asyncio.gather(*(look() for _ in range(AT_ONCE)))
    return sorted(found)


async def answers(host: str, port: int) -> bool:
    """Whether a TCP port takes a connection."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def kernel(name: str) -> str:
    """A setting of the kernel; empty where it does not tell."""
    place = Path("/proc/sys") / name
    return place.read_text(encoding="ascii").strip() if place.exists() else ""


def memory() -> list[str]:
    """The process's map of its memory, a line a region."""
    return Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines()


@case("TS 33.117", "4.3.3.1.4", "console")
async def syn_flood(lab: Lab) -> str:
    """Connections that are opened and never used keep nobody out."""
    guest = await visitor(lab)
    before = await guest.ask("GET", "/")
    need(before.status, "the console answers nothing")
    async with contextlib.AsyncExitStack() as stack:
        opened = 0
        for _ in range(IDLERS):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    _, writer = await asyncio.open_connection(*guest.web.address)
                stack.callback(writer.close)
                opened += 1
        came = await guest.ask("GET", "/")
        require(
            came.status == before.status,
            f"beside {opened} idle connections nobody is served: status {came.status}, {before.status} before",
        )
    if "inside" in lab.surfaces:
        require(
            kernel("net/ipv4/tcp_syncookies") != "0",
            "the host answers floods of SYN without cookies (net.ipv4.tcp_syncookies = 0)",
        )
    return f"served beside {opened} idle connections; the host uses SYN cookies where it tells"


def segments(library: bytes) -> dict[int, int]:
    """Flags of a 64-bit ELF file's program headers by type."""
    if library[:5] != b"\x7fELF\x02":
        return {}
    order = "<" if library[5] == 1 else ">"
    offset = struct.unpack_from(f"{order}Q", library, 32)[0]
    size, count = struct.unpack_from(f"{order}HH", library, 54)
    found = {}
    for number in range(count):
        kind, flags = struct.unpack_from(f"{order}II", library, offset + number * size)
        found[kind] = flags
    return found


@case("TS 33.117", "4.3.3.1.5", "inside")
async def buffer_overflow(lab: Lab) -> str:
    """What overflows cannot be executed or found: no executable stack, read-only relocations, random addresses."""
    found = segments(lab.inside.native())
    need(found, "the native library is no 64-bit ELF file")
    require(
        PT_GNU_STACK in found and not found[PT_GNU_STACK] & EXECUTABLE,
        "the native library asks for an executable stack",
    )
    require(PT_GNU_RELRO in found, "the native library's relocations stay writable")
    level = kernel("kernel/randomize_va_space") or "2"
    require(level == "2", f"the host does not randomise addresses in full (kernel.randomize_va_space = {level})")
    both = [line.split()[-1] for line in memory() if "rwx" in line.split()[1] and "freehold" in line]
    require(not both, f"memory of {both[:1]} may be written and executed")
    return "no executable stack, read-only relocations, full address space randomisation"
