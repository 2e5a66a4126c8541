"""What a faulty message asks for: TS 38.413 10.2 to 10.3.6 as a table of cases."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from freehold.codecs import ngap
from freehold.codecs.ngap.answers import (
    cause,
    criticality_diagnostics,
    error_indication,
    remedy,
    reported,
)


def pdu_of(name: str, extra: Ie | None = None) -> Pdu:
    pdu = take_apart(ngap.encode(Generator("ngap", ngap, random.Random(3), 0.1).named(name)))
    return replace(pdu, ies=[*pdu.ies, extra] if extra else pdu.ies)


@pytest.mark.parametrize(
    ("name", "criticality", "expected"),
    [
        ("NGSetupRequest", "reject", "unsuccessful-outcome"),
        ("NGSetupRequest", "notify", "report-in-response"),
        ("NGSetupRequest", "ignore", None),
        ("NGReset", "reject", "error-indication"),
        ("NGReset", "notify", "report-in-response"),
        ("InitialUEMessage", "reject", "error-indication"),
        ("InitialUEMessage", "notify", "error-indication"),
        ("InitialUEMessage", "ignore", None),
        ("NGSetupResponse", "reject", "local-error-handling"),
        ("NGSetupResponse", "notify", "error-indication"),
        ("NGSetupFailure", "ignore", None),
    ],
)
def test_when_an_ie_is_not_understood_then_the_remedy_is_the_clauses(
    name: str, criticality: str, expected: str | None
) -> None:
    decoded = ngap.decode(pdu_of(name, Ie(65000, criticality, b"\1")).octets())
    assert remedy(decoded) == expected


def test_when_nothing_is_wrong_then_nothing_is_answered() -> None:
    decoded = ngap.decode(pdu_of("NGSetupRequest").octets())
    assert (remedy(decoded), cause(decoded), criticality_diagnostics(decoded, in_response=True)) == (None, None, None)
    assert error_indication(decoded) is None


def test_when_octets_are_no_pdu_then_an_error_indication_says_transfer_syntax_error() -> None:
    decoded = ngap.decode(b"\xff")
    assert remedy(decoded) == "error-indication"
    assert error_indication(decoded) == ngap.ErrorIndication(cause=("protocol", "transfer-syntax-error"))


@pytest.mark.parametrize(("criticality", "expected"), [("reject", "error-indication"), ("ignore", None)])
def test_when_the_procedure_is_unknown_then_its_criticality_decides(criticality: str, expected: str | None) -> None:
    assert remedy(ngap.decode(Pdu(0, 251, criticality, []).octets())) == expected


def test_when_ies_are_missing_then_the_error_indication_names_them_and_the_ue() -> None:
    pdu = pdu_of("UplinkNASTransport")
    decoded = ngap.decode(replace(pdu, ies=[ie for ie in pdu.ies if ie.id not in {38, 121}]).octets())
    answer = error_indication(decoded)
    assert answer is not None
    assert answer.cause == ("protocol", "abstract-syntax-error-reject")
    assert answer.amf_ue_ngap_id == int.from_bytes(pdu.ies[0].value[1:], "big")
    assert answer.ran_ue_ngap_id is not None
    diagnostics = answer.criticality_diagnostics
    assert diagnostics.procedure_code == 46
    assert diagnostics.triggering_message == "initiating-message"
    assert diagnostics.procedure_criticality == "ignore"
    assert [
        (item.ie_id, item.ie_criticality, item.type_of_error) for item in diagnostics.ies_criticality_diagnostics
    ] == [(38, "reject", "missing")]
    assert [fault.ie for fault in decoded.faults] == [38, 121]
    assert [fault.ie for fault in reported(decoded)] == [38]
    again = ngap.decode(ngap.encode(answer))
    assert again.faults == ()
    assert again.message == answer


def test_when_the_answer_is_the_response_then_the_procedure_is_not_named_in_it() -> None:
    decoded = ngap.decode(pdu_of("NGSetupRequest", Ie(65000, "notify", b"\1")).octets())
    diagnostics = criticality_diagnostics(decoded, in_response=True)
    assert diagnostics.procedure_code is None
    assert [item.ie_id for item in diagnostics.ies_criticality_diagnostics] == [65000]
    failure = ngap.NGSetupFailure(cause=cause(decoded), criticality_diagnostics=diagnostics)
    assert ngap.decode(ngap.encode(failure)).message == failure
