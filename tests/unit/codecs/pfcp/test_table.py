"""How tables become rows for the engine, and that the engine refuses tables that do not fit together."""

from __future__ import annotations

import msgspec
import pytest

from freehold._native import pfcp as native
from freehold.codecs import pfcp
from freehold.codecs.pfcp.kept import NAMES
from freehold.codecs.pfcp.table import Bits, Compiler, Form, If, flags, hints

FRAME = (pfcp.Decoded, pfcp.Header, pfcp.Fault, pfcp.UnknownIE)


def test_when_a_pattern_is_read_then_the_first_octet_holds_the_lowest_bits() -> None:
    assert If("1....... ......1.").mask("1") == 0x0280
    assert If("....01.. ........").mask("01") == 0x0C
    assert If("...0...1").mask("1") == 1
    assert Bits("xxx.....").mask("x") == 0xE0
    assert If("1....... ......1.").octets == 2
    assert flags(2, 3) == Form("flags", 2, 3)


def test_when_the_tables_are_compiled_then_a_group_refers_only_to_groups_before_it() -> None:
    compiler = Compiler()
    for message in pfcp.MESSAGES:
        compiler.message(message)
    for at, (_, members, _) in enumerate(compiler.groups):
        assert all(inner < at for _, grouped, inner, *_ in members if grouped)
    assert len({number for number, *_ in compiler.messages}) == len(pfcp.MESSAGES)


def test_when_a_report_inherits_fields_then_they_come_first_and_unknown_ies_last() -> None:
    fields = pfcp.UsageReportInReportRequest.__struct_fields__
    assert fields[0] == "urr_id"
    assert fields[-4:] == ("predefined_rules_name", "unknown_ies", "order", "codings")
    assert len(hints(pfcp.UsageReportInReportRequest)) == len(fields)


def test_when_the_ie_types_are_counted_then_each_is_typed_or_kept_by_its_name() -> None:
    # TS 29.244 8.1.2 up to Release 19: 273 and 381 are spare, and 116 is of an earlier release
    compiler = Compiler()
    for message in pfcp.MESSAGES:
        compiler.message(message)
    typed = {member[0] for _, members, _ in compiler.groups for member in members}
    assert typed == {*range(1, 403)} - {116, 273, 381}
    assert {*range(1, 403)} - typed - NAMES.keys() == {273, 381}
    assert not typed & NAMES.keys()


def test_when_a_kept_ie_comes_then_it_has_its_name_and_is_sent_on() -> None:
    octets = pfcp.encode(
        pfcp.HeartbeatRequest(1, unknown_ies=(pfcp.UnknownIE(116, b"\1"), pfcp.UnknownIE(999, b""))), 1
    )
    message = pfcp.decode(octets).message
    assert message is not None
    assert [ie.name for ie in message.unknown_ies] == ["User Plane IP Resource Information", None]
    assert pfcp.encode(message, 1) == octets


@pytest.mark.parametrize(
    ("layouts", "groups", "messages"),
    [
        ([(None, 9, False, [("rest", 0, 0, "equal", 0, 0)])], [], []),
        ([(None, 0, False, [])], [], []),
        ([(None, 0, False, [("uint", 9, 0, "equal", 0, 0)])], [], []),
        ([(None, 1, False, [("bits", 6, 3, "equal", 0, 0)])], [], []),
        ([(None, 1, False, [("flags", 3, 2, "equal", 0, 0)])], [], []),
        ([(None, 1, False, [("mist", 3, 2, "equal", 0, 0)])], [], []),
        ([(None, 1, False, [("rest", 3, 2, "mist", 0, 0)])], [], []),
        ([(7, 0, False, [("rest", 0, 0, "equal", 0, 0)])], [], []),
        ([], [(0, [(1, True, 0, 77, False)], False)], []),
        ([], [(0, [(1, False, 0, 77, False)], False)], []),
        ([], [(9, [], False)], []),
        ([], [], [(1, False, 0)]),
    ],
)
def test_when_tables_do_not_fit_together_then_there_is_no_engine(layouts, groups, messages) -> None:
    with pytest.raises(ValueError, match=r".+"):
        native.Engine([pfcp.NodeID], layouts, groups, messages, FRAME, msgspec.structs.astuple)
