"""What is built is the same octets in another folder, time zone and under another umask; the wheel in make soak."""

import os
import shutil
import subprocess
import zipfile

import pytest

from freehold.trust.origin.source import digest_of, read_source

HERE = {"TZ": "UTC"}
ELSEWHERE = {"TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "HOSTNAME": "elsewhere", "USER": "somebody"}


@pytest.fixture(scope="module")
def source(pytestconfig):
    return read_source(pytestconfig.rootpath)


def built(source, folder, command, result, umask, **environment):
    """Run a command in a copy of the source: the SHA-256 of each file of `result`."""
    folder.mkdir(parents=True)
    source.copy(folder)
    if (source.root / "web/node_modules").is_dir():
        (folder / "web/node_modules").symlink_to(source.root / "web/node_modules")
    for name in source.files:  # another time of every file
        os.utime(folder / name, (umask * 1e6, umask * 1e6))
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, umask=umask, check=True, capture_output=True)
    made = folder / result
    return {str(path.relative_to(made)): digest_of(path) for path in made.rglob("*") if path.is_file()}


def test_when_the_programs_for_the_kernel_are_compiled_elsewhere_then_they_are_equal(source, tmp_path):
    python = source.root / ".build/env/bin/python"
    if not python.exists():
        pytest.skip("the compiler of the kernel's programs is not set up here: make setup")
    program = "import sys; sys.path.insert(0, 'tools'); import bpf, pathlib; bpf.write_all(pathlib.Path('made'))"
    command = ["sh", "-c", 'mkdir made && exec "$0" -c "$1"', str(python), program]
    first = built(source, tmp_path / "a", command, "made", 0o022, **HERE)
    assert first == built(source, tmp_path / "b/another folder", command, "made", 0o077, **ELSEWHERE)
    assert "userplane.bpf.o" in first


def test_when_the_console_is_built_elsewhere_then_it_is_equal(source, tmp_path):
    if not shutil.which("node") or not (source.root / "web/node_modules/vite").is_dir():
        pytest.skip("node or the console's packages are not here: make setup")
    command = ["sh", "-c", "cd web && exec node node_modules/vite/bin/vite.js build --logLevel warn"]
    first = built(source, tmp_path / "a", command, "src/freehold/_console", 0o022, **HERE)
    assert first == built(source, tmp_path / "b/another", command, "src/freehold/_console", 0o077, **ELSEWHERE)
    assert "index.html" in first


def test_when_a_source_is_read_then_its_digest_is_of_its_files_and_a_copy_has_the_same(source, tmp_path):
    assert source.files["pyproject.toml"] == digest_of(source.root / "pyproject.toml")
    source.copy(tmp_path / "copy")
    again = read_source(tmp_path / "copy")
    assert (again.digest, again.commit) == (source.digest, "")
    (tmp_path / "copy/README.md").write_text("other\n")
    assert read_source(tmp_path / "copy").digest != source.digest


@pytest.mark.soak
def test_when_somebody_else_builds_it_elsewhere_offline_then_the_wheel_is_equal(source, tmp_path):
    if os.getuid() != 0:
        pytest.skip("namespaces of another user, host name and no network need root")
    freehold = [str(source.root / ".venv/bin/freehold"), "origin"]
    python = str(source.root / ".build/bootstrap/bin/python")
    common = ["--source", str(source.root)]
    subprocess.run([*freehold, "mirror", str(tmp_path / "mirror"), *common, "--python", python], check=True)
    tools = ["--tools", str(source.root / ".build")]
    subprocess.run([*freehold, "build", *common, *tools, "--out", str(tmp_path / "one")], check=True)
    apart = ["unshare", "-U", "--map-user=12345", "--map-group=12345", "-n", "-u", "sh", "-c",
             'umask 077; hostname elsewhere; exec "$@"', "sh"]  # fmt: skip
    (tmp_path / "work").mkdir()
    environment = {**os.environ, **ELSEWHERE, "TMPDIR": str(tmp_path / "work")}
    second = [*freehold, "build", *common, "--mirror", str(tmp_path / "mirror"), "--out", str(tmp_path / "two")]
    subprocess.run([*apart, *second], env=environment, check=True)
    one, two = (next((tmp_path / name).glob("*.whl")) for name in ("one", "two"))
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(two) as other:
        assert {name: first.read(name) == other.read(name) for name in first.namelist()} == dict.fromkeys(
            other.namelist(), True
        )
    assert digest_of(one) == digest_of(two)
