"""A whole network with a control terminal and an attacker that puts any octets into UL NAS TRANSPORT."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from freehold.app.network import Network
from freehold.codecs import nas
from freehold.codecs.nas import PayloadContainerType, RequestType, SNssaiElement, UlNasTransport
from freehold.procedure import Record
from freehold.spec.events import Event
from freehold.spec.identities import SNssai


class Stage:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.events: list[Event] = []

    async def begin(self) -> None:
        self.control = self.net.ue()
        await self.control.register()
        self.kept = await self.control.pdu_session(dnn="internet")
        self.attacker = self.net.ue()
        await self.attacker.register()
        self.before = self.state()
        self.net.world.listen(self.events.append)
        assert (await self.kept.ping()).rtt_ms is not None

    @property
    def smf(self) -> Any:
        return self.net.core.smf

    def state(self) -> tuple[Any, ...]:
        """What the SMF keeps of the control terminal's session."""
        (session,) = (found for found in self.smf.sessions if found.identity.supi == self.control.supi)
        plane = session.user_plane
        return session.identity, session.state, session.address, session.terms, plane.uplink, plane.remote_seid

    async def say(
        self,
        payload: bytes,
        session: int | None = 1,
        *,
        request: RequestType | None = RequestType.INITIAL_REQUEST,
        dnn: str | None = "internet",
        slice_: SNssai | None = None,
    ) -> list[Any]:
        """Send one payload; the 5GSM messages and 5GMM causes that come back."""
        message = UlNasTransport(
            PayloadContainerType.N1_SM_INFORMATION,
            payload,
            pdu_session_identity=session,
            request_type=request,
            dnn=dnn,
            snssai=None if slice_ is None else SNssaiElement(slice_),
        )
        return await self.send(lambda: self.attacker.terminal.link.send(message))

    async def send(self, act: Callable[[], object]) -> list[Any]:
        self.net.trace.clear()
        act()
        await self.net.sleep(0.5)
        return [said for record in self.net.trace for said in answers(record)]

    async def check(self, sessions: int = 1) -> None:
        """The control terminal noticed nothing and is served; nothing secret was told, nothing broke."""
        assert self.state() == self.before
        assert (await self.kept.ping()).rtt_ms is not None
        assert len(self.smf.sessions) == sessions
        assert [event.text for event in self.events if event.name == "bug"] == []
        for event in self.events:
            text = event.text + event.subject + event.fix
            assert self.attacker.supi.digits not in text
            assert self.control.supi.digits not in text
        second = await self.control.pdu_session(dnn="internet")
        assert (await second.ping()).rtt_ms is not None
        await self.control.release(second)


def answers(record: Record) -> list[Any]:
    """What a DL NAS TRANSPORT holds for a session: the 5GMM cause of one given back, else the 5GSM message."""
    value = record.value
    if record.interface != "N1" or not isinstance(value, nas.DlNasTransport):
        return []
    if value.cause is not None:
        return [value.cause]
    return [nas.decode(value.payload_container).message]


def staged(play: Callable[[Stage], Awaitable[None]]) -> None:
    """Play one scene on a stage of its own."""

    async def run() -> None:
        async with Network(trace=True) as net:
            stage = Stage(net)
            await stage.begin()
            await play(stage)

    asyncio.run(run())
