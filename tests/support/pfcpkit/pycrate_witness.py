"""Runs in the build environment: reads PFCP messages in hexadecimal, answers pycrate's own encoding of what it read.

An answer is pycrate's error code (0: none) and its octets.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

logging.disable(logging.CRITICAL)

from pycrate_mobile.TS29244_PFCP import parse_PFCP  # noqa: E402


def answer(line: str) -> list[Any]:
    try:
        message, error = parse_PFCP(bytes.fromhex(line))
    except TypeError as wrong:  # pycrate 0.8.1 has a table that it cannot read itself
        return [str(wrong), None]
    if message is None:
        return [error, None]
    return [error, message.to_bytes().hex()]


for line in sys.stdin:
    sys.stdout.write(json.dumps(answer(line.strip())) + "\n")
    sys.stdout.flush()
