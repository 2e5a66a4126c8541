"""TS 29.281 5 to 8, TS 38.415 5.5: GTP-U messages, headers and the PDU session container."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.codecs import gtpu

PACKET = b"E\0\0\x14" + bytes(16)

VECTORS = {
    "echo request": ("32 01 0004 00000000 0001 00 00", gtpu.EchoRequest(sequence=1)),
    "echo response": ("32 02 0006 00000000 0001 00 00 0e 00", gtpu.EchoResponse(sequence=1)),
    "end marker": ("30 fe 0000 0000002a", gtpu.EndMarker(teid=42)),
    "error indication": (
        "32 1a 0010 00000000 0000 00 00 10 0000002a 85 0004 0a000001",
        gtpu.ErrorIndication(sequence=0, tunnel_endpoint_identifier_data_i=42, gtp_u_peer_address=bytes((10, 0, 0, 1))),
    ),
    "supported extension headers": (
        "32 1f 0007 00000000 0000 00 00 8d 01 85",
        gtpu.SupportedExtensionHeadersNotification(sequence=0, extension_header_types=(0x85,)),
    ),
    "plain packet": ("30 ff 0002 00000001 abcd", gtpu.GPdu(teid=1, payload=b"\xab\xcd")),
    "N-PDU number": ("31 ff 0005 00000001 0000 07 00 ab", gtpu.GPdu(teid=1, n_pdu=7, payload=b"\xab")),
    "downlink container": (
        "34 ff 0009 00000001 0000 00 85 01 0049 00 ab",
        gtpu.GPdu(teid=1, payload=b"\xab", extensions=(gtpu.DlPduSessionInformation(qfi=9, rqi=True),)),
    ),
    "uplink container": (
        "34 ff 0009 00000001 0000 00 85 01 1009 00 ab",
        gtpu.GPdu(teid=1, payload=b"\xab", extensions=(gtpu.UlPduSessionInformation(qfi=9),)),
    ),
    "two extension headers": (
        "36 ff 000d 00000001 0005 00 40 01 2710 85 01 1009 00 ab",
        gtpu.GPdu(
            teid=1,
            sequence=5,
            payload=b"\xab",
            extensions=(gtpu.UdpPort(port=10000), gtpu.UlPduSessionInformation(qfi=9)),
        ),
    ),
    "tunnel status": (
        "30 fd 0004 0000002a e6 0001 01",
        gtpu.TunnelStatus(
            teid=42, tunnel_status_information=gtpu.TunnelStatusInformation(start_pause_of_charging=True)
        ),
    ),
    "echo request with what a vendor adds": (
        "32 01 0010 00000000 0001 00 00 e7 0004 e9000000 ff 0002 28af",
        gtpu.EchoRequest(
            sequence=1, recovery_time_stamp=0xE9000000, private_extension=gtpu.PrivateExtension(10415, b"")
        ),
    ),
    "a type not used here": ("30 20 0001 00000000 09", gtpu.OtherMessage(kind=32, body=b"\x09")),
}


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS)
def test_when_a_message_is_well_formed_then_it_comes_and_goes(octets: str, message: gtpu.Message) -> None:
    assert gtpu.decode(bytes.fromhex(octets)) == gtpu.Decoded(message)
    assert gtpu.encode(message) == bytes.fromhex(octets)


CONTAINERS = [
    gtpu.DlPduSessionInformation(qfi=63, ppi=5),
    gtpu.DlPduSessionInformation(qfi=1, sending_time_stamp=2**63, sequence_number=7),
    gtpu.UlPduSessionInformation(
        qfi=1, time_stamps=(1, 2, 3), dl_delay=4, ul_delay=5, sequence_number=6, n3_n9_delay=7
    ),
    gtpu.UlPduSessionInformation(qfi=1, sequence_number=6),
    gtpu.UlPduSessionInformation(qfi=1, n3_n9_delay=6),
]


@pytest.mark.parametrize("container", CONTAINERS)
def test_when_a_container_has_optional_parts_then_all_come_back(container: gtpu.PduSessionContainer) -> None:
    message = gtpu.GPdu(teid=1, payload=PACKET, extensions=(container,))
    decoded = gtpu.decode(gtpu.encode(message))
    assert decoded.message == message
    assert decoded.message is not None
    assert decoded.message.container == container


# U06: extension header chains
REFUSED = {
    "nothing": ("", "length"),
    "seven octets": ("30 ff 0000 000000", "length"),
    "version 2": ("50 ff 0000 00000001", "version"),
    "GTP'": ("20 ff 0000 00000001", "version"),
    "longer than it is": ("30 ff 0001 00000001", "length"),
    "flags on eight octets": ("37 ff 0000 00000001", "length"),
    "no room for the first header": ("34 ff 0004 00000001 0000 00 85", "extension headers"),
    "length zero": ("34 ff 0008 00000001 0000 00 85 00 0000 85", "extension headers"),
    "off the end": ("34 ff 0008 00000001 0000 00 85 02 0000 00", "extension headers"),
    "more than eight": ("34 ff 0028 00000001 0000 00 40" + "01 0000 40" * 9, "extension headers"),
    "error indication empty": ("30 1a 0000 00000000", "mandatory IE missing"),
    "error indication address cut": ("30 1a 000a 00000000 10 00000001 85 0004 0a00", "mandatory IE missing"),
    "notification without list": ("30 1f 0000 00000000", "mandatory IE missing"),
    "unknown fixed IE first": ("30 1f 0004 00000000 63 8d 01 85", "mandatory IE missing"),
}


@pytest.mark.parametrize(("octets", "reason"), REFUSED.values(), ids=REFUSED)
def test_when_a_message_is_damaged_then_it_is_refused(octets: str, reason: str) -> None:
    decoded = gtpu.decode(bytes.fromhex(octets))
    assert decoded.message is None
    assert [fault.reason for fault in decoded.faults] == [reason]


@pytest.mark.parametrize(("kind", "understood"), [(0x40, True), (0x42, True), (0x87, False), (0xC5, False)])
def test_when_an_extension_header_has_to_be_understood_then_its_type_is_named(kind: int, understood: bool) -> None:
    # TS 29.281 5.2.1
    octets = bytes.fromhex("34ff0008000000010000 00") + bytes((kind, 1, 0, 0, 0))
    decoded = gtpu.decode(octets)
    assert isinstance(decoded.message, gtpu.GPdu)
    expected = () if understood else (gtpu.Fault("extension header not understood", kind),)
    assert decoded.faults == expected


def test_when_a_container_is_of_a_type_to_come_or_short_then_it_is_not_understood() -> None:
    for content in ("2009", "8809"[:2] + "09", "0889"):
        octets = bytes.fromhex("34ff000800000001000000 85 01" + content + "00")
        decoded = gtpu.decode(octets)
        assert decoded.faults == (gtpu.Fault("extension header not understood", 0x85),)
        assert decoded.message is not None
        assert decoded.message.container is None


def test_when_an_extension_header_has_a_wrong_length_then_it_is_not_sent() -> None:
    with pytest.raises(ValueError, match="4n - 2"):
        gtpu.encode(gtpu.GPdu(payload=b"", extensions=(gtpu.ExtensionHeader(0x40, b"abc"),)))


@given(st.binary(max_size=64), st.integers(0, 7), st.sampled_from([1, 2, 26, 31, 253, 254, 255]))
@settings(max_examples=1000, deadline=None)
def test_when_octets_are_random_then_decoding_answers_and_what_it_gives_can_be_sent(
    octets: bytes, flags: int, kind: int
) -> None:
    decoded = gtpu.decode(bytes((0x30 | flags, kind)) + len(octets).to_bytes(2, "big") + bytes(4) + octets)
    if decoded.message is None:
        assert decoded.faults
        return
    sent = bytes((0x30 | flags, kind)) + len(octets).to_bytes(2, "big") + bytes(4) + octets
    assert gtpu.encode(decoded.message) == sent
    assert gtpu.decode(octets).message is None or octets[0] >> 4 == 3


OLDER_SET = gtpu.DlPduSetInformationToUnderstand(
    qfi=9, pdu_set_sequence_number=300, pdu_set_importance=3, pdu_sequence_number=4
)
FRAMES: dict[str, tuple[str, gtpu.Extension]] = {
    "service class": ("20 0700", gtpu.ServiceClassIndicator(service_class_indicator=7)),
    "UDP port": ("40 0868", gtpu.UdpPort(port=2152)),
    "PDCP number": ("c0 0141", gtpu.PdcpPduNumber(number=321)),
    "long PDCP number": ("03 03ffff000000", gtpu.LongPdcpPduNumber(number=262_143)),
    "long PDCP number, older": ("82 03ffff000000", gtpu.LongPdcpPduNumberToUnderstand(number=262_143)),
    "RAN container": ("81 0001", gtpu.RanContainer(b"\0\1")),
    "Xw RAN container": ("83 0001", gtpu.XwRanContainer(b"\0\1")),
    "MBS": ("85 020900000005", gtpu.DlPduSessionInformation(qfi=9, mbs_sequence_number=5)),
    "burst": (
        "85 0089 a3 000400 0003 0000",
        gtpu.DlPduSessionInformation(qfi=9, ppi=5, burst_size=1024, time_to_next_burst=3),
    ),
    "new IEs": (
        "85 1049 1f 01 0102 0304 00000005 00000006 00 00",
        gtpu.UlPduSessionInformation(
            qfi=9,
            d1_ul_pdcp_delay_result=True,
            ul_congestion_information=0x0102,
            dl_congestion_information=0x0304,
            ul_available_bitrate=5,
            dl_available_bitrate=6,
        ),
    ),
    "PDU set": (
        "04 0e 25 2c 03 04 000400 0000",
        gtpu.DlPduSetInformation(
            qfi=9,
            pdu_set_sequence_number=0x12C,
            pdu_set_importance=3,
            pdu_sequence_number=4,
            end_of_data_burst=True,
            end_pdu=True,
            pdu_set_size=1024,
        ),
    ),
    "PDU set, older": ("86 0025 2c 03 04 00", OLDER_SET),
    "user data": ("84 0200 000007 000046 0000", gtpu.DlUserData(nr_u_sequence_number=7, discard_up_to=70)),
    "out of sequence": (
        "84 1010 00000001 01 000005 000006 00",
        gtpu.DlDataDeliveryStatus(desired_buffer_size=1, delivered_ranges=((5, 6),)),
    ),
}


def packet(header: str) -> bytes:
    """A packet with this extension header, given as type and content."""
    octets = bytes.fromhex(header)
    middle = bytes((0, 0, 0, octets[0], len(octets) // 4 + 1)) + octets[1:] + b"\0"
    return bytes((0x34, 0xFF)) + len(middle).to_bytes(2, "big") + bytes(4) + middle


@pytest.mark.parametrize(("header", "value"), FRAMES.values(), ids=FRAMES)
def test_when_an_extension_header_is_known_then_it_is_typed_and_comes_and_goes(
    header: str, value: gtpu.Extension
) -> None:
    message = gtpu.GPdu(payload=b"", extensions=(value,))
    assert gtpu.decode(packet(header)) == gtpu.Decoded(message)
    assert gtpu.encode(message) == packet(header)


def test_when_spare_bits_and_a_future_extension_come_then_the_fields_are_read_and_all_is_sent_again() -> None:
    # TS 38.425 A.1: a receiver steps over what a later release adds
    octets = packet("85 0149 01020304 0506 0708")
    message = gtpu.decode(octets).message
    assert message is not None
    assert isinstance(message.container, gtpu.DlPduSessionInformation)
    assert (message.container.qfi, message.container.rqi) == (9, True)
    assert gtpu.encode(message) == octets


def test_when_ies_come_in_another_order_then_they_are_read_and_sent_in_it() -> None:
    octets = bytes.fromhex("30 1a 0014 00000000 ff 0002 0001 85 0004 0a000001 10 0000002a 99 0000")
    decoded = gtpu.decode(octets)
    assert isinstance(decoded.message, gtpu.ErrorIndication)
    assert decoded.message.tunnel_endpoint_identifier_data_i == 42
    assert decoded.message.others == (gtpu.InformationElement(0x99, b""),)
    assert gtpu.encode(decoded.message) == octets


def test_when_an_ie_does_not_end_then_it_is_kept_and_named() -> None:
    octets = bytes.fromhex("30 fe 0004 0000002a ff 0009 00")
    decoded = gtpu.decode(octets)
    assert decoded.faults == (gtpu.Fault("IE length"),)
    assert decoded.message is not None
    assert gtpu.encode(decoded.message) == octets


def test_when_an_echo_response_lacks_recovery_then_it_is_named_and_the_message_read() -> None:
    octets = bytes.fromhex("30 02 0000 00000000")
    decoded = gtpu.decode(octets)
    assert decoded.message == gtpu.EchoResponse(recovery=None)
    assert decoded.faults == (gtpu.Fault("mandatory IE missing"),)
    assert gtpu.encode(gtpu.EchoResponse(recovery=None)) == octets


def test_when_assistance_information_is_of_nothing_then_it_comes_and_goes() -> None:
    sent = packet("842400")
    decoded = gtpu.decode(sent)
    assert decoded.message == gtpu.GPdu(
        payload=b"", extensions=(gtpu.AssistanceInformationData(assistance_information=()),)
    )
    assert gtpu.encode(decoded.message) == sent


@given(st.sampled_from([0x03, 0x04, 0x20, 0x40, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0xC0]), st.binary(max_size=80))
@settings(max_examples=1500, deadline=None)
def test_when_a_header_holds_random_octets_then_it_comes_back_as_it_was(kind: int, octets: bytes) -> None:
    whole = octets + bytes((2 - len(octets)) % 4)
    sent = packet(bytes((kind, *whole)).hex())
    decoded = gtpu.decode(sent)
    assert decoded.message is not None
    assert gtpu.encode(decoded.message) == sent


@pytest.mark.parametrize(
    "header",
    [
        gtpu.DlPduSessionInformation(qfi=64),
        gtpu.DlPduSessionInformation(qfi=1, burst_size=3),
        gtpu.UlPduSessionInformation(qfi=1, dl_delay=1 << 32),
        gtpu.DlUserData(nr_u_sequence_number=1, discard_blocks=((1, 2),) * 256),
        gtpu.DlDataDeliveryStatus(desired_buffer_size=1, lost_ranges=((1, 2),) * 255),
        gtpu.RanContainer(b"abc"),
    ],
)
def test_when_a_value_does_not_fit_then_it_is_not_sent(header: gtpu.Extension) -> None:
    with pytest.raises(ValueError, match=r"fit|needs|octets"):
        gtpu.encode(gtpu.GPdu(payload=b"", extensions=(header,)))
