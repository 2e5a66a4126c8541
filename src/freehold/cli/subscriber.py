"""`freehold subscriber`: subscriptions of a running network through its API, or of its store while it does not run."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, SupiArgument, client, configuration
from freehold.cli.output import note, progress, show_fields, show_json, show_line, show_rows

app = typer.Typer(help="Subscriptions: SIMs, their slices and data networks.", no_args_is_help=True)
COLUMNS: Final = {"supi": "SUPI", "name": "NAME", "enabled": "ENABLED", "slices": "SLICES"}
HOME_KEYS: Final = {"id": "ID", "profile": "PROFILE", "public_key": "PUBLIC KEY", "uses": "USES", "last": "LAST"}


class Format(StrEnum):
    """How a file of subscribers is written."""

    CSV = "csv"
    JSON = "json"


def _registry(config: Path | None) -> Any:
    from freehold.app.registry import registry

    return registry(configuration(config), client(config))


@app.command()
def add(
    supi: SupiArgument,
    k: Annotated[str, typer.Option(help="K, 32 hexadecimal digits; `-` reads it from standard input.")] = "",
    opc: Annotated[str, typer.Option(help="OPc, 32 hexadecimal digits.")] = "",
    op: Annotated[str, typer.Option(help="OP instead of OPc.")] = "",
    amf_field: Annotated[str, typer.Option(help="The AMF field, 4 hexadecimal digits.")] = "8000",
    name: Annotated[str, typer.Option(help="A name for people.")] = "",
    slice_: Annotated[str, typer.Option("--slice", help="A slice, like 1 or 1-010203; without it the network's.")] = "",
    dnn: Annotated[list[str] | None, typer.Option(help="A data network; give it again for more.")] = None,
    ip: Annotated[str, typer.Option(help="A fixed IPv4 address in the first data network.")] = "",
    ip6: Annotated[str, typer.Option(help="A fixed IPv6 prefix there, like fd45:0:0:7::/64.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add one subscriber."""
    form: dict[str, Any] = {"supi": supi, "opc": opc, "op": op, "amf_field": amf_field, "name": name}
    form["k"] = sys.stdin.readline().strip() if k == "-" else k
    if slice_ or dnn or ip or ip6:
        names = dnn or ["internet"]
        fixed = {"ip": ip, "ip6": ip6}
        dnns = [{"dnn": each, **(fixed if number == 0 else {})} for number, each in enumerate(names)]
        form["slices"] = [{"id": slice_ or "1", "dnns": dnns}]
    with _registry(config) as registry:
        registry.add([form])
        show_fields(registry.show(supi), as_json=as_json)


@app.command()
def show(supi: SupiArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """One subscriber, without secrets."""
    with _registry(config) as registry:
        show_fields(registry.show(supi), as_json=as_json)


@app.command("list")
def list_all(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All subscribers."""
    with _registry(config) as registry:
        rows = registry.all()
    shown = rows if as_json else [{**row, "slices": _slices(row["slices"])} for row in rows]
    show_rows(shown, COLUMNS, as_json=as_json, none="no subscriber yet: add one with `freehold subscriber add`")


def _slices(slices: list[dict[str, Any]]) -> list[str]:
    return [f"{one['id']}: {' '.join(dnn['dnn'] for dnn in one['dnns'])}" for one in slices]


@app.command("set")
def change(
    supi: SupiArgument,
    name: Annotated[str | None, typer.Option(help="A name for people.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Barring takes effect at once.")] = None,
    msisdn: Annotated[str | None, typer.Option(help="The telephone number.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a subscriber; what is not given stays."""
    given = {"name": name, "enabled": enabled, "msisdn": msisdn}
    with _registry(config) as registry:
        changed = registry.change(supi, {field: value for field, value in given.items() if value is not None})
        show_fields(changed, as_json=as_json)


@app.command()
def delete(supi: SupiArgument, config: ConfigOption = None) -> None:
    """Remove a subscriber; its terminal is deregistered at once."""
    with _registry(config) as registry:
        registry.delete(supi)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d") if seconds else "-"


@app.command("home-keys")
def home_keys(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What SIMs need to conceal their SUPIs: the home network's public keys (TS 31.102 4.4.11.8)."""
    with _registry(config) as registry:
        rows = registry.home_keys()
        shown = rows if as_json else [{**row, "last": _day(row["last_used"])} for row in rows]
        show_rows(shown, HOME_KEYS, as_json=as_json, none="no home network key")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A .csv or .json file.", exists=True, dir_okay=False)],
    replace: Annotated[bool, typer.Option(help="Replace subscribers that are there already.")] = False,
    skip: Annotated[bool, typer.Option(help="Leave out rows that are wrong, and add the others.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add all subscribers of a file, or none where one is wrong: then every such row is told."""
    from msgspec import to_builtins

    with _registry(config) as registry, progress("subscribers") as told:
        added = registry.load(
            file.read_bytes(), csv=file.suffix.lower() == ".csv", replace=replace, skip=skip, told=told
        )
    if as_json:
        show_json(to_builtins(added))
        return
    for each in added.errors:
        note(f"line {each.line}: {each.field or 'the row'}: {each.detail}")
    show_line(f"{added.added} subscribers added" + (f", {added.skipped} rows left out" if added.skipped else ""))


@app.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="csv or json.")] = Format.CSV, config: ConfigOption = None
) -> None:
    """All subscribers on standard output, without secrets."""
    with _registry(config) as registry:
        if form is Format.JSON:
            show_json(registry.all())
        else:
            show_line(registry.csv().rstrip("\n"))
