"""Each message x each IE missing, repeated, misordered or of another criticality (negative.md G06; TS 38.413 10.3)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from asn1kit.tables import container, messages
from freehold.codecs import ngap

CAUSES = {
    "reject": "abstract-syntax-error-reject",
    "notify": "abstract-syntax-error-ignore-and-notify",
    "ignore": "abstract-syntax-error-ignore-and-notify",
}
UNKNOWN = 65000
LATER = b"\xbf"  # the 64th addition to an ENUMERATED
WITH_IES = [(name, entry) for name, entry in messages("ngap") if container("ngap", name)["entries"]]
IDS = [name for name, _ in WITH_IES]


def whole(name: str, optional: float = 0.15) -> Pdu:
    """A message with every mandatory IE and at least two IEs."""
    for seed in range(200):
        value = Generator("ngap", ngap, random.Random(seed), optional).named(name)
        pdu = take_apart(ngap.encode(value))
        if len(pdu.ies) > 1 or len(container("ngap", name)["entries"]) == 1:
            return pdu
    raise AssertionError(name)


def fault_of(decoded: ngap.Decoded[Any], ie: int) -> ngap.Fault:
    (found,) = [fault for fault in decoded.faults if fault.ie == ie]
    return found


@pytest.mark.parametrize(("name", "entry"), WITH_IES, ids=IDS)
def test_when_a_mandatory_ie_is_missing_then_its_criticality_says_what_happens(name: str, entry: dict) -> None:
    pdu = whole(name)
    entries = {each["id"]: each for each in container("ngap", name)["entries"]}
    for missing in pdu.ies:
        decoded = ngap.decode(pdu.with_ies([ie for ie in pdu.ies if ie != missing]))
        if not entries[missing.id]["mandatory"]:
            assert decoded.faults == ()
            continue
        fault = fault_of(decoded, missing.id)
        criticality = entries[missing.id]["criticality"]
        assert (fault.error, fault.action, fault.cause) == ("missing", criticality, CAUSES[criticality])
        assert (decoded.message is None) == (criticality == "reject")
        assert decoded.header == ngap.Header(entry["procedure_code"], decoded.header.kind, entry["criticality"])


@pytest.mark.parametrize("name", IDS)
def test_when_an_ie_comes_twice_then_the_message_is_falsely_constructed(name: str) -> None:
    pdu = whole(name)
    for at, ie in enumerate(pdu.ies):
        decoded = ngap.decode(pdu.with_ies([*pdu.ies[: at + 1], ie, *pdu.ies[at + 1 :]]))
        fault = fault_of(decoded, ie.id)
        assert fault.cause == "abstract-syntax-error-falsely-constructed-message"
        assert (fault.action, fault.error) == ("reject", None)
        assert decoded.message is None


@pytest.mark.parametrize("name", IDS)
def test_when_ies_change_places_then_the_message_is_falsely_constructed(name: str) -> None:
    pdu = whole(name)
    for at in range(len(pdu.ies) - 1):
        swapped = [*pdu.ies[:at], pdu.ies[at + 1], pdu.ies[at], *pdu.ies[at + 2 :]]
        decoded = ngap.decode(pdu.with_ies(swapped))
        assert decoded.message is None
        assert decoded.faults[0].cause == "abstract-syntax-error-falsely-constructed-message"
        assert decoded.faults[0].detail == "an IE in wrong order"


@pytest.mark.parametrize("name", IDS)
def test_when_any_order_is_taken_then_the_message_is_the_same_and_the_fault_only_told(name: str) -> None:
    pdu = whole(name)
    decoded = ngap.decode(pdu.with_ies(pdu.ies[::-1]), True)
    assert decoded.message == ngap.decode(pdu.octets()).message
    assert [(fault.action, fault.detail) for fault in decoded.faults] == [("ignore", "an IE in wrong order")] * (
        len(pdu.ies) - 1
    )


@pytest.mark.parametrize("name", IDS)
def test_when_any_order_is_taken_then_an_ie_that_comes_twice_is_refused_still(name: str) -> None:
    pdu = whole(name)
    for ie in pdu.ies:
        decoded = ngap.decode(pdu.with_ies([*pdu.ies, ie]), True)
        assert decoded.message is None
        assert fault_of(decoded, ie.id).action == "reject"


@pytest.mark.parametrize("name", IDS)
def test_when_a_known_ie_has_another_criticality_then_it_is_read_all_the_same(name: str) -> None:
    pdu = whole(name)
    for given in ("reject", "ignore", "notify"):
        decoded = ngap.decode(pdu.with_ies([replace(ie, criticality=given) for ie in pdu.ies]))
        assert decoded.faults == ()
        assert decoded.message == ngap.decode(pdu.octets()).message


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("given", ["reject", "ignore", "notify"])
def test_when_an_ie_is_unknown_then_its_own_criticality_says_what_happens(name: str, given: str) -> None:
    pdu = whole(name)
    octets = pdu.with_ies([*pdu.ies, Ie(UNKNOWN, given, b"\x12\x34")])
    decoded = ngap.decode(octets)
    fault = fault_of(decoded, UNKNOWN)
    assert (fault.error, fault.action, fault.cause) == ("not-understood", given, CAUSES[given])
    if given == "reject":
        assert decoded.message is None
    else:
        assert decoded.message.unknown_ies == [ngap.UnknownIe(UNKNOWN, given, b"\x12\x34")]
        assert ngap.encode(decoded.message) == octets


@pytest.mark.parametrize("name", IDS)
def test_when_an_ies_value_is_damaged_then_the_message_is_refused_or_can_be_written_again(name: str) -> None:
    # G03, G07: every string of fixed size zero long or short, every length and count as large as it can be
    pdu = whole(name)
    for at, ie in enumerate(pdu.ies):
        size = len(ie.value)
        for value in (b"", ie.value[:-1], ie.value[: size // 2], bytes(size), b"\xff" * size, b"\x7f" * size, b"\xff"):
            decoded = ngap.decode(pdu.with_ies([*pdu.ies[:at], replace(ie, value=value), *pdu.ies[at + 1 :]]))
            assert decoded.header is not None
            if decoded.message is None:
                assert decoded.faults[0].action == "reject"
            elif not decoded.faults:
                assert ngap.decode(ngap.encode(decoded.message)).message == decoded.message


def test_when_an_ies_value_is_of_a_later_version_then_its_criticality_governs_and_it_is_kept() -> None:
    pdu = whole("InitialUEMessage")
    ies = [ie for ie in pdu.ies if ie.id in {85, 38, 121}] + [Ie(90, "ignore", LATER), Ie(112, "ignore", LATER)]
    octets = pdu.with_ies(ies)
    decoded = ngap.decode(octets)
    assert [(fault.ie, fault.error, fault.action) for fault in decoded.faults] == [
        (90, "not-understood", "ignore"),
        (112, "not-understood", "ignore"),
    ]
    assert decoded.message.rrc_establishment_cause is None
    assert [ie.id for ie in decoded.message.unknown_ies] == [90, 112]
    assert ngap.encode(decoded.message) == octets
    decoded = ngap.decode(pdu.with_ies([*ies[:3], Ie(90, "reject", LATER)]))
    assert decoded.message is None


def test_when_the_procedure_code_is_unknown_then_the_received_criticality_governs() -> None:
    for given in ("reject", "ignore", "notify"):
        decoded = ngap.decode(Pdu(0, 250, given, []).octets())
        assert decoded.message is None
        assert decoded.header == ngap.Header(250, "initiatingMessage", given)
        assert [(fault.action, fault.ie, fault.cause) for fault in decoded.faults] == [(given, None, CAUSES[given])]


@pytest.mark.parametrize("criticality", ["reject", "ignore"])
def test_when_a_procedure_has_no_such_outcome_then_it_is_rejected_at_any_criticality(criticality: str) -> None:
    # G02; TS 38.413 10.3.4.1A: an Initial UE Message has no outcome
    decoded = ngap.decode(Pdu(1, 15, criticality, []).octets())
    assert decoded.message is None
    assert decoded.header == ngap.Header(15, "successfulOutcome", criticality)
    assert (decoded.faults[0].cause, decoded.faults[0].action) == ("abstract-syntax-error-reject", "reject")


def test_when_a_number_is_of_no_meaning_then_the_criticality_of_its_ie_governs() -> None:
    # TS 38.413 10.3.1 2, 9.3.1.94: an Expected Idle Period of 31 s is within the encoding's bounds and means nothing
    behaviour = ngap.ExpectedUEBehaviour(
        expected_ue_activity_behaviour=ngap.ExpectedUEActivityBehaviour(expected_idle_period=30)
    )
    inactive = ngap.CoreNetworkAssistanceInformationForInactive(
        ue_identity_index_value=("indexLength10", (1, 10)),
        periodic_registration_update_timer=(1, 8),
        tai_list_for_inactive=[ngap.TAIListForInactiveItem(tai=ngap.TAI(plmn_identity=b"\0\xf1\x10", tac=b"\0\0\1"))],
        expected_ue_behaviour=behaviour,
    )
    request = ngap.UEContextModificationRequest(
        amf_ue_ngap_id=1, ran_ue_ngap_id=1, core_network_assistance_information_for_inactive=inactive
    )
    pdu = take_apart(ngap.encode(request))
    assert ngap.decode(pdu.octets()).message == request
    (ie,) = [each for each in pdu.ies if each.id == 18]
    for given in ("ignore", "reject"):
        # 30 is the encoded 29, 31 the encoded 30, in eight bits after an extension bit
        value = (int.from_bytes(ie.value, "big") + (1 << shift_of(ie.value))).to_bytes(len(ie.value), "big")
        changed = [Ie(18, given, value) if each.id == 18 else each for each in pdu.ies]
        decoded = ngap.decode(pdu.with_ies(changed))
        assert fault_of(decoded, 18).error == "not-understood"
        assert (decoded.message is None) == (given == "reject")
        if decoded.message is not None:
            assert decoded.message.core_network_assistance_information_for_inactive is None


def shift_of(octets: bytes) -> int:
    """Where the encoded 29 ends, counted from the end of the octets' bits."""
    text = f"{int.from_bytes(octets, 'big'):0{8 * len(octets)}b}"
    assert text.count("00011101") == 1
    return len(text) - text.index("00011101") - 8


def test_when_a_message_is_faulty_then_the_identifiers_that_came_are_known() -> None:
    pdu = take_apart(
        ngap.encode(
            ngap.UplinkNASTransport(
                amf_ue_ngap_id=77,
                ran_ue_ngap_id=5,
                nas_pdu=b"\x7e",
                user_location_information=Generator("ngap", ngap, random.Random(1)).named("UserLocationInformation"),
            )
        )
    )
    broken = [replace(ie, value=b"") if ie.id == 121 else ie for ie in pdu.ies]
    decoded = ngap.decode(pdu.with_ies(broken))
    assert decoded.message is None
    assert decoded.faults[0].cause == "transfer-syntax-error"
    assert decoded.faults[0].where.startswith("UplinkNASTransport")
    assert decoded.identifier("amf_ue_ngap_id") == 77
    assert decoded.identifier("ran_ue_ngap_id") == 5
    assert ngap.decode(pdu.with_ies(pdu.ies[1:])).identifier("amf_ue_ngap_id") is None
    assert ngap.decode(pdu.octets()).identifier("amf_ue_ngap_id") == 77


@pytest.mark.parametrize(
    "octets",
    [b"", b"\0", b"\x60\0\0\0", b"\x80\0\0\0", b"\0\x0f\xc0\0", b"\0\x0f\x40\xc5", b"\0\x0f\x40\x05\0\0\0", bytes(4)],
)
def test_when_the_header_is_damaged_then_it_is_a_transfer_syntax_error(octets: bytes) -> None:
    decoded = ngap.decode(octets)
    assert decoded.message is None
    assert decoded.faults
    assert decoded.faults[0].cause in {"transfer-syntax-error", CAUSES["reject"]}


@pytest.mark.parametrize("ie", [27, 90, 102, 115])
@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0", b"\xff" * 3])
def test_when_a_fixed_string_is_short_then_it_is_a_transfer_syntax_error_or_read(ie: int, value: bytes) -> None:
    # G07: zero-length and short fixed strings in NG Setup Request
    pdu = whole("NGSetupRequest")
    decoded = ngap.decode(pdu.with_ies([replace(each, value=value) if each.id == ie else each for each in pdu.ies]))
    assert decoded.message is None or ngap.encode(decoded.message)
    if not value and ie in {each.id for each in pdu.ies}:
        assert decoded.faults[0].cause == "transfer-syntax-error"


def test_when_a_container_inside_does_not_decode_then_it_stays_octets_and_the_message_stands() -> None:
    item = ngap.PDUSessionResourceSetupItemSURes(
        pdu_session_id=1, pdu_session_resource_setup_response_transfer=b"\xff\xff\xff"
    )
    octets = ngap.encode(
        ngap.PDUSessionResourceSetupResponse(
            amf_ue_ngap_id=1, ran_ue_ngap_id=2, pdu_session_resource_setup_list_su_res=[item]
        )
    )
    decoded = ngap.decode(octets)
    assert decoded.message.pdu_session_resource_setup_list_su_res == [item]
    assert [(fault.cause, fault.action) for fault in decoded.faults] == [("transfer-syntax-error", "ignore")]
    assert ngap.encode(decoded.message) == octets
