"""Lists in pages and filtered: the same for every list of the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice
from types import UnionType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlencode

import msgspec

from freehold.manage.http import Request, Response
from freehold.manage.operation import Operation, Rows
from freehold.spec.errors import Unusable

MOST: Final = 10_000
"""Rows of one page."""
PLAIN: Final = (str, int, bool, float)


@cache
def fields_of(row: Any) -> tuple[str, ...]:
    """The fields of a row that can be filtered by: texts, numbers and truths."""
    return tuple(name for name, kind in get_type_hints(row).items() if _plain(kind))


def _plain(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return True
    if isinstance(kind, UnionType):
        return any(map(_plain, get_args(kind)))
    return isinstance(kind, type) and issubclass(kind, PLAIN)


def row_of(operation: Operation) -> Any:
    """The type of a row."""
    return get_args(operation.answer)[0]


def paged(request: Request, operation: Operation, found: Rows) -> Response:
    """The rows that were asked for; with a link to the next page (RFC 8288) where there is one."""
    most, after = _limit(request), request.query.get("after", "")
    wanted = {
        name: request.query[name]
        for name in fields_of(row_of(operation))
        if name in request.query and name not in operation.query
    }
    rows: Iterable[Any] = found.rows
    if (most or after) and found.shown is None:
        rows = _beyond(rows, operation.key, after)
    shown = rows if found.shown is None else map(found.shown, rows)
    chosen = (row for row in shown if all(_fits(row, *each) for each in wanted.items()))
    if not most:
        return Response(200, msgspec.json.encode(list(chosen)) + b"\n")
    page = list(islice(chosen, most + 1))
    headers: tuple[tuple[str, str], ...] = ()
    if len(page) > most:
        del page[-1]
        query = urlencode({**request.query, "after": cursor(page[-1], operation.key)})
        headers = (("link", f'</api/{"/".join(request.path)}?{query}>; rel="next"'),)
    return Response(200, msgspec.json.encode(page) + b"\n", headers=headers)


def _limit(request: Request) -> int:
    if "limit" not in request.query:
        return 0
    given = request.query["limit"]
    if not (given.isascii() and given.isdecimal() and len(given) < 8 and 0 < int(given) <= MOST):
        raise Unusable(f"limit: a number from 1 to {MOST}")
    return int(given)


def _beyond(rows: Iterable[Any], key: tuple[str, ...], after: str) -> Iterator[Any]:
    ordered = sorted(rows, key=lambda row: _sorting(cursor(row, key)))
    least = _sorting(after)
    return (row for row in ordered if not after or _sorting(cursor(row, key)) > least)


def cursor(row: Any, key: tuple[str, ...]) -> str:
    """What names a row, as `after` takes it."""
    return " ".join(f"{getattr(row, name)}" for name in key)


def _sorting(name: str) -> tuple[tuple[int, float, str], ...]:
    """Numbers in the order of their values, texts of their letters."""
    return tuple(map(_part, name.split(" ")))


def _part(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _fits(row: Any, name: str, pattern: str) -> bool:
    """Whether a field is as asked: `*` stands for anything, capitals and small letters are one."""
    value = getattr(row, name)
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return fnmatchcase(text.casefold(), pattern.casefold())
