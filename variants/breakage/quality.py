"""How far a prediction is from the exact solution. Measured after training, in float64, and never timed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from variants.breakage.cases import Case
from variants.breakage.exact import number_density

NODES = 400
TIMES = 16


def quality(case: Case, predict: Callable[[NDArray[np.float64], NDArray[np.float64]], ArrayLike]) -> dict[str, float]:
    """What `predict`, from (n,) volumes and times to (n,) densities, gets wrong; 0 is perfect.

    - `misplaced_mass` and `misplaced_mass_mean`: the largest and the mean of `misplaced_mass` over `quality_times`;
    - `relative_l2`: the L2 norm of the error of v f over all nodes and times, relative to that of v f. Late times weigh
      more in it, about as (1+t)^2.
    """
    v, t = np.geomspace(*case.v_range, NODES), quality_times(case)
    exact = number_density(case, v, t[:, None])
    predicted = np.asarray(predict(np.tile(v, len(t)), np.repeat(t, len(v))), np.float64).reshape(exact.shape)
    misplaced = misplaced_mass(predicted, exact, v)
    return {
        "misplaced_mass": float(misplaced.max()),
        "misplaced_mass_mean": float(misplaced.mean()),
        "relative_l2": float(np.linalg.norm(v * (predicted - exact)) / np.linalg.norm(v * exact)),
    }


def misplaced_mass(
    predicted: NDArray[np.float64], exact: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From (times, n) densities at (n,) log-spaced volumes, the (times,) fractions of the mass in the wrong place.

    E(t) = 1/2 integral of |predicted - exact| v^2 d ln v, by the trapezoidal rule. The mass is 1, and what is missing
    at one volume is found again at another, hence the half; E exceeds 1 only where mass is made up. Nothing is divided
    by a density near 0.
    """
    return np.asarray(np.trapezoid(np.abs(predicted - exact) * v**2, np.log(v), axis=-1) / 2)


def quality_times(case: Case) -> NDArray[np.float64]:
    """t = 0, and log-spaced times from a thousandth of the time range to its end."""
    return np.concatenate([[0.0], np.geomspace(case.t_end / 1000, case.t_end, TIMES)])
