"""Where a logarithmic axis has its ticks: few, round, and also where it spans a percent or five decades."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

MOST = 7
EXTREME = 1e4
"""An interval's end that is further than this from every estimate is drawn as far as the axis goes."""


def domain(values: Sequence[float], around: Sequence[float], room: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that shows all of `around`, `values` as far as is sensible, and some room."""
    nearest, furthest = min(around), max(around)
    seen = [value for value in values if isfinite(value) and nearest / EXTREME <= value <= furthest * EXTREME]
    low, high = min([*seen, nearest]), max([*seen, furthest])
    share = (high / low) ** room
    return low / share, high * share


def ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, which are positive: 1-2-5 a decade, fewer over many, finer within one."""
    first, last = floor(log10(low)), ceil(log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        inside = [_round(value) for value in found if low <= value <= high]
        if 3 <= len(inside) <= MOST:
            return inside
    if len(inside) > MOST:
        return inside[:: ceil(len(inside) / MOST)]
    return _even(low, high)


def _even(low: float, high: float) -> list[float]:
    """Within a decade: even steps."""
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [_round(number * step) for number in range(ceil(low / step), floor(high / step) + 1)]


def _round(value: float) -> float:
    """Without the dust of floating point."""
    return float(f"{value:.9g}")
