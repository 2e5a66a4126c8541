"""PDU session release (TS 23.502 4.3.4.2, TS 24.501 6.3.3, 6.4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.core.smf.procedures.user_plane import used
from freehold.services.errors import ServiceError

from .world import OTHER, SUPI, World, asking, carried_out

REQUEST = nas.PduSessionReleaseRequest(1, 9)
COMPLETE = nas.PduSessionReleaseComplete(1, 9)
EAP = b"\2\1\0\6\1a"
RELEASED = ngap.encode_value(ngap.PDUSessionResourceReleaseResponseTransfer())


def freed(world: World, reference: str) -> None:
    """The gNB has released its resources."""
    world.update(reference, n2_sm_info=RELEASED, n2_sm_info_type="PDU_RES_REL_RSP")


def gone(world: World) -> bool:
    return not world.smf.sessions and not world.upf.sessions and not world.udm.registered


def test_when_the_ue_asks_for_the_release_then_the_steps_come_in_their_order() -> None:
    # TS 23.502 4.3.4.2
    world = World()
    reference = world.active()
    command, updated = world.from_ue(reference, REQUEST)  # 1-3
    assert not world.upf.sessions  # 2
    assert isinstance(command, nas.PduSessionReleaseCommand)
    assert (command.pti, command.cause) == (9, 36)
    assert updated.n2_sm_info_type == "PDU_RES_REL_CMD"
    transfer, _ = ngap.decode_as(ngap.PDUSessionResourceReleaseCommandTransfer, updated.n2_sm_info or b"")
    assert transfer is not None
    assert transfer.cause == ("nas", "normal-release")
    freed(world, reference)  # 6-7
    assert world.smf.sessions
    said, _ = world.from_ue(reference, COMPLETE)  # 8-10
    assert said is None
    assert gone(world)
    assert world.amf.gone == [(SUPI, 1, reference)]  # 11
    assert world.smf._smf.networks[0].pool.taken == 0


def test_when_the_gnb_answers_after_the_ue_then_the_amf_forgets_the_session_after_both() -> None:
    # TS 23.502 4.3.4.2: step 11 comes after 7 and 10
    world = World()
    reference = world.active()
    world.from_ue(reference, REQUEST)
    world.from_ue(reference, COMPLETE)
    assert world.amf.gone == []
    freed(world, reference)
    assert world.amf.gone == [(SUPI, 1, reference)]
    assert gone(world)


def test_when_the_gnb_never_answers_then_the_session_ends_all_the_same() -> None:
    world = World()
    reference = world.active()
    world.from_ue(reference, REQUEST)
    world.from_ue(reference, COMPLETE)
    world.wait(11)
    assert gone(world)
    freed_late = world.active()
    freed(world, freed_late)  # nothing was asked of it
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_the_user_plane_is_deactivated_then_the_gnb_is_not_asked() -> None:
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    _, updated = world.from_ue(reference, REQUEST)
    assert updated.n2_sm_info is None


def test_when_the_ue_does_not_complete_then_the_command_is_repeated_and_the_session_ends_all_the_same() -> None:
    # T3592, TS 24.501 6.3.3.5
    world = World()
    reference = world.active()
    world.from_ue(reference, REQUEST)
    before = len(world.amf.transfers)
    world.wait(4 * 16 + 1)
    again = world.amf.transfers[before:]
    assert len(again) == 4
    assert all(data.n2_sm_info is None for data in again)
    assert isinstance(world.amf.n1, nas.PduSessionReleaseCommand)
    assert world.smf.sessions
    world.wait(16)
    assert gone(world)
    assert world.amf.gone == [(SUPI, 1, reference)]


@pytest.mark.parametrize("pti", [9, 0])
def test_when_the_ue_does_not_know_the_session_to_release_then_it_ends_at_once(pti: int) -> None:
    # TS 24.501 6.5.3
    world = World()
    reference = world.active()
    if pti:
        world.from_ue(reference, REQUEST)
    else:
        world.smf.release(SUPI, 1)
        world.settle()
    commands = len(world.amf.transfers)
    freed(world, reference)
    said, _ = world.from_ue(reference, nas.SmStatus(1, pti, cause=43))
    assert said is None
    assert gone(world)
    world.wait(100)
    assert len(world.amf.transfers) == commands
    assert world.amf.gone == [(SUPI, 1, reference)]


@pytest.mark.parametrize(("pti", "cause"), [(8, 43), (9, 98)])
def test_when_another_status_comes_during_a_release_then_the_release_goes_on(pti: int, cause: int) -> None:
    world = World()
    reference = world.active()
    world.from_ue(reference, REQUEST)
    freed(world, reference)
    world.from_ue(reference, nas.SmStatus(1, pti, cause=cause))
    assert world.smf.sessions
    world.from_ue(reference, COMPLETE)
    assert gone(world)


def test_when_the_network_wishes_the_release_then_the_ue_and_its_gnb_are_commanded() -> None:
    world = World()
    reference = world.active()
    assert world.smf.release(SUPI, 1)
    world.settle()
    data = world.amf.transfers[-1]
    assert (data.n2_sm_info_type, world.amf.n1.pti, world.amf.n1.cause) == ("PDU_RES_REL_CMD", 0, 36)
    freed(world, reference)
    world.from_ue(reference, nas.PduSessionReleaseComplete(1, 0))
    assert gone(world)
    assert not world.smf.release(SUPI, 1)
    assert not world.smf.release(OTHER, 1)


def test_when_ue_and_network_release_at_once_then_the_networks_release_goes_on() -> None:
    # TS 24.501 6.3.3.5
    world = World()
    reference = world.active()
    world.smf.release(SUPI, 1)
    world.settle()
    said, updated = world.from_ue(reference, REQUEST)
    assert (said, updated.n2_sm_info) == (None, None)
    freed(world, reference)
    world.from_ue(reference, nas.PduSessionReleaseComplete(1, 0))
    assert gone(world)


def test_when_the_amf_asks_for_the_release_then_it_gets_the_command() -> None:
    world = World()
    reference = world.active()
    updated = world.update(reference, release=True)
    assert updated.n2_sm_info_type == "PDU_RES_REL_CMD"
    assert world.smf.sessions[0].state.value == "inactive pending"


def test_when_the_amf_cannot_carry_the_command_then_the_session_ends_when_t3592_does() -> None:
    world = World()
    world.active()
    world.amf.error = ServiceError(404, "CONTEXT_NOT_FOUND")
    world.smf.release(SUPI, 1)
    world.wait(81)
    assert gone(world)
    assert world.environment.emitted("n1-not-carried")


def test_when_the_amf_releases_locally_then_nobody_is_told() -> None:
    # TS 29.502 5.2.2.4: deregistration
    world = World()
    reference = world.active()
    told = len(world.amf.transfers)
    world.call(world.smf.release_sm_context(reference, "REL_DUE_TO_REACTIVATION"))
    assert gone(world)
    assert (len(world.amf.transfers), world.amf.gone) == (told, [])
    with pytest.raises(ServiceError, match="CONTEXT_NOT_FOUND"):
        world.call(world.smf.release_sm_context(reference))


def test_when_the_amf_releases_during_a_release_then_it_ends_at_once() -> None:
    world = World()
    reference = world.active()
    world.from_ue(reference, REQUEST)
    world.call(world.smf.release_sm_context(reference))
    assert gone(world)
    world.wait(200)
    assert len(world.amf.gone) == 1


def test_when_the_upf_is_silent_or_has_forgotten_the_session_then_it_ends_here() -> None:
    world = World()
    reference = world.active()
    world.upf.script[pfcp.SessionDeletionRequest] = lambda _: None
    done = world.caller.perform(carried_out(world.smf.release_sm_context(reference)))
    world.wait(12.1)
    assert done.settled
    assert not world.smf.sessions


def test_when_a_session_that_is_being_established_is_released_then_the_amf_is_told() -> None:
    world = World()
    reference = world.create()
    world.smf.release(SUPI, 1)
    world.settle()
    assert gone(world)
    assert world.amf.gone[-1] == (SUPI, 1, reference)


# --- what fits nothing (TS 24.501 7.3.1, 7.4) -----------------------------------------------------
NOTHING_UNDER_WAY = {
    "release complete": (COMPLETE, nas.SmStatus, 47),
    "modification complete": (nas.PduSessionModificationComplete(1, 9), nas.SmStatus, 47),
    "command reject": (nas.PduSessionModificationCommandReject(1, 9, cause=31), nas.SmStatus, 47),
    "release request without PTI": (nas.PduSessionReleaseRequest(1, 0), nas.SmStatus, 81),
    "modification request without PTI": (nas.PduSessionModificationRequest(1, 0), nas.SmStatus, 81),
    "authentication complete with a PTI": (nas.PduSessionAuthenticationComplete(1, 9, EAP), nas.SmStatus, 81),
    "authentication complete": (nas.PduSessionAuthenticationComplete(1, 0, EAP), nas.SmStatus, 98),
    "release request of another identity": (nas.PduSessionReleaseRequest(2, 9), nas.PduSessionReleaseReject, 43),
    "release request of a reserved identity": (nas.PduSessionReleaseRequest(16, 9), nas.PduSessionReleaseReject, 43),
    "release request of no identity": (nas.PduSessionReleaseRequest(0, 9), nas.PduSessionReleaseReject, 43),
    "modification request of another identity": (
        nas.PduSessionModificationRequest(2, 9),
        nas.PduSessionModificationReject,
        43,
    ),
    "modification request of a reserved identity": (
        nas.PduSessionModificationRequest(255, 9),
        nas.PduSessionModificationReject,
        43,
    ),
    "another identity and no PTI": (nas.PduSessionModificationRequest(2, 0), nas.SmStatus, 81),
    "completion of another identity": (nas.PduSessionModificationComplete(2, 9), nas.SmStatus, 43),
    "establishment request": (asking(), nas.SmStatus, 97),
}


@pytest.mark.parametrize(("message", "answer", "cause"), NOTHING_UNDER_WAY.values(), ids=NOTHING_UNDER_WAY)
def test_when_a_message_fits_no_procedure_then_the_answer_says_so_and_the_session_stays(
    message: nas.Message, answer: type, cause: int
) -> None:
    world = World()
    reference = world.active()
    said, updated = world.from_ue(reference, message)
    assert isinstance(said, answer)
    assert said.cause == cause
    assert updated.n2_sm_info is None
    assert world.session.up_cnx_state == "ACTIVATED"


IGNORED = {
    "release request": nas.PduSessionReleaseRequest(1, 255),
    "modification request": nas.PduSessionModificationRequest(1, 255),
    "release complete": nas.PduSessionReleaseComplete(1, 255),
    "authentication complete": nas.PduSessionAuthenticationComplete(1, 255, EAP),
    "status": nas.SmStatus(1, 255, cause=43),
    "completion of no identity": nas.PduSessionModificationComplete(0, 9),
    "completion of a reserved identity": nas.PduSessionReleaseComplete(16, 9),
    "status of a reserved identity": nas.SmStatus(255, 9, cause=43),
    "establishment request of a reserved identity": asking(128),
}


@pytest.mark.parametrize("message", IGNORED.values(), ids=IGNORED)
def test_when_pti_or_identity_are_reserved_then_the_message_is_ignored(message: nas.Message) -> None:
    # TS 24.501 7.3.1 d, 7.3.2 c
    world = World()
    reference = world.active()
    with pytest.raises(ServiceError) as ignored:
        world.update(reference, n1_sm_message=nas.encode(message))
    assert (ignored.value.application_error, ignored.value.n1_sm_message) == ("N1_SM_ERROR", None)
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_a_completion_is_of_another_transaction_then_the_procedure_waits_on() -> None:
    # TS 24.501 7.3.1 a
    world = World()
    reference = world.active()
    world.smf.release(SUPI, 1)
    world.settle()
    said, _ = world.from_ue(reference, nas.PduSessionReleaseComplete(1, 9))
    assert (type(said), said.cause, said.pti) == (nas.SmStatus, 47, 9)
    assert not gone(world)
    said, _ = world.from_ue(reference, nas.PduSessionReleaseComplete(1, 0))
    assert said is None
    world.update(reference, n2_sm_info=RELEASED, n2_sm_info_type="PDU_RES_REL_RSP")
    assert gone(world)


# an identifier below 16 that nobody knows must be understood (TS 24.007 11.2.5)
UNKNOWN = bytes((0x01, 0x01, 0x00))
DAMAGED = {
    "release request": (REQUEST, nas.PduSessionReleaseReject),
    "modification request": (nas.PduSessionModificationRequest(1, 9), nas.PduSessionModificationReject),
    "release complete": (COMPLETE, nas.SmStatus),
    "release request without PTI": (nas.PduSessionReleaseRequest(1, 0), nas.SmStatus),
}


@pytest.mark.parametrize(("message", "answer"), DAMAGED.values(), ids=DAMAGED)
def test_when_a_message_is_damaged_then_a_request_has_its_own_reject(message: Any, answer: type) -> None:
    # TS 24.501 7.5.1, 7.5.3
    world = World()
    reference = world.active()
    with pytest.raises(ServiceError) as refused:
        world.update(reference, n1_sm_message=nas.encode(message) + UNKNOWN)
    said: Any = nas.decode(refused.value.n1_sm_message or b"").message
    assert (said.cause, said.pti) == (96, message.pti)
    assert type(said) is answer
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_the_ue_reports_a_status_then_nothing_is_answered() -> None:
    # TS 24.501 6.5.3
    world = World()
    reference = world.active()
    said, _ = world.from_ue(reference, nas.SmStatus(1, 5, cause=97))
    assert said is None
    assert world.environment.emitted("5gsm-status")
    assert world.smf.sessions[0].state.value == "active"


def test_when_the_ue_does_not_know_the_session_then_it_is_released() -> None:
    # TS 24.501 6.5.3: 5GSM STATUS #43
    world = World()
    reference = world.active()
    world.from_ue(reference, nas.SmStatus(1, 5, cause=43))
    assert world.smf.sessions[0].state.value == "inactive pending"


@pytest.mark.parametrize("reference", ["", "0", "x", "99", "-1", "1" * 30, "\uff11"])
def test_when_the_reference_is_unknown_then_the_amf_is_told(reference: str) -> None:
    world = World()
    world.active()
    for operation in (world.smf.release_sm_context(reference),):
        with pytest.raises(ServiceError, match="CONTEXT_NOT_FOUND"):
            world.call(operation)


def test_when_a_session_ends_then_its_usage_is_known() -> None:
    world = World()
    reference = world.active()
    session = world.session
    report = pfcp.UsageReportInDeletionResponse(
        1, 1, 0x800, volume_measurement=pfcp.VolumeMeasurement(uplink_volume=5, downlink_volume=7)
    )
    world.upf.script[pfcp.SessionDeletionRequest] = lambda _: pfcp.SessionDeletionResponse(1, usage_report=(report,))
    world.call(world.smf.release_sm_context(reference))
    assert (session.user_plane.uplink_octets, session.user_plane.downlink_octets) == (5, 7)
    used(session, pfcp.UsageReportInDeletionResponse(1, 2, 0x800))
    assert session.user_plane.uplink_octets == 5
