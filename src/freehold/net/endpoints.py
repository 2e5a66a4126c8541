"""N2 endpoints as an owner writes them: `192.0.2.1`, `192.0.2.1:38412`, `[2001:db8::1]:38412`, `unix:/run/n2.sock`."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

from freehold.net import sctp, unix
from freehold.net.association import SocketAssociation
from freehold.services.datagram import Address
from freehold.services.n2 import Acceptor
from freehold.spec.errors import Unusable

N2_PORT: Final = 38412
"""NGAP over SCTP (TS 38.412 7)."""
UNIX: Final = "unix:"


class Closable(Protocol):
    """A listener."""

    def close(self) -> None:
        """Take no more associations, and end those there are."""


Endpoint: TypeAlias = Address | str


def parse_address(text: str, port: int, setting: str) -> Address:
    """An IP address with or without a port; Unusable names the setting."""
    host, default = text, str(port)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        default = rest.removeprefix(":") or default
    elif text.count(":") == 1:
        host, _, default = text.partition(":")
    try:
        number = int(default)
        address = str(ipaddress.ip_address(host))
    except ValueError:
        raise Unusable(f"{setting}: {text!r} is no IP address with port, like 192.0.2.1:{port}") from None
    if not 0 <= number <= 65535:
        raise Unusable(f"{setting}: port {number} is outside 0..65535")
    return address, number


def listen(endpoints: Sequence[str], acceptor: Acceptor, setting: str = "amf.n2") -> list[Closable]:
    """Listen on every endpoint; addresses with one port and family are one SCTP endpoint with several addresses."""
    several: dict[tuple[int, bool], list[Address]] = {}
    opened: list[Closable] = []
    try:
        for text in endpoints:
            if text.startswith(UNIX):
                opened.append(unix.listen(text.removeprefix(UNIX), acceptor))
            else:
                host, port = parse_address(text, N2_PORT, setting)
                several.setdefault((port, ":" in host), []).append((host, port))
        opened += [sctp.listen(addresses, acceptor) for addresses in several.values()]
    except Unusable:
        for listener in opened:
            listener.close()
        raise
    return opened


async def connect(endpoint: str, acceptor: Acceptor, setting: str = "gnb.amf") -> SocketAssociation:
    """Associate with an AMF; OSError where it refuses."""
    if endpoint.startswith(UNIX):
        return await unix.connect(endpoint.removeprefix(UNIX), acceptor)
    return await sctp.connect(parse_address(endpoint, N2_PORT, setting), acceptor)
