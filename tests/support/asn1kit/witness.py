"""Asks pycrate, which lives in the build environment only, over a pipe."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"


class Witness:
    """A running pycrate for one protocol."""

    def __init__(self, protocol: str) -> None:
        script = Path(__file__).with_name("pycrate_witness.py")
        self.process = subprocess.Popen(
            [str(PYTHON), str(script), protocol], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def encode(self, kind: int, procedure_code: int, criticality: str, neutral: Any) -> tuple[str, bool]:
        """Pycrate's octets (hexadecimal, or its error), and whether it reads them back the same."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([kind, procedure_code, criticality, neutral]) + "\n")
        self.process.stdin.flush()
        octets, same = json.loads(self.process.stdout.readline())
        return octets, same

    def close(self) -> None:
        """End it."""
        self.process.communicate()
