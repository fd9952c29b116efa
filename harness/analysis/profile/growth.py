"""Whether a process's memory grows from epoch to epoch, from what was resident after each.

An allocator takes memory in steps, and gives some of it back: resident memory that is higher at the end than at the
start is no leak yet. A leak goes on. So the epochs after the warm-up are cut into parts, up to six, and memory has to
rise from each part to the next, by a good share of the average rise: one step, or two, or a burst leave some part no
higher than the one before it. It may not fall meanwhile by much of what it rises: what is given back is not kept. And
the rise has to come to something beside what the process has: an interpreter's own lists are no leak of the training.

How often that is wrong, and what it finds: `benchmarks/experiments/growth.py`. Of its simulated processes in 20 or 60
epochs, none that is flat, warms up, or takes a step or two is called growing, and 3 in 100 staircases that also fall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FEWEST = 8
"""Epochs in a row below which nothing is said."""
WARM_UP = 0.4
"""Share of the epochs in a row, from the first on, in which an allocator may still find out what it needs."""
PARTS = 6
"""Of the epochs after that, at most: as many as two steps, each of which may fall within a part, cannot all raise."""
EVEN = 0.25
"""The share of the average rise by which each part has to rise above the one before it."""
FALL = 0.4
"""The share of the rise by which it may fall from any earlier epoch: noise does."""
LOOK_BACK = 12
"""Epochs, the latest, in which a fall counts, even if they are more than those after the warm-up."""
LEAST_BYTES = 4_000_000
"""What must have come in all before it is told: an allocator takes memory by the megabyte."""
LEAST_SHARE = 0.005
"""The same as a share of what is resident: the larger a process, the larger its steps."""


class MemoryTrend(StrEnum):
    """How resident memory goes on from epoch to epoch."""

    STEADY = "steady"
    GROWING = "growing"
    WARM_UP = "warm-up"
    """It grew at first, and then no more."""
    UNEVEN = "uneven"
    """It went up and down, or up by a step or two, without going on."""


@dataclass(frozen=True)
class Growth:
    verdict: MemoryTrend
    bytes_per_epoch: float = 0.0
    low: float = 0.0
    high: float = 0.0
    """The 95 % interval of the slope (Theil and Sen: the median of the slopes between all pairs of epochs; a single
    step, or a burst, decides nothing)."""
    sizes: Mapping[str, float] = field(default_factory=dict)
    """What of the trainer's own sizes grew meanwhile, each by how much an epoch."""


def growth(resident_bytes: Sequence[float]) -> Growth | None:
    """What the sizes after epochs in a row tell; None where they are too few."""
    sizes = np.asarray(resident_bytes, dtype=float)
    if len(sizes) < FEWEST:
        return None
    settled = sizes[int(WARM_UP * len(sizes)) :]
    slope, _, low, high = (float(value) for value in stats.theilslopes(settled))
    enough = max(LEAST_BYTES, LEAST_SHARE * float(np.median(sizes)))
    if low > 0 and slope * len(sizes) >= enough and _goes_on(settled):
        fall = _fall(sizes[-max(len(settled), LOOK_BACK) :])
        if fall > FALL * slope * len(settled):
            return Growth(MemoryTrend.UNEVEN)
        return Growth(MemoryTrend.GROWING, slope, low, high)
    smooth = _without_bursts(settled)
    if smooth.max() - smooth.min() >= enough:
        return Growth(MemoryTrend.UNEVEN)
    return Growth(MemoryTrend.WARM_UP if float(np.median(settled)) - sizes[0] >= enough else MemoryTrend.STEADY)


def _goes_on(sizes: NDArray[np.float64]) -> bool:
    """Whether memory rises from each part of these epochs to the next, and by about as much."""
    parts = np.array_split(_without_bursts(sizes), min(PARTS, len(sizes)))
    rises = [float(after.mean() - before.mean()) for before, after in pairwise(parts)]
    return min(rises) > 0 and min(rises) >= EVEN * sum(rises) / len(rises)


def _fall(sizes: NDArray[np.float64]) -> float:
    """The most by which memory is lower than it was before, in bytes."""
    smooth = _without_bursts(sizes)
    return float((np.maximum.accumulate(smooth) - smooth).max())


def _without_bursts(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each size as the median of itself and its neighbours: what lasts for one epoch is gone, steps stay."""
    inner = np.median([sizes[:-2], sizes[1:-1], sizes[2:]], axis=0)
    return np.concatenate([sizes[:1], inner, sizes[-1:]])
