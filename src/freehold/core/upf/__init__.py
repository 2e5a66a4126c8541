"""The user plane function: PFCP sessions (TS 29.244) compiled into flat rules for a packet engine."""

from freehold.core.upf.function import Upf, UpfSettings

__all__ = ["Upf", "UpfSettings"]
