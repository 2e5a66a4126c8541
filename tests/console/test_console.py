"""The console from an empty network on, in a browser: initialise, subscribe, register, trace, look at every page."""

import re
import shutil

import pytest

from consolekit import enter, faults, initialise, shoot, subscribe
from freehold.manage.pages import Pages
from freehold.manage.views import UeView
from freehold.procedure.ladder import WATCHING, render
from freehold.spec.events import Event
from interopkit import tshark
from managekit import OPC, PASSWORD, SUPI, FakeNetwork, K, Web

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]

STATE = ("", "gnbs", "ues", "sessions", "terminals", "why", "trace", "performance", "alarms", "events")
PLACES = (*STATE, "subscribers", "network", "configuration", "users", "audit")
KEYS = "() => [...document.querySelectorAll('.lines > .line')].map(row => Number(row.dataset.key))"


def register(site):
    """Switch a terminal with the subscriber's SIM on."""

    async def attach():
        await terminal.register()
        await terminal.pdu_session("internet")

    terminal = site.terminal(SUPI, K, OPC)
    site.call(attach())
    return terminal


def drawn(page):
    """The rows of the ladder on the page: lanes, step, interface, name, clause."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.lines > .line')].map(row =>
            ['.step', '.kind', '.what', '.clause'].map(part => row.querySelector(part).textContent)
            .concat(row.querySelector('.picture').getAttribute('aria-label')))"""
    )


def told(text):
    """The same out of a ladder for the terminal."""
    for line in text.splitlines()[1:]:
        rest = line[re.match(r"[ |*<>-]+", line).end() :] if "-- " not in line else line[line.index("-- ") :]
        found = re.fullmatch(r"(?:(\d+)\s+(\w+?)\s+)?(?:-- )?(.+?)(?: --)?(?:\s{2,}(TS .+))?", rest)
        yield [*(part or "" for part in found.groups())]


def test_when_a_network_is_empty_then_its_first_visitor_brings_a_terminal_in_and_sees_how(page, site):
    page.goto(site.url)
    page.get_by_role("heading", name="Make the first account").wait_for()
    page.get_by_label("Code").wait_for()  # without the link one has to type it
    shoot(page, "first-account")
    assert faults(page) == []
    initialise(page, site)
    subscribe(page, site)
    assert K not in page.content()
    records = site.keep_records()
    page.goto(f"{site.url}/trace")
    page.get_by_text("Nothing has come by yet").wait_for()
    terminal = register(site)
    page.get_by_text("Nudm_UECM_Registration SMF response").wait_for()
    page.get_by_text("PDUSessionResourceSetupResponse").wait_for()
    assert terminal.registered
    ladder_is_the_terminals(page, site, records)
    message_opens(page)
    capture_is_readable(page, site.folder)


def ladder_is_the_terminals(page, site, records):
    """One source: what the page draws is what the terminal would."""
    page.get_by_role("button", name="Follow").click()
    wanted = list(told(render(site.do(list, records), interfaces=("N1", "N2", "N4", "N4-u", "SBI"))))
    assert len(wanted) > 60
    box = page.locator(".ladder")
    seen, at = {}, 0
    while True:
        box.evaluate("(box, top) => { box.scrollTop = top }", at)
        page.wait_for_timeout(60)
        seen |= dict(zip(page.evaluate(KEYS), drawn(page), strict=True))
        at += 500
        if at > box.evaluate("box => box.scrollHeight"):
            break
    rows = [row[:4] for _, row in sorted(seen.items()) if row[2] not in WATCHING]
    assert rows == wanted


def message_opens(page):
    """A message's tree beside its octets, the chosen field marked."""
    page.get_by_label("Filter messages").fill("AuthenticationRequest")
    page.locator(".line.message").first.click()
    tree = page.get_by_role("tree", name="Fields")
    tree.get_by_text("rand", exact=True).click()
    marked = page.locator(".octets i.in")
    assert marked.count() == 16  # TS 24.501 9.11.3.16: RAND has 128 bits
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("treeitem", selected=True).count() == 1
    page.locator(".octets i").nth(3).click()
    assert page.get_by_role("treeitem", selected=True).count() == 1
    shoot(page, "trace-message")
    assert faults(page) == []
    page.get_by_role("button", name="Close message").click()
    page.get_by_label("Filter messages").fill("")


def capture_is_readable(page, folder):
    with page.expect_download() as expected:
        page.get_by_role("link", name="Capture file").click()
    capture = folder / "trace.pcapng"
    expected.value.save_as(capture)
    assert capture.read_bytes()[:4] == b"\n\r\r\n"
    if shutil.which("tshark"):
        assert tshark.malformed(capture) == []
        assert len(tshark.fields(capture, "frame.number")) > 20


def visit(page, site, name, suffix):
    page.goto(f"{site.url}/{name}")
    page.get_by_role("heading", level=1).wait_for()
    page.get_by_text("live", exact=True).wait_for()
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.body.textContent.includes('One moment…')")
    shoot(page, f"{name.replace('/', '-') or 'dashboard'}-{suffix}")
    assert [name, suffix, *faults(page)] == [name, suffix]


def test_when_any_page_is_looked_at_then_everybody_can_use_it(page, site):
    initialise(page, site)
    subscribe(page, site)
    register(site)
    every = (*PLACES, f"ues/{SUPI}", f"subscribers/{SUPI}", "no-such-page")
    for theme in ("light", "dark"):
        page.evaluate("theme => localStorage.setItem('freehold-theme', theme)", theme)
        for name in every:
            visit(page, site, name, theme)
    page.set_viewport_size({"width": 390, "height": 844})
    for name in every:
        visit(page, site, name, "phone")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_when_the_forms_are_open_then_everybody_can_use_them(page, site):
    initialise(page, site)
    subscribe(page, site)
    one = f"subscribers/{SUPI}"
    forms = {
        "subscribers": ("Add", "Import"),
        one: ("Change", "New keys", "Delete"),
        "users": ("User", "Token", "Change"),
    }
    for place, button in ((place, button) for place, buttons in forms.items() for button in buttons):
        page.goto(f"{site.url}/{place}")
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
        page.get_by_role("dialog").wait_for()
        shoot(page, f"form-{place.split('/')[0]}-{button.lower().replace(' ', '-')}")
        assert [place, button, *faults(page)] == [place, button]
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")


def test_when_the_keyboard_is_used_alone_then_any_page_is_near(page, site):
    initialise(page, site)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").wait_for()
    assert faults(page) == []
    page.keyboard.type("subs")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Subscribers").wait_for()
    page.wait_for_function("document.activeElement.tagName === 'H1'")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement !== document.body")


def test_when_a_subscriber_is_changed_barred_and_deleted_then_the_network_knows(page, site):
    initialise(page, site)
    subscribe(page, site)
    terminal = register(site)
    page.goto(f"{site.url}/subscribers/{SUPI}")
    page.get_by_role("button", name="Change", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("pump 8")
    dialog.get_by_label("Downlink of network 1").fill("20")
    dialog.get_by_label("Fixed IPv4 address of network 1").fill("10.45.9.9")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("10.45.9.9").wait_for()
    page.get_by_text("20.0 Mbit/s").wait_for()
    page.get_by_role("button", name="Change", exact=True).click()
    dialog.get_by_label("5QI of network 1").fill("255")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("alert").wait_for()
    dialog.get_by_label("5QI of network 1").fill("9")
    dialog.get_by_label("May use the network").uncheck()
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("barred").wait_for()
    page.wait_for_function("() => true")
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_text("No subscribers yet").wait_for()
    site.do(lambda: None)
    assert not terminal.registered


def test_when_the_configuration_is_changed_then_its_plan_comes_first_and_the_network_follows(page, site):
    initialise(page, site)
    page.goto(f"{site.url}/configuration")
    page.get_by_role("button", name="Change", exact=True).click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("The file")
    text.fill("[network]\nname = 5\n")
    dialog.get_by_role("button", name="See the plan").click()
    dialog.get_by_role("alert").wait_for()
    text.fill(f'{site.text}[network]\nname = "Harbour"\n')
    dialog.get_by_role("button", name="See the plan").click()
    dialog.get_by_role("row", name="network.name").get_by_text("at once").wait_for()
    shoot(page, "form-configuration-plan")
    assert faults(page) == []
    dialog.get_by_role("button", name="Apply").click()
    page.get_by_text("Harbour").first.wait_for()
    page.get_by_role("button", name="Take up again").first.wait_for()


def test_when_many_are_imported_then_all_are_there_or_the_wrong_row_is_told(page, site, tmp_path):
    initialise(page, site)
    rows = [f"imsi-0010100000{number:05},{K},{OPC}" for number in range(1, 301)]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("\n".join(["supi,k,opc", *rows]))
    bad.write_text("\n".join(["supi,k,opc", f"imsi-001010000099999,{K},{OPC}", f"imsi-001010000099998,xyz,{OPC}"]))
    page.goto(f"{site.url}/subscribers")
    page.get_by_role("button", name="Import").click()
    page.get_by_label("File").set_input_files(bad)
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Import", exact=True).click()
    assert "line 3" in dialog.get_by_role("alert").inner_text()
    several = tmp_path / "several.csv"
    several.write_text(
        "\n".join(["supi,k,opc", f"imsi-001010000099999,{K},", "imsi-1,,", f"imsi-001010000099998,{K},{OPC}"])
    )
    page.get_by_label("File").set_input_files(several)
    dialog.get_by_role("button", name="Import", exact=True).click()
    dialog.get_by_text("2 rows are wrong; nothing was changed.").wait_for()
    assert [row.get_attribute("value") for row in dialog.get_by_role("listitem").all()] == ["2", "3"]
    shoot(page, "import-wrong-rows")
    assert faults(page) == []
    page.get_by_label("File").set_input_files(good)
    dialog.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("300 subscribers imported").wait_for()
    page.get_by_label("Filter Subscribers").fill("00123")
    page.get_by_text("1 of 300").wait_for()
    with page.expect_download() as expected:
        page.get_by_role("button", name="Export").click()
    text = expected.value.path().read_text()
    assert text.count("\n") == 301
    assert K not in text


def choose_another_password(page):
    """Whoever got a password from somebody else chooses one at the first log-in (TS 33.117 4.2.3.4.3.2)."""
    enter(page, "eve")
    page.get_by_role("heading", name="Choose a new password").wait_for()
    shoot(page, "new-password")
    assert faults(page) == []
    page.get_by_label("Present password").fill(PASSWORD)
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Choose it").click()
    page.get_by_text("this is the present password").wait_for()
    for label in ("New password", "New password again"):
        page.get_by_label(label, exact=True).fill("Another horse battery")
    page.get_by_role("button", name="Choose it").click()
    page.get_by_role("heading", name="Dashboard").wait_for()


def test_when_a_reader_looks_then_nothing_that_is_not_for_it_is_offered(page, site):
    initialise(page, site)
    page.goto(f"{site.url}/users")
    page.get_by_role("button", name="User", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("eve")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Add").click()
    page.get_by_role("rowheader", name="eve").wait_for()
    page.get_by_role("button", name="Log out").click()
    choose_another_password(page)
    assert page.get_by_role("link", name="Trace").count() == 0
    page.goto(f"{site.url}/users")
    page.get_by_role("heading", name="Not here").wait_for()
    page.goto(f"{site.url}/subscribers")
    page.get_by_role("heading", name="Subscribers").wait_for()
    assert page.get_by_role("button", name="Add").count() == 0


class Crowd(FakeNetwork):
    """Ten thousand UEs, of which a few are connected."""

    def __init__(self):
        super().__init__()
        states = ("CM-CONNECTED", *["CM-IDLE"] * 96)
        self.crowd = [
            UeView(f"imsi-{n:015}", state="5GMM-REGISTERED", connection=states[n % 97]) for n in range(10_000)
        ]

    def switch(self, number):
        """One leaves."""
        self.crowd[number] = UeView(self.crowd[number].supi, state="5GMM-DEREGISTERED", connection="CM-IDLE")

    def ues(self):
        return list(self.crowd)


def test_when_an_alarm_is_raised_then_it_is_seen_acknowledged_cleared_and_kept(page, tmp_path):
    class Console(Web):
        pages = Pages()

    with Console(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        page.goto(f"http://127.0.0.1:{web.address[1]}/alarms")
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("No alarm stands").wait_for()
        web.do(web.network.environment.emit, Event("bug", "something of ours broke", "error", "UE 1", "tell us"))
        page.get_by_text("something of ours broke").wait_for()
        shoot(page, "alarm")
        assert faults(page) == []
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_text("acknowledged by anna").wait_for()
        page.get_by_role("button", name="Clear").click()
        page.get_by_text("No alarm stands").wait_for()
        page.get_by_role("cell", name="something of ours broke").wait_for()
        page.goto("about:blank")


COUNTING = """() => {
    window.made = 0
    window.counting = new MutationObserver(seen => { for (const one of seen) window.made += one.addedNodes.length })
    window.counting.observe(document.querySelector('.rows'), {childList: true, subtree: true, characterData: true})
}"""
COUNTED = "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(window.made), 0)))"


def few_are_made_anew(page, web):
    """The work of a scroll, and of a UE that changed: bounded by what comes into sight, however many there are."""
    box = page.locator(".scroll")
    page.evaluate(COUNTING)
    for _ in range(10):
        box.evaluate("box => { box.scrollTop -= 10 * 36 }")
        page.evaluate(COUNTED)
    assert 90 <= page.evaluate(COUNTED) <= 110  # rows: a hundred came into sight, and were made once
    page.keyboard.press("End")
    last = page.get_by_role("row", name=f"imsi-{9999:015}")
    last.wait_for()
    drawn = page.evaluate("() => [...document.querySelectorAll('.rows .row')].forEach(row => { row.known = true })")
    assert drawn is None
    web.do(web.network.switch, 9999)
    last.get_by_text("DEREGISTERED").wait_for()
    assert page.locator(".rows .row").evaluate_all("rows => rows.every(row => row.known)")  # none was made anew
    page.evaluate("() => window.counting.disconnect()")


def test_when_there_are_ten_thousand_ues_then_few_are_drawn_and_any_is_found(page, tmp_path):
    class Console(Web):
        pages = Pages()

        def __init__(self, folder):
            super().__init__(folder)
            self.network = Crowd()

    with Console(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        page.goto(f"http://127.0.0.1:{web.address[1]}/ues")
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        table = page.get_by_role("table", name="UEs")
        table.wait_for()
        page.get_by_text("10 000").wait_for()
        assert table.get_attribute("aria-rowcount") == "10001"
        assert page.locator(".rows .row").count() < 80
        table.focus()
        page.keyboard.press("End")
        page.get_by_role("link", name=f"imsi-{9999:015}").wait_for()
        assert page.locator(".rows .row").count() < 80
        few_are_made_anew(page, web)
        page.get_by_label("Filter UEs").fill("CONNECTED 009700")
        page.get_by_text("1 of 10 000").wait_for()
        shoot(page, "ten-thousand")
        page.goto("about:blank")
