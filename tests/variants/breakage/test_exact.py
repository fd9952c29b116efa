"""The exact solutions against an independent quadrature of the equation they solve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from variants.breakage.cases import CASE1, CASE2, CASES
from variants.breakage.exact import number_density

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@cases
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_it_solves_the_equation(case, data):
    v = np.exp(data.draw(st.floats(np.log(case.v_range[0]), np.log(10)), "log v"))
    t = data.draw(st.floats(0.01, case.t_end), "t")
    step = 1e-5 * t
    rate = (number_density(case, v, t + step) - number_density(case, v, t - step)) / (2 * step)
    # In x = v' - v the integrand decays at least as fast as e^-x, so 60 is as good as infinity.
    birth, _ = quad(
        lambda x: 2 / (v + x) * (v + x) ** case.power * number_density(case, v + x, t),
        0,
        60,
        limit=500,
        points=[0.1, 1],
    )
    death = v**case.power * number_density(case, v, t)
    assert rate == pytest.approx(birth - death, rel=1e-5, abs=1e-7 * (birth + death + 1))


@cases
def test_it_starts_from_the_initial_condition(case):
    v = np.geomspace(*case.v_range, 50)
    np.testing.assert_allclose(number_density(case, v, 0.0), np.exp(-v))


@cases
@pytest.mark.parametrize("fraction", [0, 0.1, 1])
def test_mass_is_conserved(case, fraction):
    mass, _ = quad(lambda v: v * number_density(case, v, fraction * case.t_end), 0, 60, limit=500, points=[0.1, 1])
    assert mass == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("t", [0, 2, 10])
def test_the_number_of_particles_grows_linearly_where_the_rate_is_v(t):
    number, _ = quad(lambda v: number_density(CASE1, v, t), 0, 60, points=[0.1, 1])
    assert number == pytest.approx(1 + t)


def test_volumes_and_times_broadcast():
    f = number_density(CASE2, [1.0, 2.0, 3.0], np.array([[0.0], [1.0]]))
    assert f.shape == (2, 3)
    assert f[1, 2] == pytest.approx(9 * np.exp(-12))
