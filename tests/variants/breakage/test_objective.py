import numpy as np
import pytest
import tensorflow as tf

from variants import recipes
from variants.breakage import loss
from variants.breakage.cases import CASE1, CASE3
from variants.breakage.objective import Data, Objective, Places
from variants.breakage.scales import SMOKE

POINTS = Places.of([0.01, 0.3, 0.9], [0.0, 1.0, 8.0])
GRID = Places.of(np.geomspace(1e-3, 1, 16), [0.5, 2.0])


def objective(recipe=recipes.ORIGINAL, case=CASE1):
    return Objective(recipe, case, SMOKE, seed=0)


def test_physics_over_points_and_grid_together_is_physics_over_all_of_their_points():
    of = objective(recipes.SHARED_TIMES)
    together, residual = of.physics(POINTS, GRID)
    _, on_grid = of.physics(None, GRID)
    alone, at_points = of.physics(POINTS)
    np.testing.assert_array_equal(residual, tf.concat([on_grid, at_points], 0))
    f = of.network.density(
        *(tf.concat([x, y], 0) for x, y in ((tf.tile(GRID.v, [2]), POINTS.v), (tf.repeat(GRID.t, 16), POINTS.t)))
    )
    expected = loss.physics_loss(residual, f, loss.median, "adaptive_huber")
    assert float(together) == pytest.approx(float(expected), rel=1e-5)
    assert float(together) != pytest.approx(float(alone), rel=0.01)


def test_a_deltas_own_equation_counts():
    of = objective(case=CASE3)
    total, scaled = of.physics(POINTS)
    residual, f = of.residual(*POINTS)
    np.testing.assert_allclose(scaled, residual / (1 + POINTS.t))
    fragments = loss.physics_loss(scaled, f, loss.median, "adaptive_huber")
    _, delta = of.amplitude.value_and_residual(POINTS.t)
    assert float(total) == pytest.approx(float(fragments) + np.mean(delta.numpy() ** 2), rel=1e-5)
    assert np.mean(delta.numpy() ** 2) > 0


def test_a_deltas_known_amplitudes_count():
    of = objective(case=CASE3)
    data = Data(*Places.of([0.1, 0.5], [200.0, 500.0]), tf.constant([1.0, 2.0]))
    log_f = of.network.log_density(data.v, data.t)
    amplitudes = of.amplitude.value(tf.constant(CASE3.data_times, tf.float32)).numpy()
    missing = np.mean((amplitudes - np.exp(-np.array(CASE3.data_times))) ** 2)
    expected = float(loss.data_loss(log_f, data.observed, loss.median)) + missing
    assert float(of.data(data)) == pytest.approx(expected, rel=1e-5)


def test_the_head_of_a_delta_is_trained_and_there_is_none_without_a_delta():
    assert len(objective(case=CASE3).variables) == len(objective().variables) + 3


def test_the_birth_of_fragments_from_a_delta_trains_its_head():
    of = objective(case=CASE3)
    with tf.GradientTape() as tape:
        _, residual = of.physics(POINTS)
        total = tf.reduce_sum(residual)
    assert any(np.abs(gradient).max() > 0 for gradient in tape.gradient(total, of.amplitude.variables))
