"""Answers to protocol configuration options: what the UE asks for, in the form it asks (TS 24.008 10.5.6.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType
from typing import Final

from freehold.codecs.nas import ExtendedConfigurationOption, ExtendedProtocolConfigurationOptions
from freehold.core.smf.configuration import DataNetwork

Answer = list[ExtendedConfigurationOption]

# Containers and protocols by identifier (TS 24.008 10.5.6.3)
P_CSCF_IPV6, DNS_IPV6, P_CSCF_IPV4, DNS_IPV4, IPV4_LINK_MTU = 0x0001, 0x0003, 0x000C, 0x000D, 0x0010
ETHERNET_PAYLOAD_MTU = 0x0020
IPCP, PAP, CHAP = 0x8021, 0xC023, 0xC223


def answer(
    asked: ExtendedProtocolConfigurationOptions | None, network: DataNetwork
) -> ExtendedProtocolConfigurationOptions | None:
    """What a terminal is told; None where it asked for nothing that is known here."""
    if asked is None:
        return None
    found: Answer = []
    for option in asked.options:
        teller = TELLERS.get(option.identifier)
        if teller is not None:
            found += teller(network, option.contents)
    return ExtendedProtocolConfigurationOptions(options=found) if found else None


def _dns(network: DataNetwork, _: bytes) -> Answer:
    return [ExtendedConfigurationOption(DNS_IPV4, server.packed) for server in network.dns if server.version == 4]


def _dns_6(network: DataNetwork, _: bytes) -> Answer:
    return [ExtendedConfigurationOption(DNS_IPV6, server.packed) for server in network.dns if server.version == 6]


def _p_cscf(network: DataNetwork, _: bytes) -> Answer:
    return [ExtendedConfigurationOption(P_CSCF_IPV4, server.packed) for server in network.p_cscf if server.version == 4]


def _p_cscf_6(network: DataNetwork, _: bytes) -> Answer:
    return [ExtendedConfigurationOption(P_CSCF_IPV6, server.packed) for server in network.p_cscf if server.version == 6]


def _mtu(network: DataNetwork, _: bytes) -> Answer:
    told = [ExtendedConfigurationOption(IPV4_LINK_MTU, network.mtu.to_bytes(2, "big"))]
    return [] if network.ethernet else told


def _payload_mtu(network: DataNetwork, _: bytes) -> Answer:
    """The octets that a frame carries (TS 23.501 5.6.10.4)."""
    told = [ExtendedConfigurationOption(ETHERNET_PAYLOAD_MTU, network.mtu.to_bytes(2, "big"))]
    return told if network.ethernet else []


# --- PPP protocols ------------------------------------------------------------------------
REQUEST, ACK, NAK, REJECT = 1, 2, 3, 4
"""Codes of IPCP packets (RFC 1661 5)."""
PRIMARY_DNS, SECONDARY_DNS = 129, 131
"""IPCP options (RFC 1877 1)."""


def _ipcp(network: DataNetwork, packet: bytes) -> Answer:
    """A Configure-Request is rejected for options nobody can give, corrected for DNS, or acknowledged (RFC 1332 3)."""
    options = _options(packet)
    if options is None:
        return []
    known = (server for server in network.dns if server.version == 4)
    servers = dict(zip((PRIMARY_DNS, SECONDARY_DNS), known, strict=False))
    unknown = [(kind, value) for kind, value in options if kind not in servers]
    corrected = [
        (kind, servers[kind].packed) for kind, value in options if servers.get(kind, IPv4Address(0)).packed != value
    ]
    if unknown:
        return [_packet(IPCP, REJECT, packet[1], unknown)]
    if corrected:
        return [_packet(IPCP, NAK, packet[1], corrected)]
    return [_packet(IPCP, ACK, packet[1], options)]


def _options(packet: bytes) -> list[tuple[int, bytes]] | None:
    """Type and value of each option of a Configure-Request; None where it is damaged (RFC 1661 5.1, 6)."""
    if len(packet) < 4 or packet[0] != REQUEST or int.from_bytes(packet[2:4], "big") > len(packet):
        return None
    rest = packet[4 : int.from_bytes(packet[2:4], "big")]
    found = []
    while rest:
        if len(rest) < 2 or not 2 <= rest[1] <= len(rest):
            return None
        found.append((rest[0], rest[2 : rest[1]]))
        rest = rest[rest[1] :]
    return found


def _packet(protocol: int, code: int, identifier: int, options: list[tuple[int, bytes]]) -> ExtendedConfigurationOption:
    body = b"".join(bytes((kind, len(value) + 2)) + value for kind, value in options)
    return ExtendedConfigurationOption(protocol, bytes((code, identifier)) + (4 + len(body)).to_bytes(2, "big") + body)


def _pap(_: DataNetwork, packet: bytes) -> Answer:
    """Any name and password will do: Authenticate-Ack without a message (RFC 1334 2.2.2)."""
    if len(packet) < 4 or packet[0] != 1:
        return []
    return [ExtendedConfigurationOption(PAP, bytes((2, packet[1], 0, 5, 0)))]


def _chap(_: DataNetwork, packet: bytes) -> Answer:
    """Any response will do: Success (RFC 1994 4.2)."""
    if len(packet) < 4 or packet[0] != 2:
        return []
    return [ExtendedConfigurationOption(CHAP, bytes((3, packet[1], 0, 4)))]


TELLERS: Final[Mapping[int, Callable[[DataNetwork, bytes], Answer]]] = MappingProxyType(
    {
        DNS_IPV4: _dns,
        DNS_IPV6: _dns_6,
        P_CSCF_IPV4: _p_cscf,
        P_CSCF_IPV6: _p_cscf_6,
        IPV4_LINK_MTU: _mtu,
        ETHERNET_PAYLOAD_MTU: _payload_mtu,
        IPCP: _ipcp,
        PAP: _pap,
        CHAP: _chap,
    }
)
"""What is known here."""
