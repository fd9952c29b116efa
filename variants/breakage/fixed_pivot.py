"""A classical method without a network as the reference: the fixed-pivot method of S. Kumar and D. Ramkrishna, Chem.
Eng. Sci. 51 (1996) 1311, for uniform binary breakage.

All particles are at n pivots x_0 < x_1 < ..., N_i of them at x_i. A fragment between two pivots is divided between them
so that its number and its volume are conserved: the share of pivot i is the value of a hat function, which is 1 at x_i
and falls linearly to 0 at the adjacent pivots. So a particle that breaks at x_k yields at x_i < x_k

    integral of hat_i(v) 2 / x_k dv = (x_{i+1} - x_{i-1}) / x_k,   and (x_k - x_{k-1}) / x_k at x_k itself.

The only pivot below x_0 is 0, at which a fragment has no volume. So x_0 receives the volume of all fragments below it,
but not their full number. Volume is conserved exactly, and the error is of order 2 in the distance of the pivots.
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
"""The last pivot if f(v, 0) = e^-v. The mass above it, whose breakage is neglected, is only 3e-12."""
FLOOR = 1e-300
"""Lower bound for densities whose logarithm is taken."""


class FixedPivot:
    """A `harness.Trainer` that solves the equation again in each epoch, with twice the bins of the epoch before."""

    def __init__(self, case: Case, first: int = 20, epochs: int = 5) -> None:
        self.case = case
        self.first = first
        """The number of bins in epoch 0."""
        self.epochs = epochs
        self.solution: Solution | None = None

    def kind(self, index: int) -> str:
        """Return a separate kind for each epoch, because each costs several times as much as the one before."""
        return f"{self.bins(index)} bins"

    def bins(self, index: int) -> int:
        """Return the number of pivots in epoch `index`."""
        return self.first << index

    def epoch(self, index: int) -> dict[str, float]:
        """Solve the equation for all `quality_times`."""
        self.solution = solve(self.case, self.bins(index), quality_times(self.case))
        return self.state()

    def evaluate(self) -> dict[str, float]:
        """Return the errors of the solution by the names in `metrics.MEASURED`; inf before the first epoch."""
        if self.solution is None:
            return dict.fromkeys(MEASURED, math.inf)
        return quality(self.case, self.solution.density, self.solution.amplitude)

    def state(self) -> dict[str, float]:
        """Return the number of bins in the latest epoch, or 0 before the first one."""
        return {"bins": float(len(self.solution.pivots)) if self.solution else 0.0}


@dataclass(frozen=True)
class Solution:
    """The solution at n pivots and k times."""

    times: Array
    """The (k,) times."""
    pivots: Array
    """The (n,) volumes of the pivots."""
    counts: Array
    """The (k, n) numbers of particles at the pivots, without those in a delta at v = 1."""
    deltas: Array
    """The (k,) numbers of particles that are still in that delta, or 0 without a delta."""

    @property
    def mass(self) -> Array:
        """The (k,) total volumes of all particles."""
        return np.asarray(self.counts @ self.pivots + self.deltas)

    def density(self, v: Array, t: Array) -> Array:
        """Return the (n,) densities without the delta, at (n,) volumes from the first pivot on and (n,) times.

        N_i over the integral of hat_i approximates f at x_i to order 2. At the first and the last pivot, whose hats are
        asymmetric, the order is only 1, so log f is extrapolated there from the next three pivots by a parabola in
        ln v. Between pivots, log f is interpolated in ln v by monotone cubics. Above the last pivot, f is 0.

        Raises ValueError for a time that is not in `times`.
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
        """Return the (n,) amplitudes of the delta at (n,) times, which must be in `times`."""
        return self.deltas[np.searchsorted(self.times, t)]


def solve(case: Case, bins: int, times: Array) -> Solution:
    """Solve the equation with at least 4 bins at (k,) times, which are in ascending order and not all 0, with `evolve`.

    A delta is one more unknown, A(t). It breaks at the rate S(1), and its fragments, which are uniform from 0 to 1, are
    divided among the pivots like all others.
    """
    low, high = case.support
    pivots = np.geomspace(low, high if case.monodisperse else TOP, bins)
    system = np.zeros((bins + 1, bins + 1))
    system[:bins, :bins] = breakage_matrix(case, pivots)
    if case.monodisperse:
        system[:bins, bins] = 2 * case.selection(1.0) * hat_integrals(pivots)
        system[bins, bins] = -case.selection(1.0)
    counts = np.zeros(bins) if case.monodisperse else _integrate_exponential(pivots)
    states = evolve(system, np.append(counts, exact.amplitude(case, 0.0)), times)
    return Solution(times, pivots, counts=states[:, :bins], deltas=states[:, bins])


def breakage_matrix(case: Case, pivots: Array) -> Array:
    """Return the (n, n) matrix that, times the numbers of particles at (n,) pivots, gives their rates of change."""
    fragments = np.triu(2 * hat_integrals(pivots)[:, None] / pivots, k=1)
    np.fill_diagonal(fragments, np.diff(pivots, prepend=0.0) / pivots)
    return np.asarray((fragments - np.eye(len(pivots))) * case.selection(pivots))


def hat_integrals(pivots: Array) -> Array:
    """Return the (n,) integrals of the hat functions of (n,) pivots.

    The first hat rises from 0, and the last one has no falling side.
    """
    above = np.append(pivots[1:], pivots[-1])
    below = np.append(0.0, pivots[:-1])
    return np.asarray((above - below) / 2)


def _integrate_exponential(pivots: Array) -> Array:
    """Return the (n,) integrals of e^-v times each hat function.

    e^-v is its own second antiderivative, so each integral is a second difference of it. Particles above the last pivot
    are assigned to it.
    """
    slopes = np.diff(np.exp(-np.append(0.0, pivots))) / np.diff(pivots, prepend=0.0)
    return np.diff(slopes, append=0.0)
