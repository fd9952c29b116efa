"""The original RAR, whose pool and batch grow permanently."""

import numpy as np

from variants.breakage.cases import Case
from variants.breakage.collocation import Points
from variants.breakage.randomness import generator
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Regular, Score, candidates, high_count, highest, jittered
from variants.breakage.scales import Scale


class Unbounded(Regular):
    """Adds a jittered copy of every high point in the whole pool to pool and batch permanently.

    Each addition changes the shapes of pool and batch, for which TensorFlow traces again.
    """

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.case, self.scale, self.seed, self.clock = case, scale, seed, clock
        self.pool = candidates(case, seed, scale.pool, clock)

    @property
    def joined(self) -> Points:
        """The (k, 2) points that are added to every batch."""
        return self.pool[self.scale.pool :]

    def advance(self, index: int, score: Score) -> None:
        if self.due(index):
            high = self.pool[highest(score(self.pool), self.scale.percentile)]
            new = jittered(self.case, high, generator(self.seed, "refinement", index))
            self.pool = np.concatenate([self.pool, new])

    def batch(self, drawn: Points) -> Points:
        return np.concatenate([drawn, self.joined])

    def seek(self, index: int) -> None:
        size = self.scale.pool
        for _ in range(max(index - 1, 0) // self.scale.refine_every):
            size += high_count(size, self.scale.percentile)
        known = self.pool[:size]
        unknown = candidates(self.case, self.seed, size, self.clock)[len(known) :]
        self.pool = np.concatenate([known, unknown])
