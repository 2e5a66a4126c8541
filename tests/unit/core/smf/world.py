"""An SMF among doubles: an AMF that keeps what it is told, a UDM with one subscription, a UPF that answers or not."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar

import msgspec

from freehold.codecs import nas, ngap, pfcp
from freehold.core.pcf import Pcf
from freehold.core.smf import DataNetwork, Smf, SmfConfiguration, SmfPeers
from freehold.core.smf.transfers import Tunnel
from freehold.procedure import Driver, procedure
from freehold.services.datagram import Address
from freehold.services.errors import ServiceError
from freehold.services.namf import N1N2MessageTransferReqData, TransferCause
from freehold.services.nnrf import NfProfile
from freehold.services.nsmf import SmContextCreateData, SmContextUpdateData, SmContextUpdatedData
from freehold.services.nudm import DnnConfiguration, SdmNotify
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.identities import Guami, PlmnId, SNssai, Supi, Tai
from freehold.spec.timers import Timers

T = TypeVar("T")

SUPI = Supi("imsi-001010000000001")
OTHER = Supi("imsi-001010000000002")
SLICE = SNssai(1)
PLMN = PlmnId("001", "01")
SMF: Address = ("10.0.0.9", 8805)
UPF: Address = ("10.0.0.1", 8805)
GNB = Tunnel(bytes((10, 0, 0, 77)), 0x77)
N3 = bytes((192, 0, 2, 1))

INTERNET = DataNetwork(
    "internet",
    IPv4Network("10.45.0.0/24"),
    dns=(IPv4Address("9.9.9.9"), IPv4Address("1.1.1.1")),
    p_cscf=(IPv4Address("10.45.0.1"),),
)
IMS = DataNetwork("ims", IPv4Network("10.46.0.0/29"), slices=(SNssai(2),))


@procedure(spec="TS 29.502 5.2.2")
async def carried_out(operation: Coroutine[Any, Any, T]) -> T:
    """A service operation, awaited where an AMF awaits it."""
    return await operation


class AmfDouble:
    def __init__(self) -> None:
        self.transfers: list[N1N2MessageTransferReqData] = []
        self.gone: list[tuple[Supi, int, str]] = []
        self.error: ServiceError | None = None

    async def n1_n2_message_transfer(self, supi: Supi, data: N1N2MessageTransferReqData) -> TransferCause:
        self.transfers.append(data)
        if self.error is not None:
            raise self.error
        return "N1_N2_TRANSFER_INITIATED"

    async def sm_context_status_notify(self, supi: Supi, pdu_session_id: int, reference: str) -> None:
        self.gone.append((supi, pdu_session_id, reference))

    @property
    def n1(self) -> Any:
        """The last message to the UE."""
        octets = next(data.n1_sm_message for data in reversed(self.transfers) if data.n1_sm_message is not None)
        return nas.decode(octets).message


class UdmDouble:
    def __init__(self) -> None:
        self.data: dict[str, DnnConfiguration] = {
            "internet": DnnConfiguration("internet"),
            "ims": DnnConfiguration("ims"),
        }
        self.registered: set[tuple[Supi, int]] = set()
        self.told: dict[Supi, SdmNotify] = {}
        self.error: ServiceError | None = None

    async def get_sm_data(self, supi: Supi, slice_: SNssai, dnn: str) -> DnnConfiguration:
        if self.error is not None:
            raise self.error
        return self.data[dnn]

    async def subscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        self.told[supi] = notify

    async def unsubscribe_sdm(self, supi: Supi, notify: SdmNotify) -> None:
        assert self.told.pop(supi, notify) == notify

    async def register_smf(self, supi: Supi, pdu_session_id: int, slice_: SNssai, dnn: str) -> None:
        self.registered.add((supi, pdu_session_id))

    async def deregister_smf(self, supi: Supi, pdu_session_id: int) -> None:
        self.registered.discard((supi, pdu_session_id))


class NrfDouble:
    def __init__(self, amf: AmfDouble) -> None:
        self.found = (NfProfile("amf", "AMF", service=amf),)

    async def discover(self, *_: object) -> tuple[NfProfile, ...]:
        return self.found


Script = Callable[[Any], pfcp.Message | None]


class UpfDouble:
    """Answers as a UPF does; `script` overrides it by message type, None is silence."""

    features = 0x10

    def __init__(self, world: World) -> None:
        self.world = world
        self.node = pfcp.NodeID(ipv4=bytes((10, 0, 0, 1)))
        self.recovery = 1000
        self.requests: list[Any] = []
        self.answers: list[Any] = []
        self.sessions: dict[int, int] = {}
        self.sequence = 0
        self.script: dict[type, Script] = {}
        self.associated = False

    def restart(self) -> None:
        """Everything is lost, the association too."""
        self.recovery += 1
        self.sessions.clear()
        self.associated = False

    def took(self, kind: type[T]) -> list[T]:
        """The requests of one kind."""
        return [request for request in self.requests if type(request) is kind]

    def received(self, octets: bytes) -> None:
        decoded = pfcp.decode(octets)
        assert decoded.faults == ()
        assert decoded.header is not None
        message: Any = decoded.message
        if decoded.header.message_type in {2, 4, 57, 6, 8, 13}:
            if not isinstance(message, pfcp.HeartbeatResponse | pfcp.AssociationSetupResponse) or self.sequence:
                self.answers.append((message, decoded.header.seid))
            return
        self.requests.append(message)
        if type(message) in self.script:
            answer = self.script[type(message)](message)
        else:
            answer = self.answer(message, decoded.header)
        if answer is not None:
            seid = None
            if answer.session:
                cp = getattr(message, "cp_f_seid", None)
                seid = cp.seid if cp is not None else self.sessions.get(decoded.header.seid or 0, 0)
            self.world.to_smf(pfcp.encode(answer, decoded.header.sequence, seid))

    def answer(self, message: Any, header: pfcp.Header) -> pfcp.Message | None:
        match message:
            case pfcp.HeartbeatRequest():
                return pfcp.HeartbeatResponse(self.recovery)
            case pfcp.AssociationSetupRequest():
                kept = self.associated and message.pfcp_session_retention_information is not None
                self.associated = True
                return pfcp.AssociationSetupResponse(
                    self.node, 1, self.recovery, up_function_features=self.features, pfcpasrsp_flags=1 if kept else None
                )
            case pfcp.AssociationReleaseRequest():
                self.associated = False
                self.sessions.clear()
                return pfcp.AssociationReleaseResponse(self.node, 1)
            case pfcp.SessionEstablishmentRequest() if not self.associated:
                return pfcp.SessionEstablishmentResponse(self.node, 72)
            case pfcp.SessionEstablishmentRequest():
                return self.establish(message)
            case pfcp.SessionModificationRequest():
                return pfcp.SessionModificationResponse(1 if header.seid in self.sessions else 65)
            case pfcp.SessionDeletionRequest():
                known = self.sessions.pop(header.seid or 0, None) is not None
                return pfcp.SessionDeletionResponse(1 if known else 65)
        return None

    def establish(self, message: pfcp.SessionEstablishmentRequest) -> pfcp.Message:
        seid = 0xABC0 + len(self.took(pfcp.SessionEstablishmentRequest))
        self.sessions[seid] = message.cp_f_seid.seid
        created = pfcp.CreatedPDR(1, local_f_teid=pfcp.FTEID(teid=seid, ipv4=N3))
        return pfcp.SessionEstablishmentResponse(
            self.node, 1, up_f_seid=pfcp.FSEID(seid, ipv4=self.node.ipv4), created_pdr=(created,)
        )

    def report(self, message: pfcp.Message, seid: int | None = None, source: Address = UPF) -> Any:
        """Send a request of the UPF; the SMF's answer and its SEID."""
        self.sequence += 1
        before = len(self.answers)
        self.world.to_smf(pfcp.encode(message, self.sequence, seid), source)
        self.world.settle()
        return self.answers[-1] if len(self.answers) > before else None


class World:
    def __init__(
        self,
        *,
        timers: dict[str, float] | None = None,
        deaf: bool = False,
        script: dict[type, Script] | None = None,
        **changes: Any,
    ) -> None:
        self.environment = VirtualEnvironment()
        self.clock = self.environment.clock
        self.amf = AmfDouble()
        self.udm = UdmDouble()
        self.pcf = Pcf()
        self.upf = UpfDouble(self)
        changes.setdefault("n4", IPv4Address(SMF[0]))
        configuration = SmfConfiguration(upfs=(UPF,), networks=(INTERNET, IMS), **changes)
        self.nrf = NrfDouble(self.amf)
        peers = SmfPeers(self.udm, self.pcf, self.nrf)  # type: ignore[arg-type]
        self.smf = Smf(configuration, peers, self.environment, Timers(timers))
        self.caller = Driver("AMF", self.environment, Timers()).converse("AMF")
        self.deaf = deaf
        self.upf.script = script or {}
        self.smf.open_n4(self)
        self.settle()

    # --- the N4 port of the SMF ------------------------------------------------------------------
    @property
    def address(self) -> Address:
        return SMF

    def send(self, octets: bytes, destination: Address) -> None:
        assert destination[0] == UPF[0]
        if not self.deaf:
            self.environment.call_at(self.environment.now(), lambda: self.upf.received(octets))

    def to_smf(self, octets: bytes, source: Address = UPF) -> None:
        self.environment.call_at(self.environment.now(), lambda: self.smf.received(octets, source))

    # --- time --------------------------------------------------------------------------------------
    def settle(self) -> None:
        self.clock.settle()

    def wait(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now() + seconds)

    # --- what an AMF does ----------------------------------------------------------------------------
    def call(self, operation: Coroutine[Any, Any, T]) -> T:
        done = self.caller.perform(carried_out(operation))
        self.settle()
        return done.result()

    def data(
        self,
        request: nas.Message | bytes | None = None,
        *,
        supi: Supi = SUPI,
        session: int = 1,
        dnn: str = "internet",
        slice_: SNssai = SLICE,
        **changes: Any,
    ) -> SmContextCreateData:
        if request is None:
            request = asking(session)
        data = SmContextCreateData(
            supi=supi,
            pdu_session_id=session,
            slice=slice_,
            dnn=dnn,
            dnn_selected_by_ue=True,
            guami=Guami(PLMN, 2, 1, 0),
            tai=Tai(PLMN, 1),
            n1_sm_message=request if isinstance(request, bytes) else nas.encode(request),
        )
        return msgspec.structs.replace(data, **changes)

    def create(self, *args: Any, **changes: Any) -> str:
        return self.call(self.smf.create_sm_context(self.data(*args, **changes)))

    def refused(self, *args: Any, **kwargs: Any) -> tuple[ServiceError, Any]:
        """The error of a refused creation, and what it has for the UE."""
        try:
            self.create(*args, **kwargs)
        except ServiceError as error:
            message = None if error.n1_sm_message is None else nas.decode(error.n1_sm_message).message
            return error, message
        raise AssertionError("it was not refused")

    def update(self, reference: str, **changes: Any) -> SmContextUpdatedData:
        return self.call(self.smf.update_sm_context(reference, SmContextUpdateData(**changes)))

    def from_ue(self, reference: str, message: nas.Message) -> Any:
        """What the UE is told, and the whole answer."""
        updated = self.update(reference, n1_sm_message=nas.encode(message))
        said = None if updated.n1_sm_message is None else nas.decode(updated.n1_sm_message).message
        return said, updated

    def set_up(self, reference: str, tunnel: Tunnel = GNB, flows: tuple[int, ...] = (1,)) -> SmContextUpdatedData:
        return self.update(reference, n2_sm_info=response(tunnel, flows), n2_sm_info_type="PDU_RES_SETUP_RSP")

    def active(self, **changes: Any) -> str:
        """A session with everything set up."""
        reference = self.create(**changes)
        self.set_up(reference)
        return reference

    @property
    def session(self) -> Any:
        (session,) = self.smf.sessions
        return session


def asking(session: int = 1, pti: int = 5, **changes: Any) -> nas.PduSessionEstablishmentRequest:
    return nas.PduSessionEstablishmentRequest(
        session, pti, integrity_protection_maximum_data_rate=nas.IntegrityDataRate(), **changes
    )


def tnl(tunnel: Tunnel) -> Any:
    return (
        "gTPTunnel",
        ngap.GTPTunnel(
            transport_layer_address=(int.from_bytes(tunnel.address, "big"), 8 * len(tunnel.address)),
            gtp_teid=tunnel.teid.to_bytes(4, "big"),
        ),
    )


def response(tunnel: Tunnel = GNB, flows: tuple[int, ...] = (1,)) -> bytes:
    return ngap.encode_value(
        ngap.PDUSessionResourceSetupResponseTransfer(
            dl_qos_flow_per_tnl_information=ngap.QosFlowPerTNLInformation(
                up_transport_layer_information=tnl(tunnel),
                associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=flow) for flow in flows],
            )
        )
    )
