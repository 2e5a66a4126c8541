"""A run as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import Result, Verdict

STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{margin-bottom:0}.head{font-weight:600;border:2px solid;padding:.5rem 1rem;display:inline-block}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}
.PASS{color:#0a6b2d}.FAIL{color:#b00020;font-weight:700}.INCONCLUSIVE{color:#8a5a00}.NOT{color:#555}
code{font-size:85%;overflow-wrap:anywhere}summary{cursor:pointer}
@media print{body{max-width:none}details{display:block}}
"""


def page(run: Run) -> bytes:
    """The page's octets."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Security assurance</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{STYLE}</style></head><body><h1>Security assurance of {escape(run.target)}</h1>",
        f'<p class="head">{escape(run.head)}</p>',
        f"<p>Performed with {escape(run.software)}, begun {escape(run.began)}. Tests are those of 3GPP's ",
        "SCAS documents, named by document, clause and test case, in our own words.</p>",
        _counts(run),
        _failures(run),
        "<h2>Results</h2>",
        *(_document(name, _of(run.results, name)) for name in dict.fromkeys(each.document for each in run.results)),
        "<h2>Not performed</h2><p>Nothing is said of these tests.</p>",
        _waiting(run),
        "</body></html>",
    ]
    return "\n".join(parts).encode()


def _of(results: Iterable[Result], document: str) -> list[Result]:
    return [each for each in results if each.document == document]


def _counts(run: Run) -> str:
    cells = "".join(
        f'<tr><td class="{verdict}">{verdict}</td><td>{run.count(verdict)}</td></tr>' for verdict in Verdict
    )
    return f"<table>{cells}<tr><td>not performed</td><td>{len(run.not_executed)}</td></tr></table>"


def _failures(run: Run) -> str:
    failed = [each for each in run.results if each.verdict is Verdict.FAIL]
    if not failed:
        return "<p>No test that was performed failed.</p>"
    items = "".join(f"<li>{escape(f'{each.document} {each.clause}: {each.reason}')}</li>" for each in failed)
    return f"<h2>Failures</h2><ul>{items}</ul>"


def _document(name: str, results: list[Result]) -> str:
    rows = "".join(map(_row, results))
    head = "<tr><th>Clause</th><th>Test case</th><th>Class</th><th>Verdict</th><th>Reason</th></tr>"
    return f"<h3>{escape(name)}</h3><table>{head}{rows}</table>"


def _row(result: Result) -> str:
    files = "".join(f"<li><code>{escape(each.file)}<br>{each.sha256}</code></li>" for each in result.evidence)
    evidence = f"<details><summary>evidence</summary><ul>{files}</ul></details>" if files else ""
    return (
        f"<tr><td>{escape(result.clause)}</td><td>{escape(result.test_case)}</td><td>{escape(result.kind)}</td>"
        f'<td class="{result.verdict}">{result.verdict}</td><td>{escape(result.reason)}{evidence}</td></tr>'
    )


def _waiting(run: Run) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.document)}</td><td>{escape(each.clause)}</td><td>{escape(each.test_case)}</td>"
        f"<td>{escape(each.waits_for)}</td></tr>"
        for each in run.not_executed
    )
    return f"<table><tr><th>Document</th><th>Clause</th><th>Test case</th><th>Waits for</th></tr>{rows}</table>"
