"""How far a prediction is from the exact solution. Measured after training, in float64, and never timed."""

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
"""`log10_error` looks no lower than this part of the largest density at the time."""
TINY = float(np.finfo(np.float64).tiny)
"""What `log10_error` takes a density for that is not positive: 308 orders of magnitude below 1."""


def quality(
    case: Case,
    predict: Callable[[Array, Array], ArrayLike],
    amplitude: Callable[[Array], ArrayLike] | None = None,
) -> dict[str, float]:
    """What a prediction gets wrong at the `quality_nodes` and `quality_times`, by the names in `metrics.MEASURED`.

    `predict` maps (n,) volumes and times to (n,) densities, without the delta; `amplitude` maps (k,) times to (k,)
    amplitudes of the delta, and is asked only where the case has one.

    - `misplaced_mass` and `misplaced_mass_mean`: the largest and the mean over the times of `misplaced_mass`, half the
      error of the delta's mass included;
    - `relative_l2_at_T` and so on: the L2 norm over the nodes of the error of v f, relative to that of v f, at one
      time. Not over all times at once, because late ones would count (1+t)^2 times as much as early ones;
    - `number_error` and `mass_error`: the largest relative error, over the times, of the number and the mass of the
      particles on the domain;
    - `log10_error`: the mean of |log10| of predicted to exact density, over all nodes and times where the exact one is
      above 1e-6 of its maximum at that time. The tails, which the others hardly see, count here.

    A perfect prediction has 0 everywhere. Where a prediction that is not finite enters a figure, the figure is inf.
    Raises ValueError if the case has a delta and `amplitude` is missing.
    """
    if case.monodisperse and amplitude is None:
        raise ValueError(f"Part of the density of {case.name} is a delta: its quality needs the delta's amplitude too.")
    v, t = quality_nodes(case), quality_times(case)
    density = exact.number_density(case, v, t[:, None])
    predicted = _or_nan(predict(np.tile(v, len(t)), np.repeat(t, len(v)))).reshape(density.shape)
    delta_excess = _or_nan(amplitude(t)) - exact.amplitude(case, t) if case.monodisperse and amplitude else 0.0
    # Numbers too large to square are a prediction's to make: they end as inf.
    with np.errstate(over="ignore", invalid="ignore"):
        misplaced = misplaced_mass(predicted, density, v) + np.abs(delta_excess) / 2
        measured = {"misplaced_mass": misplaced.max(), "misplaced_mass_mean": misplaced.mean()}
        for name, index in (("T/1000", 1), ("T/100", 6), ("T/10", 11), ("T", 16)):
            error, size = (np.linalg.norm(v * f[index]) for f in (predicted - density, density))
            measured[f"relative_l2_at_{name}"] = error / size
        for name, order in (("number_error", 0), ("mass_error", 1)):
            excess = np.trapezoid((predicted - density) * v ** (order + 1), np.log(v), axis=-1) + delta_excess
            measured[name] = np.max(np.abs(excess) / exact.moment(case, order, t))
        measured["log10_error"] = _log10_error(predicted, density)
    return {name: float(value) if np.isfinite(value) else math.inf for name, value in measured.items()}


def misplaced_mass(predicted: Array, density: Array, v: Array) -> Array:
    """From (times, n) densities at (n,) log-spaced volumes, the (times,) fractions of the mass in the wrong place.

    E(t) = 1/2 integral of |predicted - density| v^2 d ln v, by the trapezoidal rule. The mass is 1, and what is missing
    at one volume is found again at another, hence the half; E exceeds 1 only where mass is made up. Nothing is divided
    by a density near 0.
    """
    return np.asarray(np.trapezoid(np.abs(predicted - density) * v**2, np.log(v), axis=-1) / 2)


def quality_nodes(case: Case) -> Array:
    """(400,) log-spaced volumes over the density's support."""
    return np.geomspace(*case.support, NODES)


def quality_times(case: Case) -> Array:
    """(17,) times: 0, and log-spaced ones from a thousandth of the time range T to its end."""
    return np.concatenate([[0.0], np.geomspace(case.t_end / 1000, case.t_end, TIMES)])


def _log10_error(predicted: Array, density: Array) -> float:
    """Of (times, n) densities. Where all of the mass is still in a delta no node counts, since none has any density."""
    counts = density > REACH * density.max(axis=1, keepdims=True)
    error = np.log10(np.maximum(predicted[counts], TINY)) - np.log10(density[counts])
    return float(np.mean(np.abs(error)))


def _or_nan(values: ArrayLike) -> Array:
    """The values in float64, with NaN for whatever is not finite: a sum of them is then never a number by luck."""
    array = np.asarray(values, np.float64)
    return np.where(np.isfinite(array), array, np.nan)
