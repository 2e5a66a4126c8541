"""What stands behind one method of one path: who carries it out, and how a client's programmer reads of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold.manage.accounts.roles import Permission
from freehold.manage.http import JSON, Request, Response, Streamed
from freehold.manage.views import RowError

if TYPE_CHECKING:
    from freehold.manage.api import Api

CSV: Final = "text/csv"
LINES: Final = "application/x-ndjson"
OCTETS: Final = "application/octet-stream"


class Rows(msgspec.Struct, frozen=True):
    """A list that an operation answers with: which rows of it are shown, and in what pages, the request says."""

    rows: Iterable[Any]
    shown: Callable[[Any], Any] | None = None
    """Makes what is shown of a row, where `rows` are something else: in the order of their keys, from `after` on."""


Call = Callable[["Api", Request, str], Awaitable[Response | Streamed | Rows]]


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that cannot be served: its HTTP status and one line for a person."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: tuple[tuple[str, str], ...] = (),
        errors: tuple[RowError, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.errors = errors


class Operation(msgspec.Struct, frozen=True):
    """One method of one path: `answer` and `body` are types of values, None where there are none.

    `query` names parameters and says what each does; `refusals` are the statuses a client has to expect besides 400,
    401 and 403; `needs` is the permission, None where nobody has to have logged in.
    """

    call: Call
    text: str
    answer: Any = None
    status: int = 200
    media_type: str = JSON
    body: Any = None
    query: dict[str, str] = {}
    types: dict[str, dict[str, Any]] = {}
    """JSON schemas of the parameters that are no free texts."""
    refusals: tuple[int, ...] = ()
    needs: Permission | None = Permission.READ
    due: bool = False
    """Whether it is for those too whose password has to be changed first."""
    key: tuple[str, ...] = ()
    """The fields that name a row, of an answer that is a list: it can be read in pages, and filtered."""
