"""The configuration through the API: planned, applied against what is there, every version kept."""

import json
from urllib.parse import quote

import pytest

from freehold.manage.faults.rules import RULES
from managekit import OPC, SUPI, Client, K, Served

PATH = "/v1/configuration"


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as running:
        yield running


@pytest.fixture
def client(served):
    client = Client(served.path)
    yield client
    client.close()


def test_when_a_change_names_what_is_there_then_it_is_applied_and_written_down(served, client):
    assert client.ask("GET", PATH)[1]["text"] == "name = old"
    status, changes = client.ask("PUT", PATH, {"text": "name = new", "note": "a new quay"}, if_match=client.etag)

    assert (status, changes) == (200, [{"key": "name", "before": "old", "after": "new", "takes_effect": "now"}])
    assert served.network.configuration.text == "name = new"
    acts = [json.loads(entry) for entry in served.network.ledger()]
    assert [(act["act"], act["subject"], act["detail"]) for act in acts] == [
        ("configuration.apply", "a new quay", "name")
    ]
    assert served.api.slices == served.network.configuration.slices
    assert client.ask("GET", "/v1/configuration-versions")[1][0]["note"] == "a new quay"
    assert client.ask("GET", "/v1/configuration-versions/1")[1] == {"number": 1, "text": "name = new"}


@pytest.mark.parametrize("tag", ['"0123"', "new"])
def test_when_somebody_changed_it_meanwhile_then_it_is_refused(served, client, tag):
    assert client.ask("PUT", PATH, {"text": "name = new"}, if_match=tag)[0] == 412
    assert served.network.configuration.text == "name = old"


def test_when_a_change_names_no_state_then_it_is_refused(served, client):
    assert client.ask("PUT", PATH, {"text": "name = new"})[0] == 428
    assert served.network.configuration.text == "name = old"


def test_when_a_text_is_wrong_then_it_is_refused_and_nothing_changes(served, client):
    status, problem = client.ask("PUT", PATH, {"text": "nme = x"}, if_match="*")
    assert (status, problem["detail"]) == (422, "configuration: nme = x: no such setting")
    assert served.network.configuration.text == "name = old"
    assert list(served.network.ledger()) == []
    for body in ({"txt": "name = x"}, [], b"\xff", {"text": 7}):
        assert client.ask("PUT", PATH, body, if_match="*")[0] == 422


def test_when_a_change_is_planned_then_nothing_changes(served, client):
    assert client.ask("POST", "/v1/configuration-plan", {"text": "name = new"})[1][0]["after"] == "new"
    assert served.network.configuration.text == "name = old"


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "1" * 30, "\u00b2"])
def test_when_a_version_is_not_there_then_it_is_not_found(client, number):
    assert client.ask("GET", f"/v1/configuration-versions/{quote(number)}")[0] == 404


# --- subscribers ------------------------------------------------------------------------------------------
def test_when_two_change_one_subscriber_then_the_later_is_refused_and_reads_again(served, client):
    client.ask("POST", "/v1/subscribers", {"supi": SUPI, "k": K, "opc": OPC})
    client.ask("GET", f"/v1/subscribers/{SUPI}")
    read = client.etag
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"name": "one"}, if_match=read)[0] == 200
    written = client.etag
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"name": "two"}, if_match=read)[0] == 412
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"name": "two"}, if_match=written)[0] == 200


def test_when_a_subscriber_changed_then_the_network_is_told(served, client):
    client.ask("POST", "/v1/subscribers", {"supi": SUPI, "k": K, "opc": OPC})
    client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"uplink": 5_000_000})
    assert served.network.changed == [SUPI, SUPI]
    client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"enabled": False})
    assert (served.network.changed, served.network.deregistered) == ([SUPI, SUPI], [SUPI])


def test_when_a_change_is_wrong_by_itself_then_that_is_told_whatever_state_it_is_for(client):
    # RFC 9110 13.2.1
    assert client.ask("PUT", PATH, {"text": "nme = x"}, if_match='"old"')[0] == 422
    assert client.ask("PUT", PATH, {"text": "name = new"}, if_match='"old"')[0] == 412
    assert client.ask("POST", "/v1/subscribers", {"supi": SUPI, "k": K, "opc": OPC})[0] == 201
    path = f"/v1/subscribers/{SUPI}"
    assert client.ask("PATCH", path, {"k": "short"}, if_match='"old"')[0] == 422
    assert client.ask("PATCH", path, {"name": "one"}, if_match='"old"')[0] == 412


def test_when_two_change_a_threshold_then_the_second_is_refused(client):
    path = "/v1/thresholds/session-success"
    form = {"of": "PDUSessionEstSR", "value": 95.0, "side": "under"}
    assert client.ask("GET", "/v1/thresholds/nothing")[0] == 404
    assert client.ask("GET", path)[1]["value"] == 90.0
    read = client.etag
    assert client.ask("PUT", path, form, if_match=read)[0] == 200
    written = client.etag
    assert written != read
    assert client.ask("PUT", path, form, if_match=read)[0] == 412
    assert client.ask("PUT", path, form | {"of": "nothing"}, if_match=read)[0] == 422
    assert client.ask("DELETE", path, if_match=read)[0] == 412
    assert client.ask("DELETE", path, if_match=written)[0] == 204


def test_when_two_change_an_alarm_then_the_second_is_refused(served, client):
    served.do(served.api.alarms.raise_, RULES["upf-lost"], "upf-1", "MAJOR", "it does not answer")
    (alarm,) = client.ask("GET", "/v1/alarms")[1]
    path = f"/v1/alarms/{alarm['id']}"
    client.ask("GET", path)
    read = client.etag
    assert client.ask("PATCH", path, {"ack_state": "ACKNOWLEDGED"}, if_match=read)[0] == 200
    written = client.etag
    assert client.ask("PATCH", path, {"ack_state": "UNACKNOWLEDGED"}, if_match=read)[0] == 412
    assert client.ask("PATCH", path, {"ack_state": "UNACKNOWLEDGED"}, if_match=written)[0] == 200


def test_when_home_network_keys_are_rotated_then_each_act_is_in_the_ledger_and_the_last_one_stays(served, client):
    path = "/v1/home-keys"
    assert client.ask("POST", path, {"profile": "C"})[0] == 422
    status, made = client.ask("POST", path, {"profile": "B"})
    assert (status, made["id"], made["profile"]) == (201, 2, "B")
    assert [key["id"] for key in client.ask("GET", path)[1]] == [1, 2]
    status, problem = client.ask("DELETE", f"{path}/1")
    assert (status, "force retires it all the same" in problem["detail"]) == (409, True)
    assert client.ask("DELETE", f"{path}/1?force")[0] == 204
    assert client.ask("DELETE", f"{path}/1?force")[0] == 404
    assert client.ask("DELETE", f"{path}/2?force")[0] == 409
    acts = [json.loads(entry) for entry in served.network.acts.entries()]
    assert [(act["act"], act["subject"]) for act in acts] == [("keys.rotate", "suci 2"), ("keys.retire", "suci 1")]
