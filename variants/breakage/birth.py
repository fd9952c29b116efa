"""The birth term: the rate at which fragments of volume v appear as larger particles break.

    birth(v, t) = integral from v to the largest volume of (2/v') S(v') f(v', t) dv'

It is computed on log-spaced nodes by one of the rules in `quadrature`. If all particles start at v = 1, the unbroken
ones form a delta, which contributes 2 S(1) A(t) to the birth term; the integral then covers the other particles.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.quadrature import Rule

Density = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""f(v, t): volumes and times of shape (n,) to densities of shape (n,)."""


def log_spaced_nodes(case: Case, count: int) -> NDArray[np.float64]:
    """Return (count,) log-spaced volumes from one end of the density's support to the other."""
    return np.geomspace(*case.support, count)


def birth_rate(
    density: Density, case: Case, rule: Rule, nodes: NDArray[np.floating], v: tf.Tensor, t: tf.Tensor
) -> tf.Tensor:
    """Return the (n,) birth integrals at (n,) points, from `density` at (m,) nodes for each of the n times."""
    points, count = tf.shape(v)[0], len(nodes)
    # Created here, because inside a loop, a gradient that recomputes this cannot access a tensor from outside.
    nodes = tf.constant(nodes, v.dtype)
    with tf.name_scope("integration_grid"):
        f = density(tf.tile(nodes, [points]), tf.repeat(t, count))
    return rule.at(integrand(case, nodes, tf.reshape(f, [points, count])), nodes, v)


def birth_rate_at_nodes(case: Case, rule: Rule, nodes: tf.Tensor, f: tf.Tensor) -> tf.Tensor:
    """Return the (n, m) birth integrals at (m,) nodes and n times, from the (n, m) densities f there."""
    return rule.at_nodes(integrand(case, nodes, f), nodes)


def integrand(case: Case, nodes: tf.Tensor, f: tf.Tensor) -> tf.Tensor:
    """Return the (n, m) values of the integrand, from (n, m) densities f at (m,) nodes."""
    return 2 / nodes * case.selection(nodes) * f


def birth_from_delta(case: Case, amplitude: tf.Tensor) -> tf.Tensor:
    """Return the contribution of a delta with the amplitude A(t) at v = 1 to the birth term at every smaller volume.

    The amplitude may have any shape.
    """
    return 2 * case.selection(1.0) * amplitude
