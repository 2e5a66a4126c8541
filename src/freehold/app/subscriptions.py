"""Subscriptions as a demonstration or a test makes them: the next free SUPI, keys drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from freehold.app.config import Configuration
from freehold.core.udr.credentials import generated
from freehold.manage.subscribers import TYPES
from freehold.services.nudm import AccessAndMobilitySubscriptionData, Ambr, DnnConfiguration
from freehold.services.nudr import SliceSubscription, Subscriber
from freehold.spec.identities import Supi

UE_AMBR = Ambr(2_000_000_000, 2_000_000_000)
"""What all non-guaranteed flows of one terminal get together, in bit/s (TS 23.501 5.7.2.6)."""


def subscriber(
    configuration: Configuration,
    number: int,
    random: Callable[[int], bytes],
    *,
    name: str = "",
    ip: str | None = None,
    ip6: str | None = None,
) -> Subscriber:
    """Subscriber `number` of the network's PLMN in every slice and DNN.

    `ip` fixes its address in the first, `ip6` its prefix of 64 bits.
    """
    slices = tuple(section.id for section in configuration.slice)
    dnns = tuple(
        DnnConfiguration(
            section.name,
            types=TYPES,
            session_ambr=Ambr(int(section.ambr_up), int(section.ambr_down)),
            static_ipv4=ip if index == 0 else None,
            static_ipv6=ip6 if index == 0 else None,
        )
        for index, section in enumerate(configuration.dnn)
    )
    return Subscriber(
        supi=supi_of(configuration, number),
        authentication=generated(random),
        mobility=AccessAndMobilitySubscriptionData(slices, slices, UE_AMBR),
        slices=tuple(SliceSubscription(slice_, dnns) for slice_ in slices),
        name=name,
    )


def supi_of(configuration: Configuration, number: int) -> Supi:
    """The SUPI of subscriber `number` of the network's PLMN: an IMSI of 15 digits (TS 23.003 2.2)."""
    plmn = configuration.network.plmn
    digits = f"{plmn.mcc}{plmn.mnc}"
    return Supi.imsi(digits + f"{number:0{15 - len(digits)}}")


def next_number(configuration: Configuration, known: Iterable[Subscriber]) -> int:
    """One above the highest number in use in the network's PLMN; 1 in an empty network."""
    prefix = f"{configuration.network.plmn.mcc}{configuration.network.plmn.mnc}"
    numbers = (int(s.supi.digits[len(prefix) :]) for s in known if s.supi.digits.startswith(prefix))
    return max(numbers, default=0) + 1
