"""Session reports (TS 29.244 6.3.5): what packets tell, and what the session's peer answers."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import msgspec

from freehold.codecs.pfcp import (
    FTEID,
    DLBufferingDuration,
    DownlinkDataReport,
    DownlinkDataServiceInformation,
    ErrorIndicationReport,
    EthernetTrafficInformation,
    NodeReportRequest,
    NodeReportResponse,
    RemoteGTPUPeer,
    SessionReportRequest,
    SessionReportResponse,
    UpdateBARInReportResponse,
    UsageReportInReportRequest,
    UserPlanePathFailureReport,
    UserPlanePathRecoveryReport,
)
from freehold.codecs.pfcp.flags import (
    ApplyAction,
    NodeReportType,
    PFCPSRRspFlag,
    ReportingTrigger,
    ReportType,
    UsageReportTrigger,
)
from freehold.core.upf.faults import RuleFault
from freehold.core.upf.forwarding import update_bar
from freehold.core.upf.sessions import Sessions
from freehold.core.upf.state import Far, RuleSet, Session
from freehold.core.upf.state.rules import unpack
from freehold.core.upf.tunnels import Addresses
from freehold.core.upf.usage import advance, due, reports
from freehold.procedure import Signal
from freehold.services.datagram import Address
from freehold.services.userplane import (
    CoreAttacked,
    DownlinkData,
    ForeignSource,
    PathEvent,
    PathFailed,
    PathRecovered,
    PeerLostTunnel,
    PlaneEvent,
    SessionEvent,
    SessionPlane,
    StationHeard,
    VolumeReached,
)
from freehold.spec import counters
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event
from freehold.stack.pfcp import PFCP_PORT, PfcpEntity


class Reports:
    """Sends the reports of all sessions of one user plane function."""

    def __init__(
        self,
        entity: PfcpEntity,
        sessions: Sessions,
        plane: SessionPlane,
        associated: Collection[str],
        peer_port: int = PFCP_PORT,
    ) -> None:
        self._entity = entity
        self._sessions = sessions
        self._plane = plane
        self._associated = associated
        self._peer_port = peer_port
        self._handlers: dict[type[SessionEvent], Any] = {
            DownlinkData: self._downlink_data,
            VolumeReached: self._volume,
            PeerLostTunnel: self._tunnel_lost,
            CoreAttacked: self._attacked,
            ForeignSource: self._foreign_source,
            StationHeard: self._station_heard,
        }
        plane.listen(self.happened)
        sessions.timing.listen(self._time_passed, self._inactive)

    def happened(self, event: PlaneEvent) -> None:
        """Take what the packets tell of a path, or of a session; it may have ended meanwhile."""
        if isinstance(event, PathFailed | PathRecovered):
            self._path(event)
            return
        session = self._sessions.by_teid.get(event.teid)
        if session is not None:
            self._handlers[type(event)](session, event)

    def _path(self, event: PathEvent) -> None:
        """Every SMF is told of a peer that does not answer, or again (TS 29.244 6.2.9)."""
        address = ip_address(event.address)
        peer = RemoteGTPUPeer(ipv6=address.packed) if address.version == 6 else RemoteGTPUPeer(ipv4=address.packed)
        failed = isinstance(event, PathFailed)
        request = NodeReportRequest(
            node_id=self._entity.node_id,
            node_report_type=NodeReportType.UPFR if failed else NodeReportType.UPRR,
            user_plane_path_failure_report=UserPlanePathFailureReport((peer,)) if failed else None,
            user_plane_path_recovery_report=None if failed else UserPlanePathRecoveryReport((peer,)),
        )
        text = "does not answer echo requests any more" if failed else "answers again"
        self._warn("n3.path-failed" if failed else "n3.path-recovered", f"{event.address} {text}", event.address)
        for smf in self._associated:
            signal = self._entity.request(request, NodeReportResponse, (smf, self._peer_port))
            signal.watch(partial(self._path_told, smf))

    def _path_told(self, smf: str, signal: Signal[NodeReportResponse]) -> None:
        try:
            signal.result()
        except (TimerExpired, PeerError) as error:
            self._warn("n4.report-unanswered", f"a node report was not answered ({error})", smf)

    def _downlink_data(self, session: Session, event: DownlinkData) -> None:
        """The first packet of a flow for an idle terminal: the SMF has it paged (TS 23.502 4.2.3.3 step 2a)."""
        delay = _delay(unpack(session.rules), event.rule)
        if not delay:
            self._tell_data(session, event)
            return
        environment = self._entity.driver.environment
        environment.call_at(environment.now() + delay, lambda: self._tell_later(session, event))

    def _tell_later(self, session: Session, event: DownlinkData) -> None:
        """After the delay that the SMF asked for, unless it was quicker (TS 29.244 8.2.28)."""
        if self._sessions.by_teid.get(session.teid) is session and _buffers(unpack(session.rules), event.rule):
            self._tell_data(session, event)

    def _tell_data(self, session: Session, event: DownlinkData) -> None:
        information = DownlinkDataServiceInformation(event.service >> 2, event.qfi)  # TS 29.244 8.2.27: the DSCP
        self._send(
            session,
            SessionReportRequest(
                report_type=ReportType.DLDR,
                downlink_data_report=DownlinkDataReport(
                    pdr_id=(event.rule,), downlink_data_service_information=(information,)
                ),
            ),
        )

    def _time_passed(self, teid: int) -> None:
        """A period, a time threshold or a time quota ended (TS 29.244 5.2.2.2)."""
        session = self._sessions.by_teid.get(teid)
        if session is not None:
            self._measure(session)

    def _volume(self, session: Session, _: VolumeReached) -> None:
        """A volume threshold or quota may be reached, or the first packet came (TS 29.244 5.2.2.2)."""
        self._measure(session)

    def _measure(self, session: Session) -> None:
        """Report what is due, several rules in one message (TS 29.244 7.5.8.3); the next ones count from here."""
        rules = unpack(session.rules)
        reading = self._sessions.reading(session, rules)
        noticed = advance(rules, reading)
        told = tuple(reports(UsageReportInReportRequest, rules, reading, due(rules, reading, noticed)))
        self._sessions.change(session, rules)
        if told:
            self._send(session, SessionReportRequest(report_type=ReportType.USAR, usage_report=told))

    def _station_heard(self, session: Session, event: StationHeard) -> None:
        """Tell the SMF of a MAC address behind the terminal where a rule asks for them (TS 29.244 8.2.19, MACAR)."""
        rules = unpack(session.rules)
        asking = [urr_id for urr_id, urr in rules.urrs.items() if urr.asked.triggers & ReportingTrigger.MACAR]
        if not asking:
            return
        reading = self._sessions.reading(session, rules)
        why = dict.fromkeys(asking, UsageReportTrigger.MACAR)
        detected = bytes((1,)) + event.address + bytes(2)  # one address, no tags: TS 29.244 8.2.103
        information = EthernetTrafficInformation(mac_addresses_detected=(detected,))
        told = tuple(
            msgspec.structs.replace(one, ethernet_traffic_information=information)
            for one in reports(UsageReportInReportRequest, rules, reading, why)
        )
        self._sessions.change(session, rules)
        self._send(session, SessionReportRequest(report_type=ReportType.USAR, usage_report=told))

    def _inactive(self, teid: int) -> None:
        """No packet of a session passed for its inactivity time (TS 29.244 8.2.83)."""
        session = self._sessions.by_teid.get(teid)
        if session is not None:
            self._send(session, SessionReportRequest(report_type=ReportType.UPIR))

    def _tunnel_lost(self, session: Session, event: PeerLostTunnel) -> None:
        """An access node or another UPF does not know the tunnel (TS 23.527 5.3.3.1)."""
        there = Addresses.of((event.address,))
        remote = FTEID(event.remote_teid, ipv4=there.ipv4, ipv6=there.ipv6)
        report = ErrorIndicationReport(remote_f_teid=(remote,))
        self._send(session, SessionReportRequest(report_type=ReportType.ERIR, error_indication_report=report))

    def _attacked(self, session: Session, _: CoreAttacked) -> None:
        rules = unpack(session.rules)
        self._warn(
            "n3.core-attacked", "a terminal sent to the core or through a tunnel of its own; dropped", rules.ipv4
        )

    def _foreign_source(self, session: Session, event: ForeignSource) -> None:
        """Somebody else's packets, or a gNB that sends from another address than it receives at."""
        tunnels = {far.address for far in unpack(session.rules).fars.values() if far.address is not None}
        gnb = ", ".join(sorted(tunnels)) or "not known yet"
        self._entity.driver.environment.emit(
            Event(
                "n3.foreign-source",
                f"uplink packets came from {event.source}, the session's gNB is {gnb}; dropped",
                "warning",
                event.source,
                fix=f"if {event.source} is the same gNB's, add it to upf.trusted",
            )
        )

    # --- The answer (TS 29.244 7.5.9) ----------------------------------------------------------
    def _send(self, session: Session, request: SessionReportRequest) -> None:
        self._entity.driver.environment.count(counters.N4_REPORT)
        destination: Address = session.peer, self._peer_port
        signal = self._entity.request(request, SessionReportResponse, destination, session.cp_seid)
        signal.watch(lambda signal: self._answered(session, signal))

    def _answered(self, session: Session, signal: Signal[SessionReportResponse]) -> None:
        if self._sessions.by_teid.get(session.teid) is not session:
            return
        try:
            response = signal.result()
        except (TimerExpired, PeerError) as error:
            self._plane.discard(session.teid)  # so that a later packet is told again
            self._warn("n4.report-unanswered", f"a session report was not answered ({error})", session.peer)
            return
        if response.cause == PfcpCause.REQUEST_ACCEPTED:
            self._entity.driver.environment.count(counters.N4_REPORT_SUCCESS)
        if response.cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND:
            self._sessions.drop(session)  # the peer has no such session: TS 29.244 6.3.5.3
            return
        if (response.pfcpsrrsp_flags or 0) & PFCPSRRspFlag.DROBU:
            self._plane.discard(session.teid)
        if response.update_bar is not None:
            self._update_buffering(session, response.update_bar)

    def _update_buffering(self, session: Session, update: UpdateBARInReportResponse) -> None:
        """What the SMF wants of the packets that wait (TS 29.244 7.5.9.2)."""
        rules = unpack(session.rules)
        try:
            update_bar(rules, update)
            self._sessions.change(session, rules)
        except RuleFault as fault:
            self._warn("n4.report-answer-wrong", f"the answer of a session report is wrong ({fault})", session.peer)
            return
        if update.dl_buffering_duration is not None:
            self._hold_on(session, duration(update.dl_buffering_duration))

    def _hold_on(self, session: Session, seconds: float | None) -> None:
        """Buffer without telling again for so long; then the next packet is told (TS 29.244 8.2.29)."""
        if seconds:
            environment = self._entity.driver.environment
            environment.call_at(environment.now() + seconds, lambda: self._tell_again(session))

    def _tell_again(self, session: Session) -> None:
        if self._sessions.by_teid.get(session.teid) is session:
            self._plane.tell_again(session.teid)

    def _warn(self, name: str, text: str, subject: str | None) -> None:
        self._entity.driver.environment.emit(Event(name, text, "warning", subject or ""))


UNITS: Final = {0: 2, 1: 60, 2: 600, 3: 3600, 4: 36_000}
"""Seconds of each unit of a timer; others are minutes (TS 29.244 8.2.29)."""
INFINITE: Final = 7


def duration(timer: DLBufferingDuration) -> float | None:
    """The seconds of a timer; None is without end, 0 is stopped (TS 29.244 8.2.29)."""
    return None if timer.unit == INFINITE else timer.value * UNITS.get(timer.unit, 60)


def _delay(rules: RuleSet, pdr_id: int) -> float:
    """How long the first packet of a rule waits to be told, in seconds (TS 29.244 8.2.28)."""
    far = _far(rules, pdr_id)
    bar = rules.bars.get(far.bar) if far is not None and far.bar is not None else None
    return bar.delay * 0.05 if bar is not None else 0.0


def _buffers(rules: RuleSet, pdr_id: int) -> bool:
    far = _far(rules, pdr_id)
    return far is not None and bool(far.action & ApplyAction.BUFF)


def _far(rules: RuleSet, pdr_id: int) -> Far | None:
    pdr = rules.pdrs.get(pdr_id)
    return None if pdr is None else rules.fars.get(pdr.far)
