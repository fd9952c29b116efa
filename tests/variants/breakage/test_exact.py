"""The exact solutions against an independent quadrature of the equation they solve, and against known moments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import erf, gammainc

from variants.breakage.cases import CASE1, CASE2, CASE3, CASE4, CASES
from variants.breakage.exact import amplitude, birth, moment, number_density

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
fractions = pytest.mark.parametrize("fraction", [0, 0.001, 0.1, 1])


def integral(case, integrand, low, high=None):
    """From `low` to where the density ends, or to `high`, in ln v: there every solution is smooth at any time."""
    high = high or (1.0 if case.monodisperse else low + 60)
    points = [y for y in np.log([1e-4, 1e-3, 1e-2, 0.1, 1]) if np.log(low) < y < np.log(high)]
    total, _ = quad(
        lambda y: np.exp(y) * integrand(np.exp(y)),
        np.log(low),
        np.log(high),
        limit=500,
        points=points or None,
        epsabs=1e-13,
        epsrel=1e-10,
    )
    return total


def drawn(data, case):
    """A volume on the support of `case`, and a time: soon after the start as likely as late."""
    low, high = case.support
    v = np.exp(data.draw(st.floats(np.log(low), np.log(min(high, 10))), "log v"))
    t = np.expm1(data.draw(st.floats(0.01, np.log1p(case.t_end)), "log(1 + t)"))
    return min(v, high), t


@cases
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_it_solves_the_equation(case, data):
    v, t = drawn(data, case)
    step = 1e-5 * t
    rate = (number_density(case, v, t + step) - number_density(case, v, t - step)) / (2 * step)
    regular = integral(case, lambda w: 2 / w * w**case.power * number_density(case, w, t), v)
    born = regular + 2 * case.selection(1.0) * amplitude(case, t)
    death = v**case.power * number_density(case, v, t)
    # Central differences are off by some (S step)^2 of the terms: that is much only where S t is, and e^{-S t} nothing.
    assert rate == pytest.approx(born - death, rel=1e-5, abs=1e-7 * (born + death + 1))
    assert birth(case, v, t) == pytest.approx(born, rel=1e-8, abs=1e-10)


@cases
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_the_delta_breaks_at_the_rate_at_1(case, data):
    _, t = drawn(data, case)
    step = 1e-4
    rate = (amplitude(case, t + step) - amplitude(case, t - step)) / (2 * step)
    assert rate == pytest.approx(-case.selection(1.0) * amplitude(case, t), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("case", [CASE1, CASE2])
def test_it_starts_from_e_to_the_minus_v(case):
    v = np.geomspace(*case.v_range, 50)
    np.testing.assert_allclose(number_density(case, v, 0.0), np.exp(-v))
    assert (amplitude(case, [0.0, 1.0, case.t_end]) == 0).all()


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_it_starts_from_a_delta_alone(case):
    assert (number_density(case, np.geomspace(*case.v_range, 50), 0.0) == 0).all()
    assert amplitude(case, 0.0) == 1


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_fragments_are_smaller_than_what_broke(case):
    f = number_density(case, [0.5, 1.0, np.nextafter(1, 2), 1.5], 1.0)
    assert (f[:2] > 0).all()
    assert (f[2:] == 0).all()


@cases
@fractions
def test_mass_is_conserved(case, fraction):
    t = fraction * case.t_end
    mass = integral(case, lambda v: v * number_density(case, v, t), 1e-9) + amplitude(case, t)
    assert mass == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(
    ("case", "number"),
    [
        (CASE1, lambda t: 1 + t),
        (CASE3, lambda t: 1 + t),
        (CASE4, lambda t: np.exp(-t) + np.sqrt(np.pi * t) * erf(np.sqrt(t))),
    ],
    ids=["case1", "case3", "case4"],
)
@fractions
def test_the_number_of_particles(case, number, fraction):
    t = fraction * case.t_end
    counted = integral(case, lambda v: number_density(case, v, t), 1e-14) + amplitude(case, t)
    assert counted == pytest.approx(number(t), rel=1e-8)


@cases
@fractions
@pytest.mark.parametrize("order", [0, 1])
def test_moments_on_the_domain(case, fraction, order):
    t = fraction * case.t_end
    regular = integral(case, lambda v: v**order * number_density(case, v, t), *case.support)
    assert moment(case, order, [t]) == pytest.approx([regular + amplitude(case, t)], rel=1e-9)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_moments_of_the_first_case_in_closed_form(order):
    # The integral of v^k (1+t)^2 e^{-v(1+t)} is (1+t)^{1-k} k! P(k+1, v(1+t)), P the regularised incomplete gamma.
    low, high = CASE1.support
    t = np.array([0.0, 0.3, 10.0])
    share = gammainc(order + 1, high * (1 + t)) - gammainc(order + 1, low * (1 + t))
    expected = (1 + t) ** (1 - order) * [1, 1, 2][order] * share
    np.testing.assert_allclose(moment(CASE1, order, t), expected, rtol=1e-12)


@pytest.mark.parametrize(("case", "mass", "number"), [(CASE1, 5e-4, 0.011), (CASE3, 4.8e-3, 0.095)])
def test_what_the_domain_leaves_out(case, mass, number):
    t = [0.0, case.t_end]
    assert np.max(1 - moment(case, 1, t)) == pytest.approx(mass, rel=0.05)
    assert np.max(1 - moment(case, 0, t) / (1 + np.array(t))) == pytest.approx(number, rel=0.05)


def test_volumes_and_times_broadcast():
    f = number_density(CASE2, [1.0, 2.0, 3.0], np.array([[0.0], [1.0]]))
    assert f.shape == (2, 3)
    assert f[1, 2] == pytest.approx(9 * np.exp(-12))
    assert birth(CASE2, [1.0, 2.0, 3.0], np.array([[0.0], [1.0]])).shape == (2, 3)
