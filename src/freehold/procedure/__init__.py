"""The sans-I/O procedure kernel: a procedure is one typed coroutine in the order of its call flow."""

from freehold.procedure.alarms import AlarmQueue
from freehold.procedure.conversation import Conversation, Driver, Ending
from freehold.procedure.effects import (
    Channel,
    Count,
    Effect,
    Emit,
    Expire,
    Kept,
    Now,
    Random,
    Signal,
    exchange,
    expect,
    send,
)
from freehold.procedure.environment import Alarm, Environment
from freehold.procedure.procedure import Call, Collision, Collisions, Procedure, procedure
from freehold.procedure.tap import SILENT, Record, Tap, about

__all__ = [
    "SILENT",
    "Alarm",
    "AlarmQueue",
    "Call",
    "Channel",
    "Collision",
    "Collisions",
    "Conversation",
    "Count",
    "Driver",
    "Effect",
    "Emit",
    "Ending",
    "Environment",
    "Expire",
    "Kept",
    "Now",
    "Procedure",
    "Random",
    "Record",
    "Signal",
    "Tap",
    "about",
    "exchange",
    "expect",
    "procedure",
    "send",
]
