"""What changed from one run to another."""

from __future__ import annotations

import msgspec

from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import Result, Verdict


class Difference(msgspec.Struct, frozen=True):
    """A test whose verdict is not what it was; empty where it was not performed."""

    test: str
    before: str
    after: str
    reason: str

    @property
    def worse(self) -> bool:
        """Whether it passed before and does not any more, or fails now."""
        return self.after == Verdict.FAIL or (self.before == Verdict.PASS and self.after != Verdict.PASS)


def differences(before: Run, after: Run) -> list[Difference]:
    """Tests with another verdict, in the order of the later run, then those that only the earlier one has."""
    old, new = _by_test(before), _by_test(after)
    found = []
    for name in [*new, *(name for name in old if name not in new)]:
        was, now = old.get(name), new.get(name)
        verdicts = was.verdict if was else "", now.verdict if now else ""
        if verdicts[0] != verdicts[1]:
            found.append(Difference(name, *verdicts, now.reason if now else ""))
    return found


def _by_test(run: Run) -> dict[str, Result]:
    return {f"{each.document} {each.clause} {each.test_case}": each for each in run.results}
