"""PFCP associations (TS 29.244 6.2.6): who may have sessions here, and whether they are still alive."""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final

from freehold.codecs.pfcp import (
    AssociationReleaseRequest,
    AssociationReleaseResponse,
    AssociationSetupRequest,
    AssociationSetupResponse,
    AssociationUpdateRequest,
    AssociationUpdateResponse,
    Header,
    HeartbeatResponse,
)
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.core.upf.state import Association
from freehold.procedure import Signal
from freehold.services.datagram import Address
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError, TimerExpired
from freehold.spec.events import Event, Severity
from freehold.stack.pfcp import Answer, PfcpEntity

FEATURES: Final = UPFunctionFeature.FTUP | UPFunctionFeature.EMPU | UPFunctionFeature.FRRT | UPFunctionFeature.MNOP
"""F-TEIDs and end markers are made here, framed routes are served, packets are counted (TS 29.244 8.2.25)."""


def canonical(address: str) -> str:
    """An IP address in its one shortest form; other names of a peer as they are."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


class Associations:
    """The peers of one user plane function by their IP address; only configured ones are let in."""

    def __init__(self, entity: PfcpEntity, allowed: Collection[str], drop_sessions: Callable[[str], int]) -> None:
        self.by_peer: dict[str, Association] = {}
        self._entity = entity
        self._environment = entity.driver.environment
        self._allowed = frozenset(map(canonical, allowed))
        self._drop_sessions = drop_sessions

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
        if known is not None:
            self._end_heartbeats(known)
            if known.recovery_time_stamp != request.recovery_time_stamp:
                self._restarted(source[0])
        association = Association(source, request.node_id, request.recovery_time_stamp)
        self.by_peer[source[0]] = association
        self._supervise(association)
        return Answer(
            AssociationSetupResponse(
                node_id=self._entity.node_id,
                cause=PfcpCause.REQUEST_ACCEPTED,
                recovery_time_stamp=self._entity.recovery_time_stamp,
                up_function_features=FEATURES,
            )
        )

    def _check(self, request: AssociationSetupRequest, source: Address) -> None:
        if canonical(source[0]) not in self._allowed:
            self._warn(
                "n4.unlisted-peer", "a PFCP peer that is not configured asked for an association; refused", source[0]
            )
            raise PeerError(f"{source[0]} is not configured", PfcpCause.REQUEST_REJECTED)
        for peer, association in self.by_peer.items():
            if peer != source[0] and association.node_id == request.node_id:
                self._warn("n4.node-id-taken", f"a PFCP peer named itself as {peer} does; refused", source[0])
                raise PeerError("the node ID belongs to another peer", PfcpCause.REQUEST_REJECTED)

    def _restarted(self, peer: str) -> None:
        dropped = self._drop_sessions(peer)
        self._warn("n4.peer-restarted", f"the PFCP peer restarted; its {dropped} sessions are closed", peer)

    # --- Update and release (TS 29.244 6.2.7, 6.2.8) -------------------------------------------
    def update(self, _: AssociationUpdateRequest, __: Header, source: Address) -> Answer:
        """Take note that the peer changed; nothing here depends on what it may change."""
        self.require(source)
        return Answer(AssociationUpdateResponse(node_id=self._entity.node_id, cause=PfcpCause.REQUEST_ACCEPTED))

    def release(self, _: AssociationReleaseRequest, __: Header, source: Address) -> Answer:
        """End an association and its sessions (TS 29.244 6.2.8.3)."""
        self._forget(self.require(source))
        return Answer(AssociationReleaseResponse(node_id=self._entity.node_id, cause=PfcpCause.REQUEST_ACCEPTED))

    def _forget(self, association: Association) -> None:
        self._end_heartbeats(association)
        del self.by_peer[association.address[0]]
        self._drop_sessions(association.address[0])

    # --- Heartbeats (TS 29.244 6.2.2, TS 23.527 4.4) -------------------------------------------
    def _supervise(self, association: Association) -> None:
        interval = self._entity.driver.timers["PFCP-heartbeat"].seconds
        association.heartbeat = self._environment.call_at(
            self._environment.now() + interval, lambda: self._heartbeat(association)
        )

    def _heartbeat(self, association: Association) -> None:
        self._entity.heartbeat(association.address).watch(lambda signal: self._answered(association, signal))

    def _answered(self, association: Association, signal: Signal[HeartbeatResponse]) -> None:
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
                self._restarted(association.address[0])
                self._forget(association)  # it will set up a new one
                return
        self._supervise(association)

    def _end_heartbeats(self, association: Association) -> None:
        if association.heartbeat is not None:
            association.heartbeat.cancel()

    def _warn(self, name: str, text: str, peer: str) -> None:
        self._tell(name, text, peer, "warning")

    def _tell(self, name: str, text: str, peer: str, severity: Severity) -> None:
        self._environment.emit(Event(name, text, severity, peer))
