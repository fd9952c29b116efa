import math
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad

from variants.breakage.cases import CASE1, CASE3, CASE4, CASES
from variants.breakage.exact import amplitude, number_density
from variants.breakage.metrics import FLOORS, MEASURED, METRICS
from variants.breakage.quality import misplaced_mass, quality, quality_nodes, quality_times

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
L2 = MEASURED[2:6]


def measured(case, factor=1.0, delta_factor=1.0):
    """The quality of the exact density and delta times two factors, which may be functions of v and t, and of t."""
    scale = factor if callable(factor) else lambda v, t: factor
    delta_scale = delta_factor if callable(delta_factor) else lambda t: delta_factor
    return quality(
        case,
        lambda v, t: scale(v, t) * number_density(case, v, t),
        lambda t: delta_scale(t) * amplitude(case, t),
    )


def test_the_names():
    assert METRICS == MEASURED + FLOORS
    assert len(set(METRICS)) == 11
    assert tuple(measured(CASE1)) == MEASURED


def test_the_names_are_light():
    code = "import sys, variants.breakage.metrics; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "variants.breakage.metrics" in loaded
    assert not {"numpy", "scipy", "tensorflow"} & set(loaded)


@cases
def test_the_exact_solution_is_perfect(case):
    assert measured(case) == dict.fromkeys(MEASURED, 0)


@cases
def test_ten_percent_too_much_everywhere(case):
    found = measured(case, 1.1, 1.1)
    # Half of 10 % of the mass, of which the domain holds all but 0.5 %.
    assert found["misplaced_mass"] == pytest.approx(0.05, rel=1e-3)
    assert found["misplaced_mass_mean"] == pytest.approx(0.05, rel=1e-3)
    assert [found[name] for name in L2] == pytest.approx([0.1] * 4)
    # The sum over the nodes and the moment that it is divided by are two quadratures.
    assert found["number_error"] == pytest.approx(0.1, rel=1e-3)
    assert found["mass_error"] == pytest.approx(0.1, rel=1e-3)
    assert found["log10_error"] == pytest.approx(np.log10(1.1))


def test_the_largest_and_the_mean_are_over_the_times():
    found = measured(CASE1, lambda v, t: np.where(t == CASE1.t_end, 0.0, 1.0))
    assert found["misplaced_mass"] == pytest.approx(0.5, rel=1e-3)
    assert found["misplaced_mass_mean"] == pytest.approx(0.5 / 17, rel=1e-3)
    assert (found["number_error"], found["mass_error"]) == pytest.approx((1, 1), rel=1e-3)


@pytest.mark.parametrize(("name", "part"), list(zip(L2, (1 / 1000, 1 / 100, 1 / 10, 1), strict=True)))
@cases
def test_relative_l2_is_of_one_time(case, name, part):
    wrong = measured(case, lambda v, t: np.where(np.isclose(t, part * case.t_end), 1.3, 1.0))
    assert wrong[name] == pytest.approx(0.3)
    assert [wrong[other] for other in L2 if other != name] == [0, 0, 0]


def test_relative_l2_is_of_v_f():
    # With even steps in ln v, a sum over the nodes of (v f)^2 is an integral of v f^2: e^-v and (1 + v) e^-v there.
    found = quality(CASE1, lambda v, t: (1 + v * (1 + t)) * number_density(CASE1, v, t))
    error, _ = quad(lambda v: v**3 * np.exp(-2 * v), 0, 60)
    size, _ = quad(lambda v: v * np.exp(-2 * v), 0, 60)
    assert found["relative_l2_at_T/1000"] == pytest.approx(np.sqrt(error / size), rel=1e-3)


def test_the_mass_of_e_to_the_minus_v_in_the_wrong_place():
    # The mass density of e^-2v, normalised, is 4 v e^-2v. It crosses v e^-v at ln 4, below which lie 1 - (1 + ln 4) / 4
    # of one mass and 1 - (1 + 2 ln 4) / 16 of the other: the difference is what has to move.
    v = np.geomspace(1e-4, 40, 4000)
    (moved,) = misplaced_mass(4 * np.exp(-2 * v)[None], np.exp(-v)[None], v)
    assert moved == pytest.approx((1 + np.log(4)) / 4 - (1 + 2 * np.log(4)) / 16, rel=1e-4)


def test_misplaced_mass_is_not_mass_error():
    # The same particles twice as small: the mass of v f that is missing above is found below.
    found = quality(CASE1, lambda v, t: 4 * number_density(CASE1, 2 * v, t))
    assert found["misplaced_mass"] == pytest.approx((1 + np.log(4)) / 4 - (1 + 2 * np.log(4)) / 16, rel=1e-3)
    assert found["mass_error"] < 1e-3
    assert found["number_error"] == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_a_delta_forgotten(case):
    found = measured(case, delta_factor=0.0)
    # At t = 0 all of the mass is in it: half of that is misplaced, and all of it is missing. No node can tell.
    assert found["misplaced_mass"] == pytest.approx(0.5)
    assert found["number_error"] == found["mass_error"] == 1
    assert found["log10_error"] == 0
    assert [found[name] for name in L2] == [0, 0, 0, 0]


def test_the_delta_and_the_fragments_add_up():
    # A delta of mass e^-t that is 10 % too small, and fragments of mass 1 - e^-t that are as much too many.
    found = measured(
        CASE3, lambda v, t: 1 - 0.1 * np.exp(-t) / np.expm1(-np.maximum(t, 1)), lambda t: np.where(t == 0, 1, 0.9)
    )
    assert found["mass_error"] < 1e-3
    assert found["misplaced_mass"] == pytest.approx(0.1 * np.exp(-1), rel=1e-3)
    assert found["number_error"] > 0.01


def test_requests_the_delta_only_if_there_is_one():
    quality(CASE1, lambda v, t: v, lambda t: pytest.fail("case1 has no delta"))
    with pytest.raises(ValueError, match="case3 has a delta"):
        quality(CASE3, lambda v, t: v)


def test_log10_error_ignores_what_is_a_millionth_of_the_maximum():
    def wrong_below(reach):
        def factor(v, t):
            f = number_density(CASE1, v, t)
            return np.where(f < reach * (1 + t) ** 2 * np.exp(-CASE1.support[0] * (1 + t)), 100.0, 1.0)

        return measured(CASE1, factor)["log10_error"]

    assert wrong_below(0.999e-6) == 0
    assert wrong_below(1e-5) > 0


@cases
def test_log10_error_of_nothing_is_large_and_finite(case):
    error = quality(case, lambda v, t: np.zeros_like(v), lambda t: amplitude(case, t))["log10_error"]
    assert 300 < error < 320
    assert quality(case, lambda v, t: -v, lambda t: amplitude(case, t))["log10_error"] == error


@cases
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_prediction_that_is_not_finite_is_infinitely_wrong(case, value):
    found = quality(case, lambda v, t: np.full_like(v, value), lambda t: amplitude(case, t))
    assert found == dict.fromkeys(MEASURED, math.inf)


@pytest.mark.filterwarnings("error")
def test_where_a_prediction_is_not_finite_matters():
    found = measured(CASE1, lambda v, t: np.where(t == CASE1.t_end, math.nan, 1.0))
    wrong = {"misplaced_mass", "misplaced_mass_mean", "relative_l2_at_T", "number_error", "mass_error", "log10_error"}
    assert {name for name in found if found[name] == math.inf} == wrong
    assert {found[name] for name in MEASURED if name not in wrong} == {0}


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_squared_is_infinitely_wrong():
    found = quality(CASE1, lambda v, t: np.full_like(v, 1e300))
    assert found["relative_l2_at_T"] == math.inf
    assert all(math.isfinite(found[name]) for name in ("misplaced_mass", "log10_error"))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_delta_that_is_not_finite(value):
    found = quality(CASE4, lambda v, t: number_density(CASE4, v, t), lambda t: np.full_like(t, value))
    assert found["misplaced_mass"] == found["misplaced_mass_mean"] == math.inf
    assert found["number_error"] == found["mass_error"] == math.inf
    assert found["relative_l2_at_T"] == found["log10_error"] == 0


def test_a_prediction_may_be_a_tensor_of_float32():
    found = quality(CASE1, lambda v, t: tf.constant(number_density(CASE1, v, t), tf.float32))
    assert 0 < found["misplaced_mass"] < 1e-7


@cases
def test_it_requests_every_node_at_every_time(case):
    requests = []
    quality(case, lambda v, t: requests.append((v, t)) or np.zeros_like(v), np.zeros_like)
    ((v, t),) = requests
    assert v.shape == t.shape == (400 * 17,)
    assert (v[:400] == quality_nodes(case)).all()
    assert (t[::400] == quality_times(case)).all()
    assert (v[0], v[-1]) == pytest.approx(case.support)


def test_the_times_reach_from_the_start_to_the_end():
    times = quality_times(CASE1)
    assert len(times) == 17
    assert times[[0, 1, 6, 11, -1]] == pytest.approx([0, 0.01, 0.1, 1, 10])
