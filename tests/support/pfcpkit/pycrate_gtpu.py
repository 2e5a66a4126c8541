"""Runs in the build environment: reads GTP-U messages in hexadecimal, answers pycrate's error, octets and container.

Of a PDU session container it gives QFI, and RQI and PPI where it has them.
"""

from __future__ import annotations

import json
import logging
import re
import sys

logging.disable(logging.CRITICAL)

from pycrate_mobile.TS29281_GTPU import parse_GTPU  # noqa: E402

VALUE = re.compile(r"<(QFI|RQI|PPI) : (\d+)")

for line in sys.stdin:
    message, error = parse_GTPU(bytes.fromhex(line.strip()))
    answer = (
        [error, None, {}]
        if message is None
        else [error, message.to_bytes().hex(), {name: int(value) for name, value in VALUE.findall(message.show())}]
    )
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
