"""PFCP associations (TS 29.244 6.2.6): who may have sessions here, and whether they are still alive."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from ipaddress import ip_address
from typing import Final

from freehold.codecs.pfcp import (
    AssociationReleaseRequest,
    AssociationReleaseResponse,
    AssociationSetupRequest,
    AssociationSetupResponse,
    AssociationUpdateRequest,
    AssociationUpdateResponse,
    GracefulReleasePeriod,
    Header,
    HeartbeatResponse,
)
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.core.upf.alarms import Alarms
from freehold.core.upf.retention import Retention
from freehold.core.upf.state import Association
from freehold.procedure import Alarm, Signal
from freehold.services.datagram import Address
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event, Severity
from freehold.stack.pfcp import Answer, PfcpEntity

FEATURES: Final = (
    UPFunctionFeature.DDND
    | UPFunctionFeature.DLBD
    | UPFunctionFeature.FTUP
    | UPFunctionFeature.PFDM
    | UPFunctionFeature.EMPU
    | UPFunctionFeature.UDBC
    | UPFunctionFeature.FRRT
    | UPFunctionFeature.MNOP
    | UPFunctionFeature.BUNDL
    | UPFunctionFeature.VTIME
    | UPFunctionFeature.IP6PL
)
"""What is done here beyond the least (TS 29.244 8.2.25).

Notifications wait and buffering is bounded as the SMF says, F-TEIDs and end markers are made, framed routes are served,
packets are counted, quotas end with their time, prefixes have other lengths than 64, messages come bundled, and
applications are described by their flows.
"""


PSREI: Final = 0x01
"""The sessions were retained (TS 29.244 8.2.134)."""
SARR: Final = 0x01
"""The UP function asks to be released (TS 29.244 8.2.77)."""


def _retains(request: AssociationSetupRequest, peer: str) -> bool:
    """Whether the sessions of `peer` are to stay (TS 29.244 7.4.4.1, PFCP Session Retention Information)."""
    retention = request.pfcp_session_retention_information
    if retention is None:
        return False
    named = [octets for one in retention.cp_pfcp_entity_ip_address for octets in (one.ipv4, one.ipv6) if octets]
    return not named or ip_address(peer).packed in named


def canonical(address: str) -> str:
    """An IP address in its one shortest form; other names of a peer as they are."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


class Associations:
    """The peers of one user plane function by their IP address; only configured ones are let in."""

    def __init__(
        self,
        entity: PfcpEntity,
        allowed: Collection[str],
        drop_sessions: Callable[[str], int],
        retention: Retention,
        features: int = FEATURES,
    ) -> None:
        self.by_peer: dict[str, Association] = {}
        self._entity = entity
        self._environment = entity.driver.environment
        self._allowed = frozenset(map(canonical, allowed))
        self._drop_sessions = drop_sessions
        self._features = features
        self._alarms = Alarms(self._environment)
        self._orphaned: dict[str, Alarm] = {}
        self._retention = retention
        self._left: Signal[None] | None = None

    def restore(self) -> frozenset[str]:
        """Go on with the associations of an earlier process, and drop those that nobody answers for; the peers."""
        for association in self._retention.peers():
            peer = association.address[0]
            if canonical(peer) not in self._allowed:
                self._retention.forget_peer(peer)
                continue
            self.by_peer[peer] = association
            association.alive = False
            self._environment.call_at(self._environment.now(), partial(self._heartbeat, association))
            end = self._environment.now() + self._entity.driver.timers["PFCP-retention"].seconds
            self._environment.call_at(end, partial(self._claimed, association))
        return frozenset(self.by_peer)

    def _claimed(self, association: Association) -> None:
        peer = association.address[0]
        if self.by_peer.get(peer) is association and not association.alive:
            self._warn("n4.unclaimed", "nobody answers for the sessions of an earlier process; they are closed", peer)
            self._forget(association)

    def require(self, source: Address) -> Association:
        """The association of a request's sender (TS 29.244 7.6.4)."""
        association = self.by_peer.get(source[0])
        if association is None:
            raise PeerError(f"no association with {source[0]}", PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION)
        return association

    # --- Setup (TS 29.244 6.2.6.2) -------------------------------------------------------------
    def setup(self, request: AssociationSetupRequest, _: Header, source: Address) -> Answer:
        """Let a configured peer in; one that restarted begins without sessions (TS 29.244 6.2.6.2.2)."""
        self._check(request, source)
        known = self.by_peer.get(source[0])
        retained = False
        if known is not None:
            self._end_heartbeats(known)
            same = known.recovery_time_stamp == request.recovery_time_stamp
            if not same:
                self._entity.forget(source[0])
            retained = same or self._restarted(request, source[0])
        elif (orphaned := self._orphaned.pop(source[0], None)) is not None:
            orphaned.cancel()
            retained = self._restarted(request, source[0])
        association = Association(source, request.node_id, request.recovery_time_stamp)
        self.by_peer[source[0]] = association
        self._retention.keep_peer(association)
        self._supervise(association)
        return Answer(
            AssociationSetupResponse(
                node_id=self._entity.node_id,
                cause=PfcpCause.REQUEST_ACCEPTED,
                recovery_time_stamp=self._entity.recovery_time_stamp,
                up_function_features=self._features,
                pfcpasrsp_flags=PSREI if retained else None,
            )
        )

    def _check(self, request: AssociationSetupRequest, source: Address) -> None:
        if canonical(source[0]) not in self._allowed:
            self._alarms.warn(
                "n4.unlisted-peer", "a PFCP peer that is not configured asked for an association; refused", source[0]
            )
            raise PeerError(f"{source[0]} is not configured", PfcpCause.REQUEST_REJECTED)
        for peer, association in self.by_peer.items():
            if peer != source[0] and association.node_id == request.node_id:
                self._alarms.warn("n4.node-id-taken", f"a PFCP peer named itself as {peer} does; refused", source[0])
                raise PeerError("the node ID belongs to another peer", PfcpCause.REQUEST_REJECTED)

    def _restarted(self, request: AssociationSetupRequest, peer: str) -> bool:
        """A peer that restarted lost its sessions, unless it says that it knows them still; whether they stay."""
        if _retains(request, peer):
            self._warn("n4.peer-restarted", "the PFCP peer restarted and knows its sessions; they stay", peer)
            return True
        self._lost(peer)
        return False

    def _lost(self, peer: str) -> None:
        self._orphaned.pop(peer, None)
        dropped = self._drop_sessions(peer)
        self._warn("n4.peer-restarted", f"the PFCP peer restarted; its {dropped} sessions are closed", peer)

    def _orphan(self, association: Association) -> None:
        """Its sessions carry on until it sets up a new association, which says what becomes of them, or does not."""
        peer = association.address[0]
        del self.by_peer[peer]
        self._retention.forget_peer(peer)
        end = self._environment.now() + self._entity.driver.timers["PFCP-heartbeat"].seconds
        self._orphaned[peer] = self._environment.call_at(end, lambda: self._lost(peer))

    # --- Update and release (TS 29.244 6.2.7, 6.2.8) -------------------------------------------
    def update(self, _: AssociationUpdateRequest, __: Header, source: Address) -> Answer:
        """Take note that the peer changed; nothing here depends on what it may change."""
        self.require(source)
        return Answer(AssociationUpdateResponse(node_id=self._entity.node_id, cause=PfcpCause.REQUEST_ACCEPTED))

    def release(self, _: AssociationReleaseRequest, __: Header, source: Address) -> Answer:
        """End an association and its sessions (TS 29.244 6.2.8.3)."""
        self._forget(self.require(source))
        return Answer(AssociationReleaseResponse(node_id=self._entity.node_id, cause=PfcpCause.REQUEST_ACCEPTED))

    def ask_release(self, seconds: int) -> None:
        """Tell every peer that this function goes, and how long it still serves its sessions (TS 29.244 6.2.7.2)."""
        request = AssociationUpdateRequest(
            node_id=self._entity.node_id,
            pfcp_association_release_request=SARR,
            graceful_release_period=GracefulReleasePeriod(0, min(-(-seconds // 2), 31)),  # TS 29.244 8.2.78: in 2 s
        )
        for association in self.by_peer.values():
            signal = self._entity.request(request, AssociationUpdateResponse, association.address)
            signal.watch(partial(self._asked_release, association.address[0]))

    def _asked_release(self, peer: str, signal: Signal[AssociationUpdateResponse]) -> None:
        try:
            signal.result()
        except (TimerExpired, PeerError) as error:
            self._warn("n4.release-unanswered", f"the wish to be released was not answered ({error})", peer)

    def leave(self, seconds: int) -> Signal[None]:
        """Ask every peer for its release: set once none is left, or that time is over."""
        self._left = left = Signal[None]()
        if self.by_peer:
            self.ask_release(seconds)
            self._environment.call_at(self._environment.now() + seconds, lambda: left.set(None))
        else:
            left.set(None)
        return left

    def _forget(self, association: Association) -> None:
        self._end_heartbeats(association)
        del self.by_peer[association.address[0]]
        self._retention.forget_peer(association.address[0])
        if self._left is not None and not self.by_peer:
            self._left.set(None)
        self._drop_sessions(association.address[0])

    # --- Heartbeats (TS 29.244 6.2.2, TS 23.527 4.4) -------------------------------------------
    def _supervise(self, association: Association) -> None:
        interval = self._entity.driver.timers["PFCP-heartbeat"].seconds
        association.heartbeat = self._environment.call_at(
            self._environment.now() + interval, lambda: self._heartbeat(association)
        )

    def heard(self, recovery_time_stamp: int, source: Address) -> None:
        """A heartbeat request says since when its sender runs: another time than we know is verified at once.

        Whoever can only send in a peer's name does not hear our request, so its word alone closes nothing.
        """
        association = self.by_peer.get(source[0])
        if association is None or association.recovery_time_stamp == recovery_time_stamp or association.verifying:
            return
        association.verifying = True
        self._end_heartbeats(association)
        self._heartbeat(association)

    def _heartbeat(self, association: Association) -> None:
        self._entity.heartbeat(association.address).watch(lambda signal: self._answered(association, signal))

    def _answered(self, association: Association, signal: Signal[HeartbeatResponse]) -> None:
        association.verifying = False
        if self.by_peer.get(association.address[0]) is not association:
            return
        try:
            response = signal.result()
        except (TimerExpired, PeerError):
            if association.alive:
                self._warn("n4.peer-silent", "the PFCP peer does not answer; its sessions stay", association.address[0])
            association.alive = False
        else:
            if not association.alive:
                self._tell("n4.peer-answers", "the PFCP peer answers again", association.address[0], "info")
            association.alive = True
            if response.recovery_time_stamp != association.recovery_time_stamp:
                self._orphan(association)
                return
        self._supervise(association)

    def _end_heartbeats(self, association: Association) -> None:
        if association.heartbeat is not None:
            association.heartbeat.cancel()

    def _warn(self, name: str, text: str, peer: str) -> None:
        self._tell(name, text, peer, "warning")

    def _tell(self, name: str, text: str, peer: str, severity: Severity) -> None:
        self._environment.emit(Event(name, text, severity, peer))
