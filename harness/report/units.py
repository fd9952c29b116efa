"""Cells of numbers with units. The rules by which they round are those of `harness.rounding`."""

from collections.abc import Iterable

from harness import rounding
from harness.analysis.epochs.projection import Seconds
from harness.analysis.metrics.base import Unit
from harness.analysis.stats.ratios import Ratio
from harness.report.table import Cell

NOTHING = Cell("-")


def seconds(value: float | None) -> Cell:
    """A duration in a suitable unit, to three significant digits."""
    return NOTHING if value is None else Cell(rounding.seconds(value), value)


def size(value: float | None) -> Cell:
    """Bytes in MB or GB (powers of ten), to three significant digits."""
    return NOTHING if value is None else Cell(rounding.size(value), value)


def ratio(value: Ratio | None) -> Cell:
    """A ratio with its interval, if it has one."""
    if value is None:
        return NOTHING
    if value.low is None or value.high is None:
        return Cell(f"{rounding.factor(value.estimate)}x", value.estimate)
    interval = f"[{rounding.factor(value.low)}, {rounding.factor(value.high)}]"
    return Cell(f"{rounding.factor(value.estimate)}x {interval}", value.estimate)


def short_ratio(value: Ratio | None) -> Cell:
    """A ratio with half the width of its interval in percent. The interval is symmetric on a logarithmic axis."""
    if value is None:
        return NOTHING
    if not value.low or value.high is None:
        return Cell(f"{rounding.factor(value.estimate)}x", value.estimate)
    return Cell(f"{rounding.factor(value.estimate)}x {rounding.half_width(value.low, value.high)}", value.estimate)


def projection(value: Seconds | None) -> Cell:
    """A duration with half the width of its interval in percent, if it has one."""
    if value is None:
        return NOTHING
    if not value.low or value.high is None:
        return seconds(value.estimate)
    return Cell(f"{seconds(value.estimate)} {rounding.half_width(value.low, value.high)}", value.estimate)


def explain_interval(values: Iterable[Seconds | None]) -> str:
    """What ± means next to these projections. Empty if none has an interval."""
    known = any(value and value.low for value in values)
    return "± is half the 95 % interval for one more training." if known else ""


def number(value: float | None) -> Cell:
    """A number without a unit, to three significant digits."""
    return NOTHING if value is None else Cell(rounding.number(value), value)


def flops(value: float | None) -> Cell:
    """Floating-point operations in MFLOP, GFLOP or TFLOP (powers of ten), to three significant digits."""
    return NOTHING if value is None else Cell(rounding.flops(value), value)


def at_least(cell: Cell) -> Cell:
    """The same of a number of which a part is known to be missing."""
    return Cell(f"at least {cell}", cell.value)


def flops_per_second(value: float | None) -> Cell:
    return NOTHING if value is None else Cell(f"{flops(value)}/s", value)


def percent(value: float | None) -> Cell:
    """A share of 1 in percent, to two significant digits."""
    return NOTHING if value is None else Cell(rounding.percent(value), value)


def count(value: int | None) -> Cell:
    return NOTHING if value is None else Cell(rounding.count(value), value)


def trimmed(value: float) -> Cell:
    """A number that is often whole, to three significant digits without trailing zeros."""
    return Cell(rounding.trimmed(value), value)


def figure(unit: Unit, value: float | None) -> Cell:
    """A value of a metric with this unit."""
    if value is None:
        return NOTHING
    match unit:
        case Unit.SECONDS:
            return seconds(value)
        case Unit.BYTES:
            return size(value)
        case Unit.FLOP:
            return flops(value)
        case Unit.COUNT:
            return count(int(value))
        case Unit.OWN:
            return number(value)


def signed(value: float, shown: str) -> Cell:
    """A difference with its sign; `shown` is its size with the unit."""
    return Cell(f"{'-' if value < 0 else '+' if value > 0 else ''}{shown}", value)
