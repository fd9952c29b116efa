import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.contrast import BETTER, FINE, UNSURE, WORSE, Contrast, answers
from harness.analysis.stats.levels import level

LEVELS = [level(3, 6, rank) for rank in range(1, 7)]
TOLERANCE = 0.03


def contrast(logs):
    return Contrast(list(logs[2] - logs[0]), list(logs[1] - logs[0]))


def test_compares_the_head_with_the_mean_of_its_bases():
    logs = np.log([[2.0, 2.2, 2.1], [2.1, 2.0, 2.2], [3.0, 3.1, 3.2]])
    one = contrast(logs)
    assert one.middle == pytest.approx(float((logs[2] - (logs[0] + logs[1]) / 2).mean()))
    assert one.null == pytest.approx(float((logs[1] - logs[0]).mean()))


def test_interval_matches_the_two_way_layout():
    """If the head varies no more than its bases: against the residual variance, computed from the table."""
    logs = np.random.default_rng(3).normal(size=(3, 5)) * [[1.0], [1.0], [0.2]]
    residuals = logs - logs.mean(axis=0) - logs.mean(axis=1, keepdims=True) + logs.mean()
    variance = (residuals**2).sum() / 8
    expected = stats.t.ppf(0.975, 8) * np.sqrt(1.5 * variance / 5)
    assert contrast(logs).half_width(0.05) == pytest.approx(expected)


def test_a_noisier_head_uses_its_own_variance():
    random = np.random.default_rng(0)
    logs = random.normal(size=(3, 5)) * [[0.001], [0.001], [1.0]]
    own = logs[2] - logs[:2].mean(axis=0)
    alone = stats.t.ppf(0.975, 4) * own.std(ddof=1) / np.sqrt(5)
    assert contrast(logs).half_width(0.05) == pytest.approx(alone, rel=1e-4)


def test_variance_is_not_shared_between_arms_that_did_not_run_together():
    logs = np.random.default_rng(0).normal(size=(3, 5))
    apart = Contrast(list(logs[2] - logs[0]), list(logs[1] - logs[0]), shared=False)
    own = logs[2] - logs[:2].mean(axis=0)
    assert apart.half_width(0.05) == pytest.approx(stats.t.ppf(0.975, 4) * own.std(ddof=1) / np.sqrt(5))


@pytest.mark.parametrize(
    ("head", "again", "answer"),
    [
        ([0.0, 0.001, -0.001], [0.001, 0.0, -0.001], FINE),
        ([0.1, 0.101, 0.099], [0.001, 0.0, -0.001], WORSE),
        ([-0.1, -0.101, -0.099], [0.001, 0.0, -0.001], BETTER),
        ([0.03, 0.04, 0.02], [0.001, 0.0, -0.001], UNSURE),
        ([0.1, 0.1], [0.0, 0.0], UNSURE),
        ([0.05, 0.051, 0.049], [0.02, 0.021, 0.019], UNSURE),
        ([0.0, 0.001, -0.001], [0.02, 0.021, 0.019], UNSURE),
        ([5.0, 5.1, 4.9], [0.1, 0.101, 0.099], WORSE),
    ],
    ids=["same", "slower", "faster", "at the margin", "two blocks", "vetoed", "vetoed too", "far beyond what differs"],
)
def test_answers(head, again, answer):
    assert answers([(Contrast(head, again), TOLERANCE)], LEVELS) == [answer]


@given(st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=6), st.floats(0.01, 0.5))
def test_the_answer_agrees_with_the_interval(head, tolerance):
    one = Contrast(head, [0.0] * len(head))
    (answer,) = answers([(one, tolerance)], LEVELS)
    shown = one.ratio(LEVELS[0])
    if answer == WORSE:
        assert shown.low > (1 + tolerance) * (1 - 1e-9)
    if answer in (FINE, BETTER):
        assert shown.high < (1 + tolerance) * (1 + 1e-9)


def test_clearest_of_several_must_pass_the_strictest_level():
    clear, less = Contrast([0.1, 0.101, 0.099], [0.0] * 3), Contrast([0.1, 0.08, 0.09], [0.0] * 3)
    assert answers([(less, TOLERANCE)], [0.05])[0] == WORSE
    assert answers([(less, TOLERANCE), (clear, TOLERANCE)], [0.05, 0.025]) == [WORSE, WORSE]
    strict = answers([(less, TOLERANCE), (less, TOLERANCE)], [0.05, 1e-6])
    assert strict == [UNSURE, UNSURE]
