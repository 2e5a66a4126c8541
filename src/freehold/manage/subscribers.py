"""Subscriptions as people write and read them: JSON and CSV in, values out; secrets go in and never come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Network, ip_network
from typing import Any, Final

import msgspec

from freehold.core.udr import credentials
from freehold.services.nudm import (
    AccessAndMobilitySubscriptionData,
    Ambr,
    DnnConfiguration,
    PduSessionType,
    UserPlaneSecurity,
)
from freehold.services.nudr import DataRepository, SliceSubscription, Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import Pei, SNssai, Supi, dnn

LINK_PREFIX: Final = 64
GIGABIT: Final = 1_000_000_000
FASTEST: Final = 4_000_000_000_000
COLUMNS: Final = ("supi", "k", "opc", "op", "amf_field", "name", "enabled", "slice", "dnn", "ip", "ip6")
"""Columns of a CSV file; several DNNs stand in one cell with spaces between. Only supi, k and opc or op are needed."""


IP_TYPES: Final[tuple[PduSessionType, ...]] = ("IPV4", "IPV6", "IPV4V6")
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
    types: tuple[PduSessionType, ...] = IP_TYPES
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


def subscriber_of(form: SubscriberForm, slices: tuple[SliceForm, ...], existing: Subscriber | None) -> Subscriber:
    """The subscription a form describes; secrets not given are kept from `existing`. Unusable says what is wrong."""
    supi = supi_of(form.supi)
    if form.k:
        secrets = credentials(form.k, opc=form.opc, op=form.op, amf_field=form.amf_field)
    elif existing is not None and not (form.opc or form.op):
        secrets = existing.authentication
    else:
        raise Unusable(f"{form.supi}: a new subscriber needs k, and opc or op")
    chosen = form.slices or slices
    if not any(one.default for one in chosen):
        raise Unusable(f"{form.supi}: at least one slice must be a default one")
    subscribed = tuple(map(_slice, chosen))
    try:
        ambr = _rates(form.uplink, form.downlink, form.supi)
    except ValueError as error:
        raise Unusable(str(error)) from None
    mobility = AccessAndMobilitySubscriptionData(
        tuple(one.slice for one in subscribed if one.default),
        tuple(one.slice for one in subscribed),
        ambr,
        form.msisdn,
        allowed_pei=tuple(map(_pei, form.allowed_pei)),
    )
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
    if not (0 < uplink <= FASTEST and 0 < downlink <= FASTEST):
        raise ValueError(f"{what}: rates are above 0 and at most {FASTEST} bit/s")
    return Ambr(uplink, downlink)


def _prefix(text: str) -> str:
    """A terminal's own /64 (TS 23.501 5.8.2.2.3)."""
    network = IPv6Network(text if "/" in text else f"{text}/{LINK_PREFIX}")
    if network.prefixlen != LINK_PREFIX:
        raise ValueError(f"ip6 {text} is no /{LINK_PREFIX}")
    return str(network)


def read_json(octets: bytes) -> list[SubscriberForm]:
    """One form, or a list of them; Unusable names the field."""
    try:
        kind: Any = list[SubscriberForm] if octets.lstrip()[:1] == b"[" else SubscriberForm
        read = msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"not a subscriber: {error}") from None
    return read if isinstance(read, list) else [read]


def read_csv(octets: bytes) -> list[SubscriberForm]:
    """Rows under a line of column names; Unusable names line and column."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("the CSV file is not UTF-8 text") from None
    rows = csv.DictReader(io.StringIO(text), restkey="more", restval="")
    columns = rows.fieldnames or ()
    unknown = [name for name in columns if name not in COLUMNS]
    if "supi" not in columns or unknown:
        complaint = f"unknown column {unknown[0]!r}" if unknown else "no column supi"
        raise Unusable(f"line 1: {complaint}; known: {', '.join(COLUMNS)}")
    return [_row(row, rows.line_num) for row in rows]


def _row(row: dict[str, Any], line: int) -> SubscriberForm:
    if "more" in row:
        raise Unusable(f"line {line}: more cells than columns")
    cells = {name: (value or "").strip() for name, value in row.items()}
    enabled = cells.get("enabled", "").lower()
    if enabled not in {"", "1", "0", "true", "false", "yes", "no"}:
        raise Unusable(f"line {line}: enabled is yes or no, not {enabled!r}")
    names = cells.get("dnn", "").split()
    slices: tuple[SliceForm, ...] = ()
    if names or cells.get("slice") or cells.get("ip") or cells.get("ip6"):
        first = DnnForm(names[0] if names else "internet", cells.get("ip", ""), ip6=cells.get("ip6", ""))
        slices = (SliceForm(cells.get("slice") or "1", True, (first, *(DnnForm(name) for name in names[1:]))),)
    return SubscriberForm(
        cells["supi"],
        cells.get("k", ""),
        cells.get("opc", ""),
        cells.get("op", ""),
        cells.get("amf_field") or "8000",
        cells.get("name", ""),
        enabled=enabled not in {"0", "false", "no"},
        slices=slices,
    )


def write_csv(subscribers: Iterable[Subscriber]) -> str:
    """What may be shown of subscriptions, as a CSV file: a backup of secrets is a backup of the store."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    shown = [name for name in COLUMNS if name not in {"k", "opc", "op", "amf_field"}]
    writer.writerow(shown)
    for subscriber in subscribers:
        one = subscriber.slices[0]
        names = " ".join(part.dnn for part in one.dnns)
        enabled = "yes" if subscriber.enabled else "no"
        fixed = (one.dnns[0].static_ipv4 or "", one.dnns[0].static_ipv6 or "")
        writer.writerow([subscriber.supi.value, subscriber.name, enabled, str(one.slice), names, *fixed])
    return file.getvalue()


def subscribers_of(
    forms: Sequence[SubscriberForm], slices: tuple[SliceForm, ...], repository: DataRepository
) -> list[Subscriber]:
    """All or none: the subscriptions of many forms, each named in its complaint."""
    made = []
    for number, form in enumerate(forms, 1):
        try:
            made.append(subscriber_of(form, slices, repository.subscriber(supi_of(form.supi))))
        except Unusable as error:
            where = f"subscriber {number} ({form.supi}): " if len(forms) > 1 else ""
            raise Unusable(f"{where}{error}") from None
    return made


def changed(subscriber: Subscriber, patch: bytes) -> Subscriber:
    """The subscription with the fields of a JSON object changed (RFC 7396 1); Unusable names what cannot be."""
    shown = view(subscriber)
    fields: dict[str, Any] = msgspec.to_builtins(shown)
    try:
        given = msgspec.json.decode(patch, type=dict[str, Any])
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
