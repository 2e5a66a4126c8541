"""Every message of TS 24.501 8.2 and 8.3 in octets, and back."""

from pathlib import Path

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import KeySetIdentifier, decode, encode, nssai, tai_list
from freehold.spec.identities import Guami, Guti, Pei, PlmnId, SNssai, STmsi, Suci, Tai

VECTORS = Path(__file__).parents[3] / "vectors" / "nas"
PLMN = PlmnId("001", "01")
GUTI = Guti(Guami(PLMN, 1, 2, 3), 0xDEADBEEF)
KEY = KeySetIdentifier(mapped=False, value=1)
SMALL = nas.SNssaiElement(SNssai(1, 0x010203))
PCO = nas.ExtendedProtocolConfigurationOptions(
    options=[nas.ExtendedConfigurationOption(0x000D, bytes(4)), nas.ExtendedConfigurationOption(0x0023, bytes(300))]
)
# the octets are written out by hand from the figures of TS 24.501 clauses 8 and 9
WRITTEN_OUT = {
    "7e0056010200002100000000000000000000000000000000" + "2010" + "11" * 16: nas.AuthenticationRequest(
        KEY, abba=b"\0\0", rand=bytes(16), autn=b"\x11" * 16
    ),
    "7e00572d10" + "22" * 16: nas.AuthenticationResponse(response_parameter=b"\x22" * 16),
    "7e005915300e" + "33" * 14: nas.AuthenticationFailure(21, failure_parameter=b"\x33" * 14),
    "7e0058": nas.AuthenticationReject(),
    "7e005b01": nas.IdentityRequest(nas.IdentityType.SUCI),
    "7e005d220102f0f0e1360102": nas.SecurityModeCommand(
        nas.SecurityAlgorithms(2, 2),
        KEY,
        nas.UeSecurityCapability.of(),
        imeisv_request=1,
        additional_security_information=nas.AdditionalSecurityInformation(retransmit_initial_message=True),
    ),
    "7e005e7700094573806121856151f1710003616263": nas.SecurityModeComplete(
        imeisv=Pei("imeisv-4370816125816151"), nas_message_container=b"abc"
    ),
    "7e005f17": nas.SecurityModeReject(23),
    "7e004203": None,
    "7e0042010177000bf200f110010083deadbeef54070000f11000000115050401010203": nas.RegistrationAccept(
        nas.RegistrationResult(), guti=GUTI, tai_list=tai_list([Tai(PLMN, 1)]), allowed_nssai=nssai([SMALL.snssai])
    ),
    "7e0043": nas.RegistrationComplete(),
    "7e00440f": nas.RegistrationReject(15),
    "7e004519000bf200f110010083deadbeef": nas.DeregistrationRequestFromUe(
        nas.DeregistrationType(switch_off=True), KEY, GUTI
    ),
    "7e0046": nas.DeregistrationAcceptToUe(),
    "7e00470958095f0121": nas.DeregistrationRequestToUe(
        nas.DeregistrationType(switch_off=True), cause=9, t3346=nas.GprsTimer(1, 1)
    ),
    "7e004c110007f4008300000003400202005002ff00": None,
    "7e004c110007f400830000000340020200": nas.ServiceRequest(
        KEY, nas.ServiceType.DATA, STmsi(2, 3, 3), uplink_data_status=[1]
    ),
    "7e004e50022080": nas.ServiceAccept(pdu_session_status=[5, 15]),
    "7e004d09": nas.ServiceReject(9),
    "7e0054d143059000460068": nas.ConfigurationUpdateCommand(
        configuration_update_indication=nas.ConfigurationUpdateIndication(acknowledgement_requested=True),
        full_name=nas.NetworkName.of("Fh"),
    ),
    "7e0055": nas.ConfigurationUpdateComplete(),
    "7e006501": nas.Notification(1),
    "7e006461": nas.MmStatus(97),
    "7e00670100017812018122040101020325040" + "3696d73": nas.UlNasTransport(
        nas.PayloadContainerType.N1_SM_INFORMATION,
        b"x",
        pdu_session_identity=1,
        request_type=nas.RequestType.INITIAL_REQUEST,
        snssai=SMALL,
        dnn="ims",
    ),
    "7e006801000178120158" + "5b": nas.DlNasTransport(1, b"x", pdu_session_identity=1, cause=91),
    "2e0501c1ffff91a128010055020" + "07b00": None,
    "2e0501c1ffff91": nas.PduSessionEstablishmentRequest(
        5, 1, nas.IntegrityDataRate(), pdu_session_type=nas.PduSessionType.IPV4
    ),
    "2e0501c2110009010006313101" + "01ff0906060064060032" + "2905010a000001": nas.PduSessionEstablishmentAccept(
        5,
        1,
        selected_pdu_session_type=1,
        selected_ssc_mode=1,
        authorized_qos_rules=[nas.default_rule(9)],
        session_ambr=nas.SessionAmbr(nas.BitRate(6, 100), nas.BitRate(6, 50)),
        pdu_address=nas.PduAddress(1, ipv4=bytes([10, 0, 0, 1])),
    ),
    "2e0501c332": nas.PduSessionEstablishmentReject(5, 1, 50),
    "2e0501d324": nas.PduSessionReleaseCommand(5, 1, 36),
    "2e0102cb7a0005010002a103": nas.PduSessionModificationCommand(
        1,
        2,
        authorized_qos_rules=[
            nas.QosRule(1, 5, packet_filters=[nas.PacketFilterIdentifier(3)], default=False),
        ],
    ),
    "2e0001d62f": nas.SmStatus(0, 1, 47),
}
WRITTEN_OUT = {octets: message for octets, message in WRITTEN_OUT.items() if message is not None}


@pytest.mark.parametrize(("octets", "message"), WRITTEN_OUT.items(), ids=lambda value: type(value).__name__)
def test_when_a_message_is_encoded_then_its_octets_are_those_of_the_figures(octets, message):
    assert encode(message).hex() == octets


@pytest.mark.parametrize(("octets", "message"), WRITTEN_OUT.items(), ids=lambda value: type(value).__name__)
def test_when_octets_are_decoded_then_the_message_has_every_value(octets, message):
    decoded = decode(bytes.fromhex(octets))

    assert decoded.faults == ()
    assert decoded.message == message


def test_when_the_registration_request_of_the_figures_is_decoded_then_it_encodes_to_the_same_octets():
    octets = bytes.fromhex((VECTORS / "registration_request.hex").read_text().strip())

    decoded = decode(octets)

    assert decoded.faults == ()
    assert isinstance(decoded.message, nas.RegistrationRequest)
    assert decoded.message.registration_type == nas.RegistrationType(follow_on_request=True, value=1)
    assert decoded.message.ng_ksi == nas.NO_KEY
    assert decoded.message.mobile_identity == Suci(PlmnId("208", "93"), "0000", 0, 0, bytes.fromhex("0000001002"))
    assert decoded.message.ue_security_capability.octets.hex() == "a020000000000000"
    assert encode(decoded.message) == octets


@pytest.mark.parametrize("message", nas.MESSAGES, ids=lambda message: message.__name__)
def test_when_two_messages_are_declared_then_no_type_is_used_twice(message):
    same = [m for m in nas.MESSAGES if (m.__base__, m.message_type) == (message.__base__, message.message_type)]
    assert same == [message]


def test_when_unknown_elements_come_then_they_are_kept_in_order_and_sent_again():
    octets = bytes.fromhex("7e0043" + "3a020102" + "91" + "7d0001ff")

    decoded = decode(octets)

    assert decoded.message == nas.RegistrationComplete(
        unknown_ies=(bytes.fromhex("3a020102"), b"\x91", bytes.fromhex("7d0001ff"))
    )
    assert decoded.faults == ()
    assert encode(decoded.message) == octets


def test_when_a_protected_message_comes_then_its_header_is_split_and_its_content_left_alone():
    octets = bytes.fromhex("7e02a1b2c3d407") + b"ciphered"

    message = decode(octets).message

    assert message == nas.SecurityProtected(2, bytes.fromhex("a1b2c3d4"), 7, b"ciphered")
    assert message.octets == octets


@pytest.mark.parametrize(
    ("message", "element"),
    [
        (nas.RegistrationReject(256), "cause"),
        (nas.AuthenticationRequest(KEY, abba=b""), "abba"),
        (nas.AuthenticationRequest(KEY, abba=b"\0\0", rand=bytes(15)), "rand"),
        (nas.UlNasTransport(1, b"x", dnn="a..b"), "dnn"),
        (nas.UlNasTransport(1, b"x", dnn="a" * 64), "dnn"),
        (nas.RegistrationAccept(nas.RegistrationResult(), pdu_session_status=[16]), "pdu_session_status"),
        (nas.RegistrationAccept(nas.RegistrationResult(), guti=STmsi(1, 2, 3)), "guti"),
        (nas.SecurityModeComplete(imeisv=Pei("imeisv-1")), "imeisv"),
        (nas.PduSessionEstablishmentReject(256, 1, 50), "pdu_session_identity"),
    ],
)
def test_when_a_value_does_not_fit_then_the_error_names_message_and_element(message, element):
    with pytest.raises(ValueError, match=rf"^{type(message).__name__}: .*{element}"):
        encode(message)


def test_when_something_else_than_a_message_is_encoded_then_it_is_refused():
    with pytest.raises(TypeError, match="not a NAS message"):
        encode(nas.RegistrationResult())
