"""Nnssf_NSSelection (TS 29.531 5.2)."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from freehold.spec.identities import SNssai, Tai

RejectedIn = Literal["plmn", "registration-area"]


class AuthorizedNetworkSliceInfo(msgspec.Struct, frozen=True):
    """Which slices a UE may use here (TS 29.531 6.1.6.2.2), with the rejected ones and why (TS 24.501 9.11.3.46)."""

    allowed: tuple[SNssai, ...]
    configured: tuple[SNssai, ...]
    rejected: tuple[tuple[SNssai, RejectedIn], ...] = ()


class SliceSelection(Protocol):
    """The NSSF as an AMF sees it."""

    async def select(
        self, requested: tuple[SNssai, ...], subscribed: tuple[SNssai, ...], default: tuple[SNssai, ...], tai: Tai
    ) -> AuthorizedNetworkSliceInfo:
        """Slices for a registration (TS 29.531 5.2.2.2.2); without a request the subscribed defaults."""
