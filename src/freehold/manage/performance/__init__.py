"""Performance management: counters over time, KPIs, thresholds, and the files that other systems read (TS 28.550)."""

from freehold.manage.performance.kpis import KPIS, Kpi
from freehold.manage.performance.readings import Period, Spread
from freehold.manage.performance.recorder import Recorder, RecorderSettings

__all__ = ["KPIS", "Kpi", "Period", "Recorder", "RecorderSettings", "Spread"]
