"""Flow descriptions of SDF filters (TS 29.244 8.2.5, TS 29.212 5.4.2): the text of an IPFilterRule (RFC 6733 4.3.1)."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from freehold.codecs.pfcp import SDFFilter
from freehold.core.upf.faults import RuleFault, incorrect
from freehold.services.userplane import EVERY_PORT, Filter, Network, PortRange

SDF_FILTER: Final = 23
LONGEST: Final = 512

RULE: Final = re.compile(
    r"permit out (?P<protocol>ip|\d{1,3})"
    r" from (?P<remote>\S{1,64})(?: (?P<remote_ports>[\d,-]{1,64}))?"
    r" to (?P<local>\S{1,64})(?: (?P<local_ports>[\d,-]{1,64}))?",
)
"""`out` is downlink whatever the direction of the rule: the source is the remote end (TS 29.212 5.4.2)."""

EVERYWHERE: Final = frozenset({"any", "assigned"})


def fault(text: str) -> RuleFault:
    """The filter is refused: without it the rule would match too much."""
    return incorrect(SDF_FILTER, text)


def parse_filter(sdf: SDFFilter) -> Filter:
    """The engine's filter for an SDF filter; RuleFault where it asks for what the engine cannot match."""
    if sdf.security_parameter_index is not None or sdf.flow_label is not None:
        raise fault("filters by SPI or flow label are not supported")
    if sdf.flow_description is None and sdf.tos_traffic_class is None:
        raise fault("a filter that names no packets")  # a bidirectional filter given by its identifier alone
    found = parse_description(sdf.flow_description) if sdf.flow_description is not None else Filter()
    if sdf.tos_traffic_class is None:
        return found
    value, mask = divmod(sdf.tos_traffic_class, 256)  # TS 29.212 5.3.15
    return Filter(
        found.protocol, found.local, found.remote, found.local_ports, found.remote_ports, (value & mask, mask)
    )


def parse_description(octets: bytes) -> Filter:
    """The filter of a flow description; only the form that TS 29.212 5.4.2 allows."""
    text = octets[:LONGEST].decode("ascii", "replace").strip("\0 ")
    match = RULE.fullmatch(" ".join(text.split()))
    if match is None:
        raise fault(f"not a flow description: {text[:80]!r}")
    protocol = 0 if match["protocol"] == "ip" else int(match["protocol"])
    if protocol > 255:
        raise fault(f"protocol {protocol}")
    return Filter(
        protocol=protocol,
        local=_network(match["local"]),
        remote=_network(match["remote"]),
        local_ports=_ports(match["local_ports"]),
        remote_ports=_ports(match["remote_ports"]),
    )


def _network(text: str) -> Network | None:
    if text in EVERYWHERE:
        return None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise fault(f"not an address: {text!r}") from error
    return str(network.network_address), network.prefixlen


def _ports(text: str | None) -> PortRange:
    if text is None:
        return EVERY_PORT
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise fault(f"not one port or range: {text!r}")
    low, high = int(first), int(last or first)
    if not low <= high <= 65535:
        raise fault(f"not a range of ports: {text!r}")
    return low, high
