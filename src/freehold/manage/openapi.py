"""The OpenAPI 3.1 document of the management API, made from its table of routes and the types of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from freehold import __version__
from freehold.manage.http import JSON
from freehold.manage.operation import CSV, LINES, Operation
from freehold.manage.paging import MOST, fields_of, row_of
from freehold.manage.views import ProblemView

PROBLEM: Final = "application/problem+json"
REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"{(\w+)}")
_TEXT: Final = {"type": "string"}
_PATHS: Final = {"supi": {"type": "string", "pattern": "^((imsi-)?[0-9]{6,15}|nai-[!-~]+)$"}}
"""JSON schemas of what stands in paths."""
_REASONS: Final = {
    400: "the request is no HTTP of this API",
    401: "nobody has logged in, or not rightly",
    403: "the account may not",
    404: "there is no such thing",
    409: "it is there already",
    412: "somebody changed it meanwhile",
    422: "a value is not what it should be",
    428: "the change names no state that it is for",
    429: "too many failures: wait",
}

Routes = Mapping[str, Mapping[str, Operation]]


def document(routes: Routes) -> dict[str, Any]:
    """The document, ready for JSON."""
    types = [ProblemView, *_types(routes)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    schema_of = dict(zip(map(str, types), schemas, strict=True))
    paths = {
        f"/api/v1/{path}": {
            method.lower(): _operation(path, method, operation, schema_of) for method, operation in methods.items()
        }
        for path, methods in routes.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Freehold management API", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "freehold"},
            },
        },
        "security": [{"bearer": []}, {"cookie": []}],
    }


def _types(routes: Routes) -> Iterator[Any]:
    for methods in routes.values():
        for operation in methods.values():
            yield from (each for each in (operation.answer, operation.body) if each is not None)


def _operation(path: str, method: str, operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": "_".join([method.lower(), *re.findall(r"\w+", path)]),
        "tags": [path.split("/", maxsplit=1)[0]],
        "summary": operation.text,
        "parameters": list(_parameters(path, operation)),
        "responses": {
            str(operation.status): _answer(operation, schema_of),
            **({"200": _progress()} if "progress" in operation.query else {}),
            **{str(status): _refusal(status, schema_of) for status in _refusals(operation)},
        },
    }
    if operation.needs is None:
        made["security"] = []
    if operation.body is not None:
        content = {JSON: {"schema": schema_of[str(operation.body)]}}
        if "replace" in operation.query:
            content[CSV] = {"schema": _TEXT}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _progress() -> dict[str, Any]:
    return {"description": "with progress: how far it is, one a line", "content": {LINES: {"schema": _TEXT}}}


def _refusals(operation: Operation) -> tuple[int, ...]:
    return (400, *((401, 403) if operation.needs else (401,) if 429 in operation.refusals else ()), *operation.refusals)


def _parameters(path: str, operation: Operation) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": _PATHS.get(name, _TEXT)}
    for name, text in operation.query.items():
        schema = operation.types.get(name, _TEXT)
        yield {"name": name, "in": "query", "description": text, "allowEmptyValue": True, "schema": schema}
    yield from _paging(operation)
    if 412 in operation.refusals:
        text, required = "the entity tag of what is changed", 428 in operation.refusals
        yield {
            "name": "If-Match",
            "in": "header",
            "required": required,
            "description": text,
            "schema": {**_TEXT, "minLength": 1} if required else _TEXT,
        }


def _paging(operation: Operation) -> Iterator[dict[str, Any]]:
    """How any list is read in pages, and filtered by its fields."""
    if not operation.key:
        return
    limit = {"type": "integer", "minimum": 1, "maximum": MOST}
    yield {"name": "limit", "in": "query", "description": "rows of a page; all without", "schema": limit}
    text = f"rows behind this one, by {' '.join(operation.key)}: the link to the next page has it"
    yield {"name": "after", "in": "query", "description": text, "schema": _TEXT}
    for name in fields_of(row_of(operation)):
        if name not in operation.query:
            text = "only rows whose field is this; * stands for anything"
            yield {"name": name, "in": "query", "description": text, "schema": _TEXT}


def _answer(operation: Operation, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    if operation.answer is None and operation.media_type == JSON:
        return {"description": "done"}
    schema = _TEXT if operation.answer is None else schema_of[str(operation.answer)]
    content = {operation.media_type: {"schema": schema}}
    if "format" in operation.query:
        content[CSV] = {"schema": _TEXT}
    if "follow" in operation.query:
        content[LINES] = {"schema": _TEXT}
    made = {"description": "one a line" if operation.media_type == LINES else "as asked", "content": content}
    if operation.key:
        made["headers"] = {"Link": {"description": "where the next page is (RFC 8288)", "schema": _TEXT}}
    return made


def _refusal(status: int, schema_of: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": _REASONS[status], "content": {PROBLEM: {"schema": schema_of[str(ProblemView)]}}}
