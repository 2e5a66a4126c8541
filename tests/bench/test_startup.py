import json
import subprocess
import sys

import pytest

from freehold.app.bench import process, startup
from freehold.spec.errors import Unusable


def test_when_a_start_is_measured_then_its_milestones_come_in_order():
    command = process.command("bench", "startup", "--terminals", "2", "--json")
    finished = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stderr
    figures = json.loads(finished.stdout)
    assert 0 < figures["ng_setup_s"] <= figures["first_registered_s"] <= figures["all_with_traffic_s"]
    assert 0 < figures["cpu_s"] < figures["first"]["cpu_s"], "the second start finds bytecode, keys and subscriptions"
    assert figures["terminals"] == 2
    assert figures["help_cpu_ms"] > 0


def test_when_the_network_cannot_start_then_its_words_are_told(monkeypatch):
    monkeypatch.setattr(process, "PROGRAM", "import sys; sys.exit('freehold: the disk is full')")
    with pytest.raises(Unusable, match="the network did not come up: freehold: the disk is full"):
        startup.run(1)


def test_when_bytecode_is_not_written_here_then_a_start_still_has_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    code = "import sys; print(sys.pycache_prefix, sys.dont_write_bytecode)"
    asked = [sys.executable, "-c", code]
    told = subprocess.run(asked, env=startup.private(tmp_path), capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(tmp_path / "bytecode"), "False"]


def test_when_a_process_does_not_end_by_itself_then_it_is_killed(monkeypatch, tmp_path):
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    monkeypatch.setattr(process, "PROGRAM", stubborn)
    monkeypatch.setattr(process, "ENDING", 0.01)
    with process.running(process.command(), tmp_path / "log") as started:
        while not (tmp_path / "log").read_text():
            pass
    assert started.returncode == -9
