"""How the network sees time, and which times its collocation points take."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.recipe import Clock

PUBLISHED_OFFSET = 1e-8
"""Keeps log(t + offset) finite at t = 0, and makes that time as far from the next ones as the domain is long: nothing
ties the network at t = 0 to the earliest times that are sampled."""


@dataclass(frozen=True)
class Timeline:
    """Time as log(t + offset), scaled to [-1, 1] from the start to the end of the case."""

    case: Case
    clock: Clock

    @property
    def offset(self) -> float:
        return PUBLISHED_OFFSET if self.clock == "log" else 1.0

    def scaled(self, t: Any) -> tf.Tensor:
        """The network's input for times of any shape."""
        low, high = self._range
        return 2 * (tf.math.log(t + self.offset) - low) / (high - low) - 1

    def rate(self, t: Any) -> tf.Tensor:
        """The derivative of `scaled` with respect to t."""
        low, high = self._range
        return 2 / ((high - low) * (t + self.offset))

    def times(self, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times for (n,) numbers, uniform in [0, 1).

        By the published clock t is uniform. Of a case whose delta is gone in a thousandth of its time range, every
        second time is then uniform in log(1 + t) instead: else next to none would see the delta.
        """
        logarithmic = np.expm1(np.log1p(self.case.t_end) * fraction)
        if self.clock == "log1p":
            return np.asarray(logarithmic)
        uniform = self.case.t_end * fraction
        if not self.case.monodisperse:
            return uniform
        return np.where(np.arange(len(fraction)) % 2 == 0, uniform, logarithmic)

    @property
    def _range(self) -> tuple[float, float]:
        return float(np.log(self.offset)), float(np.log(self.case.t_end + self.offset))
