"""What a machine has and lacks for the configured network, in words and with the remedy."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from freehold.app.config import Configuration, data_folder, socket_path
from freehold.app.requests import Client
from freehold.net import sctp
from freehold.net.endpoints import N2_PORT, UNIX, parse_address
from freehold.services.datagram import Address
from freehold.spec.errors import Unusable

GTPU_PORT, PFCP_PORT = 2152, 8805
TUNNEL_OVERHEAD: Final = {4: 20 + 8 + 16, 6: 40 + 8 + 16}
"""IP of either version, UDP, and GTP-U with its PDU session container (TS 29.281 5, TS 38.415 5.5)."""
BUILT: Final = 1_767_225_600
"""No machine's clock is before 2026-01-01 00:00 UTC."""
IPV6_SETTINGS: Final = Path("/proc/sys/net/ipv6")
TUNSETIFF: Final = 0x400454CA
IFF_TUN_NO_PI: Final = 0x1001
NG_SETUP_REFUSED: Final = "TS 38.413 8.7.1.3"
"""The clause of every event about a refused NG Setup, the AMF's and a gNB's."""


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at; `fix` says what to do where it is not good."""

    check: str
    state: Literal["good", "limited", "bad"]
    what: str
    fix: str = ""


Check = Callable[[Configuration], Iterator[Finding]]


def examine(configuration: Configuration) -> list[Finding]:
    """Every check, in the order a newcomer meets their subjects."""
    return [finding for check in CHECKS for finding in check(configuration)]


def kernel_sctp(configuration: Configuration) -> Iterator[Finding]:
    """Whether N2 over SCTP is possible, and whether it is wanted."""
    wanted = [text for text in configuration.amf.n2 if not text.startswith(UNIX)]
    if sctp.supported():
        yield Finding("sctp", "good", "the kernel has SCTP: gNBs can connect to N2")
    elif wanted:
        remedy = "load the module: modprobe sctp (Debian: it is in the kernel package), or use a unix: path in amf.n2"
        yield Finding("sctp", "bad", f"the kernel has no SCTP, and amf.n2 asks for {', '.join(wanted)}", remedy)
    else:
        remedy = "only needed for real gNBs: modprobe sctp"
        yield Finding("sctp", "limited", "the kernel has no SCTP: N2 in process and over UNIX sockets only", remedy)


def addresses(configuration: Configuration) -> Iterator[Finding]:
    """Whether the configured N2, N3 and N4 addresses are of this machine and free."""
    asked = [("amf.n2", text, N2_PORT, "SCTP") for text in configuration.amf.n2 if not text.startswith(UNIX)]
    asked += [("smf.n4u", configuration.smf.n4u, GTPU_PORT, "UDP")]
    asked += [("upf.n3_second", configuration.upf.n3_second, GTPU_PORT, "UDP")]
    asked += [("upf.n3", configuration.upf.n3, GTPU_PORT, "UDP"), ("upf.n4", configuration.upf.n4, PFCP_PORT, "UDP")]
    asked = [entry for entry in asked if entry[1]]
    running = Client(socket_path(configuration)).answers()
    for setting, text, port, protocol in asked:
        try:
            address = parse_address(text, port, setting)
        except Unusable as error:
            yield Finding("ports", "bad", str(error))
            continue
        yield bindable(setting, address, protocol, running=running)
    if not asked:
        yield Finding("ports", "good", "no N2, N3 or N4 address is set: nothing listens on the network")


def bindable(setting: str, address: Address, protocol: str, *, running: bool) -> Finding:
    """Whether one address and port can be bound now; one in use by the running network is as it should be."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    where = f"{setting} {protocol} {sctp.show(address)}"
    kind, number = (socket.SOCK_DGRAM, 0) if protocol == "UDP" else (socket.SOCK_STREAM, sctp.IPPROTO_SCTP)
    try:
        with socket.socket(family, kind, number) as probe:
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and running:
            return Finding("ports", "good", f"{where} is in use by the running network")
        remedies = {
            errno.EADDRINUSE: f"stop the other program (ss -anp | grep {address[1]}) or set another port",
            errno.EADDRNOTAVAIL: "set an address of this machine (see `ip address`)",
            errno.EPROTONOSUPPORT: "load the module: modprobe sctp",
        }
        reason = (error.strerror or str(error)).lower()
        return Finding("ports", "bad", f"{where}: {reason}", remedies.get(error.errno or 0, ""))
    return Finding("ports", "good", f"{where} is free")


def tunnels(configuration: Configuration) -> Iterator[Finding]:
    """Whether a TUN can be made, which `n6 = nat` and `route` need."""
    wanted = [section.name for section in configuration.dnn if section.n6 in {"nat", "route", "tap"}]
    reason = tun_refused()
    if not reason:
        yield Finding("tun", "good", "TUN interfaces can be made: n6 = nat, route and tap work")
    elif wanted:
        remedy = "run as root or with CAP_NET_ADMIN (setcap cap_net_admin+ep), or set n6 = relay"
        yield Finding("tun", "bad", f"no TUN can be made ({reason}), and n6 of {', '.join(wanted)} needs one", remedy)
    else:
        remedy = "only n6 = nat, route and tap need it: root or CAP_NET_ADMIN"
        yield Finding("tun", "limited", f"no TUN can be made ({reason}): data networks are in this process", remedy)


def ipv6(configuration: Configuration) -> Iterator[Finding]:
    """Whether the kernel has IPv6 where it is asked for outside of this process."""
    addresses_ = (configuration.upf.n3, configuration.upf.n3_second, *(gnb.n3 for gnb in configuration.gnb))
    wanted = [f"dnn {s.name}" for s in configuration.dnn if s.pool6 is not None and s.n6 in {"nat", "route"}]
    wanted += ["N3"] if any(text.count(":") > 1 for text in addresses_) else []
    if not wanted:
        return
    if IPV6_SETTINGS.exists():
        yield Finding("ipv6", "good", f"the kernel has IPv6, which {', '.join(wanted)} uses")
    else:
        remedy = "start the kernel without ipv6.disable=1, or leave pool6 and IPv6 addresses of N3 out"
        yield Finding("ipv6", "bad", f"the kernel has no IPv6, and {', '.join(wanted)} needs it", remedy)


def tun_refused() -> str:
    """Why a TUN cannot be made; empty where it can."""
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return f"/dev/net/tun: {(error.strerror or str(error)).lower()}"
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"fh-doctor", IFF_TUN_NO_PI))
    except OSError as error:
        return (error.strerror or str(error)).lower()
    finally:
        os.close(device)
    return ""


def mtu(configuration: Configuration) -> Iterator[Finding]:
    """Whether packets of each data network fit through N3 without fragments."""
    if not configuration.upf.n3:
        return
    address = parse_address(configuration.upf.n3, GTPU_PORT, "upf.n3")[0]
    link = link_mtu(address)
    overhead = TUNNEL_OVERHEAD[6 if ":" in address or configuration.upf.n3_second else 4]
    for section in configuration.dnn:
        needed = section.mtu + overhead
        if link is None:
            yield Finding("mtu", "limited", f"the MTU of {address}'s interface is not known")
        elif needed > link:
            remedy = f"set dnn.mtu = {link - overhead} for {section.name}, or raise the link's MTU to {needed}"
            yield Finding("mtu", "bad", f"{section.name}: {needed} octets on N3, and the link carries {link}", remedy)
        else:
            yield Finding("mtu", "good", f"{section.name}: {needed} octets on N3 fit the link's {link}")


def link_mtu(address: str) -> int | None:
    """The MTU of the path's first link from an address of this machine, in octets; None where unknown."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    level, option = (41, 24) if family == socket.AF_INET6 else (0, 14)  # IPV6_MTU, IP_MTU
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return probe.getsockopt(level, option)
    return None


def clock(_: Configuration) -> Iterator[Finding]:
    """Whether the clock can be right: certificates, logs and sequence numbers of other networks depend on it."""
    if time.time() < BUILT:
        yield Finding("clock", "bad", "the clock is before 2026", "set it: timedatectl set-ntp true")
        return
    synchronised = Path("/run/systemd/timesync/synchronized").exists() or Path("/run/chrony/chronyd.pid").exists()
    remedy = "" if synchronised else "where logs or certificates matter: timedatectl set-ntp true"
    what = "the clock is kept by NTP" if synchronised else "the clock is plausible; whether NTP keeps it is not known"
    yield Finding("clock", "good" if synchronised else "limited", what, remedy)


def folders(configuration: Configuration) -> Iterator[Finding]:
    """Whether the data folder can be written."""
    place = data_folder(configuration)
    nearest = next(parent for parent in (place, *place.parents) if parent.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("store", "good", f"the data folder is {place}")
    else:
        remedy = "set store.path to a folder of yours, or run as its owner"
        yield Finding("store", "bad", f"the data folder {place} cannot be written", remedy)


def refused_setups(configuration: Configuration) -> Iterator[Finding]:
    """What the running network refused to gNBs, in words (TS 38.413 8.7.1.3)."""
    client = Client(socket_path(configuration))
    if not client.answers():
        yield Finding("network", "limited", "no network runs here now", "start one: freehold up")
        return
    events: list[dict[str, Any]] = client.get("events")
    refused = [event for event in events if event["clause"] == NG_SETUP_REFUSED]
    for event in refused:
        yield Finding("ng-setup", "bad", f"{event['subject']}: {event['text']}", event["fix"])
    if not refused:
        yield Finding("network", "good", "a network runs here, and it refused no gNB")


CHECKS: Final[tuple[Check, ...]] = (
    kernel_sctp,
    addresses,
    tunnels,
    ipv6,
    mtu,
    clock,
    folders,
    refused_setups,
)
