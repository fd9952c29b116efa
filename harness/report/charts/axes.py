"""Axes with units, logarithmic if the values range widely."""

from collections.abc import Sequence

import altair as alt

from harness.report.charts.ticks import domain, ticks
from harness.report.names import short

WIDE = 8.0
"""An axis is logarithmic if its largest value is more than this many times its smallest."""


def unit_of_seconds(typical: float) -> tuple[str, float]:
    """The unit for durations around `typical` seconds, and how many of that unit make a second."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if typical >= 2 * size or (unit == "s" and typical >= size):
            return unit, 1 / size
    return ("ms", 1e3) if typical >= 1e-3 else ("us", 1e6)


def count_axis(field: str, title: str) -> alt.X:
    """A horizontal axis of whole numbers."""
    axis = alt.Axis(title=title, tickCount=5, tickMinStep=1, grid=False, format=",.0f")
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=False, padding=6))


def quantity_axis(field: str, values: Sequence[float | None], title: str) -> alt.Y:
    """A vertical axis of a positive quantity: from 0 up, or logarithmic if `values` range widely."""
    return alt.Y(f"{field}:Q", axis=_make_axis(values, title), scale=_make_scale(values))


def time_axis(field: str, lengths: Sequence[float | None], title: str, values: Sequence[float | None]) -> alt.X:
    """A horizontal axis of time: logarithmic if the `lengths` of what is shown range widely, over all `values`."""
    shown = values if range_widely(lengths) else [max(_select_positive(lengths), default=1.0)]
    return alt.X(f"{field}:Q", axis=_make_axis(shown, title), scale=_make_scale(shown))


def ratio_axis(field: str, low: float, high: float, to: str) -> alt.X:
    """A logarithmic axis of ratios from `low` to `high`, so that half and twice are equally far from 1."""
    title = f"cost relative to {short(to, 24)} (log scale)"
    axis = alt.Axis(values=ticks(low, high), format=".6~g", title=title)
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(type="log", domain=[low, high], nice=False))


def _select_positive(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and value > 0]


def range_widely(values: Sequence[float | None]) -> bool:
    """Whether values range so widely that their axis is logarithmic. Values not above 0 are then left out."""
    seen = _select_positive(values)
    return bool(seen) and max(seen) > WIDE * min(seen)


def _make_axis(values: Sequence[float | None], title: str) -> alt.Axis:
    if not range_widely(values):
        return alt.Axis(title=title, tickCount=4, format=".6~g")
    return alt.Axis(title=f"{title} (log)", values=ticks(*domain([], _select_positive(values))), format=".6~g")


def _make_scale(values: Sequence[float | None]) -> alt.Scale:
    if not range_widely(values):
        return alt.Scale(zero=True, nice=True)
    return alt.Scale(type="log", domain=list(domain([], _select_positive(values))), nice=False)
