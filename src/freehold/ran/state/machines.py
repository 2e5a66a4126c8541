"""The gNB's UE context as a table: a missing pair is a logical error (TS 38.413 10.4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Stage(Enum):
    """How far a UE context is (TS 38.413 8.3)."""

    CONNECTED = "signalling connection only"
    ESTABLISHED = "UE context established"
    RELEASING = "release requested"
    ARRIVING = "handover prepared"
    LEAVING = "handed over"


class Step(Enum):
    """What moves it."""

    SETUP = "InitialContextSetupRequest"
    RELEASE_REQUESTED = "UEContextReleaseRequest"
    COMMANDED = "RRCReconfiguration with sync"
    ARRIVED = "RRCReconfigurationComplete"


TRANSITIONS: Mapping[tuple[Stage, Step], Stage] = MappingProxyType(
    {
        (Stage.CONNECTED, Step.SETUP): Stage.ESTABLISHED,  # TS 38.413 8.3.1
        (Stage.CONNECTED, Step.RELEASE_REQUESTED): Stage.RELEASING,  # TS 38.413 8.3.2
        (Stage.ESTABLISHED, Step.RELEASE_REQUESTED): Stage.RELEASING,
        (Stage.ESTABLISHED, Step.COMMANDED): Stage.LEAVING,  # TS 38.413 8.4.1
        (Stage.LEAVING, Step.RELEASE_REQUESTED): Stage.RELEASING,
        (Stage.ARRIVING, Step.ARRIVED): Stage.ESTABLISHED,  # TS 38.413 8.4.3
        (Stage.ESTABLISHED, Step.ARRIVED): Stage.ESTABLISHED,  # TS 33.501 6.9.4.4: in the same cell, under a new key
        (Stage.ARRIVING, Step.RELEASE_REQUESTED): Stage.RELEASING,
    }
)
