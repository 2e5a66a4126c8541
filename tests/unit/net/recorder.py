"""An association's user that writes down what happens and can be waited for."""

import asyncio


class Recorder:
    def __init__(self, echo=False):
        self.log = []
        self.association = None
        self.echo = echo
        self._changed = asyncio.Event()

    def accept(self, association):
        self.association = association
        self._note("up")
        return self

    def received(self, octets, stream, ppid):
        self._note((octets, stream, ppid))
        if self.echo:
            self.association.send(octets, stream, ppid)

    def lost(self, reason):
        self._note(f"lost: {reason}")

    def _note(self, entry):
        self.log.append(entry)
        self._changed.set()

    async def until(self, entries):
        """Wait until the log has so many entries; the log."""
        async with asyncio.timeout(20):
            while len(self.log) < entries:
                self._changed.clear()
                await self._changed.wait()
        return self.log


class Gate:
    """An acceptor that makes one Recorder per association."""

    def __init__(self, echo=False):
        self.users = []
        self.echo = echo
        self._changed = asyncio.Event()

    def accept(self, association):
        user = Recorder(self.echo)
        self.users.append(user)
        self._changed.set()
        return user.accept(association)

    async def until(self, users):
        async with asyncio.timeout(20):
            while len(self.users) < users:
                self._changed.clear()
                await self._changed.wait()
        return self.users
