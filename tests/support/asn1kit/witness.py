"""Asks pycrate, which lives in the build environment only, over a pipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipekit import Pipe

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"


class Witness:
    """A running pycrate for one protocol."""

    def __init__(self, protocol: str) -> None:
        script = Path(__file__).with_name("pycrate_witness.py")
        self.pipe = Pipe(PYTHON, script, protocol)

    def encode(
        self, kind: int, procedure_code: int, criticality: str, neutral: Any, transaction: int | None = None
    ) -> tuple[str, bool]:
        """Pycrate's octets of a PDU (hexadecimal, or its error), and whether it reads them back the same."""
        octets, same = self._ask([kind, procedure_code, criticality, transaction, neutral])
        return octets, same

    def encode_value(self, name: str, neutral: Any) -> tuple[str, bool]:
        """The same of a value that travels alone, by the name of its type."""
        octets, same = self._ask([name, neutral])
        return octets, same

    def types(self) -> list[str]:
        """The names of the types that it knows."""
        return self._ask([])

    def _ask(self, question: list[Any]) -> Any:
        return json.loads(self.pipe.ask(json.dumps(question)))

    def close(self) -> None:
        """End it."""
        self.pipe.close()
