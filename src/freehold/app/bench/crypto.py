"""`freehold bench crypto`: what the security algorithms cost, from Python."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import msgspec

from freehold.crypto import aka, algorithms, keys, milenage, suci, tuak
from freehold.crypto.pdcp import PdcpBearer

_ROUNDS, _ROUND_SECONDS = 7, 0.02
_KEY, _OPC, _RAND, _AMF = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)), b"\x80\x00"
_NETWORK = b"5G:mnc001.mcc001.3gppnetwork.org"
_BATCH, _PDU, _HEADER = 16, 1400, 3
_ALGORITHMS = (1, 2, 3)


class CryptoCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation: microseconds, and millions of octets a second where it works on a stream of them."""

    name: str
    us: float
    mb_per_s: int | None = None


class CryptoBench(msgspec.Struct, frozen=True):
    """The figures of `freehold bench crypto`."""

    cases: list[CryptoCase]


def _seconds(call: Callable[[], object]) -> float:
    """Best of several rounds: what else the machine does only ever adds."""
    count, elapsed = 1, 0.0
    while elapsed < _ROUND_SECONDS / 4:
        count *= 4
        elapsed = _round(call, count)
    count = max(1, int(count * _ROUND_SECONDS / elapsed))
    return min(_round(call, count) for _ in range(_ROUNDS)) / count


def _round(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - start


def _once(name: str, call: Callable[[], object]) -> CryptoCase:
    return CryptoCase(name, round(_seconds(call) * 1e6, 2))


def _stream(name: str, octets: int, call: Callable[[], object]) -> CryptoCase:
    seconds = _seconds(call)
    return CryptoCase(name, round(seconds * 1e6, 2), round(octets / seconds / 1e6))


def _vector_to_kamf() -> bytes:
    vector = aka.generate_vector(_KEY, _OPC, _RAND, 32, _AMF, _NETWORK)
    _, kseaf = keys.serving_keys(vector.kausf, vector.rand, vector.xres_star, _NETWORK)
    return keys.kamf(kseaf, b"001010000000001", keys.ABBA)


def _subscriber() -> list[CryptoCase]:
    private = bytes(range(32))
    cases = [
        _once("MILENAGE f2 to f5", lambda: milenage.f2345(_KEY, _OPC, _RAND)),
        _once("TUAK f2 to f5", lambda: tuak.f2345(_KEY, bytes(32), _RAND)),
        _once("vector to KAMF", _vector_to_kamf),
    ]
    for scheme in (suci.Scheme.PROFILE_A, suci.Scheme.PROFILE_B):
        output = suci.conceal(scheme, suci.suci_public_key(scheme, private), bytes(range(1, 33)), b"12345")
        cases.append(_once(f"SUCI {scheme.name[-1]} deconceal", partial(suci.deconceal, scheme, private, output)))
    return cases


def _messages() -> list[CryptoCase]:
    one = bytes(_PDU)
    many = [(count, one) for count in range(_BATCH)]
    cases = []
    for kind, alone, batch in (
        ("NEA", algorithms.nea, algorithms.nea_batch),
        ("NIA", algorithms.nia, algorithms.nia_batch),
    ):
        for a in _ALGORITHMS:
            cases.append(_stream(f"{kind}{a}", _PDU, partial(alone, a, _KEY, 1, 0, 0, one)))
            cases.append(_stream(f"{kind}{a} x 16", _PDU * _BATCH, partial(batch, a, _KEY, 0, 0, many)))
    return cases


def _pdcp() -> list[CryptoCase]:
    plain = [(count, bytes(_HEADER + _PDU)) for count in range(_BATCH)]
    cases = []
    for a in _ALGORITHMS:
        for integrity in (None, a):
            name = f"NEA{a}" if integrity is None else f"NEA{a} NIA{a}"
            bearer = PdcpBearer(a, _KEY, integrity, _KEY, 0, 1, _HEADER)
            received = list(zip(range(_BATCH), bearer.protect(plain), strict=True))
            cases.append(_stream(f"PDCP {name} protect x 16", _PDU * _BATCH, partial(bearer.protect, plain)))
            cases.append(_stream(f"PDCP {name} unprotect x 16", _PDU * _BATCH, partial(bearer.unprotect, received)))
            cases.append(_joined(f"PDCP {name} protect joined x 16", bearer))
    return cases


def _joined(name: str, bearer: PdcpBearer) -> CryptoCase:
    counts, lengths, octets = list(range(_BATCH)), [_HEADER + _PDU] * _BATCH, bytes((_HEADER + _PDU) * _BATCH)
    return _stream(name, _PDU * _BATCH, partial(bearer.protect_joined, counts, lengths, octets))


def bench_crypto() -> CryptoBench:
    """Measure every row, PDUs and messages with 1400 octets of data."""
    return CryptoBench([*_subscriber(), *_messages(), *_pdcp()])
