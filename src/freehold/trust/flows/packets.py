"""A refused packet in words; its octets are anybody's."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

PROTOCOLS: Final = {
    1: "ICMP",
    4: "IP in IP",
    6: "TCP",
    17: "UDP",
    41: "IPv6 in IP",
    47: "GRE",
    50: "ESP",
    58: "ICMPv6",
    132: "SCTP",
}
SERVICES: Final = {
    53: "DNS",
    123: "NTP",
    443: "HTTPS",
    80: "HTTP",
    853: "DNS over TLS",
    2123: "GTP-C",
    2152: "GTP-U",
    8805: "PFCP",
    38412: "N2",
}
_PORTS: Final = frozenset({6, 17, 132})


def describe(octets: bytes) -> str:
    """`UDP 192.0.2.1:4000 to 198.51.100.7:53 (DNS)`."""
    version = octets[0] >> 4 if octets else 0
    if version == 4 and len(octets) >= 20:
        protocol, source, destination = octets[9], octets[12:16], octets[16:20]
        head = (octets[0] & 15) * 4
        whole = not (octets[6] & 0x1F or octets[7])
    elif version == 6 and len(octets) >= 40:
        protocol, source, destination, head, whole = octets[6], octets[8:24], octets[24:40], 40, True
    else:
        return "a packet that is no IP"
    name = PROTOCOLS.get(protocol, f"protocol {protocol}")
    left, right = str(ip_address(source)), str(ip_address(destination))
    if protocol in _PORTS and whole and len(octets) >= head + 4 and head >= 20:
        ports = int.from_bytes(octets[head : head + 2], "big"), int.from_bytes(octets[head + 2 : head + 4], "big")
        service = SERVICES.get(ports[1])
        return f"{name} {_at(left, ports[0])} to {_at(right, ports[1])}" + (f" ({service})" if service else "")
    return f"{name} {left} to {right}"


def kind_of(what: str) -> str:
    """What is the same of many such packets: all but the sender's port."""
    source, _, rest = what.partition(" to ")
    return (
        f"{source.rpartition(':')[0] or source} to {rest}" if any(p in source for p in ("TCP", "UDP", "SCTP")) else what
    )


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
