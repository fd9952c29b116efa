"""The exact solutions: R. M. Ziff and E. D. McGrady, J. Phys. A 18 (1985) 3027, for the initial condition e^-v."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from variants.breakage.cases import Case


def number_density(case: Case, v: ArrayLike, t: ArrayLike) -> NDArray[np.float64]:
    """f(v, t) of `case`, where volumes and times broadcast against each other. Raises KeyError if S is not v or v^2."""
    v, t = np.asarray(v, np.float64), np.asarray(t, np.float64)
    return _SOLUTIONS[case.power](v, t)


def _linear(v: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """S(v) = v."""
    return (1 + t) ** 2 * np.exp(-v * (1 + t))


def _quadratic(v: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """S(v) = v^2."""
    return (1 + 2 * t * (1 + v)) * np.exp(-t * v**2 - v)


_SOLUTIONS = {1: _linear, 2: _quadratic}
