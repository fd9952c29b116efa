import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.stats.ratios import Ratio
from harness.report import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0000012, "1.20 us"),
        (0.00302, "3.02 ms"),
        (0.9994, "999 ms"),
        (1.0, "1.00 s"),
        (119.0, "119 s"),
        (163.2, "2.72 min"),
        (8160, "2.27 h"),
    ],
)
def test_durations_have_a_suitable_unit(value, text):
    assert units.seconds(value) == text


def test_sizes_are_in_powers_of_ten():
    assert [units.size(value) for value in (None, 8_871_936, 955e6, 7.3e9)] == ["-", "8.87 MB", "955 MB", "7.30 GB"]


def test_operations_are_in_powers_of_ten_and_so_are_their_rates():
    counts = (None, 0, 230_144, 8.6e6, 7.06e11, 4.5e12)
    assert [units.flops(count) for count in counts] == [
        "-", "0 MFLOP", "0.230 MFLOP", "8.60 MFLOP", "706 GFLOP", "4.50 TFLOP",
    ]  # fmt: skip
    assert [units.flops_per_second(rate) for rate in (None, 256e9)] == ["-", "256 GFLOP/s"]


def test_shares_are_in_percent_to_two_digits():
    shares = (None, 0.0, 0.00123, 0.05, 0.0996, 0.574, 1.0, 1.234)
    assert [units.percent(share) for share in shares] == [
        "-", "0 %", "0.12 %", "5 %", "10 %", "57 %", "100 %", "123 %",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "text", "short"),
    [
        (None, "-", "-"),
        (Ratio(0.9994), "0.999x", "0.999x"),
        (Ratio(0.99, 0.98, 1.0001), "0.990x [0.980, 1.000]", "0.990x ±1.0%"),
        (Ratio(1 / 182, 1 / 190, 1 / 175), "0.00549x [0.00526, 0.00571]", "0.00549x ±4.2%"),
        (Ratio(182.3, 175.0, 190.2), "182x [175, 190]", "182x ±4.3%"),
        (Ratio(1.0, 1e-300, 1e300), "1.000x [1e-300, 1e+300]", "1.000x ±?"),
    ],
)
def test_ratios_show_a_tenth_of_a_percent_near_one_and_three_digits_elsewhere(ratio, text, short):
    assert units.ratio(ratio) == text
    assert units.short_ratio(ratio) == short


@given(st.floats(1e-9, 1e9))
def test_a_duration_parses_back_within_its_digits(value):
    number, unit = units.seconds(value).split()
    size = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}[unit]
    assert float(number) * size == pytest.approx(value, rel=0.0051)
