"""Few, round ticks for a logarithmic axis, whether it spans one percent or five decades."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

MOST = 7
EXTREME = 1e4
"""An interval whose end is more than this factor away from every estimate is cut off at the end of the axis."""


def domain(values: Sequence[float], around: Sequence[float], room: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that shows all of `around`, `values` within `EXTREME` of them, and a margin of `room`."""
    nearest, furthest = min(around), max(around)
    seen = [value for value in values if isfinite(value) and nearest / EXTREME <= value <= furthest * EXTREME]
    low, high = min([*seen, nearest]), max([*seen, furthest])
    share = (high / low) ** room
    return low / share, high * share


def ticks(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, both positive: 1-2-5 per decade, fewer over many decades, finer within one."""
    first, last = floor(log10(low)), ceil(log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        inside = [_round(value) for value in found if low <= value <= high]
        if 3 <= len(inside) <= MOST:
            return inside
    if len(inside) > MOST:
        return inside[:: ceil(len(inside) / MOST)]
    return _choose_even_steps(low, high)


def _choose_even_steps(low: float, high: float) -> list[float]:
    """Even steps, for an axis within one decade."""
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [_round(number * step) for number in range(ceil(low / step), floor(high / step) + 1)]


def _round(value: float) -> float:
    """Remove floating-point residue, such as 0.30000000000000004."""
    return float(f"{value:.9g}")
