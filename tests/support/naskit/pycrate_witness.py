"""Runs in the build environment: reads NAS octets in hexadecimal, answers pycrate's elements and its own encoding.

Each element is [identifier or null, value in hexadecimal, whether pycrate read the value by its own structure].
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

logging.disable(logging.CRITICAL)

from pycrate_core.base import Buf  # noqa: E402
from pycrate_mobile.TS24501_FGMM import get_5gmm_msg_instances  # noqa: E402
from pycrate_mobile.TS24501_FGSM import get_5gsm_msg_instances  # noqa: E402

MOBILITY, SESSION = get_5gmm_msg_instances, get_5gsm_msg_instances


def elements(message: Any) -> list[list[Any]]:
    found = []
    for element in list(message)[1:]:
        if not type(element).__name__.startswith("Type") or element.get_trans():
            continue
        parts = {part._name: part for part in element}
        tag = parts["T"].get_val() if "T" in parts else None
        value = list(element)[-1] if list(element)[-1]._name not in {"T", "L"} else None
        octets = value.to_bytes().hex() if value is not None and value.get_bl() % 8 == 0 else None
        found.append([tag, octets, value is not None and not isinstance(value, Buf)])
    return found


def answer(line: str) -> list[Any]:
    octets = bytes.fromhex(line)
    message = MOBILITY()[octets[2]] if octets[0] == 0x7E else SESSION()[octets[3]]
    message.from_bytes(octets)
    return [elements(message), message.to_bytes().hex()]


def main() -> None:
    for line in sys.stdin:
        try:
            reply = answer(line.strip())
        except Exception as error:  # noqa: BLE001 - the asking test shows it
            reply = [repr(error), ""]
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
