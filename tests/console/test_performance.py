"""The history of periods, drawn; and a list of ten thousand that scrolls as smoothly as one of ten."""

import pytest

from consolekit import faults, log_in, shoot
from freehold.manage.pages import Pages
from freehold.manage.views import UeView
from managekit import PASSWORD, FakeNetwork, Web

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("console")]


class Console(Web):
    pages = Pages()


def measured(web):
    """Some hours of a network's life."""
    web.api.start()
    environment = web.network.environment
    for hour in range(24):
        web.network.sampled |= {"RM.RegisteredSubNbr": 40 + 3 * hour, "SM.SessionNbr": 35 + 3 * hour}
        environment.count("RM.RegInitReq", "", 20 + hour % 7)
        environment.count("RM.RegInitSucc", "", 20 + hour % 7 - (hour % 5 == 0))
        environment.run_for(900)


def test_when_periods_were_kept_then_they_are_drawn(page, tmp_path):
    with Console(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        web.do(measured, web)
        page.goto(f"http://127.0.0.1:{web.address[1]}/performance")
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("No period has ended in this time").wait_for()  # the network's clock is not the browser's
        page.get_by_label("Time").select_option("0")
        load = page.get_by_role("img", name="Load: Registered UEs")
        load.wait_for()
        assert "109" in load.get_attribute("aria-label")
        page.get_by_role("img", name="RM.RegInitReq").wait_for()
        page.get_by_label("Counter", exact=True).select_option("RM.RegInitSucc")
        page.get_by_role("img", name="RM.RegInitSucc").wait_for()
        page.get_by_role("row", name="Registration success rate, initial").wait_for()
        shoot(page, "performance-history")
        assert faults(page) == []
        page.goto("about:blank")


class Crowd(FakeNetwork):
    def ues(self):
        return [UeView(f"imsi-{n:015}", state="5GMM-REGISTERED", gnb="gnb-1", tai="001/01 1") for n in range(10_000)]


FRAMES = """rows => new Promise(done => {
    const box = document.querySelector(rows);
    let steps = 0;
    const step = () => {
        box.scrollTop += 3000;
        if (++steps < 100) requestAnimationFrame(step);
        else done([box.scrollTop, document.querySelectorAll('.rows .row').length]);
    };
    requestAnimationFrame(step);
})"""


def test_when_ten_thousand_ues_are_scrolled_through_then_each_frame_draws_the_rows_in_sight_alone(page, tmp_path):
    with Console(tmp_path) as web:
        web.network.ues = Crowd().ues
        web.call(web.accounts.initialise("anna", PASSWORD))
        page.goto(f"http://127.0.0.1:{web.address[1]}/")
        log_in(page)
        page.goto(f"http://127.0.0.1:{web.address[1]}/ues")
        page.get_by_text("10 000").wait_for()
        top, drawn = page.evaluate(FRAMES, ".scroll")
        assert top > 250_000
        assert drawn < 80
        page.goto("about:blank")
