"""Nudm_UEAuthentication: vectors, resynchronisation, confirmation (TS 29.503 5.4, TS 33.501 6.1.3.2)."""

from __future__ import annotations

from typing import Final

import msgspec

from freehold.core.udm.sidf import Sidf
from freehold.core.udm.state import AuthenticationStatus, AuthEvent, Challenges
from freehold.crypto import aka
from freehold.crypto.sqn import DELTA, IND_BITS, sqn_of
from freehold.procedure import Now, Random
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

    def __init__(self, repository: DataRepository, sidf: Sidf) -> None:
        self._repository = repository
        self._sidf = sidf
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
            _vector(_DECOY, rand, 1, 0, serving_network_name)
            raise _refusal(subscriber, supi)
        try:
            seq = await self._repository.next_sequence()
            if resynchronization is not None:
                subscriber = await self._resynchronize(subscriber, resynchronization, seq)
        except Unusable as fault:
            raise ServiceError(500, "AV_GENERATION_PROBLEM", str(fault)) from fault
        subscription = subscriber.authentication
        vector = _vector(subscription, rand, seq, subscription.sqn_offset, serving_network_name)
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


def _vector(
    subscription: AuthenticationSubscription, rand: bytes, seq: int, offset: int, serving_network_name: bytes
) -> aka.Vector:
    try:
        sqn = sqn_of(seq + offset, seq)  # TS 33.102 C.1.2: the indices in turn
    except OverflowError as error:
        raise ServiceError(500, "AV_GENERATION_PROBLEM", "the SQN is at its end: replace the SIM") from error
    return aka.generate_vector(
        subscription.k, subscription.opc, rand, sqn, subscription.amf_field, serving_network_name
    )


def _refusal(subscriber: Subscriber | None, supi: Supi) -> ServiceError:
    if subscriber is None:
        unmet = Unmet("unknown-subscriber", "the SUPI of the card", "no such subscription", supi=supi)
        return ServiceError(404, "USER_NOT_FOUND", "no such subscription: provision the SIM", unmet=unmet)
    unmet = Unmet("barred-subscriber", "registration", "enabled = false", supi=supi)
    return ServiceError(403, "AUTHENTICATION_REJECTED", "the subscription is disabled", unmet=unmet)


def _resynchronization_refused(why: str, supi: Supi) -> ServiceError:
    unmet = Unmet("synchronisation", "AUTS of the card", why, supi=supi)
    return ServiceError(403, "AUTHENTICATION_REJECTED", f"resynchronisation refused: {why}", unmet=unmet)
