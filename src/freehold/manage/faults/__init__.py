"""Fault management: alarms that stand, what raises and ends them, who hears of them (TS 28.111, TS 28.532 11.2)."""

from freehold.manage.faults.alarm import AlarmComment, AlarmNotification, AlarmView
from freehold.manage.faults.alarm_list import AlarmList
from freehold.manage.faults.supervision import Supervision

__all__ = ["AlarmComment", "AlarmList", "AlarmNotification", "AlarmView", "Supervision"]
