import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.charts.axes import unit_of_seconds
from harness.report.charts.ticks import domain, ticks


@given(st.floats(1e-12, 1e12), st.floats(1.005, 1e15))
def test_a_logarithmic_axis_has_a_few_ticks_within_it(low, factor):
    found = ticks(low, low * factor)
    assert 1 <= len(found) <= 8
    assert found == sorted(set(found))
    assert all(low * (1 - 1e-9) <= tick <= low * factor * (1 + 1e-9) for tick in found)


def test_ticks_are_round():
    assert ticks(0.004, 3) == [0.01, 0.03, 0.1, 0.3, 1, 3]
    assert ticks(0.95, 1.06) == [0.95, 1.0, 1.05]


def test_domain_has_margins_and_excludes_extreme_bounds():
    low, high = domain([0.5, 1e300, float("inf")], [1.0, 2.0])
    assert 0.45 < low < 0.5
    assert 2.0 < high < 2.2


@pytest.mark.parametrize(
    ("seconds", "unit"), [(1e-5, "us"), (0.003, "ms"), (0.999, "ms"), (1.0, "s"), (119, "s"), (120, "min"), (9000, "h")]
)
def test_durations_on_axes_have_a_suitable_unit(seconds, unit):
    assert unit_of_seconds(seconds)[0] == unit
