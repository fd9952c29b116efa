import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.amplitude import Amplitude
from variants.breakage.birth import log_spaced_nodes
from variants.breakage.cases import CASE1, CASE2, CASE3, CASE4
from variants.breakage.collocation import collocation_points
from variants.breakage.network import Network
from variants.breakage.quadrature import RULES
from variants.breakage.residual import Equation, in_chunks, recomputed_birth


def case1(v, t):
    """The exact solution, which TensorFlow can differentiate."""
    return (1 + t) ** 2 * tf.exp(-v * (1 + t))


def case2(v, t):
    return (1 + 2 * t * (1 + v)) * tf.exp(-t * v**2 - v)


def case3(v, t):
    return tf.exp(-t * v) * (2 * t + t**2 * (1 - v))


def case4(v, t):
    return 2 * t * tf.exp(-t * v**2)


class ExactAmplitude:
    def value(self, t):
        return tf.exp(-t)


def residual_of_the_exact_solution(exact, case, nodes, rule="next_node"):
    """At points with v log-uniform and t uniform, or half of them log-uniform in 1 + t where there is a delta."""
    points = collocation_points(case, 0, "collocation", 0, 4000).astype(np.float64)
    amplitude = ExactAmplitude() if case.monodisperse else None
    equation = Equation(case, RULES[rule], log_spaced_nodes(case, nodes), amplitude)
    r, _ = equation.at_points(exact, *tf.constant(points.T))
    return r.numpy(), *points.T


def rms_residual(*args):
    r, _, _ = residual_of_the_exact_solution(*args)
    return np.sqrt(np.mean(r**2))


@pytest.mark.parametrize(("nodes", "published"), [(41, 0.252), (500, 0.024)])
def test_the_quadrature_leaves_the_published_residual(nodes, published):
    # Both are samples of a distribution with a heavy tail: 5 % apart here.
    assert rms_residual(case1, CASE1, nodes) == pytest.approx(published, rel=0.1)


@pytest.mark.parametrize(("exact", "case"), [(case1, CASE1), (case2, CASE2)])
@pytest.mark.parametrize(("rule", "low", "high"), [("next_node", 0.85, 1.0), ("trapezoid", 1.8, 2.1)])
def test_the_residual_falls_with_the_order_of_the_rule(exact, case, rule, low, high):
    coarse, fine = rms_residual(exact, case, 41, rule), rms_residual(exact, case, 401, rule)
    assert low < np.log10(coarse / fine) < high


@pytest.mark.parametrize(("exact", "case"), [(case3, CASE3), (case4, CASE4)])
def test_with_its_delta_kept_apart_a_monodisperse_solution_solves_the_equation(exact, case):
    r, v, t = residual_of_the_exact_solution(exact, case, 161, "four_point")
    death = case.selection(v) * exact(v, t).numpy()
    assert np.max(np.abs(r) / (1 + death + 2 * np.exp(-t))) < 2e-4


def test_without_the_delta_the_birth_is_wrong():
    equation = Equation(CASE3, RULES["four_point"], log_spaced_nodes(CASE3, 161))
    r, _ = equation.at_points(case3, *(tf.constant([x], tf.float64) for x in (0.5, 1.0)))
    assert r.numpy() == pytest.approx([2 * np.exp(-1)], rel=1e-3)


def test_the_parts_of_the_residual():
    # f = t^2 / v on nodes 1, 2, 4, 8 with S = v^2: the rate is 2 t / v, the integrand 2 t^2, the death v t^2.
    equation = Equation(CASE2, RULES["next_node"], np.array([1.0, 2.0, 4.0, 8.0]))
    r, f = equation.at_points(lambda v, t: t**2 / v, *(tf.constant(x, tf.float64) for x in ([1.0, 3.0], [2.0, 3.0])))
    np.testing.assert_allclose(f, [4, 3])
    np.testing.assert_allclose(r, [4 - (8 * 6 - 4), 2 - (18 * 4 - 27)])


def test_a_rate_that_is_not_finite_counts_as_zero():
    equation = Equation(CASE1, RULES["next_node"], np.array([1.0, 2.0, 2.5, 2.9]))
    r, _ = equation.at_points(lambda v, t: tf.sqrt(t), *(tf.constant(x, tf.float64) for x in ([3.0, 3.0], [0.0, 1.0])))
    np.testing.assert_allclose(r, [0, 0.5 + 3])


@pytest.mark.parametrize("case", [CASE1, CASE4])
@pytest.mark.parametrize("rule", RULES)
def test_on_a_grid_it_is_what_it_is_at_the_points_of_the_grid(case, rule):
    network = Network(case, layers=4, width=16, seed=0)
    amplitude = Amplitude(case, seed=0) if case.monodisperse else None
    nodes = log_spaced_nodes(case, 20).astype(np.float32)
    equation = Equation(case, RULES[rule], nodes, amplitude)
    grid_v, grid_t = tf.constant(nodes), tf.constant([0.1, 1.0, 3.0])
    v, t = tf.tile(grid_v, [3]), tf.repeat(grid_t, 20)
    at_points, _ = equation.at_points(network.density, v, t)
    log_f, log_rate = network.log_density_and_rate(v, t)
    f = tf.exp(log_f)
    on_grid = equation.on_grid(*(tf.reshape(x, (3, 20)) for x in (f, f * log_rate)), grid_v, grid_t)
    np.testing.assert_allclose(tf.reshape(on_grid, [-1]), at_points, rtol=1e-3, atol=1e-3)


def losses_and_gradients(evaluate, network):
    """Residual, density and the gradient of a loss of both, compiled."""

    @tf.function(autograph=False)
    def compiled():
        with tf.GradientTape() as tape:
            r, f = evaluate()
            loss = tf.reduce_mean(tf.square(r)) + tf.reduce_mean(f)
        return r, f, tape.gradient(loss, network.variables)

    return compiled()


@pytest.mark.parametrize("recompute", [False, True], ids=["chunked", "recomputed"])
@pytest.mark.parametrize("count", [1, 29, 30, 31, 60, 64])
def test_chunks_give_the_same_residual_and_the_same_gradient(count, recompute):
    network = Network(CASE1, layers=4, width=16, seed=0)
    equation = Equation(CASE1, RULES["next_node"], log_spaced_nodes(CASE1, 20))
    v, t = tf.constant(collocation_points(CASE1, 0, "collocation", 0, count).T)
    birth = recomputed_birth(equation, network) if recompute else None

    def part(v, t):
        return equation.at_points(network.density, v, t, birth)

    r, f, gradient = losses_and_gradients(lambda: equation.at_points(network.density, v, t), network)
    chunked_r, chunked_f, chunked_gradient = losses_and_gradients(lambda: in_chunks(part, 30, v, t), network)
    np.testing.assert_allclose(chunked_r, r, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(chunked_f, f, rtol=1e-5)
    for one, other in zip(chunked_gradient, gradient, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max())


def peak_tensor_bytes(compiled):
    compiled()
    tf.config.experimental.reset_memory_stats("CPU:0")
    compiled()
    return tf.config.experimental.get_memory_info("CPU:0")["peak"]


def test_recomputing_holds_less_memory_and_chunks_alone_do_not():
    network = Network(CASE1, layers=4, width=64, seed=0)
    equation = Equation(CASE1, RULES["next_node"], log_spaced_nodes(CASE1, 100))
    v, t = tf.constant(collocation_points(CASE1, 0, "collocation", 0, 512).T)

    def gradient_of(evaluate):
        @tf.function(autograph=False)
        def compiled():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(evaluate()[0]))
            return tape.gradient(loss, network.variables)

        return compiled

    def part(v, t, birth=None):
        return equation.at_points(network.density, v, t, birth)

    def recomputed(v, t):
        return part(v, t, recomputed_birth(equation, network))

    whole = peak_tensor_bytes(gradient_of(lambda: part(v, t)))
    chunked = peak_tensor_bytes(gradient_of(lambda: in_chunks(part, 64, v, t)))
    lean = peak_tensor_bytes(gradient_of(lambda: in_chunks(recomputed, 64, v, t)))
    assert chunked > 0.7 * whole
    assert lean < 0.35 * whole
