"""A lump sum against running royalties: net present values from assumptions that each have a dated source."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from freehold.trust.seal import Refused, read_bounded

HEADING: Final = "a model, not a valuation"
CASES: Final = ("low", "base", "high")
MOST_YEARS: Final = 50


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number in three cases, its unit, and where it is from, with the date of that source."""

    low: float
    base: float
    high: float
    unit: str
    source: str
    date: str

    def of(self, case: str) -> float:
        """The number of one case."""
        value: float = getattr(self, case)
        return value


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the two ways are reckoned from: units sold in the first year, their growth, the price of one, the royalty.

    `growth`, `royalty` and `discount` are parts of one a year; `lump_sum` is paid at once, `upkeep` each year with it.
    """

    currency: str
    years: int
    units: Assumption
    growth: Assumption
    price: Assumption
    royalty: Assumption
    discount: Assumption
    lump_sum: Assumption
    upkeep: Assumption


def read_model(path: Path) -> Model:
    """The model of a TOML file; Refused where an assumption has no source, no date, or no sense."""
    try:
        model = msgspec.convert(tomllib.loads(read_bounded(path, 1 << 20).decode()), type=Model, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{path}: {error}") from None
    if not 1 <= model.years <= MOST_YEARS:
        raise Refused(f"{path}: years are 1 to {MOST_YEARS}")
    for name, each in assumptions(model).items():
        if not each.source.strip() or not each.date.strip():
            raise Refused(f"{path}: {name} has no source with a date")
        if not each.low <= each.base <= each.high or not all(abs(each.of(case)) < 1e15 for case in CASES):
            raise Refused(f"{path}: {name}: low, base and high are in order, and numbers")
    if model.discount.low <= -1 or model.growth.low <= -1:
        raise Refused(f"{path}: a rate of -1 or less leaves nothing")
    return model


def assumptions(model: Model) -> dict[str, Assumption]:
    """Every assumption by its name."""
    return {name: each for name in model.__struct_fields__ if isinstance(each := getattr(model, name), Assumption)}


def net_present(model: Model, case: str) -> dict[str, float]:
    """The cost of either way today: royalties at each year's end, or the lump sum now and upkeep at each year's end."""
    at = {name: each.of(case) for name, each in assumptions(model).items()}
    royalties = upkeep = 0.0
    for year in range(1, model.years + 1):
        factor = (1 + at["discount"]) ** -year
        royalties += at["units"] * (1 + at["growth"]) ** (year - 1) * at["price"] * at["royalty"] * factor
        upkeep += at["upkeep"] * factor
    lump = at["lump_sum"] + upkeep
    return {"running royalties": royalties, "lump sum": lump, "lump sum is cheaper by": royalties - lump}


def table(model: Model) -> dict[str, Any]:
    """All three cases with every assumption."""
    return {
        "heading": HEADING,
        "currency": model.currency,
        "years": model.years,
        "cases": {case: net_present(model, case) for case in CASES},
        "assumptions": {name: msgspec.to_builtins(each) for name, each in assumptions(model).items()},
    }
