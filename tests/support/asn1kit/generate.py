"""Random values that a schema allows, its edges more often than its middle."""

from __future__ import annotations

import random
import string
from typing import Any

from asn1kit import tables
from asn1kit.tables import node, parts

ALPHABETS = {
    "NumericString": " " + string.digits,
    "PrintableString": string.ascii_letters + string.digits + " '()+,-./:=?",
    "VisibleString": "".join(map(chr, range(0x20, 0x7F))),
    "IA5String": "".join(map(chr, range(0x80))),
    "UTF8String": string.printable + "äß€漢字🙂",
}
DEEP = 14
# The first id of IEs that no version knows.
LATER = 65100


class Generator:
    """Makes values of the types of `protocol`, whose codec is `codec`."""

    def __init__(self, protocol: str, codec: Any, rng: random.Random, optional: float = 0.4) -> None:
        self.protocol = protocol
        self.codec = codec
        self.rng = rng
        self.optional = optional

    def named(self, name: str) -> Any:
        return self.value(tables.table(self.protocol)["types"][name], 0)

    def value(self, number: int, depth: int) -> Any:
        kind, body = node(self.protocol, number)
        return getattr(self, f"_{kind.lower()}")(body, depth)

    def _null(self, _body: dict[str, Any], _depth: int) -> bool:
        return True

    def _bool(self, _body: dict[str, Any], _depth: int) -> bool:
        return self.rng.random() < 0.5

    def _oid(self, _body: dict[str, Any], _depth: int) -> tuple[int, ...]:
        first = self.rng.randrange(3)
        return (first, self.rng.randrange(40), *(self.rng.randrange(1 << self.rng.randrange(1, 30)) for _ in range(4)))

    def _any(self, _body: dict[str, Any], _depth: int) -> bytes:
        return self.rng.randbytes(self.rng.randrange(1, 20))

    def _int(self, body: dict[str, Any], _depth: int) -> int:
        if "among" in body:
            return self.rng.randint(*self.rng.choice(body["among"]))
        low = -(1 << 31) if body["lb"] is None else body["lb"]
        high = low + (1 << 40) if body["ub"] is None else body["ub"]
        if body["ext"] and self.rng.random() < 0.1:
            return high + self.rng.choice((1, 200, 1 << 20))
        return self.rng.choice((low, high, self.rng.randint(low, high), self.rng.randint(low, min(high, low + 300))))

    def _enum(self, body: dict[str, Any], _depth: int) -> str:
        return self.rng.choice([*body["root"], *(body["ext"] or [])])

    def _size(self, body: dict[str, Any], most: int) -> int:
        low = body["lb"] or 0
        high = low + most if body["ub"] is None else body["ub"]
        if body["ext"] and self.rng.random() < 0.05:
            return high + self.rng.randrange(1, 4)
        return min(high, low + self.rng.choice((0, 0, 1, self.rng.randrange(most + 1), min(high - low, most))))

    def _bits(self, body: dict[str, Any], _depth: int) -> tuple[int, int]:
        count = self._size(body, 90)
        return self.rng.getrandbits(count) if count else 0, count

    def _octets(self, body: dict[str, Any], depth: int) -> Any:
        if body["contains"] is not None:
            return self.value(body["contains"], depth + 1)
        return self.rng.randbytes(self._size(body, self.rng.choice((4, 40, 300))))

    def _text(self, body: dict[str, Any], _depth: int) -> str:
        return "".join(self.rng.choices(ALPHABETS[body["kind"]], k=self._size(body, 30)))

    def _list(self, body: dict[str, Any], depth: int) -> list[Any]:
        most = 1 if depth > DEEP // 2 else 4
        return [self.value(body["item"], depth + 1) for _ in range(self._size(body | {"ext": False}, most))]

    def _choice(self, body: dict[str, Any], depth: int) -> Any:
        name, number = self.rng.choice([*body["root"], *(body["ext"] or [])])
        kind, inner = node(self.protocol, number)
        if kind == "Single" and not inner["entries"]:
            name, number = body["root"][0]
            kind, inner = node(self.protocol, number)
        return self._single(inner, depth) if kind == "Single" else (name, self.value(number, depth + 1))

    def _single(self, body: dict[str, Any], depth: int) -> tuple[str, Any]:
        entry = self.rng.choice(body["entries"])
        return entry["name"], self.value(entry["node"], depth + 1)

    def _wanted(self, depth: int) -> bool:
        return depth <= DEEP and self.rng.random() < self.optional / (1 + depth / 4)

    def _struct(self, body: dict[str, Any], depth: int) -> Any:
        given = {}
        for part, added in parts(body):
            if "Ies" in part:
                needed = not part["Ies"]["optional"] and not added
                entries = part["Ies"]["entries"]
                wanted = [(needed and entry["mandatory"]) or self._wanted(depth) for entry in entries]
                for entry, each in zip(entries, wanted, strict=True):
                    if each or (any(wanted) and entry["mandatory"]):
                        given[body["fields"][entry["slot"]]] = self.value(entry["node"], depth + 1)
                if needed and not entries:
                    given |= self._later(body, part["Ies"])
                    continue
                if needed and not any(body["fields"][entry["slot"]] in given for entry in part["Ies"]["entries"]):
                    self._one_of(body, part["Ies"], given, depth)
            elif not (part["Value"]["optional"] or added) or self._wanted(depth):
                value = part["Value"]
                given[body["fields"][value["slot"]]] = self.value(value["node"], depth + 1)
        return getattr(self.codec, body["name"])(**given)

    def _later(self, body: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
        """IEs of a later version where a container must hold some and its table lists none (TS 38.473 9.4.5)."""
        if not container["size"]["lb"]:
            return {}
        ies = [
            self.codec.UnknownIe(LATER + at, "ignore", self.rng.randbytes(3)) for at in range(self.rng.choice((1, 2)))
        ]
        return {body["fields"][body["kept"][0]]: ies}

    def _one_of(self, body: dict[str, Any], container: dict[str, Any], given: dict[str, Any], depth: int) -> None:
        if container["size"]["lb"]:
            entry = self.rng.choice(container["entries"])
            given[body["fields"][entry["slot"]]] = self.value(entry["node"], depth + 1)
