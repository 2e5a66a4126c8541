"""AN release, service request, paging (TS 23.502 4.2.3, 4.2.6)."""

import pytest

from amfkit.harness import GUAMI, RESPONSE, World, from_smf
from amfkit.neighbours import Smf
from freehold.codecs import nas, ngap
from freehold.services.errors import ServiceError
from freehold.services.nsmf import SmContextUpdateData
from freehold.spec.causes import MmCause
from freehold.spec.identities import STmsi

SETUP = {"n2_sm_info": Smf.TRANSFER, "n2_sm_info_type": "PDU_RES_SETUP_REQ"}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    terminal = world.terminal(gnb)
    terminal.register()
    terminal.establish()
    return terminal


def view(world):
    (one,) = world.amf.ues()
    return one


# --- AN release ----------
def test_when_the_gnb_asks_for_release_then_its_cause_is_echoed_and_sessions_sleep(world, ue):
    command = ue.go_idle()
    assert command.cause == ("radioNetwork", "user-inactivity")
    assert world.smf.last("update_sm_context")[1].up_cnx_state == "DEACTIVATED"
    assert view(world).cm_state == "CM-IDLE"
    assert world.baseline() == {"ues": 1, "connections": 0, "gnbs": 1, "sessions": 1}


def test_when_the_gnb_never_completes_then_the_connection_ends_all_the_same(world, gnb, ue):
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    world.run_for(11)
    assert world.baseline()["connections"] == 0
    assert world.smf.last("update_sm_context")[1].up_cnx_state == "DEACTIVATED"
    assert view(world).cm_state == "CM-IDLE"


def test_when_an_answer_about_sessions_crosses_the_release_command_then_it_is_nobodys_fault(world, gnb, ue):
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    gnb.next(ngap.UEContextReleaseCommand)
    item = ngap.PDUSessionResourceReleasedItemRelRes(
        pdu_session_id=1,
        pdu_session_resource_release_response_transfer=ngap.PDUSessionResourceReleaseResponseTransfer(),
    )
    told = len(world.smf.calls)
    gnb.send(ngap.PDUSessionResourceReleaseResponse(**ue.ids(), pdu_session_resource_released_list_rel_res=[item]), 1)
    assert (gnb.all(), len(world.smf.calls)) == ([], told)
    assert world.environment.emitted("protocol-fault") == []
    ue.released()
    assert view(world).cm_state == "CM-IDLE"


def test_when_the_smf_forgot_the_session_then_so_does_the_amf(world, ue):
    world.smf.contexts.clear()
    ue.go_idle()
    assert world.baseline()["sessions"] == 0


def test_when_the_release_comes_twice_then_one_command_goes(world, gnb, ue):
    for _ in range(2):
        gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    assert [type(each) for each in gnb.all()] == [ngap.UEContextReleaseCommand]


# --- service request ----------
def test_when_uplink_data_waits_then_the_session_comes_back_with_the_context(world, gnb, ue):
    ue.go_idle()
    ue.service_request(uplink=[1], status=[1])
    count = ue.security.uplink - 1
    context = ue.downlink(ngap.InitialContextSetupRequest)
    accept = ue.read(context.nas_pdu)
    assert type(accept) is nas.ServiceAccept
    assert accept.pdu_session_status == [1]
    assert accept.reactivation_result == []
    assert context.security_key[0] == int.from_bytes(ue.security.kgnb(count), "big")
    (item,) = context.pdu_session_resource_setup_list_cxt_req
    assert item.pdu_session_id == 1
    answer = ngap.PDUSessionResourceSetupItemCxtRes(
        pdu_session_id=1, pdu_session_resource_setup_response_transfer=RESPONSE
    )
    ue.set_up(pdu_session_resource_setup_list_cxt_res=[answer])
    assert world.smf.last("update_sm_context")[1].n2_sm_info_type == "PDU_RES_SETUP_RSP"


def test_when_it_is_signalling_alone_then_no_session_wakes(world, ue):
    ue.go_idle()
    ue.service_request(kind=0)
    context = ue.downlink(ngap.InitialContextSetupRequest)
    assert context.pdu_session_resource_setup_list_cxt_req is None
    assert ue.read(context.nas_pdu).reactivation_result is None


def test_when_the_gnb_wants_no_context_then_the_accept_comes_alone(world, ue):
    ue.go_idle()
    clear = nas.ServiceRequest(ng_ksi=nas.KeySetIdentifier(mapped=False, value=0), service_type=0, s_tmsi=ue.s_tmsi)
    ue.begin(ue.protected_initial(clear), context=False)
    assert type(ue.expect(nas.ServiceAccept)) is nas.ServiceAccept


def test_when_the_ue_lost_the_session_then_it_is_released(world, ue):
    ue.go_idle()
    ue.service_request(status=[])
    accept = ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    assert accept.pdu_session_status == []
    assert world.smf.contexts == {}


def test_when_the_tmsi_is_unknown_then_9_and_the_connection_ends(world, gnb, ue):
    ue.go_idle()
    ue.guti = type(ue.guti)(GUAMI, 0x0BADF00D)
    ue.service_request()
    ue.security = None
    assert ue.expect(nas.ServiceReject).cause == MmCause.UE_IDENTITY_CANNOT_BE_DERIVED
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert world.baseline()["connections"] == 0
    assert world.baseline()["ues"] == 1


def test_when_the_integrity_fails_then_9_and_the_context_stays(world, gnb, ue):
    ue.go_idle()
    clear = nas.ServiceRequest(ng_ksi=nas.KeySetIdentifier(mapped=False, value=0), service_type=1, s_tmsi=ue.s_tmsi)
    octets = bytearray(ue.protected_initial(clear))
    octets[3] ^= 0xFF
    ue.begin(bytes(octets))
    ue.security = None
    assert ue.expect(nas.ServiceReject).cause == MmCause.UE_IDENTITY_CANNOT_BE_DERIVED
    assert view(world).mm_state == "5GMM-REGISTERED"
    assert view(world).cm_state == "CM-IDLE"


def test_when_emergency_service_is_asked_for_then_it_is_refused(ue):
    ue.go_idle()
    ue.service_request(kind=3)
    assert ue.expect(nas.ServiceReject).cause == MmCause.PROTOCOL_ERROR_UNSPECIFIED


def test_when_connected_then_a_service_request_wakes_sessions_beside_the_context(world, gnb, ue):
    ue.go_idle()
    ue.service_request(kind=0)
    ue.downlink(ngap.InitialContextSetupRequest)
    ue.set_up()
    request = nas.ServiceRequest(
        ng_ksi=nas.KeySetIdentifier(mapped=False, value=0), service_type=1, s_tmsi=ue.s_tmsi, uplink_data_status=[1]
    )
    ue.tell(request)
    ue.expect(nas.ServiceAccept)
    gnb.next(ngap.PDUSessionResourceSetupRequest)


# --- paging ----------
def test_when_downlink_data_comes_then_the_ue_is_paged_and_its_session_woken(world, gnb, ue):
    ue.go_idle()
    assert from_smf(world, ue, **SETUP) == "ATTEMPTING_TO_REACH_UE"
    paging = gnb.next(ngap.Paging)
    identity = paging.ue_paging_identity[1]
    assert int.from_bytes(identity.five_g_tmsi, "big") == ue.guti.tmsi
    assert len(paging.tai_list_for_paging) == 3
    ue.service_request(kind=2)
    context = ue.downlink(ngap.InitialContextSetupRequest)
    assert [each.pdu_session_id for each in context.pdu_session_resource_setup_list_cxt_req] == [1]
    assert world.smf.calls["update_sm_context"] == 2  # the gNB's answer, and the deactivation: no second activation


def test_when_the_ue_answered_paging_then_it_gets_a_new_guti(world, gnb, ue):
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    gnb.next(ngap.Paging)
    old = ue.guti
    ue.service_request(kind=2)
    ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    command = ue.expect(nas.ConfigurationUpdateCommand)
    assert command.guti != old
    assert command.configuration_update_indication.acknowledgement_requested
    assert world.amf.function.contexts.find(old) is not None
    ue.tell(nas.ConfigurationUpdateComplete())
    assert world.amf.function.contexts.find(old) is None
    assert view(world).guti == command.guti


@pytest.fixture
def called(world, gnb, ue):
    """A terminal that answered paging and has not acknowledged its new 5G-GUTI."""
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    gnb.next(ngap.Paging)
    ue.service_request(kind=2)
    ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    ue.expect(nas.ConfigurationUpdateCommand)
    return ue


# TS 24.501 5.4.4.6, 5.6.1.8: the update of the 5G-GUTI and a service request both go on
def test_when_service_is_asked_for_before_the_new_guti_is_acknowledged_then_it_is_given(world, gnb, called):
    called.set_up()
    called.ask_service(uplink=[1])
    called.expect(nas.ServiceAccept)
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    called.tell(nas.ConfigurationUpdateComplete())
    assert view(world).guti != called.guti


def test_when_the_ue_comes_back_before_it_acknowledged_its_new_guti_then_it_is_served(world, gnb, called):
    called.service_request(uplink=[1], status=[1])
    gnb.next(ngap.UEContextReleaseCommand)
    context = called.downlink(ngap.InitialContextSetupRequest)
    assert type(called.read(context.nas_pdu)) is nas.ServiceAccept
    world.run_for(6)  # T3555: the command again, on this connection
    command = called.expect(nas.ConfigurationUpdateCommand)
    called.tell(nas.ConfigurationUpdateComplete())
    world.run_for(30)
    gnb.nothing()
    assert view(world).guti == command.guti


def test_when_the_ue_registers_before_it_acknowledged_its_new_guti_then_the_update_is_over(world, gnb, called):
    called.begin(called.protected_initial(called.registration_request(kind=2, ksi=0)))
    gnb.next(ngap.UEContextReleaseCommand)
    called.accepted()
    called.set_up()
    called.tell(nas.RegistrationComplete())
    world.run_for(31)
    gnb.nothing()


def test_when_the_ue_knows_its_radio_then_the_paging_carries_it(world, gnb, ue):
    for_paging = ngap.UERadioCapabilityForPaging(ue_radio_capability_for_paging_of_nr=b"nr")
    message = ngap.UERadioCapabilityInfoIndication(
        **ue.ids(), ue_radio_capability=b"all", ue_radio_capability_for_paging=for_paging
    )
    gnb.send(message, 1)
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    assert gnb.next(ngap.Paging).ue_radio_capability_for_paging == for_paging


def test_when_the_ue_does_not_come_then_it_is_called_again_and_the_smf_learns_it(world, gnb, ue):
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    world.run_for(3 * 6 + 1)
    assert [type(each) for each in gnb.all()] == [ngap.Paging] * 3
    data = world.smf.last("update_sm_context")[1]
    assert data == SmContextUpdateData(up_cnx_state="DEACTIVATED", cause="UE_NOT_REACHABLE")
    assert len(world.events("paging-failed")) == 1


def test_when_more_comes_while_paging_then_one_call_runs(world, gnb, ue):
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    from_smf(world, ue, n1_sm_message=b"\x2e\x01\x00\xcb")
    assert [type(each) for each in gnb.all()] == [ngap.Paging]
    ue.service_request(kind=2)
    ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    ue.set_up()
    payloads = [ue.read(each.nas_pdu) for each in gnb.all()]
    assert b"\x2e\x01\x00\xcb" in [getattr(each, "payload_container", None) for each in payloads]


def test_when_two_gnbs_serve_the_area_then_both_call(world, gnb, ue):
    other = world.gnb()
    elsewhere = world.gnb(tacs=(2,))
    ue.go_idle()
    from_smf(world, ue, **SETUP)
    for each in (gnb, other, elsewhere):
        each.next(ngap.Paging)


def test_when_the_ue_is_neither_connected_nor_pageable_then_the_smf_is_told(world, ue):
    ue.go_idle()
    world.amf.function.contexts.supis[ue.subscription.supi].mobility.area = ()
    with pytest.raises(ServiceError, match="UE_NOT_REACHABLE"):
        from_smf(world, ue, **SETUP)


def test_when_the_ue_comes_to_another_gnb_then_it_is_served_there(world, ue):
    ue.go_idle()
    ue.gnb = world.gnb()
    ue.service_request(uplink=[1])
    ue.downlink(ngap.InitialContextSetupRequest)
    assert view(world).gnb == "gnb2"


def test_when_somebody_elses_s_tmsi_is_used_then_it_is_not_ours(world, gnb, ue):
    foreign = STmsi(GUAMI.set_id + 1, GUAMI.pointer, ue.guti.tmsi)
    assert world.amf.function.contexts.find(foreign) is None


# --- reachability ----------
def test_when_the_mobile_reachable_timer_expired_then_the_ue_is_not_paged_any_more(world, gnb, ue):
    ue.go_idle()
    world.run_for(3481)
    with pytest.raises(ServiceError, match="UE_NOT_REACHABLE"):
        from_smf(world, ue, **SETUP)
    gnb.nothing()
    ue.service_request()
    ue.downlink(ngap.InitialContextSetupRequest)
    ue.set_up()
    ue.go_idle()
    assert from_smf(world, ue, **SETUP) == "ATTEMPTING_TO_REACH_UE"


@pytest.mark.parametrize(
    ("timers", "alive", "gone"),
    [
        ({"T3512": 60}, 599, 601),
        ({"T3512": 60, "mobile-reachable": 30, "implicit-deregistration": 10}, 39, 41),
    ],
)
def test_when_the_operator_sets_timers_then_the_amf_waits_four_minutes_longer_than_the_ue(timers, alive, gone):
    world = World(timers=timers)
    ue = world.terminal(world.gnb())
    ue.register()
    ue.go_idle()
    world.run_for(alive)
    assert world.baseline()["ues"] == 1
    world.run_for(gone - alive)
    assert world.baseline()["ues"] == 0


def test_when_resources_of_an_idle_ue_are_to_go_then_nobody_is_paged(world, gnb, ue):
    ue.go_idle()
    assert from_smf(world, ue, n2_sm_info=b"\0", n2_sm_info_type="PDU_RES_REL_CMD") == "N1_N2_TRANSFER_INITIATED"
    gnb.nothing()


def test_when_the_operator_ends_a_registration_mid_release_then_it_waits_its_turn(world, gnb, ue):
    gnb.send(ngap.UEContextReleaseRequest(**ue.ids(), cause=("radioNetwork", "user-inactivity")), 1)
    gnb.next(ngap.UEContextReleaseCommand)
    done = world.amf.start_deregistration(ue.subscription.supi)
    gnb.nothing()
    ue.released()
    gnb.next(ngap.Paging)
    world.run_for(3 * 6 + 1)
    assert done.settled
    assert world.baseline()["ues"] == 0


def test_when_the_ue_lost_the_session_it_is_paged_for_then_nothing_is_said_about_it(world, gnb, ue):
    ue.go_idle()
    from_smf(world, ue, n1_sm_message=b"\x2e\x01\x00\xd3\x24")
    gnb.next(ngap.Paging)
    ue.service_request(kind=2, status=[])
    ue.read(ue.downlink(ngap.InitialContextSetupRequest).nas_pdu)
    ue.expect(nas.ConfigurationUpdateCommand)
    gnb.nothing()
