"""The errors that a quadrature rule on its nodes causes even if the network is perfect.

They are computed in float64, with the same birth term as in the training and without a network. There are two floors,
one for each quantity that a training can reduce:

- the residual of the exact solution, which is due to the error of the rule in the birth term;
- the distance from the exact solution of the density for which that residual is 0. With f at the nodes as unknowns and
  the rule as a matrix, the equation is a linear system of ordinary differential equations, whose solution is a matrix
  exponential.

If the nodes move from epoch to epoch, these are the floors for fixed nodes. A training sees many grids, and its errors
may be below these floors.

Both floors include the part of the integral above the last node, which the rule omits. With a rule of high order, that
can be most of the error.
"""

import math
from functools import cache

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage import exact
from variants.breakage.birth import birth_from_delta, integrand, log_spaced_nodes
from variants.breakage.cases import Case
from variants.breakage.exponential import evolve
from variants.breakage.metrics import FLOORS
from variants.breakage.quadrature import RULES, Rule
from variants.breakage.quality import misplaced_mass, quality_nodes, quality_times

Array = NDArray[np.float64]

POINTS = 4000


def floors(case: Case, rule: str, nodes: int) -> dict[str, float]:
    """Return the floors of one of `quadrature.RULES` on `nodes` log-spaced nodes, by the names in `metrics.FLOORS`.

    `floor_residual` is `exact_residual`. `floor_misplaced_mass` is the maximum misplaced mass of
    `semi_discrete_density` over the times of `quality`; it is inf if that density grows without bound, as it does on
    very few nodes. This takes about a second for hundreds of nodes, but only once in a process. Raises KeyError if
    there is no such rule.
    """
    return dict(zip(FLOORS, _compute_floors(case, rule, nodes), strict=True))


@cache
def _compute_floors(case: Case, name: str, count: int) -> tuple[float, float]:
    rule = RULES[name]
    nodes, v, t = log_spaced_nodes(case, count), quality_nodes(case), quality_times(case)
    density = exact.number_density(case, v, t[:, None])
    with np.errstate(over="ignore", invalid="ignore"):
        misplaced = misplaced_mass(semi_discrete_density(case, rule, nodes, v, t), density, v).max()
    return exact_residual(case, rule, nodes), float(misplaced) if np.isfinite(misplaced) else math.inf


def exact_residual(case: Case, rule: Rule, nodes: Array) -> float:
    """Return the root mean square of the residual of the exact solution, over points with log-uniform v on the support.

    If the particles start as e^-v, t is uniform. If they all start at v = 1, t is log-uniform in 1 + t and the residual
    is divided by 1 + t, because the delta vanishes in a thousandth of the time and late rates grow in proportion to t.
    """
    low, high = case.support
    fraction = _spread_evenly(POINTS)
    v = low * (high / low) ** fraction[:, 0]
    t, scale = case.t_end * fraction[:, 1], np.ones(POINTS)
    if case.monodisperse:
        scale = (1 + case.t_end) ** fraction[:, 1]
        t = scale - 1
    f = exact.number_density(case, nodes, t[:, None])
    summed = rule.at(integrand(case, tf.constant(nodes), tf.constant(f)), tf.constant(nodes), tf.constant(v)).numpy()
    # The death term is exact on both sides and cancels, so the residual is the error of the birth term.
    error = exact.birth(case, v, t) - summed - birth_from_delta(case, exact.amplitude(case, t))
    return float(np.sqrt(np.mean((error / scale) ** 2)))


def semi_discrete_density(case: Case, rule: Rule, nodes: Array, v: Array, times: Array) -> Array:
    """Return the (k, n) densities at (n,) volumes and (k,) times, by solving the equation on (m,) nodes with `rule`.

        df/dt = B f - S f + 2 S(1) A,   dA/dt = -S(1) A

    B is the rule's matrix, and A is one more unknown. Between nodes, f follows from the densities at the nodes by the
    same equation, with the rule's own value of the integral from there, so nothing is interpolated. The times must not
    all be 0.
    """
    places = np.concatenate([nodes, v])
    count, last = len(nodes), len(places)
    system = np.zeros((last + 1, last + 1))
    system[:last, :count] = birth_matrix(case, rule, nodes, places)
    system[range(last), range(last)] -= case.selection(places)
    state = np.append(exact.number_density(case, places, 0.0), exact.amplitude(case, 0.0))
    if case.monodisperse:
        system[:last, last] = birth_from_delta(case, 1.0)
        system[last, last] = -case.selection(1.0)
    return evolve(system, state, times)[:, count:last]


def birth_matrix(case: Case, rule: Rule, nodes: Array, v: Array) -> Array:
    """Return the (n, m) matrix that, times the densities at (m,) nodes, gives the birth integrals from (n,) volumes.

    It is derived from the rule itself, which is linear and treats each row separately, so row i is the gradient of
    result i.
    """
    f = tf.zeros([len(v), len(nodes)], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(f)
        births = rule.at(integrand(case, tf.constant(nodes), f), tf.constant(nodes), tf.constant(v))
    return np.asarray(tape.gradient(births, f))


def _spread_evenly(count: int) -> Array:
    """Return (count, 2) quasirandom points in the unit square: multiples of two irrational numbers, modulo 1.

    The generalised golden ratio is the root of x^3 = x + 1 (M. Roberts, "The unreasonable effectiveness of quasirandom
    sequences", 2018).
    """
    ratio = 1.324717957244746
    return np.arange(1, count + 1)[:, None] / ratio ** np.array([1, 2]) % 1
