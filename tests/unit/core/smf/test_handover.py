"""N2 based handover of one session (TS 23.502 4.9.1.3, TS 29.502 5.2.2.3.4)."""

from __future__ import annotations

import pytest

from freehold.codecs import ngap, pfcp
from freehold.codecs.pfcp.flags import ApplyAction, PFCPSMReqFlag
from freehold.core.smf.transfers import Tunnel
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdatedData

from .world import GNB, World, tnl

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
        octets = ngap.encode_value(ngap.HandoverResourceAllocationUnsuccessfulTransfer(cause=("misc", "unspecified")))
        updated = world.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_RES_ALLOC_FAIL")
    elif how == "no default flow":
        updated = admitted(world, reference, flows=(2,))
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
