"""The mean over blocks and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from scipy import stats

from harness.analysis.stats.levels import ERROR

_NORMAL = 1e9
"""Degrees of freedom of what is as good as normal."""


@dataclass(frozen=True)
class Estimate:
    """An additive figure, such as a log-ratio or a difference in seconds; a single block gives no interval."""

    estimate: float
    low: float | None = None
    high: float | None = None


def error_of_mean(blocks: "np.ndarray[tuple[int], np.dtype[np.float64]]", common: float) -> tuple[float, float]:
    """Return the standard error of the mean of at least two blocks, and its degrees of freedom. `common` is that of
    `add_common`."""
    return add_common(float(blocks.std(ddof=1)) / sqrt(len(blocks)), len(blocks) - 1, common)


def add_common(own: float, freedom: float, common: float) -> tuple[float, float]:
    """Return a standard error and its degrees of freedom with a further error, by the equation of Welch and
    Satterthwaite. `common` is the standard deviation, which is taken as known, of an error that all blocks have in
    common."""
    error = hypot(own, common)
    return error, freedom * (error / own) ** 4 if own > 1e-6 * error else _NORMAL


def mean(values: Sequence[float], at: float = ERROR, common: float = 0.0) -> Estimate:
    """Return the mean over blocks with Student's t interval, which misses with probability `at`.

    `common` is the standard deviation of an error that all blocks have in common. Raises ValueError without any block.
    """
    blocks = np.asarray(values, dtype=float)
    if not len(blocks):
        raise ValueError("no block has measured this")
    middle = float(blocks.mean())
    if len(blocks) == 1:
        return Estimate(middle)
    error, freedom = error_of_mean(blocks, common)
    half = float(stats.t.ppf(1 - at / 2, freedom)) * error
    return Estimate(middle, middle - half, middle + half)
