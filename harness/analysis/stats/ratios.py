"""Log-ratios by block, their interval, and what to believe where typical epochs and sums differ.

The unit is the block (fresh processes), not the epoch: two processes running the same program differ by more than their
epochs' scatter suggests, so an interval over epochs or rounds is too narrow (Kalibera and Jones, "Rigorous benchmarking
in reasonable time", ISMM 2013). With blocks as the unit, and few of them, Student's t covers what it promises as long
as the blocks' effects are not far from normal; a process that falls into one of two speeds is beyond it at 3 blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from scipy import stats

from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import ERROR, FIRST_LOOK

TRIM = 0.2
"""Share of the rounds left out at each end, so that a burst of other load decides nothing."""
RESOLUTION = 1e-4
"""Half the width, as a logarithm, below which no interval is told."""
SURELY, HIDDEN = 0.01, 1e-3
"""The chance, by blocks, that what sums show beyond what is typical is not there, below which it is believed; and what
is too little to matter, as a logarithm."""


@dataclass(frozen=True)
class Ratio:
    """A ratio and its interval; no interval from a single block."""

    estimate: float
    low: float | None = None
    high: float | None = None


def typical(log_ratios: Sequence[float]) -> float:
    """One block's log-ratio by its rounds': their trimmed mean."""
    return float(stats.trim_mean(np.asarray(log_ratios), TRIM))


def guarded(typical: Sequence[float], of_sums: Sequence[float], tolerance: float) -> list[float]:
    """The blocks' log-ratios: the typical ones, unless these hide what the sums of all epochs show.

    An arm that stalls in one epoch of fifty really costs more, and what is typical of it does not tell. The sums decide
    where the two differ, on the average over blocks, by more than half the tolerance, or by less but surely (`SURELY`).
    On the average, since in one block a burst of other load makes them differ, while what an arm does of itself it does
    in every block.
    """
    hidden = np.asarray(of_sums) - np.asarray(typical)
    much = abs(float(hidden.mean())) > log(1 + tolerance) / 2
    return list(of_sums if much or _surely(hidden) else typical)


def _surely(hidden: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bool:
    """Whether what is hidden is there, by Student's t over at least three blocks, and worth a thousandth."""
    if len(hidden) < FIRST_LOOK or abs(float(hidden.mean())) < HIDDEN:
        return False
    error = max(float(hidden.std(ddof=1)) / sqrt(len(hidden)), 1e-12)
    return float(2 * stats.t.sf(abs(float(hidden.mean())) / error, len(hidden) - 1)) < SURELY


def interval(block_log_ratios: Sequence[float], at: float = ERROR) -> Ratio:
    """The ratio over blocks, with Student's t interval, which misses with probability `at`.

    Raises ValueError without any block.
    """
    return of_logs(mean(block_log_ratios, at))


def of_times(block_log_ratios: Sequence[float], at: float = ERROR) -> Ratio:
    """The same of times. Blocks may agree to the last bit, as where an epoch waits for a timer; a clock and what reads
    it do not resolve more than `RESOLUTION`, so no interval of theirs is narrower."""
    found = mean(block_log_ratios, at)
    if found.low is None or found.high is None:
        return of_logs(found)
    low, high = min(found.low, found.estimate - RESOLUTION), max(found.high, found.estimate + RESOLUTION)
    return of_logs(Estimate(found.estimate, low, high))


def of_logs(found: Estimate) -> Ratio:
    """A log-ratio as a ratio."""
    if found.low is None or found.high is None:
        return Ratio(_exp(found.estimate))
    return Ratio(_exp(found.estimate), _exp(found.low), _exp(found.high))


def _exp(value: float) -> float:
    """An interval from two blocks that disagree wildly has bounds beyond what a float can hold."""
    return exp(min(max(value, -700.0), 700.0))
