"""The corners of aligned PER (X.691) and of the values' form, on NGAP's types for the most part."""

from __future__ import annotations

import random
import subprocess
import sys

import msgspec
import pytest

from asn1kit.generate import Generator
from asn1kit.neutral import neutral
from asn1kit.pdu import Ie, counted, take_apart
from asn1kit.tables import messages, table
from asn1kit.witness import PYTHON, Witness
from freehold.codecs import f1ap, ngap, rrc, xnap

OLDER = bytes.fromhex(
    "80101800"
)  # PDCP-Config of Release 15: a bitmap of one addition where the table has more (X.691 19.7)
EXTENDED = b"\x06"  # bitmap length 4 (X.691 19.8), after the extension bit and the length's own small bit


def capability(octets: bytes) -> ngap.UERadioCapabilityInfoIndication:
    return ngap.UERadioCapabilityInfoIndication(amf_ue_ngap_id=1, ran_ue_ngap_id=2, ue_radio_capability=octets)


@pytest.mark.parametrize(
    "size", [126, 127, 128, 129, 16381, 16383, 16384, 16385, 32768, 49152, 65535, 65536, 70000, 200000]
)
def test_when_octets_need_fragments_then_they_come_back(size: int) -> None:
    message = capability(bytes(range(256)) * (size // 256) + bytes(size % 256))
    octets = ngap.encode(message)
    decoded = ngap.decode(octets)
    assert decoded.faults == ()
    assert decoded.message == message
    assert take_apart(octets).octets() == octets


def test_when_octets_need_fragments_then_pycrate_writes_the_same() -> None:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    witness, (entry,) = Witness("ngap"), [e for n, e in messages("ngap") if n == "UERadioCapabilityInfoIndication"]
    for size in (16384, 40000, 70000):
        message = capability(b"\x5a" * size)
        theirs, same = witness.encode(0, 44, "ignore", neutral("ngap", entry["node"], message))
        assert same
        assert theirs == ngap.encode(message).hex()
    witness.close()


def test_when_fragments_are_of_no_known_size_then_it_is_a_transfer_syntax_error() -> None:
    pdu = take_apart(ngap.encode(capability(b"\1")))
    for value in (b"\xc0", b"\xc5" + bytes(90000), b"\xc1" + bytes(100), b"\xff"):
        damaged = [Ie(ie.id, ie.criticality, value) if ie.id == 117 else ie for ie in pdu.ies]
        decoded = ngap.decode(pdu.with_ies(damaged))
        assert decoded.message is None
        assert decoded.faults[0].cause == "transfer-syntax-error"


def extended(octets: bytes) -> bytes:
    """A TAI (48 bits after its preamble of 2) with its extension bit set and the addition number 3 present."""
    bits = int.from_bytes(octets, "big") | 1 << (8 * len(octets) - 1)
    return bits.to_bytes(len(octets), "big") + bytes([0b0000_0110, 0b0010_0000]) + counted(b"\xca\xfe")


def test_when_a_sequence_has_additions_that_are_not_known_then_they_are_kept() -> None:
    tai = ngap.TAI(plmn_identity=b"\x00\xf1\x10", tac=b"\0\0\1")
    octets = extended(ngap.encode_value(tai))
    value, faults = ngap.decode_as(ngap.TAI, octets)
    assert faults == ()
    assert value.unknown_extensions == [(3, b"\xca\xfe")]
    assert (value.plmn_identity, value.tac) == (tai.plmn_identity, tai.tac)
    assert ngap.encode_value(value) == octets
    assert ngap.decode_as(ngap.TAI, octets[:-1])[0] is None


@pytest.mark.parametrize("kept", [[(-1, b"")], [(-4, b"")], [(3, b"\xca\xfe"), (-9, b"")], [(0, b"\1"), (-16000, b"")]])
def test_when_a_sender_has_another_number_of_additions_then_its_octets_come_again(
    kept: list[tuple[int, bytes]],
) -> None:
    tai = ngap.TAI(plmn_identity=b"\x00\xf1\x10", tac=b"\0\0\1", unknown_extensions=kept)
    octets = ngap.encode_value(tai)
    assert ngap.decode_as(ngap.TAI, octets) == (tai, ())
    assert octets != ngap.encode_value(ngap.TAI(plmn_identity=tai.plmn_identity, tac=tai.tac))


def test_when_an_addition_is_put_beyond_the_end_that_a_sender_had_then_the_end_moves() -> None:
    tai = ngap.TAI(plmn_identity=b"\x00\xf1\x10", tac=b"\0\0\1", unknown_extensions=[(3, b"\1"), (-2, b"")])
    read, faults = ngap.decode_as(ngap.TAI, ngap.encode_value(tai))
    assert (read.unknown_extensions, faults) == ([(3, b"\1")], ())


@pytest.mark.parametrize("kept", [[(-2, b""), (3, b"\1")], [(-70000, b"")]])
def test_when_the_end_of_additions_is_not_one_then_encoding_says_so(kept: list[tuple[int, bytes]]) -> None:
    with pytest.raises(ngap.EncodeError, match="unknown extensions"):
        ngap.encode_value(ngap.TAI(plmn_identity=b"\x00\xf1\x10", tac=b"\0\0\1", unknown_extensions=kept))


def test_when_a_value_is_of_an_older_release_then_it_is_written_as_it_came() -> None:
    config = rrc.decode_as(rrc.PDCPConfig, OLDER)
    assert config[1] == ()
    assert config[0].ciphering_disabled == "true"
    assert rrc.encode_value(config[0]) == OLDER


@pytest.mark.parametrize("kept", [[], [(0, b"")], [(2, b"\1"), (1, b"\1")], [(70000, b"\1")]])
def test_when_unknown_extensions_are_out_of_order_then_encoding_says_so(kept: list[tuple[int, bytes]]) -> None:
    cause = ngap.SecurityContext(next_hop_chaining_count=1, next_hop_nh=(0, 256), unknown_extensions=kept)
    if kept == [(0, b"")]:
        assert ngap.decode_as(ngap.SecurityContext, ngap.encode_value(cause))[0] == cause
    else:
        with pytest.raises(ngap.EncodeError, match="unknown extensions"):
            ngap.encode_value(cause)


def test_when_ies_are_private_then_their_ids_and_octets_come_back() -> None:
    message = ngap.PrivateMessage(
        private_ies=[
            ngap.PrivateIEField(id=("local", 7), criticality="ignore", value=b"\1\2"),
            ngap.PrivateIEField(id=("global", (1, 3, 6, 1, 4, 1, 99999, 1 << 40)), criticality="notify", value=b"\3"),
            ngap.PrivateIEField(id=("global", (2, 999)), criticality="reject", value=b"\4"),
        ]
    )
    octets = ngap.encode(message)
    assert ngap.decode(octets).message == message
    assert bytes.fromhex("2b0601040186 8d1f".replace(" ", "")) in octets


@pytest.mark.parametrize("arcs", [(), (1,), (3, 1), (1, 40), (1, -1)])
def test_when_an_object_identifier_has_no_such_arcs_then_encoding_says_so(arcs: tuple[int, ...]) -> None:
    private = ngap.PrivateIEField(id=("global", arcs), criticality="ignore", value=b"")
    with pytest.raises(ngap.EncodeError, match=r"PrivateIEField\.id"):
        ngap.encode_value(private)


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("ran_ue_ngap_id", -1, "a number beyond its bounds"),
        ("ran_ue_ngap_id", 1 << 32, "a number beyond its bounds"),
        ("ran_ue_ngap_id", 1 << 80, "more than 63 bits"),
        ("ran_ue_ngap_id", "7", "an int is expected"),
        ("ran_ue_ngap_id", True, "an int is expected"),
        ("ran_ue_ngap_id", None, "missing"),
        ("nas_pdu", "text", "octets are expected"),
        ("nas_pdu", bytearray(b"\1"), "octets are expected"),
        ("user_location_information", ("nowhere", 1), "an alternative the schema does not know"),
        ("user_location_information", "NR", "(name, value) is expected"),
        (
            "user_location_information",
            ("userLocationInformationNR", ngap.TAI(plmn_identity=b"", tac=b"")),
            "another class",
        ),
        ("rrc_establishment_cause", "boredom", "a name the schema does not know"),
        ("rrc_establishment_cause", 3, "a name the schema does not know"),
        ("rrc_establishment_cause", "unknown:x", "a name the schema does not know"),
        ("amf_set_id", (1024, 10), "does not fit"),
        ("amf_set_id", (1, 9), "a length beyond its bounds"),
        ("amf_set_id", (1, -1), "a negative number"),
        ("amf_set_id", 5, "(value, number of bits)"),
        ("allowed_nssai", [], "a length beyond its bounds"),
        ("allowed_nssai", {}, "a list is expected"),
        ("selected_plmn_identity", b"\0\0", "a length beyond its bounds"),
        ("unknown_ies", [5], "an UnknownIe is expected"),
        ("unknown_ies", [ngap.UnknownIe(70000, "ignore", b"")], "more than 16 bits"),
        ("unknown_ies", [ngap.UnknownIe(7, "perhaps", b"")], "a criticality is expected"),
        ("unknown_ies", [ngap.UnknownIe(85, "reject", b"")], "given as a field too"),
    ],
)
def test_when_a_value_breaks_the_schema_then_the_error_names_its_field(field: str, value: object, wrong: str) -> None:
    location = ngap.UserLocationInformationNR(
        nr_cgi=ngap.NRCGI(plmn_identity=b"\0\xf1\x10", nr_cell_identity=(16, 36)),
        tai=ngap.TAI(plmn_identity=b"\0\xf1\x10", tac=b"\0\0\1"),
    )
    given = {
        "ran_ue_ngap_id": 1,
        "nas_pdu": b"\x7e",
        "user_location_information": ("userLocationInformationNR", location),
        "rrc_establishment_cause": "mo-Data",
    }
    assert ngap.encode(ngap.InitialUEMessage(**given))
    with pytest.raises(ngap.EncodeError) as caught:
        ngap.encode(ngap.InitialUEMessage(**given | {field: value}))
    assert str(caught.value).startswith(f"InitialUEMessage.{field}: ")
    assert wrong in str(caught.value)


def test_when_something_else_is_given_then_it_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="not a message"):
        ngap.encode(ngap.TAI(plmn_identity=b"", tac=b""))
    with pytest.raises(TypeError, match="not a message"):
        ngap.encode(object())
    with pytest.raises(TypeError, match="not a type"):
        ngap.encode_value(object())
    with pytest.raises(TypeError, match="not a type"):
        ngap.decode_as(dict, b"")
    with pytest.raises(TypeError):
        ngap.decode("00")


def test_when_a_name_is_not_of_the_protocol_then_it_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Registration"):
        _ = ngap.Registration
    assert ngap.message_class(15, "initiatingMessage") is ngap.InitialUEMessage
    assert ngap.message_class(15, "successfulOutcome") is None
    assert ngap.message_class(15, "nothing") is None


def test_when_a_type_is_an_alias_then_it_can_stand_in_an_annotation() -> None:
    assert "mo-Data" in ngap.RRCEstablishmentCause.__args__
    assert ngap.UserLocationInformation is not None


def test_when_a_printable_string_has_other_characters_then_it_is_read_and_written_all_the_same() -> None:
    # Peers name themselves with underscores, which no PrintableString has.
    request = ngap.RANConfigurationUpdate(ran_node_name="gnb_1 \xe9")
    assert ngap.decode(ngap.encode(request)).message == request
    with pytest.raises(ngap.EncodeError, match="alphabet"):
        ngap.encode(ngap.RANConfigurationUpdate(ran_node_name="基"))


def test_when_a_list_claims_more_items_than_octets_then_decoding_ends_at_once() -> None:
    pdu = take_apart(ngap.encode(ngap.NGResetAcknowledge()))
    for value in (b"\xff\xff" * 4, b"\0\xff\xff", b"\xc4" + bytes(1000), b"\xbf\xff"):
        decoded = ngap.decode(pdu.with_ies([Ie(111, "ignore", value)]))
        assert decoded.message is None
        assert decoded.faults[0].cause == "transfer-syntax-error"


def test_when_there_are_a_thousand_faults_then_a_bounded_number_is_told() -> None:
    pdu = take_apart(ngap.encode(ngap.NGResetAcknowledge()))
    decoded = ngap.decode(pdu.with_ies([Ie(60000 + n, "notify", b"\1") for n in range(1000)]))
    assert len(decoded.faults) == 64
    assert len(decoded.message.unknown_ies) == 1000
    decoded = ngap.decode(
        pdu.with_ies([*(Ie(60000 + n, "notify", b"\1") for n in range(1000)), Ie(61500, "reject", b"")])
    )
    assert decoded.message is None
    assert decoded.faults[-1].ie == 61500


def test_when_the_room_is_imported_then_no_class_is_made_and_the_app_is_not_loaded() -> None:
    code = (
        "import sys, freehold.codecs.ngap as n, freehold.codecs.asn1 as a;"
        "made = [c for c in a.Message.__subclasses__()];"
        "assert made == [], made;"
        "assert not any(m.startswith('freehold.app') for m in sys.modules);"
        "n.NGSetupRequest; assert len(a.Message.__subclasses__()) == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_when_every_type_is_asked_for_then_it_is_there() -> None:
    names = [name for name, number in table("ngap")["types"].items() if "Struct" in table("ngap")["nodes"][number]]
    assert len(names) > 500
    for name in names:
        assert getattr(ngap, name).__name__ == name
        assert getattr(ngap, name).__module__ == "freehold.codecs.ngap"


def test_when_an_alternative_added_to_a_choice_is_an_ie_then_it_goes_by_the_ies_name() -> None:
    # TS 38.423 9.3.5: the area scope of an MDT of a non-public network stands in the CHOICE's extension
    plain = Generator("xnap", xnap, random.Random(1), 0.0).named("MDTConfigurationNR")
    area = xnap.PNINPNBasedMDT(cag_list_for_mdt=[xnap.CAGListforMDTItem(plmn_id=b"\0\xf1\x10", cagid=(7, 32))])
    for scope, unknown in (
        (("PNI-NPNBasedMDT", area), []),
        (("unknown", xnap.UnknownIe(65000, "ignore", b"\1")), [65000]),
        (("unknown", (1, b"\2")), []),
    ):
        value = msgspec.structs.replace(plain, area_scope_of_mdt_nr=scope)
        decoded, faults = xnap.decode_as(type(value), xnap.encode_value(value))
        assert (decoded, [fault.ie for fault in faults]) == (value, unknown)
    with pytest.raises(xnap.EncodeError, match="known is given as unknown"):
        xnap.encode_value(msgspec.structs.replace(plain, area_scope_of_mdt_nr=("unknown", (0, b"\2"))))


def test_when_a_container_that_must_hold_an_extension_is_empty_then_its_field_is_named() -> None:
    # TS 38.473 9.4.5: the extensions of a MobilityTrigger are mandatory and none is defined
    value = Generator("f1ap", f1ap, random.Random(1), 0.0).named("MobilityTrigger")
    decoded, faults = f1ap.decode_as(type(value), f1ap.encode_value(value))
    assert (decoded, {fault.action for fault in faults}) == (value, {"ignore"})
    with pytest.raises(f1ap.EncodeError, match=r"MobilityTrigger\.unknown_ies: a length beyond its bounds"):
        f1ap.encode_value(msgspec.structs.replace(value, unknown_ies=None))
