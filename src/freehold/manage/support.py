"""The support bundle: what somebody needs who helps, without secrets, and without identities unless they are wanted."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import platform
import re
import secrets
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold import __version__
from freehold.manage.handlers import record
from freehold.manage.http import Request, Response
from freehold.manage.operation import Rows
from freehold.manage.performance.kpis import KPIS
from freehold.manage.subscribers import supi_of
from freehold.procedure.follow import follow
from freehold.procedure.ladder import LANES, WATCHING, Ladder
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.api import Api

ZIP: Final = "application/zip"
DAY: Final = 86400.0
LADDERS: Final = 50
"""UEs whose failed procedures are drawn."""
GOOD: Final = "ended"
_SECRET: Final = re.compile(r"secret|password|community|token|passphrase")
_PERSON: Final = re.compile(
    r"\b(?:imsi-\d{5,15}|nai-[^\s\"',]+|imei(?:sv)?-\d+|msisdn-\d+|suci-[\w.-]+|\d{14,16})\b", re.ASCII
)
_CREDENTIALS: Final = re.compile(r"(\w+://)[^/@\s]+@")
LEFT_OUT: Final = "(left out)"
ABOUT: Final = """What is in this bundle of a Freehold network, for whoever helps its operator.

No key of a SIM or of the network and no secret of the configuration is in it. {identities}
versions.json       the program, what it stands on, the machine
settings.json       every setting, without secrets
doctor.json         what the machine has and lacks
state.json          the network as it is now: gNBs, UEs, sessions, functions
counters.json       counters and KPIs; history.json: the periods of the last day
alarms.json         alarms that stand and that are over; thresholds
events.json         the last events; log.txt: the last lines of the log
procedures.json     procedures of UEs that failed lately; failures.json: each failure with the rule that refused
ladders/            the messages of those whose procedures failed: of their next try, or while somebody watched
"""

Veil = Callable[[str], str]


def pseudonyms(key: bytes) -> Veil:
    """A text with every identity of a person replaced: the same identity by the same name, within one bundle."""

    def name(found: re.Match[str]) -> str:
        kind, dash, rest = found[0].partition("-")
        digest = hmac.new(key, (rest or kind).encode(), hashlib.sha256).hexdigest()[:10]
        return f"{kind if dash else 'number'}-x{digest}"

    return lambda text: _PERSON.sub(name, text)


def without_secrets(value: Any, name: str = "") -> Any:
    """Settings with their secrets left out: by their names, and what stands before @ in a URL."""
    if isinstance(value, dict):
        return {key: without_secrets(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner, name) for inner in value]
    if isinstance(value, str):
        if value and _SECRET.search(name) and not name.endswith("_file"):
            return LEFT_OUT
        return _CREDENTIALS.sub(r"\1", value)
    return value


def veiled(value: Any, veil: Veil) -> Any:
    """A plain value with every text in it veiled."""
    if isinstance(value, dict):
        return {veil(str(key)): veiled(inner, veil) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [veiled(inner, veil) for inner in value]
    return veil(value) if isinstance(value, str) else value


def versions() -> dict[str, str]:
    """The program, what it stands on, and the machine."""
    found = {"freehold": __version__, "python": sys.version.split()[0], "system": platform.platform()}
    for each in requires("freehold") or ():
        name = re.split(r"[\s=<>!;\[]", each, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not there"
    return found


def failed(api: Api) -> dict[str, list[Any]]:
    """The procedures of each UE that failed lately."""
    found: dict[str, list[Any]] = {}
    for ue in api.network.ues():
        if not ue.supi:
            continue
        ended = api.network.inside(supi_of(ue.supi)).ended
        bad = [each for each in ended if each.outcome != GOOD]
        if bad:
            found[ue.supi] = bad
    return found


def ladders(api: Api, supis: list[str]) -> Iterator[tuple[str, str]]:
    """The ladder of each UE among the signalling that is kept."""
    kept = [record for record in api.kept if record.name not in WATCHING]
    for supi in supis[:LADDERS]:
        ladder = Ladder(LANES[:9])
        lines = [ladder.draw(record) for record in follow(kept, supi_of(supi))]
        if lines:
            yield supi, "\n".join([ladder.header(), *lines]) + "\n"


def contents(api: Api, findings: Any, log: list[str]) -> dict[str, Any]:
    """The files of a bundle by their names: texts, or values for JSON."""
    network, now = api.network, api.network.utc()
    bad = failed(api)
    rows = api.recorder.rows(now - DAY)
    found: dict[str, Any] = {
        "versions.json": versions(),
        "settings.json": without_secrets(network.settings()),
        "doctor.json": findings,
        "state.json": {
            "status": network.status(),
            "gnbs": network.gnbs(),
            "ues": network.ues(),
            "sessions": network.sessions(),
            "functions": network.functions(),
        },
        "counters.json": {"counters": api.counters(), "kpis": _kpis(api)},
        "history.json": [msgspec.json.decode(row) for row in rows],
        "alarms.json": {
            "now": api.alarms.all(),
            "over": api.alarms.history(),
            "thresholds": api.thresholds.all(),
        },
        "events.json": api.journal.events(),
        "log.txt": "".join(f"{line}\n" for line in log),
        "procedures.json": bad,
        "failures.json": api.failures.views(network),
    }
    whose = list(dict.fromkeys((*api.failures.supis(), *bad)))
    found |= {f"ladders/{supi}.txt": text for supi, text in ladders(api, whose)}
    return found


def _kpis(api: Api) -> dict[str, float | None]:
    period = api.recorder.last(300.0)
    return {name: kpi.compute(period) for name, kpi in KPIS.items()}


def zipped(files: dict[str, Any], veil: Veil, *, identities: bool) -> bytes:
    """The bundle's octets."""
    octets = io.BytesIO()
    told = "Identities of subscribers are whole." if identities else "Identities of subscribers are pseudonyms."
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", ABOUT.format(identities=told))
        for name, value in files.items():
            text = value if isinstance(value, str) else _json(value, veil)
            bundle.writestr(veil(name), veil(text) if isinstance(value, str) else text)
    return octets.getvalue()


def _json(value: Any, veil: Veil) -> str:
    plain = veiled(msgspec.to_builtins(value, str_keys=True), veil)
    return msgspec.json.format(msgspec.json.encode(plain)).decode() + "\n"


async def doctor(api: Api, _: Request, __: str) -> Rows:
    """What the machine has and lacks."""
    return Rows(await asyncio.to_thread(api.network.examine))


async def bundle(api: Api, request: Request, _: str) -> Response:
    """Everything that whoever helps needs, in one file."""
    wanted = request.query.get("identities", "no").lower()
    if wanted not in {"no", "yes", ""}:
        raise Unusable("identities: yes or no")
    identities = wanted != "no"
    veil: Veil = str if identities else pseudonyms(secrets.token_bytes(32))
    findings = await asyncio.to_thread(api.network.examine)
    files = contents(api, findings, list(api.network.log))
    octets = await asyncio.to_thread(lambda: zipped(files, veil, identities=identities))
    await record(api, request, "support.bundle", detail="with identities" if identities else "")
    name = ("content-disposition", f'attachment; filename="freehold-{api.network.utc():.0f}-support.zip"')
    return Response(200, octets, ZIP, (name,))
