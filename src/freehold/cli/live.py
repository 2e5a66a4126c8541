"""The live view of `freehold up`: cells, terminals, sessions, throughput, the ladder; or plain lines."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from freehold.cli.output import show_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from freehold.app.terminals import TerminalCounts
    from freehold.manage.network import ManagedNetwork
    from freehold.procedure import Record
    from freehold.spec.events import Event

PERIOD: Final = 0.5
"""Seconds between two looks at the network."""
THRIFT: Final = 50
"""How much longer than a look the pause after it is at least: a view takes 2 % of the loop at most."""
OVER: Final = 3.0
"""Seconds a rate is taken over."""
STEPS: Final = 18
"""Lines of the ladder."""
KEPT: Final = 1000
"""Records among which the last procedure is looked for."""
UNBROKEN: Final = "\N{NO-BREAK SPACE}"
"""Between what stays on one line."""
BORDER: Final = 4
"""Columns of a panel's border on both sides."""
ROOMY: Final = 88
"""Columns of a terminal in which everything about a UE has room."""
TIGHT: Final = 72
"""Columns in which octets have room, but the state of the connection does not."""
ROWS: Final = 12
"""Terminals shown."""


class View(Protocol):
    """A way to show a network while it runs."""

    covers_the_screen: bool

    async def watch(self, network: ManagedNetwork) -> None:
        """Show the network until cancelled."""


def choose(*, plain: bool, console: Callable[[], str] = str) -> View:
    """The live view on a terminal, which tells where the `console` is; lines elsewhere."""
    return LinesView() if plain or not sys.stdout.isatty() else ScreenView(console)


class LinesView:
    """A line whenever the numbers changed."""

    covers_the_screen = False

    async def watch(self, network: ManagedNetwork) -> None:
        """Print until cancelled."""
        shown: tuple[int, ...] = ()
        while True:
            began = time.perf_counter()
            status = network.status()
            numbers = (status.gnbs, status.ues_registered, status.ues_connected, status.sessions)
            if numbers != shown:
                shown = numbers
                show_line(
                    f"{status.uptime_s:8.2f} s  {status.gnbs} gNB  {status.ues_registered} registered  "
                    f"{status.ues_connected} connected  {status.sessions} sessions"
                )
                sys.stdout.flush()
            await asyncio.sleep(max(PERIOD / 5, THRIFT * (time.perf_counter() - began)))


class TerminalLines:
    """The same for terminals whose core is elsewhere."""

    async def watch(self, look: Callable[[], TerminalCounts]) -> None:
        """Print until cancelled."""
        began = time.perf_counter()
        shown: TerminalCounts | None = None
        while True:
            counts = look()
            if counts.ues and counts != shown:
                shown = counts
                show_line(
                    f"{time.perf_counter() - began:8.2f} s  {counts.registered} of {counts.ues} registered  "
                    f"{counts.sessions} sessions"
                )
                sys.stdout.flush()
            await asyncio.sleep(PERIOD / 5)


class Rate:
    """Octets to bit/s over the last few looks: traffic comes in bursts."""

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=round(OVER / PERIOD) + 1)

    def of(self, octets: int, now: float) -> float:
        """The rate since the oldest look that counts, in bit/s."""
        self._looks.append((now, octets))
        then, before = self._looks[0]
        return max(0.0, 8 * (octets - before) / (now - then)) if now > then else 0.0


def bit_rate(rate: float) -> str:
    """`12.3 Mbit/s`."""
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if rate >= factor:
            return f"{rate / factor:.1f} {unit}bit/s"
    return f"{rate:.0f} bit/s"


def size(octets: int) -> str:
    """`12.3 MB`."""
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}B"
    return f"{octets} B"


class ScreenView:
    """The whole terminal, drawn anew twice a second."""

    covers_the_screen = True

    def __init__(self, console: Callable[[], str] = str) -> None:
        self._console = console
        self._records: deque[Record] = deque(maxlen=KEPT)
        self._events: deque[str] = deque(maxlen=5)
        self._up, self._down = Rate(), Rate()

    async def watch(self, network: ManagedNetwork) -> None:
        """Draw until cancelled."""
        from rich.live import Live

        stops = (network.tap.listen(self._records.append, packets=False), network.listen(self._event))
        try:
            with Live(screen=True, auto_refresh=False) as live:
                while True:
                    began = time.perf_counter()
                    live.update(self.picture(network, live.console.width), refresh=True)
                    await asyncio.sleep(max(PERIOD, THRIFT * (time.perf_counter() - began)))
        finally:
            for stop in stops:
                stop()

    def _event(self, event: Event) -> None:
        from freehold.app.logs import line

        self._events.append(f"{event.severity:<8}{line(event)}")

    def picture(self, network: ManagedNetwork, columns: int) -> RenderableType:
        """What a screen of so many columns shows now."""
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        status, now = network.status(), time.monotonic()
        up, down = self._up.of(status.uplink_bytes, now), self._down.of(status.downlink_bytes, now)
        told = (
            f"{status.name}  PLMN {status.plmn}  TAC {status.tac}",
            f"{status.gnbs} gNB",
            f"{status.ues_registered} registered",
            f"{status.ues_connected} connected",
            f"{status.sessions} sessions",
            f"up {bit_rate(up)}",
            f"down {bit_rate(down)}",
            f"{status.uptime_s:.0f} s",
        )
        head = "   ".join(each.replace(" ", UNBROKEN) for each in told)
        ladder = last_procedure(self._records, columns - BORDER)
        return Group(
            Panel(Text(head), title="freehold", title_align="left", subtitle=self._console() or None),
            self._cells(network),
            self._terminals(network, columns),
            Panel(_lines(ladder), title="the last procedure", title_align="left"),
            Panel(_lines(list(self._events) or ["nothing to tell"]), title="events", title_align="left"),
        )

    def _cells(self, network: ManagedNetwork) -> RenderableType:
        table = _table("gNB", "ID", "N2", "TAC", "UEs")
        for gnb in network.gnbs()[:4]:
            table.add_row(gnb.name, gnb.id, gnb.address, ", ".join(map(str, gnb.tacs)), str(gnb.ues))
        return table

    def _terminals(self, network: ManagedNetwork, columns: int) -> RenderableType:
        roomy, tight = columns >= ROOMY, columns < TIGHT
        table = _table("UE", "State", *(["Connection"] if roomy else []), "Address", *([] if tight else ["Up", "Down"]))
        sessions = {session.supi: session for session in network.sessions()}
        ues = network.ues()
        for ue in ues[:ROWS]:
            session = sessions.get(ue.supi)
            octets = (size(session.uplink_bytes), size(session.downlink_bytes)) if session else ("", "")
            address = f"{session.ip} {session.ip6}".strip() if session else ""
            connection = [ue.connection] if roomy else []
            table.add_row(ue.supi, ue.state, *connection, address, *(() if tight else octets))
        if len(ues) > ROWS:
            table.add_row(f"... and {len(ues) - ROWS} more")
        return table


def last_procedure(records: Iterable[Record], columns: int) -> list[str]:
    """The ladder of the terminal whose procedure began last, or of everything where none is a known terminal's."""
    from freehold.procedure.follow import follow
    from freehold.procedure.ladder import Ladder, lanes_of, step_of

    chosen = list(records)
    begun = (record.subject for record in reversed(chosen) if record.interface == "procedure")
    subject = next((subject.split()[0] for subject in begun if subject.startswith(("imsi-", "nai-"))), "")
    steps = [step_of(record) for record in (follow(chosen, subject) if subject else chosen)]
    ladder = Ladder(lanes_of(steps[-STEPS:]), columns=columns)
    lines = [ladder.draw_step(step) for step in steps]
    return [*filter(None, [ladder.header()]), *lines[-STEPS:]]


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table


def _lines(lines: list[str]) -> RenderableType:
    from rich.text import Text

    return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
