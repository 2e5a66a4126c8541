"""5G AKA as the SEAF runs it (TS 33.501 6.1.3.2, TS 24.501 5.4.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

import msgspec

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.configuration import AUTHENTICATION_REJECT
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.procedures.identification import identification
from freehold.core.amf.state.ue import Ue
from freehold.crypto import keys
from freehold.procedure import exchange, procedure
from freehold.services.errors import ServiceError
from freehold.services.nausf import AuthenticationInfo, ResynchronizationInfo, UeAuthenticationCtx
from freehold.spec import counters
from freehold.spec.causes import MmCause
from freehold.spec.errors import Reject, TimerExpired
from freehold.spec.failures import Unmet
from freehold.spec.identities import Suci, Supi
from freehold.spec.keys import Key

MOST_CHALLENGES: Final = 4
"""Challenges of one run: after a stale SQN, a ngKSI in use, and an identity asked for again (TS 24.501 5.4.1.3.7)."""
NO_RESPONSE: Final = b""
"""What the AUSF is told where RES* never came."""
KEY_SETS: Final = 7
"""Values of a ngKSI that name a key set (TS 24.501 9.11.3.32)."""


class Authenticated(msgspec.Struct, frozen=True, gc=False):
    """Who the UE is and the key it shares with this network (TS 33.501 6.1.3.2)."""

    supi: Supi
    kamf: Key
    ngksi: int


class Attempt:
    """One run of 5G AKA while it lasts."""

    __slots__ = ("amf", "concealed", "identity", "ngksi", "resynchronization", "resynchronized", "ue")

    def __init__(self, amf: AmfFunction, ue: Ue, identity: Suci | Supi, ngksi: int) -> None:
        self.amf = amf
        self.ue = ue
        self.identity = identity
        self.concealed = isinstance(identity, Suci)
        self.ngksi = ngksi
        self.resynchronization: ResynchronizationInfo | None = None
        self.resynchronized = False

    async def identify(self, why: str, unmet: Unmet) -> None:
        """Ask for the SUCI once, as the 5G-GUTI may have been another UE's; then refuse (TS 24.501 5.4.1.3.5)."""
        if self.concealed:
            raise refused(why, unmet)
        self.identity = await identification(self.amf, self.ue)
        self.concealed = True


def refused(why: str, unmet: Unmet) -> Reject:
    """AUTHENTICATION REJECT, which a terminal forgets only when it is switched off (TS 24.501 5.4.1.3.5)."""
    return Reject(
        AUTHENTICATION_REJECT,
        why,
        "compare K and OPc of the subscriber with the SIM; after a repair switch the terminal off and on",
        unmet=unmet,
    )


def next_key_set(*used: int) -> int:
    """A ngKSI that neither side uses (TS 24.501 5.4.1.3.2)."""
    return next(value for value in range(KEY_SETS) if value not in used)


@procedure(spec="TS 33.501 6.1.3.2")
async def authentication(amf: AmfFunction, ue: Ue, identity: Suci | Supi, used_key_set: int) -> Authenticated:
    """Challenge the UE until it answers, refuses for good, or tries are used up."""
    current = ue.security.current
    attempt = Attempt(amf, ue, identity, next_key_set(used_key_set, current.ngksi if current else used_key_set))
    serving_network_name = amf.configuration.guami.plmn.serving_network_name
    for _ in range(MOST_CHALLENGES):
        amf.environment.count(counters.AUTHENTICATION_REQUEST)
        # TS 33.501 6.1.3.2.0 steps 1 to 5: the AUSF's challenge
        challenge = await amf.peers.ausf.authenticate(
            AuthenticationInfo(attempt.identity, serving_network_name, attempt.resynchronization)
        )
        attempt.resynchronization = None
        # steps 6 to 8: the UE's answer
        request = nas.AuthenticationRequest(
            ng_ksi=nas.KeySetIdentifier(mapped=False, value=attempt.ngksi),
            abba=keys.ABBA,
            rand=challenge.rand,
            autn=challenge.autn,
        )
        try:
            answer = await exchange(
                N1(amf, ue), request, nas.AuthenticationResponse, nas.AuthenticationFailure, timer="T3560"
            )
        except TimerExpired:
            await tell_home(amf, challenge, NO_RESPONSE)
            raise
        if isinstance(answer, nas.AuthenticationResponse):
            authenticated = await confirm(attempt, challenge, answer.response_parameter or b"")
            if authenticated is not None:
                return authenticated
            continue
        amf.environment.count(counters.AUTHENTICATION_FAILURE, f"#{answer.cause}")
        await FAILURES.get(answer.cause, unknown_failure)(attempt, challenge, answer)
    raise refused(f"{MOST_CHALLENGES} challenges without success", Unmet("challenges", str(MOST_CHALLENGES)))


async def tell_home(amf: AmfFunction, challenge: UeAuthenticationCtx, res_star: bytes) -> None:
    """The AUSF learns of a failure here: RES* is wrong or never came (TS 33.501 6.1.3.2.0 step 9, 6.1.3.2.2)."""
    with suppress(ServiceError):
        await amf.peers.ausf.confirm(challenge.context_id, res_star)


async def confirm(attempt: Attempt, challenge: UeAuthenticationCtx, res_star: bytes) -> Authenticated | None:
    """HXRES* in the SEAF, then RES* in the AUSF; None when the UE is to be identified first (TS 33.501 6.1.3.2.0)."""
    amf = attempt.amf
    # step 9; the home network learns also of an answer that is wrong here (TS 33.501 6.1.3.2.2)
    if keys.hres_star(challenge.rand, res_star) != challenge.hxres_star:
        await tell_home(amf, challenge, res_star)
        amf.environment.count(counters.AUTHENTICATION_FAILURE, "HRES*")
        await attempt.identify(
            "the terminal's RES* is wrong: its key is not the subscriber's",
            Unmet("wrong-response", "RES* of the card", "XRES* of the subscription", supi=challenge.whom),
        )
        return None
    # steps 10 to 12
    answer = await amf.peers.ausf.confirm(challenge.context_id, res_star)
    if not answer.success or answer.supi is None or answer.k_seaf is None:
        amf.environment.count(counters.AUTHENTICATION_FAILURE, "AUSF")
        await attempt.identify(
            "the home network refused the terminal's RES*",
            Unmet("wrong-response", "RES* of the card", "XRES* of the subscription", supi=challenge.whom),
        )
        return None
    kamf = keys.kamf(answer.k_seaf, answer.supi.value.partition("-")[2].encode(), keys.ABBA)  # TS 33.501 A.7
    return Authenticated(answer.supi, Key(kamf), attempt.ngksi)


# --- AUTHENTICATION FAILURE by its cause (TS 24.501 5.4.1.3.7 c to f) ------------------------
async def mac_failure(attempt: Attempt, challenge: UeAuthenticationCtx, _: nas.AuthenticationFailure) -> None:
    """#20: the UE does not know the network's key (TS 24.501 5.4.1.3.7 c)."""
    await attempt.identify(
        "the terminal found the network's MAC wrong: K or OPc differ",
        Unmet("wrong-key", "K and OPc of the card", "K and OPc of the subscription", supi=challenge.whom),
    )


async def non_5g_authentication(attempt: Attempt, challenge: UeAuthenticationCtx, _: nas.AuthenticationFailure) -> None:
    """#26: the separation bit of AUTN is 0 (TS 24.501 5.4.1.3.7 d)."""
    await attempt.identify(
        "the terminal misses the separation bit: the subscriber's AMF field needs bit 0 set (8000)",
        Unmet("separation-bit", "AMF field with bit 0 set", "AMF field without it", supi=challenge.whom),
    )


async def key_set_in_use(attempt: Attempt, _: UeAuthenticationCtx, __: nas.AuthenticationFailure) -> None:
    """#71: another ngKSI (TS 24.501 5.4.1.3.7 e)."""
    attempt.ngksi = (attempt.ngksi + 1) % KEY_SETS


async def synch_failure(attempt: Attempt, challenge: UeAuthenticationCtx, failure: nas.AuthenticationFailure) -> None:
    """#21: resynchronise once, with the RAND that was sent (TS 24.501 5.4.1.3.7 f, TS 33.501 6.1.3.3.2)."""
    if attempt.resynchronized:
        raise refused(
            "the terminal found the sequence number stale again after resynchronisation",
            Unmet("synchronisation", "SQN of the card", "SQN of the subscription", supi=challenge.whom),
        )
    attempt.resynchronized = True
    attempt.resynchronization = ResynchronizationInfo(challenge.rand, failure.failure_parameter or b"")


async def unknown_failure(_: Attempt, challenge: UeAuthenticationCtx, failure: nas.AuthenticationFailure) -> None:
    """A cause that AUTHENTICATION FAILURE does not have."""
    raise Reject(
        MmCause.PROTOCOL_ERROR_UNSPECIFIED,
        f"authentication failure with cause #{failure.cause}",
        unmet=Unmet("authentication-cause", f"5GMM #{failure.cause}", supi=challenge.whom),
    )


FAILURES: Mapping[
    int, Callable[[Attempt, UeAuthenticationCtx, nas.AuthenticationFailure], Coroutine[Any, Any, None]]
] = MappingProxyType(
    {
        MmCause.MAC_FAILURE: mac_failure,
        MmCause.SYNCH_FAILURE: synch_failure,
        MmCause.NON_5G_AUTHENTICATION_UNACCEPTABLE: non_5g_authentication,
        MmCause.NGKSI_ALREADY_IN_USE: key_set_in_use,
    }
)
