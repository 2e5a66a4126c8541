"""A log-in at a provider: what is right is admitted with the provider's role, and every lie is refused."""

import asyncio
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from freehold.manage.accounts import Role
from freehold.manage.accounts.oidc import KEYS_AGAIN, PATIENCE, NotAdmitted, Oidc, OidcSettings, check_url
from freehold.spec.errors import Unusable
from managekit import PASSWORD, Web
from oidckit import CLIENT, ISSUER, KEY, OTHER, Provider

ROLES = {"net-admins": Role.ADMIN, "net-ops": Role.OPERATOR, "auditors": Role.AUDITOR}
BACK = "http://127.0.0.1:5380/api/v1/oidc-callback"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def provider():
    return Provider()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def oidc(provider, clock):
    return Oidc(OidcSettings(ISSUER, CLIENT, "hush hush", roles=ROLES), provider.fetch, clock)


def log_in(oidc, provider, change=lambda query: query, binding=None):
    async def run():
        url, bound = await oidc.begin(BACK)
        return await oidc.finish(change(provider.log_in(url)), bound if binding is None else binding)

    return asyncio.run(run())


def test_when_somebody_logs_in_then_name_and_role_are_the_providers(oidc, provider):
    identity = log_in(oidc, provider)
    assert (identity.subject, identity.name, identity.role) == (f"{ISSUER} 248289761001", "Ada", Role.OPERATOR)
    provider.claims["groups"] = ["auditors", "net-admins", "net-ops"]
    assert log_in(oidc, provider).role == Role.ADMIN
    provider.claims["groups"] = "auditors"
    assert log_in(oidc, provider).role == Role.AUDITOR


@pytest.mark.parametrize("groups", [None, [], ["staff"], "staff", 7, {"net-admins": 1}])
def test_when_the_claim_gives_no_role_then_nobody_is_admitted(oidc, provider, groups):
    provider.change = {"groups": groups}
    with pytest.raises(NotAdmitted, match="no role"):
        log_in(oidc, provider)


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": None},
        {"iss": "https://id.example.test.evil.test"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
    ],
)
def test_when_a_token_lies_then_it_is_refused(oidc, provider, change):
    provider.change = change
    with pytest.raises(NotAdmitted):
        log_in(oidc, provider)


def test_when_a_token_is_not_signed_by_the_provider_then_it_is_refused(oidc, provider):
    assert log_in(oidc, provider)
    provider.key = OTHER  # somebody else's key by the same name
    with pytest.raises(NotAdmitted, match="not right"):
        log_in(oidc, provider)
    provider.kid = "2"
    with pytest.raises(NotAdmitted, match="does not show"):
        log_in(oidc, provider)


def test_when_a_token_is_signed_by_nobody_then_it_is_refused(oidc, provider):
    provider.algorithm, provider.secret = "none", ""
    provider.key = None
    with pytest.raises(NotAdmitted, match="not signed"):
        log_in(oidc, provider)


def test_when_the_public_key_is_taken_for_a_secret_then_it_is_refused(oidc, provider):

    provider.algorithm = "HS256"
    provider.secret = (
        b"x" * 32
    )  # PyJWT itself does not sign with a public key as a secret: the name of the way is enough
    assert KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(NotAdmitted, match="not signed"):
        log_in(oidc, provider)


def test_when_the_provider_takes_a_new_key_then_it_is_found_but_not_looked_for_without_end(oidc, provider, clock):
    log_in(oidc, provider)
    provider.key, provider.kid, provider.shown = OTHER, "2", [("1", KEY), ("2", OTHER)]
    with pytest.raises(NotAdmitted):
        log_in(oidc, provider)
    clock.now += KEYS_AGAIN
    assert log_in(oidc, provider)
    asked = provider.asked.count("/keys")
    provider.kid = "3"
    for _ in range(5):
        with pytest.raises(NotAdmitted):
            log_in(oidc, provider)
    assert provider.asked.count("/keys") == asked


@pytest.mark.parametrize(
    "change",
    [
        lambda query: {**query, "state": "another"},
        lambda query: {"code": query["code"]},
        lambda query: {**query, "code": "another"},
        lambda query: {"state": query["state"], "error": "access_denied"},
        lambda query: {**query, "iss": "https://evil.test"},
    ],
)
def test_when_a_browser_brings_something_else_back_then_it_is_refused(oidc, provider, change):
    with pytest.raises(NotAdmitted):
        log_in(oidc, provider, change)


def test_when_another_browser_comes_back_then_it_is_refused(oidc, provider):
    with pytest.raises(NotAdmitted, match="another browser"):
        log_in(oidc, provider, binding="")


def test_when_a_log_in_is_used_twice_or_late_then_it_is_refused(oidc, provider, clock):
    async def run(wait):
        url, bound = await oidc.begin(BACK)
        query = provider.log_in(url)
        clock.now += wait
        assert await oidc.finish(query, bound)
        with pytest.raises(NotAdmitted, match="not under way"):
            await oidc.finish(query, bound)

    asyncio.run(run(1))
    with pytest.raises(NotAdmitted, match="too long"):
        asyncio.run(run(PATIENCE + 1))


def test_when_the_provider_calls_itself_otherwise_then_nobody_is_sent_there(oidc, provider):
    provider.issuer = "https://evil.test"
    with pytest.raises(NotAdmitted, match="calls itself"):
        asyncio.run(oidc.begin(BACK))


@pytest.mark.parametrize("url", ["http://id.example.test", "ftp://x", "", "https://", "javascript:alert(1)"])
def test_when_a_provider_is_not_reached_safely_then_it_is_no_provider(url):
    with pytest.raises(Unusable, match="https"):
        check_url(url, "management.oidc.issuer")
    check_url("http://127.0.0.1:8080", "x")


# --- through the API ------------------------------------------------------------------------------
@pytest.fixture
def web(tmp_path):
    with Web(tmp_path) as made:
        made.provider = Provider()
        made.api.oidc = Oidc(
            OidcSettings(ISSUER, CLIENT, "hush hush", roles=ROLES), made.provider.fetch, made.network.now
        )
        made.call(made.accounts.initialise("ada", PASSWORD))
        yield made


def come_back(web):
    status, _, answer = web.ask("GET", "/api/v1/oidc-login")
    assert status == 303
    sent = answer.headers["location"]
    assert parse_qs(urlsplit(sent).query)["redirect_uri"] == [f"http://127.0.0.1:{web.address[1]}/api/v1/oidc-callback"]
    query = web.provider.log_in(sent)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    path = f"/api/v1/oidc-callback?code={query['code'].replace(' ', '%20')}&state={query['state']}"
    return web.ask("GET", path, Cookie=cookie)[2]


def test_when_somebody_comes_back_then_a_cookie_lets_in_with_the_role_of_now(web):
    answer = come_back(web)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert "Max-Age=0" in answer.headers.get_all("set-cookie")[1]  # what bound the log-in to the browser is done with
    cookie = answer.headers["set-cookie"].partition(";")[0]
    read = web.ask("GET", "/api/v1/me", Cookie=cookie)[1]
    assert (read["name"], read["role"]) == ("ada-2", "operator")  # never the local account of that name
    web.provider.claims["groups"] = ["auditors"]
    come_back(web)
    assert web.ask("GET", "/api/v1/me", Cookie=cookie)[0] == 401  # what the old role let in has ended
    assert [(each.name, each.role) for each in web.accounts.all()] == [("ada", "admin"), ("ada-2", "auditor")]


def test_when_an_account_of_a_provider_is_disabled_then_the_provider_does_not_let_it_in(web):
    come_back(web)
    web.call(web.accounts.change("ada-2", enabled=False))
    answer = come_back(web)
    assert answer.headers["location"] == "/#refused=the%20account%20is%20disabled"
    assert "set-cookie" not in answer.headers


def test_when_an_account_is_a_providers_then_no_password_opens_it(web):
    come_back(web)
    for password in ("", PASSWORD):
        assert web.ask("POST", "/api/v1/login", {"name": "ada-2", "password": password})[0] in {401, 422}
    with pytest.raises(Unusable, match="provider"):
        web.call(web.accounts.change("ada-2", role=Role.ADMIN))


def test_when_no_provider_is_set_then_there_is_nothing(web):
    assert web.ask("GET", "/api/v1/setup")[1]["oidc"]
    web.api.oidc = None
    assert not web.ask("GET", "/api/v1/setup")[1]["oidc"]
    assert web.ask("GET", "/api/v1/oidc-login")[0] == web.ask("GET", "/api/v1/oidc-callback")[0] == 404
