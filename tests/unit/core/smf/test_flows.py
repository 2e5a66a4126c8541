"""QoS flows beside the default one at the SMF: what UPF, gNB and terminal are told, and what their refusals change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from freehold.codecs import nas, ngap, pfcp
from freehold.codecs.nas.values.qos import CREATE, DELETE, Component, Ipv4Remote, PacketFilter, TrafficClass
from freehold.codecs.nas.values.session import SessionCapability
from freehold.codecs.pfcp.flags import ApplyAction
from freehold.core.pcf.pcf import PcfConfiguration, SessionRule
from freehold.core.smf.packet_filters import asked, frames, sdf, told
from freehold.core.smf.transfers import Tunnel
from freehold.services.npcf import FlowFilter, QosFlow
from freehold.services.nudm import Ambr, Arp, DnnConfiguration
from freehold.spec.errors import Reject

from .world import GNB, IMS, INTERNET, World, asking, tnl

VOICE = QosFlow(
    1,
    Arp(2),
    (FlowFilter(protocol=17, remote="192.0.2.0/24", remote_ports=(5000, 5999)), FlowFilter("downlink", protocol=1)),
    Ambr(64_000, 96_000),
    Ambr(128_000, 256_000),
)
BULK = QosFlow(80, Arp(9), (FlowFilter("uplink", protocol=6),))
OTHER_GNB = Tunnel(bytes((10, 0, 0, 78)), 0x1234)
COMPLETE = nas.PduSessionModificationComplete(1, 0)


def modified(*failed: int) -> bytes:
    refused = [
        ngap.QosFlowWithCauseItem(qos_flow_identifier=qfi, cause=("radioNetwork", "radio-resources-not-available"))
        for qfi in failed
    ]
    return ngap.encode_value(
        ngap.PDUSessionResourceModifyResponseTransfer(qos_flow_failed_to_add_or_modify_list=refused or None)
    )


def world(*flows: QosFlow) -> tuple[World, str]:
    """A session that stands, and was just told of its flows."""
    made = World()
    made.pcf.reconfigure(PcfConfiguration((SessionRule("internet", flows=flows),)))
    return made, made.active()


def changes(made: World) -> list[pfcp.SessionModificationRequest]:
    return [one for one in made.upf.took(pfcp.SessionModificationRequest) if one.create_pdr or one.remove_pdr]


def gnb_part(made: World) -> Any:
    value, faults = ngap.decode_as(
        ngap.PDUSessionResourceModifyRequestTransfer, made.amf.transfers[-1].n2_sm_info or b""
    )
    assert not faults
    return value


def test_when_the_policy_has_flows_then_upf_gnb_and_terminal_hear_of_them_in_that_order() -> None:
    # TS 23.502 4.3.3.2
    made, reference = world(VOICE, BULK)
    (uplink,) = changes(made)  # 2a: what comes from the terminal
    assert [(pdr.pdr_id, pdr.precedence, pdr.pdi.qfi, pdr.qer_id) for pdr in uplink.create_pdr] == [
        (258, 10, (2,), (2,)),
        (259, 11, (3,), (3, 1)),
    ]
    assert [one.flow_description for one in uplink.create_pdr[0].pdi.sdf_filter] == [
        b"permit out 17 from 192.0.2.0/24 5000-5999 to assigned"
    ]
    assert uplink.create_pdr[0].pdi.local_f_teid.teid == made.session.user_plane.uplink.teid
    assert [(qer.qer_id, qer.qfi, qer.mbr, qer.gbr) for qer in uplink.create_qer] == [
        (2, 2, pfcp.MBR(128, 256), pfcp.GBR(64, 96)),
        (3, 3, None, None),
    ]
    added = gnb_part(made).qos_flow_add_or_modify_request_list  # 3-4
    assert [
        (
            item.qos_flow_identifier,
            item.qos_flow_level_qos_parameters.allocation_and_retention_priority.priority_level_arp,
        )
        for item in added
    ] == [(2, 2), (3, 9)]
    rates = added[0].qos_flow_level_qos_parameters.gbr_qos_information
    assert (rates.guaranteed_flow_bit_rate_ul, rates.maximum_flow_bit_rate_dl) == (64_000, 256_000)
    command = made.amf.n1
    assert [(one.identifier, one.operation, one.qfi) for one in command.authorized_qos_rules] == [
        (2, CREATE, 2),
        (3, CREATE, 3),
    ]
    made.update(reference, n2_sm_info=modified(), n2_sm_info_type="PDU_RES_MOD_RSP")
    assert len(changes(made)) == 1
    made.from_ue(reference, COMPLETE)
    downlink = changes(made)[1]  # 8: what goes to the terminal
    assert [(pdr.pdr_id, len(pdr.pdi.sdf_filter)) for pdr in downlink.create_pdr] == [(514, 2)]
    assert [flow.qfi for flow in made.session.user_plane.flows] == [2, 3]


def test_when_the_gnb_has_no_resources_for_a_flow_then_the_others_stand_and_the_terminal_is_told() -> None:
    made, reference = world(VOICE, BULK)
    made.update(reference, n2_sm_info=modified(2), n2_sm_info_type="PDU_RES_MOD_RSP")
    made.from_ue(reference, COMPLETE)
    assert [one.pdr_id for one in changes(made)[-1].remove_pdr] == [258]
    assert [flow.qfi for flow in made.session.user_plane.flows] == [3]
    told_ = made.amf.n1
    assert [(one.identifier, one.operation) for one in told_.authorized_qos_rules] == [(2, DELETE)]
    assert [(one.qfi, one.operation) for one in told_.authorized_qos_flow_descriptions] == [(2, 2)]
    made.from_ue(reference, COMPLETE)
    made.wait(200)
    assert [event.name for event in made.environment.events if event.severity == "warning"] == ["flow-refused"]


@pytest.mark.parametrize("silent", [True, False], ids=["says nothing", "refuses"])
def test_when_the_terminal_does_not_take_flows_then_nothing_of_them_stays(silent: bool) -> None:
    made, reference = world(VOICE)
    if not silent:
        made.from_ue(reference, nas.PduSessionModificationCommandReject(1, 0, cause=44))
    made.wait(200)
    *_, closed = changes(made)
    assert ([one.pdr_id for one in closed.remove_pdr], [one.qer_id for one in closed.remove_qer]) == ([258], [2])
    assert made.session.user_plane.flows == ()


def test_when_a_policy_has_a_flow_no_more_then_it_goes_everywhere() -> None:
    made, reference = world(VOICE)
    made.from_ue(reference, COMPLETE)
    made.pcf.reconfigure(PcfConfiguration())
    made.smf.policy_changed({"internet"})
    made.settle()
    assert [one.pdr_id for one in changes(made)[-1].remove_pdr] == [258, 514]
    assert [item.qos_flow_identifier for item in gnb_part(made).qos_flow_to_release_list] == [2]
    assert [(one.identifier, one.operation) for one in made.amf.n1.authorized_qos_rules] == [(2, DELETE)]
    assert made.session.user_plane.flows == ()


def test_when_the_gnb_sets_a_session_up_again_without_a_flow_then_the_flow_ends() -> None:
    # TS 23.502 4.2.3.2 step 16
    made, reference = world(VOICE)
    made.from_ue(reference, COMPLETE)
    made.update(reference, up_cnx_state="DEACTIVATED")
    answer = made.update(reference, up_cnx_state="ACTIVATING")
    request, _ = ngap.decode_as(ngap.PDUSessionResourceSetupRequestTransfer, answer.n2_sm_info or b"")
    assert request is not None
    assert [item.qos_flow_identifier for item in request.qos_flow_setup_request_list] == [1, 2]
    made.set_up(reference, GNB, (1,))
    assert [(one.identifier, one.operation) for one in made.amf.n1.authorized_qos_rules] == [(2, DELETE)]
    assert made.session.user_plane.flows == ()


def switched(made: World, reference: str) -> None:
    transfer = ngap.PathSwitchRequestTransfer(
        dl_ngu_up_tnl_information=tnl(OTHER_GNB),
        qos_flow_accepted_list=[ngap.QosFlowAcceptedItem(qos_flow_identifier=1)],
    )
    made.update(reference, n2_sm_info=ngap.encode_value(transfer), n2_sm_info_type="PATH_SWITCH_REQ")


def handed_over(made: World, reference: str) -> None:
    octets = ngap.encode_value(ngap.HandoverRequiredTransfer())
    made.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_REQUIRED", ho_state="PREPARING")
    transfer = ngap.HandoverRequestAcknowledgeTransfer(
        dl_ngu_up_tnl_information=tnl(OTHER_GNB),
        qos_flow_setup_response_list=[ngap.QosFlowItemWithDataForwarding(qos_flow_identifier=1)],
    )
    octets = ngap.encode_value(transfer)
    made.update(reference, n2_sm_info=octets, n2_sm_info_type="HANDOVER_REQ_ACK", ho_state="PREPARED")
    assert [flow.qfi for flow in made.session.user_plane.flows] == [2]  # until the terminal is there
    made.update(reference, ho_state="COMPLETED")


@pytest.mark.parametrize("move", [switched, handed_over])
def test_when_another_gnb_takes_the_session_without_a_flow_then_the_flow_ends(
    move: Callable[[World, str], None],
) -> None:
    # TS 23.502 4.9.1.2.2 step 2, 4.9.1.3.2 step 11a
    made, reference = world(VOICE)
    made.from_ue(reference, COMPLETE)
    move(made, reference)
    assert made.session.user_plane.downlink == OTHER_GNB
    assert [one.pdr_id for one in changes(made)[-1].remove_pdr] == [258, 514]
    assert [(one.identifier, one.operation) for one in made.amf.n1.authorized_qos_rules] == [(2, DELETE)]
    assert made.session.user_plane.flows == ()
    sent = len(made.amf.transfers)
    made.from_ue(reference, COMPLETE)
    made.wait(200)
    assert len(made.amf.transfers) == sent


FILTERS = {
    "IPv6": (FlowFilter(remote="2001:db8::/32", local_ports=(7, 7)), b"permit out ip from 2001:db8::/32 to assigned 7"),
    "a class of traffic": (FlowFilter(service=(0xB8, 0xFC)), b"permit out ip from any to assigned"),
}


@pytest.mark.parametrize(("one", "text"), FILTERS.values(), ids=FILTERS)
def test_when_a_filter_goes_to_upf_and_terminal_then_both_mean_the_same(one: FlowFilter, text: bytes) -> None:
    made = sdf(one)
    assert made.flow_description == text
    assert made.tos_traffic_class == (None if one.service is None else 0xB8FC)
    assert asked(told((one,))[0], ethernet=False) == one


def test_when_a_filter_is_of_frames_then_each_direction_has_its_own_address() -> None:
    one = FlowFilter(mac=bytes(range(6)), vlan=0x123, ethertype=0x88B5)
    up, down = (frames(one, uplink=uplink) for uplink in (True, False))
    assert (up.mac_address[0].destination, down.mac_address[0].source) == (bytes(range(6)),) * 2
    assert (up.c_tag.tag, up.ethertype) == (bytes((0x10, 0x23)), 0x88B5)
    assert [(each.direction, each.components[0].kind) for each in told((one,))] == [(2, 0x81), (1, 0x82)]


NONSENSE = {
    "a mask with holes": Component(0x10, Ipv4Remote(bytes(4), b"\xff\x00\xff\x00")),
    "both ends of frames": Component(0x81, bytes(6)),
    "a type to come": Component(0x99, b"\x01"),
}


@pytest.mark.parametrize("component", NONSENSE.values(), ids=NONSENSE)
def test_when_a_filter_makes_no_sense_then_it_is_refused(component: Component) -> None:
    with pytest.raises(Reject):
        asked(PacketFilter(3, 1, [component, Component(0x70, TrafficClass(1, 1))]), ethernet=True)


@pytest.mark.parametrize("able", [True, False])
def test_when_a_flow_is_reflective_then_it_is_for_terminals_that_say_they_can(able: bool) -> None:
    # TS 23.501 5.7.5.3, TS 24.501 6.4.1.3
    echo = QosFlow(80, Arp(9), (FlowFilter(protocol=6, remote="192.0.2.0/24"),), reflective=True)
    made = World()
    made.pcf.reconfigure(PcfConfiguration((SessionRule("internet", flows=(echo,)),)))
    made.active(request=asking(session_capability=SessionCapability(reflective_qos=True) if able else None))
    [opened] = [one for one in changes(made) if one.create_qer]
    assert [qer.rqi for qer in opened.create_qer] == [1 if able else None]
    [item] = gnb_part(made).qos_flow_add_or_modify_request_list
    told_of = item.qos_flow_level_qos_parameters.reflective_qos_attribute
    assert told_of == ("subject-to" if able else None)


def test_when_a_data_network_has_a_mark_then_the_tunnel_to_the_gnb_gets_it() -> None:
    # TS 29.244 8.2.12: expedited forwarding is 46, in the upper six bits
    made = World()
    made.smf.reconfigure((msgspec.structs.replace(INTERNET, dscp=46), IMS))
    made.active()
    marks = [
        far.update_forwarding_parameters.transport_level_marking
        for one in made.upf.took(pfcp.SessionModificationRequest)
        for far in one.update_far
    ]
    assert marks == [0xB8FC]


def marked(five_qi: int = 9, **changes: Any) -> tuple[World, str]:
    """A session of a data network that marks 5QIs: voice, and a flow whose 5QI has no mark of its own."""
    made = World()
    network = msgspec.structs.replace(INTERNET, dscp=10, dscp_5qi={1: 46, **changes.pop("dscp_5qi", {})})
    made.smf.reconfigure((network, IMS))
    made.udm.data["internet"] = DnnConfiguration("internet", five_qi=five_qi)
    other = msgspec.structs.replace(BULK, filters=(FlowFilter(protocol=6),))
    made.pcf.reconfigure(PcfConfiguration((SessionRule("internet", flows=(VOICE, other)),)))
    return made, made.active()


def last_fars(made: World) -> list[tuple[int, int | None, int | None]]:
    """Id, action and mark of what the last change of forwarding said."""
    change = [one for one in made.upf.took(pfcp.SessionModificationRequest) if one.update_far][-1]
    marks = [one.update_forwarding_parameters for one in change.update_far]
    return [
        (far.far_id, far.apply_action, None if parameters is None else parameters.transport_level_marking)
        for far, parameters in zip(change.update_far, marks, strict=True)
    ]


def test_when_5qis_have_marks_then_each_flow_is_forwarded_by_the_rule_of_its_own() -> None:
    # TS 29.244 8.2.12: 46 and 10 in the upper six bits
    made, reference = marked()
    (request,) = made.upf.took(pfcp.SessionEstablishmentRequest)
    assert [(far.far_id, far.apply_action) for far in request.create_far] == [
        (1, ApplyAction.FORW), (2, ApplyAction.BUFF), (74, ApplyAction.BUFF), (110, ApplyAction.BUFF),
    ]  # fmt: skip
    forward = [(2, ApplyAction.FORW, 0x28FC), (74, ApplyAction.FORW, 0x28FC), (110, ApplyAction.FORW, 0xB8FC)]
    assert last_fars(made) == forward
    made.update(reference, n2_sm_info=modified(), n2_sm_info_type="PDU_RES_MOD_RSP")
    made.from_ue(reference, COMPLETE)
    filled = changes(made)[-1]
    assert [(pdr.pdr_id, pdr.far_id) for pdr in filled.create_pdr] == [(514, 110), (515, 74)]


def test_when_the_terminal_is_idle_then_packets_of_every_mark_wait_and_go_to_the_next_gnb() -> None:
    made, reference = marked()
    made.update(reference, up_cnx_state="DEACTIVATED")
    hold = ApplyAction.BUFF | ApplyAction.NOCP
    assert last_fars(made) == [(2, hold, None), (74, hold, None), (110, hold, None)]
    made.update(reference, up_cnx_state="ACTIVATING")
    made.set_up(reference, OTHER_GNB)
    change = made.upf.took(pfcp.SessionModificationRequest)[-1]
    assert {far.update_forwarding_parameters.outer_header_creation.teid for far in change.update_far} == {0x1234}
    assert [far.far_id for far in change.update_far] == [2, 74, 110]


def test_when_a_session_moves_then_end_markers_are_asked_for_once() -> None:
    made, reference = marked()
    switched(made, reference)
    change = [one for one in made.upf.took(pfcp.SessionModificationRequest) if one.update_far][-1]
    assert [bool(far.update_forwarding_parameters.pfcpsmreq_flags) for far in change.update_far] == [True, False, False]


def test_when_the_default_flow_gets_another_5qi_then_it_gets_that_mark_too() -> None:
    made, _ = marked(five_qi=5, dscp_5qi={5: 40})
    assert last_fars(made)[0] == (2, ApplyAction.FORW, 40 << 10 | 0xFC)
    made.udm.data["internet"] = DnnConfiguration("internet", five_qi=9)
    made.from_ue("1", COMPLETE)
    made.wait(100)
    made.upf.requests.clear()
    made.smf.policy_changed({"internet"})
    made.settle()
    assert last_fars(made) == [(2, None, 0x28FC)]
