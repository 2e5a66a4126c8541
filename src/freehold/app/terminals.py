"""Simulated terminals that somebody switches on and off: each lives the main job and traffic until it is off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from freehold.app.demo import AT_ONCE, main_job, usual_dnn
from freehold.app.handles import PduSession, UserEquipment
from freehold.app.network import Network
from freehold.app.radio import Radio
from freehold.codecs.nas import PduSessionType
from freehold.manage.terminals import HandoverForm, SessionForm, TerminalSessionView, TerminalView
from freehold.services.nudr import Subscriber
from freehold.spec.errors import Aborted, PeerError, Reject, TimerExpired, Unusable
from freehold.spec.identities import Supi
from freehold.ue.errors import NoConnection

PAUSE: Final = 1.0
"""Seconds between two rounds of a terminal's traffic, at least."""
ROUNDS: Final = 50
"""Rounds of all terminals in a second, at most: more would leave no time to those that still register."""
FEW: Final = 20
"""So many terminals start one after the other, so that the ladder can be read; more start together."""
DOWNLOAD: Final = 200_000
"""Octets it fetches in each round."""
STALLED: Final = 15.0
"""Seconds after which a download that does not end is given up."""
AGAIN: Final = 5.0
"""Seconds until a terminal that failed tries again."""
OFF: Final = 5.0
"""Seconds that a terminal has to say goodbye."""

log = logging.getLogger("freehold")


KINDS: Final = {
    "ipv4": PduSessionType.IPV4,
    "ipv6": PduSessionType.IPV6,
    "ipv4v6": PduSessionType.IPV4V6,
    "ethernet": PduSessionType.ETHERNET,
}
"""PDU session types by the words that people use."""


class TerminalCounts(msgspec.Struct, frozen=True, gc=False):
    """Terminals of one process: how many there are, are registered, and how many sessions they have."""

    ues: int
    registered: int
    sessions: int


class Switched:
    """One terminal with its power switch."""

    __slots__ = ("interfaces", "task", "trouble", "ue")

    def __init__(self, ue: UserEquipment) -> None:
        self.ue = ue
        self.task: asyncio.Task[None] | None = None
        self.trouble = ""
        self.interfaces: dict[int, contextlib.AbstractContextManager[str]] = {}
        """Interfaces of the host that are sessions, by PDU session identity."""

    def close_interface(self, identity: int) -> None:
        """A session is no interface any more, where it was one."""
        interface = self.interfaces.pop(identity, None)
        if interface is not None:
            interface.__exit__(None, None, None)

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self.task is not None


class Terminals:
    """The simulated terminals of a network (`manage.terminals.ManagedTerminals`), by the SUPI of their cards."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[str, Switched] = {}
        self._room = asyncio.Semaphore(1)

    def attach(self, subscribers: Sequence[Subscriber]) -> None:
        """Terminals with these cards, switched on."""
        self._room = asyncio.Semaphore(1 if len(subscribers) <= FEW else AT_ONCE)
        for given in subscribers:
            self._switch_on(self._made(given))

    def counts(self) -> TerminalCounts:
        """How far the terminals of this process are."""
        ues = self._network.ues
        sessions = sum(session.ethernet or bool(session.addresses) for ue in ues for session in ue.sessions.values())
        return TerminalCounts(len(ues), sum(ue.registered for ue in ues), sessions)

    async def close(self) -> None:
        """End what they do, without a word to the network."""
        await _ended([one.task for one in self._known.values() if one.task is not None])
        for known in self._known.values():
            for identity in tuple(known.interfaces):
                known.close_interface(identity)

    # --- freehold.manage.terminals.ManagedTerminals -------------------------------------------
    def views(self) -> Sequence[TerminalView]:
        """All of them."""
        return [_view(supi, one, self._network.radio) for supi, one in self._known.items()]

    def has(self, supi: str) -> bool:
        """Whether one has the card of this SUPI."""
        return supi in self._known

    async def start(self, supi: str) -> None:
        """Switch it on; one that is not there is made with the subscriber's keys on its card."""
        known = self._known.get(supi)
        if known is None:
            known = self._made(self._subscriber(supi))
        if not known.on:
            self._switch_on(known)

    async def stop(self, supi: str) -> None:
        """Switch it off; Unusable where there is none."""
        await self._switch_off(self._of(supi))

    async def power_cycle(self, supi: str) -> None:
        """Switch it off and on; Unusable where there is none."""
        known = self._of(supi)
        await self._switch_off(known)
        self._switch_on(known)

    async def remake(self, supi: str) -> None:
        """Give it a card with the subscriber's keys, and switch it off and on."""
        known, subscriber = self._of(supi), self._subscriber(supi)
        await self._switch_off(known)
        known.ue.terminal.insert(self._network.radio.card(subscriber, self._network.home_key()))
        known.ue.subscriber = subscriber
        self._switch_on(known)

    async def open_session(self, supi: str, form: SessionForm) -> TerminalView:
        """Open one more session of a terminal that is registered; Unusable says why it has none."""
        known = self._of(supi)
        if not known.ue.registered:
            raise Unusable(f"{supi} is not registered: switch it on, and see its trouble")
        kind = None if form.type is None else KINDS[form.type]
        try:
            session = await known.ue.pdu_session(form.dnn or None, None, kind)
        except (NoConnection, PeerError, Reject, TimerExpired, Aborted) as error:
            raise Unusable(f"{form.dnn or 'the default data network'}: {error}") from None
        if form.interface:
            try:
                known.interfaces[session.identity] = session.tun(form.interface)
                known.interfaces[session.identity].__enter__()
            except Unusable:
                known.interfaces.pop(session.identity, None)
                await known.ue.release(session)
                raise
        return _view(supi, known, self._network.radio)

    async def release_session(self, supi: str, identity: int) -> TerminalView:
        """Release a session of a terminal, with its interface; Unusable where it has no such one."""
        known = self._of(supi)
        session = known.ue.sessions.get(identity)
        if session is None:
            raise Unusable(f"{supi} has no PDU session {identity}")
        known.close_interface(identity)
        with contextlib.suppress(NoConnection, PeerError, Reject, TimerExpired, Aborted):
            await known.ue.release(session)
        return _view(supi, known, self._network.radio)

    async def hand_over(self, supi: str, form: HandoverForm) -> TerminalView:
        """Hand a terminal over to another gNB; Unusable says why it stays where it is."""
        known, radio = self._of(supi), self._network.radio
        target = next((gnb for gnb in radio.gnbs if gnb.configuration.name == form.gnb), None)
        if target is None:
            names = ", ".join(gnb.configuration.name for gnb in radio.gnbs)
            raise Unusable(f"there is no gNB {form.gnb} in this process: it has {names}")
        try:
            await known.ue.handover(target, form.interface)
        except (PeerError, Reject, TimerExpired, Aborted) as error:
            fix = f": {error.fix}" if isinstance(error, Reject) and error.fix else ""
            raise Unusable(f"{supi} stays where it is: {error}{fix}") from None
        return _view(supi, known, radio)

    # --- the switch -----------------------------------------------------------------------------
    def _of(self, supi: str) -> Switched:
        known = self._known.get(supi)
        if known is None:
            raise Unusable(f"no terminal here has the card of {supi}: start one")
        return known

    def _subscriber(self, supi: str) -> Subscriber:
        found = self._network.core.udr.subscriber(Supi(supi))
        if found is None:
            raise Unusable(f"there is no subscriber {supi} whose card a terminal could have: add it first")
        return found

    def _made(self, subscriber: Subscriber) -> Switched:
        made = self._known[subscriber.supi.value] = Switched(self._network.ue(subscriber))
        return made

    def _switch_on(self, known: Switched) -> None:
        known.trouble = ""
        known.task = asyncio.get_running_loop().create_task(self._live(known))

    async def _switch_off(self, known: Switched) -> None:
        task, known.task = known.task, None
        if task is None:
            return
        await _ended([task])
        known.trouble = ""
        for identity in tuple(known.interfaces):
            known.close_interface(identity)
        with contextlib.suppress(NoConnection, PeerError, Reject, TimerExpired, Aborted, TimeoutError):
            async with asyncio.timeout(OFF):
                await known.ue.deregister(switch_off=True)
                await known.ue.released()
        known.ue.terminal.release_locally()  # a terminal that is off has no connection, whoever did not answer

    async def _live(self, known: Switched) -> None:
        """The main job, then traffic, over and over; a card that is locked stays so until the switch is used."""
        ue, dnn = known.ue, usual_dnn(self._network.configuration)
        while True:
            async with self._room:
                item = await main_job(ue, dnn)
            told, known.trouble = known.trouble, item.failure
            if item.failure and item.failure != told:
                log.warning("%s: %s", ue.terminal, item.failure)
            if ue.terminal.usim.invalid:
                return
            if item.failure:
                await asyncio.sleep(AGAIN)
                continue
            with contextlib.suppress(
                NoConnection, PeerError, Reject, TimerExpired, Aborted, ConnectionError, ValueError, TimeoutError
            ):
                await _traffic(ue, lambda: pause(len(self._known)))
            await asyncio.sleep(AGAIN)


def pause(terminals: int) -> float:
    """Seconds between two rounds of the traffic of one of so many terminals."""
    return max(PAUSE, terminals / ROUNDS)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _view(supi: str, known: Switched, radio: Radio) -> TerminalView:
    terminal = known.ue.terminal
    serving = radio.serving(terminal) if known.on else None
    return TerminalView(
        supi,
        str(terminal),
        "on" if known.on else "off",
        terminal.mm.state.value,
        "locked" if terminal.usim.invalid else "valid",
        "" if serving is None else serving.configuration.name,
        tuple(address for session in known.ue.sessions.values() for address in session.addresses),
        known.trouble,
        tuple(_session_view(session) for session in known.ue.sessions.values()),
    )


def _session_view(session: PduSession) -> TerminalSessionView:
    return TerminalSessionView(session.identity, session.dnn, session.kind, session.addresses, session.interface)


async def _traffic(ue: UserEquipment, rest: Callable[[], float]) -> None:
    """Ping and download until the session goes; in a session of frames there is nobody to talk to."""
    session = next(iter(ue.sessions.values()), None)
    if session is None:
        return  # it went meanwhile
    while session.ethernet and ue.registered:  # noqa: ASYNC110 - it is asked as below, without packets
        await asyncio.sleep(PAUSE)
    host = f"[{session.gateway}]" if ":" in session.gateway else session.gateway
    request = f"GET /bytes/{DOWNLOAD} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    while ue.registered and session.addresses:
        await session.ping()
        if session.gateway6:
            await session.ping(session.gateway6)
        socket = await session.tcp_connect(session.gateway, 80)
        try:
            await socket.send(request)
            async with asyncio.timeout(STALLED):  # who only receives does not notice that its network went
                await socket.receive_all()
        finally:
            socket.close()
        await asyncio.sleep(rest())
