"""Nausf_UEAuthentication (TS 29.509 5.2)."""

from __future__ import annotations

from typing import Protocol

import msgspec

from freehold.spec.identities import Suci, Supi
from freehold.spec.keys import Key


class ResynchronizationInfo(msgspec.Struct, frozen=True, gc=False):
    """What the UE answered to a stale SQN (TS 29.503 6.3.6.2.6): RAND of the challenge, AUTS of 14 octets."""

    rand: bytes
    auts: bytes


class AuthenticationInfo(msgspec.Struct, frozen=True, gc=False):
    """Who is to be authenticated, for which serving network (TS 29.509 6.1.6.2.2)."""

    identity: Suci | Supi
    serving_network_name: bytes
    resynchronization: ResynchronizationInfo | None = None


class UeAuthenticationCtx(msgspec.Struct, frozen=True, gc=False):
    """The serving network's part of a 5G-AKA vector (TS 29.509 6.1.6.2.3).

    `whom` is for events of a network whose core is one: the SEAF identifies nobody by it (TS 33.501 6.1.3.2.0).
    """

    context_id: int
    rand: bytes
    autn: bytes
    hxres_star: bytes
    whom: Supi | None = None


class ConfirmationDataResponse(msgspec.Struct, frozen=True, gc=False):
    """Whether RES* was right and, then, who it is (TS 29.509 6.1.6.2.8)."""

    success: bool
    supi: Supi | None = None
    k_seaf: Key | None = None


class UeAuthentication(Protocol):
    """The AUSF as an AMF sees it.

    ServiceError USER_NOT_FOUND, AUTHENTICATION_REJECTED, SERVING_NETWORK_NOT_AUTHORIZED.
    """

    async def authenticate(self, info: AuthenticationInfo) -> UeAuthenticationCtx:
        """Begin 5G-AKA (TS 29.509 5.2.2.2.2)."""

    async def confirm(self, context_id: int, res_star: bytes) -> ConfirmationDataResponse:
        """Confirm 5G-AKA with the UE's RES*, empty where none came (TS 29.509 5.2.2.2.2)."""
