"""`freehold login` and `logout`: commands for a network on another machine."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from freehold.cli.output import show_line
from freehold.spec.errors import Unusable


def login(
    url: Annotated[str, typer.Argument(help="https://core.example:5380")],
    name: Annotated[str, typer.Option(help="The account; asked for otherwise.")] = "",
    ca: Annotated[Path | None, typer.Option(help="The network's authority: ca.pem of its data folder.")] = None,
    token: Annotated[
        bool, typer.Option("--token", help="With a token instead, which is read from standard input.")
    ] = False,
) -> None:
    """Log in at a network on another machine: commands are for it from now on, until logout.

    Where a new password is due, it asks for that too. Who logs in at a provider (OpenID Connect) takes a token. For
    scripts: FREEHOLD_URL, FREEHOLD_TOKEN or FREEHOLD_TOKEN_FILE, and FREEHOLD_CA.
    """
    from freehold.app import remote

    trusted = "" if ca is None else remote.read_ca(ca)
    if token:
        secret = _asked("Token", secret=True)
        found = remote.known(remote.Remote(url.rstrip("/"), secret, ca=trusted))
    else:
        remote.endpoint(url)
        account = name or _asked("Name")
        found = remote.log_in(url, trusted, account, _asked("Password", secret=True), _another)
    path = remote.keep(found)
    show_line(f"logged in at {found.url} as {found.name}; kept in {path}")


def logout() -> None:
    """End the log-in: commands are for the network on this machine again."""
    from freehold.app import remote

    found = remote.forget()
    if found is None:
        raise Unusable("nobody is logged in at a network on another machine")
    if not found.secret.startswith("fht_"):  # a token is not ended by forgetting it
        with contextlib.suppress(Unusable):
            remote.RemoteClient(found).ask("POST", ("logout",))
    show_line(f"logged out at {found.url}")


def _another() -> str:
    """A new password, where the network asks for one before anything else."""
    given = _asked("New password (yours was given by somebody else, or is too old)", secret=True)
    if sys.stdin.isatty() and given != _asked("New password again", secret=True):
        raise Unusable("the two new passwords differ: log in again")
    return given


def _asked(what: str, *, secret: bool = False) -> str:
    """A line of standard input, asked for where a person sits there."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=secret, err=True))
    given = sys.stdin.readline().strip()
    if not given:
        raise Unusable(f"{what.lower()}: nothing came on standard input")
    return given
