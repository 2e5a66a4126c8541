"""A trace as a file to hand on: a line that says what it is, then one record a line, as the API tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from freehold.manage.views import RecordView, View
from freehold.procedure.ladder import WATCHING, Step, render_steps
from freehold.spec.errors import Unusable

SIGNALLING: Final = ("N1", "N2", "N4", "N4-u", "SBI", "Xn")
MOST: Final = 200_000
"""Records of one file."""


class TraceHead(View, frozen=True):
    """The first line: whose network, when it was written (seconds since 1970), whether NAS is left out."""

    format: Literal["freehold-trace"]
    version: Literal[1]
    network: str
    written: float
    sealed: bool = False


def head(network: str, written: float, *, sealed: bool) -> bytes:
    """The first line of a file."""
    return msgspec.json.encode(TraceHead("freehold-trace", 1, network, written, sealed)) + b"\n"


def read(octets: bytes, name: str) -> Sequence[RecordView]:
    """The records of a file; Unusable names the line that is none."""
    lines = octets.splitlines()
    try:
        msgspec.json.decode(lines[0] if lines else b"", type=TraceHead)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable(f"{name}: not a trace file of Freehold") from None
    if len(lines) > MOST:
        raise Unusable(f"{name}: more than {MOST} records")
    found = []
    for number, line in enumerate(lines[1:], 2):
        try:
            found.append(msgspec.json.decode(line, type=RecordView))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unusable(f"{name}:{number}: not a record: {error}") from None
    return found


def ladder(views: Sequence[RecordView], interfaces: str = "") -> str:
    """The signalling of a file as a ladder: the same as of the records it was written from."""
    wanted = {*(filter(None, interfaces.split(",")) if interfaces else SIGNALLING), "procedure", "timer"}
    return render_steps(
        Step(one.time, one.interface, one.start, one.end, f"{one.name}{one.inside}{one.detail}", one.clause)
        for one in views
        if one.interface in wanted and one.name not in WATCHING
    )
