"""The ladder of a run: tap records as text that reads like the call flows of TS 23.502."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from freehold.codecs.nas import DlNasTransport, PayloadContainerType, UlNasTransport, decode
from freehold.procedure.clauses import clause_of
from freehold.procedure.tap import Interface, Record

LANES: Final = ("UE", "gNB", "AMF", "SMF", "UPF", "AUSF", "UDM", "UDR", "PCF", "NSSF", "NRF", "DN")
"""Functions in the order of TS 23.502's figures."""
ENDS: Final[dict[str, tuple[str, str]]] = {
    "N2": ("gNB", "AMF"),
    "N3": ("gNB", "UPF"),
    "N4": ("SMF", "UPF"),
    "N4-u": ("SMF", "UPF"),
}
"""What stands at the two ends of an interface, for names that do not tell."""
ACCEPTED: Final = 1
"""What PFCP's responses carry where nothing is wrong (TS 29.244 8.2.1); no other protocol has a cause #1."""
GAP: Final = 7
"""Columns from one lane to the next, at least; one less where there is no room."""
TEXT: Final = 66
"""Columns for a message's name before its clause."""
STEP: Final = 9
"""Columns of a step's number and interface, which stand before its name."""
NAME: Final = 24
"""Columns that a name has at least where a ladder has to fit a terminal."""
COMFORT: Final = 40
"""Columns that a name has at least before lanes move together for it."""
CLAUSE: Final = 20
"""Columns of a clause, like TS 23.502 4.3.2.2.1."""
WATCHING: Final = frozenset(("HeartbeatRequest", "HeartbeatResponse", "EchoRequest", "EchoResponse"))
"""Messages that only show that the other end lives (TS 29.244 6.2.2, TS 29.281 7.2): left out of a ladder."""
WORDS: Final = re.compile(r"[A-Za-z]+")


def role(name: str) -> str:
    """The lane a function's name tells, `amf-1` being an AMF; the name itself where it tells none."""
    words = {word.casefold() for word in WORDS.findall(name)}
    return next((lane for lane in LANES if lane.casefold() in words), name)


class Step(msgspec.Struct, frozen=True, gc=False):
    """One line of a ladder: between which lanes, and a message's name with what it carries and its cause."""

    time: float
    interface: str
    start: str
    end: str
    text: str
    clause: str = ""


def step_of(record: Record) -> Step:
    """What a ladder shows of a record."""
    text = f"{record.name}{inside(record.value)}{cause_of(record.value)}"
    return Step(
        record.time,
        record.interface,
        *ends_of(record),
        text,
        record.clause or clause_of(record.name, record.value, record.interface),
    )


class Ladder:
    """Draws records one at a time; lanes are fixed from the start, and steps counted within a procedure.

    In a terminal of so many `columns` names are cut and lanes move together; where even that is too wide, a step says
    its two ends in words, and in the narrowest its clause is left out.
    """

    def __init__(self, lanes: Sequence[str] = LANES[:9], *, times: bool = False, columns: int | None = None) -> None:
        self._lanes = tuple(lanes)
        longest = max(map(len, lanes), default=0)
        self._gap = max(GAP, longest + 2)
        self._times = times
        self._drawn, self._text, self._clauses = True, TEXT, True
        self._step = 0
        if columns is not None:
            self._fit(columns - (10 if times else 0), longest)

    def _fit(self, columns: int, longest: int) -> None:
        """Find what fits these columns."""

        def room(lanes: int) -> int:
            return columns - lanes - 2 - 2 - CLAUSE

        if room(self._gap * len(self._lanes)) < STEP + COMFORT:
            self._gap = max(GAP - 1, longest + 2)
        self._drawn = room(self._gap * len(self._lanes)) >= STEP + NAME
        before = self._gap * len(self._lanes) if self._drawn else 2 * longest + 3
        self._clauses = room(before) >= STEP + NAME
        self._text = min(TEXT, room(before) if self._clauses else columns - before - 2)

    def header(self) -> str:
        """The names of the lanes; empty where there are none."""
        if not self._drawn:
            return ""
        names = "".join(f"{lane:^{self._gap}}" for lane in self._lanes)
        return (" " * (10 if self._times else 0) + names).rstrip()

    def draw(self, record: Record) -> str:
        """One record as one line."""
        return self.draw_step(step_of(record))

    def draw_step(self, step: Step) -> str:
        """One step as one line."""
        if step.interface == "procedure":
            self._step = 0
            return self._line(step, self._mark(step.start), f"-- {step.text.replace('_', ' ')} --")
        if step.interface == "timer":
            return self._line(step, self._mark(step.start), f"     .. {step.text} ..")
        self._step += 1
        return self._line(step, self._arrow(step.start, step.end), f"{self._step:>3}  {step.interface:<3} {step.text}")

    def _line(self, step: Step, lanes: str, text: str) -> str:
        time = f"{step.time:9.3f} " if self._times else ""
        if self._text < TEXT and len(text) > self._text:
            text = f"{text[: self._text - 1]}…"
        return f"{time}{lanes}  {text:<{self._text}}  {step.clause if self._clauses else ''}".rstrip()

    def _column(self, name: str) -> int | None:
        return self._lanes.index(name) * self._gap + self._gap // 2 if name in self._lanes else None

    def _rails(self) -> list[str]:
        rails = [" "] * (self._gap * len(self._lanes))
        for number in range(len(self._lanes)):
            rails[number * self._gap + self._gap // 2] = "|"
        return rails

    def _ends(self, *names: str) -> str:
        """The ends of a step in words."""
        longest = max(map(len, self._lanes), default=0)
        return f"{' > '.join(f'{name:<{longest}}' for name in names):<{2 * longest + 3}}"

    def _mark(self, name: str) -> str:
        if not self._drawn:
            return self._ends(name)
        rails, column = self._rails(), self._column(name)
        if column is not None:
            rails[column] = "*"
        return "".join(rails)

    def _arrow(self, source: str, target: str) -> str:
        if not self._drawn:
            return self._ends(source, target)
        rails, start, end = self._rails(), self._column(source), self._column(target)
        if start is None or end is None or start == end:
            return self._mark(source if start is not None else target)
        low, high = sorted((start, end))
        rails[low + 1 : high] = "-" * (high - low - 1)
        rails[end - 1 if end > start else end + 1] = ">" if end > start else "<"
        return "".join(rails)


def render(records: Iterable[Record], *, times: bool = False, interfaces: Iterable[Interface] | None = None) -> str:
    """The whole ladder of a run, with the lanes that take part; equal runs give equal text unless `times` are asked."""
    wanted = None if interfaces is None else {*interfaces, "procedure", "timer"}
    chosen = [r for r in records if (wanted is None or r.interface in wanted) and r.name not in WATCHING]
    gnbs = {name for record in chosen for name in (record.source, record.target) if role(name) == "gNB"}
    if len(gnbs) <= 1:
        return render_steps(map(step_of, chosen), times=times)
    return render_steps((_named(step_of(record), record) for record in chosen), times=times)


def _named(step: Step, record: Record) -> Step:
    """The same with the gNBs' own names: there are several."""
    start = record.source if step.start == "gNB" and role(record.source) == "gNB" else step.start
    end = record.target if step.end == "gNB" and role(record.target) == "gNB" else step.end
    return msgspec.structs.replace(step, start=start, end=end)


def render_steps(steps: Iterable[Step], *, times: bool = False) -> str:
    """The whole ladder of steps, with the lanes that take part."""
    chosen = list(steps)
    ladder = Ladder(lanes_of(chosen), times=times)
    return "\n".join([ladder.header(), *map(ladder.draw_step, chosen)]) + "\n"


def lanes_of(steps: Sequence[Step]) -> list[str]:
    """The lanes that take part in steps, in their order."""
    seen = dict.fromkeys(name for step in steps for name in (step.start, step.end))
    lanes: list[str] = [lane for lane in LANES if lane in seen]
    gnbs = sorted(name for name in seen if name not in LANES and role(name) == "gNB")
    place = LANES.index("gNB")
    before = sum(lane in LANES[:place] for lane in lanes)
    lanes[before:before] = gnbs
    lanes += [name for name in seen if name not in LANES and name not in gnbs]
    return lanes


def ends_of(record: Record) -> tuple[str, str]:
    """The lanes a record runs between."""
    source, target = role(record.source), role(record.target)
    known = ENDS.get(record.interface)
    if known is not None and (source in LANES) != (target in LANES):
        near, far = known
        if source in LANES:
            target = far if source == near else near
        else:
            source = far if target == near else near
    return source, target


def inside(value: object) -> str:
    """The 5GSM message that a NAS transport carries, as ` [PduSessionEstablishmentRequest]`; empty for others."""
    if not isinstance(value, (UlNasTransport, DlNasTransport)):
        return ""
    if value.payload_container_type != PayloadContainerType.N1_SM_INFORMATION:
        return ""
    carried = decode(value.payload_container).message
    return "" if carried is None else f" [{type(carried).__name__}{cause_of(carried)}]"


def cause_of(value: object) -> str:
    """The cause a message carries, to be read beside its name: ` #15`, ` (nas unspecified)`; empty without one."""
    cause = getattr(value, "cause", None)
    if isinstance(cause, int) and cause != ACCEPTED:
        return f" #{cause}"
    if isinstance(cause, tuple) and len(cause) == 2:
        return f" ({cause[0]} {cause[1]})"
    return ""
