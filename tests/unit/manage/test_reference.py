"""The reference says what the API does, and nothing it does not."""

import re
from pathlib import Path

from freehold.manage.routes import ROUTES
from freehold.manage.subscribers import COLUMNS

TEXT = (Path(__file__).parents[3] / "docs/reference/management-api.md").read_text()


def documented():
    for paths, methods in re.findall(r"^\| (`.*?) \| ([A-Z, ]+) \|", TEXT, re.MULTILINE):
        for path in re.findall(r"`([^`]+)`", paths):
            yield (
                re.sub(r"SUPI|NAME|ID|NUMBER", lambda match: f"{{{match[0].lower()}}}", path),
                set(methods.split(", ")),
            )


def test_when_the_reference_is_read_then_it_names_every_route_and_no_other():
    assert {route for route, _ in documented()} == {*ROUTES, "openapi.json"}


def test_when_the_reference_names_methods_then_the_routes_have_them():
    for route, methods in documented():
        assert route == "openapi.json" or set(ROUTES[route]) <= methods


def test_when_the_reference_names_columns_then_they_are_those_of_a_file():
    assert f"`{','.join(COLUMNS)}`" in TEXT
