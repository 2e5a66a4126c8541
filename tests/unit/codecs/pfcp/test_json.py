"""Every message of PFCP becomes JSON, and comes back as the same octets."""

import json

import pytest

from freehold.codecs import pfcp
from freehold.codecs.display import PROTOCOLS, read, render, write

from .samples import Maker


def again(row, message):
    return read(json.loads(json.dumps(write(message))), row.class_named)


@pytest.mark.parametrize("at", range(len(pfcp.MESSAGES)), ids=lambda at: pfcp.MESSAGES[at].__name__)
def test_when_a_pfcp_message_becomes_json_then_it_comes_back(at):
    row, kind = PROTOCOLS["pfcp"], pfcp.MESSAGES[at]
    octets = pfcp.encode(Maker(at, 0.5).message(at), 5, 7 if kind.session else None)
    reading = row.decode(octets)
    assert row.encode(again(row, reading.message), again(row, reading.header)) == octets
    assert kind.__name__ in render(reading)[0]
