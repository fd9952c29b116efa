"""The birth term: how fast fragments of volume v appear as larger particles break.

    birth(v, t) = integral from v to v_max of (2/v') S(v') f(v', t) dv'

on log-spaced nodes by the trapezoidal rule in v. The integral from v is looked up at the next node above v, as it was
published: the part of a cell between v and that node is lost, which lowers the order of the rule from 2 to about 1.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from variants.breakage.cases import Case

Density = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""f(v, t): volumes and times of shape (n,) to densities of shape (n,)."""


def log_spaced_nodes(case: Case, count: int) -> NDArray[np.float64]:
    """(count,) volumes from one end of the domain to the other."""
    return np.geomspace(*case.v_range, count)


def birth_rate(density: Density, case: Case, nodes: tf.Tensor, v: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    """The birth term at points of shape (n,), from `density` at (m,) nodes and each of the n times; shape (n,)."""
    points, count = tf.shape(v)[0], tf.shape(nodes)[0]
    f = density(tf.tile(nodes, [points]), tf.repeat(t, count))
    integrand = 2 / nodes * case.selection(nodes) * tf.reshape(f, [points, count])
    return next_node(tail_integrals(integrand, nodes), nodes, v)


def tail_integrals(integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
    """From (n, m) values at m nodes, (n, m) trapezoidal integrals from each node to the last; 0 at the last."""
    cells = (integrand[:, 1:] + integrand[:, :-1]) / 2 * (nodes[1:] - nodes[:-1])
    return tf.pad(tf.cumsum(cells, axis=1, reverse=True), [[0, 0], [0, 1]])


def next_node(tails: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """Of (n, m) tail integrals, the (n,) at the first node above each v, or at the last node if there is none above."""
    above = tf.minimum(tf.searchsorted(nodes, v, side="right"), tf.shape(nodes)[0] - 1)
    return tf.gather(tails, above, axis=1, batch_dims=1)
