"""A gNB: a cell towards terminals, NGAP towards AMFs, bearers towards UPFs (TS 38.401 6)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from freehold.codecs import ngap
from freehold.procedure import Driver, Environment, Signal
from freehold.ran.configuration import GnbConfiguration, Neighbour
from freehold.ran.cu_cp import context_release, dispatch, initial_ue, mobility, nas_transport, sessions
from freehold.ran.cu_cp.interface import ng_reset
from freehold.ran.cu_cp.link import Connector, Link
from freehold.ran.cu_cp.mobility import Arrived
from freehold.ran.cu_cp.n2_source import handover_cancellation, n2_handover
from freehold.ran.cu_cp.ng_setup import ng_setup, ran_configuration_update
from freehold.ran.state.contexts import Contexts
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Ue
from freehold.services.access import BearerPlane
from freehold.services.air import RrcSetup, SystemInformation, Terminal
from freehold.services.n2 import NGAP_PPID
from freehold.spec import counters
from freehold.spec.errors import Bug
from freehold.spec.events import Event
from freehold.spec.failures import Unmet
from freehold.spec.identities import SNssai, STmsi
from freehold.spec.timers import Timers
from freehold.stack.ngap_faults import NgapReject
from freehold.stack.ngap_values import user_location

if TYPE_CHECKING:
    from freehold.ran.cu_cp.xn_link import XnLink


class Gnb:
    """One gNB with one cell; thousands of terminals, one or several AMFs."""

    __slots__ = ("_drawn", "configuration", "contexts", "driver", "links", "location", "plane", "slices", "xns")

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
        self.xns: list[XnLink] = []
        self._drawn = 0
        self._configure(configuration)
        plane.on_tunnel_lost(partial(sessions.tunnel_lost, self.contexts))
        plane.on_end_marker(partial(mobility.end_marker, self))

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
        xns, self.xns = self.xns, []
        for xn in xns:
            xn.stop()
        endings, self.contexts.ending = self.contexts.ending, {}
        for handle, alarm in endings.items():
            alarm.cancel()
            self.plane.remove_bearer(handle)

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

    def synchronise(self, terminal: Terminal, c_rnti: int, complete: bytes) -> UeConnection | None:
        """Take a terminal that comes by handover; None where it is not expected, or has another key."""
        ue = mobility.arrive(self, terminal, c_rnti, complete)
        if ue is None:
            return None
        ue.conversation.deliver(Arrived())
        return UeConnection(self, ue)

    # --- handover --------------------------------------------------------------------------
    def hand_over(self, connection: object, to: Neighbour, xn: XnLink | None = None) -> Signal[None]:
        """Hand the terminal of a connection over to another gNB, by way of the AMF or over Xn.

        The signal is set once the terminal is served there; it fails with a Reject, TimerExpired, PeerError or Aborted.
        """
        ue = connection.ue if isinstance(connection, UeConnection) else None
        if ue is None or ue.link.gnb is not self or not self.serves(ue):
            nobody: Signal[None] = Signal()
            nobody.fail(NgapReject(("radioNetwork", "unspecified"), "the terminal has no connection to hand over"))
            return nobody
        if xn is None:
            return ue.conversation.perform(n2_handover(ue, to))
        from freehold.ran.cu_cp.xn_source import xn_handover  # with XnAP, which only handovers over Xn need

        return ue.conversation.perform(xn_handover(ue, to, xn))

    def cancel_handover(self, connection: object) -> Signal[None]:
        """Take the preparation of a handover back (TS 38.413 8.4.5, TS 38.423 8.2.3)."""
        if not isinstance(connection, UeConnection):
            raise Bug("a handover is cancelled for a connection of another gNB")
        return connection.ue.conversation.perform(handover_cancellation(connection.ue))

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

    def add(self, link: Link, terminal: Terminal) -> Ue:
        """A new UE context under an AMF."""
        ue = Ue(self.contexts.new_id(), terminal, link, self.driver.environment.now())
        ue.conversation = self.driver.converse(ue, partial(self.broken, ue))
        self.contexts.ues[ue.ran_ue_ngap_id] = ue
        link.ues[ue.ran_ue_ngap_id] = ue
        return ue

    def prepare(self, link: Link) -> Ue:
        """A UE context whose terminal is still to come by handover."""
        ue = self.add(link, mobility.ABSENT)
        ue.stage = Stage.ARRIVING
        return ue

    @staticmethod
    def adopt(ue: Ue, amf_ue_ngap_id: int) -> None:
        """Note the AMF's identifier of a UE that comes by handover."""
        ue.amf_ue_ngap_id = amf_ue_ngap_id
        ue.link.by_amf_id[amf_ue_ngap_id] = ue

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
        if ue.handover is not None and self.contexts.expected.get(ue.handover.c_rnti) is ue:
            del self.contexts.expected[ue.handover.c_rnti]
        for number in tuple(ue.sessions):
            self.drop_session(ue, number)
        ue.conversation.abort("the UE context is released")

    def drop_session(self, ue: Ue, pdu_session_id: int) -> None:
        """Remove one session and its bearer; what is passed on to another gNB still passes."""
        session = ue.sessions.pop(pdu_session_id)
        del self.contexts.bearers[session.handle]
        if mobility.lingering(ue, pdu_session_id):
            mobility.linger(self, session.handle)
            return
        self.contexts.chained.discard(session.handle)
        alarm = self.contexts.ending.pop(session.handle, None)
        if alarm is not None:
            alarm.cancel()
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
    def report(self, name: str, text: str, ue: Ue | None, fix: str = "", unmet: Unmet | None = None) -> None:
        """Tell the operator of something that went another way than asked."""
        subject = "" if ue is None else str(ue)
        about = f" {subject}" if subject else ""
        self.driver.environment.emit(
            Event(name, f"{self.configuration.name}{about}: {text}", "warning", subject, fix, unmet=unmet)
        )

    def fault(self, link: Link, text: str) -> None:
        """Count a protocol error of an AMF, and tell it once (TS 38.413 10)."""
        self.driver.environment.count(counters.PROTOCOL_FAULT, "NGAP")
        message = f"{self.configuration.name}: from {link}: {text}"
        self.driver.environment.emit(Event("ngap-fault", message, "warning", str(link), clause="TS 38.413 10"))


class UeConnection:
    """A terminal's RRC connection, as the terminal uses it (`services.air.Connection`)."""

    __slots__ = ("_gnb", "ue")

    def __init__(self, gnb: Gnb, ue: Ue) -> None:
        self._gnb = gnb
        self.ue = ue

    def uplink_nas(self, octets: bytes) -> None:
        """Carry NAS to the AMF; lost once the connection is released."""
        nas_transport.uplink(self.ue, octets)

    def release_request(self, cause: Literal["user-inactivity", "radio-connection-with-ue-lost"]) -> None:
        """Ask the AMF for the release (TS 38.413 8.3.2)."""
        if self._gnb.serves(self.ue):
            context_release.request(self.ue, ("radioNetwork", cause))
