"""What every refiner is, and what several of them are made of: candidates, ranks and jitter."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points
from variants.breakage.recipe import Clock
from variants.breakage.scales import Scale

Score = Callable[[Points], NDArray[np.floating]]
"""(n, 2) points to (n,) absolute residuals, by the network as it is. It takes time, and whoever calls it pays."""

JITTER = 0.01
"""Standard deviation of the jitter: of log v, and of t as a fraction of the time range."""


class Refiner(Protocol):
    """Decides on which collocation points an epoch trains.

    An epoch at `index` is `advance(index, score)`, then `batch(drawn)`, then one step of training on that batch, and
    then, of a refiner that `watches` and where the step computed residuals, `observe` with them.
    """

    pool: Points
    """The points it holds from one epoch to the next, (n, 2)."""

    watches: bool
    """Whether it asks for the residuals of the batch that was trained on. Others do not pay for the copy."""

    def due(self, index: int) -> bool:
        """Whether it refines at epoch `index`, which makes that epoch one of a kind of its own."""

    def advance(self, index: int, score: Score) -> None:
        """Go on to epoch `index`, and refine if that is due."""

    def batch(self, drawn: Points) -> Points:
        """The (m, 2) points to train on at the epoch it is at, given the (n, 2) that were drawn for it.

        None are drawn for an epoch that trains on a grid; what is returned then joins the grid.
        """

    def observe(self, scores: NDArray[np.floating]) -> None:
        """Take note of the (m,) absolute residuals of the batch that was just trained on."""

    def seek(self, index: int) -> None:
        """Give pool and batch the sizes they have before epoch `index`; unknown points are random ones."""


class Unwatching:
    """Of a refiner that does not ask how the batch did."""

    watches = False

    def observe(self, scores: NDArray[np.floating]) -> None:
        """Nothing: it is not asked for."""


class Regular(Unwatching):
    """Of a refiner that refines as often as the scale says."""

    scale: Scale

    def due(self, index: int) -> bool:
        return index > 0 and index % self.scale.refine_every == 0


def candidates(case: Case, seed: int, count: int, clock: Clock = "log") -> Points:
    """(count, 2) random points, the same ones each time: what a pool begins with."""
    return collocation_points(case, seed, "pool", 0, count, clock)


def top(scores: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """The indices, ascending, of the `count` highest of (n,) scores; of equal ones, the later.

    A score that is not a number says nothing, and is the lowest.
    """
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores), kind="stable")
    return np.sort(order[len(order) - count :])


def highest(scores: NDArray[np.floating], percentile: int) -> NDArray[np.intp]:
    """The indices, ascending, of the scores at or above a percentile: `high_count` of them even where scores tie."""
    return top(scores, high_count(len(scores), percentile))


def high_count(count: int, percentile: int) -> int:
    """How many of `count` distinct numbers are at or above a percentile that interpolates between them."""
    below = -(-(count - 1) * percentile // 100)
    return count - below


def jittered(case: Case, points: Points, random: np.random.Generator) -> Points:
    """(n, 2) points moved at random by about 1 % of v and of the time range, and clipped to where they may lie."""
    noise = JITTER * random.standard_normal(points.shape)
    v = points[:, 0] * np.exp(noise[:, 0])
    t = points[:, 1] + case.t_end * noise[:, 1]
    return np.stack([np.clip(v, *case.support), np.clip(t, 0, case.t_end)], axis=1).astype(np.float32)
