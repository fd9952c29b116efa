"""The exact solutions of R. M. Ziff and E. D. McGrady, J. Phys. A 18 (1985) 3027."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from variants.breakage.cases import Case

Array = NDArray[np.float64]

PANELS, POINTS = 40, 20
"""The numbers of panels in ln v and of points per panel in the Gauss-Legendre rule for moments."""


def number_density(case: Case, v: ArrayLike, t: ArrayLike) -> Array:
    """Return f(v, t) of `case` without its delta. Volumes and times broadcast against each other.

    Raises KeyError if no solution is known.
    """
    v, t = np.asarray(v, np.float64), np.asarray(t, np.float64)
    solution = _SOLUTIONS[case.initial, case.power](v, t)
    return np.where(v > 1, 0.0, solution) if case.monodisperse else solution


def amplitude(case: Case, t: ArrayLike) -> Array:
    """Return A(t), the number of particles that are still in the delta at v = 1, or 0 for a case without a delta."""
    t = np.asarray(t, np.float64)
    return np.exp(-case.selection(1.0) * t) if case.monodisperse else np.zeros_like(t)


def birth(case: Case, v: ArrayLike, t: ArrayLike) -> Array:
    """Return the birth term of the exact solution, with the delta's contribution; for v up to 1 if there is a delta.

    Each solution is P(v, t) e^{-S(v) t}. So its time derivative plus the death term, which is the birth term, is
    dP/dt e^{-S(v) t}. Volumes and times broadcast against each other. Raises KeyError if no solution is known.
    """
    v, t = np.asarray(v, np.float64), np.asarray(t, np.float64)
    return np.asarray(_BIRTHS[case.initial, case.power](v, t))


def moment(case: Case, order: int, t: ArrayLike) -> Array:
    """Return the integral of v^order f(v, t) over the domain of `case`, including its delta, at each of the times `t`.

    It uses a composite Gauss-Legendre rule in ln v, which the tests compare with closed forms. Up to 10 % of the
    particles (order 0) and less than 0.5 % of the mass (order 1) are outside of the domain.
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
    """Return the solution for S(v) = v, f(v, 0) = e^-v."""
    return (1 + t) ** 2 * np.exp(-v * (1 + t))


def _quadratic(v: Array, t: Array) -> Array:
    """Return the solution for S(v) = v^2, f(v, 0) = e^-v."""
    return (1 + 2 * t * (1 + v)) * np.exp(-t * v**2 - v)


def _linear_fragments(v: Array, t: Array) -> Array:
    """Return the density below v = 1 for S(v) = v, with all particles starting at v = 1."""
    return (2 * t + t**2 * (1 - v)) * np.exp(-t * v)


def _quadratic_fragments(v: Array, t: Array) -> Array:
    """Return the density below v = 1 for S(v) = v^2, with all particles starting at v = 1."""
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
