"""The codecs by themselves: whoever wants nothing but them loads nothing but them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from freehold import codecs

PROGRAM = """
import json, sys
from freehold import codecs
before = [name for name in sys.modules if name.startswith("freehold.codecs.")]
for name in codecs.__all__:
    getattr(codecs, name)
print(json.dumps([before, [name for name in sys.modules if name.startswith("freehold.")]]))
"""


def test_when_codecs_are_imported_then_each_room_is_loaded_by_its_name_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    before, after = json.loads(done.stdout)

    assert before == []
    assert {f"freehold.codecs.{name}" for name in codecs.__all__} <= set(after)
    assert {name.split(".")[1] for name in after} <= {
        "codecs",
        "crypto",
        "spec",
        "_native",
        "_gen",
    }  # EAP bears codes that keys make


def test_when_rooms_are_listed_then_none_is_left_out() -> None:
    folder = Path(codecs.__file__).parent
    helpers = {"asn1"}  # what the ASN.1 rooms share
    assert {path.parent.name for path in folder.glob("*/__init__.py")} - helpers == set(codecs.__all__)
    assert dir(codecs) == codecs.__all__


def test_when_no_room_has_the_name_then_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="asn2"):
        _ = codecs.asn2  # type: ignore[attr-defined]
