"""A trace handed on as a file is drawn as the network drew it."""

import asyncio
import json
import sys

import pytest

from freehold.cli import main as entry
from freehold.manage import tracefile
from freehold.manage.accounts.roles import Principal, Role
from freehold.manage.api import Api
from freehold.manage.http import Request
from freehold.manage.streams import as_file
from freehold.manage.views import RecordView
from freehold.procedure.tap import Record
from freehold.spec.errors import Unusable
from managekit import FakeNetwork
from tracekit import GOLDEN, golden_file


def test_when_a_trace_file_is_read_then_its_ladder_is_the_golden_one(tmp_path, monkeypatch, capsys):
    octets = asyncio.run(golden_file())
    golden = GOLDEN.read_text()
    assert tracefile.ladder(tracefile.read(octets, "x")) == golden
    place = tmp_path / "run.fhtrace"
    place.write_bytes(octets)
    monkeypatch.setattr(sys, "argv", ["freehold", "trace", "--read", str(place), "--ladder"])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert (ended.value.code, capsys.readouterr().out) == (0, golden)


def test_when_interfaces_are_chosen_then_a_file_is_drawn_with_those_alone():
    shown = tracefile.ladder(tracefile.read(asyncio.run(golden_file()), "x"), "N1")
    assert "RegistrationRequest" in shown
    assert "InitialUEMessage" not in shown


def test_when_a_link_s_router_is_the_smf_then_what_it_says_is_drawn_unasked():
    view = RecordView(1.0, "N4-u", "a", "b", "RouterAdvertisement", clause="RFC 4861 4.2", start="SMF", end="UPF")
    drawn = tracefile.ladder([view]).splitlines()[1].split()
    assert drawn[-6:] == ["1", "N4-u", "RouterAdvertisement", "RFC", "4861", "4.2"]


def test_when_nas_is_not_for_who_asks_then_a_file_has_its_names_and_not_its_octets():
    views = tracefile.read(asyncio.run(golden_file(sealed=True)), "x")
    assert [view.octets for view in views if view.interface == "N1"] == [""] * sum(v.interface == "N1" for v in views)
    assert any(view.octets for view in views if view.interface == "N2")


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"format": "freehold-trace", "version": 2}', b"k,opc\n1,2"])
def test_when_a_file_is_none_of_ours_then_one_line_says_so(text):
    with pytest.raises(Unusable, match="not a trace file"):
        tracefile.read(text, "x")


def test_when_a_line_of_a_file_is_wrong_then_it_is_named():
    with pytest.raises(Unusable, match="x:2: not a record"):
        tracefile.read(tracefile.head("n", 0.0, sealed=False) + b'{"time": "soon"}\n', "x")


def roles(nas):
    """What each role is told of one NAS message: its octets in the file, and the status of its dissection."""

    async def main():
        network = FakeNetwork()
        api = Api(network, nas=nas)
        stop = api.kept.watch(lambda _: None, packets=False)
        network.tap.record(Record(1.0, "N1", "UE", "AMF", "RegistrationRequest", octets=b"\x7e\x00\x41"))
        stop()
        told = {}
        for role in (Role.ADMIN, Role.OPERATOR):
            who = Principal("anna", role)
            answered = await api(Request("GET", ("v1", "trace-file"), {}, b"", principal=who))
            octets = b"".join([piece async for piece in answered.pieces])
            opened = await api(Request("GET", ("v1", "records", "1"), {}, b"", principal=who))
            told[role] = (json.loads(octets.splitlines()[1])["octets"], opened.status)
        return told

    return asyncio.run(main())


def test_when_the_key_holder_keeps_nas_for_administrators_then_an_operator_is_not_told_it():
    assert roles((Role.ADMIN, Role.OPERATOR)) == {Role.ADMIN: ("7e0041", 200), Role.OPERATOR: ("7e0041", 200)}
    assert roles((Role.ADMIN,)) == {Role.ADMIN: ("7e0041", 200), Role.OPERATOR: ("", 403)}


def test_when_nothing_is_kept_then_a_file_is_its_head_alone():
    async def main():
        network = FakeNetwork()
        return b"".join([piece async for piece in as_file(network, Api(network).kept, {})])

    assert tracefile.read(asyncio.run(main()), "x") == []
