"""Types by name from the generated table, until the engine serves them."""

from __future__ import annotations

import importlib.resources
from typing import Any

import msgspec

from freehold.codecs.asn1.classes import make_class

_KINDS = ("initiatingMessage", "successfulOutcome", "unsuccessfulOutcome")


class Interim:
    """The types of one protocol."""

    def __init__(self, name: str, module: str) -> None:
        """Read the table `name` of the package `freehold._gen`; classes say they are of `module`."""
        text = importlib.resources.files("freehold._gen").joinpath(f"{name}.json").read_bytes()
        self.module = module
        self.table = msgspec.json.decode(text)
        self.messages = {message["node"]: message for message in self.table["messages"]}
        self.made: dict[int, Any] = {}

    def type_named(self, name: str) -> Any:
        """The class (of a SEQUENCE) or the alias called `name`; AttributeError where there is none."""
        number = self.table["types"].get(name)
        if number is None:
            raise AttributeError(f"module {self.module!r} has no attribute {name!r}")
        if number not in self.made:
            body = self.table["nodes"][number].get("Struct")
            self.made[number] = Any if body is None else self._class(number, body)
        return self.made[number]

    def _class(self, number: int, body: dict[str, Any]) -> type[msgspec.Struct]:
        required = {c["Value"]["slot"] for c in body["root"] if "Value" in c and not c["Value"]["optional"]}
        for component in body["root"]:
            if "Ies" in component and not component["Ies"]["optional"]:
                required |= {entry["slot"] for entry in component["Ies"]["entries"] if entry["mandatory"]}
        message = self.messages.get(number)
        fields = [(name, slot in required, None) for slot, name in enumerate(body["fields"])]
        ends = message and (message["procedure_code"], _KINDS[message["kind"]], message["criticality"])
        return make_class(self.module, body["name"], fields, ends)
