"""What explains the factor of a line's time."""

import pytest

from harness.analysis.comparison.reasons import By, Measured, find_reason
from harness.worker.wire.evidence import Product

SMALL, LARGE = [Product((100, 32), (32, 32), 1.0)], [Product((1200, 32), (32, 32), 12.0)]


def reason(time, arithmetic=None, memory=None, runs=None, products=(), baseline_products=()):
    return find_reason(Measured(time, arithmetic, memory, runs, products, baseline_products))


@pytest.mark.parametrize(
    ("measured", "by", "factor"),
    [
        ((1 / 9, 1 / 12, None, None, SMALL, LARGE), By.SIZES, 1 / 12),
        ((1 / 9, 1 / 12, None, None, SMALL, [SMALL[0]._replace(flops=12.0)]), By.COUNT, 1 / 12),
        ((1 / 9, 1 / 3, None, None, SMALL, LARGE), By.ARITHMETIC, 1 / 3),
        ((1 / 9, 1 / 2), By.OTHER, 1.0),
        ((1 / 9, 1.03), By.OTHER, 1.0),
        ((0.9, 0.001), By.OTHER, 1.0),
        ((1 / 9, 1.03, 1 / 5), By.MEMORY, 1 / 5),
        ((1 / 9, 1.03, 1 / 2), By.OTHER, 1.0),
        ((1 / 9, 1.03, 1 / 5, 1 / 8), By.RUNS, 1 / 8),
        ((9.0, None, 5.0), By.MEMORY, 5.0),
        ((9.0, None, 1 / 5), None, None),
        ((None, 1 / 3, 1 / 5), By.ARITHMETIC, 1 / 3),
    ],
)
def test_only_what_explains_the_time_is_a_reason(measured, by, factor):
    found = reason(*measured)
    assert (found and found.by, found and found.factor) == (by, factor)


def test_the_arithmetic_is_kept_where_something_else_is_the_reason():
    found = reason(1 / 9, 1.03, 1 / 5)
    assert (found.arithmetic, found.same_arithmetic) == (1.03, False)
    assert reason(1 / 9, 1.0).same_arithmetic


def test_without_times_equal_arithmetic_is_no_reason():
    assert reason(None, 1.0) is None
