"""Subscriptions for commands: through the API while the network runs, straight from its store while it does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

import msgspec

from freehold.app.config import Configuration, data_folder
from freehold.app.ledger import ledger_of, own_act
from freehold.app.requests import Client
from freehold.app.sealing import sealer, token_of
from freehold.core.udm import home_keys, key_use
from freehold.core.udm.sidf import HomeNetworkKey
from freehold.core.udr import Udr
from freehold.crypto.suci import Scheme
from freehold.manage import subscribers
from freehold.manage.imports import all_right
from freehold.manage.operation import Problem
from freehold.manage.sims.cards import SimForm, SimsMade, batch
from freehold.manage.sims.profile import profile, suci_calc_info
from freehold.manage.subscribers import DnnForm, SliceForm
from freehold.manage.views import Added, HomeKeyView, ProblemView
from freehold.services.arpf import Arpf
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Unusable
from freehold.spec.identities import Supi
from freehold.store import OfflineStore, offline
from freehold.trust.ledger import Ledger

Row = dict[str, Any]
Told = Callable[[int, int], None]
"""Hears how many rows of how many are read."""


class Registry(Protocol):
    """What the subscriber commands do; Unusable says what cannot be."""

    def add(self, forms: Sequence[Row]) -> int:
        """Add subscribers given as forms; how many."""

    def load(
        self, octets: bytes, *, csv: bool, replace: bool, skip: bool = False, told: Told = lambda _done, _of: None
    ) -> Added:
        """Add all subscribers of a file's octets, or none; with `skip` those that are right. `told` hears how far."""

    def show(self, supi: str) -> Row:
        """One subscriber, without secrets."""

    def all(self) -> list[Row]:
        """All subscribers, without secrets."""

    def csv(self) -> str:
        """All subscribers as CSV, without secrets."""

    def change(self, supi: str, fields: Row) -> Row:
        """Change fields of one; what it is then."""

    def delete(self, supi: str) -> None:
        """Remove one."""

    def home_keys(self) -> list[Row]:
        """The public keys that SIMs conceal their SUPIs with."""

    def generate(self, form: SimForm) -> SimsMade:
        """Make SIMs: their keys leave once, encrypted."""

    def profile(self, routing_indicator: str) -> list[Row]:
        """What a card has to hold beside its keys."""


def slices_of(configuration: Configuration) -> tuple[SliceForm, ...]:
    """What a subscriber gets who is given no slices: all of the network's, each with all its data networks."""
    dnns = tuple(
        DnnForm(section.name, uplink=int(section.ambr_up), downlink=int(section.ambr_down))
        for section in configuration.dnn
    )
    return tuple(SliceForm(str(section.id), True, dnns) for section in configuration.slice)


@contextmanager
def registry(configuration: Configuration, client: Client) -> Iterator[Registry]:
    """The subscriptions, wherever they are now."""
    if client.answers():
        yield RunningRegistry(client)
        return
    with offline(data_folder(configuration), sealer(configuration)) as store:
        token = token_of(configuration, store.post)
        try:
            yield StoredRegistry(store, configuration, ledger_of(configuration, store), token)
        finally:
            if token is not None:
                token.close()


def said(problem: Row) -> str:
    """A problem in one line, and each row that is wrong in one more."""
    rows = [
        f"  line {each['line']}: {each['field'] or 'the row'}: {each['detail']}" for each in problem.get("errors", ())
    ]
    return "\n".join([str(problem.get("detail", "the network ended")), *(rows if len(rows) > 1 else ())])


class RunningRegistry:
    """The subscriptions of a running network."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, forms: Sequence[Row]) -> int:
        """Add subscribers given as forms; how many."""
        return int(self._client.ask("POST", ("subscribers",), body=list(forms))["added"])

    def load(
        self, octets: bytes, *, csv: bool, replace: bool, skip: bool = False, told: Told = lambda _done, _of: None
    ) -> Added:
        """Add all subscribers of a file's octets, or none; with `skip` those that are right. `told` hears how far."""
        query = {"progress": ""} | ({"replace": ""} if replace else {}) | ({"skip": ""} if skip else {})
        media_type = "text/csv" if csv else "application/json"
        last: Row = {}
        for last in self._client.lines("POST", ("subscribers",), query, octets, media_type):
            if "done" in last:
                told(last["done"], last["of"])
        if "added" not in last:
            raise Unusable(said(last))
        return msgspec.convert(last, Added)

    def show(self, supi: str) -> Row:
        """One subscriber, without secrets."""
        return cast("Row", self._client.get("subscribers", supi))

    def all(self) -> list[Row]:
        """All subscribers, without secrets."""
        return cast("list[Row]", self._client.get("subscribers"))

    def csv(self) -> str:
        """All subscribers as CSV, without secrets."""
        return cast("bytes", self._client.get("subscribers", format="csv")).decode()

    def change(self, supi: str, fields: Row) -> Row:
        """Change fields of one; what it is then."""
        return cast("Row", self._client.ask("PATCH", ("subscribers", supi), body=fields))

    def delete(self, supi: str) -> None:
        """Remove one."""
        self._client.ask("DELETE", ("subscribers", supi))

    def home_keys(self) -> list[Row]:
        """The public keys that SIMs conceal their SUPIs with."""
        return cast("list[Row]", self._client.get("home-keys"))

    def generate(self, form: SimForm) -> SimsMade:
        """Make SIMs: their keys leave once, encrypted."""
        return msgspec.convert(self._client.ask("POST", ("sims",), body=msgspec.to_builtins(form)), SimsMade)

    def profile(self, routing_indicator: str) -> list[Row]:
        """What a card has to hold beside its keys."""
        return cast("list[Row]", self._client.get("sim-profile", routing_indicator=routing_indicator))


class StoredRegistry:
    """The subscriptions of a network that does not run."""

    def __init__(
        self, store: OfflineStore, configuration: Configuration, ledger: Ledger, arpf: Arpf | None = None
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._udr = Udr(store, arpf)
        self._slices = slices_of(configuration)
        self._network = configuration.network

    def add(self, forms: Sequence[Row]) -> int:
        """Add subscribers given as forms; how many."""
        return self.load(msgspec.json.encode(list(forms)), csv=False, replace=False).added

    def load(
        self, octets: bytes, *, csv: bool, replace: bool, skip: bool = False, told: Told = lambda _done, _of: None
    ) -> Added:
        """Add all subscribers of a file's octets, or none; with `skip` those that are right. `told` hears how far."""
        try:
            work = all_right(
                octets, csv=csv, replace=replace, skip=skip, slices=self._slices, repository=self._udr, told=told
            )
        except Problem as problem:
            raise Unusable(
                said(msgspec.to_builtins(ProblemView(problem.status, problem.detail, problem.errors)))
            ) from None
        made = work.made
        self._store.wait(self._udr.put_all(made))
        self._record("subscriber.add", *subscribers.named(made))
        return Added(len(made), len(work.wrong), work.errors)

    def show(self, supi: str) -> Row:
        """One subscriber, without secrets."""
        return _row(self._found(supi))

    def all(self) -> list[Row]:
        """All subscribers, without secrets."""
        return [_row(subscriber) for subscriber in self._udr.subscribers()]

    def csv(self) -> str:
        """All subscribers as CSV, without secrets."""
        return subscribers.write_csv(self._udr.subscribers())

    def change(self, supi: str, fields: Row) -> Row:
        """Change fields of one; what it is then."""
        found = self._found(supi)
        changed = subscribers.changed(found, msgspec.json.encode(fields))
        self._store.wait(self._udr.put(changed))
        self._record("subscriber.change", changed.supi.value, ", ".join(subscribers.differing(found, changed)))
        return _row(changed)

    def delete(self, supi: str) -> None:
        """Remove one."""
        named = self._found(supi).supi
        self._store.wait(self._udr.delete(named))
        self._record("subscriber.delete", named.value)

    def home_keys(self) -> list[Row]:
        """The public keys that SIMs conceal their SUPIs with; made now where the network never ran."""
        return cast("list[Row]", msgspec.to_builtins(self._keys()))

    def _keys(self) -> list[HomeKeyView]:
        found, durable = home_keys.ensure(self._store, os.urandom)
        self._store.wait(durable)
        uses = key_use.load(self._store)
        return home_key_views(found, lambda key_id: uses.get(key_id, key_use.Use()))

    def generate(self, form: SimForm) -> SimsMade:
        """Make SIMs: their keys leave once, encrypted."""
        keys = suci_calc_info(self._keys())
        made, told = batch(form, self._network.plmn, self._slices, self._udr, keys)
        self._store.wait(self._udr.put_all(made))
        self._record("sim.generate", *subscribers.named(made))
        return told

    def profile(self, routing_indicator: str) -> list[Row]:
        """What a card has to hold beside its keys."""
        files = profile(self._network.name, self._network.plmn, self._keys(), routing_indicator)
        return cast("list[Row]", msgspec.to_builtins(files))

    def _record(self, act: str, subject: str = "", detail: str = "") -> None:
        self._store.wait(self._ledger.append(own_act(act, subject, detail)))

    def _found(self, supi: str) -> Subscriber:
        named: Supi = subscribers.supi_of(supi)
        found = self._udr.subscriber(named)
        if found is None:
            raise Unusable(f"there is no subscriber {supi}")
        return found


def home_key_views(keys: Iterable[HomeNetworkKey], use_of: Callable[[int], key_use.Use]) -> list[HomeKeyView]:
    """Home network keys as an operator sees them: without their private halves, with their uses."""
    found = []
    for key in keys:
        use = use_of(key.key_id)
        found.append(
            HomeKeyView(
                key.key_id,
                "A" if key.scheme == Scheme.PROFILE_A else "B",
                key.public.hex(),
                use.uses,
                use.last,
                use.since,
            )
        )
    return found


def _row(subscriber: Subscriber) -> Row:
    return cast("Row", msgspec.to_builtins(subscribers.view(subscriber)))
