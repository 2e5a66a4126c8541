"""What makes one terminal: its subscription, its equipment, and what it asks for."""

from __future__ import annotations

import msgspec

from freehold.codecs.nas import UeSecurityCapability
from freehold.spec.identities import Pei, PlmnId, SNssai, Supi


class HomeNetworkKey(msgspec.Struct, frozen=True, gc=False):
    """What the USIM holds to conceal its SUPI: scheme 1 or 2, key identifier, public key (TS 33.501 C.3, C.4)."""

    scheme: int
    key_id: int
    public_key: bytes


class Subscription(msgspec.Struct, frozen=True, gc=False):
    """The contents of a USIM (TS 31.102 4.4.11, TS 33.501 5.2.4); K and OPc of 16 octets."""

    supi: Supi
    home_plmn: PlmnId
    k: bytes
    opc: bytes
    home_network_key: HomeNetworkKey | None = None
    routing_indicator: str = "0"

    def __repr__(self) -> str:
        return f"Subscription({self.supi!r})"


class Equipment(msgspec.Struct, frozen=True, gc=False):
    """The terminal itself: its identity, its algorithms, its radio capability as octets (TS 38.331 6.3.3)."""

    pei: Pei
    security_capability: UeSecurityCapability = UeSecurityCapability.of()
    radio_capability: bytes = b""


class UeConfiguration(msgspec.Struct, frozen=True, gc=False):
    """One terminal and the slices it asks for."""

    name: str
    subscription: Subscription
    equipment: Equipment
    requested_nssai: tuple[SNssai, ...] = ()
