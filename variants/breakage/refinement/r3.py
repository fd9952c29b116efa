"""Retain, resample, release: refinement at every epoch, from residuals that training computes anyway.

Daw, Bu, Wang, Perdikaris and Karpatne, "Mitigating propagation failures in physics-informed neural networks using
retain-resample-release (R3) sampling", ICML 2023, arXiv:2207.02338, algorithm 1. The causal variant in that paper,
which gates the residuals in time, is not implemented.
"""

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.collocation import Points
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Score, candidates
from variants.breakage.scales import Scale


class R3:
    """A population as large as the batch. Points with residuals above their mean stay; the others are drawn again.

    The residuals are those that the last step computed before its update. Those in the paper are newer by one update,
    which costs another evaluation. All epochs cost the same, so none is of the kind "refine".
    """

    watches = True

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.pool = candidates(case, seed, scale.collocation, clock)
        self._observed = self._retained = self.pool[:0]

    def due(self, index: int) -> bool:
        return False

    def advance(self, index: int, score: Score) -> None:
        # Observations are used once, so that no points are retained after an epoch that computed no residuals.
        self._retained, self._observed = self._observed, self.pool[:0]

    def batch(self, drawn: Points) -> Points:
        self.pool = np.concatenate([drawn[: len(drawn) - len(self._retained)], self._retained])
        return self.pool

    def observe(self, scores: NDArray[np.floating]) -> None:
        self._observed = self.pool[above_mean(scores)]

    def seek(self, index: int) -> None:
        """Forget all points. Sizes never change, and the points that training would have retained are unknown."""
        self._observed = self._retained = self.pool[:0]


def above_mean(scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which of (n,) scores are finite and above the mean of the finite scores."""
    # In float64, because otherwise the mean of equal scores could be rounded down, and all scores would be above it.
    precise = scores.astype(np.float64)
    finite = np.isfinite(precise)
    mean = precise[finite].mean() if finite.any() else 0.0
    return finite & (precise > mean)
