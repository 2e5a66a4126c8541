"""What is kept outside as the ledger grows, and what an entry alone can show."""

import json
import os

import pytest

from freehold.procedure import Signal
from freehold.services.ledger import Act
from freehold.spec.errors import Unusable
from freehold.store import MemoryStore
from freehold.trust.ledger import TABLE, Altered, Ledger, Witness, note, read_notes, verified
from freehold.trust.ledger.proof import prove, shown
from freehold.trust.seal import Refused, new_signer

ACTS = [Act(float(n), "uid 0", "configuration.change", f"key {n}") for n in range(9)]


@pytest.fixture
def signer(tmp_path):
    return new_signer(tmp_path / "owner.pem")


@pytest.fixture
def witness(tmp_path, signer):
    return Witness(tmp_path / "outside", signer)


@pytest.fixture
def store(witness):
    made = MemoryStore()
    ledger = Ledger(made, witness)
    for act in ACTS:
        assert ledger.append(act).settled
    return made


def entries(store):
    return [row for _, row in store.load(TABLE)]


def test_when_acts_are_kept_then_each_state_is_outside_signed(store, witness, signer):
    notes = read_notes(witness.path, [signer.public])
    assert [each.size for each in notes] == list(range(1, 10))
    assert verified(entries(store), *notes) == notes[-1]
    assert Ledger(store, witness).checkpoint() == notes[-1]


@pytest.mark.parametrize("kept", [0, 4, 8])
def test_when_the_store_is_rolled_back_then_the_network_does_not_start_on_it(store, witness, kept):  # negative.md M05
    back = MemoryStore()
    back.commit(TABLE, list(store.load(TABLE))[:kept])
    with pytest.raises(Altered, match="cut short"):
        Ledger(back, witness)


def test_when_the_whole_past_is_written_anew_then_the_witness_tells(witness, store):  # negative.md M05
    anew = MemoryStore()
    ledger = Ledger(anew)
    for act in ACTS:
        ledger.append(Act(act.time, "somebody else", act.act, act.subject))
    with pytest.raises(Altered, match="changed or moved"):
        Ledger(anew, witness)


def test_when_notes_are_of_another_key_unsigned_or_moved_then_they_are_refused(store, witness, tmp_path, signer):
    stranger = new_signer(tmp_path / "stranger.pem")
    with pytest.raises(Unusable, match="no signature of a key you trust"):
        read_notes(witness.path, [stranger.public])
    text = witness.path.read_text()
    size = text.index("\n9\n")
    witness.path.write_text(text[:size] + "\n8\n" + text[size + 3 :])
    with pytest.raises(Unusable, match="no signature"):
        read_notes(witness.path, [signer.public])
    witness.path.write_text(note(Ledger(store).checkpoint()))
    assert read_notes(witness.path)[0].size == 9
    with pytest.raises(Unusable, match="no signature"):
        read_notes(witness.path, [signer.public])


@pytest.mark.parametrize(
    "octets", [b"", b"\xff\xfe", b"freehold ledger\n1\n", b"freehold ledger\n1\nAAAA\n", b"x\n" * 10]
)
def test_when_a_file_holds_no_notes_then_it_is_said(tmp_path, octets):
    path = tmp_path / "notes"
    path.write_bytes(octets)
    with pytest.raises(Unusable):
        read_notes(path)


def test_when_a_file_of_notes_is_a_pipe_then_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "outside")
    with pytest.raises(Unusable, match="no regular file"):
        read_notes(tmp_path / "outside")


def test_when_the_witness_cannot_be_written_then_it_is_told_and_the_act_stays(tmp_path):
    faults = []
    store = MemoryStore()
    ledger = Ledger(store, Witness(tmp_path / "absent" / "outside"), faults.append)
    assert ledger.append(ACTS[0]).result() is None
    assert len(faults) == len(entries(store)) == 1


class Full(MemoryStore):
    """A store on a disk that is full for a while."""

    full = True

    def commit(self, table, rows):
        if not self.full:
            return super().commit(table, rows)
        failed = Signal()
        failed.fail(Unusable("no space left on device"))
        return failed


def test_when_the_disk_is_full_then_the_act_is_refused_and_kept_with_the_next(tmp_path):  # negative.md M05
    store, witness = Full(), Witness(tmp_path / "outside")
    ledger = Ledger(store, witness)
    with pytest.raises(Unusable, match="no space"):
        ledger.append(ACTS[0]).result()
    assert not witness.path.exists()
    store.full = False
    assert ledger.append(ACTS[1]).result() is None
    assert [json.loads(each)["subject"] for each in entries(store)] == ["key 0", "key 1"]
    assert [each.size for each in read_notes(witness.path)] == [2]
    assert Ledger(store, witness).checkpoint().size == 2


class Later(MemoryStore):
    """A store whose writes end when the test says how."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def commit(self, table, rows):
        self.asked.append((table, rows, Signal()))
        return self.asked[-1][2]

    def end(self, fault=None):
        table, rows, signal = self.asked.pop(0)
        if fault:
            signal.fail(fault)
        else:
            super().commit(table, rows)
            signal.set(None)


@pytest.mark.parametrize("outside", [True, False])
def test_when_a_write_fails_among_others_then_the_next_act_brings_its_entry(tmp_path, outside):  # negative.md M05
    store = Later()
    ledger = Ledger(store, Witness(tmp_path / "outside") if outside else None)
    kept, refused, last = (ledger.append(act) for act in ACTS[:3])
    store.end()
    store.end(Unusable("no space left on device"))
    assert kept.result() is None
    with pytest.raises(Unusable, match="no space"):
        refused.result()
    assert not last.settled
    after = ledger.append(ACTS[3])
    store.end()
    store.end()
    assert last.result() is after.result() is None
    assert [json.loads(each)["subject"] for each in entries(store)] == [f"key {number}" for number in range(4)]
    assert Ledger(store).checkpoint() == ledger.checkpoint()


def test_when_an_entry_is_proved_then_a_checkpoint_alone_shows_it(store, witness):
    kept, whole = read_notes(witness.path), entries(store)
    for index in range(9):
        assert shown(prove(whole, index), kept, "it") == (index, whole[index])


@pytest.mark.parametrize(
    "change",
    [
        {"index": 3}, {"index": -1}, {"index": 10**30}, {"index": "2"}, {"size": 8}, {"size": 99}, {"size": None},
        {"entry": "AAAA"}, {"entry": "?"}, {"entry": 7}, {"proof": []}, {"proof": ["AAAA"] * 4},
        {"proof": ["AAAA"] * 99}, {"proof": [7]}, {"proof": 7},
    ],
)  # fmt: skip
def test_when_a_proof_is_not_of_the_ledger_then_it_is_refused(store, witness, change):
    with pytest.raises(Refused):
        shown(prove(entries(store), 2) | change, read_notes(witness.path), "it")


def test_when_a_number_of_a_proof_is_no_number_then_it_is_refused(store, witness):
    with pytest.raises(Refused, match="no proof"):
        shown(prove(entries(store), 1) | {"index": True}, read_notes(witness.path), "it")
