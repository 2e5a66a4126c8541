"""`freehold assure`: 3GPP's security assurance tests against a network, ours or a foreign one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import note, show_json, show_line, show_rows

if TYPE_CHECKING:
    from freehold.trust.assure.lab import Screening
    from freehold.trust.assure.run import Labs, Run

app = typer.Typer(
    help="3GPP's security assurance tests: a self-assessment, not a NESAS evaluation.", no_args_is_help=True
)
LISTED: Final = {
    "document": "DOCUMENT",
    "clause": "CLAUSE",
    "test_case": "TEST CASE",
    "class": "CLASS",
    "state": "STATE",
    "waits_for": "WAITS FOR",
}
DIFFERENT: Final = {"test": "TEST", "before": "BEFORE", "after": "AFTER", "reason": "REASON NOW"}
TestsArgument = Annotated[
    list[str] | None, typer.Argument(help="Part of a document, clause or name, e.g. 33.512 or TC_NAS; none: all.")
]
RunArgument = Annotated[Path, typer.Argument(help="The folder of a run.")]


@app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """Every test of the catalogue, and what those that cannot be performed yet wait for."""
    import msgspec

    from freehold.trust.assure.run import listing

    show_rows([msgspec.to_builtins(each) for each in listing()], LISTED, as_json=as_json, none="")


@app.command()
def run(
    tests: TestsArgument = None,
    target: Annotated[Path | None, typer.Option(help="A foreign network, as its TOML file tells it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder for evidence: made, and empty before.")] = None,
    sbom: Annotated[Path | None, typer.Option(help="The bill of materials of what is assessed, for 4.4.3.")] = None,
    advisories: Annotated[
        Path | None, typer.Option(help="OSV records, a folder or a ZIP archive: known vulnerabilities, for 4.4.3.")
    ] = None,
    decisions: Annotated[Path | None, typer.Option(help="What you decided of each of them (VEX), in JSON.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Perform tests; exit 1 where one fails."""
    import asyncio

    from freehold.trust.assure.lab import Screening

    screening = Screening(sbom, advisories, decisions)
    done = asyncio.run(_run(tests or [], target, out, screening, quiet=as_json))
    if as_json:
        import msgspec

        show_json(msgspec.to_builtins(done))
    else:
        show_line(_summary(done))
    if any(result.verdict == "FAIL" for result in done.results):
        raise typer.Exit(1)


async def _run(tests: list[str], target: Path | None, out: Path | None, screening: Screening, *, quiet: bool) -> Run:
    from datetime import UTC, datetime

    from freehold import __version__
    from freehold.app import assured
    from freehold.trust.assure.run import HEAD, Run, chosen, not_executed, perform, write

    labs: Labs = assured.own(screening)
    name, digest = f"Freehold {__version__}, a fresh network on this host for each test", _digest()
    if target is not None:
        from freehold.trust.assure.foreign import foreign, read_target

        told = read_target(target)
        labs, name, digest = foreign(told, screening), told.name, ""
    wanted = chosen(tests)
    if out is not None:
        _fresh(out)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    results = []
    async for result in perform(wanted, labs, assured.capture, out):
        results.append(result)
        if not quiet:
            show_line(f"{result.verdict:<14}  {result.document} {result.clause} {result.test_case}: {result.reason}")
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    software = f"freehold {__version__}"
    done = Run(HEAD, name, software, began, tuple(results), not_executed(), ended, _host(), digest)
    if out is not None:
        write(done, out)
    return done


def _host() -> str:
    import platform

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{system}, Python {platform.python_version()}"


def _digest() -> str:
    """The SHA-256 of the list of this package's files with their hashes."""
    from freehold.trust.origin.source import Source, digest_of

    package = Path(__file__).resolve().parents[1]
    found = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return Source(package, {path.relative_to(package).as_posix(): digest_of(path) for path in found}).digest


def _fresh(out: Path) -> None:
    from freehold.spec.errors import Unusable

    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise Unusable(f"{out}: not empty: evidence of two runs is not mixed, choose another folder")
    except OSError as error:
        raise Unusable(f"{out}: {(error.strerror or str(error)).lower()}") from None


def _summary(done: Run) -> str:
    from freehold.trust.assure.verdict import Verdict

    counts = ", ".join(f"{done.count(verdict)} {verdict}" for verdict in Verdict)
    return f"{done.head}\n{counts}; {len(done.not_executed)} tests of the catalogue cannot be performed yet"


@app.command()
def report(
    folder: RunArgument,
    html: Annotated[Path | None, typer.Option(help="Where the page goes.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Where the PDF goes.")] = None,
    attestations: Annotated[Path | None, typer.Option(help="Where the CycloneDX 1.7 document goes.")] = None,
) -> None:
    """A run for people and machines: HTML and PDF, and CycloneDX attestations; all three beside it by default."""
    from freehold.trust.assure.report.attestations import document
    from freehold.trust.assure.report.page import page
    from freehold.trust.assure.report.paper import paper
    from freehold.trust.assure.run import altered, read
    from freehold.trust.seal import Refused

    done = read(folder)
    if folder.is_dir() and (wrong := altered(done, folder)):
        raise Refused(f"evidence is not what it was: {', '.join(map(repr, wrong[:5]))}")
    beside = folder if folder.is_dir() else folder.parent
    if html is None and pdf is None and attestations is None:
        html, pdf, attestations = beside / "report.html", beside / "report.pdf", beside / "attestations.cdx.json"
    made: list[tuple[Path | None, Any]] = [(html, page), (pdf, paper), (attestations, document)]
    for place, make in made:
        if place is not None:
            place.write_bytes(make(done))
            note(f"written: {place}")


@app.command()
def compare(before: RunArgument, after: RunArgument, as_json: JsonOption = False) -> None:
    """What changed between two runs; exit 1 where a test that passed does not any more."""
    from freehold.trust.assure.report.differences import differences
    from freehold.trust.assure.run import read

    earlier, later = read(before), read(after)
    found = differences(earlier, later)
    note(f"before: {earlier.target}, {earlier.began}; after: {later.target}, {later.began}")
    rows = [{"test": each.test, "before": each.before, "after": each.after, "reason": each.reason} for each in found]
    show_rows(rows, DIFFERENT, as_json=as_json, none="nothing changed")
    if any(each.worse for each in found):
        raise typer.Exit(1)
