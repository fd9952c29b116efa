import pytest

from harness.analysis.machine.selfcheck import Control, self_check
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
    assert (found.answer, found.why, found.planted) == ("fit", (), 0.06)
    assert found.smallest_visible_ratio == 1.041


@pytest.mark.parametrize(
    ("null", "slowed", "why"),
    [
        (control(1.05, SLOWER), FOUND, "two identical arms differ: the second one is called slower"),
        (control(0.95, FASTER), FOUND, "two identical arms differ: the second one is called faster"),
        (control(1.0155, SAME), FOUND, "two identical arms differ by more than half the tolerance of 3 %"),
        (control(1 / 1.0155, SAME), FOUND, "two identical arms differ by more than half the tolerance of 3 %"),
        (NULL, control(1.01, SAME), "a planted slowdown of 6 % is called same"),
        (NULL, control(0.9, FASTER), "a planted slowdown of 6 % is called faster"),
    ],
)
def test_unfit_if_a_control_is_misjudged(null, slowed, why):
    found = check(null, slowed)
    assert (found.answer, found.why) == ("unfit", (why,))


@pytest.mark.parametrize(
    ("null", "slowed", "why"),
    [
        (control(1.05, UNSURE), FOUND, "two identical arms are unsure, so it is not known whether they are the same"),
        (NULL, control(1.0, UNSURE), "a planted slowdown of 6 % was not detected for sure"),
        (TOO_FEW, TOO_FEW, "a verdict needs 3 blocks, and there were fewer"),
        (Control(None, None), Control(None, None), "a verdict needs 3 blocks, and there were fewer"),
    ],
)
def test_unsure_if_a_control_is_undecided(null, slowed, why):
    found = check(null, slowed)
    assert (found.answer, found.why) == ("unsure", (why,))


def test_allows_half_the_tolerance():
    assert check(control(1.0148, SAME)).answer == check(control(1 / 1.0148, SAME)).answer == "fit"


def test_a_wrong_verdict_outweighs_a_missing_one():
    found = check(control(1.05, SLOWER), control(1.1, UNSURE))
    assert found.answer == "unfit"
    assert len(found.why) == 2


def test_smallest_detectable_difference_is_unknown_without_verdicts():
    assert check(TOO_FEW, TOO_FEW).smallest_visible_ratio is None
    assert check(NULL, TOO_FEW).smallest_visible_ratio is None
