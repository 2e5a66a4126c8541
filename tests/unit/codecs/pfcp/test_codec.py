"""TS 29.244 7.2, 7.6, 8.1, 8.2: messages, headers, faults."""

from __future__ import annotations

import msgspec
import pytest

from freehold.codecs import pfcp
from freehold.codecs.pfcp.flags import UPFunctionFeature
from freehold.spec.causes import PfcpCause

from .samples import ESTABLISHMENT, Maker

OCTETS = pfcp.encode(ESTABLISHMENT, 7, 0)


def framed(body: str, kind: int = 50) -> bytes:
    octets = bytes.fromhex(body)
    return bytes((0x21, kind)) + (len(octets) + 12).to_bytes(2, "big") + bytes(8) + b"\0\0\7\0" + octets


@pytest.mark.parametrize("at", range(len(pfcp.MESSAGES)), ids=lambda at: pfcp.MESSAGES[at].__name__)
@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_when_any_message_is_encoded_then_it_decodes_to_the_same_values(at: int, chance: float) -> None:
    maker = Maker(at, chance)
    for _ in range(10):
        message = maker.message(at)
        seid = 2**64 - 2 if message.session else None
        decoded = pfcp.decode(pfcp.encode(message, 0xFFFFFF, seid))
        assert decoded.faults == ()
        assert decoded.message == message
        assert decoded.header == pfcp.Header(message.number, seid, 0xFFFFFF)


def test_when_every_message_type_is_counted_then_none_is_missing() -> None:
    # TS 29.244 7.3
    assert [kind.number for kind in pfcp.MESSAGES] == [*range(1, 18), *range(50, 58)]
    assert [kind.number for kind in pfcp.MESSAGES if kind.session] == [*range(50, 58)]


def test_when_a_session_is_established_then_the_octets_are_as_drawn() -> None:
    # TS 29.244 8.2.3 F-TEID with CHOOSE, 8.2.62 UE IP address, 8.2.56 outer header creation, 8.2.8 MBR
    for part in (
        "0015 0002 0d01",
        "005d 0005 02 0a2d0002",
        "005d 0005 06 0a2d0002",
        "0054 000a 0100 00000005 0a000009",
        "001a 000a 00000f4240 00001e8480",
        "0019 0001 00",
        "0025 0003 020000",
        "002c 0002 0200",
        "001f 0009 01 000000003b9aca00",
        "003c 0005 00 0a000001",
        "0039 000d 02 0000000000000001 0a000001",
    ):
        assert bytes.fromhex(part) in OCTETS, part


def test_when_the_priority_and_follow_on_flags_are_set_then_both_come_back() -> None:
    octets = pfcp.encode(pfcp.SessionDeletionRequest(), 5, 9, priority=3, follow_on=True)
    assert octets.hex() == "27" + "36" + "000c" + "0000000000000009" + "000005" + "30"
    assert pfcp.decode(octets).header == pfcp.Header(54, 9, 5, 3, follow_on=True)
    heartbeat = pfcp.encode(pfcp.HeartbeatRequest(1), 6)
    assert list(pfcp.split(octets + heartbeat)) == [octets, heartbeat]
    assert list(pfcp.split(b"")) == []


def test_when_an_ie_is_unknown_or_a_vendors_then_it_is_kept_and_sent_on() -> None:
    # TS 29.244 7.6.9, 8.1.1
    mine = (pfcp.UnknownIE(3000, b"new"), pfcp.UnknownIE(0x8001, b"\1\2", 42))
    pdr = msgspec.structs.replace(ESTABLISHMENT.create_pdr[0], unknown_ies=mine)
    message = msgspec.structs.replace(ESTABLISHMENT, create_pdr=(pdr,), unknown_ies=mine)
    octets = pfcp.encode(message, 1, 0)
    assert bytes.fromhex("8001 0004 002a 0102") in octets
    assert pfcp.decode(octets).message == message


def test_when_the_message_is_cut_anywhere_then_it_is_refused_with_invalid_length() -> None:
    # TS 29.244 7.6.3
    for size in range(len(OCTETS)):
        decoded = pfcp.decode(OCTETS[:size])
        assert decoded.message is None
        assert decoded.refusal == pfcp.Fault("message length")
        assert decoded.faults[0].cause is PfcpCause.INVALID_LENGTH
        assert (decoded.header is None) == (size < 16)


def test_when_the_version_is_another_then_the_header_says_which() -> None:
    # TS 29.244 7.6.2
    decoded = pfcp.decode(bytes((0x41,)) + OCTETS[1:])
    assert decoded.refusal == pfcp.Fault("version")
    assert decoded.header is not None
    assert (decoded.header.version, decoded.header.sequence) == (2, 7)


@pytest.mark.parametrize("octets", [framed("", 99), framed("", 5), b"\x20\x32\0\4\0\0\1\0"])
def test_when_the_message_or_its_header_is_unknown_then_there_is_no_cause_to_answer(octets: bytes) -> None:
    # TS 29.244 7.6.4: silently discarded; a session message without SEID has no meaning either
    decoded = pfcp.decode(octets)
    assert decoded.refusal == pfcp.Fault("unknown message")
    assert decoded.refusal.cause is None


GOOD = "003c 0005 00 01020304  0039 000d 02 0000000000000001 0a000001  0003 000d 006c 0004 00000001 002c 0001 01"
PDR = "0038 0002 0001  001d 0004 000000ff"
PDI = "0002 0005 0014 0001 00"


def pdr(body: str) -> str:
    octets = bytes.fromhex(body)
    return f"0001 {len(octets):04x} {octets.hex()} {GOOD}"


def far(header: str) -> str:
    octets = bytes.fromhex(header)
    inner = bytes.fromhex("002a 0001 00 0054") + len(octets).to_bytes(2, "big") + octets
    outer = bytes.fromhex("006c 0004 0000000a 002c 0001 02 0004") + len(inner).to_bytes(2, "big") + inner
    return f"0003 {len(outer):04x} {outer.hex()}"


URR = "0006 001a 0051 0004 0000000a 003e 0001 02 0025 0002 0200"

# P05: zero, short and overlong IEs; P06: missing references
REFUSED = {
    "no PDR": (GOOD, 66, 1),
    "no node id": (pdr(PDR + PDI)[:-1] and pdr(PDR + PDI).replace("003c 0005 00 01020304", ""), 66, 60),
    "PDR empty": (pdr(""), 66, 56),
    "PDR without PDI": (pdr(PDR), 66, 2),
    "PDI empty": (pdr(PDR + "0002 0000"), 66, 20),
    "PDR id short": (pdr("0038 0001 01" + PDI), 68, 56),
    "F-TEID empty": (pdr(PDR + "0002 0009 0014 0001 00 0015 0000"), 68, 21),
    "F-TEID without address": (pdr(PDR + "0002 000a 0014 0001 00 0015 0001 00"), 68, 21),
    "F-TEID no version": (pdr(PDR + "0002 000e 0014 0001 00 0015 0005 00 00000001"), 69, 21),
    "F-TEID CH alone": (pdr(PDR + "0002 000a 0014 0001 00 0015 0001 04"), 69, 21),
    "F-TEID address cut": (pdr(PDR + "0002 0010 0014 0001 00 0015 0007 01 00000001 0a00"), 68, 21),
    "SDF filter longer than itself": (pdr(PDR + "0002 000e 0014 0001 00 0017 0005 0100 00ff 61"), 68, 23),
    "SDF filter empty": (pdr(PDR + "0002 0009 0014 0001 00 0017 0000"), 68, 23),
    "UE address cut": (pdr(PDR + "0002 000c 0014 0001 00 005d 0003 02 0a2d"), 68, 93),
    "UE address chosen and given": (pdr(PDR + "0002 000e 0014 0001 00 005d 0005 12 0a2d0002"), 69, 93),
    "outer header removal empty": (pdr(PDR + PDI + "005f 0000"), 68, 95),
    "IE past the end of its group": (pdr(PDR + "0002 0009 0014 0001 00 0015 00ff"), 68, 21),
    "IE past the end of the message": (pdr(PDR + PDI) + "0071 0009 01", 68, 113),
    "IE head cut": (pdr(PDR + PDI) + "0071", 68, 113),
    "one octet left": (pdr(PDR + PDI) + "00", 68, None),
    "F-SEID cut": (pdr(PDR + PDI).replace("0039 000d 02 0000000000000001 0a000001", "0039 0003 020000"), 68, 57),
    "node id of a type to come": (pdr(PDR + PDI).replace("003c 0005 00", "003c 0005 07"), 69, 60),
    "node id no name": (pdr(PDR + PDI).replace("003c 0005 00 01020304", "003c 0003 02 05 61"), 69, 60),
    "outer header creation empty": (pdr(PDR + PDI) + far("0100 0000"), 68, 84),
    "outer header creation without a header": (pdr(PDR + PDI) + far("0000"), 69, 84),
    "volume threshold short": (pdr(PDR + PDI) + URR + "001f 0003 01 0000", 68, 31),
    "QER without gate": (pdr(PDR + PDI) + "0007 0008 006d 0004 00000001", 66, 25),
}


@pytest.mark.parametrize(("body", "cause", "offending"), REFUSED.values(), ids=REFUSED)
def test_when_an_ie_is_missing_or_damaged_then_cause_and_offending_ie_are_said(
    body: str, cause: int, offending: int | None
) -> None:
    decoded = pfcp.decode(framed(body))
    assert decoded.message is None
    assert decoded.refusal is not None
    assert (decoded.refusal.cause, decoded.refusal.offending_ie) == (cause, offending)


def test_when_only_an_optional_ie_is_damaged_then_the_message_goes_on_without_it() -> None:
    # TS 29.244 7.6.7: RAT type
    decoded = pfcp.decode(framed(pdr(PDR + PDI) + "0113 0000"))
    assert isinstance(decoded.message, pfcp.SessionEstablishmentRequest)
    assert decoded.message.rat_type is None
    assert decoded.faults == (pfcp.Fault("IE length", 275),)
    assert decoded.refusal is None


def test_when_a_single_ie_comes_twice_then_the_first_counts() -> None:
    # TS 29.244 7.6.10
    decoded = pfcp.decode(framed(pdr(PDR + PDI) + "0071 0001 01 0071 0001 02"))
    assert isinstance(decoded.message, pfcp.SessionEstablishmentRequest)
    assert decoded.message.pdn_type == 1
    assert decoded.faults == (pfcp.Fault("IE repeated", 113),)


def test_when_an_ie_has_octets_of_a_later_release_then_they_are_ignored() -> None:
    # TS 29.244 8.1.1: extendable IEs
    decoded = pfcp.decode(framed(pdr(PDR + PDI) + "0071 0003 01 ffff"))
    assert decoded.faults == ()


def test_when_flags_are_of_an_older_release_then_they_are_read_and_sent_on_as_they_came() -> None:
    # TS 29.244 8.2.26: octet 6 is of release 16; a peer may want it, or not know it
    request = pfcp.SessionModificationRequest(update_far=(pfcp.UpdateFAR(2, apply_action=2),))
    octets = pfcp.encode(request, 1, 1)
    assert octets.endswith(bytes.fromhex("002c 0002 0200"))
    older = octets[:2] + bytes((octets[2], octets[3] - 1)) + octets[4:]
    older = older.replace(bytes.fromhex("000a 000e"), bytes.fromhex("000a 000d"))
    older = older.replace(bytes.fromhex("002c 0002 0200"), bytes.fromhex("002c 0001 02"))
    decoded = pfcp.decode(older)
    assert not decoded.faults
    assert isinstance(decoded.message, pfcp.SessionModificationRequest)
    assert decoded.message.update_far[0].apply_action == 2
    assert pfcp.encode(decoded.message, 1, 1) == older


def test_when_rules_are_repeated_with_one_id_then_all_are_handed_up() -> None:
    # P06: the UP function refuses duplicates; the codec loses none
    body = pdr(PDR + PDI)
    decoded = pfcp.decode(framed(body + f"0001 0017 {PDR}{PDI}"))
    assert isinstance(decoded.message, pfcp.SessionEstablishmentRequest)
    assert [rule.pdr_id for rule in decoded.message.create_pdr] == [1, 1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"node_id": None}, "IE 60 is mandatory"),
        ({"node_id": pfcp.NodeID()}, "IE 60 is empty"),
        ({"node_id": pfcp.NodeID(ipv4=b"abc")}, "IE 60 has a fixed length"),
        ({"node_id": pfcp.NodeID(fqdn="a..b")}, "IE 60 is no domain name"),
        ({"node_id": pfcp.FSEID(1)}, "IE 60 has another class"),
        ({"create_pdr": ()}, "IE 1 is mandatory"),
        ({"create_pdr": 5}, "IE 1 is repeated"),
        ({"pdn_type": 8}, "IE 113 is out of range"),
        ({"pdn_type": -1}, "IE 113 is out of range"),
        ({"apn_dnn": b"x"}, "IE 159 is a text"),
        ({"user_plane_inactivity_timer": 2**32}, "IE 117 is out of range"),
        ({"unknown_ies": (pfcp.UnknownIE(5, b"", 1),)}, "IE 0 has another class"),
        ({"trace_information": b"x" * 70000}, "IE 152 is too long"),
    ],
)
def test_when_a_value_does_not_fit_its_table_then_it_is_not_sent(change: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        pfcp.encode(msgspec.structs.replace(ESTABLISHMENT, **change), 1, 0)


def test_when_the_header_does_not_fit_the_message_then_it_is_not_sent() -> None:
    for message, sequence, seid, priority in (
        (pfcp.HeartbeatRequest(1), 1, 5, None),
        (ESTABLISHMENT, 1, None, None),
        (ESTABLISHMENT, 1 << 24, 1, None),
        (ESTABLISHMENT, 1, 1, 16),
    ):
        with pytest.raises(ValueError, match="header"):
            pfcp.encode(message, sequence, seid, priority=priority)
    with pytest.raises(ValueError, match="not a PFCP message"):
        pfcp.encode(pfcp.NodeID(ipv4=bytes(4)), 1)  # type: ignore[arg-type]


def test_when_lists_are_given_instead_of_tuples_then_they_are_taken() -> None:
    listed = msgspec.structs.replace(ESTABLISHMENT, create_pdr=list(ESTABLISHMENT.create_pdr))
    assert pfcp.encode(listed, 7, 0) == OCTETS


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        # As captures have them: a cause before the node's identity; a vendor's IE between; a length of no need
        (51, "0013000101 003c0005000a000001 0039000d0200000000000000010a000001"),
        (51, "003c0005000a000001 0013000149 80060003 48f901 0039000d0200000000000000010a000001 00720003000001"),
        (6, "003c0005000a000001 0013000101 0060000400000001 002b0006100100000000"),
        # A UE address with a spare bit set, a report type with its trigger in three octets, counters before times
        (56, "0027000102 0050 0027 0051000400000001 0068000400000000 003f0003020000 00430004000000ed 004b0004e2e8d875"),
        # A node named in letters instead of labels (TS 29.244 8.2.38)
        (51, "0013000101 003c0005 02 64677731 0039000d0200000000000000010a000001"),
        # A second F-TEID in one created PDR: only the first counts (TS 29.244 7.6.10), both are sent on
        (
            51,
            (
                "003c0005000a000001 0013000101 0039000d0200000000000000010a000001"
                "0008 0020 00380002 0001 001500090100000001 0a000001 001500090100000002 0a000001"
            ),
        ),
    ],
)
def test_when_a_peer_codes_otherwise_then_the_octets_are_sent_on_as_they_came(kind: int, body: str) -> None:
    octets = bytes.fromhex(body)
    session = kind > 50
    head = bytes((0x20 + session, kind)) + (len(octets) + (12 if session else 4)).to_bytes(2, "big")
    whole = head + (bytes(7) + b"\1" if session else b"") + b"\0\0\7\0" + octets
    decoded = pfcp.decode(whole)
    assert decoded.header is not None
    assert decoded.message is not None
    assert pfcp.encode(decoded.message, 7, decoded.header.seid) == whole
    assert any(word in repr(decoded) for word in ("order=(", "codings=((", "IE repeated"))


def test_when_a_value_changes_then_the_octets_it_came_in_are_of_no_use() -> None:
    # Source interface with spare bits (TS 29.244 8.2.2), and node identity after cause
    octets = bytes.fromhex("20060024 000007f0 0013000101 003c0005f00a000001 0060000400000001 002b00061001 00000000")
    decoded = pfcp.decode(octets)
    assert decoded.header is not None
    assert decoded.header.spare == b"\0\xf0"
    message = decoded.message
    assert isinstance(message, pfcp.AssociationSetupResponse)
    assert (message.order, message.codings) == ((1, 0, 2, 3), ((0, b"\xf0\x0a\0\0\1"), (3, b"\x10\1\0\0\0\0")))
    assert pfcp.encode(message, 7, spare=b"\0\xf0") == octets
    other = msgspec.structs.replace(message, node_id=pfcp.NodeID(ipv4=bytes((10, 0, 0, 2))))
    assert pfcp.encode(other, 7)[8:25].hex(" ") == "00 13 00 01 01 00 3c 00 05 00 0a 00 00 02 00 60 00"
    with pytest.raises(ValueError, match="keeps no places and octets"):
        pfcp.encode(msgspec.structs.replace(message, codings=((0, "text"),)), 7)
    with pytest.raises(ValueError, match="spare bits in two octets"):
        pfcp.encode(message, 7, spare=b"\1")


def test_when_an_ie_comes_without_octets_in_an_update_then_it_asks_for_removal() -> None:
    # TS 29.244 5.6.3: an IE with a null length; a rule's own identity has to be there
    def of(update: str) -> bytes:
        octets = bytes.fromhex(update)
        return bytes((0x21, 52)) + (len(octets) + 12).to_bytes(2, "big") + bytes(7) + b"\1\0\0\7\0" + octets

    whole = of("000e 0010 006d 0004 00000001 001a 0000 007b 0000")
    decoded = pfcp.decode(whole)
    assert decoded.faults == ()
    assert isinstance(decoded.message, pfcp.SessionModificationRequest)
    (update,) = decoded.message.update_qer
    assert (update.mbr, update.removed) == (None, {26, 123})
    assert pfcp.encode(decoded.message, 7, 1) == whole
    assert pfcp.decode(of("000e 0004 006d 0000")).refusal == pfcp.Fault("IE length", 109)
    # What is created has nothing to remove
    created = pfcp.decode(of("0007 0011 006d 0004 00000001 0019 0001 00 001a 0000"))
    assert created.refusal == pfcp.Fault("IE length", 26)
    assert pfcp.CreateQER(1, pfcp.GateStatus(0, 0), unknown_ies=(pfcp.UnknownIE(26, b""),)).removed == frozenset()


def test_when_features_go_beyond_eight_octets_then_they_are_read_too() -> None:
    # TS 29.244 8.2.25: PAPFD is bit 7 of octet 15
    features = UPFunctionFeature.PAPFD | UPFunctionFeature.FTUP
    octets = pfcp.encode(pfcp.AssociationUpdateRequest(pfcp.NodeID(ipv4=bytes(4)), up_function_features=features), 1)
    assert bytes.fromhex("002b 000b 10000000 00000000 000040") in octets
    message = pfcp.decode(octets).message
    assert isinstance(message, pfcp.AssociationUpdateRequest)
    assert message.up_function_features == features
    with pytest.raises(ValueError, match="IE 43 is out of range"):
        pfcp.encode(pfcp.AssociationUpdateRequest(pfcp.NodeID(ipv4=bytes(4)), up_function_features=1 << 96), 1)
