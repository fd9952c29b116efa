"""What an epoch of one kind takes, by its place in the schedule, and what the first epochs of stretches take beyond."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.epochs import sizes
from harness.worker.wire.messages import Segment

COSTLY = 2.0
"""An epoch after a refinement that traced nothing is taken for one like those that follow, unless it took this many
times as long: what cannot be seen to trace may compile all the same."""

Indices = NDArray[np.int_]


@dataclass(frozen=True)
class Model:
    """The seconds of steady epochs."""

    seconds: Callable[[Indices], sizes.Floats]
    seen: Indices
    """The epochs that it rests on."""

    @property
    def mean(self) -> float:
        """Seconds, over what it rests on."""
        return float(self.seconds(self.seen).mean())

    def relative(self, indices: Indices) -> sizes.Floats:
        """What epochs take in units of `mean`."""
        return self.seconds(indices) / self.mean


class Openings:
    """The first epochs of stretches, which may trace, as after a refinement: what those that ran took beyond others is
    charged for each, on the average."""

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
        """Seconds by index: what those that ran took beyond another epoch there, and for the others their mean."""
        seen: dict[int, float] = {}
        for row in epochs[epochs["index"].isin(self.indices)].itertuples():
            model = models.get(str(row.kind))
            if model and row.index not in seen:  # run again, it traces nothing
                usual = float(model.seconds(np.array([row.index]))[0])
                seen[row.index] = row.wall - usual if row.traces or row.wall > COSTLY * usual else 0.0
        mean = sum(seen.values()) / len(seen) if seen else 0.0
        return {index: seen.get(index, mean) for index in self.indices}
