import os

import pytest

from freehold.spec.errors import Unusable
from freehold.store import FileJournal, journal


@pytest.fixture
def place(tmp_path):
    return tmp_path / "folder" / "one.journal"


def rows(place):
    opened = FileJournal(place)
    found = dict(opened.items())
    opened.close()
    return found


def test_when_rows_are_put_and_removed_then_the_next_process_has_what_is_left(place):
    first = FileJournal(place)
    first.put(b"a", b"1")
    first.put(b"b", b"")
    first.put(b"a", b"2" * 1000)
    first.put(b"c", b"3")
    first.remove(b"c")
    first.remove(b"unknown")
    assert dict(first.items()) == {b"a": b"2" * 1000, b"b": b""}
    first.close()
    assert rows(place) == {b"a": b"2" * 1000, b"b": b""}
    assert place.stat().st_mode & 0o777 == 0o600


def test_when_most_of_a_file_is_old_then_it_is_made_anew(place, monkeypatch):
    monkeypatch.setattr(journal, "_SPARE", 1000)
    first = FileJournal(place)
    for number in range(500):
        first.put(b"changing", bytes([number % 256]) * 50)
        first.put(b"key %d" % (number % 5), b"row %d" % number)
    assert place.stat().st_size < 3000
    wanted = {b"changing": bytes([499 % 256]) * 50, **{b"key %d" % (n % 5): b"row %d" % n for n in range(495, 500)}}
    assert dict(first.items()) == wanted
    first.close()
    assert rows(place) == wanted


@pytest.mark.parametrize("cut", [1, 7, 12])
def test_when_the_last_entry_is_cut_off_then_all_before_it_is_there(place, cut):
    first = FileJournal(place)
    first.put(b"a", b"whole")
    first.put(b"b", b"cut")
    first.close()
    os.truncate(place, place.stat().st_size - cut)
    assert rows(place) == {b"a": b"whole"}
    assert rows(place) == {b"a": b"whole"}


def test_when_an_octet_is_wrong_then_what_follows_is_not_believed(place):
    first = FileJournal(place)
    first.put(b"a", b"whole")
    first.put(b"b", b"damaged")
    first.close()
    octets = bytearray(place.read_bytes())
    octets[-1] ^= 1
    place.write_bytes(octets)
    assert rows(place) == {b"a": b"whole"}


def test_when_the_machine_started_again_then_there_is_nothing(place, monkeypatch, tmp_path):
    first = FileJournal(place)
    first.put(b"a", b"1")
    first.close()
    other = tmp_path / "boot"
    other.write_text("another start\n")
    monkeypatch.setattr(journal, "BOOT", other)
    assert rows(place) == {}


def test_when_it_is_cleared_or_forgotten_then_nothing_is_left(place):
    first = FileJournal(place)
    first.put(b"a", b"1")
    first.clear()
    first.put(b"b", b"2")
    assert dict(first.items()) == {b"b": b"2"}
    first.close(forget=True)
    assert rows(place) == {}


def test_when_another_process_has_it_or_it_cannot_be_made_then_one_line_says_so(place, tmp_path):
    first = FileJournal(place)
    with pytest.raises(Unusable, match="in use"):
        FileJournal(place)
    first.close()
    (tmp_path / "file").touch()
    with pytest.raises(Unusable):
        FileJournal(tmp_path / "file" / "one.journal")
