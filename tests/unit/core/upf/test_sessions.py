from __future__ import annotations

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FSEID,
    FTEID,
    MBR,
    CreateFAR,
    CreateQER,
    CreateURR,
    FailedRuleID,
    ForwardingParameters,
    GateStatus,
    OuterHeaderCreation,
    OuterHeaderRemoval,
    QueryURR,
    RemovePDR,
    RemoveURR,
    SDFFilter,
    SessionDeletionRequest,
    SessionDeletionResponse,
    SessionEstablishmentResponse,
    SessionModificationRequest,
    UEIPAddress,
    UpdateFAR,
    UpdateForwardingParameters,
    UpdatePDR,
    UpdateQER,
    VolumeThreshold,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface, MeasurementInformation, PFCPSMReqFlag, UsageReportTrigger
from freehold.core.upf.compiling import compile_rules
from freehold.core.upf.state.rules import unpack
from freehold.spec.causes import PfcpCause
from upfkit import (
    CP_SEID,
    DOWNLINK_FAR,
    HOLD,
    OTHER,
    QER,
    SMF,
    SMF_NODE,
    STRANGER,
    UPLINK_FAR,
    URR,
    Attached,
    World,
    downlink_pdr,
    establishment,
    uplink_pdr,
)


def test_when_a_session_is_established_then_tunnel_and_seid_are_chosen():
    world = World()
    response = world.ask(establishment())
    assert isinstance(response, SessionEstablishmentResponse)
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    assert world.header.seid == CP_SEID
    (created,) = response.created_pdr
    assert created.pdr_id == 1
    assert created.local_f_teid.ipv4 == bytes((192, 0, 2, 1))
    assert response.up_f_seid.ipv4 == bytes((10, 0, 0, 1))
    assert world.upf_plane.sessions() == 1


def test_when_the_gnb_is_known_then_packets_flow_both_ways():
    world = Attached()
    assert world.ping()[0].octets == 56
    usage = world.upf_plane.usage(world.teid)
    assert (usage.uplink_packets, usage.downlink_packets) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "cause", "offending_ie"),
    [
        ({"create_pdr": (uplink_pdr(far_id=None), downlink_pdr())}, PfcpCause.CONDITIONAL_IE_MISSING, 108),
        ({"create_pdr": (uplink_pdr(local_f_teid=None),)}, PfcpCause.CONDITIONAL_IE_MISSING, 21),
        (
            {"create_pdr": (uplink_pdr(local_f_teid=FTEID(5, ipv4=bytes((192, 0, 2, 1)))),)},
            PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION,
            21,
        ),
        (
            {"create_pdr": (uplink_pdr(local_f_teid=FTEID(choose_ipv6=True)),)},
            PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION,
            21,
        ),
        ({"create_pdr": (uplink_pdr(source_interface=4),)}, PfcpCause.MANDATORY_IE_INCORRECT, 20),
        ({"create_pdr": (uplink_pdr(source_interface=15),)}, PfcpCause.MANDATORY_IE_INCORRECT, 20),
        (
            {"create_pdr": (uplink_pdr(outer_header_removal=OuterHeaderRemoval(2)),)},
            PfcpCause.MANDATORY_IE_INCORRECT,
            95,
        ),
        ({"create_pdr": (uplink_pdr(sdf_filter=(SDFFilter(b"deny all"),)),)}, PfcpCause.MANDATORY_IE_INCORRECT, 23),
        ({"create_pdr": (downlink_pdr(network_instance=b"mars"),)}, PfcpCause.MANDATORY_IE_INCORRECT, 22),
        (
            {
                "create_pdr": (uplink_pdr(network_instance=None, ue_ip_address=()),),
                "create_far": (CreateFAR(far_id=1, apply_action=1),),
            },
            PfcpCause.CONDITIONAL_IE_MISSING,
            22,
        ),
        (
            {"create_pdr": (downlink_pdr(ue_ip_address=(UEIPAddress(ipv4=bytes((10, 99, 0, 2))),)),)},
            PfcpCause.MANDATORY_IE_INCORRECT,
            93,
        ),
        (
            {"create_pdr": (downlink_pdr(ue_ip_address=(UEIPAddress(choose_ipv4=True),)),)},
            PfcpCause.MANDATORY_IE_INCORRECT,
            93,
        ),
        (
            {"create_pdr": (uplink_pdr(), downlink_pdr(ue_ip_address=(UEIPAddress(ipv4=bytes((10, 45, 0, 3))),)))},
            PfcpCause.MANDATORY_IE_INCORRECT,
            93,
        ),
        ({"create_far": (UPLINK_FAR, CreateFAR(far_id=2, apply_action=0))}, PfcpCause.MANDATORY_IE_INCORRECT, 44),
        ({"create_far": (UPLINK_FAR, CreateFAR(far_id=2, apply_action=6))}, PfcpCause.MANDATORY_IE_INCORRECT, 44),
        ({"create_far": (UPLINK_FAR, CreateFAR(far_id=2, apply_action=0x0A))}, PfcpCause.MANDATORY_IE_INCORRECT, 44),
        ({"create_far": (UPLINK_FAR, CreateFAR(far_id=2, apply_action=0x11))}, PfcpCause.CONDITIONAL_IE_MISSING, 5),
        ({"create_far": (UPLINK_FAR, CreateFAR(far_id=2, apply_action=2))}, PfcpCause.CONDITIONAL_IE_MISSING, 4),
    ],
)
def test_when_an_establishment_is_wrong_then_the_cause_names_the_ie_and_nothing_stays(fields, cause, offending_ie):
    world = World()
    response = world.ask(establishment(**fields))
    assert (response.cause, response.offending_ie) == (cause, offending_ie)
    assert world.header.seid == CP_SEID
    assert response.up_f_seid is None
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)


def tunnel(**fields: object) -> CreateFAR:
    creation = OuterHeaderCreation(**fields)
    return CreateFAR(
        far_id=2, apply_action=2, forwarding_parameters=ForwardingParameters(0, outer_header_creation=creation)
    )


@pytest.mark.parametrize(
    "far",
    [
        tunnel(udp_ipv4=True, ipv4=bytes(4), port=5),
        tunnel(gtpu_ipv4=True, teid=0, ipv4=bytes((192, 0, 2, 10))),
        tunnel(gtpu_ipv4=True, teid=5, ipv4=bytes(4)),
        tunnel(gtpu_ipv4=True, teid=5, ipv4=bytes((224, 0, 0, 1))),
        tunnel(gtpu_ipv6=True, teid=5, ipv6=bytes(16)),
    ],
)
def test_when_a_tunnel_leads_nowhere_then_its_header_is_named(far):
    response = World().ask(establishment(create_far=(UPLINK_FAR, far)))
    assert (response.cause, response.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 84)


@pytest.mark.parametrize("interface", [4, 9, 15])
def test_when_the_destination_interface_is_none_of_ours_then_it_is_named(interface):
    far = CreateFAR(far_id=1, apply_action=2, forwarding_parameters=ForwardingParameters(interface))
    response = World().ask(establishment(create_far=(far, DOWNLINK_FAR)))
    assert (response.cause, response.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 42)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"create_pdr": (uplink_pdr(), uplink_pdr())}, FailedRuleID(pdr_id=1)),
        ({"create_pdr": (uplink_pdr(far_id=7),)}, FailedRuleID(pdr_id=1)),
        ({"create_pdr": (uplink_pdr(qer_id=(7,)),)}, FailedRuleID(pdr_id=1)),
        ({"create_pdr": (uplink_pdr(urr_id=(7,)),)}, FailedRuleID(pdr_id=1)),
        ({"create_far": (UPLINK_FAR, DOWNLINK_FAR, DOWNLINK_FAR)}, FailedRuleID(far_id=2)),
        ({"create_qer": (QER, QER)}, FailedRuleID(qer_id=1)),
        ({"create_urr": (URR, URR)}, FailedRuleID(urr_id=1)),
        ({"create_pdr": (uplink_pdr(far_id=2), downlink_pdr(far_id=1))}, FailedRuleID(far_id=1)),
        (
            {"create_pdr": (uplink_pdr(far_id=2),), "create_far": (DOWNLINK_FAR, CreateFAR(far_id=1, apply_action=4))},
            None,
        ),
    ],
)
def test_when_rules_do_not_fit_together_then_the_failed_one_is_named(fields, rule):
    world = World()
    response = world.ask(establishment(**fields))
    if rule is None:
        assert response.cause == PfcpCause.REQUEST_ACCEPTED
        return
    assert (response.cause, response.failed_rule_id) == (PfcpCause.RULE_CREATION_MODIFICATION_FAILURE, rule)
    assert world.upf_plane.sessions() == 0


def test_when_uplink_packets_are_to_be_buffered_then_it_is_refused():
    far = CreateFAR(far_id=1, apply_action=ApplyAction.BUFF)
    response = World().ask(establishment(create_far=(far, DOWNLINK_FAR)))
    assert response.failed_rule_id == FailedRuleID(far_id=1)


def test_when_the_address_belongs_to_a_live_session_then_it_is_refused_and_that_one_lives():
    world = Attached()
    response = world.ask(establishment())
    assert response.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    assert world.upf_plane.sessions() == 1
    assert world.ping()[0].octets == 56


def test_when_no_session_is_free_then_resources_are_missing_and_the_others_live():
    world = World(capacity=1)
    assert world.ask(establishment()).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ask(establishment()).cause == PfcpCause.NO_RESOURCES_AVAILABLE
    assert world.ask(establishment()).cause == PfcpCause.NO_RESOURCES_AVAILABLE
    assert len(world.upf.sessions) == 1


@pytest.mark.parametrize("name", [b"internet", b"\x08internet", b"INTERNET"])
def test_when_the_network_instance_is_text_or_labels_then_it_is_found(name):
    response = World().ask(establishment(create_pdr=(uplink_pdr(), downlink_pdr(network_instance=name))))
    assert response.cause == PfcpCause.REQUEST_ACCEPTED


def test_when_only_the_dnn_names_the_network_then_it_is_taken():
    far = CreateFAR(far_id=1, apply_action=2, forwarding_parameters=ForwardingParameters(Interface.CORE))
    pdrs = (uplink_pdr(network_instance=b"access"), downlink_pdr(network_instance=None))
    response = World().ask(establishment(create_pdr=pdrs, create_far=(far, DOWNLINK_FAR), apn_dnn="internet"))
    assert response.cause == PfcpCause.REQUEST_ACCEPTED


# --- Modification ----------------------------------------------------------------------------
def test_when_the_terminal_goes_idle_and_comes_back_then_held_packets_are_delivered():
    world = Attached()
    assert world.update_downlink(HOLD).cause == PfcpCause.REQUEST_ACCEPTED
    results = world.ping()
    assert results == []
    world.activate()
    world.poll()
    assert results[0].octets == 56


def test_when_buffered_packets_are_to_be_dropped_then_they_are():
    world = Attached()
    world.update_downlink(HOLD)
    results = world.ping()
    request = SessionModificationRequest(pfcpsmreq_flags=PFCPSMReqFlag.DROBU)
    assert world.ask(request, world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    world.activate()
    world.poll()
    assert results == []
    assert world.upf_plane.counters()["drop_buffer_discarded"] == 1


def test_when_the_path_moves_with_an_end_marker_then_the_old_gnb_gets_it():
    world = Attached()
    other = world.plane.add_access("192.0.2.11", 9)
    creation = OuterHeaderCreation(gtpu_ipv4=True, teid=77, ipv4=bytes((192, 0, 2, 11)))
    parameters = UpdateForwardingParameters(outer_header_creation=creation, pfcpsmreq_flags=PFCPSMReqFlag.SNDEM)
    world.plane.fabric.tap(True)
    assert world.update_downlink(ApplyAction.FORW, parameters).cause == PfcpCause.REQUEST_ACCEPTED
    world.poll()
    (seen,) = world.plane.fabric.take_tap()
    assert (seen[2][0], seen[3][1]) == ("192.0.2.10", 254)
    assert other.address == "192.0.2.11"


def test_when_the_gate_closes_then_nothing_passes_until_it_opens():
    world = Attached()
    for gates, octets in ((GateStatus(1, 1), []), (GateStatus(0, 0), [56])):
        update = UpdateQER(qer_id=1, gate_status=gates)
        world.ask(SessionModificationRequest(update_qer=(update,)), world.seid)
        assert [result.octets for result in world.ping()] == octets


def test_when_a_rate_is_set_then_what_exceeds_it_is_dropped():
    world = Attached()
    update = UpdateQER(qer_id=1, mbr=MBR(8, 1_000_000))
    world.ask(SessionModificationRequest(update_qer=(update,)), world.seid)
    for _ in range(300):
        world.gnb.ping(1, "10.45.0.1", 56, lambda _: None)
        world.poll()
    assert world.upf_plane.counters()["drop_rate_exceeded"] > 50


def test_when_a_flow_is_added_then_its_packets_are_marked_and_it_can_be_removed():
    world = Attached()
    flow = downlink_pdr(
        pdr_id=3,
        precedence=10,
        qer_id=(2,),
        sdf_filter=(SDFFilter(b"permit out 1 from any to assigned"),),
    )
    create = SessionModificationRequest(create_pdr=(flow,), create_qer=(CreateQER(2, GateStatus(0, 0), qfi=5),))
    assert world.ask(create, world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    world.plane.fabric.tap(True)
    world.ping()
    assert [datagram[3][14] for datagram in world.plane.fabric.take_tap()] == [9, 5]
    remove = SessionModificationRequest(remove_pdr=(RemovePDR(pdr_id=3),))
    assert world.ask(remove, world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    world.ping()
    assert [datagram[3][14] for datagram in world.plane.fabric.take_tap()] == [9, 9]


def test_when_an_uplink_rule_is_added_then_it_has_a_tunnel_of_its_own_or_names_one_of_the_session():
    world = Attached()
    chosen = uplink_pdr(pdr_id=4, qfi=(5, 6))
    response = world.ask(SessionModificationRequest(create_pdr=(chosen,)), world.seid)
    assert response.created_pdr[0].local_f_teid.teid != world.teid
    same = uplink_pdr(pdr_id=5, local_f_teid=FTEID(world.teid, ipv4=bytes((192, 0, 2, 1))))
    response = world.ask(SessionModificationRequest(create_pdr=(same,)), world.seid)
    assert (response.cause, response.created_pdr) == (PfcpCause.REQUEST_ACCEPTED, ())
    other = uplink_pdr(pdr_id=6, local_f_teid=FTEID(world.teid + 1, ipv4=bytes((192, 0, 2, 1))))
    response = world.ask(SessionModificationRequest(create_pdr=(other,)), world.seid)
    assert response.cause == PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION


@pytest.mark.parametrize(
    "request_",
    [
        SessionModificationRequest(update_pdr=(UpdatePDR(pdr_id=9),)),
        SessionModificationRequest(update_far=(UpdateFAR(far_id=9),)),
        SessionModificationRequest(update_qer=(UpdateQER(qer_id=9),)),
        SessionModificationRequest(update_urr=(pfcp.UpdateURR(urr_id=9),)),
        SessionModificationRequest(remove_pdr=(RemovePDR(pdr_id=9),)),
        SessionModificationRequest(remove_far=(pfcp.RemoveFAR(far_id=9),)),
        SessionModificationRequest(remove_far=(pfcp.RemoveFAR(far_id=1),)),
        SessionModificationRequest(remove_qer=(pfcp.RemoveQER(qer_id=9),)),
        SessionModificationRequest(remove_urr=(RemoveURR(urr_id=9),)),
        SessionModificationRequest(remove_pdr=(RemovePDR(pdr_id=1),), update_pdr=(UpdatePDR(pdr_id=1),)),
    ],
)
def test_when_a_modification_is_wrong_then_the_session_stays_as_it_was(request_):
    world = Attached()
    before = world.upf.sessions.by_teid[world.teid].rules
    response = world.ask(request_, world.seid)
    assert response.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    assert response.failed_rule_id is not None
    assert world.header.seid == CP_SEID
    assert world.upf.sessions.by_teid[world.teid].rules == before
    assert world.ping()[0].octets == 56


def test_when_a_rule_is_updated_then_what_is_not_named_stays():
    world = Attached()
    updates = (UpdatePDR(pdr_id=1, precedence=7), UpdatePDR(pdr_id=2, pdi=downlink_pdr().pdi))
    assert world.ask(SessionModificationRequest(update_pdr=updates), world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping()[0].octets == 56


def test_when_parts_of_a_rule_come_without_octets_then_they_end():
    # TS 29.244 5.6.3
    world = Attached()
    assert world.ask(SessionModificationRequest(create_urr=(URR,)), world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ask(SessionModificationRequest(update_qer=(UpdateQER(1, mbr=MBR(8, 8)),)), world.seid)

    def none(*numbers):
        return tuple(pfcp.UnknownIE(number, b"") for number in numbers)

    ended = SessionModificationRequest(
        update_pdr=(UpdatePDR(pdr_id=1, unknown_ies=none(81, 109)),),
        update_qer=(UpdateQER(1, unknown_ies=none(26, 123)),),
        update_urr=(pfcp.UpdateURR(URR.urr_id, unknown_ies=none(31, 82)),),
    )
    assert world.ask(ended, world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    for _ in range(30):
        world.ping()
    assert world.upf_plane.counters()["drop_rate_exceeded"] == 0
    idle = UpdateForwardingParameters(unknown_ies=none(84, 30))
    update = pfcp.UpdateFAR(DOWNLINK_FAR.far_id, update_forwarding_parameters=idle)
    assert world.ask(SessionModificationRequest(update_far=(update,)), world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping() == []


def test_when_two_downlink_rules_lead_into_two_tunnels_then_each_packet_takes_its_own():
    world = Attached()
    second = tunnel(gtpu_ipv4=True, teid=99, ipv4=bytes((192, 0, 2, 12)))
    flow = SDFFilter(flow_description=b"permit out ip from 198.51.100.1 to assigned")
    request = SessionModificationRequest(
        create_pdr=(downlink_pdr(pdr_id=3, far_id=3, precedence=1, sdf_filter=(flow,)),),
        create_far=(CreateFAR(far_id=3, apply_action=2, forwarding_parameters=second.forwarding_parameters),),
    )
    assert world.ask(request, world.seid).cause == PfcpCause.REQUEST_ACCEPTED
    assert world.ping()[0].octets == 56
    assert world.upf_plane.counters()["downlink_forwarded"] == 1


def test_when_the_smf_moves_its_seid_then_answers_carry_the_new_one():
    world = Attached()
    world.ask(SessionModificationRequest(cp_f_seid=FSEID(99, ipv4=bytes((10, 0, 0, 9)))), world.seid)
    assert world.header.seid == 99


# --- Usage -----------------------------------------------------------------------------------
def measured(**fields: object) -> dict[str, object]:
    urr = CreateURR(1, 2, 2, measurement_information=MeasurementInformation.MNOP, **fields)
    return {"create_pdr": (uplink_pdr(urr_id=(1,)), downlink_pdr(urr_id=(1,))), "create_urr": (urr,)}


def volumes(reports: tuple[pfcp.UsageReport, ...]) -> list[tuple[int, int, int, int]]:
    found = []
    for report in reports:
        volume = report.volume_measurement
        found.append((report.ur_seqn, volume.total_volume, volume.uplink_volume, volume.total_packets))
    return found


def test_when_usage_is_queried_and_the_session_deleted_then_each_octet_is_reported_once():
    world = Attached(**measured())
    world.ping()
    query = SessionModificationRequest(query_urr=(QueryURR(urr_id=1),))
    response = world.ask(query, world.seid)
    assert volumes(response.usage_report) == [(0, 168, 84, 2)]
    assert response.usage_report[0].usage_report_trigger == UsageReportTrigger.IMMER
    world.ping()
    every = SessionModificationRequest(pfcpsmreq_flags=PFCPSMReqFlag.QAURR)
    assert volumes(world.ask(every, world.seid).usage_report) == [(1, 168, 84, 2)]
    world.ping()
    response = world.ask(SessionDeletionRequest(), world.seid)
    assert volumes(response.usage_report) == [(2, 168, 84, 2)]
    assert response.usage_report[0].usage_report_trigger == UsageReportTrigger.TERMR


def test_when_a_urr_is_removed_then_its_last_usage_is_reported():
    world = Attached(**measured())
    world.ping()
    unlink = (UpdatePDR(pdr_id=1, urr_id=(2,)), UpdatePDR(pdr_id=2, urr_id=(2,)))
    request = SessionModificationRequest(
        remove_urr=(RemoveURR(urr_id=1),), update_pdr=unlink, create_urr=(CreateURR(2, 2, 2),)
    )
    response = world.ask(request, world.seid)
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    assert volumes(response.usage_report) == [(0, 168, 84, 2)]


def test_when_a_urr_measures_one_direction_then_only_that_is_reported():
    world = Attached(create_pdr=(uplink_pdr(urr_id=(1,)), downlink_pdr()), create_urr=(URR,))
    world.ping()
    assert volumes(world.ask(SessionDeletionRequest(), world.seid).usage_report) == [(0, 84, 84, None)]


def test_when_a_urr_measures_some_packets_of_a_direction_then_only_they_count():
    flow = SDFFilter(flow_description=b"permit out 17 from any to assigned")
    world = Attached(create_pdr=(uplink_pdr(), downlink_pdr()))
    some = downlink_pdr(pdr_id=3, precedence=1, sdf_filter=(flow,), urr_id=(1,))
    every = tuple(pfcp.UpdatePDR(pdr_id=pdr, urr_id=(2,)) for pdr in (1, 2))
    urrs = CreateURR(1, 2, 2), CreateURR(2, 2, 2)
    answer = world.ask(SessionModificationRequest(create_pdr=(some,), update_pdr=every, create_urr=urrs), world.seid)
    assert answer.cause == PfcpCause.REQUEST_ACCEPTED
    world.environment.clock.run_until(5)
    world.ping()
    world.upf_plane.inject(world.instance, bytes.fromhex("4500001c00000000401100000a2d00010a2d00020035003500080000"))
    world.poll()
    first, second = world.ask(SessionDeletionRequest(), world.seid).usage_report
    totals = [report.volume_measurement.total_volume for report in (first, second)]
    assert totals == [28, 168]
    assert second.time_of_last_packet is not None


def test_when_a_threshold_is_passed_before_a_change_then_it_is_still_reported_once():
    world = Attached(**measured(volume_threshold=VolumeThreshold(total_volume=100)))
    world.ping()
    world.activate()
    (report,) = world.requests()
    assert volumes(report.message.usage_report) == [(0, 168, 84, 2)]


# --- Deletion and ownership ------------------------------------------------------------------
def test_when_a_session_is_deleted_then_nothing_of_it_is_left():
    world = Attached()
    assert world.ask(SessionDeletionRequest(), world.seid) == SessionDeletionResponse(cause=1)
    assert world.header.seid == CP_SEID
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)
    assert world.ask(SessionDeletionRequest(), world.seid).cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND
    assert world.header.seid == 0
    assert world.ask(establishment()).cause == PfcpCause.REQUEST_ACCEPTED


@pytest.mark.parametrize("message", [SessionDeletionRequest(), SessionModificationRequest()])
def test_when_another_peer_names_the_session_then_it_does_not_exist_for_it(message):
    world = Attached()
    world.associate(OTHER, node=pfcp.NodeID(ipv4=bytes((10, 0, 0, 8))))
    assert world.ask(message, world.seid, OTHER).cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND
    assert [event.name for event in world.environment.events] == ["n4.foreign-session"]
    assert world.ping()[0].octets == 56


@pytest.mark.parametrize("change", [1, 1 << 32, 1 << 63])
def test_when_the_seid_is_guessed_from_half_of_it_then_there_is_no_session(change):
    world = Attached()
    assert world.ask(SessionDeletionRequest(), world.seid ^ change).cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND


@pytest.mark.parametrize("source", [STRANGER, OTHER])
@pytest.mark.parametrize("message", [establishment(), SessionModificationRequest(), SessionDeletionRequest()])
def test_when_there_is_no_association_then_no_session_message_is_served(message, source):
    world = Attached()
    assert world.ask(message, world.seid, source).cause == PfcpCause.NO_ESTABLISHED_PFCP_ASSOCIATION
    assert world.ping()[0].octets == 56
    assert SMF[0] in world.upf.associations.by_peer


def test_when_a_message_is_not_served_then_it_says_so():
    # TS 29.244 7.4.7: of the feature SSET, which nobody was promised
    change = pfcp.PFCPSessionChangeInfo(
        alternative_smf_ip_address=pfcp.AlternativeSMFIPAddress(ipv4=bytes((10, 0, 0, 8)))
    )
    request = pfcp.SessionSetModificationRequest(node_id=SMF_NODE, pfcp_session_change_info=(change,))
    assert World().ask(request).cause == PfcpCause.SERVICE_NOT_SUPPORTED


# --- IPv6 ------------------------------------------------------------------------------------
PREFIX = UEIPAddress(ipv6=bytes.fromhex("20010db8000000050000000000000001"))


def test_when_a_terminal_has_a_prefix_then_its_session_carries_it():
    world = World()
    pdrs = (uplink_pdr(ue_ip_address=(PREFIX,)), downlink_pdr(ue_ip_address=(PREFIX,)))
    response = world.ask(establishment(create_pdr=pdrs))
    assert response.cause == PfcpCause.REQUEST_ACCEPTED
    again = world.ask(establishment(create_pdr=pdrs))
    assert again.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE


def test_when_a_session_names_two_prefixes_then_it_is_refused():
    other = UEIPAddress(ipv6=bytes.fromhex("20010db8000000060000000000000001"))
    pdrs = (uplink_pdr(ue_ip_address=(PREFIX,)), downlink_pdr(ue_ip_address=(other,)))
    response = World().ask(establishment(create_pdr=pdrs))
    assert (response.cause, response.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 93)


def test_when_n3_is_ipv6_then_tunnels_of_both_ends_are():
    world = World(n3="2001:db8:3::1")
    pdrs = (uplink_pdr(local_f_teid=FTEID(choose_ipv6=True)), downlink_pdr())
    gnb = bytes.fromhex("20010db8000300000000000000000010")
    far = tunnel(gtpu_ipv6=True, teid=7, ipv6=gnb)
    response = world.ask(establishment(create_pdr=pdrs, create_far=(UPLINK_FAR, far)))
    assert response.created_pdr[0].local_f_teid.ipv6 == bytes.fromhex("20010db8000300000000000000000001")


@pytest.mark.parametrize(
    ("choose", "versions"),
    [
        (FTEID(choose_ipv4=True), (True, False)),
        (FTEID(choose_ipv6=True), (False, True)),
        (FTEID(choose_ipv4=True, choose_ipv6=True), (True, True)),
    ],
)
def test_when_n3_has_both_versions_then_those_asked_for_are_given_under_one_teid(choose, versions):
    # TS 29.244 8.2.3
    world = World(second="2001:db8:3::1")
    response = world.ask(establishment(create_pdr=(uplink_pdr(local_f_teid=choose), downlink_pdr())))
    given = response.created_pdr[0].local_f_teid
    assert (given.ipv4 is not None, given.ipv6 is not None) == versions


def test_when_n3_has_another_version_than_asked_for_then_the_session_is_refused():
    pdrs = (uplink_pdr(local_f_teid=FTEID(choose_ipv6=True)), downlink_pdr())
    assert World().ask(establishment(create_pdr=pdrs)).cause == PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION


@pytest.mark.parametrize("more", [{"ipv6_prefix_delegation_bits": 4}, {"ipv6_prefix_length": 60}])
def test_when_a_shorter_prefix_is_delegated_then_all_of_it_is_the_terminals(more):
    # TS 29.244 8.2.62
    address = UEIPAddress(ipv6=bytes.fromhex("20010db8000000100000000000000000"), **more)
    world = World()
    pdrs = (uplink_pdr(ue_ip_address=(address,)), downlink_pdr(ue_ip_address=(address,)))
    assert world.ask(establishment(create_pdr=pdrs)).cause == PfcpCause.REQUEST_ACCEPTED
    (session,) = world.upf.sessions.by_teid.values()
    assert compile_rules(unpack(session.rules)).framed == (("2001:db8:0:10::", 60),)
    other = UEIPAddress(ipv6=bytes.fromhex("20010db80000001f0000000000000000"), **more)
    again = world.ask(establishment(create_pdr=(uplink_pdr(ue_ip_address=(other,)), downlink_pdr())))
    assert again.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE


@pytest.mark.parametrize(
    "more", [{"ipv6_prefix_delegation_bits": 64}, {"ipv6_prefix_length": 128}, {"ipv6_prefix_length": 0}]
)
def test_when_a_prefix_has_a_length_that_cannot_be_then_the_session_is_refused(more):
    address = UEIPAddress(ipv6=bytes.fromhex("20010db8000000100000000000000000"), **more)
    response = World().ask(establishment(create_pdr=(uplink_pdr(ue_ip_address=(address,)), downlink_pdr())))
    assert (response.cause, response.offending_ie) == (PfcpCause.MANDATORY_IE_INCORRECT, 93)


@pytest.mark.parametrize("n3", ["192.0.2.1", "2001:db8:3::1"])
def test_when_the_node_has_a_name_then_its_f_seid_has_the_n3_address(n3):
    world = World(node_id="upf.example", n3=n3)
    choose = FTEID(choose_ipv4=True) if "." in n3 else FTEID(choose_ipv6=True)
    response = world.ask(establishment(create_pdr=(uplink_pdr(local_f_teid=choose), downlink_pdr())))
    assert response.node_id == pfcp.NodeID(fqdn="upf.example")
    assert (response.up_f_seid.ipv4 is None) == (":" in n3)


# --- Audit -----------------------------------------------------------------------------------
def test_when_sessions_and_packet_engine_agree_then_an_audit_changes_nothing():
    world = Attached()
    assert world.upf.sessions.audit() == (0, 0)
    assert world.ping()[0].octets == 56
    assert world.environment.events == []


def test_when_they_differ_then_an_audit_closes_what_one_side_lacks():
    world = Attached()
    world.upf_plane.open()
    world.upf_plane.close(world.teid)
    assert world.upf.sessions.audit() == (1, 1)
    assert (len(world.upf.sessions), world.upf_plane.sessions()) == (0, 0)
    assert [event.name for event in world.environment.events] == ["upf.audit"]
    assert world.ask(SessionDeletionRequest(), world.seid).cause == PfcpCause.SESSION_CONTEXT_NOT_FOUND
