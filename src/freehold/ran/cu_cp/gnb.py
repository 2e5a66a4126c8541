"""A gNB: a cell towards terminals, NGAP towards AMFs, bearers towards UPFs (TS 38.401 6)."""

from __future__ import annotations

from functools import partial
from typing import Literal

from freehold.codecs import ngap
from freehold.procedure import Driver, Environment
from freehold.ran.configuration import GnbConfiguration
from freehold.ran.cu_cp import context_release, dispatch, initial_ue, nas_transport, sessions
from freehold.ran.cu_cp.interface import ng_reset
from freehold.ran.cu_cp.link import Connector, Link
from freehold.ran.cu_cp.ng_setup import ng_setup, ran_configuration_update
from freehold.ran.state.contexts import Contexts
from freehold.ran.state.ue import Ue
from freehold.services.access import BearerPlane
from freehold.services.air import RrcSetup, SystemInformation, Terminal
from freehold.services.n2 import NGAP_PPID
from freehold.spec import counters
from freehold.spec.events import Event
from freehold.spec.identities import SNssai, STmsi
from freehold.spec.timers import Timers
from freehold.stack.ngap_values import user_location


class Gnb:
    """One gNB with one cell; thousands of terminals, one or several AMFs."""

    __slots__ = ("_drawn", "configuration", "contexts", "driver", "links", "location", "plane", "slices")

    configuration: GnbConfiguration
    location: ngap.UserLocationInformation
    slices: frozenset[SNssai]

    def __init__(
        self,
        configuration: GnbConfiguration,
        environment: Environment,
        plane: BearerPlane,
        timers: Timers | None = None,
    ) -> None:
        self.driver = Driver(configuration.name, environment, timers or Timers())
        self.plane = plane
        self.contexts = Contexts()
        self.links: list[Link] = []
        self._drawn = 0
        self._configure(configuration)
        plane.on_tunnel_lost(partial(sessions.tunnel_lost, self.contexts))

    def _configure(self, configuration: GnbConfiguration) -> None:
        self.configuration = configuration
        self.location = user_location(configuration.cell, configuration.tai)
        self.slices = frozenset(value for area in configuration.areas for value in area.slices)

    # --- operation ------------------------------------------------------------------------
    def add_amf(self, name: str, connect: Connector) -> Link:
        """Serve under one more AMF: ask for an association, set NG up, and keep both alive."""
        link = Link(self, name, connect)
        self.links.append(link)
        link.start()
        return link

    def stop(self) -> None:
        """Release every terminal and end every association."""
        links, self.links = self.links, []
        for link in links:
            link.stop()

    def reconfigure(self, configuration: GnbConfiguration) -> None:
        """Take a changed configuration over and tell every AMF (TS 38.413 8.7.2)."""
        self._configure(configuration)
        for link in self.links:
            if link.amf.ready:
                link.conversation.start(ran_configuration_update(link))

    def reset(self, link: Link, cause: ngap.Cause = ("misc", "om-intervention")) -> None:
        """Release every terminal of an AMF and reset the interface there (TS 38.413 8.7.4.2.2)."""
        for ue in tuple(link.ues.values()):
            self.release_locally(ue, "NG Reset by the gNB", tell=False)
        link.conversation.start(ng_reset(link, cause, None))

    # --- services.air.Cell ----------------------------------------------------------------
    @property
    def system_information(self) -> SystemInformation:
        """What the cell broadcasts; barred while no AMF is there (TS 38.304 5.3.1)."""
        ready = any(link.amf.ready for link in self.links)
        configuration = self.configuration
        return SystemInformation(
            configuration.cell, configuration.tai, configuration.plmns, barred=configuration.barred or not ready
        )

    def setup(self, terminal: Terminal, request: RrcSetup) -> UeConnection | None:
        """Connect a terminal and carry its first NAS message; None while barred, without an AMF, or in overload."""
        count = self.driver.environment.count
        count(counters.RRC_ATTEMPT, request.cause)
        link = None if self.configuration.barred else initial_ue.select(self, request)
        self._drawn = (self._drawn + 37) % 100
        if link is None or not initial_ue.permitted(link, request.cause, self._drawn):
            count(counters.RRC_REFUSED, "NetworkReject")
            return None
        count(counters.RRC_SUCCESS, request.cause)
        count(counters.NG_CONNECTION_ATTEMPT, request.cause)
        ue = initial_ue.initial_ue(self, link, terminal, request)
        context_release.watch(ue, "NGAP-response")
        return UeConnection(self, ue)

    def camp(self, terminal: Terminal, s_tmsi: STmsi | None) -> None:
        """Page a terminal under an S-TMSI from now on; None: not any more (TS 38.304 7.1)."""
        self.contexts.camp(terminal, s_tmsi)

    # --- N2 -------------------------------------------------------------------------------
    def associated(self, link: Link) -> None:
        """An association stands."""
        link.conversation.start(ng_setup(link))

    def received(self, link: Link, octets: bytes, _stream: int, ppid: int) -> None:
        """A message of an AMF; PPID 0 is taken too, and counted (TS 38.412 7)."""
        if ppid != NGAP_PPID:
            self.driver.environment.count(counters.PROTOCOL_FAULT, f"N2 PPID {ppid}")
        dispatch.received(link, octets)

    # --- contexts: called by the procedures -----------------------------------------------
    def serves(self, ue: Ue) -> bool:
        """Whether this UE context still exists."""
        return self.contexts.ues.get(ue.ran_ue_ngap_id) is ue

    def rename(self, ue: Ue, amf_ue_ngap_id: int) -> None:
        """Note the AMF's identifier of a UE (TS 38.413 9.3.3.1)."""
        if ue.amf_ue_ngap_id is None:
            self.driver.environment.count(counters.NG_CONNECTION_SUCCESS)
        else:
            ue.link.by_amf_id.pop(ue.amf_ue_ngap_id, None)
        ue.amf_ue_ngap_id = amf_ue_ngap_id
        ue.link.by_amf_id[amf_ue_ngap_id] = ue

    def forget(self, ue: Ue) -> None:
        """Remove a UE context with its bearers, timers and procedures."""
        if not self.serves(ue):
            return
        del self.contexts.ues[ue.ran_ue_ngap_id]
        ue.link.ues.pop(ue.ran_ue_ngap_id, None)
        if ue.amf_ue_ngap_id is not None:
            ue.link.by_amf_id.pop(ue.amf_ue_ngap_id, None)
        ue.activity.stop()
        for number in tuple(ue.sessions):
            self.drop_session(ue, number)
        ue.conversation.abort("the UE context is released")

    def drop_session(self, ue: Ue, pdu_session_id: int) -> None:
        """Remove one session and its bearer."""
        session = ue.sessions.pop(pdu_session_id)
        del self.contexts.bearers[session.handle]
        self.plane.remove_bearer(session.handle)

    def release_locally(self, ue: Ue, reason: str, *, tell: bool = True) -> None:
        """Give a UE context up without the AMF; the terminal sees the loss of its connection."""
        if self.serves(ue):
            self.forget(ue)
            ue.terminal.released()
            if tell:
                self.report("ue-released-locally", reason, ue)

    def broken(self, ue: Ue) -> None:
        """A mistake of ours in one UE: give it up here and at its AMF (TS 38.413 8.7.4.2.2)."""
        link, identifiers = ue.link, (ue.amf_ue_ngap_id, ue.ran_ue_ngap_id)
        self.release_locally(ue, "given up after a mistake of the gNB")
        link.conversation.start(ng_reset(link, ("misc", "unspecified"), (identifiers,)))

    # --- the operator ---------------------------------------------------------------------
    def report(self, name: str, text: str, ue: Ue | None, fix: str = "") -> None:
        """Tell the operator of something that went another way than asked."""
        subject = "" if ue is None else str(ue)
        about = f" {subject}" if subject else ""
        self.driver.environment.emit(Event(name, f"{self.configuration.name}{about}: {text}", "warning", subject, fix))

    def fault(self, link: Link, text: str) -> None:
        """Count a protocol error of an AMF, and tell it once (TS 38.413 10)."""
        self.driver.environment.count(counters.PROTOCOL_FAULT, "NGAP")
        message = f"{self.configuration.name}: from {link}: {text}"
        self.driver.environment.emit(Event("ngap-fault", message, "warning", str(link), clause="TS 38.413 10"))


class UeConnection:
    """A terminal's RRC connection, as the terminal uses it (`services.air.Connection`)."""

    __slots__ = ("_gnb", "_ue")

    def __init__(self, gnb: Gnb, ue: Ue) -> None:
        self._gnb = gnb
        self._ue = ue

    def uplink_nas(self, octets: bytes) -> None:
        """Carry NAS to the AMF; lost once the connection is released."""
        nas_transport.uplink(self._ue, octets)

    def release_request(self, cause: Literal["user-inactivity", "radio-connection-with-ue-lost"]) -> None:
        """Ask the AMF for the release (TS 38.413 8.3.2)."""
        if self._gnb.serves(self._ue):
            context_release.request(self._ue, ("radioNetwork", cause))
