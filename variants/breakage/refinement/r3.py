"""Retain, resample, release: refinement at every epoch, from residuals that training computes anyway.

Daw, Bu, Wang, Perdikaris and Karpatne, "Mitigating propagation failures in physics-informed neural networks using
retain-resample-release (R3) sampling", ICML 2023, arXiv:2207.02338, algorithm 1. The
paper's causal variant, which puts a gate in time on the residuals, is another.
"""

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.collocation import Points
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Score, candidates
from variants.breakage.scales import Scale


class R3:
    """A population as large as the batch. Points whose residual is above its mean stay; the others are drawn afresh.

    The residuals are those of the last step, from before its update: the paper's are newer by that one update, and
    cost an evaluation more. No epoch costs differently from another, so none is of kind "refine".
    """

    watches = True

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.pool = candidates(case, seed, scale.collocation, clock)
        self._observed = self._retained = self.pool[:0]

    def due(self, index: int) -> bool:
        return False

    def advance(self, index: int, score: Score) -> None:
        # What was observed counts once: an epoch without physics tells nothing about its points, and none is retained.
        self._retained, self._observed = self._observed, self.pool[:0]

    def batch(self, drawn: Points) -> Points:
        self.pool = np.concatenate([drawn[: len(drawn) - len(self._retained)], self._retained])
        return self.pool

    def observe(self, scores: NDArray[np.floating]) -> None:
        self._observed = self.pool[above_mean(scores)]

    def seek(self, index: int) -> None:
        """No size ever changes. Which points training would have retained is unknown, so the next are all drawn."""
        self._observed = self._retained = self.pool[:0]


def above_mean(scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of (n,) scores are above the mean of the finite ones. One that is not finite is not: it says nothing."""
    # In float64, or the mean of equal scores could be rounded to below them, and all would be above it.
    precise = scores.astype(np.float64)
    finite = np.isfinite(precise)
    mean = precise[finite].mean() if finite.any() else 0.0
    return finite & (precise > mean)
