"""Millions of executions a decoder: cargo-fuzz on the engines, atheris on the bindings."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuzzkit.codecs import CODECS
from fuzzkit.corpus import TARGETS

ROOT = Path(__file__).resolve().parents[3]
EXECUTIONS = int(os.environ.get("FREEHOLD_FUZZ_EXECUTIONS", "10000000"))
SECONDS = int(os.environ.get("FREEHOLD_FUZZ_SECONDS", "0"))  # where it is given, an engine ends with it, done or not
PYTHON_EXECUTIONS = 200_000
FEW_EXECUTIONS = 20_000  # with those of the other codecs less than a minute
NOT_HERE = 77  # the exit status of a test that cannot run, as Automake has it


@pytest.mark.soak
@pytest.mark.parametrize("target", TARGETS)
def test_when_an_engine_takes_millions_of_inputs_then_every_property_holds(target: str) -> None:
    command = [ROOT / "tools/fuzz", target, str(EXECUTIONS), "-print_final_stats=1"]
    command += [f"-max_total_time={SECONDS}"] if SECONDS else []
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    took = time.monotonic() - began

    if done.returncode == NOT_HERE:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stderr[-4000:]
    executed = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    assert executed is not None, done.stderr[-4000:]
    with (ROOT / ".build/fuzz/executions").open("a", encoding="utf-8") as record:
        record.write(f"{target}: {executed[1]} executions in {took:.0f} s\n")
    assert int(executed[1]) >= EXECUTIONS or 0 < SECONDS <= took


def drive(codec: str, executions: int, folder: Path) -> None:
    """So many inputs by atheris in a process of their own."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("no atheris here: make .build/fuzz.stamp installs it for CPython 3.11 to 3.13")
    script = ROOT / "tests/support/fuzzkit/drive.py"
    command = [sys.executable, script, codec, str(executions), folder]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, cwd=folder, timeout=900
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    executed = re.search(r"Done (\d+) runs", done.stderr)  # a few more than asked for: what it began with counts too
    assert executed is not None, done.stderr[-4000:]
    assert int(executed[1]) >= executions


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_when_atheris_drives_a_codec_for_moments_then_every_property_holds(codec: str, tmp_path: Path) -> None:
    drive(codec, FEW_EXECUTIONS, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("codec", sorted(CODECS))
def test_when_atheris_drives_a_codec_then_every_property_holds(codec: str, tmp_path: Path) -> None:
    drive(codec, PYTHON_EXECUTIONS, tmp_path)
