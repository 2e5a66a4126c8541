"""PFCP sessions: establishment, modification, deletion (TS 29.244 6.3), each carried out whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import msgspec

from freehold.codecs.pfcp import (
    FSEID,
    CreatePDR,
    Header,
    NodeID,
    SessionDeletionRequest,
    SessionDeletionResponse,
    SessionEstablishmentRequest,
    SessionEstablishmentResponse,
    SessionModificationRequest,
    SessionModificationResponse,
    SessionSetDeletionRequest,
    SessionSetDeletionResponse,
    UpdatePDR,
    UsageReportInDeletionResponse,
    UsageReportInModificationResponse,
)
from freehold.codecs.pfcp.flags import PDNType, PFCPSEReqFlag, PFCPSMReqFlag, UsageReportTrigger
from freehold.core.upf import changes
from freehold.core.upf.alarms import Alarms
from freehold.core.upf.applications import Applications, check_applications
from freehold.core.upf.compiling import compile_rules
from freehold.core.upf.faults import RuleFault
from freehold.core.upf.instances import NETWORK_INSTANCE, Instances
from freehold.core.upf.limits import next_at
from freehold.core.upf.readings import Reading, carry_on, measures, needs_counters
from freehold.core.upf.retention import Described, Left, Retention
from freehold.core.upf.sets import sets_of
from freehold.core.upf.state import Mark, RuleSet, Session
from freehold.core.upf.state.rules import pack, unpack
from freehold.core.upf.timing import Timing
from freehold.core.upf.tunnels import F_TEID, Addresses, Tunnels, asked, known_to, updated
from freehold.core.upf.usage import reports
from freehold.procedure import Environment
from freehold.services.datagram import Address
from freehold.services.userplane import NOTHING, Measured, Refusal, RulesRefused, SessionPlane, Usage
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError
from freehold.spec.events import Event
from freehold.stack.pfcp import Answer

UE_IP_ADDRESS: Final = 93
KEEPING_SECONDS: Final = 1.0
KEPT_AT_ONCE: Final = 2000
"""So many metered sessions are written down each time: what they carried since is lost when the process dies."""

REFUSALS: Final[dict[Refusal, tuple[PfcpCause, int | None]]] = {
    "full": (PfcpCause.NO_RESOURCES_AVAILABLE, None),
    "too_many_rules": (PfcpCause.NO_RESOURCES_AVAILABLE, None),
    "unknown_session": (PfcpCause.SESSION_CONTEXT_NOT_FOUND, None),
    "unknown_instance": (PfcpCause.MANDATORY_IE_INCORRECT, NETWORK_INSTANCE),
    "wrong_instance": (PfcpCause.MANDATORY_IE_INCORRECT, NETWORK_INSTANCE),
    "address_outside_pools": (PfcpCause.MANDATORY_IE_INCORRECT, UE_IP_ADDRESS),
    "address_in_use": (PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, UE_IP_ADDRESS),
    "unknown_tunnel": (PfcpCause.SYSTEM_FAILURE, None),
    "tunnel_in_use": (PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, F_TEID),
}
"""What the answer says when the packet engine refuses."""


class Sessions:
    """All PFCP sessions of one user plane function, by their TEID.

    `names` are other networks' names of our network instances. `given` takes F-TEIDs that SMFs choose, which only
    those of earlier releases do (TS 29.244 5.5.1).
    """

    def __init__(
        self,
        environment: Environment,
        plane: SessionPlane,
        node_id: NodeID,
        retention: Retention,
        names: Mapping[str, str] = MappingProxyType({}),
        *,
        given: bool = False,
    ) -> None:
        self.by_teid: dict[int, Session] = {}
        self.timing = Timing(environment, plane)
        self._environment = environment
        self._plane = plane
        self._node_id = node_id
        self._addresses = Addresses.of(plane.addresses)
        self._instances = Instances(plane, names)
        self._given = given
        self._alarms = Alarms(environment)
        self._retention = retention
        self._metered: dict[int, Usage] = {}
        """What was written down last of sessions that measure."""
        self._chosen: dict[int, tuple[int, ...]] = {}
        """The TEIDs that SMFs chose, by session."""
        self.applications = Applications(node_id, retention, self._described_anew)

    def __len__(self) -> int:
        return len(self.by_teid)

    # --- Establishment (TS 29.244 6.3.2) -------------------------------------------------------
    def establish(self, request: SessionEstablishmentRequest, _: Header, source: Address) -> Answer:
        """Open a session with its rules; what was opened for a refused one is closed again."""
        rules = RuleSet(ethernet=_is_ethernet(request))
        start = Reading(NOTHING, self._environment.now())
        changes.establish(rules, request, start.mark)
        rules.instance = self._instances.find(request, rules)
        rules.counted = bool(rules.urrs) and needs_counters(rules)
        rules.inactivity = request.user_plane_inactivity_timer or 0
        sets = sets_of(request.fq_csid)
        # TS 23.527 4.3.2: a session that is set up again keeps its F-TEIDs
        restored = bool((request.pfcpsereq_flags or 0) & PFCPSEReqFlag.RESTI)
        tunnels = asked(request.create_pdr, self._addresses, given=self._given or restored)
        described = self.applications.of(source[0])
        check_applications(rules, described)
        teid = self._open(rules, start, tunnels, described)
        nonce = int.from_bytes(self._environment.random(4), "big")
        session = Session(teid, nonce, source[0], request.cp_f_seid.seid, pack(rules), sets)
        self.by_teid[teid] = session
        self._note_chosen(teid, tunnels)
        self._keep(session, rules)
        self._watch_time(teid, rules, start)
        response = SessionEstablishmentResponse(
            node_id=self._node_id,
            cause=PfcpCause.REQUEST_ACCEPTED,
            up_f_seid=self._f_seid(session),
            created_pdr=tuple(tunnels.told(self._addresses, request.create_pdr)),
        )
        return Answer(response, session.cp_seid)

    def _open(self, rules: RuleSet, start: Reading, tunnels: Tunnels, described: Described) -> int:
        try:
            teid = self._plane.open()
        except RulesRefused as refused:
            raise refusal(refused) from refused
        try:
            tunnels.open(self._plane, teid, own=True)
            tunnels.assign(rules, teid)
            self._plane.install(teid, compile_rules(rules, start, described))
        except RulesRefused as refused:
            self._plane.close(teid)
            raise refusal(refused) from refused
        except RuleFault:
            self._plane.close(teid)
            raise
        return teid

    def _f_seid(self, session: Session) -> FSEID:
        if self._node_id.fqdn is None:
            return FSEID(session.seid, self._node_id.ipv4, self._node_id.ipv6)
        ipv4, ipv6 = self._addresses.ipv4, self._addresses.ipv6
        return FSEID(session.seid, ipv4, None if ipv4 else ipv6)

    # --- Modification (TS 29.244 6.3.3) --------------------------------------------------------
    def modify(self, request: SessionModificationRequest, header: Header, source: Address) -> Answer:
        """Change a session's rules; refused ones leave it as it was."""
        session = self._owned(header, source)
        rules = unpack(session.rules)
        tunnels = Tunnels({})
        try:
            if request.create_pdr or any(update.pdi is not None for update in request.update_pdr):
                pdrs: tuple[CreatePDR | UpdatePDR, ...] = (*request.create_pdr, *request.update_pdr)
                tunnels = asked(pdrs, self._addresses, known_to(rules, session.teid), given=self._given)
            sets = sets_of(request.fq_csid) if request.fq_csid else session.sets
            told = self._change(session, rules, request)
            check_applications(rules, self.applications.of(session.peer))
            self._open_more(session, rules, tunnels)
            self._install(session, rules, end_marker=_ends_path(request))
        except RuleFault as fault:
            if tunnels.chosen:
                self._install(session, unpack(session.rules))  # closes what was opened
            return Answer(_refused_modification(fault), session.cp_seid)
        session.rules, session.sets = pack(rules), sets
        if request.cp_f_seid is not None:
            session.cp_seid = request.cp_f_seid.seid
        self._note_chosen(session.teid, tunnels)
        self._keep(session, rules)
        if (request.pfcpsmreq_flags or 0) & PFCPSMReqFlag.DROBU:
            self._plane.discard(session.teid)
        response = SessionModificationResponse(
            cause=PfcpCause.REQUEST_ACCEPTED,
            created_pdr=tuple(tunnels.told(self._addresses, request.create_pdr)) if tunnels.chosen else (),
            updated_pdr=updated(tunnels.told(self._addresses, request.update_pdr)) if tunnels.chosen else (),
            usage_report=told,
        )
        return Answer(response, session.cp_seid)

    def _open_more(self, session: Session, rules: RuleSet, tunnels: Tunnels) -> None:
        try:
            tunnels.open(self._plane, session.teid, own=False)
        except RulesRefused as refused:
            raise refusal(refused) from refused
        tunnels.assign(rules, session.teid)

    def _change(
        self, session: Session, rules: RuleSet, request: SessionModificationRequest
    ) -> tuple[UsageReportInModificationResponse, ...]:
        """Apply a request to `rules`; the reports are those of queried and of removed URRs (TS 29.244 7.5.5.2)."""
        if request.user_plane_inactivity_timer is not None:
            rules.inactivity = request.user_plane_inactivity_timer
        if not rules.urrs and not request.create_urr:
            changes.modify(rules, request, Mark())
            return ()
        removed = {urr.urr_id for urr in request.remove_urr} & rules.urrs.keys()
        every = (request.pfcpsmreq_flags or 0) & PFCPSMReqFlag.QAURR
        asked = set(rules.urrs) if every else {query.urr_id for query in request.query_urr} & rules.urrs.keys()
        reading = self.reading(session, rules)
        kind = UsageReportInModificationResponse
        why = dict.fromkeys(sorted(asked), UsageReportTrigger.IMMER)
        told = list(reports(kind, rules, reading, why, request.query_urr_reference))
        told += reports(kind, rules, reading, dict.fromkeys(sorted(removed), UsageReportTrigger.TERMR))
        if not rules.counted and _keeps_measuring(request):
            changes.modify(rules, request, reading.mark)
            return tuple(told)
        before = {urr_id: both for urr_id, both in measures(rules, reading).items() if urr_id not in removed}
        changes.modify(rules, request, reading.mark)
        carry_on(rules, before, reading)
        return tuple(told)

    def _install(self, session: Session, rules: RuleSet, *, end_marker: bool = False) -> None:
        reading = self.reading(session, rules) if rules.urrs else self._reading(NOTHING)
        try:
            described = self.applications.of(session.peer)
            self._plane.install(session.teid, compile_rules(rules, reading, described), end_marker=end_marker)
        except RulesRefused as refused:
            raise refusal(refused) from refused
        self._watch_time(session.teid, rules, reading)

    def reading(self, session: Session, rules: RuleSet) -> Reading:
        """What a session and its counters carried until now."""
        usage = self._plane.usage(session.teid)
        return self._reading(usage, self._plane.measured(session.teid) if rules.counted else None)

    def _reading(self, usage: Usage, counters: dict[int, Measured] | None = None) -> Reading:
        return Reading(usage, self._environment.now(), self._environment.utc(), counters or {})

    def _watch_time(self, teid: int, rules: RuleSet, reading: Reading) -> None:
        self.timing.watch_activity(teid, rules.inactivity)
        if rules.urrs:
            self.timing.wake(teid, next_at(rules, reading))
        else:
            self.timing.forget(teid)

    def _described_anew(self, peer: str) -> None:
        """An SMF described applications: rules that name one find others now."""
        for session in self.by_teid.values():
            if session.peer == peer:
                rules = unpack(session.rules)
                if any(pdr.application for pdr in rules.pdrs.values()):
                    self._install(session, rules)

    def change(self, session: Session, rules: RuleSet) -> None:
        """Keep rules that changed by themselves: reports were made, the next threshold counts from there."""
        self._install(session, rules)
        session.rules = pack(rules)
        self._keep(session, rules)

    # --- Deletion (TS 29.244 6.3.4) ------------------------------------------------------------
    def delete(self, _: SessionDeletionRequest, header: Header, source: Address) -> Answer:
        """Close a session; its last usage is in the answer."""
        session = self._owned(header, source)
        rules = unpack(session.rules)
        counters = self._plane.measured(session.teid) if rules.counted else {}
        reading = self._reading(self.drop(session), counters)
        why = dict.fromkeys(rules.urrs, UsageReportTrigger.TERMR)
        told = tuple(reports(UsageReportInDeletionResponse, rules, reading, why))
        return Answer(SessionDeletionResponse(cause=PfcpCause.REQUEST_ACCEPTED, usage_report=told), session.cp_seid)

    def drop(self, session: Session) -> Usage:
        """Close a session without a word to its peer."""
        self._forget(session)
        return self._plane.close(session.teid)

    def _forget(self, session: Session) -> None:
        del self.by_teid[session.teid]
        self.timing.end(session.teid)
        self._metered.pop(session.teid, None)
        self._chosen.pop(session.teid, None)
        self._retention.forget_session(session.teid)

    def drop_peer(self, peer: str) -> int:
        """Close every session of a peer: it restarted or left (TS 23.527 4.3); how many there were."""
        sessions = [session for session in self.by_teid.values() if session.peer == peer]
        for session in sessions:
            self.drop(session)
        self.applications.forget(peer)
        return len(sessions)

    def delete_set(self, request: SessionSetDeletionRequest, _: Header, source: Address) -> Answer:
        """Close the sessions of sets that a peer lost; those of other peers are never among them (TS 23.527 4.6)."""
        lost = frozenset(sets_of(request.fq_csid))
        sessions = [
            session
            for session in self.by_teid.values()
            if session.peer == source[0] and not lost.isdisjoint(session.sets)
        ]
        for session in sessions:
            self.drop(session)
        if sessions:
            said = f"the PFCP peer lost a part of its sessions; {len(sessions)} of them are closed"
            self._environment.emit(Event("n4.sessions-lost", said, "warning", source[0]))
        return Answer(SessionSetDeletionResponse(node_id=self._node_id, cause=PfcpCause.REQUEST_ACCEPTED))

    # --- Another process (TS 23.527 4.3) -------------------------------------------------------
    def _keep(self, session: Session, rules: RuleSet) -> None:
        """Write a session down for the next process, with what only this one knows of its usage."""
        if not self._retention.keeps:
            return
        measured = measures(rules, self.reading(session, rules)) if rules.counted else {}
        carried = self._plane.fleeting(session.teid)
        chosen = self._chosen.get(session.teid, ())
        self._retention.keep_session(session, NOTHING if rules.counted else carried, measured, chosen)
        if rules.urrs:
            self._metered[session.teid] = carried
        else:
            self._metered.pop(session.teid, None)

    def _note_chosen(self, teid: int, tunnels: Tunnels) -> None:
        if tunnels.given:
            self._chosen[teid] = (*self._chosen.get(teid, ()), *tunnels.given)

    def restore(self, peers: Collection[str]) -> None:
        """Go on with the sessions of an earlier process whose peers are still served; what else it left is closed."""
        self.applications.restore(peers)
        found = dict(self._retention.sessions())
        for teid, left in found.items():
            if left.peer not in peers or not self._restore(left.session(teid), left):
                self._retention.forget_session(teid)
        if found:
            said = f"{len(self)} of {len(found)} sessions go on that an earlier process had"
            event = Event("upf.restored", said, "info")
            self._environment.call_at(self._environment.now(), partial(self._environment.emit, event))
        if peers or found:
            self.audit()
        if self._retention.keeps:
            self._environment.call_at(self._environment.now() + KEEPING_SECONDS, partial(self._keep_some, ()))

    def _restore(self, session: Session, left: Left) -> bool:
        if not self._plane.reopen(session.teid, left.carried):
            return False
        try:
            rules = unpack(session.rules)
            for tunnel in known_to(rules, session.teid) - {session.teid}:
                if tunnel in left.chosen:
                    self._plane.open_tunnel(session.teid, tunnel)
                else:
                    self._plane.reopen_tunnel(session.teid, tunnel)
            self._chosen.update({session.teid: left.chosen} if left.chosen else {})
            if rules.counted:
                carry_on(rules, left.measured, self._reading(NOTHING))
            self.by_teid[session.teid] = session
            self._install(session, rules)
        except (RuleFault, RulesRefused, msgspec.MsgspecError):
            self._plane.close(session.teid)
            self.by_teid.pop(session.teid, None)
            self._chosen.pop(session.teid, None)
            return False
        session.rules = pack(rules)
        self._keep(session, rules)
        return True

    def _keep_some(self, due: Iterable[int]) -> None:
        """Write down what metered sessions carried meanwhile, some at a time: each in turn."""
        left = [*due] or [*self._metered]
        now, later = left[:KEPT_AT_ONCE], left[KEPT_AT_ONCE:]
        for teid in now:
            session = self.by_teid.get(teid)
            if session is not None and self._plane.fleeting(teid) != self._metered.get(teid):
                self._keep(session, unpack(session.rules))
        self._environment.call_at(self._environment.now() + KEEPING_SECONDS, partial(self._keep_some, later))

    def audit(self) -> tuple[int, int]:
        """Bring sessions and packet engine together again; how many were open on one side only, PFCP's first."""
        carried = set(self._plane.teids())
        lost = [session for teid, session in self.by_teid.items() if teid not in carried]
        for session in lost:
            self._forget(session)
        orphans = carried - self.by_teid.keys()
        for teid in orphans:
            self._plane.close(teid)
        if lost or orphans:
            self._environment.emit(
                Event("upf.audit", f"{len(lost)} sessions without packets, {len(orphans)} without rules", "error")
            )
        return len(lost), len(orphans)

    def _owned(self, header: Header, source: Address) -> Session:
        """The session a request is about; to anybody but its owner it does not exist (TS 33.513 4.2.2)."""
        seid = header.seid or 0
        session = self.by_teid.get(seid & 0xFFFFFFFF)
        if session is None or session.seid != seid:
            raise PeerError(f"no session {seid:#x}", PfcpCause.SESSION_CONTEXT_NOT_FOUND)
        if session.peer != source[0]:
            self._alarms.warn("n4.foreign-session", "a PFCP peer named another peer's session; refused", source[0])
            raise PeerError(f"session {seid:#x} is not of {source[0]}", PfcpCause.SESSION_CONTEXT_NOT_FOUND)
        return session


def refusal(refused: RulesRefused) -> RuleFault:
    """The packet engine's refusal in PFCP's terms."""
    cause, offending_ie = REFUSALS[refused.reason]
    return RuleFault(cause, str(refused), offending_ie=offending_ie)


def _refused_modification(fault: RuleFault) -> SessionModificationResponse:
    return SessionModificationResponse(
        cause=fault.cause or PfcpCause.REQUEST_REJECTED,
        offending_ie=fault.offending_ie,
        failed_rule_id=fault.failed_rule_id,
    )


def _ends_path(request: SessionModificationRequest) -> bool:
    """Whether the old tunnel is to be told that nothing more comes (TS 29.244 5.3.2, 8.2.31)."""
    return any(
        (far.update_forwarding_parameters.pfcpsmreq_flags or 0) & PFCPSMReqFlag.SNDEM
        for far in request.update_far
        if far.update_forwarding_parameters is not None
    )


def _keeps_measuring(request: SessionModificationRequest) -> bool:
    """Whether a request changes neither usage reporting rules nor which packets they measure."""
    return not (
        request.create_pdr
        or request.update_pdr
        or request.remove_pdr
        or request.create_urr
        or request.update_urr
        or request.remove_urr
    )


def _is_ethernet(request: SessionEstablishmentRequest) -> bool:
    """Whether the session carries Ethernet frames (TS 29.244 8.2.79, 8.2.102)."""
    if request.pdn_type is not None:
        return request.pdn_type == PDNType.ETHERNET
    return any((pdr.pdi.ethernet_pdu_session_information or 0) & 1 for pdr in request.create_pdr)
