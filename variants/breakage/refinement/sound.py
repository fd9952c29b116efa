"""A capped RAR with what the notes' one lacks: its points are the highest, are fresh, stay, and stay current."""

import numpy as np

from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Regular, Score, candidates, top
from variants.breakage.scales import Scale


class Sound(Regular):
    """A fixed number of slots, which hold the highest residuals found so far.

    The slots are the last rows of every batch from the first refinement on. All other rows are the points drawn for
    the epoch, so there is always a uniform floor, and the batch never changes its size: nothing is traced anew.

    As often as the original, a refinement scores the slots together with fresh candidates, and the slots go to the
    highest of them all. So a point is evicted once the network has learned it and others are higher *now*. No further
    limit is put on arrivals: there cannot be more than slots.

    To choose k points in all from a fresh set and by current residual is the RAR of Lu et al. (2021, SIAM Review 63,
    section 2.8) with the set of added points bounded.
    """

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.case, self.scale, self.seed, self.clock = case, scale, seed, clock
        self.pool = candidates(case, seed, scale.slots, clock)
        self._refined = 0
        """The epoch of the latest refinement; 0 if there was none, as none is ever due at epoch 0."""

    def advance(self, index: int, score: Score) -> None:
        if self.due(index):
            fresh = collocation_points(self.case, self.seed, "refinement", index, self.scale.sample, self.clock)
            # Slots last: where residuals tie, `top` keeps what is there.
            points = np.concatenate([fresh, self.pool])
            scores = score(points)
            # A residual that is not a number says nothing, and must not hold a slot for good.
            self.pool = points[top(np.where(np.isfinite(scores), scores, -np.inf), self.scale.slots)]
            self._refined = index

    def batch(self, drawn: Points) -> Points:
        if self._refined:
            return np.concatenate([drawn[: max(len(drawn) - len(self.pool), 0)], self.pool])
        # Nothing high is known yet, so drawn points take the slots: until then it trains on what other variants do.
        return np.concatenate([drawn, self.pool[len(drawn) :]])

    def seek(self, index: int) -> None:
        every = self.scale.refine_every
        latest = max(index - 1, 0) // every * every
        if latest < self._refined:
            # Candidates that are in the slots already would be drawn once more on the way forward.
            self.pool = candidates(self.case, self.seed, self.scale.slots, self.clock)
        self._refined = latest
