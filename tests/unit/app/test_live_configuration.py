"""What a change of the configuration would do, does, and how it is undone."""

import asyncio

import pytest

from freehold.app.config import parse
from freehold.app.network import Network
from freehold.app.reconfiguration import KEPT, LiveConfiguration, differences
from freehold.manage.views import ChangeView
from freehold.spec.errors import Unusable
from freehold.spec.identities import SNssai

START = '[network]\nname = "Harbour"\n'


def run(scenario, path=None, text=START):
    async def whole():
        if path is not None:
            path.write_text(text, encoding="utf-8")
        async with Network(parse(text)) as network:
            await scenario(network, LiveConfiguration(network, path))

    asyncio.run(whole())


def test_when_settings_differ_then_each_is_told_with_the_time_it_takes_effect():
    before = parse(START)
    after = parse(
        '[network]\nname = "Quay"\nplmn = "001/02"\n[[slice]]\nid = "1"\n[[slice]]\nid = "2-00000a"\n'
        '[[dnn]]\nname = "internet"\nmtu = 1300\npool = "10.60.0.0/16"\n[timers]\nT3512 = 60\n'
    )

    assert differences(before, after) == (
        ChangeView("dnn.internet.mtu", "1400", "1300", "now"),
        ChangeView("dnn.internet.pool", "10.45.0.0/16", "10.60.0.0/16", "restart"),
        ChangeView("network.name", "Harbour", "Quay", "now"),
        ChangeView("network.plmn", "001/01", "001/02", "restart"),
        ChangeView("slice", "1", "1, 2-00000a", "now"),
        ChangeView("timers.T3512", "", "60.0", "restart"),
    )
    assert differences(before, before) == ()


def test_when_a_data_network_is_added_then_all_of_it_waits_for_a_restart():
    after = parse('[[dnn]]\nname = "internet"\n[[dnn]]\nname = "ims"\npool = "10.46.0.0/16"\n')

    assert {change.takes_effect for change in differences(parse(""), after)} == {"restart"}


def test_when_a_text_is_applied_then_it_is_written_and_what_can_be_is_live(tmp_path):
    path = tmp_path / "freehold.toml"

    async def scenario(network, configuration):
        text = START + 'tac = 9\nplmn = "001/02"\n'
        changes = await configuration.apply(text, "ada", "a new quay")

        assert [(change.key, change.takes_effect) for change in changes] == [
            ("network.plmn", "restart"),
            ("network.tac", "now"),
        ]
        assert path.read_text(encoding="utf-8") == text
        assert network.configuration.network.tac == 9
        assert str(network.configuration.network.plmn) == "001/01"
        assert [change.key for change in configuration.view().pending] == ["network.plmn"]
        assert [(one.number, one.actor, one.note) for one in configuration.versions()] == [
            (1, "the owner", "as it was at the start"),
            (2, "ada", "a new quay"),
        ]

    run(scenario, path)


def test_when_a_version_is_applied_again_then_everything_is_as_it_was(tmp_path):
    async def scenario(network, configuration):
        await configuration.apply('[[slice]]\nid = "1"\n[[slice]]\nid = "2"\n', "ada", "")
        assert [section.id for section in network.configuration.slice] == [SNssai(1), SNssai(2)]
        await configuration.apply(configuration.version(1), "ada", "back to version 1")

        assert network.configuration == parse(START)
        assert (tmp_path / "freehold.toml").read_text(encoding="utf-8") == START

    run(scenario, tmp_path / "freehold.toml")


@pytest.mark.parametrize("text", ["[network]\ntac = 0\n", "[network\n", '[network]\nnme = "x"\n'])
def test_when_a_text_is_wrong_then_nothing_changes(tmp_path, text):
    path = tmp_path / "freehold.toml"

    async def scenario(network, configuration):
        before = network.configuration
        with pytest.raises(Unusable):
            await configuration.apply(text, "ada", "")

        assert network.configuration is before
        assert path.read_text(encoding="utf-8") == START
        assert configuration.versions() == []

    run(scenario, path)


def test_when_the_file_cannot_be_written_then_nothing_changes(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    async def scenario(network, _):
        before = network.configuration
        configuration = LiveConfiguration(network, tmp_path / "file" / "freehold.toml")
        with pytest.raises(Unusable, match="cannot be written"):
            await configuration.apply("[network]\ntac = 9\n", "ada", "")

        assert network.configuration is before
        assert configuration.versions() == []

    run(scenario)


def test_when_there_are_many_versions_then_the_oldest_go():
    async def scenario(network, configuration):
        for tac in range(2, KEPT + 10):
            await configuration.apply(f"[network]\ntac = {tac}\n", "ada", "")
        again = LiveConfiguration(network)

        assert len(configuration.versions()) == KEPT
        assert configuration.versions() == again.versions()
        assert configuration.version(1) is None

    run(scenario)


def test_when_the_file_is_changed_by_hand_then_the_view_shows_it(tmp_path):
    path = tmp_path / "freehold.toml"

    async def scenario(_, configuration):
        path.write_text(START + "tac = 77\n", encoding="utf-8")
        assert [change.key for change in configuration.view().pending] == ["network.tac"]
        path.write_text("[netw", encoding="utf-8")
        assert configuration.view().pending == ()

    run(scenario, path)
