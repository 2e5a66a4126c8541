"""The API over TCP, asked by programs that are not ours: curl, and http.client."""

import asyncio
import http.client
import json
import re
import shutil
import socket
import subprocess
from urllib.parse import quote

import pytest

from freehold.manage import web as web_server
from freehold.manage.accounts import GRANTS, Permission, Role, watch
from freehold.manage.accounts.accounts import IDLE
from freehold.manage.accounts.passwords import PasswordPolicy
from freehold.manage.routes import ROUTES
from freehold.manage.web import WebServer, secret_of
from freehold.spec.errors import Unusable
from freehold.spec.events import Event
from managekit import CODE, PASSWORD, SUPI, Web


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("web")) as made:
        made.call(made.accounts.initialise("anna", PASSWORD))
        for role in (Role.OPERATOR, Role.AUDITOR, Role.READER):
            made.call(made.accounts.add(role.value, PASSWORD, role))
        made.secrets = {role: made.login("anna" if role == Role.ADMIN else role.value)[0] for role in Role}
        yield made


def test_when_nobody_has_an_account_then_the_first_is_made_once(tmp_path):
    with Web(tmp_path) as web:
        assert web.ask("GET", "/api/v1/setup")[1] == {"initialised": False, "known": False, "oidc": False}
        assert web.ask("GET", "/api/v1/status")[0] == 401
        form = {"name": "anna", "password": PASSWORD, "code": CODE}
        assert web.ask("POST", "/api/v1/initialise", {**form, "password": "short"})[0] == 422
        for code in ("", "guessed", CODE.upper()):
            assert web.ask("POST", "/api/v1/initialise", {**form, "code": code})[0] == 403
        assert web.ask("POST", "/api/v1/initialise", form)[0] == 204
        assert web.ask("POST", "/api/v1/initialise", {**form, "name": "eve"})[0] == 422
        secret, cookie = web.login()
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert web.ask("GET", "/api/v1/me", Authorization=f"Bearer {secret}")[1]["role"] == "admin"
        assert web.ask("POST", "/api/v1/logout", Authorization=f"Bearer {secret}")[0] == 204
        assert web.ask("GET", "/api/v1/me", Authorization=f"Bearer {secret}")[0] == 401
        acts = [json.loads(entry) for entry in web.network.ledger()]
        assert [(act["act"], act["actor"]) for act in acts] == [
            ("account.initialise", "somebody at 127.0.0.1"),
            ("account.login", "anna"),
            ("account.logout", "anna"),
        ]
        assert PASSWORD not in str(acts)


OPERATIONS = [(path, method) for path, methods in ROUTES.items() for method in methods if path != "logout"]


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_when_a_role_asks_then_it_gets_what_is_granted_and_nothing_else(web, role, path, method):
    """M01, M02: nobody reads without a log-in, and the network's own rights serve no caller who has none."""
    needs = ROUTES[path][method].needs
    headers = {} if role is None else {"Authorization": f"Bearer {web.secrets[role]}"}
    where = "/api/v1/" + path.replace("{supi}", "imsi-001019999999999").replace("{name}", "nobody").replace(
        "{id}", "none"
    )
    if path in {"tap", "ladder", "capture", "live"} and role is not None and needs in GRANTS[role]:
        connection = http.client.HTTPConnection(*web.address, timeout=20)  # it streams until we go
        connection.request(method, where, headers=headers)
        assert connection.getresponse().status == 200
        connection.close()
        return
    status = web.ask(method, where, {"neither": "here"}, **headers)[0]
    if needs is None:
        assert status not in {401, 403} or path == "initialise"
    elif role is None:
        assert status == 401
    else:
        assert (status == 403) == (needs not in GRANTS[role])
        assert status != 401


def test_when_an_auditor_asks_who_may_do_what_then_accounts_and_tokens_are_shown_and_not_changed(web):
    auditor = {"Authorization": f"Bearer {web.secrets[Role.AUDITOR]}"}
    assert {"anna", "operator"} <= {each["name"] for each in web.ask("GET", "/api/v1/accounts", **auditor)[1]}
    assert web.ask("GET", "/api/v1/accounts/anna", **auditor)[1]["role"] == "admin"
    assert web.ask("GET", "/api/v1/tokens", **auditor)[0] == 200
    assert web.ask("PATCH", "/api/v1/accounts/auditor", {"role": "admin"}, **auditor)[0] == 403
    assert web.ask("GET", "/api/v1/accounts", Authorization=f"Bearer {web.secrets[Role.OPERATOR]}")[0] == 403


def test_when_roles_are_listed_then_each_permission_is_some_role_s():
    assert set().union(*GRANTS.values()) == set(Permission)


def test_when_a_cookie_asks_for_a_change_then_only_our_own_page_may(web):
    cookie = f"freehold={web.secrets[Role.ADMIN]}"
    path, host = f"/api/v1/ues/{SUPI}/deregister", f"{web.address[0]}:{web.address[1]}"
    assert web.ask("GET", "/api/v1/status", Cookie=cookie)[0] == 200
    assert web.ask("POST", path, Cookie=cookie)[0] == 403
    assert web.ask("POST", path, Cookie=cookie, Origin="http://evil.example")[0] == 403
    assert web.ask("POST", path, Cookie=cookie, Origin=f"http://{host}")[0] == 202


def test_when_a_foreign_name_leads_here_then_it_is_not_served(web):
    for host in ("evil.example", "evil.example:5380", "", "127.0.0.1.evil.example", "\xff"):
        assert web.ask("GET", "/api/v1/setup", Host=host)[0] in {400, 421}
    assert web.ask("GET", "/api/v1/setup", Host=f"localhost:{web.address[1]}")[0] == 200


def test_when_a_stranger_sends_much_then_it_is_not_read_and_who_has_logged_in_may(web):
    # TS 33.117 4.2.3.3.3
    form = {"name": "anna", "password": "x" * 70_000}
    assert web.ask("POST", "/api/v1/login", form)[0] == 413
    assert web.ask("POST", "/api/v1/login", form, Authorization="Bearer guessed")[0] == 413
    bearer = {"Authorization": f"Bearer {web.secrets[Role.READER]}"}
    assert web.ask("POST", "/api/v1/decode", {"octets": "7e" * 70_000}, **bearer)[0] != 413


def test_when_a_stranger_never_ends_a_request_then_the_connection_ends(web, monkeypatch):
    # TS 33.117 4.2.3.3.3
    monkeypatch.setattr(web_server, "STRANGER", (1000, 0.05))
    with socket.create_connection(web.address, timeout=20) as slow:
        head = (
            f"POST /api/v1/login HTTP/1.1\r\nHost: {web.address[0]}:{web.address[1]}\r\nContent-Length: 100\r\n\r\n{{"
        )
        slow.sendall(head.encode())
        read = b"".join(iter(lambda: slow.recv(4096), b""))
    assert read.startswith(b"HTTP/1.1 408 ")


def test_when_a_request_names_two_hosts_then_it_is_refused(web):
    # RFC 9112 3.2
    host = f"Host: {web.address[0]}:{web.address[1]}\r\n"
    for second in (host, "Host: evil.example\r\n"):
        with socket.create_connection(web.address, timeout=20) as asked:
            asked.sendall(f"GET /api/v1/setup HTTP/1.1\r\n{host}{second}\r\n".encode())
            assert asked.recv(100).startswith(b"HTTP/1.1 400 ")


def test_when_passwords_are_guessed_then_the_answer_is_to_wait(tmp_path):
    with Web(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        form = {"name": "anna", "password": "Wrong horse battery"}
        statuses = [web.ask("POST", "/api/v1/login", form)[0] for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        (alarm,) = web.api.alarms.all()
        assert (alarm.specific_problem, alarm.object_instance, alarm.count) == ("log-in", "127.0.0.1", 7)


def test_when_a_token_is_made_then_it_works_until_it_is_revoked(web):
    admin = {"Authorization": f"Bearer {web.secrets[Role.ADMIN]}"}
    form = {"account": "anna", "role": "read-only", "days": 1, "text": "a script"}
    status, token, _ = web.ask("POST", "/api/v1/tokens", form, **admin)
    assert status == 201
    bearer = {"Authorization": f"Bearer {token['secret']}"}
    assert web.ask("GET", "/api/v1/ues", **bearer)[0] == 200
    assert web.ask("DELETE", f"/api/v1/ues/{SUPI}", **bearer)[0] == 405
    assert web.ask("POST", f"/api/v1/ues/{SUPI}/deregister", **bearer)[0] == 403
    assert token["secret"] not in str(web.ask("GET", "/api/v1/tokens", **admin)[1])
    assert web.ask("DELETE", f"/api/v1/tokens/{token['id']}", **admin)[0] == 204
    assert web.ask("GET", "/api/v1/ues", **bearer)[0] == 401


@pytest.mark.parametrize("days", [0, -1, 1e308, 1e400])
def test_when_a_token_would_last_for_ever_then_it_is_refused(web, days):
    admin = {"Authorization": f"Bearer {web.secrets[Role.ADMIN]}"}
    form = {"account": "anna", "role": "read-only", "days": days}
    assert web.ask("POST", "/api/v1/tokens", form, **admin)[0] == 422


def test_when_events_are_followed_then_they_come_as_server_sent_events(web):
    connection = http.client.HTTPConnection(*web.address, timeout=20)
    headers = {"Authorization": f"Bearer {web.secrets[Role.READER]}", "Accept": "text/event-stream"}
    connection.request("GET", "/api/v1/events?follow", headers=headers)
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "text/event-stream"
    web.do(web.network.environment.emit, Event("test", "something happened"))
    line = answer.readline()
    assert line.startswith(b"data: {")
    assert json.loads(line.removeprefix(b"data: "))["text"] == "something happened"
    assert answer.readline() == b"\n"
    connection.close()


@pytest.mark.interop
def test_when_curl_asks_over_http_2_then_it_is_answered(web):
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    url = f"http://{web.address[0]}:{web.address[1]}/api/v1/status"
    command = [
        "curl",
        "-sS",
        "-i",
        "--http2-prior-knowledge",
        "-H",
        f"Authorization: Bearer {web.secrets[Role.READER]}",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("HTTP/2 200")
    assert "x-content-type-options: nosniff" in done.stdout


@pytest.mark.interop
@pytest.mark.parametrize("place", [0, 1, 2])
def test_when_a_browser_has_other_cookies_too_then_ours_is_found(web, place):
    # RFC 9113 8.2.3: over HTTP/2 each cookie may come in a header of its own
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    cookies = ["_session=a", 'odd={"x": [1, 2]}']
    cookies.insert(place, f"freehold={web.secrets[Role.READER]}")
    url = f"http://{web.address[0]}:{web.address[1]}/api/v1/me"
    for version in ("--http2-prior-knowledge", "--http1.1"):
        for headers in (cookies, ["; ".join(cookies)]):
            asked = [word for each in headers for word in ("-H", f"Cookie: {each}")]
            done = subprocess.run(["curl", "-sS", version, *asked, url], capture_output=True, text=True, check=True)
            assert json.loads(done.stdout)["role"] == "read-only"


def test_when_it_would_listen_beyond_the_machine_without_a_certificate_then_it_is_refused():
    with pytest.raises(Unusable, match="certificate"):
        WebServer(lambda _: None, ("0.0.0.0", 5380), None)


def test_when_the_port_is_taken_then_it_is_said():
    async def run(port):
        await WebServer(lambda _: None, ("127.0.0.1", port), None).start()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unusable, match="in use"):
            asyncio.run(run(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": "Bearer x", "cookie": "freehold=y"}, ("x", False)),
        ({"authorization": "bearer  x ", "cookie": ""}, ("x", False)),
        ({"authorization": "Basic x", "cookie": "a=b; freehold=y"}, ("y", True)),
        ({"authorization": "", "cookie": 'a={"x": 1}; freehold=y; @=[]'}, ("y", True)),
        ({"authorization": "", "cookie": "notfreehold=x; freehold2=z"}, ("", False)),
        ({"authorization": "", "cookie": "freehold"}, ("", False)),
        ({"authorization": "", "cookie": ";;=;\x00"}, ("", False)),
    ],
)
def test_when_a_secret_is_given_then_it_is_found(headers, expected):
    assert secret_of(headers) == expected


def test_when_the_log_in_ends_then_what_streams_ends_too(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "OFTEN", 0.02)
    with Web(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        secret, _ = web.login()
        bearer = {"Authorization": f"Bearer {secret}"}
        connection = http.client.HTTPConnection(*web.address, timeout=20)
        connection.request("GET", "/api/v1/live?topics=status", headers=bearer)
        answer = connection.getresponse()
        assert json.loads(answer.readline())["topic"] == "status"
        assert web.ask("POST", "/api/v1/logout", **bearer)[0] == 204
        while answer.readline():
            pass  # what was under way, and then the end
        connection.close()


def test_when_a_stream_is_open_then_that_does_not_keep_the_log_in_in_use(tmp_path):
    with Web(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        secret, _ = web.login()
        web.do(web.network.environment.clock.run_until, IDLE - 1)
        assert web.do(web.accounts.admitted, secret)
        web.do(web.network.environment.clock.run_until, IDLE + 1)
        assert not web.do(web.accounts.admitted, secret)


def test_when_somebody_changes_the_own_password_then_the_present_one_is_needed(tmp_path):
    with Web(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        web.call(web.accounts.add("eve", PASSWORD, Role.READER))
        secret, _ = web.login("eve")
        bearer = {"Authorization": f"Bearer {secret}"}
        wrong = {"current": "Wrong horse battery", "password": "Another horse battery"}
        assert web.ask("PATCH", "/api/v1/me", wrong, **bearer)[0] == 422
        assert web.ask("PATCH", "/api/v1/me", {**wrong, "current": PASSWORD, "password": "short"}, **bearer)[0] == 422
        assert web.ask("PATCH", "/api/v1/me", {**wrong, "current": PASSWORD}, **bearer)[0] == 204
        assert web.ask("GET", "/api/v1/me", **bearer)[0] == 401
        assert web.call(web.accounts.login("eve", "Another horse battery", "here"))
        assert [json.loads(entry)["act"] for entry in web.network.ledger()][-1] == "account.password"


def test_when_a_password_is_due_then_nothing_is_granted_but_to_choose_another_one(tmp_path):
    """TS 33.117 4.2.3.4.3.2: whoever got a password from an administrator changes it at the first log-in."""
    with Web(tmp_path) as web:
        web.policy = PasswordPolicy(own=True)
        web.call(web.accounts.initialise("anna", PASSWORD))
        admin = {"Authorization": f"Bearer {web.login()[0]}"}
        form = {"name": "otto", "password": PASSWORD, "role": "admin"}
        assert web.ask("POST", "/api/v1/accounts", form, **admin)[0] == 201
        otto = {"Authorization": f"Bearer {web.login('otto')[0]}"}
        me = web.ask("GET", "/api/v1/me", **otto)[1]
        assert (me["due"], me["permissions"]) == (True, [])
        for path, methods in ROUTES.items():
            for method, operation in methods.items():
                if operation.needs is not None and not operation.due:
                    where = "/api/v1/" + re.sub(r"\{\w+\}", "x", path)
                    status, problem, _ = web.ask(method, where, **otto)
                    assert (status, problem["detail"].partition(":")[0]) == (403, "choose a new password first"), (
                        method,
                        path,
                    )
        change = {"current": PASSWORD, "password": "Another horse battery"}
        assert web.ask("PATCH", "/api/v1/me", change, **otto)[0] == 204
        _, again, _ = web.ask("POST", "/api/v1/login", {"name": "otto", "password": change["password"]})
        assert (again["due"], "administer" in again["permissions"]) == (False, True)


@pytest.mark.parametrize("last", ["0", "-1", "x", "1e3", "\u0661", "9" * 30])
def test_when_no_number_of_entries_is_asked_for_then_it_is_refused(web, last):
    admin = {"Authorization": f"Bearer {web.secrets[Role.ADMIN]}"}
    assert web.ask("GET", f"/api/v1/ledger?last={quote(last)}", **admin)[0] == 422
    assert web.ask("GET", "/api/v1/ledger?last=2", **admin)[1].count(b"\n") == 2


def test_when_no_code_was_told_then_only_the_owner_makes_the_first_account(tmp_path):
    with Web(tmp_path) as web:
        web.api.code = ""
        form = {"name": "anna", "password": PASSWORD, "code": ""}
        assert web.ask("POST", "/api/v1/initialise", form)[0] == 403


def test_when_two_change_an_account_or_end_a_token_then_the_second_is_refused(web):
    web.call(web.accounts.add("bert", PASSWORD, Role.OPERATOR))
    secret, _ = web.login()
    bearer = {"authorization": f"Bearer {secret}"}

    def ask(method, path, body=None, tag=""):
        status, read, answer = web.ask(method, f"/api/v1/{path}", body, **bearer, **({"if-match": tag} if tag else {}))
        return status, read, answer.headers["etag"]

    assert ask("GET", "accounts/nobody")[0] == 404
    _, _, read = ask("GET", "accounts/bert")
    status, _, written = ask("PATCH", "accounts/bert", {"enabled": False}, read)
    assert status == 200
    assert ask("PATCH", "accounts/bert", {"role": "admin"}, read)[0] == 412
    assert ask("DELETE", "accounts/bert", tag=read)[0] == 412
    made = ask("POST", "tokens", {"account": "anna", "role": "read-only", "text": "probe"})[1]
    status, shown, tag = ask("GET", f"tokens/{made['id']}")
    assert (status, shown["text"], "secret" in shown) == (200, "probe", False)
    assert ask("DELETE", f"tokens/{made['id']}", tag='"other"')[0] == 412
    assert ask("DELETE", f"tokens/{made['id']}", tag=tag)[0] == 204
    assert ask("GET", f"tokens/{made['id']}")[0] == 404
    assert ask("DELETE", "accounts/bert", tag=written)[0] == 204
