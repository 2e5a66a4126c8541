"""One terminal: what the radio tells it, what a script asks of it, and what its procedures share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from freehold.codecs.nas import (
    ConfigurationContainer,
    PduSessionType,
    QosFlowDescription,
    QosRule,
    RegistrationKind,
    ServiceType,
)
from freehold.crypto.handover import initial_chain
from freehold.procedure import Driver, Environment, Signal
from freehold.services.access import TerminalPlane
from freehold.services.air import Air, Bearer, Cell, SystemInformation
from freehold.spec.causes import SmCause
from freehold.spec.errors import Bug
from freehold.spec.identities import PlmnId, SNssai, Tai
from freehold.ue.alarms import Alarms
from freehold.ue.configuration import Subscription, UeConfiguration
from freehold.ue.errors import Refused
from freehold.ue.nas.dispatch import dispatch
from freehold.ue.nas.link import Link, Received, Released
from freehold.ue.nas.mm.deregistration import deregistration
from freehold.ue.nas.mm.registration import registration
from freehold.ue.nas.mm.service_request import service_request
from freehold.ue.nas.sm.establishment import establishment
from freehold.ue.nas.sm.modification import modification
from freehold.ue.nas.sm.release import release
from freehold.ue.rrc.reconfiguration import reconfiguration_with_sync, update
from freehold.ue.sessions import PduSessions
from freehold.ue.state.mobility import Forbidden, Granted, MmContext, MmEvent, MmState
from freehold.ue.state.session import Session, SmContext
from freehold.ue.usim import Usim, supports

CELL_BARRED = 300.0
"""Seconds for which a barred cell is left alone (TS 38.304 5.3.1)."""


AREAS_FORBIDDEN = 12 * 3600.0
"""Seconds for which a tracking area stays forbidden, 12 hours at least (TS 24.501 5.3.13)."""


class Terminal:
    """A UE with its USIM; `number` makes its sessions' numbers in the access engine unique.

    Each of `register`, `pdu_session`, `modify_session`, `release_session`, `deregister` and `service_request` starts a
    procedure and gives a signal of its result; a refusal is raised where the signal is awaited or read.
    """

    __slots__ = (
        "_after_release",
        "air",
        "alarms",
        "cell",
        "configuration",
        "conversation",
        "environment",
        "link",
        "mm",
        "number",
        "sessions",
        "usim",
    )

    def __init__(
        self,
        configuration: UeConfiguration,
        driver: Driver,
        cell: Cell | None = None,
        plane: TerminalPlane | None = None,
        number: int = 0,
        air: Air | None = None,
    ) -> None:
        self.configuration = configuration
        self.environment: Environment = driver.environment
        self.cell = cell
        self.air = air
        self.number = number
        self.usim = Usim(configuration.subscription)
        self.mm = MmContext()
        self.sessions = PduSessions(plane, number, self._uplink_pending)
        self.alarms = Alarms(driver)
        self.conversation = driver.converse(configuration.name, self._give_up)
        self.link = Link(self, self._received)
        self._after_release: list[Callable[[], object]] = []

    def __str__(self) -> str:
        return self.configuration.name

    # --- what a script asks ------------------------------------------------------------------
    def switch_on(self) -> None:
        """Power on: the USIM is believed again and nothing is forbidden any more (TS 24.501 5.5.1.2.5)."""
        if self.mm.state is MmState.NULL:
            self.mm.step(MmEvent.SWITCH_ON)
            self.usim.invalid = False
            self.mm.forbidden = Forbidden()

    def insert(self, subscription: Subscription) -> None:
        """Another USIM, while the terminal is switched off; Bug otherwise."""
        if self.mm.state is not MmState.NULL:
            raise Bug("a card is changed while the terminal is on")
        self.configuration = msgspec.structs.replace(self.configuration, subscription=subscription)
        self.usim = Usim(subscription)

    def register(self, *, follow_on: bool = True) -> Signal[Granted]:
        """Register, or update the registration; `follow_on` keeps the connection for what comes next."""
        self.switch_on()
        kind = RegistrationKind.MOBILITY_UPDATING if self.mm.registered else RegistrationKind.INITIAL
        return self.conversation.perform(registration(self, kind, follow_on=follow_on))

    def pdu_session(
        self,
        dnn: str | None = None,
        snssai: SNssai | None = None,
        pdu_session_type: PduSessionType = PduSessionType.IPV4,
    ) -> Signal[Session]:
        """Open a PDU session; its signal is set once the session has an address and a bearer."""
        identity = self.sm.free_identity()
        if identity is None:
            full: Signal[Session] = Signal()
            full.fail(Refused(SmCause.INSUFFICIENT_RESOURCES, "all 15 PDU session identities are in use"))
            return full
        opening = establishment(self, identity, dnn=dnn, snssai=snssai, pdu_session_type=pdu_session_type)
        return self.conversation.perform(opening)

    def release_session(self, identity: int) -> Signal[None]:
        """Release a PDU session."""
        return self.conversation.perform(release(self, identity))

    def modify_session(
        self,
        identity: int,
        rules: tuple[QosRule, ...] = (),
        flows: tuple[QosFlowDescription, ...] = (),
        options: tuple[ConfigurationContainer, ...] = (),
        *,
        always_on: bool | None = None,
    ) -> Signal[Session]:
        """Ask for other QoS rules and flows of a PDU session, for options anew, for an always-on session."""
        return self.conversation.perform(modification(self, identity, rules, flows, options, always_on=always_on))

    def deregister(self, *, switch_off: bool = False) -> Signal[None]:
        """Deregister; with `switch_off` the terminal is off afterwards."""
        done = self.conversation.perform(deregistration(self, switch_off=switch_off))
        if switch_off:
            self.alarms.stop_all()
            self.mm.step(MmEvent.SWITCH_OFF)
        return done

    def service_request(self, kind: ServiceType = ServiceType.SIGNALLING, *sessions: int) -> Signal[None]:
        """Leave idle mode, with the user plane of `sessions`."""
        return self.conversation.perform(service_request(self, kind, sessions))

    def go_idle(self) -> None:
        """Tell the cell that nothing is left to say (TS 38.413 8.3.2)."""
        if self.link.connection is not None:
            self.link.connection.release_request("user-inactivity")

    def move(self, cell: Cell) -> None:
        """Camp on another cell; outside of the registration area register there (TS 24.501 5.5.1.3.2 a)."""
        if self.link.connection is not None:
            self.release_locally()
        self.camp_on(cell)
        update(self, cell)

    # --- what the radio tells (freehold.services.air.Terminal) ---------------------------------
    def downlink_nas(self, octets: bytes) -> None:
        """NAS octets of the network."""
        self.link.arrived(octets)

    def security(self, k_gnb: bytes, ciphering: int, integrity: int) -> bool:
        """Whether the key is the one of this connection and the algorithms are this terminal's (TS 33.501 6.7.4)."""
        context = self.usim.security
        capability = self.configuration.equipment.security_capability
        if context is None or k_gnb not in map(context.kgnb, self.link.k_gnb_counts):
            return False
        self.link.chain, self.link.root = initial_chain(k_gnb), context
        return supports(capability, ciphering, integrity)

    def radio_capability(self) -> bytes:
        """The terminal's radio capability, as octets."""
        return self.configuration.equipment.radio_capability

    def bearers(self, added: tuple[Bearer, ...], released: tuple[int, ...]) -> None:
        """Bearers came and went; each session's user plane follows."""
        for identity in released:
            self.sessions.bind(identity, None)
        for bearer in added:
            self.sessions.bind(bearer.pdu_session_id, bearer)

    def reconfiguration(self, octets: bytes) -> None:
        """Go to the cell that is named; the sessions and NAS go along."""
        self.conversation.start(reconfiguration_with_sync(self, octets))

    def released(self) -> None:
        """The connection is gone; a second word about it changes nothing."""
        if self.link.connection is not None:
            self._disconnected()

    def paged(self) -> None:
        """Paging: answer with a service request (TS 24.501 5.6.2.2)."""
        if self.link.connection is None and self.mm.state is MmState.REGISTERED:
            self.conversation.start(service_request(self, ServiceType.MOBILE_TERMINATED))

    # --- what its procedures share ---------------------------------------------------------------
    @property
    def sm(self) -> SmContext:
        """5GSM of this terminal."""
        return self.sessions.context

    @property
    def serving_network_name(self) -> bytes:
        """The name keys are bound to; empty where there is no cell (TS 24.501 9.12.1)."""
        return self.selected_plmn(self.cell.system_information).serving_network_name if self.cell is not None else b""

    def selected_plmn(self, broadcast: SystemInformation) -> PlmnId:
        """The home PLMN where the cell has it, else its first (TS 23.122 4.4.3.1)."""
        home = self.configuration.subscription.home_plmn
        return home if home in broadcast.plmns or not broadcast.plmns else broadcast.plmns[0]

    @property
    def limited(self) -> bool:
        """Whether the cell it camps on is where the network refused it (TS 24.501 5.3.13)."""
        if self.cell is None:
            return False
        broadcast = self.cell.system_information
        return self.mm.forbidden.holds(self.selected_plmn(broadcast), broadcast.tai)

    def granted(self, **changes: Any) -> None:
        """Change what the network granted."""
        self.mm.granted = msgspec.structs.replace(self.mm.granted, **changes)

    def connected(self) -> None:
        """A connection is there: the periodic timer stops (TS 24.501 5.3.7)."""
        self.alarms.stop("T3512")

    def expect_release(self) -> None:
        """The network should release now; T3540 does it otherwise (TS 24.501 5.3.1.3)."""
        if self.link.connection is not None:
            self.alarms.start("T3540", self.release_locally)

    def release_locally(self) -> None:
        """Give the connection up (TS 24.501 5.3.1.3)."""
        connection = self.link.connection
        if connection is not None:
            self._disconnected()
            connection.release_request("radio-connection-with-ue-lost")

    def after_release(self, then: Callable[[], object]) -> None:
        """Do something once there is no connection, at once if there is none."""
        if self.link.connection is None:
            then()
        else:
            self._after_release.append(then)

    def camp_on(self, cell: Cell) -> None:
        """Listen to another cell from now on."""
        if self.cell is not None:
            self.cell.camp(self, None)
        self.cell = cell
        self._camp()

    def bar_cell(self) -> None:
        """Stay away from the cell for a while (TS 38.304 5.3.1)."""
        self.mm.forbidden.cell_barred = True
        self.alarms.start("barred", self._unbar_cell, CELL_BARRED)

    def forbid_area(self, tai: Tai) -> None:
        """Do not register in a tracking area for half a day, or until a power cycle (TS 24.501 5.3.13)."""
        self.mm.forbidden.tais.add(tai)
        if not self.alarms.running("forbidden"):
            self.alarms.start("forbidden", self.mm.forbidden.tais.clear, AREAS_FORBIDDEN)

    def _unbar_cell(self) -> None:
        self.mm.forbidden.cell_barred = False

    def forget_challenge(self) -> None:
        """T3516 expired: RAND and RES* are deleted (TS 24.501 10.2)."""
        self.usim.partial = None

    def forget_suci(self) -> None:
        """T3519 expired: the next SUCI is a fresh one (TS 24.501 10.2)."""
        self.usim.suci = None

    def _uplink_pending(self, identity: int) -> None:
        if self.mm.state is MmState.REGISTERED:  # TS 24.501 5.6.1.1 d, e: in idle and in connected mode
            self.conversation.start(service_request(self, ServiceType.DATA, (identity,)))

    # --- connection -----------------------------------------------------------------------------------
    def _received(self, received: Received) -> None:
        dispatch(self, received)

    def _camp(self) -> None:
        guti = self.usim.guti
        if self.cell is not None:
            self.cell.camp(self, guti.s_tmsi if guti is not None and self.mm.registered else None)

    def _disconnected(self) -> None:
        self.link.lost()
        self.alarms.stop("T3540", "T3520")
        self.sessions.suspend()
        while self.conversation.deliver(Released()):
            pass
        self._camp()
        if self.mm.registered and self.mm.granted.t3512:  # TS 24.501 5.3.7
            self.alarms.start("T3512", self._periodic, self.mm.granted.t3512)
        actions, self._after_release = self._after_release, []
        for then in actions:
            then()

    def _periodic(self) -> None:
        if self.mm.state is MmState.REGISTERED and self.link.connection is None:
            self.conversation.start(registration(self, RegistrationKind.PERIODIC_UPDATING, follow_on=False))

    def _give_up(self) -> None:
        """After a mistake of ours: this terminal starts over, no other is touched."""
        self.conversation.abort("this terminal starts over")
        self.alarms.stop_all()
        self.sessions.abandon()
        self.mm = MmContext(state=MmState.DEREGISTERED)
        self.release_locally()
