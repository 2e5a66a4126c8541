"""What a session's conversation hands to the procedure that waits: answers of gNB and UE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import msgspec

from freehold.codecs.nas import SmMessage
from freehold.core.smf.transfers import Admitted, Failed, NotAdmitted, SetUp
from freehold.procedure import Signal
from freehold.services.nsmf import SmContextUpdatedData

T = TypeVar("T")


class Answered(Generic[T]):
    """Something an AMF passed on, which gets its answer through `reply`."""

    __slots__ = ("reply", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self.reply: Signal[SmContextUpdatedData] = Signal()


class FromGnb(Answered[SetUp | Failed]):
    """What a gNB answers to a setup, or says of resources it gave up."""

    __slots__ = ()


class HandoverStep(Answered[Admitted | NotAdmitted | Literal["COMPLETED", "CANCELLED"]]):
    """What the target of a handover answers, or how the handover ended."""

    __slots__ = ()


class ResourcesReleased(msgspec.Struct, frozen=True, gc=False):
    """The gNB has released the session's resources."""


class ReleaseCompleted(Answered[SmMessage]):
    """PDU SESSION RELEASE COMPLETE, or 5GSM STATUS that the UE does not know the session (TS 24.501 6.5.3)."""

    __slots__ = ()


class ModificationAnswered(Answered[SmMessage]):
    """PDU SESSION MODIFICATION COMPLETE, or COMMAND REJECT."""

    __slots__ = ()


def of_transaction(pti: int) -> Callable[[object], bool]:
    """Accepts a UE's answer of one transaction only, and whatever a gNB says (TS 24.501 7.3.1 a)."""
    return lambda message: not isinstance(message, ReleaseCompleted | ModificationAnswered) or message.value.pti == pti


NOTHING = SmContextUpdatedData()
"""There is nothing to pass on."""
