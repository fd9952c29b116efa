"""A median and its interval, without any assumption about the distribution.

Times to a target need this: a seed that never reaches the target counts as infinite, so they have no mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from harness.analysis.stats.levels import ERROR


@dataclass(frozen=True)
class Median:
    """The median of durations or numbers of epochs; infinite means never (null in JSON). A single value gives no
    interval."""

    estimate: float
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    """The probability that the interval contains the true median; None without an interval."""


def median(values: Sequence[float], confidence: float = 1 - ERROR) -> Median:
    """Return the median between the innermost two order statistics that cover it with probability `confidence`.

    The j-th smallest and the j-th largest of n independent values have the true median between them unless fewer than j
    of the n values lie on one side of it. The coverage is therefore 1 - 2 P(B < j), B ~ Binomial(n, 1/2); for the
    extremes, j = 1, it is 1 - 2^(1-n). It is exact if no two values are equal (David and Nagaraja, Order Statistics,
    2003, section 7.1). If even the extremes cover less than `confidence`, they are used. Raises ValueError without any
    value.
    """
    if not values:
        raise ValueError("there is no value to take the median of")
    ordered, n = sorted(values), len(values)
    estimate = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    if n == 1:
        return Median(estimate)
    rank = max((j for j in range(1, n // 2 + 1) if _compute_coverage(n, j) >= confidence), default=1)
    return Median(estimate, ordered[rank - 1], ordered[n - rank], _compute_coverage(n, rank))


def _compute_coverage(n: int, rank: int) -> float:
    return float(1 - 2 * sum(comb(n, below) for below in range(rank)) / 2**n)
