"""The birth integral from its integrand at log-spaced nodes: three rules, which differ in order and in nothing else.

A rule is given the integrand of the birth term at m >= 4 nodes, in n rows, and returns the integral of it from v to the
last node: `at`, for one v a row; `at_nodes`, for every node. All are linear in the integrand, and work in the precision
of what they are given.
"""

from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Rule(Protocol):
    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        """From (n, m) values at (m,) nodes, the integrals from (n,) volumes, one a row; (n,)."""

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        """From (n, m) values at (m,) nodes, the integrals from each node; (n, m)."""


class NextNode:
    """The published rule, of order 1: trapezoids in v, looked up at the next node above v.

    The part of a cell between v and that node is lost, and at a node the whole cell above it.
    """

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        above = tf.minimum(tf.searchsorted(nodes, v, side="right"), tf.shape(nodes)[0] - 1)
        return _pick(_trapezoid_tails(integrand, nodes), above)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        return tf.pad(_trapezoid_tails(integrand, nodes)[:, 1:], [[0, 0], [0, 1]])


class Trapezoid:
    """Trapezoids in v, of order 2: that of the partial cell between v and the next node included."""

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        below = _cell(nodes, v)
        low, high = tf.gather(nodes, below), tf.gather(nodes, below + 1)
        at_low, at_high = _pick(integrand, below), _pick(integrand, below + 1)
        at_v = at_high + (at_low - at_high) * (high - v) / (high - low)
        return _pick(_trapezoid_tails(integrand, nodes), below + 1) + (at_v + at_high) / 2 * (high - v)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        return _trapezoid_tails(integrand, nodes)


class FourPoint:
    """In each cell, the integral in ln v of the cubic through the four nodes around it: order 4.

    The nodes are evenly spaced in ln v, so that all integrals from nodes are one constant matrix times the integrand.
    The cubic is Lagrange's; in the two end cells, and nowhere else, its nodes are not centred.
    """

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        last = nodes.shape[0] - 1
        step = _log_step(nodes)
        below = _cell(nodes, v)
        first = tf.clip_by_value(below - 1, 0, last - 3)
        upper = tf.cast(below + 1 - first, nodes.dtype)
        lower = tf.math.log(v / nodes[0]) / step - tf.cast(first, nodes.dtype)
        part = _antiderivatives(upper) - _antiderivatives(lower)
        around = tf.gather(integrand * nodes, first[:, None] + tf.range(4), axis=1, batch_dims=1)
        return _pick(self.at_nodes(integrand, nodes), below + 1) + step * tf.reduce_sum(part * around, axis=1)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        tails = tf.constant(_four_point_tails(nodes.shape[0]).T, nodes.dtype)
        return _log_step(nodes) * ((integrand * nodes) @ tails)


RULES: dict[str, Rule] = {"next_node": NextNode(), "trapezoid": Trapezoid(), "four_point": FourPoint()}

_CUBICS = np.array([np.poly1d(np.poly([j for j in range(4) if j != k])).coeffs for k in range(4)])
_CUBICS /= np.array([np.prod([k - j for j in range(4) if j != k]) for k in range(4)])[:, None]
"""Lagrange's basis on 0, 1, 2, 3: (4, 4) coefficients, the highest power first."""
_QUARTICS = _CUBICS / [4, 3, 2, 1]
"""Their antiderivatives, which are 0 at 0: coefficients of u^4 to u^1."""


def _antiderivatives(u: tf.Tensor) -> tf.Tensor:
    """The integrals of Lagrange's basis on 0, 1, 2, 3 from 0 to (n,) places u; (n, 4)."""
    return tf.stack([u**4, u**3, u**2, u], axis=1) @ tf.constant(_QUARTICS.T, u.dtype)


def _four_point_tails(count: int) -> NDArray[np.float64]:
    """(m, m): row i times the values at m nodes a unit apart is the integral from node i to the last."""
    cells = np.zeros((count - 1, count))
    for cell in range(count - 1):
        first = min(max(cell - 1, 0), count - 4)
        at = cell - first
        powers = np.array([(at + 1) ** power - at**power for power in (4, 3, 2, 1)])
        cells[cell, first : first + 4] = _QUARTICS @ powers
    return np.vstack([np.cumsum(cells[::-1], axis=0)[::-1], np.zeros(count)])


def _trapezoid_tails(integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
    """From (n, m) values at m nodes, (n, m) trapezoidal integrals from each node to the last; 0 at the last."""
    cells = (integrand[:, 1:] + integrand[:, :-1]) / 2 * (nodes[1:] - nodes[:-1])
    return tf.pad(tf.cumsum(cells, axis=1, reverse=True), [[0, 0], [0, 1]])


def _cell(nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """The (n,) indices of the nodes at or below each v, the first or the last cell's for a v outside of all."""
    return tf.clip_by_value(tf.searchsorted(nodes, v, side="right") - 1, 0, tf.shape(nodes)[0] - 2)


def _pick(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Of (n, m) rows, the value in one column each; (n,)."""
    return tf.gather(rows, columns, axis=1, batch_dims=1)


def _log_step(nodes: tf.Tensor) -> tf.Tensor:
    return tf.math.log(nodes[-1] / nodes[0]) / (nodes.shape[0] - 1)
