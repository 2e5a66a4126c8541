"""The program `freehold`. Heavy rooms are imported by the commands that need them: `--help` is quick."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError  # typer gives no public name to them

from freehold.cli import (
    alarms,
    assure,
    backup,
    bench,
    codec,
    config,
    doctor,
    flows,
    handover,
    keys,
    ledger,
    login,
    metrics,
    network,
    origin,
    sim,
    state,
    subscriber,
    support,
    trace,
    why,
)
from freehold.spec.errors import Unusable


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"freehold {version('freehold')}\n")
        raise typer.Exit


def program() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        name="freehold",
        help="A complete 5G standalone network: core, radio access, terminals, management.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def common(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
        ] = False,
    ) -> None:
        """A complete 5G standalone network: core, radio access, terminals, management."""

    for command in (
        network.up,
        network.demo,
        network.run,
        doctor.doctor,
        login.login,
        login.logout,
        trace.trace,
        why.why,
        codec.decode,
        codec.encode,
    ):
        app.command()(command)
    state.add_to(app)
    for name, group in (
        ("subscriber", subscriber.app),
        ("alarms", alarms.app),
        ("metrics", metrics.app),
        ("ledger", ledger.app),
        ("backup", backup.app),
        ("sim", sim.app),
        ("support", support.app),
        ("config", config.app),
        ("flows", flows.app),
        ("handover", handover.app),
        ("keys", keys.app),
        ("origin", origin.app),
        ("assure", assure.app),
        ("bench", bench.app),
    ):
        app.add_typer(group, name=name)
    app.add_typer(alarms.app, name="alarm", hidden=True)
    return app


def _told(error: ClickException) -> str:
    """What is wrong with a command line, where, and where it is told what would be right."""
    message = error.format_message().rstrip(".")
    if not isinstance(error, UsageError) or error.ctx is None:
        return f"freehold: {message}"
    path = error.ctx.command_path
    message = f"{message[:1].lower()}{message[1:]}{'' if message.endswith('?') else ';'}"
    return f"{path}: {message} `{path} -h` shows what there is"


def main() -> None:
    """Run one command: exit 0 on success alone, 1 for what is refused, 2 for what the owner can put right: one line."""
    try:
        ended = program()(prog_name="freehold", standalone_mode=False)
    except Unusable as error:
        sys.stderr.write(f"freehold: {error}\n")
        sys.exit(error.status)
    except NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(asked.exit_code)
    except ClickException as error:
        sys.stderr.write(f"{_told(error)}\n")
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.stderr.write("\nfreehold: nobody answered, and nothing was done\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output is gone, which is its right
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(ended if isinstance(ended, int) else 0)
