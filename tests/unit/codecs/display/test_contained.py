"""Messages within messages are opened, in the text and in the JSON."""

import json
import random

import pytest

from asn1kit.generate import Generator
from eapkit import Generator as EapGenerator
from freehold.codecs import eap, f1ap, lpp, nas, ngap, nrppa, rrc, sms, xnap
from freehold.codecs.display import PROTOCOLS, described, inside, read, render
from freehold.codecs.nas.alone import Sor, encode_alone
from freehold.codecs.nas.policy import ManageUePolicyComplete, encode_policy
from smskit import Generator as SmsGenerator

SETUP_REQUEST = bytes.fromhex("1d7b7b1bcd16")
"""An RRCSetupRequest of mo-Data."""


def any_value(name, room, type_name, seed=3, optional=0.1):
    return Generator(name, room, random.Random(seed), optional).named(type_name)


def only(row, message, header=None):
    """The one message within `message`, after it crossed the wire, and what is shown of all of it."""
    reading = PROTOCOLS[row].decode(PROTOCOLS[row].encode(message, header))
    ((path, found),) = inside(reading)
    return path, found, render(reading)


def downlink(seed=0):
    value = any_value("rrc", rrc, "DLDCCHMessage", seed)
    return value, rrc.encode_value(value)


def test_when_f1ap_brings_the_first_message_of_a_terminal_then_rrc_is_opened():
    message = any_value("f1ap", f1ap, "InitialULRRCMessageTransfer", optional=0)
    path, found, shown = only("f1ap", with_(message, rrc_container=SETUP_REQUEST))
    assert (path, found.protocol, found.title) == ("rrc_container", "rrc", "ULCCCHMessage rrcSetupRequest")
    assert "  rrc_container: NR Radio Resource Control: ULCCCHMessage rrcSetupRequest" in shown


def with_(message, **fields):
    """A message with other fields."""
    values = {name: getattr(message, name) for name in type(message).__struct_fields__}
    return type(message)(**values | fields)


def test_when_rrc_stands_in_a_pdcp_pdu_then_its_header_is_shown_beside_it():
    value, octets = downlink()
    message = any_value("f1ap", f1ap, "DLRRCMessageTransfer", optional=0)
    _, found, shown = only("f1ap", with_(message, rrc_container=b"\x00\x05" + octets + b"\1\2\3\4"))
    assert found.message == value
    assert (found.header.sequence_number, found.header.message_authentication_code) == (5, b"\1\2\3\4")
    assert any("sequence_number: 5" in line for line in shown)


@pytest.mark.parametrize("container", [b"", b"\0", b"\x00\x05" + bytes(range(200, 240)), b"\xf0" + bytes(9)])
def test_when_a_pdcp_pdu_cannot_be_read_then_its_octets_are_shown(container):
    message = any_value("f1ap", f1ap, "ULRRCMessageTransfer", optional=0)
    reading = PROTOCOLS["f1ap"].decode(f1ap.encode(with_(message, rrc_container=container)))
    assert list(inside(reading)) == []
    assert f"  rrc_container: {container.hex() or 'empty'}" in render(reading)


def test_when_ngap_carries_nrppa_then_it_is_opened_with_its_transaction():
    inner = any_value("nrppa", nrppa, "ECIDMeasurementInitiationRequest")
    message = any_value("ngap", ngap, "DownlinkUEAssociatedNRPPaTransport", optional=0)
    _, found, _ = only("ngap", with_(message, nrp_pa_pdu=nrppa.encode(inner, 77)))
    assert (found.message, found.header.transaction_id) == (inner, 77)


def test_when_a_handover_carries_containers_in_containers_then_each_is_opened():
    preparation = any_value("rrc", rrc, "HandoverPreparationInformation", optional=0)
    kind = "SourceNGRANNodeToTargetNGRANNodeTransparentContainer"
    container = with_(any_value("ngap", ngap, kind, optional=0), rrc_container=rrc.encode_value(preparation))
    message = any_value("ngap", ngap, "HandoverRequired", optional=0)
    octets = ngap.encode_value(container)
    _, found, _ = only("ngap", with_(message, source_to_target_transparent_container=octets))
    assert found.message == container
    ((path, deepest),) = inside(found)
    assert (path, deepest.message) == ("rrc_container", preparation)


def test_when_xnap_carries_a_ues_context_then_it_is_opened():
    preparation = any_value("rrc", rrc, "HandoverPreparationInformation", optional=0)
    message = any_value("xnap", xnap, "HandoverRequest", optional=0)
    context = with_(message.ue_context_info_ho_request, rrc_context=rrc.encode_value(preparation))
    _, found, _ = only("xnap", with_(message, ue_context_info_ho_request=context))
    assert found.message == preparation


def transport(kind, payload):
    return nas.DlNasTransport(payload_container_type=kind, payload_container=payload)


def test_when_nas_carries_lpp_then_it_is_opened():
    value = any_value("lpp", lpp, "LPPMessage", optional=0.3)
    path, found, _ = only("nas", transport(3, lpp.encode_value(value)))
    assert (path, found.protocol, found.message) == ("payload_container", "lpp", value)


def test_when_nas_carries_a_ue_policy_or_steering_then_it_is_opened():
    policy = ManageUePolicyComplete(pti=5)
    _, found, shown = only("nas", transport(5, encode_policy(policy)))
    assert found.message == policy
    assert any("UE policy delivery: ManageUePolicyComplete" in line for line in shown)
    steering = Sor(value=nas.SorAcknowledgement(False, False, True, mac_i_ue=bytes(16)))
    _, found, _ = only("nas", transport(4, encode_alone(steering)))
    assert found.message == steering


@pytest.mark.parametrize("seed", range(12))
def test_when_nas_carries_a_short_message_then_it_is_opened(seed):
    value = SmsGenerator(seed).message()
    path, found, shown = only("nas", transport(2, sms.encode(value)))
    assert (path, found.protocol, found.message) == ("payload_container", "sms", value)
    assert f"  payload_container: Short message: {type(value).__name__}" in shown


def test_when_a_short_message_is_in_a_control_plane_service_request_then_it_is_opened():
    value = SmsGenerator(5).message()
    request = nas.ControlPlaneServiceRequest(
        control_plane_service_type=0,
        ng_ksi=nas.NO_KEY,
        ciot_small_data_container=nas.SmsContainer(0, sms.encode(value)),
    )
    path, found, _ = only("nas", request)
    assert (path, found.message) == ("ciot_small_data_container.data", value)


@pytest.mark.parametrize("seed", range(12))
def test_when_nas_carries_eap_then_it_is_opened(seed):
    value = EapGenerator(seed).message()
    path, found, shown = only("nas", nas.AuthenticationRequest(nas.NO_KEY, b"\0\0", eap_message=eap.encode(value)))
    assert (path, found.protocol, found.message) == ("eap_message", "eap", value)
    assert f"  eap_message: Extensible Authentication Protocol: {type(value).__name__}" in shown


def test_when_nas_is_ciphered_with_5g_ea0_then_its_content_is_opened():
    plain = nas.encode(nas.RegistrationComplete())
    reading = PROTOCOLS["nas"].decode(b"\x7e\x02aaaa\0" + plain)
    assert not reading.ciphered
    assert [found.name for _, found in inside(reading)] == ["RegistrationComplete"]


def test_when_a_message_is_described_then_what_it_contains_stands_beside_it_and_reads_back():
    octets = ngap.encode(
        with_(any_value("ngap", ngap, "DownlinkNASTransport", optional=0), nas_pdu=nas.encode(transport(3, b"\xff")))
    )
    document = json.loads(json.dumps(described(PROTOCOLS["ngap"].decode(octets))))
    (inner,) = document["contained"]
    assert (inner["in"], inner["protocol"], inner["name"]) == ("nas_pdu", "nas", "DlNasTransport")
    assert "contained" not in inner
    row = PROTOCOLS["ngap"]
    assert row.encode(read(document["message"], row.class_named)) == octets
