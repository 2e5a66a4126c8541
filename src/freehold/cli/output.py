"""What a command prints: JSON for machines, a plain table for people; both on standard output alone."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def show_json(value: object) -> None:
    """One JSON document."""
    show_line(json.dumps(value, ensure_ascii=False, default=str))


def show_line(text: str) -> None:
    """One line for a person, or a whole document: a pipe may take it in parts, and every part arrives."""
    try:
        descriptor = sys.stdout.fileno()
    except OSError:  # no file behind it: what a test captures
        sys.stdout.write(f"{text}\n")
        return
    sys.stdout.flush()
    octets = memoryview(f"{text}\n".encode())
    while octets:
        try:
            octets = octets[os.write(descriptor, octets) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def note(text: str) -> None:
    """One line beside the output, on standard error."""
    sys.stderr.write(text + "\n")


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool, none: str) -> None:
    """Many things of a kind: `columns` are field and heading; `none` is said where there is nothing."""
    if as_json:
        show_json(rows)
    elif rows:
        for line in table(rows, columns):
            show_line(line)
    else:
        note(none)


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    """Aligned columns under their headings."""
    cells = [list(columns.values())] + [[cell(row.get(field)) for field in columns] for row in rows]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    return ["  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def show_fields(fields: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing, a field a line."""
    if as_json:
        show_json(fields)
        return
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        show_line(f"{name:<{width}}  {cell(value)}")


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(cell, value)) or "-"
    if isinstance(value, dict):
        return " ".join(f"{name}={cell(part)}" for name, part in value.items())
    return str(value)
