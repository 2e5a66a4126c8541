"""How often SIMs use each home network key: counted once each, kept over a restart, and never for a SUCI that fails."""

import pytest

from freehold.core.udm import Sidf, key_use
from freehold.core.udm.key_use import KeyUse, Use
from freehold.crypto import suci
from freehold.services.errors import ServiceError
from freehold.spec.errors import Unusable
from freehold.spec.identities import Suci
from freehold.store import MemoryStore

from .home import PLMN, PROFILE_A, PROFILE_B, supi_of


class Clock:
    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


def test_when_a_key_is_used_then_it_is_counted_and_kept_now_and_then():
    store, clock = MemoryStore(), Clock()
    uses = KeyUse(store, (1, 2), clock)
    assert key_use.load(store) == {1: Use(since=1000.0), 2: Use(since=1000.0)}
    for _ in range(3):
        clock.at += 1
        uses.note(1)
    assert uses.of(1) == Use(3, 1003.0, 1000.0)
    assert key_use.load(store)[1] == Use(1, 1001.0, 1000.0)  # the first at once, the others later
    clock.at += key_use.WRITTEN_EVERY
    uses.note(1)
    assert key_use.load(store)[1].uses == 4
    uses.note(1)
    uses.flush()
    assert KeyUse(store, (1, 2), clock).of(1) == Use(5, 1063.0, 1000.0)
    clock.at = 0.0  # a clock that was set back does not stop the writing
    uses.note(1)
    assert key_use.load(store)[1].uses == 6
    uses.note(9)
    assert uses.of(9).uses == 1
    assert uses.of(7) == Use()


def test_when_a_suci_opens_then_its_key_was_used_and_otherwise_not():
    noted = []
    sidf = Sidf((PROFILE_A, PROFILE_B), used=noted.append)
    plain = suci.imsi_plaintext(supi_of(7).digits[5:])
    output = suci.conceal(PROFILE_A.scheme, PROFILE_A.public, bytes(range(1, 33)), plain)
    given = Suci(PLMN, "0", PROFILE_A.scheme, PROFILE_A.key_id, output)
    assert sidf.supi(given) == supi_of(7)
    with pytest.raises(ServiceError):
        sidf.supi(Suci(PLMN, "0", PROFILE_A.scheme, PROFILE_A.key_id, output[:-1] + bytes([output[-1] ^ 1])))
    assert noted == [PROFILE_A.key_id]


@pytest.mark.parametrize("row", [b"", b"\xff", b"\x93\xa1x\x00\x00"])
def test_when_a_row_of_uses_is_none_then_it_is_said(row):
    store = MemoryStore()
    store.write_behind(key_use.TABLE, "001", row)
    with pytest.raises(Unusable, match="cannot be read"):
        key_use.load(store)
