"""What limits a line, by the roofline model."""

import pytest

from harness.analysis.profile.bounds import Bound, find_bound, find_bounds
from harness.record.schema import Work
from harness.worker.wire.evidence import LineUse

FLOPS, BYTES = 100e9, 20e9
"""The rates that large products and sums reach."""


def use(seconds=1e-2, flops=0.0, moved=0.0, runs=10.0, where="train.py:1"):
    return LineUse(where, "", flops, [], seconds, [], moved, runs)


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        (use(flops=0.9e9, moved=2e6), Bound.ARITHMETIC),
        (use(flops=0.01e9, moved=180e6), Bound.MEMORY),
        (use(flops=0.3e9, moved=50e6), Bound.ARITHMETIC),  # 30 % and 25 % of the time: together more than half
        (use(flops=0.2e9, moved=50e6), Bound.NEITHER),
        (use(flops=0.2e9, moved=50e6, runs=1000), Bound.HOST),  # 10 µs each
        (use(flops=0.9e9, moved=50e6, runs=1000), Bound.ARITHMETIC),
    ],
)
def test_the_greater_bound_limits_if_both_explain_half_of_the_time(line, limit):
    assert find_bound(line, FLOPS, BYTES) is limit


@pytest.mark.parametrize(
    ("line", "flops", "moved"),
    [
        (use(seconds=None), FLOPS, BYTES),
        (use(moved=None), FLOPS, BYTES),
        (use(runs=None), FLOPS, BYTES),
        (use(), None, BYTES),
        (use(), FLOPS, None),
    ],
)
def test_what_was_not_observed_has_no_limit(line, flops, moved):
    assert find_bound(line, flops, moved) is None


def test_lines_of_all_kinds_have_theirs():
    lines = {"full": [use(flops=1e9), use(where="")], "data": [use(moved=None)]}
    work = Work(
        block=0, group=0, arm="a", flops={}, lines=lines, gemm_flops_per_second=FLOPS, memory_bytes_per_second=BYTES
    )
    assert find_bounds(work) == {"full": {"train.py:1": Bound.ARITHMETIC}}
