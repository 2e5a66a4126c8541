"""Measurement files: named by TS 32.432, of the structure of TS 32.435."""

import re
from xml.etree import ElementTree as ET

import pytest

from freehold.manage.performance.files import NAMESPACE, document, end_of, file_name
from freehold.manage.performance.readings import Period, Spread
from freehold.spec.measurements import MEASUREMENTS

BEGIN = 1767225600.0  # 2026-01-01 00:00 UTC
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
# TS 32.435: children of each element in order; ? may be missing, * may come often or never, + often
STRUCTURE = {
    "measCollecFile": ["fileHeader", "measData*", "fileFooter"],
    "fileHeader": ["fileSender", "measCollec"],
    "fileSender": [],
    "measCollec": [],
    "measData": ["managedElement", "measInfo*"],
    "managedElement": [],
    "measInfo": ["job?", "granPeriod", "repPeriod?", "measType+", "measValue*"],
    "job": [],
    "granPeriod": [],
    "repPeriod": [],
    "measType": [],
    "measValue": ["r+", "suspect?"],
    "r": [],
    "suspect": [],
    "fileFooter": ["measCollec"],
}
ATTRIBUTES = {
    "fileHeader": {"fileFormatVersion", "vendorName"},
    "fileSender": {"localDn", "elementType"},
    "managedElement": {"localDn", "userLabel", "swVersion"},
    "measInfo": {"measInfoId"},
    "job": {"jobId"},
    "granPeriod": {"duration", "endTime"},
    "repPeriod": {"duration"},
    "measType": {"p"},
    "measValue": {"measObjLdn"},
    "r": {"p"},
}


def plain(element):
    assert element.tag.startswith(f"{{{NAMESPACE}}}")
    return element.tag.partition("}")[2]


def validate(element):
    name = plain(element)
    pattern = "".join(f"(?:{part.rstrip('?*+')} ){part[-1] if part[-1] in '?*+' else ''}" for part in STRUCTURE[name])
    children = "".join(f"{plain(child)} " for child in element)
    assert re.fullmatch(pattern, children), (name, children)
    if name in ATTRIBUTES:
        assert set(element.attrib) == ATTRIBUTES[name]
    if name == "measCollec":
        assert set(element.attrib) in ({"beginTime"}, {"endTime"})
    for attribute in ("beginTime", "endTime"):
        assert TIME.fullmatch(element.attrib.get(attribute, "2026-01-01T00:00:00+00:00"))
    for child in element:
        validate(child)


def made(**changes):
    counters = {
        "RM.RegInitReq": {"": 12},
        "RM.RegInitFail": {"#3 illegal UE": 2, "#22": 1},
        "odd <name> & \x00": {'"': 1},
        "protocol.fault": {"N2 <PPID>\x07": 4},
    }
    values = {"SM.SessionNbr": Spread(3, 30.0, 9.0, 11.0)}
    return Period(BEGIN, BEGIN + 900, counters, values, **changes)


@pytest.fixture
def root():
    return ET.fromstring(document(made(), "Lab <1>", "0.1.0", 900.0))


def results(root, class_):
    (info,) = (each for each in root.iter(f"{{{NAMESPACE}}}measInfo") if each.get("measInfoId") == class_)
    names = {each.get("p"): each.text for each in info.iter(f"{{{NAMESPACE}}}measType")}
    values = {each.get("p"): each.text for each in info.iter(f"{{{NAMESPACE}}}r")}
    assert list(names) == list(values)
    return {names[place]: values[place] for place in names}


def test_when_a_file_is_made_then_its_structure_is_that_of_the_specification(root):
    assert plain(root) == "measCollecFile"
    validate(root)


def test_when_a_file_is_read_then_counters_stand_by_object_with_causes_as_subcounters(root):
    amf = results(root, "AMFFunction")
    assert amf["RM.RegInitReq"] == "12"
    assert (amf["RM.RegInitFail"], amf["RM.RegInitFail.3_illegal_UE"], amf["RM.RegInitFail.22"]) == ("3", "2", "1")
    assert amf["RM.RegMobReq"] == "0"  # nothing happened, which is a result too
    assert results(root, "SMFFunction")["SM.SessionNbrMean"] == "10.00"
    assert results(root, "SMFFunction")["SM.SessionNbrMax"] == "11"
    assert "odd_name" in results(root, "ManagedElement")


def test_when_counters_and_labels_have_any_character_then_measurements_are_names_of_xml(root):
    # TS 32.435: measType is an xs:Name
    names = [each.text for each in root.iter(f"{{{NAMESPACE}}}measType")]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9._:-]*", name)] == []


def test_when_two_labels_are_one_name_then_their_counts_are_summed():
    period = Period(BEGIN, BEGIN + 900, {"RM.RegInitFail": {"#3": 2, "3": 4, '"': 1}}, {})
    amf = results(ET.fromstring(document(period, "Lab", "0.1.0", 900.0)), "AMFFunction")
    assert (amf["RM.RegInitFail.3"], amf["RM.RegInitFail.other"], amf["RM.RegInitFail"]) == ("6", "1", "7")


def test_when_a_period_is_suspect_then_every_value_says_so():
    root = ET.fromstring(document(made(suspect=True), "Lab", "0.1.0", 900.0))
    assert {each.text for each in root.iter(f"{{{NAMESPACE}}}suspect")} == {"true"}


def test_when_every_object_is_listed_then_the_classes_are_those_of_the_measurements(root):
    there = {each.get("measInfoId") for each in root.iter(f"{{{NAMESPACE}}}measInfo")}
    assert there == {row.object for row in MEASUREMENTS.values() if row.kind == "CC"}


@pytest.mark.parametrize(
    ("begin", "end", "sender", "name"),
    [
        (BEGIN, BEGIN + 900, "Freehold", "A20260101.0000+0000-0015+0000_Freehold.xml"),
        (BEGIN - 900, BEGIN, "Lab 7/ü", "A20251231.2345+0000-20260101.0000+0000_Lab-7.xml"),
        (BEGIN, BEGIN + 60, "///", "A20260101.0000+0000-0001+0000_network.xml"),
    ],
)
def test_when_a_file_is_named_then_the_name_gives_its_times_back(begin, end, sender, name):
    assert file_name(begin, end, sender) == name
    assert end_of(name) == end


@pytest.mark.parametrize(("begin", "end"), [(0.5, 50.2), (0.0, 59.999), (1.0, 60.0)])
def test_when_a_period_is_shorter_than_its_minutes_then_they_are_its_name(begin, end):
    name = file_name(BEGIN + begin, BEGIN + end, "Lab")
    assert name == "A20260101.0000+0000-0001+0000_Lab.xml"
    assert end_of(name) == BEGIN + 60


@pytest.mark.parametrize(
    "name",
    [
        "", "x.xml", "A20260101.0000+0000-0000+0000_x.xml", "A20269901.0000+0000-0015+0000_x.xml",
        "../A20260101.0000+0000-0015+0000_x.xml",
    ],
)  # fmt: skip
def test_when_a_name_is_of_another_form_then_it_names_no_file(name):
    assert end_of(name) is None
