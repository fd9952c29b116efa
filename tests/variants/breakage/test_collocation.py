import numpy as np
import pytest

from variants.breakage.cases import CASES
from variants.breakage.collocation import collocation_grid, collocation_points, data_points
from variants.breakage.exact import number_density

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@cases
def test_collocation_points_are_log_uniform_in_v_and_as_the_clock_takes_them_in_t(case):
    for clock, to_fraction in (
        ("log", lambda t: t / case.t_end),
        ("log1p", lambda t: np.log1p(t) / np.log1p(case.t_end)),
    ):
        points = collocation_points(case, 0, "collocation", 0, 40_000, clock)
        assert points.shape == (40_000, 2)
        assert points.dtype == np.float32
        if clock == "log" and case.monodisperse:
            points = points[::2]  # the others look for the delta
        low, high = np.log(case.support)
        fractions = np.stack([(np.log(points[:, 0]) - low) / (high - low), to_fraction(points[:, 1])])
        assert fractions.min() >= -1e-6
        assert fractions.max() <= 1 + 1e-6
        # A uniform variable has this mean and variance; 20,000 of them miss by 0.002 (one standard error).
        np.testing.assert_allclose(fractions.mean(axis=1), 1 / 2, atol=0.01)
        np.testing.assert_allclose(fractions.var(axis=1), 1 / 12, atol=0.005)


def test_fewer_points_are_the_first_of_more():
    few, many = (collocation_points(CASES["case3"], 0, "collocation", 0, count) for count in (10, 20))
    assert (few == many[:10]).all()


@cases
@pytest.mark.parametrize("clock", ["log", "log1p"])
def test_a_grid_covers_the_domain_and_moves(case, clock):
    low, high = case.support
    cell = (high / low) ** (1 / 40)
    lowest = []
    for index in range(100):
        v, t = collocation_grid(case, 0, index, 41, 50, clock)
        assert (v.shape, t.shape, v.dtype, t.dtype) == ((41,), (50,), np.float32, np.float32)
        np.testing.assert_allclose(np.diff(np.log(v)), np.log(v[1] / v[0]), rtol=1e-4)
        assert v[-1] == np.float32(high)
        assert t.min() >= 0
        assert t.max() <= case.t_end * (1 + 1e-6)
        lowest.append(v[0])
    assert np.min(lowest) > low / cell / 1.001
    assert np.min(lowest) < low / cell**0.9
    assert np.max(lowest) > low / cell**0.1


def test_a_grids_times_are_one_in_each_part_of_the_timeline():
    _, t = collocation_grid(CASES["case1"], 0, 3, 41, 50, "log1p")
    parts = np.floor(50 * np.log1p(t) / np.log(11)).astype(int)
    assert sorted(parts) == list(range(50))


@pytest.mark.parametrize("times", [2, 4, 50])
def test_a_grid_sees_the_delta_as_often_as_points_do(times):
    case = CASES["case3"]
    on_grids = np.concatenate([collocation_grid(case, 0, index, 41, times)[1] for index in range(4000 // times)])
    at_points = collocation_points(case, 0, "collocation", 0, 4000)[:, 1]
    seen, expected = (np.mean(np.exp(-t) > 1e-3) for t in (on_grids, at_points))
    assert seen == pytest.approx(expected, rel=0.2)
    assert expected > 0.1


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
