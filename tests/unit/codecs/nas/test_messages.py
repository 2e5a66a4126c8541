"""Every message of TS 24.501 8.2 and 8.3 in octets, and back."""

from pathlib import Path

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import decode, encode
from freehold.spec.identities import Pei, PlmnId, STmsi, Suci
from naskit.samples import KEY, WRITTEN_OUT

VECTORS = Path(__file__).parents[3] / "vectors" / "nas"


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
