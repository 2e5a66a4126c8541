"""The AMF: registration, connections, reachability and mobility of UEs (TS 23.501 6.2.1)."""

from freehold.core.amf.amf import Amf, GnbView, SessionView, UeView
from freehold.core.amf.configuration import (
    AmfConfiguration,
    AmfPeers,
    NetworkFeatures,
    PlmnSupport,
    RejectPolicy,
    SecurityPolicy,
)

__all__ = [
    "Amf",
    "AmfConfiguration",
    "AmfPeers",
    "GnbView",
    "NetworkFeatures",
    "PlmnSupport",
    "RejectPolicy",
    "SecurityPolicy",
    "SessionView",
    "UeView",
]
