"""A browser for the console's tests; each says what it lacks."""

import pytest

from consolekit import AXE, CHROMIUM, FLAGS, Site
from freehold.manage.pages import Pages


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: as root, apt-get install chromium")
    if not Pages().built:
        pytest.skip("the console was not built: make setup")
    if not AXE.exists():
        pytest.skip(f"{AXE} is not there: make .build/web-dev.stamp")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield made
        made.close()


def complains(said):
    """Whether the browser complains; that a form was refused is what its test wants."""
    return said.type in {"error", "warning"} and "status of 422" not in said.text


@pytest.fixture
def page(browser):
    """A page whose every complaint is a failure."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(20_000)
    made = context.new_page()
    complaints = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda said: complaints.append(said.text) if complains(said) else None)
    made.on("request", lambda asked: complaints.append(asked.url) if "//127.0.0.1:" not in asked.url else None)
    made.complaints = complaints
    yield made
    context.close()
    assert complaints == []


@pytest.fixture
def site(tmp_path, page):
    with Site(tmp_path) as made:
        yield made
        page.goto("about:blank")  # before the network goes: a page complains about one that went
