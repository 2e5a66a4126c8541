"""A support bundle helps, and tells no secret and nobody's identity."""

import io
import json
import zipfile
from types import SimpleNamespace

import pytest

from freehold.manage.support import LEFT_OUT, pseudonyms, without_secrets
from freehold.procedure.tap import Record
from freehold.spec.events import Event
from managekit import SUPI, Client, Served
from secretkit import CANARIES, leaked


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        yield made


def fetched(served, query=""):
    client = Client(served.path)
    try:
        status, octets = client.ask("GET", f"/v1/support-bundle{query}")
    finally:
        client.close()
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(octets)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_when_a_bundle_is_made_then_nobody_is_named_and_no_key_is_in_it(served):
    client = Client(served.path)
    client.ask("POST", "/v1/subscribers", {"supi": SUPI, "k": CANARIES[0], "opc": CANARIES[1]})
    client.close()
    served.network.log = [f"imsi-001010000000001 and bare 001010000000001 failed with {SUPI}"]
    served.do(served.network.environment.emit, Event("x", f"about {SUPI}", "warning", subject=SUPI))
    files = fetched(served)
    whole = b"".join([*files.values(), *map(str.encode, files)])
    assert not leaked(whole)
    assert b"001010000000001" not in whole
    assert {"versions.json", "settings.json", "doctor.json", "state.json", "events.json", "log.txt"} <= set(files)
    name = json.loads(files["state.json"])["ues"][0]["supi"]
    assert name.startswith("imsi-x")
    assert (
        json.loads(files["events.json"])[-1]["subject"] == name
    )  # the same one, so that what belongs together is seen
    assert b"pseudonyms" in files["README.txt"]


def test_when_identities_are_wanted_then_they_are_whole(served):
    files = fetched(served, "?identities=yes")
    assert json.loads(files["state.json"])["ues"][0]["supi"] == SUPI
    client = Client(served.path)
    assert client.ask("GET", "/v1/support-bundle?identities=perhaps")[0] == 422
    assert client.ask("GET", "/v1/doctor")[1][0]["fix"] == "modprobe sctp"
    client.close()


def test_when_two_bundles_are_made_then_a_pseudonym_is_not_the_same():
    assert pseudonyms(b"a")(SUPI) != pseudonyms(b"b")(SUPI)
    assert pseudonyms(b"a")(f"{SUPI} {SUPI[5:]}").split()[0][6:] == pseudonyms(b"a")(SUPI[5:]).split("x")[1]


def test_when_settings_hold_secrets_then_they_are_left_out():
    settings = {
        "alarms": {"snmp": [{"community": "hush", "address": "192.0.2.1"}], "webhook": [{"secret_file": "/etc/x"}]},
        "telemetry": {"otlp": "http://ada:lovelace@collector:4318/v1"},
    }
    assert without_secrets(settings) == {
        "alarms": {"snmp": [{"community": LEFT_OUT, "address": "192.0.2.1"}], "webhook": [{"secret_file": "/etc/x"}]},
        "telemetry": {"otlp": "http://collector:4318/v1"},
    }


def test_when_a_procedure_failed_while_its_messages_were_kept_then_its_ladder_is_there(served, monkeypatch):
    from freehold.manage.views import EndingView, UeInsideView

    bad = UeInsideView(
        ended=(EndingView("AMF", "registration", "TS 23.502 4.2.2.2", 0.0, 1.0, "reject", "RES* is wrong"),)
    )
    monkeypatch.setattr(served.network, "inside", lambda _: bad)

    def watched():
        mine = {"subject": "imsi-...0001"}
        carried = SimpleNamespace(ran_ue_ngap_id=1)
        stop = served.api.kept.watch(lambda _: None, packets=False)
        tap = served.network.tap
        tap.record(Record(0.9, "N2", "AMF", "gnb-1", "DownlinkNASTransport", value=carried, **mine))
        tap.record(Record(1.0, "N1", "AMF", "UE", "Authentication reject", **mine))
        stop()

    served.do(watched)
    files = fetched(served)
    (ladder,) = [octets for name, octets in files.items() if name.startswith("ladders/imsi-x")]
    assert b"Authentication reject" in ladder
    assert b"RES* is wrong" in files["procedures.json"]
