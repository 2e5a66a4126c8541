"""Writes the tables of every codec where the fuzz targets in native/fuzz read them. usage: tables.py FOLDER"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from freehold.codecs import nas, pfcp
from freehold.codecs.gtpu import codec as gtpu
from freehold.codecs.nas.compile import Compiler as NasCompiler
from freehold.codecs.pfcp.table import Compiler as PfcpCompiler

GENERATED = Path(sys.modules["freehold.codecs"].__file__).parents[1] / "_gen"


PROTOCOLS = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap", "lpp", "rrc")
"""The ASN.1 protocols by the number that chooses them in an input, which seeds and findings keep: new ones go last."""


def protocols() -> list[str]:
    """The ASN.1 protocols that have tables, each where PROTOCOLS has it."""
    found = {path.stem for path in GENERATED.glob("*.per")}
    if found != set(PROTOCOLS):
        raise ValueError(f"PROTOCOLS is not what there are tables of: {sorted(found)}")
    return list(PROTOCOLS)


def nas_rows() -> list[object]:
    compiler = NasCompiler()
    messages = [compiler._message(message) for message in nas.MESSAGES]
    return [compiler.nodes, messages]


def pfcp_rows() -> list[object]:
    compiler = PfcpCompiler()
    for message in pfcp.MESSAGES:
        compiler.message(message)
    return [compiler.layouts, compiler.groups, compiler.messages]


def gtpu_rows() -> list[object]:
    return [[row.header_type, row.pdu_type, names, parts] for row, names, parts in gtpu.frames()]


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in protocols():
        (folder / f"{name}.per").write_bytes((GENERATED / f"{name}.per").read_bytes())
    for name, rows in (("protocols", protocols()), ("nas", nas_rows()), ("pfcp", pfcp_rows()), ("gtpu", gtpu_rows())):
        (folder / f"{name}.json").write_text(json.dumps(rows))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
