"""`freehold alarms`: the alarm list of a running network, what to do with an alarm, and thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, WatchOption, client
from freehold.cli.output import show_fields, show_json, show_line, show_rows, watched
from freehold.cli.state import timed
from freehold.spec.errors import Unusable

LIST: Final = {
    "id": "ID",
    "perceived_severity": "SEVERITY",
    "ack": "ACK",
    "raised": "RAISED",
    "count": "SEEN",
    "specific_problem": "PROBLEM",
    "object_instance": "OBJECT",
    "text": "WHAT",
    "fix": "DO",
}
OVER: Final = {
    "id": "ID",
    "raised": "RAISED",
    "cleared": "CLEARED",
    "specific_problem": "PROBLEM",
    "object_instance": "OBJECT",
    "ack_user": "BY",
    "text": "WHAT",
}
THRESHOLDS: Final = {
    "name": "NAME",
    "of": "OF",
    "side": "SIDE",
    "value": "VALUE",
    "hysteresis": "HYSTERESIS",
    "window_s": "SECONDS",
    "severity": "SEVERITY",
    "enabled": "ON",
}
TIMES: Final = ("raised", "changed", "cleared", "ack_time", "last_seen")

app = typer.Typer(help="Alarms: what stands, who has seen it, what is over.", invoke_without_command=True)
threshold = typer.Typer(help="Thresholds on KPIs and counters that raise alarms.", no_args_is_help=True)
app.add_typer(threshold, name="threshold")


def numbers(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The alarms of the list, for the shell's completion."""
    with suppress(Unusable):
        rows = client(context.params.get("config")).get("alarms")
        return [
            (row["id"], f"{row['specific_problem']} {row['object_instance']}")
            for row in rows
            if row["id"].startswith(incomplete)
        ]
    return []


Ids = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="As `freehold alarms list` shows it.", autocompletion=numbers),
]
SeverityOption = Annotated[str, typer.Option(help="Only these, like critical,major.")]


def _listed(config: Any, severity: str, *, as_json: bool, watch: bool) -> None:
    query = {"severity": severity} if severity else {}

    def draw() -> None:
        rows = client(config).get("alarms", **query)
        shown = rows if as_json else [_row(row) for row in rows]
        show_rows(shown, LIST, as_json=as_json, none="no alarm stands")

    watched(draw, watch=watch)


@app.callback()
def alarms(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False, watch: WatchOption = False
) -> None:
    """Alarms: what stands, who has seen it, what is over."""
    if context.invoked_subcommand is None:
        _listed(config, "", as_json=as_json, watch=watch)


@app.command("list")
def list_(
    severity: SeverityOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
    watch: WatchOption = False,
) -> None:
    """The alarm list, the worst first."""
    _listed(config, severity, as_json=as_json, watch=watch)


@app.command()
def show(
    number: Annotated[str, typer.Argument(metavar="ID", autocompletion=numbers)],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One alarm with everything that is known of it."""
    row = client(config).get("alarms", number)
    if not as_json:
        comments = [f"{timed(each)['time']} {each['user']}: {each['text']}" for each in row["comments"]]
        row = {**timed(row, TIMES), "comments": comments}
    show_fields(row, as_json=as_json)


def _change(config: Any, ids: list[str], change: Mapping[str, str], done: str) -> None:
    network = client(config)
    for number in ids:
        network.ask("PATCH", ("alarms", number), body=dict(change))
        show_line(f"alarm {number} {done}")


@app.command()
def ack(ids: Ids, config: ConfigOption = None) -> None:
    """Say that you have seen alarms; what is cleared too leaves the list."""
    _change(config, ids, {"ack_state": "ACKNOWLEDGED"}, "is acknowledged")


@app.command(hidden=True)
def acknowledge(ids: Ids, config: ConfigOption = None) -> None:
    """The same as `ack`."""
    ack(ids, config)


@app.command()
def unack(ids: Ids, config: ConfigOption = None) -> None:
    """Take an acknowledgement back."""
    _change(config, ids, {"ack_state": "UNACKNOWLEDGED"}, "waits to be acknowledged")


@app.command()
def clear(ids: Ids, config: ConfigOption = None) -> None:
    """End alarms that nothing else ends; one whose cause is still there comes back."""
    _change(config, ids, {"perceived_severity": "CLEARED"}, "is cleared")


@app.command()
def comment(
    number: Annotated[str, typer.Argument(metavar="ID", autocompletion=numbers)],
    text: Annotated[str, typer.Argument(help="What to write.")],
    config: ConfigOption = None,
) -> None:
    """Write about an alarm, for whoever reads it next."""
    client(config).ask("POST", ("alarms", number, "comments"), body={"text": text})
    show_line(f"alarm {number} has your comment")


@app.command()
def history(
    most: Annotated[int, typer.Option(help="How many, the latest first.", min=1)] = 100,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Alarms that are over."""
    rows = client(config).get("alarm-history", most=f"{most}")
    show_rows(rows if as_json else [_row(row) for row in rows], OVER, as_json=as_json, none="no alarm is over yet")


@app.command()
def follow(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What happens to alarms from now on, one a line, until Ctrl-C."""
    import json

    rest = b""
    with suppress(KeyboardInterrupt):
        for piece in client(config).stream("alarms", follow=""):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                told = json.loads(line)
                if as_json:
                    show_json(told)
                    continue
                alarm, when = told["alarm"], timed({"time": told["event_time"]})["time"]
                what = told["notification_type"].removeprefix("notify")
                show_line(
                    f"{when}  {what:<15}  {alarm['perceived_severity']:<8}  {alarm['specific_problem']} "
                    f"{alarm['object_instance']}: {alarm['text']}"
                )


# --- thresholds -----------------------------------------------------------------------------------
@threshold.command("list")
def list_thresholds(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every threshold in force."""
    show_rows(client(config).get("thresholds"), THRESHOLDS, as_json=as_json, none="nothing is watched")


@threshold.command("set")
def set_threshold(
    name: Annotated[str, typer.Argument(help="A name of your own, or that of a built-in one to change it.")],
    of: Annotated[str, typer.Argument(help="A KPI or counter: see `freehold metrics list`.")],
    value: Annotated[float, typer.Argument(help="Where trouble begins.")],
    under: Annotated[bool, typer.Option("--under", help="Trouble is below the value, not above it.")] = False,
    hysteresis: Annotated[float, typer.Option(help="How far back it has to be for the alarm to end.", min=0)] = 0.0,
    window: Annotated[float, typer.Option(help="Over so many seconds.")] = 300.0,
    events: Annotated[int, typer.Option(help="A KPI of fewer events is not judged.", min=1)] = 1,
    severity: Annotated[str, typer.Option(help="critical, major, minor or warning.")] = "minor",
    fix: Annotated[str, typer.Option(help="What to do then.")] = "",
    off: Annotated[bool, typer.Option("--off", help="Watch it no more.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a threshold; it holds until you remove it."""
    form = {
        "of": of,
        "value": value,
        "side": "under" if under else "over",
        "hysteresis": hysteresis,
        "window_s": window,
        "events": events,
        "severity": severity.upper(),
        "fix": fix,
        "enabled": not off,
    }
    show_fields(client(config).ask("PUT", ("thresholds", name), body=form), as_json=as_json)


@threshold.command("remove")
def remove_threshold(name: str, config: ConfigOption = None) -> None:
    """Take back what was set; what is built in or configured counts again."""
    client(config).ask("DELETE", ("thresholds", name))
    show_line(f"threshold {name} is removed")


def _row(alarm: Mapping[str, Any]) -> dict[str, Any]:
    return {**timed(alarm, TIMES), "ack": "yes" if alarm["ack_state"] == "ACKNOWLEDGED" else "no"}
