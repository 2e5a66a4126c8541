"""One Xn association to another gNB: set up, kept, and the way every XnAP message goes (TS 38.423 8.4.1, 8.2, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from freehold.codecs import ngap, xnap
from freehold.procedure import Record, Signal, Tap, exchange, procedure
from freehold.ran.cu_cp import xn_faults, xn_target, xn_values
from freehold.ran.cu_cp.xn_faults import Misplaced
from freehold.ran.state.machines import Stage
from freehold.ran.state.ue import Ue
from freehold.services.n2 import Association, AssociationUser
from freehold.services.xn import XNAP_PPID
from freehold.spec import counters
from freehold.spec.errors import Aborted, PeerError
from freehold.spec.events import Event
from freehold.spec.identities import GnbId
from freehold.stack import ngap_values
from freehold.stack.ngap_faults import worst

if TYPE_CHECKING:
    from freehold.ran.cu_cp.gnb import Gnb

NON_UE_STREAM = 0
"""The stream of non-UE-associated signalling (TS 38.422 7)."""


class XnLink:
    """A gNB's end of Xn-C towards one other gNB; `ready` is set once XN SETUP is done."""

    __slots__ = ("_initiator", "association", "conversation", "gnb", "name", "peer", "ready", "tap")

    def __init__(self, gnb: Gnb, name: str, *, initiator: bool, tap: Tap | None = None) -> None:
        """`tap` is where messages show, the gNB's own unless another is given."""
        self.gnb = gnb
        self.name = name
        self.peer: GnbId | None = None
        self.association: Association | None = None
        self.ready: Signal[None] = Signal()
        self._initiator = initiator
        self.tap = tap or gnb.driver.environment.tap
        self.conversation = gnb.driver.converse(self)
        gnb.xns.append(self)

    def __str__(self) -> str:
        return self.name

    def associated(self, association: Association) -> AssociationUser:
        """The association stands: its initiator sets Xn up (TS 38.423 8.4.1.2)."""
        self.association = association
        if self._initiator:
            self.conversation.start(xn_setup(self))
        return self

    def send(self, message: Any) -> None:
        """Send one message that is about no UE."""
        self.put(message, NON_UE_STREAM)

    def put(self, message: Any, stream: int, subject: str = "") -> None:
        """Encode and send one message; nothing happens without an association."""
        if self.association is not None:
            octets = xnap.encode(message)
            self.record(octets, message, subject, sent=True)
            self.association.send(octets, stream, XNAP_PPID)

    def stream(self, ue: Ue) -> int:
        """The stream of a UE (TS 38.422 7)."""
        streams = 1 if self.association is None else self.association.outbound_streams
        return 1 + ue.ran_ue_ngap_id % (streams - 1) if streams > 1 else NON_UE_STREAM

    def record(self, octets: bytes, message: Any, subject: str = "", *, sent: bool = False) -> None:
        """Show one message on the tap, at the end that sends it: both ends are ours."""
        if sent and self.tap.active:
            name = type(message).__name__
            source, target, now = self.gnb.configuration.name, self.name, self.gnb.driver.environment.now()
            self.tap.record(Record(now, "Xn", source, target, name, octets=octets, value=message, subject=subject))

    # --- services.n2.AssociationUser -------------------------------------------------------------
    def received(self, octets: bytes, stream: int, ppid: int) -> None:
        """Act on one PDU of the other gNB; whatever it is, no other UE notices."""
        del stream, ppid
        decoded = xnap.decode(octets)
        message = decoded.message
        if message is None:
            self.fault(decoded.faults[0].cause if decoded.faults else "undecodable PDU", xn_faults.answer(decoded))
            return
        try:
            self._act(message)
        except Misplaced as wrong:
            self.fault(f"{type(message).__name__}: {wrong}", xn_faults.logical_error(message, wrong.xnap_cause))
        except PeerError as wrong:
            self.fault(f"{type(message).__name__}: {wrong}", xn_faults.logical_error(message, xn_faults.SEMANTIC))
        else:
            if worst(decoded.faults) is not None:
                self.fault(f"{type(message).__name__}: {decoded.faults[0].cause}", xn_faults.answer(decoded))

    def _act(self, message: Any) -> None:
        """The message goes to its handler, or to the procedure that waits for it (TS 38.413 10.3.4, 10.4, 10.6)."""
        kind = type(message)
        if not self.up and kind not in BEFORE_SETUP and message.kind == "initiatingMessage":
            raise Misplaced(xn_faults.OUT_OF_STATE, "it came before XN SETUP")  # TS 38.423 8.4.1.1
        handler = HANDLERS.get(kind)
        if handler is not None:
            handler(self, message)
            return
        ue = self.source(getattr(message, "source_ng_ran_node_ue_xnap_id", None))
        if (ue is not None and ue.conversation.deliver(message)) or self.conversation.deliver(message):
            return
        if message.kind != "initiatingMessage":
            self.fault(f"unexpected {kind.__name__}")  # TS 38.413 10.4: an answer nobody waits for is handled locally
        elif kind is xnap.UEContextRelease:
            raise Misplaced(xn_faults.UNKNOWN if ue is None else xn_faults.OUT_OF_STATE)
        elif message.criticality == "ignore":
            self.fault(f"{kind.__name__} is not served")
        else:
            raise Misplaced(xn_faults.UNSERVED[message.criticality], "it is not served")

    def source(self, number: object) -> Ue | None:
        """The UE of ours that goes over this link, by its identity here (TS 38.423 9.2.3.16)."""
        ue = self._of(number)
        return None if ue is None or ue.stage is Stage.ARRIVING else ue

    def target(self, number: object) -> Ue | None:
        """The UE that is to come to us over this link, by its identity here."""
        ue = self._of(number)
        return ue if ue is not None and ue.stage is Stage.ARRIVING else None

    def _of(self, number: object) -> Ue | None:
        ue = self.gnb.contexts.ues.get(number) if isinstance(number, int) else None
        return ue if ue is not None and ue.handover is not None and ue.handover.xn is self else None

    def lost(self, reason: str) -> None:
        """The association is gone: what was prepared over it ends; terminals stay where they are."""
        self.stop()
        self.gnb.report("xn-lost", f"Xn to {self.name} lost: {reason}", None)
        self.forget(f"Xn to {self.name} was lost")

    def forget(self, reason: str) -> None:
        """Nothing stays of handovers over this link but the terminals where they are (TS 38.423 8.4.1.1)."""
        for ue in tuple(self.gnb.contexts.ues.values()):
            if ue.handover is not None and ue.handover.xn is self:
                if ue.stage is Stage.ARRIVING:
                    self.gnb.release_locally(ue, f"{reason} before its terminal came")
                else:
                    ue.conversation.abort(reason)

    def stop(self) -> None:
        """End the association."""
        association, self.association = self.association, None
        self.gnb.xns = [other for other in self.gnb.xns if other is not self]
        self.ready.fail(Aborted(f"there is no Xn to {self.name}"))
        self.conversation.abort("Xn ended")
        if association is not None:
            association.close()

    @property
    def up(self) -> bool:
        """Whether XN SETUP is done."""
        return self.peer is not None

    def fault(self, text: str, answer: Any = None) -> None:
        """Count a protocol error of the other gNB, tell it once, and say what the clause answers (TS 38.423 10)."""
        if answer is not None:
            self.send(answer)
        environment = self.gnb.driver.environment
        environment.count(counters.PROTOCOL_FAULT, "XnAP")
        message = f"{self.gnb.configuration.name}: from {self.name}: {text}"
        environment.emit(Event("xnap-fault", message, "warning", self.name, clause="TS 38.423 10"))


class XnChannel:
    """The XnAP channel of one UE: its own stream."""

    __slots__ = ("link", "ue")

    def __init__(self, link: XnLink, ue: Ue) -> None:
        self.link = link
        self.ue = ue

    def send(self, message: Any) -> None:
        """Send one UE-associated message."""
        self.link.put(message, self.link.stream(self.ue), str(self.ue))


async def not_set_up(error: Exception, link: XnLink) -> None:
    """Without XN SETUP nothing can be handed over that way."""
    link.ready.fail(error)
    link.gnb.report("xn-setup-failed", f"no Xn to {link}: {error}", None)


@procedure(spec="TS 38.423 8.4.1", on_reject=not_set_up, on_failure=not_set_up)
async def xn_setup(link: XnLink) -> None:
    """XN SETUP REQUEST and its answer: each gNB knows the other's tracking areas and slices."""
    request = xnap.XnSetupRequest(
        global_ng_ran_node_id=xn_values.global_gnb_id(link.gnb.configuration.identity),
        tai_support_list=areas(link.gnb),
        amf_region_information=regions(link.gnb),
    )
    answer = await exchange(link, request, xnap.XnSetupResponse, xnap.XnSetupFailure, timer="Xn-setup")
    if isinstance(answer, xnap.XnSetupFailure):
        cause = answer.cause or ("misc", "unspecified")
        raise PeerError(f"{link} refuses Xn: {cause[0]}: {cause[1]}")
    link.peer = xn_values.gnb_id_of(answer.global_ng_ran_node_id)
    link.ready.set(None)


def setup_requested(link: XnLink, message: xnap.XnSetupRequest) -> None:
    """XN SETUP REQUEST of the other gNB (TS 38.423 8.4.1.2); once more, and all begins anew (TS 38.423 8.4.1.1)."""
    link.peer = xn_values.gnb_id_of(message.global_ng_ran_node_id)
    link.forget(f"{link.name} set Xn up anew")
    link.send(
        xnap.XnSetupResponse(
            global_ng_ran_node_id=xn_values.global_gnb_id(link.gnb.configuration.identity),
            tai_support_list=areas(link.gnb),
            amf_region_information=regions(link.gnb),
        )
    )
    if not link.ready.settled:
        link.ready.set(None)


def error_indication(link: XnLink, message: xnap.ErrorIndication) -> None:
    """ERROR INDICATION of the other gNB: told, never answered (TS 38.423 8.4.5, TS 38.413 10.5)."""
    cause = message.cause or ("protocol", "unspecified")
    link.fault(f"it reports {cause[0]}: {cause[1]}")


def areas(gnb: Gnb) -> list[xnap.TAISupportItem]:
    """The tracking areas and their slices (TS 38.423 9.2.3.20)."""
    own = gnb.configuration.plmn
    return [
        xnap.TAISupportItem(
            tac=area.tac.to_bytes(3, "big"),
            broadcast_plmns=[
                xnap.BroadcastPLMNinTAISupportItem(
                    plmn_id=plmn.octets,
                    tai_slice_support_list=[_slice(value) for value in map(ngap_values.slice_, area.slices)],
                )
                for plmn in dict.fromkeys((own, *area.plmns))
            ],
        )
        for area in gnb.configuration.areas
    ]


def _slice(value: ngap.SNSSAI) -> xnap.SNSSAI:
    return xnap.SNSSAI(sst=value.sst, sd=value.sd)


def regions(gnb: Gnb) -> list[xnap.GlobalAMFRegionInformation]:
    """The AMF regions that the gNB has N2 to (TS 38.423 9.2.3.83)."""
    known = {(value.plmn.octets, value.region) for link in gnb.links for value in link.amf.guamis}
    found = sorted(known) or [(gnb.configuration.plmn.octets, 0)]
    return [xnap.GlobalAMFRegionInformation(plmn_id=plmn, amf_region_id=(region, 8)) for plmn, region in found]


HANDLERS: Mapping[type[Any], Callable[[XnLink, Any], None]] = MappingProxyType(
    {
        xnap.XnSetupRequest: setup_requested,
        xnap.HandoverRequest: xn_target.handover_request,
        xnap.HandoverCancel: xn_target.handover_cancel,
        xnap.SNStatusTransfer: xn_target.status_transfer,
        xnap.ErrorIndication: error_indication,
    }
)
BEFORE_SETUP: Final = frozenset({xnap.XnSetupRequest, xnap.ErrorIndication})
"""What may come before Xn is set up, besides its answer (TS 38.423 8.4.1.1)."""
