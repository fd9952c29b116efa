import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.birth import birth_rate, log_spaced_nodes, next_node, tail_integrals
from variants.breakage.cases import CASE2

NODES = tf.constant([1.0, 2.0, 4.0, 8.0], tf.float64)


def test_nodes_are_log_spaced_over_the_domain():
    nodes = log_spaced_nodes(CASE2, 500)
    assert len(nodes) == 500
    assert nodes[[0, -1]] == pytest.approx(CASE2.v_range)
    assert np.diff(np.log(nodes)) == pytest.approx(np.log(1e5) / 499)


def test_tail_integrals_of_what_the_trapezoidal_rule_gets_exactly():
    linear = tf.stack([NODES, tf.ones_like(NODES)])
    np.testing.assert_allclose(tail_integrals(linear, NODES), [[31.5, 30, 24, 0], [7, 6, 4, 0]])


def test_the_lookup_takes_the_first_node_strictly_above():
    v = tf.constant([0.5, 1.0, 1.5, 2.0, 7.9, 8.0, 9.0], tf.float64)
    tails = tf.tile([[31.5, 30.0, 24.0, 0.0]], [7, 1])
    np.testing.assert_array_equal(next_node(tails, NODES, v), [31.5, 30, 30, 24, 0, 0, 0])


def test_each_point_has_its_own_time_and_volume():
    # S = v^2 and f = t / v make the integrand 2 t, so the integral from the next node is 2 t (8 - node).
    v, t = tf.constant([1.0, 3.0, 5.0], tf.float64), tf.constant([1.0, 10.0, 100.0], tf.float64)
    birth = birth_rate(lambda v, t: t / v, CASE2, NODES, v, t)
    np.testing.assert_allclose(birth, [2 * (8 - 2), 20 * (8 - 4), 0])
