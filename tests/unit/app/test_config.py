"""The configuration: defaults that work, mistakes told in one line with their place and remedy."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from freehold.app import config
from freehold.app.settings import BitRate
from freehold.spec.errors import Unusable
from freehold.spec.identities import PlmnId, SNssai

FILE = """
[network]
plmn = "310/410"
tac = 7

[[slice]]
id = "1-010203"

[[dnn]]
name = "internet"
pool = "10.60.0.0/16"
ambr_down = "1.5 Gbit/s"
n6 = "nat"

[timers]
T3512 = 600
"""


def test_when_there_is_no_file_then_the_defaults_work(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config.load(None) == config.Configuration()


def test_when_a_file_is_read_then_its_values_are_typed():
    made = config.parse(FILE)
    assert made.network.plmn == PlmnId("310", "410")
    assert made.slice[0].id == SNssai(1, 0x010203)
    assert made.dnn[0].pool == IPv4Network("10.60.0.0/16")
    assert made.dnn[0].ambr_down == 1_500_000_000
    assert made.timers == {"T3512": 600.0}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[network]\nplnm = "001/01"', "f.toml:2: network.plnm: no such setting; did you mean 'plmn'?"),
        ('[network]\nplmn = "1/01"', "f.toml:2: network.plmn: '1/01' is not of the form \"001/01\""),
        ("[network]\nplmn = 1", 'f.toml:2: network.plmn: must be text like "001/01"'),
        ('[network]\ntac = "7"', "f.toml:2: network.tac: must be a whole number, not '7'"),
        ("[network]\ntac = 0", "f.toml: network.tac: 0 is outside 1..16777213"),
        ("[network]\ntac = true", "network.tac: must be a whole number, not True"),
        ("[dnn]\nname = 'x'", "dnn: is written [[dnn]]"),
        ("dnn = 3", "dnn: must be a list"),
        ("network = 3", "network: must be a table: [network]"),
        (
            '[[dnn]]\nn6 = "Nat"',
            "dnn.n6: 'Nat' is not one of 'internal', 'relay', 'nat', 'route', 'tap'; did you mean 'nat'?",
        ),
        ('[[dnn]]\nambr_up = "fast"', "dnn.ambr_up: 'fast' is not of the form \"100 Mbit/s\""),
        ("[[dnn]]\nmtu = 9000", "dnn.mtu: 9000 is outside 1280..1500"),
        ('[[dnn]]\npool = "10.0.0.0/31"', "has no room for a terminal"),
        ('[[dnn]]\n[[dnn]]\nname = "b"', "dnn.pool: b and internet overlap"),
        ('[[dnn]]\n[[dnn]]\npool = "10.9.0.0/16"', "dnn.name: 'internet' stands twice"),
        ("dnn = []", "at least one [[dnn]] is needed"),
        ("slice = []", "at least one [[slice]] is needed"),
        ("[timers]\nT9999 = 1", "timers.T9999: no such timer"),
        ("[timers]\nT3512 = 0", "timers.T3512: must be above 0 seconds"),
        ("[[gnb]]\nid = 5000000\nbits = 22", "gnb.id: 5000000 has more than 22 bits"),
        ("[[gnb]]\nbits = 21", "gnb.bits: 21 is outside 22..32"),
        ("[amf]\nintegrity = []", "at least one integrity"),
        ("[network\n", "f.toml: not TOML"),
    ],
)
def test_when_the_file_is_wrong_then_one_line_says_what_where_and_how(text: str, complaint: str):
    with pytest.raises(Unusable) as raised:
        config.parse(text, "f.toml")
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_when_the_file_cannot_be_read_then_one_line_says_so(tmp_path: Path):
    with pytest.raises(Unusable, match="cannot be read: No such file"):
        config.load(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match="not UTF-8"):
        config.load(tmp_path / "binary.toml")


def test_when_a_configuration_is_shown_then_a_person_can_write_it_back():
    shown = config.show(config.parse(FILE))
    assert shown["network"] == {"name": "Freehold", "plmn": "310/410", "tac": 7}
    assert shown["dnn"][0]["ambr_down"] == "1500 Mbit/s"
    assert json.loads(json.dumps(shown)) == shown


def test_when_the_schema_is_asked_for_then_it_describes_every_section():
    schema = config.schema()
    assert set(schema["properties"]) == set(config.Configuration.__struct_fields__)
    assert schema["properties"]["network"]["properties"]["plmn"]["default"] == "001/01"
    assert json.dumps(schema)


@pytest.mark.parametrize(
    ("text", "rate"), [("64 kbit/s", 64_000), ("1 Gbit/s", 10**9), ("10 bit/s", 10), ("2.5 Mbps", 2_500_000)]
)
def test_when_a_rate_is_written_by_a_person_then_it_is_bits_per_second(text: str, rate: int):
    assert BitRate.parse(text) == rate
    assert BitRate.parse(str(BitRate(rate))) == rate


def test_when_an_owner_is_not_root_then_files_follow_xdg(monkeypatch, tmp_path):
    monkeypatch.setattr("os.getuid", lambda: 1000)
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    made = config.Configuration()
    assert config.default_path() == tmp_path / "XDG_CONFIG_HOME" / "freehold" / "freehold.toml"
    assert config.data_folder(made) == tmp_path / "XDG_DATA_HOME" / "freehold"
    assert config.socket_path(made) == tmp_path / "XDG_RUNTIME_DIR" / "freehold" / "management.sock"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert config.socket_path(made) == tmp_path / "XDG_DATA_HOME" / "freehold" / "management.sock"


def test_when_an_owner_is_root_then_files_follow_the_system(monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 0)
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    made = config.Configuration()
    assert config.default_path() == Path("/etc/freehold/freehold.toml")
    assert config.data_folder(made) == Path("/var/lib/freehold")
    assert config.socket_path(made) == Path("/run/freehold/management.sock")
