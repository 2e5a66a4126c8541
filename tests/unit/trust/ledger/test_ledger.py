import base64

import pytest

from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore
from freehold.trust.ledger import TABLE, Altered, Checkpoint, Ledger, key_of, parse, verified

ACTS = [Act(float(n), "uid 0", "subscriber.add", f"imsi-00101000000000{n}") for n in range(7)]


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def kept(store):
    """The checkpoint after five of seven acts."""
    ledger = Ledger(store)
    for act in ACTS[:5]:
        assert ledger.append(act).settled
    checkpoint = parse(str(ledger.checkpoint()))
    for act in ACTS[5:]:
        ledger.append(act)
    return checkpoint


def rows(store):
    return [entry for _, entry in store.load(TABLE)]


def test_when_a_store_is_opened_again_then_the_ledger_goes_on_where_it_was(store, kept):
    again = Ledger(store)
    assert again.checkpoint().size == 7
    again.append(ACTS[0])
    assert verified(rows(store), kept) == again.checkpoint()


def test_when_nothing_was_altered_then_it_begins_with_what_was_kept(store, kept):
    assert verified(rows(store), kept) == Ledger(store).checkpoint()


def edited(entries):
    entries[2] = entries[2].replace(b"uid 0", b"uid 1")


def swapped(entries):
    entries[1], entries[2] = entries[2], entries[1]


def removed(entries):
    del entries[3]


def rewritten(entries):
    entries[:] = [entry.replace(b"add", b"set") for entry in entries]


def truncated(entries):
    del entries[4:]


def emptied(entries):
    entries.clear()


@pytest.mark.parametrize("attack", [edited, swapped, removed, rewritten, truncated, emptied])
def test_when_the_past_is_changed_then_the_checkpoint_tells(store, kept, attack):  # negative.md M05
    entries = rows(store)
    attack(entries)
    with pytest.raises(Altered):
        verified(entries, kept)


def test_when_a_row_is_missing_in_the_store_then_it_is_named(store, kept):
    store.write_behind(TABLE, key_of(3), None)
    with pytest.raises(Altered, match="entry 3"):
        Ledger(store)


def test_when_another_program_wrote_an_entry_as_text_then_it_is_named(store, kept):
    store.write_behind(TABLE, key_of(2), '{"time":1}')
    with pytest.raises(Altered, match="entry 2"):
        Ledger(store)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "freehold ledger\n5\n",
        "freehold ledger\n5\nAAAA\n",
        "freehold ledger\n-5\n" + base64.b64encode(bytes(32)).decode(),
        "freehold ledger\n\u0665\n" + base64.b64encode(bytes(32)).decode(),
        "freehold ledger\n" + "9" * 5000 + "\n" + base64.b64encode(bytes(32)).decode(),
        "another ledger\n5\n" + base64.b64encode(bytes(32)).decode(),
    ],
)
def test_when_a_checkpoint_is_no_checkpoint_then_it_is_said(text):
    with pytest.raises(Unusable):
        parse(text)


def test_when_a_checkpoint_is_written_then_it_is_read_back():
    checkpoint = Checkpoint(12, bytes(range(32)))
    assert parse(str(checkpoint)) == checkpoint
