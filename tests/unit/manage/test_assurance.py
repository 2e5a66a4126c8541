"""Alarms, thresholds, KPIs, history and files through the API."""

import json
from contextlib import contextmanager

import pytest

from freehold.spec.events import Event
from managekit import Client, Served


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        yield made


@pytest.fixture
def client(served):
    made = Client(served.path)
    yield made
    made.close()


@contextmanager
def opened(served, path):
    client = Client(served.path)
    client.request("GET", path)
    answer = client.getresponse()
    try:
        yield answer
    finally:
        client.close()
        answer.close()


def raised(served, subject="gnb-1"):
    served.do(served.network.environment.emit, Event("gnb-lost", "gone", "warning", subject))


def test_when_an_alarm_is_acknowledged_and_cleared_then_it_is_over_and_the_ledger_says_who(served, client):
    raised(served)
    status, alarm = client.ask("PATCH", "/v1/alarms/1", {"ack_state": "ACKNOWLEDGED"})
    assert (status, alarm["ack_state"]) == (200, "ACKNOWLEDGED")
    assert alarm["ack_user"].startswith("uid ")
    assert client.ask("PATCH", "/v1/alarms/1", {"ack_state": "UNACKNOWLEDGED"})[1]["ack_state"] == "UNACKNOWLEDGED"
    both = {"ack_state": "ACKNOWLEDGED", "perceived_severity": "CLEARED"}
    status, alarm = client.ask("PATCH", "/v1/alarms/1", both)
    assert (status, alarm["perceived_severity"], alarm["ack_state"]) == (200, "CLEARED", "ACKNOWLEDGED")
    assert client.ask("GET", "/v1/alarms")[1] == []
    assert [over["id"] for over in client.ask("GET", "/v1/alarm-history")[1]] == ["1"]
    acts = [json.loads(entry)["act"] for entry in served.do(served.network.ledger)]
    assert acts == ["alarm.acknowledge", "alarm.unacknowledge", "alarm.clear", "alarm.acknowledge"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 422), ({"ack_state": "SEEN"}, 422), ({"perceived_severity": "MAJOR"}, 422), ({"text": "x"}, 422),
        ({"perceived_severity": "CLEARED"}, 200),
    ],
)  # fmt: skip
def test_when_a_change_of_an_alarm_is_wrong_then_nothing_changes(served, client, change, status):
    raised(served)
    assert client.ask("PATCH", "/v1/alarms/1", change)[0] == status
    if status == 200:
        assert client.ask("PATCH", "/v1/alarms/1", change)[0] == 409
    else:
        assert client.ask("GET", "/v1/alarms/1")[1]["changed"] == client.ask("GET", "/v1/alarms/1")[1]["raised"]


def test_when_somebody_comments_on_an_alarm_then_all_see_it(served, client):
    raised(served)
    assert client.ask("POST", "/v1/alarms/1/comments", {"text": "power cut in hall 7"})[0] == 201
    assert client.ask("POST", "/v1/alarms/1/comments", {"text": "  "})[0] == 422
    assert client.ask("POST", "/v1/alarms/2/comments", {"text": "x"})[0] == 404
    (comment,) = client.ask("GET", "/v1/alarms/1")[1]["comments"]
    assert comment["text"] == "power cut in hall 7"


def test_when_alarms_are_asked_for_by_severity_or_state_then_the_others_are_left_out(served, client):
    raised(served, "gnb-1")
    served.do(served.network.environment.emit, Event("upf-lost", "gone", "error", "UPF 1"))
    client.ask("PATCH", "/v1/alarms/1", {"ack_state": "ACKNOWLEDGED"})
    assert [each["id"] for each in client.ask("GET", "/v1/alarms?severity=critical")[1]] == ["2"]
    assert [each["id"] for each in client.ask("GET", "/v1/alarms?ack_state=ACKNOWLEDGED")[1]] == ["1"]
    assert client.ask("GET", "/v1/alarms?severity=BAD")[0] == 422
    counts = client.ask("GET", "/v1/alarm-counts")[1]
    assert (counts["critical"], counts["major"], counts["unacknowledged"]) == (1, 1, 1)


def test_when_alarms_are_followed_then_each_notification_is_a_line(served):
    with opened(served, "/v1/alarms?follow") as answer:
        raised(served)
        told = json.loads(answer.readline())
    assert told["notification_type"] == "notifyNewAlarm"
    assert told["alarm"]["object_instance"] == "gnb-1"


def test_when_the_network_is_looked_at_then_levels_become_alarms_and_counters_kpis(served, client):
    network = served.network
    network.looked = {("address-pool", "internet"): 0.99}
    for _ in range(4):
        network.environment.count("RM.RegInitReq")
    network.environment.count("RM.RegInitSucc", "", 3)
    served.do(served.api.start)
    (alarm,) = client.ask("GET", "/v1/alarms")[1]
    assert (alarm["specific_problem"], alarm["perceived_severity"]) == ("address-pool", "MAJOR")
    kpis = {each["name"]: each for each in client.ask("GET", "/v1/kpis")[1]}
    assert (kpis["RSR.Initial"]["value"], kpis["RSR.Initial"]["events"]) == (75.0, 4)
    assert kpis["RSR.Mobility"]["value"] is None
    assert kpis["AMFMeanRegNbr"]["value"] == 1.0
    assert client.ask("GET", "/v1/kpis?window=soon")[0] == 422


def test_when_somebody_comes_late_then_the_looks_before_are_there_to_be_drawn(served, client):
    network = served.network
    served.do(served.api.start)
    network.environment.count("GTP.InDataOctN3UPF", "", 1000)
    served.do(network.environment.run_for, 10.0)
    found = client.ask("GET", "/v1/looks")[1]
    assert [(each["uplink_bytes"], each["ues_registered"], each["sessions"]) for each in found] == [
        (0, 1, 2),
        (1000, 1, 2),
    ]
    assert found[1]["time"] - found[0]["time"] == 10.0


def test_when_periods_are_over_then_there_is_a_history_and_a_file_of_each(served, client):
    network = served.network
    served.do(served.api.start)
    network.environment.count("RM.RegInitReq", "", 7)
    network.environment.count("RM.RegInitFail", "#3", 2)
    served.do(network.environment.run_for, 1810.0)
    found = client.ask("GET", "/v1/history?name=RM.RegInit*,SM.SessionNbrMax")[1]
    assert found["step"] == 900.0
    series = {(each["name"], each["label"]): [value for _, value in each["points"]] for each in found["series"]}
    assert series["RM.RegInitReq", ""] == [7.0, 0.0]
    assert series["RM.RegInitFail", "#3"] == [2.0, 0.0]
    assert series["SM.SessionNbrMax", ""] == [2.0, 2.0]
    joined = client.ask("GET", "/v1/history?name=RM.RegInitReq&step=1800")[1]["series"][0]["points"]
    assert [value for _, value in joined] == [7.0]
    files = client.ask("GET", "/v1/measurement-files")[1]
    assert [each["name"] for each in files] == [
        "A20260101.0000+0000-0015+0000_Freehold.xml", "A20260101.0015+0000-0030+0000_Freehold.xml"
    ]  # fmt: skip
    status, octets = client.ask("GET", f"/v1/measurement-files/{files[0]['name']}")
    assert status == 200
    assert b"<measType" in octets
    assert client.ask("GET", "/v1/measurement-files/A20260101.0045+0000-0100+0000_Freehold.xml")[0] == 404


def test_when_a_threshold_is_set_then_it_is_in_force_and_can_be_taken_back(served, client):
    form = {"of": "SM.SessionNbr", "value": 2, "severity": "WARNING", "fix": "buy more"}
    assert client.ask("PUT", "/v1/thresholds/many", form)[0] == 200
    served.do(served.api.start)
    (alarm,) = client.ask("GET", "/v1/alarms")[1]
    assert (alarm["object_instance"], alarm["perceived_severity"], alarm["fix"]) == ("many", "WARNING", "buy more")
    assert client.ask("DELETE", "/v1/thresholds/many")[0] == 204
    assert client.ask("DELETE", "/v1/thresholds/many")[0] == 404
    assert "many" not in {each["name"] for each in client.ask("GET", "/v1/thresholds")[1]}
