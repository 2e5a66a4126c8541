import stat
from urllib.parse import unquote

import pytest

from freehold.manage.visits import Visit, VisitFile, masked, plain
from managekit import PASSWORD, Web

SUPI = "imsi-001010000000001"


def test_when_a_visit_is_written_then_it_is_one_line_of_six_fields():
    line = str(Visit(0.0, "127.0.0.1", "anna", "GET", "/api/v1/status", 200))
    assert line == "1970-01-01T00:00:00.000+00:00 127.0.0.1 anna GET /api/v1/status 200"
    assert str(Visit(0.0, "", "", "", "", 400)).split(" ")[1:] == ["-", "-", "-", "-", "400"]


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1/subscribers/{SUPI}",
        f"/api/v1/ues/{SUPI}/deregister",
        f"/api/v1/terminals/{SUPI}/start",
        f"/api/v1/subscribers//{SUPI}",
        f"//api/v1/ues/{SUPI}/",
        f"/api/v1/%75es/{SUPI}",
        f"/api/v1/subscribers/{SUPI.replace('1', '%31', 1)}",
    ],
)
def test_when_a_path_names_a_subscriber_then_four_characters_are_left(path):
    assert SUPI not in masked(path)
    assert SUPI not in unquote(masked(path))
    assert "...0001" in masked(path)


def test_when_a_path_holds_line_ends_then_no_line_is_made_of_it():
    assert plain("/a\r\n2026 forged\x1b[2J") == "/a??2026?forged?[2J"
    assert len(plain("x" * 10_000)) < 1000


def test_when_visits_are_kept_then_their_owner_alone_reads_them_and_they_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("freehold.manage.visits.LARGEST", 400)
    place = tmp_path / "console.log"
    kept = VisitFile(place)
    for number in range(40):
        kept(Visit(float(number), "127.0.0.1", "anna", "GET", "/", 200))
    kept.close()
    files = sorted(tmp_path.iterdir())
    assert 2 <= len(files) <= 5
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert all(each.stat().st_size <= 400 for each in files)
    lines = [line for each in reversed(files) for line in each.read_text().splitlines()]
    assert lines == sorted(lines)
    assert lines[-1].startswith("1970-01-01T00:00:39")


def test_when_a_file_was_there_then_it_goes_on_for_its_owner_alone(tmp_path):
    place = tmp_path / "console.log"
    place.write_text("before\n")
    place.chmod(0o644)
    kept = VisitFile(place)
    kept(Visit(0.0, "127.0.0.1", "anna", "GET", "/", 200))
    kept.close()
    assert (place.read_text()[:7], place.read_text().count("\n"), stat.S_IMODE(place.stat().st_mode)) == (
        "before\n", 2, 0o600,
    )  # fmt: skip


def test_when_a_visit_ends_after_the_file_was_let_go_then_it_stays_closed(tmp_path):
    kept = VisitFile(tmp_path / "console.log")
    kept(Visit(0.0, "127.0.0.1", "anna", "GET", "/", 200))
    kept.close()
    kept(Visit(1.0, "127.0.0.1", "anna", "GET", "/api/v1/events", 200))
    assert len((tmp_path / "console.log").read_text().splitlines()) == 1


def test_when_somebody_visits_then_account_path_and_answer_are_told(tmp_path):
    seen = []

    class Watched(Web):
        async def _start(self):
            await super()._start()
            self.server._visits, self.server._named = seen.append, self.api.named

    with Watched(tmp_path) as web:
        web.call(web.accounts.initialise("anna", PASSWORD))
        secret, _ = web.login()
        web.ask("GET", "/api/v1/status", None, authorization=f"Bearer {secret}")
        web.ask("GET", "/api/v1/status")
    told = [(each.name, each.method, each.path, each.status) for each in seen]
    assert told == [
        ("", "POST", "/api/v1/login", 200),
        ("anna", "GET", "/api/v1/status", 200),
        ("", "GET", "/api/v1/status", 401),
    ]
