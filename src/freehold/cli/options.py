"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from freehold.app.config import Configuration
    from freehold.app.requests import Client

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file; without it the owner's own, or the defaults."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds, until Ctrl-C.")]
SupiArgument = Annotated[str, typer.Argument(help="imsi-001010000000001, or only its digits.")]


def configuration(path: Path | None) -> Configuration:
    """The configuration a command works with."""
    from freehold.app.config import load

    return load(path)


def client(path: Path | None) -> Client:
    """The management API of the network that a command is for: by this configuration, or the one logged in at."""
    from freehold.app.remote import client_of

    return client_of(path)
