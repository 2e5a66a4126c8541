"""Settings changed in the text of a configuration, comments and order kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from freehold.spec.errors import Unusable


def with_value(text: str, section: str, key: str, value: Any) -> str:
    """The text with one setting of a section set; Unusable where the text is no TOML."""
    document = _read(text)
    if section not in document:
        document[section] = tomlkit.table()
    table: Any = document[section]
    table[key] = value
    return tomlkit.dumps(document)


def with_table(text: str, name: str, rows: Sequence[Mapping[str, Any]], added: Mapping[str, Any]) -> str:
    """The text with one more `[[name]]`; where it has none, the `rows` in force are written first."""
    document = _read(text)
    tables: Any = document.get(name)
    if not isinstance(tables, AoT):
        tables = tomlkit.aot()
        for row in rows:
            tables.append(tomlkit.item(dict(row)))
        document[name] = tables
    tables.append(tomlkit.item(dict(added)))
    return tomlkit.dumps(document)


def _read(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise Unusable(f"configuration: not TOML: {error}") from None
