from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.levels import EVERY, MOST, level, looks_after, next_look


def chance_of_any(at, most, runs=60_000):
    """How often the t test of any look at up to `most` blocks rejects the truth, with SciPy's own test."""
    blocks = np.random.default_rng(most).standard_normal((runs, most))
    rejected = np.zeros(runs, bool)
    for number in looks_after(3, most):
        rejected |= stats.ttest_1samp(blocks[:, :number], 0.0, axis=1).pvalue < at
    return rejected.mean()


@pytest.mark.parametrize("most", [4, 6, 9, 10, 19, 30])
@pytest.mark.parametrize("rank", [1, 3])
def test_error_over_all_looks_is_nominal(most, rank):
    error = 0.05 / rank
    deviation = np.sqrt(error * (1 - error) / 60_000)
    found = chance_of_any(level(3, most, rank), most)
    if most == 9:  # the level of ten blocks is used, which is a little stricter
        assert 0.85 * error < found < error + 4 * deviation
    else:
        assert found == pytest.approx(error, abs=4 * deviation)


def test_looks_are_further_and_further_apart():
    assert looks_after(3, 6) == [3, 4, 5, 6]
    assert looks_after(3, 8) == [3, 4, 5, 6, 7, 8]
    assert looks_after(3, 24) == [3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24]
    assert looks_after(10, 30) == [10, 12, 15, 19, 24, 30]
    assert [next_look(3, 24, done) for done in (1, 8, 9, 13, 23, 24)] == [3, 8, 10, 15, 24, 24]


@given(st.integers(1, 80), st.integers(1, 80))
def test_the_last_look_is_at_the_last_block(fewest, most):
    looks = looks_after(fewest, most)
    assert looks[-1] == most
    assert looks == sorted(set(looks))
    assert looks[0] == min(max(fewest, 3), most)
    steps = [after - before for before, after in pairwise(looks)]
    assert all(step == 1 for step, look in zip(steps, looks, strict=False) if look < EVERY)


def test_a_last_look_that_comes_earlier_is_no_worse():
    """A run whose time is over may look for the last time between two planned looks."""
    runs, most = 60_000, 19
    blocks = np.random.default_rng(1).standard_normal((runs, most))
    ends = np.random.default_rng(2).integers(3, most + 1, runs)
    rejected = np.zeros(runs, bool)
    for number in range(3, most + 1):
        looked = (ends == number) if number not in looks_after(3, most) else (ends >= number)
        rejected |= looked & (stats.ttest_1samp(blocks[:, :number], 0.0, axis=1).pvalue < level(3, most))
    assert rejected.mean() < 0.05


def test_a_single_look_needs_no_correction_for_looks():
    for fewest, most in ((5, 5), (3, 3), (1, 1), (2, 3), (9, 9)):
        assert looks_after(fewest, most) == [most]
        assert level(fewest, most) == 0.05
        assert level(fewest, most, rank=4) == 0.0125


def test_splits_the_error_where_no_constant_is_known():
    assert level(3, MOST + 1) == pytest.approx(0.05 / 16)
    assert level(3, 6, rank=9) == pytest.approx(0.05 / 9 / 4)
    assert level(4, 6) == pytest.approx(0.05 / 3)


@pytest.mark.parametrize("most", [4, 5, 6, 7, 8, 9, 10, 12, 16, 24, 50, MOST])
def test_levels_fall_with_rank_and_never_exceed_an_equal_split(most):
    levels = [level(3, most, rank) for rank in range(1, 9)]
    assert levels == sorted(levels, reverse=True)
    assert all(0.05 / rank / len(looks_after(3, most)) <= at <= 0.05 / rank for rank, at in enumerate(levels, start=1))
