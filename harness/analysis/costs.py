"""What the epochs of one arm cost in one process, over its whole schedule."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis import sizes
from harness.analysis.epochs import in_turns
from harness.lines import Segment

COSTLY = 2.0
"""An epoch after a refinement that traced nothing is taken for one like those that follow, unless it took this many
times as long: what cannot be seen to trace may compile all the same."""

Indices = NDArray[np.int_]
Model = Callable[[Indices], sizes.Floats]
"""Epochs to the seconds that each takes."""


class Costs:
    """One arm in one process: what the first epoch of each kind took, and what all others of that kind would take.

    `epochs` are the arm's rows of `analysis.epochs.table`. With `segments` every epoch of that schedule is charged, and
    without them those that were run:

    - of kinds that come as single epochs (refinements), those that were run as they were, the others by their sizes;
    - of other kinds, all by what their epochs took in turns, and by their sizes;
    - of these, the first of each stretch may trace, as after a refinement: what such epochs took beyond others, on the
      average of those that were run, is charged for each.
    """

    def __init__(self, epochs: pd.DataFrame, segments: Sequence[Segment] = ()) -> None:
        self._epochs = epochs
        self._known = [
            *((segment.start, segment.sizes or {}) for segment in segments),
            *zip(epochs["index"], epochs["sizes"], strict=True),
        ]
        self._later = _later(segments) if segments else _later_of(epochs)
        self._singles = {segment.kind for segment in segments} - {s.kind for s in segments if s.stop - s.start > 1}
        starts = {segment.start for segment in segments if segment.kind not in self._singles}
        self._openings = starts & {index for later in self._later.values() for index in later.tolist()}
        self.first: dict[str, float] = epochs[epochs["first"]].groupby("kind")["wall"].first().to_dict()
        """Seconds of the first epoch of each kind."""
        self.mean: dict[str, float] = in_turns(epochs).groupby("kind")["wall"].mean().to_dict()
        """Seconds of an epoch in turns, by kind."""
        models = {kind: self._model(kind) for kind in self._later}
        extra = self._extra(models)
        usual = sum(extra.values()) / len(extra) if extra else 0.0
        openings = {index: extra.get(index, usual) for index in self._openings}
        self.others = {kind: self._sum(kind, model, openings) for kind, model in models.items()}
        """Seconds of all epochs of a kind but its first; None where that is not known."""
        firsts = {kind: seconds - self.mean.get(kind, seconds) for kind, seconds in self.first.items()}
        self.once = sum(max(beyond, 0.0) for beyond in firsts.values()) + sum(openings.values())
        """Seconds that first epochs, and those that open a stretch, take beyond others: tracing and compiling."""

    @property
    def total(self) -> float | None:
        """Seconds; None where some kind was not measured."""
        seconds = 0.0
        for kind, others in self.others.items():
            first = self.first.get(kind, self.mean.get(kind))
            if first is None or others is None:
                return None
            seconds += first + others
        return seconds

    def _model(self, kind: str) -> Model | None:
        own = self._epochs[self._epochs["kind"] == kind]
        if kind in self._singles:
            seen = own[~own["first"]]
        else:
            seen = in_turns(own)
            seen = seen[~seen["index"].isin(self._openings)] if len(self._openings) else seen
        if len(seen):
            by_sizes = sizes.fit(self._sizes(seen["index"].to_numpy()), seen["wall"].to_numpy())
            return lambda indices: by_sizes(self._sizes(indices))
        if kind in self.first and len(self._later[kind]) <= 1:
            # A kind of very few epochs may have been seen in its first one alone.
            return lambda indices: np.full(len(indices), self.first[kind])
        return None

    def _extra(self, models: Mapping[str, Model | None]) -> dict[int, float]:
        """Seconds that those openings of stretches that were run took beyond another epoch there."""
        extra: dict[int, float] = {}
        for row in self._epochs[self._epochs["index"].isin(self._openings)].itertuples():
            model = models.get(row.kind)
            if model and row.index not in extra:  # run again, it traces nothing
                usual = float(model(np.array([row.index]))[0])
                extra[row.index] = row.wall - usual if row.traces or row.wall > COSTLY * usual else 0.0
        return extra

    def _sum(self, kind: str, model: Model | None, openings: Mapping[int, float]) -> float | None:
        indices = self._later[kind]
        if not len(indices):
            return 0.0
        if model is None:
            return None
        seconds = model(indices)
        if kind in self._singles:
            own = self._epochs[(self._epochs["kind"] == kind) & ~self._epochs["first"]]
            for index, wall in own.groupby("index")["wall"].first().items():
                seconds[indices == index] = wall
        elif openings:
            seconds += [openings.get(index, 0.0) for index in indices.tolist()]
        return float(seconds.sum())

    def _sizes(self, indices: Indices) -> sizes.Floats:
        return sizes.at(indices, self._known)


def _later(segments: Sequence[Segment]) -> dict[str, Indices]:
    """The epochs of each kind in a schedule, without the first."""
    indices: dict[str, list[int]] = {}
    for segment in segments:
        indices.setdefault(segment.kind, []).extend(range(segment.start, segment.stop))
    return {kind: np.array(own[1:], dtype=int) for kind, own in indices.items()}


def _later_of(epochs: pd.DataFrame) -> dict[str, Indices]:
    """The epochs of each kind that were run, without the first."""
    return {str(kind): own["index"].to_numpy()[1:] for kind, own in epochs.groupby("kind")}
