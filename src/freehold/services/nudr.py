"""Nudr_DataRepository: subscription and authentication data (TS 29.504, TS 29.505)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from freehold.procedure import Signal
from freehold.services.nudm import AccessAndMobilitySubscriptionData, DnnConfiguration
from freehold.spec.identities import SNssai, Supi
from freehold.spec.keys import Key


class AuthenticationSubscription(msgspec.Struct, frozen=True, gc=False):
    """The authentication part of a subscription (TS 29.505 5.4.2.2): keys of 16 octets, AMF field of 2 octets.

    `k` is empty where it is inside a token.
    """

    k: Key
    opc: Key
    amf_field: bytes = b"\x80\x00"
    algorithm: Literal["milenage"] = "milenage"
    sqn_offset: int = 0
    """What resynchronisation added to this subscriber's SEQ (TS 33.102 C.1.1.1)."""

    @property
    def elsewhere(self) -> bool:
        """Whether K is inside a token and not here."""
        return not self.k


class SliceSubscription(msgspec.Struct, frozen=True):
    """One slice of a subscription with its DNNs; the first DNN is the default."""

    slice: SNssai
    dnns: tuple[DnnConfiguration, ...]
    default: bool = True


class Subscriber(msgspec.Struct, frozen=True):
    """A subscription as the operator provisions it; `enabled` false bars it at once."""

    supi: Supi
    authentication: AuthenticationSubscription
    mobility: AccessAndMobilitySubscriptionData
    slices: tuple[SliceSubscription, ...]
    enabled: bool = True
    name: str = ""


class DataRepository(Protocol):
    """The UDR: reads answer from memory, writes are durable when their signal is set."""

    def subscriber(self, supi: Supi) -> Subscriber | None:
        """One subscription, in constant time."""

    def subscribers(self, after: str = "") -> Iterable[Subscriber]:
        """All subscriptions in the order of their SUPIs, or those behind one."""

    def put(self, subscriber: Subscriber) -> Signal[None]:
        """Add or replace one subscription."""

    def put_all(self, subscribers: Iterable[Subscriber]) -> Signal[None]:
        """Add or replace many in one transaction."""

    def delete(self, supi: Supi) -> Signal[bool]:
        """Remove one; whether it was there."""

    def next_sequence(self) -> Signal[int]:
        """The next SEQ of the global counter (TS 33.102 C.1.1.1), never given twice, not even after a crash."""
