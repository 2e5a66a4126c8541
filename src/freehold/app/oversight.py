"""Performance and fault management as the configuration has it: how often, what beyond, and who is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from freehold.app.config import (
    AlarmsSection,
    ManagementSection,
    OidcSection,
    PerformanceSection,
    SnmpSection,
    TelemetrySection,
)
from freehold.app.network import Network
from freehold.manage.accounts.passwords import PasswordPolicy
from freehold.manage.accounts.roles import Role
from freehold.manage.api import Api
from freehold.manage.faults import AlarmNotification
from freehold.manage.faults.forwarding import TrapForwarder, TrapReceiver, Webhook, WebhookForwarder
from freehold.manage.performance.recorder import RecorderSettings
from freehold.manage.performance.thresholds import Threshold
from freehold.net import endpoints
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from freehold.manage.accounts.oidc import Oidc

DAY: Final = 86400
PATIENCE: Final = 10.0
"""Seconds for an answer of a provider."""
TRAP_PORT: Final = 162
"""RFC 3417 3.1."""


def recording(section: PerformanceSection) -> RecorderSettings:
    """How often is looked, and what is kept."""
    kept = section.keep_days * DAY // section.granularity_s
    return RecorderSettings(section.look_s, float(section.granularity_s), kept)


def thresholds(section: AlarmsSection) -> Iterator[Threshold]:
    """The thresholds of the configuration."""
    for each in section.threshold:
        yield Threshold(**msgspec.structs.asdict(each))


@contextlib.asynccontextmanager
async def forwarded(section: AlarmsSection, api: Api) -> AsyncIterator[None]:
    """Tell the configured receivers of alarms; Unusable where one cannot be told."""
    traps = [TrapForwarder(_receiver(each), api.network.now) for each in section.snmp]
    hooks = [
        WebhookForwarder(Webhook(each.url, _secret(each.secret_file), each.least), api.network.utc)
        for each in section.webhook
    ]
    told: list[Callable[[AlarmNotification], None]] = [*hooks, *traps]
    stops = [api.alarms.listen(each) for each in told]
    api.told.extend(hooks)
    for hook in hooks:
        hook.start()
    try:
        yield
    finally:
        for stop in stops:
            stop()
        for trap in traps:
            trap.close()
        for hook in hooks:
            await hook.stop()


@contextlib.asynccontextmanager
async def traced(section: TelemetrySection, network: Network, api: Api) -> AsyncIterator[None]:
    """Send traces of procedures to the configured collector; Unusable where it is no URL."""
    if not section.otlp:
        yield
        return
    from freehold.manage.telemetry import TraceExporter

    environment, tap = network.world.environment, network.tap
    offset = environment.utc() - environment.now()
    exporter = TraceExporter(section.otlp, network.configuration.network.name, tap.key, offset, environment.random)
    exporter.start()
    api.told.append(exporter)
    tap.tracer = exporter
    try:
        yield
    finally:
        tap.tracer = None
        await exporter.stop()


def passwords(network: Network) -> Callable[[], PasswordPolicy]:
    """What is asked of passwords, as the configuration has it now."""

    def policy() -> PasswordPolicy:
        section = network.configuration.accounts
        return PasswordPolicy(section.password_history, section.password_days, section.password_own)

    return policy


def provider(section: OidcSection, now: Callable[[], float]) -> Oidc | None:
    """The provider where people log in; None where there is none. Unusable where it is not set rightly."""
    if not section.issuer:
        return None
    from freehold.manage.accounts.oidc import Oidc, OidcSettings, check_url
    from freehold.manage.accounts.roles import Role
    from freehold.manage.fetch import fetch

    check_url(section.issuer, "management.oidc.issuer")
    if not section.client_id or not section.roles:
        raise Unusable("management.oidc: set client_id, and in roles which values of the claim give which role")
    secret = _secret(section.secret_file, "management.oidc.secret_file").decode("utf-8", "replace")
    roles = {value: Role(role) for value, role in section.roles.items()}
    settings = OidcSettings(
        section.issuer, section.client_id, secret, section.scope, section.claim, section.name, roles
    )

    async def patient(*asked: Any) -> tuple[int, bytes]:
        return await asyncio.wait_for(fetch(*asked), PATIENCE)

    return Oidc(settings, patient, now)


def _receiver(section: SnmpSection) -> TrapReceiver:
    address = endpoints.parse_address(section.address, TRAP_PORT, "alarms.snmp.address")
    return TrapReceiver(address, section.community, section.least)


def _secret(path: str, setting: str = "alarms.webhook.secret_file") -> bytes:
    """A secret without the line's end; Unusable where the file cannot be read."""
    if not path:
        return b""
    try:
        return Path(path).read_bytes().strip()
    except OSError as error:
        raise Unusable(f"{setting}: {path}: {(error.strerror or str(error)).lower()}") from None


def deciphering(section: ManagementSection) -> tuple[Role, ...]:
    """The roles for which NAS is deciphered in a trace."""
    return (Role.ADMIN,) if section.nas == "administrators" else (Role.ADMIN, Role.OPERATOR)
