"""`freehold ledger`: who did what to a network, and whether anybody changed that afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, client, configuration
from freehold.cli.output import note, show_fields, show_json, show_line, show_rows
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.trust.ledger import Checkpoint

app = typer.Typer(help="Who did what, in a log whose past cannot be changed unseen.", no_args_is_help=True)
COLUMNS: Final = {"index": "ENTRY", "time": "TIME", "actor": "WHO", "act": "ACT", "subject": "WHAT", "detail": "DETAIL"}


def _entries(config: Path | None) -> list[bytes]:
    from freehold.app.ledger import entries

    return entries(configuration(config), client(config))


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
def checkpoint(
    sign: Annotated[
        Path | None, typer.Option(help="The owner's key: five lines, the last of them a signature.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """The state to keep outside of this machine: three lines."""
    from freehold.trust.ledger import note as noted
    from freehold.trust.ledger import verified
    from freehold.trust.seal import load_signer

    signer = load_signer(sign) if sign else None
    show_line(noted(verified(_entries(config)), signer).rstrip("\n"))


@app.command()
def verify(
    against: Annotated[
        Path | None, typer.Option(help="A checkpoint that was kept outside, or a witness's file.")
    ] = None,
    key: Annotated[list[Path], typer.Option(help="A public key: checkpoints without its signature are refused.")] = [],  # noqa: B006
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Whether the ledger still begins with what it was at a checkpoint; exit 1 where it does not."""
    from freehold.trust.ledger import verified

    if key and against is None:
        raise Unusable("--key is whose signatures the checkpoints --against are to have")
    kept = _kept(against, key) if against else []
    now = verified(_entries(config), *kept)
    if not kept:
        note("whoever can write the store can write a whole new ledger: verify it --against a checkpoint kept outside")
    show_fields(
        {"entries": now.size, "root": now.root.hex(), "since": max((each.size for each in kept), default=0)},
        as_json=as_json,
    )


@app.command()
def prove(
    index: Annotated[int, typer.Argument(help="The entry's number, from 0.")],
    config: ConfigOption = None,
) -> None:
    """One entry with the proof that it is in the ledger: for somebody who has the checkpoint alone."""
    from freehold.trust.ledger.proof import prove as proved

    entries = _entries(config)
    if not 0 <= index < len(entries):
        raise Unusable(f"there is no entry {index}: the ledger has {len(entries)}")
    show_json(proved(entries, index))


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(help="What `freehold ledger prove` said.")],
    against: Annotated[Path, typer.Option(help="The checkpoint, as it was kept.")],
    key: Annotated[list[Path], typer.Option(help="A public key that signed it.")] = [],  # noqa: B006
    as_json: JsonOption = False,
) -> None:
    """Whether a proof shows its entry in the ledger of a checkpoint; needs no ledger. Exit 1 where it does not."""
    from freehold.trust.ledger.proof import shown
    from freehold.trust.seal import read_json

    kept = _kept(against, key)
    entry = shown(read_json(proof), kept, str(proof))
    show_fields(_row(entry[0], entry[1], as_json=as_json), as_json=as_json)


def _kept(path: Path, keys: list[Path]) -> list[Checkpoint]:
    """The checkpoints of a file that somebody kept; what is none of a trusted key is refused."""
    from freehold.trust.ledger import read_notes
    from freehold.trust.seal import Refused, load_verifier

    trusted = [load_verifier(each) for each in keys]
    try:
        return read_notes(path, trusted)
    except Unusable as refused:
        raise Refused(str(refused)) from None


def _row(number: int, entry: bytes, *, as_json: bool) -> dict[str, Any]:
    import msgspec

    try:
        act = msgspec.json.decode(entry, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        act = {"detail": "not an entry of this program"}
    if not as_json and isinstance(when := act.get("time"), int | float):
        act["time"] = datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
    return {"index": number, **act}
