"""What a log server did not take: in order, bounded, and there after a crash."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.manage.syslog import queue as room
from freehold.manage.syslog.queue import Queue, framed, unframed
from freehold.spec.errors import Unusable


def emptied(queue):
    return [queue.taken() for _ in range(len(queue))]


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=20), st.integers(0, 60))
def test_when_a_file_was_cut_then_the_whole_messages_before_are_read(messages, cut):
    octets = b"".join(map(framed, messages))
    assert unframed(octets) == messages
    found = unframed(octets[: max(0, len(octets) - cut)])
    assert found == messages[: len(found)]


@given(st.binary(max_size=200))
def test_when_a_file_is_somebody_elses_then_reading_it_ends(octets):
    assert b"".join(map(framed, unframed(octets))) == octets[: sum(len(framed(each)) for each in unframed(octets))]


def test_when_nothing_fails_then_there_is_no_file(tmp_path):
    queue = Queue(tmp_path / "queue")
    queue.put(b"one")
    assert emptied(queue) == [b"one"]
    queue.close()
    assert list(tmp_path.iterdir()) == []


def test_when_the_process_ends_in_an_outage_then_the_next_has_what_waits(tmp_path):
    path = tmp_path / "queue"
    first = Queue(path)
    first.put(b"one")
    first.hold()
    first.put(b"two")  # no close: it crashed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = Queue(path)
    second.put(b"three")
    assert [second.first(), *emptied(second)] == [b"one", b"one", b"two", b"three"]
    second.settled()
    assert not path.exists()


def test_when_it_ends_in_order_then_what_waits_is_kept(tmp_path):
    path = tmp_path / "queue"
    queue = Queue(path)
    queue.put(b"one")
    queue.close()
    assert emptied(Queue(path)) == [b"one"]


def test_when_what_was_sent_did_not_come_then_it_is_first_again():
    queue = Queue()
    for each in (b"one", b"two", b"three"):
        queue.put(each)
    sent = [queue.taken(), queue.taken()]
    queue.back(sent)
    assert emptied(queue) == [b"one", b"two", b"three"]


def test_when_there_is_no_room_then_the_oldest_go_and_are_counted(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "MOST", 3)
    monkeypatch.setattr(room, "SPARE", 2)
    path = tmp_path / "queue"
    queue = Queue(path)
    queue.put(b"0")
    queue.hold()
    for number in range(1, 20):
        queue.put(f"{number}".encode())
        assert len(unframed(path.read_bytes())) <= 5
    assert queue.lost == 17
    assert emptied(queue) == [b"17", b"18", b"19"]
    assert unframed(path.read_bytes())[-3:] == [b"17", b"18", b"19"]


def test_when_the_file_cannot_be_read_then_it_says_so(tmp_path):
    (tmp_path / "queue").mkdir()
    with pytest.raises(Unusable, match="queue: cannot be read"):
        Queue(tmp_path / "queue")


def test_when_the_file_cannot_be_written_then_messages_wait_all_the_same(tmp_path):
    queue = Queue(tmp_path / "missing" / "queue")
    queue.put(b"one")
    queue.hold()
    queue.put(b"two")
    queue.close()
    assert emptied(queue) == [b"one", b"two"]
