"""A median and its interval without any assumption about the distribution: what times to a target need, where a seed
that never gets there counts as infinite, so that they have no mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from harness.analysis.stats.levels import ERROR


@dataclass(frozen=True)
class Median:
    """Of some durations or numbers of epochs; infinite is never (null in JSON). A single one gives no interval."""

    estimate: float
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    """How sure it is that the interval holds the true median; null where there is no interval."""


def median(values: Sequence[float], confidence: float = 1 - ERROR) -> Median:
    """The median, between the innermost two order statistics that cover it as surely as `confidence` asks.

    The j-th smallest and the j-th largest of n independent values hold the true median between them unless fewer than j
    of the n fall on one side of it, so with probability 1 - 2 P(B < j), B ~ Binomial(n, 1/2): for the extremes, j = 1,
    that is 1 - 2^(1-n), and exact if no two values are the same (David and Nagaraja, Order Statistics, 2003, section
    7.1). The extremes are taken where even they cover less than was asked. Raises ValueError without any value.
    """
    if not values:
        raise ValueError("there is no value to take the median of")
    ordered, n = sorted(values), len(values)
    estimate = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    if n == 1:
        return Median(estimate)
    rank = max((j for j in range(1, n // 2 + 1) if _coverage(n, j) >= confidence), default=1)
    return Median(estimate, ordered[rank - 1], ordered[n - rank], _coverage(n, rank))


def _coverage(n: int, rank: int) -> float:
    return float(1 - 2 * sum(comb(n, below) for below in range(rank)) / 2**n)
