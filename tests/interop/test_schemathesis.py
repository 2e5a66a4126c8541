"""schemathesis against the document of the API, and the API: it finds nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from freehold.manage.accounts.roles import Role
from managekit import OPC, PASSWORD, SUPI, K, Web

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("schemathesis")]
PROGRAM = Path(os.environ.get("FREEHOLD_SCHEMATHESIS") or Path(__file__).parents[2] / ".build/api/bin/schemathesis")
LEFT_OUT = "/(tap|ladder|capture|live|packets)$"
"""Answers without an end: tests/unit/manage/test_streams.py reads them."""
HOOKS = """
import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.query:
        case.query = {name: value for name, value in case.query.items() if name != "follow"}
"""
"""An answer that follows has no end either."""
SETTINGS = """
[checks.positive_data_acceptance]
# Right by the document, and refused for what only the network knows: the state that is named, or that there is none.
expected-statuses = ["2xx", "303", "401", "403", "404", "409", "412", "422", "429"]
[checks.missing_required_header]
# RFC 6585 3: a change that names no state.
expected-statuses = ["4xx"]
"""


def findings(folder, examples, phases):
    with Web(folder) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        secret = web.call(web.accounts.token("anna", Role.ADMIN, 86400.0, "probe"))[1]
        added = web.ask(
            "POST", "/api/v1/subscribers", {"supi": SUPI, "k": K, "opc": OPC}, authorization=f"Bearer {secret}"
        )
        assert added[0] == 201
        (folder / "schemathesis.toml").write_text(SETTINGS)
        (folder / "hooks.py").write_text(HOOKS)
        command = [
            str(PROGRAM), "--config-file", str(folder / "schemathesis.toml"), "run",
            f"http://127.0.0.1:{web.address[1]}/api/v1/openapi.json", "--header", f"Authorization: Bearer {secret}",
            "--exclude-path-regex", LEFT_OUT, "--max-examples", str(examples),
            "--seed", "1", "--no-color", "--generation-database", "none", "--continue-on-failure",
            "--phases", phases, "--request-timeout", "20",
        ]  # fmt: skip
        finished = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder)},
            timeout=60 * (10 + examples),
            check=False,
        )
        bugs = [event.text for event in web.api.journal.events() if event.name == "bug"]
    return finished.returncode, finished.stdout + finished.stderr, bugs


@pytest.fixture(autouse=True)
def _program():
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not there: make .build/api.stamp")


def test_when_schemathesis_asks_what_the_document_promises_then_it_finds_nothing(tmp_path):
    status, said, bugs = findings(tmp_path, 2, "coverage,fuzzing")
    assert status == 0, said
    assert bugs == []


@pytest.mark.soak
def test_when_schemathesis_asks_for_long_then_it_finds_nothing(tmp_path):
    status, said, bugs = findings(tmp_path, 50, "examples,coverage,fuzzing,stateful")
    assert status == 0, said
    assert bugs == []
