"""Framed routes (TS 29.244 8.2.109, 8.2.111): networks behind a terminal, as RADIUS writes them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from freehold.codecs.pfcp import PDI
from freehold.core.upf.faults import incorrect
from freehold.services.userplane import Network

FRAMED_ROUTE: Final = 153
FRAMED_IPV6_ROUTE: Final = 155

CLASSES: Final = ((128, 8), (192, 16), (224, 24))
"""Below which first octet a route without a length has which one (RFC 2865 5.22)."""


def framed_routes(pdi: PDI) -> Iterator[Network]:
    """The networks of a rule's framed routes; RuleFault where one is no prefix."""
    for route in pdi.framed_route:
        yield _network(IPv4Network, FRAMED_ROUTE, _with_length(_destination(route)))
    for route in pdi.framed_ipv6_route:
        yield _network(IPv6Network, FRAMED_IPV6_ROUTE, _destination(route))


def _destination(route: str) -> str:
    """What comes before the gateway and the metrics, which mean nothing here (RFC 2865 5.22, RFC 3162 2.5)."""
    return next(iter(route.split()), "")


def _with_length(destination: str) -> str:
    first = destination.partition(".")[0]
    if "/" in destination or not (first.isascii() and first.isdecimal()) or len(first) > 3:
        return destination
    return f"{destination}/{next((length for below, length in CLASSES if int(first) < below), 32)}"


def _network(kind: type[IPv4Network | IPv6Network], element: int, text: str) -> Network:
    try:
        network = kind(text, strict=False)
    except ValueError:
        raise incorrect(element, f"not a framed route: {text[:80]!r}") from None
    if network.is_multicast or network.is_loopback:
        raise incorrect(element, f"no terminal stands before {network}")
    return str(network.network_address), network.prefixlen
