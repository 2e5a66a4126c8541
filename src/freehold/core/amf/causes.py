"""What a UE is told when a service said no (TS 29.524 4), and what the operator is told to change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from freehold.core.amf.configuration import AUTHENTICATION_REJECT, RejectPolicy
from freehold.services.errors import ServiceError
from freehold.spec.causes import MmCause
from freehold.spec.errors import PeerError, Reject, TimerExpired
from freehold.spec.failures import Unmet


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """One row: the setting of `RejectPolicy` or the cause that goes out, why, and what would change it."""

    cause: int | str
    why: str
    fix: str
    rule: str


# TS 29.524 4.2.2 (Nausf_UEAuthentication), 4.3 (Nudm), 4.4 (Nnssf)
REFUSALS: Mapping[str, Refusal] = MappingProxyType(
    {
        "USER_NOT_FOUND": Refusal(
            "unknown_subscriber",
            "no subscriber has this identity",
            "add the SIM with `freehold subscriber add`, or see that its PLMN and home network key are this network's",
            "unknown-subscriber",
        ),
        "AUTHENTICATION_REJECTED": Refusal(
            "barred_subscriber",
            "the home network does not authenticate this subscriber",
            "enable the subscriber (`enabled`), and see that its SUCI scheme and key identifier are configured",
            "barred-subscriber",
        ),
        "INVALID_HN_PUBLIC_KEY_IDENTIFIER": Refusal(
            "barred_subscriber",
            "the SIM uses a home network public key this network does not have",
            "add the key of that identifier, or personalise the SIM with a configured one",
            "home-key",
        ),
        "INVALID_SCHEME_OUTPUT": Refusal(
            "barred_subscriber",
            "the concealed identity does not open with the home network's private key",
            "personalise the SIM with this network's public key",
            "concealed-identity",
        ),
        "UNSUPPORTED_PROTECTION_SCHEME": Refusal(
            "barred_subscriber",
            "the SIM does not conceal its identity, and the operator wants it concealed",
            "personalise the SIM with the home network's public key, or allow the null scheme ([amf] null_scheme)",
            "null-scheme",
        ),
        "SERVING_NETWORK_NOT_AUTHORIZED": Refusal(
            "serving_network",
            "the home network does not allow this serving network",
            "see that [network] plmn is the one the UDM expects",
            "serving-network",
        ),
        # TS 29.524 4.3 has #7 for these two, which disables the USIM until the terminal is switched off
        "DATA_NOT_FOUND": Refusal(
            "barred_subscriber",
            "the subscriber has no access and mobility data",
            "give the subscriber at least one slice",
            "no-slice-subscribed",
        ),
        "ROAMING_NOT_ALLOWED": Refusal(
            MmCause.ROAMING_NOT_ALLOWED_IN_THIS_TRACKING_AREA,
            "the subscriber may not roam here",
            "allow roaming in the subscription",
            "roaming",
        ),
        "UNKNOWN_5GS_SUBSCRIPTION": Refusal(
            "barred_subscriber",
            "the subscription has no 5GS part",
            "add slices to the subscriber",
            "no-slice-subscribed",
        ),
        "SNSSAI_NOT_SUPPORTED": Refusal(
            MmCause.NO_NETWORK_SLICES_AVAILABLE,
            "none of the subscriber's slices is served here",
            "configure the subscriber's slices as [[slice]], or subscribe it to a configured one",
            "slices",
        ),
    }
)
TRANSIENT: Final = Refusal(
    MmCause.CONGESTION,
    "a network function did not answer as it should",
    "nothing at the terminal: it tries again; see the events of that function",
    "function-failed",
)
"""A passing fault never disables a USIM: #22 without T3346 is an abnormal case the UE retries (TS 24.501 5.5.1.2.5)."""


def refusal(error: ServiceError, policy: RejectPolicy) -> Reject:
    """The reject a service's error becomes (TS 29.524 4)."""
    row = REFUSALS.get(error.application_error, TRANSIENT)
    cause = getattr(policy, row.cause) if isinstance(row.cause, str) else row.cause
    detail = f" ({error.detail})" if error.detail else ""
    known = error.unmet or Unmet(row.rule, asked=str(error))
    return Reject(cause, f"{row.why}{detail}", row.fix, unmet=known)


def unmet(error: Exception) -> Unmet | None:
    """What was not met where a procedure ended without a cause of its own: a timer, a peer's refusal, a loss."""
    if isinstance(error, TimerExpired):
        return Unmet("timer", error.timer, about={"timer": error.timer})
    return error.unmet if isinstance(error, PeerError) else None


def wire(cause: int) -> str:
    """What a terminal is sent, as tables of causes name it."""
    return "AUTHENTICATION REJECT" if cause == AUTHENTICATION_REJECT else f"5GMM #{int(cause)}"


def name(cause: int) -> str:
    """A 5GMM cause in words, with its number."""
    if cause == AUTHENTICATION_REJECT:
        return "AUTHENTICATION REJECT"
    try:
        return f"#{cause} {MmCause(cause).name.lower().replace('_', ' ')}"
    except ValueError:
        return f"#{cause}"
