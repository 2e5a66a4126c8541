"""User plane connections (TS 23.502 4.2.3.2, 4.2.3.3, 4.2.6, 4.9.1.2)."""

from __future__ import annotations

import pytest

from freehold.codecs import ngap, pfcp
from freehold.codecs.pfcp.flags import ApplyAction, PFCPSMReqFlag, ReportType
from freehold.core.smf.transfers import Tunnel
from freehold.services.errors import ServiceError

from .world import GNB, N3, World, response, tnl

OTHER_GNB = Tunnel(bytes((10, 0, 0, 78)), 0x1234)
DOWNLINK_DATA = pfcp.SessionReportRequest(ReportType.DLDR, downlink_data_report=pfcp.DownlinkDataReport((2,)))


def last_far(world: World) -> pfcp.UpdateFAR:
    (far,) = world.upf.took(pfcp.SessionModificationRequest)[-1].update_far
    return far


def cp_seid(world: World) -> int:
    return next(iter(world.upf.sessions.values()))


def test_when_the_an_is_released_then_packets_wait_and_the_first_is_told() -> None:
    # TS 23.502 4.2.6 steps 5 to 7
    world = World()
    reference = world.active()
    assert world.update(reference, up_cnx_state="DEACTIVATED").up_cnx_state == "DEACTIVATED"
    assert last_far(world).apply_action == ApplyAction.BUFF | ApplyAction.NOCP
    assert world.session.up_cnx_state == "DEACTIVATED"
    assert world.session.state.value == "active"


def test_when_a_service_request_comes_then_the_gnb_gets_the_same_uplink_tunnel() -> None:
    # TS 23.502 4.2.3.2 steps 4 to 21
    world = World()
    reference = world.active()
    before = world.amf.transfers[0].n2_sm_info
    world.update(reference, up_cnx_state="DEACTIVATED")
    updated = world.update(reference, up_cnx_state="ACTIVATING")  # 4, 11
    assert (updated.n2_sm_info_type, updated.up_cnx_state) == ("PDU_RES_SETUP_REQ", "ACTIVATING")
    assert updated.n2_sm_info == before
    assert world.set_up(reference, OTHER_GNB).up_cnx_state == "ACTIVATED"  # 15-19
    far = last_far(world)
    assert far.apply_action == ApplyAction.FORW
    assert far.update_forwarding_parameters is not None
    header = far.update_forwarding_parameters.outer_header_creation
    assert header == pfcp.OuterHeaderCreation(gtpu_ipv4=True, teid=0x1234, ipv4=OTHER_GNB.address)
    assert len(world.amf.transfers) == 1


def test_when_the_gnb_cannot_activate_then_the_session_stays_without_user_plane() -> None:
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    world.update(reference, up_cnx_state="ACTIVATING")
    failed = ngap.PDUSessionResourceSetupUnsuccessfulTransfer(cause=("misc", "unspecified"))
    updated = world.update(reference, n2_sm_info=ngap.encode_value(failed), n2_sm_info_type="PDU_RES_SETUP_FAIL")
    assert updated.up_cnx_state == "DEACTIVATED"
    assert world.session.state.value == "active"
    assert world.update(reference, up_cnx_state="ACTIVATING").up_cnx_state == "ACTIVATING"


def test_when_the_gnb_never_answers_then_the_session_stays_and_can_be_activated_again() -> None:
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    world.update(reference, up_cnx_state="ACTIVATING")
    world.wait(11)
    assert world.session.up_cnx_state == "DEACTIVATED"
    world.update(reference, up_cnx_state="ACTIVATING")
    world.update(reference, up_cnx_state="ACTIVATING")  # the UE asks again before the gNB answers
    world.set_up(reference)
    assert world.session.up_cnx_state == "ACTIVATED"


def test_when_the_upf_refuses_the_tunnel_then_the_user_plane_is_not_active() -> None:
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    world.update(reference, up_cnx_state="ACTIVATING")
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73, offending_ie=84)
    assert world.set_up(reference).up_cnx_state == "DEACTIVATED"
    assert world.environment.emitted("n4-failure")


def test_when_the_session_is_being_established_then_it_cannot_be_activated() -> None:
    world = World()
    reference = world.create()
    for state in ("ACTIVATING", "ACTIVATED", None):
        with pytest.raises(ServiceError, match="REQUEST_REJECTED_UNSPECIFIED"):
            world.update(reference, up_cnx_state=state)


def test_when_the_an_is_released_during_establishment_then_the_session_is_taken_back() -> None:
    world = World()
    reference = world.create()
    world.update(reference, up_cnx_state="DEACTIVATED")
    assert not world.smf.sessions
    assert not world.upf.sessions


def test_when_the_gnb_gives_resources_up_then_the_user_plane_is_deactivated() -> None:
    # TS 38.413 8.2.4
    world = World()
    reference = world.active()
    released = ngap.PDUSessionResourceNotifyReleasedTransfer(cause=("radioNetwork", "unspecified"))
    world.update(reference, n2_sm_info=ngap.encode_value(released), n2_sm_info_type="PDU_RES_NTY_REL")
    assert world.session.up_cnx_state == "DEACTIVATED"
    assert last_far(world).apply_action == ApplyAction.BUFF | ApplyAction.NOCP


def test_when_information_changes_nothing_then_nothing_is_passed_on() -> None:
    world = World()
    reference = world.active()
    updated = world.update(reference, n2_sm_info=b"\0", n2_sm_info_type="PDU_RES_NTY")
    assert (updated.n1_sm_message, updated.n2_sm_info) == (None, None)


# --- path switch ------------------------------------------------------------------------------------
def path_switch(tunnel: Tunnel = OTHER_GNB) -> bytes:
    return ngap.encode_value(
        ngap.PathSwitchRequestTransfer(
            dl_ngu_up_tnl_information=tnl(tunnel),
            qos_flow_accepted_list=[ngap.QosFlowAcceptedItem(qos_flow_identifier=1)],
        )
    )


def test_when_another_gnb_serves_the_ue_then_downlink_follows_with_end_markers() -> None:
    # TS 23.502 4.9.1.2.2
    world = World()
    reference = world.active()
    updated = world.update(reference, n2_sm_info=path_switch(), n2_sm_info_type="PATH_SWITCH_REQ")
    assert updated.n2_sm_info_type == "PATH_SWITCH_REQ_ACK"
    transfer, _ = ngap.decode_as(ngap.PathSwitchRequestAcknowledgeTransfer, updated.n2_sm_info or b"")
    assert transfer is not None
    information = transfer.ul_ngu_up_tnl_information
    assert information is not None
    assert information[1].transport_layer_address == (int.from_bytes(N3, "big"), 32)  # type: ignore[union-attr]
    parameters = last_far(world).update_forwarding_parameters
    assert parameters is not None
    assert parameters.pfcpsmreq_flags == PFCPSMReqFlag.SNDEM
    assert world.session.user_plane.downlink == OTHER_GNB


def test_when_the_upf_does_not_follow_then_the_old_path_stays() -> None:
    world = World()
    reference = world.active()
    world.upf.script[pfcp.SessionModificationRequest] = lambda _: pfcp.SessionModificationResponse(73)
    updated = world.update(reference, n2_sm_info=path_switch(), n2_sm_info_type="PATH_SWITCH_REQ")
    assert updated.n2_sm_info is None
    assert world.session.user_plane.downlink == GNB


# --- downlink data ----------------------------------------------------------------------------------
def test_when_a_packet_waits_then_the_amf_reaches_the_ue_and_the_gnb_gets_the_session_back() -> None:
    # TS 23.502 4.2.3.3
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    answer, seid = world.upf.report(DOWNLINK_DATA, cp_seid(world))  # 2a-2b
    assert (answer.cause, seid) == (1, next(iter(world.upf.sessions)))
    data = world.amf.transfers[-1]  # 3a
    assert (data.n1_sm_message, data.n2_sm_info_type, data.arp_priority) == (None, "PDU_RES_SETUP_REQ", 8)
    updated = world.set_up(reference)  # the AMF kept the request for the UE that answered the page
    assert updated.up_cnx_state == "ACTIVATED"
    assert last_far(world).apply_action == ApplyAction.FORW


def test_when_the_ue_is_not_reached_then_the_upf_drops_what_waits() -> None:
    # TS 23.502 4.2.3.3 step 5; interworking item 21
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    world.amf.error = ServiceError(504, "UE_NOT_REACHABLE")
    world.upf.report(DOWNLINK_DATA, cp_seid(world))
    assert world.upf.requests[-1].pfcpsmreq_flags == PFCPSMReqFlag.DROBU
    assert world.environment.emitted("ue-not-reached")


def test_when_paging_was_not_answered_then_the_upf_drops_what_waits() -> None:
    # TS 23.502 4.2.3.3 step 5
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    world.update(reference, up_cnx_state="DEACTIVATED", cause="UE_NOT_REACHABLE")
    assert world.upf.requests[-1].pfcpsmreq_flags == PFCPSMReqFlag.DROBU
    assert last_far(world).apply_action == ApplyAction.BUFF | ApplyAction.NOCP


def test_when_the_user_plane_is_active_then_a_late_report_changes_nothing() -> None:
    world = World()
    world.active()
    before = len(world.amf.transfers)
    answer, _ = world.upf.report(DOWNLINK_DATA, cp_seid(world))
    assert answer.cause == 1
    assert len(world.amf.transfers) == before


def test_when_the_gnb_does_not_know_the_tunnel_then_packets_wait_and_its_resources_are_freed() -> None:
    # TS 23.527 5.3.3.1
    world = World()
    world.active()
    report = pfcp.ErrorIndicationReport((pfcp.FTEID(teid=GNB.teid, ipv4=GNB.address),))
    request = pfcp.SessionReportRequest(ReportType.ERIR, error_indication_report=report)
    world.upf.report(request, cp_seid(world))
    assert last_far(world).apply_action == ApplyAction.BUFF | ApplyAction.NOCP
    assert world.amf.transfers[-1].n2_sm_info_type == "PDU_RES_REL_CMD"
    before = len(world.amf.transfers)
    world.upf.report(request, cp_seid(world))
    assert len(world.amf.transfers) == before


def test_when_the_upf_was_away_at_the_an_release_then_the_gnbs_error_indication_makes_it_hold() -> None:
    world = World()
    reference = world.active()
    world.smf._smf.upfs[0].associated = False
    before = len(world.upf.requests)
    world.update(reference, up_cnx_state="DEACTIVATED")
    assert len(world.upf.requests) == before  # nobody waits for a UPF that is away
    world.smf._smf.upfs[0].associated = True
    report = pfcp.ErrorIndicationReport((pfcp.FTEID(teid=GNB.teid, ipv4=GNB.address),))
    request = pfcp.SessionReportRequest(ReportType.ERIR, error_indication_report=report)
    world.upf.report(request, cp_seid(world))
    assert last_far(world).apply_action == ApplyAction.BUFF | ApplyAction.NOCP
    assert len(world.amf.transfers) == 1


def test_when_usage_is_reported_then_it_is_added_up() -> None:
    world = World()
    world.active()
    measured = pfcp.UsageReportInReportRequest(
        1, 0, 2, volume_measurement=pfcp.VolumeMeasurement(uplink_volume=10, downlink_volume=20)
    )
    request = pfcp.SessionReportRequest(ReportType.USAR, usage_report=(measured,))
    world.upf.report(request, cp_seid(world))
    world.upf.report(request, cp_seid(world))
    plane = world.session.user_plane
    assert (plane.uplink_octets, plane.downlink_octets) == (20, 40)


@pytest.mark.parametrize(("kind", "offending"), [(ReportType.DLDR, 83), (ReportType.USAR, 80), (ReportType.ERIR, 99)])
def test_when_a_report_lacks_what_it_is_about_then_67_says_so(kind: int, offending: int) -> None:
    # P09
    world = World()
    world.active()
    answer, _ = world.upf.report(pfcp.SessionReportRequest(kind), cp_seid(world))
    assert (answer.cause, answer.offending_ie) == (67, offending)


def test_when_a_report_is_about_no_session_of_that_upf_then_65_says_so() -> None:
    # P02
    world = World()
    world.active()
    for seid in (0, 1, cp_seid(world) ^ 1, cp_seid(world) ^ 1 << 40):
        answer, remote = world.upf.report(DOWNLINK_DATA, seid)
        assert (answer.cause, remote) == (65, 0)


def test_when_a_report_comes_again_then_it_is_answered_again_and_done_once() -> None:
    # TS 29.244 6.4
    world = World()
    reference = world.active()
    world.update(reference, up_cnx_state="DEACTIVATED")
    before = len(world.amf.transfers)
    octets = pfcp.encode(DOWNLINK_DATA, 4711, cp_seid(world))
    for _ in range(3):
        world.to_smf(octets)
        world.settle()
    assert len(world.amf.transfers) == before + 1
    assert [answer.cause for answer, _ in world.upf.answers[-3:]] == [1, 1, 1]


def test_when_the_upf_has_lost_the_session_then_a_change_says_so_once() -> None:
    world = World()
    reference = world.active()
    world.upf.sessions.clear()
    world.update(reference, up_cnx_state="DEACTIVATED")
    assert world.session.user_plane.remote_seid is None
    assert len(world.environment.emitted("n4-failure")) == 1


def test_when_the_answer_is_encoded_then_it_is_what_a_gnb_sends() -> None:
    assert response() != response(OTHER_GNB)
