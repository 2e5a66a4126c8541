"""What a faulty message asks for: TS 38.413 10.2 to 10.3.6 as both ends of N2 answer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from asn1kit.generate import Generator
from asn1kit.pdu import Ie, Pdu, take_apart
from freehold.codecs import ngap
from freehold.stack.ngap_faults import DIAGNOSED, diagnostics, error_indication, worst


def pdu_of(name: str, extra: Ie | None = None) -> Pdu:
    pdu = take_apart(ngap.encode(Generator("ngap", ngap, random.Random(3), 0.1).named(name)))
    return replace(pdu, ies=[*pdu.ies, extra] if extra else pdu.ies)


@pytest.mark.parametrize("name", ["NGSetupRequest", "NGReset", "InitialUEMessage", "NGSetupResponse"])
@pytest.mark.parametrize(
    ("criticality", "cause"),
    [
        ("reject", "abstract-syntax-error-reject"),
        ("notify", "abstract-syntax-error-ignore-and-notify"),
        ("ignore", None),
    ],
)
def test_when_an_ie_is_not_understood_then_its_criticality_governs(
    name: str, criticality: str, cause: str | None
) -> None:
    decoded = ngap.decode(pdu_of(name, Ie(65000, criticality, b"\1")).octets())
    fault = worst(decoded.faults)
    assert (fault and fault.cause) == cause
    assert (error_indication(decoded) is None) == (cause is None)


def test_when_nothing_is_wrong_then_nothing_is_answered() -> None:
    decoded = ngap.decode(pdu_of("NGSetupRequest").octets())
    assert worst(decoded.faults) is None
    assert diagnostics(decoded.header, decoded.faults, in_answer=True) is None
    assert error_indication(decoded) is None


def test_when_octets_are_no_pdu_then_an_error_indication_says_transfer_syntax_error() -> None:
    assert error_indication(ngap.decode(b"\xff")) == ngap.ErrorIndication(cause=("protocol", "transfer-syntax-error"))


@pytest.mark.parametrize(("criticality", "silent"), [("reject", False), ("notify", False), ("ignore", True)])
def test_when_the_procedure_is_unknown_then_its_criticality_decides(criticality: str, silent: bool) -> None:
    assert (error_indication(ngap.decode(Pdu(0, 251, criticality, []).octets())) is None) == silent


def test_when_an_error_indication_is_faulty_then_it_is_not_answered() -> None:
    # TS 38.413 10.5: else two nodes could go on for ever
    decoded = ngap.decode(pdu_of("ErrorIndication", Ie(65000, "reject", b"\1")).octets())
    assert decoded.message is None
    assert error_indication(decoded) is None


def test_when_ies_are_missing_then_the_error_indication_names_them_and_the_ue() -> None:
    pdu = pdu_of("UplinkNASTransport")
    decoded = ngap.decode(replace(pdu, ies=[ie for ie in pdu.ies if ie.id not in {38, 121}]).octets())
    answer = error_indication(decoded)
    assert answer is not None
    assert answer.cause == ("protocol", "abstract-syntax-error-reject")
    assert answer.amf_ue_ngap_id == int.from_bytes(pdu.ies[0].value[1:], "big")
    assert answer.ran_ue_ngap_id is not None
    found = answer.criticality_diagnostics
    assert (found.procedure_code, found.triggering_message) == (46, "initiating-message")
    assert found.procedure_criticality == "ignore"
    assert [(item.ie_id, item.ie_criticality, item.type_of_error) for item in found.ies_criticality_diagnostics] == [
        (38, "reject", "missing")
    ]
    assert [fault.ie for fault in decoded.faults] == [38, 121]
    again = ngap.decode(ngap.encode(answer))
    assert again.faults == ()
    assert again.message == answer


def test_when_the_answer_is_the_response_then_the_procedure_is_not_named_in_it() -> None:
    decoded = ngap.decode(pdu_of("NGSetupRequest", Ie(65000, "notify", b"\1")).octets())
    found = diagnostics(decoded.header, decoded.faults, in_answer=True)
    assert found.procedure_code is None
    assert [item.ie_id for item in found.ies_criticality_diagnostics] == [65000]
    failure = ngap.NGSetupFailure(cause=("protocol", worst(decoded.faults).cause), criticality_diagnostics=found)
    assert ngap.decode(ngap.encode(failure)).message == failure


def test_when_there_are_more_faults_than_fit_then_the_first_are_told() -> None:
    faults = tuple(ngap.Fault("abstract-syntax-error-reject", "reject", ie, "missing") for ie in range(300))
    assert len(diagnostics(None, faults, in_answer=True).ies_criticality_diagnostics) == DIAGNOSED
