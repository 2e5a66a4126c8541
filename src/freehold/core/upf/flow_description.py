"""Flow descriptions of SDF filters (TS 29.244 8.2.5, TS 29.212 5.4.2): the text of an IPFilterRule (RFC 6733 4.3.1)."""

from __future__ import annotations

import ipaddress
import re
from itertools import product
from typing import Final

import msgspec

from freehold.codecs.pfcp import SDFFilter
from freehold.core.upf.faults import RuleFault, incorrect
from freehold.services.userplane import EVERY_PORT, Filter, Network, PortRange

SDF_FILTER: Final = 23
LONGEST: Final = 512
MOST_FILTERS: Final = 64
"""Filters that one flow description with lists of ports may stand for."""

RULE: Final = re.compile(
    r"permit out (?P<protocol>ip|icmp|tcp|udp|\d{1,3})"
    r" from (?P<remote>\S{1,64})(?: (?P<remote_ports>[\d,-]{1,64}))?"
    r" to (?P<local>\S{1,64})(?: (?P<local_ports>[\d,-]{1,64}))?",
)
"""`out` is downlink whatever the direction of the rule: the source is the remote end (TS 29.212 5.4.2)."""

NAMED: Final = {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17}
"""Protocols by name: `ip` is any (TS 29.212 5.4.2); SD-Core's SMF writes the others so, and nothing else is meant."""
EVERYWHERE: Final = frozenset({"any", "assigned"})


def fault(text: str) -> RuleFault:
    """The filter is refused: without it the rule would match too much."""
    return incorrect(SDF_FILTER, text)


def parse_filter(sdf: SDFFilter) -> tuple[Filter, ...]:
    """The engine's filters for an SDF filter, one for each pair of port ranges; RuleFault where it makes no sense."""
    marks = sdf.tos_traffic_class, sdf.security_parameter_index, sdf.flow_label
    if sdf.flow_description is None and marks == (None, None, None):
        raise fault("a filter that names no packets")  # a bidirectional filter given by its identifier alone
    found = parse_description(sdf.flow_description) if sdf.flow_description is not None else (Filter(),)
    if marks == (None, None, None):
        return found
    value, mask = divmod(sdf.tos_traffic_class or 0, 256)  # TS 29.212 5.3.15
    return tuple(
        msgspec.structs.replace(
            one,
            service=(value & mask, mask),
            security_parameter_index=sdf.security_parameter_index,
            flow_label=None if sdf.flow_label is None else sdf.flow_label & 0xFFFFF,  # 20 bits: TS 29.212 5.3.52
        )
        for one in found
    )


def parse_description(octets: bytes) -> tuple[Filter, ...]:
    """The filters of a flow description: the form of TS 29.212 5.4.2, with lists of ports (RFC 6733 4.3.1)."""
    text = octets[:LONGEST].decode("ascii", "replace").strip("\0 ")
    match = RULE.fullmatch(" ".join(text.split()))
    if match is None:
        raise fault(f"not a flow description: {text[:80]!r}")
    name = match["protocol"]
    protocol = NAMED[name] if name in NAMED else int(name)
    if protocol > 255:
        raise fault(f"protocol {protocol}")
    local, remote = _network(match["local"]), _network(match["remote"])
    pairs = list(product(_lists(match["local_ports"]), _lists(match["remote_ports"])))
    if len(pairs) > MOST_FILTERS:
        raise fault(f"{len(pairs)} pairs of ports in one filter")
    return tuple(Filter(protocol, local, remote, *ports) for ports in pairs)


def _lists(text: str | None) -> list[PortRange]:
    return [EVERY_PORT] if text is None else [_ports(part) for part in text.split(",")]


def _network(text: str) -> Network | None:
    if text in EVERYWHERE:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise fault(f"not an address: {text!r}") from error
    return str(network.network_address), network.prefixlen


def _ports(text: str) -> PortRange:
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise fault(f"not one port or range: {text!r}")
    low, high = int(first), int(last or first)
    if not low <= high <= 65535:
        raise fault(f"not a range of ports: {text!r}")
    return low, high
