import pytest

from harness import rounding


@pytest.mark.parametrize(
    ("value", "text"), [(180.0, "180 s"), (0.5, "0.5 s"), (3600, "3600 s"), (1234567.0, "1234567 s")]
)
def test_a_duration_that_was_given_keeps_its_digits(value, text):
    assert rounding.exact_seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0002, "1.0002"), (0.95, "0.9500"), (2.04, "2"), (0.123, "0.12"), (-3.14, "-3.1")]
)
def test_a_factor_near_one_has_four_decimals(value, text):
    assert rounding.fine_factor(value) == text


@pytest.mark.parametrize(("value", "text"), [(4.9e-8, "5e-08"), (0.33, "3e-01"), (2.0, "2e+00")])
def test_a_difference_has_one_digit_and_an_exponent(value, text):
    assert rounding.difference(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.01, "0.01"), (10.0, "10"), (1234567.0, "1234567"), (1e-9, "1e-09")])
def test_a_number_that_was_given_keeps_its_digits(value, text):
    assert rounding.given(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12, "12"), (12.0, "12"), (1234.5, "1,234.5"), (1234567, "1,234,567"), (2.5e6, "2,500,000")],
)
def test_a_count_has_commas_and_no_exponent(value, text):
    assert rounding.count(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ((1.1,), "+10 %"),
        ((0.7, 0.69, 0.71), "-30 % [-31, -29]"),
        ((1.01234, 0.999, 1.0256), "+1.23 % [-0.1, +2.56]"),
        ((50.0,), "+4900 %"),
        ((1.0,), "+0 %"),
    ],
)
def test_a_change_in_percent_has_a_sign_and_an_interval_if_there_is_one(ratio, text):
    assert rounding.percent_change(*ratio) == text


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0.98, 1.0001, "±1.0%"), (0.5, 1.125, "±50%"), (1e-300, 1e300, "±?")]
)
def test_half_the_width_of_an_interval_is_in_percent(low, high, text):
    assert rounding.half_width(low, high) == text


@pytest.mark.parametrize(("value", "text"), [(0.75, "75 %"), (0.9375, "93.8 %"), (0.998, "99.8 %")])
def test_a_probability_close_to_one_is_not_rounded_to_one(value, text):
    assert rounding.probability(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (5.0, "5"), (2.3333, "2.33"), (1234.0, "1230")])
def test_a_number_that_is_often_whole_has_no_trailing_zeros(value, text):
    assert rounding.trimmed(value) == text


def test_a_logarithm_has_three_decimals():
    assert rounding.logarithm(0.69315) == "0.693"
