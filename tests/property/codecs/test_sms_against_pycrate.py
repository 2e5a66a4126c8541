"""Random short messages in front of pycrate: the same layers, numbers, times and texts, the same octets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

from freehold.codecs import sms
from smskit import Generator

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".build" / "env" / "bin" / "python"
WITNESS = ROOT / "tests" / "support" / "smskit" / "pycrate_witness.py"


def found(value: object, kind: type) -> list:
    """Every value of a kind in a message, in the order of its octets."""
    if isinstance(value, kind):
        return [value]
    if isinstance(value, sms.Submit):
        parts = [value.destination_address, value.validity_period, value.user_data]
    elif isinstance(value, sms.SubmitReport):
        parts = [value.service_centre_time_stamp, value.user_data]
    elif isinstance(value, msgspec.Struct):
        parts = [getattr(value, name) for name in value.__struct_fields__]
    else:
        return []
    return [one for part in parts for one in found(part, kind)]


def text(data: sms.UserData) -> str:
    return data.content.hex() if isinstance(data.content, bytes) else data.content


def compare(seeds: range) -> None:
    if not PYTHON.exists():
        pytest.skip("the build environment with pycrate is not there")
    messages = [Generator(seed).message() for seed in seeds]
    octets = [sms.encode(message) for message in messages]
    asked = "".join(f"{one.hex()}\n" for one in octets)
    answers = subprocess.run([str(PYTHON), str(WITNESS)], input=asked, capture_output=True, text=True, check=True)
    for message, one, line in zip(messages, octets, answers.stdout.splitlines(), strict=True):
        assert sms.decode(one) == sms.Decoded(message)
        said = json.loads(line)
        assert said.get("again") == one.hex(), (message, said)
        stamps = [[2000 + stamp.year, *msgspec.structs.astuple(stamp)[1:6]] for stamp in found(message, sms.TimeStamp)]
        assert [stamp[:6] for stamp in said["stamps"]] == stamps
        assert [len(stamp) for stamp in said["stamps"]] == [7] * len(stamps)
        if "SMS_COMMAND" not in said["names"] and any(found(message, sms.Command)):
            continue  # pycrate 0.8.1 counts the octets of TP-Command-Data as bits, and leaves such a TPDU closed
        held = message.user_data.user_data if isinstance(message, sms.CpData) and carries(message) else None
        addresses = [] if held is None else [address.number for address in found(held, sms.Address)]
        assert len(said["addresses"]) == len(addresses)
        assert [type(part).__name__ for part in (held,) if part] == [
            name.removesuffix("_RP_ACK").removesuffix("_RP_ERROR").title().replace("_", "")[3:]
            for name in said["names"]
            if name.startswith("SMS_")
        ]
        texts = [text(data) for data in found(held, sms.UserData) if not isinstance(held, sms.Command)]
        assert said["texts"] == texts, (message, said)


def carries(message: sms.CpData) -> bool:
    return getattr(message.user_data, "user_data", None) is not None


def test_when_messages_are_encoded_then_pycrate_reads_the_same():
    compare(range(250))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(10))
def test_when_ten_thousand_messages_are_encoded_then_pycrate_reads_the_same(block):
    compare(range(1000 * block + 1000, 1000 * block + 2000))
