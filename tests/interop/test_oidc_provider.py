"""Log-in at a provider that is not ours: OpenID Connect's authorization code flow with PKCE, from end to end."""

import http.cookiejar
import json
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from freehold.manage.accounts.oidc import Oidc, OidcSettings
from freehold.manage.fetch import fetch
from interopkit.program import Program
from managekit import PASSWORD, Web, free_port

SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
SECRET = "hush: of the client"
ROLES = {"net-ops": "operator", "staff": "read-only"}


@pytest.fixture
def web(tmp_path, oidc_provider):
    if (node := shutil.which("node")) is None:
        pytest.skip("no node on this machine")
    port = free_port()
    (tmp_path / "node_modules").symlink_to(oidc_provider / "node_modules")
    script = tmp_path / SCRIPT.name
    script.write_text(SCRIPT.read_text())
    with Web(tmp_path) as made:
        made.call(made.accounts.initialise("anna", PASSWORD))
        settings = OidcSettings(f"http://127.0.0.1:{port}", "freehold", SECRET, roles=ROLES)
        made.api.oidc = Oidc(settings, fetch, made.network.now)
        redirect = f"http://127.0.0.1:{made.address[1]}/api/v1/oidc-callback"
        environment = {"PORT": str(port), "REDIRECT": redirect, "SECRET": SECRET}
        with Program([node, script], environment=environment) as provider:
            provider.wait_for("listening")
            yield made


class Browser:
    """Keeps cookies, follows redirects, and fills in the two forms of the provider."""

    def __init__(self, web):
        self.url = f"http://127.0.0.1:{web.address[1]}"
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def log_in(self, name):
        """Where it ended up."""
        answer = self._opener.open(f"{self.url}/api/v1/oidc-login", timeout=30)
        for form in ({"prompt": "login", "login": name, "password": "x"}, {"prompt": "consent"}):
            page = re.search(r'action="([^"]+)"', answer.read().decode()).group(1)
            octets = urllib.parse.urlencode(form).encode()
            try:
                answer = self._opener.open(urllib.parse.urljoin(answer.geturl(), page), octets, timeout=30)
            except urllib.error.HTTPError as end:  # this server has no pages: it ends where the console would be
                return end.geturl()
        return answer.geturl()

    def me(self):
        return json.loads(self._opener.open(f"{self.url}/api/v1/me", timeout=30).read())


def test_when_somebody_logs_in_at_a_provider_then_the_groups_there_give_the_role_here(web):
    browser = Browser(web)
    assert browser.log_in("ada") == f"{browser.url}/"
    read = browser.me()
    assert (read["name"], read["role"]) == ("ada", "operator")
    assert [each.name for each in browser.cookies if each.name.startswith("freehold")] == ["freehold"]


def test_when_the_provider_knows_somebody_without_a_group_of_ours_then_that_one_is_told_why(web):
    browser = Browser(web)
    where = urllib.parse.urlsplit(browser.log_in("eve"))
    assert "give you no role here" in urllib.parse.unquote(where.fragment)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        browser.me()
    assert [each.name for each in web.accounts.all()] == ["anna"]
