"""Makes the generated code under src/freehold/_gen/: usage: generate.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import asn1
import bpf


def main(folder: Path) -> None:
    """Write every generated file below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").write_text('"""Made by make setup; never edited."""\n', encoding="utf-8")
    asn1.write_all(folder)
    bpf.write_all(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
