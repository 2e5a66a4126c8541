"""nftables by its JSON interface, and the kernel's word of each refused packet (NFLOG)."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from freehold.net.xdp import InterfaceCounts, interface_counts
from freehold.spec.errors import Unusable
from freehold.trust.flows.packets import describe
from freehold.trust.flows.policy import GROUP, TABLE, Policy
from freehold.trust.flows.report import Counted, Interface

# linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nfnetlink_log.h
_HEADER: Final = struct.Struct("=IHHII")
_FAMILY: Final = struct.Struct(">BBH")
_NETFILTER, _LOG = 12, 4
_PACKET, _CONFIG = _LOG << 8, _LOG << 8 | 1
_REQUEST, _ACKNOWLEDGE, _ERROR = 1, 4, 2
_COMMAND, _MODE, _THRESHOLD, _TIMEOUT = 1, 2, 5, 4
_PAYLOAD, _PREFIX, _UID, _OUT = 9, 10, 11, 5
_BIND, _COPY = 1, 2
_LONGEST: Final = 1 << 16
_BUFFER: Final = 4 << 20
INTERFACES: Final = "freehold_flows_links"
_SEEN: Final = (
    ("inet", "seen_in", "prerouting", -400, "iifname"),
    ("inet", "seen_out", "postrouting", 400, "oifname"),
    ("arp", "asked_in", "input", 0, "iifname"),
    ("arp", "asked_out", "output", 0, "oifname"),
)
"""Sets of counters by interface: of which family, at which hook and priority, by which name of the interface."""


class Told(msgspec.Struct, frozen=True):
    """A refused packet: the hook, what it was, and the user whose process sent it, where the kernel knows one."""

    hook: str
    what: str
    uid: int | None = None


class Nftables:
    """The rules of a policy in this thread's network namespace, from `enter` to `leave`."""

    def __init__(self, policy: Policy) -> None:
        self._program = shutil.which("nft") or ""
        if not self._program:
            raise Unusable("nft is not installed: apt-get install nftables")
        self.policy = policy
        self._links: dict[str, tuple[int, int]] = {}
        self._programs = Programs()

    def __enter__(self) -> Self:
        self._do(self.policy.ruleset())
        self._run(["-f", "-"], _links_ruleset())
        self._links = _driver_counts()
        self._programs.look()
        self._programs.begin()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Unusable):
            self._do({"nftables": [{"delete": {"table": {"family": "inet", "name": TABLE}}}]})
        for family in ("inet", "arp"):
            with contextlib.suppress(Unusable):
                self._do({"nftables": [{"delete": {"table": {"family": family, "name": INTERFACES}}}]})

    def counters(self) -> dict[str, Counted]:
        """Every counter; a sum holds exactly where no packet comes between the reading of two."""
        listed = self._ask("counters", "table", "inet", TABLE)
        found = [each["counter"] for each in listed["nftables"] if "counter" in each]
        return {each["name"]: Counted(each["packets"], each["bytes"]) for each in found}

    def look(self) -> None:
        """Read what goes with the process that counts it; from time to time."""
        self._programs.look()

    def interfaces(self) -> tuple[Interface, ...]:
        """Each interface since the rules came into force."""
        self._programs.look()
        seen: Counter[tuple[str, str]] = Counter()
        for family, name, *_ in _SEEN:
            for each in self._ask("set", family, INTERFACES, name)["nftables"]:
                for element in each.get("set", {}).get("elem", ()):
                    inner = element["elem"]
                    seen[name.rpartition("_")[2], inner["val"]] += inner["counter"]["packets"]
        found = []
        for name, (received, sent) in _driver_counts().items():
            before = self._links.get(name, (0, 0))
            counts = (received - before[0], sent - before[1])
            found.append(Interface(name, *counts, seen["in", name], seen["out", name], *self._programs.of(name)))
        return tuple(found)

    def _do(self, commands: dict[str, Any]) -> None:
        self._run(["-j", "-f", "-"], json.dumps(commands))

    def _ask(self, *what: str) -> dict[str, Any]:
        return json.loads(self._run(["-j", "list", *what]))  # type: ignore[no-any-return]

    def _run(self, arguments: list[str], fed: str = "") -> str:
        finished = subprocess.run(  # noqa: S603 - our own words
            [self._program, *arguments], input=fed, capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise Unusable(f"nft: {finished.stderr.strip()[:400]}")
        return finished.stdout


class Programs:
    """What the fast path's program did by interface, also where it came late or another took its place."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int, int]] = {}
        self._sum: Counter[tuple[str, int]] = Counter()

    def begin(self) -> None:
        """Count from here on."""
        self._sum.clear()

    def look(self) -> None:
        """Read once more, and add what came."""
        for name, counts in interface_counts().items():
            now = _parts(counts)
            before = self._last.get(name, (0, 0, 0))
            if any(one < other for one, other in zip(now, before, strict=True)):  # another program, from nothing
                before = (0, 0, 0)
            for number, (one, other) in enumerate(zip(now, before, strict=True)):
                self._sum[name, number] += one - other
            self._last[name] = now

    def of(self, name: str) -> tuple[int, int, int]:
        """Packets of one interface: forwarded, dropped, given to it."""
        return self._sum[name, 0], self._sum[name, 1], self._sum[name, 2]


def _parts(counts: InterfaceCounts) -> tuple[int, int, int]:
    return counts.redirected, counts.dropped, counts.transmitted


def _links_ruleset() -> str:
    """Counters of packets by interface, outside of all other rules: what the driver counts beside them is seen.

    In nftables' language, since its JSON knows no dynamic sets.
    """
    script = ""
    for family, name, hook, priority, key in _SEEN:
        if name.endswith("in"):  # the first of its family: nothing of an earlier run stays
            script += f"add table {family} {INTERFACES}\ndelete table {family} {INTERFACES}\n"
        script += (
            f"table {family} {INTERFACES} {{\n"
            f"  set {name} {{ type ifname; flags dynamic; size 1024; }}\n"
            f"  chain {hook} {{ type filter hook {hook} priority {priority}; policy accept;\n"
            f"    add @{name} {{ {key} counter }}\n  }}\n}}\n"
        )
    return script


def _driver_counts() -> dict[str, tuple[int, int]]:
    """Packets received and sent by each interface but the loopback, in this thread's namespace."""
    found = {}
    for line in Path("/proc/thread-self/net/dev").read_text(encoding="ascii").splitlines()[2:]:
        name, _, counts = line.strip().partition(":")
        fields = counts.split()
        if name != "lo":
            found[name] = (int(fields[1]), int(fields[9]))
    return found


def default_route() -> bool:
    """Whether this namespace has a way to everywhere."""
    lines = Path("/proc/thread-self/net/route").read_text(encoding="ascii").splitlines()[1:]
    six = Path("/proc/thread-self/net/ipv6_route")
    lines6 = six.read_text(encoding="ascii").splitlines() if six.exists() else []
    return any(line.split()[1] == "00000000" and line.split()[7] == "00000000" for line in lines) or any(
        line.split()[1] == "00" and line.split()[9] != "lo" for line in lines6
    )


class RefusedPackets:
    """A socket on which the kernel tells of every packet that the policy refused."""

    def __init__(self, group: int = GROUP) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        except OSError as error:
            raise Unusable(f"NFLOG: {(error.strerror or str(error)).lower()}") from None
        self.lost = 0
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, 33, _BUFFER)  # SO_RCVBUFFORCE
        self._socket.bind((0, 0))
        self._configure(group, _attribute(_COMMAND, bytes([_BIND])))
        at_once = _attribute(_THRESHOLD, struct.pack(">I", 1)) + _attribute(_TIMEOUT, struct.pack(">I", 1))
        self._configure(group, _attribute(_MODE, struct.pack(">IBx", _LONGEST - 1, _COPY)) + at_once)

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()

    def read(self, seconds: float) -> list[Told]:
        """What was refused, as soon as something is, or nothing after so many seconds."""
        self._socket.settimeout(max(seconds, 0.001))
        try:
            return list(_told(self._socket.recv(_LONGEST)))
        except TimeoutError:
            return []
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.lost += 1  # more than the kernel keeps for us: the counters have them all
            return []

    def _configure(self, group: int, attributes: bytes) -> None:
        body = _FAMILY.pack(socket.AF_UNSPEC, 0, group) + attributes
        header = _HEADER.pack(_HEADER.size + len(body), _CONFIG, _REQUEST | _ACKNOWLEDGE, 1, 0)
        self._socket.send(header + body)
        answer = self._socket.recv(_LONGEST)
        failed = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if _HEADER.unpack_from(answer)[1] == _ERROR and failed:
            raise Unusable(f"NFLOG: {os.strerror(failed).lower()}")


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def _told(octets: bytes) -> Iterator[Told]:
    at = 0
    while at + _HEADER.size <= len(octets):
        length, kind, _, _, _ = _HEADER.unpack_from(octets, at)
        if length < _HEADER.size:
            return
        if kind == _PACKET:
            found = _attributes(octets[at + _HEADER.size + _FAMILY.size : at + length])
            prefix = found.get(_PREFIX, b"").rstrip(b"\0").decode("ascii", "replace")
            uid = int.from_bytes(found[_UID], "big") if _UID in found else None
            yield Told(prefix, describe(found.get(_PAYLOAD, b"")), uid)
        at += length + -length % 4


def _attributes(octets: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(octets):
        length, kind = struct.unpack_from("=HH", octets, at)
        if length < 4:
            break
        found[kind & 0x3FFF] = octets[at + 4 : at + length]
        at += length + -length % 4
    return found
