"""Residual-adaptive refinement (RAR): train more where the residual is large.

How many points a refinement adds depends on sizes alone, so that a refiner can be put where training would have it at
any epoch, without training up to there.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points
from variants.breakage.randomness import generator
from variants.breakage.scales import Scale

Score = Callable[[Points], NDArray[np.floating]]
"""(n, 2) points to (n,) absolute residuals."""

JITTER = 0.01
"""Standard deviation of the jitter: of log v, and of t as a fraction of the time range."""


class Refiner(Protocol):
    """Adds points to the batch of an epoch."""

    pool: Points
    """The candidates, (n, 2)."""

    @property
    def joined(self) -> Points:
        """The points that join the batch of the epoch it is at, (k, 2)."""

    def due(self, index: int) -> bool:
        """Whether it refines at epoch `index`."""

    def advance(self, index: int, score: Score) -> None:
        """Go on to epoch `index`, and refine if that is due."""

    def seek(self, index: int) -> None:
        """Give pool and joined points the sizes they have before epoch `index`; unknown points are random ones."""


class Unbounded:
    """The original: every high point of the whole pool, jittered, joins pool and batch for good. Each adds 5 %."""

    def __init__(self, case: Case, scale: Scale, seed: int) -> None:
        self.case, self.scale, self.seed = case, scale, seed
        self.pool = _candidates(case, seed, scale.pool)

    @property
    def joined(self) -> Points:
        return self.pool[self.scale.pool :]

    def due(self, index: int) -> bool:
        return index > 0 and index % self.scale.refine_every == 0

    def advance(self, index: int, score: Score) -> None:
        if self.due(index):
            high = self.pool[highest(score(self.pool), self.scale.percentile)]
            new = jittered(self.case, high, generator(self.seed, "refinement", index))
            self.pool = np.concatenate([self.pool, new])

    def seek(self, index: int) -> None:
        size = self.scale.pool
        for _ in range(max(index - 1, 0) // self.scale.refine_every):
            size += high_count(size, self.scale.percentile)
        known = self.pool[:size]
        self.pool = np.concatenate([known, _candidates(self.case, self.seed, size)[len(known) :]])


class Capped:
    """The notes' remedy as written: half as often, the high points of a sample, the first of them up to a limit.

    The points are copies of pool points. They join the pool, which is then cut at random to its cap, and the batch of
    that one epoch only: the published loop makes its batch anew at the next.
    """

    def __init__(self, case: Case, scale: Scale, seed: int) -> None:
        self.case, self.scale, self.seed = case, scale, seed
        self.every = 2 * scale.refine_every
        self.pool = _candidates(case, seed, scale.wide_pool)
        self.joined = self.pool[:0]

    def due(self, index: int) -> bool:
        return index > 0 and index % self.every == 0

    def advance(self, index: int, score: Score) -> None:
        self.joined = self.pool[:0]
        if self.due(index):
            self._refine(score, generator(self.seed, "refinement", index))

    def _refine(self, score: Score, random: np.random.Generator) -> None:
        size, scale = len(self.pool), self.scale
        sample = self.pool[random.choice(size, min(scale.sample, size), replace=False)]
        self.joined = sample[highest(score(sample), scale.percentile)][: scale.first]
        self.pool = np.concatenate([self.pool, self.joined])
        if len(self.pool) > scale.pool_cap:
            self.pool = self.pool[random.choice(len(self.pool), scale.pool_cap, replace=False)]

    def seek(self, index: int) -> None:
        scale, size = self.scale, self.scale.wide_pool
        for _ in range(max(index - 1, 0) // self.every):
            new = min(high_count(min(scale.sample, size), scale.percentile), scale.first)
            size = min(size + new, scale.pool_cap)
        self.joined = self.pool[:0]
        if len(self.pool) != size:
            self.pool = _candidates(self.case, self.seed, size)


def highest(scores: NDArray[np.floating], percentile: int) -> NDArray[np.intp]:
    """The indices, ascending, of the scores at or above a percentile: `high_count` of them even where scores tie."""
    order = np.argsort(scores, kind="stable")
    return np.sort(order[len(order) - high_count(len(order), percentile) :])


def high_count(count: int, percentile: int) -> int:
    """How many of `count` distinct numbers are at or above a percentile that interpolates between them."""
    below = -(-(count - 1) * percentile // 100)
    return count - below


def jittered(case: Case, points: Points, random: np.random.Generator) -> Points:
    """(n, 2) points moved at random by about 1 % of v and of the time range, and clipped to the domain of `case`."""
    noise = JITTER * random.standard_normal(points.shape)
    v = points[:, 0] * np.exp(noise[:, 0])
    t = points[:, 1] + case.t_end * noise[:, 1]
    return np.stack([np.clip(v, *case.v_range), np.clip(t, 0, case.t_end)], axis=1).astype(np.float32)


def _candidates(case: Case, seed: int, count: int) -> Points:
    return collocation_points(case, seed, "pool", 0, count)
