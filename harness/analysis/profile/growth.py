"""Whether a process's memory grows from epoch to epoch, from the resident memory after each epoch.

An allocator takes memory in steps and gives some of it back, so resident memory that is higher at the end than at the
start is not yet a leak. A leak continues. The epochs after the warm-up are therefore split into up to six parts, and
memory has to rise from each part to the next by a good share of the average rise: after one or two steps, or a burst,
some part is no higher than the one before it. Memory may not fall in between by a large share of the rise, since a leak
gives nothing back. The rise must also be large enough relative to the process: an interpreter's own lists are not a
leak of the training.

`benchmarks/experiments/growth.py` simulates how often this is wrong, and what it finds. In 20 or 60 epochs, none of its
processes that are flat, warm up, or take one or two steps is called growing, and 3 in 100 of the staircases that also
fall are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FEWEST = 8
"""The number of consecutive epochs below which there is no answer."""
WARM_UP = 0.4
"""The share of consecutive epochs, from the first on, in which an allocator may still find out what it needs."""
PARTS = 6
"""The largest number of parts for the epochs after the warm-up: two steps, each of which may fall within a part, cannot
raise all of so many."""
EVEN = 0.25
"""The share of the average rise by which each part has to exceed the one before it."""
FALL = 0.4
"""The share of the rise by which memory may fall below any earlier epoch, because of noise."""
LOOK_BACK = 12
"""The number of latest epochs in which a fall counts, even if they are more than those after the warm-up."""
MIN_RISE_BYTES = 4_000_000
"""The smallest total rise that is reported: an allocator takes memory by the megabyte."""
MIN_RISE_SHARE = 0.005
"""The smallest total rise as a share of resident memory: larger processes take larger steps."""


class MemoryTrend(StrEnum):
    """How resident memory develops from epoch to epoch."""

    STEADY = "steady"
    GROWING = "growing"
    WARM_UP = "warm-up"
    """It grew at first and then stopped."""
    UNEVEN = "uneven"
    """It went up and down, or up by one or two steps, without continuing."""


@dataclass(frozen=True)
class Growth:
    verdict: MemoryTrend
    bytes_per_epoch: float = 0.0
    low: float = 0.0
    high: float = 0.0
    """The upper end of the 95 % interval of the slope (Theil and Sen: the median of the slopes between all pairs of
    epochs, so that a single step or burst decides nothing)."""
    sizes: Mapping[str, float] = field(default_factory=dict)
    """The trainer's sizes that grew at the same time, with the growth of each per epoch."""


def growth(resident_bytes: Sequence[float]) -> Growth | None:
    """Return how memory develops, from the sizes after consecutive epochs; None if there are too few."""
    sizes = np.asarray(resident_bytes, dtype=float)
    if len(sizes) < FEWEST:
        return None
    settled = sizes[int(WARM_UP * len(sizes)) :]
    slope, _, low, high = (float(value) for value in stats.theilslopes(settled))
    enough = max(MIN_RISE_BYTES, MIN_RISE_SHARE * float(np.median(sizes)))
    if low > 0 and slope * len(sizes) >= enough and _keeps_growing(settled):
        fall = _find_largest_fall(sizes[-max(len(settled), LOOK_BACK) :])
        if fall > FALL * slope * len(settled):
            return Growth(MemoryTrend.UNEVEN)
        return Growth(MemoryTrend.GROWING, slope, low, high)
    smooth = _remove_bursts(settled)
    if smooth.max() - smooth.min() >= enough:
        return Growth(MemoryTrend.UNEVEN)
    return Growth(MemoryTrend.WARM_UP if float(np.median(settled)) - sizes[0] >= enough else MemoryTrend.STEADY)


def _keeps_growing(sizes: NDArray[np.float64]) -> bool:
    """Whether memory rises from each part of these epochs to the next, and by similar amounts."""
    parts = np.array_split(_remove_bursts(sizes), min(PARTS, len(sizes)))
    rises = [float(after.mean() - before.mean()) for before, after in pairwise(parts)]
    return min(rises) > 0 and min(rises) >= EVEN * sum(rises) / len(rises)


def _find_largest_fall(sizes: NDArray[np.float64]) -> float:
    """Return the largest fall of memory below an earlier epoch, in bytes."""
    smooth = _remove_bursts(sizes)
    return float((np.maximum.accumulate(smooth) - smooth).max())


def _remove_bursts(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace each size by the median of itself and its neighbours: this removes what lasts for one epoch and keeps
    steps."""
    inner = np.median([sizes[:-2], sizes[1:-1], sizes[2:]], axis=0)
    return np.concatenate([sizes[:1], inner, sizes[-1:]])
