"""Axes with units, logarithmic where the values ask for it."""

from collections.abc import Sequence

import altair as alt

from harness.report.charts.ticks import domain, ticks
from harness.report.names import short

WIDE = 8.0
"""The range of values from which on an axis is logarithmic."""


def unit_of_seconds(typical: float) -> tuple[str, float]:
    """The unit in which durations around `typical` are read, and how many of it a second has."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if typical >= 2 * size or (unit == "s" and typical >= size):
            return unit, 1 / size
    return ("ms", 1e3) if typical >= 1e-3 else ("us", 1e6)


def counting(field: str, title: str) -> alt.X:
    """Of whole numbers from 0 up, or from wherever they begin."""
    axis = alt.Axis(title=title, tickCount=5, tickMinStep=1, grid=False, format=",.0f")
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=False, padding=6))


def measuring(field: str, values: Sequence[float | None], title: str) -> alt.Y:
    """Of a quantity above 0: from 0 up, or logarithmic where `values` range far."""
    return alt.Y(f"{field}:Q", axis=_axis(values, title), scale=_scale(values))


def lasting(field: str, lengths: Sequence[float | None], title: str, values: Sequence[float | None]) -> alt.X:
    """Of time, along the bottom: logarithmic where the `lengths` of what is shown range far, for all `values`."""
    shown = values if wide(lengths) else [max(_positive(lengths), default=1.0)]
    return alt.X(f"{field}:Q", axis=_axis(shown, title), scale=_scale(shown))


def relative(field: str, low: float, high: float, to: str) -> alt.X:
    """Of ratios from `low` to `high`, on which half and twice are equally far from 1."""
    title = f"cost relative to {short(to, 24)} (log scale)"
    axis = alt.Axis(values=ticks(low, high), format=".6~g", title=title)
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(type="log", domain=[low, high], nice=False))


def _positive(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and value > 0]


def wide(values: Sequence[float | None]) -> bool:
    """Whether values range so far that their axis is logarithmic; what is not above 0 then has no place on it."""
    seen = _positive(values)
    return bool(seen) and max(seen) > WIDE * min(seen)


def _axis(values: Sequence[float | None], title: str) -> alt.Axis:
    if not wide(values):
        return alt.Axis(title=title, tickCount=4, format=".6~g")
    return alt.Axis(title=f"{title} (log)", values=ticks(*domain([], _positive(values))), format=".6~g")


def _scale(values: Sequence[float | None]) -> alt.Scale:
    if not wide(values):
        return alt.Scale(zero=True, nice=True)
    return alt.Scale(type="log", domain=list(domain([], _positive(values))), nice=False)
