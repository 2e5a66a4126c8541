"""An interface of frames: N6 of an Ethernet data network, or a terminal in an Ethernet session, taken back on close."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from typing import Final

from freehold.net.tun import DEVICE, IFF_NO_PI, IFF_UP, SETTINGS_6, SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFMTU, TUNSETIFF
from freehold.spec.errors import Unusable

IFF_TAP: Final = 0x0002  # linux/if_tun.h
SIOCBRADDIF: Final = 0x89A2  # linux/sockios.h


class TapInterface:
    """An open TAP that carries frames of so many octets of payload; with `bridge` it is a port of that bridge.

    It has no address of its own: the host gives it one where it is to be a station. Unusable without root or
    CAP_NET_ADMIN, or where there is no such bridge.
    """

    offloads: Final = False
    """No header stands before its frames."""

    def __init__(self, name: str, mtu: int, bridge: str = "") -> None:
        self.descriptor, self.name = _open(name)
        try:
            _settle(self.name)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                _ask(control, self.name, SIOCSIFMTU, struct.pack("=i20x", mtu))
                if bridge:
                    _join(control, bridge, self.name)
                request = struct.pack("=16s24x", self.name.encode())
                flags: int = struct.unpack("=16sH22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
                _ask(control, self.name, SIOCSIFFLAGS, struct.pack("=H22x", flags | IFF_UP))
        except BaseException:
            self.close()
            raise

    def set_mtu(self, mtu: int) -> None:
        """Have the host send frames with at most so many octets of payload into it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            _ask(control, self.name, SIOCSIFMTU, struct.pack("=i20x", mtu))

    def close(self) -> None:
        """Remove the interface, once the engine let go of it; harmless when done twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _settle(name: str) -> None:
    """A port says nothing by itself: no solicitations and no addresses of the kernel's own."""
    place = SETTINGS_6 / name / "disable_ipv6"
    if place.exists():
        place.write_text("1", encoding="ascii")


def _join(control: socket.socket, bridge: str, name: str) -> None:
    request = struct.pack("=16si20x", bridge.encode(), socket.if_nametoindex(name))
    try:
        fcntl.ioctl(control, SIOCBRADDIF, request)
    except OSError as error:
        raise Unusable(
            f"{bridge} takes no port ({error.strerror}): make it a bridge (ip link add {bridge} type bridge), "
            "then start again"
        ) from error


def _ask(control: socket.socket, name: str, request: int, value: bytes) -> None:
    try:
        fcntl.ioctl(control, request, struct.pack("=16s24s", name.encode(), value))
    except OSError as error:
        raise Unusable(f"interface {name}: {error.strerror}") from error


def _open(name: str) -> tuple[int, str]:
    descriptor = -1
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        flags = struct.pack("=16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
        made = fcntl.ioctl(descriptor, TUNSETIFF, flags)
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise Unusable(
            f"a TAP needs root or CAP_NET_ADMIN, and a name that no other interface has ({name}: {error.strerror})"
        ) from error
    return descriptor, made[:16].rstrip(b"\0").decode()
