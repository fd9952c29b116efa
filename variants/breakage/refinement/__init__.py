"""Residual-adaptive refinement (RAR): train more where the residual is large.

One way of it a file. How many points one holds never depends on what the residuals are, so that a refiner can be put
where training would have it at any epoch, without training up to there.
"""

from collections.abc import Callable

from variants.breakage.cases import Case
from variants.breakage.recipe import Clock, Refinement
from variants.breakage.refinement.base import Refiner, Score
from variants.breakage.refinement.capped import Capped
from variants.breakage.refinement.none import Unrefined
from variants.breakage.refinement.r3 import R3
from variants.breakage.refinement.sound import Sound
from variants.breakage.refinement.unbounded import Unbounded
from variants.breakage.scales import Scale

__all__ = ["Refiner", "Score", "refiner"]

_REFINERS: dict[Refinement, Callable[[Case, Scale, int, Clock], Refiner]] = {
    "none": Unrefined,
    "unbounded": Unbounded,
    "capped": Capped,
    "sound": Sound,
    "r3": R3,
}


def refiner(choice: Refinement, case: Case, scale: Scale, seed: int, clock: Clock = "log") -> Refiner:
    """The refiner of a recipe's `refinement`, which draws times as its `clock` does. KeyError: no such choice."""
    return _REFINERS[choice](case, scale, seed, clock)
