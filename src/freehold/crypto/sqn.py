"""Sequence numbers of authentication: SQN = SEQ || IND with 43 and 5 bits (TS 33.102 C.1.1.1, C.3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

IND_BITS = 5
SLOTS = 1 << IND_BITS
SEQ_BITS = 48 - IND_BITS
SEQ_MAX = (1 << SEQ_BITS) - 1
# TS 33.102 C.3.2: the largest step forward that a USIM accepts, so that nobody can push it to the end of its counter.
DELTA = 1 << 28


def next_sqn(sqn: int) -> int:
    """The SQN after `sqn` in the home network: the next SEQ, the next index in turn (TS 33.102 C.1.2, C.3.2).

    Raises OverflowError at the end of the 43 bits of SEQ.
    """
    return sqn_of((sqn >> IND_BITS) + 1, (sqn + 1) % SLOTS)


def sqn_of(seq: int, ind: int) -> int:
    """SQN of a SEQ and an index 0..31; OverflowError where SEQ has no 43 bits (TS 33.102 C.1.1.1)."""
    if not 0 <= seq <= SEQ_MAX:
        raise OverflowError("SEQ has left its 43 bits")
    return seq << IND_BITS | ind % SLOTS


class SqnArray:
    """The array of accepted SEQ that a USIM keeps, one for each index (TS 33.102 C.2.2)."""

    __slots__ = ("_seq",)

    def __init__(self, seq: Iterable[int] = ()) -> None:
        self._seq = [*seq, *[0] * SLOTS][:SLOTS]

    @property
    def highest(self) -> int:
        """SQNMS, the highest SQN accepted so far (TS 33.102 6.3.3)."""
        seq, ind = max((seq, ind) for ind, seq in enumerate(self._seq))
        return seq << IND_BITS | ind

    def fresh(self, sqn: int) -> bool:
        """Whether `sqn` is newer than what its index has seen, and not too far ahead (TS 33.102 C.2.1, C.2.2)."""
        seq = sqn >> IND_BITS
        return self._seq[sqn % SLOTS] < seq <= max(self._seq) + DELTA

    def accept(self, sqn: int) -> bool:
        """Take `sqn` where it is fresh; False, with nothing changed, where it is not (TS 33.102 C.2.2)."""
        if not self.fresh(sqn):
            return False
        self._seq[sqn % SLOTS] = sqn >> IND_BITS
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(self._seq)
