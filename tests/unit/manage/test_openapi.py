import json
import re

import msgspec
import pytest

from freehold.manage import openapi
from freehold.manage.routes import ROUTES
from managekit import OPC, SUPI, Client, K, Served

DOCUMENT = openapi.document(ROUTES)


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_when_the_document_is_made_then_it_has_every_operation_once_by_name():
    operations = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == sum(map(len, ROUTES.values()))
    assert all(operation["summary"].endswith(".") for operation in operations)


def test_when_a_path_has_parameters_then_each_is_declared():
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            declared = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert declared == re.findall(r"{(\w+)}", path)


def test_when_a_schema_is_referred_to_then_it_is_there_and_none_is_for_nothing():
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) == named


def test_when_the_document_is_asked_for_then_it_is_served(tmp_path):
    with Served(tmp_path) as served:
        client = Client(served.path)
        try:
            assert client.ask("GET", "/v1/openapi.json") == (200, json.loads(msgspec.json.encode(DOCUMENT)))
            assert client.ask("POST", "/v1/openapi.json")[0] == 404
        finally:
            client.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "status", None), ("GET", "ues", None), (("GET"), f"ues/{SUPI}", None), ("GET", "sessions", None),
        ("GET", "gnbs", None), ("GET", "alarms", None), ("GET", "events", None), ("GET", "counters", None),
        ("POST", "subscribers", {"supi": SUPI, "k": K, "opc": OPC}), ("GET", "subscribers", None),
        ("GET", "configuration", None), ("PUT", "configuration", {"text": "name = x"}),
        ("POST", "configuration-plan", {"text": "name = x"}), ("POST", "configuration-plan", {"text": "nme = x"}),
        ("GET", "configuration-versions", None), ("GET", "configuration-versions/7", None),
        ("GET", "ues/imsi-001019999999999", None), ("PATCH", "alarms/9", {"ack_state": "ACKNOWLEDGED"}),
        ("GET", "alarms/9", None), ("GET", "alarm-counts", None), ("GET", "alarm-history", None),
        ("GET", "thresholds", None), ("PUT", "thresholds/x", {"of": "RSR.Initial", "value": 90}),
        ("PUT", "thresholds/y", {"of": "nothing", "value": 90}), ("DELETE", "thresholds/none", None),
        ("GET", "measurements", None), ("GET", "kpis", None), ("GET", "history", None),
        ("GET", "measurement-files", None), ("GET", "measurement-files/x.xml", None), ("GET", "dashboard", None),
    ],
)  # fmt: skip
def test_when_an_answer_comes_then_it_is_of_the_declared_type(tmp_path, method, path, body):
    with Served(tmp_path) as served:
        served.network.environment.count("RM.RegInitReq")
        client = Client(served.path)
        try:
            status, read = client.ask(method, f"/v1/{path}", body)
        finally:
            client.close()
    template = re.sub("imsi-[0-9]+", "{supi}", path).replace("alarms/9", "alarms/{id}").replace("s/7", "s/{number}")
    template = re.sub("(thresholds|measurement-files)/.*", r"\1/{name}", template)
    operation = ROUTES[template][method]
    expected = operation.answer if status == operation.status else openapi.ProblemView
    assert status in {operation.status, *operation.refusals}
    assert json.loads(msgspec.json.encode(msgspec.convert(read, expected))) == read
