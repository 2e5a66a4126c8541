"""`freehold backup`: everything an operator would lose, in one encrypted file; verified, and restored."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freehold.cli.options import ConfigOption, JsonOption, client, configuration
from freehold.cli.output import note, read_file, show_fields, write_private
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.backup import Opener
    from freehold.manage.views import BackupView

app = typer.Typer(help="Everything an operator would lose, in one encrypted file.", no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(help="The backup's file.")]
PassphraseOption = Annotated[
    Path | None, typer.Option(help="A file whose first line is the passphrase; - is standard input. Else it is asked.")
]
KeyOption = Annotated[Path | None, typer.Option(help="For a backup to a recipient: the private key, PEM.")]
CertificateOption = Annotated[Path | None, typer.Option(help="The recipient's certificate, PEM.")]


@app.command()
def create(
    file: FileArgument,
    recipient: Annotated[Path | None, typer.Option(help="Encrypt to this certificate (PEM) instead.")] = None,
    passphrase: PassphraseOption = None,
    history: Annotated[bool, typer.Option(help="What was measured, and alarms that are over, too.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a backup; the network may run."""
    from freehold.app import backups
    from freehold.app.config import default_path

    given = "" if recipient else _passphrase(passphrase, twice=True)
    to = b"" if recipient is None else read_file(recipient)
    octets = backups.create(
        configuration(config),
        config or default_path(),
        passphrase=given,
        recipient=to,
        history=history,
        client=client(config),
    )
    write_private(file, octets)
    show_fields({"file": str(file), "octets": len(octets)}, as_json=as_json)


@app.command()
def verify(
    file: FileArgument,
    passphrase: PassphraseOption = None,
    key: KeyOption = None,
    certificate: CertificateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is in a backup, and whether it can be restored here; nothing is changed."""
    from freehold.app import backups

    octets = read_file(file)
    opener = _opener(octets, passphrase, key, certificate)
    _show(backups.verify(configuration(config), octets, opener), as_json=as_json)


@app.command()
def restore(
    file: FileArgument,
    passphrase: PassphraseOption = None,
    key: KeyOption = None,
    certificate: CertificateOption = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave as it is: configuration, accounts, history; may be repeated.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup as a whole: at once, or at its next start where the network runs."""
    from freehold.app import backups
    from freehold.app.config import default_path
    from freehold.manage.backup.operations import PARTS

    left_out = tuple(without or ())
    wrong = next((part for part in left_out if part not in PARTS), None)
    if wrong is not None:
        raise Unusable(f"--without {wrong}: it is one of {', '.join(PARTS)}")
    octets = read_file(file)
    opener = _opener(octets, passphrase, key, certificate)
    shown, done = backups.restore(
        configuration(config), config or default_path(), octets, opener, left_out, client(config)
    )
    _show(shown, as_json=as_json)
    note("restored" if done else "checked: the network restores it when it is started again")


def _opener(octets: bytes, passphrase: Path | None, key: Path | None, certificate: Path | None) -> Opener:
    from freehold.manage.backup import Opener, head_of, unwrapped
    from freehold.manage.backup.container import Recipient

    lock = head_of(octets).lock
    if not isinstance(lock, Recipient):
        return Opener(_passphrase(passphrase, twice=False))
    if key is None or certificate is None:
        raise Unusable(f"the backup is encrypted to {lock.name}: give --key and --certificate of that one")
    return Opener(key=unwrapped(octets, read_file(key), read_file(certificate)))


def _passphrase(file: Path | None, *, twice: bool) -> str:
    if file is not None:
        lines = (sys.stdin.read() if str(file) == "-" else read_file(file).decode(errors="replace")).splitlines()
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise Unusable("no passphrase: give --passphrase FILE, or run it in a terminal to be asked")
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))


def _show(shown: BackupView, *, as_json: bool) -> None:
    import msgspec

    fields: dict[str, Any] = msgspec.to_builtins(shown)
    if not as_json:
        fields["made"] = datetime.fromtimestamp(shown.made, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    show_fields(fields, as_json=as_json)
