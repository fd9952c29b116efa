import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.birth import log_spaced_nodes
from variants.breakage.cases import CASE1, CASE2
from variants.breakage.collocation import collocation_points
from variants.breakage.network import Network
from variants.breakage.residual import in_chunks, pointwise_residual


def case1(v, t):
    """The exact solution, which TensorFlow can differentiate."""
    return (1 + t) ** 2 * tf.exp(-v * (1 + t))


def case2(v, t):
    return (1 + 2 * t * (1 + v)) * tf.exp(-t * v**2 - v)


def rms_residual(exact, case, nodes):
    """The root mean square, over v log-uniform and t uniform, of the residual of the exact solution."""
    points = collocation_points(case, 0, "collocation", 0, 4000).astype(np.float64)
    r, _ = pointwise_residual(exact, case, tf.constant(log_spaced_nodes(case, nodes)), *tf.constant(points.T))
    return np.sqrt(np.mean(r.numpy() ** 2))


@pytest.mark.parametrize(("nodes", "published"), [(41, 0.252), (500, 0.024)])
def test_the_quadrature_leaves_the_published_residual(nodes, published):
    # Both are samples of a distribution with a heavy tail: 5 % apart here.
    assert rms_residual(case1, CASE1, nodes) == pytest.approx(published, rel=0.1)


@pytest.mark.parametrize(("exact", "case"), [(case1, CASE1), (case2, CASE2)])
def test_the_next_node_rule_is_of_order_one_at_most(exact, case):
    coarse, fine = rms_residual(exact, case, 41), rms_residual(exact, case, 401)
    order = np.log10(coarse / fine)
    assert 0.85 < order < 1.0


def test_the_parts_of_the_residual():
    # f = t^2 / v on nodes 1, 2, 4 with S = v^2: the rate is 2 t / v, the integrand 2 t^2, the death v t^2.
    nodes, v, t = (tf.constant(x, tf.float64) for x in ([1.0, 2.0, 4.0], [1.0, 3.0], [2.0, 3.0]))
    r, f = pointwise_residual(lambda v, t: t**2 / v, CASE2, nodes, v, t)
    np.testing.assert_allclose(f, [4, 3])
    np.testing.assert_allclose(r, [4 - (8 * 2 - 4), 2 - (0 - 27)])


def test_a_rate_that_is_not_finite_counts_as_zero():
    nodes, v, t = (tf.constant(x, tf.float64) for x in ([1.0, 2.0], [3.0, 3.0], [0.0, 1.0]))
    r, _ = pointwise_residual(lambda v, t: tf.sqrt(t), CASE1, nodes, v, t)
    np.testing.assert_allclose(r, [0, 0.5 + 3])


@pytest.mark.parametrize("count", [1, 29, 30, 31, 60, 64])
def test_chunks_give_the_same_residual_and_the_same_gradient(count):
    network = Network(CASE1, layers=4, width=16, seed=0)
    nodes = tf.constant(log_spaced_nodes(CASE1, 20), tf.float32)
    v, t = tf.constant(collocation_points(CASE1, 0, "collocation", 0, count).T)

    def whole(v, t):
        return pointwise_residual(network.density, CASE1, nodes, v, t)

    @tf.function(autograph=False)
    def residual_and_gradient(residual):
        with tf.GradientTape() as tape:
            r, f = residual(v, t)
            loss = tf.reduce_mean(tf.square(r)) + tf.reduce_mean(f)
        return r, f, tape.gradient(loss, network.variables)

    r, f, gradient = residual_and_gradient(whole)
    chunked_r, chunked_f, chunked_gradient = residual_and_gradient(lambda v, t: in_chunks(whole, 30, v, t))
    np.testing.assert_allclose(chunked_r, r, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(chunked_f, f, rtol=1e-5)
    for one, other in zip(chunked_gradient, gradient, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())
