"""Nausf_UEAuthentication: the home network's view of a 5G-AKA run (TS 29.509 5.2)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

import msgspec

from freehold.crypto import keys
from freehold.procedure import Random
from freehold.services.errors import ServiceError
from freehold.services.nausf import AuthenticationInfo, ConfirmationDataResponse, UeAuthenticationCtx
from freehold.services.nudm import UeAuthenticationData
from freehold.spec.identities import PlmnId, Supi
from freehold.spec.keys import Key

# Authentications that nobody has confirmed yet; beyond it the oldest one is forgotten (negative D01).
OPEN_CONTEXTS: Final = 8192


class _Context(msgspec.Struct, frozen=True, gc=False):
    """What the AUSF keeps until RES* comes (TS 33.501 6.1.3.2.0 step 3)."""

    supi: Supi
    xres_star: Key
    k_seaf: Key
    serving_network_name: bytes


class Ausf:
    """A `services.nausf.UeAuthentication`."""

    def __init__(self, udm: UeAuthenticationData, plmns: Iterable[PlmnId] = ()) -> None:
        """`plmns` are the serving networks that may authenticate our subscribers; every one where none is named."""
        self._udm = udm
        self._authorized = frozenset(plmn.serving_network_name for plmn in plmns)
        self._contexts: dict[int, _Context] = {}

    def __len__(self) -> int:
        return len(self._contexts)

    async def authenticate(self, info: AuthenticationInfo) -> UeAuthenticationCtx:
        """Begin 5G-AKA: the vector's part for the serving network (TS 29.509 5.2.2.2.2).

        TS 33.501 6.1.2: a serving network may only ask in its own name.
        """
        name = info.serving_network_name
        if self._authorized and name not in self._authorized:
            raise ServiceError(403, "SERVING_NETWORK_NOT_AUTHORIZED", "this PLMN may not serve our subscribers")
        vector = await self._udm.generate_auth_data(info.identity, name, info.resynchronization)
        # TS 33.501 6.1.3.2.0 steps 3 to 5: XRES* and KSEAF stay here, HXRES* goes out.
        hxres_star, k_seaf = keys.serving_keys(vector.k_ausf, vector.rand, vector.xres_star, name)
        context_id = int.from_bytes(await Random(8))
        if len(self._contexts) >= OPEN_CONTEXTS:
            del self._contexts[next(iter(self._contexts))]
        self._contexts[context_id] = _Context(vector.supi, Key(vector.xres_star), Key(k_seaf), name)
        return UeAuthenticationCtx(context_id, vector.rand, vector.autn, hxres_star, vector.supi)

    async def confirm(self, context_id: int, res_star: bytes) -> ConfirmationDataResponse:
        """Compare RES* with XRES*, once for each context (TS 29.509 5.2.2.2.2, TS 33.501 6.1.3.2.0 steps 11 and 12)."""
        context = self._contexts.pop(context_id, None)
        if context is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND", "no open authentication has this identifier")
        success = hmac.compare_digest(res_star, context.xres_star)
        # TS 33.501 6.1.4.1a: the UDM learns the result.
        await self._udm.confirm_auth(context.supi, context.serving_network_name, success=success)
        if not success:
            return ConfirmationDataResponse(success=False)
        return ConfirmationDataResponse(success=True, supi=context.supi, k_seaf=context.k_seaf)
