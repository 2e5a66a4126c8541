"""Wireshark's command line as a judge of captures."""

from __future__ import annotations

import subprocess
from collections import Counter

READABLE = ("-o", "nas-5gs.null_decipher:TRUE")
"""NAS under NEA0 is dissected on."""
WARNING = 0x600000
"""Severity of an expert's remark from which on it is about something wrong."""


def fields(capture, *names, only=""):
    """The named fields of every packet, those of one packet joined by commas; a list a packet."""
    words = ["tshark", "-r", str(capture), *READABLE, "-T", "fields"]
    words += [word for name in names for word in ("-e", name)]
    words += ["-Y", only] if only else []
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def malformed(capture):
    """The packets that cannot be read to their end, or of which something wrong is remarked."""
    names = ("frame.number", "_ws.malformed", "_ws.expert.message")
    return fields(capture, *names, only=f"_ws.malformed || _ws.expert.severity >= {WARNING}")


def count(capture, name):
    """How often each value of a field occurs."""
    return Counter(value for row in fields(capture, name) for value in row[0].split(",") if value)
