"""Session reports (TS 29.244 6.3.5): what packets tell, and what the session's peer answers."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from freehold.codecs.pfcp import (
    DownlinkDataReport,
    DownlinkDataServiceInformation,
    ErrorIndicationReport,
    SessionReportRequest,
    SessionReportResponse,
    UsageReportInReportRequest,
)
from freehold.codecs.pfcp.flags import PFCPSRRspFlag, ReportType
from freehold.core.upf.sessions import Sessions, f_teid
from freehold.core.upf.state import Session
from freehold.core.upf.state.rules import unpack
from freehold.core.upf.usage import due, report, start_clocks
from freehold.procedure import Signal
from freehold.services.datagram import Address
from freehold.services.userplane import (
    CoreAttacked,
    DownlinkData,
    ForeignSource,
    PeerLostTunnel,
    SessionEvent,
    SessionPlane,
    VolumeReached,
)
from freehold.spec import counters
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event
from freehold.stack.pfcp import PFCP_PORT, PfcpEntity


class Reports:
    """Sends the reports of all sessions of one user plane function."""

    def __init__(self, entity: PfcpEntity, sessions: Sessions, plane: SessionPlane, peer_port: int = PFCP_PORT) -> None:
        self._entity = entity
        self._sessions = sessions
        self._plane = plane
        self._peer_port = peer_port
        self._handlers: dict[type[SessionEvent], Any] = {
            DownlinkData: self._downlink_data,
            VolumeReached: self._volume,
            PeerLostTunnel: self._tunnel_lost,
            CoreAttacked: self._attacked,
            ForeignSource: self._foreign_source,
        }
        plane.listen(self.happened)
        sessions.timing.listen(self._time_passed)

    def happened(self, event: SessionEvent) -> None:
        """Take what the packets tell of a session; it may have ended meanwhile."""
        session = self._sessions.by_teid.get(event.teid)
        if session is not None:
            self._handlers[type(event)](session, event)

    def _downlink_data(self, session: Session, event: DownlinkData) -> None:
        """The first packet for an idle terminal: the SMF has it paged (TS 23.502 4.2.3.3 step 2a)."""
        rules = unpack(session.rules)
        downlink = tuple(pdr_id for pdr_id, pdr in rules.pdrs.items() if not pdr.uplink)
        information = DownlinkDataServiceInformation(event.service >> 2, event.qfi)  # TS 29.244 8.2.27: the DSCP
        self._send(
            session,
            SessionReportRequest(
                report_type=ReportType.DLDR,
                downlink_data_report=DownlinkDataReport(
                    pdr_id=downlink, downlink_data_service_information=(information,)
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
        reading = self._sessions.reading(session)
        start_clocks(rules, reading)
        reports = tuple(
            report(UsageReportInReportRequest, rules, urr_id, reading, triggers)
            for urr_id, triggers in due(rules, reading).items()
        )
        self._sessions.change(session, rules)
        if reports:
            self._send(session, SessionReportRequest(report_type=ReportType.USAR, usage_report=reports))

    def _tunnel_lost(self, session: Session, _: PeerLostTunnel) -> None:
        """The access node does not know the tunnel (TS 23.527 5.3.3.1)."""
        rules = unpack(session.rules)
        for far in rules.fars.values():
            if far.address is not None:
                remote = f_teid(far.teid, ip_address(far.address))
                self._send(
                    session,
                    SessionReportRequest(
                        report_type=ReportType.ERIR,
                        error_indication_report=ErrorIndicationReport(remote_f_teid=(remote,)),
                    ),
                )
                return

    def _attacked(self, session: Session, _: CoreAttacked) -> None:
        rules = unpack(session.rules)
        self._warn(
            "n3.core-attacked", "a terminal sent to the core or through a tunnel of its own; dropped", rules.ipv4
        )

    def _foreign_source(self, session: Session, event: ForeignSource) -> None:
        """Somebody else's packets, or a gNB that sends from another address than it receives at."""
        tunnels = {far.address for far in unpack(session.rules).fars.values() if far.address is not None}
        self._entity.driver.environment.emit(
            Event(
                "n3.foreign-source",
                f"uplink packets came from {event.source}, the session's gNB is {', '.join(sorted(tunnels))}; dropped",
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
        elif (response.pfcpsrrsp_flags or 0) & PFCPSRRspFlag.DROBU:
            self._plane.discard(session.teid)

    def _warn(self, name: str, text: str, subject: str | None) -> None:
        self._entity.driver.environment.emit(Event(name, text, "warning", subject or ""))
