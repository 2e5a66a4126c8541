"""Measurement files as other management systems read them: XML by TS 32.435, named by TS 32.432 (TS 28.550 7.2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from freehold.manage.performance.readings import Period
from freehold.spec.measurements import MEASUREMENTS

NAMESPACE: Final = "http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec"
FORMAT: Final = "32.435 V10.0"
VENDOR: Final = "Freehold"
ELEMENT: Final = "ManagedElement"
MINUTE: Final = 60
_NAME: Final = re.compile(r"A(\d{8})\.(\d{4})\+0000-(?:(\d{8})\.)?(\d{4})\+0000_[\w.-]+\.xml")
_UNNAMEABLE: Final = re.compile(r"[^A-Za-z0-9.-]+")
_NOT_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9._:-]+")
"""What no Name of XML has, of ASCII: measType is one in the schema of TS 32.435."""
_UNPRINTABLE: Final = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def file_name(begin: float, end: float, sender: str) -> str:
    """The name of a file: `A20000626.2315+0000-2330+0000_NAME.xml` (TS 32.432): one object, one period.

    Minutes stand in it: those that a period lies in, which the network did not live through from begin to end.
    """
    minutes = (begin // MINUTE, -(-end // MINUTE))
    first, last = (datetime.fromtimestamp(MINUTE * each, UTC) for each in minutes)
    day = f"{last:%Y%m%d}." if last.date() != first.date() else ""
    unique = _UNNAMEABLE.sub("-", sender).strip("-") or "network"
    return f"A{first:%Y%m%d.%H%M}+0000-{day}{last:%H%M}+0000_{unique}.xml"


def end_of(name: str) -> float | None:
    """By when the period of a file had ended, by its name; None for a name of another form."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    begin_day, begin_time, end_day, end_time = match.groups()
    try:
        end = datetime.strptime(f"{end_day or begin_day}{end_time}", "%Y%m%d%H%M").replace(tzinfo=UTC)
        begin = datetime.strptime(f"{begin_day}{begin_time}", "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return end.timestamp() if end > begin else None


def document(period: Period, sender: str, version: str, granularity: float) -> bytes:
    """One period as a measCollecFile (TS 32.435): a measInfo for each class of object, a measType a counter."""
    root = Element("measCollecFile", xmlns=NAMESPACE)
    dn = f"{ELEMENT}={_clean(sender)}"
    header = SubElement(root, "fileHeader", fileFormatVersion=FORMAT, vendorName=VENDOR)
    SubElement(header, "fileSender", localDn=dn, elementType="5GC")
    SubElement(header, "measCollec", beginTime=_time(period.begin))
    data = SubElement(root, "measData")
    SubElement(data, "managedElement", localDn=dn, userLabel=_clean(sender), swVersion=version)
    for object_class, values in sorted(_by_object(period).items()):
        info = SubElement(data, "measInfo", measInfoId=object_class)
        SubElement(info, "job", jobId="freehold")
        SubElement(info, "granPeriod", duration=f"PT{granularity:.0f}S", endTime=_time(period.end))
        SubElement(info, "repPeriod", duration=f"PT{granularity:.0f}S")
        for place, name in enumerate(values, 1):
            SubElement(info, "measType", p=f"{place}").text = name
        ldn = dn if object_class == ELEMENT else f"{dn},{object_class}=1"
        value = SubElement(info, "measValue", measObjLdn=ldn)
        for place, result in enumerate(values.values(), 1):
            SubElement(value, "r", p=f"{place}").text = result
        SubElement(value, "suspect").text = "true" if period.suspect else "false"
    footer = SubElement(root, "fileFooter")
    SubElement(footer, "measCollec", endTime=_time(period.end))
    indent(root)
    whole: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


def _by_object(period: Period) -> Mapping[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, shown, value in _results(period):
        row = MEASUREMENTS.get(name)
        found.setdefault(row.object if row else ELEMENT, {})[shown] = value
    return found


def _results(period: Period) -> Iterator[tuple[str, str, str]]:
    """Measurement, what it is called here, and value: what was not counted in the period is 0, and is there too."""
    for name, row in MEASUREMENTS.items():
        if row.kind == "SI":
            if name in period.values:
                spread = period.values[name]
                yield name, f"{name}Mean", f"{spread.mean:.2f}"
                yield name, f"{name}Max", f"{spread.most:.0f}"
            continue
        yield name, name, f"{period.total(name)}"
        parts: Counter[str] = Counter()
        for label, value in sorted(period.counters.get(name, {}).items()):
            if label:
                parts[f"{name}.{_named(label)}"] += value
        for shown, value in parts.items():
            yield name, shown, f"{value}"
    for name in sorted(period.counters.keys() - MEASUREMENTS.keys()):
        yield name, _named(name), f"{period.total(name)}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(round(seconds), UTC).isoformat()


def _named(text: str) -> str:
    """Text as a part of a measurement's name: `#15 no suitable cells` is `15_no_suitable_cells`."""
    return _NOT_OF_A_NAME.sub("_", text).strip("_") or "other"


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return _UNPRINTABLE.sub("?", text)
