"""The classical yardstick, without a network: the fixed-pivot method of S. Kumar and D. Ramkrishna, Chem. Eng. Sci. 51
(1996) 1311, for uniform binary breakage.

All particles sit at n pivots x_0 < x_1 < ..., N_i of them at x_i. A fragment that falls between two pivots is shared
between them so that both its number and its volume are kept: pivot i takes the share that a hat function has there,
which is 1 at x_i and falls linearly to 0 at the pivots beside it. What breaks at x_k therefore yields at x_i < x_k

    integral of hat_i(v) 2 / x_k dv = (x_{i+1} - x_{i-1}) / x_k,   and (x_k - x_{k-1}) / x_k at x_k itself.

Below x_0 there is no pivot but 0, at which a fragment has no volume: x_0 keeps the volume of all that falls below it,
and loses some of the number. Volume is kept exactly, and the error is of order 2 in the distance of the pivots.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from variants.breakage import exact
from variants.breakage.cases import Case
from variants.breakage.exponential import evolve
from variants.breakage.metrics import MEASURED
from variants.breakage.quality import quality, quality_times

Array = NDArray[np.float64]

TOP = 30.0
"""The last pivot where f(v, 0) = e^-v: 3e-12 of the mass is above it, so that breakage from outside is no error."""
FLOOR = 1e-300
"""What a density is raised to before its logarithm is taken."""


class FixedPivot:
    """A `harness.Trainer` that solves the equation anew in each epoch, with twice the bins of the epoch before."""

    def __init__(self, case: Case, first: int = 20, epochs: int = 5) -> None:
        self.case = case
        self.first = first
        """The bins of epoch 0."""
        self.epochs = epochs
        self.solution: Solution | None = None

    def kind(self, index: int) -> str:
        """Each its own, as each costs several times the one before."""
        return f"{self.bins(index)} bins"

    def bins(self, index: int) -> int:
        """How many pivots epoch `index` solves for."""
        return self.first << index

    def epoch(self, index: int) -> dict[str, float]:
        """Solve for all `quality_times`."""
        self.solution = solve(self.case, self.bins(index), quality_times(self.case))
        return self.state()

    def evaluate(self) -> dict[str, float]:
        """The distance from the exact solution, by the names in `metrics.MEASURED`; inf before the first epoch."""
        if self.solution is None:
            return dict.fromkeys(MEASURED, math.inf)
        return quality(self.case, self.solution.density, self.solution.amplitude)

    def state(self) -> dict[str, float]:
        """The bins of the epoch last run, 0 before the first."""
        return {"bins": float(len(self.solution.pivots)) if self.solution else 0.0}


@dataclass(frozen=True)
class Solution:
    """The particles at n pivots and k times."""

    times: Array
    """(k,)."""
    pivots: Array
    """(n,) volumes."""
    counts: Array
    """(k, n) particles at the pivots, those of a delta at v = 1 apart."""
    deltas: Array
    """(k,) particles that are still in that delta; 0 where there is none."""

    @property
    def mass(self) -> Array:
        """(k,) volumes of all particles."""
        return np.asarray(self.counts @ self.pivots + self.deltas)

    def density(self, v: Array, t: Array) -> Array:
        """(n,) densities at (n,) volumes from the first pivot on and times, each one of `times`; without the delta.

        N_i over the integral of hat_i is f at x_i to order 2; at the first and the last pivot, whose hats are lopsided,
        only to order 1. There log f is extrapolated from the next three pivots, by a parabola in ln v. Between pivots
        log f is interpolated in ln v by monotone cubics; above the last, f is 0.

        Raises ValueError for a time that is none of `times`.
        """
        missing = np.setdiff1d(t, self.times)
        if missing.size:
            raise ValueError(f"The equation was not solved for t = {missing[0]:g}.")
        log_f = np.log(np.maximum(self.counts / hat_integrals(self.pivots), FLOOR))
        log_f[:, 0] = 3 * log_f[:, 1] - 3 * log_f[:, 2] + log_f[:, 3]
        log_f[:, -1] = 3 * log_f[:, -2] - 3 * log_f[:, -3] + log_f[:, -4]
        f = np.zeros_like(v)
        for time, at_pivots in zip(self.times, log_f, strict=True):
            here = (t == time) & (v <= self.pivots[-1])
            f[here] = np.exp(PchipInterpolator(np.log(self.pivots), at_pivots)(np.log(v[here])))
        return f

    def amplitude(self, t: Array) -> Array:
        """(n,) amplitudes of the delta at times that are some of `times`."""
        return self.deltas[np.searchsorted(self.times, t)]


def solve(case: Case, bins: int, times: Array) -> Solution:
    """The equation solved with at least 4 bins at (k,) times, ascending and not all 0, by `evolve`.

    The delta of a case that has one breaks at the rate S(1) by itself, and its fragments, uniform from 0 to 1, are
    shared among the pivots like all others: A(t) is one more unknown.
    """
    low, high = case.support
    pivots = np.geomspace(low, high if case.monodisperse else TOP, bins)
    system = np.zeros((bins + 1, bins + 1))
    system[:bins, :bins] = breakage_matrix(case, pivots)
    if case.monodisperse:
        system[:bins, bins] = 2 * case.selection(1.0) * hat_integrals(pivots)
        system[bins, bins] = -case.selection(1.0)
    counts = np.zeros(bins) if case.monodisperse else _exponential(pivots)
    states = evolve(system, np.append(counts, exact.amplitude(case, 0.0)), times)
    return Solution(times, pivots, counts=states[:, :bins], deltas=states[:, bins])


def breakage_matrix(case: Case, pivots: Array) -> Array:
    """(n, n): times the particles at (n,) pivots it is the rate at which their numbers change."""
    fragments = np.triu(2 * hat_integrals(pivots)[:, None] / pivots, k=1)
    np.fill_diagonal(fragments, np.diff(pivots, prepend=0.0) / pivots)
    return np.asarray((fragments - np.eye(len(pivots))) * case.selection(pivots))


def hat_integrals(pivots: Array) -> Array:
    """(n,) integrals of the hat functions of (n,) pivots. The first rises from 0, the last does not fall."""
    above = np.append(pivots[1:], pivots[-1])
    below = np.append(0.0, pivots[:-1])
    return np.asarray((above - below) / 2)


def _exponential(pivots: Array) -> Array:
    """(n,) integrals of e^-v times each hat function.

    e^-v is its own second antiderivative, so that each is a second difference of it. What is above the last pivot is
    put there.
    """
    slopes = np.diff(np.exp(-np.append(0.0, pivots))) / np.diff(pivots, prepend=0.0)
    return np.diff(slopes, append=0.0)
