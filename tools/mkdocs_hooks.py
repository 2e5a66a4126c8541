"""Hooks of mkdocs: the navigation in the order of Diataxis, from what is there; screenshots where tests made some."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SECTIONS = (
    ("Tutorials", "tutorials"),
    ("How to", "how-to"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Decisions", "adr"),
)
SHOTS = ROOT / ".build/screenshots"


def title(page: Path) -> str:
    """The first heading of a page."""
    found = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    name = found[1] if found else page.stem
    return name.removeprefix("How to ").replace("`", "")


def entries(folder: Path, docs: Path) -> list[Any]:
    """The pages of a folder, and its folders as sections."""
    pages = sorted(folder.glob("*.md"), key=lambda page: (page.name != "index.md", page.name))
    found: list[Any] = [{title(page): str(page.relative_to(docs))} for page in pages]
    inside = [inner for inner in sorted(folder.iterdir()) if inner.is_dir()]
    return found + [{inner.name.capitalize(): entries(inner, docs)} for inner in inside]


def on_config(config: Any) -> Any:
    """The navigation."""
    docs = Path(config["docs_dir"])
    sections = [{name: entries(docs / folder, docs)} for name, folder in SECTIONS if (docs / folder).is_dir()]
    config["nav"] = [{"Freehold": "index.md"}, *sections]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Screenshots beside the pages: they are made by the console's tests, and never committed."""
    from mkdocs.structure.files import File

    for shot in sorted(SHOTS.glob("*.png")) if SHOTS.is_dir() else []:
        files.append(File.generated(config, f"screenshots/{shot.name}", abs_src_path=str(shot)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A screenshot that is not there is left out, in words."""

    def shown(found: re.Match[str]) -> str:
        there = (SHOTS / found[2]).is_file()
        return found[0] if there else f"*({found[1]}: the console's tests make the picture)*"

    return re.sub(r"!\[([^]]*)\]\([./]*screenshots/([\w.-]+)\)", shown, markdown)
