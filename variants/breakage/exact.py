"""The exact solutions: R. M. Ziff and E. D. McGrady, J. Phys. A 18 (1985) 3027."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from variants.breakage.cases import Case

Array = NDArray[np.float64]

PANELS, POINTS = 40, 20
"""Of the Gauss-Legendre rule for moments: panels of ln v, and points of each."""


def number_density(case: Case, v: ArrayLike, t: ArrayLike) -> Array:
    """f(v, t) of `case` without its delta, where volumes and times broadcast against each other.

    Raises KeyError where no solution is known.
    """
    v, t = np.asarray(v, np.float64), np.asarray(t, np.float64)
    solution = _SOLUTIONS[case.initial, case.power](v, t)
    return np.where(v > 1, 0.0, solution) if case.monodisperse else solution


def amplitude(case: Case, t: ArrayLike) -> Array:
    """A(t), the number of particles that are still in the delta at v = 1; 0 where there is none."""
    t = np.asarray(t, np.float64)
    return np.exp(-case.selection(1.0) * t) if case.monodisperse else np.zeros_like(t)


def birth(case: Case, v: ArrayLike, t: ArrayLike) -> Array:
    """The birth term of the exact solution, its delta's share included, for v up to 1 where there is one.

    Each solution is P(v, t) e^{-S(v) t}, so that what death leaves of its time derivative is dP/dt e^{-S(v) t}.
    Volumes and times broadcast against each other. Raises KeyError where no solution is known.
    """
    v, t = np.asarray(v, np.float64), np.asarray(t, np.float64)
    return np.asarray(_BIRTHS[case.initial, case.power](v, t))


def moment(case: Case, order: int, t: ArrayLike) -> Array:
    """The integral of v^order f(v, t) over the domain of `case`, its delta included, at each of the times `t`.

    By a composite Gauss-Legendre rule in ln v; the tests hold it against closed forms. What the domain leaves out is up
    to 10 % of the particles (order 0), and under 0.5 % of the mass (order 1).
    """
    t = np.atleast_1d(np.asarray(t, np.float64))
    x, weight = np.polynomial.legendre.leggauss(POINTS)
    low, high = np.log(case.support)
    edges = np.linspace(low, high, PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    v = np.exp((edges[:-1, None] + half * (x + 1)).ravel())
    integrand = number_density(case, v, t[:, None]) * v ** (order + 1)
    return np.asarray(integrand @ (half * weight).ravel() + amplitude(case, t))


def _linear(v: Array, t: Array) -> Array:
    """S(v) = v, f(v, 0) = e^-v."""
    return (1 + t) ** 2 * np.exp(-v * (1 + t))


def _quadratic(v: Array, t: Array) -> Array:
    """S(v) = v^2, f(v, 0) = e^-v."""
    return (1 + 2 * t * (1 + v)) * np.exp(-t * v**2 - v)


def _linear_fragments(v: Array, t: Array) -> Array:
    """S(v) = v, all particles at v = 1: the density below it."""
    return (2 * t + t**2 * (1 - v)) * np.exp(-t * v)


def _quadratic_fragments(v: Array, t: Array) -> Array:
    """S(v) = v^2, all particles at v = 1: the density below it."""
    return 2 * t * np.exp(-t * v**2)


_SOLUTIONS = {
    ("exponential", 1): _linear,
    ("exponential", 2): _quadratic,
    ("monodisperse", 1): _linear_fragments,
    ("monodisperse", 2): _quadratic_fragments,
}

_BIRTHS = {
    ("exponential", 1): lambda v, t: 2 * (1 + t) * np.exp(-v * (1 + t)),
    ("exponential", 2): lambda v, t: 2 * (1 + v) * np.exp(-t * v**2 - v),
    ("monodisperse", 1): lambda v, t: (2 + 2 * t * (1 - v)) * np.exp(-t * v),
    ("monodisperse", 2): lambda v, t: 2 * np.exp(-t * v**2),
}
