"""`freehold status`, `ue`, `session`, `gnb`, `nf`, `event`, `counter`: the live state of a running network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, SupiArgument, WatchOption, client
from freehold.cli.output import show_fields, show_line, show_rows, watched

UES: Final = {
    "supi": "SUPI",
    "state": "STATE",
    "connection": "CONNECTION",
    "gnb": "GNB",
    "procedures": "PROCEDURES",
}
SESSIONS: Final = {
    "supi": "SUPI",
    "pdu_session_id": "ID",
    "dnn": "DNN",
    "slice": "SLICE",
    "ip": "ADDRESS",
    "ip6": "IPV6",
    "macs": "MAC",
    "state": "STATE",
    "uplink_bytes": "UPLINK",
    "downlink_bytes": "DOWNLINK",
}
GNBS: Final = {"name": "NAME", "id": "ID", "address": "N2", "tacs": "TAC", "plmns": "PLMN", "ues": "UES"}
FUNCTIONS: Final = {"name": "NAME", "kind": "KIND", "address": "ADDRESS", "state": "STATE"}
EVENTS: Final = {
    "time": "TIME",
    "severity": "SEVERITY",
    "name": "EVENT",
    "subject": "SUBJECT",
    "text": "WHAT",
    "fix": "DO",
    "clause": "CLAUSE",
}
TERMINALS: Final = {
    "supi": "SUPI",
    "name": "TERMINAL",
    "power": "POWER",
    "state": "STATE",
    "card": "CARD",
    "gnb": "GNB",
    "addresses": "ADDRESS",
    "trouble": "TROUBLE",
}
TERMINAL_SESSIONS: Final = {
    "id": "ID",
    "dnn": "DNN",
    "type": "TYPE",
    "addresses": "ADDRESS",
    "interface": "INTERFACE",
}
COUNTERS: Final = {"name": "COUNTER", "label": "LABEL", "value": "VALUE"}

ue = typer.Typer(help="UE contexts of the AMF.", invoke_without_command=True)


def status(config: ConfigOption = None, as_json: JsonOption = False, watch: WatchOption = False) -> None:
    """The running network at one glance."""
    watched(lambda: show_fields(client(config).get("status"), as_json=as_json), watch=watch)


def listing(collection: str, columns: Mapping[str, str], none: str, help_text: str) -> Callable[..., None]:
    """A command that lists one collection."""

    def command(config: ConfigOption = None, as_json: JsonOption = False, watch: WatchOption = False) -> None:
        def draw() -> None:
            rows = client(config).get(collection)
            shown = rows if as_json else [timed(row) for row in rows]
            show_rows(shown, columns, as_json=as_json, none=none)

        watched(draw, watch=watch)

    command.__doc__ = help_text
    return command


def timed(row: Mapping[str, Any], names: tuple[str, ...] = ("time",)) -> dict[str, Any]:
    """A row whose times are what a person reads."""
    shown = dict(row)
    for name in names:
        if isinstance(when := shown.get(name), int | float):
            shown[name] = datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return shown


def unless_named(everything: Callable[..., None]) -> Callable[..., None]:
    """The callback of a group that lists when no command of it is named."""

    def callback(
        context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False, watch: WatchOption = False
    ) -> None:
        if context.invoked_subcommand is None:
            everything(config, as_json, watch)

    callback.__doc__ = everything.__doc__
    return callback


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(status)
    for name, collection, columns, none, help_text in (
        ("session", "sessions", SESSIONS, "no PDU session", "PDU sessions with their addresses and octets."),
        ("gnb", "gnbs", GNBS, "no gNB is connected", "gNBs with an association."),
        ("nf", "functions", FUNCTIONS, "no function runs", "Network functions of the running process."),
        ("event", "events", EVENTS, "nothing happened yet", "What happened: refusals, faults, comings and goings."),
        ("counter", "counters", COUNTERS, "nothing was counted yet", "Counters, by TS 28.552 where it names one."),
    ):
        app.command(name)(listing(collection, columns, none, help_text))
    everything = listing("ues", UES, "no UE is known", "All UE contexts.")
    ue.command("list")(everything)
    ue.callback()(unless_named(everything))
    app.add_typer(ue, name="ue")


@ue.command("show")
def show_ue(supi: SupiArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """One UE with its sessions."""
    show_fields(client(config).get("ues", supi), as_json=as_json)


def _switched(verb: str, done: str, help_text: str) -> None:
    """Add a command that switches a simulated terminal."""

    def command(supi: SupiArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
        view = client(config).ask("POST", ("terminals", supi, verb))
        if as_json:
            show_fields(view, as_json=True)
        else:
            show_line(f"{view['supi']} {done}")

    command.__doc__ = help_text
    ue.command(verb)(command)


_switched("start", "is switched on", "Switch a simulated terminal on; it is made where there is none.")
_switched("stop", "is switched off", "Switch a simulated terminal off.")
_switched("power-cycle", "is switched off and on", "Switch a simulated terminal off and on, which unlocks its card.")


def _session_row(supi: str, view: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_fields(view, as_json=True)
    else:
        show_rows(view["sessions"], TERMINAL_SESSIONS, as_json=False, none=f"{supi} has no PDU session")


@ue.command("session")
def open_session(
    supi: SupiArgument,
    dnn: Annotated[str, typer.Option(help="The data network; without it the subscriber's first one.")] = "",
    type_: Annotated[
        str, typer.Option("--type", help="ipv4, ipv6, ipv4v6 or ethernet; without it what the data network has.")
    ] = "",
    interface: Annotated[
        str, typer.Option(help="The interface of this host that is to be the session; needs root where the core runs.")
    ] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a simulated terminal open one more PDU session."""
    body = {"dnn": dnn, "interface": interface} | ({"type": type_} if type_ else {})
    _session_row(supi, client(config).ask("POST", ("terminals", supi, "session"), body=body), as_json=as_json)


@ue.command("release-session")
def release_session(
    supi: SupiArgument,
    identity: Annotated[int, typer.Argument(help="The PDU session identity.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a simulated terminal release a PDU session."""
    view = client(config).ask("POST", ("terminals", supi, "release-session"), body={"id": identity})
    _session_row(supi, view, as_json=as_json)


@ue.command("handover")
def hand_over(
    supi: SupiArgument,
    to: Annotated[str, typer.Option("--to", help="The gNB it goes to, by its name.")],
    over_n2: Annotated[bool, typer.Option("--n2/--xn", help="By way of the AMF, or straight from gNB to gNB.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand a simulated terminal over to another gNB of this network, with its sessions."""
    body = {"gnb": to, "interface": "n2" if over_n2 else "xn"}
    view = client(config).ask("POST", ("terminals", supi, "handover"), body=body)
    show_fields(view, as_json=True) if as_json else show_line(f"{supi} is served by {view['gnb']}")


ue.command("terminals")(
    listing("terminals", TERMINALS, "no terminal is simulated here", "Simulated terminals, and their cards.")
)


@ue.command("deregister")
def deregister(supi: SupiArgument, config: ConfigOption = None) -> None:
    """Have the network deregister a UE (TS 24.501 5.5.2.3)."""
    client(config).ask("POST", ("ues", supi, "deregister"))
    show_line(f"{supi} is being deregistered")
