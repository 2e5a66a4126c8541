from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.trust.ledger.merkle import EMPTY, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

# The eight entries and the roots of the test that certificate-transparency logs share.
ENTRIES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def tree_of(entries):
    tree = Tree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return tree


def recursive_root(entries):
    """RFC 9162 2.1.1 as it is written."""
    if len(entries) < 2:
        return leaf_hash(entries[0]) if entries else sha256(b"").digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return node_hash(recursive_root(entries[:split]), recursive_root(entries[split:]))


def test_when_a_tree_is_empty_then_its_root_is_the_hash_of_nothing():
    assert Tree().root() == EMPTY == recursive_root([])


def test_when_entries_come_then_the_roots_are_the_known_ones():
    tree = tree_of(ENTRIES)
    assert [tree.root(size).hex() for size in range(1, 9)] == list(ROOTS)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=4), max_size=70))
def test_when_any_entries_come_then_every_root_is_that_of_the_definition(entries):
    tree = tree_of(entries)
    for size in range(len(entries) + 1):
        assert tree.root(size) == recursive_root(entries[:size])


@settings(deadline=None)
@given(st.integers(1, 140), st.data())
def test_when_an_entry_is_in_a_tree_then_its_proof_holds_and_any_other_fails(size, data):
    tree = tree_of([bytes([n]) for n in range(size)])
    index = data.draw(st.integers(0, size - 1))
    leaf, proof, root = leaf_hash(bytes([index])), tree.inclusion(index, size), tree.root(size)
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, [*proof, EMPTY], root)
    assert not verify_inclusion(leaf, index, size, proof, EMPTY)
    assert not verify_inclusion(leaf, size, size, proof, root)
    if proof:
        assert not verify_inclusion(leaf, index, size, proof[:-1], root)
        assert not verify_inclusion(leaf, index ^ 1, size, proof, root)


@settings(deadline=None)
@given(st.integers(1, 140), st.data())
def test_when_a_tree_grows_then_the_older_begins_it_and_no_other_does(newer, data):
    tree = tree_of([bytes([n]) for n in range(newer)])
    older = data.draw(st.integers(1, newer))
    proof, before, after = tree.consistency(older, newer), tree.root(older), tree.root(newer)
    assert verify_consistency(older, newer, before, after, proof)
    assert not verify_consistency(older, newer, EMPTY, after, proof)
    assert not verify_consistency(older, newer, before, EMPTY, proof)
    assert not verify_consistency(older, newer, before, after, [*proof, EMPTY])
    assert not verify_consistency(newer + 1, newer, before, after, proof)
    if proof:
        assert not verify_consistency(older, newer, before, after, proof[:-1])


@pytest.mark.parametrize(("index", "size"), [(3, 3), (-1, 3), (0, 4), (0, 0)])
def test_when_an_entry_is_not_there_then_it_has_no_proof(index, size):
    with pytest.raises(IndexError):
        tree_of([b"a", b"b", b"c"]).inclusion(index, size)


@pytest.mark.parametrize(("older", "newer"), [(0, 3), (4, 3), (2, 4)])
def test_when_a_size_never_was_then_it_has_no_proof(older, newer):
    with pytest.raises(IndexError):
        tree_of([b"a", b"b", b"c"]).consistency(older, newer)
