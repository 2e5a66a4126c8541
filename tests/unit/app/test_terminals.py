"""Simulated terminals switched on and off through the API of a network in real time."""

import asyncio

import pytest

from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.requests import Client
from freehold.app.terminals import PAUSE, ROUNDS, pause
from freehold.spec.errors import Unusable
from managekit import OPC, SUPI, K

OTHER = "0" * 32


async def until(look, wanted):
    """Wait, bounded, until what is looked at is as wanted."""
    async with asyncio.timeout(30):
        while not wanted(found := await look()):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.05)
    return found


def with_subscriber(tmp_path, more, script):
    """The same with a subscriber in every data network."""

    async def prepared(ask):
        dnns = [{"dnn": section.name} for section in parse(more).dnn]
        body = {"supi": SUPI, "k": K, "opc": OPC, "slices": [{"id": "1", "dnns": dnns}]}
        await ask("POST", "subscribers", body=body)
        await script(ask)

    switched(tmp_path, prepared, more)


def switched(tmp_path, script, more=""):
    """Run a script at the management socket of a whole network."""
    text = more + f'[store]\npath = "{tmp_path}/data"\n[management]\nsocket = "{tmp_path}/m.sock"\nlisten = ""\n'

    async def main():
        async with running(parse(text)):
            client = Client(tmp_path / "m.sock")

            async def ask(method, *segments, body=None):
                return await asyncio.to_thread(client.ask, method, segments, body=body)

            return await script(ask)

    return asyncio.run(main())


def test_when_keys_are_broken_then_the_terminal_comes_back_only_after_repair_and_power_cycle(tmp_path):
    async def script(ask):
        async def terminal():
            return (await ask("GET", "terminals"))[0]

        await ask("POST", "subscribers", body={"supi": SUPI, "k": K, "opc": OPC})
        await ask("POST", "terminals", SUPI, "start")
        up = await until(terminal, lambda one: one["addresses"])
        assert (up["power"], up["state"], up["card"], up["gnb"]) == ("on", "5GMM-REGISTERED", "valid", "gnb-1")
        await ask("PATCH", "subscribers", SUPI, body={"k": OTHER, "opc": OPC})
        await ask("POST", "terminals", SUPI, "power-cycle")
        await until(terminal, lambda one: one["card"] == "locked")
        failure = await ask("GET", "failures", (await ask("GET", "failures"))[0]["id"])
        tags = {one["name"]: one["tag"] for one in failure["remedies"]}
        assert set(tags) == {"give-keys", "remake-card", "power-cycle"}
        form = {"remedy": "give-keys", "tag": tags["give-keys"], "fields": {"k": K, "opc": OPC}}
        await ask("POST", "failures", failure["id"], "repair", body=form)
        assert (await terminal())["card"] == "locked"  # TS 24.501 5.4.1.3.5: until it is switched off
        await ask("POST", "terminals", SUPI, "power-cycle")
        assert (await until(terminal, lambda one: one["addresses"]))["card"] == "valid"
        off = await ask("POST", "terminals", SUPI, "stop")
        assert (off["power"], off["state"], off["addresses"]) == ("off", "5GMM-NULL", [])

    switched(tmp_path, script)


def test_when_a_terminal_was_refused_the_area_then_it_comes_back_only_after_repair_and_power_cycle(tmp_path):
    async def script(ask):
        async def terminal():
            return (await ask("GET", "terminals"))[0]

        await ask("POST", "subscribers", body={"supi": SUPI, "k": K, "opc": OPC})
        await ask("POST", "terminals", SUPI, "start")
        await until(terminal, lambda one: one["addresses"])
        await ask("DELETE", "subscribers", SUPI)
        await until(terminal, lambda one: "asks again once it was switched off and on" in one["trouble"])
        failures = len(await ask("GET", "failures"))
        await ask("POST", "subscribers", body={"supi": SUPI, "k": K, "opc": OPC})
        failure = await ask("GET", "failures", (await ask("GET", "failures"))[0]["id"])
        tag = next(one["tag"] for one in failure["remedies"] if one["name"] == "power-cycle")
        assert not (await terminal())["addresses"]  # TS 24.501 5.3.13
        assert len(await ask("GET", "failures")) == failures
        await ask("POST", "failures", failure["id"], "repair", body={"remedy": "power-cycle", "tag": tag})
        assert (await until(terminal, lambda one: one["addresses"]))["trouble"] == ""

    switched(tmp_path, script)


def test_when_a_simulated_card_is_made_anew_then_it_has_the_subscriptions_keys(tmp_path):
    async def script(ask):
        async def terminal():
            return (await ask("GET", "terminals"))[0]

        await ask("POST", "subscribers", body={"supi": SUPI, "k": K, "opc": OPC})
        await ask("POST", "terminals", SUPI, "start")
        await until(terminal, lambda one: one["addresses"])
        await ask("PATCH", "subscribers", SUPI, body={"k": OTHER, "opc": OPC})
        await ask("POST", "terminals", SUPI, "power-cycle")
        await until(terminal, lambda one: one["card"] == "locked")
        failure = await ask("GET", "failures", (await ask("GET", "failures"))[0]["id"])
        tag = next(one["tag"] for one in failure["remedies"] if one["name"] == "remake-card")
        await ask("POST", "failures", failure["id"], "repair", body={"remedy": "remake-card", "tag": tag})
        assert (await until(terminal, lambda one: one["addresses"]))["card"] == "valid"

    switched(tmp_path, script)


def test_when_there_is_no_such_subscriber_or_terminal_then_nothing_is_switched(tmp_path):
    async def script(ask):
        with pytest.raises(Unusable, match="there is no subscriber"):
            await ask("POST", "terminals", SUPI, "start")
        with pytest.raises(Unusable, match="no terminal here"):
            await ask("POST", "terminals", SUPI, "stop")
        assert await ask("GET", "terminals") == []

    switched(tmp_path, script)


def test_when_a_terminal_is_told_to_then_it_opens_sessions_of_any_type_and_releases_them(tmp_path):
    async def script(ask):
        async def terminal():
            return (await ask("GET", "terminals"))[0]

        await ask("POST", "terminals", SUPI, "start")
        await until(terminal, lambda one: one["addresses"])
        opened = await ask("POST", "terminals", SUPI, "session", body={"dnn": "lan", "type": "ethernet"})
        assert [(one["id"], one["dnn"], one["type"], one["interface"]) for one in opened["sessions"]] == [
            (1, "internet", "ipv4", ""),
            (2, "lan", "ethernet", ""),
        ]
        with pytest.raises(Unusable, match="cause #61"):
            await ask("POST", "terminals", SUPI, "session", body={"dnn": "lan", "type": "ipv4"})
        released = await ask("POST", "terminals", SUPI, "release-session", body={"id": 2})
        assert [one["id"] for one in released["sessions"]] == [1]
        with pytest.raises(Unusable, match="no PDU session 2"):
            await ask("POST", "terminals", SUPI, "release-session", body={"id": 2})

    more = '[[dnn]]\nname = "internet"\n[[dnn]]\nname = "lan"\ntype = "ethernet"\n'
    with_subscriber(tmp_path, more, script)


def test_when_a_terminal_is_told_to_then_it_is_handed_over_and_its_view_names_the_gnb(tmp_path):
    async def script(ask):
        async def terminal():
            return (await ask("GET", "terminals"))[0]

        await ask("POST", "terminals", SUPI, "start")
        await until(terminal, lambda one: one["addresses"])
        for gnb, interface in (("gnb-2", "n2"), ("gnb-1", "xn")):
            went = await ask("POST", "terminals", SUPI, "handover", body={"gnb": gnb, "interface": interface})
            assert (went["gnb"], went["state"], len(went["sessions"])) == (gnb, "5GMM-REGISTERED", 1)
        with pytest.raises(Unusable, match="there is no gNB gnb-3"):
            await ask("POST", "terminals", SUPI, "handover", body={"gnb": "gnb-3"})
        with pytest.raises(Unusable, match="serves the terminal already"):
            await ask("POST", "terminals", SUPI, "handover", body={"gnb": "gnb-1"})
        failures = await ask("GET", "failures")
        titles = {failure["rule"]["title"] for failure in failures if failure["rule"]}
        assert "The gNB could not hand the terminal over" in titles
        await ask("POST", "terminals", SUPI, "stop")
        with pytest.raises(Unusable, match="no connection"):
            await ask("POST", "terminals", SUPI, "handover", body={"gnb": "gnb-2"})

    with_subscriber(tmp_path, '[[gnb]]\nid = 1\n[[gnb]]\nid = 2\nname = "gnb-2"\n', script)


def test_when_a_terminal_that_is_not_there_is_handed_over_then_it_is_said(tmp_path):
    async def script(ask):
        with pytest.raises(Unusable, match="no terminal here"):
            await ask("POST", "terminals", SUPI, "handover", body={"gnb": "gnb-1"})

    switched(tmp_path, script)


def test_when_there_are_many_terminals_then_all_together_have_no_more_traffic_than_some():
    assert [pause(few) for few in (1, 10, ROUNDS)] == [PAUSE] * 3
    assert all(many / pause(many) == pytest.approx(ROUNDS) for many in (100, 1_000, 10_000))
