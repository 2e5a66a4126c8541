"""A gNB that says what its test wants: well-behaved where nobody says otherwise (TS 38.413)."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, TypeVar, cast

import msgspec

from freehold.codecs import gtpu, ngap
from freehold.services.access import Tunnel
from freehold.services.datagram import Address, DatagramPort
from freehold.services.n2 import Association
from freehold.spec.identities import GnbId, Ncgi, SNssai, STmsi, Tai
from freehold.stack import ngap_values
from freehold.trust.assure.lab import Lab
from freehold.trust.assure.verdict import Blocked, need

T = TypeVar("T")
ANSWER: Final = 5.0
"""Seconds a network has to answer."""
SILENCE: Final = 2.0
"""Seconds of silence after which there is no answer."""
UE_STREAM: Final = 1


class Gnb:
    """One gNB and its association; what comes for a terminal goes to that terminal's `Connection`."""

    def __init__(self, lab: Lab, number: int = 1) -> None:
        self.lab = lab
        self.number = number
        self.name = f"assure-gnb-{number}"
        self.association: Association | None = None
        self.closed = ""
        """Why the association ended; empty while it stands."""
        self.inbox: deque[Any] = deque()
        """Messages that belong to no terminal."""
        self.connections: dict[int, Connection] = {}
        self._next = number * 1000
        self.n3: DatagramPort | None = None
        self.packets: deque[tuple[bytes, Address]] = deque()
        """What came on N3."""

    # --- the association ------------------------------------------------------------------------
    async def connect(self) -> None:
        """Associate with the AMF; Blocked where it does not take the association."""

        def accept(association: Association) -> Gnb:
            self.association = association
            return self

        await self.lab.n2(accept, self.name)
        need(await self.lab.until(lambda: self.association is not None, ANSWER), "the AMF takes no association on N2")

    async def serve(self, **options: Any) -> Gnb:
        """Associate and set up."""
        await self.connect()
        self.send(self.setup_request(**options))
        answer = await self.take(ngap.NGSetupResponse, ngap.NGSetupFailure)
        need(isinstance(answer, ngap.NGSetupResponse), f"NG Setup is refused: {getattr(answer, 'cause', None)}")
        return self

    def setup_request(self, *, slices: tuple[SNssai, ...] | None = None) -> ngap.NGSetupRequest:
        """NG SETUP REQUEST with what the network under test serves (TS 38.413 9.2.6.1)."""
        profile = self.lab.profile
        broadcast = ngap.BroadcastPLMNItem(
            plmn_identity=profile.plmn.octets,
            tai_slice_support_list=[
                ngap.SliceSupportItem(s_nssai=ngap_values.slice_(each)) for each in slices or profile.slices
            ],
        )
        return ngap.NGSetupRequest(
            global_ran_node_id=ngap_values.global_gnb_id(GnbId(profile.plmn, 0xA5500 + self.number, 24)),
            ran_node_name=self.name,
            supported_ta_list=[
                ngap.SupportedTAItem(tac=profile.tac.to_bytes(3, "big"), broadcast_plmn_list=[broadcast])
            ],
            default_paging_drx="v128",
        )

    def send(self, message: ngap.Message, stream: int = 0) -> None:
        """Send one message."""
        self.send_octets(ngap.encode(message), stream)

    def send_octets(self, octets: bytes, stream: int = 0) -> None:
        """Send octets, whatever they are."""
        if self.association is None:
            raise Blocked("N2 is not there")
        self.association.send(octets, stream)

    def received(self, octets: bytes, stream: int, ppid: int) -> None:  # noqa: ARG002 - what an association hands over
        """One message came."""
        decoded = ngap.decode(octets)
        message = decoded.message
        if message is None:
            self.lab.note(f"{self.name}: octets that are no NGAP came")
            return
        number = ran_id_of(message)
        connection = self.connections.get(number) if number is not None else None
        if connection is None:
            self.inbox.append(message)
        else:
            connection.received(message)

    def lost(self, reason: str) -> None:
        """The association ended."""
        self.closed = reason or "ended"

    async def take(self, *kinds: type[Any], seconds: float = ANSWER) -> Any:
        """The next message for no terminal that is of a kind; None where none comes."""
        if not await self.lab.until(lambda: any(isinstance(each, kinds) for each in self.inbox), seconds):
            return None
        found = next(each for each in self.inbox if isinstance(each, kinds))
        self.inbox.remove(found)
        return found

    # --- terminals ------------------------------------------------------------------------------
    @property
    def tai(self) -> Tai:
        """The tracking area."""
        return Tai(self.lab.profile.plmn, self.lab.profile.tac)

    def location(self) -> Any:
        """Where its terminals are."""
        return ngap_values.user_location(Ncgi(self.lab.profile.plmn, (0xA5500 + self.number) << 12 | 1), self.tai)

    def connection(self) -> Connection:
        """A new RRC connection of a terminal."""
        self._next += 1
        made = self.connections[self._next] = Connection(self, self._next)
        return made

    # --- N3 -------------------------------------------------------------------------------------
    def open_n3(self, host: int = 0) -> DatagramPort:
        """Its socket on N3, opened when it is first needed."""
        if self.n3 is None:
            self.n3 = self.lab.n3(self._on_n3, host or 10 + self.number)
        return self.n3

    def _on_n3(self, _port: DatagramPort) -> _N3:
        return _N3(self.packets)

    async def packet(self, seconds: float = SILENCE) -> bytes | None:
        """The payload of the next G-PDU; path management is answered by nobody."""
        while await self.lab.until(lambda: bool(self.packets), seconds):
            octets, _ = self.packets.popleft()
            message = gtpu.decode(octets).message
            if isinstance(message, gtpu.GPdu):
                return message.payload
        return None


class _N3:
    def __init__(self, packets: deque[tuple[bytes, Address]]) -> None:
        self._packets = packets

    def received(self, octets: bytes, source: Address) -> None:
        self._packets.append((octets, source))


class Resources(msgspec.Struct, frozen=True):
    """A PDU session as a gNB was told of it."""

    pdu_session_id: int
    uplink: Tunnel
    qfi: int
    transfer: ngap.PDUSessionResourceSetupRequestTransfer
    downlink_teid: int


class Connection:
    """One UE-associated connection at a gNB."""

    def __init__(self, gnb: Gnb, ran_id: int) -> None:
        self.gnb = gnb
        self.ran_id = ran_id
        self.amf_id: int | None = None
        self.nas: deque[bytes] = deque()
        self.messages: list[Any] = []
        """Every NGAP message of the connection."""
        self.released = False
        self.context: ngap.InitialContextSetupRequest | None = None
        self.resources: dict[int, Resources] = {}

    @property
    def ids(self) -> dict[str, Any]:
        """Both identities, for a message's fields."""
        return {"amf_ue_ngap_id": self.amf_id or 0, "ran_ue_ngap_id": self.ran_id}

    def initial(self, octets: bytes, s_tmsi: STmsi | None = None, cause: Any = "mo-Signalling") -> None:
        """INITIAL UE MESSAGE (TS 38.413 9.2.5.1)."""
        self.gnb.send(
            ngap.InitialUEMessage(
                ran_ue_ngap_id=self.ran_id,
                nas_pdu=octets,
                user_location_information=self.gnb.location(),
                rrc_establishment_cause=cause,
                five_g_s_tmsi=None if s_tmsi is None else ngap_values.s_tmsi(s_tmsi),
                ue_context_request="requested",
            ),
            UE_STREAM,
        )

    def uplink(self, octets: bytes) -> None:
        """UPLINK NAS TRANSPORT (TS 38.413 9.2.5.3)."""
        self.gnb.send(
            ngap.UplinkNASTransport(**self.ids, nas_pdu=octets, user_location_information=self.gnb.location()),
            UE_STREAM,
        )

    def release(self) -> None:
        """Ask for the release of the connection for inactivity (TS 38.413 8.3.2)."""
        self.gnb.send(ngap.UEContextReleaseRequest(**self.ids, cause=("radioNetwork", "user-inactivity")), UE_STREAM)

    def received(self, message: Any) -> None:
        """A message of this connection: kept, and answered as a gNB does."""
        self.messages.append(message)
        self.amf_id = getattr(message, "amf_ue_ngap_id", None) or self.amf_id
        if isinstance(message, ngap.DownlinkNASTransport):
            self.nas.append(message.nas_pdu)
        elif isinstance(message, ngap.InitialContextSetupRequest):
            self._context(message)
        elif isinstance(message, ngap.PDUSessionResourceSetupRequest):
            self._sessions(message)
        elif isinstance(message, ngap.UEContextReleaseCommand):
            self._released(message)
        elif isinstance(message, ngap.PDUSessionResourceReleaseCommand) and message.nas_pdu is not None:
            self.nas.append(message.nas_pdu)

    def _context(self, message: ngap.InitialContextSetupRequest) -> None:
        self.context = message
        done = [
            self._set_up(item.pdu_session_id, item.pdu_session_resource_setup_request_transfer)
            for item in message.pdu_session_resource_setup_list_cxt_req or ()
        ]
        items = [
            ngap.PDUSessionResourceSetupItemCxtRes(
                pdu_session_id=number, pdu_session_resource_setup_response_transfer=transfer
            )
            for number, transfer in filter(None, done)
        ]
        answer = ngap.InitialContextSetupResponse(**self.ids, pdu_session_resource_setup_list_cxt_res=items or None)
        self.gnb.send(answer, UE_STREAM)
        if message.nas_pdu is not None:
            self.nas.append(message.nas_pdu)
        for item in message.pdu_session_resource_setup_list_cxt_req or ():
            if item.nas_pdu is not None:
                self.nas.append(item.nas_pdu)

    def _sessions(self, message: ngap.PDUSessionResourceSetupRequest) -> None:
        items = []
        for item in message.pdu_session_resource_setup_list_su_req:
            done = self._set_up(item.pdu_session_id, item.pdu_session_resource_setup_request_transfer)
            if done is not None:
                items.append(
                    ngap.PDUSessionResourceSetupItemSURes(
                        pdu_session_id=done[0], pdu_session_resource_setup_response_transfer=done[1]
                    )
                )
        answer = ngap.PDUSessionResourceSetupResponse(**self.ids, pdu_session_resource_setup_list_su_res=items or None)
        self.gnb.send(answer, UE_STREAM)
        for item in message.pdu_session_resource_setup_list_su_req:
            if item.pdu_session_nas_pdu is not None:
                self.nas.append(item.pdu_session_nas_pdu)

    def _set_up(self, number: int, octets: Any) -> tuple[int, Any] | None:
        """The response transfer of one session; None where the request cannot be read."""
        transfer = decoded(ngap.PDUSessionResourceSetupRequestTransfer, octets)
        if transfer is None:
            return None
        port = self.gnb.open_n3()
        qfi = transfer.qos_flow_setup_request_list[0].qos_flow_identifier
        teid = int.from_bytes(self.gnb.lab.random(4), "big") | 1
        uplink = ngap_values.tunnel_of(transfer.ul_ngu_up_tnl_information, port.address[0])
        self.resources[number] = Resources(number, uplink, qfi, transfer, teid)
        flow = ngap.QosFlowPerTNLInformation(
            up_transport_layer_information=ngap_values.tunnel(Tunnel(port.address[0], teid)),
            associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=qfi)],
        )
        return number, ngap.PDUSessionResourceSetupResponseTransfer(dl_qos_flow_per_tnl_information=flow)

    def _released(self, message: ngap.UEContextReleaseCommand) -> None:
        self.released = True
        if message.ue_ngap_ids[0] == "uE-NGAP-ID-pair":
            self.amf_id = message.ue_ngap_ids[1].amf_ue_ngap_id
        self.gnb.send(ngap.UEContextReleaseComplete(**self.ids), UE_STREAM)

    async def came(self, kind: type[T], seconds: float = ANSWER) -> T | None:
        """The last message of a kind, once one came."""
        if not await self.gnb.lab.until(lambda: any(isinstance(each, kind) for each in self.messages), seconds):
            return None
        return next(each for each in reversed(self.messages) if isinstance(each, kind))


def ran_id_of(message: Any) -> int | None:
    """The RAN UE NGAP ID of a message, in whichever field it stands."""
    number = getattr(message, "ran_ue_ngap_id", None)
    if isinstance(number, int):
        return number
    if isinstance(message, ngap.UEContextReleaseCommand) and message.ue_ngap_ids[0] == "uE-NGAP-ID-pair":
        return message.ue_ngap_ids[1].ran_ue_ngap_id
    return None


def decoded(kind: type[T], value: Any) -> T | None:
    """An N2 container's value: as it came, or out of its octets."""
    if isinstance(value, kind):
        return value
    found, _ = ngap.decode_as(cast("Any", kind), value) if isinstance(value, bytes) else (None, ())
    return cast("T | None", found)
