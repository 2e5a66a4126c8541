from collections.abc import Sequence
from typing import Any

# A frame is (class, type of its extension header, PDU type or None, fields, parts); a part is (kind, field, size or
# value, size, other fields), with fields by their number. `kept` are classes of headers whose content stays as it is.
# `classes` are those of unknown headers and of the result: ExtensionHeader, GPdu, Decoded, Fault.
class Engine:
    def __init__(
        self,
        frames: Sequence[
            tuple[type[Any], int, int | None, Sequence[str], Sequence[tuple[str, int, int, int, list[int]]]]
        ],
        kept: Sequence[tuple[int, type[Any]]],
        classes: tuple[type[Any], type[Any], type[Any], type[Any]],
    ) -> None: ...
    # Decoded of a G-PDU or of what cannot be read; of other messages type, body, fields of the header, and faults.
    def decode(self, octets: bytes) -> Any: ...
    def encode(self, message: object, kind: int, body: bytes) -> bytes: ...
