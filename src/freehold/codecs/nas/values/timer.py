"""GPRS timers (TS 24.501 9.11.2.3 to 9.11.2.5, TS 24.008 10.5.7.3 to 10.5.7.4a)."""

from typing import ClassVar, Self

from freehold.codecs.nas.layout import U3, U5, Value

DEACTIVATED = 7


class _Timer(Value, frozen=True):
    unit: U3
    value: U5

    units: ClassVar[dict[int, int]]

    @property
    def seconds(self) -> int | None:
        """How long it runs; None when it is deactivated."""
        if self.unit == DEACTIVATED:
            return None
        return self.units.get(self.unit, 60) * self.value

    @classmethod
    def of(cls, seconds: float | None) -> Self:
        """The shortest timer of at least so many seconds; None is deactivated."""
        if seconds is None:
            return cls(DEACTIVATED, 0)
        for unit, length in sorted(cls.units.items(), key=lambda item: item[1]):
            count = -int(-seconds // length)
            if count <= 31:
                return cls(unit, count)
        return cls(DEACTIVATED, 0)


class GprsTimer(_Timer, frozen=True):
    """GPRS timer and GPRS timer 2: up to 31 times 2 seconds, a minute, 6 minutes (TS 24.008 10.5.7.3, 10.5.7.4)."""

    units: ClassVar[dict[int, int]] = {0: 2, 1: 60, 2: 360}


class GprsTimer3(_Timer, frozen=True):
    """GPRS timer 3: up to 31 times 2 seconds ... 320 hours (TS 24.008 10.5.7.4a)."""

    units: ClassVar[dict[int, int]] = {0: 600, 1: 3600, 2: 36000, 3: 2, 4: 30, 5: 60, 6: 1152000}
