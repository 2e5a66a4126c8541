"""What the host shows of the product, for the tests that judge it."""

import asyncio
import os
import shutil
from pathlib import Path

import msgspec
import pytest

import freehold
from freehold.app import assured_host as room
from freehold.app.config import Configuration, SnmpSection
from freehold.spec.errors import Unusable

FSTAB = """
# <file system> <mount point> <type> <options>
/dev/sda1 / ext4 errors=remount-ro 0 1
/dev/sdb1 /media/stick vfat user,noauto 0 0
/dev/sdc1 /srv/loose ext4 users,suid 0 0
/dev/sdd1 /srv/devices ext4 owner,dev,nosuid 0 0
# /dev/sde1 /media/off vfat user 0 0
short line
"""
MOUNTED = """
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sdb1 /media/anna/stick vfat rw,nosuid,nodev 0 0
sshfs /home/anna/far fuse.sshfs rw,nosuid,user_id=1000,group_id=1000 0 0
rootfs /srv/fuse fuse rw,user_id=0,group_id=0 0 0
"""


def test_when_a_package_is_needed_then_it_is_a_component_with_what_it_needs_itself():
    found = {each.name: each for each in room.components()}
    assert found["msgspec"].declared
    assert found["msgspec"].version == msgspec.__version__
    assert found["msgspec"].modules == ("msgspec",)
    assert not found["cffi"].declared  # argon2-cffi's own
    assert "python" in found
    assert "pytest" not in found
    assert "fpdf2" not in found  # of an extra


def test_when_files_import_then_the_first_names_are_told_and_words_of_a_text_are_not(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("import os.path\nfrom granian.server import Server\nfrom . import b\n")
    (tmp_path / "inner" / "b.py").write_text(
        '"""import of nothing, from where it is"""\ndef f():\n    from rich import box\n    x = "import y"\n'
    )
    assert room.imported(tmp_path) == {"os", "granian", "rich"}


def test_when_nothing_is_set_then_no_optional_function_is_on_and_a_setting_turns_its_own_on():
    usual = Configuration()
    assert not any(room.optional(usual).values())
    alarms = msgspec.structs.replace(usual.alarms, snmp=(SnmpSection(address="192.0.2.9:162"),))
    assert [name for name, on in room.optional(msgspec.structs.replace(usual, alarms=alarms)).items() if on] == [
        "alarms.snmp"
    ]


def test_when_others_than_root_may_mount_then_it_is_told_with_what_the_table_implies(tmp_path):
    table, mounted = tmp_path / "fstab", tmp_path / "mounts"
    table.write_text(FSTAB)
    mounted.write_text(MOUNTED)
    found = {each.place: {"nosuid", "nodev"} & set(each.options) for each in room.mounts(table, mounted)}
    assert found == {
        "/media/stick": {"nosuid", "nodev"},
        "/srv/loose": {"nodev"},
        "/srv/devices": {"nosuid"},
        "/media/anna/stick": {"nosuid", "nodev"},
        "/home/anna/far": {"nosuid"},
    }
    assert room.mounts(tmp_path / "none", tmp_path / "none") == []


def test_when_a_console_gives_up_its_privileges_then_it_serves_as_nobody_of_importance():
    served = asyncio.run(room.unprivileged())
    assert served.status == 200
    assert served.user == (room.NOBODY if os.geteuid() == 0 else os.geteuid())
    assert served.capabilities == 0


def test_when_the_product_lies_where_only_its_owner_reads_then_a_console_without_privileges_serves_it_too(
    tmp_path, monkeypatch
):
    product = tmp_path / "freehold"
    shutil.copytree(Path(freehold.__file__).parent, product, ignore=shutil.ignore_patterns("__pycache__"))
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert asyncio.run(room.unprivileged()).status == 200


def test_when_a_console_of_its_own_does_not_begin_then_it_says_so(monkeypatch):
    monkeypatch.setattr(room.sys, "executable", "/bin/false")
    with pytest.raises(Unusable, match="did not begin"):
        asyncio.run(room.unprivileged())
