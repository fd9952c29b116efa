"""What a quadrature rule on its nodes cannot get below: the errors of a training whose network is perfect.

In float64, with the birth term that a network is trained on, and no network. Two floors, one for each thing that a
training can be good at:

- the residual that the exact solution has, because the rule sums its birth term wrongly;
- the distance from the exact solution at which that residual is 0. With f at the nodes as unknowns and the rule as a
  matrix, the equation is a linear system of ordinary differential equations, whose solution is a matrix exponential.

Where the nodes move from epoch to epoch these are the floors of the nodes where they stand at rest: a training sees
many grids, and may come out below.

Both count what the rule leaves out above the last node, which with a rule of high order can be most of it.
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
    """The floors of one of `quadrature.RULES` on so many log-spaced nodes, by the names in `metrics.FLOORS`.

    `floor_residual` is `exact_residual`; `floor_misplaced_mass` is the largest misplaced mass, over the times of
    `quality`, of `semi_discrete_density`; inf where that grows without bound, as it does on very few nodes. Takes
    about a second for hundreds of nodes, but only once in a process.
    Raises KeyError if there is no such rule.
    """
    return dict(zip(FLOORS, _floors(case, rule, nodes), strict=True))


@cache
def _floors(case: Case, name: str, count: int) -> tuple[float, float]:
    rule = RULES[name]
    nodes, v, t = log_spaced_nodes(case, count), quality_nodes(case), quality_times(case)
    density = exact.number_density(case, v, t[:, None])
    with np.errstate(over="ignore", invalid="ignore"):
        misplaced = misplaced_mass(semi_discrete_density(case, rule, nodes, v, t), density, v).max()
    return exact_residual(case, rule, nodes), float(misplaced) if np.isfinite(misplaced) else math.inf


def exact_residual(case: Case, rule: Rule, nodes: Array) -> float:
    """The root mean square of the residual of the exact solution, over points with v log-uniform on the support.

    Where particles start as e^-v, t is uniform. Where they all start at v = 1, it is log-uniform in 1 + t,
    and the residual is divided by 1 + t: the delta lives for a thousandth of the time, and late rates grow as t.
    """
    low, high = case.support
    fraction = _evenly_spread(POINTS)
    v = low * (high / low) ** fraction[:, 0]
    t, scale = case.t_end * fraction[:, 1], np.ones(POINTS)
    if case.monodisperse:
        scale = (1 + case.t_end) ** fraction[:, 1]
        t = scale - 1
    f = exact.number_density(case, nodes, t[:, None])
    summed = rule.at(integrand(case, tf.constant(nodes), tf.constant(f)), tf.constant(nodes), tf.constant(v)).numpy()
    # Death is exact on either side and cancels: what is left is the error of the birth term.
    error = exact.birth(case, v, t) - summed - birth_from_delta(case, exact.amplitude(case, t))
    return float(np.sqrt(np.mean((error / scale) ** 2)))


def semi_discrete_density(case: Case, rule: Rule, nodes: Array, v: Array, times: Array) -> Array:
    """(k, n) densities at (n,) volumes and (k,) times, not all 0: the equation solved on (m,) nodes by `rule`.

        df/dt = B f - S f + 2 S(1) A,   dA/dt = -S(1) A

    B is the rule's matrix. Between nodes, f follows from those at the nodes by the same equation, with the rule's own
    value of the integral from there: nothing is interpolated. A is one more unknown.
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
    """(n, m): times the densities at (m,) nodes it is the birth integral from (n,) volumes, as `rule` sums it.

    Taken from the rule itself, which is linear and keeps its rows apart: row i is the gradient of its result i.
    """
    f = tf.zeros([len(v), len(nodes)], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(f)
        births = rule.at(integrand(case, tf.constant(nodes), f), tf.constant(nodes), tf.constant(v))
    return np.asarray(tape.gradient(births, f))


def _evenly_spread(count: int) -> Array:
    """(count, 2) points that fill the unit square more evenly than random ones: multiples of two irrational numbers.

    The generalised golden ratio is the root of x^3 = x + 1 (M. Roberts, "The unreasonable effectiveness of quasirandom
    sequences", 2018).
    """
    ratio = 1.324717957244746
    return np.arange(1, count + 1)[:, None] / ratio ** np.array([1, 2]) % 1
