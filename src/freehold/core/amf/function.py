"""What every part of one AMF shares: its configuration, neighbours, contexts, clock, and its operator's ear."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from freehold.core.amf.configuration import AmfConfiguration, AmfPeers
from freehold.core.amf.state.contexts import Contexts
from freehold.core.amf.state.ue import Ue
from freehold.procedure import Conversation, Driver, Environment
from freehold.procedure.correlation import correlation, supi_of
from freehold.services.errors import ServiceError
from freehold.services.nsmf import PduSession
from freehold.services.nudm import SdmNotify
from freehold.spec import counters
from freehold.spec.errors import Unusable
from freehold.spec.events import Event, Severity
from freehold.spec.failures import Unmet
from freehold.spec.identities import PlmnId, SNssai, Supi, Tai
from freehold.spec.timers import Timers
from freehold.stack import ngap_values

MOST_AREAS: Final = 16
"""Tracking areas of one registration area (TS 24.501 9.11.3.9)."""
INTERNED: Final = 1024
"""Different radio capabilities kept once for all the UEs that have them."""


def areas_of(configuration: AmfConfiguration) -> dict[PlmnId, tuple[Tai, ...]]:
    """The tracking areas of each served PLMN."""
    return {
        support.plmn: tuple(Tai(support.plmn, tac) for tac in configuration.tacs) for support in configuration.plmns
    }


def nothing(_: Supi) -> None:
    """An AMF whose subscriptions never change."""


class AmfFunction:
    """One AMF without its interfaces: procedures take it as their first argument."""

    __slots__ = (
        "_capabilities",
        "areas",
        "configuration",
        "contexts",
        "driver",
        "gave_up",
        "guami",
        "peers",
        "subscription_changed",
    )

    def __init__(
        self, configuration: AmfConfiguration, peers: AmfPeers, environment: Environment, timers: Timers
    ) -> None:
        faults = configuration.faults()
        if faults:
            raise Unusable(faults[0])
        self.configuration = configuration
        self.peers = peers
        self.driver = Driver(configuration.name, environment, timers)
        self.contexts = Contexts(self.driver, configuration.guami)
        self.guami = ngap_values.guami(configuration.guami)
        self.areas = areas_of(configuration)
        self.gave_up: Callable[[Ue], None] = self.contexts.forget
        self.subscription_changed: SdmNotify = nothing
        self._capabilities: dict[bytes, bytes] = {}

    def reconfigure(self, configuration: AmfConfiguration) -> None:
        """Serve by another configuration from now on; Unusable where it is another AMF's."""
        faults = configuration.faults()
        if faults:
            raise Unusable(faults[0])
        if (configuration.name, configuration.guami) != (self.configuration.name, self.configuration.guami):
            raise Unusable("another AMF name or GUAMI needs a restart: gNBs and terminals know this one by it")
        self.configuration = configuration
        self.areas = areas_of(configuration)

    @property
    def environment(self) -> Environment:
        """The outside world."""
        return self.driver.environment

    # --- contexts -------------------------------------------------------------------------
    def new_ue(self) -> Ue:
        """A UE nobody knows yet, with its conversation."""
        ue = Ue()
        ue.conversation = self.driver.converse(ue, partial(self._give_up, ue))
        return ue

    def routing(self, ue: Ue) -> Conversation:
        """Where a UE's session procedures run; a mistake of ours there costs that one procedure."""
        if ue.routing is None:
            ue.routing = self.driver.converse(ue)
        return ue.routing

    def _give_up(self, ue: Ue) -> None:
        self.gave_up(ue)

    def registration_area(self, tai: Tai) -> tuple[Tai, ...]:
        """The tracking areas a UE may roam in silently, the serving one always among them (TS 23.501 5.3.2.3)."""
        area = self.areas.get(tai.plmn, ())
        if len(area) <= MOST_AREAS:
            return area
        return (tai, *(other for other in area if other != tai))[:MOST_AREAS]

    def interned(self, capability: bytes) -> bytes:
        """One copy of a radio capability that many UEs of a model share."""
        if len(self._capabilities) >= INTERNED:
            self._capabilities.clear()
        return self._capabilities.setdefault(capability, capability)

    async def select_smf(self, slice_: SNssai, dnn: str) -> PduSession:
        """The SMF of a slice and DNN (TS 23.502 4.3.2.2.3); ServiceError where the NRF knows none."""
        for profile in await self.peers.nrf.discover("SMF", slice_, dnn):
            if profile.service is not None:
                return cast("PduSession", profile.service)
        raise ServiceError(404, "TARGET_NF_NOT_FOUND", f"no SMF serves {dnn} in slice {slice_}")

    def ue_of(self, supi: Supi) -> Ue:
        """The context of a subscriber; ServiceError CONTEXT_NOT_FOUND (TS 29.518 6.1.7.3)."""
        ue = self.contexts.supis.get(supi)
        if ue is None:
            raise ServiceError(404, "CONTEXT_NOT_FOUND", "the UE is not registered here")
        return ue

    # --- the operator -----------------------------------------------------------------------
    def tell(
        self,
        name: str,
        text: str,
        *,
        subject: object = "",
        severity: Severity = "warning",
        fix: str = "",
        clause: str = "",
        cause: str = "",
        unmet: Unmet | None = None,
    ) -> None:
        """One event in plain words; identities are masked by their own printing."""
        whom = supi_of(subject) or (unmet.supi if unmet is not None else None)
        ue = correlation(whom, self.environment.tap.key)
        self.environment.emit(
            Event(name, text, severity, str(subject), fix, clause, ue=ue, whom=whom, cause=cause, unmet=unmet)
        )

    def fault(
        self,
        kind: str,
        text: str,
        *,
        name: str = "protocol-fault",
        subject: object = "",
        clause: str = "",
        fix: str = "",
        cause: str = "",
        unmet: Unmet | None = None,
    ) -> None:
        """Count one thing a peer did against the protocol, and say it once."""
        self.environment.count(counters.PROTOCOL_FAULT, kind)
        self.tell(name, text, subject=subject, clause=clause, fix=fix, cause=cause, unmet=unmet)

    def broke(self, bug: Exception, what: str) -> None:
        """Report a mistake of ours outside any procedure; what it happened in is dropped, the rest goes on."""
        text = "".join(traceback.format_exception_only(bug)).strip()
        place = traceback.extract_tb(bug.__traceback__)[-1:]
        where = f" at {place[0].filename.rsplit('/', 1)[-1]}:{place[0].lineno}" if place else ""
        self.tell("bug", f"{self.configuration.name}: {what} broke it ({text}{where}); dropped", severity="error")
