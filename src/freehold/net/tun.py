"""N6 as an interface of the host: a TUN with its addresses, forwarding and masquerade, all taken back on close."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
    ip_network,
)
from pathlib import Path
from typing import Final, Literal

import msgspec

from freehold.spec.errors import Unusable

Mode = Literal["nat", "route"]
"""`nat` hides terminals behind the host; `route` leaves their addresses, and other routers need a return route."""

DEVICE: Final = "/dev/net/tun"
FORWARDING: Final = {4: Path("/proc/sys/net/ipv4/ip_forward"), 6: Path("/proc/sys/net/ipv6/conf/all/forwarding")}
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
NO_ADDRESS: Final = "1"
"""The kernel makes no link-local address of its own (addr_gen_mode)."""
SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
SIOCSIFADDR: Final = 0x8916
SIOCSIFNETMASK: Final = 0x891C
SIOCSIFMTU: Final = 0x8922
SIOCSIFTXQLEN: Final = 0x8943
IFF_UP: Final = 0x1
IPTABLES: Final = {4: "iptables", 6: "ip6tables"}

Interface = IPv4Interface | IPv6Interface
Runner = Callable[[list[str], str | None], "subprocess.CompletedProcess[str]"]


class TunSettings(msgspec.Struct, frozen=True):
    """A TUN for the terminals' pools, one of each IP version at most.

    The first address of each becomes the host's, the gateway of the terminals.
    """

    pools: tuple[str, ...]
    mode: Mode
    mtu: int = 1400
    name: str = f"{PREFIX}%d"


class Tun:
    """An open TUN; closing it, once the user plane let go of it, takes back everything that was changed for it."""

    def __init__(self, settings: TunSettings, run: Runner | None = None) -> None:
        self._pools = tuple(map(ip_network, settings.pools))
        self._run = run or _run
        self._undo = ExitStack()
        try:
            self.descriptor, self.name, self.offloads = _open(settings.name)
            self._undo.callback(os.close, self.descriptor)
            _configure(self.name, map(_gateway, self._pools), settings.mtu)
            self._forward(settings.mode)
        except BaseException:
            self._undo.close()
            raise

    @property
    def gateways(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """The host's addresses towards the terminals."""
        return tuple(_gateway(pool).ip for pool in self._pools)

    def set_mtu(self, mtu: int) -> None:
        """Have the host send packets of at most so many octets into it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            _set(control, self.name, SIOCSIFMTU, struct.pack("=i20x", mtu))

    def close(self) -> None:
        """Remove rules and interface; forwarding goes back to what it was."""
        self._undo.close()

    def return_routes(self, host: str) -> tuple[str, ...]:
        """What other routers need with `route`: `host` is this machine's address on their side."""
        return tuple(f"ip {'-6 ' if pool.version == 6 else ''}route add {pool} via {host}" for pool in self._pools)

    # --- Forwarding and masquerade ---------------------------------------------------------------
    def _forward(self, mode: Mode) -> None:
        for pool in self._pools:
            if pool.version == 6:
                self._keep_router()
            self._set(FORWARDING[pool.version], "0", "1")
            self._admit(pool)
            if mode == "nat":
                self._masquerade(pool)

    def _keep_router(self) -> None:
        """A host that forwards takes no router advertisements any more, unless it is told to go on (accept_ra 2)."""
        for place in SETTINGS_6.glob("*/accept_ra"):
            if place.parent.name != self.name:
                self._set(place, "1", "2")

    def _set(self, place: Path, old: str, new: str) -> None:
        """Change a setting of the kernel that has its `old` value, until the end."""
        before = place.read_text(encoding="ascii")
        if before.strip() != old:
            return
        try:
            place.write_text(new, encoding="ascii")
        except OSError as error:
            raise Unusable(f"{place} cannot be set to {new} ({error.strerror}); set it, then start again") from error
        self._undo.callback(_restore, place, before)

    def _masquerade(self, pool: IPv4Network | IPv6Network) -> None:
        family = "ip6" if pool.version == 6 else "ip"
        if shutil.which("nft"):
            table = f"freehold_{self.name}"
            # Added, deleted and added: what a killed process left is gone, in one transaction.
            self._nft(
                f"add table {family} {table}\ndelete table {family} {table}\nadd table {family} {table}\n"
                f"add chain {family} {table} out {{ type nat hook postrouting priority srcnat; }}\n"
                f'add rule {family} {table} out {family} saddr {pool} oifname != "{self.name}" masquerade\n'
            )
            self._undo.callback(self._nft, f"delete table {family} {table}\n")
        elif shutil.which(IPTABLES[pool.version]):
            rule = ["POSTROUTING", "-s", str(pool), "!", "-o", self.name, "-j", "MASQUERADE"]
            self._iptables(pool.version, ["-t", "nat"], rule)
        else:
            raise Unusable(f'n6 = "nat" needs nft or {IPTABLES[pool.version]}: install nftables, or set n6 = "route"')

    def _admit(self, pool: IPv4Network | IPv6Network) -> None:
        """Let packets of the terminals through a host firewall that drops what it forwards."""
        program = IPTABLES[pool.version]
        if not shutil.which(program):
            return
        policy = self._run([program, "-S", "FORWARD"], None)
        if policy.returncode == 0 and policy.stdout.startswith("-P FORWARD DROP"):
            self._iptables(pool.version, [], ["FORWARD", "-i", self.name, "-j", "ACCEPT"])
            self._iptables(pool.version, [], ["FORWARD", "-o", self.name, "-j", "ACCEPT"])

    def _iptables(self, version: int, table: list[str], rule: list[str]) -> None:
        program, (chain, *match) = IPTABLES[version], rule
        if self._run([program, *table, "-C", chain, *match], None).returncode != 0:
            self._must([program, *table, "-I", chain, *match])
        self._undo.callback(self._run, [program, *table, "-D", chain, *match], None)

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

    def __init__(self, addresses: Iterable[str], mtu: int, name: str = f"{PREFIX}ue%d") -> None:
        self.descriptor, self.name, self.offloads = _open(name)
        try:
            _configure(self.name, map(ip_interface, addresses), mtu)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the interface, once the access engine let go of it; harmless when done twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _gateway(pool: IPv4Network | IPv6Network) -> Interface:
    """The host's address in a pool, with the pool's length."""
    return ip_interface((pool.network_address + 1, pool.prefixlen))


def _restore(place: Path, value: str) -> None:
    with suppress(OSError):  # an interface may be gone
        place.write_text(value, encoding="ascii")


def _configure(name: str, addresses: Iterable[Interface], mtu: int) -> None:
    """Give an interface its addresses, and bring it up."""
    chosen = tuple(addresses)
    ipv6 = tuple(address for address in chosen if address.version == 6)
    _settle_6(name, wanted=bool(ipv6))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for address in chosen:
            if isinstance(address, IPv4Interface):
                _set(control, name, SIOCSIFADDR, _address(address.ip))
                _set(control, name, SIOCSIFNETMASK, _address(address.netmask))
        _set(control, name, SIOCSIFMTU, struct.pack("=i20x", mtu))
        _set(control, name, SIOCSIFTXQLEN, struct.pack("=i20x", QUEUE))
        request = struct.pack("=16s24x", name.encode())
        flags: int = struct.unpack("=16sH22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        _set(control, name, SIOCSIFFLAGS, struct.pack("=H22x", flags | IFF_UP))
    for address in ipv6:
        _add_6(name, address)


def _settle_6(name: str, *, wanted: bool) -> None:
    """No router solicitations and no addresses of the kernel's own: those of a session come from its network."""
    settings = SETTINGS_6 / name
    if not settings.exists():
        if wanted:
            raise Unusable("the kernel has no IPv6 (ipv6.disable): leave pool6 out")
        return
    values = {"disable_ipv6": "0", "addr_gen_mode": NO_ADDRESS, "accept_ra": "0"} if wanted else {"disable_ipv6": "1"}
    for setting, value in values.items():
        (settings / setting).write_text(value, encoding="ascii")


def _add_6(name: str, address: Interface) -> None:
    """Add an IPv6 address with the route to its network (struct in6_ifreq)."""
    request = struct.pack("=16sIi", address.ip.packed, address.network.prefixlen, socket.if_nametoindex(name))
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCSIFADDR, request)
    except OSError as error:
        raise Unusable(f"interface {name}: {address}: {error.strerror}") from error


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
