"""N01 to N20: hostile NAS through N2, the clause's answer, one counted event, the control terminal undisturbed."""

from itertools import pairwise

import msgspec
import pytest

from amfkit.harness import GUAMI, INTERNET
from amfkit.watched import Watched, status
from freehold.codecs import nas, ngap
from freehold.services.errors import ServiceError
from freehold.spec.causes import MmCause
from freehold.spec.identities import Guti
from freehold.stack.nas_security import HeaderType


@pytest.fixture
def watched():
    return Watched()


# --- N01 ----------
@pytest.mark.parametrize("length", range(7))
@pytest.mark.parametrize("header", [1, 2, 3, 4])
def test_n01_when_a_protected_header_is_cut_short_then_it_is_ignored(watched, length, header):
    octets = bytes([0x7E, header, 1, 2, 3, 4, 0])[:length]
    watched.gnb.initial(octets)
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check()


@pytest.mark.parametrize("length", range(7))
def test_n01_when_it_is_cut_short_on_a_connection_then_the_connection_stays(watched, length):
    ue = watched.terminal()
    watched.counted = watched.world.faults()
    ue.uplink(bytes([0x7E, 2, 1, 2, 3, 4, 0])[:length])
    watched.gnb.nothing()
    watched.check()
    ue.establish()


# --- N02 ----------
@pytest.mark.parametrize("octets", [b"\x2e\1\1\xc1", b"\x00\0\x41", b"\xff\xff\xff", b"\x7e\x05\1\2\3\4\0\x41\0"])
def test_n02_when_discriminator_or_header_type_is_unknown_then_it_is_ignored(watched, octets):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(octets)
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check()


@pytest.mark.parametrize("kind", [0x00, 0x40, 0x6F, 0xFF])
def test_n02_when_the_message_type_is_unknown_then_97(watched, kind):
    ue = watched.terminal()
    octets = ue.security.protect(bytes([0x7E, 0, kind, 0]))
    ue.uplink(octets)
    assert status(ue) == MmCause.MESSAGE_TYPE_NON_EXISTENT
    watched.check()


def test_n02_when_the_message_is_the_networks_then_97(watched):
    ue = watched.terminal()
    ue.tell(nas.ServiceAccept())
    assert status(ue) == MmCause.MESSAGE_TYPE_NON_EXISTENT
    watched.check()


# --- N03 ----------
IDENTITIES = {
    "length 0": "0000",
    "length 1": "000101",
    "SUCI cut short": "00050100f110",
    "odd BCD": "000d01eeeeee0000000000000000f1",
    "MCC of F": "000d01ffffff0000000000000000f1",
    "longer than the message": "00ff0100f110",
    "GUTI cut short": "0004f200f110",
}


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
def test_n03_when_the_mobile_identity_is_damaged_then_the_registration_is_refused_with_96(watched, identity):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(bytes.fromhex("7e004179" + identity))
    reject = ue.expect(nas.RegistrationReject)
    assert reject.cause == MmCause.INVALID_MANDATORY_INFORMATION
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check()


# --- N04 ----------
def test_n04_when_a_guti_does_not_exist_then_the_identity_is_asked_for(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(nas.encode(ue.registration_request(identity=Guti(GUAMI, 0xDEADBEEF))))
    assert ue.expect(nas.IdentityRequest).identity_type == nas.IdentityType.SUCI
    watched.check(faults=0)


# --- N05 ----------
def test_n05_when_the_capability_is_missing_then_96(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(nas.encode(ue.registration_request(ue_security_capability=None)))
    assert ue.expect(nas.RegistrationReject).cause == MmCause.INVALID_MANDATORY_INFORMATION
    assert len(watched.world.events("registration-rejected")) == 1
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


@pytest.mark.parametrize(
    "message", [nas.AuthenticationResponse(), nas.AuthenticationFailure(cause=21)], ids=["RES*", "AUTS"]
)
def test_n05_when_an_answer_lacks_its_parameter_then_100_and_the_challenge_stands(watched, message):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    challenge = ue.challenge()
    ue.tell(message)
    assert status(ue) == MmCause.CONDITIONAL_IE_ERROR
    ue.tell(ue.response(challenge))
    ue.command()
    watched.check()


def test_n05_when_the_request_type_is_missing_then_the_payload_comes_back_with_90(watched):
    ue = watched.terminal()
    ue.ask_session(request_type=None)
    assert ue.expect(nas.DlNasTransport).cause == MmCause.PAYLOAD_WAS_NOT_FORWARDED
    assert len(watched.world.events("session-not-forwarded")) == 1
    watched.check(faults=0)


def test_n05_when_the_session_identity_is_missing_then_100(watched):
    ue = watched.terminal()
    ue.tell(nas.UlNasTransport(payload_container_type=1, payload_container=INTERNET, request_type=1))
    assert status(ue) == MmCause.CONDITIONAL_IE_ERROR
    watched.check()


# --- N06 ----------
def test_n06_when_the_container_holds_another_message_then_95(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.authenticate()
    ue.command()
    inner = nas.ServiceRequest(
        ng_ksi=nas.KeySetIdentifier(mapped=False, value=0), service_type=1, s_tmsi=Guti(GUAMI, 5).s_tmsi
    )
    ue.complete(nas_message_container=nas.encode(inner))
    assert ue.expect(nas.RegistrationReject).cause == MmCause.SEMANTICALLY_INCORRECT_MESSAGE
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


@pytest.mark.parametrize("container", [b"\0" * 4, b"\x7e\0\x41", bytes(4000)])
def test_n06_when_the_container_holds_nothing_readable_then_95(watched, container):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.authenticate()
    ue.command()
    ue.complete(nas_message_container=container)
    assert ue.expect(nas.RegistrationReject).cause == MmCause.SEMANTICALLY_INCORRECT_MESSAGE


# --- N07 ----------
OUT_OF_STATE = {
    "REGISTRATION COMPLETE": nas.RegistrationComplete(),
    "SECURITY MODE COMPLETE": nas.SecurityModeComplete(),
    "CONFIGURATION UPDATE COMPLETE": nas.ConfigurationUpdateComplete(),
    "AUTHENTICATION RESPONSE": nas.AuthenticationResponse(response_parameter=bytes(16)),
    "SECURITY MODE REJECT": nas.SecurityModeReject(cause=24),
}


@pytest.mark.parametrize("message", OUT_OF_STATE.values(), ids=OUT_OF_STATE)
def test_n07_when_nothing_waits_for_a_message_then_101(watched, message):
    ue = watched.terminal()
    ue.tell(message)
    assert status(ue) == MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE
    watched.check()


def test_n07_when_the_network_asked_for_no_deregistration_then_98(watched):
    ue = watched.terminal()
    ue.tell(nas.DeregistrationAcceptFromUe())
    assert status(ue) == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
    watched.check()


@pytest.mark.parametrize(
    "message",
    [nas.AuthenticationResponse(response_parameter=bytes(16)), nas.DeregistrationAcceptFromUe()],
    ids=["AUTHENTICATION RESPONSE", "DEREGISTRATION ACCEPT"],
)
def test_n07_when_a_connection_begins_with_an_answer_then_98_and_it_ends(watched, message):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(nas.encode(message))
    assert status(ue) == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check()


def test_n07_when_an_identity_response_begins_a_connection_then_98(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.begin(nas.encode(nas.IdentityResponse(mobile_identity=ue.suci)))
    assert status(ue) == MmCause.MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE
    watched.check()


def test_n07_when_the_response_comes_twice_then_the_second_is_101(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    challenge = ue.challenge()
    response = nas.encode(ue.response(challenge))
    ue.uplink(response)
    ue.command()
    ue.uplink(response)
    message = nas.decode(ue.downlink().nas_pdu).message
    assert message == nas.MmStatus(cause=MmCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE)
    ue.complete()
    ue.accepted()
    watched.check()


def test_n07_when_security_mode_completes_before_its_command_then_it_is_dropped(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    challenge = ue.challenge()
    ue.uplink(nas.encode(nas.SecurityModeComplete()))
    watched.gnb.nothing()
    ue.tell(ue.response(challenge))
    ue.command()
    watched.check()


def test_n07_when_a_deregistration_comes_mid_security_mode_then_it_is_heeded(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.authenticate()
    ue.command()
    request = nas.DeregistrationRequestFromUe(
        deregistration_type=nas.DeregistrationType(),
        ng_ksi=nas.KeySetIdentifier(mapped=False, value=7),
        mobile_identity=ue.suci,
    )
    ue.uplink(nas.encode(request))
    assert type(nas.decode(ue.downlink().nas_pdu).message) is nas.DeregistrationAcceptToUe
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


# --- N08 ----------
def spoofed(kind, guti):
    ksi = nas.KeySetIdentifier(mapped=False, value=0)
    if kind == "registration":
        return nas.RegistrationRequest(
            registration_type=nas.RegistrationType(follow_on_request=False, value=1),
            ng_ksi=ksi,
            mobile_identity=guti,
            ue_security_capability=nas.UeSecurityCapability.of(),
        )
    if kind == "deregistration":
        return nas.DeregistrationRequestFromUe(
            deregistration_type=nas.DeregistrationType(switch_off=True), ng_ksi=ksi, mobile_identity=guti
        )
    return nas.ServiceRequest(ng_ksi=ksi, service_type=1, s_tmsi=guti.s_tmsi)


@pytest.mark.parametrize("kind", ["registration", "deregistration", "service"])
@pytest.mark.parametrize("header", ["plain", "wrong MAC"])
def test_n08_when_a_victims_guti_is_used_then_the_victim_is_not_touched(watched, kind, header):
    octets = nas.encode(spoofed(kind, watched.control.guti))
    if header == "wrong MAC":
        octets = b"\x7e\x01\xde\xad\xbe\xef\x05" + octets
    watched.gnb.initial(octets)
    answers = [type(message) for message in watched.gnb.all()]
    assert answers
    expected = 1 if header == "wrong MAC" or kind == "deregistration" else 0
    watched.check(faults=expected)


# --- N09 ----------
@pytest.mark.parametrize(
    "make",
    [
        lambda ue: nas.UlNasTransport(
            payload_container_type=1, payload_container=INTERNET, pdu_session_identity=1, request_type=1
        ),
        lambda ue: nas.RegistrationComplete(),
        lambda ue: ue.registration_request(identity=ue.suci),
        lambda ue: spoofed("deregistration", ue.guti),
        lambda ue: nas.MmStatus(cause=111),
    ],
    ids=["UL NAS TRANSPORT", "COMPLETE", "REGISTRATION", "DEREGISTRATION", "STATUS"],
)
def test_n09_when_a_plain_message_comes_after_security_then_it_is_dropped(watched, make):
    ue = watched.terminal()
    ue.uplink(nas.encode(make(ue)))
    watched.gnb.nothing()
    watched.check()
    ue.establish()


def test_n09_when_the_cause_says_emergency_then_nothing_is_different(watched):
    ue = watched.terminal()
    ue.go_idle()
    transport = nas.UlNasTransport(payload_container_type=1, payload_container=INTERNET, pdu_session_identity=1)
    ue.begin(nas.encode(transport), cause="emergency")
    assert watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check()


# --- N10 ----------
def test_n10_when_a_message_is_replayed_then_it_is_dropped(watched):
    ue = watched.terminal()
    transport = nas.UlNasTransport(
        payload_container_type=1, payload_container=INTERNET, pdu_session_identity=1, request_type=1, dnn="internet"
    )
    octets = ue.protected(transport)
    ue.uplink(octets)
    watched.gnb.next(ngap.PDUSessionResourceSetupRequest)
    ue.resources()
    created = watched.world.smf.calls["create_sm_context"]
    ue.uplink(octets)
    watched.gnb.nothing()
    assert watched.world.smf.calls["create_sm_context"] == created
    watched.check()


def test_n10_when_an_older_count_is_used_then_it_is_dropped(watched):
    ue = watched.terminal()
    older = ue.protected(nas.MmStatus(cause=111))
    ue.tell(nas.MmStatus(cause=111))
    watched.said = len(watched.world.environment.events)
    watched.counted = watched.world.faults()
    ue.uplink(older)
    watched.gnb.nothing()
    watched.check()


def test_n10_when_the_sequence_number_wraps_then_it_still_works(watched):
    ue = watched.terminal()
    for _ in range(300):
        ue.tell(nas.MmStatus(cause=111))
    watched.said = len(watched.world.environment.events)
    watched.counted = watched.world.faults()
    ue.establish()
    watched.check(faults=0)


def test_n10_when_a_registration_is_replayed_then_the_ue_is_not_moved(watched):
    ue = watched.terminal()
    ue.go_idle()
    octets = ue.protected_initial(ue.registration_request(kind=2, ksi=0))
    ue.begin(octets)
    ue.accepted()
    ue.set_up()
    ue.tell(nas.RegistrationComplete())
    before = watched.world.amf.ue(ue.subscription.supi)
    watched.control_gnb.initial(octets)
    watched.control_gnb.all()
    assert watched.world.amf.ue(ue.subscription.supi) == before


# --- N11 ----------
@pytest.mark.parametrize("change", ["wrong", "zero", "direction"])
def test_n11_when_the_mac_is_not_right_then_the_message_is_dropped(watched, change):
    ue = watched.terminal()
    octets = bytearray(ue.protected(nas.RegistrationComplete()))
    if change == "wrong":
        octets[5] ^= 1
    elif change == "zero":
        octets[2:6] = bytes(4)
    else:
        octets = bytearray(
            watched.world.amf.function.contexts.supis[ue.subscription.supi].security.current.protect(
                nas.encode(nas.RegistrationComplete())
            )
        )
        octets[6] = ue.security.uplink & 0xFF
    ue.uplink(bytes(octets))
    watched.gnb.nothing()
    watched.check()


# --- N12 ----------
@pytest.mark.parametrize("octets", ["8080", "80f0", "f080", "0000", "0f0f", "10f0", "f010"])
def test_n12_when_no_mandatory_algorithm_is_offered_then_23_before_anybody_is_asked(watched, octets):
    # TS 24.501 5.5.1.2.8
    ue = watched.world.terminal(watched.gnb, 2)
    ue.capability = nas.UeSecurityCapability(bytes.fromhex(octets))
    ue.start()
    assert nas.decode(ue.downlink().nas_pdu).message == nas.RegistrationReject(
        cause=MmCause.UE_SECURITY_CAPABILITIES_MISMATCH
    )
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


@pytest.mark.parametrize("element", ["2e00", "2e01f0"], ids=["empty", "one octet"])
def test_n12_when_the_capability_is_too_short_then_96(watched, element):
    ue = watched.world.terminal(watched.gnb, 2)
    plain = nas.encode(ue.registration_request(ue_security_capability=None))
    ue.begin(plain + bytes.fromhex(element))
    assert ue.expect(nas.RegistrationReject).cause == MmCause.INVALID_MANDATORY_INFORMATION
    watched.check(faults=0)


# --- N14 ----------
@pytest.mark.parametrize("identity", [0, 16, 128, 255])
def test_n14_when_the_session_identity_is_none_then_the_payload_comes_back(watched, identity):
    ue = watched.terminal()
    ue.ask_session(identity)
    message = ue.expect(nas.DlNasTransport)
    assert (message.cause, message.payload_container) == (MmCause.PAYLOAD_WAS_NOT_FORWARDED, INTERNET)
    assert watched.world.amf.ue(ue.subscription.supi).sessions == ()
    watched.check(faults=0)


def test_n14_when_a_session_is_asked_for_while_it_is_pending_then_one_is_left(watched):
    ue = watched.terminal()
    ue.ask_session()
    ue.ask_session()
    assert len(watched.world.amf.ue(ue.subscription.supi).sessions) == 1
    assert len(watched.world.smf.contexts) == 2  # the control terminal's, and this one
    watched.check(faults=0)


# --- N16: six cases of TS 33.512 4.2.2.1.2 ----------
def begin(watched, identity):
    """A terminal with the wrong key that names itself by SUCI or by another one's 5G-GUTI."""
    good = watched.world.terminal(watched.gnb, 2)
    if identity == "GUTI":
        good.register()
        good.go_idle()
    bad = watched.world.terminal(watched.gnb, 2)
    bad.start(bad.registration_request(identity=good.guti if identity == "GUTI" else good.suci))
    return bad


@pytest.mark.parametrize("identity", ["SUCI", "GUTI"])
def test_n16_when_res_star_is_wrong_then_the_ue_is_refused_for_good(watched, identity):
    ue = begin(watched, identity)
    ue.challenge()
    ue.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    if identity == "GUTI":
        ue.expect(nas.IdentityRequest)
        ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
        ue.challenge()
        ue.tell(nas.AuthenticationResponse(response_parameter=bytes(16)))
    assert type(ue.read(ue.downlink().nas_pdu)) is nas.AuthenticationReject
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


@pytest.mark.parametrize("identity", ["SUCI", "GUTI"])
def test_n16_when_the_ausf_says_failure_then_the_ue_is_refused_for_good(watched, identity):
    ue = begin(watched, identity)
    watched.world.home.say_failure = True
    ue.authenticate()
    if identity == "GUTI":
        ue.expect(nas.IdentityRequest)
        ue.tell(nas.IdentityResponse(mobile_identity=ue.suci))
        ue.authenticate()
    assert type(ue.read(ue.downlink().nas_pdu)) is nas.AuthenticationReject
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.world.home.say_failure = False
    watched.check(faults=0)


@pytest.mark.parametrize("identity", ["SUCI", "GUTI"])
def test_n16_when_the_ausf_is_silent_then_the_ue_may_try_again(watched, identity):
    ue = begin(watched, identity)
    watched.world.home.fail["confirm"] = ServiceError(504, "UPSTREAM_SERVER_ERROR")
    ue.authenticate()
    assert ue.expect(nas.RegistrationReject).cause == MmCause.CONGESTION
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.world.home.fail.clear()
    watched.check(faults=0)


# --- N17 ----------
def test_n17_when_auts_is_not_of_this_challenge_then_the_home_network_refuses_it(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.challenge()
    ue.tell(nas.AuthenticationFailure(cause=21, failure_parameter=bytes(14)))
    assert ue.expect(nas.RegistrationReject).cause == MmCause.NO_SUITABLE_CELLS_IN_TRACKING_AREA
    assert ue.subscription.sqn == 64
    watched.gnb.next(ngap.UEContextReleaseCommand)
    watched.check(faults=0)


def test_n17_when_auts_floods_then_each_challenge_is_worth_one(watched):
    ue = watched.world.terminal(watched.gnb, 2)
    ue.start()
    ue.challenge()
    for _ in range(50):
        ue.tell(nas.AuthenticationFailure(cause=21, failure_parameter=bytes(14)))
    assert (
        watched.world.home.calls["authenticate"] == 3
    )  # the control terminal's, this one's, its one resynchronisation


# --- N19 ----------
def test_n19_when_a_ue_registers_then_its_guti_is_new_and_nobody_can_foresee_it(watched):
    ue = watched.terminal()
    seen = [ue.guti.tmsi]
    for _ in range(50):
        ue.go_idle()
        ue.begin(ue.protected_initial(ue.registration_request(kind=2, ksi=0)))
        seen.append(ue.accepted().guti.tmsi)
        ue.set_up()
        ue.tell(nas.RegistrationComplete())
    assert len(set(seen)) == len(seen)
    steps = {after - before for before, after in pairwise(seen)}
    assert len(steps) == 50
    assert sum(value.bit_count() for value in seen) / len(seen) == pytest.approx(16, abs=1.5)
    watched.check(faults=0)


# --- N20 ----------
HUGE = {
    "64 KiB": bytes.fromhex("7e004179000d0100f110000000000010325476") + bytes([0x71, 0xFF, 0x00]) + bytes(0xFF00),
    "1000 elements": bytes.fromhex("7e004179000d0100f1100000000000103254762e02f0f0") + bytes([0x7D, 1, 0]) * 1000,
    "one element 1000 times": bytes.fromhex("7e004179000d0100f110000000000010325476")
    + bytes.fromhex("2e02f0f0") * 1000,
    "the last one cut short": bytes.fromhex("7e004179000d0100f1100000000000103254762e02f0f02f09"),
}


@pytest.mark.parametrize("octets", HUGE.values(), ids=HUGE)
def test_n20_when_a_message_is_huge_then_it_is_read_or_refused_in_bounded_time(watched, octets):
    watched.world.terminal(watched.gnb, 2)
    watched.gnb.initial(octets)
    assert watched.gnb.all()
    watched.check(faults=watched.faults())


def test_n20_when_a_request_is_repeated_on_many_connections_then_each_ends_alone(watched):
    for number in range(20, 40):
        ue = watched.world.terminal(watched.gnb, number)
        ue.start()
        assert msgspec.structs.asdict(ue.challenge())
    watched.gnb.lose()
    assert watched.world.baseline()["connections"] == 1
    assert HeaderType.PLAIN == 0


# --- D01 ----------
def test_d01_when_registrations_never_end_then_new_ones_are_told_to_try_again_and_known_terminals_are_served():
    watched = Watched(half_open=5)
    for number in range(20, 25):
        ue = watched.world.terminal(watched.gnb, number)
        ue.start()
        ue.challenge()
    for number in range(30, 33):
        late = watched.world.terminal(watched.gnb, number)
        late.start()
        assert late.expect(nas.RegistrationReject) == nas.RegistrationReject(cause=MmCause.CONGESTION)
        watched.gnb.next(ngap.UEContextReleaseCommand)
    assert len(watched.world.events("registration-storm")) == 1
    watched.control.go_idle()
    watched.control.service_request()
    watched.control.downlink(ngap.InitialContextSetupRequest)
    watched.world.run_for(5 * 6 + 10 + 1)
    watched.gnb.all()
    assert watched.world.amf.function.contexts.strangers == set()
    late.start()
    late.challenge()
