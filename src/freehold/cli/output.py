"""What a command prints: JSON for machines, a plain table for people; both on standard output alone."""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from freehold.spec.errors import Unusable

AGAIN: Final = 2.0
"""Seconds between two looks of `--watch`."""
NARROWEST: Final = 6
"""Columns that a cell keeps at least where a table has to fit a terminal."""
HOME: Final = "\x1b[H\x1b[J"


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


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error of a terminal, drawn by calls with how many of how many are done; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool, none: str) -> None:
    """Many things of a kind: `columns` are field and heading; `none` is said where there is nothing."""
    if as_json:
        show_json(rows)
    elif rows:
        for line in table(rows, columns, terminal_width()):
            show_line(line)
    else:
        note(none)


def terminal_width() -> int | None:
    """The columns of the terminal; None where the output goes to no terminal and every cell is shown whole."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], width: int | None = None) -> list[str]:
    """Aligned columns under their headings; the widest give way until a line fits `width`."""
    cells = [list(columns.values())] + [[cell(row.get(field)) for field in columns] for row in rows]
    widths = [max(len(line[number]) for line in cells) for number in range(len(columns))]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return ["  ".join(_cut(text, most) for text, most in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cut(text: str, most: int) -> str:
    """A cell's text in its column, with an ellipsis where it does not fit."""
    return f"{text:<{most}}" if len(text) <= most else f"{text[: most - 1]}…"


def watched(draw: Callable[[], None], *, watch: bool) -> None:
    """Draw once, or with `watch` again and again until Ctrl-C, over itself on a terminal."""
    draw()
    with suppress(KeyboardInterrupt):
        while watch:
            sys.stdout.flush()
            time.sleep(AGAIN)
            if sys.stdout.isatty():
                sys.stdout.write(HOME)
            draw()


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


def read_file(path: Path) -> bytes:
    """A file's octets; Unusable where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def write_private(path: Path, octets: bytes) -> None:
    """A new file for its owner alone, durably, and never over another one."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unusable(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None
