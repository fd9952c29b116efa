import pytest

from harness.analysis.machine.selfcheck import Control, Doubt, self_check
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import FASTER, SAME, SLOWER, UNSURE, Verdict


def control(estimate, answer, visible=1.04):
    return Control(Ratio(estimate), Verdict(answer, visible))


NULL, FOUND = control(1.002, SAME, 1.035), control(1.06, SLOWER, 1.041)
TOO_FEW = Control(Ratio(1.0), None)


def check(null=NULL, slowed=FOUND):
    return self_check(null, slowed, planted=0.06, tolerance=0.03)


def test_fit_if_both_controls_are_judged_correctly():
    found = check()
    assert (found.answer, found.doubts, found.planted) == ("fit", (), 0.06)
    assert found.smallest_visible_ratio == 1.041


@pytest.mark.parametrize(
    ("null", "slowed", "doubt"),
    [
        (control(1.05, SLOWER), FOUND, Doubt.IDENTICAL_DIFFER),
        (control(0.95, FASTER), FOUND, Doubt.IDENTICAL_DIFFER),
        (control(1.0155, SAME), FOUND, Doubt.IDENTICAL_APART),
        (control(1 / 1.0155, SAME), FOUND, Doubt.IDENTICAL_APART),
        (NULL, control(1.01, SAME), Doubt.PLANTED_MISJUDGED),
        (NULL, control(0.9, FASTER), Doubt.PLANTED_MISJUDGED),
    ],
)
def test_unfit_if_a_control_is_misjudged(null, slowed, doubt):
    found = check(null, slowed)
    assert (found.answer, found.doubts) == ("unfit", (doubt,))


@pytest.mark.parametrize(
    ("null", "slowed", "doubt"),
    [
        (control(1.05, UNSURE), FOUND, Doubt.IDENTICAL_UNSURE),
        (NULL, control(1.0, UNSURE), Doubt.PLANTED_UNSURE),
        (TOO_FEW, TOO_FEW, Doubt.TOO_FEW_BLOCKS),
        (Control(None, None), Control(None, None), Doubt.TOO_FEW_BLOCKS),
    ],
)
def test_unsure_if_a_control_is_undecided(null, slowed, doubt):
    found = check(null, slowed)
    assert (found.answer, found.doubts) == ("unsure", (doubt,))


def test_allows_half_the_tolerance():
    assert check(control(1.0148, SAME)).answer == check(control(1 / 1.0148, SAME)).answer == "fit"


def test_a_wrong_verdict_outweighs_a_missing_one():
    found = check(control(1.05, SLOWER), control(1.1, UNSURE))
    assert found.answer == "unfit"
    assert len(found.doubts) == 2


def test_smallest_detectable_difference_is_unknown_without_verdicts():
    assert check(TOO_FEW, TOO_FEW).smallest_visible_ratio is None
    assert check(NULL, TOO_FEW).smallest_visible_ratio is None
