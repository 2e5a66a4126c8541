"""`freehold bench`: the figures of this machine, as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import show_json, show_line, table

app = typer.Typer(help="The figures of this machine.", no_args_is_help=True)


@app.command()
def codec(
    against: Annotated[str, typer.Option(help="Also measure a peer: pycrate.")] = "", as_json: JsonOption = False
) -> None:
    """Time to decode and encode the messages of one registration, in microseconds."""
    from msgspec import to_builtins

    from freehold.app.bench.codec import bench_codec

    cases = to_builtins(bench_codec(against or None))
    if as_json:
        show_json(cases)
        return
    rows = cases["cases"]
    for line in table(rows, {name: name for name in max(rows, key=len)}):
        show_line(line)
