import numpy as np
import pytest

from variants.breakage.cases import CASE1, CASES
from variants.breakage.exact import number_density
from variants.breakage.quality import misplaced_mass, quality, quality_times


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_exact_solution_is_perfect(case):
    measured = quality(case, lambda v, t: number_density(case, v, t))
    assert measured == {"misplaced_mass": 0, "misplaced_mass_mean": 0, "relative_l2": 0}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_ten_percent_too_much_everywhere(case):
    measured = quality(case, lambda v, t: 1.1 * number_density(case, v, t))
    # Half of 10 % of the mass, of which the domain holds all but 0.05 %.
    assert measured["misplaced_mass"] == pytest.approx(0.05, rel=1e-3)
    assert measured["misplaced_mass_mean"] == pytest.approx(0.05, rel=1e-3)
    assert measured["relative_l2"] == pytest.approx(0.1)


def test_the_largest_and_the_mean_are_over_the_times():
    measured = quality(CASE1, lambda v, t: number_density(CASE1, v, t) * np.where(t == CASE1.t_end, 0.0, 1.0))
    assert measured["misplaced_mass"] == pytest.approx(0.5, rel=1e-3)
    assert measured["misplaced_mass_mean"] == pytest.approx(0.5 / 17, rel=1e-3)


def test_the_mass_of_e_to_the_minus_v_in_the_wrong_place():
    # The mass density of e^-2v, normalised, is 4 v e^-2v. It crosses v e^-v at ln 4, below which lie 1 - (1 + ln 4) / 4
    # of one mass and 1 - (1 + 2 ln 4) / 16 of the other: the difference is what has to move.
    v = np.geomspace(1e-4, 40, 4000)
    (moved,) = misplaced_mass(4 * np.exp(-2 * v)[None], np.exp(-v)[None], v)
    assert moved == pytest.approx((1 + np.log(4)) / 4 - (1 + 2 * np.log(4)) / 16, rel=1e-4)


def test_the_times_reach_from_the_start_to_the_end():
    times = quality_times(CASE1)
    assert len(times) == 17
    assert times[[0, 1, -1]] == pytest.approx([0, 0.01, 10])
