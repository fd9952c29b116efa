"""Measures how far a prediction is from the exact solution, in float64. Its time is never measured."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from variants.breakage import exact
from variants.breakage.cases import Case

Array = NDArray[np.float64]

NODES = 400
TIMES = 16
REACH = 1e-6
"""`log10_error` ignores densities below this fraction of the largest density at the same time."""
TINY = float(np.finfo(np.float64).tiny)
"""The value that `log10_error` uses for a density that is not positive: 308 orders of magnitude below 1."""


def quality(
    case: Case,
    predict: Callable[[Array, Array], ArrayLike],
    amplitude: Callable[[Array], ArrayLike] | None = None,
) -> dict[str, float]:
    """Return the errors of a prediction at the `quality_nodes` and `quality_times`, by the names in `metrics.MEASURED`.

    `predict` maps (n,) volumes and times to (n,) densities without the delta. `amplitude` maps (k,) times to (k,)
    amplitudes of the delta, and is called only if the case has a delta.

    - `misplaced_mass` and `misplaced_mass_mean`: the maximum and the mean over the times of `misplaced_mass`, including
      half the error of the delta's mass;
    - `relative_l2_at_T` and so on: the L2 norm over the nodes of the error of v f, relative to that of v f, at one
      time. All times together would give late times (1+t)^2 times the weight of early ones;
    - `number_error` and `mass_error`: the maximum relative error, over the times, of the number and the mass of the
      particles in the domain;
    - `log10_error`: the mean of |log10| of the ratio of predicted to exact density, over all nodes and times where the
      exact density is above 1e-6 of its maximum at that time. It includes the tails, which hardly affect the others.

    A perfect prediction gives 0 for all metrics. A metric that depends on a prediction that is not finite is inf.
    Raises ValueError if the case has a delta and `amplitude` is missing.
    """
    if case.monodisperse and amplitude is None:
        raise ValueError(f"The density of {case.name} has a delta, so `amplitude` is required.")
    v, t = quality_nodes(case), quality_times(case)
    density = exact.number_density(case, v, t[:, None])
    predicted = _replace_nonfinite(predict(np.tile(v, len(t)), np.repeat(t, len(v)))).reshape(density.shape)
    delta_excess = (
        _replace_nonfinite(amplitude(t)) - exact.amplitude(case, t) if case.monodisperse and amplitude else 0.0
    )
    # A prediction may contain numbers that are too large to square. The metric is then inf.
    with np.errstate(over="ignore", invalid="ignore"):
        misplaced = misplaced_mass(predicted, density, v) + np.abs(delta_excess) / 2
        measured = {"misplaced_mass": misplaced.max(), "misplaced_mass_mean": misplaced.mean()}
        for name, index in (("T/1000", 1), ("T/100", 6), ("T/10", 11), ("T", 16)):
            error, size = (np.linalg.norm(v * f[index]) for f in (predicted - density, density))
            measured[f"relative_l2_at_{name}"] = error / size
        for name, order in (("number_error", 0), ("mass_error", 1)):
            excess = np.trapezoid((predicted - density) * v ** (order + 1), np.log(v), axis=-1) + delta_excess
            measured[name] = np.max(np.abs(excess) / exact.moment(case, order, t))
        measured["log10_error"] = _measure_log10_error(predicted, density)
    return {name: float(value) if np.isfinite(value) else math.inf for name, value in measured.items()}


def misplaced_mass(predicted: Array, density: Array, v: Array) -> Array:
    """Return the (times,) fractions of mass in the wrong place, for (times, n) densities at (n,) log-spaced volumes.

    E(t) = 1/2 integral of |predicted - density| v^2 d ln v, by the trapezoidal rule. The mass is 1. The factor 1/2 is
    there because mass that is missing at one volume is in excess at another. E exceeds 1 only if the prediction has too
    much mass. There is no division by a density near 0.
    """
    return np.asarray(np.trapezoid(np.abs(predicted - density) * v**2, np.log(v), axis=-1) / 2)


def quality_nodes(case: Case) -> Array:
    """Return (400,) log-spaced volumes over the density's support."""
    return np.geomspace(*case.support, NODES)


def quality_times(case: Case) -> Array:
    """Return (17,) times: 0, and log-spaced times from a thousandth of the time range T to its end."""
    return np.concatenate([[0.0], np.geomspace(case.t_end / 1000, case.t_end, TIMES)])


def _measure_log10_error(predicted: Array, density: Array) -> float:
    """Return `log10_error` from (times, n) densities.

    While all mass is still in a delta, no node counts, because all densities are 0.
    """
    counts = density > REACH * density.max(axis=1, keepdims=True)
    error = np.log10(np.maximum(predicted[counts], TINY)) - np.log10(density[counts])
    return float(np.mean(np.abs(error)))


def _replace_nonfinite(values: ArrayLike) -> Array:
    """Return the values in float64, with NaN for those that are not finite, so that no sum of them is finite."""
    array = np.asarray(values, np.float64)
    return np.where(np.isfinite(array), array, np.nan)
