"""Every UE context of one gNB, and the terminals that listen to its paging."""

from __future__ import annotations

from typing import Final

from freehold.procedure import Alarm
from freehold.ran.state.ue import Ue
from freehold.services.air import Terminal
from freehold.spec.identities import STmsi

RAN_UE_NGAP_IDS: Final = 1 << 32
"""How many values a RAN UE NGAP ID has (TS 38.413 9.3.3.2)."""

C_RNTIS: Final = 0xFFF2
"""The values of a C-RNTI are 1 to this (TS 38.321 7.1)."""


class Contexts:
    """UEs by RAN UE NGAP ID and by bearer; camped terminals by 5G-S-TMSI: each in constant time."""

    __slots__ = ("_next", "_next_rnti", "bearers", "camped", "chained", "ending", "expected", "terminals", "ues")

    def __init__(self) -> None:
        self.ues: dict[int, Ue] = {}
        self.bearers: dict[int, Ue] = {}
        self.camped: dict[STmsi, Terminal] = {}
        self.terminals: dict[Terminal, STmsi] = {}
        self.expected: dict[int, Ue] = {}
        """UEs whose terminals are to come by handover, by the C-RNTI that they were given."""
        self.ending: dict[int, Alarm] = {}
        """Bearers that packets are forwarded to or from, until their end markers come."""
        self.chained: set[int] = set()
        """Bearers that forward already while the old path of the handover before has not ended."""
        self._next = 0
        self._next_rnti = 0

    def new_id(self) -> int:
        """A RAN UE NGAP ID that nothing has (TS 38.413 9.3.3.2)."""
        self._next = (self._next + 1) % RAN_UE_NGAP_IDS
        while self._next in self.ues:
            self._next = (self._next + 1) % RAN_UE_NGAP_IDS
        return self._next

    def expect(self, ue: Ue) -> int:
        """A C-RNTI for a terminal that is to come; 0 where all are given out (TS 38.321 7.1)."""
        for _ in range(C_RNTIS):
            self._next_rnti = self._next_rnti % C_RNTIS + 1
            if self._next_rnti not in self.expected:
                self.expected[self._next_rnti] = ue
                return self._next_rnti
        return 0

    def camp(self, terminal: Terminal, temporary: STmsi | None) -> None:
        """Note under which 5G-S-TMSI a terminal listens; None: not any more."""
        old = self.terminals.pop(terminal, None)
        if old is not None and self.camped.get(old) is terminal:
            del self.camped[old]
        if temporary is not None:
            self.terminals[terminal] = temporary
            self.camped[temporary] = terminal
