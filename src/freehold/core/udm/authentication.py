"""Nudm_UEAuthentication: vectors, resynchronisation, confirmation (TS 29.503 5.4, TS 33.501 6.1.3.2)."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from freehold.core.udm.sidf import Sidf
from freehold.core.udm.state import AuthenticationStatus, AuthEvent, Challenges
from freehold.crypto import aka
from freehold.crypto.sqn import DELTA, IND_BITS, sqn_of
from freehold.procedure import Now, Random
from freehold.services.arpf import Arpf
from freehold.services.errors import ServiceError
from freehold.services.nausf import ResynchronizationInfo
from freehold.services.nudm import AuthenticationVector
from freehold.services.nudr import AuthenticationSubscription, DataRepository, Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.failures import Unmet
from freehold.spec.identities import Suci, Supi
from freehold.spec.keys import Key

# What an unknown subscriber is computed with, so that it takes the time of a known one.
_DECOY: Final = AuthenticationSubscription(Key(16), Key(16))
_AUTS: Final = 14


class UeAuthentication:
    """The authentication part of the UDM with the ARPF (TS 33.501 6.1.3.2.0)."""

    def __init__(self, repository: DataRepository, sidf: Sidf, arpf: Arpf | None = None) -> None:
        """`arpf` makes the vectors of subscribers whose K is not in the repository."""
        self._repository = repository
        self._sidf = sidf
        self._arpf = arpf
        self._challenges = Challenges()
        self.status = AuthenticationStatus()

    async def generate_auth_data(
        self, identity: Suci | Supi, serving_network_name: bytes, resynchronization: ResynchronizationInfo | None
    ) -> AuthenticationVector:
        """Deconceal, choose SQN, make one vector (TS 29.503 5.4.2.2, TS 33.501 6.1.3.2.0 step 1)."""
        supi = self._sidf.supi(identity) if isinstance(identity, Suci) else identity
        subscriber = self._repository.subscriber(supi)
        rand = await Random(16)
        if subscriber is None or not subscriber.enabled:
            await self._decoy(rand, serving_network_name)
            raise _refusal(subscriber, supi)
        try:
            seq = await self._repository.next_sequence()
            if resynchronization is not None:
                subscriber = await self._resynchronize(subscriber, resynchronization, seq)
            vector = await self._vector(subscriber, rand, seq, serving_network_name)
        except Unusable as fault:
            raise ServiceError(500, "AV_GENERATION_PROBLEM", str(fault)) from fault
        self._challenges.issued(supi, rand, again=resynchronization is not None)
        return AuthenticationVector(supi, rand, vector.autn, vector.xres_star, Key(vector.kausf))

    async def confirm_auth(self, supi: Supi, serving_network_name: bytes, *, success: bool) -> None:
        """Keep the result of an authentication; its challenges are answered (TS 29.503 5.4.2.3, TS 33.501 6.1.4.1a)."""
        self.status.note(supi, AuthEvent(serving_network_name, await Now(), success))
        if success:
            self._challenges.answered(supi)

    async def _resynchronize(self, subscriber: Subscriber, info: ResynchronizationInfo, seq: int) -> Subscriber:
        """The subscription with an SQN that its USIM accepts (TS 33.102 6.3.5, C.3)."""
        subscription = subscriber.authentication
        # TS 33.102 6.3.5: only for a challenge of ours that nobody has answered, and not for ever.
        if len(info.auts) != _AUTS or not self._challenges.redeem(subscriber.supi, info.rand):
            raise _resynchronization_refused("no open challenge has this RAND", subscriber.supi)
        if subscription.elsewhere:
            sqn_ms = await self._token().sqn_ms(subscriber.supi, subscription.opc, info.rand, info.auts)
        else:
            sqn_ms = aka.verify_auts(subscription.k, subscription.opc, info.rand, info.auts)
        if sqn_ms is None:
            raise _resynchronization_refused("MAC-S is wrong: check K and OPc of the SIM", subscriber.supi)
        seq_ms = sqn_ms >> IND_BITS
        # TS 33.102 6.3.5 step 3: the USIM would take our next SQN all the same, so nothing is reset.
        if seq_ms < seq + subscription.sqn_offset <= seq_ms + DELTA:
            return subscriber
        subscription = msgspec.structs.replace(subscription, sqn_offset=seq_ms + 1 - seq)
        subscriber = msgspec.structs.replace(subscriber, authentication=subscription)
        await self._repository.put(subscriber)
        return subscriber

    async def _vector(self, subscriber: Subscriber, rand: bytes, seq: int, serving_network_name: bytes) -> aka.Vector:
        """One vector, where K is."""
        known = subscriber.authentication
        try:
            sqn = sqn_of(seq + known.sqn_offset, seq)  # TS 33.102 C.1.2: the indices in turn
        except OverflowError as error:
            raise ServiceError(500, "AV_GENERATION_PROBLEM", "the SQN is at its end: replace the SIM") from error
        if known.elsewhere:
            return await self._token().vector(
                subscriber.supi, known.opc, rand, sqn, known.amf_field, serving_network_name
            )
        return aka.generate_vector(known.k, known.opc, rand, sqn, known.amf_field, serving_network_name)

    async def _decoy(self, rand: bytes, serving_network_name: bytes) -> None:
        """Take the time of a known subscriber for one who is none."""
        if self._arpf is None:
            aka.generate_vector(_DECOY.k, _DECOY.opc, rand, sqn_of(1, 1), _DECOY.amf_field, serving_network_name)
            return
        with suppress(Unusable):
            await self._arpf.vector(None, _DECOY.opc, rand, sqn_of(1, 1), _DECOY.amf_field, serving_network_name)

    def _token(self) -> Arpf:
        if self._arpf is None:
            raise Unusable("K is inside a token: set [keys] mode, or provision the SIM again")
        return self._arpf


def _refusal(subscriber: Subscriber | None, supi: Supi) -> ServiceError:
    if subscriber is None:
        unmet = Unmet("unknown-subscriber", "the SUPI of the card", "no such subscription", supi=supi)
        return ServiceError(404, "USER_NOT_FOUND", "no such subscription: provision the SIM", unmet=unmet)
    unmet = Unmet("barred-subscriber", "registration", "enabled = false", supi=supi)
    return ServiceError(403, "AUTHENTICATION_REJECTED", "the subscription is disabled", unmet=unmet)


def _resynchronization_refused(why: str, supi: Supi) -> ServiceError:
    unmet = Unmet("synchronisation", "AUTS of the card", why, supi=supi)
    return ServiceError(403, "AUTHENTICATION_REJECTED", f"resynchronisation refused: {why}", unmet=unmet)
