"""`freehold why`: what failed, the rule that fired, and the change that ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, client
from freehold.cli.output import show_json, show_line, table, terminal_width
from freehold.cli.state import timed
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.app.requests import Client

SHOWN: Final = 5
"""Failures told whole; older ones are only counted."""
CHANGES: Final = {"key": "SETTING", "before": "NOW", "after": "THEN", "takes_effect": "WHEN"}


def why(
    supi: Annotated[str, typer.Argument(help="Only of this UE: imsi-001010000000001, or digits.")] = "",
    repair: Annotated[str, typer.Option(help="Make this change of the newest failure, as it is listed.")] = "",
    fields: Annotated[
        list[str] | None, typer.Option("--with", help="What the change asks for, like k=465b... and opc=cd63...")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Make the change without asking.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Why procedures failed: the cause, what was compared with what, and what to change."""
    network = client(config)
    found = network.get("failures", **({"ue": supi} if supi else {}))
    if repair:
        _repair(network, found, repair, dict(_pairs(fields or [])), yes=yes)
        return
    details = [network.get("failures", one["id"]) for one in found[:SHOWN]]
    if as_json:
        show_json(details)
        return
    if not found:
        show_line("nothing failed" + (f" of {supi}" if supi else ""))
    for one in details:
        for line in told(one):
            show_line(line)
    if len(found) > SHOWN:
        show_line(f"... and {len(found) - SHOWN} older ones")


def told(one: Mapping[str, Any]) -> Iterator[str]:
    """A failure in lines."""
    shown, rule, cause = timed(one), one["rule"], one["cause"]
    times = f", {one['count']} times" if one["count"] > 1 else ""
    over = "; it works now" if one["over"] else ""
    yield f"{shown['time']}  {one['procedure']} of {one['supi'] or one['subject'] or 'a terminal'}{times}{over}"
    yield f"  what     {one['text']}"
    if cause:
        yield f"  cause    {cause['name']} [{cause['clause']}]"
    if rule:
        yield f"  rule     {rule['title']} [{rule['clause']}]"
        for side in ("asked", "configured"):
            if rule[side]:
                yield f"           {rule[f'{side}_of']}: {rule[side]}"
    if cause and cause["then"]:
        yield f"  then     {cause['then']} [{cause['then_clause']}]"
    if rule and rule["advice"]:
        yield f"  advice   {rule['advice']}"
    elif one["fix"] and not one["remedies"]:
        yield f"  advice   {one['fix']}"
    for remedy in one["remedies"]:
        asks = "".join(f" --with {field['name']}=..." for field in remedy["fields"] if field["required"])
        yield f"  change   {remedy['title']}: --repair {remedy['name']}{asks}"
    yield ""


def _pairs(given: list[str]) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise Unusable(f"--with {each}: write name=value")
        yield name, value


def _repair(
    network: Client, found: list[Mapping[str, Any]], name: str, fields: Mapping[str, str], *, yes: bool
) -> None:
    """Show a change, and make it once somebody agrees."""
    if not found:
        raise Unusable("nothing failed that could be repaired")
    details = network.get("failures", found[0]["id"])
    chosen = next((one for one in details["remedies"] if one["name"] == name), None)
    if chosen is None:
        known = ", ".join(one["name"] for one in details["remedies"]) or "none"
        raise Unusable(f"--repair {name}: the newest failure has no such change; it has {known}")
    show_line(f"{chosen['title']}. {chosen['text']}")
    for line in table(chosen["changes"], CHANGES, terminal_width()):
        show_line(line)
    if not yes and not typer.confirm("Make this change?"):
        raise typer.Exit(1)
    body = {"remedy": name, "tag": chosen["tag"], "fields": fields}
    network.ask("POST", ("failures", details["id"], "repair"), body=body)
    show_line("done")
