import asyncio

import pytest

from freehold.cli.live import LinesView, Rate, ScreenView, bit_rate, choose, last_procedure, size
from freehold.procedure.tap import Record
from freehold.spec.events import Event
from managekit import SUPI, FakeNetwork


@pytest.mark.parametrize(
    ("rate", "text"), [(0, "0 bit/s"), (1500, "1.5 kbit/s"), (2.5e6, "2.5 Mbit/s"), (3e9, "3.0 Gbit/s")]
)
def test_when_a_rate_is_shown_then_its_unit_fits(rate, text):
    assert bit_rate(rate) == text


def test_when_octets_are_shown_then_their_unit_fits():
    assert [size(each) for each in (0, 999, 1500, 2_500_000, 3_000_000_000)] == [
        "0 B", "999 B", "1.5 kB", "2.5 MB", "3.0 GB",
    ]  # fmt: skip


def test_when_octets_are_counted_then_the_rate_is_between_two_looks():
    rate = Rate()
    assert rate.of(1000, 10.0) == 0
    assert rate.of(2000, 12.0) == 4000
    assert rate.of(0, 13.0) == 0


def test_when_traffic_comes_in_bursts_then_the_rate_does_not_fall_to_nothing_between_them():
    rate = Rate()
    shown = [rate.of(1000 * (look // 2), look / 2) for look in range(20)]
    assert min(shown[8:]) > 0.7 * max(shown[8:]) > 0


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

    for columns in (60, 80, 120):
        console = Console(width=columns, record=True)
        console.print(view.picture(network, columns))
        text = console.export_text()
        for words in ("gnb-1", SUPI, "10.45.0.2", "RegistrationAccept", "something to tell", "001/01", "sessions"):
            assert words in text, (columns, words)
        assert "…" not in text


def test_when_many_terminals_are_at_work_then_the_ladder_is_that_of_the_last_procedure():
    records = [
        Record(1.0, "procedure", "AMF", "AMF", "registration", "TS 23.502 4.2.2.2.2", subject="imsi-...0001"),
        Record(2.0, "procedure", "AMF", "AMF", "registration", "TS 23.502 4.2.2.2.2", subject="imsi-...0002"),
        Record(3.0, "SBI", "AMF", "UDM", "for the first", subject="imsi-...0001"),
        Record(4.0, "SBI", "AMF", "UDM", "for the second", subject="imsi-...0002"),
        Record(5.0, "N2", "AMF", "gnb-1", "Setup", value=OfUe(), subject="imsi-...0002"),
    ]
    lines = last_procedure(records, 120)
    assert lines[0].split() == ["gNB", "AMF", "UDM"]
    assert [line.split("  ")[-1] for line in lines[1:2]] == ["TS 23.502 4.2.2.2.2"]
    assert "for the second" in lines[2]
    assert "for the first" not in "".join(lines)
    assert max(map(len, lines)) <= 120


def test_when_no_terminal_is_known_then_everything_is_shown():
    assert "NGSetupRequest" in last_procedure([Record(1.0, "N2", "gnb-1", "AMF", "NGSetupRequest")], 80)[1]
    assert last_procedure([], 80) == []


class OfUe:
    ran_ue_ngap_id = 7
