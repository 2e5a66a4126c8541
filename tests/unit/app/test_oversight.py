"""A whole network under its management: what really happens raises the alarm it should, and ends it."""

import asyncio
import json
import sqlite3

import pytest

from freehold.app import oversight
from freehold.app.config import AlarmsSection, PerformanceSection, SnmpSection, ThresholdSection, WebhookSection, parse
from freehold.app.managed import Managed
from freehold.app.network import Network
from freehold.manage.api import Api
from freehold.manage.performance.recorder import RecorderSettings
from freehold.spec.errors import Unusable
from freehold.store import DataFolder, SqliteStore
from freehold.ue.errors import Refused, UsimInvalid


def standing(api):
    return {
        (alarm.specific_problem, alarm.object_instance): alarm.perceived_severity
        for alarm in api.alarms.all()
        if alarm.stands
    }


def supervised(script, text="", **settings):
    """Run a script on a virtual network with its management."""

    async def main():
        async with Network(parse(text)) as network:
            api = Api(Managed(network), recording=RecorderSettings(**settings) if settings else None)
            api.start()
            try:
                return await script(network, api)
            finally:
                api.close()

    return asyncio.run(main())


def test_when_all_is_well_then_no_alarm_stands():
    async def script(network, api):
        ue = network.ue()
        await ue.register()
        await ue.pdu_session()
        await network.sleep(120)
        return standing(api), api.recorder.last(110.0).mean("SM.SessionNbr")

    assert supervised(script) == ({}, 1.0)


def test_when_a_gnb_goes_and_comes_back_then_its_alarm_stands_between():
    async def script(network, api):
        network.radio.gnbs[0].links[0].association.fail("cable cut")
        await network.sleep(0.1)
        lost = standing(api)
        await network.sleep(120)
        return lost, standing(api)

    lost, after = supervised(script)
    assert ("gnb-lost", "gnb-1") in lost
    assert after == {}


def test_when_a_gnb_is_refused_then_the_alarm_says_what_differs_and_ends_when_it_is_served():
    async def script(network, api):
        section = network.configuration.gnb[0]
        import msgspec

        network.gnb(msgspec.structs.replace(section, id=7, name="gnb-7", tac=99))
        await network.sleep(1)
        (alarm,) = (each for each in api.alarms.all() if each.specific_problem == "gnb-refused")
        return alarm, standing(api)

    alarm, found = supervised(script)
    assert (alarm.object_instance, alarm.perceived_severity) == ("gnb-7", "MAJOR")
    assert "TAC 99" in alarm.text
    assert "[network] tac" in alarm.fix
    assert any(problem == "amf-not-reached" for problem, _ in found)


def test_when_the_addresses_run_out_then_the_alarm_grows_and_the_session_that_fails_is_counted():
    async def script(network, api):
        seen = []
        for _ in range(5):
            ue = network.ue()
            await ue.register()
            await ue.pdu_session()
            await network.sleep(11)
            seen.append(standing(api).get(("address-pool", "internet")))
        ue = network.ue()
        await ue.register()
        with pytest.raises(Refused):
            await ue.pdu_session()
        await network.sleep(11)
        counted = network.world.counted()
        await network.ues[0].deregister()
        await network.ues[1].deregister()
        await network.sleep(11)
        return (
            seen,
            standing(api),
            {label: n for (name, label), n in counted.items() if name == "smf.session_not_established"},
        )

    seen, after, failed = supervised(script, '[[dnn]]\nname = "internet"\npool = "10.45.0.0/29"\n')
    assert seen == [None, None, None, None, "CRITICAL"]
    assert after == {}
    assert failed == {"5GSM #67": 1}


def test_when_authentications_fail_in_a_burst_then_an_alarm_stands_for_a_while():
    async def script(network, api):
        import msgspec

        for _ in range(22):
            known = network.subscribe()
            wrong = msgspec.structs.replace(
                known, authentication=msgspec.structs.replace(known.authentication, k=bytes(16))
            )
            with pytest.raises(UsimInvalid):
                await network.ue(wrong).register()
        await network.sleep(11)
        during = standing(api)
        await network.sleep(120)
        return during, standing(api)

    during, after = supervised(script)
    assert during["threshold", "authentication-failures"] == "MAJOR"
    assert ("threshold", "authentication-failures") not in after


def test_when_the_store_cannot_be_written_then_the_network_knows_until_it_can(tmp_path):
    posted = []
    store = SqliteStore(DataFolder(tmp_path), posted.append)

    def written():
        done = store.commit("x", [("a", b"1")])
        while not done.settled:
            while posted:
                posted.pop(0)()
        return done

    assert written().result() is None
    assert store.fault == ""
    other = sqlite3.connect(tmp_path / "freehold.db", isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON rows BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(Unusable):
        written().result()
    assert "disk full" in store.fault
    other.execute("DROP TRIGGER full")
    other.close()
    assert written().result() is None
    assert store.fault == ""
    store.close()


def test_when_alarms_go_to_a_webhook_then_the_configured_secret_signs_them(tmp_path):
    (tmp_path / "secret").write_text("key\n")

    async def main():
        got = asyncio.Queue()

        async def serve(reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length"))
            got.put_nowait((head, json.loads(await reader.readexactly(length))))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        section = AlarmsSection(
            webhook=(WebhookSection(url, str(tmp_path / "secret")),), snmp=(SnmpSection("127.0.0.1"),)
        )
        async with Network() as network:
            api = Api(Managed(network))
            async with oversight.forwarded(section, api):
                network.radio.gnbs[0].links[0].association.close()
                await network.sleep(0.1)
                async with asyncio.timeout(10):
                    head, told = await got.get()
            api.close()
        server.close()
        await server.wait_closed()
        return head, told

    head, told = asyncio.run(main())
    assert b"x-freehold-signature: sha256=" in head
    assert told["alarm"]["specific_problem"] in {"gnb-lost", "amf-not-reached"}


@pytest.mark.parametrize(
    ("section", "setting"),
    [
        (AlarmsSection(webhook=(WebhookSection("nothing"),)), "alarms.webhook.url"),
        (AlarmsSection(webhook=(WebhookSection("http://x", "/nonexistent"),)), "alarms.webhook.secret_file"),
        (AlarmsSection(snmp=(SnmpSection("not an address"),)), "alarms.snmp.address"),
    ],
)
def test_when_a_receiver_is_configured_wrongly_then_the_setting_is_named(section, setting):
    async def script(_, api):
        async with oversight.forwarded(section, api):
            pass

    with pytest.raises(Unusable, match=setting.replace(".", r"\.")):
        supervised(script)


def test_when_the_configuration_says_how_to_measure_then_the_recorder_is_told():
    settings = oversight.recording(PerformanceSection(5.0, 300, 2))
    assert (settings.look, settings.granularity, settings.kept) == (5.0, 300.0, 576)
    (threshold,) = oversight.thresholds(AlarmsSection(threshold=(ThresholdSection("x", "RSR.Initial", 5.0),)))
    assert (threshold.name, threshold.of, threshold.value) == ("x", "RSR.Initial", 5.0)


@pytest.mark.parametrize(
    "text",
    [
        "[performance]\ngranularity_s = 77", "[performance]\nlook_s = 0.1", "[performance]\nkeep_days = 0",
        '[[alarms.webhook]]\nleast = "BAD"', '[[alarms.webhook]]\nurl = "ftp://x"', '[telemetry]\notlp = "x:1"',
        '[[alarms.threshold]]\nname = "x"\nof = "nothing"', '[[alarms.threshold]]\nof = "RSR.Initial"',
        "[alarms]\nnothing = 1", '[log]\nformat = "xml"',
    ],
)  # fmt: skip
def test_when_a_setting_is_wrong_then_it_is_refused(text):
    with pytest.raises(Unusable):
        parse(text)


def test_when_a_whole_period_passes_then_it_says_what_the_network_did():
    async def script(network, api):
        for _ in range(3):
            ue = network.ue()
            await ue.register()
            await ue.pdu_session()
        await network.sleep(130)
        return list(api.recorder.periods())

    first, second = supervised(script, look=10.0, granularity=60.0)
    assert (first.total("RM.RegInitSucc"), first.total("SM.PduSessionCreationSucc")) == (3, 3)
    assert (first.total("smf.session_established"), first.total("SM.N4SessionEstabReq")) == (3, 3)
    assert (first.total("RRC.ConnEstabSucc"), first.total("UECNTX.ConnEstabSucc")) == (3, 3)
    assert (first.total("SM.PDUSessionSetupReq"), first.total("SM.PDUSessionSetupSucc")) == (3, 3)
    assert first.counters["SM.PDUSessionSetupReq"] == {"1": 3}
    assert first.total("NFS.RegSucc") == 2
    assert first.total("NSS.NbrGetSucc") == 3
    assert second.total("RM.RegInitReq") == 0
    assert second.values["RM.RegisteredSubNbr"].mean == 3.0
    assert not second.suspect
