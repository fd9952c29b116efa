import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.amplitude import Amplitude
from variants.breakage.cases import CASE3, CASE4

TIMES = tf.constant([0.0, 1e-3, 0.7, 30.0, 2000.0])


@pytest.mark.parametrize("clock", ["log", "log1p"])
@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_it_starts_at_one_and_falls(case, clock):
    amplitude = Amplitude(case, seed=1, clock=clock).value(TIMES).numpy()
    assert amplitude[0] == 1
    assert (np.diff(amplitude) <= 0).all()
    assert np.isfinite(amplitude).all()


@pytest.mark.parametrize("clock", ["log", "log1p"])
def test_its_residual_is_that_of_the_deltas_equation(clock):
    amplitude = Amplitude(CASE3, seed=0, clock=clock)
    t = tf.constant([0.1, 0.7, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(t)
        value = amplitude.value(t)
    expected = tape.gradient(value, t) + value
    np.testing.assert_allclose(amplitude.value_and_residual(t)[1], expected, rtol=1e-4, atol=1e-6)


def test_the_exact_one_is_among_those_it_can_be():
    amplitude = Amplitude(CASE4, seed=0)
    # softplus(k) = 1 with y = tanh(1) everywhere
    amplitude.hidden.assign(tf.zeros_like(amplitude.hidden))
    amplitude.bias.assign(tf.ones_like(amplitude.bias))
    k = np.log(np.e - 1)
    amplitude.out.assign(tf.fill(amplitude.out.shape, np.float32(k / np.tanh(1) / len(amplitude.bias.numpy()))))
    value, residual = amplitude.value_and_residual(TIMES)
    np.testing.assert_allclose(value, np.exp(-TIMES.numpy()), rtol=1e-4, atol=1e-30)
    np.testing.assert_allclose(residual, 0, atol=1e-6)


def test_it_is_finite_and_so_is_its_gradient_where_it_has_vanished():
    amplitude = Amplitude(CASE4, seed=0)
    with tf.GradientTape() as tape:
        value, residual = amplitude.value_and_residual(TIMES)
        total = tf.reduce_sum(value) + tf.reduce_sum(tf.square(residual))
    assert np.isfinite(residual).all()
    for gradient in tape.gradient(total, amplitude.variables):
        assert np.isfinite(gradient).all()
