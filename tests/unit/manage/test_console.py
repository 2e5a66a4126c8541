"""What the console expects of the API is what the API's document says."""

import re
from pathlib import Path

from freehold.manage import openapi
from freehold.manage.live import TOPICS
from freehold.manage.routes import ROUTES
from freehold.procedure.ladder import LANES, WATCHING
from freehold.services.ledger import Act

WEB = Path(__file__).parents[3] / "web/src"
INTERFACE = re.compile(r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def test_when_the_console_reads_a_type_then_the_api_has_its_fields():
    schemas = openapi.document(ROUTES)["components"]["schemas"]
    found = {
        name: (base, set(re.findall(r"^  (\w+):", body, re.MULTILINE)))
        for name, base, body in INTERFACE.findall((WEB / "types.ts").read_text())
    }
    assert found
    for name, (base, fields) in found.items():
        declared = set(schemas[name]["properties"])
        known = fields | (found[base][1] if base else set())
        assert known == declared, name
    assert set(Act.__struct_fields__) == found["Act"][1]


def test_when_the_console_asks_a_path_then_there_is_a_route():
    text = "".join(path.read_text() for path in WEB.rglob("*.ts*"))
    asked = re.findall(r'(?<![.\w])(?:get|getTagged|getText|upload)(?:<[^(]*>)?\(\s*[`"]([^`"]+)', text)
    asked += re.findall(r'send(?:<[^(]*>)?\("[A-Z]+", [`"]([^`"]+)', text)
    assert len(asked) > 20
    shapes = {re.sub(r"\{\w+\}", "*", route) for route in ROUTES}
    for path in asked:
        assert re.sub(r"\$\{.*?\}", "*", path.split("?")[0].split("${replace")[0]) in shapes, path


def test_when_the_console_follows_topics_then_they_are_those_that_are_told():
    text = (WEB / "live.ts").read_text()
    body = re.search(r"export interface Topics \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)[1]
    assert set(re.findall(r"^  (\w+):", body, re.MULTILINE)) <= set(TOPICS)


def test_when_the_console_draws_a_ladder_then_lanes_and_omissions_are_those_of_the_terminal():
    text = (WEB / "trace.ts").read_text()
    assert tuple(re.findall(r'"(\w+)"', re.search(r"LANES = \[(.*?)\]", text)[1])) == LANES
    assert set(re.findall(r'"(\w+)"', re.search(r"WATCHING = new Set\(\[(.*?)\]", text)[1])) == WATCHING
