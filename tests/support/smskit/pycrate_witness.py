"""Runs in the build environment: reads short messages in hexadecimal, answers pycrate's names, texts and encoding."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

logging.disable(logging.CRITICAL)

from pycrate_mobile.TS23040_SMS import TP_SCTS, BufUD, _TPAddress  # noqa: E402
from pycrate_mobile.TS24011_PPSMS import get_ppsmscp_msg_instances  # noqa: E402


def walk(element: Any, found: dict[str, list[Any]]) -> None:
    if hasattr(element, "get_trans") and element.get_trans():
        return
    if isinstance(element, TP_SCTS):
        stamp, zone = element.decode()
        found["stamps"].append([*stamp[:6], zone])
    elif isinstance(element, _TPAddress):
        found["addresses"].append(element["Num"].decode())
    elif isinstance(element, BufUD):
        text = element.decode()
        found["texts"].append(text.hex() if isinstance(text, bytes) else text)
    elif hasattr(element, "__iter__") and not isinstance(element, (bytes, str)):
        if type(element).__name__.startswith(("SMS_", "RP_", "CP_")):
            found["names"].append(type(element).__name__)
        for part in element:
            walk(part, found)


def answer(line: str) -> dict[str, Any]:
    octets = bytes.fromhex(line)
    message = get_ppsmscp_msg_instances()[octets[1]]
    message.from_bytes(octets)
    found: dict[str, Any] = {"names": [], "stamps": [], "addresses": [], "texts": []}
    walk(message, found)
    return found | {"again": message.to_bytes().hex()}


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
