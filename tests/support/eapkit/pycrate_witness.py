"""Runs in the build environment: reads EAP packets in hexadecimal, answers pycrate's fields and encoding."""

from __future__ import annotations

import json
import sys
from typing import Any

from pycrate_crypto.EAP import EAP


def answer(line: str) -> dict[str, Any]:
    packet = EAP()
    packet.from_bytes(bytes.fromhex(line))
    found: dict[str, Any] = {name: packet[at].get_val() for at, name in enumerate(("code", "identifier", "length"))}
    data = packet["Data"].get_alt()
    if data.get_len():
        found |= {"type": data[0].get_val(), "data": data[1].get_val().hex()}
    return found | {"again": packet.to_bytes().hex()}


def main() -> None:
    for line in sys.stdin:
        try:
            reply = answer(line.strip())
        except Exception as error:  # noqa: BLE001 - the asking test shows it
            reply = {"error": repr(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
