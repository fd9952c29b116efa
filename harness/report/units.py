"""Numbers as people read them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import sqrt

from harness.analysis.epochs.projection import Seconds
from harness.analysis.stats.ratios import Ratio

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
    return f"{_factor(value.estimate)}x {_half(value.low, value.high)}"


def projection(value: Seconds | None) -> str:
    """A duration with half the width of its interval in percent, or alone where there is none."""
    if value is None:
        return NOTHING
    if not value.low or value.high is None:
        return seconds(value.estimate)
    return f"{seconds(value.estimate)} {_half(value.low, value.high)}"


def explained(values: Iterable[Seconds | None]) -> str:
    """What ± means beside these as projections; empty where none has an interval."""
    known = any(value and value.low for value in values)
    return "± is half the 95 % interval for one more training." if known else ""


def _half(low: float, high: float) -> str:
    """Half the width of an interval that is even on a logarithmic axis, in percent."""
    half = 100 * (sqrt(high / low) - 1)
    digits = 1 if half < 10 else 0
    return f"±{half:.{digits}f}%" if half < 1000 else "±?"


def number(value: float | None) -> str:
    """A figure without a unit, to three significant digits."""
    return NOTHING if value is None else "0" if value == 0 else _three(value)


def flops(value: float | None) -> str:
    """Floating-point operations in MFLOP, GFLOP or TFLOP (powers of ten), to three significant digits."""
    if value is None:
        return NOTHING
    unit, scale = ("TFLOP", 1e12) if value >= 1e12 else ("GFLOP", 1e9) if value >= 1e9 else ("MFLOP", 1e6)
    return f"{number(value / scale)} {unit}"


def flops_per_second(value: float | None) -> str:
    return NOTHING if value is None else f"{flops(value)}/s"


def percent(value: float | None) -> str:
    """A share of 1 in percent, to two significant digits."""
    return NOTHING if value is None else f"{100 * value:.2g} %" if value < 0.0995 else f"{100 * value:.0f} %"


def count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def listed(names: Sequence[str]) -> str:
    """Names as people list them."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def many(number: int, noun: str) -> str:
    """That many things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _three(value: float) -> str:
    """Three significant digits, written out where people write a number out."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return format(Decimal(f"{value:.2e}"), "f")
    return f"{value:.3g}"


def _factor(value: float) -> str:
    """Like `_three`, but to a tenth of a percent near 1, where that is what the reader looks for."""
    return f"{value:.3f}" if 0.1 <= value < 10 else _three(value)
