"""The SCTP of a real kernel, in a User Mode Linux guest."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = "import asyncio; from unit.net.test_sctp import talk; asyncio.run(talk(38499)); print('talked')"


@functools.cache
def starts(tool):
    """Whether the guest comes up at all."""
    return subprocess.run([tool, "-t", "60", "true"], capture_output=True, timeout=100, check=False).returncode == 0


@pytest.fixture
def guest(shared_tool):
    """Runs a command of this Python in the guest, with additions to the environment; the finished process."""
    if os.getuid() != 0:
        pytest.skip("the guest with SCTP needs root")
    if not (shutil.which("linux.uml") and shutil.which("insmod")):
        pytest.skip("the guest with SCTP needs Debian's user-mode-linux and kmod")
    tool = os.environ.get("FREEHOLD_KERNEL_SCTP") or shared_tool("kernel-sctp")
    if not starts(tool):
        pytest.skip("the guest with SCTP does not start on this machine: its kernel knows no processor like this one")

    def run(*words, seconds, **additions):
        return subprocess.run(
            [tool, "-t", str(seconds), sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, **additions},
            capture_output=True,
            text=True,
            timeout=seconds + 40,
            check=False,
        )

    return run


@pytest.mark.interop
@pytest.mark.root
@pytest.mark.xdist_group("guest")
def test_when_the_kernel_has_sctp_then_associations_work(guest):
    finished = guest("-c", PROGRAM, seconds=200, PYTHONPATH="tests")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.strip().endswith("talked")


@pytest.mark.interop
@pytest.mark.root
@pytest.mark.xdist_group("guest")
@pytest.mark.usefixtures("ueransim_programs")
def test_when_the_kernel_has_sctp_then_an_unmodified_gnb_and_terminal_pass_packets(guest):
    assert_passed_over_sctp(guest, "tests/interop/test_ueransim.py", "unmodified")


@pytest.mark.interop
@pytest.mark.root
@pytest.mark.xdist_group("guest")
def test_when_the_kernel_has_sctp_then_our_gnb_and_terminals_pass_packets(guest):
    assert_passed_over_sctp(guest, "tests/interop/test_processes.py", "another")


@pytest.mark.interop
@pytest.mark.root
@pytest.mark.xdist_group("guest")
@pytest.mark.usefixtures("packetrusher_program")
@pytest.mark.parametrize("which", ["idle", "moves_to_another_gnb", "handed_over_n2"])
def test_when_the_kernel_has_sctp_then_a_second_foreign_gnb_is_served(guest, which):
    assert_passed_over_sctp(guest, "tests/interop/test_packetrusher.py", which)


def assert_passed_over_sctp(guest, file, which):
    words = ("-m", "pytest", file, "-k", which, "--basetemp=/run/t")
    finished = guest(*words, seconds=400, FREEHOLD_N2_OVER_SCTP="1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "1 passed" in finished.stdout
