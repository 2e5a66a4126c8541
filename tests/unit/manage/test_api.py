import csv
import io
import json
import socket
import stat
from contextlib import contextmanager

import pytest

from freehold.procedure.tap import Record
from freehold.spec.events import Event
from freehold.spec.identities import Supi
from managekit import OPC, SUPI, Client, K, Served

FORM = {"supi": SUPI, "k": K, "opc": OPC, "name": "lab phone"}


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        yield made


@pytest.fixture
def client(served):
    made = Client(served.path)
    yield made
    made.close()


def test_when_served_then_only_the_owner_may_connect(served):
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "what", ["status", "gnbs", "ues", "sessions", "functions", "home-keys", "counters", "events", "alarms"]
)
def test_when_state_is_read_then_it_is_json(client, what):
    status, read = client.ask("GET", f"/v1/{what}")
    assert status == 200
    assert isinstance(read, dict if what == "status" else list)


def test_when_one_ue_is_read_then_its_sessions_are_with_it(client):
    status, read = client.ask("GET", f"/v1/ues/{SUPI}")
    assert status == 200
    assert read["state"] == "5GMM-REGISTERED"
    assert [session["ip"] for session in read["sessions"]] == ["10.45.0.2"]
    assert client.ask("GET", "/v1/ues/imsi-001019999999999")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v2/status", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/status/x/y/z", 404),
        ("GET", "/v1/status/x", 404),
        ("POST", "/v1/status", 405),
        ("DELETE", "/v1/subscribers", 405),
        ("GET", "/v1/subscribers/nonsense", 422),
        ("GET", "/v1/subscribers/imsi-001019999999999", 404),
        ("DELETE", "/v1/subscribers/imsi-001019999999999", 404),
        ("PATCH", "/v1/subscribers/imsi-001019999999999", 404),
        ("POST", "/v1/ues/imsi-001019999999999/deregister", 404),
        ("GET", "/v1/alarms/7", 404),
    ],
)
def test_when_a_request_cannot_be_served_then_a_problem_says_why(client, method, path, status):
    answered, read = client.ask(method, path)
    assert answered == status == read["status"]
    assert read["detail"]


def test_when_a_subscriber_is_added_then_it_is_there_and_its_secrets_are_nowhere(served, client):
    assert client.ask("POST", "/v1/subscribers", FORM) == (201, {"added": 1})
    status, read = client.ask("GET", f"/v1/subscribers/{SUPI}")
    assert status == 200
    assert read["name"] == "lab phone"
    assert read["slices"][0]["dnns"][0]["dnn"] == "internet"
    everything = json.dumps(read) + json.dumps(client.ask("GET", "/v1/subscribers")[1])
    everything += client.ask("GET", "/v1/subscribers?format=csv")[1].decode()
    assert K not in everything
    assert OPC not in everything
    stored = served.network.subscribers.subscriber(Supi(SUPI))
    assert stored.authentication.k.hex() == K
    assert client.ask("POST", "/v1/subscribers", FORM)[0] == 409
    assert client.ask("POST", "/v1/subscribers?replace", FORM)[0] == 201


def test_when_a_subscriber_is_changed_then_only_that_field_is(served, client):
    client.ask("POST", "/v1/subscribers", FORM)
    status, read = client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"name": "pump 7"})
    assert (status, read["name"], read["enabled"]) == (200, "pump 7", True)
    assert served.network.subscribers.subscriber(Supi(SUPI)).authentication.k.hex() == K
    assert served.network.deregistered == []
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"nme": "x"})[0] == 422
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", b"[]")[0] == 422
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI}", b'{"name": "\xa5"}')[0] == 422


def test_when_a_subscriber_is_barred_or_deleted_then_its_ue_is_deregistered_at_once(served, client):
    client.ask("POST", "/v1/subscribers", FORM)
    client.ask("PATCH", f"/v1/subscribers/{SUPI}", {"enabled": False})
    assert served.network.deregistered == [SUPI]
    assert client.ask("DELETE", f"/v1/subscribers/{SUPI}")[0] == 204
    assert served.network.deregistered == [SUPI, SUPI]
    assert client.ask("GET", f"/v1/subscribers/{SUPI}")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]x",
        {"supi": SUPI},
        {"supi": "x", "k": K, "opc": OPC},
        {**FORM, "k": "12"},
        {**FORM, "op": OPC},
        {**FORM, "unknown": 1},
        {**FORM, "enabled": "maybe"},
        {**FORM, "slices": [{"id": "300"}]},
        {**FORM, "slices": [{"id": "1", "default": False}]},
        {**FORM, "slices": [{"id": "1", "dnns": [{"dnn": ".."}]}]},
        {**FORM, "slices": [{"id": "1", "dnns": [{"ip": "10.0.0.300"}]}]},
        {**FORM, "slices": [{"id": "1", "dnns": []}]},
        {**FORM, "slices": [{"id": "1", "dnns": [{"five_qi": 0}]}]},
        {**FORM, "slices": [{"id": "1", "dnns": [{"framed_routes": ["10.99.0.1/24"]}]}]},
    ],
)
def test_when_a_subscriber_is_wrong_then_it_is_refused_without_its_secrets(client, body):
    status, read = client.ask("POST", "/v1/subscribers", body)
    assert status == 422
    assert K not in read["detail"]
    assert client.ask("GET", "/v1/subscribers")[1] == []


def test_when_a_subscriber_has_networks_behind_it_then_they_are_kept(served, client):
    dnn = {"framed_routes": ["10.99.0.0/24", "2001:db8:9::/48"]}
    assert client.ask("POST", "/v1/subscribers", {**FORM, "slices": [{"id": "1", "dnns": [dnn]}]})[0] == 201
    read = client.ask("GET", f"/v1/subscribers/{SUPI}")[1]
    assert read["slices"][0]["dnns"][0]["framed_routes"] == dnn["framed_routes"]
    stored = served.network.subscribers.subscriber(Supi(SUPI))
    assert stored.slices[0].dnns[0].framed_routes == tuple(dnn["framed_routes"])


def test_when_a_subscriber_has_types_and_a_prefix_then_they_are_kept(served, client):
    dnn = {"types": ["IPV6", "IPV4V6"], "ip6": "fd45:0:0:7::"}
    assert client.ask("POST", "/v1/subscribers", {**FORM, "slices": [{"id": "1", "dnns": [dnn]}]})[0] == 201
    read = client.ask("GET", f"/v1/subscribers/{SUPI}")[1]["slices"][0]["dnns"][0]
    assert (read["types"], read["ip6"]) == (["IPV6", "IPV4V6"], "fd45:0:0:7::/64")
    stored = served.network.subscribers.subscriber(Supi(SUPI)).slices[0].dnns[0]
    assert (stored.types, stored.static_ipv6) == (("IPV6", "IPV4V6"), "fd45:0:0:7::/64")
    table = client.ask("GET", "/v1/subscribers?format=csv")[1].decode().splitlines()
    assert table[0].endswith(",ip,ip6")
    assert "fd45:0:0:7::/64" in table[1]
    assert table[1].endswith(",,,")  # types are said by the slices' JSON


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1*2", "-1+1", "@SUM(1)", "'=1", "''@", "'quoted'", "a=1"])
def test_when_a_name_could_be_a_formula_then_no_spreadsheet_computes_it_and_an_import_gives_it_back(client, name):
    assert client.ask("POST", "/v1/subscribers", {"supi": SUPI, "k": K, "opc": OPC, "name": name})[0] == 201
    table = client.ask("GET", "/v1/subscribers?format=csv")[1]
    cells = next(csv.DictReader(io.StringIO(table.decode())))
    assert cells["name"][0] not in "=+-@"
    assert client.ask("POST", "/v1/subscribers?replace", table, "text/csv") == (201, {"added": 1})
    assert client.ask("GET", f"/v1/subscribers/{SUPI}")[1]["name"] == name


def test_when_subscribers_are_exported_and_imported_again_then_nothing_of_them_is_lost(served, client):
    rich = {
        "supi": SUPI,
        "k": K,
        "opc": OPC,
        "name": 'a, "b"',
        "msisdn": "+15551234567",
        "uplink": 7_000_000,
        "allowed_pei": ["imei-490154203237518"],
        "slices": [
            {"id": "1", "dnns": [{"dnn": "internet", "ip": "10.45.0.9", "five_qi": 7}, {"dnn": "ims"}]},
            {"id": "2-0000ab", "default": False, "dnns": [{"dnn": "video", "framed_routes": ["10.9.0.0/24"]}]},
        ],
    }
    plain = {"supi": SUPI[:-1] + "2", "k": K, "opc": OPC, "enabled": False}
    assert client.ask("POST", "/v1/subscribers", [rich, plain])[0] == 201
    before = client.ask("GET", "/v1/subscribers")[1]
    kept = list(served.network.subscribers.subscribers())
    table = client.ask("GET", "/v1/subscribers?format=csv")[1]
    assert K.encode() not in table
    assert client.ask("POST", "/v1/subscribers?replace", table, "text/csv") == (201, {"added": 2})
    assert client.ask("GET", "/v1/subscribers")[1] == before
    assert list(served.network.subscribers.subscribers()) == kept
    for name, cell in (("slice", "[{]"), ("uplink", "fast"), ("slice", '"[{""id"": ""1"", ""k"": 1}]"')):
        status, read = client.ask(
            "POST", "/v1/subscribers", f"supi,k,opc,{name}\n{SUPI},{K},{OPC},{cell}".encode(), "text/csv"
        )
        assert (status, read["errors"][0]["field"]) == (422, name)


@pytest.mark.parametrize(
    "dnn", [{"types": []}, {"types": ["IPV5"]}, {"ip6": "fd45::/48"}, {"ip6": "fd45::1/64"}, {"ip6": "10.0.0.1"}]
)
def test_when_types_or_a_prefix_are_wrong_then_the_subscriber_is_refused(client, dnn):
    assert client.ask("POST", "/v1/subscribers", {**FORM, "slices": [{"id": "1", "dnns": [dnn]}]})[0] == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 129), ("name", "two\nlines"), ("name", "nothing\0"), ("msisdn", "1" * 16), ("msisdn", "0049 30")],
)
def test_when_a_name_or_a_number_is_none_then_the_field_is_told(client, field, value):
    # TS 23.003 3.3
    status, problem = client.ask("POST", "/v1/subscribers", {**FORM, field: value})
    assert (status, problem["errors"][0]["field"]) == (422, field)
    assert client.ask("POST", "/v1/subscribers", {**FORM, "name": "x" * 128, "msisdn": "+49301234567"})[0] == 201


def test_when_many_are_imported_then_all_are_or_none(client):
    lines = ["supi,k,opc,name,dnn,ip,enabled"]
    lines += [f"0010100000000{n},{K},{OPC},phone {n},internet ims,10.45.0.{n},yes" for n in range(10, 20)]
    status, read = client.ask("POST", "/v1/subscribers", "\n".join(lines).encode(), "text/csv")
    assert (status, read) == (201, {"added": 10})
    shown = client.ask("GET", "/v1/subscribers")[1]
    assert [dnn["dnn"] for dnn in shown[0]["slices"][0]["dnns"]] == ["internet", "ims"]
    assert shown[0]["slices"][0]["dnns"][0]["ip"] == "10.45.0.10"
    bad = f"supi,k,opc\n001010000000077,{K},{OPC}\n001010000000078,{K[:-1]},{OPC}\n"
    status, read = client.ask("POST", "/v1/subscribers", bad.encode(), "text/csv")
    assert status == 422
    assert read["detail"] == "line 3: K is 32 hexadecimal digits"
    assert read["errors"] == [{"line": 3, "field": "k", "detail": "K is 32 hexadecimal digits"}]
    assert len(client.ask("GET", "/v1/subscribers")[1]) == 10
    assert (
        b"001010000000010,phone 10,,yes,1000000000,1000000000,,1,internet ims,10.45.0.10,\n"
        in client.ask("GET", "/v1/subscribers?format=csv")[1]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("k,opc\n1,2\n", "no column supi"),
        ("supi,key\n1,2\n", "unknown column 'key'"),
        ("supi,k\n1,2,3\n", "line 2: more cells"),
        ("supi,enabled\n1,perhaps\n", "line 2: enabled is yes or no"),
    ],
)
def test_when_a_csv_file_is_wrong_then_the_line_is_named(client, text, words):
    status, read = client.ask("POST", "/v1/subscribers", text.encode(), "text/csv")
    assert status == 422
    assert words in read["detail"]


def test_when_a_ue_is_to_go_then_the_network_is_asked(served, client):
    assert client.ask("POST", f"/v1/ues/{SUPI}/deregister")[0] == 202
    assert served.network.deregistered == [SUPI]


def test_when_events_come_then_they_are_kept_and_troubles_become_alarms(served, client):
    network = served.network
    for text in ("first", "again"):
        event = Event("ng-setup-refused", text, "warning", "gnb-1", "set tac = 1", "TS 38.413 8.7.1")
        served.do(network.environment.emit, event)
    served.do(network.environment.emit, Event("registered", "fine"))
    assert [event["text"] for event in client.ask("GET", "/v1/events")[1]] == ["first", "again", "fine"]
    (alarm,) = client.ask("GET", "/v1/alarms")[1]
    assert (alarm["count"], alarm["text"], alarm["fix"]) == (2, "again", "set tac = 1")
    assert (alarm["perceived_severity"], alarm["ack_state"]) == ("MAJOR", "UNACKNOWLEDGED")


@contextmanager
def opened(served, path):
    """A stream of the API, once it answers."""
    client = Client(served.path)
    client.request("GET", path)
    answer = client.getresponse()
    try:
        yield answer
    finally:
        client.close()
        answer.close()


class OfUe:
    ran_ue_ngap_id = 7


RECORDS = [
    Record(1.0, "N2", "amf", "gnb-1", "NGSetupResponse", octets=b"\x20"),
    Record(2.0, "N1", "amf", "UE", "RegistrationAccept", octets=b"\x7e", subject="imsi-...0001"),
    Record(3.0, "N1", "amf", "UE", "RegistrationAccept", octets=b"\x7e", subject="imsi-...0002"),
    Record(4.0, "N2", "amf", "gnb-1", "DownlinkNASTransport", value=OfUe(), subject="imsi-...0001"),
]


def test_when_the_tap_is_streamed_then_records_are_lines_of_json(served):
    with opened(served, f"/v1/tap?ue={SUPI}") as answer:
        for record in RECORDS:
            served.do(served.network.tap.record, record)
        line = json.loads(answer.readline())
        assert json.loads(answer.readline())["interface"] == "N2"
    assert (line["name"], line["octets"], line["subject"]) == ("RegistrationAccept", "7e", "imsi-...0001")
    assert line["clause"] == ""


def test_when_the_ladder_is_streamed_then_it_is_text(served):
    with opened(served, "/v1/ladder?lanes=UE,gNB,AMF&interfaces=N1,N2") as answer:
        assert answer.readline().split() == [b"UE", b"gNB", b"AMF"]
        for record in RECORDS:
            served.do(served.network.tap.record, record)
        assert b"NGSetupResponse" in answer.readline()
        assert b"RegistrationAccept" in answer.readline()


def test_when_a_capture_is_streamed_then_it_is_pcapng_and_ends_with_its_reader(served, client):
    with opened(served, "/v1/capture?nas") as answer:
        assert answer.read(4) == b"\n\r\r\n"
        assert served.network.tap.active
    for _ in range(100):
        client.ask("GET", "/v1/status")
        if not served.network.tap.active:
            break
    assert not served.network.tap.active


@pytest.mark.parametrize(
    "octets",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 5000,
        b"GET /%ff%00 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/subscribers HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999\r\n\r\n",
        b"\x16\x03\x01\x00\xee",
        b"",
    ],
)
def test_when_a_client_talks_nonsense_then_others_are_served(served, client, octets):
    with socket.socket(socket.AF_UNIX) as bad:
        bad.connect(str(served.path))
        bad.sendall(octets)
        bad.shutdown(socket.SHUT_WR)
        bad.settimeout(20)
        while bad.recv(65536):
            pass
    assert client.ask("GET", "/v1/status")[0] == 200


def test_when_many_clients_connect_then_the_excess_is_closed_and_the_rest_served(served):
    clients = [Client(served.path) for _ in range(60)]
    assert all(one.ask("GET", "/v1/status")[0] == 200 for one in clients)
    for one in clients:
        one.close()
