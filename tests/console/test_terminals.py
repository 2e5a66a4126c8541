"""A terminal is handed over by a button, in a browser."""

import re

import pytest

from consolekit import Site, faults, initialise, shoot, start_terminal, subscribe
from freehold.app import terminals
from managekit import SUPI

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]
TWO = '[[gnb]]\nid = 1\nname = "north"\n[[gnb]]\nid = 2\nname = "south"\n'
EITHER = re.compile("^(north|south)$")


def hand_over(page, way):
    """Ask for a handover to the other gNB, by the form: its dialog."""
    page.get_by_role("button", name="Hand over").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Interface").select_option(way)
    return dialog


def test_when_a_terminal_is_handed_over_then_the_console_shows_it_at_the_other_gnb_or_says_why_not(
    page, tmp_path, monkeypatch
):
    monkeypatch.setattr(terminals, "PAUSE", 3600)  # no traffic wakes it once it is idle
    with Site(tmp_path, more=TWO) as site:
        initialise(page, site)
        subscribe(page, site)
        start_terminal(page, site)
        page.goto(f"{site.url}/ues/{SUPI}")
        identity = page.get_by_role("region", name="Identity")
        here = identity.get_by_text(EITHER).inner_text()
        there = "south" if here == "north" else "north"
        for way, target in (("n2", there), ("xn", here)):
            dialog = hand_over(page, way)
            dialog.get_by_label("gNB").select_option(target)
            if way == "n2":
                shoot(page, "form-hand-over")
                assert faults(page) == []
            dialog.get_by_role("button", name="Hand it over").click()
            dialog.wait_for(state="detached")
            identity.get_by_text(target, exact=True).wait_for()
        # an idle terminal chooses its cell itself
        (ue,) = site.made.network.ues
        site.call(ue.go_idle())
        dialog = hand_over(page, "xn")
        dialog.get_by_role("button", name="Hand it over").click()
        dialog.get_by_role("alert").get_by_text("stays where it is").wait_for()
        assert faults(page) == []
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.goto("about:blank")
