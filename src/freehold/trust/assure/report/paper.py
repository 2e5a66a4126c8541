"""A run as a PDF for a regulator's file; drawn by fpdf2, which the extra `trust` brings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from freehold.spec.errors import Unusable
from freehold.trust.assure.run import Run
from freehold.trust.assure.verdict import CLASSES, MEANS, NOT_PERFORMED, Verdict

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "Helvetica"
WIDTHS: Final = (16, 60, 10, 21, 73)
"""Millimetres of clause, test case, class, verdict and reason."""
LISTED: Final = (28, 16, 60, 76)
HASHES: Final = (78, 102)
COUNTED: Final = (50, 20, 20, 28, 32, 30)
SHOWN: Final = {
    Verdict.FAIL: "Failures",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.NOT_APPLICABLE: "Not applicable",
}
"""What comes before all results."""
LONGEST_WORD: Final = 34
"""Letters of a word that its column holds."""
COLOURS: Final = {Verdict.PASS: (10, 107, 45), Verdict.FAIL: (176, 0, 32), Verdict.INCONCLUSIVE: (138, 90, 0)}


def paper(run: Run) -> bytes:
    """The PDF's octets, the same for the same run; Unusable where fpdf2 is not installed."""
    try:
        from fpdf import FPDF
    except ImportError:
        raise Unusable("a PDF needs fpdf2: pip install 'freehold[trust]', or make do with --html") from None

    class Paper(FPDF):
        """Says on every page what it is, and which page."""

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(FONT, "", 7.5)
            self.cell(0, 5, _latin(f"{run.head} - {run.target}"), align="L")
            self.set_x(self.l_margin)
            self.cell(0, 5, f"{self.page_no()} of {{nb}}", align="R")

    pdf = Paper(format="A4")
    pdf.set_creation_date(datetime.fromisoformat(run.began))
    pdf.set_title("Security assurance")
    pdf.set_margin(15)
    pdf.set_auto_page_break(auto=True, margin=17)
    pdf.add_page()
    _front(pdf, run)
    results = run.by_document()
    for verdict, title in SHOWN.items():
        found = [each for of in results.values() for each in of if each.verdict is verdict]
        if found:
            rows = [(each.document, each.clause, each.test_case, each.reason) for each in found]
            _table(pdf, title, ("Document", "Clause", "Test case", "Reason"), rows, LISTED)
    for document, of in results.items():
        table = [(each.clause, each.test_case, each.kind, str(each.verdict), each.reason) for each in of]
        _table(pdf, document, ("Clause", "Test case", "Class", "Verdict", "Reason"), table, WIDTHS)
    waiting = [(each.document, each.clause, each.test_case, each.waits_for) for each in run.not_executed]
    heads = ("Document", "Clause", "Test case", "Waits for")
    _table(pdf, "Not performed: nothing is said of these", heads, waiting, LISTED)
    hashes = [(each.file, each.sha256) for of in results.values() for result in of for each in result.evidence]
    if hashes:
        _table(pdf, "Evidence", ("File", "SHA-256"), hashes, HASHES)
    return bytes(pdf.output())


def _front(pdf: FPDF, run: Run) -> None:
    pdf.set_font(FONT, "B", 18)
    pdf.multi_cell(0, 9, _latin(f"Security assurance of {run.target}"), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "B", 12)
    pdf.ln(2)
    pdf.multi_cell(0, 8, _latin(run.head), border=1, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "", 10)
    pdf.ln(2)
    _table(pdf, "This assessment", ("What", "It is"), run.facts(), (34, 146))
    counts = [(str(verdict), str(run.count(verdict)), MEANS[verdict]) for verdict in Verdict]
    rest = ("not performed", str(len(run.not_executed)), NOT_PERFORMED)
    _table(pdf, "Verdicts", ("Verdict", "Tests", "It means"), [*counts, rest], (34, 16, 130))
    _table(pdf, "By document", ("Document", *map(str, Verdict), "not performed"), run.counts(), COUNTED)
    _table(pdf, "Classes of tests", ("Class", "It looks"), list(CLASSES.items()), (34, 146))


def _table(
    pdf: FPDF, title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...]
) -> None:
    from fpdf.enums import VAlign
    from fpdf.fonts import FontFace

    colours = {str(verdict): FontFace(emphasis="B", color=colour) for verdict, colour in COLOURS.items()}
    pdf.ln(5)
    if pdf.will_page_break(30):
        pdf.add_page()
    pdf.set_font(FONT, "B", 12)
    pdf.multi_cell(0, 7, _latin(title), align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FONT, "", 7.5)
    with pdf.table(col_widths=widths, line_height=4, text_align="LEFT", v_align=VAlign.T) as table:
        for row in (heads, *rows):
            drawn = table.row()
            for cell in row:
                drawn.cell(_latin(_broken(cell)), style=colours.get(cell))


def _broken(text: str) -> str:
    """Text whose long names go on in a new line after an underscore, and not in the middle of a word."""
    if " " in text or "/" in text or len(text) <= LONGEST_WORD or "_" not in text[1:LONGEST_WORD]:
        return text
    at = text.rindex("_", 1, LONGEST_WORD) + 1
    return f"{text[:at]}\n{_broken(text[at:])}"


def _latin(text: str) -> str:
    """Text in the letters that the built-in fonts have."""
    return text.encode("latin-1", "replace").decode("latin-1")
