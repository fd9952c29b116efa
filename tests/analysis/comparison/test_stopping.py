from dataclasses import replace as replace_dataclass
from math import log

import numpy as np
import pytest
from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.analysis.comparison.stopping import Decision, Looks, decide, look
from harness.analysis.stats.levels import looks_after
from harness.record.schema import ArmEnd, LookReason

LOOKS = Looks(fewest=3, most=6, tolerance=0.03)
CLEAR = [0.5, 0.51, 0.505]
SAME = [0.001, -0.001, 0.0]
NEAR = [0.02, 0.03, 0.025]
WILD = [0.3, -0.3, 0.1]


def decision(logs, looks=LOOKS, blocks=None, elapsed=0.0):
    done = len(next(iter(logs.values()), [0.0]))
    return decide(looks, logs, blocks if blocks is not None else [10.0] * done, elapsed)


def test_continues_until_a_verdict_is_possible():
    for done in (1, 2):
        found = decision({"a": CLEAR[:done]})
        assert (found.go_on, found.reason) == (True, LookReason.NO_VERDICT_YET)


def test_between_looks_nothing_is_decided():
    many = Looks(fewest=3, most=24, tolerance=0.03)
    clear, done = {"a": CLEAR * 3}, [2.0] * 9
    assert decide(many, clear, done, 0.0) == Decision(True, LookReason.BETWEEN_LOOKS, number=10)
    assert decide(many, {}, done, 0.0) == Decision(True, LookReason.BETWEEN_LOOKS, number=10)
    late = replace_dataclass(many, patience=30.0)
    assert decide(late, clear, done, 29.0).reason is LookReason.CLEAR, "the last look comes earlier"
    over = replace_dataclass(many, budget=30.0)
    assert decide(over, clear, done, 29.0).reason is LookReason.BUDGET


def test_foresees_when_verdicts_will_be_clear():
    many = Looks(fewest=3, most=24, tolerance=0.03)
    soon = decide(many, {"a": [0.04, 0.05, 0.042]}, [9.0, 2.0, 2.0], 0.0)
    assert soon.reason is LookReason.UNSURE
    assert soon.seconds in {2.0 * (look - 3) for look in looks_after(3, 24)}
    blocks = round(soon.seconds / 2.0) + 3
    values = [0.044 + 0.0053 * (-1) ** place for place in range(blocks)]
    assert decide(many, {"a": values}, [2.0] * blocks, 0.0).reason is LookReason.CLEAR
    never = decide(many, {"a": [0.03, 0.029, 0.03]}, [9.0, 2.0, 2.0], 0.0)
    assert never.go_on
    assert never.seconds is None


def test_foresees_that_several_arms_take_longer_than_one():
    """Holm's procedure asks more of the clearest of them."""
    many, unsure, blocks = Looks(fewest=3, most=24, tolerance=0.03), [0.04, 0.05, 0.042], [9.0, 2.0, 2.0]
    alone = decide(many, {"a": unsure}, blocks, 0.0).seconds
    several = decide(many, dict.fromkeys("abcdef", unsure), blocks, 0.0).seconds
    assert alone < several


def test_stops_when_every_verdict_is_clear():
    one, two = Decision(False, LookReason.CLEAR, number=1), Decision(False, LookReason.CLEAR, number=2)
    assert decision({"a": CLEAR}) == decision({"a": SAME}) == one
    assert decision({"a": CLEAR, "b": SAME}) == two


def test_continues_while_any_verdict_is_unclear():
    found = decision({"a": CLEAR, "b": NEAR, "c": SAME})
    assert (found.go_on, found.reason, found.names) == (True, LookReason.UNSURE, ["b"])
    assert decision({"a": NEAR, "b": NEAR}).names == ["a", "b"]


def test_stops_if_the_remaining_blocks_cannot_decide():
    assert decision({"a": WILD, "b": CLEAR}) == Decision(False, LookReason.HOPELESS, ["a"])
    assert decision({"a": WILD, "b": NEAR}).go_on


def test_an_error_that_all_blocks_have_in_common_is_hopeless_only_if_it_is_large():
    values = {"a": [0.013, -0.013, 0.0]}
    assert decide(LOOKS, values, [1.0] * 3, 0.0, {"a": 0.01}).go_on
    assert decide(LOOKS, values, [1.0] * 3, 0.0, {"a": 0.03}) == Decision(False, LookReason.HOPELESS, ["a"])


def test_a_time_budget_is_used_anyway():
    assert decision({"a": WILD}, Looks(fewest=3, most=8, tolerance=0.03, budget=60), [5.0] * 3, 20.0).go_on


def test_a_large_difference_needs_no_precision_within_tolerance():
    """Three-fold, give or take a tenth, is clear at once; 1.8-fold may become so."""
    assert decision({"a": [1.0, 1.1, 1.2]}).reason is LookReason.CLEAR
    assert decision({"a": [0.5, 0.6, 0.7]}).go_on


def test_stops_at_the_planned_number_of_blocks():
    six = {"a": NEAR * 2}
    assert decision(six) == Decision(False, LookReason.ALL_BLOCKS, number=6)
    one = Looks(fewest=1, most=1, tolerance=0.03)
    assert decision({"a": [0.1]}, one) == Decision(False, LookReason.ALL_BLOCKS, number=1)


def test_runs_the_requested_blocks_even_if_verdicts_are_clear():
    five = Looks(fewest=5, most=5, tolerance=0.03)
    assert decision({"a": CLEAR}, five) == Decision(True, LookReason.FEWEST)


def test_stops_if_another_block_does_not_fit_in_the_budget():
    looks = Looks(fewest=3, most=6, tolerance=0.03, budget=60)
    assert decision({"a": NEAR}, looks, [12.0, 10.0, 9.0], 45.0).go_on
    found = decision({"a": NEAR}, looks, [12.0, 10.0, 9.0], 51.5)
    assert found == Decision(False, LookReason.BUDGET)
    assert not decision({"a": NEAR[:1]}, looks, [40.0], 41.0).go_on


def test_first_blocks_with_one_time_work_do_not_predict_the_others():
    """The first one counts operations, and the second may import for all later ones."""
    looks = Looks(fewest=3, most=6, tolerance=0.03, budget=60)
    assert decision({"a": NEAR}, looks, [30.0, 15.0, 9.0], 50.0).go_on
    assert not decision({"a": NEAR}, looks, [30.0, 15.0, 9.0], 52.0).go_on


def test_exploratory_run_stops_after_the_minimum_blocks():
    looks = Looks(fewest=3, most=6, tolerance=0.03, patience=180)
    assert decision({"a": NEAR[:2]}, looks, [100.0, 100.0], 201.0).go_on
    assert decision({"a": NEAR}, looks, [50.0] * 3, 120.0).go_on
    found = decision({"a": NEAR}, looks, [50.0] * 3, 151.0)
    assert found == Decision(False, LookReason.PATIENCE, ["a"])


def test_stops_after_the_minimum_with_nothing_to_compare():
    assert decision({}, blocks=[1.0]).go_on
    assert decision({}, blocks=[1.0] * 3) == Decision(False, LookReason.NOTHING_TO_COMPARE)


def failing(*arms, every_arm=False, blocks=1):
    """A comparison of three arms after its first blocks, in which these arms failed."""
    run = record({"a": {DATA: 1.0}, "b": {DATA: 0.5}, "c": {DATA: 0.5}}, blocks=blocks)
    run.add(replace(run.header, plan=replace(run.plan, blocks=6)))
    for arm in arms:
        run.add(
            ArmEnd(block=blocks - 1, group=0, arm=arm, status="failed", reason="ValueError: boom", moment="in epoch 3")
        )
    return look(run, 1.0, every_arm)


@pytest.mark.parametrize(
    ("failed", "reason"), [(["b", "c"], LookReason.OTHERS_FAILED), (["a"], LookReason.BASELINE_FAILED)]
)
@pytest.mark.parametrize("every_arm", [False, True])
def test_stops_at_once_if_failures_leave_nothing_to_compare(failed, reason, every_arm):
    found = failing(*failed, every_arm=every_arm)
    assert (found.go_on, found.reason, found.names) == (False, reason, failed)


def test_continues_with_the_remaining_arms():
    assert failing("b").reason == LookReason.NO_VERDICT_YET
    assert failing("b").go_on


def test_stops_after_any_failure_if_all_arms_are_needed():
    found = failing("b", every_arm=True)
    assert (found.go_on, found.reason, found.names) == (False, LookReason.ARM_FAILED, ["b"])


def test_a_single_arm_runs_all_its_blocks():
    run = record({"a": {DATA: 1.0}}, blocks=1)
    run.add(replace(run.header, plan=replace(run.plan, blocks=6)))
    assert look(run, 1.0).go_on


@pytest.mark.parametrize("truth", [0.0, log(1.05), -log(1.05)])
def test_repeated_looks_keep_the_error_rate(truth):
    """Simulated to the end: a wrong answer on a difference outside the tolerance in at most 5 % of runs."""
    from harness.analysis.stats.verdicts import verdicts

    right = {0.0: "same"}.get(truth, "slower" if truth > 0 else "faster")
    random = np.random.default_rng(3)
    runs, wrong, correct = 400, 0, 0
    for _ in range(runs):
        logs = []
        while decide(LOOKS, {"arm": logs}, [1.0] * len(logs), 0.0).go_on:
            logs.append(truth + 0.0055 * random.standard_normal())
        answer = verdicts({"arm": logs}, 0.03, 3, 6)["arm"].answer
        wrong += answer not in (right, "unsure")
        correct += answer == right
    assert wrong <= 0.05 * runs
    assert correct >= 0.7 * runs


def test_a_record_is_checked_by_its_own_plan():
    quick = record({"a": {DATA: 1.0, REFINE: 5.0, FULL: 2.0}, "b": {DATA: 0.5, REFINE: 2.0, FULL: 1.0}})
    found = look(quick, 10.0)
    assert found == Decision(False, LookReason.ALL_BLOCKS, number=3).after(2)
