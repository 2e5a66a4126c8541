"""What TS 24.501 clause 7 asks for when a message is wrong."""

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import decode


def faults(octets):
    return [(fault.kind, fault.cause, fault.element) for fault in decode(bytes.fromhex(octets)).faults]


@pytest.mark.parametrize("octets", ["", "7e", "7e00", "7e02", "7e02a1b2c3d4", "7e02a1b2c3d407", "2e", "2e0501"])
def test_when_a_message_is_too_short_for_its_type_then_it_is_ignored(octets):  # TS 24.501 7.2
    assert decode(bytes.fromhex(octets)).message is None
    assert faults(octets) == [("too short", None, "")]


@pytest.mark.parametrize("octets", ["00", "7f0041", "0741"])
def test_when_the_protocol_discriminator_is_unknown_then_the_message_is_ignored(octets):
    assert faults(octets) == [("unknown protocol discriminator", None, "")]


@pytest.mark.parametrize("header", range(5, 16))
def test_when_the_security_header_type_is_reserved_then_the_message_is_ignored(header):
    assert faults(f"7e0{header:x}00000000000043") == [("unknown security header type", None, "")]


@pytest.mark.parametrize("octets", ["7e0000", "7e00ff", "7e0040", "2e0501c0", "2e0501ff"])
def test_when_the_message_type_is_unknown_then_the_cause_is_97(octets):  # TS 24.501 7.4
    assert faults(octets) == [("unknown message type", 97, "")]


@pytest.mark.parametrize(
    ("octets", "element"),
    [
        ("7e0041", "registration_type"),
        ("7e004179", "mobile_identity"),
        ("7e0044", "cause"),
        ("7e005601", "abba"),
        ("2e0501c2", "selected_pdu_session_type"),
        ("2e0501c211000601000301", "session_ambr"),
    ],
)
def test_when_a_mandatory_element_is_missing_or_cut_then_the_cause_is_96(octets, element):  # TS 24.501 7.5.1
    decoded = decode(bytes.fromhex(octets))

    assert decoded.message is None
    assert [(fault.cause, fault.element) for fault in decoded.faults][-1] == (96, element) or element == "session_ambr"
    assert decoded.faults[-1].cause == 96


@pytest.mark.parametrize(
    "identity",
    [
        "0000",  # no octet at all
        "000101",  # a SUCI of its first octet alone
        "0003" + "f200f1",  # a 5G-GUTI cut short
        "000b" + "f2" + "0af110" + "010083deadbeef",  # a digit above 9
        "000b" + "f2" + "ffffff" + "010083deadbeef",  # MCC and MNC all filler
        "0004" + "f4000000",  # a short 5G-S-TMSI
        "0008" + "4b0a512430325781",  # an IMEI with a digit above 9
        "0007" + "43091524303257",  # an IMEI whose length is not odd
        "0001" + "0e",  # a MAC address without octets
        "00ff" + "01",  # longer than the message
        "0008" + "0100f1100000",  # a SUCI longer than the message
    ],
)
def test_when_the_mobile_identity_is_malformed_then_the_cause_is_96(identity):
    octets = "7e004179" + identity

    assert decode(bytes.fromhex(octets)).message is None
    assert faults(octets)[-1] == ("mandatory element invalid", 96, "mobile_identity")


def test_when_the_identity_is_none_then_it_decodes_as_none():
    assert decode(bytes.fromhex("7e005c000100")).message == nas.IdentityResponse(nas.NoIdentity(b""))


def test_when_an_unknown_element_must_be_comprehended_then_the_message_is_refused():  # TS 24.501 7.5.1
    decoded = decode(bytes.fromhex("7e00430a0100"))

    assert decoded.message is None
    assert faults("7e00430a0100") == [("unknown element with comprehension required", 96, "0x0a")]


def test_when_an_element_is_repeated_then_the_first_counts():  # TS 24.501 7.6.3
    decoded = decode(bytes.fromhex("7e00440f" + "16010c" + "16010d"))

    assert decoded.message == nas.RegistrationReject(15, t3502=nas.GprsTimer(0, 12))
    assert faults("7e00440f16010c16010d") == [("element repeated", None, "t3502")]


def test_when_an_element_comes_out_of_sequence_then_it_is_taken_and_told():  # TS 24.501 7.6.2
    octets = "7e00440f" + "16010c" + "5f0121"

    assert decode(bytes.fromhex(octets)).message == nas.RegistrationReject(
        15, t3346=nas.GprsTimer(1, 1), t3502=nas.GprsTimer(0, 12)
    )
    assert faults(octets) == [("element out of sequence", None, "t3346")]


def test_when_an_optional_element_is_malformed_then_it_is_as_if_it_were_absent():  # TS 24.501 7.7.1
    octets = "7e00440f" + "1600" + "5f0121"

    assert decode(bytes.fromhex(octets)).message == nas.RegistrationReject(15, t3346=nas.GprsTimer(1, 1))
    assert faults(octets)[0] == ("optional element invalid", None, "t3502")


@pytest.mark.parametrize("cut", ["16", "1601", "7a", "7a00", "7a0002ff", "3a05"])
def test_when_the_last_element_is_truncated_then_the_rest_of_the_message_stands(cut):
    decoded = decode(bytes.fromhex("7e00440f" + cut))

    assert decoded.message == nas.RegistrationReject(15)
    assert [fault.kind for fault in decoded.faults] == ["last element truncated"]


def test_when_an_element_is_longer_than_this_release_knows_then_the_rest_is_ignored():  # TS 24.007 11.2.4
    octets = "7e00440f" + "16020cff"

    assert decode(bytes.fromhex(octets)).message == nas.RegistrationReject(15, t3502=nas.GprsTimer(0, 12))
    assert faults(octets) == [("element too long", None, "t3502")]


@pytest.mark.parametrize(
    "dnn",
    ["2500", "250100", "25020061", "2504" + "03610062", "2565" + "3f" + "61" * 63 + "24" + "61" * 36, "2503056162"],
)
def test_when_a_dnn_is_empty_long_or_has_an_empty_label_then_it_is_ignored(dnn):
    decoded = decode(bytes.fromhex("7e006701000178" + dnn))

    assert decoded.message == nas.UlNasTransport(1, b"x")
    assert decoded.faults[0].element == "dnn"


@pytest.mark.parametrize(
    "rules",
    [
        "01",  # a rule without a length
        "010000",  # a rule of no octets
        "01ffff21",  # longer than the element
        "01000621310101ff",  # cut inside its last octet
        "010004" + "21310a01",  # a filter longer than the rule
        "010005" + "2131025001",  # a port cut
        "010004" + "2131" + "01ff",  # an unknown component
        "01000" + "12f",  # filters announced, none there
    ],
)
def test_when_a_qos_rule_is_malformed_then_the_command_stands_without_it(rules):
    octets = bytes.fromhex("2e0102cb7a") + len(bytes.fromhex(rules)).to_bytes(2, "big") + bytes.fromhex(rules)

    decoded = decode(octets)

    assert decoded.message == nas.PduSessionModificationCommand(1, 2)
    assert decoded.faults[0].element == "authorized_qos_rules"


@pytest.mark.parametrize("descriptions", ["0920", "092041", "0920410109", "092041010" + "2", "09207f"])
def test_when_a_qos_flow_description_is_malformed_then_the_command_stands_without_it(descriptions):
    if len(descriptions) % 2:
        descriptions += "0"
    octets = bytes.fromhex("2e0102cb79") + (len(descriptions) // 2).to_bytes(2, "big") + bytes.fromhex(descriptions)

    decoded = decode(octets)

    assert decoded.message == nas.PduSessionModificationCommand(1, 2)
    assert decoded.faults


@pytest.mark.parametrize("options", ["80000d", "80000d04", "80000d04010203", "8000", "80002301"])
def test_when_configuration_options_are_cut_then_they_are_ignored(options):
    octets = bytes.fromhex("2e0501c1ffff7b") + (len(options) // 2).to_bytes(2, "big") + bytes.fromhex(options)

    decoded = decode(octets)

    assert decoded.message == nas.PduSessionEstablishmentRequest(5, 1, nas.IntegrityDataRate())
    assert decoded.faults[0].element == "extended_pco"


def test_when_the_network_sends_a_long_container_then_its_length_has_two_octets():  # TS 24.008 10.5.6.3A
    octets = bytes.fromhex("2e0501cc7b000480002300"), bytes.fromhex("2e0501cb7b0006800023000101")

    uplink, downlink = (decode(each).message.extended_pco.options for each in octets)

    assert uplink == [nas.ExtendedConfigurationOption(0x0023, b"")]
    assert downlink == [nas.ExtendedConfigurationOption(0x0023, b"\x01")]


def test_when_a_message_has_64_kibibytes_then_it_is_read_within_bounds():
    request = bytes.fromhex("7e0067010001" + "78") + b"\x7d\xff\xf0" + bytes(0xFFF0)

    decoded = decode(request)

    assert len(decoded.message.unknown_ies) == 1
    assert decoded.faults == ()


def test_when_an_element_comes_a_thousand_times_then_faults_are_bounded():
    decoded = decode(bytes.fromhex("7e00440f") + bytes.fromhex("16010c") * 1000)

    assert decoded.message == nas.RegistrationReject(15, t3502=nas.GprsTimer(0, 12))
    assert len(decoded.faults) == 16


def test_when_thousands_of_unknown_elements_come_then_what_is_kept_is_bounded():
    decoded = decode(bytes.fromhex("7e00440f") + b"\x91" * 60000)

    assert len(decoded.message.unknown_ies) == 255


def test_when_a_list_has_more_items_than_a_message_may_hold_then_it_is_malformed():
    rules = bytes.fromhex("01000120") * 300
    decoded = decode(bytes.fromhex("2e0102cb7a") + len(rules).to_bytes(2, "big") + rules)

    assert decoded.message == nas.PduSessionModificationCommand(1, 2)
    assert decoded.faults[0].kind == "optional element invalid"


def test_when_most_of_an_element_is_of_a_later_release_and_the_rest_too_short_then_it_is_ignored():  # TS 24.007 11.2.4
    whole = "7e0054" + "730006" + "05" + "07" + "020101" + "03"  # a group of one slice, as short as can be
    later = "7e0054" + "73000b" + "0a" + "07" + "00" + "03" + "00" + "000000000000"  # none, and octets not known here
    longer = "7e0054" + "73000b" + "0a" + "07" + "020101" + "03" + "00" + "00000000"

    assert faults(whole) == []
    assert faults(later) == [("optional element invalid", None, "nsag_information")]
    assert faults(longer) == []
    for octets in (whole, later, longer):
        message = decode(bytes.fromhex(octets)).message
        assert decode(nas.encode(message)).message == message
