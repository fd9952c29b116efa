"""Numbers as people read them."""

from decimal import Decimal
from math import sqrt

from harness.analysis.effects import Ratio
from harness.analysis.projection import Seconds

NOTHING = "-"


def seconds(value: float | None) -> str:
    """A duration in the unit that suits it, to three significant digits."""
    if value is None:
        return NOTHING
    if value >= 3600:
        return f"{_three(value / 3600)} h"
    if value >= 120:
        return f"{_three(value / 60)} min"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{_three(value / size)} {unit}"
    return f"{_three(value / 1e-6)} us"


def size(value: float | None) -> str:
    """Bytes in MB or GB (powers of ten), to three significant digits."""
    if value is None:
        return NOTHING
    return f"{_three(value / 1e9)} GB" if value >= 1e9 else f"{_three(value / 1e6)} MB"


def ratio(value: Ratio | None) -> str:
    """A ratio with its interval, or alone where there is none."""
    if value is None:
        return NOTHING
    if value.low is None or value.high is None:
        return f"{_factor(value.estimate)}x"
    return f"{_factor(value.estimate)}x [{_factor(value.low)}, {_factor(value.high)}]"


def short_ratio(value: Ratio | None) -> str:
    """A ratio with half the width of its interval, which is even on a logarithmic axis, in percent."""
    if value is None:
        return NOTHING
    if not value.low or value.high is None:
        return f"{_factor(value.estimate)}x"
    half = 100 * (sqrt(value.high / value.low) - 1)
    return f"{_factor(value.estimate)}x ±{half:.1f}%" if half < 1000 else f"{_factor(value.estimate)}x ±?"


def projection(value: Seconds | None) -> str:
    return NOTHING if value is None else seconds(value.estimate)


def count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _three(value: float) -> str:
    """Three significant digits, written out where people write a number out."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return format(Decimal(f"{value:.2e}"), "f")
    return f"{value:.3g}"


def _factor(value: float) -> str:
    """Like `_three`, but to a tenth of a percent near 1, where that is what the reader looks for."""
    return f"{value:.3f}" if 0.1 <= value < 10 else _three(value)
