"""What every reference page is made of: sections, tables, links, and the clause that a class cites."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

CLAUSE = re.compile(r"\((?P<clause>(?:TS|RFC|O-RAN)[^()]*)\)")


class Section(msgspec.Struct, frozen=True):
    """A message or a type: its name, what is said of it, the heads of its columns, and a row a field."""

    name: str
    about: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> Iterator[str]:
        """The section as Markdown."""
        yield f"\n### {self.name}\n\n{self.about}\n"
        if not self.rows:
            yield "It has no fields."
            return
        yield row(self.heads)
        yield row(["---"] * len(self.heads))
        yield from map(row, self.rows)


class Page(msgspec.Struct, frozen=True):
    """The reference page of one protocol."""

    name: str
    title: str
    specification: str
    messages: tuple[Section, ...]
    types: tuple[Section, ...]

    def lines(self) -> Iterator[str]:
        """The page as Markdown."""
        yield f"# {self.title}\n\nMade by `make docs` from the tables of the codec; never edited.\n"
        yield f"{len(self.messages)} messages and {len(self.types)} types of {self.specification}.\n"
        for heading, sections in (("Messages", self.messages), ("Types", self.types)):
            yield f"\n## {heading}"
            for section in sections:
                yield from section.lines()


def row(cells: Sequence[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cell.replace('|', ' or ') for cell in cells)} |"


def link(name: str) -> str:
    """A link to the section of a type on the same page."""
    return f"[{name}](#{name.lower()})"


def bounds(low: int | None, high: int | None, more: bool = False) -> str:
    """A range as the specifications write it."""
    if low is None and high is None:
        return ""
    text = str(low) if low == high else f"{'MIN' if low is None else low}..{'MAX' if high is None else high}"
    return text + (", ..." if more else "")


def said(kind: type) -> str:
    """The first paragraph of a class's documentation."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def clause(kind: type) -> str:
    """The clause that a class cites, "" where it cites none."""
    found = CLAUSE.search(said(kind))
    return found["clause"] if found else ""


def index(pages: Iterable[Page]) -> Iterator[str]:
    """The page that leads to the others."""
    yield "# Messages\n\nMade by `make docs`; never edited. Every message with its elements, from the codecs' tables.\n"
    yield row(["protocol", "specification", "messages", "types"])
    yield row(["---"] * 4)
    for page in pages:
        counts = [str(len(page.messages)), str(len(page.types))]
        yield row([f"[{page.title}]({page.name}.md)", page.specification, *counts])
