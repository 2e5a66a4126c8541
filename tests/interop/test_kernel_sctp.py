"""The SCTP of a real kernel, in a User Mode Linux guest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = "import asyncio; from unit.net.test_sctp import talk; asyncio.run(talk(38499)); print('talked')"


@pytest.fixture
def guest(shared_tool):
    if os.getuid() != 0:
        pytest.skip("the guest with SCTP needs root")
    if not (shutil.which("linux.uml") and shutil.which("insmod")):
        pytest.skip("the guest with SCTP needs Debian's user-mode-linux and kmod")
    return shared_tool("kernel-sctp")


@pytest.mark.interop
@pytest.mark.root
@pytest.mark.xdist_group("guest")
def test_when_the_kernel_has_sctp_then_associations_work(guest):
    environment = {**os.environ, "PYTHONPATH": "tests"}
    finished = subprocess.run(
        [guest, "-t", "200", sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.strip().endswith("talked")
