"""Whatever is decoded comes back from its JSON as an equal value, and as the same octets."""

import json
import random
from pathlib import Path

import pytest

from asn1kit import tables
from asn1kit.generate import Generator as Asn1Generator
from eapkit import Generator as EapGenerator
from freehold.codecs import eap, nas, ngap, sms
from freehold.codecs.display import PROTOCOLS, carried_by, guess, read, render, write
from naskit import Generator
from smskit import Generator as SmsGenerator

VECTORS = Path(__file__).parents[3] / "vectors" / "codec"


def again(row, message):
    return read(json.loads(json.dumps(write(message))), row.class_named)


@pytest.mark.parametrize("message", nas.MESSAGES, ids=lambda message: message.__name__)
def test_when_a_nas_message_becomes_json_then_it_comes_back(message):
    row = PROTOCOLS["nas"]
    for seed in range(6):
        value = Generator(seed, optional=0.6).message(message)
        came = again(row, value)
        assert came == value
        assert row.encode(came) == nas.encode(value)
        assert render(row.decode(nas.encode(value)))[0].endswith(message.__name__)


@pytest.mark.parametrize("name", [name for name, _ in tables.messages("ngap")])
def test_when_an_ngap_message_becomes_json_then_it_comes_back(name):
    row = PROTOCOLS["ngap"]
    maker = Asn1Generator("ngap", ngap, random.Random(name), 0.5)
    value = maker.named(name)
    came = again(row, value)
    assert came == value
    assert row.encode(came) == ngap.encode(value)
    assert name in render(row.decode(ngap.encode(value)))[0]


@pytest.mark.parametrize("octets", ["320100040000000000010000", "34ff000c0000000100000085010001000a0b0c0d"])
def test_when_a_gtpu_message_becomes_json_then_its_octets_are_the_same(octets):
    row = PROTOCOLS["gtpu"]
    message = row.decode(bytes.fromhex(octets)).message
    assert row.encode(again(row, message)).hex() == octets


@pytest.mark.parametrize(("name", "room", "generator"), [("sms", sms, SmsGenerator), ("eap", eap, EapGenerator)])
def test_when_a_short_message_or_eap_becomes_json_then_it_comes_back(name, room, generator):
    row = PROTOCOLS[name]
    for seed in range(200):
        value = generator(seed).message()
        octets = room.encode(value)
        reading = row.decode(octets)
        assert again(row, reading.message) == value
        assert row.encode(again(row, reading.message)) == octets
        assert [each.name for each in guess(octets)] == [name]
        assert render(reading)[0] == f"{row.title}: {type(value).__name__}"


@pytest.mark.parametrize(
    ("row", "octets", "lines"),
    [
        (
            "sms",
            "19011b" + "0005" + "0007914477581006f5" + "0f" + "01000b916407281553f8000002e834",
            ["user_data: RpData", "number: 46708251358", "content: hi"],
        ),
        ("sms", "991060", ["cause: 96 (invalid mandatory information)"]),
        ("eap", "01070005" + "01", ["method: Identity"]),
        ("eap", "0207000b01" + b"0user1".hex(), ['data: "0user1"']),
        ("eap", "0207000601ff", ["data: ff"]),
        ("eap", "0207000703" + "3217", ["wanted: 2 items", "1: 50 (eap aka prime)", "2: 23 (eap aka)"]),
        ("eap", "0105000c" + "320c0000" + "0c018000", ["subtype: 12 (notification)", "value: 32768 (success)"]),
    ],
)
def test_when_a_short_message_or_eap_is_shown_then_its_numbers_are_named(row, octets, lines):
    shown = [line.strip() for line in render(PROTOCOLS[row].decode(bytes.fromhex(octets)))]
    assert set(lines) <= set(shown), shown


@pytest.mark.parametrize(
    ("row", "octets", "fault"),
    [
        ("sms", "19010105", "  ! too short (TS 24.011 9.3.1)"),
        ("sms", "19010705070126", "  ! mandatory element invalid (TS 24.011 9.2.4)"),
        ("sms", "19010700050000021300", "  ! unknown message type (TS 23.040 9.2.3.1)"),
        ("eap", "01010008" + "320c0000", "  ! mandatory attribute missing, AT_NOTIFICATION (RFC 4187 10.1)"),
        ("eap", "0101000c" + "32050000" + "7f010000", "  ! non-skippable attribute unknown, 127 (RFC 4187 8.1)"),
    ],
)
def test_when_a_short_message_or_eap_is_wrong_then_the_clause_is_of_the_specification_that_says_so(row, octets, fault):
    assert fault in render(PROTOCOLS[row].decode(bytes.fromhex(octets)))


def test_when_octets_fit_one_protocol_alone_then_it_is_guessed():
    octets = bytes.fromhex((VECTORS / "ngap_initial_ue.hex").read_text())
    assert [row.name for row in guess(octets)] == ["ngap"]


def test_when_an_initial_ue_message_is_shown_then_its_nas_message_is_opened():
    octets = bytes.fromhex((VECTORS / "ngap_initial_ue.hex").read_text())
    lines = [line.strip() for line in render(PROTOCOLS["ngap"].decode(octets))]
    assert lines[0] == "NG Application Protocol: InitialUEMessage"
    assert "nas_pdu: Non-access stratum of 5GS: RegistrationRequest" in lines
    assert "plmn: 208/93" in lines
    assert "tac: 1 (000001)" in lines
    assert "rrc_establishment_cause: mo-Signalling" in lines


def test_when_a_tunnel_is_shown_then_its_address_and_teid_can_be_read():
    octets = bytes.fromhex((VECTORS / "ngap_pdusess_setup.hex").read_text())
    shown = "\n".join(render(PROTOCOLS["ngap"].decode(octets)))
    assert "transport_layer_address: " in shown
    assert shown.count(".") >= 3


def test_when_a_cause_is_shown_then_it_is_named():
    octets = nas.encode(nas.RegistrationReject(cause=3))
    assert "  cause: 3 (illegal ue)" in render(PROTOCOLS["nas"].decode(octets))


def test_when_a_nas_message_is_ciphered_then_it_is_shown_as_such():
    reading = PROTOCOLS["nas"].decode(bytes.fromhex("7e02aabbccdd05deadbeef"))
    assert reading.ciphered
    assert "ciphered" in render(reading)[0]
    assert "  security_header: 2 (integrity ciphered)" in render(reading)


@pytest.mark.parametrize(("name", "clause"), [("nas", "TS 24.501 7"), ("ngap", "TS 38.413 10.2"), ("pfcp", "7.6.3")])
def test_when_octets_are_no_message_then_the_fault_names_its_clause(name, clause):
    octets = {"nas": "7e", "ngap": "0000", "pfcp": "2032"}[name]
    reading = PROTOCOLS[name].decode(bytes.fromhex(octets))
    assert reading.message is None
    assert any(clause in fault for fault in reading.faults)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"@": "Nothing"}, "no class 'Nothing'"),
        ({"@": 5}, "no class 5"),
        ({"@": "RegistrationReject", "colour": 1}, "no field 'colour'"),
        ({"@": "RegistrationReject"}, "cause"),
        ({"@": "RegistrationReject", "cause": {"hex": "0g"}}, "message.cause: not hexadecimal"),
        ({"@": "RegistrationReject", "cause": {"hex": 5}}, "message.cause: not hexadecimal"),
        ({"tuple": 4}, "an object is"),
        ({}, "an object is"),
    ],
)
def test_when_json_is_no_value_then_it_is_said_what_is_wrong_where(document, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        read(document, PROTOCOLS["nas"].class_named)


@pytest.mark.parametrize("cause", ["x", None, 1000, -1, [1], True + 500])
def test_when_a_field_has_the_wrong_type_or_range_then_encoding_says_so(cause):
    with pytest.raises(ValueError, match=r"RegistrationReject|cause"):
        PROTOCOLS["nas"].encode(nas.RegistrationReject(cause=cause))


def test_when_json_is_nested_without_end_then_it_is_refused():
    document = 1
    for _ in range(300):
        document = [document]
    with pytest.raises(ValueError, match="nested deeper"):
        read(document, PROTOCOLS["nas"].class_named)


ASN1 = [(each, name) for each in ("xnap", "f1ap", "e1ap", "e2ap", "nrppa") for name, _ in tables.messages(each)]


@pytest.mark.parametrize(("protocol", "name"), ASN1)
def test_when_a_message_of_any_asn1_protocol_becomes_json_then_it_comes_back(protocol, name):
    row = PROTOCOLS[protocol]
    value = Asn1Generator(protocol, row.room, random.Random(name), 0.3).named(name)
    octets = row.room.encode(value, 517) if row.headed else row.room.encode(value)
    reading = row.decode(octets)
    assert reading.message == value
    header = again(row, reading.header)
    assert row.encode(again(row, value), header) == octets
    assert name in render(reading)[0]


CHANNELS = ["DLDCCHMessage", "ULDCCHMessage", "DLCCCHMessage", "ULCCCHMessage", "BCCHDLSCHMessage", "PCCHMessage"]
ALONE = [("rrc", name) for name in [*CHANNELS, "HandoverPreparationInformation", "CellGroupConfig", "UENRCapability"]]


@pytest.mark.parametrize(("protocol", "name"), [*ALONE, ("lpp", "LPPMessage")])
@pytest.mark.parametrize("seed", range(4))
def test_when_a_value_that_travels_alone_becomes_json_then_it_comes_back(protocol, name, seed):
    row = PROTOCOLS[protocol]
    value = Asn1Generator(protocol, row.room, random.Random(seed), 0.3).named(name)
    octets = row.room.encode_value(value)
    reading = row.decode(octets, name)
    assert (reading.message, reading.faults) == (value, ())
    document = write(value)
    assert document["@"] == name
    assert row.encode(read(json.loads(json.dumps(document)), row.class_named)) == octets
    assert name in render(reading)[0]


def test_when_no_type_is_said_then_the_first_channel_that_fits_is_taken():
    row = PROTOCOLS["rrc"]
    octets = bytes.fromhex("1d7b7b1bcd16")  # an RRCSetupRequest of mo-Data
    assert [each.name for each in guess(octets)] == ["rrc"]
    reading = row.decode(octets)
    assert row.fits(reading, octets)
    said = row.decode(octets, "ULCCCHMessage")
    assert said.title == "ULCCCHMessage rrcSetupRequest"


@pytest.mark.parametrize(("protocol", "name"), [("rrc", "Nothing"), ("rrc", "__class__"), ("pfcp", "FTEID")])
def test_when_a_type_does_not_travel_alone_then_it_is_said(protocol, name):
    with pytest.raises(ValueError, match=name):
        PROTOCOLS[protocol].decode(b"\0", name)


def test_when_nrppa_lacks_its_header_then_encoding_says_so():
    row = PROTOCOLS["nrppa"]
    value = Asn1Generator("nrppa", row.room, random.Random(1), 0.1).named("ECIDMeasurementInitiationRequest")
    with pytest.raises(ValueError, match="header"):
        row.encode(value)


def test_when_a_sender_chose_another_criticality_then_the_same_octets_are_written_again():
    row = PROTOCOLS["ngap"]
    octets = bytearray.fromhex((VECTORS / "ngap_initial_ue.hex").read_text())
    octets[2] = 0x00  # reject, where TS 38.413 9.4.3 has ignore
    reading = row.decode(bytes(octets))
    header = read(json.loads(json.dumps(write(reading.header))), row.class_named)
    assert row.encode(reading.message, header) == bytes(octets)
    assert row.encode(reading.message)[2] == 0x40


def test_when_octets_follow_a_gtpu_message_then_they_are_not_part_of_it():
    octets = bytes.fromhex("320100040000000000010000")
    assert list(PROTOCOLS["gtpu"].split(octets + b"\0\1\2")) == [octets]
    assert list(PROTOCOLS["gtpu"].split(b"\x32")) == [b"\x32"]


@pytest.mark.parametrize(
    ("protocol", "octets", "clause"),
    [
        ("rrc", "", "(TS 38.331 10.2)"),
        ("lpp", "", "(TS 37.355 5.4.3)"),
        ("nas", "0000000000", "(TS 24.501 9.2)"),
        ("pfcp", "4032000000000000", "(TS 29.244 7.6.2)"),
        ("gtpu", "50010000", "(TS 29.281 5.1)"),
        ("ngap", "000f40040000000000", "(TS 38.413 10.3.5)"),
    ],
)
def test_when_octets_break_a_rule_then_the_fault_cites_it(protocol, octets, clause):
    reading = PROTOCOLS[protocol].decode(bytes.fromhex(octets))
    assert any(fault.endswith(clause) for fault in reading.faults), reading.faults


@pytest.mark.parametrize(
    ("ppid", "ports", "protocol"),
    [
        (60, (1, 2), "ngap"),
        (61, (1, 2), "xnap"),
        (62, (1, 2), "f1ap"),
        (64, (1, 2), "e1ap"),
        (71, (1, 2), "e2ap"),
        (0, (38472, 9), "f1ap"),
        (None, (8805, 9), "pfcp"),
        (None, (9, 2152), "gtpu"),
    ],
)
def test_when_a_payload_says_its_protocol_then_its_row_is_found(ppid, ports, protocol):
    assert carried_by(ppid, ports) is PROTOCOLS[protocol]
    assert carried_by(66, ports) is None


@pytest.mark.parametrize(
    ("protocol", "octets", "said"),
    [
        ("ngap", "000f40040000000000", "IE 85 RAN-UE-NGAP-ID, missing"),
        ("pfcp", "2132000c000000000000000000000100", "IE 60 NodeID"),
    ],
)
def test_when_an_element_is_missing_then_the_fault_names_it(protocol, octets, said):
    reading = PROTOCOLS[protocol].decode(bytes.fromhex(octets))
    assert any(said in fault for fault in reading.faults), reading.faults
