"""Numbers with units as text: the one set of rules by which every message and every table rounds."""

from decimal import Decimal
from math import sqrt

_DURATIONS = (("h", 3600.0, 3600.0), ("min", 120.0, 60.0), ("s", 1.0, 1.0), ("ms", 1e-3, 1e-3))
"""Units of time: name, the smallest value in seconds for which it is used, and its size in seconds."""


def seconds(value: float) -> str:
    """A duration in a suitable unit, to three significant digits."""
    unit, scale = next(((unit, size) for unit, least, size in _DURATIONS if value >= least), ("us", 1e-6))
    return f"{three_digits(value / scale)} {unit}"


def exact_seconds(value: float) -> str:
    """A duration in seconds as the user gave it, such as `180 s`, so that it can be found in the command line."""
    return f"{value:.12g} s"


def given(value: float) -> str:
    """A number without a unit as the user gave it, such as a target of `0.01`."""
    return f"{value:.12g}"


def count(value: float) -> str:
    """A whole number, or a median of such, with commas."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}" if abs(value) < 1e5 else f"{value:,.0f}"


def size(value: float) -> str:
    """Bytes in MB or GB (powers of ten), to three significant digits."""
    return f"{three_digits(value / 1e9)} GB" if value >= 1e9 else f"{three_digits(value / 1e6)} MB"


def flops(value: float) -> str:
    """Floating-point operations in MFLOP, GFLOP or TFLOP (powers of ten), to three significant digits."""
    unit, scale = ("TFLOP", 1e12) if value >= 1e12 else ("GFLOP", 1e9) if value >= 1e9 else ("MFLOP", 1e6)
    return f"{number(value / scale)} {unit}"


def percent(share: float) -> str:
    """A share of 1 in percent, to two significant digits."""
    return f"{100 * share:.2g} %" if abs(share) < 0.0995 else f"{100 * share:.0f} %"


def percent_change(ratio: float, low: float | None = None, high: float | None = None) -> str:
    """A ratio as a change in percent, to three significant digits, with its interval if it has one: `+5 % [+3, +7]`."""
    interval = f" [{_format_change(low)}, {_format_change(high)}]" if low is not None and high is not None else ""
    return f"{_format_change(ratio)} %{interval}"


def half_width(low: float, high: float) -> str:
    """Half the width in percent of an interval that is symmetric on a logarithmic axis: one decimal below 10 %."""
    half = 100 * (sqrt(high / low) - 1)
    return f"±{half:.{1 if half < 10 else 0}f}%" if half < 1000 else "±?"


def probability(value: float) -> str:
    """A probability in percent, to three significant digits, since those that matter are close to 1."""
    return f"{trimmed(100 * value)} %"


def number(value: float) -> str:
    """A number without a unit, to three significant digits."""
    return "0" if value == 0 else three_digits(value)


def factor(value: float) -> str:
    """Like `three_digits`, but with three decimals near 1, where small differences matter."""
    return f"{value:.3f}" if 0.1 <= value < 10 else three_digits(value)


def logarithm(value: float) -> str:
    """The logarithm of a factor, to three decimals."""
    return f"{value:.3f}"


def fine_factor(value: float) -> str:
    """A factor whose difference from 1 may be as small as 0.0001: four decimals near 1, else two significant digits."""
    return f"{value:.4f}" if abs(value - 1) < 0.1 else two_digits(value)


def difference(value: float) -> str:
    """A relative difference of any magnitude, to one significant digit with an exponent: `5e-08`."""
    return f"{value:.0e}"


def two_digits(value: float) -> str:
    """Two significant digits, with an exponent if the number is very small, or 100 or more."""
    return f"{value:.2g}"


def trimmed(value: float) -> str:
    """Like `three_digits`, but without trailing zeros, for numbers that are often whole."""
    text = f"{value:.3g}"
    return format(Decimal(text), "f") if 1e-4 <= abs(value) < 1e6 else text


def three_digits(value: float) -> str:
    """Three significant digits, without an exponent unless the number is very small or large."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return format(Decimal(f"{value:.2e}"), "f")
    return f"{value:.3g}"


def _format_change(ratio: float) -> str:
    change = 100 * (ratio - 1)
    return f"{'-' if change < 0 else '+'}{trimmed(abs(change))}"
