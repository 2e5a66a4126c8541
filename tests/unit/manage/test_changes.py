"""Every change that the API's document offers: for the state that somebody saw, of the one that the path names."""

import asyncio
import re

import pytest

from freehold.manage.accounts import Role
from freehold.manage.openapi import document
from freehold.manage.routes import ROUTES
from freehold.spec.events import Event
from managekit import OPC, PASSWORD, SUPI, K, Web

CHANGES = {"PUT", "PATCH", "DELETE"}
CHANGING = [(method, path) for path, methods in ROUTES.items() for method in methods if method in CHANGES]
UNTAGGED = {
    ("PATCH", "me"): "the present password proves that it is known",
    ("DELETE", "home-keys/{id}"): "a key pair never changes: it is there or not",
    ("DELETE", "restore"): "what waits is given up, whatever it is",
}
"""Changes that name no state, each with the reason; every other one does."""
BODIES = {
    ("PATCH", "accounts/{name}"): {"enabled": False},
    ("PATCH", "alarms/{id}"): {"ack_state": "ACKNOWLEDGED"},
    ("PATCH", "subscribers/{supi}"): {"name": "pump 8"},
    ("PUT", "configuration"): {"text": "name = new"},
    ("PUT", "thresholds/{name}"): {"of": "SM.SessionNbr", "value": 7},
}
"""A change of each that is right but for the state it names."""
TAGGED = [each for each in CHANGING if each not in UNTAGGED]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("changes")) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        web.call(web.accounts.add("bert", PASSWORD, Role.OPERATOR))
        web.bearer = {"authorization": f"Bearer {web.login()[0]}"}
        for path, form in (
            ("subscribers", {"supi": SUPI, "k": K, "opc": OPC}),
            ("tokens", {"account": "anna", "role": "read-only"}),
        ):
            status, made, _ = web.ask("POST", f"/api/v1/{path}", form, **web.bearer)
            assert status == 201
        form = {"of": "SM.SessionNbr", "value": 5}
        assert web.ask("PUT", "/api/v1/thresholds/many", form, **web.bearer, **{"if-match": '"x"'})[0] == 412
        assert web.ask("PUT", "/api/v1/thresholds/many", form, **web.bearer)[0] == 200
        web.do(web.network.environment.emit, Event("gnb-lost", "gone", "warning", "gnb-1"))
        web.names = {"subscribers": SUPI, "accounts": "bert", "tokens": made["id"], "thresholds": "many", "alarms": "1"}
        yield web


def filled(site, path):
    return "/api/v1/" + re.sub(r"\{\w+\}", lambda _: site.names[path.partition("/")[0]], path)


def read(site, path):
    status, shown, answer = site.ask("GET", filled(site, path), **site.bearer)
    assert status == 200, path
    return shown, answer.headers["etag"]


@pytest.mark.parametrize(("method", "path"), TAGGED)
def test_when_a_change_is_for_another_state_then_it_is_refused_and_nothing_changes(site, method, path):
    before = read(site, path)
    assert before[1], f"GET {path} names no state"
    body = None if method == "DELETE" else BODIES[method, path]
    status, problem, _ = site.ask(method, filled(site, path), body, **site.bearer, **{"if-match": '"another"'})
    assert (status, problem["status"]) == (412, 412)
    assert read(site, path) == before


@pytest.mark.parametrize(("method", "path"), TAGGED)
def test_when_a_change_can_be_for_a_state_then_the_document_says_so(method, path):
    operation = document(ROUTES)["paths"][f"/api/v1/{path}"][method.lower()]
    assert "412" in operation["responses"]
    assert [each["name"] for each in operation["parameters"] if each["in"] == "header"] == ["If-Match"]


def test_when_a_reason_is_given_for_no_state_then_there_is_such_a_change():
    assert UNTAGGED.keys() <= set(CHANGING)
    assert BODIES.keys() <= set(TAGGED)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("subscribers/{supi}", {"supi": "imsi-001010000000099"}),
        ("accounts/{name}", {"name": "carl"}),
        ("thresholds/{name}", {"name": "few", **BODIES["PUT", "thresholds/{name}"]}),
        ("alarms/{id}", {"id": "2"}),
    ],
)
def test_when_path_and_body_name_different_ones_then_it_is_refused_and_neither_changes(site, path, body):
    (method,) = {method for method, each in BODIES if each == path}
    before = read(site, path)
    assert site.ask(method, filled(site, path), body, **site.bearer)[0] == 422
    assert read(site, path) == before


def test_when_each_change_that_names_one_is_asked_then_this_file_gives_it_another_name():
    named = {path for method, path in TAGGED if "{" in path and method != "DELETE"}
    assert named == {"subscribers/{supi}", "accounts/{name}", "thresholds/{name}", "alarms/{id}"}


def test_when_an_account_changes_while_a_password_is_hashed_then_the_second_change_is_refused(site):
    """Between the look at the tag and the write lies the time of a hash."""
    read(site, "accounts/{name}")
    made = site.accounts.change("bert", password="Another horse battery")

    async def both():
        slow = asyncio.ensure_future(made)
        await asyncio.sleep(0)
        await site.accounts.change("bert", enabled=False)
        return (await asyncio.gather(slow, return_exceptions=True))[0]

    assert "changed meanwhile" in str(site.call(both()))
    assert read(site, "accounts/{name}")[0]["enabled"] is False
