"""The fix for growing RAR that the notes recommend, exactly as they describe it."""

import numpy as np

from variants.breakage.cases import Case
from variants.breakage.collocation import Points
from variants.breakage.randomness import generator
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Score, Unwatching, candidates, high_count, highest
from variants.breakage.scales import Scale


class Capped(Unwatching):
    """Refines half as often, with the high points of a sample, of which it takes the first ones up to a limit.

    The points are copies of pool points. They join the pool, which is then cut to its cap at random. They join the
    batch of that one epoch only, because the published loop creates a new batch in the next epoch.
    """

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.case, self.scale, self.seed, self.clock = case, scale, seed, clock
        self.every = 2 * scale.refine_every
        self.pool = candidates(case, seed, scale.wide_pool, clock)
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

    def batch(self, drawn: Points) -> Points:
        return np.concatenate([drawn, self.joined])

    def seek(self, index: int) -> None:
        scale, size = self.scale, self.scale.wide_pool
        for _ in range(max(index - 1, 0) // self.every):
            new = min(high_count(min(scale.sample, size), scale.percentile), scale.first)
            size = min(size + new, scale.pool_cap)
        self.joined = self.pool[:0]
        if len(self.pool) != size:
            self.pool = candidates(self.case, self.seed, size, self.clock)
