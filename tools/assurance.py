"""Writes the reference pages of counters, KPIs and alarms. usage: assurance.py FOLDER."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from freehold.manage.faults.rules import LEVELS, RULES, Level, Rule
from freehold.manage.metrics import counter_metric, gauge_metric
from freehold.manage.performance.kpis import KPIS
from freehold.manage.performance.thresholds import BUILT_IN
from freehold.spec.measurements import MEASUREMENTS, Measurement

MADE = "Made by `make docs` from the tables in the code; never edited.\n"


def counters() -> Iterator[str]:
    """The lines of the page of counters and KPIs."""
    yield f"# Counters and KPIs\n\n{MADE}"
    yield "A counter counts from the start of the process; a period's value is how far it went. A sampled value (SI) is"
    yield "looked at every `performance.look_s` seconds and kept as its mean and its largest. A name that TS 28.552"
    yield "does not give is ours, beside the clause that is about the subject.\n"
    for object_class in dict.fromkeys(row.object for row in MEASUREMENTS.values()):
        yield f"\n## {object_class}\n\n| name | kind | label | what | clause | Prometheus |\n|---|---|---|---|---|---|"
        for row in MEASUREMENTS.values():
            if row.object == object_class:
                yield _measurement(row)
    yield "\n## KPIs\n\n| name | what | unit | formula | clause |\n|---|---|---|---|---|"
    for kpi in KPIS.values():
        clause = kpi.clause if kpi.standard else f"ours; {kpi.clause}"
        yield f"| `{kpi.name}` | {kpi.title} | {kpi.unit} | `{kpi.formula}` | {clause} |"


def _measurement(row: Measurement) -> str:
    metric = gauge_metric(row.name) if row.kind == "SI" else counter_metric(row.name)
    clause = row.clause if row.standard else "; ".join(filter(None, ("ours", row.clause)))
    unit = f" ({row.unit})" if row.unit else ""
    return f"| `{row.name}` | {row.kind} | {row.split} | {row.text}{unit} | {clause} | `{metric}` |"


def alarms() -> Iterator[str]:
    """The lines of the page of alarms."""
    yield f"# Alarms\n\n{MADE}"
    yield "| problem | object | type | probable cause | severity | what | raised by | ended by | what to do |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for rule in RULES.values():
        yield _rule(rule, LEVELS.get(rule.problem))
    yield "\n## Thresholds built in\n\n| name | of | trouble | ends | window | severity |\n|---|---|---|---|---|---|"
    for each in BUILT_IN:
        sign, back = (">=", "below") if each.side == "over" else ("<=", "above")
        end = each.value - each.hysteresis if each.side == "over" else each.value + each.hysteresis
        few = f", of {each.events} events or more" if each.events > 1 else ""
        yield (
            f"| `{each.name}` | `{each.of}` | {sign} {each.value:g}{few} | {back} {end:g} "
            f"| {each.window_s:g} s | {each.severity} |"
        )


def _rule(rule: Rule, level: Level | None) -> str:
    raised = ", ".join(f"event `{name}`" for name in rule.raised_by)
    cleared = ", ".join(f"event `{name}`" for name in rule.cleared_by)
    severity = str(rule.severity)
    if level is not None:
        sign = ">=" if level.side == "over" else "<="
        steps = ", ".join(f"{name} {sign} {value:g}" for value, name in level.steps)
        severity = steps if len(level.steps) > 1 else severity
        raised = ", ".join(filter(None, (raised, "a look")))
        cleared = ", ".join(filter(None, (cleared, "a look")))
    if rule.problem == "threshold":
        raised = cleared = "the threshold"
        severity = "the threshold's"
    return (
        f"| `{rule.problem}` | {rule.object_class} | {rule.alarm_type} | {rule.probable_cause} | {severity} "
        f"| {rule.text} | {raised} | {cleared or 'an operator'} | {rule.fix} |"
    )


def main(folder: Path) -> None:
    """Write both pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("counters", counters()), ("alarms", alarms())):
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{folder}: {len(MEASUREMENTS)} measurements, {len(KPIS)} KPIs, {len(RULES)} alarms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
