"""Whether an arm's epochs get slower, or faster, one after the other: no steady figure is valid then.

The slope is Theil and Sen's, the median of the slopes between all pairs of epochs, in each process by itself (P. K.
Sen, J. Am. Statist. Assoc. 63 (1968) 1379). It must continue through both halves of the epochs, in every process, and
exceed what noise and a machine's drift would cause.

In one process, load that rises on the machine looks the same. There, the time on processors must change as well, since
load adds little to it, and no other arm may change in the same way at the same time without that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

TRENDING = "a steady epoch"
"""The name under which the lack of a steady epoch is reported."""
MIN_EPOCHS = 16
"""The number of epochs in turns of one process below which there is no answer."""
MAX_POINTS = 200
"""The largest number of epochs of a process that are used: with more, neighbours are combined."""
FEWEST_PROCESSES = 2
"""The number of processes from which on a slope that all have is not by chance."""
MIN_CHANGE = 0.15
"""The smallest change over the epochs that ran, as a share of their time, that is reported."""
MIN_CPU_SHARE = 2 / 3
"""The part of the relative change that the time on processors must have at least, if there is one process."""
MIN_HALF_SLOPE = 1 / 3
"""The share of the whole slope that each half must have at least."""


@dataclass(frozen=True)
class Trend:
    """The trend of one kind of epoch."""

    kind: str
    seconds: float
    """Seconds by which each epoch takes longer than the one before it; negative if they get faster."""
    share: float
    """The change over the epochs that ran, relative to the median epoch."""
    epochs: int
    """The number of these epochs."""


def trends(epochs: pd.DataFrame) -> Mapping[str, Trend]:
    """Return, by arm, the trend of the kind that changes most. `epochs` are those of `shapes.Shapes`."""
    steady = epochs[(epochs["round"] > 0) & ~epochs["first"] & ~epochs["once"]]
    found: dict[str, Trend] = {}
    for (arm, kind), own in steady.groupby(["arm", "kind"], sort=False):
        if _reports_changing_sizes(own):
            continue
        fitted = [_fit_process(some, "wall") for _, some in own.groupby(["block", "group"])]
        sure = [one for one in fitted if one is not None]
        if not fitted or len(sure) < len(fitted) or len({np.sign(one[1]) for one in sure}) > 1:
            continue
        if len(sure) < FEWEST_PROCESSES and not _is_its_own(steady, str(arm), own, *sure[0][:2]):
            continue
        change = float(np.median([one[1] for one in sure]))
        if abs(change) > abs(found[str(arm)].share if str(arm) in found else 0.0):
            seconds = float(np.median([one[0] for one in sure]))
            found[str(arm)] = Trend(str(kind), seconds, change, max(one[2] for one in sure))
    return found


def _is_its_own(steady: pd.DataFrame, arm: str, own: pd.DataFrame, slope: float, share: float) -> bool:
    """Whether the slope of an arm's only process is not that of load on the machine."""
    if not _uses_processors(own, share):
        return False
    others = steady[(steady["arm"] != arm) & steady["block"].isin(own["block"]) & steady["group"].isin(own["group"])]
    for _, other in others.groupby(["arm", "kind"], sort=False):
        fitted = _fit_process(other, "wall")
        if fitted and fitted[0] * slope > 0 and not _uses_processors(other, fitted[1]):
            return False
    return True


def _uses_processors(own: pd.DataFrame, share: float) -> bool:
    """Whether the time of one process on processors changes by nearly as large a share of itself, or more."""
    fitted = _fit_process(own, "cpu")
    return fitted is not None and fitted[1] / share >= MIN_CPU_SHARE


def _reports_changing_sizes(own: pd.DataFrame) -> bool:
    """Whether the trainer reports sizes that change: the cost is then modelled by them."""
    first = own["sizes"].iloc[0]
    return any(sizes != first for sizes in own["sizes"])


def _fit_process(own: pd.DataFrame, what: Literal["wall", "cpu"]) -> tuple[float, float, int] | None:
    """Return the seconds per epoch, the whole change as a share, and the number of epochs from the first to the last;
    None if there is no trend."""
    if len(own) < MIN_EPOCHS or not own["index"].is_monotonic_increasing:
        return None
    index, walls = own["index"].to_numpy(dtype=float), (own[what] / own["factor"]).to_numpy()
    if len(index) > MAX_POINTS:
        parts = np.array_split(np.arange(len(index)), MAX_POINTS)
        index = np.array([index[part].mean() for part in parts])
        walls = np.array([np.median(walls[part]) for part in parts])
    slope, _, low, high = (float(value) for value in stats.theilslopes(walls, index))
    span = float(index[-1] - index[0]) + 1
    share = slope * span / (float(np.median(walls)) or np.inf)
    if low <= 0 <= high or abs(share) < MIN_CHANGE:
        return None
    half = len(index) // 2
    halves = [float(stats.theilslopes(walls[some], index[some])[0]) for some in (slice(None, half), slice(half, None))]
    if any(part / slope < MIN_HALF_SLOPE for part in halves):
        return None
    return slope, share, int(span)
