"""Numbers with units as text: the one set of rules by which every message and every table rounds."""

from decimal import Decimal

_DURATIONS = (("h", 3600.0, 3600.0), ("min", 120.0, 60.0), ("s", 1.0, 1.0), ("ms", 1e-3, 1e-3))
"""Units of time: name, the smallest value in seconds for which it is used, and its size in seconds."""


def seconds(value: float) -> str:
    """A duration in a suitable unit, to three significant digits."""
    unit, scale = next(((unit, size) for unit, least, size in _DURATIONS if value >= least), ("us", 1e-6))
    return f"{three_digits(value / scale)} {unit}"


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


def number(value: float) -> str:
    """A number without a unit, to three significant digits."""
    return "0" if value == 0 else three_digits(value)


def factor(value: float) -> str:
    """Like `three_digits`, but with three decimals near 1, where small differences matter."""
    return f"{value:.3f}" if 0.1 <= value < 10 else three_digits(value)


def three_digits(value: float) -> str:
    """Three significant digits, without an exponent unless the number is very small or large."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return format(Decimal(f"{value:.2e}"), "f")
    return f"{value:.3g}"
