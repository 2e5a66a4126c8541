"""How long each protocol's codec takes to load, in a fresh process: its module and tables, without what all share."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from freehold.app.bench.startup import private

PROTOCOLS: Final = ("ngap", "xnap", "f1ap", "e1ap", "nrppa", "e2ap", "lpp", "rrc", "nas", "pfcp")
ROUNDS: Final = 5
"""Processes a protocol, of which the fastest counts: what else the machine does only ever adds."""
_PROGRAM: Final = """
import importlib, sys, time
import freehold.codecs.asn1.schema
began = time.process_time()
importlib.import_module("freehold.codecs." + sys.argv[1])
print(1000 * (time.process_time() - began))
"""


class Load(msgspec.Struct, frozen=True):
    """One protocol: milliseconds of CPU to import its codec, its classes included where they are written in Python."""

    name: str
    load_ms: float


def loads() -> list[Load]:
    """Measure every protocol, with its bytecode already cached as in an installation."""
    with tempfile.TemporaryDirectory(prefix="freehold-bench-") as folder:
        environment = private(Path(folder))
        for name in PROTOCOLS:
            _load_ms(name, environment)
        return [Load(name, round(min(_load_ms(name, environment) for _ in range(ROUNDS)), 2)) for name in PROTOCOLS]


def _load_ms(name: str, environment: Mapping[str, str]) -> float:
    command = [sys.executable, "-c", _PROGRAM, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
    return float(done.stdout)
