"""The main job by a thousand terminals, and by a user without any privilege."""

import json
import os
import shutil
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-c", "from freehold.cli.main import main; main()"]
NOBODY = 65534
READ = "-all,+dac_read_search"
"""The one capability it keeps: to read an interpreter or a checkout in root's home; it opens nothing else."""


def demonstrated(*arguments, before=(), environment=None):
    """What `freehold demo --json` with these arguments says."""
    command = [*before, *PROGRAM, "demo", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    return report["ues"], report["registered"], report["sessions"], report["ping_ok"]


@pytest.fixture
def unprivileged(tmp_path_factory):
    """A command that drops every privilege, and the environment of a user with a home of its own."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user; the other tests of this run are unprivileged already")
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("no setpriv here: it is part of util-linux")
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    os.chown(home, NOBODY, NOBODY)
    drop = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    drop += [f"--inh-caps={READ}", f"--ambient-caps={READ}", f"--bounding-set={READ}"]
    try_out = subprocess.run([*drop, sys.executable, "-c", ""], capture_output=True, text=True, check=False)
    if try_out.returncode != 0:
        pytest.skip(f"an unprivileged user cannot run this Python: {try_out.stderr.strip()}")
    return drop, {"HOME": str(home), "PATH": os.environ["PATH"]}


def test_when_the_user_has_no_privilege_then_the_main_job_is_done_all_the_same(unprivileged):
    drop, environment = unprivileged
    assert demonstrated("--ues", "10", before=drop, environment=environment) == (10, 10, 10, 10)


def test_when_the_user_has_no_privilege_then_a_network_with_its_data_runs(unprivileged):
    drop, environment = unprivileged
    command = [*drop, *PROGRAM, "up", "--demo", "2", "--for", "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout.splitlines()[-1])
    assert (status["gnbs"], status["ues_registered"], status["sessions"]) == (1, 2, 2)


@pytest.mark.soak
def test_when_a_thousand_terminals_do_the_main_job_then_all_of_them_complete_it():
    assert demonstrated("--ues", "1000") == (1000, 1000, 1000, 1000)
