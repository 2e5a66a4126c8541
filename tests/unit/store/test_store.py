"""What every store promises: rows, deletions, marks that never fall; and the SQLite one after any end."""

import os
import signal as signals
import sqlite3
import stat
import subprocess
import sys
from itertools import pairwise
from queue import SimpleQueue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.spec.errors import Unusable
from freehold.store import DataFolder, MemoryStore, SqliteStore, offline
from freehold.store.migrations import MIGRATIONS, Migration, migrate, version
from freehold.store.sqlite import FILE


class Loop:
    """The caller's loop: what the store posts is run when the test waits."""

    def __init__(self):
        self.posted = SimpleQueue()
        self.faults = []

    def wait(self, signal):
        while not signal.settled:
            self.posted.get(timeout=10)()
        return signal.result()

    def wait_for_a_fault(self):
        while not self.faults:
            self.posted.get(timeout=10)()
        return str(self.faults[0])

    def open(self, path):
        return SqliteStore(DataFolder(path), self.posted.put, self.faults.append)


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture(params=["memory", "sqlite"])
def reopen(request, tmp_path, loop):
    """Open the store of this test; calling it again closes it and opens it again."""
    opened = []
    memory = MemoryStore()

    def again():
        for store in opened:
            store.close()
        opened.append(memory if request.param == "memory" else loop.open(tmp_path / "data"))
        return opened[-1]

    yield again
    opened[-1].close()


def test_when_rows_are_committed_then_they_are_there_after_a_reopen(reopen, loop):
    store = reopen()
    loop.wait(store.commit("subscriber", [("b", b"2"), ("a", b"1")]))
    loop.wait(store.commit("subscriber", [("b", None), ("c", b"\0\xff")]))
    assert list(store.load("subscriber")) == [("a", b"1"), ("c", b"\0\xff")]
    assert list(reopen().load("subscriber")) == [("a", b"1"), ("c", b"\0\xff")]


def test_when_tables_share_a_key_then_their_rows_are_apart(reopen, loop):
    store = reopen()
    loop.wait(store.commit("a", [("k", b"1")]))
    loop.wait(store.commit("b", [("k", b"2")]))
    loop.wait(store.commit("a", [("k", None)]))
    assert (list(store.load("a")), list(store.load("b"))) == ([], [("k", b"2")])


def test_when_rows_are_written_behind_then_closing_writes_them(reopen):
    store = reopen()
    for n in range(1000):
        store.write_behind("context", f"{n % 300:04}", str(n).encode())
    store.write_behind("context", "0000", None)
    rows = dict(reopen().load("context"))
    assert len(rows) == 299
    assert rows["0001"] == b"901"
    assert rows["0299"] == b"899"


def test_when_a_mark_is_reserved_then_it_is_there_after_a_reopen_and_never_falls(reopen, loop):
    store = reopen()
    assert store.reserved("seq") == 0
    loop.wait(store.reserve("seq", 4096))
    loop.wait(store.reserve("seq", 100))
    assert reopen().reserved("seq") == 4096
    assert reopen().reserved("other") == 0


def test_when_marks_are_reserved_together_then_the_highest_counts(reopen, loop):
    store = reopen()
    for signal in [store.reserve("seq", upto) for upto in (1, 4096, 100)]:
        loop.wait(signal)
    assert reopen().reserved("seq") == 4096


def test_when_something_is_acknowledged_then_the_disk_was_flushed(tmp_path, loop):
    # SQLite: synchronous 2 is FULL, 1 is NORMAL
    store, flushes = loop.open(tmp_path), []
    store._connection.set_trace_callback(lambda statement: "synchronous" in statement and flushes.append(statement))
    for signal in (store.commit("t", [("a", b"1")]), store.reserve("seq", 1)):
        loop.wait(signal)
    assert set(flushes) == {"PRAGMA synchronous = FULL"}
    store.close()


@settings(max_examples=30, deadline=None)
@given(
    writes=st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.binary(max_size=4)), max_size=6), max_size=12
    )
)
def test_when_anything_is_written_then_both_stores_hold_the_same(writes, tmp_path_factory):
    loop, memory = Loop(), MemoryStore()
    store = loop.open(tmp_path_factory.mktemp("data"))
    done = [store.commit("t", rows) for rows in writes]
    for rows, signal in zip(writes, done, strict=True):
        memory.commit("t", rows)
        loop.wait(signal)
    assert list(store.load("t")) == list(memory.load("t"))
    store.close()


def test_when_many_rows_are_committed_then_all_are_there(tmp_path, loop):
    store = loop.open(tmp_path)
    rows = [(f"{n:05}", bytes([n % 256])) for n in range(10_007)]
    loop.wait(store.commit("t", rows))
    assert list(store.load("t")) == rows
    loop.wait(store.commit("t", [(key, None) for key, _ in rows[1:]]))
    assert list(store.load("t")) == rows[:1]
    store.close()


def test_when_a_store_is_open_then_another_process_of_the_folder_is_told_who_has_it(tmp_path, loop):
    store = loop.open(tmp_path)
    with pytest.raises(Unusable, match=f"in use by process {os.getpid()}"):
        loop.open(tmp_path)
    store.close()
    loop.open(tmp_path).close()


def test_when_a_store_is_made_then_only_its_owner_can_read_it(tmp_path, loop):
    loop.open(tmp_path / "new" / "data").close()
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "data" / FILE).stat().st_mode) == 0o600


def test_when_a_store_is_closed_twice_then_nothing_happens(tmp_path, loop):
    store = loop.open(tmp_path)
    store.close()
    store.close()


CRASH = """
import os, sys
from pathlib import Path
from queue import SimpleQueue
from freehold.store import DataFolder, SqliteStore

posted = SimpleQueue()
store = SqliteStore(DataFolder(Path(sys.argv[1])), posted.put)
mark = store.reserved("seq")
n = 0
while True:
    done = [store.commit("t", [(f"{os.getpid()}-{n}", b"row")]), store.reserve("seq", mark + 16)]
    while not all(signal.settled for signal in done):
        posted.get(timeout=10)()
    store.write_behind("behind", "last", str(n).encode())
    os.write(1, f"{os.getpid()}-{n} {mark} {mark + 16}\\n".encode())
    mark, n = mark + 16, n + 1
"""


def test_when_the_process_is_killed_then_nothing_acknowledged_is_lost_and_no_value_is_used_twice(tmp_path, loop):
    lines = []
    for kills in (3, 11, 40):
        with subprocess.Popen([sys.executable, "-c", CRASH, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
            lines += [child.stdout.readline() for _ in range(kills)]
            child.send_signal(signals.SIGKILL)
            lines += child.stdout.readlines()
    acknowledged = [line.split() for line in lines if line.endswith("\n")]
    store = loop.open(tmp_path)
    assert {key for key, _, _ in acknowledged} <= {key for key, _ in store.load("t")}
    used = [(int(first), int(end)) for _, first, end in acknowledged]
    assert len(used) >= 54
    assert all(end <= first for (_, end), (first, _) in pairwise(used))
    assert store.reserved("seq") >= used[-1][1]
    store.close()


def limited(store, pages):
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_when_the_disk_is_full_then_the_commit_fails_in_words_and_later_ones_work(tmp_path, loop):
    store = loop.open(tmp_path)
    loop.wait(store.commit("t", [("kept", b"1")]))
    limited(store, 8)
    with pytest.raises(Unusable, match="the disk is full; free space there"):
        loop.wait(store.commit("t", [("big", bytes(200_000)), ("other", b"2")]))
    limited(store, 1_000_000)
    loop.wait(store.commit("t", [("after", b"3")]))
    assert [key for key, _ in store.load("t")] == ["after", "kept"]
    store.close()


def test_when_a_write_behind_fails_then_the_owner_hears_it_and_commits_go_on(tmp_path, loop):
    store = loop.open(tmp_path)
    limited(store, 8)
    store.write_behind("t", "big", bytes(200_000))
    assert "the disk is full" in loop.wait_for_a_fault()
    limited(store, 1_000_000)
    loop.wait(store.commit("t", [("after", b"3")]))
    store.close()


def test_when_the_file_cannot_be_written_then_the_commit_says_so(tmp_path, loop):
    store = loop.open(tmp_path)
    store._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(Unusable, match="it cannot be written; give this user write permission"):
        loop.wait(store.commit("t", [("a", b"1")]))
    store.close()


def test_when_the_folder_cannot_be_made_then_it_is_named(tmp_path, loop):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unusable, match=r"the data folder .*file/data: Not a directory"):
        loop.open(tmp_path / "file" / "data")


def test_when_the_file_is_no_data_base_then_it_is_refused_and_left_alone(tmp_path, loop):
    (tmp_path / FILE).write_bytes(b"some text that is not SQLite's\n" * 200)
    with pytest.raises(Unusable, match="it is not a store of this program; put a backup"):
        loop.open(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"some text")


def test_when_the_file_is_damaged_then_loading_says_so(tmp_path, loop):
    store = loop.open(tmp_path)
    loop.wait(store.commit("t", [(f"{n:05}", bytes(100)) for n in range(2000)]))
    store.close()
    octets = bytearray((tmp_path / FILE).read_bytes())
    octets[5 * 4096 :] = b"\xa5" * (len(octets) - 5 * 4096)
    (tmp_path / FILE).write_bytes(octets)
    store = loop.open(tmp_path)
    with pytest.raises(Unusable, match="it is damaged; put a backup in its place"):
        store.load("t")
    store.close()


def test_when_the_file_is_of_another_program_then_it_is_refused(tmp_path, loop):
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    with pytest.raises(Unusable, match="the data base of another program"):
        loop.open(tmp_path)


def test_when_the_file_is_newer_than_the_program_then_it_is_refused(tmp_path, loop):
    loop.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Unusable, match="has format 99 and this program knows 2"):
        loop.open(tmp_path)


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def schema(connection):
    return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


@pytest.mark.parametrize("target", range(len(MIGRATIONS) + 1))
def test_when_a_format_is_left_and_taken_again_then_the_schema_is_the_same(connection, target):
    migrate(connection)
    newest = schema(connection)
    assert migrate(connection, target) == (len(MIGRATIONS), target)
    assert version(connection) == target
    assert migrate(connection) == (target, len(MIGRATIONS))
    assert schema(connection) == newest


def test_when_the_newest_step_is_undone_then_the_rows_are_still_there(connection):
    migrate(connection)
    connection.execute("INSERT INTO rows VALUES ('t', 'k', x'01')")
    migrate(connection, 1)
    assert connection.execute("SELECT * FROM rows").fetchall() == [("t", "k", b"\x01")]


def test_when_a_step_fails_then_the_file_is_as_it_was(connection):
    migrate(connection, 1)
    broken = (*MIGRATIONS, Migration(3, "broken", up=("CREATE TABLE extra (a)", "no such statement"), down=()))
    before = schema(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, migrations=broken)
    assert (version(connection), schema(connection)) == (1, before)


def test_when_a_command_uses_the_store_then_it_waits_and_leaves_it_closed(tmp_path):
    with offline(tmp_path) as store:
        store.wait(store.commit("t", [("k", b"1")]))
        with pytest.raises(Unusable, match="in use"), offline(tmp_path):
            pytest.fail("two at once")
    with offline(tmp_path) as store:
        assert list(store.load("t")) == [("k", b"1")]
