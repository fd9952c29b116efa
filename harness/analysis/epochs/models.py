"""The time of an epoch of one kind by its place in the schedule, and the excess of the first epochs of stretches."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.epochs import sizes
from harness.worker.wire.messages import Segment

COSTLY = 2.0
"""An epoch after a refinement that traced nothing is treated like those that follow, unless it took this many times as
long: it may compile without a visible trace."""

Indices = NDArray[np.int_]


@dataclass(frozen=True)
class Model:
    """The seconds of steady epochs."""

    seconds: Callable[[Indices], sizes.Floats]
    seen: Indices
    """The epochs that it is based on."""

    @property
    def mean(self) -> float:
        """The mean seconds of the epochs that it is based on."""
        return float(self.seconds(self.seen).mean())

    def relative(self, indices: Indices) -> sizes.Floats:
        """Return the time of epochs in units of `mean`."""
        return self.seconds(indices) / self.mean


class Openings:
    """The first epochs of stretches, which may trace, for example after a refinement. Those that did not run are
    charged the average excess of those that did."""

    def __init__(self, segments: Sequence[Segment], singles: Set[str]) -> None:
        firsts: dict[str, int] = {}
        for segment in segments:
            firsts.setdefault(segment.kind, segment.start)
        self.indices = sorted(
            segment.start
            for segment in segments
            if segment.kind not in singles and segment.start != firsts[segment.kind]
        )

    def charges(self, epochs: pd.DataFrame, models: Mapping[str, Model | None]) -> dict[int, float]:
        """Return the excess seconds by index: for epochs that ran, beyond another epoch at their place; for the others,
        the mean of these."""
        seen: dict[int, float] = {}
        for row in epochs[epochs["index"].isin(self.indices)].itertuples():
            model = models.get(str(row.kind))
            if model and row.index not in seen:  # a repeated epoch traces nothing
                usual = float(model.seconds(np.array([row.index]))[0])
                seen[row.index] = row.wall - usual if row.traces or row.wall > COSTLY * usual else 0.0
        mean = sum(seen.values()) / len(seen) if seen else 0.0
        return {index: seen.get(index, mean) for index in self.indices}
