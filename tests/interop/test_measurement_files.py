"""Measurement files against the schema of TS 32.435, by a program that is not ours."""

import shutil
import subprocess

import pytest

from freehold.manage.performance.files import document
from freehold.manage.performance.readings import Period, Spread
from freehold.spec.measurements import MEASUREMENTS

BEGIN = 1767225600.0
LABELS = ("#15 no suitable cells in tracking area", "AUTHENTICATION REJECT", "1-010203", 'N2 <PPID> & "\x07')


@pytest.mark.parametrize("suspect", [True, False])
def test_when_a_file_is_made_then_xmllint_finds_it_valid(tmp_path, measurement_schema, suspect):
    # TS 32.435: measCollec.xsd
    program = shutil.which("xmllint")
    if program is None:
        pytest.skip("no xmllint on this machine: apt-get install libxml2-utils")
    counters = {name: dict.fromkeys(LABELS, 2) for name, row in MEASUREMENTS.items() if row.kind == "CC"}
    values = {name: Spread(3, 30.0, 9.0, 11.0) for name, row in MEASUREMENTS.items() if row.kind == "SI"}
    period = Period(BEGIN, BEGIN + 900, counters, values, suspect=suspect)
    file = tmp_path / "measurements.xml"
    file.write_bytes(document(period, "Lab <1> ü\x07", "0.1.0", 900.0))
    command = [program, "--noout", "--nonet", "--schema", measurement_schema, file]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, f"{file} validates\n")
