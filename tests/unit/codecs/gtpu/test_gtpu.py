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
            extensions=(gtpu.ExtensionHeader(0x40, b"\x27\x10"), gtpu.UlPduSessionInformation(qfi=9)),
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


@pytest.mark.parametrize(("kind", "understood"), [(0x40, True), (0x20, True), (0x82, False), (0xC0, False)])
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


@given(st.binary(max_size=64), st.integers(0, 7), st.sampled_from([1, 2, 26, 31, 254, 255]))
@settings(max_examples=1000, deadline=None)
def test_when_octets_are_random_then_decoding_answers_and_what_it_gives_can_be_sent(
    octets: bytes, flags: int, kind: int
) -> None:
    decoded = gtpu.decode(bytes((0x30 | flags, kind)) + len(octets).to_bytes(2, "big") + bytes(4) + octets)
    if decoded.message is None:
        assert decoded.faults
        return
    assert gtpu.decode(gtpu.encode(decoded.message)).message == decoded.message
    assert gtpu.decode(octets).message is None or octets[0] >> 4 == 3
