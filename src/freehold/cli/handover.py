"""`freehold handover`: a technology handed over: the signed file, what it does not grant, and its acceptance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import note, show_fields, show_json, show_line, show_rows
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.trust.handover.accept import Certificate, Level
    from freehold.trust.handover.gap import Gap
    from freehold.trust.handover.grant import Grant
    from freehold.trust.handover.package import Handed

app = typer.Typer(help="A technology handed over, so that nobody needs to trust the other.", no_args_is_help=True)
SourceOption = Annotated[Path, typer.Option(help="The folder with the source in hand.")]
BillOption = Annotated[Path | None, typer.Option(help="The bill of materials that `freehold origin sbom` wrote.")]
PatentsOption = Annotated[Path | None, typer.Option(help="ETSI's export of declared patents, ISLD-export: CSV or ZIP.")]
GeneralOption = Annotated[
    Path | None, typer.Option(help="ETSI's export of general declarations, GD-export: CSV or ZIP.")
]
KeyOption = Annotated[list[Path], typer.Option(help="A public key that you trust.")]
FileArgument = Annotated[Path, typer.Argument(help="The signed file of a hand-over.")]
TierOption = Annotated[list[Path], typer.Option(help="A folder with the documents of a tier that you have.")]
GrantArgument = Annotated[Path, typer.Argument(help="The grant, in TOML.")]
LEVELS: Final = "In their order: inventory, compile, compare, conformance (a part of test), test, demo, assure."
DECLARED: Final = {
    "specification": "SPECIFICATION",
    "holder": "HOLDER",
    "publications": "PUBLICATIONS",
    "application": "APPLICATION",
    "jurisdiction": "OFFICE",
    "date": "DECLARED ON",
    "state": "STATE",
}
CLAUSES: Final = {
    "specification": "SPECIFICATION", "clause": "CLAUSE", "title": "TITLE", "checked": "CHECKED", "version": "VERSION",
    "code": "CODE", "tests": "TESTS",
}  # fmt: skip


@app.command()
def clauses(
    source: SourceOption = Path(),
    specification: Annotated[str, typer.Option(help="Of this specification alone, e.g. 'TS 24.501'.")] = "",
    counsel: Annotated[bool, typer.Option("--counsel", help="Patents declared instead: for counsel alone.")] = False,
    patents: PatentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every clause that the code cites: its title, how that was checked, the files, and the tests that name it."""
    from freehold.trust.handover.clauses import of_source, rows, titles

    if counsel != (patents is not None):
        raise Unusable("patents are shown to counsel alone: --counsel and --patents go together")
    root = source.resolve()
    try:
        all_found = rows(*of_source(root), titles(root))
    except ValueError as error:
        raise Unusable(str(error)) from error
    if not all_found:
        raise Unusable(f"{source} holds no source of this program: name it with --source")
    found = [row for row in all_found if specification in {"", row["specification"]}]
    if patents is None:
        show_rows(found, CLAUSES, as_json=as_json, none="the code cites no such clause")
        return
    note("for counsel: declared to the specification by their holders, unverified, not a claim chart")
    told = _joined(found, patents)
    show_rows(told, DECLARED, as_json=as_json, none="no patent is declared to what the code cites")


def _joined(found: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """A row a patent and specification, with the clauses of it that the code cites."""
    from freehold.trust.handover.declarations import UNVERIFIED, read_patents

    cited: dict[str, list[str]] = {}
    for row in found:
        cited.setdefault(row["specification"], []).append(row["clause"])
    kept: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in read_patents(path):
        if each.specification in cited:
            told = kept.setdefault((each.specification, each.holder, each.patent), {
                "specification": each.specification, "holder": each.holder, "publications": [],
                "application": each.application, "jurisdiction": each.jurisdiction, "family": each.family,
                "date": each.date, "reference": each.reference, "clauses": cited[each.specification],
                "state": UNVERIFIED,
            })  # fmt: skip
            told["publications"] += [number for number in each.publications if number not in told["publications"]]
    return [kept[key] for key in sorted(kept)]


@app.command()
def gap(
    grant: GrantArgument,
    source: SourceOption = Path(),
    sbom: BillOption = None,
    patents: PatentsOption = None,
    general: GeneralOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every right that this grant does not bring, of whom it would be, and the duties that come with it."""
    import msgspec

    found = _gaps(_grant(grant), source, sbom, patents, general)
    if as_json:
        show_json([msgspec.to_builtins(each) for each in found])
        return
    for line in _gap_lines(found):
        show_line(line)


def _gap_lines(found: Sequence[Gap]) -> Iterator[str]:
    """Rights by their state, each with its whole reason; parts of others are counted by their licence."""
    parts = [each for each in found if each.name.startswith("copyright ")]
    for state in dict.fromkeys(each.state for each in found):
        yield f"{state}:"
        for each in found:
            if each.state == state and each not in parts:
                yield f"  {each.name}{f' of {each.holder}' if each.holder else ''}: {each.why}"
        of = [each for each in parts if each.state == state]
        if of:
            yield f"  copyright of {len(of)} parts of others, each from its own authors (--json names them):"
            for why, number in Counter(each.why for each in of).most_common():
                yield f"    {number} under {why.removeprefix('it is under ').removesuffix(', from its own authors')}"


@app.command()
def value(
    model: Annotated[Path, typer.Argument(help="The assumptions, in TOML.")],
    as_json: JsonOption = False,
) -> None:
    """A lump sum against running royalties today: low, base, high, with every assumption and its source."""
    from freehold.trust.handover.value import read_model, table

    told = table(read_model(model))
    if as_json:
        show_json(told)
        return
    show_line(f"{told['heading']}: {told['currency']}, {told['years']} years, at today's value")
    show_line("each case takes every assumption at its own low, base or high: the cases are no bounds")
    ways = [
        {"way": way, **{case: f"{told['cases'][case][way]:,.0f}" for case in told["cases"]}}
        for way in told["cases"]["base"]
    ]
    show_rows(ways, {"way": "", "low": "LOW", "base": "BASE", "high": "HIGH"}, as_json=False, none="")
    rows = [{"name": name, **each} for name, each in told["assumptions"].items()]
    heads = {
        "name": "ASSUMPTION",
        "low": "LOW",
        "base": "BASE",
        "high": "HIGH",
        "unit": "UNIT",
        "source": "SOURCE",
        "date": "DATE",
    }
    show_rows(
        [{name: f"{each:g}" if isinstance(each, float) else each for name, each in row.items()} for row in rows],
        heads,
        as_json=False,
        none="",
    )


@app.command()
def build(
    grant: GrantArgument,
    wheel: Annotated[Path, typer.Option(help="The wheel that `freehold origin build` made of the source.")],
    sign: Annotated[Path, typer.Option(help="The licensor's key.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder.")],
    sbom: BillOption = None,
    source: SourceOption = Path(),
    patents: PatentsOption = None,
    general: GeneralOption = None,
    as_json: JsonOption = False,
) -> None:
    """The signed file of a hand-over, and its documents in a folder a tier."""
    from freehold.trust.handover import package
    from freehold.trust.handover.clauses import of_source
    from freehold.trust.origin.installed import hashes
    from freehold.trust.origin.source import digest_of, read_source
    from freehold.trust.seal import load_signer

    signer, read = load_signer(sign), _grant(grant)
    gaps, bill = _gaps(read, source, sbom, patents, general), _bill(sbom)
    hashes(wheel)
    code, tests = of_source(source.resolve())
    version = wheel.name.split("-")[1]
    origin = package.Origin(version, read_source(source).digest, digest_of(wheel), bill, code, tests)
    made = package.build(read, grant.parent, origin, gaps, signer, out)
    fields = {"written": str(out / package.FILE), "serial": made["serialNumber"], "documents": len(read.document)}
    show_fields({**fields, "gaps": len(gaps), "clauses": len(code)}, as_json=as_json)


@app.command()
def verify(
    file: FileArgument,
    key: KeyOption,
    tier: TierOption = [],  # noqa: B006
    acceptance: Annotated[Path | None, typer.Option(help="The folder of an acceptance, to be held to it.")] = None,
    licensee: Annotated[Path | None, typer.Option(help="The licensee's public key, which signed it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Whether a hand-over's file, the documents of your tiers, and an acceptance are what was signed; offline."""
    from freehold.trust.handover import accept as accepting
    from freehold.trust.handover.grant import TIERS
    from freehold.trust.seal import load_verifier

    if (acceptance is None) != (licensee is None):
        raise Unusable("--acceptance and --licensee go together")
    handed = _handed(file, key, tier)
    tiers = {name: sum(of == name for of, _ in handed.documents.values()) for name in TIERS}
    fields: dict[str, Any] = {
        "serial": handed.serial, "sha256": handed.sha256, "version": handed.version, "licensor": handed.licensor,
        "licensee": handed.licensee, "source sha256": handed.source, "wheel sha256": handed.wheel, "documents": tiers,
        "tiers opened": [path.name for path in tier],
    }  # fmt: skip
    if acceptance is not None and licensee is not None:
        certificate = accepting.verify(acceptance, handed, [load_verifier(licensee)])
        fields |= _told(certificate)
    show_fields(fields, as_json=as_json)


@app.command()
def accept(
    file: FileArgument,
    key: KeyOption,
    sign: Annotated[Path, typer.Option(help="The licensee's key, which signs the certificate.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A new folder for the certificate and its evidence.")],
    levels: Annotated[
        str, typer.Option(help=f"Levels to run, with commas; without it all but conformance. {LEVELS}")
    ] = "",
    tier: TierOption = [],  # noqa: B006
    source: SourceOption = Path(),
    tools: Annotated[Path | None, typer.Option(help="The .build folder of a tree that is set up.")] = None,
    mirror: Annotated[Path | None, typer.Option(help="A mirror that the wheel is built from.")] = None,
    hours: Annotated[float, typer.Option(help="What takes longer in one level is ended, and is not met.")] = 4.0,
    as_json: JsonOption = False,
) -> None:
    """Accept a hand-over unattended, level by level, and sign a certificate of it; exit 1 where one is not met."""
    from freehold.store.files import replace_file
    from freehold.trust.handover import accept as accepting
    from freehold.trust.origin.provenance import attested
    from freehold.trust.origin.source import read_source
    from freehold.trust.seal import load_signer

    wanted = levels.split(",") if levels else list(accepting.FULL)
    if unknown := sorted(set(wanted) - set(accepting.LEVELS)):
        raise Unusable(f"--levels {unknown[0]}: {', '.join(accepting.LEVELS)}")
    if hours <= 0:
        raise Unusable(f"--hours {hours:g}: more than none")
    signer, handed, read = load_signer(sign), _handed(file, key, tier), read_source(source)
    _fresh(out)
    acceptance = accepting.Acceptance(
        handed, read, out, tools, mirror, lambda built: attested(read, built, signer), longest=hours * 3600
    )
    certificate = acceptance.run(wanted, _heard, _alive)
    replace_file(out / accepting.FILE, accepting.sign(certificate, signer))
    show_fields({**_told(certificate), "certificate": str(out / accepting.FILE)}, as_json=as_json)
    if not certificate.accepted:
        raise typer.Exit(1)


def _heard(name: str, level: Level | None) -> None:
    """A line as a level begins, and one as it ends."""
    if level is None:
        note(f"{name}: running")
    else:
        note(f"{name}: {'met' if level.met else 'NOT MET'}: {level.shown}")


def _alive(name: str, seconds: float, line: str) -> None:
    """A line now and then while a level runs."""
    note(f"{name}: {seconds:.0f} s{f': {line}' if line else ''}")


def _told(certificate: Certificate) -> dict[str, Any]:
    levels = {level.name: f"{'met' if level.met else 'NOT MET'}: {level.shown}" for level in certificate.levels}
    return {
        "accepted": certificate.accepted, "full": certificate.full, **levels, "not run": certificate.not_run,
        "machine": certificate.machine, "ended": certificate.ended,
    }  # fmt: skip


def _fresh(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise Unusable(f"{out} is not empty: name a new folder")
    except OSError as error:
        raise Unusable(f"{out}: {(error.strerror or str(error)).lower()}") from None


def _handed(file: Path, key: list[Path], tier: list[Path]) -> Handed:
    from freehold.trust.handover.package import verify as verified
    from freehold.trust.seal import load_verifier

    trusted = [load_verifier(path) for path in key]
    return verified(file, trusted, tier)


def _grant(path: Path) -> Grant:
    from freehold.trust.handover.grant import read_grant

    return read_grant(path)


def _bill(path: Path | None) -> dict[str, Any]:
    from freehold.trust.seal import read_json
    from freehold.trust.seal.bill import validate

    if path is None:
        return {}
    document = read_json(path)
    validate(document, str(path))
    return document


def _gaps(grant: Grant, source: Path, sbom: Path | None, patents: Path | None, general: Path | None) -> list[Gap]:
    from freehold.trust.handover.clauses import of_source
    from freehold.trust.handover.declarations import read_general, read_patents
    from freehold.trust.handover.gap import gaps

    if sbom is None:
        note("without --sbom the copyright of others' parts is not listed")
    if patents is None:
        note("without --patents no declared patent is listed")
    code, _ = of_source(source.resolve())
    declared = read_patents(patents) if patents else ()
    holders = read_general(general) if general else ()
    return gaps(grant.grant, _bill(sbom), {name for name, _ in code}, declared, holders)
