"""A trace in a browser: one source for what is drawn, a file handed on, a gNB followed, timers, filter and pause."""

import pytest

from consolekit import Site, faults, initialise, shoot, subscribe
from freehold.ue.terminal import Terminal
from managekit import SUPI
from tracekit import GOLDEN, golden_file

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]


def copied(page):
    """The ladder as the page puts it into the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_text("The ladder copied").wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def test_when_the_golden_run_is_opened_as_a_file_then_console_and_terminal_draw_the_golden_ladder(page, site):
    # that the command line draws the same file so is in tests/unit/manage/test_tracefile.py
    initialise(page, site)
    file = site.folder / "golden.fhtrace"
    file.write_bytes(site.call(golden_file()))
    page.goto(f"{site.url}/trace")
    page.get_by_label("Trace file").set_input_files(file)
    page.get_by_role("button", name="golden.fhtrace").wait_for()
    assert copied(page) == GOLDEN.read_text()
    page.get_by_label("Filter messages").fill("AuthenticationRequest")
    page.locator(".line.message").first.click()
    page.get_by_role("tree", name="Fields").get_by_text("rand", exact=True).wait_for()
    shoot(page, "trace-file")
    assert faults(page) == []
    bad = site.folder / "bad.fhtrace"
    bad.write_text("supi,k\n")
    page.get_by_label("Trace file").set_input_files(bad)
    page.get_by_text("It cannot be opened").wait_for()


def test_when_a_trace_is_saved_then_it_is_opened_again_as_it_was(page, site):
    initialise(page, site)
    subscribe(page, site)
    page.goto(f"{site.url}/trace?ue={SUPI}")
    page.get_by_text("Nothing has come by yet").wait_for()
    site.call(site.made.terminals.start(SUPI))
    page.get_by_label("Filter messages").fill("PDUSessionResourceSetupResponse")
    page.locator(".line.message").first.wait_for()
    site.call(site.made.terminals.stop(SUPI))
    page.get_by_label("Filter messages").fill("UEContextReleaseComplete")
    page.locator(".line.message").first.wait_for()
    page.get_by_label("Filter messages").fill("")
    before = copied(page)
    with page.expect_download() as expected:
        page.get_by_role("link", name="Trace file").click()
    saved = site.folder / "saved.fhtrace"
    expected.value.save_as(saved)
    page.get_by_label("Trace file").set_input_files(saved)
    page.get_by_role("button", name="saved.fhtrace").wait_for()
    assert copied(page) == before


def test_when_a_gnb_is_followed_then_its_messages_alone_are_drawn_and_a_pause_holds_them(page, site):
    initialise(page, site)
    subscribe(page, site)
    page.goto(f"{site.url}/gnbs")
    page.get_by_role("link", name="Trace this gNB").click()
    page.get_by_role("button", name="gnb-1 \u00d7").wait_for()
    page.get_by_text("Nothing has come by yet").wait_for()
    site.call(site.made.terminals.start(SUPI))
    page.get_by_label("Filter messages").fill("InitialContextSetupResponse")
    page.locator(".line.message").first.wait_for()
    page.get_by_label("Filter messages").fill("")
    kinds = page.locator(".lines .kind").all_inner_texts()
    assert set(filter(None, kinds)) <= {"N1", "N2"}
    assert kinds
    page.get_by_role("button", name="Pause").click()
    site.call(site.made.terminals.power_cycle(SUPI))
    page.get_by_role("status").filter(has_text="new").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("status").filter(has_text="new").wait_for(state="detached")


def test_when_a_timer_runs_out_then_the_ladder_shows_it_and_that_the_message_is_sent_again(page, tmp_path, monkeypatch):
    monkeypatch.setattr(Terminal, "downlink_nas", lambda *_: None)  # all that comes down is lost on the air
    with Site(tmp_path, more="[timers]\nT3560 = 0.2\n") as site:
        initialise(page, site)
        subscribe(page, site)
        page.goto(f"{site.url}/trace")
        page.get_by_text("Nothing has come by yet").wait_for()
        site.call(site.made.terminals.start(SUPI))
        page.get_by_label("Filter messages").fill("T3560 expired: sent again")
        page.get_by_text("T3560 expired: sent again").first.wait_for()
        page.get_by_label("Filter messages").fill("AuthenticationRequest")
        page.locator(".line.message").nth(2).wait_for()
        page.get_by_label("Filter messages").fill("")
        page.goto(f"{site.url}/why")
        page.get_by_role("article").get_by_text("The terminal did not answer in time").wait_for()
        shoot(page, "why-timer")
        page.goto("about:blank")
