"""A browser at the console of a whole network that runs in this process."""

import asyncio
import contextlib
import os
import threading
from pathlib import Path

from freehold.app.all_in_one import running
from freehold.app.config import parse
from freehold.app.registry import slices_of
from freehold.manage.subscribers import SubscriberForm, subscriber_of
from managekit import OPC, PASSWORD, SUPI, K, free_port

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
AXE = Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = Path(os.environ.get("FREEHOLD_SCREENSHOTS") or Path(__file__).parents[3] / ".build/screenshots")
"""Where screenshots are put, to be looked at."""


class Site:
    """A network in a loop of its own, in another thread."""

    def __init__(self, folder: Path, amf="", more=""):
        """`amf` are more lines of that section, `more` other sections."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.text = (
            f'[amf]\nciphering = ["NEA0"]\n{amf}{more}[store]\npath = "{folder}/data"\n'
            f'[management]\nsocket = "{folder}/m.sock"\nlisten = "127.0.0.1:{self.port}"\n'
        )
        self.file = folder / "freehold.toml"
        self.file.write_text(self.text)
        self.configuration = parse(self.text)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.records = []

    def __enter__(self):
        self.thread.start()
        self.stack = contextlib.AsyncExitStack()
        self.made = self.call(
            self.stack.enter_async_context(running(self.configuration, source=self.file, console=True))
        )
        return self

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def do(self, function, *arguments):
        async def run():
            return function(*arguments)

        return self.call(run())

    @property
    def first(self):
        """The address of the first visit, with its code."""
        return self.made.console

    def terminal(self, supi, k, opc):
        """A terminal with this SIM, still off."""
        sim = subscriber_of(SubscriberForm(supi, k, opc), slices_of(self.configuration), None)
        return self.do(self.made.network.ue, sim)

    def keep_records(self):
        """Every record of the signalling from now on."""
        self.do(lambda: self.made.network.tap.listen(self.records.append, packets=False))
        return self.records

    def __exit__(self, *_):
        self.call(self.stack.aclose())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()


def faults(page):
    """What axe finds wrong with a page: rule, weight, and the first places."""
    page.evaluate(AXE.read_text())
    return page.evaluate(
        """rules => axe.run(document, {runOnly: rules}).then(found => found.violations.map(
            each => [each.id, each.impact, each.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))""",
        RULES,
    )


def shoot(page, name):
    """A picture of the page as it is."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


# --- what a person does ---------------------------------------------------------------------------
def enter(page, name):
    """Fill in the log-in."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_in(page, name="anna"):
    enter(page, name)
    page.get_by_role("heading", name="Dashboard").wait_for()


def initialise(page, site):
    page.goto(site.first)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.get_by_role("heading", name="Dashboard").wait_for()


def subscribe(page, site):
    page.goto(f"{site.url}/subscribers")
    page.get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("SUPI").fill(SUPI)
    dialog.get_by_label("Name").fill("pump 7")
    dialog.get_by_label("K", exact=True).fill(K)
    dialog.get_by_label("OPc").fill(OPC)
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name=SUPI).wait_for()


def start_terminal(page, site):
    """Switch the terminal of the subscriber on."""
    page.goto(f"{site.url}/terminals")
    page.get_by_role("button", name="Start a terminal").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Subscriber").wait_for()
    shoot(page, "form-start-a-terminal")
    assert faults(page) == []
    dialog.get_by_role("button", name="Switch it on").click()
    page.get_by_role("row", name=SUPI).get_by_text("REGISTERED", exact=True).wait_for()
