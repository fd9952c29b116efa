"""What units write, sorting reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.stats.ratios import Ratio
from harness.report import units
from harness.report.formats.sorting import keys

sizes = st.floats(1e-6, 1e9)


@given(
    sizes,
    st.sampled_from([units.seconds, units.size, units.number, units.flops, units.flops_per_second, units.percent]),
)
def test_a_figure_is_sorted_by_its_value(value, unit):
    if unit in (units.size, units.flops, units.flops_per_second):
        value *= 1e6
    (found,) = keys([unit(value)])
    assert found == pytest.approx(value, rel=0.06)  # percent has two digits


@given(sizes)
def test_a_ratio_is_sorted_by_its_estimate(value):
    (found,) = keys([units.ratio(Ratio(value, value / 2, value * 2))])
    assert found == pytest.approx(value, rel=0.01)
    assert keys([units.short_ratio(Ratio(value, value / 2, value * 2))]) == [found]


def test_the_baseline_is_1_beside_ratios_whether_by_name_or_by_its_time():
    assert keys(["baseline", "0.500x [0.400, 0.600]", "2.000x", "-"]) == [1.0, 0.5, 2.0, None]
    assert keys(["2.70 ms", "0.996x ±0.3%"]) == [1.0, 0.996]
    assert keys(["2.70 ms", "1.00 s"]) == pytest.approx([0.0027, 1.0])


@pytest.mark.parametrize(
    ("cell", "key"), [("1,234", 1234.0), ("7 -> 5", 7.0), ("15, failed at 5", 15.0), ("12.0 s [10.0 s, 13.0 s]", 12.0)]
)
def test_the_first_figure_counts(cell, key):
    assert keys([cell]) == [key]


@pytest.mark.parametrize("cell", ["", "-", "same", "never", "step 3", "3 blind mice", "unsure", "<b>"])
def test_words_have_none(cell):
    assert keys([cell]) == [None]
