"""`freehold bench n4`: PFCP sessions that one core establishes, changes and deletes, octets in and octets out."""

from __future__ import annotations

import gc
import time
from typing import Final

import msgspec

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import ApplyAction, Interface, MeasurementMethod, ReportingTrigger
from freehold.core.upf import Upf, UpfSettings
from freehold.net.userplane import PlaneSettings, UserPlane
from freehold.procedure import Driver
from freehold.services.datagram import Address
from freehold.sim.clock import VirtualEnvironment
from freehold.spec.causes import PfcpCause
from freehold.spec.timers import Timers

SMF: Final[Address] = ("192.0.2.9", 8805)
NODE: Final = pfcp.NodeID(ipv4=bytes((192, 0, 2, 9)))
FIRST: Final = 0x0A40_0002
UNLIMITED: Final = 1 << 40


class N4Bench(msgspec.Struct, frozen=True):
    """Sessions a second that one core establishes, and microseconds of a core for each message."""

    sessions: int
    sessions_per_s: int
    establishment_us: float
    modification_us: float
    deletion_us: float


class _Wire:
    """N4 without a network: keeps what the UPF sent."""

    address: Address = ("192.0.2.1", 8805)

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, octets: bytes, destination: Address) -> None:  # noqa: ARG002 - there is one peer
        self.sent.append(octets)


def _establishment(number: int) -> pfcp.SessionEstablishmentRequest:
    """What an SMF asks for a PDU session: two PDRs, two FARs, a QER and a URR (TS 23.502 4.4.1.2)."""
    address = (FIRST + number).to_bytes(4, "big")
    uplink = pfcp.PDI(
        Interface.ACCESS,
        local_f_teid=pfcp.FTEID(choose_ipv4=True),
        ue_ip_address=(pfcp.UEIPAddress(ipv4=address),),
        qfi=(1,),
    )
    downlink = pfcp.PDI(
        Interface.CORE,
        network_instance=b"internet",
        ue_ip_address=(pfcp.UEIPAddress(ipv4=address, destination=True),),
    )
    to_core = pfcp.ForwardingParameters(Interface.CORE, network_instance=b"internet")
    return pfcp.SessionEstablishmentRequest(
        node_id=NODE,
        cp_f_seid=pfcp.FSEID(number + 1, ipv4=NODE.ipv4),
        create_pdr=(
            pfcp.CreatePDR(
                1, 255, uplink, outer_header_removal=pfcp.OuterHeaderRemoval(0), far_id=1, urr_id=(1,), qer_id=(1,)
            ),
            pfcp.CreatePDR(2, 255, downlink, far_id=2, urr_id=(1,), qer_id=(1,)),
        ),
        create_far=(
            pfcp.CreateFAR(1, ApplyAction.FORW, forwarding_parameters=to_core),
            pfcp.CreateFAR(2, ApplyAction.BUFF),
        ),
        create_qer=(pfcp.CreateQER(1, pfcp.GateStatus(0, 0), mbr=pfcp.MBR(1_000_000, 1_000_000), qfi=1),),
        create_urr=(
            pfcp.CreateURR(
                1,
                MeasurementMethod.VOLUM,
                ReportingTrigger.VOLTH,
                volume_threshold=pfcp.VolumeThreshold(total_volume=1 << 30),
            ),
        ),
    )


def _modification(number: int) -> pfcp.SessionModificationRequest:
    """The gNB's tunnel (TS 23.502 4.3.2.2.1 step 16a)."""
    creation = pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=number + 1, ipv4=bytes((192, 0, 2, 10)))
    parameters = pfcp.UpdateForwardingParameters(Interface.ACCESS, outer_header_creation=creation)
    far = pfcp.UpdateFAR(2, apply_action=ApplyAction.FORW, update_forwarding_parameters=parameters)
    return pfcp.SessionModificationRequest(update_far=(far,))


def _upf(sessions: int) -> tuple[Upf, _Wire]:
    wire, environment = _Wire(), VirtualEnvironment()
    plane = UserPlane().add_upf(PlaneSettings(wire.address[0], capacity=sessions), bytes(16))
    plane.add_instance("internet", [("10.64.0.0", 14)])
    settings = UpfSettings(wire.address[0], (SMF[0],), peer_rate=UNLIMITED)
    upf = Upf(Driver("UPF", environment, Timers()), wire, plane, settings)
    upf.received(pfcp.encode(pfcp.AssociationSetupRequest(NODE, 1), 1), SMF)
    return upf, wire


def _measure(upf: Upf, wire: _Wire, requests: list[bytes]) -> tuple[float, list[pfcp.Message]]:
    """Microseconds of this thread for each request, and the answers, read off the clock."""
    wire.sent.clear()
    gc.collect()
    start = time.thread_time()
    for octets in requests:
        upf.received(octets, SMF)
    spent = (time.thread_time() - start) * 1e6 / len(requests)
    answers = [pfcp.decode(octets).message for octets in wire.sent]
    if len(answers) != len(requests):
        raise ValueError(f"{len(requests)} requests, {len(answers)} answers")
    return spent, [_accepted(answer) for answer in answers]


def _accepted(answer: pfcp.Message | None) -> pfcp.Message:
    if answer is None or getattr(answer, "cause", 0) != PfcpCause.REQUEST_ACCEPTED:
        raise ValueError(f"the UPF refused: {answer}")
    return answer


def _seid(answer: pfcp.Message) -> int:
    if not isinstance(answer, pfcp.SessionEstablishmentResponse) or answer.up_f_seid is None:
        raise ValueError(f"the UPF gave no session: {answer}")
    return answer.up_f_seid.seid


def bench_n4(sessions: int = 10_000) -> N4Bench:
    """Establish, change and delete so many sessions, one after the other, through the UPF's whole control plane."""
    upf, wire = _upf(sessions)
    asked = [pfcp.encode(_establishment(number), number + 2, 0) for number in range(sessions)]
    established, answers = _measure(upf, wire, asked)
    seids = [_seid(answer) for answer in answers]
    first = sessions + 2
    changes = [pfcp.encode(_modification(at), first + at, seid) for at, seid in enumerate(seids)]
    modified, _ = _measure(upf, wire, changes)
    first += sessions
    ends = [pfcp.encode(pfcp.SessionDeletionRequest(), first + at, seid) for at, seid in enumerate(seids)]
    deleted, _ = _measure(upf, wire, ends)
    return N4Bench(sessions, round(1e6 / established), *(round(one, 1) for one in (established, modified, deleted)))
