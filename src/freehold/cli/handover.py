"""`freehold handover`: a technology handed over: the signed file, what it does not grant, and its acceptance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from freehold.cli.options import JsonOption
from freehold.cli.output import note, show_fields, show_json, show_line, show_rows
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.trust.handover.declarations import Declared
    from freehold.trust.handover.gap import Gap
    from freehold.trust.handover.grant import Grant

app = typer.Typer(help="A technology handed over, so that nobody needs to trust the other.", no_args_is_help=True)
SourceOption = Annotated[Path, typer.Option(help="The folder with the source in hand.")]
BillOption = Annotated[Path | None, typer.Option(help="The bill of materials that `freehold origin sbom` wrote.")]
PatentsOption = Annotated[Path | None, typer.Option(help="ETSI's export of declared patents (ISLD), in CSV.")]
GeneralOption = Annotated[Path | None, typer.Option(help="ETSI's export of general declarations, in CSV.")]
KeyOption = Annotated[list[Path], typer.Option(help="A public key that you trust.")]
GrantArgument = Annotated[Path, typer.Argument(help="The grant, in TOML.")]
GAPS: Final = {"name": "RIGHT", "holder": "OF WHOM", "state": "STATE", "why": "WHY"}
CLAUSES: Final = {"specification": "SPECIFICATION", "clause": "CLAUSE", "code": "CODE", "tests": "TESTS"}


@app.command()
def clauses(
    source: SourceOption = Path(),
    counsel: Annotated[bool, typer.Option("--counsel", help="With patents declared: for counsel alone.")] = False,
    patents: PatentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every clause that the code cites, with the files and the tests that name it."""
    from freehold.trust.handover.clauses import of_source, rows

    found: list[dict[str, Any]] = list(rows(*of_source(source.resolve())))
    if not found:
        raise Unusable(f"{source} holds no source of this program: name it with --source")
    if counsel != (patents is not None):
        raise Unusable("patents are shown to counsel alone: --counsel and --patents go together")
    columns = dict(CLAUSES)
    if counsel:
        note("for counsel: declared to the specification by their holders, unverified, not a claim chart")
        declared = _declared(patents)
        by: dict[str, list[str]] = {}
        for each in declared:
            by.setdefault(each.specification, []).append(
                f"{each.holder} {each.publication or each.application}".strip()
            )
        for row in found:
            row["declared, unverified, not a claim chart"] = by.get(row["specification"], [])
        columns["declared, unverified, not a claim chart"] = "DECLARED, UNVERIFIED"
    show_rows(found, columns, as_json=as_json, none="the code cites no clause")


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
    show_rows([msgspec.to_builtins(each) for each in found], GAPS, as_json=as_json, none="nothing is missing")


@app.command()
def value(
    model: Annotated[Path, typer.Argument(help="The assumptions, in TOML.")],
    as_json: JsonOption = False,
) -> None:
    """A lump sum against running royalties today: low, base, high, with every assumption and its source."""
    from freehold.trust.handover.value import read_model, table
    from freehold.trust.seal import Refused

    try:
        told = table(read_model(model))
    except Refused as refused:
        _refuse(refused)
    if as_json:
        show_json(told)
        return
    show_line(f"{told['heading']}: {told['currency']}, {told['years']} years, at today's value")
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
    from freehold.trust.seal import Refused, load_signer

    signer, read = load_signer(sign), _grant(grant)
    gaps, bill = _gaps(read, source, sbom, patents, general), _bill(sbom)
    try:
        hashes(wheel)
        code, tests = of_source(source.resolve())
        version = wheel.name.split("-")[1]
        origin = package.Origin(version, read_source(source).digest, digest_of(wheel), bill, code, tests)
        made = package.build(read, grant.parent, origin, gaps, signer, out)
    except Refused as refused:
        _refuse(refused)
    fields = {"written": str(out / package.FILE), "serial": made["serialNumber"], "documents": len(read.document)}
    show_fields({**fields, "gaps": len(gaps), "clauses": len(code)}, as_json=as_json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The signed file of a hand-over.")],
    key: KeyOption,
    tier: Annotated[list[Path], typer.Option(help="A folder with the documents of a tier that you have.")] = [],  # noqa: B006
    as_json: JsonOption = False,
) -> None:
    """Whether a hand-over's file, and the documents of your tiers, are what the licensor signed. Needs no network."""
    from freehold.trust.handover.package import commitments_of
    from freehold.trust.handover.package import verify as verified
    from freehold.trust.seal import Refused, load_verifier

    trusted = [load_verifier(path) for path in key]
    try:
        document = verified(file, trusted, tier)
    except Refused as refused:
        _refuse(refused)
    documents = commitments_of(document, str(file))
    component = document["metadata"]["component"]
    licensing = component["licenses"][0]["license"]["licensing"]
    tiers = {
        name: sum(of == name for of, _ in documents.values()) for name in sorted({of for of, _ in documents.values()})
    }
    show_fields(
        {
            "serial": document.get("serialNumber"),
            "licensor": licensing["licensor"]["organization"]["name"],
            "licensee": licensing["licensee"]["organization"]["name"],
            "documents": tiers,
            "opened": len(tier),
            **{each["name"].removeprefix("freehold:"): each["value"] for each in component.get("properties", ())},
        },
        as_json=as_json,
    )


@app.command()
def accept(
    file: Annotated[Path, typer.Argument(help="The signed file of the hand-over.")],
    key: KeyOption,
    sign: Annotated[Path, typer.Option(help="The licensee's key, which signs the certificate.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the certificate.")],
    level: Annotated[str, typer.Option(help="Up to inventory, compile, compare, or function.")] = "function",
    run: Annotated[list[str], typer.Option(help="A command of the level function; make test and a demo else.")] = [],  # noqa: B006
    tier: Annotated[list[Path], typer.Option(help="A folder with the documents of a tier that you have.")] = [],  # noqa: B006
    keep: Annotated[Path | None, typer.Option(help="Where the wheel and your own provenance of it are kept.")] = None,
    source: SourceOption = Path(),
    tools: Annotated[Path | None, typer.Option(help="The .build folder of a tree that is set up.")] = None,
    mirror: Annotated[Path | None, typer.Option(help="A mirror that everything is taken from.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Accept a hand-over unattended, level by level, and sign a certificate of it; exit 1 where one is not met."""
    import shlex
    import tempfile

    from freehold.store.files import replace_file
    from freehold.trust.handover import accept as accepting
    from freehold.trust.handover.package import verify as verified
    from freehold.trust.origin.provenance import attested
    from freehold.trust.origin.source import read_source
    from freehold.trust.seal import Refused, load_signer, load_verifier

    if level not in accepting.LEVELS:
        raise Unusable(f"--level {level}: {', '.join(accepting.LEVELS)}")
    signer, trusted = load_signer(sign), [load_verifier(path) for path in key]
    try:
        document = verified(file, trusted, tier)
    except Refused as refused:
        _refuse(refused)
    functions = [shlex.split(each) for each in run] or accepting.FUNCTIONS
    read = read_source(source)
    with tempfile.TemporaryDirectory() as work:
        certificate = accepting.accept(
            document, read, level, keep or Path(work), tools, mirror, functions,
            lambda each: note(f"{each.name}: {'met' if each.met else 'NOT MET'}: {each.shown}"),
            lambda built: attested(read, built, signer) if keep else None,
        )  # fmt: skip
    replace_file(out, accepting.sign(certificate, signer))
    levels = {each.name: "met" if each.met else f"NOT MET: {each.shown}" for each in certificate.levels}
    show_fields({"accepted": certificate.accepted, **levels, "certificate": str(out)}, as_json=as_json)
    if not certificate.accepted:
        raise typer.Exit(1)


def _grant(path: Path) -> Grant:
    from freehold.trust.handover.grant import read_grant
    from freehold.trust.seal import Refused

    try:
        return read_grant(path)
    except Refused as refused:
        _refuse(refused)


def _bill(path: Path | None) -> dict[str, Any]:
    from freehold.trust.seal import Refused, read_json
    from freehold.trust.seal.bill import validate

    if path is None:
        return {}
    try:
        document = read_json(path)
        validate(document, str(path))
    except Refused as refused:
        _refuse(refused)
    return document


def _declared(path: Path | None) -> list[Declared]:
    from freehold.trust.handover.declarations import read_patents
    from freehold.trust.seal import Refused

    try:
        return read_patents(path) if path else []
    except Refused as refused:
        _refuse(refused)


def _gaps(grant: Grant, source: Path, sbom: Path | None, patents: Path | None, general: Path | None) -> list[Gap]:
    from freehold.trust.handover.clauses import of_source
    from freehold.trust.handover.declarations import read_general
    from freehold.trust.handover.gap import gaps
    from freehold.trust.seal import Refused

    if sbom is None:
        note("without --sbom the copyright of others' parts is not listed")
    if patents is None:
        note("without --patents no declared patent is listed")
    code, _ = of_source(source.resolve())
    try:
        holders = read_general(general) if general else []
    except Refused as refused:
        _refuse(refused)
    return gaps(grant.grant, _bill(sbom), {name for name, _ in code}, _declared(patents), holders)


def _refuse(refused: Exception) -> NoReturn:
    sys.stderr.write(f"freehold: {refused}\n")
    raise typer.Exit(1)
