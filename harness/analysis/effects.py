"""How much longer one arm takes than another: log-ratios by block, and their interval.

The unit is the block (fresh processes), not the epoch: two processes running the same program differ by more than their
epochs' scatter suggests, so an interval over epochs or rounds is too narrow (Kalibera and Jones, "Rigorous benchmarking
in reasonable time", ISMM 2013). With blocks as the unit, and few of them, Student's t covers what it promises as long
as the blocks' effects are not far from normal; a process that falls into one of two speeds is beyond it at 3 blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.epochs import in_turns
from harness.analysis.levels import ERROR

TRIM = 0.2
"""Share of the rounds left out at each end, so that a burst of other load decides nothing."""


@dataclass(frozen=True)
class Ratio:
    """A ratio and its interval; no interval from a single block."""

    estimate: float
    low: float | None = None
    high: float | None = None


def block_estimate(log_ratios: Sequence[float], log_ratio_of_sums: float, tolerance: float) -> float:
    """One block's log-ratio: the trimmed mean over its rounds, unless that hides what the sums show.

    An arm that stalls in one round of fifty really costs more, and a trimmed mean does not see it: where the two
    differ by more than half the tolerance, the sums decide.
    """
    trimmed = float(stats.trim_mean(np.asarray(log_ratios), TRIM))
    return log_ratio_of_sums if abs(trimmed - log_ratio_of_sums) > log(1 + tolerance) / 2 else trimmed


def interval(block_log_ratios: Sequence[float], at: float = ERROR) -> Ratio:
    """The ratio over blocks, with Student's t interval, which misses with probability `at`.

    Raises ValueError without any block.
    """
    values = np.asarray(block_log_ratios, dtype=float)
    if not len(values):
        raise ValueError("no block has measured this ratio")
    middle = float(values.mean())
    if len(values) == 1:
        return Ratio(exp(middle))
    half = float(stats.t.ppf(1 - at / 2, len(values) - 1) * values.std(ddof=1) / sqrt(len(values)))
    return Ratio(exp(middle), _exp(middle - half), _exp(middle + half))


def by_kind(epochs: pd.DataFrame, arm: str, baseline: str, tolerance: float) -> pd.Series:
    """Each block's log-ratio of `arm` to `baseline` for each kind of epoch: a Series over (block, group, kind).

    `epochs` is `analysis.epochs.table`'s. Only rounds in which both took part count.
    """
    where = ["block", "group", "kind"]
    steady = in_turns(epochs)
    slices = steady.groupby([*where, "round", "arm"])["wall"].agg(["sum", "count"])
    walls = (slices["sum"] / slices["count"]).unstack("arm")
    if not {arm, baseline} <= set(walls.columns):
        return pd.Series(dtype=float)
    walls = walls[[arm, baseline]].dropna()
    both = slices.unstack("arm").loc[walls.index].groupby(where).sum()
    means = both["sum"] / both["count"]
    sums = np.log(means[arm] / means[baseline])
    rounds = np.log(walls[arm] / walls[baseline]).groupby(where)
    return pd.Series({place: block_estimate(list(values), sums[place], tolerance) for place, values in rounds})


def _exp(value: float) -> float:
    """An interval from two blocks that disagree wildly has bounds beyond what a float can hold."""
    return exp(min(max(value, -700.0), 700.0))
