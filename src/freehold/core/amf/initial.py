"""An initial NAS message and how far it can be trusted (TS 24.501 4.4.6)."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from freehold.codecs import nas

M = TypeVar("M", bound=nas.MmMessage)


class Initial(msgspec.Struct, Generic[M], frozen=True, gc=False):
    """`protected`: it came under a security header; `verified`: a known context confirmed it, container included.

    `connection` is the AMF UE NGAP ID it came on.
    """

    message: M
    protected: bool = False
    verified: bool = False
    connection: int = 0
