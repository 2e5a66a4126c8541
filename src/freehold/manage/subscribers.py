"""Subscriptions as people write and read them: JSON and CSV in, values out; secrets go in and never come out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_network
from typing import Any, Final

import msgspec

from freehold.core.udr import credentials
from freehold.manage import forms
from freehold.services.nudm import (
    AccessAndMobilitySubscriptionData,
    Ambr,
    DnnConfiguration,
    PduSessionType,
    UserPlaneSecurity,
)
from freehold.services.nudr import AuthenticationSubscription, SliceSubscription, Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import Pei, SNssai, Supi, dnn

LINK_PREFIX: Final = 64
GIGABIT: Final = 1_000_000_000
MOST_RATE: Final = 4_000_000_000_000
"""Bit/s that NGAP can say (TS 38.413 9.3.1.4)."""
LONGEST_NAME: Final = 128
MSISDN: Final = re.compile(r"\+?[0-9]{1,15}")  # TS 23.003 3.3
FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet program would compute, or that was kept from that."""
SECRETS: Final = ("k", "opc", "op", "amf_field")
COLUMNS: Final = (
    "supi", *SECRETS, "name", "msisdn", "enabled", "uplink", "downlink", "allowed_pei", "slice", "dnn", "ip", "ip6",
)  # fmt: skip
"""Columns of a CSV file; several DNNs or devices stand in one cell with spaces between. Slices that the last four
cannot say stand in `slice` as JSON. Only supi, k and opc or op are needed. A quote stands before what a spreadsheet
program would take for a formula."""


TYPES: Final[tuple[PduSessionType, ...]] = ("IPV4", "IPV6", "IPV4V6", "ETHERNET")
"""What a subscription allows that names no types: whatever its data network has."""


class DnnForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data network of a subscription; rates in bit/s, `framed_routes` the networks behind the terminal.

    `types` are the PDU session types that it allows; `ip` and `ip6` fix the IPv4 address and the prefix of 64 bits.
    """

    dnn: str = "internet"
    ip: str = ""
    five_qi: int = 9
    uplink: int = GIGABIT
    downlink: int = GIGABIT
    framed_routes: tuple[str, ...] = ()
    ip6: str = ""
    types: tuple[PduSessionType, ...] = TYPES
    up_security: UserPlaneSecurity | None = None
    """What a gNB is asked to do for user data; null leaves it to the network (TS 23.501 5.10.3)."""


class SliceForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One slice of a subscription, `1` or `1-010203`."""

    id: str = "1"
    default: bool = True
    dnns: tuple[DnnForm, ...] = (DnnForm(),)


class SubscriberForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscription as it is given; without `slices` it gets the network's own.

    `allowed_pei` are the devices that its card may be in, `imeisv-...` or `imei-...`; any where none is named.
    """

    supi: str
    k: str = ""
    opc: str = ""
    op: str = ""
    amf_field: str = "8000"
    name: str = ""
    msisdn: str = ""
    enabled: bool = True
    uplink: int = GIGABIT
    downlink: int = GIGABIT
    slices: tuple[SliceForm, ...] = ()
    allowed_pei: tuple[str, ...] = ()


class SubscriberView(msgspec.Struct, frozen=True):
    """A subscription as it is shown, without its secrets."""

    supi: str
    name: str
    enabled: bool
    msisdn: str
    uplink: int
    downlink: int
    slices: tuple[SliceForm, ...]
    allowed_pei: tuple[str, ...] = ()


def supi_of(text: str) -> Supi:
    """Read `imsi-001010000000001`, bare digits, or `nai-...`; Unusable where it is neither."""
    try:
        return Supi.imsi(text) if text.isdecimal() else Supi(text)
    except ValueError as error:
        raise Unusable(str(error)) from None


def view(subscriber: Subscriber) -> SubscriberView:
    """What may be shown of a subscription."""
    mobility = subscriber.mobility
    slices = tuple(
        SliceForm(
            str(one.slice),
            one.default,
            tuple(
                DnnForm(
                    d.dnn,
                    d.static_ipv4 or "",
                    d.five_qi,
                    d.session_ambr.uplink,
                    d.session_ambr.downlink,
                    d.framed_routes,
                    d.static_ipv6 or "",
                    d.types,
                    d.up_security,
                )
                for d in one.dnns
            ),
        )
        for one in subscriber.slices
    )
    ambr = mobility.ue_ambr
    return SubscriberView(
        subscriber.supi.value,
        subscriber.name,
        subscriber.enabled,
        mobility.gpsi,
        ambr.uplink,
        ambr.downlink,
        slices,
        mobility.allowed_pei,
    )


class Wrong(Unusable):
    """A value of a form that is not what it should be, and its field."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@contextmanager
def field(name: str) -> Iterator[None]:
    """What is wrong in the block is of this field."""
    try:
        yield
    except Wrong:
        raise
    except (Unusable, ValueError) as error:
        raise Wrong(name, str(error)) from None


def _secret_field(text: str) -> str:
    return next((name for start, name in (("K ", "k"), ("OPc", "opc"), ("OP ", "op")) if text.startswith(start)), "")


def _credentials(form: SubscriberForm) -> AuthenticationSubscription:
    try:
        return credentials(form.k, opc=form.opc, op=form.op, amf_field=form.amf_field)
    except Unusable as error:
        text = str(error)
        name = _secret_field(text) or ("amf_field" if "AMF" in text else "opc")
        raise Wrong(name, text) from None


@lru_cache(maxsize=1024)
def _parts(
    chosen: tuple[SliceForm, ...], uplink: int, downlink: int, msisdn: str, equipment: tuple[str, ...]
) -> tuple[AccessAndMobilitySubscriptionData, tuple[SliceSubscription, ...]]:
    """What many subscriptions have in common."""
    if not any(one.default for one in chosen):
        raise Unusable("at least one slice must be a default one")
    subscribed = tuple(map(_slice, chosen))
    defaults = tuple(one.slice for one in subscribed if one.default)
    every = tuple(one.slice for one in subscribed)
    ambr = Ambr(uplink, downlink)
    return AccessAndMobilitySubscriptionData(defaults, every, ambr, msisdn, allowed_pei=equipment), subscribed


def subscriber_of(form: SubscriberForm, slices: tuple[SliceForm, ...], existing: Subscriber | None) -> Subscriber:
    """The subscription a form describes; secrets not given are kept from `existing`. Wrong says what is wrong."""
    with field("supi"):
        supi = supi_of(form.supi)
    if form.k:
        secrets = _credentials(form)
    elif existing is not None and not (form.opc or form.op):
        secrets = existing.authentication
    else:
        raise Wrong("k", f"{form.supi}: a new subscriber needs k, and opc or op")
    if min(form.uplink, form.downlink) <= 0:
        raise Wrong("uplink" if form.uplink <= 0 else "downlink", f"{form.supi}: rates are above 0 bit/s")
    if max(form.uplink, form.downlink) > MOST_RATE:
        raise Wrong("uplink" if form.uplink > MOST_RATE else "downlink", f"rates are {MOST_RATE} bit/s at most")
    if len(form.name) > LONGEST_NAME or not form.name.isprintable():
        raise Wrong("name", f"a name has {LONGEST_NAME} printable characters at most")
    if form.msisdn and not MSISDN.fullmatch(form.msisdn):
        raise Wrong("msisdn", "an MSISDN is 15 digits at most, as +49301234567")
    chosen = form.slices or slices
    with field("allowed_pei"):
        equipment = tuple(map(_pei, form.allowed_pei))
    with field("slices"):
        mobility, subscribed = _parts(chosen, form.uplink, form.downlink, form.msisdn, equipment)
    return Subscriber(supi, secrets, mobility, subscribed, form.enabled, form.name)


def _pei(text: str) -> str:
    try:
        return Pei(text).value
    except ValueError as error:
        raise Unusable(f"allowed_pei: {error}") from None


def _slice(form: SliceForm) -> SliceSubscription:
    try:
        if not form.dnns:
            raise ValueError(f"slice {form.id} has no DNN")  # noqa: TRY301 - told like every other mistake
        return SliceSubscription(SNssai.parse(form.id), tuple(map(_dnn, form.dnns)), form.default)
    except ValueError as error:
        raise Unusable(str(error)) from None


def _dnn(form: DnnForm) -> DnnConfiguration:
    address = str(IPv4Address(form.ip)) if form.ip else None
    if not 1 <= form.five_qi <= 254:
        raise ValueError(f"DNN {form.dnn}: 5QI is 1..254")
    ambr = _rates(form.uplink, form.downlink, f"DNN {form.dnn}")
    routes = tuple(str(ip_network(route)) for route in form.framed_routes)  # TS 29.503 6.1.6.2.54
    if not form.types:
        raise ValueError(f"DNN {form.dnn} allows no PDU session type")
    return DnnConfiguration(
        dnn(form.dnn),
        form.types,
        five_qi=form.five_qi,
        session_ambr=ambr,
        static_ipv4=address,
        framed_routes=routes,
        static_ipv6=_prefix(form.ip6) if form.ip6 else None,
        up_security=form.up_security,
    )


def _rates(uplink: int, downlink: int, what: str) -> Ambr:
    """Rates that a gNB can be told (TS 38.413 9.3.1.4)."""
    if not (0 < uplink <= MOST_RATE and 0 < downlink <= MOST_RATE):
        raise ValueError(f"{what}: rates are above 0 and at most {MOST_RATE} bit/s")
    return Ambr(uplink, downlink)


def _prefix(text: str) -> str:
    """A terminal's own /64 (TS 23.501 5.8.2.2.3)."""
    network = IPv6Network(text if "/" in text else f"{text}/{LINK_PREFIX}")
    if network.prefixlen != LINK_PREFIX:
        raise ValueError(f"ip6 {text} is no /{LINK_PREFIX}")
    return str(network)


class Given(msgspec.Struct, frozen=True):
    """A row of an import: its line in a file or its number in a list, and its form or what is wrong with it."""

    line: int
    form: SubscriberForm | None
    field: str = ""
    wrong: str = ""


def rows_json(octets: bytes) -> Iterator[Given]:
    """One form, or a list of them; Unusable where it is neither."""
    try:
        kind: Any = list[msgspec.Raw] if octets.lstrip()[:1] == b"[" else msgspec.Raw
        read = msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"not a subscriber: {error}") from None
    bulk = len(octets) > forms.BULK
    for number, raw in enumerate(read if isinstance(read, list) else [read], 1):
        try:
            form = msgspec.json.decode(raw, type=SubscriberForm) if bulk else forms.decode(bytes(raw), SubscriberForm)
            yield Given(number, form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield Given(number, None, _place(str(error)), f"not a subscriber: {error}")


def _place(text: str) -> str:
    """The field in a complaint of the decoder: it stands behind `$.`, or between the first marks."""
    found = re.search(r"`\$\.([\w.\[\]]+)`", text) or re.search(r"field `(\w+)`", text)
    return found[1] if found else ""


def read_json(octets: bytes) -> list[SubscriberForm]:
    """One form, or a list of them; Unusable names the field."""
    return _all(rows_json(octets), "")


def read_csv(octets: bytes) -> list[SubscriberForm]:
    """Rows under a line of column names; Unusable names line and column."""
    return _all(rows_csv(octets), "line")


def _all(rows: Iterable[Given], kind: str) -> list[SubscriberForm]:
    found: list[SubscriberForm] = []
    for given in rows:
        if given.form is None:
            raise Unusable(f"{kind} {given.line}: {given.wrong}" if kind else given.wrong)
        found.append(given.form)
    return found


def rows_csv(octets: bytes) -> Iterator[Given]:
    """Rows under a line of column names; Unusable where those are not right."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("the CSV file is not UTF-8 text") from None
    rows = csv.DictReader(io.StringIO(text), restkey="more", restval="")
    try:
        columns = rows.fieldnames or ()
    except csv.Error as error:
        raise Unusable(f"line 1: {error}") from None
    unknown = [name for name in columns if name not in COLUMNS]
    if "supi" not in columns or unknown:
        complaint = f"unknown column {unknown[0]!r}" if unknown else "no column supi"
        raise Unusable(f"line 1: {complaint}; known: {', '.join(COLUMNS)}")
    while True:
        try:
            row = next(rows)
            yield Given(rows.line_num, _row(row))
        except StopIteration:
            return
        except Wrong as wrong:
            yield Given(rows.line_num, None, wrong.field, str(wrong))
        except csv.Error as error:
            yield Given(rows.line_num, None, "", str(error))


def _row(row: dict[str, Any]) -> SubscriberForm:
    if "more" in row:
        raise Wrong("", "more cells than columns")
    cells = {name: _given(value or "") for name, value in row.items()}
    enabled = cells.get("enabled", "").lower()
    if enabled not in {"", "1", "0", "true", "false", "yes", "no"}:
        raise Wrong("enabled", f"enabled is yes or no, not {enabled!r}")
    names = cells.get("dnn", "").split()
    slices: tuple[SliceForm, ...] = ()
    if cells.get("slice", "").startswith("["):
        slices = _slices_cell(cells["slice"])
    elif names or cells.get("slice") or cells.get("ip") or cells.get("ip6"):
        first = DnnForm(names[0] if names else "internet", cells.get("ip", ""), ip6=cells.get("ip6", ""))
        slices = (SliceForm(cells.get("slice") or "1", True, (first, *(DnnForm(name) for name in names[1:]))),)
    return SubscriberForm(
        cells["supi"],
        cells.get("k", ""),
        cells.get("opc", ""),
        cells.get("op", ""),
        cells.get("amf_field") or "8000",
        cells.get("name", ""),
        cells.get("msisdn", ""),
        enabled=enabled not in {"0", "false", "no"},
        uplink=_rate_cell(cells, "uplink"),
        downlink=_rate_cell(cells, "downlink"),
        slices=slices,
        allowed_pei=tuple(cells.get("allowed_pei", "").split()),
    )


def _given(cell: str) -> str:
    """A cell as it was meant: without the quote before what would else be a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _kept(cell: str) -> str:
    """A cell as a spreadsheet program may have it: no formula, but that a telephone number may begin with +."""
    return f"'{cell}" if FORMULA.match(cell) and not MSISDN.fullmatch(cell) else cell


def _slices_cell(text: str) -> tuple[SliceForm, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[SliceForm, ...])
    except msgspec.DecodeError as error:
        raise Wrong("slice", f"slice: {error}") from None


def _rate_cell(cells: dict[str, str], name: str) -> int:
    text = cells.get(name) or str(GIGABIT)
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Wrong(name, f"{name} is a number of bit/s, not {text!r}")
    return int(text)


def write_csv(subscribers: Iterable[Subscriber]) -> str:
    """What may be shown of subscriptions, as a CSV file: a backup of secrets is a backup of the store."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([name for name in COLUMNS if name not in SECRETS])
    for subscriber in subscribers:
        one = view(subscriber)
        enabled, devices = "yes" if one.enabled else "no", " ".join(one.allowed_pei)
        plain = (one.supi, one.name, one.msisdn, enabled, str(one.uplink), str(one.downlink), devices)
        writer.writerow(map(_kept, (*plain, *_slice_cells(one.slices))))
    return file.getvalue()


def _slice_cells(slices: tuple[SliceForm, ...]) -> tuple[str, str, str, str]:
    """The cells of slices: `slice`, `dnn`, `ip` and `ip6` where they can say it, else `slice` alone, as JSON."""
    names = [each.dnn for each in slices[0].dnns]
    first = DnnForm(names[0], slices[0].dnns[0].ip, ip6=slices[0].dnns[0].ip6)
    said = SliceForm(slices[0].id, True, (first, *map(DnnForm, names[1:])))
    if slices == (said,) and not any(" " in name for name in names):
        return said.id, " ".join(names), first.ip, first.ip6
    return msgspec.json.encode(slices).decode(), "", "", ""


def changed(subscriber: Subscriber, patch: bytes) -> Subscriber:
    """The subscription with the fields of a JSON object changed (RFC 7396 1); Unusable names what cannot be."""
    shown = view(subscriber)
    fields: dict[str, Any] = msgspec.to_builtins(shown)
    try:
        given = forms.decode(patch, dict[str, Any])
        if "supi" in given and given["supi"] not in {shown.supi, shown.supi.removeprefix("imsi-")}:
            raise Wrong("supi", f"supi: the path says {shown.supi}; a SUPI cannot be changed: remove it, add the other")
        form = msgspec.convert({**fields, **given, "supi": shown.supi}, SubscriberForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"not a change of a subscriber: {error}") from None
    return subscriber_of(form, shown.slices, subscriber)


def named(subscribers: Sequence[Subscriber]) -> tuple[str, str]:
    """How the ledger names what was added: the subscriber, or how many and which range."""
    if len(subscribers) == 1:
        return subscribers[0].supi.value, ""
    names = sorted(each.supi.value for each in subscribers)
    return f"{len(names)} subscribers", f"from {names[0]} to {names[-1]}" if names else ""


def differing(before: Subscriber, after: Subscriber) -> list[str]:
    """The names of the fields that a change changed, without their values: secrets are among them."""
    return [name for name in Subscriber.__struct_fields__ if getattr(before, name) != getattr(after, name)]
