"""What an operator decides for one SMF, and the neighbours it is given."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, Literal

import msgspec

from freehold.services.datagram import Address
from freehold.services.nnrf import Discovery
from freehold.services.npcf import PolicyControl
from freehold.services.nudm import UnifiedDataManagement, UserPlaneSecurity
from freehold.spec.identities import SNssai

PREFIX: Final = 64
"""The length of a terminal's IPv6 prefix (TS 23.501 5.8.2.2.3)."""


class DataNetwork(msgspec.Struct, frozen=True):
    """A DNN in some slices (all where none is named), its UE addresses, what terminals are told; MTU in octets.

    Each terminal gets an address of `pool`, a /64 of `pool6`, or both; the first of each is the data network's own.
    An `ethernet` one carries frames, and has no pools (TS 23.501 5.6.10.2). `dscp` marks its tunnels to gNBs,
    `dscp_5qi` those of flows with these 5QIs otherwise.
    """

    dnn: str
    pool: IPv4Network | None = None
    slices: tuple[SNssai, ...] = ()
    dns: tuple[IPv4Address | IPv6Address, ...] = ()
    p_cscf: tuple[IPv4Address | IPv6Address, ...] = ()
    mtu: int = 1400
    pool6: IPv6Network | None = None
    ethernet: bool = False
    dscp: int = 0
    dscp_5qi: dict[int, int] = {}


class SmfConfiguration(msgspec.Struct, frozen=True):
    """One SMF: its name, its N4 address, its UPFs by N4 address in the order of preference, its data networks."""

    name: str = "smf"
    instance_id: str = "smf"
    n4: IPv4Address | IPv6Address = IPv4Address("127.0.0.1")
    upfs: tuple[Address, ...] = ()
    networks: tuple[DataNetwork, ...] = ()
    security: UserPlaneSecurity = UserPlaneSecurity()
    """For sessions whose subscription names none (TS 23.501 5.10.3)."""
    always_on: bool = True
    """Whether a terminal that asks for an always-on session gets one (TS 24.501 6.3.2.2)."""
    n3: Literal["ipv4", "ipv6", "ipv4v6"] = "ipv4"
    """The IP versions of the UPFs' N3 (TS 38.414 5.3)."""
    n4u: IPv4Address | IPv6Address | None = None
    """Our address of N4-u: the SMF is the router of terminals' IPv6 links; None: its UPFs are (ADR 16, 28)."""
    usage_report: int = 1_000_000_000
    """After how many octets a UPF reports a session's usage."""

    def faults(self) -> tuple[str, ...]:
        """What makes this configuration unusable, one line each."""
        found = []
        if not self.networks:
            found.append("an SMF needs at least one data network: add a [[dnn]]")
        if not self.upfs:
            found.append("an SMF needs at least one UPF: set [upf] n4")
        found += [
            f"dnn {network.dnn}: mtu {network.mtu} is outside 1280..1500"
            for network in self.networks
            if not 1280 <= network.mtu <= 1500
        ]
        found += [
            f"dnn {network.dnn}: pool {network.pool} has no room"
            for network in self.networks
            if network.pool is not None and network.pool.num_addresses < 4
        ]
        found += [
            f"dnn {network.dnn}: pool6 {network.pool6} has no room: it must be shorter than /64"
            for network in self.networks
            if network.pool6 is not None and network.pool6.prefixlen >= PREFIX
        ]
        found += [
            f"dnn {network.dnn}: neither pool nor pool6"
            for network in self.networks
            if not network.ethernet and network.pool is None and network.pool6 is None
        ]
        found += [
            f"dnn {network.dnn}: an Ethernet data network gives out no addresses"
            for network in self.networks
            if network.ethernet and (network.pool is not None or network.pool6 is not None)
        ]
        return tuple(found)


class SmfPeers(msgspec.Struct, frozen=True):
    """The services an SMF calls; AMFs are found through the NRF."""

    udm: UnifiedDataManagement
    pcf: PolicyControl
    nrf: Discovery
