"""Standard output through a pipe whose reader is slow: every octet arrives, buffered by Python or not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = "from freehold.cli.output import show_line; show_line('x' * 400_000)"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("blocking", [True, False])
def test_when_a_pipe_takes_output_in_parts_then_every_part_arrives(unbuffered: str, blocking: bool):
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=writing, env=environment) as process:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            octets = pipe.read()
        assert process.wait() == 0
    assert len(octets) == 400_001
