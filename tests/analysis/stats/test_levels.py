import numpy as np
import pytest
from scipy import stats

from harness.analysis.stats.levels import level, looks


def chance_of_any(at, most, runs=60_000):
    """How often any of the t tests after blocks 3 to `most` rejects the truth, with SciPy's own test."""
    blocks = np.random.default_rng(most).standard_normal((runs, most))
    rejected = np.zeros(runs, bool)
    for number in range(3, most + 1):
        rejected |= stats.ttest_1samp(blocks[:, :number], 0.0, axis=1).pvalue < at
    return rejected.mean()


@pytest.mark.parametrize("most", [4, 6, 10])
@pytest.mark.parametrize("rank", [1, 3])
def test_error_over_all_looks_is_nominal(most, rank):
    error = 0.05 / rank
    deviation = np.sqrt(error * (1 - error) / 60_000)
    assert chance_of_any(level(3, most, rank), most) == pytest.approx(error, abs=4 * deviation)


def test_a_single_look_needs_no_correction_for_looks():
    for fewest, most in ((5, 5), (3, 3), (1, 1), (2, 3), (9, 9)):
        assert looks(fewest, most) == 1
        assert level(fewest, most) == 0.05
        assert level(fewest, most, rank=4) == 0.0125


def test_splits_the_error_where_no_constant_is_known():
    assert looks(3, 30) == 28
    assert level(3, 30) == pytest.approx(0.05 / 28)
    assert level(3, 6, rank=9) == pytest.approx(0.05 / 9 / 4)
    assert level(4, 6) == pytest.approx(0.05 / 3)


@pytest.mark.parametrize("most", [4, 5, 6, 7, 8, 10, 12, 16, 20])
def test_levels_fall_with_rank_and_never_exceed_an_equal_split(most):
    levels = [level(3, most, rank) for rank in range(1, 9)]
    assert levels == sorted(levels, reverse=True)
    assert all(0.05 / rank / looks(3, most) <= at <= 0.05 / rank for rank, at in enumerate(levels, start=1))
