"""What UPFs ask of an SMF: one handler for each message, which gives the answer (TS 29.244 6.2, 6.3.5)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import ReportType
from freehold.core.smf.function import SmfFunction
from freehold.core.smf.procedures import association, user_plane
from freehold.core.smf.procedures.activation import downlink_data, tunnel_lost
from freehold.core.smf.state.session import SmContext, SmState
from freehold.core.smf.state.upf import Upf
from freehold.services.datagram import Address
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError
from freehold.spec.events import Severity
from freehold.stack.pfcp import Answer

ACCEPTED: Final = PfcpCause.REQUEST_ACCEPTED
RELEASE_WISHED: Final = 1
"""SARR: the UPF wants to be released (TS 29.244 8.2.77)."""

Handler = Callable[[Upf, pfcp.Header, Any], Answer]


class UpfRequests:
    """The answers of one SMF; heartbeats are answered below it, and nobody's time stamp in one is believed (P10)."""

    def __init__(self, smf: SmfFunction) -> None:
        self._smf = smf
        self._upfs = {upf.address[0]: upf for upf in smf.upfs}
        self._handlers: dict[type[pfcp.Message], Handler] = {
            pfcp.AssociationSetupRequest: self.association_setup,
            pfcp.AssociationUpdateRequest: self.association_update,
            pfcp.NodeReportRequest: self.node_report,
            pfcp.SessionReportRequest: self.session_report,
        }

    def knows(self, source: Address) -> bool:
        """Whether a datagram comes from a configured UPF; nobody else is answered (P01)."""
        return source[0] in self._upfs

    def heard(self, recovery_time_stamp: int, source: Address) -> None:
        """A UPF asked for a sign of life: what it says is asked again by the SMF's own heartbeats."""

    def answer(self, request: pfcp.Message, header: pfcp.Header, source: Address) -> Answer:
        """Carry a UPF's request out."""
        handler = self._handlers.get(type(request))
        upf = self._upfs.get(source[0])
        if handler is None or upf is None:
            raise PeerError(f"{type(request).__name__} is not served", PfcpCause.SERVICE_NOT_SUPPORTED)
        return handler(upf, header, request)

    def association_setup(self, upf: Upf, _: pfcp.Header, message: pfcp.AssociationSetupRequest) -> Answer:
        """The UPF sets the association up itself (TS 29.244 6.2.6.3)."""
        smf = self._smf
        association.associated(smf, upf, message.recovery_time_stamp, message.up_function_features)
        response = pfcp.AssociationSetupResponse(smf.node, ACCEPTED, smf.n4.recovery_time_stamp, cp_function_features=0)
        return Answer(response)

    def association_update(self, upf: Upf, _: pfcp.Header, message: pfcp.AssociationUpdateRequest) -> Answer:
        """New features, or the wish to be released (TS 29.244 6.2.7.3): no new session goes there."""
        if message.up_function_features is not None:
            upf.features = message.up_function_features
        if (message.pfcp_association_release_request or 0) & RELEASE_WISHED:
            smf, seconds = self._smf, graceful_seconds(message.graceful_release_period)
            conversation, leaving = smf.driver.converse(upf), association.graceful_release(smf, upf, seconds)

            def begin() -> None:
                conversation.start(leaving)

            smf.environment.call_at(smf.environment.now(), begin)
        return Answer(pfcp.AssociationUpdateResponse(self._smf.node, ACCEPTED))

    def node_report(self, upf: Upf, _: pfcp.Header, message: pfcp.NodeReportRequest) -> Answer:
        """A gNB does not answer the UPF any more, or again (TS 29.244 6.2.9)."""
        for report, name, what in (
            (message.user_plane_path_failure_report, "n3-path-lost", "does not reach"),
            (message.user_plane_path_recovery_report, "n3-path-restored", "reaches again"),
            (message.peer_up_restart_report, "n3-peer-restarted", "saw the restart of"),
        ):
            for peer in report.remote_gtp_u_peer if report is not None else ():
                address = ip_address(peer.ipv4 or peer.ipv6 or bytes(4))
                severity: Severity = "info" if name == "n3-path-restored" else "warning"
                self._smf.tell(
                    name,
                    f"{upf} {what} {address}",
                    subject=f"{upf} {address}",
                    severity=severity,
                    clause="TS 29.244 6.2.9",
                )
        return Answer(pfcp.NodeReportResponse(self._smf.node, ACCEPTED))

    def session_report(self, upf: Upf, header: pfcp.Header, message: pfcp.SessionReportRequest) -> Answer:
        """Downlink data, usage, a tunnel the gNB does not know (TS 29.244 6.3.5, 7.5.8)."""
        session = self._smf.contexts.by_seid(header.seid or 0)
        if session is None or session.user_plane.upf is not upf or session.user_plane.remote_seid is None:
            # P02: a UPF speaks only of its own sessions
            return Answer(pfcp.SessionReportResponse(PfcpCause.SESSION_CONTEXT_NOT_FOUND), 0)
        remote = session.user_plane.remote_seid
        missing = missing_ie(message)
        if missing is not None:
            return Answer(pfcp.SessionReportResponse(PfcpCause.CONDITIONAL_IE_MISSING, offending_ie=missing), remote)
        for report in message.usage_report:
            user_plane.used(session, report)
        if session.state is SmState.ACTIVE:
            self._start(session, message)
        return Answer(pfcp.SessionReportResponse(ACCEPTED), remote)

    def _start(self, session: SmContext, message: pfcp.SessionReportRequest) -> None:
        """What a report sets going, after its answer has gone."""
        call = None
        if message.error_indication_report is not None:
            call = tunnel_lost(self._smf, session)
        elif message.downlink_data_report is not None:
            call = downlink_data(self._smf, session)
        if call is not None:
            self._smf.perform_soon(session, call)


GRACE: Final = 10.0
"""Seconds that sessions have to move where a UPF does not say how long it serves them."""
UNITS: Final = {0: 2.0, 1: 60.0, 2: 600.0, 3: 3600.0, 4: 36000.0}
"""Seconds of a graceful release period's units (TS 29.244 8.2.78)."""


def graceful_seconds(period: pfcp.GracefulReleasePeriod | None) -> float:
    """How long a UPF that leaves serves its sessions; a day where it sets no end."""
    if period is None:
        return GRACE
    return period.value * UNITS.get(period.unit, 60.0) if period.unit != FOREVER else DAY


FOREVER: Final = 7
DAY: Final = 86400.0


def missing_ie(message: pfcp.SessionReportRequest) -> int | None:
    """The IE that the report type calls for and that is not there (TS 29.244 7.5.8.1)."""
    for flag, there, ie in (
        (ReportType.DLDR, message.downlink_data_report is not None, pfcp.DownlinkDataReport.number),
        (ReportType.USAR, bool(message.usage_report), pfcp.UsageReportInReportRequest.number),
        (ReportType.ERIR, message.error_indication_report is not None, pfcp.ErrorIndicationReport.number),
    ):
        if message.report_type & flag and not there:
            return ie
    return None
