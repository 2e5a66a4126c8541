"""Drives one codec with atheris. usage: drive.py CODEC EXECUTIONS FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import atheris

with atheris.instrument_imports(include=["freehold.codecs"]):
    from fuzzkit.codecs import CODECS, samples, timed


def main(codec: str, executions: str, folder: str) -> None:
    for number, octets in enumerate(samples(codec)):
        Path(folder, f"seed-{number}").write_bytes(octets)
    arguments = [f"-runs={executions}", "-timeout=10", "-rss_limit_mb=1024", "-seed=5", folder]
    atheris.Setup([sys.argv[0], *arguments], timed(CODECS[codec]))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
