import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.cases import CASE1, CASE3, CASES
from variants.breakage.timeline import Timeline

clocks = pytest.mark.parametrize("clock", ["log", "log1p"])


@clocks
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_time_is_scaled_from_minus_one_to_one(case, clock):
    ends = Timeline(case, clock).scaled(tf.constant([0.0, case.t_end], tf.float64))
    np.testing.assert_allclose(ends, [-1, 1], atol=1e-12)


@clocks
def test_the_rate_is_the_derivative(clock):
    timeline = Timeline(CASE1, clock)
    t = tf.constant([0.01, 0.5, 9.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(t)
        scaled = timeline.scaled(t)
    np.testing.assert_allclose(timeline.rate(t), tape.gradient(scaled, t))


FRACTION = (np.arange(1000) + 0.5) / 1000


def test_published_times_are_uniform():
    assert Timeline(CASE1, "log").times(FRACTION) == pytest.approx(10 * FRACTION)


@pytest.mark.parametrize("case", [CASE1, CASE3])
def test_the_other_clocks_times_are_uniform_in_log_of_one_plus_t(case):
    times = Timeline(case, "log1p").times(FRACTION)
    assert np.log1p(times) == pytest.approx(np.log1p(case.t_end) * FRACTION)


def test_with_a_delta_every_second_published_time_may_see_it():
    times = Timeline(CASE3, "log").times(FRACTION)
    assert times[::2] == pytest.approx(1000 * FRACTION[::2])
    assert np.log1p(times[1::2]) == pytest.approx(np.log1p(1000) * FRACTION[1::2])
    assert np.mean(np.exp(-times) > 1e-3) > 0.1
