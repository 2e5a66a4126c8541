"""The user plane function's control (TS 23.501 6.2.3): N4 in, rules for the packet engine out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import Header, Message, NodeID
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.core.upf.associations import FEATURES, Associations, canonical
from freehold.core.upf.faults import RuleFault
from freehold.core.upf.reports import Reports
from freehold.core.upf.retention import Retention
from freehold.core.upf.sessions import Sessions
from freehold.procedure import Driver
from freehold.services.datagram import Address, DatagramPort
from freehold.services.journal import Journal
from freehold.services.userplane import SessionPlane
from freehold.spec import counters
from freehold.spec.causes import PfcpCause
from freehold.spec.errors import PeerError
from freehold.stack.pace import Pace
from freehold.stack.pfcp import PFCP_PORT, Answer, PfcpEntity

Handler = Callable[[Any, Header, Address], Answer]


class UpfSettings(msgspec.Struct, frozen=True):
    """Its node ID (an address or a name), the SMFs it serves, their port, and datagrams a second of each at most.

    `smf_teids` leaves F-TEIDs to SMFs that choose them by themselves; `network_instances` are SMFs' names of ours.
    """

    node_id: str
    peers: tuple[str, ...]
    peer_port: int = PFCP_PORT
    peer_rate: int = 20_000
    smf_teids: bool = False
    network_instances: Mapping[str, str] = {}


class Upf:
    """One user plane function on one N4 port; a `DatagramUser`. With a journal it goes on for an earlier process."""

    def __init__(
        self,
        driver: Driver,
        port: DatagramPort,
        plane: SessionPlane,
        settings: UpfSettings,
        journal: Journal | None = None,
    ) -> None:
        node_id, retention = node(settings.node_id), Retention(journal)
        self.entity = PfcpEntity(driver, port, node_id, self)
        self.entity.recovery_time_stamp = retention.started(self.entity.recovery_time_stamp)
        self.sessions = Sessions(
            driver.environment, plane, node_id, retention, settings.network_instances, given=settings.smf_teids
        )
        self._environment = driver.environment
        self._pace = Pace(map(canonical, settings.peers), settings.peer_rate)
        features = FEATURES & ~UPFunctionFeature.FTUP if settings.smf_teids else FEATURES
        self.associations = Associations(self.entity, settings.peers, self.sessions.drop_peer, retention, features)
        self.reports = Reports(self.entity, self.sessions, plane, self.associations.by_peer.keys(), settings.peer_port)
        self._handlers: dict[type[Message], Handler] = {
            pfcp.AssociationSetupRequest: self.associations.setup,
            pfcp.AssociationUpdateRequest: self.associations.update,
            pfcp.AssociationReleaseRequest: self.associations.release,
        }
        self._associated_handlers: dict[type[Message], Handler] = {
            pfcp.SessionEstablishmentRequest: self.sessions.establish,
            pfcp.SessionModificationRequest: self.sessions.modify,
            pfcp.SessionDeletionRequest: self.sessions.delete,
            pfcp.SessionSetDeletionRequest: self.sessions.delete_set,
            pfcp.PFDManagementRequest: self.sessions.applications.manage,
        }
        self.sessions.restore(self.associations.restore())

    def received(self, octets: bytes, source: Address) -> None:
        """One datagram of N4 came; what exceeds its sender's rate is not read, and comes again (TS 29.244 6.4)."""
        if self._pace.allows(source[0], self._environment.now()):
            self.entity.received(octets, source)
        else:
            self._environment.count(
                counters.N4_RATE_EXCEEDED, source[0] if source[0] in self.associations.by_peer else ""
            )

    def heard(self, recovery_time_stamp: int, source: Address) -> None:
        """A peer asked whether we live, and said since when it does."""
        self.associations.heard(recovery_time_stamp, source)

    def answer(self, request: Message, header: Header, source: Address) -> Answer:
        """Carry a request out; only an association has sessions and applications (TS 29.244 7.6.4)."""
        handler = self._handlers.get(type(request))
        if handler is None:
            handler = self._associated_handlers.get(type(request))
            if handler is None:
                raise PeerError(f"{type(request).__name__} is not served", PfcpCause.SERVICE_NOT_SUPPORTED)
            self.associations.require(source)
        try:
            return handler(request, header, source)
        except RuleFault as fault:
            return self._refuse(request, header, fault)

    def _refuse(self, request: Message, header: Header, fault: RuleFault) -> Answer:
        cause = fault.cause or PfcpCause.REQUEST_REJECTED
        refused = self.entity.refuse(header, cause, fault.offending_ie, failed_rule_id=fault.failed_rule_id)
        if refused is None:
            raise fault
        seid = request.cp_f_seid.seid if isinstance(request, pfcp.SessionEstablishmentRequest) else refused.seid
        return Answer(refused.message, seid)


def node(text: str) -> NodeID:
    """A node ID of an address or a domain name (TS 29.244 8.2.38)."""
    try:
        address = ip_address(text)
    except ValueError:
        return NodeID(fqdn=text)
    return NodeID(ipv6=address.packed) if address.version == 6 else NodeID(ipv4=address.packed)
