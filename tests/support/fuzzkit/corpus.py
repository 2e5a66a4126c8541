"""The corpus: one text file a target, a seed a line, its name before its octets in hexadecimal digits."""

from __future__ import annotations

import sys
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[2] / "fuzz" / "corpus"
TARGETS = ("per", "nas", "pfcp", "gtpu", "userplane", "crypto", "datanet")


def seeds(target: str) -> list[tuple[str, bytes]]:
    """Name and octets of every seed."""
    rows = (line.split() for line in (CORPUS / f"{target}.hex").read_text().splitlines())
    return [(name, bytes.fromhex(octets)) for name, octets in rows]


def unpack(target: str, folder: Path) -> None:
    """Write each seed as a file of its own, as libFuzzer reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds(target):
        (folder / name).write_bytes(octets)


if __name__ == "__main__":
    for each in TARGETS:
        unpack(each, Path(sys.argv[1]) / each)
