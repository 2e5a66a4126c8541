"""An installation is what its wheel holds, or the file that is not is named."""

import base64
import compileall
import os
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from freehold.spec.errors import Unusable
from freehold.trust.origin.installed import bytecode, compare, hashes, launcher, open_wheel, strangers
from freehold.trust.seal import Refused

FILES = {
    "freehold/__init__.py": b'"""A package."""\n',
    "freehold/core/amf.py": b"def answer():\n    return 41\n",
    "freehold/_native.abi3.so": bytes(range(256)) * 8,
    "freehold/_console/index.html": b"<!doctype html>",
    "freehold-0.1.0.dist-info/METADATA": b"Name: freehold\n",
    "freehold-0.1.0.dist-info/RECORD": b"",
}


def wheel_of(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return path


INFO = "freehold-0.1.0.dist-info"


def write_down(folder):
    """What an installer says of the files."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".pyc" or path.name == "RECORD":
            lines.append(f"{path.relative_to(folder)},,")
        elif path.is_file():
            octets = path.read_bytes()
            digest = base64.urlsafe_b64encode(sha256(octets).digest()).rstrip(b"=").decode()
            lines.append(f"{path.relative_to(folder)},sha256={digest},{len(octets)}")
    (folder / INFO / "RECORD").write_text("\n".join(lines) + "\n")


@pytest.fixture
def wheel(tmp_path):
    return wheel_of(tmp_path / "freehold-0.1.0-py3-none-any.whl", FILES)


@pytest.fixture
def site(tmp_path, wheel):
    folder = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (folder / "freehold-0.1.0.dist-info/INSTALLER").write_text("uv")
    compileall.compile_dir(folder, quiet=2)
    write_down(folder)
    return folder


def test_when_nothing_was_changed_then_nothing_is_named(wheel, site):
    assert list(compare(wheel, site)) == []


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("RECORD")])
def test_when_one_octet_of_a_file_is_flipped_then_it_is_named_with_its_place(wheel, site, name):
    octets = bytearray((site / name).read_bytes())
    for at in {0, len(octets) // 2, len(octets) - 1}:
        changed = bytes([*octets[:at], octets[at] ^ 0x80, *octets[at + 1 :]])
        (site / name).write_bytes(changed)
        found = [each for each in compare(wheel, site) if each.path == str(site / name)]
        assert [each.offset for each in found] == [at]


def test_when_what_the_installer_made_is_flipped_then_it_is_named(wheel, site):
    place = site / INFO / "INSTALLER"
    place.write_text("uw")
    assert [each.path for each in compare(wheel, site)] == [str(place)]


def test_when_any_octet_of_the_installers_list_is_flipped_then_a_file_of_it_is_named(wheel, site):
    place = site / INFO / "RECORD"
    right = place.read_bytes()
    ends = {number for number, octet in enumerate(right) if octet == 0x0A}
    for at in range(0, len(right), 3):
        changed = bytes([*right[:at], right[at] ^ 1, *right[at + 1 :]])
        place.write_bytes(changed)
        found = list(compare(wheel, site))
        # 0x0A ^ 1 is a vertical tab, which ends a line for Python as well: nothing is said by it
        assert found or at in ends, (at, changed[max(0, at - 20) : at + 20])


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "does not list"),
        (b"\xff", "cannot be read"),
        (b"freehold/__init__.py\n", "wrote down"),
        (b"\0,,\n", "wrote down"),
        (b"../../../../etc/shadow,sha256=x,1\n", "wrote down"),
        (b"freehold/none.py,sha256=x,1\n", "wrote down"),
    ],
)
def test_when_the_installers_list_is_damaged_then_it_is_named(wheel, site, octets, why):
    (site / INFO / "RECORD").write_bytes(octets)
    assert why in " ".join(each.what for each in compare(wheel, site))


def test_when_the_installers_list_is_gone_then_it_is_named(wheel, site):
    (site / INFO / "RECORD").unlink()
    assert [each.path for each in compare(wheel, site)] == [str(site / INFO / "RECORD")]


def test_when_a_file_is_longer_shorter_absent_or_a_link_then_it_is_named(wheel, site):
    (site / "freehold/__init__.py").write_bytes(FILES["freehold/__init__.py"] + b"import os\n")
    (site / "freehold/core/amf.py").write_bytes(FILES["freehold/core/amf.py"][:-3])
    (site / "freehold/_console/index.html").unlink()
    (site / "freehold/_native.abi3.so").rename(site / "elsewhere")
    (site / "freehold/_native.abi3.so").symlink_to(site / "elsewhere")
    found = {Path(each.path).name: each.what for each in compare(wheel, site) if not each.path.endswith(".pyc")}
    assert found["__init__.py"].startswith("differs from octet 17 of 17, has 27")
    assert found["amf.py"].startswith("differs from octet")
    assert found["index.html"] == "is missing"
    assert found["_native.abi3.so"] == "is no regular file"


@pytest.mark.parametrize("name", ["freehold/core/more.py", "freehold/_native.so", "freehold/core/__pycache__/x.pyc"])
def test_when_a_file_is_added_then_it_is_named(wheel, site, name):
    (site / name).write_bytes(b"import os\n")
    assert [each.path for each in compare(wheel, site)] == [str(site / name)]


def test_when_a_package_is_a_link_to_elsewhere_then_it_is_named(wheel, site, tmp_path):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil/__init__.py").write_text("import os\n")
    (site / "freehold/evil").symlink_to(tmp_path / "evil")
    assert [each.path for each in compare(wheel, site)] == [str(site / "freehold/evil")]


def test_when_bytecode_is_of_another_source_then_it_is_named(wheel, site, tmp_path):
    source, other = site / "freehold/core/amf.py", tmp_path / "amf.py"
    other.write_bytes(source.read_bytes().replace(b"41", b"42"))
    os.utime(other, (source.stat().st_mtime, source.stat().st_mtime))
    compileall.compile_file(str(other), quiet=2)
    forged = next((tmp_path / "__pycache__").glob("*.pyc")).read_bytes()
    cached = next((source.parent / "__pycache__").glob("*.pyc"))
    cached.write_bytes(cached.read_bytes()[:16] + forged[16:])
    found = list(compare(wheel, site))
    assert [each.path for each in found] == [str(cached)]
    assert "bytecode" in found[0].what


@pytest.mark.parametrize("octets", [b"\xff" * 64, b"i", b"s\xff\xff\xff\x7f"])
def test_when_bytecode_is_damaged_then_it_is_named_and_the_rest_is_still_looked_at(site, octets):
    sources = [site / "freehold/__init__.py", site / "freehold/core/amf.py"]
    cached = [next((each.parent / "__pycache__").glob("*.pyc")) for each in sources]
    for each in cached:
        each.write_bytes(each.read_bytes()[:16] + octets)
    assert {each.path for each in bytecode(sources)} == {str(each) for each in cached}


@pytest.mark.parametrize(
    "name", ["evil.pth", "sitecustomize.py", "usercustomize.py", "sitecustomize.pyc", "usercustomize.abi3.so"]
)
def test_when_python_would_run_something_at_its_start_then_it_is_named(site, name):
    (site / name).write_text("import os\n")
    assert [Path(each.path).name for each in strangers(site)] == [name]


@pytest.mark.parametrize(
    "name",
    ["../evil.py", "freehold/../../evil.py", "/etc/evil", "freehold//evil.py", "a\\..\\evil.py", "C:/evil.py"],
)
def test_when_a_wheel_names_a_file_outside_then_it_is_refused(tmp_path, name):
    path = wheel_of(tmp_path / "evil.whl", {"freehold/__init__.py": b""})
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, b"x")
    with pytest.raises(Refused, match="leaves the folder"):
        list(compare(path, tmp_path))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_when_a_wheel_is_damaged_twofold_or_too_much_then_it_is_refused(tmp_path, wheel, monkeypatch):
    octets = bytearray(wheel.read_bytes())
    octets[60] ^= 0xFF
    broken = tmp_path / "broken.whl"
    broken.write_bytes(octets)
    with pytest.raises(Refused):
        hashes(broken)
    broken.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(Refused, match="no wheel"):
        open_wheel(broken)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("freehold/__init__.py", b"import os")
    with pytest.raises(Refused, match="twice"):
        hashes(wheel)
    monkeypatch.setattr("freehold.trust.origin.installed.MOST_OCTETS", 100)
    with pytest.raises(Refused, match="more than"):
        hashes(wheel)
    with pytest.raises(Unusable, match="no such file"):
        open_wheel(tmp_path / "absent.whl")


def test_when_the_launcher_is_the_installers_then_it_passes_and_any_other_is_named(tmp_path):
    body = (
        "# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom freehold.cli.main import main\n"
        "if __name__ == '__main__':\n"
        "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(main())\n"
    )
    path = tmp_path / "freehold"
    path.write_text("#!/opt/freehold/bin/python3\n" + body)
    assert list(launcher(path)) == []
    for changed in (body + "import os\n", body.replace("main import", "other import"), ""):
        path.write_text("#!/opt/freehold/bin/python3\n" + changed)
        assert len(list(launcher(path))) == 1
    path.write_text("#!/bin/sh -c 'evil' /python3\n" + body)
    assert len(list(launcher(path))) == 1
    assert "cannot be read" in next(launcher(tmp_path / "absent")).what
