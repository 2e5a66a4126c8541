"""How tables become rows for the engine, and that the engine refuses tables that do not fit together."""

from __future__ import annotations

import msgspec
import pytest

from freehold._native import pfcp as native
from freehold.codecs import pfcp
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
    for at, (_, members) in enumerate(compiler.groups):
        assert all(inner < at for _, grouped, inner, *_ in members if grouped)
    assert len({number for number, *_ in compiler.messages}) == len(pfcp.MESSAGES)


def test_when_a_report_inherits_fields_then_they_come_first_and_unknown_ies_last() -> None:
    fields = pfcp.UsageReportInReportRequest.__struct_fields__
    assert fields[0] == "urr_id"
    assert fields[-2:] == ("network_instance", "unknown_ies")
    assert len(hints(pfcp.UsageReportInReportRequest)) == len(fields)


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
        ([], [(0, [(1, True, 0, 77, False)])], []),
        ([], [(0, [(1, False, 0, 77, False)])], []),
        ([], [(9, [])], []),
        ([], [], [(1, False, 0)]),
    ],
)
def test_when_tables_do_not_fit_together_then_there_is_no_engine(layouts, groups, messages) -> None:
    with pytest.raises(ValueError, match=r".+"):
        native.Engine([pfcp.NodeID], layouts, groups, messages, FRAME, msgspec.structs.astuple)
