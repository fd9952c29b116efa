import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from variants.breakage.exponential import evolve


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 1000),
    size=st.integers(1, 8),
    scale=st.sampled_from([1e-6, 0.1, 1, 30]),
    times=st.lists(st.floats(0, 10), min_size=1, max_size=6).filter(any),
)
def test_it_is_the_matrix_exponential(seed, size, scale, times):
    random = np.random.default_rng(seed)
    system = scale * (random.standard_normal((size, size)) - 3 * np.eye(size))
    start = random.standard_normal(size)
    exact = np.stack([expm(system * t) @ start for t in times])
    # Squares lose digits where states that cancel grow: relative to the largest, by the number of squarings.
    growth = max(1.0, *(np.abs(expm(system * t)).max() for t in times))
    np.testing.assert_allclose(evolve(system, start, np.array(times)), exact, rtol=1e-9, atol=1e-9 * growth)


def test_rates_that_differ_by_a_million():
    rates = np.array([-1e6, -1.0, 0.0])
    times = np.array([0.0, 1e-6, 1e-3, 0.7, 1.0])
    states = evolve(np.diag(rates), np.ones(3), times)
    np.testing.assert_allclose(states, np.exp(rates * times[:, None]), rtol=1e-9, atol=1e-12)


def test_times_in_any_order():
    system = np.array([[-1.0, 2.0], [0.0, -3.0]])
    times = np.array([5.0, 0.0, 0.1, 5.0])
    states = evolve(system, np.ones(2), times)
    np.testing.assert_array_equal(states[1], [1, 1])
    np.testing.assert_array_equal(states[0], states[3])
    np.testing.assert_allclose(evolve(system, np.ones(2), times[2:3])[0], states[2], rtol=1e-12)


@pytest.mark.filterwarnings("error")
def test_what_overflows_is_not_finite_and_what_came_before_is():
    states = evolve(np.array([[100.0]]), np.ones(1), np.array([1.0, 10.0]))
    assert states[0] == pytest.approx([np.exp(100)])
    assert not np.isfinite(states[1]).any()
