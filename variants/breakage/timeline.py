"""The time input of the network, and the sampling of times for collocation points."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.recipe import Clock

PUBLISHED_OFFSET = 1e-8
"""Keeps log(t + offset) finite at t = 0. It also makes the distance from t = 0 to the earliest sampled times as large
as the domain, so that the network's values there are independent of each other."""


@dataclass(frozen=True)
class Timeline:
    """Time as log(t + offset), scaled to [-1, 1] over the time range of the case."""

    case: Case
    clock: Clock

    @property
    def offset(self) -> float:
        return PUBLISHED_OFFSET if self.clock == "log" else 1.0

    def scaled(self, t: Any) -> tf.Tensor:
        """Return the network's input for times of any shape."""
        low, high = self._range
        return 2 * (tf.math.log(t + self.offset) - low) / (high - low) - 1

    def rate(self, t: Any) -> tf.Tensor:
        """Return the derivative of `scaled` with respect to t."""
        low, high = self._range
        return 2 / ((high - low) * (t + self.offset))

    def times(self, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n,) times for (n,) numbers that are uniform in [0, 1).

        With the published clock, t is uniform. But in a case with a delta, which vanishes within a thousandth of the
        time range, every second time is uniform in log(1 + t), because hardly any time would see the delta otherwise.
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
