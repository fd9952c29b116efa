"""What is different about a line whose time differs: its arithmetic, what it reads and writes, or how often it runs.

Something is given as the reason only if its factor explains the factor of the time: at least half of it, in logarithms,
and not many times as much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, log

from harness.analysis.comparison.products import find_resized_pair, have_same_sizes
from harness.worker.wire.evidence import Caller, LineUse, Product

EQUAL = 1.005
"""Arithmetic that differs by less than this factor is the same."""
ENOUGH = 0.5
"""The part of a factor of time, in logarithms, from which on another factor explains it."""

MOST = 4.0
"""The same beyond which it makes too much to be the reason for so little."""


class By(StrEnum):
    """What explains a difference."""

    SIZES = "sizes"
    """One size of a matrix product."""
    COUNT = "count"
    """The number of products of the same sizes."""
    ARITHMETIC = "arithmetic"
    """The floating-point operations of its products."""
    MEMORY = "memory"
    """What it reads and writes."""
    RUNS = "runs"
    """The number of its operations."""
    OTHER = "other"
    """Something other than its products, which is not known."""


@dataclass(frozen=True)
class Reason:
    """What is different about a line. Factors are those of the arm relative to the baseline."""

    by: By
    factor: float
    """The factor of what explains the difference; 1 if that is not known."""
    arithmetic: float | None = None
    """The factor of the floating-point operations of its products; None if it has none in one of the two."""
    runs: float | None = None
    """The factor of the number of its operations; None if that is not known."""
    product: Product | None = None
    """With `By.SIZES`, a product of it, and the baseline's that it replaces."""
    baseline_product: Product | None = None

    @property
    def same_arithmetic(self) -> bool:
        return self.arithmetic is not None and is_same(self.arithmetic)

    @property
    def same_runs(self) -> bool:
        """Whether it is not known to run another number of operations."""
        return self.runs is None or is_same(self.runs)


@dataclass(frozen=True)
class Measured:
    """What is compared of a line: its factors, None where they are not known, and its products by size."""

    time: float | None
    arithmetic: float | None
    memory: float | None
    runs: float | None
    products: Sequence[Product]
    baseline_products: Sequence[Product]


def find_reason(found: Measured) -> Reason | None:
    """Return what explains the factor of a line's time; None if nothing is known of it.

    Without times, the difference is one of arithmetic.
    """
    factor = found.arithmetic
    if factor is not None and not is_same(factor) and (found.time is None or explains(factor, found.time)):
        return _find_arithmetic(found, factor)
    if found.time is None:
        return None
    others = ((By.MEMORY, found.memory), (By.RUNS, found.runs))
    enough = [(by, own) for by, own in others if own is not None and explains(own, found.time)]
    if enough:
        time = log(found.time)
        by, own = min(enough, key=lambda one: abs(log(one[1]) - time))
        return Reason(by, own, factor, found.runs)
    return Reason(By.OTHER, 1.0, factor, found.runs) if factor is not None else None


def _find_arithmetic(found: Measured, factor: float) -> Reason:
    if have_same_sizes(found.products, found.baseline_products, factor):
        return Reason(By.COUNT, factor, factor, found.runs)
    pair = find_resized_pair(found.products, found.baseline_products, factor)
    return Reason(By.SIZES if pair else By.ARITHMETIC, factor, factor, found.runs, *(pair or ()))


def explains(factor: float, time: float) -> bool:
    """Whether a factor makes the factor of a time, or at least half of it."""
    return not is_same(factor) and not is_same(time) and ENOUGH <= log(factor) / log(time) <= MOST


def is_same(factor: float) -> bool:
    return 1 / EQUAL < factor < EQUAL


def divide(one: float | None, other: float | None) -> float | None:
    """Return the factor between two numbers; None if one is not known, or if it is not a positive number."""
    factor = one / other if one and other else 0.0
    return factor if 0 < factor < inf else None


def compare_measures(
    line: tuple[LineUse | None, LineUse | None],
    way: tuple[Caller | None, Caller | None] | None,
    time: float | None,
) -> Measured:
    """Return what is to be compared of a line in both arms. If both have the way to it that makes the difference, its
    products are those on that way."""
    one, other = way if way and way[0] and way[1] else line
    mine, theirs = line
    return Measured(
        time,
        divide(one.flops if one else None, other.flops if other else None),
        divide(mine.moved_bytes if mine else None, theirs.moved_bytes if theirs else None),
        divide(mine.runs if mine else None, theirs.runs if theirs else None),
        one.products if one else (),
        other.products if other else (),
    )
