"""Simulated terminals through the API: switched on, off, and off and on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from freehold.manage import handlers, subscribers
from freehold.manage.access import form as form_of
from freehold.manage.http import Request, Response
from freehold.manage.operation import Call, Problem
from freehold.manage.views import View
from freehold.spec.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freehold.manage.api import Api


class TerminalSessionView(View, frozen=True):
    """A PDU session of a simulated terminal, and the interface of the host that stands for it."""

    id: int
    dnn: str
    type: str
    addresses: tuple[str, ...] = ()
    interface: str = ""


class SessionForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PDU session that a simulated terminal is to ask for.

    Without a `type` it is the one that the data network has. `interface` names an interface of the host that is to be
    the session: a TUN, or a TAP where it carries frames. It needs root.
    """

    dnn: str = ""
    type: Literal["ipv4", "ipv6", "ipv4v6", "ethernet"] | None = None
    interface: str = ""


class SessionName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PDU session of a simulated terminal, by its identity."""

    id: int


class HandoverForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gNB of this network that a simulated terminal is handed over to, by its name, and over which interface."""

    gnb: str
    interface: Literal["n2", "xn"] = "xn"


class TerminalView(View, frozen=True):
    """A simulated terminal: its 5GMM state (TS 24.501 5.1.3), its card, what it does, and why it does not get on."""

    supi: str
    name: str
    power: Literal["on", "off"]
    state: str
    card: Literal["valid", "locked"]
    gnb: str = ""
    addresses: tuple[str, ...] = ()
    trouble: str = ""
    sessions: tuple[TerminalSessionView, ...] = ()


class ManagedTerminals(Protocol):
    """The simulated terminals of a network, by the SUPI of their cards."""

    def views(self) -> Sequence[TerminalView]:
        """All of them."""

    def has(self, supi: str) -> bool:
        """Whether one has the card of this SUPI."""

    async def start(self, supi: str) -> None:
        """Switch it on; one that is not there is made with the subscriber's keys on its card. Unusable: no such."""

    async def stop(self, supi: str) -> None:
        """Switch it off: it deregisters where it can (TS 24.501 5.5.2.2.1)."""

    async def power_cycle(self, supi: str) -> None:
        """Switch it off and on."""

    async def remake(self, supi: str) -> None:
        """Give it a card with the subscriber's keys, and switch it off and on."""

    async def open_session(self, supi: str, form: SessionForm) -> TerminalView:
        """Open one more PDU session; Unusable: no such terminal, or why it has no session."""

    async def release_session(self, supi: str, identity: int) -> TerminalView:
        """Release a PDU session; Unusable: no such one."""

    async def hand_over(self, supi: str, form: HandoverForm) -> TerminalView:
        """Hand it over to another gNB; Unusable: no such terminal or gNB, or why it stays where it is."""


def terminals_of(api: Api) -> ManagedTerminals:
    """The terminals of a network that simulates some; Problem elsewhere."""
    found = api.network.terminals
    if found is None:
        raise Problem(404, "no terminals are simulated here: freehold up does, freehold run core does not")
    return found


async def list_terminals(api: Api, _: Request, __: str) -> Response:
    """Every simulated terminal; none where there is no simulated radio."""
    found = api.network.terminals
    return handlers.answer([] if found is None else list(found.views()))


def switching(what: str, switch: Callable[[ManagedTerminals, str], Awaitable[None]]) -> Call:
    """An operation on one terminal."""

    async def call(api: Api, request: Request, supi: str) -> Response:
        named = subscribers.supi_of(supi).value
        terminals = terminals_of(api)
        try:
            await switch(terminals, named)
        except Unusable as none:
            raise Problem(404, str(none)) from None
        await handlers.record(api, request, f"terminal.{what}", named)
        return handlers.answer(next(one for one in terminals.views() if one.supi == named))

    return call


def need_card(terminals: ManagedTerminals, named: str) -> None:
    """Problem where no terminal of this process has the card."""
    if not terminals.has(named):
        raise Problem(404, f"no terminal here has the card of {named}: start one")


async def open_session(api: Api, request: Request, supi: str) -> Response:
    """One more session of a simulated terminal."""
    named, terminals = subscribers.supi_of(supi).value, terminals_of(api)
    form = form_of(request, SessionForm)
    need_card(terminals, named)
    view = await terminals.open_session(named, form)
    await handlers.record(api, request, "terminal.session", named)
    return handlers.answer(view)


async def release_session(api: Api, request: Request, supi: str) -> Response:
    """A session of a simulated terminal ends."""
    named, terminals = subscribers.supi_of(supi).value, terminals_of(api)
    form = form_of(request, SessionName)
    try:
        view = await terminals.release_session(named, form.id)
    except Unusable as none:
        raise Problem(404, str(none)) from None
    await handlers.record(api, request, "terminal.release-session", named)
    return handlers.answer(view)


async def hand_over(api: Api, request: Request, supi: str) -> Response:
    """A simulated terminal goes to another gNB, with its sessions."""
    named, terminals = subscribers.supi_of(supi).value, terminals_of(api)
    form = form_of(request, HandoverForm)
    need_card(terminals, named)
    view = await terminals.hand_over(named, form)
    await handlers.record(api, request, "terminal.handover", named)
    return handlers.answer(view)


start = switching("start", lambda terminals, supi: terminals.start(supi))
stop = switching("stop", lambda terminals, supi: terminals.stop(supi))
power_cycle = switching("power-cycle", lambda terminals, supi: terminals.power_cycle(supi))
