"""What UPFs ask of an SMF: one handler for each message, which gives the answer (TS 29.244 6.2, 6.3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import ReportType
from freehold.core.smf.n4 import Answer, Handler
from freehold.core.smf.procedures import association, user_plane
from freehold.core.smf.procedures.activation import downlink_data, tunnel_lost
from freehold.core.smf.state.session import SmContext, SmState
from freehold.core.smf.state.upf import Upf
from freehold.procedure import Signal
from freehold.spec.causes import PfcpCause

if TYPE_CHECKING:
    from freehold.core.smf.function import SmfFunction

ACCEPTED: Final = PfcpCause.REQUEST_ACCEPTED
RELEASE_WISHED: Final = 1
"""SARR: the UPF wants to be released (TS 29.244 8.2.77)."""


class UpfRequests:
    """The answers of one SMF."""

    def __init__(self) -> None:
        self.smf: SmfFunction
        self.handlers: dict[type[pfcp.Message], Handler] = {
            pfcp.HeartbeatRequest: self.heartbeat,
            pfcp.AssociationSetupRequest: self.association_setup,
            pfcp.AssociationUpdateRequest: self.association_update,
            pfcp.NodeReportRequest: self.node_report,
            pfcp.SessionReportRequest: self.session_report,
        }

    def heartbeat(self, upf: Upf, _: pfcp.Header, message: pfcp.HeartbeatRequest) -> Answer:
        """TS 29.244 6.2.2.3; another recovery time stamp is believed only from an answer to ourselves (P10)."""
        if upf.recovery is not None and message.recovery_time_stamp != upf.recovery and not upf.suspected:
            upf.suspected = True
            done = self.smf.n4.request(upf, pfcp.HeartbeatRequest(self.smf.recovery), pfcp.HeartbeatResponse)
            done.watch(lambda answer: self._checked(upf, answer))
        return pfcp.HeartbeatResponse(self.smf.recovery), None

    def _checked(self, upf: Upf, answer: Signal[pfcp.HeartbeatResponse]) -> None:
        upf.suspected = False
        response = association.answer_of(answer)
        if response is not None and upf.recovery is not None and response.recovery_time_stamp != upf.recovery:
            association.restarted(self.smf, upf, response.recovery_time_stamp)
            upf.associated = False

    def association_setup(self, upf: Upf, _: pfcp.Header, message: pfcp.AssociationSetupRequest) -> Answer:
        """The UPF sets the association up itself (TS 29.244 6.2.6.3)."""
        association.associated(self.smf, upf, message.recovery_time_stamp, message.up_function_features)
        return pfcp.AssociationSetupResponse(self.smf.node, ACCEPTED, self.smf.recovery, cp_function_features=0), None

    def association_update(self, upf: Upf, _: pfcp.Header, message: pfcp.AssociationUpdateRequest) -> Answer:
        """New features, or the wish to be released (TS 29.244 6.2.7.3): no new session goes there."""
        if message.up_function_features is not None:
            upf.features = message.up_function_features
        if (message.pfcp_association_release_request or 0) & RELEASE_WISHED:
            upf.associated = False
            self.smf.tell("upf-leaves", f"{upf} asks to be released", clause="TS 29.244 6.2.7.3")
        return pfcp.AssociationUpdateResponse(self.smf.node, ACCEPTED), None

    def node_report(self, upf: Upf, _: pfcp.Header, message: pfcp.NodeReportRequest) -> Answer:
        """A gNB does not answer the UPF any more, or again (TS 29.244 6.2.9)."""
        for report, what in (
            (message.user_plane_path_failure_report, "does not reach"),
            (message.user_plane_path_recovery_report, "reaches again"),
            (message.peer_up_restart_report, "saw the restart of"),
        ):
            for peer in report.remote_gtp_u_peer if report is not None else ():
                address = ".".join(map(str, peer.ipv4 or b""))
                self.smf.tell("n3-path", f"{upf} {what} {address}", clause="TS 29.244 6.2.9")
        return pfcp.NodeReportResponse(self.smf.node, ACCEPTED), None

    def session_report(self, upf: Upf, header: pfcp.Header, message: pfcp.SessionReportRequest) -> Answer:
        """Downlink data, usage, a tunnel the gNB does not know (TS 29.244 6.3.5, 7.5.8)."""
        session = self.smf.contexts.by_seid(header.seid or 0)
        if session is None or session.user_plane.upf is not upf or session.user_plane.remote_seid is None:
            # P02: a UPF speaks only of its own sessions
            return pfcp.SessionReportResponse(PfcpCause.SESSION_CONTEXT_NOT_FOUND), 0
        missing = missing_ie(message)
        if missing is not None:
            answer = pfcp.SessionReportResponse(PfcpCause.CONDITIONAL_IE_MISSING, offending_ie=missing)
            return answer, session.user_plane.remote_seid
        for report in message.usage_report:
            user_plane.used(session, report)
        if session.state is SmState.ACTIVE:
            self._start(session, message)
        return pfcp.SessionReportResponse(ACCEPTED), session.user_plane.remote_seid

    def _start(self, session: SmContext, message: pfcp.SessionReportRequest) -> None:
        if message.error_indication_report is not None:
            session.conversation.start(tunnel_lost(self.smf, session))
        elif message.downlink_data_report is not None:
            session.conversation.start(downlink_data(self.smf, session))


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
