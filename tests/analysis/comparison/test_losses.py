from itertools import takewhile
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import trained

from harness.analysis.comparison.losses import Losses, Relation, losses
from harness.record.schema import Objective, Slice

STEPS = [(0, {"loss": 1.0}), (1, {"loss": 0.5}), (7, {"loss": 0.25}), (8, {"loss": 0.2})]


def changed(steps, place, value):
    index, old = steps[place]
    return [*steps[:place], (index, dict.fromkeys(old, value)), *steps[place + 1 :]]


def verdict(mine, theirs=STEPS, **terms):
    """On arm `b`, which ran `mine` in one slice, beside `a`, which ran `theirs`, in two blocks alike."""
    block = {"a": [theirs], "b": [mine]}
    return losses(trained(block, block, **terms), "b")


def by_one(mine, theirs=STEPS, **terms):
    """The same in one block."""
    return losses(trained({"a": [theirs], "b": [mine]}, **terms), "b")


ALONE = ", judged from one process of each"


def test_equal_losses_are_the_same_bit_for_bit():
    assert verdict(STEPS) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(STEPS[:2]) == Losses("same bit for bit", 2, Relation.SAME)


def test_a_drift_begins_at_the_first_epoch_that_differs_and_says_how_large_it_gets_and_where():
    nearly = changed(STEPS, 2, 0.25 * (1 + 1e-7))
    assert verdict(nearly) == Losses("drifts from epoch 7 by 1e-07", 4, Relation.DRIFTS)
    both = verdict(changed(nearly, 3, 0.2 * (1 + 3e-6)))
    assert both == Losses("drifts from epoch 7 by 1e-07, up to 3e-06 at epoch 8", 4, Relation.DRIFTS)


def test_without_terms_of_an_objective_no_drift_is_large_enough_to_be_called_another_one():
    assert verdict(changed(STEPS, 0, 3.0)) == Losses("drifts from epoch 0 by 7e-01", 4, Relation.DRIFTS)


def test_epochs_count_while_both_run_the_same_ones_in_the_same_order():
    other_order = [STEPS[0], STEPS[1], STEPS[3], STEPS[2]]
    assert verdict(other_order) == Losses("same bit for bit", 2, Relation.SAME)
    assert verdict(changed(other_order, 2, 9.0)) == Losses("same bit for bit", 2, Relation.SAME)
    assert verdict(STEPS[1:]) is None


def test_slices_need_not_end_where_the_others_do():
    run = trained({"a": [STEPS[:1], STEPS[1:3], STEPS[3:]], "b": [STEPS[:2], changed(STEPS, 3, 0.1)[2:]]})
    assert losses(run, "b") == Losses(f"drifts from epoch 8 by 5e-01{ALONE}", 4, Relation.DRIFTS)


def test_only_losses_that_both_report_are_compared():
    more = [(index, own | {"data": 3.0}) for index, own in STEPS]
    assert verdict(more) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict([(index, {"data": 3.0}) for index, _ in STEPS]) is None
    assert verdict([*more[:2], *[(index, {"data": 3.0}) for index, _ in STEPS[2:]]]) == Losses(
        "same bit for bit", 2, Relation.SAME
    )


def test_two_losses_that_are_not_finite_are_equal_and_one_alone_is_as_far_as_can_be():
    nan = changed(STEPS, 1, None)
    assert verdict(nan, nan) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(nan) == Losses("drifts from epoch 1 by inf", 4, Relation.DRIFTS)
    assert verdict(STEPS, nan) == Losses("drifts from epoch 1 by inf", 4, Relation.DRIFTS)


def test_every_block_is_looked_at():
    apart = changed(STEPS, 1, 0.4)
    run = trained({"a": [STEPS], "b": [STEPS]}, {"a": [STEPS], "b": [apart[:3]]}, {"a": [STEPS]})
    assert losses(run, "b") == Losses("drifts from epoch 1 by 2e-01", 4, Relation.DRIFTS)
    later = changed(STEPS, 3, 0.1)
    run = trained({"a": [STEPS], "b": [later]}, {"a": [STEPS], "b": [apart]})
    assert losses(run, "b") == Losses("drifts from epoch 1 by 2e-01, up to 5e-01 at epoch 8", 4, Relation.DRIFTS)


def test_arms_of_different_groups_are_not_compared():
    run = trained({"a": [STEPS], "b": []})
    run.add(
        Slice(
            block=0,
            group=1,
            round=0,
            position=0,
            arm="b",
            epochs=[epoch for piece in run.slices for epoch in piece.epochs],
        )
    )
    assert losses(run, "b") is None


def test_the_baseline_has_no_verdict_and_an_arm_without_a_baseline_neither():
    assert losses(trained({"a": [STEPS], "b": [STEPS]}), "a") is None
    assert losses(trained({"a": [], "b": [STEPS]}), "b") is None


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ({"data": 1.0, "physics": 0.74}, "physics 0.37x"),
        ({"data": 1.0, "physics": 50.3}, "physics 25x"),
        ({"data": 1.5, "physics": 2.1}, "data 1.5x"),
        ({"data": 1.0003, "physics": 2.0}, "data 1.0003x"),
        ({"data": 1.0, "physics": 0.0}, "physics 0 in place of 2"),
        ({"data": 1.0, "physics": -2.0}, "physics -2 in place of 2"),
        ({"data": 1.0, "physics": None}, "physics not finite"),
    ],
)
def test_terms_beyond_rounding_are_a_different_objective_by_the_one_that_differs_most(mine, said):
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": mine}
    assert verdict(STEPS, terms=terms) == Losses(f"different objective ({said})", 4, Relation.OTHER_OBJECTIVE)
    assert losses(trained(terms=terms), "b") == Losses(
        f"different objective ({said}){ALONE}", 0, Relation.OTHER_OBJECTIVE
    )
    assert by_one(STEPS, terms=terms) == Losses(f"different objective ({said}){ALONE}", 4, Relation.OTHER_OBJECTIVE)


def test_terms_within_rounding_are_the_same_objective_whatever_the_losses_come_to():
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": {"data": 1.00001, "physics": 1.99999}}
    assert verdict(STEPS, terms=terms) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(changed(STEPS, 0, 2.0), terms=terms) == Losses("drifts from epoch 0 by 5e-01", 4, Relation.DRIFTS)


def test_a_term_that_one_side_lacks_is_not_compared():
    for mine in ({"total": 9.0}, {"total": 9.0, "data": 1.0}, {}):
        terms = {"a": {"data": 1.0, "physics": 2.0}, "b": mine}
        assert verdict(STEPS, terms=terms) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(STEPS, terms={"b": {"data": 1.0}}) == Losses("same bit for bit", 4, Relation.SAME)


def test_terms_alone_that_agree_leave_nothing_to_say_about_losses():
    assert losses(trained(terms={"a": {"data": 1.0}, "b": {"data": 1.0}}), "b") is None


def test_where_an_arm_once_states_what_the_baseline_states_it_has_no_other_objective():
    run = trained({"a": [STEPS], "b": [STEPS]}, terms={"a": {"data": 1.0}, "b": {"data": 1.0}})
    run.add(Objective(1, 0, "b", {"data": 5.0}))
    assert losses(run, "b") == Losses("same bit for bit", 4, Relation.SAME)


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
steps = st.lists(st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from("xy"), numbers)), max_size=6)


@given(steps, steps, st.dictionaries(st.sampled_from("xy"), numbers), st.dictionaries(st.sampled_from("xy"), numbers))
def test_whatever_is_in_a_record_gives_a_verdict_or_none_and_the_same_from_the_other_side(mine, theirs, own, others):
    there = verdict(mine, theirs, terms={"b": own, "a": others})
    back = verdict(theirs, mine, terms={"a": own, "b": others})
    assert (there is None) == (back is None)
    if there:
        assert there.epochs == back.epochs <= min(len(mine), len(theirs))
        assert there.verdict.split("(")[0] == back.verdict.split("(")[0]
        assert there.relation == back.relation
    with_losses = len(list(takewhile(lambda step: step[1], mine)))
    itself = Losses("same bit for bit", with_losses, Relation.SAME) if with_losses else None
    assert verdict(mine, mine, terms={"a": own, "b": own}) == itself


def test_the_largest_and_the_smallest_numbers_there_are_can_be_compared():
    huge, tiny = 1.7e308, 5e-324
    assert verdict([(0, {"x": huge})], [(0, {"x": -huge})]) == Losses(
        f"drifts from epoch 0 by {inf}", 1, Relation.DRIFTS
    )
    assert verdict([(0, {"x": tiny})], [(0, {"x": huge})]) == Losses("drifts from epoch 0 by 1e+00", 1, Relation.DRIFTS)


# Where the baseline's own processes differ


def unseeded(*values):
    """Blocks in which the baseline and `b` lose these, in epochs 0, 1, ...: a pair of lists a block."""
    steps = [[[(index, {"loss": loss}) for index, loss in enumerate(own)] for own in block] for block in values]
    return losses(trained(*({"a": [theirs], "b": [mine]} for theirs, mine in steps)), "b")


def test_no_drift_is_told_of_where_the_baseline_does_not_repeat():
    found = unseeded(([1.0, 0.5, 0.4], [1.0, 0.6, 0.4]), ([1.0, 0.7, 0.1], [1.0, 0.5, 0.4]))
    said = "not repeatable here: two processes of a differ from epoch 1 by 3e-01, up to 8e-01 at epoch 2"
    assert found == Losses(said, 3, Relation.NOT_REPEATABLE)
    assert not found.same
    assert not found.repeatable


def test_an_arm_that_differs_by_far_more_than_the_baseline_from_itself_drifts_all_the_same():
    nearly = [1.0, 1 + 1e-7], [1.0, 1 + 2e-7], [1.0, 1 + 3e-7]
    found = unseeded(*((own, [1.1, 1.1]) for own in nearly))
    assert found == Losses("drifts from epoch 0 by 9e-02, far more than two processes of a do", 2, Relation.DRIFTS)
    assert not unseeded(*((own, [1.0, 1 + 1e-6]) for own in nearly)).repeatable
    once = [(nearly[0], [1.1, 1.1]), *((own, own) for own in nearly[1:])]
    assert not unseeded(*once).repeatable, "all of its processes must"


def test_equal_losses_are_the_same_though_the_baseline_differs_from_block_to_block():
    assert unseeded(([1.0], [1.0]), ([2.0], [2.0])) == Losses("same bit for bit", 1, Relation.SAME)


def test_a_drift_beyond_what_the_baseline_was_repeated_over_says_so():
    other_order = [STEPS[0], *STEPS[:0:-1]]
    later = {"a": [STEPS], "b": [changed(STEPS, 2, 0.3)]}
    run = trained(later, {"a": [other_order], "b": [other_order]})
    assert losses(run, "b") == Losses(
        "drifts from epoch 7 by 2e-01; two processes of a agree over only 1 epoch", 4, Relation.DRIFTS
    )


def stating(mine, theirs):
    """What is said of arms that state these values of a term, one a block."""
    run = trained({"a": [], "b": []})
    for arm, values in (("a", theirs), ("b", mine)):
        for block, value in enumerate(values):
            run.add(Objective(block, 0, arm, {"data": 1.0, "bc": value}))
    found = losses(run, "b")
    return found.verdict if found else None


def test_another_objective_is_one_only_where_the_baseline_agrees_with_itself():
    assert stating([0.03, 0.03], [1.0, 1.0]) == "different objective (bc 0.03x)"
    assert stating([0.03], [1.0]) == "different objective (bc 0.03x), judged from one process of each"
    assert stating([0.03, 0.5], [1.0, 0.029]) == "not repeatable here: two processes of a differ in bc (0.029x)"
    assert stating([0.03, 0.5], [1.0, 1.0]) == "not repeatable here: two processes of b differ in bc (17x)"
    assert stating([1.0, 1.0], [1.0, 0.5]) is None
    far = "different objective (bc 0.5x), far more than two processes of a do"
    assert stating([0.5, 0.5], [1.0, 1.001]) == far


def test_a_program_that_runs_twice_is_called_different_in_few_runs_only():
    """Identical programs whose rounding differs, from some epoch on and at some pace that each process has."""
    random = np.random.default_rng(3)

    def process():
        onset, pace = random.integers(0, 20), random.uniform(0.1, 0.3)
        sizes = 1e-7 * np.exp(pace * np.maximum(np.arange(60) - onset, 0) + random.normal(size=60))
        return list(1 + np.where(np.arange(60) < onset, 0, np.minimum(sizes, 1)) * random.choice([-1, 0.5]))

    runs = [unseeded(*((process(), process()) for _ in range(blocks))) for blocks in (2, 3, 5) for _ in range(40)]
    assert sum(found.repeatable for found in runs) <= 6
