import asyncio

import pytest

from freehold.cli.live import LinesView, Rate, ScreenView, bit_rate, choose
from freehold.procedure.tap import Record
from freehold.spec.events import Event
from managekit import FakeNetwork


@pytest.mark.parametrize(
    ("rate", "text"), [(0, "0 bit/s"), (1500, "1.5 kbit/s"), (2.5e6, "2.5 Mbit/s"), (3e9, "3.0 Gbit/s")]
)
def test_when_a_rate_is_shown_then_its_unit_fits(rate, text):
    assert bit_rate(rate) == text


def test_when_octets_are_counted_then_the_rate_is_between_two_looks():
    rate = Rate()
    assert rate.of(1000, 10.0) == 0
    assert rate.of(2000, 12.0) == 4000
    assert rate.of(0, 13.0) == 0


def test_when_output_is_no_terminal_then_lines_are_printed(capsys):
    async def main():
        task = asyncio.create_task(choose(plain=False).watch(FakeNetwork()))
        await asyncio.sleep(0)
        task.cancel()

    assert isinstance(choose(plain=False), LinesView)
    asyncio.run(main())
    assert capsys.readouterr().out.count("1 registered") == 1


def test_when_the_screen_is_drawn_then_cells_terminals_ladder_and_events_are_on_it(monkeypatch, capsys):
    network, view = FakeNetwork(), ScreenView()

    async def main():
        task = asyncio.create_task(view.watch(network))
        await asyncio.sleep(0)
        network.tap.record(Record(1.0, "N1", "AMF", "UE", "RegistrationAccept"))
        network.environment.emit(Event("x", "something to tell", "warning"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert not network.tap.active
    from rich.console import Console

    console = Console(width=160, record=True)
    console.print(view.picture(network))
    text = console.export_text()
    for words in ("gnb-1", "10.45.0.2", "RegistrationAccept", "something to tell", "001/01"):
        assert words in text
