"""Faults of the host: what is installed, what listens, as whom it runs."""

import asyncio
import socket
import stat
import struct

import msgspec

from freehold.app.assured import OwnInside
from freehold.app.assured_console import OwnConsole
from freehold.manage import visits, web
from freehold.trust.assure.lab import Component, Mount
from freehold.trust.origin import provenance

from .faults import mutant

GENERAL = "TS 33.117"
VICTIM = Component("freehold-test-victim", "1.0", ("freehold_test_victim",), declared=True)
"""A package that nothing uses, and that an advisory of the tests names."""


def installed(fault, name, mode):
    files = fault.replace(OwnInside, "files", lambda self: [*files(self), (name, mode)])


@mutant(GENERAL, "4.2.3.3.5", "what a wheel holds is not compared with what was signed")
def any_wheel(fault):
    right = fault.replace(provenance, "verify", lambda path, trusted, _=None: right(path, trusted))


@mutant(GENERAL, "4.2.4.1.2.1", "a file runs with its owner's rights")
def set_user_id(fault):
    installed(fault, "helper", stat.S_IFREG | stat.S_ISUID | 0o755)


@mutant(GENERAL, "4.2.4.2.2", "an account has root's number")
def second_root(fault):
    users = fault.replace(OwnInside, "users", lambda self: [*users(self), ("toor", 0)])


@mutant(GENERAL, "4.3.4.8", "everybody may change a page")
def loose_page(fault):
    installed(fault, "_console/extra.js", stat.S_IFREG | 0o666)


@mutant(GENERAL, "4.3.2.7", "everybody may read the console's log")
def loose_log(fault):
    def begin(self, path):
        made(self, path)
        path.chmod(0o644)

    made = fault.replace(visits.VisitFile, "__init__", begin)


def usual(fault, place):
    def defaults(self):
        return {**right(self), "management.listen": (place,)}

    right = fault.replace(OwnInside, "defaults", defaults)


@mutant(GENERAL, "4.3.4.2", "the console's usual port needs privileges")
def privileged_port(fault):
    usual(fault, "127.0.0.1:443")


@mutant(GENERAL, "4.3.2.2", "the console listens to everybody by default")
def everywhere(fault):
    usual(fault, "0.0.0.0:5380")


def back_door(fault):
    async def start(self, *, tls):
        await begin(self, tls=tls)
        door = self._stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen()

    begin = fault.replace(OwnConsole, "start", start)


@mutant(GENERAL, "4.3.2.1", "a service listens that nothing declares")
def undeclared(fault):
    back_door(fault)


@mutant(GENERAL, "4.4.2", "a port is open that nothing declares")
def open_port(fault):
    back_door(fault)


@mutant(GENERAL, "4.3.3.1.4", "a few idle connections fill the console")
def few_connections(fault):
    fault.replace(web, "CONNECTIONS", 8)
    fault.replace(web, "SILENT", 60_000)


@mutant(GENERAL, "4.3.3.1.5", "the native library asks for an executable stack")
def executable_stack(fault):
    def native(self):
        octets = bytearray(right(self))
        offset = struct.unpack_from("<Q", octets, 32)[0]
        size, count = struct.unpack_from("<HH", octets, 54)
        for at in range(offset, offset + size * count, size):
            if struct.unpack_from("<I", octets, at)[0] == 0x6474E551:
                struct.pack_into("<I", octets, at + 4, 7)
        return bytes(octets)

    right = fault.replace(OwnInside, "native", native)


def added(fault, name, *more):
    """More rows than the network has by itself."""
    right = fault.replace(OwnInside, name, lambda self: [*right(self), *more])


@mutant(GENERAL, "4.3.2.3", "a package is installed that nothing uses")
def unused_package(fault):
    added(fault, "components", VICTIM)


@mutant(GENERAL, "4.3.2.4", "traps of alarms go out without a setting")
def active_function(fault):
    right = fault.replace(OwnInside, "optional", lambda self: {**right(self), "alarms.snmp": True})


@mutant(GENERAL, "4.3.2.5", "a part's author gave it up")
def abandoned_part(fault):
    added(fault, "components", msgspec.structs.replace(VICTIM, status="Development Status :: 7 - Inactive"))


@mutant(GENERAL, "4.4.3", "a part has a known vulnerability")
def vulnerable_part(fault):
    added(fault, "components", VICTIM)


@mutant(GENERAL, "4.3.3.1.6", "everybody may mount a stick whose files have their owners' rights")
def loose_mount(fault):
    added(fault, "mounts", Mount("/media/stick", ("user", "suid", "nodev"), "/etc/fstab"))


@mutant(GENERAL, "4.3.2.6", "the product lets people log in to its host")
def remote_login(fault):
    async def start(self, *, tls):
        await begin(self, tls=tls)

        def greet(_, writer):
            writer.write(b"SSH-2.0-door\r\n")
            writer.close()

        door = await asyncio.start_server(greet, "127.0.0.1", 0)
        self._stack.callback(door.close)

    begin = fault.replace(OwnConsole, "start", start)
