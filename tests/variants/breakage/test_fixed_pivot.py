"""The fixed-pivot method against the exact solutions, and its matrix against the integrals that define it."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from variants.breakage import exact
from variants.breakage.cases import CASE1, CASE2, CASE3, CASE4, CASES
from variants.breakage.fixed_pivot import FixedPivot, breakage_matrix, hat_integrals, solve
from variants.breakage.metrics import MEASURED
from variants.breakage.quality import quality, quality_times

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def measured(case, bins):
    solution = solve(case, bins, quality_times(case))
    return quality(case, solution.density, solution.amplitude)


@cases
def test_it_converges_to_the_exact_solution_with_order_two(case):
    coarse, fine = measured(case, 40), measured(case, 160)
    for name in MEASURED:
        assert 1.7 < np.log(coarse[name] / fine[name]) / np.log(4) < 2.3, name
    assert fine["misplaced_mass"] < 1e-3
    assert max(fine.values()) < 2e-3


@pytest.mark.parametrize(("bins", "yardstick"), [(80, 3.7e-3), (160, 8.8e-4), (320, 1.8e-4)])
def test_a_known_reference_value(bins, yardstick):
    # By an independent implementation with as many bins from 1e-3 to 12, which makes them 9 % narrower.
    assert measured(CASE1, bins)["relative_l2_at_T"] == pytest.approx(1.2 * yardstick, rel=0.2)


@cases
@pytest.mark.parametrize("bins", [4, 20, 61])
def test_the_mass_is_kept(case, bins):
    solution = solve(case, bins, quality_times(case))
    np.testing.assert_allclose(solution.mass, 1, rtol=1e-11)
    assert solution.counts.min() > -1e-12


@cases
def test_breakage_keeps_the_volume_and_makes_two_of_one(case):
    pivots = np.geomspace(*case.support, 30)
    per_particle = breakage_matrix(case, pivots) / case.selection(pivots)
    np.testing.assert_allclose(pivots @ per_particle, 0, atol=1e-12 * pivots[-1])
    # Below the first pivot only the volume is kept: of the two fragments of x_k, a part x_0 / x_k of one is lost.
    np.testing.assert_allclose(per_particle.sum(axis=0), 1 - pivots[0] / pivots, atol=1e-12)


def test_fragments_are_shared_by_hat_functions():
    pivots = np.array([0.5, 0.7, 1.5, 2.0])
    padded = np.array([0.0, *pivots, 3.0])
    for k, broken in enumerate(pivots):
        for i in range(4):
            hat = lambda v, i=i: np.interp(v, padded[i : i + 3], [0, 1, 0])  # noqa: E731
            born, _ = quad(lambda v, hat=hat, broken=broken: hat(v) * 2 / broken, 0, broken, points=pivots)
            net = breakage_matrix(CASE2, pivots)[i, k] / broken**2
            assert net == pytest.approx(born - (i == k), abs=1e-12)
    np.testing.assert_allclose(hat_integrals(pivots), [0.35, 0.5, 0.65, 0.25])


@pytest.mark.parametrize("case", [CASE1, CASE2])
def test_it_starts_from_e_to_the_minus_v(case):
    solution = solve(case, 300, np.array([0.0, 1.0]))
    assert solution.counts[0].sum() == pytest.approx(1, abs=1e-3)
    v = np.geomspace(1e-3, 10, 50)
    np.testing.assert_allclose(solution.density(v, np.zeros(50)), np.exp(-v), rtol=0.05)
    assert (solution.deltas == 0).all()


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_the_delta_is_exact_and_the_density_is_of_fragments_only(case):
    times = quality_times(case)
    solution = solve(case, 20, times)
    np.testing.assert_allclose(solution.amplitude(times[::-1]), exact.amplitude(case, times[::-1]), rtol=1e-9)
    assert (solution.counts[0] == 0).all()
    v = np.geomspace(1e-4, 1, 10)
    assert (solution.density(v, np.zeros(10)) < 1e-200).all()
    soon = solve(case, 20, np.array([0.0, 1e-6]))
    np.testing.assert_allclose(soon.density(v, np.full(10, 1e-6)), 2e-6, rtol=1e-2)


@cases
def test_the_density_at_the_edges(case):
    time = case.t_end / 1000
    solution = solve(case, 160, np.array([0.0, time]))
    low, top = solution.pivots[[0, -1]]
    v = np.array([low, np.sqrt(low * solution.pivots[1]), top, np.nextafter(top, 100), 90.0])
    f = solution.density(v, np.full(5, time))
    np.testing.assert_allclose(f[:2], exact.number_density(case, v[:2], time), rtol=1e-3)
    if case.monodisperse:
        np.testing.assert_allclose(f[2], exact.number_density(case, 1.0, time), rtol=0.01)
    assert f[2] > 0
    assert (f[3:] == 0).all()


def test_rejects_a_time_it_was_not_solved_for():
    solution = solve(CASE1, 10, np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=r"not solved for t = 0\.5"):
        solution.density(np.ones(2), np.array([1.0, 0.5]))


@cases
def test_as_a_trainer(case):
    trainer = FixedPivot(case)
    assert trainer.epochs == 5
    assert [trainer.kind(index) for index in (0, 4)] == ["20 bins", "320 bins"]
    assert trainer.state() == {"bins": 0}
    assert trainer.evaluate() == dict.fromkeys(MEASURED, math.inf)
    errors = []
    for index in range(3):
        assert trainer.epoch(index) == {"bins": 20 * 2**index} == trainer.state()
        found = trainer.evaluate()
        assert tuple(found) == MEASURED
        errors.append(found["misplaced_mass"])
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_an_epoch_does_not_depend_on_those_before():
    one, other = FixedPivot(CASE1, first=5), FixedPivot(CASE1, first=5)
    for index in (0, 1, 2):
        one.epoch(index)
    other.epoch(2)
    assert one.evaluate() == other.evaluate()
