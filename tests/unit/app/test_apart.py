"""Packets of a UPF of another process, traced by the core of this one."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from freehold.app.apart import TraceElsewhere, socket_path, traced_by_others
from freehold.app.config import parse
from freehold.procedure import Record
from freehold.spec.errors import Unusable

RECORD = Record(1.5, "N3", "gNB 192.0.2.2", "UPF 192.0.2.1", "G-PDU", "TS 29.281 6.1", octets=b"\x34\xff", length=900)


class Plane:
    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], int, int]] = []

    def trace(self, ends, octets=0, a_second=1):
        self.asked.append((tuple(ends), octets, a_second))

    def take_traced(self):
        return [RECORD] if self.asked and self.asked[-1][0] else []


def configuration(folder: Path):
    return parse(f'[management]\nsocket = "{folder}/m.sock"\n')


async def until(ready):
    async with asyncio.timeout(20):
        while not ready():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)


def test_when_a_core_asks_then_it_gets_what_is_traced_until_it_asks_no_more(tmp_path):
    async def main():
        plane, settings = Plane(), configuration(tmp_path)
        async with traced_by_others(settings, plane):
            mode = stat.S_IMODE(socket_path(settings).stat().st_mode)
            core, found = TraceElsewhere(settings), []
            core.trace(("10.45.0.2",), 64, 100)
            await until(lambda: found.extend(core.take()) or len(found) > 1)
            core.trace((), 0, 1)
            await until(lambda: plane.asked[-1][0] == ())
            again = TraceElsewhere(settings)
            again.trace(("10.45.0.3",), 64, 100)
            await until(lambda: plane.asked[-1][0] == ("10.45.0.3",))
            again.close()
            await until(lambda: plane.asked[-1][0] == ())
        return mode, plane.asked[0], found[0], socket_path(settings).exists()

    assert asyncio.run(main()) == (0o600, (("10.45.0.2",), 64, 100), RECORD, False)


def test_when_somebody_asks_nonsense_then_nobody_is_traced_and_others_are_served(tmp_path):
    async def main():
        plane, settings = Plane(), configuration(tmp_path)
        async with traced_by_others(settings, plane):
            for nonsense in (b"{}\n", b"\xff" * 100_000 + b"\n", b'[["10.45.0.2"],'):
                reader, writer = await asyncio.open_unix_connection(socket_path(settings))
                writer.write(nonsense)
                writer.write_eof()
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
            core = TraceElsewhere(settings)
            core.trace(("10.45.0.2",), 64, 100)
            await until(lambda: plane.asked[-1][0] == ("10.45.0.2",))
            core.close()
            await until(lambda: plane.asked[-1][0] == ())
        return [asked for asked, *_ in plane.asked if asked]

    assert asyncio.run(main()) == [("10.45.0.2",)]


def test_when_no_upf_runs_on_this_machine_then_one_line_says_so(tmp_path):
    with pytest.raises(Unusable, match="no UPF on this machine"):
        TraceElsewhere(configuration(tmp_path)).trace(("10.45.0.2",), 64, 100)
