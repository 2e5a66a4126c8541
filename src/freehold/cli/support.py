"""`freehold support`: what somebody needs who helps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from freehold.cli.options import ConfigOption, JsonOption, client
from freehold.cli.output import show_fields, write_private

app = typer.Typer(help="What somebody needs who helps.", no_args_is_help=True)


@app.command()
def bundle(
    file: Annotated[Path, typer.Argument(help="The ZIP file to write; it must not exist.")],
    identities: Annotated[bool, typer.Option(help="Identities of subscribers whole, not as pseudonyms.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Versions, settings without secrets, state, counters, alarms, events, log and failures of the running network."""
    octets: bytes = client(config).get("support-bundle", identities="yes" if identities else "no")
    write_private(file, octets)
    show_fields({"file": str(file), "octets": len(octets)}, as_json=as_json)
