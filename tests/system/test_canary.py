"""A canary for K and OPc: in nothing that a running core writes, answers, exports or leaves, and in no dump of it."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from freehold.app.requests import Client
from secretkit import CANARIES, leaked

from .owner import Owner

READS = ("subscribers", "home-keys", "ledger", "functions", "counters", "alarms", "sessions", "ues", "gnbs", "status")
SUPI = "imsi-001010000000077"


@pytest.fixture
def owner(tmp_path):
    return Owner(tmp_path)


def inside(path):
    """A file's octets, and those of each file in it where it is an archive."""
    octets = path.read_bytes()
    yield path.name, octets
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                yield member.name, (archive.extractfile(member) or io.BytesIO()).read()


def leaks(folder):
    """Files below a folder that a canary sits in."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return sorted({name for path in files for name, octets in inside(path) if leaked(octets)})


def test_when_a_core_runs_with_canaries_then_nothing_that_leaves_it_has_them(owner):
    k, opc = CANARIES
    status, _, err = owner.run("subscriber", "add", SUPI, "--k", k, "--opc", opc)
    assert status == 0, err
    passphrase = owner.folder / "passphrase"
    passphrase.write_text("a passphrase of a backup")
    passphrase.chmod(0o600)
    with owner.core() as core:
        said = [owner.run("subscriber", "set", SUPI, "--name", "pump 7")]
        said.append(owner.run("subscriber", "add", "imsi-001010000000078", "--k", k, "--opc", opc))
        assert said[-1][0] == 0, said[-1]
        assert (owner.folder / "data/freehold.db-wal").stat().st_size > 0  # the log of the store has it
        commands = (
            ("subscriber", "list", "--json"), ("subscriber", "show", SUPI, "--json"), ("subscriber", "export"),
            ("ledger", "show", "--json"), ("config", "show", "--json"), ("status", "--json"),
        )  # fmt: skip
        said += [owner.run(*words) for words in commands]
        made = [
            owner.run("support", "bundle", owner.folder / "bundle.zip"),
            owner.run("backup", "create", owner.folder / "network.backup", "--passphrase", passphrase),
        ]
        assert [each[0] for each in made] == [0, 0], made
        client = Client(owner.folder / "management.sock")
        said += [(0, repr(client.get(name)), "") for name in READS]
        limits = Path(f"/proc/{core.pid}/limits").read_text(encoding="ascii")
        [line] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert line.split()[4] == "0"
        assert leaks(owner.folder) == []
        output = core.output
    assert not leaked(output.encode())
    assert not [each for each in said + made if leaked(repr(each).encode())]
    assert leaks(owner.folder) == []
