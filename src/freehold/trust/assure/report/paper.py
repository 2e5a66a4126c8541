"""A run as a PDF for a regulator's file; drawn by fpdf2, which the extra `pdf` brings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from freehold.spec.errors import Unusable
from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import Verdict

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "Helvetica"
WIDTHS: Final = (16, 44, 24, 96)
"""Millimetres of clause, test case, verdict and reason."""
WAITING: Final = (30, 20, 60, 70)


def paper(run: Run) -> bytes:
    """The PDF's octets, the same for the same run; Unusable where fpdf2 is not installed."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise Unusable("a PDF needs fpdf2: pip install 'freehold[trust]', or make do with --html") from None
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.fromisoformat(run.began))
    pdf.set_title("Security assurance")
    pdf.set_margin(15)
    pdf.add_page()
    _front(pdf, run)
    for document in dict.fromkeys(each.document for each in run.results):
        rows = [
            (each.clause, each.test_case, str(each.verdict), each.reason)
            for each in run.results
            if each.document == document
        ]
        _table(pdf, document, ("Clause", "Test case", "Verdict", "Reason"), rows, WIDTHS)
    waiting = [(each.document, each.clause, each.test_case, each.waits_for) for each in run.not_executed]
    _table(
        pdf,
        "Not performed: nothing is said of these",
        ("Document", "Clause", "Test case", "Waits for"),
        waiting,
        WAITING,
    )
    hashes = [(each.file, each.sha256) for result in run.results for each in result.evidence]
    if hashes:
        _table(pdf, "Evidence", ("File", "SHA-256"), hashes, (75, 105))
    return bytes(pdf.output())


def _front(pdf: FPDF, run: Run) -> None:
    pdf.set_font(FONT, "B", 18)
    pdf.multi_cell(0, 9, _latin(f"Security assurance of {run.target}"), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "B", 12)
    pdf.ln(2)
    pdf.multi_cell(0, 8, _latin(run.head), border=1, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "", 10)
    pdf.ln(2)
    counts = ", ".join(f"{run.count(verdict)} {verdict}" for verdict in Verdict)
    text = (
        f"Performed with {run.software}, begun {run.began}.\n{counts}; {len(run.not_executed)} not performed.\n"
        "Tests are those of 3GPP's SCAS documents, named by document, clause and test case, in our own words."
    )
    pdf.multi_cell(0, 5, _latin(text), new_x="LMARGIN", new_y="NEXT")


def _table(
    pdf: FPDF, title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...]
) -> None:
    pdf.ln(5)
    pdf.set_font(FONT, "B", 12)
    pdf.multi_cell(0, 7, _latin(title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "", 7.5)
    with pdf.table(col_widths=widths, line_height=4, text_align="LEFT") as table:
        for row in (heads, *rows):
            drawn = table.row()
            for cell in row:
                drawn.cell(_latin(cell))


def _latin(text: str) -> str:
    """Text in the letters that the built-in fonts have."""
    return text.encode("latin-1", "replace").decode("latin-1")
