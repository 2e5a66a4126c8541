"""Runs in the build environment: writes tables of a protocol to a folder, then reads [type, octets] and encodes again.

Arguments: pycrate's module, name of the files, whether aligned (0, 1), folder of the tables.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from asn1.naming import class_name
from asn1.protocols import Protocol, modules_of, write


def types(source: str) -> dict[str, Any]:
    found = {}
    for module in modules_of(source):
        for name in module["_type_"]:
            if name not in module["_param_"]:
                found[class_name(name)] = module[name]
    return found


def main() -> None:
    source, name, aligned, folder = sys.argv[1:]
    write(Protocol(source, name, aligned == "1", "a test", None), Path(folder))
    known = types(source)
    sys.stdout.write(json.dumps(sorted(known)) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        typename, digits = json.loads(line)
        item = known[typename]
        try:
            (item.from_aper if aligned == "1" else item.from_uper)(bytes.fromhex(digits))
            reply = (item.to_aper if aligned == "1" else item.to_uper)().hex()
        except Exception as error:  # noqa: BLE001 - the asking test shows it
            reply = repr(error)
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
