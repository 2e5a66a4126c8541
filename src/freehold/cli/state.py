"""`freehold status`, `ue`, `session`, `gnb`, `nf`, `alarm`, `counter`: the live state of a running network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, SupiArgument, client
from freehold.cli.output import show_fields, show_line, show_rows

UES: Final = {
    "supi": "SUPI",
    "state": "STATE",
    "connection": "CONNECTION",
    "gnb": "GNB",
    "guti": "5G-GUTI",
    "procedures": "PROCEDURES",
}
SESSIONS: Final = {
    "supi": "SUPI",
    "pdu_session_id": "ID",
    "dnn": "DNN",
    "slice": "SLICE",
    "ip": "ADDRESS",
    "state": "STATE",
    "uplink_bytes": "UPLINK",
    "downlink_bytes": "DOWNLINK",
}
GNBS: Final = {"name": "NAME", "id": "ID", "address": "N2", "tacs": "TAC", "plmns": "PLMN", "ues": "UES"}
FUNCTIONS: Final = {"name": "NAME", "kind": "KIND", "address": "ADDRESS", "state": "STATE"}
ALARMS: Final = {
    "id": "ID",
    "severity": "SEVERITY",
    "count": "COUNT",
    "subject": "SUBJECT",
    "text": "WHAT",
    "fix": "DO",
}
COUNTERS: Final = {"name": "COUNTER", "label": "LABEL", "value": "VALUE"}

ue = typer.Typer(help="UE contexts of the AMF.", invoke_without_command=True)
alarm = typer.Typer(help="Troubles that stand.", invoke_without_command=True)


def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The running network at one glance."""
    show_fields(client(config).get("status"), as_json=as_json)


def listing(collection: str, columns: Mapping[str, str], none: str, help_text: str) -> Callable[..., None]:
    """A command that lists one collection."""

    def command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
        show_rows(client(config).get(collection), columns, as_json=as_json, none=none)

    command.__doc__ = help_text
    return command


def unless_named(everything: Callable[..., None]) -> Callable[..., None]:
    """The callback of a group that lists when no command of it is named."""

    def callback(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
        if context.invoked_subcommand is None:
            everything(config, as_json)

    callback.__doc__ = everything.__doc__
    return callback


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(status)
    for name, collection, columns, none, help_text in (
        ("session", "sessions", SESSIONS, "no PDU session", "PDU sessions with their addresses and octets."),
        ("gnb", "gnbs", GNBS, "no gNB is connected", "gNBs with an association."),
        ("nf", "functions", FUNCTIONS, "no function runs", "Network functions of the running process."),
        ("counter", "counters", COUNTERS, "nothing was counted yet", "Counters, by TS 28.552 where it names one."),
    ):
        app.command(name)(listing(collection, columns, none, help_text))
    for group, collection, columns, none, help_text in (
        (ue, "ues", UES, "no UE is known", "All UE contexts."),
        (alarm, "alarms", ALARMS, "no alarm stands", "What stands, seen most recently first."),
    ):
        everything = listing(collection, columns, none, help_text)
        group.command("list")(everything)
        group.callback()(unless_named(everything))
    app.add_typer(ue, name="ue")
    app.add_typer(alarm, name="alarm")


@ue.command("show")
def show_ue(supi: SupiArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """One UE with its sessions."""
    show_fields(client(config).get("ues", supi), as_json=as_json)


@ue.command("deregister")
def deregister(supi: SupiArgument, config: ConfigOption = None) -> None:
    """Have the network deregister a UE (TS 24.501 5.5.2.3)."""
    client(config).ask("POST", ("ues", supi, "deregister"))
    show_line(f"{supi} is being deregistered")


@alarm.command("acknowledge")
def acknowledge(
    number: Annotated[str, typer.Argument(metavar="ID", help="As `alarm list` shows it.")], config: ConfigOption = None
) -> None:
    """Take an alarm off the list; it comes back when its cause does."""
    client(config).ask("DELETE", ("alarms", number))
