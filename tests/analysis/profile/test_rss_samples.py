import pytest

from harness.analysis.profile.rss_samples import samples


def test_samples_are_sorted_and_relative_to_the_first():
    found = samples(["CMDLINE net", "MEM 2.0 101.5000", "MEM 1.0 100.0000"])
    assert [(one.seconds, one.bytes) for one in found] == [(0.0, 2**20), (pytest.approx(1.5), 2 * 2**20)]


@pytest.mark.parametrize(
    "line", ["MEM 3.", "MEM x 100.0", "MEM nan 100.0", "MEM 1.0 inf", "MEM -1 3", "", "\0\0", "FUNC f 1 2"]
)
def test_skips_lines_that_are_not_samples(line):
    assert len(samples(["MEM 1.0 100.0", line])) == 1
