"""The mean over blocks and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from harness.analysis.stats.levels import ERROR


@dataclass(frozen=True)
class Estimate:
    """An additive figure, such as a log-ratio or a difference in seconds; a single block gives no interval."""

    estimate: float
    low: float | None = None
    high: float | None = None


def mean(values: Sequence[float], at: float = ERROR) -> Estimate:
    """Return the mean over blocks with Student's t interval, which misses with probability `at`.

    Raises ValueError without any block.
    """
    blocks = np.asarray(values, dtype=float)
    if not len(blocks):
        raise ValueError("no block has measured this")
    middle = float(blocks.mean())
    if len(blocks) == 1:
        return Estimate(middle)
    half = float(stats.t.ppf(1 - at / 2, len(blocks) - 1) * blocks.std(ddof=1) / sqrt(len(blocks)))
    return Estimate(middle, middle - half, middle + half)
