"""`freehold why` tells what failed, and makes the change that ends it; `freehold ue` switches terminals."""

import json

import pytest

from clikit import command
from freehold.manage.subscribers import SliceForm, SubscriberForm, subscriber_of
from freehold.manage.terminals import TerminalView
from freehold.spec.events import Event
from freehold.spec.failures import Unmet
from freehold.spec.identities import Supi
from managekit import OPC, SUPI, K, Served

WHOM = Supi(SUPI)


class FakeTerminals:
    """One terminal that notes what is done to it."""

    def __init__(self):
        self.done = []

    def views(self):
        return [TerminalView(SUPI, "UE 1", "on", "5GMM-DEREGISTERED", "locked", trouble="rejected")]

    def has(self, supi):
        return supi == SUPI

    async def start(self, supi):
        self.done.append(("start", supi))

    async def stop(self, supi):
        self.done.append(("stop", supi))

    async def power_cycle(self, supi):
        self.done.append(("power-cycle", supi))

    async def remake(self, supi):
        self.done.append(("remake", supi))


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path) as made:
        made.network.terminals = FakeTerminals()
        yield made


@pytest.fixture
def run(tmp_path, served, monkeypatch, capsys):
    """Run one command against the served network: exit status, standard output, standard error."""
    file = tmp_path / "freehold.toml"
    file.write_text(f'[management]\nsocket = "{served.path}"\nlisten = ""\n')

    def runner(*arguments):
        return command(monkeypatch, capsys, *arguments, "--config", file)

    return runner


def fail(served, rule="wrong-key", name="registration-rejected", cause="AUTHENTICATION REJECT", **about):
    unmet = Unmet(rule, "the card's", "the network's", about)
    event = Event(name, "it was refused", "warning", str(WHOM), "do it", whom=WHOM, cause=cause, unmet=unmet)
    served.do(served.network.environment.emit, event)


def subscribe(served, **fields):
    made = subscriber_of(SubscriberForm(SUPI, K, OPC, **fields), (SliceForm(),), None)
    served.do(served.network.subscribers.put, made)
    served.do(served.network.environment.settle)


def test_when_nothing_failed_then_it_says_so(run):
    assert run("why")[:2] == (0, "nothing failed\n")
    assert run("why", SUPI)[:2] == (0, f"nothing failed of {SUPI}\n")
    status, _, err = run("why", "--repair", "give-keys")
    assert (status, "nothing failed" in err) == (2, True)


def test_when_something_failed_then_cause_rule_consequence_and_changes_are_told(run, served):
    subscribe(served)
    fail(served)
    fail(served)
    status, out, _ = run("why")
    assert status == 0
    for wanted in (
        f"Registration of {SUPI}, 2 times",
        "rule     The card and the subscription have different keys [TS 33.102 6.3.3]",
        "The network used: the network's",
        "locked until a power cycle",
        "[TS 24.501 5.4.1.3.5]",
        "--repair give-keys --with k=... --with opc=...",
        "--repair power-cycle",
    ):
        assert wanted in out
    assert run("why", "imsi-001010000000009")[1].startswith("nothing failed")
    (one,) = json.loads(run("why", "--json")[1])
    assert one["rule"]["name"] == "wrong-key"


def test_when_many_failed_then_the_newest_are_told_and_the_others_counted(run, served):
    for number in range(8):
        fail(served, rule="timer", name="registration-failed", cause="", timer=f"T{number}")
        fail(served, rule="pool", name="session-refused", cause=f"5GSM #{number + 100}")
    for number in range(6):
        served.do(served.network.environment.emit, Event("gnb-refused", "no", "warning", f"gnb-{number}"))
    assert "... and" in run("why")[1]


def test_when_a_repair_is_agreed_to_then_it_is_made_after_it_was_shown(run, served):
    subscribe(served, enabled=False)
    fail(served, "barred-subscriber", cause="5GMM #15")
    status, out, _ = run("why", "--repair", "enable-subscriber", "--yes")
    assert status == 0
    assert "enabled" in out
    assert served.do(served.network.subscribers.subscriber, WHOM).enabled
    status, _, err = run("why", "--repair", "enable-subscriber", "--yes")
    assert (status, "has no such change" in err) == (2, True)


def test_when_nobody_answers_whether_to_repair_then_nothing_is_done_and_a_line_says_so(run, served):
    subscribe(served, enabled=False)
    fail(served, "barred-subscriber", cause="5GMM #15")
    status, out, err = run("why", "--repair", "enable-subscriber")
    assert (status, err) == (1, "\nfreehold: nobody answered, and nothing was done\n")
    assert "Make this change?" in out
    assert run("why", "--repair", "enable-subscriber", "--yes")[0] == 0  # it was not made before


def test_when_a_repair_asks_for_something_then_it_is_given_by_name(run, served):
    subscribe(served)
    fail(served)
    assert run("why", "--repair", "give-keys", "--yes", "--with", "k")[0] == 2
    assert run("why", "--repair", "give-keys", "--yes")[0] == 2
    assert run("why", "--repair", "give-keys", "--yes", "--with", f"k={'1' * 32}", "--with", f"opc={OPC}")[0] == 0
    assert bytes(served.do(served.network.subscribers.subscriber, WHOM).authentication.k) == b"\x11" * 16
    assert run("why", "--repair", "remake-card", "-y")[0] == 0
    assert served.network.terminals.done == [("remake", SUPI)]


def test_when_a_terminal_is_switched_then_the_network_is_asked(run, served):
    for verb in ("start", "stop", "power-cycle"):
        assert run("ue", verb, SUPI)[0] == 0
    assert [verb for verb, _ in served.network.terminals.done] == ["start", "stop", "power-cycle"]
    assert "locked" in run("ue", "terminals")[1]
    assert json.loads(run("ue", "stop", SUPI, "--json")[1])["card"] == "locked"
    acts = [json.loads(entry_)["act"] for entry_ in served.network.ledger()]
    assert acts[:3] == ["terminal.start", "terminal.stop", "terminal.power-cycle"]


def test_when_no_terminals_are_simulated_then_one_line_says_so(run, served):
    served.network.terminals = None
    status, _, err = run("ue", "start", SUPI)
    assert (status, "no terminals are simulated" in err) == (2, True)
    assert "no terminal is simulated" in run("ue", "terminals")[2]
