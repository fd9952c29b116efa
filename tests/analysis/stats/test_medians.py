from math import inf, isinf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.medians import Median, median

times = st.lists(st.floats(0, 1e6) | st.just(inf), min_size=1, max_size=40)


@given(times)
def test_estimate_is_the_median_and_may_be_infinite(values):
    found = median(values)
    assert found.estimate == pytest.approx(np.median(values))
    assert isinf(found.estimate) == (sum(map(isinf, values)) * 2 >= len(values))


@given(times)
def test_interval_uses_the_innermost_sufficient_order_statistics(values):
    """The sign test's: outside it there are too few values on one side (SciPy's binomial distribution)."""
    n, found = len(values), median(values)
    if n == 1:
        assert found == Median(values[0])
        return
    signs = stats.binom(n, 0.5)
    wide_enough = [j for j in range(1, n // 2 + 1) if signs.cdf(n - j) - signs.cdf(j - 1) >= 0.95 - 1e-12]
    rank = max(wide_enough, default=1)
    assert (found.low, found.high) == (sorted(values)[rank - 1], sorted(values)[-rank])
    assert found.coverage == pytest.approx(signs.cdf(n - rank) - signs.cdf(rank - 1))


@pytest.mark.parametrize(("n", "coverage"), [(2, 0.5), (3, 0.75), (4, 0.875), (5, 0.9375), (6, 0.96875)])
def test_extremes_of_few_values_cover_all_but_one_side(n, coverage):
    found = median(list(range(n)))
    assert (found.low, found.high, found.coverage) == (0, n - 1, coverage)
    assert coverage == 1 - 2 ** (1 - n)


@pytest.mark.parametrize("n", [3, 7, 12])
def test_interval_covers_the_true_median_at_the_nominal_rate(n):
    random = np.random.default_rng(n)
    trials, covered = 4000, 0
    for _ in range(trials):
        values = random.lognormal(0.0, 2.0, n)
        values[values > np.exp(3)] = inf  # some never get there; the true median, 1, is far below
        found = median(list(values))
        covered += found.low <= 1.0 <= found.high
    assert covered / trials == pytest.approx(found.coverage, abs=0.025)


def test_no_median_of_no_values():
    with pytest.raises(ValueError, match="no value"):
        median([])
