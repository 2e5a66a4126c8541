"""What only NGAP has of faults: the rest stands in codecs/asn1/test_faults.py for every protocol (TS 38.413 10.3)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from asn1kit.tables import container
from freehold.codecs import ngap

CAUSES = {
    "reject": "abstract-syntax-error-reject",
    "notify": "abstract-syntax-error-ignore-and-notify",
    "ignore": "abstract-syntax-error-ignore-and-notify",
}
LATER = b"\xbf"  # the 64th addition to an ENUMERATED


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
