"""N6 as an interface of the host: a TUN with its address, forwarding and masquerade, all taken back on close."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Final, Literal

import msgspec

from freehold.spec.errors import Unusable

Mode = Literal["nat", "route"]
"""`nat` hides terminals behind the host; `route` leaves their addresses, and other routers need a return route."""

DEVICE: Final = "/dev/net/tun"
FORWARDING: Final = Path("/proc/sys/net/ipv4/ip_forward")
SETTINGS_6: Final = Path("/proc/sys/net/ipv6/conf")
PREFIX: Final = "fh"
QUEUE: Final = 4000

# linux/if_tun.h, linux/sockios.h, linux/if.h
TUNSETIFF: Final = 0x400454CA
IFF_TUN: Final = 0x0001
IFF_NO_PI: Final = 0x1000
IFF_VNET_HDR: Final = 0x4000
TUNSETVNETHDRSZ: Final = 0x400454D8
TUNSETOFFLOAD: Final = 0x400454D0
TUN_F_TCP: Final = 0x01 | 0x02 | 0x04  # checksums, TSO4, TSO6
TUN_F_UDP: Final = 0x20 | 0x40  # USO4, USO6, from Linux 6.2
OFFLOAD_HEADER: Final = 10
SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
SIOCSIFADDR: Final = 0x8916
SIOCSIFNETMASK: Final = 0x891C
SIOCSIFMTU: Final = 0x8922
SIOCSIFTXQLEN: Final = 0x8943
IFF_UP: Final = 0x1

Runner = Callable[[list[str], str | None], "subprocess.CompletedProcess[str]"]


class TunSettings(msgspec.Struct, frozen=True):
    """A TUN for one pool of terminals: its first address becomes the host's, the gateway of the terminals."""

    pool: str
    mode: Mode
    mtu: int = 1400
    name: str = f"{PREFIX}%d"


class Tun:
    """An open TUN; closing it, once the user plane let go of it, takes back everything that was changed for it."""

    def __init__(self, settings: TunSettings, run: Runner | None = None) -> None:
        self._pool = IPv4Network(settings.pool)
        self._run = run or _run
        self._undo = ExitStack()
        try:
            self.descriptor, self.name, self.offloads = _open(settings.name)
            self._undo.callback(os.close, self.descriptor)
            _configure(self.name, self.gateway, self._pool.netmask, settings.mtu)
            self._forward(settings.mode)
        except BaseException:
            self._undo.close()
            raise

    @property
    def gateway(self) -> IPv4Address:
        """The host's address towards the terminals."""
        return self._pool.network_address + 1

    def close(self) -> None:
        """Remove rules and interface; forwarding goes back to what it was."""
        self._undo.close()

    def return_route(self, host: str) -> str:
        """What other routers need with `route`: `host` is this machine's address on their side."""
        return f"ip route add {self._pool} via {host}"

    # --- Forwarding and masquerade ---------------------------------------------------------------
    def _forward(self, mode: Mode) -> None:
        before = FORWARDING.read_text(encoding="ascii")
        if before.strip() == "0":
            try:
                FORWARDING.write_text("1", encoding="ascii")
            except OSError as error:
                raise Unusable(
                    f"{FORWARDING} cannot be set to 1 ({error.strerror}); set it, then start again"
                ) from error
            self._undo.callback(FORWARDING.write_text, before, encoding="ascii")
        self._admit()
        if mode == "nat":
            self._masquerade()

    def _masquerade(self) -> None:
        if shutil.which("nft"):
            table = f"freehold_{self.name}"
            # Added, deleted and added: what a killed process left is gone, in one transaction.
            self._nft(
                f"add table ip {table}\ndelete table ip {table}\nadd table ip {table}\n"
                f"add chain ip {table} out {{ type nat hook postrouting priority srcnat; }}\n"
                f'add rule ip {table} out ip saddr {self._pool} oifname != "{self.name}" masquerade\n'
            )
            self._undo.callback(self._nft, f"delete table ip {table}\n")
        elif shutil.which("iptables"):
            rule = ["POSTROUTING", "-s", str(self._pool), "!", "-o", self.name, "-j", "MASQUERADE"]
            self._iptables(["-t", "nat"], rule)
        else:
            raise Unusable('n6 = "nat" needs nft or iptables: install nftables, or set n6 = "route"')

    def _admit(self) -> None:
        """Let packets of the terminals through a host firewall that drops what it forwards."""
        if not shutil.which("iptables"):
            return
        policy = self._run(["iptables", "-S", "FORWARD"], None)
        if policy.returncode == 0 and policy.stdout.startswith("-P FORWARD DROP"):
            self._iptables([], ["FORWARD", "-i", self.name, "-j", "ACCEPT"])
            self._iptables([], ["FORWARD", "-o", self.name, "-j", "ACCEPT"])

    def _iptables(self, table: list[str], rule: list[str]) -> None:
        chain, *match = rule
        if self._run(["iptables", *table, "-C", chain, *match], None).returncode != 0:
            self._must(["iptables", *table, "-I", chain, *match])
        self._undo.callback(self._run, ["iptables", *table, "-D", chain, *match], None)

    def _nft(self, script: str) -> None:
        self._must(["nft", "-f", "-"], script)

    def _must(self, command: list[str], given: str | None = None) -> None:
        done = self._run(command, given)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["failed"])[0]
            raise Unusable(f"{command[0]} for {self.name}: {reason}")


class TerminalTun:
    """A TUN that is a terminal's interface in one PDU session: programs of the host are the terminal's programs.

    It may be moved to a network namespace of its own (`ip link set NAME netns TERMINAL`), as a host that is also the
    data network needs it. Unusable without root or CAP_NET_ADMIN.
    """

    def __init__(self, address: str, mtu: int, name: str = f"{PREFIX}ue%d") -> None:
        self.descriptor, self.name, self.offloads = _open(name)
        try:
            _configure(self.name, IPv4Address(address), IPv4Address("255.255.255.255"), mtu)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the interface, once the access engine let go of it; harmless when done twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _configure(name: str, address: IPv4Address, netmask: IPv4Address, mtu: int) -> None:
    """Give an interface its address, and bring it up."""
    if (quiet := SETTINGS_6 / name / "disable_ipv6").exists():
        quiet.write_text("1", encoding="ascii")  # no router solicitations to terminals
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set(control, name, SIOCSIFADDR, _address(address))
        _set(control, name, SIOCSIFNETMASK, _address(netmask))
        _set(control, name, SIOCSIFMTU, struct.pack("=i20x", mtu))
        _set(control, name, SIOCSIFTXQLEN, struct.pack("=i20x", QUEUE))
        request = struct.pack("=16s24x", name.encode())
        flags: int = struct.unpack("=16sH22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        _set(control, name, SIOCSIFFLAGS, struct.pack("=H22x", flags | IFF_UP))


def _set(control: socket.socket, name: str, request: int, value: bytes) -> None:
    try:
        fcntl.ioctl(control, request, struct.pack("=16s24s", name.encode(), value))
    except OSError as error:
        raise Unusable(f"interface {name}: {error.strerror}; does another interface use its addresses?") from error


def _run(command: list[str], given: str | None) -> subprocess.CompletedProcess[str]:
    """Run a command of this module; no argument comes from a peer."""
    path = shutil.which(command[0]) or command[0]
    return subprocess.run([path, *command[1:]], input=given, capture_output=True, text=True, check=False)  # noqa: S603


def _open(name: str) -> tuple[int, str, bool]:
    """Its descriptor, its name, and whether packets have an offload header before them."""
    descriptor = -1
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR
        made = fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("=16sH22x", name.encode(), flags))
        fcntl.ioctl(descriptor, TUNSETVNETHDRSZ, struct.pack("=i", OFFLOAD_HEADER))
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise Unusable(
            f"a TUN needs root or CAP_NET_ADMIN ({DEVICE}: {error.strerror}); without it leave n6 out: "
            "the data network in the process needs no rights"
        ) from error
    for offloads in (TUN_F_TCP | TUN_F_UDP, TUN_F_TCP):  # without them the kernel hands over single packets
        with suppress(OSError):
            fcntl.ioctl(descriptor, TUNSETOFFLOAD, offloads)
            break
    return descriptor, made[:16].rstrip(b"\0").decode(), True


def _address(address: IPv4Address) -> bytes:
    return struct.pack("=HH4s16x", socket.AF_INET, 0, address.packed)
