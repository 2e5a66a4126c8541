from collections.abc import Sequence
from typing import Any, Self, TypeAlias

_Message: TypeAlias = tuple[int, int, int, Sequence[tuple[str, int, tuple[str, int, int, int, int]]]]

class Codec:
    def __new__(
        cls,
        nodes: Sequence[tuple[Any, ...]],
        messages: Sequence[_Message],
        classes: Sequence[type],
        results: tuple[type, type, type, type],
    ) -> Self: ...
    def decode(self, octets: bytes) -> Any: ...
    def encode(self, message: object) -> bytes: ...
