"""Identification at the UE (TS 24.501 5.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.codecs.nas import IdentityRequest, IdentityResponse, IdentityType, NoIdentity
from freehold.procedure import Random, procedure
from freehold.spec.identities import Pei, Suci
from freehold.ue.usim import PRIVATE_KEY

if TYPE_CHECKING:
    from freehold.ue.terminal import Terminal


@procedure(spec="TS 24.501 5.4.3.3")
async def identification(ue: Terminal, request: IdentityRequest) -> None:
    """Give the identity asked for, or none where this terminal has none of that type."""
    guti, pei = ue.usim.guti, ue.configuration.equipment.pei
    match request.identity_type:
        case IdentityType.SUCI:
            ue.link.send(IdentityResponse(await current_suci(ue)))
        case IdentityType.GUTI if guti is not None:
            ue.link.send(IdentityResponse(guti))
        case IdentityType.S_TMSI if guti is not None:
            ue.link.send(IdentityResponse(guti.s_tmsi))
        case IdentityType.IMEISV:
            ue.link.send(IdentityResponse(pei))
        case IdentityType.IMEI:
            ue.link.send(IdentityResponse(imei(pei)))
        case _:
            ue.link.send(IdentityResponse(NoIdentity(bytes(2))))


async def current_suci(ue: Terminal) -> Suci:
    """A fresh SUCI, or the last one while T3519 runs (TS 24.501 5.4.3.3, 5.5.1.2.2)."""
    if ue.usim.suci is None:
        ue.usim.suci = ue.usim.conceal(await Random(PRIVATE_KEY))
        ue.alarms.start("T3519", ue.forget_suci)
    return ue.usim.suci


def imei(pei: Pei) -> Pei:
    """The IMEI within an IMEISV: its first 14 digits and their check digit (TS 23.003 6.2.1, B.2)."""
    digits = pei.value.partition("-")[2][:14]
    doubled = (int(digit) * (1 + position % 2) for position, digit in enumerate(digits))
    total = sum(number // 10 + number % 10 for number in doubled)
    return Pei(f"imei-{digits}{-total % 10}")
