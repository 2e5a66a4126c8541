"""The reference pages: every message of every protocol is there, with its elements."""

from __future__ import annotations

import re

import pytest

from asn1kit import tables
from freehold.codecs import eap, nas
from freehold.codecs.nas.policy import POLICY_MESSAGES
from freehold.codecs.pfcp.messages import MESSAGES
from freehold.codecs.pfcp.table import Group
from messages import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("messages")
    main(made)
    return made


@pytest.fixture(scope="module")
def sections(folder):
    """The sections of a protocol's page by their names."""

    def of(protocol: str) -> dict[str, str]:
        whole = (folder / f"{protocol}.md").read_text(encoding="utf-8").split("\n### ")[1:]
        return {text.split("\n", 1)[0]: text for text in whole}

    return of


@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "e2ap", "nrppa"])
def test_when_pages_are_made_then_every_message_of_a_procedure_is_there_with_every_ie(sections, protocol):
    page = sections(protocol)
    for name, message in tables.messages(protocol):
        assert f"Procedure {message['procedure_code']}, " in page[name]
        for entry in tables.container(protocol, name)["entries"]:
            presence = "M" if entry["mandatory"] else "O"
            assert f"| {entry['id']} | {presence} | {entry['criticality']} |" in page[name], (name, entry["name"])


def test_when_pages_are_made_then_every_nas_message_is_there_with_every_element(sections):
    page = sections("nas")
    for kind in (*nas.MESSAGES, *POLICY_MESSAGES):
        inherited = (
            {"unknown_ies", "pdu_session_identity", "pti"} if issubclass(kind, nas.SmMessage) else {"unknown_ies"}
        )
        wanted = [name for name in kind.__struct_fields__ if name not in inherited]
        rows = [line.split(" | ")[0].removeprefix("| ") for line in page[kind.__name__].splitlines() if "|" in line]
        assert rows[2:] == wanted


@pytest.mark.parametrize("protocol", ["ngap", "xnap", "f1ap", "e1ap", "e2ap", "nrppa", "lpp", "rrc"])
def test_when_pages_are_made_then_every_message_of_asn1_has_a_clause(sections, folder, protocol):
    page = sections(protocol)
    listed = (folder / f"{protocol}.md").read_text(encoding="utf-8").split("\n## Types")[0].split("\n### ")[1:]
    said = {text.split("\n", 1)[0]: text.split("\n")[2] for text in listed}
    assert said
    assert [
        name
        for name, about in said.items()
        if not re.search(r"\((TS [0-9.]+|O-RAN[^ ]*) [0-9]+\.[0-9.A-Za-z]+\)\.$", about)
    ] == []
    assert len(page) > len(said)


def test_when_pages_are_made_then_clauses_are_those_of_their_tables_of_contents(sections):
    ngap, xnap, f1ap = sections("ngap"), sections("xnap"), sections("f1ap")
    assert "(TS 38.413 9.2.5.1)" in ngap["InitialUEMessage"]
    assert "| TS 38.413 9.3.1.16 |" in ngap["InitialUEMessage"]
    assert "(TS 38.413 9.2.2.1)" in ngap["InitialContextSetupRequest"]
    assert "(TS 38.423 9.1.1.1)" in xnap["HandoverRequest"]
    assert "(TS 38.473 9.2.1.4)" in f1ap["F1SetupRequest"]


def test_when_pages_are_made_then_every_element_of_nas_has_its_clause(sections):
    page = sections("nas")
    rows = [
        (kind.__name__, line)
        for kind in (*nas.MESSAGES, *POLICY_MESSAGES)
        for line in page[kind.__name__].splitlines()
        if line.startswith("| ") and not line.startswith(("| element", "| ---"))
    ]
    assert len(rows) > 350
    assert [row for row in rows if not row[1].rstrip(" |").rsplit("| ", 1)[-1].startswith(("TS ", "RFC "))] == []


def test_when_pages_are_made_then_a_cause_is_of_its_own_protocol(sections):
    page = sections("nas")
    assert "| TS 24.501 9.11.3.2 |" in page["RegistrationReject"]
    assert "| TS 24.501 9.11.4.2 |" in page["PduSessionEstablishmentReject"]
    assert "| TS 24.501 9.11.3.8, " in page["RegistrationRequest"]


def test_when_pages_are_made_then_every_pfcp_message_is_there_with_every_element(sections):
    page = sections("pfcp")
    for kind in MESSAGES:
        rows = [line.split(" | ")[0].removeprefix("| ") for line in page[kind.__name__].splitlines() if "|" in line]
        assert rows[2:] == [name for name in kind.__struct_fields__ if name not in Group.__struct_fields__]


def test_when_pages_are_made_then_every_attribute_of_eap_is_there(sections):
    page = sections("eap")
    for number, kind in eap.ATTRIBUTES.items():
        assert f" Number {number}." in page[kind.__name__]
        assert kind.clause in page[kind.__name__]


@pytest.mark.parametrize(
    ("protocol", "message", "line"),
    [
        ("ngap", "InitialUEMessage", "| nas_pdu | 38 | M | reject | OCTET STRING |  |"),
        ("ngap", "InitialUEMessage", "| ran_ue_ngap_id | 85 | M | reject | INTEGER | 0..4294967295 |"),
        ("nas", "RegistrationAccept", "| guti | 77 | O | TLV-E | 14 | Guti | TS 23.003 2.10.1 |"),
        ("nas", "RegistrationRequest", "| mico_indication | B- | O | TV | 1 | [MicoIndication](#micoindication) |"),
        ("pfcp", "CreateFAR", "| far_id | 108 | M | 1 | uint, 4 octets | TS 29.244 8.2.74 |"),
        ("rrc", "RRCSetup", "`rrcSetup` in [DLCCCHMessage](#dlccchmessage) (TS 38.331 6.2.2)."),
        ("lpp", "ProvideCapabilities", "LPPMessage"),
        ("gtpu", "ErrorIndication", "Message type 26."),
        ("sms", "Submit", "| destination_address | M | Address |"),
        ("sms", "RpError", "| cause | M | int |"),
        ("eap", "AtKdfInput", "(RFC 9048 3.1, TS 33.501 6.1.1.4). Number 23."),
        ("eap", "Aka", "Number 23."),
        ("eap", "Response", "| method | M | Method |"),
    ],
)
def test_when_an_element_is_looked_up_then_its_row_says_what_the_specification_does(sections, protocol, message, line):
    assert line in sections(protocol)[message]


def test_when_the_specification_names_a_type_then_its_link_leads_to_a_section(sections):
    page = sections("ngap")
    known = {name.lower() for name in page}
    linked = {part.split(")")[0] for text in page.values() for part in text.split("](#")[1:]}
    assert len(linked) > 300
    assert linked <= known
