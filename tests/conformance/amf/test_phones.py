"""Messages as commercial phones send them (interworking.md): full of elements, in the order of life of a phone."""

import pytest

from amfkit.harness import GUAMI, PLMN, World
from amfkit.neighbours import SLICE
from freehold.codecs import nas, ngap
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guami, Guti, Tai

MAPPED = Guti(Guami(PLMN, 0x80, 0x101, 0x11), 0xC0FFEE00)
"""A 5G-GUTI mapped from an EPS GUTI: the MME group and code in region, set and pointer (TS 23.003 2.10.2.1)."""
EPS_CONTAINER = bytes.fromhex("17aabbccdd05" + "0748020bf600f110010203c0ffee005805e0e0c04070")
RADIO = bytes(range(256)) * 80
"""A UE radio capability of 20 kB: fragmented by PER (ITU-T X.691 11.9)."""
CAPABILITY = nas.UeSecurityCapability(bytes.fromhex("f070f070"))


@pytest.fixture
def world():
    return World()


@pytest.fixture
def phone(world):
    ue = world.terminal(world.gnb())
    ue.capability = CAPABILITY
    return ue


def whole(ue, **elements):
    """A registration request with what phones of today put in."""
    return ue.registration_request(
        identity=elements.pop("identity", ue.suci),
        mobility_capability=nas.MobilityCapability(
            s1_mode=True,
            handover_attach=True,
            lpp=True,
            octet_4=nas.MobilityCapabilityOctet4(),
            octet_5=nas.MobilityCapabilityOctet5(prose_direct_communication=True),
        ),
        requested_nssai=nas.nssai((SLICE,)),
        last_visited_tai=Tai(PLMN, 1),
        s1_ue_network_capability=nas.EpsCapability(0xF0, 0x70, bytes.fromhex("c04019808090")),
        ue_usage_setting=nas.UeUsageSetting(data_centric=False),
        requested_drx_parameters=nas.DrxParameters(2),
        ladn_indication=[],
        payload_container_type=nas.PayloadContainerType.UE_POLICY,
        payload_container=bytes.fromhex("0004000b000900f11000000500010001"),
        network_slicing_indication=nas.NetworkSlicingIndication(),
        update_type=nas.UpdateType(sms_requested=True),
        mobile_station_classmark_2=nas.MobileStationClassmark2(
            revision_level=2,
            early_sending=True,
            no_a5_1=False,
            rf_power=7,
            pseudo_synchronization=True,
            screening_indicator=1,
            short_messages=True,
            voice_broadcast=False,
            voice_group_call=True,
            frequency_capability=False,
            classmark_3=True,
            spare=False,
            location_services=True,
            ucs2=False,
            solsa=False,
            service_prompt=True,
            a5_3=True,
            a5_2=False,
        ),
        supported_codecs=[nas.SupportedCodecs(4, bytes.fromhex("60c0"))],
        **elements,
    )


def clear(ue, **elements):
    """The cleartext elements alone (TS 24.501 4.4.6)."""
    return nas.encode(ue.registration_request(identity=elements.pop("identity", ue.suci), **elements))


def test_when_a_phone_is_switched_on_then_it_is_registered_with_what_it_asked_for(world, phone):
    phone.request = whole(phone)
    phone.begin(clear(phone))
    phone.authenticate()
    command = phone.command()
    assert command.replayed_ue_security_capability.octets == CAPABILITY.octets
    phone.complete()
    accept = phone.accepted()
    assert not accept.registration_result.sms_allowed
    assert accept.negotiated_drx_parameters == nas.DrxParameters(2)
    assert accept.network_feature_support is not None
    capabilities = phone.context.ue_security_capabilities
    # EEA 1 to 3 and EIA 1 to 3 of the NAS octets f0 70, one bit on
    assert capabilities.eutra_encryption_algorithms == (0xE000, 16)
    assert capabilities.eutra_integrity_protection_algorithms == (0xE000, 16)


def test_when_a_phone_comes_from_lte_then_it_is_asked_who_it_is_and_not_rejected(world, phone):
    phone.request = whole(
        phone,
        identity=MAPPED,
        kind=2,
        ue_status=nas.UeStatus(s1_mode_registered=True),
        eps_nas_message_container=EPS_CONTAINER,
        eps_bearer_context_status=[5],
    )
    phone.begin(clear(phone, identity=MAPPED, kind=2, eps_nas_message_container=EPS_CONTAINER))
    assert phone.expect(nas.IdentityRequest).identity_type == nas.IdentityType.SUCI
    phone.tell(nas.IdentityResponse(mobile_identity=phone.suci))
    phone.authenticate()
    phone.command()
    phone.complete()
    assert phone.accepted().guti.guami == GUAMI


def test_when_a_phone_opens_ims_and_internet_then_each_has_its_session(world, phone):
    phone.register(whole(phone))
    phone.establish(1, "ims")
    phone.establish(2, "internet")
    (view,) = world.amf.ues()
    assert [each.dnn for each in view.sessions] == ["ims", "internet"]


def test_when_the_sim_has_no_ims_then_the_phone_is_told_at_once(world, phone):
    world.home.subscriptions[phone.subscription.supi].dnns = ("internet",)
    phone.register(whole(phone))
    phone.ask_session(1, "ims")
    message = phone.expect(nas.DlNasTransport)
    assert message.cause == MmCause.DNN_NOT_SUPPORTED_OR_NOT_SUBSCRIBED_IN_THE_SLICE
    phone.establish(2, "internet")


def test_when_the_gnb_reports_a_big_radio_capability_then_it_comes_back_whole(world, phone):
    phone.register(whole(phone))
    message = ngap.UERadioCapabilityInfoIndication(**phone.ids(), ue_radio_capability=RADIO)
    phone.gnb.send(message, 1)
    phone.go_idle()
    phone.service_request()
    assert phone.downlink(ngap.InitialContextSetupRequest).ue_radio_capability == RADIO


def test_when_two_phones_of_a_model_report_theirs_then_it_is_kept_once(world, phone):
    other = world.terminal(phone.gnb, 2)
    for ue in (phone, other):
        ue.register()
        ue.gnb.send(ngap.UERadioCapabilityInfoIndication(**ue.ids(), ue_radio_capability=bytes(RADIO)), 1)
    first, second = world.amf.function.contexts.supis.values()
    assert first.radio.capability is second.radio.capability


def test_when_a_phone_lives_a_day_then_it_stays_registered_with_its_sessions(world, phone):
    phone.register(whole(phone))
    phone.establish(1, "ims")
    phone.establish(2, "internet")
    phone.go_idle()
    for hour in range(24):
        world.run_for(2_900)
        kind = 2 if hour % 6 == 5 else 3
        request = phone.registration_request(kind=kind, ksi=0, follow_on=False, pdu_session_status=[1, 2])
        short = phone.registration_request(kind=kind, ksi=0, follow_on=False)
        phone.begin(phone.protected_initial(short, request), context=False)
        assert phone.accepted(context=False).pdu_session_status == [1, 2]
        phone.tell(nas.RegistrationComplete())
        if kind == 3:
            phone.gnb.next(ngap.UEContextReleaseCommand)
            phone.released()
        else:
            phone.go_idle()
        world.run_for(60)
        phone.service_request(uplink=[2], status=[1, 2])
        context = phone.downlink(ngap.InitialContextSetupRequest)
        assert [each.pdu_session_id for each in context.pdu_session_resource_setup_list_cxt_req] == [2]
        phone.read(context.nas_pdu)
        phone.set_up()
        phone.go_idle()
    assert world.home.calls["authenticate"] == 1
    assert world.baseline() == {"ues": 1, "connections": 0, "gnbs": 1, "sessions": 2}
    assert world.faults() == 0


def test_when_the_core_restarts_then_phones_come_back_by_themselves_and_none_is_bricked(world, phone):
    phone.register(whole(phone))
    phone.go_idle()
    again = World()
    again.home.subscriptions = world.home.subscriptions
    phone.gnb = again.gnb()
    phone.service_request()
    phone.security = None
    # TS 24.501 5.6.1.5: #9 deletes the 5G-GUTI, and the phone registers with its SUCI
    assert phone.expect(nas.ServiceReject).cause == MmCause.UE_IDENTITY_CANNOT_BE_DERIVED
    phone.gnb.next(ngap.UEContextReleaseCommand)
    phone.released()
    phone.register(whole(phone))
    assert again.baseline()["ues"] == 1


def test_when_the_core_restarts_and_a_phone_updates_under_its_old_keys_then_it_is_authenticated_anew(world, phone):
    phone.register(whole(phone))
    phone.go_idle()
    again = World()
    again.home.subscriptions = world.home.subscriptions
    phone.gnb = again.gnb()
    phone.request = phone.registration_request(kind=3, ksi=0)
    octets = phone.protected_initial(phone.request)
    phone.security = None
    phone.begin(octets)
    phone.expect(nas.IdentityRequest)
    phone.tell(nas.IdentityResponse(mobile_identity=phone.suci))
    phone.authenticate()
    assert phone.command().additional_security_information.retransmit_initial_message
    phone.complete()
    assert phone.accepted().guti is not None
