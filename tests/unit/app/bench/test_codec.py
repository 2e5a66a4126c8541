"""The codec benchmark measures what it says."""

from __future__ import annotations

import pytest

from freehold.app.bench import codec, loads
from freehold.spec.errors import Unusable


def test_when_codecs_are_measured_then_every_case_has_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_ROUND_SECONDS", 0.0005)
    monkeypatch.setattr(loads, "ROUNDS", 1)
    found = codec.bench_codec()
    assert [case.name for case in found.cases] == [
        "InitialUEMessage",
        "InitialContextSetupRequest",
        "PDUSessionResourceSetupRequest",
        "RRCSetupComplete",
        "RRCReconfiguration",
        "RegistrationRequest",
        "PFCPSessionEstablishmentRequest",
        "GTPUGPdu",
    ]
    assert all(case.decode_us > 0 and case.encode_us > 0 for case in found.cases)
    assert all(case.pycrate_decode_us is None for case in found.cases)
    assert [load.name for load in found.loads] == list(loads.PROTOCOLS)
    assert all(load.load_ms > 0 for load in found.loads)


def test_when_a_peer_is_not_known_then_the_owner_is_told() -> None:
    with pytest.raises(Unusable, match="only pycrate"):
        codec.bench_codec("somebody")


def test_when_pycrate_is_not_there_then_the_owner_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Unusable, match="make setup"):
        codec.bench_codec("pycrate")
