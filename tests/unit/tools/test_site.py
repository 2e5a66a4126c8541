"""The documentation as a site: complete, and without a link that leads nowhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.app.config import Configuration, show
from freehold.manage.routes import ROUTES
from interfaces import commands, configuration, operations

ROOT = Path(__file__).parents[3]


def test_when_settings_are_described_then_each_is_there():
    text = "\n".join(configuration())
    for name, section in show(Configuration()).items():
        assert f"[{name}]" in text
        for key in section[0] if isinstance(section, list) else section:
            assert f"| `{key}` |" in text, (name, key)


def test_when_commands_are_described_then_those_of_every_group_are_there():
    text = "\n".join(commands())
    for name in ("up", "backup create", "sim generate", "support bundle", "subscriber import", "config apply", "ue"):
        assert f"## `freehold {name}`" in text
    assert "`--skip`" in text


def test_when_operations_are_described_then_each_method_of_each_path_is_there():
    rows = re.findall(r"^\| (\w+) \| `/([^`]+)` \|", "\n".join(operations()), re.MULTILINE)
    assert rows == [(method, path) for path, methods in ROUTES.items() for method in methods]


def test_when_the_site_is_built_then_no_link_leads_nowhere(tmp_path):
    mkdocs = ROOT / ".build/docs/bin/mkdocs"
    if not mkdocs.exists():
        pytest.skip(f"{mkdocs} is not there: make docs")
    made = subprocess.run(
        [sys.executable, ROOT / "tools/interfaces.py", ROOT / "docs/reference"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    built = subprocess.run(
        [mkdocs, "build", "--quiet", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {page.relative_to(tmp_path / "site").as_posix() for page in (tmp_path / "site").rglob("*.html")}
    assert {
        "index.html",
        "reference/configuration.html",
        "how-to/make-sims.html",
        "explanation/why-virtual-time.html",
    } <= pages
    index = (tmp_path / "site/index.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://(?!squidfunk)[^"]+\.(?:js|css|woff2?)"', index)
