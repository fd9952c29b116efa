from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.levels import level
from harness.analysis.stats.ratios import interval
from harness.analysis.stats.verdicts import COARSE, FASTER, LARGE, SAME, SLOWER, UNSURE, verdicts

TOLERANCE = 0.03
MARGIN = log(1.03)


def verdict(values, tolerance=TOLERANCE, most=6):
    return verdicts({"arm": values}, tolerance, 3, most)["arm"]


def blocks(middle, scatter=0.0):
    """Three blocks with this mean and this standard deviation."""
    return [middle - scatter, middle, middle + scatter]


def test_the_four_answers():
    assert verdict(blocks(log(1.05))).answer == SLOWER
    assert verdict(blocks(log(0.95))).answer == FASTER
    assert verdict(blocks(log(1.01))).answer == SAME
    assert verdict(blocks(log(1.03), 0.001)).answer == UNSURE


def test_an_interval_wholly_beyond_a_large_difference_is_a_verdict():
    values = [log(0.149) + off for off in (-0.35, 0.0, 0.35)]
    ratio = interval(values, level(3, 6))
    assert ratio.low < 0.06
    assert 0.3 < ratio.high < 1 / 1.5
    assert verdict(values).answer == FASTER
    assert verdict([value + 0.5 for value in values]).answer == UNSURE  # its end comes too close to 1


def test_no_verdict_from_fewer_than_three_blocks():
    assert verdicts({"a": [0.1, 0.1], "b": [0.1], "c": []}, TOLERANCE, 3, 6) == {}


some = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=8) | st.lists(st.floats(1, 3), min_size=3, max_size=8)


@given(some, st.floats(0.001, 0.2), st.sampled_from([3, 6, 10]))
def test_a_single_arm_is_judged_by_its_interval(values, tolerance, most):
    found = verdict(values, tolerance, most)
    ratio = interval(values, level(3, most))
    margin = log(1 + tolerance)
    low, high = log(ratio.low), log(ratio.high)
    half = (high - low) / 2
    fine = half <= max(margin, COARSE * abs(np.mean(values)), abs(np.mean(values)) - LARGE)
    expected = SLOWER if low > margin and fine else FASTER if high < -margin and fine else UNSURE
    expected = SAME if -margin < low and high < margin else expected
    near = min(abs(low - margin), abs(high + margin), abs(low + margin), abs(high - margin)) < 1e-9
    if not near and np.std(values) > 1e-9:
        assert found.answer == expected
        wide_too = min(half / COARSE, half + LARGE) if half > margin else 0.0
        assert found.smallest_visible == pytest.approx(exp(max(margin + half, wide_too)))


@given(some)
def test_swapping_sides_reverses_the_verdict(values):
    opposite = {SLOWER: FASTER, FASTER: SLOWER, SAME: SAME, UNSURE: UNSURE}
    assert opposite[verdict(values).answer] == verdict([-value for value in values]).answer


def test_no_verdict_from_a_wide_interval_unless_the_difference_is_far_larger():
    freedom_of_two = stats.t.ppf(1 - level(3, 6) / 2, 2) / sqrt(3)
    wide = 2 * MARGIN / freedom_of_two  # a half-width of twice the margin
    assert verdict(blocks(3.5 * MARGIN, wide)).answer == UNSURE
    assert verdict(blocks(9 * MARGIN, wide)).answer == SLOWER
    assert verdict(blocks(-9 * MARGIN, wide)).answer == FASTER


def test_clearest_of_several_arms_must_pass_the_strictest_level():
    """Three arms with p-values just below the levels of ranks 3, 2 and 1; and one that changes the second."""
    margin = MARGIN

    def slower_with(p_value):
        """Blocks whose one-sided test against the margin has half this p-value."""
        t = stats.t.ppf(1 - p_value / 2, 2)
        return blocks(margin + t * 0.001 / sqrt(3), 0.001)

    just = [level(3, 6, rank) * 0.99 for rank in (3, 2, 1)]
    found = verdicts({str(at): slower_with(at) for at in just}, TOLERANCE, 3, 6)
    assert [one.answer for one in found.values()] == [SLOWER] * 3
    spoiled = verdicts(
        {"first": slower_with(just[0]), "second": slower_with(just[1] * 1.05), "third": slower_with(just[1] * 1.1)},
        TOLERANCE,
        3,
        6,
    )
    assert [one.answer for one in spoiled.values()] == [SLOWER, UNSURE, UNSURE]


def test_other_arms_do_not_widen_an_interval():
    """Its own interval is narrow enough, and at the level of its rank it excludes the margin."""
    scatter = 0.9 * 0.2 / 4 / (stats.t.ppf(1 - level(3, 6) / 2, 2) / sqrt(3))
    others = {str(number): blocks(MARGIN, 0.001) for number in range(3)}
    assert verdicts({"a": blocks(0.2, scatter), **others}, TOLERANCE, 3, 6)["a"].answer == SLOWER


def test_arms_keep_their_order():
    found = verdicts({"b": blocks(0.5, 0.01), "a": blocks(0.0, 0.001), "c": blocks(-0.5)}, TOLERANCE, 3, 6)
    assert list(found) == ["b", "a", "c"]


def test_six_equal_arms_are_rarely_called_different():
    """The tolerance is far below the noise, so any verdict of a difference is wrong: at most 5 % of runs."""
    random = np.random.default_rng(0)
    runs, wrong = 1500, 0
    for _ in range(runs):
        logs = {str(arm): list(0.0055 * random.standard_normal(4)) for arm in range(6)}
        wrong += any(one.answer in (SLOWER, FASTER) for one in verdicts(logs, 1e-4, 4, 4).values())
    assert wrong / runs <= 0.05 + 3 * sqrt(0.05 * 0.95 / runs)
