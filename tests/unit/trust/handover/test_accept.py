"""Acceptance: every level with its evidence, and a certificate that says what was run, and what was not."""

import json
import os

import pytest

from freehold.spec.errors import Unusable
from freehold.trust.handover import accept as room
from freehold.trust.handover.accept import FILE, FULL, LEVELS, Acceptance, sign, verify
from freehold.trust.handover.package import Handed
from freehold.trust.origin.build import Built
from freehold.trust.origin.source import Source, digest_of
from freehold.trust.seal import Refused, new_signer, seal_envelope

WHEEL = b"a wheel"
MAKEFILE = """
setup:
\t@touch ready
good: ready
\t@echo first; echo 7 passed
bad:
\t@echo no; false
"""
COMMANDS = {
    "conformance": ("make", "good"),
    "test": ("make", "good"),
    "demo": ("echo", '{"ues": 2, "registered": 2, "sessions": 2, "ping_ok": 2}'),
    "assure": ("sh", "-c", "mkdir {evidence}/run && echo seen > {evidence}/run/results.json && echo 70 PASS, 0 FAIL"),
}


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "source"
    root.mkdir()
    (root / "Makefile").write_text(MAKEFILE)
    return Source(root, {"Makefile": digest_of(root / "Makefile")})


@pytest.fixture
def wheel(tmp_path):
    (tmp_path / "wheel").write_bytes(WHEEL)
    return digest_of(tmp_path / "wheel")


@pytest.fixture
def handed(source, wheel):
    return Handed("urn:uuid:x", "ab" * 32, "0.1.0", "Seller", "Buyer", source.digest, wheel, {}, {})


@pytest.fixture
def builds(monkeypatch, wheel):
    def build_in(_tree, _environment, out):
        place = out / "freehold-0.1.0-py3-none-any.whl"
        place.write_bytes(WHEEL)
        return Built(place, wheel, "", "", {"rustc": "1.96"})

    monkeypatch.setattr(room, "build_in", build_in)


@pytest.fixture
def signer(tmp_path):
    return new_signer(tmp_path / "buyer.pem")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "acceptance"


@pytest.fixture
def accepted(handed, source, folder, builds, signer):
    certificate = Acceptance(handed, source, folder, commands=COMMANDS).run(FULL)
    (folder / FILE).write_bytes(sign(certificate, signer))
    return certificate


def met(certificate):
    return {level.name: level.met for level in certificate.levels}


def test_when_every_level_is_met_then_the_certificate_is_full_and_holds(accepted, folder, handed, signer):
    assert met(accepted) == dict.fromkeys(FULL, True)
    assert (accepted.accepted, accepted.full, accepted.not_run) == (True, True, ("conformance",))
    shown = {level.name: level.shown for level in accepted.levels}
    assert shown["test"] == "7 passed"
    assert shown["demo"] == "2 of 2 registered, 2 sessions, 2 pings"
    assert shown["assure"] == "70 PASS, 0 FAIL"
    evidence = {name for level in accepted.levels for name in level.evidence}
    assert evidence == {
        "inventory/files.sha256", "compile/freehold-0.1.0-py3-none-any.whl", "test/log.txt", "demo/log.txt",
        "assure/log.txt", "assure/run/results.json",
    }  # fmt: skip
    assert verify(folder, handed, [signer.public]) == accepted


def test_when_only_some_levels_are_run_then_the_certificate_names_the_others(handed, source, folder, builds):
    certificate = Acceptance(handed, source, folder, commands=COMMANDS).run(["conformance", "inventory"])
    assert list(met(certificate)) == ["inventory", "conformance"]
    assert certificate.not_run == ("compile", "compare", "test", "demo", "assure")
    assert (certificate.accepted, certificate.full) == (True, False)


def test_when_a_part_of_the_tests_stands_for_all_then_it_is_not_full(handed, source, folder, builds):
    certificate = Acceptance(handed, source, folder, commands=COMMANDS).run([each for each in LEVELS if each != "test"])
    assert (certificate.accepted, certificate.full, certificate.not_run) == (True, False, ("test",))


def test_when_the_source_is_another_then_acceptance_ends_at_the_inventory(handed, source, folder):
    other = Source(source.root, {"Makefile": "00" * 32})
    certificate = Acceptance(handed, other, folder).run(FULL)
    assert met(certificate) == {"inventory": False}
    assert certificate.not_run == LEVELS[1:]
    assert not certificate.accepted


def test_when_a_level_is_not_met_then_those_after_it_are_not_tried(handed, source, folder):
    heard = []
    certificate = Acceptance(handed, source, folder).run(FULL, lambda name, level: heard.append((name, level)))
    assert met(certificate) == {"inventory": True, "compile": False}  # this source has no wheel to build
    assert [name for name, level in heard if level is None] == ["inventory", "compile"]
    assert [level for _, level in heard if level is not None] == list(certificate.levels)


def test_when_the_wheel_is_another_then_it_is_not_accepted(handed, source, folder, builds):
    import msgspec

    other = msgspec.structs.replace(handed, wheel="ee" * 32)
    certificate = Acceptance(other, source, folder).run(FULL)
    assert met(certificate) == {"inventory": True, "compile": True, "compare": False}


@pytest.mark.parametrize("command", [("make", "bad"), ("no-such-program",), ("sh", "-c", "kill -9 $$")])
def test_when_a_command_fails_then_the_level_is_not_met_and_its_log_is_evidence(
    handed, source, folder, builds, command
):
    certificate = Acceptance(handed, source, folder, commands={**COMMANDS, "test": command}).run(FULL)
    assert list(met(certificate).items())[-1] == ("test", False)
    assert "test/log.txt" in certificate.levels[-1].evidence
    assert not certificate.accepted


def test_when_a_command_does_not_end_then_it_is_ended(handed, source, folder, builds):
    never = {**COMMANDS, "test": ("sleep", "600")}
    certificate = Acceptance(handed, source, folder, commands=never, longest=0.05).run(["test"])
    assert "no end within" in certificate.levels[0].shown
    assert not certificate.accepted


def test_when_tests_fail_then_the_certificate_names_them_and_not_the_words_of_make(handed, source, folder, builds):
    lines = [f"FAILED tests/test_{name}.py::test_{name} - assert 1 == 2" for name in "abcde"]
    told = "\n".join(["....F..", *lines, "5 failed, 7 passed in 3.21s", "make: *** [Makefile:23: test] Error 1"])
    command = ("sh", "-c", f"cat <<'END'\n{told}\nEND\nexit 2")
    certificate = Acceptance(handed, source, folder, commands={**COMMANDS, "test": command}).run(FULL)
    level = certificate.levels[-1]
    assert (level.name, level.met) == ("test", False)
    assert level.shown == f"it ended with 2: 5 failed, 7 passed in 3.21s; {'; '.join(lines[:3])}; and 2 more"
    assert "assure" in certificate.not_run


def test_when_a_run_of_tests_is_interrupted_then_the_certificate_does_not_speak_of_passed_tests_alone(
    handed, source, folder, builds
):
    command = ("sh", "-c", "echo '!!!!!! KeyboardInterrupt !!!!!!'; echo '7 passed in 3.21s'; exit 2")
    certificate = Acceptance(handed, source, folder, commands={**COMMANDS, "test": command}).run(["test"])
    assert certificate.levels[0].shown == "it ended with 2: 7 passed in 3.21s; !!!!!! KeyboardInterrupt !!!!!!"
    assert not certificate.accepted


def test_when_a_command_leaves_something_running_then_it_ends_with_it(handed, source, folder, builds, tmp_path):
    import contextlib
    import time

    left = ("sh", "-c", f"sleep 600 & echo $! > {tmp_path}/pid; echo done")
    assert Acceptance(handed, source, folder, commands={**COMMANDS, "test": left}).run(["test"]).accepted
    number = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 30
    state = "R"
    while state not in "ZX":  # a zombie that nobody waited for yet, or gone
        state = "X"
        with contextlib.suppress(OSError):
            state = (tmp_path.__class__("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()[0]
        assert time.monotonic() < end


def test_when_a_level_takes_long_then_it_gives_signs_of_life(handed, source, folder, builds, monkeypatch):
    monkeypatch.setattr(room, "BEAT", 0.01)
    heard = []

    def hear(name, seconds, line):
        heard.append((name, line))
        assert seconds > 0
        if line == "halfway":
            (folder / "go").touch()

    command = ("sh", "-c", f"echo halfway; while [ ! -e {folder}/go ]; do sleep 0.01; done; echo at the end")
    certificate = Acceptance(handed, source, folder, commands={**COMMANDS, "test": command}).run(["test"], beat=hear)
    assert ("test", "halfway") in heard
    assert certificate.levels[0].shown == "at the end"


def test_when_what_is_not_built_is_to_be_compared_then_it_is_refused(handed, source, folder):
    with pytest.raises(Unusable, match="needs the level compile"):
        Acceptance(handed, source, folder).run(["compare"])


def test_when_evidence_is_changed_missing_or_more_then_the_certificate_is_refused(accepted, folder, handed, signer):
    log = folder / "test/log.txt"
    kept = log.read_bytes()
    for change in (
        lambda: log.write_bytes(kept + b" "),  # then it is missing, a link, a pipe
        lambda: None,
        lambda: log.symlink_to("/etc/hostname"),
        lambda: os.mkfifo(log),
    ):
        log.unlink(missing_ok=True)
        change()
        with pytest.raises(Refused, match=r"test/log.txt|leads out"):
            verify(folder, handed, [signer.public])
    log.unlink()
    log.write_bytes(kept)
    (folder / "more.txt").write_text("more")
    with pytest.raises(Refused, match="no evidence of this certificate"):
        verify(folder, handed, [signer.public])


def test_when_a_certificate_is_of_another_key_or_hand_over_then_it_is_refused(
    accepted, folder, handed, tmp_path, signer
):
    import msgspec

    stranger = new_signer(tmp_path / "stranger.pem")
    with pytest.raises(Refused, match="no signature is of a key you trust"):
        verify(folder, handed, [stranger.public])
    for other in (
        msgspec.structs.replace(handed, serial="urn:uuid:y"),
        msgspec.structs.replace(handed, sha256="0" * 64),
    ):
        with pytest.raises(Refused, match="of another hand-over"):
            verify(folder, other, [signer.public])
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-40])
    with pytest.raises(Refused, match="no JSON"):
        verify(folder, handed, [signer.public])
    (folder / FILE).write_bytes(b"[" * 1000)
    with pytest.raises(Refused):
        verify(folder, handed, [signer.public])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told.update(full=False), "no level says"),
        (lambda told: told["levels"].pop(), "way of its own"),
        (lambda told: told["levels"].reverse(), "way of its own"),
        (lambda told: told["levels"].append(told["levels"][0]), "way of its own"),
        (lambda told: told.update(not_run=[]), "way of its own"),
        (lambda told: told["levels"][3].update(met=False), "no level says"),
        (lambda told: told.update(source="00" * 32), "inventory was met"),
        (lambda told: told.update(wheel="00" * 32), "compare was met"),
        (lambda told: told["levels"][0].update(evidence={"inventory/files.sha256": "0" * 64}), "another source"),
        (lambda told: told["levels"][3].update(evidence={"../buyer.pem": "0" * 64}), "leads out"),
        (lambda told: told["levels"][3].update(evidence={"test/log.txt": "x"}), "SHA-256"),
        (lambda told: told.update(more=1), "no certificate"),
        (lambda told: told.pop("levels"), "no certificate"),
    ],
)
def test_when_a_licensee_signs_what_does_not_hold_then_it_is_refused(accepted, folder, handed, signer, change, why):
    import msgspec

    told = json.loads(msgspec.json.encode(accepted))
    change(told)
    (folder / FILE).write_bytes(seal_envelope(told, [signer], room.CERTIFICATE))
    with pytest.raises(Refused, match=why):
        verify(folder, handed, [signer.public])
