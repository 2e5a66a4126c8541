"""The two tutorials, in a browser: a broken key, and a gNB that is refused."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from consolekit import Site, faults, initialise, shoot, start_terminal, subscribe
from managekit import OPC, SUPI, K

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]
FREEHOLD = Path(sys.executable).with_name("freehold")
WRONG = "0" * 32


def give_keys(page, k, opc):
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("K", exact=True).fill(k)
    dialog.get_by_label("OPc").fill(opc)
    dialog.get_by_role("button", name="Put the keys in").click()
    dialog.wait_for(state="detached")


def power_cycle(page, site):
    page.goto(f"{site.url}/terminals")
    page.get_by_role("button", name=f"Power cycle {SUPI}").click()


def test_when_a_key_is_broken_then_the_console_says_why_and_a_button_and_a_power_cycle_repair_it(page, site):
    # docs/tutorials/why-does-it-not-attach.md, step by step
    initialise(page, site)
    subscribe(page, site)
    start_terminal(page, site)
    # the ladder of its registration
    page.goto(f"{site.url}/trace?ue={SUPI}")
    page.get_by_text("Nothing has come by yet").wait_for()
    site.call(site.made.terminals.power_cycle(SUPI))
    for message in ("AuthenticationRequest", "RegistrationAccept", "PDUSessionResourceSetupResponse"):
        page.get_by_label("Filter messages").fill(message)
        page.get_by_text(message).first.wait_for()
    page.get_by_label("Filter messages").fill("")
    shoot(page, "trace-registration")
    # the key is broken
    page.goto(f"{site.url}/subscribers/{SUPI}")
    page.get_by_role("button", name="New keys").click()
    give_keys(page, WRONG, OPC)
    power_cycle(page, site)
    page.get_by_role("row", name=SUPI).get_by_text("locked").wait_for()
    shoot(page, "terminal-locked")
    assert faults(page) == []
    # why
    page.goto(f"{site.url}/ues/{SUPI}")
    why = page.get_by_role("article", name="Why Registration failed")
    why.get_by_text("The card and the subscription have different keys").wait_for()
    why.get_by_role("alert").get_by_text("locked until a power cycle").wait_for()
    shoot(page, "why-of-a-ue")
    assert faults(page) == []
    page.goto(f"{site.url}/why")
    why.get_by_text("TS 24.501 5.4.1.3.5").wait_for()
    shoot(page, "why-wrong-key")
    assert faults(page) == []
    # the button
    why.get_by_role("button", name="Enter the card's keys").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("K of the card", exact=True).fill(K)
    dialog.get_by_label("OPc of the card").fill(OPC)
    dialog.get_by_role("row", name="K and OPc").get_by_text("at once").wait_for()
    shoot(page, "form-enter-keys")
    assert faults(page) == []
    dialog.get_by_role("button", name="Make this change").click()
    dialog.wait_for(state="detached")
    # the card is locked still: TS 24.501 5.4.1.3.5
    power_cycle(page, site)
    page.get_by_role("row", name=SUPI).get_by_text("REGISTERED", exact=True).wait_for()
    page.goto(f"{site.url}/why")
    why.get_by_text("works now").wait_for()
    page.get_by_text("not connected").wait_for(state="detached")


@contextlib.contextmanager
def another_gnb(folder, n2, tac):
    """A gNB in a process of its own, as another computer's would be."""
    file = folder / "gnb.toml"
    file.write_text(f'[[gnb]]\nid = 7\nname = "roof"\namf = "unix:{n2}"\ntac = {tac}\n')
    command = [str(FREEHOLD), "run", "gnb", "--config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            yield
        finally:
            started.terminate()


def test_when_a_gnb_of_another_process_is_refused_then_the_console_says_why_and_a_button_accepts_it(page, tmp_path):
    # docs/tutorials/the-first-gnb.md
    with Site(tmp_path, f'n2 = ["unix:{tmp_path}/n2.sock"]\n', "[timers]\ntime-to-wait = 1\n") as site:
        initialise(page, site)
        with another_gnb(tmp_path, f"{tmp_path}/n2.sock", 77):
            page.goto(f"{site.url}/why")
            why = page.get_by_role("article", name="Why NG Setup failed")
            why.get_by_text("The gNB's tracking area is not served").wait_for()
            why.get_by_text("TAC 77").first.wait_for()
            shoot(page, "why-gnb-refused")
            assert faults(page) == []
            why.get_by_role("button", name="Accept roof").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_role("row", name="amf.tac").get_by_text("at once").wait_for()
            dialog.get_by_role("button", name="Make this change").click()
            dialog.wait_for(state="detached")
            page.goto(f"{site.url}/gnbs")
            page.get_by_role("region", name="roof").get_by_text("77", exact=True).wait_for()
            page.goto(f"{site.url}/why")
            why.get_by_text("works now").wait_for()
        page.goto("about:blank")
