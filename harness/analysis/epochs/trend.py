"""Whether an arm's epochs get slower, or quicker, one after the other: then no steady figure means anything.

The slope is that of Theil and Sen, the median of the slopes between all pairs of epochs, in each process by itself
(P. K. Sen, J. Am. Statist. Assoc. 63 (1968) 1379). It must go on through both halves of the epochs, in every process,
and come to more than noise and a machine's drift would.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

TRENDING = "a steady epoch"
"""What there is none of then: the name under which its absence is told."""
FEWEST = 16
"""Epochs in turns of one process below which nothing is said."""
MOST = 200
"""Epochs of a process that are looked at: neighbours are taken together where there are more."""
LEAST = 0.15
"""The change over the epochs that ran, as a share of what they take, that is told."""
GOES_ON = 1 / 3
"""Each half must have at least this share of the whole slope."""


@dataclass(frozen=True)
class Trend:
    """Of one kind of epoch."""

    kind: str
    seconds: float
    """That each epoch takes longer than the one before it; negative where they get quicker."""
    share: float
    """The change over the epochs that ran, relative to the median one."""
    epochs: int
    """How many those were."""


def trends(epochs: pd.DataFrame) -> Mapping[str, Trend]:
    """By arm, the trend of the kind in which it changes most. `epochs` are those of `shapes.Shapes`."""
    steady = epochs[(epochs["round"] > 0) & ~epochs["first"] & ~epochs["once"]]
    found: dict[str, Trend] = {}
    for (arm, kind), own in steady.groupby(["arm", "kind"], sort=False):
        if _sized(own):
            continue
        told = [_of_process(some) for _, some in own.groupby(["block", "group"])]
        sure = [one for one in told if one is not None]
        if not told or len(sure) < len(told) or len({np.sign(one[1]) for one in sure}) > 1:
            continue
        change = float(np.median([one[1] for one in sure]))
        if abs(change) > abs(found[str(arm)].share if str(arm) in found else 0.0):
            seconds = float(np.median([one[0] for one in sure]))
            found[str(arm)] = Trend(str(kind), seconds, change, max(one[2] for one in sure))
    return found


def _sized(own: pd.DataFrame) -> bool:
    """Whether its trainer says sizes that change: what they cost is followed by them."""
    first = own["sizes"].iloc[0]
    return any(sizes != first for sizes in own["sizes"])


def _of_process(own: pd.DataFrame) -> tuple[float, float, int] | None:
    """Seconds an epoch, the share of the whole change, and the epochs from the first to the last; None for no trend."""
    if len(own) < FEWEST or not own["index"].is_monotonic_increasing:
        return None
    index, walls = own["index"].to_numpy(dtype=float), (own["wall"] / own["factor"]).to_numpy()
    if len(index) > MOST:
        parts = np.array_split(np.arange(len(index)), MOST)
        index = np.array([index[part].mean() for part in parts])
        walls = np.array([np.median(walls[part]) for part in parts])
    slope, _, low, high = (float(value) for value in stats.theilslopes(walls, index))
    span = float(index[-1] - index[0]) + 1
    share = slope * span / float(np.median(walls))
    if low <= 0 <= high or abs(share) < LEAST:
        return None
    half = len(index) // 2
    halves = [float(stats.theilslopes(walls[some], index[some])[0]) for some in (slice(None, half), slice(half, None))]
    if any(part / slope < GOES_ON for part in halves):
        return None
    return slope, share, int(span)
