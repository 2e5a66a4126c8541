"""What an operator decides for one SMF, and the neighbours it is given."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

import msgspec

from freehold.services.datagram import Address
from freehold.services.nnrf import Discovery
from freehold.services.npcf import PolicyControl
from freehold.services.nudm import UnifiedDataManagement
from freehold.spec.identities import SNssai


class DataNetwork(msgspec.Struct, frozen=True):
    """A DNN in some slices (all where none is named), its UE addresses, what terminals are told; MTU in octets."""

    dnn: str
    pool: IPv4Network
    slices: tuple[SNssai, ...] = ()
    dns: tuple[IPv4Address, ...] = ()
    p_cscf: tuple[IPv4Address, ...] = ()
    mtu: int = 1400


class UserPlaneSecurity(msgspec.Struct, frozen=True, gc=False):
    """What the gNB is asked to do for user data (TS 38.413 9.3.1.27)."""

    integrity: Literal["required", "preferred", "not-needed"] = "not-needed"
    confidentiality: Literal["required", "preferred", "not-needed"] = "preferred"


class SmfConfiguration(msgspec.Struct, frozen=True):
    """One SMF: its name, its N4 address, its UPFs by N4 address in the order of preference, its data networks."""

    name: str = "smf"
    instance_id: str = "smf"
    n4: IPv4Address = IPv4Address("127.0.0.1")
    upfs: tuple[Address, ...] = ()
    networks: tuple[DataNetwork, ...] = ()
    security: UserPlaneSecurity = UserPlaneSecurity()
    always_on: bool = True
    """Whether a terminal that asks for an always-on session gets one (TS 24.501 6.3.2.2)."""
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
            if network.pool.num_addresses < 4
        ]
        return tuple(found)


class SmfPeers(msgspec.Struct, frozen=True):
    """The services an SMF calls; AMFs are found through the NRF."""

    udm: UnifiedDataManagement
    pcf: PolicyControl
    nrf: Discovery
