"""The table generator: names, merging of equal nodes, and two runs that make equal files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from asn1.compact import compact
from asn1.naming import class_name, field_name

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("id-AMF-UE-NGAP-ID", "amf_ue_ngap_id"),
        ("id-NAS-PDU", "nas_pdu"),
        ("id-UserLocationInformation", "user_location_information"),
        ("id-PDUSessionResourceSetupListSUReq", "pdu_session_resource_setup_list_su_req"),
        ("pLMNIdentity", "plmn_identity"),
        ("tAC", "tac"),
        ("gTP-TEID", "gtp_teid"),
        ("s-NSSAI", "s_nssai"),
        ("uE-NGAP-IDs", "ue_ngap_ids"),
        ("nRencryptionAlgorithms", "nr_encryption_algorithms"),
        ("eUTRAintegrityProtectionAlgorithms", "eutra_integrity_protection_algorithms"),
        ("id-QosFlowSetupRequestList", "qos_flow_setup_request_list"),
        ("gNB-ID", "gnb_id"),
        ("macroNgENB-ID", "macro_ng_enb_id"),
        ("fiveG-S-TMSI", "five_g_s_tmsi"),
        ("fiveQI", "five_qi"),
        ("n3IWF-ID", "n3iwf_id"),
        ("global", "global_"),
    ],
)
def test_when_an_identifier_is_asns_then_its_field_is_snake_case(identifier: str, expected: str) -> None:
    assert field_name(identifier) == expected


def test_when_a_type_has_dashes_then_its_class_has_none() -> None:
    assert class_name("UE-associatedLogicalNG-connectionItem") == "UEAssociatedLogicalNGConnectionItem"
    assert class_name("NR-CGI") == "NRCGI"


def whole(upper: int) -> dict:
    return {"Int": {"lb": 0, "ub": upper, "ext": False}}


def a_list(item: int) -> dict:
    return {"List": {"lb": 0, "ub": 4, "ext": False, "item": item}}


def test_when_nodes_are_equal_through_and_through_then_they_are_one() -> None:
    nodes = [a_list(1), whole(7), a_list(3), whole(7), a_list(5), whole(8)]
    distinct, number = compact(nodes)
    assert number == [0, 1, 0, 1, 2, 3]
    assert distinct == [a_list(1), whole(7), a_list(3), whole(8)]


def test_when_nodes_refer_to_themselves_then_merging_ends() -> None:
    distinct, number = compact([a_list(0), a_list(0), a_list(1)])
    assert distinct == [a_list(0)]
    assert number == [0, 0, 0]


def test_when_the_tables_are_made_twice_then_they_are_equal(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    subprocess.run([PYTHON, ROOT / "tools" / "generate.py", tmp_path], check=True)
    for name in ("ngap.json", "ngap.per", "ngap.pyi"):
        assert (tmp_path / name).read_bytes() == (ROOT / "src" / "freehold" / "_gen" / name).read_bytes()
