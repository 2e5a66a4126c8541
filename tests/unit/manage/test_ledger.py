import json
import os

import pytest

from managekit import OPC, SUPI, Client, K, Served

OTHER = "imsi-001010000000002"


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        yield made


def test_when_an_operator_acts_then_the_ledger_says_who_did_what_without_secrets(served):
    client = Client(served.path)
    try:
        forms = [{"supi": supi, "k": K, "opc": OPC} for supi in (SUPI, OTHER)]
        assert client.ask("POST", "/v1/subscribers", forms)[0] == 201
        assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"name": "pump", "k": K[::-1], "opc": OPC})[0] == 200
        assert client.ask("POST", f"/v1/ues/{SUPI}/deregister")[0] == 202
        assert client.ask("DELETE", f"/v1/subscribers/{OTHER}")[0] == 204
        assert client.ask("DELETE", f"/v1/subscribers/{OTHER}")[0] == 404
        status, text = client.ask("GET", "/v1/ledger")
    finally:
        client.close()
    assert status == 200
    acts = [json.loads(line) for line in text.splitlines()]
    assert {act["actor"] for act in acts} == {f"uid {os.getuid()}"}
    assert [(act["act"], act.get("subject"), act.get("detail", "")) for act in acts] == [
        ("subscriber.add", "2 subscribers", f"from {SUPI} to {OTHER}"),
        ("subscriber.change", SUPI, "authentication, name"),
        ("ue.deregister", SUPI, ""),
        ("subscriber.delete", OTHER, ""),
    ]
    assert K.encode() not in text
    assert K[::-1].encode() not in text
