"""Every executable test of `freehold assure`: passed by our network, and failed by a network with one fault."""

import asyncio
import json

import pytest

from assurekit import core_mutants, host_mutants, management_mutants, packet_mutants
from assurekit.faults import MUTANTS, faulty
from assurekit.host_mutants import VICTIM
from freehold.app.assured import own
from freehold.manage.accounts import passwords
from freehold.trust.assure.case import cases
from freehold.trust.assure.evidence import Evidence
from freehold.trust.assure.lab import Screening
from freehold.trust.assure.run import judged
from freehold.trust.assure.verdict import Verdict

CASES = {case.key: case for case in cases()}
NOTHING_TO_JUDGE = {
    ("TS 33.513", clause): Verdict.NOT_APPLICABLE for clause in ("4.2.2.1", "4.2.2.2", "4.2.2.3", "4.2.2.5")
}
"""N3 and N4 stay on the host: there is nothing to protect."""

assert core_mutants
assert host_mutants
assert management_mutants
assert packet_mutants
pytestmark = pytest.mark.xdist_group("assure")


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Argon2id as cheap as it gets: what is tested is not how long it takes."""
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@pytest.fixture(scope="module")
def labs(tmp_path_factory):
    """Networks of ours, with a database of advisories that knows one package."""
    folder = tmp_path_factory.mktemp("advisories")
    affected = [{"package": {"ecosystem": "PyPI", "name": VICTIM.name}, "versions": [VICTIM.version]}]
    record = {"id": "TEST-2026-1", "modified": "2026-01-01T00:00:00Z", "affected": affected}
    (folder / "TEST-2026-1.json").write_text(json.dumps(record))
    return own(Screening(advisories=folder))


def verdict_of(key, labs):
    return asyncio.run(judged(CASES[key], labs, Evidence()))


def names(key):
    return f"{key[0].removeprefix('TS ')}-{key[1]}-{CASES[key].name}" if key in CASES else str(key)


def test_every_test_has_a_mutant_and_every_mutant_a_test():
    assert set(MUTANTS) == set(CASES)


@pytest.mark.parametrize("key", CASES, ids=names)
def test_when_the_network_is_ours_then_the_test_passes(key, labs):
    verdict, reason = verdict_of(key, labs)
    assert verdict is NOTHING_TO_JUDGE.get(key, Verdict.PASS), reason


@pytest.mark.parametrize("key", MUTANTS, ids=names)
def test_when_the_network_has_the_fault_then_the_test_fails(key, labs):
    with faulty(*key) as name:
        verdict, reason = verdict_of(key, labs)
    assert verdict is Verdict.FAIL, f"{name}: {verdict} {reason}"
