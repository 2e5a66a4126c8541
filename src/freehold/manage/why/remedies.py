"""Changes that would end a failure: each is shown before it is made, and made through the management API."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from freehold.manage import subscribers
from freehold.manage.accounts.roles import Permission
from freehold.manage.subscribers import DnnForm, SliceForm, SubscriberView
from freehold.manage.views import ChangeView, View
from freehold.manage.why.causes import forbids
from freehold.manage.why.failures import Failure
from freehold.manage.why.rules import RULES
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.api import Api

LOCKED: Final = (
    "its card is locked",
    "For once the keys are right: a locked card is believed again after a power cycle.",
)
LOCKED_OUT: Final = (
    "it may not ask here again",
    "For once the rest is right: where it was refused, it does not ask again before a power cycle.",
)
"""The state of a terminal that only a power cycle ends, and when to do that."""
HEX: Final = "[0-9a-fA-F]{32}"
POOLS: Final = tuple(IPv4Network(f"10.{number}.0.0/16") for number in range(45, 200))
"""Where a new data network may have its addresses: the first that no other one has."""
Kind = Literal["subscriber", "new-subscriber", "configuration", "terminal"]


class FieldForm(View, frozen=True):
    """Something that only a person knows: a field of a form."""

    name: str
    label: str
    pattern: str = ""
    required: bool = True


class RemedyView(View, frozen=True):
    """A change that may end a failure: what differs then, what has to be told for it; `tag` names this very change."""

    name: str
    title: str
    text: str
    needs: str
    changes: tuple[ChangeView, ...]
    fields: tuple[FieldForm, ...] = ()
    tag: str = ""


class Remedy(msgspec.Struct, frozen=True):
    """The same with what carries it out: what `kind` changes, of whom, to what."""

    view: RemedyView
    kind: Kind
    supi: str = ""
    patch: Mapping[str, Any] = {}
    text: str = ""
    act: Callable[[], Awaitable[None]] | None = None


class Case:
    """A failure with what is needed to judge what would end it."""

    def __init__(self, api: Api, failure: Failure) -> None:
        self.api = api
        self.failure = failure
        self.about = failure.unmet.about
        self.supi = failure.supi
        found = None if not self.supi else api.network.subscribers.subscriber(subscribers.supi_of(self.supi))
        self.subscriber: SubscriberView | None = None if found is None else subscribers.view(found)

    def listed(self, key: str) -> list[str]:
        """Values of `about` that were written with commas between."""
        return [each for each in self.about.get(key, "").split(", ") if each and each != "none"]

    def setting(self, section: str, key: str) -> Any:
        """A setting as it is in force."""
        return self.api.network.settings().get(section, {}).get(key)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The tables of a kind in force."""
        found = self.api.network.settings().get(name, [])
        return [{key: value for key, value in row.items() if value not in (None, [], "")} for row in found]

    def patched(self, name: str, title: str, text: str, patch: Mapping[str, Any]) -> Remedy | None:
        """A change of the subscriber's fields; None where it changes nothing."""
        one = self.subscriber
        if one is None:
            return None
        before, wanted = _plain(one), _plain(patch)
        changes = tuple(
            ChangeView(f"subscriber {one.supi}: {key}", _said(before.get(key)), _said(value), "now")
            for key, value in wanted.items()
            if before.get(key) != value
        )
        shown = RemedyView(name, title, text, Permission.OPERATE, changes)
        return Remedy(shown, "subscriber", one.supi, patch) if changes else None

    def configured(self, name: str, title: str, text: str, change: Callable[[str], str]) -> Remedy | None:
        """A change of the configuration's text; None where it cannot be made or changes nothing."""
        configuration = self.api.network.configuration
        try:
            wanted = change(configuration.view().text)
            changes = configuration.plan(wanted)
        except Unusable:
            return None
        shown = RemedyView(name, title, text, Permission.ADMINISTER, changes)
        return Remedy(shown, "configuration", text=wanted) if changes else None


Builder = Callable[[Case], Iterator[Remedy | None]]


def remedies(api: Api, failure: Failure) -> tuple[Remedy, ...]:
    """What may end a failure, as things are now."""
    rule = RULES.get(failure.unmet.rule)
    if rule is None:
        return ()
    case = Case(api, failure)
    afterwards = ("power-cycle",) if forbids(failure.event.cause) and "power-cycle" not in rule.remedies else ()
    found = [each for name in (*rule.remedies, *afterwards) for each in BUILDERS[name](case) if each is not None]
    return tuple(msgspec.structs.replace(each, view=_tagged(each.view)) for each in found)


def _tagged(shown: RemedyView) -> RemedyView:
    digest = hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]
    return msgspec.structs.replace(shown, tag=digest)


def _plain(value: object) -> dict[str, Any]:
    """As JSON has it: with lists, whatever it was made of."""
    return msgspec.json.decode(msgspec.json.encode(value), type=dict[str, Any])


def _said(value: Any) -> str:
    """A field of a subscription in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(f"{one['id']}: {', '.join(map(_data_network, one['dnns']))}" for one in value)
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _data_network(one: Mapping[str, Any]) -> str:
    fixed = " ".join(filter(None, (one["ip"], one["ip6"])))
    types = "" if len(one["types"]) == len(subscribers.TYPES) else f" {'/'.join(one['types'])}"
    return f"{one['dnn']}{types}{f' {fixed}' if fixed else ''}"


# --- the subscriber -------------------------------------------------------------------------------
def add_subscriber(case: Case) -> Iterator[Remedy | None]:
    """A subscription for the SUPI that nobody knows."""
    if not case.supi or case.subscriber is not None:
        return
    fields = (
        FieldForm("k", "K of the card", HEX),
        FieldForm("opc", "OPc of the card", HEX),
        FieldForm("name", "Name", required=False),
    )
    changes = (ChangeView(f"subscriber {case.supi}", "none", "with the network's slices and data networks", "now"),)
    text = "K and OPc come from the card's vendor. The network does not show them again."
    shown = RemedyView("add-subscriber", "Add a subscriber with this SUPI", text, Permission.OPERATE, changes, fields)
    yield Remedy(shown, "new-subscriber", case.supi)


def enable_subscriber(case: Case) -> Iterator[Remedy | None]:
    """Let a barred subscriber in."""
    yield case.patched("enable-subscriber", "Let the subscriber use the network", "It was barred.", {"enabled": True})


def give_keys(case: Case) -> Iterator[Remedy | None]:
    """The subscription gets the keys of the card."""
    if case.subscriber is None:
        return
    fields = (
        FieldForm("k", "K of the card", HEX),
        FieldForm("opc", "OPc of the card", HEX),
        FieldForm("amf_field", "AMF field, 8000 unless the vendor says otherwise", "[0-9a-fA-F]{4}", required=False),
    )
    changes = (ChangeView(f"subscriber {case.supi}: K and OPc", "as they are", "as you enter them", "now"),)
    text = "As the card's vendor wrote them. Then switch the terminal off and on: its card is locked until then."
    shown = RemedyView("give-keys", "Enter the card's keys", text, Permission.OPERATE, changes, fields)
    yield Remedy(shown, "subscriber", case.supi)


def remake_card(case: Case) -> Iterator[Remedy | None]:
    """A simulated terminal gets a card with the subscription's keys."""
    terminals = case.api.network.terminals
    if terminals is None or case.subscriber is None or not terminals.has(case.supi):
        return
    changes = (ChangeView(f"card of {case.supi}: K and OPc", "as they are", "those of the subscription", "now"),)
    text = "The terminal is simulated: its card can be made anew. It is switched off and on at once."
    shown = RemedyView("remake-card", "Give the simulated terminal a new card", text, Permission.OPERATE, changes)
    supi = case.supi

    async def act() -> None:
        await terminals.remake(supi)

    yield Remedy(shown, "terminal", supi, act=act)


def power_cycle(case: Case) -> Iterator[Remedy | None]:
    """A simulated terminal is switched off and on, which unlocks its card and ends what it was forbidden."""
    terminals = case.api.network.terminals
    if terminals is None or not terminals.has(case.supi):
        return
    state, text = LOCKED_OUT if forbids(case.failure.event.cause) else LOCKED
    changes = (ChangeView(f"terminal of {case.supi}", state, "off, and on again", "now"),)
    shown = RemedyView("power-cycle", "Switch the simulated terminal off and on", text, Permission.OPERATE, changes)
    supi = case.supi

    async def act() -> None:
        await terminals.power_cycle(supi)

    yield Remedy(shown, "terminal", supi, act=act)


def subscribe_slice(case: Case) -> Iterator[Remedy | None]:
    """The subscription gets a slice that the terminal asks for, or that the network has."""
    if case.subscriber is None:
        return
    have = {one.id for one in case.subscriber.slices}
    offered = [str(row["id"]) for row in case.rows("slice")]
    wanted = [*case.listed("slice"), *case.listed("requested"), *offered]
    chosen = next((each for each in wanted if each not in have and each in offered), None)
    if chosen is None:
        return
    dnns = tuple(DnnForm(str(row["name"])) for row in case.rows("dnn"))
    slices = msgspec.to_builtins((*case.subscriber.slices, SliceForm(chosen, default=True, dnns=dnns)))
    text = "With every data network of this network. It takes effect when the terminal registers next."
    yield case.patched("subscribe-slice", f"Subscribe it to slice {chosen}", text, {"slices": list(slices)})


def add_dnn(case: Case) -> Iterator[Remedy | None]:
    """The subscription gets the data network that was asked for."""
    dnn, slice_ = case.about.get("dnn", ""), case.about.get("slice", "")
    if case.subscriber is None or not dnn:
        return
    slices = tuple(
        msgspec.structs.replace(one, dnns=(*one.dnns, DnnForm(dnn)))
        if one.id == slice_ and all(known.dnn != dnn for known in one.dnns)
        else one
        for one in case.subscriber.slices
    )
    known = dnn in {row["name"] for row in case.rows("dnn")}
    text = "The terminal may ask for it at once." if known else f"Then {dnn} has to be configured too."
    patch = {"slices": list(msgspec.to_builtins(slices))}
    yield case.patched("add-dnn", f"Add {dnn} to the subscription", text, patch)
    if not known:
        yield from configure_dnn(case)


def allow_types(case: Case) -> Iterator[Remedy | None]:
    """The subscription allows the type of session that was asked for."""
    dnn, types = case.about.get("dnn", ""), case.about.get("types", "").split()
    if case.subscriber is None or not types:
        return
    slices = tuple(
        msgspec.structs.replace(one, dnns=tuple(_with_types(each, dnn, types) for each in one.dnns))
        for one in case.subscriber.slices
    )
    patch = {"slices": list(msgspec.to_builtins(slices))}
    yield case.patched("allow-types", f"Allow {', '.join(types)} in {dnn}", "It takes effect at once.", patch)


def _with_types(form: DnnForm, dnn: str, types: list[str]) -> DnnForm:
    allowed = tuple(each for each in subscribers.TYPES if each in form.types or each in types)
    return msgspec.structs.replace(form, types=allowed) if form.dnn == dnn else form


def free_address(case: Case) -> Iterator[Remedy | None]:
    """The subscription takes an address of the pool."""
    dnn, field = case.about.get("dnn", ""), case.about.get("field", "ip")
    if case.subscriber is None:
        return
    slices = tuple(
        msgspec.structs.replace(
            one,
            dnns=tuple(msgspec.structs.replace(each, **{field: ""}) if each.dnn == dnn else each for each in one.dnns),
        )
        for one in case.subscriber.slices
    )
    patch = {"slices": list(msgspec.to_builtins(slices))}
    yield case.patched("free-address", "Let it take any address of the pool", "Its next session has it.", patch)


def allow_device(case: Case) -> Iterator[Remedy | None]:
    """The subscription allows the device that its card is in."""
    pei = case.about.get("pei", "")
    if case.subscriber is not None and pei:
        allowed = [*case.subscriber.allowed_pei, pei]
        yield case.patched("allow-device", "Allow this device", "Beside those it has.", {"allowed_pei": allowed})


def clear_devices(case: Case) -> Iterator[Remedy | None]:
    """The subscription allows any device."""
    yield case.patched("clear-devices", "Allow any device", "The card is bound to none then.", {"allowed_pei": []})


# --- the configuration ----------------------------------------------------------------------------
def serve_tac(case: Case) -> Iterator[Remedy | None]:
    """The AMF serves one more tracking area."""
    tacs = [int(each) for each in case.listed("tac") if each.isdecimal()]
    yield case.configured(
        "serve-tac",
        f"Serve tracking area {', '.join(map(str, tacs))} too",
        "Beside those that are served. It takes effect at once.",
        lambda text: _with_tacs(case, text, tacs),
    )


def _with_tacs(case: Case, text: str, tacs: list[int]) -> str:
    from freehold.manage.why import texts

    known = [*(case.setting("amf", "tac") or [])]
    fresh = [tac for tac in tacs if tac not in known and tac != case.setting("network", "tac")]
    return texts.with_value(text, "amf", "tac", known + fresh) if fresh else text


def _with_slices(case: Case, text: str, slices: list[str]) -> str:
    from freehold.manage.why import texts

    rows = case.rows("slice")
    for each in slices:
        if all(str(row["id"]) != each for row in rows):
            text = texts.with_table(text, "slice", rows, {"id": each})
            rows = [*rows, {"id": each}]
    return text


def serve_slice(case: Case) -> Iterator[Remedy | None]:
    """The network offers a slice that terminal or subscription have."""
    offered = {str(row["id"]) for row in case.rows("slice")}
    subscribed = [one.id for one in case.subscriber.slices] if case.subscriber is not None else []
    wanted = [*case.listed("slice"), *case.listed("requested"), *subscribed]
    chosen = next((each for each in wanted if each not in offered), None)
    if chosen is not None:
        yield case.configured(
            "serve-slice",
            f"Offer slice {chosen}",
            "Beside those that are offered; gNBs of this process take it over.",
            lambda text: _with_slices(case, text, [chosen]),
        )


def accept_gnb(case: Case) -> Iterator[Remedy | None]:
    """The network serves what the gNB broadcasts: its tracking areas, and a slice in common."""
    tacs = [int(each) for each in case.listed("tac") if each.isdecimal()]
    slices, offered = case.listed("slice"), {str(row["id"]) for row in case.rows("slice")}
    missing = [] if offered & set(slices) else slices[:1]
    yield case.configured(
        "accept-gnb",
        f"Accept {case.failure.event.subject or 'this gNB'}",
        "The network serves what this gNB broadcasts, beside what it serves. The gNB tries again by itself.",
        lambda text: _with_slices(case, _with_tacs(case, text, tacs), missing),
    )


def set_plmn(case: Case) -> Iterator[Remedy | None]:
    """The network takes the gNB's PLMN."""
    from freehold.manage.why import texts

    plmn = next(iter(case.listed("plmn")), "")
    if plmn:
        yield case.configured(
            "set-plmn",
            f"Make {plmn} the PLMN of this network",
            "Only where the cards are of this PLMN too: subscribers' SUPIs begin with it.",
            lambda text: texts.with_value(text, "network", "plmn", plmn),
        )


def allow_algorithms(case: Case) -> Iterator[Remedy | None]:
    """The AMF allows an algorithm that the terminal has, the strongest of them."""
    from freehold.manage.why import texts

    for kind in ("ciphering", "integrity"):
        has = case.about.get(kind, "").split()
        if not has:
            continue
        strongest = max(has, key=lambda name: (name[-1] == "2", name[-1] != "0", name))
        weak = strongest.endswith("0")
        text = (
            "It protects nothing: only for terminals that have no other, and for tests."
            if weak
            else "After those that are allowed. It takes effect at once."
        )
        known = [*(case.setting("amf", kind) or [])]

        def change(old: str, kind: str = kind, added: str = strongest, known: list[str] = known) -> str:
            return texts.with_value(old, "amf", kind, [*known, added])

        yield case.configured(f"allow-{kind}", f"Allow {strongest}", text, change)


def allow_null_scheme(case: Case) -> Iterator[Remedy | None]:
    """Identities may come in clear."""
    from freehold.manage.why import texts

    yield case.configured(
        "allow-null-scheme",
        "Allow cards that do not conceal their identity",
        "Whoever listens on the air can follow such cards.",
        lambda text: texts.with_value(text, "amf", "null_scheme", value=True),
    )


def configure_dnn(case: Case) -> Iterator[Remedy | None]:
    """One more data network, with a pool that no other one has."""
    from freehold.manage.why import texts

    dnn, rows = case.about.get("dnn", ""), case.rows("dnn")
    used = [IPv4Network(str(row["pool"])) for row in rows]
    pool = next((each for each in POOLS if not any(each.overlaps(other) for other in used)), None)
    if not dnn or pool is None or any(row["name"] == dnn for row in rows):
        return
    n6 = next((str(row.get("n6", "internal")) for row in rows if row.get("type") != "ethernet"), "internal")
    yield case.configured(
        "configure-dnn",
        f"Configure a data network {dnn}",
        "With addresses of its own, its way out as the first one's.",
        lambda text: texts.with_table(text, "dnn", rows, {"name": dnn, "pool": str(pool), "n6": n6}),
    )


BUILDERS: Final[Mapping[str, Builder]] = MappingProxyType(
    {
        "add-subscriber": add_subscriber,
        "enable-subscriber": enable_subscriber,
        "give-keys": give_keys,
        "remake-card": remake_card,
        "power-cycle": power_cycle,
        "subscribe-slice": subscribe_slice,
        "add-dnn": add_dnn,
        "allow-types": allow_types,
        "free-address": free_address,
        "allow-device": allow_device,
        "clear-devices": clear_devices,
        "serve-tac": serve_tac,
        "serve-slice": serve_slice,
        "accept-gnb": accept_gnb,
        "set-plmn": set_plmn,
        "allow-algorithms": allow_algorithms,
        "allow-null-scheme": allow_null_scheme,
        "configure-dnn": configure_dnn,
    }
)
"""What each name of `rules` is built by."""
