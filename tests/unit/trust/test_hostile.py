"""Every verifying command takes what it reads for hostile: refused in a line, exit status 1, nothing written."""

import json
import sys

import pytest

from freehold.cli import main as entry
from freehold.services.ledger import Act
from freehold.store import MemoryStore, offline
from freehold.trust.flows.report import Counts
from freehold.trust.ledger import Ledger, note
from freehold.trust.ledger.proof import prove
from freehold.trust.seal import load_signer, new_signer, seal_envelope

FLOWS = "application/vnd.freehold.flows+json"


@pytest.fixture
def owner(tmp_path, monkeypatch, capsys):
    """A folder with keys of the owner and of somebody else, a ledger, and commands: status, output, complaints."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    text = f'[management]\nsocket = "{tmp_path}/m.sock"\nlisten = ""\n[store]\npath = "{tmp_path}/data"\n'
    (tmp_path / "freehold.toml").write_text(text)
    new_signer(tmp_path / "owner.pem")
    new_signer(tmp_path / "other.pem")
    with offline(tmp_path / "data") as store:
        for number in range(5):
            store.wait(Ledger(store).append(Act(float(number), "uid 0", "note", f"{number}")))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["freehold", *map(str, arguments)])
        try:
            entry.main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    run.folder = tmp_path
    return run


def report(folder, key):
    """A report of flows in which everything holds."""
    return seal_envelope(Counts("it", 0.0, 1.0, [], {}), [load_signer(folder / key)], FLOWS)


def checkpoint(folder, key, entries=None):
    """The state of the ledger, signed; or of another one."""
    if entries is None:
        with offline(folder / "data") as store:
            return note(Ledger(store).checkpoint(), load_signer(folder / key)).encode()
    ledger = Ledger(MemoryStore())
    for act in entries:
        ledger.append(act)
    return note(ledger.checkpoint(), load_signer(folder / key)).encode()


def proof(folder, key):
    (folder / "kept").write_bytes(checkpoint(folder, key))
    with offline(folder / "data") as store:
        return json.dumps(prove(Ledger(store).entries(), 2)).encode()


def statement(folder, key):
    (folder / "freehold-0.1.0.whl").write_bytes(b"a wheel")
    return seal_envelope(
        {"_type": "https://in-toto.io/Statement/v1"}, [load_signer(folder / key)], "application/vnd.in-toto+json"
    )


COMMANDS = {
    "flows check": (report, lambda f: ("flows", "check", f / "it", "--key", f / "owner.pem.pub")),
    "ledger verify": (
        checkpoint,
        lambda f: ("ledger", "verify", "--against", f / "it", "--key", f / "owner.pem.pub", "-c", f / "freehold.toml"),
    ),
    "ledger check": (
        proof,
        lambda f: ("ledger", "check", f / "it", "--against", f / "kept", "--key", f / "owner.pem.pub"),
    ),
    "origin verify": (statement, lambda f: ("origin", "verify", f / "it", "--key", f / "owner.pem.pub")),
}
HOSTILE = {
    "empty": lambda octets: b"",
    "cut in the middle": lambda octets: octets[: len(octets) // 2],
    "cut by a few octets": lambda octets: octets[:-5],
    "changed at the beginning": lambda octets: bytes([octets[0] ^ 1]) + octets[1:],
    "changed in the middle": lambda octets: octets[: len(octets) // 2] + b"\x00" + octets[len(octets) // 2 + 1 :],
    "no text": lambda octets: b"\xff\xfe" * 99,
    "another document": lambda octets: b'{"payload": 7}',
    "deep": lambda octets: b"[" * 100_000,
    "deep in an object": lambda octets: b'{"payload":' * 5000 + b"1" + b"}" * 5000,
    "huge": lambda octets: b" " * (65 << 20),
    "twice": lambda octets: octets[:-2] + octets,
}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "origin verify"])
def test_when_a_document_is_the_owners_then_it_holds(owner, name):
    made, command = COMMANDS[name]
    (owner.folder / "it").write_bytes(made(owner.folder, "owner.pem"))
    status, _, err = owner(*command(owner.folder))
    assert status == 0, err


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("how", HOSTILE)
def test_when_a_document_is_hostile_then_it_is_refused_in_a_line_and_nothing_is_written(owner, name, how):
    made, command = COMMANDS[name]
    (owner.folder / "it").write_bytes(HOSTILE[how](made(owner.folder, "owner.pem")))
    refused(owner, command)


@pytest.mark.parametrize("name", COMMANDS)
def test_when_a_document_is_signed_anew_by_somebody_else_then_it_is_refused(owner, name):
    made, command = COMMANDS[name]
    (owner.folder / "it").write_bytes(made(owner.folder, "other.pem"))
    refused(owner, command)


@pytest.mark.parametrize("name", COMMANDS)
def test_when_a_document_is_of_another_kind_then_it_is_refused(owner, name):
    other = next(each for each in COMMANDS if each != name)
    _, command = COMMANDS[name]
    COMMANDS[name][0](owner.folder, "owner.pem")
    (owner.folder / "it").write_bytes(COMMANDS[other][0](owner.folder, "owner.pem"))
    refused(owner, command)


def test_when_a_ledger_is_another_or_rolled_back_then_a_kept_state_tells(owner):
    acts = [Act(9.0, "uid 0", "note", "other")] * 5
    (owner.folder / "it").write_bytes(checkpoint(owner.folder, "owner.pem", acts))
    refused(owner, COMMANDS["ledger verify"][1], "not those of the checkpoint")
    (owner.folder / "it").write_bytes(checkpoint(owner.folder, "owner.pem", acts * 2))
    refused(owner, COMMANDS["ledger verify"][1], "cut short")


def refused(owner, command, why=""):
    files = {path: path.read_bytes() for path in owner.folder.rglob("*") if path.is_file()}
    status, out, err = owner(*command(owner.folder))
    assert (status, out) == (1, ""), err
    assert err.startswith("freehold: ")
    assert err.count("\n") == 1
    assert len(err) < 2000
    assert why in err
    left = {path for path in owner.folder.rglob("*") if path.is_file()}
    assert {path for path in left - set(files) if not path.name.startswith("freehold.db")} == set()
    assert all(path.read_bytes() == octets for path, octets in files.items() if not path.name.startswith("freehold.db"))
