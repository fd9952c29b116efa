"""Log-ratios by block, their interval, and the choice between typical epochs and sums of all epochs.

The unit is the block (fresh processes), not the epoch: two processes that run the same program differ by more than the
scatter of their epochs suggests, so an interval over epochs or rounds is too narrow (Kalibera and Jones, "Rigorous
benchmarking in reasonable time", ISMM 2013). With a few blocks as the unit, Student's t keeps its coverage as long as
the blocks' effects are not far from normal; processes that fall into one of two speeds are too far from it with 3
blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from scipy import stats

from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import ERROR, FIRST_LOOK

TRIM = 0.2
"""The share of rounds that is left out at each end, so that a burst of other load decides nothing."""
RESOLUTION = 1e-4
"""The smallest half-width of a reported interval of times, as a logarithm."""
SIGNIFICANCE, NEGLIGIBLE = 0.01, 1e-3
"""The p-value below which a difference between sums and typical epochs is believed, and the log-ratio below which such
a difference is too small to matter."""


@dataclass(frozen=True)
class Ratio:
    """A ratio and its interval; a single block gives no interval."""

    estimate: float
    low: float | None = None
    high: float | None = None


def typical(log_ratios: Sequence[float]) -> float:
    """Return one block's log-ratio: the trimmed mean of its rounds' log-ratios."""
    return float(stats.trim_mean(np.asarray(log_ratios), TRIM))


def guarded(typical: Sequence[float], of_sums: Sequence[float], tolerance: float) -> list[float]:
    """Return the blocks' log-ratios: the typical ones, unless the sums of all epochs show something that these hide.

    An arm that stalls in one epoch of fifty really costs more, and its typical epochs do not show it. The sums override
    the estimate where the two differ, averaged over blocks, by more than half the tolerance, or by less but
    significantly (`SIGNIFICANCE`). The average over blocks counts because a burst of other load makes the two differ in
    one block, whereas an arm's own stalls occur in every block.
    """
    hidden = np.asarray(of_sums) - np.asarray(typical)
    much = abs(float(hidden.mean())) > log(1 + tolerance) / 2
    return list(of_sums if much or _is_significant(hidden) else typical)


def _is_significant(hidden: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bool:
    """Whether the difference `hidden` is significant, by Student's t over at least three blocks, and at least a
    thousandth."""
    if len(hidden) < FIRST_LOOK or abs(float(hidden.mean())) < NEGLIGIBLE:
        return False
    error = max(float(hidden.std(ddof=1)) / sqrt(len(hidden)), 1e-12)
    return float(2 * stats.t.sf(abs(float(hidden.mean())) / error, len(hidden) - 1)) < SIGNIFICANCE


def interval(block_log_ratios: Sequence[float], at: float = ERROR) -> Ratio:
    """Return the ratio over blocks with Student's t interval, which misses with probability `at`.

    Raises ValueError without any block.
    """
    return of_logs(mean(block_log_ratios, at))


def of_times(block_log_ratios: Sequence[float], at: float = ERROR, common: float = 0.0) -> Ratio:
    """Return the same for times; `common` is that of `mean`.

    Blocks may agree to the last bit, for example if an epoch waits for a timer, but clocks and the code that reads them
    do not resolve less than `RESOLUTION`, so no interval of times is narrower.
    """
    found = mean(block_log_ratios, at, common)
    if found.low is None or found.high is None:
        return of_logs(found)
    low, high = min(found.low, found.estimate - RESOLUTION), max(found.high, found.estimate + RESOLUTION)
    return of_logs(Estimate(found.estimate, low, high))


def of_logs(found: Estimate) -> Ratio:
    """Convert a log-ratio to a ratio."""
    if found.low is None or found.high is None:
        return Ratio(_compute_bounded_exp(found.estimate))
    return Ratio(
        _compute_bounded_exp(found.estimate), _compute_bounded_exp(found.low), _compute_bounded_exp(found.high)
    )


def _compute_bounded_exp(value: float) -> float:
    """Return the exponential within the range of a float, which the interval from two blocks that disagree wildly
    exceeds."""
    return exp(min(max(value, -700.0), 700.0))
