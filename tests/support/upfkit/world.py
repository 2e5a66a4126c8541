"""An SMF made of bare messages, a UPF with the native engine, and a gNB with one terminal."""

from __future__ import annotations

from typing import Any

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FSEID,
    FTEID,
    PDI,
    AssociationSetupRequest,
    CreateFAR,
    CreatePDR,
    CreateQER,
    CreateURR,
    ForwardingParameters,
    GateStatus,
    Message,
    NodeID,
    OuterHeaderCreation,
    OuterHeaderRemoval,
    SessionEstablishmentRequest,
    SessionModificationRequest,
    UEIPAddress,
    UpdateFAR,
    UpdateForwardingParameters,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface
from freehold.core.upf import Upf, UpfSettings
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.procedure import Driver
from freehold.services.access import PingResult, Tunnel
from freehold.services.datagram import Address
from freehold.services.journal import Journal
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.timers import Timers

SMF: Address = ("10.0.0.9", 8805)
OTHER: Address = ("10.0.0.8", 8805)
STRANGER: Address = ("10.0.0.66", 8805)
SMF_NODE = NodeID(ipv4=bytes((10, 0, 0, 9)))
TERMINAL = "10.45.0.2"
CP_SEID = 0x1234
HOLD = ApplyAction.BUFF | ApplyAction.NOCP


class World:
    address: Address = ("10.0.0.1", 8805)

    def __init__(
        self,
        *,
        associated: bool = True,
        capacity: int = 1000,
        n3: str = "192.0.2.1",
        node_id: str = "10.0.0.1",
        second: str | None = None,
        beside: World | None = None,
        journal: Journal | None = None,
        environment: VirtualEnvironment | None = None,
        **settings: Any,
    ) -> None:
        self.environment = beside.environment if beside else environment or VirtualEnvironment()
        self.plane = beside.plane if beside else UserPlane()
        self.upf_plane = self.plane.add_upf(PlaneSettings(n3, second, capacity=capacity), b"0123456789abcdef")
        self.instance = self.upf_plane.add_instance("internet", [("10.45.0.0", 16), ("2001:db8::", 48)])
        self.upf_plane.attach_network(self.instance, "10.45.0.1")
        self.upf_plane.add_instance("ims", [("10.46.0.0", 16)])
        self.gnb = beside.gnb if beside else self.plane.add_access("192.0.2.10", 7)
        self.sent: list[tuple[bytes, Address]] = []
        given = UpfSettings(node_id, (SMF[0], OTHER[0]), **settings)
        self.upf = Upf(Driver("UPF", self.environment, Timers()), self, self.upf_plane, given, journal)
        self.sequence = 0
        if associated:
            self.associate()

    def send(self, octets: bytes, destination: Address) -> None:
        self.sent.append((octets, destination))

    def ask(self, message: Message, seid: int | None = None, source: Address = SMF) -> Any:
        """Send a request and give the answer; its header is kept in `header`."""
        self.sequence += 1
        if message.session and seid is None:
            seid = 0
        before = len(self.sent)
        self.upf.received(pfcp.encode(message, self.sequence, seid), source)
        assert len(self.sent) == before + 1
        octets, destination = self.sent[-1]
        assert destination == source
        decoded = pfcp.decode(octets)
        assert decoded.faults == ()
        self.header = decoded.header
        return decoded.message

    def associate(self, source: Address = SMF, recovery: int = 1, node: NodeID = SMF_NODE) -> Any:
        return self.ask(AssociationSetupRequest(node_id=node, recovery_time_stamp=recovery), source=source)

    def requests(self) -> list[pfcp.Decoded]:
        """Take the requests that the UPF sent by itself."""
        taken = [pfcp.decode(octets) for octets, _ in self.sent]
        self.sent.clear()
        return [one for one in taken if one.header.message_type in {1, 12, 56}]

    def requests_of(self, kind: type[Message]) -> list[pfcp.Decoded]:
        """Take the requests that the UPF sent by itself; those of one kind."""
        return [one for one in self.requests() if isinstance(one.message, kind)]

    def respond(self, request: pfcp.Decoded, message: Message, source: Address = SMF) -> None:
        seid = 1 if message.session else None
        self.upf.received(pfcp.encode(message, request.header.sequence, seid), source)

    def poll(self) -> None:
        self.plane.poll(self.environment.now())


class Attached(World):
    """The same with a session that forwards to the gNB."""

    def __init__(self, *, journal: Journal | None = None, **fields: Any) -> None:
        super().__init__(journal=journal)
        self.establish(**fields)
        self.attach()
        assert self.activate().cause == 1

    def attach(self) -> None:
        """Have the gNB's tunnel and the terminal behind it."""
        self.handle, self.tunnel = self.gnb.add_bearer(Tunnel("192.0.2.1", self.teid), 9)
        self.gnb.attach(1, TERMINAL, 1400)
        self.gnb.bind(1, self.handle)

    def establish(self, **fields: Any) -> None:
        response = self.ask(establishment(**fields))
        assert response.cause == 1, response
        self.seid = response.up_f_seid.seid
        self.teid = response.created_pdr[0].local_f_teid.teid

    def activate(self, **fields: Any) -> Any:
        return self.ask(forwarding(self.tunnel.teid, bytes((192, 0, 2, 10)), **fields), self.seid)

    def update_downlink(self, action: int, parameters: UpdateForwardingParameters | None = None) -> Any:
        update = UpdateFAR(far_id=2, apply_action=action, update_forwarding_parameters=parameters)
        return self.ask(SessionModificationRequest(update_far=(update,)), self.seid)

    def ping(self) -> list[PingResult]:
        results: list[PingResult] = []
        self.gnb.ping(1, "10.45.0.1", 56, results.append)
        self.poll()
        return results


def forwarding(teid: int, address: bytes, **fields: Any) -> SessionModificationRequest:
    """Downlink packets go to a gNB's tunnel."""
    creation = OuterHeaderCreation(gtpu_ipv4=True, teid=teid, ipv4=address)
    parameters = UpdateForwardingParameters(destination_interface=0, outer_header_creation=creation, **fields)
    update = UpdateFAR(far_id=2, apply_action=ApplyAction.FORW, update_forwarding_parameters=parameters)
    return SessionModificationRequest(update_far=(update,))


def uplink_pdr(**fields: Any) -> CreatePDR:
    pdi = PDI(
        source_interface=Interface.ACCESS,
        local_f_teid=FTEID(choose_ipv4=True, choose_id=1),
        network_instance=b"internet",
        ue_ip_address=(UEIPAddress(ipv4=bytes((10, 45, 0, 2))),),
        qfi=(9,),
    )
    pdr = CreatePDR(
        pdr_id=1,
        precedence=255,
        pdi=pdi,
        outer_header_removal=OuterHeaderRemoval(0),
        far_id=1,
        qer_id=(1,),
    )
    return changed(pdr, fields)


def downlink_pdr(**fields: Any) -> CreatePDR:
    pdi = PDI(
        source_interface=Interface.CORE,
        network_instance=b"internet",
        ue_ip_address=(UEIPAddress(ipv4=bytes((10, 45, 0, 2)), destination=True),),
    )
    return changed(CreatePDR(pdr_id=2, precedence=255, pdi=pdi, far_id=2, qer_id=(1,)), fields)


def changed(pdr: CreatePDR, fields: dict[str, Any]) -> CreatePDR:
    """The PDR with other fields; those that it does not have are its PDI's."""
    own = {name: value for name, value in fields.items() if name in pdr.__struct_fields__}
    pdi = {name: value for name, value in fields.items() if name not in own}
    return msgspec.structs.replace(pdr, pdi=msgspec.structs.replace(pdr.pdi, **pdi), **own)


UPLINK_FAR = CreateFAR(
    far_id=1,
    apply_action=ApplyAction.FORW,
    forwarding_parameters=ForwardingParameters(Interface.CORE, network_instance=b"internet"),
)
DOWNLINK_FAR = CreateFAR(far_id=2, apply_action=ApplyAction.DROP)
QER = CreateQER(1, GateStatus(0, 0), qfi=9)
URR = CreateURR(1, 2, 2)


def establishment(**fields: Any) -> SessionEstablishmentRequest:
    request = SessionEstablishmentRequest(
        node_id=SMF_NODE,
        cp_f_seid=FSEID(CP_SEID, ipv4=bytes((10, 0, 0, 9))),
        create_pdr=(uplink_pdr(), downlink_pdr()),
        create_far=(UPLINK_FAR, DOWNLINK_FAR),
        create_qer=(QER,),
    )
    return msgspec.structs.replace(request, **fields)
