"""The interface of a refiner, and what several of them use: candidates, ranks and jitter."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points
from variants.breakage.recipe import Clock
from variants.breakage.scales import Scale

Score = Callable[[Points], NDArray[np.floating]]
"""A function from (n, 2) points to the (n,) absolute residuals of the current network. It takes time, which counts
towards the epoch in which it is called."""

JITTER = 0.01
"""Standard deviation of the jitter, in log v and in t as a fraction of the time range."""


class Refiner(Protocol):
    """Chooses the collocation points on which an epoch trains.

    An epoch at `index` calls `advance(index, score)`, then `batch(drawn)`, and then makes one training step on that
    batch. If the refiner `watches` and the step computed residuals, it finally calls `observe` with them.
    """

    pool: Points
    """The (n, 2) points that it keeps from one epoch to the next."""

    watches: bool
    """Whether it needs the residuals of the training batch. If not, they are not copied."""

    def due(self, index: int) -> bool:
        """Whether it refines at epoch `index`, which gives that epoch a kind of its own."""

    def advance(self, index: int, score: Score) -> None:
        """Move to epoch `index`, and refine if that is due."""

    def batch(self, drawn: Points) -> Points:
        """Return the (m, 2) points to train on in the current epoch, given the (n, 2) points that were drawn for it.

        No points are drawn for an epoch that trains on a grid. The returned points are then added to the grid.
        """

    def observe(self, scores: NDArray[np.floating]) -> None:
        """Take note of the (m,) absolute residuals of the latest training batch."""

    def seek(self, index: int) -> None:
        """Give pool and batch the sizes that they have before epoch `index`, with random points for unknown ones."""


class Unwatching:
    """Base of refiners that do not need the residuals of the batch."""

    watches = False

    def observe(self, scores: NDArray[np.floating]) -> None:
        """Do nothing. This is never called."""


class Regular(Unwatching):
    """Base of refiners that refine at the scale's regular interval."""

    scale: Scale

    def due(self, index: int) -> bool:
        return index > 0 and index % self.scale.refine_every == 0


def candidates(case: Case, seed: int, count: int, clock: Clock = "log") -> Points:
    """Return (count, 2) random points, the same for each call, with which a pool begins."""
    return collocation_points(case, seed, "pool", 0, count, clock)


def top(scores: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """Return the indices, in ascending order, of the `count` highest of (n,) scores. Later ones win ties.

    NaN counts as the lowest score.
    """
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores), kind="stable")
    return np.sort(order[len(order) - count :])


def highest(scores: NDArray[np.floating], percentile: int) -> NDArray[np.intp]:
    """Return the indices, in ascending order, of the scores at or above a percentile: always `high_count` of them."""
    return top(scores, high_count(len(scores), percentile))


def high_count(count: int, percentile: int) -> int:
    """Return how many of `count` distinct numbers are at or above a percentile with linear interpolation."""
    below = -(-(count - 1) * percentile // 100)
    return count - below


def jittered(case: Case, points: Points, random: np.random.Generator) -> Points:
    """Move (n, 2) points at random by about 1 % of v and of the time range, and clip them to the domain."""
    noise = JITTER * random.standard_normal(points.shape)
    v = points[:, 0] * np.exp(noise[:, 0])
    t = points[:, 1] + case.t_end * noise[:, 1]
    return np.stack([np.clip(v, *case.support), np.clip(t, 0, case.t_end)], axis=1).astype(np.float32)
