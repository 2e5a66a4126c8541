"""Nnrf: management and discovery of network functions (TS 29.510)."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.spec.identities import SNssai

NfType = Literal["NRF", "AMF", "SMF", "UPF", "AUSF", "UDM", "UDR", "PCF", "NSSF"]


class NfProfile(msgspec.Struct, frozen=True):
    """A network function instance (TS 29.510 6.1.6.2.2); `service` is the object that offers it in this process."""

    nf_instance_id: str
    nf_type: NfType
    slices: tuple[SNssai, ...] = ()
    dnns: tuple[str, ...] = ()
    priority: int = 0
    service: object = None


class Discovery(Protocol):
    """The NRF as every function sees it."""

    async def register(self, profile: NfProfile) -> None:
        """NFRegister (TS 29.510 5.2.2.2)."""

    async def deregister(self, nf_instance_id: str) -> None:
        """NFDeregister (TS 29.510 5.2.2.4)."""

    async def discover(
        self, nf_type: NfType, slice_: SNssai | None = None, dnn: str | None = None
    ) -> tuple[NfProfile, ...]:
        """NFDiscover (TS 29.510 5.3.2.2), best priority first."""
