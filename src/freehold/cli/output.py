"""What a command prints: JSON for machines, a plain table for people; both on standard output alone."""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import textwrap
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
PROSE: Final = 20
"""Columns that a sentence keeps where its line is short, before the row is folded."""
INDENT: Final = "    "
"""What begins the further lines of a row that is folded."""
NOTHING: Final = "-"
"""What a cell without a value shows."""
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
    """Aligned columns under their headings; what is too wide for `width` gives way, but no name or number."""
    cells = [list(columns.values())] + [[cell(row.get(field)) for field in columns] for row in rows]
    parts = [list(range(len(columns)))] if width is None else _folded(cells, width)
    widths = _widths(cells)
    if width is not None:
        for part in parts:
            _narrow(cells, widths, part, width)
    lines: list[str] = []
    for number, line in enumerate(cells):
        for part in parts:
            shown = "  ".join(_cut(line[column], widths[column]) for column in part).rstrip()
            if part is parts[0]:
                lines.append(shown)
            elif number == 0 or any(line[column] != NOTHING for column in part):
                lines.append(INDENT + shown)
    return lines


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line[number]) for line in cells) for number in range(len(cells[0]))]


def _prose(cells: Sequence[Sequence[str]], column: int) -> bool:
    """Whether a column has sentences, which can be cut and still tell something; a cut name or number tells a lie."""
    return any(len(line[column]) > PROSE and " " in line[column] for line in cells[1:])


def _folded(cells: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """Which columns stand on which line of a row: where one is not enough, empty ones nowhere and others on more."""
    chosen, widths = list(range(len(cells[0]))), _widths(cells)
    least = [PROSE if _prose(cells, number) else most for number, most in enumerate(widths)]
    if sum(least) + 2 * (len(least) - 1) > width:
        empty = {number for number in chosen if all(line[number] == NOTHING for line in cells[1:])}
        chosen = [number for number in chosen if number == 0 or number not in empty]
    parts: list[list[int]] = [[]]
    room = width
    for number in chosen:
        if parts[-1] and least[number] > room:
            parts.append([])
            room = width - len(INDENT)
        parts[-1].append(number)
        room -= least[number] + 2
    return parts


def _narrow(cells: Sequence[Sequence[str]], widths: list[int], part: Sequence[int], width: int) -> None:
    """Let the widest sentences of a line give way, and where there are none, the widest cells."""
    room = width if 0 in part else width - len(INDENT)
    prose = [number for number in part if _prose(cells, number)]
    while sum(widths[number] for number in part) + 2 * (len(part) - 1) > room:
        giving = [number for number in prose if widths[number] > PROSE] or list(part)
        widest = max(giving, key=lambda number: widths[number])
        if widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1


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
        many = isinstance(value, (list, tuple)) and value and all(isinstance(each, dict) for each in value)
        for number, each in enumerate(value if many else [value]):
            show_line(_wrapped(f"{'' if number else name:<{width}}  ", cell(_given(each))))


def _given(value: object) -> object:
    """A value of many parts without those that have none."""
    return {name: part for name, part in value.items() if cell(part) != NOTHING} if isinstance(value, dict) else value


def _wrapped(name: str, text: str) -> str:
    """A value beside its name, on lines of the terminal where it is long."""
    columns = terminal_width()
    if columns is None or len(name) + len(text) <= columns or columns - len(name) < PROSE:
        return name + text
    return textwrap.fill(
        text, columns, initial_indent=name, subsequent_indent=" " * len(name), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(cell, value)) or NOTHING
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
