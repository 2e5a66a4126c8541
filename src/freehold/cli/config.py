"""`freehold config`: the one configuration, checked, shown with every default, and its schema."""

from __future__ import annotations

from typing import Any

import typer

from freehold.cli.options import ConfigOption, JsonOption, configuration
from freehold.cli.output import show_json, show_line

app = typer.Typer(help="The one configuration.", no_args_is_help=True)


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with the configuration, if anything is."""
    from freehold.app.config import default_path

    configuration(config)
    place = config or default_path()
    if as_json:
        show_json({"ok": True, "path": str(place)})
    else:
        show_line(f"{place}: good" if place.exists() else f"{place}: not there; the defaults are in use")


@app.command()
def show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The configuration with every default, as TOML or JSON."""
    from freehold.app.config import show as described

    shown = described(configuration(config))
    if as_json:
        show_json(shown)
        return
    for line in toml(shown):
        show_line(line)


@app.command()
def schema() -> None:
    """The JSON schema of the configuration file."""
    from freehold.app.config import schema as schema_of

    show_json(schema_of())


def toml(sections: dict[str, Any]) -> list[str]:
    """Plain sections of one level as lines of TOML."""
    lines: list[str] = []
    for name, section in sections.items():
        for part in section if isinstance(section, list) else [section]:
            lines += ["", f"[[{name}]]" if isinstance(section, list) else f"[{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in part.items() if value is not None]
    return lines[1:]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
