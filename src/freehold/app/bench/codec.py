"""`freehold bench codec`: time to decode and encode the messages of one registration, and to load each codec."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from freehold.app.bench.loads import Load, loads
from freehold.app.bench.peers import PYCRATE
from freehold.spec.errors import Unusable

_CASES = {
    "InitialUEMessage": (
        "000f404c0000050055000200070026001e1d7e004179000d0102f8390000000000000010022e08a02000000000000000"
        "7900135002f839012345601002f839000001e3a1b2c4005a4001180070400100"
    ),
    "InitialContextSetupRequest": (
        "000e00813700000b000a00020001005500020007006e000a0c3b9aca00301dcd6500001c00070002f839cafe00004700"
        "80880040014f7e02aabbccdd037e00680100322e0101c211000901000631310101ff010603e80603e859322905010a3c"
        "00017900060120410101097b000f80000d0408080808000c00100205787b000f250108086940200102032f0000040082"
        "000a0c3b9aca00301dcd6500008b000a01f00a6400020000000100860001000088000700010000091c00000000072201"
        "0102030010007700091c000e000700038000005e0020000102030405060708090a0b0c0d0e0f10111213141516171819"
        "1a1b1c1d1e1f002440040002f8390022400811223344556677880026402e2d7e02c4f2a1b3027e0042010177000bf202"
        "f839cafe000000000154070002f839000001150504010102035e0106"
    ),
    "PDUSessionResourceSetupRequest": (
        "001d0080aa000004000a00020001005500020007004a0080880040014f7e02aabbccdd037e00680100322e0101c21100"
        "0901000631310101ff010603e80603e859322905010a3c00017900060120410101097b000f80000d0408080808000c00"
        "100205787b000f250108086940200102032f0000040082000a0c3b9aca00301dcd6500008b000a01f00a640002000000"
        "0100860001000088000700010000091c00006e400a0c3b9aca00301dcd6500"
    ),
    "RRCSetupComplete": "12700403010102031d7e004179000d0102f8390000000000000010022e08a0200000000000007f000000000080",
    "RRCReconfiguration": (
        "04aaa14009a01e00205ebf073488550000e0004d2e01409080000204481300fb0000002014038b005612222f5d8e020"
        "cbc00163806408db9c241e02200a11c480004004f7e02aabbccdd037e00680100322e0101c211000901000631310101"
        "ff010603e80603e859322905010a3c00017900060120410101097b000f80000d0408080808000c00100205787b000f2"
        "501080869"
    ),
    "RegistrationRequest": "7e004179000d0102f8390000000000000010022e08a020000000000000",
    "PFCPSessionEstablishmentRequest": (
        "21320161000000000000000000000700003c0005000a0000010039000d0200000000000000010a000001000100540038"
        "00020001001d0004000000ff000200250014000100001500020d0100160008696e7465726e6574005d0005020a2d0002"
        "007c000101005f000100006c0004000000010051000400000001006d00040000000100010044003800020002001d0004"
        "000000ff0002001a001400010100160008696e7465726e6574005d0005060a2d0002006c000400000002005100040000"
        "0001006d00040000000100030022006c000400000001002c00010200040011002a00010100160008696e7465726e6574"
        "00030024006c000400000002002c00010200040013002a0001000054000a0100000000050a0000090006002000510004"
        "00000001003e000102002500020200001f000901000000003b9aca0000070020006d0004000000010019000100001a00"
        "0a00000f424000001e8480007c0001010071000101"
    ),
    "GTPUGPdu": "34ff001c0000000100000085010009004500001400000000400100000a2d000208080808",
}
# The channels' types of TS 38.331 6.2.1 that the RRC messages travel in.
_CHANNELS = {"RRCSetupComplete": "ULDCCHMessage", "RRCReconfiguration": "DLDCCHMessage"}
_ROUNDS, _ROUND_SECONDS = 7, 0.02


class CodecCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message: microseconds to decode it to typed values and to encode them, and a peer's where asked for."""

    name: str
    decode_us: float
    encode_us: float
    pycrate_decode_us: float | None = None
    pycrate_encode_us: float | None = None


class CodecBench(msgspec.Struct, frozen=True):
    """The figures of `freehold bench codec`."""

    cases: list[CodecCase]
    loads: list[Load]


def _microseconds(call: Callable[[Any], Any], argument: Any) -> float:
    """Best of several rounds: what else the machine does only ever adds."""
    count, elapsed = 1, 0.0
    while elapsed < _ROUND_SECONDS / 4:
        count *= 4
        elapsed = _round(call, argument, count)
    count = max(1, int(count * _ROUND_SECONDS / elapsed))
    return round(min(_round(call, argument, count) for _ in range(_ROUNDS)) / count * 1e6, 3)


def _round(call: Callable[[Any], Any], argument: Any, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call(argument)
    return time.perf_counter() - start


def _case(name: str, octets: bytes) -> tuple[float, float]:
    decode, encode, message = _codec(name, octets)
    if message is None or encode(message) != octets:
        raise RuntimeError(f"{name} does not come back as it went in")
    return _microseconds(decode, octets), _microseconds(encode, message)


def _codec(name: str, octets: bytes) -> tuple[Callable[[bytes], Any], Callable[[Any], bytes], Any]:
    """Decoder, encoder, and what the one makes of `octets`."""
    if name in _CHANNELS:
        from freehold.codecs import rrc

        decode = partial(rrc.decode_as, getattr(rrc, _CHANNELS[name]))
        return decode, rrc.encode_value, decode(octets)[0]
    if name == "RegistrationRequest":
        from freehold.codecs import nas

        return nas.decode, nas.encode, nas.decode(octets).message
    if name == "PFCPSessionEstablishmentRequest":
        from freehold.codecs import pfcp

        return pfcp.decode, lambda message: pfcp.encode(message, 7, 0), pfcp.decode(octets).message
    if name == "GTPUGPdu":
        from freehold.codecs import gtpu

        return gtpu.decode, gtpu.encode, gtpu.decode(octets).message
    from freehold.codecs import ngap

    return ngap.decode, ngap.encode, ngap.decode(octets).message


def _pycrate(root: Path) -> dict[str, tuple[float, float]]:
    """Pycrate's figures, measured in the build environment it lives in, on the same octets."""
    python = root / ".build" / "env" / "bin" / "python"
    if not python.exists():
        raise Unusable(f"no pycrate to compare with: {python} is not there; run make setup in a checkout")
    done = subprocess.run(  # noqa: S603 - our own program, in our own environment
        [python, "-c", PYCRATE], input=json.dumps(_CASES), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unusable(f"pycrate could not be measured: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, tuple[float, float]] = msgspec.json.decode(done.stdout, type=dict[str, tuple[float, float]])
    return found


def bench_codec(against: str | None = None) -> CodecBench:
    """Measure every case; `against` may be `pycrate`. Raises Unusable where that peer cannot be measured."""
    if against not in {None, "pycrate"}:
        raise Unusable(f"bench codec --against {against}: only pycrate can be compared with")
    theirs = _pycrate(Path.cwd()) if against else {}
    cases = []
    for name, digits in _CASES.items():
        decode_us, encode_us = _case(name, bytes.fromhex(digits))
        cases.append(CodecCase(name, decode_us, encode_us, *theirs.get(name, ())))
    return CodecBench(cases, loads())
