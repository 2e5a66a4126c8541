"""Two of our user plane functions in a row, each driven by its own PFCP messages (TS 23.501 5.6.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp import (
    FTEID,
    CreateFAR,
    DuplicatingParameters,
    ForwardingParameters,
    OuterHeaderCreation,
    OuterHeaderRemoval,
    RemovePDR,
    SDFFilter,
    SessionModificationRequest,
    SessionReportRequest,
    UEIPAddress,
    UpdateFAR,
    UpdateForwardingParameters,
    UpdatePDR,
)
from freehold.codecs.pfcp.flags import ApplyAction, Interface, PFCPSMReqFlag, ReportType
from freehold.services.access import PingResult, Tunnel
from freehold.spec.causes import PfcpCause
from upfkit import HOLD, TERMINAL, World, downlink_pdr, establishment, uplink_pdr

INTERMEDIATE, ANCHOR, GNB = "192.0.2.1", "192.0.2.2", "192.0.2.10"
FORW = ApplyAction.FORW


def creation(address: str, teid: int) -> OuterHeaderCreation:
    return OuterHeaderCreation(gtpu_ipv4=True, teid=teid, ipv4=bytes(map(int, address.split("."))))


def to(interface: int, address: str, teid: int, far_id: int) -> CreateFAR:
    parameters = ForwardingParameters(interface, outer_header_creation=creation(address, teid))
    return CreateFAR(far_id=far_id, apply_action=FORW, forwarding_parameters=parameters)


def core_pdr(**fields: Any) -> pfcp.CreatePDR:
    """A downlink PDR for packets of N9."""
    return downlink_pdr(
        local_f_teid=FTEID(choose_ipv4=True),
        outer_header_removal=OuterHeaderRemoval(6),
        ue_ip_address=(),
        network_instance=b"n9",
        **fields,
    )


class Chain:
    """A gNB with a terminal, an intermediate UPF, an anchor; each UPF has what the SMF told it."""

    def __init__(self) -> None:
        self.near = World()
        self.far = World(n3=ANCHOR, node_id="10.0.0.2", beside=self.near)
        drop = CreateFAR(far_id=2, apply_action=ApplyAction.DROP)
        anchored = self.far.ask(
            establishment(create_far=(self.uplink_far(), drop), create_qer=(), create_pdr=self.pdrs())
        )
        assert anchored.cause == PfcpCause.REQUEST_ACCEPTED, anchored
        self.anchor_teid = anchored.created_pdr[0].local_f_teid.teid
        self.anchor_seid = anchored.up_f_seid.seid
        uplink = uplink_pdr(qer_id=(), ue_ip_address=(), network_instance=b"n3")
        self.handle, self.tunnel = self.near.gnb.add_bearer(Tunnel(INTERMEDIATE, 1), 9)
        fars = to(Interface.CORE, ANCHOR, self.anchor_teid, 1), to(Interface.ACCESS, GNB, self.tunnel.teid, 2)
        self.response = self.near.ask(
            establishment(create_pdr=(uplink, core_pdr(qer_id=())), create_far=fars, create_qer=())
        )
        assert self.response.cause == PfcpCause.REQUEST_ACCEPTED, self.response
        self.seid = self.response.up_f_seid.seid
        self.access, self.core = (created.local_f_teid.teid for created in self.response.created_pdr)
        self.lead_anchor(self.core)
        self.near.gnb.update_bearer(self.handle, Tunnel(INTERMEDIATE, self.access), 9)
        self.near.gnb.attach(1, TERMINAL, 1400)
        self.near.gnb.bind(1, self.handle)

    @staticmethod
    def pdrs() -> tuple[pfcp.CreatePDR, ...]:
        return uplink_pdr(qer_id=()), downlink_pdr(qer_id=())

    @staticmethod
    def uplink_far() -> CreateFAR:
        return CreateFAR(
            far_id=1,
            apply_action=FORW,
            forwarding_parameters=ForwardingParameters(Interface.CORE, network_instance=b"internet"),
        )

    def lead_anchor(self, teid: int, **fields: Any) -> None:
        parameters = UpdateForwardingParameters(outer_header_creation=creation(INTERMEDIATE, teid), **fields)
        update = UpdateFAR(far_id=2, apply_action=FORW, update_forwarding_parameters=parameters)
        assert self.far.ask(SessionModificationRequest(update_far=(update,)), self.anchor_seid).cause == 1

    def change(self, **fields: Any) -> Any:
        return self.near.ask(SessionModificationRequest(**fields), self.seid)

    def ping(self) -> list[PingResult]:
        results: list[PingResult] = []
        self.near.gnb.ping(1, "10.45.0.1", 56, results.append)
        self.near.poll()
        return results

    def ends(self, act: Callable[[], Any]) -> list[tuple[str, int]]:
        """The tunnels that packets took meanwhile."""
        self.near.plane.fabric.tap(True)
        act()
        taken = self.near.plane.fabric.take_tap()
        self.near.plane.fabric.tap(False)
        return [(target[0], int.from_bytes(octets[4:8], "big")) for _, _, target, octets in taken]

    def reports(self, world: World) -> list[SessionReportRequest]:
        return [one.message for one in world.requests() if isinstance(one.message, SessionReportRequest)]


def test_when_an_intermediate_upf_and_an_anchor_are_driven_by_pfcp_then_packets_cross_both():
    # TS 23.501 5.6.4, TS 29.244 5.5.3
    chain = Chain()
    assert chain.access != chain.core
    assert chain.ping()[0].octets == 56
    for world, teid in ((chain.near, chain.access), (chain.far, chain.anchor_teid)):
        usage = world.upf_plane.usage(teid)
        assert (usage.uplink_packets, usage.downlink_packets) == (1, 1)
    assert chain.near.upf_plane.counters()["tunnel_forwarded"] == 2
    assert chain.near.ask(pfcp.SessionDeletionRequest(), chain.seid).cause == 1
    assert chain.near.upf_plane.sessions() == 0
    assert chain.ping() == []


def test_when_pdrs_share_a_choose_id_then_they_share_a_tunnel_and_others_do_not():
    # TS 29.244 8.2.3
    one, other = FTEID(choose_ipv4=True, choose_id=3), FTEID(choose_ipv4=True)
    pdrs = [
        uplink_pdr(pdr_id=number, precedence=number, qer_id=(), local_f_teid=local)
        for number, local in ((1, one), (3, other), (4, one), (5, other))
    ]
    response = World().ask(establishment(create_pdr=(*pdrs, downlink_pdr(qer_id=())), create_qer=()))
    teids = {created.pdr_id: created.local_f_teid.teid for created in response.created_pdr}
    assert teids[1] == teids[4]
    assert len(set(teids.values())) == 3


def test_when_a_tunnel_is_chosen_later_then_the_answer_names_it_and_it_works():
    chain = Chain()
    update = UpdatePDR(pdr_id=2, pdi=core_pdr().pdi)
    answer = chain.change(update_pdr=(update,))
    (updated,) = answer.updated_pdr
    assert (updated.pdr_id, answer.created_pdr) == (2, ())
    assert updated.local_f_teid.teid not in {chain.core, chain.access}
    assert chain.ping() == [], "the old tunnel is closed"
    chain.lead_anchor(updated.local_f_teid.teid)
    assert chain.ping()[0].octets == 56
    known = UpdatePDR(pdr_id=2, pdi=core_pdr(precedence=1).pdi, precedence=1)
    pdi = pfcp.PDI(source_interface=Interface.CORE, local_f_teid=updated.local_f_teid)
    assert chain.change(update_pdr=(UpdatePDR(pdr_id=known.pdr_id, pdi=pdi),)).cause == PfcpCause.REQUEST_ACCEPTED
    assert chain.ping()[0].octets == 56
    foreign = pfcp.PDI(source_interface=Interface.CORE, local_f_teid=FTEID(5, ipv4=bytes((192, 0, 2, 1))))
    refused = chain.change(update_pdr=(UpdatePDR(pdr_id=2, pdi=foreign),))
    assert refused.cause == PfcpCause.INVALID_F_TEID_ALLOCATION_OPTION
    assert chain.ping()[0].octets == 56


def test_when_a_modification_is_refused_then_the_tunnels_it_asked_for_are_closed():
    chain = Chain()
    for _ in range(20):
        refused = chain.change(create_pdr=(core_pdr(pdr_id=9, far_id=77),))
        assert refused.cause == PfcpCause.RULE_CREATION_MODIFICATION_FAILURE
    assert chain.change(create_pdr=(core_pdr(pdr_id=9, qer_id=()),)).cause == PfcpCause.REQUEST_ACCEPTED
    assert chain.ping()[0].octets == 56


def test_when_an_uplink_classifier_is_inserted_then_filters_decide_where_uplink_goes():
    # TS 23.501 5.6.4.2
    chain = Chain()
    _, tunnel = chain.near.gnb.add_bearer(Tunnel(INTERMEDIATE, 1), 9)  # stands for a second anchor
    flow = SDFFilter(flow_description=b"permit out ip from 10.45.0.1 to any")
    branch = uplink_pdr(
        pdr_id=3,
        precedence=1,
        far_id=3,
        qer_id=(),
        ue_ip_address=(),
        local_f_teid=FTEID(chain.access, ipv4=bytes((192, 0, 2, 1))),
        sdf_filter=(flow,),
    )
    answer = chain.change(create_pdr=(branch,), create_far=(to(Interface.CORE, GNB, tunnel.teid, 3),))
    assert answer.cause == PfcpCause.REQUEST_ACCEPTED
    assert chain.ends(chain.ping) == [(INTERMEDIATE, chain.access), (GNB, tunnel.teid)], "the other anchor's"
    assert chain.change(remove_pdr=(RemovePDR(pdr_id=3),)).cause == PfcpCause.REQUEST_ACCEPTED
    assert chain.ping()[0].octets == 56


@pytest.mark.parametrize(("removal", "cause"), [(0, 1), (6, 1), (1, 1), (2, 69), (7, 69), (9, 69)])
def test_when_an_outer_header_is_removed_then_only_gtpu_is_known_here(removal, cause):
    # TS 29.244 8.2.64
    pdr = uplink_pdr(outer_header_removal=OuterHeaderRemoval(removal))
    assert World().ask(establishment(create_pdr=(pdr, downlink_pdr()))).cause == cause


def test_when_the_terminal_is_idle_then_the_intermediate_upf_buffers_and_tells():
    # TS 23.502 4.2.3.3
    chain = Chain()
    assert chain.change(update_far=(UpdateFAR(far_id=2, apply_action=HOLD),)).cause == 1
    chain.near.sent.clear()
    assert chain.ping() == []
    (report,) = chain.reports(chain.near)
    assert (report.report_type, report.downlink_data_report.pdr_id) == (ReportType.DLDR, (2,))
    (information,) = report.downlink_data_report.downlink_data_service_information
    assert information.qfi == 0  # the anchor marks none
    parameters = UpdateForwardingParameters(outer_header_creation=creation(GNB, chain.tunnel.teid))
    wake = UpdateFAR(far_id=2, apply_action=FORW, update_forwarding_parameters=parameters)
    assert chain.change(update_far=(wake,)).cause == 1
    chain.near.poll()
    assert chain.near.gnb.octets(1)[1] == 84


def test_when_the_path_changes_then_the_anchors_end_marker_crosses_the_intermediate_upf():
    # TS 23.502 4.9.1.2.3, TS 29.281 7.3.2
    chain = Chain()
    chain.lead_anchor(0x1234, pfcpsmreq_flags=PFCPSMReqFlag.SNDEM)
    chain.near.poll()
    assert chain.near.upf_plane.counters()["end_marker_forwarded"] == 1


def test_when_the_anchor_lost_the_tunnel_then_the_intermediate_upf_reports_it_by_name():
    # TS 23.527 5.3.3.1
    chain = Chain()
    assert chain.far.ask(pfcp.SessionDeletionRequest(), chain.anchor_seid).cause == 1
    chain.near.sent.clear()
    chain.ping()
    (report,) = chain.reports(chain.near)
    (remote,) = report.error_indication_report.remote_f_teid
    assert (remote.teid, remote.ipv4) == (chain.anchor_teid, bytes((192, 0, 2, 2)))


def test_when_a_far_duplicates_then_a_copy_leaves_into_the_other_tunnel():
    # TS 29.244 5.2.3.1, 8.2.26
    chain = Chain()
    _, tunnel = chain.near.gnb.add_bearer(Tunnel(INTERMEDIATE, 1), 9)
    parameters = ForwardingParameters(Interface.CORE, outer_header_creation=creation(ANCHOR, chain.anchor_teid))
    copies = DuplicatingParameters(Interface.LI_FUNCTION, outer_header_creation=creation(GNB, tunnel.teid))
    far = CreateFAR(3, FORW | ApplyAction.DUPL, parameters, (copies,))
    assert chain.change(create_far=(far,), update_pdr=(UpdatePDR(pdr_id=1, far_id=3),)).cause == 1
    ends = chain.ends(chain.ping)
    assert (GNB, tunnel.teid) in ends
    assert ends[-1] == (GNB, chain.tunnel.teid), "and the packet itself came back"
    assert chain.near.upf_plane.counters()["copied"] == 1
    assert chain.change(update_far=(UpdateFAR(far_id=3, apply_action=FORW),)).cause == 1
    chain.ping()
    assert chain.near.upf_plane.counters()["copied"] == 1


def test_when_the_ue_address_is_known_at_the_intermediate_upf_then_no_pool_is_asked_and_sources_are_checked():
    chain = Chain()
    address = (UEIPAddress(ipv4=bytes((10, 99, 0, 7))),)
    local = FTEID(chain.access, ipv4=bytes((192, 0, 2, 1)))
    pdi = pfcp.PDI(source_interface=Interface.ACCESS, local_f_teid=local, ue_ip_address=address)
    assert chain.change(update_pdr=(UpdatePDR(pdr_id=1, pdi=pdi),)).cause == PfcpCause.REQUEST_ACCEPTED
    assert chain.ping() == []
    assert chain.near.upf_plane.counters()["drop_inner_source"] == 1
