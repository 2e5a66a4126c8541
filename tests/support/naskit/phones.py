"""The corpus of NAS messages as phones send them, by name."""

from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).parents[2] / "vectors" / "nas" / "phones.txt"


def phones() -> dict[str, bytes]:
    """Every message of the corpus."""
    lines = (line for line in CORPUS.read_text().splitlines() if line and not line.startswith("#"))
    return {name: bytes.fromhex(octets) for name, octets in (line.split() for line in lines)}
