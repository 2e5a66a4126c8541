"""Identification: ask a UE who it is (TS 24.501 5.4.3)."""

from __future__ import annotations

from freehold.codecs import nas
from freehold.core.amf.channels import N1
from freehold.core.amf.function import AmfFunction
from freehold.core.amf.names import suci_of
from freehold.core.amf.state.ue import Ue
from freehold.procedure import exchange, procedure
from freehold.spec.causes import MmCause
from freehold.spec.errors import Reject
from freehold.spec.identities import Suci


@procedure(spec="TS 24.501 5.4.3")
async def identification(amf: AmfFunction, ue: Ue) -> Suci:
    """The UE's SUCI, the only identity it may give in clear (TS 24.501 4.4.4.3)."""
    # TS 24.501 5.4.3.2, T3570 5.4.3.6
    answer = await exchange(
        N1(amf, ue), nas.IdentityRequest(identity_type=nas.IdentityType.SUCI), nas.IdentityResponse, timer="T3570"
    )
    suci = suci_of(answer.mobile_identity)
    if suci is not None:
        return suci
    raise Reject(
        MmCause.UE_IDENTITY_CANNOT_BE_DERIVED,
        f"asked for its SUCI the terminal gave a {type(answer.mobile_identity).__name__}",
        "look at the terminal: its SUCI is none of TS 23.003 28.7.3",
    )
