"""The idle state machines of the network side as tables: a missing pair is the specification's answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class MmState(Enum):
    """5GMM states of the network (TS 24.501 5.1.3.2.3)."""

    DEREGISTERED = "5GMM-DEREGISTERED"
    COMMON_PROCEDURE_INITIATED = "5GMM-COMMON-PROCEDURE-INITIATED"
    REGISTERED = "5GMM-REGISTERED"
    DEREGISTERED_INITIATED = "5GMM-DEREGISTERED-INITIATED"


class MmEvent(Enum):
    """What moves a 5GMM state (TS 24.501 figure 5.1.3.2.3.1.1)."""

    COMMON_PROCEDURE_REQUESTED = "common procedure requested"
    COMMON_PROCEDURE_FAILED = "common procedure failed"
    REGISTRATION_ACCEPTED = "registration accepted"
    REGISTRATION_COMPLETED = "registration completed"
    DEREGISTRATION_REQUESTED = "network requested deregistration"
    DEREGISTERED = "deregistered"


_S, _E = MmState, MmEvent

MM_TRANSITIONS: Mapping[tuple[MmState, MmEvent], MmState] = MappingProxyType(
    {
        # TS 24.501 figure 5.1.3.2.3.1.1
        (_S.DEREGISTERED, _E.COMMON_PROCEDURE_REQUESTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.REGISTERED, _E.COMMON_PROCEDURE_REQUESTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.COMMON_PROCEDURE_REQUESTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.COMMON_PROCEDURE_FAILED): _S.DEREGISTERED,
        # a REGISTRATION ACCEPT with a new 5G-GUTI is a common procedure until its COMPLETE (TS 24.501 5.1.3.2.3.3)
        (_S.DEREGISTERED, _E.REGISTRATION_ACCEPTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.REGISTERED, _E.REGISTRATION_ACCEPTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.REGISTRATION_ACCEPTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.REGISTRATION_COMPLETED): _S.REGISTERED,
        (_S.REGISTERED, _E.DEREGISTRATION_REQUESTED): _S.DEREGISTERED_INITIATED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.DEREGISTRATION_REQUESTED): _S.DEREGISTERED_INITIATED,
        (_S.REGISTERED, _E.DEREGISTERED): _S.DEREGISTERED,
        (_S.COMMON_PROCEDURE_INITIATED, _E.DEREGISTERED): _S.DEREGISTERED,
        (_S.DEREGISTERED_INITIATED, _E.DEREGISTERED): _S.DEREGISTERED,
        # the UE's initial registration goes before the network's deregistration (TS 24.501 5.5.2.3.5 d)
        (_S.DEREGISTERED_INITIATED, _E.COMMON_PROCEDURE_REQUESTED): _S.COMMON_PROCEDURE_INITIATED,
        (_S.DEREGISTERED, _E.DEREGISTERED): _S.DEREGISTERED,
    }
)


class CmState(Enum):
    """Connection management states (TS 23.501 5.3.3.2)."""

    IDLE = "CM-IDLE"
    CONNECTED = "CM-CONNECTED"


class ContextState(Enum):
    """How far the gNB's UE context is (TS 38.413 8.3)."""

    ABSENT = "absent"
    REQUESTED = "requested"
    ESTABLISHED = "established"
    RELEASING = "releasing"


class ContextEvent(Enum):
    """What moves the gNB's UE context (TS 38.413 8.3)."""

    SETUP_REQUESTED = "InitialContextSetupRequest"
    SETUP_SUCCEEDED = "InitialContextSetupResponse"
    SETUP_FAILED = "InitialContextSetupFailure"
    RELEASE_COMMANDED = "UEContextReleaseCommand"


_C, _X = ContextState, ContextEvent

CONTEXT_TRANSITIONS: Mapping[tuple[ContextState, ContextEvent], ContextState] = MappingProxyType(
    {
        (_C.ABSENT, _X.SETUP_REQUESTED): _C.REQUESTED,
        (_C.REQUESTED, _X.SETUP_SUCCEEDED): _C.ESTABLISHED,
        (_C.REQUESTED, _X.SETUP_FAILED): _C.ABSENT,
        (_C.ABSENT, _X.RELEASE_COMMANDED): _C.RELEASING,
        (_C.REQUESTED, _X.RELEASE_COMMANDED): _C.RELEASING,
        (_C.ESTABLISHED, _X.RELEASE_COMMANDED): _C.RELEASING,
    }
)
