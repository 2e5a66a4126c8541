"""A load generator at NGAP level: terminals that register and open a session over one N2 association, and nothing else.

It checks what it must to go on, and leaves timers, retransmissions and every other procedure to `ran` and `ue`: its own
CPU stays far below the core's.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Generator, Sequence
from typing import Any, Final

import msgspec

from freehold.codecs import nas, ngap
from freehold.crypto import keys
from freehold.crypto.aka import answer_challenge
from freehold.ran.configuration import GnbConfiguration
from freehold.ran.cu_cp.ng_setup import request as ng_setup_request
from freehold.services.access import Tunnel
from freehold.services.n2 import Association
from freehold.spec.errors import PeerError, Unusable
from freehold.spec.identities import Pei, PlmnId, Suci
from freehold.stack.nas_security import HeaderType, NasSecurity
from freehold.stack.ngap_values import tunnel, user_location

SESSION: Final = 1
"""The PDU session identity of every terminal."""
HEADER: Final = 7
"""Octets before the plain message in a protected one (TS 24.501 9.1.1)."""
SILENCE: Final = 60.0
"""Seconds without any answer after which a run is given up."""
UE_STREAMS: Final = 9
"""Streams of UE-associated signalling (TS 38.412 7)."""
PLAIN_CAPABILITY: Final = nas.UeSecurityCapability.of()
Life = Generator[list[Any], Any, list[Any]]
"""What to send, what came; at the end what is sent last."""


class Sim(msgspec.Struct, frozen=True, gc=False):
    """What one terminal holds; its SUCI is concealed before the run, for that work is the terminal's own."""

    digits: str
    k: bytes
    opc: bytes
    suci: Suci


class Result(msgspec.Struct, frozen=True):
    """What a run did: terminals that got to the end, seconds, each terminal's latency in ms, CPU in ms a terminal."""

    registered: int
    sessions: int
    seconds: float
    latencies: list[float]
    cpu_ms_per_ue: float


class Terminal:
    """One terminal on its way; `life` waits for the next message."""

    __slots__ = ("amf_id", "began", "life", "ran_id", "sim")

    def __init__(self, sim: Sim, ran_id: int) -> None:
        self.sim = sim
        self.ran_id = ran_id
        self.amf_id = 0
        self.began = 0.0
        self.life: Life | None = None


class Generator5G:
    """One gNB with many terminals, some of them on their way at once; the user of its association."""

    def __init__(self, configuration: GnbConfiguration, plmn: PlmnId) -> None:
        self.configuration = configuration
        self.plmn = plmn
        self.location = user_location(configuration.cell, configuration.tai)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.finished: asyncio.Future[None] = self.ready
        self.latencies: list[float] = []
        self.registered = 0
        self._waiting: deque[Terminal] = deque()
        self._running: dict[int, Terminal] = {}
        self._association: Association | None = None

    # --- AssociationUser ----------------------------------------------------------------------
    def accept(self, association: Association) -> Generator5G:
        """The association is up: set NG up."""
        self._association = association
        association.send(ngap.encode(ng_setup_request(self.configuration)), 0)
        return self

    def received(self, octets: bytes, stream: int, ppid: int) -> None:  # noqa: ARG002 - the Protocol's
        """Hand a message to the terminal it is for."""
        message: Any = ngap.decode(octets).message
        if isinstance(message, ngap.NGSetupResponse):
            self.ready.set_result(None)
            return
        if isinstance(message, ngap.NGSetupFailure):
            self.ready.set_exception(Unusable(f"the core refused NG Setup: {message.cause}"))
            return
        terminal = self._running.get(getattr(message, "ran_ue_ngap_id", -1) or 0)
        if terminal is not None:
            terminal.amf_id = message.amf_ue_ngap_id
            self._advance(terminal, message)

    def lost(self, reason: str) -> None:
        """The core is gone."""
        if not self.finished.done():
            self.finished.set_exception(Unusable(f"the core ended: {reason}"))

    def close(self) -> None:
        """End the association."""
        if self._association is not None:
            self._association.close()

    # --- a run ----------------------------------------------------------------------------------
    async def run(self, sims: Sequence[Sim], at_once: int, first_id: int) -> Result:
        """Bring all terminals to a session, `at_once` on their way; Unusable where the core falls silent."""
        self.latencies, self.registered = [], 0
        self.finished = asyncio.get_running_loop().create_future()
        self._waiting.extend(Terminal(sim, first_id + number) for number, sim in enumerate(sims))
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(min(at_once, len(sims))):
            self._begin()
        while not self.finished.done():
            done = len(self.latencies) + self.registered
            await asyncio.wait((self.finished,), timeout=SILENCE)
            if not self.finished.done() and done == len(self.latencies) + self.registered:
                raise Unusable(f"the core fell silent after {self.registered} registrations of {len(sims)}")
        self.finished.result()
        seconds = time.perf_counter() - began
        each = 1000 * (time.process_time() - cpu) / len(sims)
        return Result(self.registered, len(self.latencies), seconds, self.latencies, each)

    def _begin(self) -> None:
        terminal = self._waiting.popleft()
        terminal.life = life(self, terminal)
        terminal.began = time.perf_counter()
        self._running[terminal.ran_id] = terminal
        self._advance(terminal, None)

    def _advance(self, terminal: Terminal, message: Any) -> None:
        if terminal.life is None:
            return
        try:
            self._send(terminal, terminal.life.send(message))
        except PeerError as error:
            if not self.finished.done():
                self.finished.set_exception(Unusable(f"terminal {terminal.ran_id}: {error}"))
        except StopIteration as end:
            self._send(terminal, end.value)
            self.latencies.append(1000 * (time.perf_counter() - terminal.began))
            del self._running[terminal.ran_id]
            if self._waiting:
                self._begin()
            elif not self._running and not self.finished.done():
                self.finished.set_result(None)

    def _send(self, terminal: Terminal, messages: list[Any]) -> None:
        if self._association is not None:
            for message in messages:
                self._association.send(ngap.encode(message), 1 + terminal.ran_id % UE_STREAMS)


def life(gnb: Generator5G, ue: Terminal) -> Life:
    """A terminal in the order of its call flow: registration (TS 23.502 4.2.2.2.2), then a session (4.3.2.2.1)."""
    request = nas.RegistrationRequest(
        nas.RegistrationType(follow_on_request=True, value=nas.RegistrationKind.INITIAL),
        nas.NO_KEY,
        ue.sim.suci,
        ue_security_capability=PLAIN_CAPABILITY,
    )
    initial = nas.encode(request)
    challenge = yield [initial_ue_message(gnb, ue, initial)]
    kamf, response = answered(gnb, ue.sim, plain(challenge))
    command = yield [uplink(gnb, ue, nas.encode(response))]
    security = taken_into_use(kamf, command.nas_pdu)
    complete = nas.SecurityModeComplete(imeisv=Pei("imeisv-4370816125816151"), nas_message_container=initial)
    protected = security.protect(nas.encode(complete), HeaderType.INTEGRITY_CIPHERED_NEW_CONTEXT)
    setup = yield [uplink(gnb, ue, protected)]
    while not isinstance(setup, ngap.InitialContextSetupRequest):
        setup = yield []
    expected(security.unprotect(setup.nas_pdu or b"").plain, nas.RegistrationAccept)
    gnb.registered += 1
    done = ngap.InitialContextSetupResponse(amf_ue_ngap_id=ue.amf_id, ran_ue_ngap_id=ue.ran_id)
    registered = uplink(gnb, ue, security.protect(nas.encode(nas.RegistrationComplete())))
    resources = yield [done, registered, uplink(gnb, ue, security.protect(session_request()))]
    while not isinstance(resources, ngap.PDUSessionResourceSetupRequest):
        not_refused(security, resources)
        resources = yield []
    return [resources_set_up(ue, resources)]


def resources_set_up(
    ue: Terminal, request: ngap.PDUSessionResourceSetupRequest
) -> ngap.PDUSessionResourceSetupResponse:
    """The gNB's ends of the tunnels (TS 38.413 9.2.1.2)."""
    address = Tunnel("192.0.2.7", ue.ran_id)
    transfer = ngap.PDUSessionResourceSetupResponseTransfer(
        dl_qos_flow_per_tnl_information=ngap.QosFlowPerTNLInformation(
            up_transport_layer_information=tunnel(address),
            associated_qos_flow_list=[ngap.AssociatedQosFlowItem(qos_flow_identifier=1)],
        )
    )
    items = [
        ngap.PDUSessionResourceSetupItemSURes(
            pdu_session_id=item.pdu_session_id, pdu_session_resource_setup_response_transfer=transfer
        )
        for item in request.pdu_session_resource_setup_list_su_req
    ]
    return ngap.PDUSessionResourceSetupResponse(
        amf_ue_ngap_id=ue.amf_id, ran_ue_ngap_id=ue.ran_id, pdu_session_resource_setup_list_su_res=items
    )


def initial_ue_message(gnb: Generator5G, ue: Terminal, octets: bytes) -> ngap.InitialUEMessage:
    """INITIAL UE MESSAGE (TS 38.413 9.2.5.1)."""
    return ngap.InitialUEMessage(
        ran_ue_ngap_id=ue.ran_id,
        nas_pdu=octets,
        user_location_information=gnb.location,
        rrc_establishment_cause="mo-Signalling",
        ue_context_request="requested",
        selected_plmn_identity=gnb.plmn.octets,
    )


def uplink(gnb: Generator5G, ue: Terminal, octets: bytes) -> ngap.UplinkNASTransport:
    """UPLINK NAS TRANSPORT (TS 38.413 9.2.5.3)."""
    return ngap.UplinkNASTransport(
        amf_ue_ngap_id=ue.amf_id, ran_ue_ngap_id=ue.ran_id, nas_pdu=octets, user_location_information=gnb.location
    )


def plain(message: Any) -> Any:
    """The NAS message of a DOWNLINK NAS TRANSPORT that is not protected."""
    return nas.decode(message.nas_pdu).message


def expected(octets: bytes | None, kind: type[nas.Message]) -> Any:
    """A NAS message of one kind; PeerError where it is another."""
    message = nas.decode(octets or b"").message
    if not isinstance(message, kind):
        raise PeerError(f"{kind.__name__} was expected, not {type(message).__name__} {getattr(message, 'cause', '')}")
    return message


def not_refused(security: NasSecurity, message: Any) -> None:
    """PeerError where a NAS message brings the PDU session's refusal instead of its resources (TS 24.501 6.4.1.4)."""
    transport = nas.decode(security.unprotect(getattr(message, "nas_pdu", None) or b"").plain or b"").message
    if isinstance(transport, nas.DlNasTransport):
        refusal = nas.decode(transport.payload_container).message
        cause = getattr(refusal, "cause", "") if transport.cause is None else transport.cause
        raise PeerError(f"the PDU session was refused with {type(refusal).__name__} #{cause}")


def answered(gnb: Generator5G, sim: Sim, challenge: Any) -> tuple[bytes, nas.AuthenticationResponse]:
    """KAMF and the answer to a challenge (TS 33.501 6.1.3.2.0)."""
    if not isinstance(challenge, nas.AuthenticationRequest) or challenge.rand is None or challenge.autn is None:
        raise PeerError(f"a challenge was expected, not {type(challenge).__name__} {getattr(challenge, 'cause', '')}")
    network = gnb.plmn.serving_network_name
    answer = answer_challenge(sim.k, sim.opc, challenge.rand, challenge.autn, network)
    if answer is None:
        raise PeerError("the challenge is not of this home network")
    kamf = keys.kamf(keys.kseaf(answer.kausf, network), sim.digits.encode(), challenge.abba)
    return kamf, nas.AuthenticationResponse(response_parameter=answer.res_star)


def taken_into_use(kamf: bytes, octets: bytes) -> NasSecurity:
    """The security context that SECURITY MODE COMMAND chose (TS 24.501 5.4.2.3)."""
    command = expected(octets[HEADER:], nas.SecurityModeCommand)
    algorithms = command.security_algorithms
    security = NasSecurity("ue", kamf, command.ng_ksi.value, nea=algorithms.ciphering, nia=algorithms.integrity)
    if not security.unprotect(octets).verified:
        raise PeerError("the security mode command does not verify")
    return security


def session_request() -> bytes:
    """UL NAS TRANSPORT with a PDU SESSION ESTABLISHMENT REQUEST (TS 24.501 8.2.10, 8.3.1)."""
    request = nas.PduSessionEstablishmentRequest(
        SESSION, 1, nas.IntegrityDataRate(), pdu_session_type=nas.PduSessionType.IPV4
    )
    return nas.encode(
        nas.UlNasTransport(
            nas.PayloadContainerType.N1_SM_INFORMATION,
            nas.encode(request),
            pdu_session_identity=SESSION,
            request_type=nas.RequestType.INITIAL_REQUEST,
        )
    )
