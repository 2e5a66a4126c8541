"""Which program ran is an act of the ledger: the first one, and each that is another by a single octet."""

import msgspec

from freehold.app import software
from freehold.services.ledger import Act
from freehold.store import MemoryStore
from freehold.trust.ledger import Ledger


def tree(root, octets=b"one"):
    (root / "core/__pycache__").mkdir(parents=True, exist_ok=True)
    (root / "core/amf.py").write_bytes(octets)
    (root / "engine.so").write_bytes(b"\0" * 9)
    return root


def test_when_an_octet_or_a_name_differs_then_so_does_the_digest(tmp_path):
    first = software.digest(tree(tmp_path))
    (tmp_path / "core/__pycache__/amf.pyc").write_bytes(b"cached")
    assert software.digest(tmp_path) == first
    assert software.digest(tree(tmp_path, b"onf")) != first
    tree(tmp_path)
    (tmp_path / "engine.so").rename(tmp_path / "motor.so")
    assert software.digest(tmp_path) != first
    assert software.digest() == software.digest()


def test_when_the_program_is_another_then_the_ledger_says_so_once():
    ledger = Ledger(MemoryStore())
    seen = []
    for now in ("aa", "aa", "bb", "bb", "aa"):
        act = software.changed(ledger.entries(), now)
        seen.append(None if act is None else (act.act, act.detail))
        if act is not None:
            ledger.append(act)
        ledger.append(Act(0.0, "uid 0", "network.start"))
        ledger.append(Act(0.0, "uid 0", "note", '"software.'))  # what only looks like one
    assert seen[0] == (software.FIRST, "sha256:aa")
    assert seen[1] is seen[3] is None
    assert seen[2][0] == seen[4][0] == software.ACT
    assert seen[2][1].startswith("sha256:bb after ")
    assert msgspec.json.decode(ledger.entries()[0], type=Act).subject
