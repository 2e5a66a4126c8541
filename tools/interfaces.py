"""Writes reference pages of settings, commands and operations of the API. usage: interfaces.py FOLDER."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from freehold.app.config import Configuration, schema, show
from freehold.cli.main import program
from freehold.manage import openapi
from freehold.manage.routes import ROUTES


def cell(text: object) -> str:
    """A text in a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def configuration() -> Iterator[str]:
    """Every setting with its default."""
    yield "# Configuration\n\nOne TOML file: `/etc/freehold/freehold.toml` as root,"
    yield "`$XDG_CONFIG_HOME/freehold/freehold.toml` otherwise."
    yield "\nEvery part may be left out. `freehold config check` says what is wrong, `config show` what there is.\n"
    kinds = inspect.get_annotations(Configuration, eval_str=True)
    for name, section in show(Configuration()).items():
        kind = kinds[name]
        inner = next((each for each in getattr(kind, "__args__", ()) if inspect.isclass(each)), kind)
        many = isinstance(section, list)
        yield f"## `{'[[' if many else '['}{name}{']]' if many else ']'}`\n"
        if inspect.isclass(inner) and inner.__doc__ and inner.__module__.startswith("freehold"):
            yield inspect.cleandoc(inner.__doc__) + "\n"
        row = section[0] if many else section
        if row:
            yield "| setting | default |\n|---|---|"
            yield from (f"| `{key}` | {_default(value)} |" for key, value in row.items())
        yield ""


def _default(value: object) -> str:
    """A default as the file would have it; nothing where there is none."""
    if value is None or value in ("", [], {}):
        return ""
    return f"`{cell(str(value).lower() if isinstance(value, bool) else value)}`"


def commands() -> Iterator[str]:
    """Every command with its options."""
    yield "# Command line\n\nEvery command has `--help`. Exit 0 on success alone, 2 with one line of what to put right."
    yield "\n`freehold --install-completion` teaches your shell to complete commands and options.\n"
    yield from _command(typer.main.get_command(program()), "freehold")


def _command(command: Any, name: str) -> Iterator[str]:
    if command.hidden:
        return
    inner = getattr(command, "commands", {})
    for word, each in inner.items():
        yield from _command(each, f"{name} {word}")
    if inner and (name == "freehold" or not getattr(command, "invoke_without_command", False)):
        return
    yield f"## `{name}`\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [_parameter(each) for each in command.params if getattr(each, "name", "") != "help"]
    if rows:
        yield "| | |\n|---|---|"
        yield from rows
    yield ""


def _parameter(given: Any) -> str:
    option = given.param_type_name == "option"
    names = ", ".join(f"`{each}`" for each in given.opts) if option else f"`{(given.metavar or given.name).upper()}`"
    return f"| {names} | {cell(getattr(given, 'help', '') or '')} |"


def operations() -> Iterator[str]:
    """Every operation of the API."""
    document = openapi.document(ROUTES)
    yield "# Operations of the management API\n\nMade from the code; `/api/v1/openapi.json` has every type too."
    yield "How it is used: [Management API](management-api.md).\n"
    yield "| method | path | what | needs | parameters | answers |\n|---|---|---|---|---|---|"
    for path, methods in ROUTES.items():
        for method, operation in methods.items():
            shown = document["paths"][f"/api/v1/{path}"][method.lower()]
            names = ", ".join(f"`{each['name']}`" for each in shown["parameters"])
            statuses = ", ".join(shown["responses"])
            needs = operation.needs or "nothing"
            yield f"| {method} | `/{path}` | {cell(operation.text)} | {needs} | {names} | {statuses} |"


PAGES = {"configuration.md": configuration, "command-line.md": commands, "operations.md": operations}


def main() -> None:
    """Write every page."""
    folder = Path(sys.argv[1])
    schema()  # the settings can be described at all
    for name, lines in PAGES.items():
        (folder / name).write_text("\n".join(lines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
