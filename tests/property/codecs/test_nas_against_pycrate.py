"""Random NAS messages in front of pycrate: the same elements, the same octets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.codecs import nas
from freehold.codecs.nas.compile import declared, fields_of
from freehold.codecs.nas.layout import Format, SmMessage
from naskit import Generator
from pipekit import Pipe

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
WITNESS = ROOT / "tests" / "support" / "naskit" / "pycrate_witness.py"
# pycrate 0.8.1 does not give these the identifiers of TS 24.501 8.2.6, 8.2.7 and 8.3.3
UNWITNESSED = {
    (nas.RegistrationAccept, 0x34),
    (nas.RegistrationAccept, 0x35),
    (nas.RegistrationAccept, 0x1C),
    (nas.RegistrationAccept, 0x33),
    (nas.PduSessionEstablishmentReject, 0x1D),
    (nas.PduSessionModificationReject, 0x1D),
    (nas.RegistrationRequest, 0xA),
    # nor does it know these of Release 18
    (nas.RegistrationAccept, 0x32),
    (nas.UlNasTransport, 0x5A),
    (nas.PduSessionModificationCommand, 0x5A),
    (nas.PduSessionReleaseCommand, 0x5A),
    (nas.PduSessionEstablishmentReject, 0x77),
}
# whose values pycrate 0.8.1 lays out in another way than TS 24.501 does:
# CAGonly of 9.11.3.18A is missing, NSSRG and NSAG count other octets, the E bit of 9.11.4.8 stands one lower,
# the first reserved bits of 9.11.4.29 are missing, and unknown parameters of 9.11.2.10 take all that follows
OTHERWISE = {
    "cag_information",
    "nssrg_information",
    "nsag_information",
    "mapped_eps_bearer_contexts",
    "connected",
    "disconnected",
    "service_level_aa_container",
}


class Witness:
    def __init__(self) -> None:
        self.pipe = Pipe(PYTHON, WITNESS)

    def ask(self, octets: bytes) -> tuple[list[list[object]], str]:
        elements, again = json.loads(self.pipe.ask(octets.hex()))
        return elements, again


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    running = Witness()
    yield running
    running.pipe.close()


def tags_of(value: nas.Message) -> list[int]:
    """The identifiers of the optional elements that are there, as pycrate counts them."""
    cls, header = type(value), 2 if isinstance(value, SmMessage) else 0
    found = []
    for name, annotation in fields_of(cls)[header:-1]:
        form = next(mark for mark in declared(annotation)[1] if isinstance(mark, Format))
        if form.name.startswith("tag") and getattr(value, name) is not None:
            found.append(form.tag >> 4 if form.name == "tag-half" else form.tag)
    return found


# pycrate wants more of the mandatory container of these than octets
OPAQUE = {nas.ServiceLevelAuthenticationCommand, nas.ServiceLevelAuthenticationComplete}
JUDGED = [message for message in nas.MESSAGES if message not in OPAQUE]


def judge(witness: Witness, message, seeds: range) -> None:
    for seed in seeds:
        value = Generator(seed, optional=(0.1, 0.5, 1.0)[seed % 3], opaque=False).message(message)
        unwitnessed = {tag for cls, tag in UNWITNESSED if cls is message}
        unwitnessed |= {
            tag for name in OTHERWISE & set(message.__struct_fields__) for tag in tags_of_field(message, name)
        }
        if unwitnessed & set(tags_of(value)):
            value = message(
                **{
                    name: item
                    for name, item in zip(value.__struct_fields__, _values(value), strict=True)
                    if not unwitnessed & set(tags_of_field(message, name))
                }
            )
        octets = nas.encode(value)

        elements, again = witness.ask(octets)

        assert again == octets.hex(), (seed, elements)
        assert [tag for tag, _, _ in elements if tag is not None] == tags_of(value), (seed, octets.hex())


@pytest.mark.parametrize("message", JUDGED, ids=lambda message: message.__name__)
def test_when_a_message_is_encoded_then_pycrate_reads_the_same_elements(witness: Witness, message) -> None:
    judge(witness, message, range(6))


@pytest.mark.soak
@pytest.mark.parametrize("session", [False, True], ids=["5GMM", "5GSM"])
def test_when_ten_thousand_messages_are_encoded_then_pycrate_reads_the_same_elements(
    witness: Witness, session: bool
) -> None:
    every = [message for message in JUDGED if issubclass(message, SmMessage) == session]
    for message in every:
        judge(witness, message, range(6, 7 + 10_000 // len(every)))


def _values(value: nas.Message) -> list[object]:
    return [getattr(value, name) for name in value.__struct_fields__]


def tags_of_field(cls: type[nas.Message], name: str) -> list[int]:
    annotation = dict(fields_of(cls))[name]
    forms = (mark for mark in declared(annotation)[1] if isinstance(mark, Format) and mark.tag)
    return [form.tag >> 4 if form.name == "tag-half" else form.tag for form in forms]
