import json
import statistics
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-c", "from freehold.cli.main import main; main()", "bench", "registration"]
PATIENCE = 400
"""Seconds: a machine that does something else meanwhile is no failure of ours."""


@pytest.mark.parametrize("ues", [1, 40])
def test_when_registrations_are_measured_then_every_terminal_gets_its_session(ues):
    command = [*PROGRAM, "--ues", str(ues), "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert finished.returncode == 0, finished.stderr
    figures = json.loads(finished.stdout)
    assert (figures["ues"], figures["registered"], figures["sessions"]) == (ues, ues, ues)
    assert figures["suci"] == "profile A"
    assert figures["n2"] == "unix seqpacket"
    assert figures["core_cpu_ms_per_ue"] > 0
    assert 0 < figures["p50_ms"] <= figures["p99_ms"]
    assert figures["rss_mb_idle"] < 120


def test_when_management_is_compared_then_both_kinds_are_measured_in_one_run():
    command = [*PROGRAM, "--ues", "40", "--management", "--rounds", "2", "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert finished.returncode == 0, finished.stderr
    figures = json.loads(finished.stdout)
    assert min(figures["unmanaged_cpu_ms_per_ue"], figures["managed_cpu_ms_per_ue"]) > 0
    assert figures["rounds"] == len(figures["changes_percent"]) == len(figures["followed_changes_percent"]) == 2
    assert figures["change_percent"] == round(statistics.median(figures["changes_percent"]), 1)
    assert figures["followed_percent"] == round(statistics.median(figures["followed_changes_percent"]), 1)


def test_when_the_core_cannot_start_then_its_words_are_told(monkeypatch):
    from freehold.app.bench import process, registration
    from freehold.spec.errors import Unusable

    monkeypatch.setattr(process, "PROGRAM", "import sys; sys.exit('freehold: the disk is full')")
    with pytest.raises(Unusable, match="the core did not start: freehold: the disk is full"):
        registration.run(1)
