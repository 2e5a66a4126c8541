"""5GMM of one terminal: states, update status, and what the network granted (TS 24.501 5.1.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import msgspec

from freehold.codecs.nas import NetworkFeatureSupport, RegistrationAccept
from freehold.spec.errors import Bug
from freehold.spec.identities import PlmnId, SNssai, Tai
from freehold.spec.timers import TIMERS


class MmState(Enum):
    """5GMM main states of the UE (TS 24.501 5.1.3.2.1)."""

    NULL = "5GMM-NULL"
    DEREGISTERED = "5GMM-DEREGISTERED"
    REGISTERED_INITIATED = "5GMM-REGISTERED-INITIATED"
    REGISTERED = "5GMM-REGISTERED"
    DEREGISTERED_INITIATED = "5GMM-DEREGISTERED-INITIATED"
    SERVICE_REQUEST_INITIATED = "5GMM-SERVICE-REQUEST-INITIATED"


class MmEvent(Enum):
    """What moves 5GMM from one state to another (TS 24.501 5.1.3.2.1)."""

    SWITCH_ON = "switched on"
    SWITCH_OFF = "switched off"
    REGISTRATION = "registration requested"
    ACCEPTED = "registration accepted"
    FAILED = "registration failed"
    UPDATE_FAILED = "registration update failed"
    DEREGISTRATION = "deregistration requested"
    DEREGISTERED = "deregistered"
    SERVICE = "service requested"
    SERVICE_ENDED = "service accepted or refused"


class UpdateStatus(Enum):
    """5GS update status (TS 24.501 5.1.3.2.2)."""

    UPDATED = "5U1 UPDATED"
    NOT_UPDATED = "5U2 NOT UPDATED"
    ROAMING_NOT_ALLOWED = "5U3 ROAMING NOT ALLOWED"


S, E = MmState, MmEvent
TRANSITIONS: Mapping[tuple[MmState, MmEvent], MmState] = MappingProxyType(
    {  # TS 24.501 figure 5.1.3.2.1.1.1
        (S.NULL, E.SWITCH_ON): S.DEREGISTERED,
        (S.DEREGISTERED, E.REGISTRATION): S.REGISTERED_INITIATED,
        (S.REGISTERED, E.REGISTRATION): S.REGISTERED_INITIATED,
        (S.REGISTERED_INITIATED, E.REGISTRATION): S.REGISTERED_INITIATED,
        (S.REGISTERED_INITIATED, E.ACCEPTED): S.REGISTERED,
        (S.REGISTERED_INITIATED, E.FAILED): S.DEREGISTERED,
        (S.REGISTERED_INITIATED, E.UPDATE_FAILED): S.REGISTERED,
        (S.REGISTERED_INITIATED, E.DEREGISTRATION): S.DEREGISTERED_INITIATED,
        (S.REGISTERED, E.DEREGISTRATION): S.DEREGISTERED_INITIATED,
        (S.SERVICE_REQUEST_INITIATED, E.DEREGISTRATION): S.DEREGISTERED_INITIATED,
        (S.DEREGISTERED_INITIATED, E.DEREGISTERED): S.DEREGISTERED,
        (S.REGISTERED_INITIATED, E.DEREGISTERED): S.DEREGISTERED,
        (S.REGISTERED, E.DEREGISTERED): S.DEREGISTERED,
        (S.SERVICE_REQUEST_INITIATED, E.DEREGISTERED): S.DEREGISTERED,
        (S.DEREGISTERED, E.DEREGISTERED): S.DEREGISTERED,
        (S.REGISTERED, E.SERVICE): S.SERVICE_REQUEST_INITIATED,
        (S.SERVICE_REQUEST_INITIATED, E.SERVICE_ENDED): S.REGISTERED,
        (S.SERVICE_REQUEST_INITIATED, E.REGISTRATION): S.REGISTERED_INITIATED,
        **{(state, E.SWITCH_OFF): S.NULL for state in S},
    }
)


class Granted(msgspec.Struct, frozen=True):
    """What the last REGISTRATION ACCEPT and configuration updates gave (TS 24.501 5.5.1.2.4)."""

    tai_list: tuple[Tai, ...] = ()
    allowed_nssai: tuple[SNssai, ...] = ()
    configured_nssai: tuple[SNssai, ...] = ()
    rejected_nssai: tuple[SNssai, ...] = ()
    features: NetworkFeatureSupport = NetworkFeatureSupport()
    t3512: float | None = TIMERS["T3512"].seconds
    t3502: float | None = TIMERS["T3502"].seconds
    network_name: str = ""


class Forbidden(msgspec.Struct):
    """Where this terminal may not try again until it is switched off (TS 24.501 5.3.13, TS 23.122 3.1)."""

    plmns: set[PlmnId] = msgspec.field(default_factory=set)
    tais: set[Tai] = msgspec.field(default_factory=set)
    cell_barred: bool = False

    def holds(self, plmn: PlmnId, tai: Tai) -> bool:
        """Whether the terminal may not register there."""
        return plmn in self.plmns or tai in self.tais


class MmContext(msgspec.Struct):
    """5GMM of one terminal."""

    state: MmState = MmState.NULL
    status: UpdateStatus = UpdateStatus.NOT_UPDATED
    granted: Granted = Granted()
    forbidden: Forbidden = msgspec.field(default_factory=Forbidden)
    attempts: int = 0
    challenges_failed: int = 0
    acknowledged: RegistrationAccept | None = None
    """The last REGISTRATION ACCEPT, where it asked for REGISTRATION COMPLETE."""

    @property
    def slices(self) -> tuple[SNssai, ...]:
        """The slices granted or configured that were not rejected (TS 24.501 4.6.2.2, 5.5.1.2.2)."""
        granted = self.granted
        return tuple(
            slice_
            for slice_ in granted.allowed_nssai or granted.configured_nssai
            if slice_ not in granted.rejected_nssai
        )

    @property
    def registered(self) -> bool:
        """Whether the terminal is registered, also while it requests a service (TS 24.501 5.1.3.2.1.4)."""
        return self.state in {MmState.REGISTERED, MmState.SERVICE_REQUEST_INITIATED}

    def step(self, event: MmEvent) -> None:
        """Move on; Bug where the table has no such step, because a procedure checks before it starts."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise Bug(f"{event.value} in {self.state.value}")
        self.state = state
