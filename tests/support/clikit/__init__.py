"""One command of `freehold` in this process: what it was given, and how it ended."""

import io
import sys

from freehold.cli import main as entry


def command(monkeypatch, capsys, *arguments, given=b""):
    """Run one: exit status, standard output, standard error; `given` is its standard input."""
    octets = given.encode() if isinstance(given, str) else given
    monkeypatch.setattr(sys, "argv", ["freehold", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
    try:
        entry.main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    shown = capsys.readouterr()
    return status, shown.out, shown.err
