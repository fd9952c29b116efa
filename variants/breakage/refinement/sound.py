"""A capped RAR without the shortcomings of the one in the notes: its points have the highest residuals, are new, remain
in the batch, and are rated again at each refinement."""

import numpy as np

from variants.breakage.cases import Case
from variants.breakage.collocation import Points, collocation_points
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Regular, Score, candidates, top
from variants.breakage.scales import Scale


class Sound(Regular):
    """A fixed number of slots for the points with the highest residuals found so far.

    From the first refinement on, the slots are the last rows of every batch. All other rows are the points drawn for
    the epoch, so that a part of the batch is always uniform, and the batch never changes its size, which avoids
    retracing.

    Refinements are as frequent as in the original. Each scores the slots together with new candidates, and the highest
    of all scores get the slots. So a point is replaced once the network has learned it and others *now* have higher
    residuals. New points need no further limit, because there cannot be more of them than slots.

    Choosing k points from a new set by their current residuals is the RAR of Lu et al. (2021, SIAM Review 63, section
    2.8), with a bound on the set of added points.
    """

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.case, self.scale, self.seed, self.clock = case, scale, seed, clock
        self.pool = candidates(case, seed, scale.slots, clock)
        self._refined = 0
        """The epoch of the latest refinement. 0 means none, because refinement is never due at epoch 0."""

    def advance(self, index: int, score: Score) -> None:
        if self.due(index):
            fresh = collocation_points(self.case, self.seed, "refinement", index, self.scale.sample, self.clock)
            # The slots come last, because `top` prefers later points among equal residuals, which keeps the slots.
            points = np.concatenate([fresh, self.pool])
            scores = score(points)
            # A residual that is not finite must not occupy a slot permanently.
            self.pool = points[top(np.where(np.isfinite(scores), scores, -np.inf), self.scale.slots)]
            self._refined = index

    def batch(self, drawn: Points) -> Points:
        if self._refined:
            return np.concatenate([drawn[: max(len(drawn) - len(self.pool), 0)], self.pool])
        # Before the first refinement, drawn points fill the slots, so that the batch is the same as in other variants.
        return np.concatenate([drawn, self.pool[len(drawn) :]])

    def seek(self, index: int) -> None:
        every = self.scale.refine_every
        latest = max(index - 1, 0) // every * every
        if latest < self._refined:
            # Otherwise, candidates that are in the slots already would be drawn again on the way forward.
            self.pool = candidates(self.case, self.seed, self.scale.slots, self.clock)
        self._refined = latest
