"""Provenance: what it claims, of whom, and what is refused. A mirror holds what the locks name, or is refused."""

import io
import json
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from freehold.spec.errors import Unusable
from freehold.trust.origin import mirror, provenance
from freehold.trust.origin.build import Built, copied
from freehold.trust.origin.locks import cargo_lock, npm_lock, python_lock
from freehold.trust.origin.source import Source, read_source
from freehold.trust.seal import Refused, new_signer, seal_envelope

SOURCE = Source(Path(), {"locks/run.txt": "aa" * 32, "native/Cargo.lock": "bb" * 32, "README.md": "cc" * 32}, "f" * 40)


@pytest.fixture
def built(tmp_path):
    wheel = tmp_path / "freehold-0.1.0-cp311-abi3-linux_x86_64.whl"
    wheel.write_bytes(b"a wheel")
    digest = sha256(b"a wheel").hexdigest()
    return Built(wheel, digest, "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z", {"rustc": "1.95.0"})


def signed(path, built, signer, source=SOURCE):
    path.write_bytes(provenance.sign(source, built, signer))
    return path


def test_when_two_parties_built_the_same_octets_then_it_says_so(tmp_path, built):
    one, two = new_signer(tmp_path / "one"), new_signer(tmp_path / "two")
    paths = [signed(tmp_path / "1.json", built, one), signed(tmp_path / "2.json", built, two)]
    claims = [provenance.verify(path, [one.public, two.public], built.wheel) for path in paths]
    assert (claims[0].digest, claims[0].source, claims[0].commit) == (built.digest, SOURCE.digest, "f" * 40)
    assert claims[0].tools == {"rustc": "1.95.0"}
    assert provenance.agreed(claims) == 2
    assert provenance.agreed([claims[0], claims[0]]) == 1  # one key twice is one party


def test_when_the_source_differs_from_its_commit_then_no_commit_is_claimed(tmp_path, built):
    one = new_signer(tmp_path / "one")
    changed = Source(SOURCE.root, SOURCE.files, SOURCE.commit, changed=True)
    assert provenance.verify(signed(tmp_path / "1.json", built, one, changed), [one.public]).commit == ""


def test_when_parties_have_other_wheels_or_sources_then_it_is_refused(tmp_path, built):
    one = new_signer(tmp_path / "one")
    first = provenance.verify(signed(tmp_path / "1.json", built, one), [one.public])
    other = Built(built.wheel, "00" * 32, built.began, built.ended, built.tools)
    with pytest.raises(Refused, match="different wheels"):
        provenance.agreed([first, provenance.verify(signed(tmp_path / "2.json", other, one), [one.public])])
    moved = Source(SOURCE.root, {**SOURCE.files, "README.md": "dd" * 32}, SOURCE.commit)
    with pytest.raises(Refused, match="different sources"):
        provenance.agreed([first, provenance.verify(signed(tmp_path / "2.json", built, one, moved), [one.public])])


def test_when_the_wheel_in_hand_is_another_then_it_is_refused(tmp_path, built):
    one = new_signer(tmp_path / "one")
    path = signed(tmp_path / "1.json", built, one)
    built.wheel.write_bytes(b"b wheel")
    with pytest.raises(Refused, match="is not the wheel"):
        provenance.verify(path, [one.public], built.wheel)


def test_when_a_signed_statement_is_no_provenance_of_a_wheel_then_it_is_refused(tmp_path, built):
    one = new_signer(tmp_path / "one")
    whole = provenance.statement(SOURCE, built)
    for change in (
        {"_type": "other"}, {"predicateType": "other"}, {"subject": []}, {"subject": 7}, {"predicate": {}},
        {"predicate": {"buildDefinition": {"buildType": "other"}}},
    ):  # fmt: skip
        (tmp_path / "1.json").write_bytes(seal_envelope({**whole, **change}, [one]))
        with pytest.raises(Refused):
            provenance.verify(tmp_path / "1.json", [one.public])


@pytest.fixture
def small(tmp_path):
    """A source with one package of each kind, and a mirror of it."""
    root, folder = tmp_path / "source", tmp_path / "mirror"
    for name in ("locks", "native", "web"):
        (root / name).mkdir(parents=True)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as crate:
        for name in ("left-1.0.0/Cargo.toml", "left-1.0.0/src/lib.rs"):
            crate.addfile(tarfile.TarInfo(name), io.BytesIO())
    (root / "pyproject.toml").write_text("")
    (root / "locks/run.txt").write_text(
        f"right==1.0 ; os_name == 'posix' \\\n    --hash=sha256:{sha256(b'w').hexdigest()}\n"
    )
    (root / "native/Cargo.lock").write_text(
        '[[package]]\nname = "left"\nversion = "1.0.0"\n'
        f'checksum = "{sha256(archive.getvalue()).hexdigest()}"\n[[package]]\nname = "own"\nversion = "1"\n'
    )
    lock = {"packages": {"": {}, "node_modules/@a/b": {"version": "2.0.0", "integrity": "sha512-" + "A" * 86 + "=="}}}
    (root / "web/package-lock.json").write_text(json.dumps(lock))
    for part in mirror.PARTS:
        (folder / part).mkdir(parents=True)
    (folder / "python/right-1.0-py3-none-any.whl").write_bytes(b"w")
    (folder / "crates/left-1.0.0.crate").write_bytes(archive.getvalue())
    place = folder / "npm/_cacache/content-v2/sha512/00/00"
    place.mkdir(parents=True)
    (place / ("0" * 124)).write_bytes(b"n")
    return root, folder


def test_when_locks_are_read_then_every_package_has_its_hash(small):
    root, _ = small
    assert [(each.name, each.version, each.marker) for each in python_lock(root, "run")] == [
        ("right", "1.0", "os_name == 'posix'")
    ]
    assert [each.name for each in cargo_lock(root)] == ["left"]
    assert [(each.name, each.algorithm, each.hashes) for each in npm_lock(root)] == [("@a/b", "sha512", ("00" * 64,))]


def test_when_a_mirror_is_of_the_locks_then_a_build_takes_everything_from_it(small, tmp_path):
    root, folder = small
    assert (held := mirror.check_mirror(folder, root)).python == held.crates == held.npm == 1
    with copied(read_source(root), None, folder) as (tree, environment):
        assert (tree / "locks/run.txt").exists()
        assert environment["npm_config_offline"] == "true"
        crate = Path(environment["FREEHOLD_CRATES"]) / "left-1.0.0"
        assert json.loads((crate / ".cargo-checksum.json").read_text())["package"] == cargo_lock(root)[0].hashes[0]
        assert (crate / "src/lib.rs").exists()
    assert not tree.exists()


def test_when_a_file_of_a_mirror_is_of_no_lock_then_it_is_refused(small):
    root, folder = small
    (folder / "python/more.whl").write_bytes(b"more")
    with pytest.raises(Refused, match=r"more\.whl is of no lock"):
        mirror.check_mirror(folder, root)
    (folder / "python/more.whl").unlink()
    crate = folder / "crates/left-1.0.0.crate"
    crate.write_bytes(crate.read_bytes() + b"\0")
    with pytest.raises(Refused, match=r"Cargo\.lock"):
        mirror.check_mirror(folder, root)
    crate.unlink()
    with pytest.raises(Refused, match="missing"):
        mirror.check_mirror(folder, root)


@pytest.mark.parametrize("name", ["../outside", "/outside", "left-1.0.0/../../outside"])
def test_when_a_crate_leaves_its_folder_then_it_is_refused_and_nothing_is_outside(small, tmp_path, name):
    root, folder = small
    with tarfile.open(folder / "crates/left-1.0.0.crate", "w:gz") as crate:
        crate.addfile(tarfile.TarInfo(name), io.BytesIO())
    lock = root / "native/Cargo.lock"
    digest = sha256((folder / "crates/left-1.0.0.crate").read_bytes()).hexdigest()
    lock.write_text(f'[[package]]\nname = "left"\nversion = "1.0.0"\nchecksum = "{digest}"\n')
    try:
        with copied(read_source(root), None, folder) as (tree, _):
            assert not (tree.parent / "outside").exists()
    except Refused:
        pass
    assert not Path("/outside").exists()


def test_when_tools_are_of_other_locks_or_none_then_it_is_said(small, tmp_path):
    root, _ = small
    with pytest.raises(Unusable, match="holds no tools"), copied(read_source(root), tmp_path / "none", None):
        pass
    with pytest.raises(Unusable, match="holds no source"):
        read_source(tmp_path)
