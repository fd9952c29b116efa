"""Residual-adaptive refinement (RAR): train more where the residual is large.

Each method has a file of its own. The number of points in a refiner never depends on the values of residuals, so that
a refiner can be put into its state at any epoch without training up to it.
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
    """Return the refiner for a recipe's `refinement`, which draws times according to `clock`.

    Raises KeyError if there is no such refinement.
    """
    return _REFINERS[choice](case, scale, seed, clock)
