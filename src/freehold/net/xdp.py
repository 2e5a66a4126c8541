"""The fast path in the kernel: the compiled programs, and what they cost on this machine."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from freehold._native.xdp import classifiers, left_seed, live, load_time, measure, passages
from freehold.net.netlink import Netlink
from freehold.spec.errors import Unusable

Hook = Literal["xdp", "generic", "tc"]
"""Where the program meets packets: in the driver, right after it, or where the host's stack begins."""

BPF_FILES = Path("/sys/fs/bpf")
CAPABILITIES = "the fast path in the kernel needs root, or CAP_BPF with CAP_NET_ADMIN"


def program(name: str) -> bytes:
    """The object that `make setup` compiled from bpf/NAME.bpf.c."""
    return files("freehold._gen").joinpath(f"{name}.bpf.o").read_bytes()


def names() -> Path | None:
    """The folder for what is to outlive this process, one a network namespace; None without a BPF file system."""
    if not BPF_FILES.is_mount():
        return None
    return BPF_FILES / "freehold" / str(Path("/proc/thread-self/ns/net").stat().st_ino)


def kept_seed() -> bytes | None:
    """What the tunnels were made of (16 octets) of a process that left its program here; None where none did."""
    folder = names()
    return None if folder is None else left_seed(folder)


class InterfaceCounts(msgspec.Struct, frozen=True):
    """Packets of one interface as the fast path's program counts them, since it was attached there.

    `received` are `redirected` (to another interface, past the host), `passed` to the host, and `dropped`;
    `transmitted` are those that were redirected to this one.
    """

    received: int
    redirected: int
    passed: int
    dropped: int
    transmitted: int


def interface_counts() -> dict[str, InterfaceCounts]:
    """What fast paths did with the packets of each interface of this thread's network namespace, by its name.

    Whichever process loaded the program: it is asked for by the interfaces. Counts go on when a process takes over from
    another. A packet is one frame of XDP, of TC one packet of the host's stack. Empty where no program is, or none may
    be read (CAP_SYS_ADMIN).
    """
    netlink = Netlink()
    try:
        links = netlink.links()
    finally:
        netlink.close()
    programs = {link.program for link in links.values() if link.program}
    for link in links.values():
        programs.update(classifiers(link.name))
    try:
        found = passages(sorted(programs)) if programs else []
    except OSError:
        return {}
    return {
        links[device].name: InterfaceCounts(redirected + up + dropped, redirected, up, dropped, transmitted)
        for device, up, dropped, redirected, transmitted in found
        if device in links
    }


def measure_xdp(sessions: int, octets: int, *, uplink: bool, packets: int, hidden: bool = False) -> tuple[float, float]:
    """Nanoseconds a packet of the program, and of a bare redirect in the same run, by the kernel's own clock.

    With `hidden`, terminals share an address and each has one connection. Unusable says what this machine lacks.
    """
    try:
        return measure((program("userplane"), program("bench")), sessions, octets, uplink, packets, hidden)
    except OSError as error:
        raise unusable(error) from error


def measure_live(at: Hook, sessions: int, octets: int, *, uplink: bool, seconds: float) -> tuple[float, float, float]:
    """Packets a second of one core over two cables, of the program and of a bare redirect in the same run; the loss.

    Generator, cables, user plane and sink all count. Unusable says what is missing on this machine.
    """
    try:
        return live((program("userplane"), program("bench")), at, (sessions, octets, uplink), seconds)
    except OSError as error:
        raise unusable(error) from error


def measure_loading(sessions: int) -> float:
    """Seconds that the program takes to be loaded with that many sessions. Unusable says what is missing."""
    try:
        return load_time(program("userplane"), sessions)
    except OSError as error:
        raise unusable(error) from error


def unusable(error: OSError) -> Unusable:
    """One line on what this machine lacks for the fast path."""
    if isinstance(error, PermissionError):
        return Unusable(CAPABILITIES)
    return Unusable(f"this kernel refuses the fast path: {str(error).splitlines()[0]}")
