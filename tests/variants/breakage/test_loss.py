"""The losses against a NumPy computation in float64 that shares no code with them."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from variants.breakage import loss

STATISTICS = {"median": (loss.median, np.median), "mean": (loss.mean, np.mean)}
# An odd number of values, so that every definition of the median agrees.
COUNT = 31
residuals = arrays(np.float32, COUNT, elements=st.floats(-1e5, 1e5, width=32))
log_densities = arrays(np.float32, COUNT, elements=st.floats(-30, 30, width=32))


def expected_physics(r, f, statistic, scaling):
    r, f2 = np.clip(r.astype(float), -1e3, 1e3), f.astype(float) ** 2
    weights = 1 / (f2 + 0.01 * statistic(f2) + 1e-10)
    huber = np.where(np.abs(r) <= 0.1, 0.5 * r**2, 0.1 * (np.abs(r) - 0.05))
    losses = {
        "adaptive_huber": np.minimum(weights, 50) * huber,
        "adaptive_epsilon": np.minimum(weights, 100) * r**2,
        "mse": r**2,
    }
    return np.clip(losses[scaling].mean(), 0, 1e6)


def expected_data(log_f, observed, statistic):
    log_observed = np.clip(np.log(observed.astype(float) + 1e-12), -20, 20)
    weights = np.minimum(1 / (log_observed**2 + 0.01 * statistic(log_observed**2) + 1e-8), 50)
    return np.mean(weights * (np.clip(log_f.astype(float), -20, 20) - log_observed) ** 2)


@pytest.mark.parametrize("scaling", ["adaptive_huber", "adaptive_epsilon", "mse"])
@pytest.mark.parametrize("statistic", STATISTICS)
@settings(deadline=None, max_examples=30)
@given(r=residuals, log_f=log_densities)
def test_physics_loss(scaling, statistic, r, log_f):
    tested, reference = STATISTICS[statistic]
    f = np.exp(log_f)
    computed = loss.physics_loss(tf.constant(r), tf.constant(f), tested, scaling).numpy()
    assert computed == pytest.approx(expected_physics(r, f, reference, scaling), rel=1e-4)


@pytest.mark.parametrize("statistic", STATISTICS)
@settings(deadline=None, max_examples=30)
@given(log_f=log_densities, log_observed=log_densities)
def test_data_loss(statistic, log_f, log_observed):
    tested, reference = STATISTICS[statistic]
    observed = np.exp(log_observed)
    computed = loss.data_loss(tf.constant(log_f), tf.constant(observed), tested).numpy()
    # Where log f is near 0 the float32 offset 1e-12 and the logarithm itself leave an error of about 1e-7.
    assert computed == pytest.approx(expected_data(log_f, observed, reference), rel=1e-3, abs=1e-6)


def test_every_clip_binds():
    one = tf.constant([1.0])
    assert loss.physics_loss(tf.constant([1e9]), one, loss.mean, "mse") == 1e6
    # At f = 0 the weight would be 1e10; at |r| = 1e3 the Huber loss is 0.1 * (1e3 - 0.05).
    zero = tf.constant([0.0])
    assert float(loss.physics_loss(tf.constant([1e9]), zero, loss.mean, "adaptive_huber")) == pytest.approx(50 * 99.995)
    assert float(loss.physics_loss(one, zero, loss.mean, "adaptive_epsilon")) == pytest.approx(100)
    # log(0 + 1e-12) = -27.6 and a prediction of -25 both count as -20.
    assert loss.data_loss(tf.constant([-25.0]), zero, loss.mean) == 0
    # At f = 1 the logarithm is 0 and the weight would be 1e8.
    assert float(loss.data_loss(tf.constant([2.0]), one, loss.mean)) == pytest.approx(50 * 4)


def test_the_statistics_differ_where_a_few_values_dominate():
    values = tf.constant([0.0, 1.0, 2.0, 3.0, 994.0])
    assert loss.median(values) == 2
    assert loss.mean(values) == 200


def test_huber_is_continuous_with_its_slope():
    x = tf.constant([-0.2, -0.1, 0.0, 0.1, 0.2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loss.huber(x, 0.1)
    np.testing.assert_allclose(y, [0.015, 0.005, 0, 0.005, 0.015], rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(y, x), [-0.1, -0.1, 0, 0.1, 0.1], rtol=1e-5)


def test_rejects_an_unknown_scaling():
    with pytest.raises(ValueError, match="'huber'"):
        loss.physics_loss(tf.constant([1.0]), tf.constant([1.0]), loss.mean, "huber")


def test_the_mass_loss_is_mass_in_the_wrong_place():
    # A residual of 1 at v = 2 is 4 of mass a time. At t = 0 it lasts 1 / (S + 1), later 1 / (S + 1 / (1 + t)).
    r, v, t, selection = (tf.constant(x) for x in ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [0.0, 9.0, 9.0], [0.0, 0.0, 3.9]))
    assert float(loss.mass_loss(r, v, t, selection)) == pytest.approx((4**2 + 40**2 + 1) / 3)
