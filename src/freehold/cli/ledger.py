"""`freehold ledger`: who did what to a network, and whether anybody changed that afterwards."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from freehold.cli.options import ConfigOption, JsonOption, configuration
from freehold.cli.output import note, show_fields, show_line, show_rows
from freehold.spec.errors import Unusable

app = typer.Typer(help="Who did what, in a log whose past cannot be changed unseen.", no_args_is_help=True)
COLUMNS: Final = {"index": "ENTRY", "time": "TIME", "actor": "WHO", "act": "ACT", "subject": "WHAT", "detail": "DETAIL"}
_CHECKPOINT: Final = 1024
"""Octets read of a checkpoint's file at most."""


def _entries(config: Path | None) -> list[bytes]:
    from freehold.app.ledger import entries
    from freehold.trust.ledger import Altered

    try:
        return entries(configuration(config))
    except Altered as altered:
        _refuse(altered)


@app.command()
def show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every act, oldest first."""
    show_rows(
        [_row(number, entry, as_json=as_json) for number, entry in enumerate(_entries(config))],
        COLUMNS,
        as_json=as_json,
        none="nothing was done yet",
    )


@app.command()
def checkpoint(config: ConfigOption = None) -> None:
    """The state to keep outside of this machine: three lines."""
    from freehold.trust.ledger import verified

    show_line(str(verified(_entries(config), None)).rstrip("\n"))


@app.command()
def verify(
    against: Annotated[Path | None, typer.Option(help="A checkpoint that was kept outside.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Whether the ledger still begins with what it was at a checkpoint; exit 1 where it does not."""
    from freehold.trust.ledger import Altered, verified

    kept = None if against is None else _kept(against)
    try:
        now = verified(_entries(config), kept)
    except Altered as altered:
        _refuse(altered)
    if kept is None:
        note("whoever can write the store can write a whole new ledger: verify it --against a checkpoint kept outside")
    show_fields({"entries": now.size, "root": now.root.hex(), "since": kept.size if kept else 0}, as_json=as_json)


def _kept(path: Path) -> Any:
    from freehold.trust.ledger import parse

    try:
        with path.open("rb") as file:
            return parse(file.read(_CHECKPOINT).decode("ascii", "replace"))
    except OSError as error:
        raise Unusable(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _row(number: int, entry: bytes, *, as_json: bool) -> dict[str, Any]:
    import msgspec

    try:
        act = msgspec.json.decode(entry, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        act = {"detail": "not an entry of this program"}
    if not as_json and isinstance(when := act.get("time"), int | float):
        act["time"] = datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
    return {"index": number, **act}


def _refuse(altered: Exception) -> NoReturn:
    sys.stderr.write(f"freehold: {altered}\n")
    raise typer.Exit(1)
