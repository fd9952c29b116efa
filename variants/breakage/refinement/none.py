"""No refinement, the baseline for all refinement methods."""

from variants.breakage.cases import Case
from variants.breakage.collocation import Points
from variants.breakage.recipe import Clock
from variants.breakage.refinement.base import Score, Unwatching, candidates
from variants.breakage.scales import Scale


class Unrefined(Unwatching):
    """Every epoch trains only on the points that were drawn for it."""

    def __init__(self, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> None:
        self.pool = candidates(case, seed, 0, clock)

    def due(self, index: int) -> bool:
        return False

    def advance(self, index: int, score: Score) -> None:
        pass

    def batch(self, drawn: Points) -> Points:
        return drawn

    def seek(self, index: int) -> None:
        pass
