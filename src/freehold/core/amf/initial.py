"""An initial NAS message and how far it can be trusted (TS 24.501 4.4.6)."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from freehold.codecs import nas
from freehold.procedure import Call, Collision

M = TypeVar("M", bound=nas.MmMessage)


class Initial(msgspec.Struct, Generic[M], frozen=True, gc=False):
    """`protected`: it came under a security header; `verified`: a known context confirmed it, container included.

    `connection` is the AMF UE NGAP ID it came on.
    """

    message: M
    protected: bool = False
    verified: bool = False
    connection: int = 0


def repeated(running: Call[Any], new: Call[Any]) -> Collision:
    """The same request again changes nothing; another one, or on a new connection, starts afresh.

    TS 24.501 5.5.1.2.8 d and e, 5.5.1.3.8 d and e, 5.6.1.8 c.
    """
    before, after = running.arguments[2], new.arguments[2]
    same = before.message == after.message and before.connection == after.connection
    return Collision.DROP if same else Collision.ABORT
