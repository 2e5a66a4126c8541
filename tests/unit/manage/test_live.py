"""Rows told as they change: what a follower knows is always what there is."""

import asyncio
import json

from freehold.manage import live
from freehold.manage.api import Api
from freehold.manage.live import Topic
from freehold.manage.views import UeView
from managekit import FakeNetwork


def ue(number, state="5GMM-REGISTERED"):
    return UeView(f"imsi-{number:015}", state=state)


class Changing(FakeNetwork):
    known = ()

    def ues(self):
        return list(self.known)


def applied(rows, octets):
    """The rows a follower has after some lines."""
    for line in octets.splitlines():
        change = json.loads(line)
        if change["whole"]:
            rows.clear()
        for key in change["gone"]:
            del rows[key]
        rows.update(change["rows"])
    return rows


def test_when_rows_change_then_only_those_are_told():
    network = Changing()
    api, topic = Api(network), Topic("ues")
    network.known = (ue(1), ue(2))
    assert topic.look(api, 0.0)
    first = topic.rows
    assert json.loads(topic.since(None))["whole"]
    network.known = (ue(1), ue(2, "5GMM-DEREGISTERED"), ue(3))
    assert topic.look(api, 1000.0)
    change = json.loads(topic.since(first))
    assert change["rows"].keys() == {ue(2).supi, ue(3).supi}
    assert change["gone"] == []
    assert topic.since(topic.rows) == b""
    assert topic.rows[ue(1).supi] is first[ue(1).supi]


def test_when_nothing_changes_then_nothing_is_told():
    network = Changing()
    network.known = (ue(1),)
    api, topic = Api(network), Topic("ues")
    assert topic.look(api, 0.0)
    assert not topic.look(api, 1000.0)


def test_when_a_look_was_dear_then_the_next_one_waits(monkeypatch):
    network = Changing()
    api, topic = Api(network), Topic("ues")
    times = iter([0.0, 0.2, 5.0, 5.0])
    monkeypatch.setattr(live.time, "perf_counter", lambda: next(times))
    network.known = (ue(1),)
    assert topic.look(api, 100.0)
    network.known = (ue(2),)
    assert not topic.look(api, 100.0 + live.THRIFT * 0.2 - 0.1)
    assert topic.look(api, 100.0 + live.THRIFT * 0.2)


def test_when_a_follower_misses_looks_then_it_catches_up_at_once():
    network = Changing()
    api, topic = Api(network), Topic("ues")
    rows, seen = {}, None
    for turn in range(6):
        network.known = tuple(ue(n, f"state {turn}") for n in range(turn, turn + 3))
        topic.look(api, 1000.0 * turn)
        if turn in {0, 3, 5}:
            applied(rows, topic.since(seen))
            seen = topic.rows
            assert set(rows) == {one.supi for one in network.known}
            assert {row["state"] for row in rows.values()} == {f"state {turn}"}


def test_when_somebody_follows_then_changes_come_and_the_looking_ends_with_the_last(monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 0.01)

    async def main():
        network = Changing()
        api = Api(network)
        one, two = api.live.follow(["ues", "status"]), api.live.follow(["ues"])
        rows = applied({}, b"".join([await anext(two)]))
        assert rows == {}
        assert {json.loads(line)["topic"] for line in (await anext(one)).splitlines()} == {"ues", "status"}
        network.known = (ue(7),)
        async with asyncio.timeout(10):
            applied(rows, await anext(two))
        assert list(rows) == [ue(7).supi]
        await one.aclose()
        assert api.live._task is not None
        await two.aclose()
        assert api.live._task is None

    asyncio.run(main())


def test_when_every_topic_is_read_then_its_rows_have_keys_of_their_own():
    network = FakeNetwork()
    network.environment.count("RM.RegInitReq")
    api = Api(network)
    for name, (read, key) in live.TOPICS.items():
        rows = read(api)
        assert len({key(row) for row in rows}) == len(rows), name
