"""Every message type of TS 24.501 9.7 and the values of its elements, in octets written out by hand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from freehold.codecs import nas
from freehold.codecs.nas import MmMessage, decode, encode
from freehold.codecs.nas.compile import declared, fields_of
from freehold.codecs.nas.layout import Rest
from freehold.spec.identities import PlmnId, SNssai, Tai
from naskit import Generator

# TS 24.501 tables 9.7.1 and 9.7.2
MOBILITY = (*range(0x41, 0x49), *range(0x4C, 0x53), *range(0x54, 0x60), *range(0x64, 0x6E))
SESSION = (*range(0xC1, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCE), *range(0xD1, 0xD5), 0xD6, *range(0xD8, 0xDC))
PLMN = PlmnId("001", "01")


def test_when_the_tables_of_message_types_are_walked_then_every_type_has_its_message():
    declared_types = {(issubclass(message, MmMessage), message.message_type) for message in nas.MESSAGES}

    assert declared_types == {(True, kind) for kind in MOBILITY} | {(False, kind) for kind in SESSION}


@pytest.mark.parametrize("message", nas.MESSAGES, ids=lambda message: message.__name__)
def test_when_a_message_of_any_type_comes_then_it_decodes_to_its_class(message):
    octets = encode(Generator(1, 0.0).message(message))

    decoded = decode(octets)

    assert type(decoded.message) is message
    assert decoded.faults == ()


# what TS 24.501 leaves to another function, protocol or release stays octets
OPAQUE = {
    "additional_information",
    "dn_request_container",
    "eap_message",
    "eps_nas_message_container",
    "nas_message_container",
    "payload_container",
    "port_management_container",
    "response_parameter",
    "abba",
}


def test_when_the_elements_of_all_messages_are_walked_then_only_opaque_ones_are_octets():
    found = set()
    for message in nas.MESSAGES:
        for name, annotation in fields_of(message):
            kind, marks = declared(annotation)
            if kind is bytes and any(isinstance(mark, Rest) for mark in marks):
                found.add(name)

    assert found == OPAQUE


def element(message, name, value, octets):
    """The octets of one optional element of a message without any other."""
    built = message(**value) if isinstance(value, dict) else value
    head = encode(Generator(0, 0.0).message(message))
    assert encode(built).startswith(head[:3])
    assert encode(built).hex().endswith(octets)
    assert getattr(decode(encode(built)).message, name) == getattr(built, name)
    assert decode(encode(built)).faults == ()


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("cag_information", [nas.CagEntry(PLMN, True, [1])], "750009" + "08" + "00f110" + "01" + "00000001"),
        (
            "extended_rejected_nssai",
            [nas.RejectedSlices([nas.ExtendedRejectedSNssai(2, nas.SNssaiElement(SNssai(1)))])],
            "6803" + "00" + "1201",
        ),
        (
            "extended_rejected_nssai",
            [
                nas.RejectedSlicesForATime(
                    nas.GprsTimer3(3, 5), [nas.ExtendedRejectedSNssai(3, nas.SNssaiElement(SNssai(1, 2)))]
                )
            ],
            "6807" + "10" + "65" + "4301000002",
        ),
        ("disaster_return_wait_range", nas.RegistrationWaitRange(nas.GprsTimer(1, 2), nas.GprsTimer(1, 3)), "2c022223"),
    ],
)
def test_when_a_rejection_has_an_element_then_its_octets_are_those_of_the_figure(name, value, octets):
    element(nas.RegistrationReject, name, {"cause": 15, name: value}, octets)


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        (
            "nssrg_information",
            [nas.SliceGroups(nas.SNssaiElement(SNssai(1)), [7, 9])],
            "700005" + "04" + "0101" + "0709",
        ),
        (
            "nsag_information",
            [nas.SliceAccessGroup(5, [nas.SNssaiElement(SNssai(1))], 2, nas.tai_list([Tai(PLMN, 1)]))],
            "730" + "00e" + "0d" + "05" + "020101" + "02" + "07" + "00" + "00f110" + "000001",
        ),
        ("updated_peips_assistance", [nas.PagingAssistance(1, 10)], "1f012a"),
        ("truncated_s_tmsi_configuration", nas.TruncatedSTmsiConfiguration(5, 3), "1b0153"),
        (
            "operator_access_categories",
            [nas.AccessCategoryDefinition(9, True, 33, [nas.Criterion(0, nas.DnnCriterion(["ims"]))], 4)],
            "76000c" + "0b" + "09" + "81" + "07" + "00" + "01" + "04" + "03696d73" + "04",
        ),
        ("disaster_plmns", [PLMN], "130300f110"),
        (
            "service_level_aa_container",
            [
                nas.ServiceLevelParameter(nas.DEVICE_ID, b"id"),
                nas.ServiceLevelParameter(nas.RESPONSE, nas.ServiceLevelResponse(0, 1)),
                nas.ServiceLevelParameter(nas.PAYLOAD, b"x"),
                nas.ServiceLevelParameter(nas.PENDING, 1),
            ],
            "72000c" + "10026964" + "300101" + "70000178" + "a1",
        ),
    ],
)
def test_when_a_configuration_update_has_an_element_then_its_octets_are_those_of_the_figure(name, value, octets):
    element(nas.ConfigurationUpdateCommand, name, {name: value}, octets)


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (nas.SorAcknowledgement(False, False, False, bytes(16)), "730011" + "01" + "00" * 16),
        (
            nas.SorPlmnList(True, True, bytes(16), 3, [nas.PreferredPlmn(PLMN, 0x0800)]),
            "730018" + "0e" + "00" * 16 + "0003" + "00f110" + "0800",
        ),
        (nas.SorSecuredPacket(False, True, bytes(16), 3, b"p"), "730014" + "02" + "00" * 16 + "0003" + "70"),
    ],
)
def test_when_roaming_is_steered_then_the_container_has_its_mac_and_counter(value, octets):  # TS 24.501 9.11.3.51
    element(nas.RegistrationComplete, "sor_transparent_container", {"sor_transparent_container": value}, octets)


def test_when_a_remote_ue_is_reported_then_its_context_is_read():  # TS 24.501 9.11.4.29
    context = nas.RemoteUeContext(
        False, 1, b"ue@x", True, False, 1, bytes([10, 0, 0, 1]), udp_ports=nas.PortRange(1000, 1001)
    )
    report = nas.RemoteUeReport(1, 2, connected=nas.RemoteUeContexts([context]))

    octets = "76" + "0011" + "01" + "0f" + "01" + "04" + b"ue@x".hex() + "11" + "0a000001" + "03e803e9"
    assert encode(report).hex() == "2e0102da" + octets
    assert decode(encode(report)).message == report


def test_when_a_multicast_session_is_joined_then_its_group_is_read():  # TS 24.501 9.11.4.30
    join = [nas.MulticastRequest(1, nas.TMGI, nas.Tmgi(0x010203, PLMN))]
    request = nas.PduSessionModificationRequest(1, 2, requested_mbs_container=join)

    assert encode(request).hex() == "2e0102c9" + "70" + "0008" + "05" + "06" + "010203" + "00f110"
    assert decode(encode(request)).message == request


def test_when_bearers_are_mapped_then_each_has_its_parameters():  # TS 24.501 9.11.4.8
    contexts = [nas.EpsBearerContext(5, 1, True, [nas.EpsParameter(1, b"\x09")])]
    command = nas.PduSessionModificationCommand(1, 2, mapped_eps_bearer_contexts=contexts)

    assert encode(command).hex() == "2e0102cb" + "75" + "0007" + "50" + "0004" + "51" + "010109"
    assert decode(encode(command)).message == command


@pytest.mark.parametrize("hours", [-9.5, -3, 0, 1, 5.75, 12])
def test_when_a_moment_is_sent_then_it_comes_back_in_its_time_zone(hours):  # TS 24.008 10.5.3.9
    moment = datetime(2026, 11, 26, 11, 42, 33, tzinfo=timezone(timedelta(hours=hours)))

    when = nas.UniversalTime.of(moment).when

    assert when == moment
    assert when.utcoffset() == moment.utcoffset()


def test_when_the_digits_are_no_date_then_there_is_no_moment():
    assert nas.UniversalTime(b"\xff" * 6, 0).when is None
    assert nas.UniversalTime.of(datetime(2026, 1, 2, tzinfo=UTC)).digits.hex() == "621020000000"


def test_when_an_snpn_is_named_then_its_identifier_is_eleven_digits():  # TS 24.501 9.11.3.79
    assert nas.Nid(1, 2, bytes.fromhex("32547698f0")).text == "21234567890"


def test_when_a_radio_capability_has_an_identity_then_its_digits_are_read():  # TS 24.501 9.11.3.68
    assert nas.UeRadioCapabilityId(bytes.fromhex("21f3")).digits == "123"


@pytest.mark.parametrize("octets", ["00", "010000", "0105", "ff"])
def test_when_a_group_list_is_malformed_then_the_command_stands_without_it(octets):  # TS 24.501 7.7.1
    value = bytes.fromhex(octets)
    decoded = decode(bytes.fromhex("7e0054" + "75") + len(value).to_bytes(2, "big") + value)

    assert decoded.message == nas.ConfigurationUpdateCommand()
    assert [(fault.element, fault.cause) for fault in decoded.faults] == [("cag_information", None)]


def test_when_relay_parameters_are_cut_then_the_cause_is_96():  # TS 24.501 7.5.1
    decoded = decode(bytes.fromhex("7e0069" + "01" + "0014") + bytes(19))

    assert decoded.message is None
    assert decoded.faults[-1].cause == 96
