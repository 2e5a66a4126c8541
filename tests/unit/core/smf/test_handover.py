"""N2 based handover of one session (TS 23.502 4.9.1.3, TS 29.502 5.2.2.3.4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.pfcp.flags import ApplyAction, PFCPSMReqFlag
from freehold.core.smf.transfers import Tunnel
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdatedData
from freehold.services.nudm import DnnConfiguration, Protection, UserPlaneSecurity
from freehold.spec.causes import SmCause

from .world import GNB, SUPI, World, tnl

TARGET = Tunnel(bytes((10, 0, 0, 78)), 0x1234)
TOWARDS = pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=TARGET.teid, ipv4=TARGET.address)
FORWARDING = Tunnel(bytes((10, 0, 0, 78)), 0x5678)


def required(world: World, reference: str, *, direct: bool = True) -> SmContextUpdatedData:
    transfer = ngap.HandoverRequiredTransfer(
        direct_forwarding_path_availability="direct-path-available" if direct else None
    )
    octets = ngap.encode_value(transfer)
    return world.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_REQUIRED", ho_state="PREPARING")


def admitted(world: World, reference: str, flows: tuple[int, ...] = (1,)) -> SmContextUpdatedData:
    transfer = ngap.HandoverRequestAcknowledgeTransfer(
        dl_ngu_up_tnl_information=tnl(TARGET),
        dl_forwarding_up_tnl_information=tnl(FORWARDING),
        qos_flow_setup_response_list=[ngap.QosFlowItemWithDataForwarding(qos_flow_identifier=each) for each in flows],
    )
    octets = ngap.encode_value(transfer)
    return world.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_REQ_ACK", ho_state="PREPARED")


def not_admitted(world: World, reference: str, cause: ngap.Cause) -> SmContextUpdatedData:
    octets = ngap.encode_value(ngap.HandoverResourceAllocationUnsuccessfulTransfer(cause=cause))
    return world.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_RES_ALLOC_FAIL")


def not_switched(world: World, reference: str, cause: ngap.Cause) -> SmContextUpdatedData:
    octets = ngap.encode_value(ngap.PathSwitchRequestSetupFailedTransfer(cause=cause))
    return world.update(reference, n2_sm_info=octets, n2_sm_info_type="PATH_SWITCH_SETUP_FAIL")


def changes(world: World) -> int:
    return len(world.upf.took(pfcp.SessionModificationRequest))


def test_when_the_ue_arrives_then_the_downlink_follows_with_end_markers_and_not_before() -> None:
    world = World()
    reference = world.active()
    before, setup = changes(world), world.amf.transfers[0].n2_sm_info
    updated = required(world, reference)
    assert (updated.n2_sm_info, updated.n2_sm_info_type, updated.ho_state) == (setup, "PDU_RES_SETUP_REQ", "PREPARING")
    updated = admitted(world, reference)
    assert (updated.n2_sm_info_type, updated.ho_state) == ("HANDOVER_CMD", "PREPARED")
    command, _ = ngap.decode_as(ngap.HandoverCommandTransfer, updated.n2_sm_info or b"")
    assert command is not None
    assert command.dl_forwarding_up_tnl_information == tnl(FORWARDING)
    assert (changes(world), world.session.user_plane.downlink) == (before + 1, GNB)
    [expected] = world.upf.took(pfcp.SessionModificationRequest)[-1].create_far
    assert expected.forwarding_parameters.outer_header_creation == TOWARDS
    updated = world.update(reference, ho_state="COMPLETED")
    assert (updated.ho_state, updated.up_cnx_state) == ("COMPLETED", "ACTIVATED")
    moved = world.upf.took(pfcp.SessionModificationRequest)[-1]
    assert moved.remove_far == (pfcp.RemoveFAR(expected.far_id),)
    (far,) = moved.update_far
    assert far.apply_action == ApplyAction.FORW
    assert far.update_forwarding_parameters is not None
    assert far.update_forwarding_parameters.pfcpsmreq_flags == PFCPSMReqFlag.SNDEM
    assert far.update_forwarding_parameters.outer_header_creation == TOWARDS
    assert world.session.user_plane.downlink == TARGET


def test_when_the_gnbs_do_not_reach_each_other_then_nothing_is_forwarded() -> None:
    world = World()
    reference = world.active()
    required(world, reference, direct=False)
    command, _ = ngap.decode_as(ngap.HandoverCommandTransfer, admitted(world, reference).n2_sm_info or b"")
    assert command is not None
    assert command.dl_forwarding_up_tnl_information is None


@pytest.mark.parametrize("how", ["refused", "no default flow", "cancelled at once", "cancelled late", "silence"])
def test_when_it_fails_then_the_session_stays_where_it_was(how: str) -> None:
    world = World()
    reference = world.active()
    before = changes(world)
    required(world, reference)
    if how == "refused":
        assert not_admitted(world, reference, ("misc", "unspecified")).ho_state == "CANCELLED"
        updated = world.update(reference, ho_state="CANCELLED")
    elif how == "no default flow":
        assert admitted(world, reference, flows=(2,)).ho_state == "CANCELLED"
        updated = world.update(reference, ho_state="CANCELLED")
    elif how == "silence":
        world.wait(31)
        updated = world.update(reference, ho_state="COMPLETED")
    else:
        if how == "cancelled late":
            admitted(world, reference)
        updated = world.update(reference, ho_state="CANCELLED")
    assert updated.n2_sm_info is None
    prepared = world.upf.took(pfcp.SessionModificationRequest)[before:]
    assert [(len(one.create_far), len(one.remove_far), one.update_far) for one in prepared] == (
        [(1, 0, ()), (0, 1, ())] if how == "cancelled late" else []
    )
    assert (world.session.user_plane.target, world.session.user_plane.downlink) == (None, GNB)
    assert world.update(reference, ho_state="COMPLETED").ho_state is None
    assert required(world, reference).ho_state == "PREPARING"


def left_by_n2(world: World, reference: str, cause: ngap.Cause) -> SmContextUpdatedData:
    required(world, reference)
    not_admitted(world, reference, cause)
    return world.update(reference, ho_state="COMPLETED")


INTEGRITY: ngap.Cause = ("radioNetwork", "up-integrity-protection-not-possible")
CONFIDENTIALITY: ngap.Cause = ("radioNetwork", "up-confidentiality-protection-not-possible")
RATE: ngap.Cause = ("radioNetwork", "ue-max-integrity-protected-data-rate-reason")
ALGORITHMS: ngap.Cause = ("radioNetwork", "encryption-and-or-integrity-protection-algorithms-not-supported")
RESOURCES: ngap.Cause = ("radioNetwork", "radio-resources-not-available")


@pytest.mark.parametrize("left", [left_by_n2, not_switched])
@pytest.mark.parametrize(
    ("integrity", "confidentiality", "cause", "released"),
    [
        ("required", "not-needed", INTEGRITY, True),
        ("required", "preferred", RATE, True),
        ("not-needed", "required", CONFIDENTIALITY, True),
        ("required", "not-needed", ALGORITHMS, True),
        ("not-needed", "required", ALGORITHMS, True),
        ("preferred", "preferred", INTEGRITY, False),
        ("preferred", "required", INTEGRITY, False),
        ("required", "preferred", CONFIDENTIALITY, False),
        ("required", "required", RESOURCES, False),
        ("required", "required", ("misc", "unspecified"), False),
    ],
)
def test_when_the_target_rejects_a_session_then_it_is_released_only_where_required_protection_is_missing(
    left: Callable[[World, str, ngap.Cause], SmContextUpdatedData],
    integrity: Protection,
    confidentiality: Protection,
    cause: ngap.Cause,
    released: bool,
) -> None:
    # TS 23.502 4.9.1.2.2 step 2, 4.9.1.3.3; TS 23.501 5.10.3
    world = World()
    world.udm.data["internet"] = DnnConfiguration("internet", up_security=UserPlaneSecurity(integrity, confidentiality))
    reference = world.active()
    assert left(world, reference, cause).up_cnx_state == "DEACTIVATED"
    (far,) = world.upf.took(pfcp.SessionModificationRequest)[-1].update_far
    assert far.apply_action == ApplyAction.BUFF | ApplyAction.NOCP
    if not released:
        assert world.session.user_plane.downlink is None
        assert world.update(reference, up_cnx_state="ACTIVATING").up_cnx_state == "ACTIVATING"
        return
    [event] = world.environment.emitted("session-unprotected")
    assert (event.clause, event.cause) == ("TS 23.501 5.10.3", f"NGAP {cause[1]}")
    command = world.amf.transfers[-1]
    assert (type(world.amf.n1), world.amf.n1.cause) == (nas.PduSessionReleaseCommand, SmCause.REGULAR_DEACTIVATION)
    assert command.n2_sm_info is None  # no gNB has resources for it
    world.from_ue(reference, nas.PduSessionReleaseComplete(1, 0))
    assert list(world.smf.sessions) == []
    assert world.amf.gone == [(SUPI, 1, reference)]


def test_when_the_transfer_of_a_rejected_session_is_damaged_then_the_amf_is_told_and_nothing_changes() -> None:
    world = World()
    reference = world.active()
    before = changes(world)
    with pytest.raises(ServiceError, match="N2_SM_ERROR"):
        world.update(reference, n2_sm_info=b"", n2_sm_info_type="PATH_SWITCH_SETUP_FAIL")
    assert (changes(world), world.session.user_plane.downlink) == (before, GNB)


def test_when_the_upf_does_not_follow_then_there_is_no_user_plane() -> None:
    world = World()
    reference = world.active()
    required(world, reference)
    admitted(world, reference)
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73)
    assert world.update(reference, ho_state="COMPLETED").up_cnx_state == "DEACTIVATED"
    assert world.session.user_plane.downlink is None


def test_when_the_an_is_released_meanwhile_then_the_handover_is_over() -> None:
    world = World()
    reference = world.active()
    required(world, reference)
    admitted(world, reference)
    world.update(reference, up_cnx_state="DEACTIVATED")
    assert world.update(reference, ho_state="COMPLETED") == SmContextUpdatedData()
    assert world.session.user_plane.downlink is None
    assert any(one.remove_far for one in world.upf.took(pfcp.SessionModificationRequest))


def test_when_nobody_says_that_the_ue_arrived_then_the_target_is_no_more_believed() -> None:
    world = World()
    reference = world.active()
    required(world, reference)
    admitted(world, reference)
    before = changes(world)
    world.wait(31)
    [forgotten] = world.upf.took(pfcp.SessionModificationRequest)[before:]
    assert (len(forgotten.remove_far), forgotten.update_far) == (1, ())
    assert world.session.user_plane.target is None


def test_when_the_upf_takes_no_such_rule_then_the_handover_goes_on_without() -> None:
    world = World()
    reference = world.active()
    required(world, reference)
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73)
    assert admitted(world, reference).ho_state == "PREPARED"
    del world.upf.script[pfcp.SessionModificationRequest]
    assert world.update(reference, ho_state="COMPLETED").up_cnx_state == "ACTIVATED"
    assert world.upf.took(pfcp.SessionModificationRequest)[-1].remove_far == ()


def test_when_the_session_is_not_active_yet_then_it_cannot_be_handed_over() -> None:
    world = World()
    reference = world.create()
    with pytest.raises(ServiceError, match="REQUEST_REJECTED_UNSPECIFIED"):
        required(world, reference)


def test_when_a_container_is_damaged_then_it_is_refused_and_nothing_moves() -> None:
    world = World()
    reference = world.active()
    required(world, reference)
    with pytest.raises(ServiceError, match="N2_SM_ERROR"):
        world.update(reference, n2_sm_info=b"", n2_sm_info_type="HANDOVER_REQ_ACK", ho_state="PREPARED")
    assert admitted(world, reference).ho_state == "PREPARED"
