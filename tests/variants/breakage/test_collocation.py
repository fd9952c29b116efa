import numpy as np
import pytest

from variants.breakage.cases import CASES
from variants.breakage.collocation import collocation_points, data_points
from variants.breakage.exact import number_density

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@cases
def test_collocation_points_are_log_uniform_in_v_and_uniform_in_t(case):
    points = collocation_points(case, 0, "collocation", 0, 20_000)
    assert points.shape == (20_000, 2)
    assert points.dtype == np.float32
    low, high = np.log(case.v_range)
    fractions = np.stack([(np.log(points[:, 0]) - low) / (high - low), points[:, 1] / case.t_end])
    assert fractions.min() >= -1e-6
    assert fractions.max() <= 1 + 1e-6
    # A uniform variable has this mean and variance; 20,000 of them miss by 0.002 (one standard error).
    np.testing.assert_allclose(fractions.mean(axis=1), 1 / 2, atol=0.01)
    np.testing.assert_allclose(fractions.var(axis=1), 1 / 12, atol=0.005)


@cases
def test_data_are_the_exact_solution_at_the_data_times(case):
    points, f = data_points(case, 0, 7, 1000)
    times, counts = np.unique(points[:, 1], return_counts=True)
    np.testing.assert_allclose(times, case.data_times)
    assert counts.min() > 200
    # The points are rounded to float32 after f was computed: where f is steep that moves it by v * S * 1e-7 or so.
    np.testing.assert_allclose(f, number_density(case, *points.T), rtol=1e-4, atol=1e-30)


def test_points_are_fresh_every_epoch_and_the_same_for_the_same_one():
    case = CASES["case1"]
    one, again, other = (data_points(case, 0, index, 10)[0] for index in (1, 1, 2))
    assert (one == again).all()
    assert (one[:, 0] != other[:, 0]).all()
