"""Three quadrature rules of different order for the birth integral, from its integrand at log-spaced nodes.

A rule receives the integrand of the birth term at m >= 4 nodes, in n rows, and returns its integral from v to the last
node: `at` for one v per row, `at_nodes` for every node. All rules are linear in the integrand and compute in the
precision of their arguments.
"""

from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Rule(Protocol):
    """A quadrature rule."""

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        """Return the (n,) integrals from (n,) volumes, one per row, of (n, m) values at (m,) nodes."""

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        """Return the (n, m) integrals from each node of (n, m) values at (m,) nodes."""


class NextNode:
    """The published rule, of order 1: the integral by trapezoids in v, from the next node above v.

    The part of the cell between v and that node is missing; if v is a node, the whole cell above it is missing.
    """

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        above = tf.minimum(tf.searchsorted(nodes, v, side="right"), tf.shape(nodes)[0] - 1)
        return _pick(_sum_trapezoid_tails(integrand, nodes), above)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        return tf.pad(_sum_trapezoid_tails(integrand, nodes)[:, 1:], [[0, 0], [0, 1]])


class Trapezoid:
    """The trapezoidal rule in v, of order 2, including the partial cell between v and the next node."""

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        below = _find_cell(nodes, v)
        low, high = tf.gather(nodes, below), tf.gather(nodes, below + 1)
        at_low, at_high = _pick(integrand, below), _pick(integrand, below + 1)
        at_v = at_high + (at_low - at_high) * (high - v) / (high - low)
        return _pick(_sum_trapezoid_tails(integrand, nodes), below + 1) + (at_v + at_high) / 2 * (high - v)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        return _sum_trapezoid_tails(integrand, nodes)


class FourPoint:
    """A rule of order 4: in each cell, the integral in ln v of the cubic through the four nodes around the cell.

    The nodes are evenly spaced in ln v, so that all integrals from nodes are the product of a constant matrix and the
    integrand. The cubic is Lagrange's. Its nodes are centred except in the two end cells.
    """

    def at(self, integrand: tf.Tensor, nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
        last = nodes.shape[0] - 1
        step = _compute_log_step(nodes)
        below = _find_cell(nodes, v)
        first = tf.clip_by_value(below - 1, 0, last - 3)
        upper = tf.cast(below + 1 - first, nodes.dtype)
        lower = tf.math.log(v / nodes[0]) / step - tf.cast(first, nodes.dtype)
        part = _evaluate_antiderivatives(upper) - _evaluate_antiderivatives(lower)
        around = tf.gather(integrand * nodes, first[:, None] + tf.range(4), axis=1, batch_dims=1)
        return _pick(self.at_nodes(integrand, nodes), below + 1) + step * tf.reduce_sum(part * around, axis=1)

    def at_nodes(self, integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
        tails = tf.constant(_build_four_point_tails(nodes.shape[0]).T, nodes.dtype)
        return _compute_log_step(nodes) * ((integrand * nodes) @ tails)


RULES: dict[str, Rule] = {"next_node": NextNode(), "trapezoid": Trapezoid(), "four_point": FourPoint()}

_CUBICS = np.array([np.poly1d(np.poly([j for j in range(4) if j != k])).coeffs for k in range(4)])
_CUBICS /= np.array([np.prod([k - j for j in range(4) if j != k]) for k in range(4)])[:, None]
"""(4, 4) coefficients of the Lagrange basis on 0, 1, 2, 3, the highest power first."""
_QUARTICS = _CUBICS / [4, 3, 2, 1]
"""(4, 4) coefficients of u^4 to u^1 of their antiderivatives, which are 0 at 0."""


def _evaluate_antiderivatives(u: tf.Tensor) -> tf.Tensor:
    """Return the (n, 4) integrals of the Lagrange basis on 0, 1, 2, 3 from 0 to (n,) positions u."""
    return tf.stack([u**4, u**3, u**2, u], axis=1) @ tf.constant(_QUARTICS.T, u.dtype)


def _build_four_point_tails(count: int) -> NDArray[np.float64]:
    """Return an (m, m) matrix for m nodes with unit distance. Row i times the values at the nodes is the integral from
    node i to the last node."""
    cells = np.zeros((count - 1, count))
    for cell in range(count - 1):
        first = min(max(cell - 1, 0), count - 4)
        at = cell - first
        powers = np.array([(at + 1) ** power - at**power for power in (4, 3, 2, 1)])
        cells[cell, first : first + 4] = _QUARTICS @ powers
    return np.vstack([np.cumsum(cells[::-1], axis=0)[::-1], np.zeros(count)])


def _sum_trapezoid_tails(integrand: tf.Tensor, nodes: tf.Tensor) -> tf.Tensor:
    """Return the (n, m) trapezoidal integrals from each node to the last, of (n, m) values at m nodes."""
    cells = (integrand[:, 1:] + integrand[:, :-1]) / 2 * (nodes[1:] - nodes[:-1])
    return tf.pad(tf.cumsum(cells, axis=1, reverse=True), [[0, 0], [0, 1]])


def _find_cell(nodes: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """Return the (n,) indices of the cells with each v, or of the first or last cell for a v outside of the nodes."""
    return tf.clip_by_value(tf.searchsorted(nodes, v, side="right") - 1, 0, tf.shape(nodes)[0] - 2)


def _pick(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Return (n,) values from (n, m) rows, each from its own column."""
    return tf.gather(rows, columns, axis=1, batch_dims=1)


def _compute_log_step(nodes: tf.Tensor) -> tf.Tensor:
    return tf.math.log(nodes[-1] / nodes[0]) / (nodes.shape[0] - 1)
