"""Registration (TS 23.502 4.2.2.2.2, TS 24.501 5.5.1) as a gNB and a terminal see it."""

import msgspec
import pytest

from amfkit.harness import CONFIGURATION, GUAMI, PLMN, TAC, World
from amfkit.neighbours import SLICE, SLICE_SD
from freehold.codecs import nas, ngap
from freehold.core.amf import NetworkFeatures, PlmnSupport, RejectPolicy
from freehold.services.errors import ServiceError
from freehold.services.npcf import AmPolicyAssociation
from freehold.services.nudm import Ambr
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guami, Guti, Pei, PlmnId, SNssai, Tai


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gnb(world):
    return world.gnb()


@pytest.fixture
def ue(world, gnb):
    return world.terminal(gnb)


def only_ue(world):
    (view,) = world.amf.ues()
    return view


# --- the accept (interworking.md 3) ----------
def test_when_a_suci_registers_then_the_accept_says_everything_a_phone_needs(world, gnb, ue):
    accept = ue.register()
    assert accept.registration_result.value == nas.AccessType.THREE_GPP
    assert accept.guti.guami == GUAMI
    assert Tai(PLMN, TAC) in nas.tais(accept.tai_list)
    assert [each.snssai for each in accept.allowed_nssai] == [SLICE]
    assert [each.snssai for each in accept.configured_nssai] == [SLICE, SLICE_SD]
    assert accept.network_feature_support == nas.NetworkFeatureSupport(octet_4=nas.NetworkFeaturesOctet4())
    assert accept.t3512.seconds == 3000  # 54 minutes have no code: the next below
    assert accept.t3502.seconds == 720
    assert accept.mico_indication is None
    assert accept.negotiated_drx_parameters is None
    assert accept.pdu_session_status is None
    view = only_ue(world)
    assert (view.supi, view.mm_state, view.cm_state) == (ue.subscription.supi, "5GMM-REGISTERED", "CM-CONNECTED")
    assert view.guti == ue.guti
    assert view.pei == "imeisv-3520990017614823"


def test_when_features_are_configured_then_each_is_said(gnb):
    world = World(features=NetworkFeatures(ims_voice=True, emergency=True, emergency_fallback=True))
    gnb = world.gnb()
    ue = world.terminal(gnb)
    ue.subscription.data = msgspec.structs.replace(ue.subscription.data, ims_voice=True)
    support = ue.register().network_feature_support
    assert (support.ims_voice_3gpp, support.emergency_services, support.emergency_fallback) == (True, 1, 1)


def test_when_slices_are_requested_then_allowed_and_rejected_are_told(ue):
    request = ue.registration_request(identity=ue.suci, requested_nssai=nas.nssai((SLICE_SD, SNssai(9))))
    accept = ue.register(request)
    assert [each.snssai for each in accept.allowed_nssai] == [SLICE_SD]
    assert [(each.cause, each.snssai) for each in accept.rejected_nssai] == [(0, SNssai(9))]


def test_when_the_gnb_lacks_a_slice_then_it_is_rejected_for_the_area(world):
    gnb = world.gnb(slices=(SLICE,))
    ue = world.terminal(gnb)
    accept = ue.register(ue.registration_request(identity=ue.suci, requested_nssai=nas.nssai((SLICE, SLICE_SD))))
    assert [each.snssai for each in accept.allowed_nssai] == [SLICE]
    assert [(each.cause, each.snssai) for each in accept.rejected_nssai] == [(1, SLICE_SD)]


def test_when_drx_is_asked_for_then_it_is_negotiated(ue):
    drx = nas.DrxParameters(3)
    assert (
        ue.register(ue.registration_request(identity=ue.suci, requested_drx_parameters=drx)).negotiated_drx_parameters
        == drx
    )


# --- the context at the gNB (interworking.md 13 to 17) ----------
def test_when_the_context_is_set_up_then_the_gnb_is_told_what_it_needs(world, ue):
    world.pcf.answer = AmPolicyAssociation(rfsp_index=7)
    ue.register()
    context = ue.context
    assert context.guami.amf_set_id == (GUAMI.set_id, 10)
    assert [item.s_nssai.sst for item in context.allowed_nssai] == [b"\1"]
    # NAS 1111 0000 (algorithms 0..3) is NGAP 1110 0000 (algorithms 1..3): TS 38.413 9.3.1.86
    capabilities = context.ue_security_capabilities
    assert capabilities.nr_encryption_algorithms == (0xE000, 16)
    assert capabilities.nr_integrity_protection_algorithms == (0xE000, 16)
    assert capabilities.eutra_encryption_algorithms == (0, 16)
    assert context.mobility_restriction_list.serving_plmn == PLMN.octets
    assert context.index_to_rfsp == 7
    assert context.masked_imeisv == (0x3520990017FFFF23, 64)
    assert context.ue_aggregate_maximum_bit_rate is None
    inactive = context.core_network_assistance_information_for_inactive
    s_tmsi = GUAMI.set_id << 38 | GUAMI.pointer << 32 | ue.guti.tmsi
    assert inactive.ue_identity_index_value == ("indexLength10", (s_tmsi % 1024, 10))
    assert (
        inactive.periodic_registration_update_timer[0] == 6 << 5 | 1
        or inactive.periodic_registration_update_timer[1] == 8
    )


def test_when_the_context_is_set_up_then_kgnb_is_of_security_mode_completes_count(ue):
    ue.register()
    assert ue.context.security_key == (int.from_bytes(ue.security.kgnb(0), "big"), 256)


def test_when_the_gnb_asks_for_no_context_then_the_accept_comes_alone(world, ue):
    ue.start(context=False)
    ue.authenticate()
    ue.command()
    ue.complete()
    transport = ue.downlink(ngap.DownlinkNASTransport)
    assert type(ue.read(transport.nas_pdu)) is nas.RegistrationAccept
    assert transport.mobility_restriction_list.serving_plmn == PLMN.octets


def test_when_the_gnb_learns_the_radio_capability_then_it_comes_back_at_the_next_setup(gnb, ue):
    ue.register()
    capability = bytes(range(256)) * 100
    gnb.send(ngap.UERadioCapabilityInfoIndication(**ue.ids(), ue_radio_capability=capability), 1)
    ue.go_idle()
    ue.service_request()
    assert ue.downlink(ngap.InitialContextSetupRequest).ue_radio_capability == capability


def test_when_the_ue_says_its_radio_capability_changed_then_the_stored_one_is_dropped(gnb, ue):
    ue.register()
    gnb.send(ngap.UERadioCapabilityInfoIndication(**ue.ids(), ue_radio_capability=b"old"), 1)
    ue.go_idle()
    request = ue.registration_request(kind=2, ksi=0, update_type=nas.UpdateType(radio_capability_update=True))
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0), request))
    ue.accepted()
    assert ue.context.ue_radio_capability is None


# --- initial NAS message protection (interworking.md 1) ----------
def test_when_the_request_is_plain_then_the_whole_one_of_the_container_replaces_it(ue):
    request = ue.registration_request(identity=ue.suci, requested_nssai=nas.nssai((SLICE_SD,)))
    assert [each.snssai for each in ue.register(request).allowed_nssai] == [SLICE_SD]


def test_when_the_request_is_plain_then_no_retransmission_is_asked_for(ue):
    ue.start()
    ue.authenticate()
    assert ue.command().additional_security_information is None


def test_when_the_context_is_unknown_then_the_command_asks_for_the_whole_request(world, gnb, ue):
    ue.register()
    security, guti = ue.security, Guti(GUAMI, 0x01020304)
    ue.request = ue.registration_request(identity=guti)
    ue.security = None
    ue.begin(security.protect(nas.encode(ue.request), 1))
    assert ue.expect(nas.IdentityRequest).identity_type == nas.IdentityType.SUCI
    ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
    ue.authenticate()
    assert ue.command().additional_security_information.retransmit_initial_message


@pytest.mark.parametrize("octets", ["f0f0", "e0e0e0e0", "f0f0f0f0", "f0f0f0f0aabbccdd"])
def test_when_the_capability_is_longer_then_it_is_replayed_octet_for_octet(ue, octets):
    ue.capability = nas.UeSecurityCapability(bytes.fromhex(octets))
    ue.start()
    ue.authenticate()
    command = ue.command()
    assert command.replayed_ue_security_capability.octets.hex() == octets
    assert command.imeisv_request == 1


def test_when_the_request_verifies_under_known_keys_then_nobody_is_authenticated_again(world, ue):
    ue.register()
    before, old = world.home.calls["authenticate"], ue.guti
    ue.go_idle()
    request = ue.registration_request(kind=2, ksi=0, requested_nssai=nas.nssai((SLICE_SD,)))
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0), request))
    count = ue.security.uplink - 1
    accept = ue.accepted()
    assert world.home.calls["authenticate"] == before
    assert [each.snssai for each in accept.allowed_nssai] == [SLICE_SD]
    assert accept.guti != old
    assert ue.context.security_key[0] == int.from_bytes(ue.security.kgnb(count), "big")


def test_when_the_operator_wants_it_then_every_registration_is_authenticated(ue):
    world = World(security=msgspec.structs.replace(CONFIGURATION.security, authenticate_always=True))
    ue = world.terminal(world.gnb())
    ue.register()
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.expect(nas.AuthenticationRequest)


def test_when_the_capability_changed_then_the_keys_are_renewed(ue):
    ue.register()
    ue.go_idle()
    changed = nas.UeSecurityCapability(b"\xe0\xe0")
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0, ue_security_capability=changed)))
    challenge = ue.expect(nas.AuthenticationRequest)
    assert challenge.ng_ksi.value != 0


# --- identities (interworking.md 4) ----------
def test_when_the_guti_is_known_but_unproved_then_its_subscriber_is_challenged(world, gnb, ue):
    ue.register()
    other = world.terminal(gnb, 1)
    other.begin(nas.encode(other.registration_request(identity=ue.guti)))
    other.expect(nas.AuthenticationRequest)
    assert only_ue(world).guti == ue.guti


@pytest.mark.parametrize(
    "identity",
    [
        Guti(GUAMI, 0xDEADBEEF),
        Guti(Guami(PlmnId("999", "70"), 2, 1, 0), 1),
        nas.NoIdentity(bytes(3)),
        Pei("imei-352099001761482"),
    ],
    ids=["unknown", "of another AMF", "none", "IMEI"],
)
def test_when_the_identity_says_nothing_then_the_suci_is_asked_for(ue, identity):
    ue.request = ue.registration_request(identity=identity)
    ue.begin(nas.encode(ue.request))
    assert ue.expect(nas.IdentityRequest).identity_type == nas.IdentityType.SUCI
    ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
    ue.authenticate()
    ue.command()
    ue.complete()
    assert ue.accepted().guti is not None


def test_when_the_guti_is_mapped_from_eps_then_an_additional_native_one_is_used(world, gnb, ue):
    ue.register()
    ue.go_idle()
    mapped = Guti(Guami(PLMN, 200, 5, 1), 77)
    request = ue.registration_request(
        kind=2, identity=mapped, additional_guti=ue.guti, ue_status=nas.UeStatus(s1_mode_registered=True)
    )
    ue.security = None
    ue.begin(nas.encode(request))
    ue.expect(nas.AuthenticationRequest)


def test_when_the_ue_never_answers_then_identification_ends_and_nothing_stays(world, gnb, ue):
    ue.begin(nas.encode(ue.registration_request(identity=Guti(GUAMI, 5))))
    ue.expect(nas.IdentityRequest)
    world.run_for(6 * 5 + 1)
    assert [type(each) for each in gnb.all()] == [ngap.DownlinkNASTransport] * 4 + [ngap.UEContextReleaseCommand]
    ue.released()
    assert world.baseline()["connections"] == 0


# --- refusals ----------
def rejected(ue, gnb):
    reject = ue.expect(nas.RegistrationReject)
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    return reject.cause


def test_when_the_subscriber_is_unknown_then_the_operator_chooses_the_cause(world, gnb, ue):
    del world.home.subscriptions[ue.subscription.supi]
    ue.start()
    assert rejected(ue, gnb) == MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA
    event = world.event("registration-rejected")
    assert "subscriber add" in event.fix
    assert ue.subscription.supi.digits not in event.text + event.subject
    assert world.baseline() == {"ues": 0, "connections": 0, "gnbs": 1, "sessions": 0}


@pytest.mark.parametrize(
    ("operation", "error", "cause"),
    [
        ("authenticate", ServiceError(403, "AUTHENTICATION_REJECTED"), 15),
        ("authenticate", ServiceError(403, "SERVING_NETWORK_NOT_AUTHORIZED"), 73),
        ("authenticate", ServiceError(504, "UPSTREAM_SERVER_ERROR"), 22),
        ("get_am_data", ServiceError(404, "DATA_NOT_FOUND"), 15),
        ("register_amf", ServiceError(403, "ROAMING_NOT_ALLOWED"), 13),
        ("register_amf", ServiceError(500, "SYSTEM_FAILURE"), 22),
    ],
)
def test_when_a_neighbour_refuses_then_the_cause_is_its_own(world, gnb, ue, operation, error, cause):
    world.home.fail[operation] = error
    ue.start()
    if operation != "authenticate":
        ue.authenticate()
        ue.command()
        ue.complete()
    assert rejected(ue, gnb) == cause
    assert len(world.events("registration-rejected")) == 1
    assert world.baseline()["ues"] == 0


def test_when_no_slice_is_left_then_62_with_every_side_in_words(world, gnb, ue):
    ue.subscription.data = msgspec.structs.replace(
        ue.subscription.data, slices=(SNssai(5),), default_slices=(SNssai(5),)
    )
    world.home.subscriptions[ue.subscription.supi].data = ue.subscription.data
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    assert rejected(ue, gnb) == MmCause.NO_NETWORK_SLICES_AVAILABLE
    event = world.event("registration-rejected")
    assert "subscribed 5" in event.text
    assert "of the gNB here 1, 1-010203" in event.text


def test_when_the_tracking_area_is_not_served_then_12(world, gnb, ue):
    ue.start(tac=9)
    assert rejected(ue, gnb) == MmCause.TRACKING_AREA_NOT_ALLOWED


@pytest.mark.parametrize("cause", [MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA, MmCause.ILLEGAL_ME])
def test_when_the_sim_is_bound_to_another_device_then_the_operator_chooses_the_cause(cause):
    world = World(rejects=RejectPolicy(device=cause))
    gnb = world.gnb()
    ue = world.terminal(gnb)
    data = msgspec.structs.replace(ue.subscription.data, allowed_pei=("imeisv-1111111111111111",))
    world.home.subscriptions[ue.subscription.supi].data = data
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    assert rejected(ue, gnb) == cause
    assert "allowed_pei" in world.event("registration-rejected").fix


@pytest.mark.parametrize("kind", [4, 5, 7])
def test_when_the_registration_type_is_not_provided_then_it_is_refused_without_harm_to_the_usim(gnb, ue, kind):
    ue.start(ue.registration_request(kind=kind, identity=ue.suci))
    assert rejected(ue, gnb) == MmCause.PROTOCOL_ERROR_UNSPECIFIED


# --- 5G-GUTI and T3550 ----------
def test_when_the_accept_is_not_acknowledged_then_it_comes_five_times_and_the_ue_is_registered(world, gnb, ue):
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete()
    ue.accepted()
    ue.set_up()
    world.run_for(5 * 6 + 1)
    again = [ue.read(message.nas_pdu) for message in gnb.all()]
    assert [type(each) for each in again] == [nas.RegistrationAccept] * 4
    assert {each.guti for each in again} == {ue.guti}
    assert only_ue(world).mm_state == "5GMM-REGISTERED"


# TS 24.501 5.5.1.3.8 d
def test_when_the_same_request_comes_after_the_accept_then_the_accept_comes_again_at_once(world, gnb, ue):
    ue.register()
    request = ue.registration_request(kind=2, ksi=0)
    ue.tell(request)
    first = ue.expect(nas.RegistrationAccept)
    world.run_for(5)
    ue.tell(request)
    assert ue.expect(nas.RegistrationAccept) == first
    world.run_for(5)  # T3550 began anew
    gnb.nothing()
    world.run_for(2)
    assert ue.expect(nas.RegistrationAccept) == first
    ue.tell(nas.RegistrationComplete())
    assert only_ue(world).guti == first.guti
    world.run_for(30)
    gnb.nothing()


def test_when_another_request_comes_after_the_accept_then_it_starts_over(gnb, ue):
    ue.register()
    ue.tell(ue.registration_request(kind=2, ksi=0))
    first = ue.expect(nas.RegistrationAccept)
    ue.tell(ue.registration_request(kind=2, ksi=0, follow_on=False))
    assert ue.expect(nas.RegistrationAccept).guti != first.guti


def test_when_the_complete_comes_then_nothing_is_sent_any_more(world, gnb, ue):
    ue.register()
    world.run_for(60)
    gnb.nothing()


def test_when_the_new_guti_is_acknowledged_then_the_old_one_is_nobodys(world, ue):
    ue.register()
    old = ue.guti
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    assert world.amf.function.contexts.find(old) is None
    assert world.amf.function.contexts.find(ue.guti) is not None


# --- again ----------
def test_when_the_subscriber_registers_anew_then_its_older_context_gives_way(world, gnb, ue):
    ue.register()
    ue.establish()
    second = world.terminal(gnb)
    second.subscription.sqn = 10_000
    second.start()
    second.authenticate()
    second.command()
    second.complete()
    command = gnb.next(ngap.UEContextReleaseCommand)
    assert command.ue_ngap_ids[1].ran_ue_ngap_id == ue.ran_id
    ue.released()
    second.accepted()
    second.set_up()
    second.tell(nas.RegistrationComplete())
    assert world.baseline() == {"ues": 1, "connections": 1, "gnbs": 1, "sessions": 0}
    assert world.smf.contexts == {}


def test_when_the_same_request_comes_again_on_its_connection_then_nothing_starts_over(world, gnb, ue):
    ue.start()
    ue.challenge()
    clear = msgspec.structs.replace(ue.request, requested_nssai=None)
    ue.uplink(nas.encode(clear))
    gnb.nothing()
    assert world.home.calls["authenticate"] == 1


def test_when_another_request_comes_on_its_connection_then_it_starts_over(world, gnb, ue):
    ue.start()
    ue.challenge()
    ue.uplink(nas.encode(ue.registration_request(identity=ue.suci, follow_on=False)))
    ue.authenticate()
    ue.command()
    assert world.home.calls["authenticate"] == 2


def test_when_a_ue_comes_back_before_its_release_then_the_old_connection_ends(world, gnb, ue):
    ue.register()
    old = ue.ran_id
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    assert gnb.next(ngap.UEContextReleaseCommand).ue_ngap_ids[1].ran_ue_ngap_id == old
    ue.accepted()
    assert only_ue(world).cm_state == "CM-CONNECTED"


# --- periodic, mobility, sessions ----------
def test_when_a_periodic_update_ends_then_the_connection_is_released(world, gnb, ue):
    ue.register()
    ue.go_idle()
    before = world.home.calls["get_am_data"]
    ue.begin(ue.protected_initial(ue.registration_request(kind=3, ksi=0, follow_on=False)), context=False)
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    gnb.next(ngap.UEContextReleaseCommand)
    ue.released()
    assert only_ue(world).cm_state == "CM-IDLE"
    assert world.home.calls["get_am_data"] == before


def test_when_a_follow_on_request_is_pending_then_the_connection_stays(gnb, ue):
    ue.register()
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=3, ksi=0, follow_on=True)), context=False)
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    gnb.nothing()


def test_when_the_ue_lost_a_session_then_it_is_released_and_the_status_says_so(world, ue):
    ue.register()
    ue.establish(1)
    ue.establish(2, "ims")
    ue.go_idle()
    request = ue.registration_request(kind=2, ksi=0, pdu_session_status=[2])
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0), request))
    assert ue.accepted().pdu_session_status == [2]
    assert [data.pdu_session_id for data in world.smf.contexts.values()] == [2]


def test_when_uplink_data_waits_then_its_session_comes_back_with_the_context(world, ue):
    ue.register()
    ue.establish(1)
    ue.go_idle()
    request = ue.registration_request(kind=2, ksi=0, uplink_data_status=[1], pdu_session_status=[1])
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0), request))
    accept = ue.accepted()
    assert accept.reactivation_result == []
    (item,) = ue.context.pdu_session_resource_setup_list_cxt_req
    assert item.pdu_session_id == 1
    assert ue.context.ue_aggregate_maximum_bit_rate.ue_aggregate_maximum_bit_rate_dl == 2 * 10**9


def test_when_a_session_cannot_come_back_then_the_result_says_why(world, ue):
    ue.register()
    ue.establish(1)
    ue.go_idle()
    world.smf.fail["update_sm_context"] = ServiceError(503, "INSUFFICIENT_RESOURCES")
    request = ue.registration_request(kind=2, ksi=0, uplink_data_status=[1])
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0), request))
    accept = ue.accepted()
    assert accept.reactivation_result == [1]
    assert accept.reactivation_result_errors == [nas.ReactivationError(1, MmCause.INSUFFICIENT_USER_PLANE_RESOURCES)]


# --- timers ----------
def test_when_the_ue_is_not_heard_of_then_it_is_deregistered_and_told_10(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    world.run_for(3480 + 3480 + 1)
    assert world.baseline()["ues"] == 0
    assert world.smf.contexts == {}
    assert world.pcf.policies == set()
    ue.service_request()
    ue.security = None
    assert ue.expect(nas.ServiceReject).cause == MmCause.IMPLICITLY_DEREGISTERED


def test_when_the_ue_comes_back_in_time_then_no_timer_runs_on(world, ue):
    ue.register()
    ue.go_idle()
    world.run_for(3000)
    ue.service_request()
    ue.downlink(ngap.InitialContextSetupRequest)
    ue.set_up()
    world.run_for(100_000)
    assert only_ue(world).mm_state == "5GMM-REGISTERED"


def test_when_more_than_one_plmn_is_served_then_the_area_is_of_the_ues_own(world):
    other = PlmnId("001", "02")
    world = World(plmns=(*CONFIGURATION.plmns, PlmnSupport(other, (SLICE,))))
    ue = world.terminal(world.gnb())
    assert {tai.plmn for tai in nas.tais(ue.register().tai_list)} == {PLMN}


def test_when_the_policy_sets_an_ambr_then_the_gnb_enforces_it(world, ue):
    world.pcf.answer = AmPolicyAssociation(ue_ambr=Ambr(5_000_000, 7_000_000))
    ue.register()
    message = ue.establish()
    assert message.ue_aggregate_maximum_bit_rate.ue_aggregate_maximum_bit_rate_ul == 5_000_000


def test_when_the_network_has_a_name_then_a_phone_learns_it_after_its_registration(world):
    world = World(network_name="Freehold")
    ue = world.terminal(world.gnb())
    ue.register()
    command = ue.expect(nas.ConfigurationUpdateCommand)
    assert command.full_name.text.decode("utf-16-be") == "Freehold"
    assert command.configuration_update_indication is None
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    ue.gnb.nothing()


def test_when_a_connected_ue_updates_then_its_active_sessions_stay_active(world, gnb, ue):
    ue.register()
    ue.establish()
    updates = world.smf.calls["update_sm_context"]
    ue.tell(ue.registration_request(kind=2, ksi=0, pdu_session_status=[1]))
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    assert world.smf.calls["update_sm_context"] == updates
    assert only_ue(world).sessions[0].active
    gnb.nothing()


def test_when_a_connected_ue_updates_with_uplink_data_then_the_session_is_set_up_beside_its_context(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.go_idle()
    ue.service_request(kind=0)
    ue.downlink(ngap.InitialContextSetupRequest)
    ue.set_up()
    ue.tell(ue.registration_request(kind=2, ksi=0, uplink_data_status=[1]))
    ue.accepted(context=False)
    gnb.next(ngap.PDUSessionResourceSetupRequest)
    world.run_for(7)
    assert [type(each) for each in gnb.all()] == [ngap.DownlinkNASTransport]


def test_when_the_acknowledgement_was_lost_then_the_guti_the_ue_uses_next_counts(world, gnb, ue):
    ue.register()
    first = ue.guti
    ue.go_idle()
    ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
    ue.accepted()
    gnb.lose()
    find = world.amf.function.contexts.find
    assert find(first) is find(ue.guti) is not None
    ue.gnb = world.gnb()
    ue.service_request()
    ue.downlink(ngap.InitialContextSetupRequest)
    assert find(first) is None
    assert find(ue.guti) is not None


def test_when_a_connected_ue_registers_anew_then_the_gnb_frees_its_sessions_too(world, gnb, ue):
    ue.register()
    ue.establish()
    ue.tell(ue.registration_request(kind=1, ksi=0))
    command = gnb.next(ngap.PDUSessionResourceReleaseCommand)
    assert [each.pdu_session_id for each in command.pdu_session_resource_to_release_list_rel_cmd] == [1]
    ue.accepted(context=False)
    ue.tell(nas.RegistrationComplete())
    assert world.smf.contexts == {}
    ue.establish()


def test_when_the_same_request_comes_on_a_new_connection_then_it_is_answered_there_at_once(world, gnb, ue):
    ue.register()
    ue.go_idle()
    request = ue.registration_request(kind=2, ksi=0)
    ue.begin(ue.protected_initial(request))
    ue.accepted()
    first = ue.ids()
    ue.begin(ue.protected_initial(request))
    command = gnb.next(ngap.UEContextReleaseCommand)
    assert command.ue_ngap_ids[1].ran_ue_ngap_id == first["ran_ue_ngap_id"]
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    assert only_ue(world).mm_state == "5GMM-REGISTERED"
