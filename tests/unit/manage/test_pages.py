"""The console's files, and what a browser is told beside them."""

import gzip
import re

import pytest

from freehold.manage.pages import POLICY, Pages
from managekit import Web


@pytest.fixture
def built(tmp_path):
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>" + "x" * 600)
    (folder / "assets/index-1.js").write_text("let a = 1;\n" * 100)
    return Pages(folder)


def test_when_a_path_is_no_file_then_it_is_the_page_that_finds_its_own_way(built):
    for path in ((), ("ues",), ("ues", "imsi-001010000000001")):
        answer = built.answer(path, "")
        assert answer.body.startswith(b"<!doctype html>")
        headers = dict(answer.headers)
        assert headers["content-security-policy"] == POLICY
        assert headers["cache-control"] == "no-cache"
    assert "unsafe" not in POLICY


def test_when_a_file_has_its_content_in_its_name_then_it_may_be_kept(built):
    answer = built.answer(("assets", "index-1.js"), "gzip, br")
    headers = dict(answer.headers)
    assert "immutable" in headers["cache-control"]
    assert gzip.decompress(answer.body).startswith(b"let a")
    assert built.answer(("assets", "index-1.js"), "").body.startswith(b"let a")


def test_when_a_file_is_not_there_then_nothing_else_is_given_for_it(built):
    for path in (("assets", "index-2.js"), ("favicon.ico",), ("..", "secret.txt"), ("assets", "..", "index.txt")):
        assert built.answer(path, "").status == 404


def test_when_they_were_not_built_then_that_is_known(tmp_path):
    assert not Pages(tmp_path / "nothing").built


def test_when_pages_are_served_then_the_api_is_beside_them(tmp_path, built):
    class Console(Web):
        pages = built

    with Console(tmp_path) as web:
        status, body, answer = web.ask("GET", "/subscribers")
        assert status == 200
        assert body.startswith(b"<!doctype")
        assert answer.headers.get_all("content-security-policy") == [POLICY]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert web.ask("POST", "/subscribers")[0] == 405
        assert web.ask("GET", "/api/v1/setup")[1] == {"initialised": False, "known": False, "oidc": False}
        assert web.ask("GET", "/api/v1/openapi.json")[1]["openapi"] == "3.1.0"
        assert web.ask("GET", "/v1/setup")[1].startswith(b"<!doctype")
        assert web.ask("GET", "/subscribers", Host="evil.example")[0] == 421


def test_when_the_console_is_built_then_it_is_small_and_asks_nobody_else():
    pages = Pages()
    if not pages.built:
        pytest.skip("the console was not built: make setup")
    packed = 0
    for name in pages._names:
        plain, small = pages._read(name)
        packed += len(small or plain)
        if name.endswith((".html", ".css")):
            text = plain.decode()
            assert not re.search(r"https?://|url\(['\"]?//", text.replace("http://www.w3.org", "")), name
            assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", text), name
    assert packed <= 400_000
