"""`freehold metrics`: KPIs, counters, their history, measurement files, and a Grafana dashboard."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, WatchOption, client
from freehold.cli.output import note, show_json, show_line, show_rows, watched
from freehold.cli.state import timed
from freehold.spec.errors import Unusable

KPIS: Final = {"name": "KPI", "shown": "VALUE", "events": "OF", "title": "WHAT", "clause": "CLAUSE"}
COUNTERS: Final = {"name": "COUNTER", "label": "LABEL", "value": "VALUE"}
MEANINGS: Final = {
    "name": "NAME",
    "object": "OBJECT",
    "split": "LABEL",
    "unit": "UNIT",
    "text": "WHAT",
    "clause": "CLAUSE",
}
FILES: Final = {"name": "FILE", "begin": "BEGIN", "end": "END", "suspect": "SUSPECT"}
HOUR: Final = 3600
SHOWN: Final = (
    "RSR.Initial",
    "PDUSessionEstSR",
    "RM.RegInitReq",
    "RM.RegInitSucc",
    "SM.SessionNbrMax",
    "UTSNSI",
    "DTSNSI",
)

app = typer.Typer(help="KPIs, counters, their history, and files of them.", invoke_without_command=True)
WindowOption = Annotated[float, typer.Option(help="Over the last so many seconds.", min=1, max=900)]


def _kpis(config: Any, window: float, *, as_json: bool, watch: bool) -> None:
    def draw() -> None:
        rows = client(config).get("kpis", window=f"{window:g}")
        shown = rows if as_json else [{**row, "shown": _value(row)} for row in rows]
        show_rows(shown, KPIS, as_json=as_json, none="nothing is measured")

    watched(draw, watch=watch)


def _value(row: Mapping[str, Any]) -> str:
    return "-" if row["value"] is None else f"{row['value']:.1f} {row['unit']}".rstrip()


@app.callback()
def metrics(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False, watch: WatchOption = False
) -> None:
    """KPIs, counters, their history, and files of them."""
    if context.invoked_subcommand is None:
        _kpis(config, 300.0, as_json=as_json, watch=watch)


@app.command()
def kpi(
    window: WindowOption = 300.0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    watch: WatchOption = False,
) -> None:
    """KPIs of TS 28.554 over the last minutes."""
    _kpis(config, window, as_json=as_json, watch=watch)


@app.command()
def counters(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Only those that begin so.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    watch: WatchOption = False,
) -> None:
    """Counters since the start, by TS 28.552 where it names one."""

    def draw() -> None:
        rows = client(config).get("counters")
        chosen = [row for row in rows if not names or row["name"].startswith(tuple(names))]
        show_rows(chosen, COUNTERS, as_json=as_json, none="nothing was counted yet")

    watched(draw, watch=watch)


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """What each KPI and measurement means; needs no running network."""
    from freehold.manage.performance.kpis import KPIS as INDICATORS
    from freehold.spec.measurements import MEASUREMENTS

    rows: list[dict[str, Any]] = [
        {"name": each.name, "object": "KPI", "split": "", "unit": each.unit, "text": each.title, "clause": each.clause}
        for each in INDICATORS.values()
    ]
    for row in MEASUREMENTS.values():
        rows.append({name: getattr(row, name) for name in MEANINGS})  # noqa: PERF401 - one table of two kinds
    show_rows(rows, MEANINGS, as_json=as_json, none="")


@app.command()
def history(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="KPIs and counters, * for anything; else the usual.")
    ] = None,
    hours: Annotated[float, typer.Option(help="Of the last so many hours.", min=0)] = 24.0,
    step: Annotated[float, typer.Option(help="Minutes of a line; no less than a granularity period.", min=0)] = 0.0,
    labels: Annotated[bool, typer.Option(help="A column for each label of a counter.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What each period came to, one a line."""
    answer = client(config).get(
        "history",
        begin=f"{time.time() - HOUR * hours:.0f}",
        step=f"{60 * step:g}",
        name=",".join(names or SHOWN),
        **({} if labels else {"labels": "no"}),
    )
    if as_json:
        show_json(answer)
        return
    columns = {
        f"{each['name']}\n{each['label']}": f"{each['name']} {each['label']}".strip() for each in answer["series"]
    }
    rows: dict[float, dict[str, Any]] = {}
    for each in answer["series"]:
        for end, value in each["points"]:
            rows.setdefault(end, {"time": end})[f"{each['name']}\n{each['label']}"] = value
    lines = [timed(row) for _, row in sorted(rows.items())]
    show_rows(lines, {"time": "UNTIL (UTC)", **columns}, as_json=False, none="no period is over yet")


@app.command()
def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="Names of files; else the list.")] = None,
    latest: Annotated[bool, typer.Option("--latest", help="The latest file.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every file.")] = False,
    into: Annotated[Path | None, typer.Option(help="A folder to write to; else standard output.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measurement files (TS 32.435): the list of them, or those you name."""
    network = client(config)
    there = network.get("measurement-files") if latest or everything or not names else []
    chosen = list(names or ())
    if latest or everything:
        chosen += [row["name"] for row in there][0 if everything else -1 :]
        if not chosen:
            raise Unusable("no period is over yet: wait for the end of the first one")
    if not chosen:
        rows = there if as_json else [timed(row, ("begin", "end")) for row in there]
        show_rows(rows, FILES, as_json=as_json, none="no period is over yet")
        return
    for name in chosen:
        octets = network.get("measurement-files", name)
        if into is None:
            sys.stdout.buffer.write(octets)
            continue
        into.mkdir(parents=True, exist_ok=True)
        (into / name).write_bytes(octets)
        show_line(f"{into / name}")


@app.command()
def dashboard(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; else standard output.")] = None,
) -> None:
    """A Grafana dashboard of every metric, to import; needs no running network."""
    import json

    from freehold.manage.performance.dashboard import dashboard as made

    text = json.dumps(made(), indent=2)
    if output is None:
        show_line(text)
        return
    output.write_text(f"{text}\n", encoding="utf-8")
    note(f"{output}: import it in Grafana, Dashboards, New, Import")
