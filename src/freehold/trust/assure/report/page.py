"""A run as one page of HTML that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Final

from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import CLASSES, MEANS, NOT_PERFORMED, Result, Verdict

STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{margin-bottom:0}.head{font-weight:600;border:2px solid;padding:.5rem 1rem;display:inline-block}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}
.PASS{color:#0a6b2d}.FAIL{color:#b00020;font-weight:700}.INCONCLUSIVE{color:#8a5a00}.NOT{color:#555}
.results th:nth-child(2){width:33%}.results th:last-child{width:45%}.results td{overflow-wrap:anywhere}
.facts th{white-space:nowrap;width:1%}.facts td{overflow-wrap:anywhere}
code{font-size:85%;overflow-wrap:anywhere}
@media print{body{max-width:none}tr{break-inside:avoid}}
"""


def page(run: Run) -> bytes:
    """The page's octets."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Security assurance</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{STYLE}</style></head><body><h1>Security assurance of {escape(run.target)}</h1>",
        f'<p class="head">{escape(run.head)}</p>',
        _facts(run),
        _counts(run),
        _listed(run, Verdict.FAIL, "Failures", "No test that was performed failed."),
        _listed(run, Verdict.INCONCLUSIVE, "Inconclusive", ""),
        _listed(run, Verdict.NOT_APPLICABLE, "Not applicable", ""),
        "<h2>Results</h2>",
        *(_document(name, results) for name, results in run.by_document().items()),
        f"<h2>Not performed</h2><p>{NOT_PERFORMED}.</p>",
        _waiting(run),
        _evidence(run),
        "</body></html>",
    ]
    return "\n".join(parts).encode()


def _facts(run: Run) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in run.facts())
    return f'<table class="facts">{rows}</table>'


def _counts(run: Run) -> str:
    cells = "".join(
        f'<tr><td class="{verdict}">{verdict}</td><td>{run.count(verdict)}</td><td>{escape(MEANS[verdict])}</td></tr>'
        for verdict in Verdict
    )
    rest = f"<tr><td>not performed</td><td>{len(run.not_executed)}</td><td>{NOT_PERFORMED}</td></tr>"
    heads = "".join(f"<th>{escape(each)}</th>" for each in ("Document", *Verdict, "not performed"))
    lines = "".join(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in run.counts())
    classes = "; ".join(f"{name}: {meaning}" for name, meaning in CLASSES.items())
    return (
        f"<table>{cells}{rest}</table><h2>By document</h2><table><tr>{heads}</tr>{lines}</table>"
        f"<p>Classes of tests: {escape(classes)}.</p>"
    )


def _listed(run: Run, verdict: Verdict, title: str, none: str) -> str:
    """The tests of one verdict with their reasons, before everything else."""
    found = [each for results in run.by_document().values() for each in results if each.verdict is verdict]
    if not found:
        return f"<p>{none}</p>" if none else ""
    items = "".join(f"<li>{escape(f'{each.document} {each.clause}: {each.reason}')}</li>" for each in found)
    return f"<h2>{title}</h2><ul>{items}</ul>"


def _document(name: str, results: list[Result]) -> str:
    rows = "".join(map(_row, results))
    head = "<tr><th>Clause</th><th>Test case</th><th>Class</th><th>Verdict</th><th>Reason</th></tr>"
    return f'<h3>{escape(name)}</h3><table class="results">{head}{rows}</table>'


def _row(result: Result) -> str:
    link = f' <a href="#{_anchor(result)}">evidence</a>' if result.evidence else ""
    return (
        f"<tr><td>{escape(result.clause)}</td><td>{escape(result.test_case)}</td><td>{escape(result.kind)}</td>"
        f'<td class="{result.verdict}">{result.verdict}</td><td>{escape(result.reason)}{link}</td></tr>'
    )


def _anchor(result: Result) -> str:
    return escape(f"{result.document} {result.clause}".replace(" ", "-"), quote=True)


def _evidence(run: Run) -> str:
    """Every file with its SHA-256, shown whole on paper too."""
    rows = "".join(
        f'<tr{f""" id="{_anchor(result)}" """ if first else ""}><td><code>{escape(each.file)}</code></td>'
        f"<td><code>{escape(each.sha256)}</code></td></tr>"
        for results in run.by_document().values()
        for result in results
        for first, each in zip((True, *(False for _ in result.evidence)), result.evidence, strict=False)
    )
    if not rows:
        return ""
    return f"<h2>Evidence</h2><table><tr><th>File</th><th>SHA-256</th></tr>{rows}</table>"


def _waiting(run: Run) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.document)}</td><td>{escape(each.clause)}</td><td>{escape(each.test_case)}</td>"
        f"<td>{escape(each.waits_for)}</td></tr>"
        for each in run.not_executed
    )
    return f"<table><tr><th>Document</th><th>Clause</th><th>Test case</th><th>Waits for</th></tr>{rows}</table>"
