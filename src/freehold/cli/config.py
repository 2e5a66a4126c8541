"""`freehold config`: the one configuration: checked, shown, planned, applied, rolled back."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from freehold.cli.options import ConfigOption, JsonOption, client, configuration
from freehold.cli.output import show_json, show_line, show_rows
from freehold.spec.errors import Unusable

CHANGES: Final = {"key": "SETTING", "before": "BEFORE", "after": "AFTER", "takes_effect": "TAKES EFFECT"}
VERSIONS: Final = {"number": "NUMBER", "at": "APPLIED", "actor": "BY", "note": "WHY"}
FileArgument = Annotated[Path, typer.Argument(help="A configuration in TOML; - reads it from standard input.")]

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


@app.command()
def plan(file: FileArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What a configuration would change of the running network, and when; nothing is changed."""
    changes = client(config).ask("POST", ("configuration-plan",), body={"text": text_of(file)})
    show_rows(changes, CHANGES, as_json=as_json, none="nothing differs")


@app.command()
def apply(
    file: FileArgument,
    note: Annotated[str, typer.Option(help="Why, for whoever reads the history.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Apply a configuration to the running network, and write it into its file."""
    applied(config, text_of(file), note, as_json=as_json)


@app.command()
def history(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every configuration that was applied to the running network."""
    versions = client(config).get("configuration-versions")
    if not as_json:
        versions = [
            {**one, "at": datetime.fromtimestamp(one["at"], UTC).astimezone().isoformat(" ", "seconds")}
            for one in versions
        ]
    show_rows(versions, VERSIONS, as_json=as_json, none="the configuration was never changed here")


@app.command()
def rollback(
    number: Annotated[int, typer.Argument(help="The number of the version, as `history` shows it.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Apply an older version again."""
    text = client(config).get("configuration-versions", str(number))["text"]
    applied(config, text, f"back to version {number}", as_json=as_json)


def applied(config: Path | None, text: str, note: str, *, as_json: bool) -> None:
    """Apply a text, whatever is there, and show what changed."""
    body = {"text": text, "note": note}
    changes = client(config).ask("PUT", ("configuration",), body=body, if_match="*")
    show_rows(changes, CHANGES, as_json=as_json, none="nothing differs")
    if not as_json and any(change["takes_effect"] == "restart" for change in changes):
        show_line("what says restart takes effect when the network is started again")


def text_of(file: Path) -> str:
    """The text of a file; Unusable where it cannot be read."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from None


def toml(sections: dict[str, Any]) -> list[str]:
    """Plain sections of one level as lines of TOML."""
    lines: list[str] = []
    for name, section in sections.items():
        for part in section if isinstance(section, list) else [section]:
            lines += ["", f"[[{name}]]" if isinstance(section, list) else f"[{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in part.items() if value is not None]
    return lines[1:]


def _key(name: str) -> str:
    """A key of TOML: bare where it can be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inner = (f"{_key(name)} = {_toml(each)}" for name, each in value.items() if each is not None)
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
