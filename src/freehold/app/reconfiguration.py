"""The configuration of a running network: what differs, what applies live, every version that there was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from freehold.app import config, logs
from freehold.app.config import Configuration, DnnSection
from freehold.app.network import Network
from freehold.app.registry import slices_of
from freehold.manage.subscribers import SliceForm
from freehold.manage.views import ChangeView, ConfigurationView, VersionView
from freehold.spec.errors import Unusable
from freehold.store import replace_file

TABLE: Final = "configuration"
KEPT: Final = 100
"""Versions kept."""
KEYS: Final[Mapping[str, str]] = {"dnn": "name", "gnb": "id"}
"""What names one of several tables of a kind."""
LIVE: Final = frozenset(
    {
        "network.name",
        "network.tac",
        "slice",
        "dnn.dns",
        "dnn.p_cscf",
        "dnn.mtu",
        "dnn.ambr_up",
        "dnn.ambr_down",
        "dnn.ask_5qi",
        "dnn.ask_rate",
        "dnn.ask_flows",
        "dnn.flow",
        "amf.tac",
        "amf.ciphering",
        "amf.integrity",
        "amf.null_scheme",
        "amf.ie_order",
        "reject.unknown_subscriber",
        "reject.barred_subscriber",
        "accounts.password_history",
        "accounts.password_days",
        "accounts.password_own",
        "log.level",
    }
)
"""Settings that take effect at once, without the name of the data network."""


class Version(msgspec.Struct, frozen=True, array_like=True):
    """A version as it is kept."""

    at: float
    actor: str
    note: str
    text: str


class LiveConfiguration:
    """A `manage.configuration.ManagedConfiguration`; `path` is the file it was read from, None where there is none."""

    def __init__(self, network: Network, path: Path | None = None) -> None:
        self._network = network
        self._path = path
        self._text = "" if path is None else config.text_of(path)
        rows = dict(network.store.load(TABLE))
        self._versions = {int(key): msgspec.msgpack.decode(row, type=Version) for key, row in sorted(rows.items())}

    @property
    def slices(self) -> tuple[SliceForm, ...]:
        """What a subscriber gets who is given no slices."""
        return slices_of(self._network.configuration)

    def view(self) -> ConfigurationView:
        """As it is written now, by whomever; what of it runs only after a restart."""
        text = self._text if self._path is None else config.text_of(self._path)
        try:
            pending = differences(self._network.configuration, config.parse(text, "configuration"))
        except Unusable:  # somebody is writing it by hand
            pending = ()
        return ConfigurationView(text, str(self._path or ""), pending)

    def plan(self, text: str) -> tuple[ChangeView, ...]:
        """What another text would change."""
        return differences(self._network.configuration, config.parse(text, "configuration"))

    async def apply(self, text: str, actor: str, note: str) -> tuple[ChangeView, ...]:
        """Write a text, keep it as a version, and take over what needs no restart; all or nothing of the last."""
        network, before = self._network, self._network.configuration
        wanted = config.parse(text, "configuration")
        changes = differences(before, wanted)
        if self._path is not None:
            replace_file(self._path, text.encode())
        await self._keep(text, actor, note)
        self._text = text
        network.reconfigure(live(before, wanted))
        if wanted.log.level != before.log.level:
            logs.LOGGER.setLevel(logs.LEVELS[wanted.log.level])
        return changes

    async def _keep(self, text: str, actor: str, note: str) -> None:
        """The new version, and before the first one what was there."""
        at = self._network.world.environment.utc()
        fresh = [Version(at, actor, note, text)]
        if not self._versions:
            fresh.insert(0, Version(at, "the owner", "as it was at the start", self._text))
        number = max(self._versions, default=0)
        added = {number + place: version for place, version in enumerate(fresh, 1)}
        versions = {**self._versions, **added}
        gone = sorted(versions)[:-KEPT]
        rows: list[tuple[str, bytes | None]] = [(_key(one), msgspec.msgpack.encode(added[one])) for one in added]
        rows += [(_key(one), None) for one in gone]
        await self._network.wait(self._network.store.commit(TABLE, rows))
        self._versions = {one: version for one, version in versions.items() if one not in gone}

    def versions(self) -> Sequence[VersionView]:
        """Every version that is kept, oldest first."""
        return [VersionView(number, one.at, one.actor, one.note) for number, one in self._versions.items()]

    def version(self, number: int) -> str | None:
        """The text of a version."""
        found = self._versions.get(number)
        return None if found is None else found.text


def _key(number: int) -> str:
    return f"{number:08}"


def differences(before: Configuration, after: Configuration) -> tuple[ChangeView, ...]:
    """Every setting that differs, by key; the tables of a kind are told apart by their names."""
    old, new = flat(config.show(before)), flat(config.show(after))
    return tuple(
        ChangeView(key, old.get(key, ""), new.get(key, ""), "now" if applies(key, old, new) else "restart")
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def applies(key: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a change takes effect at once: only of what is there before and after."""
    parts = key.split(".")
    plain = f"{parts[0]}.{parts[-1]}" if len(parts) > 1 else key
    return plain in LIVE and key in old and key in new


def flat(sections: Mapping[str, Any]) -> dict[str, str]:
    """Sections as one table of keys like `dnn.internet.mtu`, values as text."""
    found: dict[str, str] = {}
    for name, section in sections.items():
        if name == "slice":
            found[name] = ", ".join(str(one["id"]) for one in section)
        elif isinstance(section, list):
            for one in section:
                label = one[KEYS[name]]
                found |= {f"{name}.{label}.{key}": _text(value) for key, value in one.items()}
        else:
            found |= {f"{name}.{key}": _text(value) for key, value in section.items()}
    return found


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def live(before: Configuration, wanted: Configuration) -> Configuration:
    """What runs from now on: as before, but for the settings that take effect at once."""
    asked = {section.name: section for section in wanted.dnn}
    return replace(
        before,
        network=replace(before.network, name=wanted.network.name, tac=wanted.network.tac),
        slice=wanted.slice,
        dnn=tuple(_network(section, asked.get(section.name)) for section in before.dnn),
        amf=replace(
            before.amf,
            tac=wanted.amf.tac,
            ciphering=wanted.amf.ciphering,
            integrity=wanted.amf.integrity,
            null_scheme=wanted.amf.null_scheme,
            ie_order=wanted.amf.ie_order,
        ),
        accounts=wanted.accounts,
        reject=wanted.reject,
        log=replace(before.log, level=wanted.log.level),
    )


def _network(before: DnnSection, wanted: DnnSection | None) -> DnnSection:
    if wanted is None:
        return before
    return replace(
        before,
        dns=wanted.dns,
        p_cscf=wanted.p_cscf,
        mtu=wanted.mtu,
        ambr_up=wanted.ambr_up,
        ambr_down=wanted.ambr_down,
        ask_5qi=wanted.ask_5qi,
        ask_rate=wanted.ask_rate,
        ask_flows=wanted.ask_flows,
        flow=wanted.flow,
    )
