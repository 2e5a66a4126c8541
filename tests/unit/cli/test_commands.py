import json
import os
import subprocess
import sys
import threading

import pytest

from clikit import command
from freehold.cli import main as entry
from freehold.procedure.tap import Record
from freehold.spec.events import Event
from managekit import OPC, SUPI, K, Served

DIGITS = SUPI.removeprefix("imsi-")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An owner's folders of this test's own."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    return tmp_path


@pytest.fixture
def run(home, monkeypatch, capsys):
    """Run one command in this process: exit status, standard output, standard error."""

    def runner(*arguments):
        socket = ["--config", str(home / "freehold.toml")]
        if not (home / "freehold.toml").exists():
            settings = f'[management]\nsocket = "{home}/management.sock"\nlisten = ""\n[store]\npath = "{home}/data"\n'
            (home / "freehold.toml").write_text(settings)
        return command(monkeypatch, capsys, *arguments, *socket)

    return runner


@pytest.fixture
def served(home):
    with Served(home) as made:
        yield made


def test_when_the_program_is_imported_then_nothing_heavy_is():
    heavy = {"freehold.app", "freehold.net", "freehold.codecs", "msgspec", "asyncio", "rich", "uvloop", "http.client"}
    program = "import sys, json; import freehold.cli.main as m; m.program(); print(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(json.loads(finished.stdout))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["statsu"], "freehold: no such command 'statsu'. Did you mean 'status'? `freehold -h` shows what there is"),
        (["ue", "show"], "freehold ue show: missing argument 'supi'; `freehold ue show -h` shows what there is"),
        (
            ["gnb", "--jsn"],
            "freehold gnb: no such option: --jsn (Possible options: --json); `freehold gnb -h` shows what there is",
        ),
    ],
)
def test_when_a_command_line_is_wrong_then_one_line_says_what_and_where(monkeypatch, capsys, arguments, line):
    assert command(monkeypatch, capsys, *arguments) == (2, "", f"{line}\n")


def test_when_a_group_is_named_alone_then_its_help_is_shown(monkeypatch, capsys):
    status, shown, beside = command(monkeypatch, capsys, "subscriber")
    assert status == 2
    assert "Commands:" in shown + beside


@pytest.mark.parametrize("arguments", [["--help"], ["subscriber", "--help"], ["--version"]])
def test_when_help_is_asked_then_it_is_given_and_the_status_is_0(arguments):
    finished = subprocess.run(
        [sys.executable, "-c", "from freehold.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0
    assert "freehold" in finished.stdout
    assert finished.stderr == ""


def test_when_the_source_is_run_without_an_installation_then_it_is_the_same_program():
    wrong = [sys.executable, "-m", "freehold", "origin", "verify", "not-there.json", "--key", "not-there.pub"]
    finished = subprocess.run(wrong, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.startswith("freehold: not-there.pub")


def test_when_no_network_runs_then_one_line_says_so_and_the_status_is_2(run):
    status, out, err = run("status")
    assert status == 2
    assert out == ""
    assert err.startswith("freehold: no network runs here")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["status", "--nonsense"], ["nonsense"], ["subscriber", "import", "not-there.csv"]]
)
def test_when_a_command_is_wrong_then_the_status_is_2(run, arguments):
    assert run(*arguments)[0] == 2


def test_when_the_configuration_is_wrong_then_the_line_says_where(run, home):
    (home / "freehold.toml").write_text('[network]\nplmm = "001/01"\n')
    status, out, err = run("config", "check")
    assert (status, out) == (2, "")
    assert "freehold.toml:2: network.plmm" in err
    assert "plmn" in err


def test_when_the_configuration_is_shown_then_it_reads_back_as_itself(run, home):
    status, shown, _ = run("config", "show")
    assert status == 0
    (home / "freehold.toml").write_text(shown)
    assert run("config", "show")[1] == shown
    status, out, _ = run("config", "check", "--json")
    assert json.loads(out)["ok"]


def test_when_the_schema_is_asked_then_it_is_json(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["freehold", "config", "schema"])
    with pytest.raises(SystemExit):
        entry.main()
    assert json.loads(capsys.readouterr().out)


# --- subscribers: the same without and with a running network -----------------------------------------
@pytest.fixture(params=["offline", "running"])
def anywhere(request, home):
    if request.param == "offline":
        yield
    else:
        with Served(home):
            yield


@pytest.mark.usefixtures("anywhere")
def test_when_subscribers_are_kept_then_every_command_does_its_part(run, tmp_path):
    status, out, _ = run("subscriber", "add", DIGITS, "--k", K, "--opc", OPC, "--name", "lab", "--json")
    assert status == 0
    assert json.loads(out)["supi"] == SUPI
    assert K not in out
    assert run("subscriber", "add", DIGITS, "--k", K, "--opc", OPC)[0] == 2
    assert json.loads(run("subscriber", "show", SUPI, "--json")[1])["name"] == "lab"
    status, out, _ = run("subscriber", "set", SUPI, "--name", "pump", "--disable", "--json")
    assert (json.loads(out)["name"], json.loads(out)["enabled"]) == ("pump", False)
    assert "pump" in run("subscriber", "list")[1]
    exported = run("subscriber", "export")[1]
    assert exported.splitlines()[1].startswith(f"{SUPI},pump,,no,1000000000,1000000000,,1,internet,")
    assert json.loads(run("subscriber", "export", "--format", "json")[1])[0]["supi"] == SUPI
    file = tmp_path / "more.csv"
    file.write_text(f"supi,k,opc,dnn,ip\n001010000000002,{K},{OPC},internet ims,10.45.0.9\n")
    assert json.loads(run("subscriber", "import", str(file), "--json")[1]) == {"added": 1}
    assert run("subscriber", "import", str(file))[0] == 2
    assert run("subscriber", "import", str(file), "--replace")[0] == 0
    assert len(json.loads(run("subscriber", "list", "--json")[1])) == 2
    assert run("subscriber", "delete", SUPI)[0] == 0
    assert run("subscriber", "delete", SUPI)[0] == 2
    assert run("subscriber", "show", SUPI)[0] == 2
    assert len(json.loads(run("subscriber", "list", "--json")[1])) == 1


def test_when_somebody_acts_then_the_ledger_shows_it_and_holds_against_a_checkpoint(anywhere, run, tmp_path):
    run("subscriber", "add", DIGITS, "--k", K, "--opc", OPC)
    kept = tmp_path / "checkpoint"
    kept.write_text(run("ledger", "checkpoint")[1])
    run("subscriber", "set", DIGITS, "--name", "pump")
    acts = json.loads(run("ledger", "show", "--json")[1])
    assert [(act["index"], act["act"], act["subject"]) for act in acts] == [
        (0, "subscriber.add", SUPI),
        (1, "subscriber.change", SUPI),
    ]
    status, shown, _ = run("ledger", "verify", "--against", str(kept), "--json")
    assert (status, json.loads(shown)["entries"], json.loads(shown)["since"]) == (0, 2, 1)
    kept.write_text(kept.read_text().replace("\n1\n", "\n2\n"))
    assert run("ledger", "verify", "--against", str(kept))[0] == 1
    kept.write_text(kept.read_text().replace("\n2\n", "\n3\n"))
    assert "cut short" in run("ledger", "verify", "--against", str(kept))[2]
    assert run("ledger", "verify", "--against", str(tmp_path / "nothing"))[0] == 1


@pytest.mark.usefixtures("anywhere")
def test_when_sims_are_to_conceal_their_supis_then_the_public_keys_are_shown_and_stay(run):
    status, out, _ = run("subscriber", "home-keys", "--json")
    assert status == 0
    first = json.loads(out)[0]
    assert (first["id"], first["profile"], len(bytes.fromhex(first["public_key"]))) == (1, "A", 32)
    assert run("subscriber", "home-keys", "--json")[1] == out
    assert first["public_key"] in run("subscriber", "home-keys")[1]


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("secrets", [["--k", "12"], ["--k", K], ["--k", K, "--opc", OPC, "--op", OPC], []])
def test_when_secrets_are_wrong_then_nothing_is_added_and_they_are_not_shown(run, secrets):
    status, out, err = run("subscriber", "add", DIGITS, *secrets)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert K not in err
    assert json.loads(run("subscriber", "list", "--json")[1]) == []


# --- a running network -----------------------------------------------------------------------------------
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "001/01"),
        (["ue", "list"], "5GMM-REGISTERED"),
        (["ue", "show", DIGITS], "10.45.0.2"),
        (["session"], "10.45.0.2"),
        (["gnb"], "gnb-1"),
        (["nf"], "AMF"),
    ],
)
def test_when_state_is_asked_then_people_and_machines_can_read_it(run, arguments, words):
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert words in out
    assert words in json.dumps(json.loads(run(*arguments, "--json")[1]))


def test_when_alarms_stand_then_they_are_listed_and_acknowledged(run, served):
    event = Event("gnb-refused", "the gNB's TAC is 7", "warning", "gnb-2", "set tac = 7")
    served.do(served.network.environment.emit, event)
    assert "set tac = 7" in run("alarms", "list")[1]
    assert run("alarms", "list")[1] == run("alarm")[1]  # the name of product.md
    assert json.loads(run("alarms", "list", "--severity", "major", "--json")[1])[0]["object_instance"] == "gnb-2"
    assert run("alarms", "list", "--severity", "critical")[2] == "no alarm stands\n"
    assert run("alarms", "ack", "1")[1] == "alarm 1 is acknowledged\n"
    assert run("alarms", "unack", "1")[0] == 0
    assert run("alarms", "comment", "1", "power cut")[0] == 0
    assert "power cut" in run("alarms", "show", "1")[1]
    assert run("alarms", "clear", "1")[0] == 0
    assert run("alarms", "clear", "1")[0] == 2
    assert run("alarms", "acknowledge", "1")[0] == 0
    assert run("alarms", "ack", "1")[0] == 2
    status, out, err = run("alarms", "list")
    assert (status, out, err) == (0, "", "no alarm stands\n")
    assert "gnb-2" in run("alarms", "history")[1]


def test_when_a_terminal_is_refused_then_the_events_say_why(run, served):
    served.do(served.network.environment.emit, Event("registration-rejected", "#3", "warning", "imsi-...1", "change K"))
    assert "change K" in run("event")[1]


def test_when_thresholds_are_set_then_they_are_listed_until_removed(run, served):
    status, _, err = run("alarms", "threshold", "set", "many", "SM.SessionNbr", "5", "--severity", "major")
    assert (status, err) == (0, "")
    assert "many" in run("alarms", "threshold", "list")[1]
    assert run("alarms", "threshold", "set", "bad", "nothing", "5")[0] == 2
    assert run("alarms", "threshold", "remove", "many")[0] == 0
    assert run("alarms", "threshold", "remove", "many")[0] == 2


def test_when_kpis_and_counters_are_asked_then_people_and_machines_can_read_them(run, served):
    served.network.environment.count("RM.RegInitReq", "", 4)
    served.network.environment.count("RM.RegInitSucc", "", 3)
    served.do(served.api.start)
    assert any(line.split()[:4] == ["RSR.Initial", "75.0", "%", "4"] for line in run("metrics")[1].splitlines())
    assert run("metrics", "kpi", "--window", "60")[0] == 0
    kpis = json.loads(run("metrics", "kpi", "--json")[1])
    assert {each["name"]: each["value"] for each in kpis}["RSR.Initial"] == 75.0
    assert run("metrics", "counters", "RM.")[1].count("RM.Reg") == 2


def test_when_periods_are_over_then_they_are_shown_and_exported(run, served, home, monkeypatch):
    monkeypatch.setattr("time.time", served.network.environment.utc)
    assert run("metrics", "history")[2] == "no period is over yet\n"
    assert run("metrics", "export", "--latest")[0] == 2
    served.do(served.api.start)
    served.network.environment.count("RM.RegInitReq", "", 4)
    served.do(served.network.environment.run_for, 1000.0)
    _, out, _ = run("metrics", "history", "RM.RegInitReq")
    assert out.splitlines()[-1].split() == ["2026-01-01", "00:15:00", "4.0"]
    assert json.loads(run("metrics", "history", "--json")[1])["step"] == 900.0
    name = "A20260101.0000+0000-0015+0000_Freehold.xml"
    assert name in run("metrics", "export")[1]
    assert run("metrics", "export", "--latest", "--into", str(home / "files"))[0] == 0
    assert (home / "files" / name).read_bytes().startswith(b"<?xml")
    assert run("metrics", "export", "nothing.xml")[0] == 2


def test_when_a_dashboard_or_a_meaning_is_asked_for_then_no_network_need_run(home, monkeypatch, capsys):
    status, out, _ = command(monkeypatch, capsys, "metrics", "list")
    assert (status, "TS 28.552 5.2.2.1" in out) == (0, True)
    status, _, err = command(monkeypatch, capsys, "metrics", "dashboard", "--output", home / "d.json")
    assert (status, "import it in Grafana" in err) == (0, True)
    assert json.loads((home / "d.json").read_text())["title"] == "Freehold"


def test_when_an_id_is_completed_then_the_shell_offers_the_alarms(run, served, home):
    served.do(served.network.environment.emit, Event("gnb-lost", "gone", "warning", "gnb-2"))
    run("alarms")  # writes the configuration
    line = f"freehold alarms ack --config {home}/freehold.toml "
    environment = {
        **os.environ,
        "_FREEHOLD_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": "5",
    }
    program = "from freehold.cli.main import main; main()"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert finished.stdout.strip() == "1"


def test_when_a_ue_is_to_go_then_the_network_is_told(run, served):
    assert run("ue", "deregister", SUPI)[0] == 0
    assert served.network.deregistered == [SUPI]
    assert run("ue", "deregister", "imsi-001019999999999")[0] == 2


def test_when_counters_are_asked_then_they_are_shown(run, served):
    served.network.environment.count("RM.RegInitReq", "initial")
    assert "RM.RegInitReq" in run("counter")[1]


@pytest.mark.parametrize(("options", "words"), [([], "|<-----|"), (["--json"], '"name":"NGSetupResponse"')])
def test_when_traced_then_what_comes_by_is_printed(served, home, options, words):
    configuration = home / "freehold.toml"
    configuration.write_text(f'[management]\nsocket = "{home}/management.sock"\n')
    tracer = subprocess.Popen(
        [sys.executable, "-c", "from freehold.cli.main import main; main()", "trace", "-c", configuration, *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    record = Record(1.0, "N2", "amf", "gnb-1", "NGSetupResponse", octets=b"\x20")
    stop = threading.Event()

    def repeat():
        while not stop.wait(0.01):
            served.do(served.network.tap.record, record)

    speaker = threading.Thread(target=repeat)
    speaker.start()
    try:
        line = next(line for line in tracer.stdout if "NGSetupResponse" in line)
    finally:
        stop.set()
        speaker.join()
        tracer.terminate()
        tracer.communicate()
    assert words in line


@pytest.mark.usefixtures("home")
def test_when_the_doctor_looks_then_each_finding_has_words(run):
    status, out, _ = run("doctor", "--json")
    findings = json.loads(out)
    assert {finding["check"] for finding in findings} >= {"sctp", "ports", "tun", "clock", "store", "network"}
    assert status == int(any(finding["state"] == "bad" for finding in findings))
    assert all(finding["fix"] for finding in findings if finding["state"] == "bad")
    assert run("doctor")[1].count("\n") >= len(findings)
