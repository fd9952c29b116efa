import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.birth import birth_from_delta, birth_rate, birth_rate_at_nodes, log_spaced_nodes
from variants.breakage.cases import CASE2, CASE3, CASE4
from variants.breakage.quadrature import RULES

NODES = np.array([1.0, 2.0, 4.0, 8.0])
VOLUMES, TIMES = tf.constant([1.0, 3.0, 5.0], tf.float64), tf.constant([1.0, 10.0, 100.0], tf.float64)


def test_nodes_are_log_spaced_over_the_support():
    nodes = log_spaced_nodes(CASE2, 500)
    assert len(nodes) == 500
    assert nodes[[0, -1]] == pytest.approx(CASE2.v_range)
    assert np.diff(np.log(nodes)) == pytest.approx(np.log(1e5) / 499)


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_the_last_node_is_where_the_delta_is(case):
    assert log_spaced_nodes(case, 41)[-1] == 1.0


def flat(v, t):
    """With S = v^2 it makes the integrand 2 t, which has no volume in it."""
    return t / v


def test_each_point_has_its_own_time_and_volume():
    # The integral from the next node is 2 t (8 - node).
    birth = birth_rate(flat, CASE2, RULES["next_node"], NODES, VOLUMES, TIMES)
    np.testing.assert_allclose(birth, [2 * (8 - 2), 20 * (8 - 4), 0])


def test_the_trapezoid_has_the_partial_cell_too():
    birth = birth_rate(flat, CASE2, RULES["trapezoid"], NODES, VOLUMES, TIMES)
    np.testing.assert_allclose(birth, [2 * (8 - 1), 20 * (8 - 3), 200 * (8 - 5)])


@pytest.mark.parametrize("name", RULES)
def test_at_nodes_it_is_what_it_is_at_points_that_are_nodes(name):
    f = flat(NODES, TIMES.numpy()[:, None])
    on_grid = birth_rate_at_nodes(CASE2, RULES[name], tf.constant(NODES), tf.constant(f))
    for column, node in enumerate(NODES):
        at_points = birth_rate(flat, CASE2, RULES[name], NODES, tf.fill([3], tf.constant(node, tf.float64)), TIMES)
        np.testing.assert_allclose(on_grid[:, column], at_points, atol=1e-12)


def test_the_share_of_the_delta():
    # Each breaking particle at v = 1 makes two fragments, at the rate S(1) = 1, uniformly over (0, 1).
    np.testing.assert_allclose(birth_from_delta(CASE4, tf.constant([0.0, 0.5, 1.0])), [0, 1, 2])
