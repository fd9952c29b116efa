import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.estimates import add_common, error_of_mean, mean

values = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=12)


@given(values)
def test_without_a_common_error_the_interval_is_scipys(blocks):
    found = mean(blocks, 0.05)
    error = stats.sem(blocks)
    if error > 1e-9:
        expected = stats.t.interval(0.95, len(blocks) - 1, np.mean(blocks), error)
        assert (found.low, found.high) == pytest.approx(expected)


@given(values, st.floats(0.001, 0.5))
def test_a_common_error_widens_the_interval_up_to_a_normal_one(blocks, common):
    found, without = mean(blocks, 0.05, common), mean(blocks, 0.05)
    half, least = (found.high - found.low) / 2, (without.high - without.low) / 2
    assert half >= 0.999 * max(stats.norm.ppf(0.975) * common, stats.norm.ppf(0.975) * stats.sem(blocks))
    assert half <= least + stats.t.ppf(0.975, len(blocks) - 1) * common + 1e-9


def test_blocks_that_agree_leave_the_common_error_alone():
    assert error_of_mean(np.full(4, 0.1), 0.02)[0] == pytest.approx(0.02)
    found = mean([0.1] * 4, 0.05, 0.02)
    assert found.high - 0.1 == pytest.approx(stats.norm.ppf(0.975) * 0.02, rel=1e-3)


def test_a_known_error_adds_to_the_degrees_of_freedom():
    """By hand: of two equal variances, one is estimated, so the freedom is that of it times four."""
    error, freedom = add_common(0.02, 3, 0.02)
    assert (error, freedom) == pytest.approx((0.02 * 2**0.5, 12))
    assert add_common(0.02, 3, 0.0) == (0.02, 3)


def test_intervals_with_a_common_error_hold_as_often_as_they_promise():
    random = np.random.default_rng(0)
    held = 0
    for _ in range(4000):
        blocks = 0.03 * random.standard_normal() + 0.02 * random.standard_normal(4)
        found = mean(list(blocks), 0.05, 0.03)
        held += found.low <= 0.0 <= found.high
    assert held / 4000 == pytest.approx(0.95, abs=0.02)
