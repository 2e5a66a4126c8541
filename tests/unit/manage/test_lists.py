"""Lists are read in pages that miss nothing and filtered by any field; imports tell every row that is wrong."""

import json

import pytest

from managekit import OPC, Client, K, Served
from secretkit import CANARIES, leaked

SUPI = "imsi-0010100000{:05}".format


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("lists")) as made:
        client = Client(made.path)
        forms = [{"supi": SUPI(n), "k": K, "opc": OPC, "name": f"pump {n}", "enabled": n % 2 == 0} for n in range(25)]
        assert client.ask("POST", "/v1/subscribers", forms)[0] == 201
        client.close()
        yield made


class Paging(Client):
    def pages(self, path):
        while path:
            self.request("GET", path)
            answer = self.getresponse()
            assert answer.status == 200
            yield json.loads(answer.read())
            link = answer.headers["link"]
            path = link[link.index("<") + 1 : link.index(">")] if link else None


@pytest.fixture
def client(served):
    made = Paging(served.path)
    yield made
    made.close()


@pytest.mark.parametrize("limit", [1, 7, 25, 26])
def test_when_a_list_is_read_in_pages_then_every_row_comes_once_in_order(client, limit):
    pages = list(client.pages(f"/v1/subscribers?limit={limit}"))
    assert [row["supi"] for page in pages for row in page] == [SUPI(n) for n in range(25)]
    assert max(map(len, pages)) <= limit
    assert len(pages) == -(-25 // limit)


@pytest.mark.parametrize(
    ("query", "count"),
    [("name=pump 7", 1), ("name=PUMP 1*", 11), ("enabled=true", 13), ("enabled=false&name=*1", 3), ("supi=nobody", 0)],
)
def test_when_a_list_is_filtered_then_only_what_fits_is_there_in_pages_too(client, query, count):
    query = query.replace(" ", "%20")
    assert len(client.ask("GET", f"/v1/subscribers?{query}")[1]) == count
    assert sum(map(len, client.pages(f"/v1/subscribers?{query}&limit=4"))) == count


def test_when_a_row_goes_between_two_pages_then_the_next_page_is_as_it_would_have_been(client):
    first, *_ = client.pages("/v1/subscribers?limit=5")
    assert [row["supi"] for row in client.ask("GET", f"/v1/subscribers?limit=2&after={SUPI(4)}x")[1]] == [
        SUPI(5),
        SUPI(6),
    ]
    assert first[-1]["supi"] == SUPI(4)


def test_when_other_lists_are_read_then_they_have_pages_too(served, client):
    for name in ("a", "b", "c"):
        served.do(served.network.environment.count, f"packets.{name}", "x")
    counters = [row["name"] for page in client.pages("/v1/counters?limit=2&name=packets.*") for row in page]
    assert counters == ["packets.a", "packets.b", "packets.c"]
    assert [row["pdu_session_id"] for page in client.pages("/v1/sessions?limit=1") for row in page] == [1, 2]
    assert len(client.ask("GET", "/v1/sessions?dnn=inter*")[1]) == 1


@pytest.mark.parametrize("limit", ["", "0", "-1", "x", "10001", "1e3", "\u0661"])
def test_when_a_limit_is_none_then_it_is_said_what_would_be_right(client, limit):
    from urllib.parse import quote

    status, problem = client.ask("GET", f"/v1/ues?limit={quote(limit)}")
    assert (status, problem["detail"]) == (422, "limit: a number from 1 to 10000")


# --- imports ------------------------------------------------------------------------------------
BAD = [
    {"supi": SUPI(100), "k": K, "opc": OPC},
    {"supi": SUPI(101), "k": K[:-1], "opc": OPC},
    {"supi": "nonsense", "k": K, "opc": OPC},
    {"supi": SUPI(103), "k": K, "opc": OPC, "uplink": "fast"},
    {"supi": SUPI(104), "k": K, "opc": OPC, "slices": [{"id": "1", "dnns": [{"dnn": "x", "ip": "10.45.0.999"}]}]},
    {"supi": SUPI(105), "k": K},
    {"supi": SUPI(106), "k": K, "opc": OPC, "surprise": 1},
    {"supi": SUPI(100), "k": K, "opc": OPC},
    {"supi": SUPI(1), "k": K, "opc": OPC},
    {"supi": SUPI(107), "k": K, "opc": OPC, "downlink": 0},
    {"supi": SUPI(108), "k": K, "opc": OPC, "amf_field": "0000"},
    7,
]
FIELDS = ["k", "supi", "uplink", "slices", "opc", "surprise", "supi", "supi", "downlink", "amf_field", ""]


def test_when_rows_of_an_import_are_wrong_then_each_is_told_and_nothing_is_added(client):
    status, problem = client.ask("POST", "/v1/subscribers", BAD)
    assert status == 422
    assert [each["line"] for each in problem["errors"]] == list(range(2, 13))
    assert [each["field"] for each in problem["errors"]] == FIELDS
    assert not leaked(json.dumps(problem).encode(), (K, OPC))
    assert client.ask("GET", f"/v1/subscribers/{SUPI(100)}")[0] == 404


def test_when_wrong_rows_are_skipped_then_the_others_are_there(client):
    status, added = client.ask("POST", "/v1/subscribers?skip", BAD)
    assert (status, added["added"], added["skipped"]) == (201, 1, 11)
    assert client.ask("DELETE", f"/v1/subscribers/{SUPI(100)}")[0] == 204
    assert client.ask("POST", "/v1/subscribers?skip", BAD[1:3])[0] == 422


def test_when_few_rows_are_wrong_then_the_status_says_so_also_where_progress_is_wanted(client):
    status, problem = client.ask("POST", "/v1/subscribers?progress", [{"nonsense": 1}, {"k": "00"}])
    assert (status, [error["line"] for error in problem["errors"]]) == (422, [1, 2])


@pytest.mark.parametrize("query", ["limit=2", "after=imsi-001010000000001"])
def test_when_a_table_is_asked_for_then_it_is_the_whole_one_or_refused(client, query):
    status, problem = client.ask("GET", f"/v1/subscribers?format=csv&{query}")
    assert (status, "whole list" in problem["detail"]) == (422, True)


@pytest.mark.parametrize(("most", "status"), [("1", 200), ("100000", 200), ("100001", 422), ("0", 422), ("1.5", 422)])
def test_when_history_is_asked_for_then_so_many_rows_and_no_more_may_be_wanted(client, most, status):
    assert client.ask("GET", f"/v1/alarm-history?most={most}")[0] == status


def test_when_progress_is_wanted_then_lines_tell_it_and_the_last_one_what_came_of_it(client):
    rows = "\n".join(f"{SUPI(n)},{K},{OPC}" for n in range(1000, 6000))
    status, lines = client.ask("POST", "/v1/subscribers?progress", f"supi,k,opc\n{rows}\n".encode(), "text/csv")
    told = [json.loads(line) for line in lines.splitlines()]
    assert status == 200
    assert told == [{"done": n, "of": 5000} for n in (2000, 4000, 5000)] + [{"added": 5000}]
    client.close()  # as the server does after a stream
    _, lines = client.ask("POST", "/v1/subscribers?progress", f"supi,k,opc\n{rows}\n".encode(), "text/csv")
    last = json.loads(lines.splitlines()[-1])
    assert (last["status"], len(last["errors"])) == (409, 1000)
    client.close()
    assert client.ask("POST", "/v1/subscribers?progress", b"[nonsense")[0] == 422


# --- who is meant -------------------------------------------------------------------------------
def test_when_the_body_means_another_than_the_path_then_it_is_refused(client):
    """M04: what the ledger says was changed is what was changed."""
    status, problem = client.ask("PATCH", f"/v1/subscribers/{SUPI(1)}", {"supi": SUPI(2), "name": "x"})
    assert (status, SUPI(1) in problem["detail"]) == (422, True)
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI(1)}", {"supi": SUPI(1), "name": "pump 1"})[0] == 200
    assert client.ask("PUT", "/v1/thresholds/a", {"name": "b", "of": "RSR.Initial", "value": 1})[0] == 422
    assert client.ask("GET", f"/v1/subscribers/{SUPI(2)}")[1]["name"] == "pump 2"


def test_when_somebody_changed_it_meanwhile_then_it_is_not_deleted(client):
    client.ask("GET", f"/v1/subscribers/{SUPI(3)}")
    seen = client.etag
    assert client.ask("PATCH", f"/v1/subscribers/{SUPI(3)}", {"name": "other"})[0] == 200
    assert client.ask("DELETE", f"/v1/subscribers/{SUPI(3)}", if_match=seen)[0] == 412
    assert client.ask("GET", f"/v1/subscribers/{SUPI(3)}")[0] == 200


def test_when_every_answer_is_read_then_no_key_is_in_one(served, client):
    """M01: K and OPc go in and never come out."""
    from freehold.manage.routes import ROUTES

    form = {"supi": SUPI(900), "k": CANARIES[0], "opc": CANARIES[1], "name": "canary"}
    assert client.ask("POST", "/v1/subscribers", form)[0] == 201
    assert not leaked(json.dumps(client.ask("POST", "/v1/subscribers", form)).encode())
    wrong = {**form, "supi": SUPI(901), "k": CANARIES[0] + "0"}
    assert not leaked(json.dumps(client.ask("POST", "/v1/subscribers", wrong)).encode())
    streams = {"live", "tap", "ladder", "capture", "packets"}
    names = {"supi": SUPI(900), "id": "1", "name": "x", "number": "1"}
    for path, methods in ROUTES.items():
        if "GET" in methods and path not in streams:
            answer = client.ask("GET", "/v1/" + path.format(**names))
            assert not leaked(answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()), path
    assert not leaked(client.ask("GET", "/v1/subscribers?format=csv")[1])
    backup = client.ask("POST", "/v1/backup", {"passphrase": "a passphrase of some length"})[1]
    assert not leaked(backup if isinstance(backup, bytes) else b"")
    assert not leaked(b"".join(served.network.acts.entries()))
