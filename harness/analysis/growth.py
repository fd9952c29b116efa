"""Whether a process's memory grows from epoch to epoch, from what was resident after each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

FEWEST = 8
"""Epochs in a row below which nothing is said."""
WARM_UP = 0.4
"""Share of the epochs in a row, from the first on, in which an allocator may still find out what it needs."""
LEAST_BYTES = 4_000_000
"""What must have come in all before it is told: an allocator takes memory by the megabyte."""


@dataclass(frozen=True)
class Growth:
    """`verdict` is "steady", "growing" or "warm-up": grew at first, and then no more."""

    verdict: str
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
    if low > 0 and slope * len(settled) >= LEAST_BYTES * len(settled) / len(sizes):
        return Growth("growing", slope, low, high)
    return Growth("warm-up" if sizes[-1] - sizes[0] >= LEAST_BYTES else "steady")
