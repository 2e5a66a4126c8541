"""Terminals: USIM, 5GMM and 5GSM over the air link; thousands in one process, each a conversation of procedures."""

from freehold.ue.configuration import Equipment, HomeNetworkKey, Subscription, UeConfiguration
from freehold.ue.errors import LimitedService, NoConnection, Refused, UsimInvalid
from freehold.ue.state.mobility import MmState
from freehold.ue.state.session import Session, SmState
from freehold.ue.terminal import Terminal

__all__ = [
    "Equipment",
    "HomeNetworkKey",
    "LimitedService",
    "MmState",
    "NoConnection",
    "Refused",
    "Session",
    "SmState",
    "Subscription",
    "Terminal",
    "UeConfiguration",
    "UsimInvalid",
]
