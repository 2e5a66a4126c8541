"""Random GTP-U messages in front of pycrate: the same octets, the same QFI, RQI and PPI (TS 29.281, TS 38.415)."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freehold.codecs import gtpu

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
WITNESS = ROOT / "tests" / "support" / "pfcpkit" / "pycrate_gtpu.py"


@pytest.fixture(scope="module")
def witness() -> Iterator[subprocess.Popen[str]]:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    command = [str(PYTHON), str(WITNESS)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield running
    running.communicate()


def asked(running: subprocess.Popen[str], octets: bytes) -> list[Any]:
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(octets.hex() + "\n")
    running.stdin.flush()
    answer: list[Any] = json.loads(running.stdout.readline())
    return answer


class Maker:
    """Makes messages; each field is there with even chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def maybe(self, bits: int) -> int | None:
        return self.random.getrandbits(bits) if self.random.random() < 0.5 else None

    def downlink(self) -> gtpu.DlPduSessionInformation:
        # pycrate 0.8.1 knows the fields of Release 16
        return gtpu.DlPduSessionInformation(
            qfi=self.random.getrandbits(6),
            rqi=bool(self.random.getrandbits(1)),
            ppi=self.maybe(3),
            sending_time_stamp=self.maybe(64),
            sequence_number=self.maybe(24),
        )

    def uplink(self) -> gtpu.UlPduSessionInformation:
        stamps = (self.random.getrandbits(64), self.random.getrandbits(64), self.random.getrandbits(64))
        return gtpu.UlPduSessionInformation(
            qfi=self.random.getrandbits(6),
            time_stamps=stamps if self.random.random() < 0.5 else None,
            dl_delay=self.maybe(32),
            ul_delay=self.maybe(32),
            sequence_number=self.maybe(24),
            n3_n9_delay=self.maybe(32),
        )

    def message(self) -> gtpu.Message:
        head: dict[str, Any] = {"teid": self.random.getrandbits(32), "sequence": self.maybe(16)}
        containers = self.random.choice([(), (self.downlink(),), (self.uplink(),)])
        peer = self.random.randbytes(self.random.choice([4, 16]))
        return self.random.choice(
            [
                gtpu.GPdu(payload=self.random.randbytes(20), n_pdu=self.maybe(8), extensions=containers, **head),
                gtpu.EchoRequest(**head),
                gtpu.EchoResponse(**head),
                gtpu.EndMarker(extensions=containers, **head),
                gtpu.ErrorIndication(
                    tunnel_endpoint_identifier_data_i=self.random.getrandbits(32), gtp_u_peer_address=peer, **head
                ),
                gtpu.SupportedExtensionHeadersNotification(extension_header_types=(0x85, 0xC0), **head),
            ]
        )


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 30))])
def test_when_any_message_is_sent_then_pycrate_reads_it_and_sends_the_same(
    witness: subprocess.Popen[str], seed: int
) -> None:
    maker = Maker(seed)
    for _ in range(400):
        message = maker.message()
        octets = gtpu.encode(message)
        decoded = gtpu.decode(octets)
        assert (decoded.message, decoded.faults) == (message, ())
        error, again, found = asked(witness, octets)
        assert (error, again) == (0, octets.hex())
        container = message.container
        if container is not None and isinstance(message, gtpu.GPdu):
            assert found["QFI"] == container.qfi
        if isinstance(container, gtpu.DlPduSessionInformation) and isinstance(message, gtpu.GPdu):
            assert (found["RQI"], found.get("PPI")) == (container.rqi, container.ppi)
